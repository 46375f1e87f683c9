"""What is probably not meant in a study that can be run; each a sentence with the fix."""

from __future__ import annotations

import math
from collections.abc import Collection, Container, Iterator
from typing import TYPE_CHECKING

from elicitation.data.table_survey import Votes, survey_copies
from elicitation.study.columns import LEARNING
from elicitation.study.supervisors import Columns, Raters, Remote, Ruled, Unpriced
from elicitation.study.tasks import TableTask

if TYPE_CHECKING:
    from elicitation.study.study import Study

# Standard errors beyond which two shares are called different.
RELIABLY = 3
# So many characters of a text are shown.
SHOWN = 100
# With fewer votes of each source it is mostly worse to learn how often they err than to count votes
# (benchmarks/README.md).
FEW_VOTES = 60


def warnings_of(study: Study) -> list[str]:
    """All warnings about a study but those of near copies, those about its prices first."""
    tables = (*warn_of_columns(study), *warn_of_files(study))
    return [*warn_of_prices(study), *tables, *warn_of_questions(study), *warn_of_confidence(study)]


def warn_of_prices(study: Study) -> Iterator[str]:
    """Weak labels that cost as much as gold ones, so that none is bought, or more than purchases are planned for."""
    planned, money = study.grid.weak_price, study.money
    words = money.words if money.currency else "{:g}".format
    for name, prices in study.prices.items():
        if max(prices) >= 1:
            gold = f" ({words(1)})" if money.currency else ""
            unit = (
                f"prices are in {money.currency}, that of a gold label is `gold_price`"
                if money.currency
                else "prices are in gold labels, so 0.05 means that 20 weak labels cost as much as one gold label"
            )
            yield (
                f"A weak label of {name!r} costs {words(max(prices))}, as much as a gold label{gold} or more, so no "
                f"answer buys any at that price; correct it, or leave {name!r} out ({unit})."
            )
        labeller = study.labeller(name)
        own = not isinstance(labeller, Unpriced) or labeller.price is not None
        if own and planned is not None and planned < prices[0] < 1:
            yield (
                f"A weak label of {name!r} costs {words(prices[0])}, but budgets buy it at {words(planned)}, so its "
                f"purchases cost more than the budgets; raise grid.weak_price to {money.of(prices[0]):g}."
            )


def warn_of_columns(study: Study) -> Iterator[str]:
    """Weak columns that say less than they seem to, or the opposite."""
    for task in study.tasks:
        if isinstance(task, TableTask):
            for source, columns in study.survey(task).votes.items():
                if says := warn_of_few_votes(study.supervisor_named[source].aggregate, columns.values()):
                    yield f"The sources of {source!r} (task {task.name!r}) {says}"
                for column, votes in columns.items():
                    if says := warn_of_votes(votes):
                        yield f"Column {column!r} of {source!r} (task {task.name!r}) {says}"


def warn_of_few_votes(how: str | None, columns: Collection[Votes]) -> str | None:
    """That sources have too few votes for what they are joined by (`how`), as the end of a sentence."""
    each = sum(votes.n for votes in columns) / max(1, sum(votes.voters for votes in columns))
    if how not in LEARNING or each >= FEW_VOTES:
        return None
    return (
        f"have {each:.0f} votes each on average, which tell {how} little of how often each errs; use mean or majority, "
        "or declare both and compare them in results/label_quality.csv."
    )


def warn_of_files(study: Study) -> Iterator[str]:
    """Files with votes for texts that the table does not hold."""
    for task in study.tasks:
        if isinstance(task, TableTask):
            for source, counts in study.survey(task).files.items():
                if lacking := counts["rows whose text the table lacks"]:
                    yield (
                        f"{lacking} of the {counts['rows']} rows in the files of {source!r} vote for texts that the "
                        f"table of {task.name!r} lacks; their votes are lost unless you add the texts."
                    )


def warn_of_copies(study: Study, tasks: Container[str]) -> Iterator[str]:
    """Texts of the test set that nearly equal another text of the table; tasks: the names of those that are looked at.

    Said where a study is first written, and where a table is prepared, which notes them in its card.
    """
    for task in study.tasks:
        if not isinstance(task, TableTask) or task.name not in tasks:
            continue
        found = survey_copies(task.plain, study.data_folder)
        if found.texts:
            rows = ", ".join(f"{one} and {other}" for one, other in found.pairs)
            unnamed = found.texts - len(found.pairs)
            more = f"; {unnamed:,} more are not named here" * (unnamed > 0)
            first, second = around_difference(*found.example)
            yield (
                f"{found.texts} of the {task.test_size:,} texts of the test set of {task.name!r} nearly equal "
                f"another text and make a student look better than it is: rows {rows}{more}. If the two rows of a pair "
                "say the same, remove the second one; if they differ on purpose, as minimal pairs do, keep both. The "
                f"first two are {first!r} and {second!r}."
            )


def around_difference(one: str, other: str) -> Iterator[str]:
    """Two texts in one line each, long ones cut to where they begin to differ."""
    lines = [" ".join(text.split()) for text in (one, other)]
    shorter = min(map(len, lines))
    same = next((place for place in range(shorter) if lines[0][place] != lines[1][place]), shorter)
    start = max(0, same - SHOWN // 2) if max(map(len, lines)) > SHOWN else 0
    for line in lines:
        yield f"{'… ' * (start > 0)}{line[start : start + SHOWN]}{' …' * (start + SHOWN < len(line))}"


def warn_of_questions(study: Study) -> Iterator[str]:
    """Models behind an API that cannot know what they are asked."""
    for task, name in study.labelled:
        entry, words = study.supervisor_named[name], study.task_named[task].prompt.labels
        if isinstance(entry, Remote) and not entry.shots and not entry.api.instruction and {*words} == {"0", "1"}:
            yield (
                f"Supervisor {name!r} is asked for 0 or 1 without an example, which says nothing of what they mean on "
                f"{task!r}; name the labels in the task's `prompt`, as in `labels: [ham, spam]`, or add `instruction` "
                "or `prompted_shots`."
            )


def warn_of_confidence(study: Study) -> Iterator[str]:
    """Methods that keep the most confident of labels which are all as sure as each other."""
    for method, supervisor in dict.fromkeys((group.method, group.supervisor) for group in study.groups):
        share = min((stage.kept for stage in study.method_named[method].stages), default=1.0)
        if share < 1 and says_no_confidence(supervisor, study):
            yield (
                f"{method!r} keeps the most confident {share:.0%} of the labels of {supervisor!r}, but these are only "
                f"0 or 1, so it keeps a random {share:.0%}; give it labels that say how sure they are, such as those "
                "of a model or the mean of several votes, or keep the two apart by `combinations`."
            )


def says_no_confidence(supervisor: str, study: Study) -> bool:
    """Whether it is known beforehand that a supervisor's labels are only 0, 1, or 0.5 for neither."""
    labeller = study.labeller(supervisor)
    if isinstance(labeller, Columns) and not labeller.aggregate:
        surveys = [study.survey(task).votes[labeller.name] for task in study.tasks_of(supervisor)]
        return all(votes.hard for survey in surveys for votes in survey.values())
    one_rater = isinstance(labeller, Raters) and labeller.raters == 1
    return one_rater or isinstance(labeller, Ruled) or getattr(labeller, "aggregate", None) == "majority"


def warn_of_votes(votes: Votes) -> str | None:
    """What is odd about a weak column, as the end of a sentence."""
    if votes.lowest is None:
        return "is empty; drop it."
    if votes.lowest == votes.highest:
        return f"says {votes.lowest:g} wherever it says anything, so it tells no two texts apart; check it, or drop it."
    if votes.lowest >= 0.5:
        return (
            "has no value below 0.5; if it is the confidence of the label that was chosen, name both, as in "
            "`gpt: {price: 0.05, label: <column of labels>, confidence: <this column>}`."
        )
    if worse_than_chance(votes):
        shares = [f"{count / n:.0%}" for count, n in zip(votes.for_one, votes.known, strict=True)]
        return (
            f"is worse than chance: it says 1 of {shares[0]} of the texts whose gold label is 0, and of {shares[1]} of "
            "those whose is 1; if the gold labels of the task stand the wrong way round, swap them; if its own votes "
            "are reversed, say so by `labels: {0: 1, 1: 0}` (turn probabilities round in the table); and if it is the "
            "confidence of the label that was chosen, name both by `label` and `confidence`."
        )
    return None


def worse_than_chance(votes: Votes) -> bool:
    """Whether texts of label 0 are voted to be 1 more often than those of label 1, by a test of two shares."""
    return all(votes.known) and clearly_more(*zip(votes.for_one, votes.known, strict=True))


def clearly_more(first: tuple[float, int], second: tuple[float, int]) -> bool:
    """Whether the first of two shares is above the second by RELIABLY standard errors; both as a count and of what."""
    (count, n), (other, m) = first, second
    share = (count + other) / (n + m)
    return count / n - other / m > RELIABLY * math.sqrt(share * (1 - share) * (1 / n + 1 / m))
