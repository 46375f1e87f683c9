"""The first study of a table in words: what was found in the table, and what the study buys."""

import math
import shlex
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

from elicitation.analysis.intervals import wilson
from elicitation.analysis.names import ABSTAINED, NOT_ASKED, PAID
from elicitation.analysis.recommendation_words import MEASURE_WORDS, percent
from elicitation.buying.amounts import Money, amount_words
from elicitation.buying.prices import labels_for
from elicitation.errors import join_words, listed
from elicitation.study.first_study import Looked, Wanted
from elicitation.study.first_study_file import all_free, flow, minutes_words
from elicitation.study.first_study_size import MOSTLY, gold_labels_for, reason_of, survey_in
from elicitation.study.first_study_sources import STUDENT, price_of_label, second_looks, votes_each
from elicitation.study.study import Study

# Columns and heads of the table of weak labels.
HEADS = ("weak column", "price", "right", "95 % interval", "gold rows", "coverage")

# A source was probably asked for the texts with a gold label alone if it labels this share of them, and of the others
# a share that is this much lower.
NEARLY_ALL, CLEARLY_LOWER = 0.95, 0.1
# By why texts have no label, what they are taken as, and by what else --gaps may say when that holds.
GAPS_TAKEN = {
    ABSTAINED: (
        "abstentions, which count as half right",
        {"paid": "these were paid for", "not-asked": "nobody asked there yet"},
    ),
    NOT_ASKED: ("not asked, so that only texts with a label count", {"abstained": "nothing could be said of them"}),
}
# From this share of the commoner gold label on it is said beside accuracies.
NOTABLE = 0.6
# What stands for the cost of labels that a source does not have.
FEWER = "too few"


def rows_of_table(looked: Looked, wanted: Wanted) -> Iterator[tuple[str, ...]]:
    """A row for each weak column, and for what joins some: price, how often it is right, of how many, and coverage."""
    # Where each row is one vote, all rows of a text have their own.
    rows, different, contradictory = (looked.counts[key] for key in ("rows", "different texts", "contradictory texts"))
    n_rows = rows if wanted.worker else different - contradictory
    for source, columns in looked.survey.votes.items():
        words = amount_words(price_of_label(looked.sources[source]), wanted.money.currency)
        for column, votes in columns.items():
            # A label of 0.5 says no more than none.
            right = votes.known[0] - votes.for_one[0] + votes.for_one[1] - votes.known_halves / 2
            quality = quality_of(right, sum(votes.known) - votes.known_halves)
            yield (column, words, *quality, f"{percent((votes.n - votes.halves) / n_rows)} %")
        if joined := looked.joined.get(source):
            price = amount_words(looked.price_of_text(source), wanted.money.currency)
            quality = quality_of(joined.right, joined.known)
            yield (f"{source}, joined", price, *quality, f"{percent(joined.coverage)} %")


def quality_of(right: float, n: int) -> tuple[str, str, str]:
    """How often labels are right of which n are of gold rows, the interval of that, and n."""
    if not n:
        return "", "", "0"
    low, high = wilson(right, n)
    return f"{100 * right / n:.0f} %", f"{100 * low:.0f} to {100 * high:.0f} %", f"{n:,}"


def aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Rows of cells as lines with columns; the first column is of words, the others of numbers."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for first, *cells in rows:
        numbers = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *numbers]).rstrip()


def look_lines(looked: Looked, wanted: Wanted) -> Iterator[str]:
    """What was understood of a table."""
    table = looked.table
    how = ", ".join([table.format["format"], *(str(v) for k, v in table.format.items() if k != "format")])
    yield f"{wanted.path}: {how}; {len(table.records):,} rows; columns {', '.join(table.columns)}"
    yield f"texts: {looked.text}{'' if wanted.text else ' (by far the longest; another one: --text)'}"
    yield from text_lines(looked, wanted)
    ones = sum(looked.gold)
    shares = f"{percent(ones / len(looked.gold))} % label 1, {percent(1 - ones / len(looked.gold))} % label 0"
    price = f"; one costs {wanted.money.words(1)}" if wanted.money.currency else ""
    yield f"gold labels: {wanted.gold}, of {len(looked.gold):,} different texts: {shares}{price}"
    yield ""
    yield from aligned([HEADS, *rows_of_table(looked, wanted)])
    prices = "" if wanted.money.currency else "; prices are in gold labels"
    yield f"right: on gold rows of which the column says something{prices}"
    if looked.commoner > NOTABLE:
        yield f"always giving the commoner label, {looked.commoner_label}, is right on {percent(looked.commoner)} %"
    for source, column in zip(looked.sources, wanted.weak, strict=True):
        if column.lower() == STUDENT:
            yield f"{column} is called {source} in the study, since a student is the model that learns there"
    yield from threshold_lines(looked)
    yield from confidence_lines(looked, wanted)
    for source, entry in looked.sources.items():
        if "aggregate" in entry:
            votes = looked.survey.votes[source]
            voters = f"the votes of all {wanted.worker}" if wanted.worker else join_words({*votes}, "and")
            vote, text = (
                amount_words(price, wanted.money.currency, "gold labels")
                for price in (price_of_label(entry), looked.price_of_text(source))
            )
            each = f"{vote} a vote, {votes_each(looked.survey.votes[source]):.3g} votes a text, so {text} a text"
            yield f"{source} joins {voters} by {entry['aggregate']}: {each}"
    if free := [source for source in looked.sources if looked.price_of_text(source) == 0]:
        named = join_words(free, "and")
        yield f"free: {named}; if you gave a price such as $20, put it in quotes, since a shell makes 0 of it"
    yield from second_look_lines(looked, wanted)
    yield from dropped_lines(looked)
    yield from gap_lines(looked, wanted)
    yield from neither_lines(looked)
    for source, (labelled, others) in looked.uneven.items():
        yield (
            f"{source} does not lack labels at random: of the texts with a gold label {percent(labelled)} % of those "
            f"that it labels have label 1, and {percent(others)} % of the others; so how often it is right on the "
            "first says little of the others"
        )


def second_look_lines(looked: Looked, wanted: Wanted) -> Iterator[str]:
    """What two sources bring together where one says nothing, or how sure it is, and the entry that studies it."""
    prices = {source: looked.price_of_text(source) for source in looked.sources}
    asked = {name: said for name, said in looked.said.items() if reason_of(looked.sources[name]) != NOT_ASKED}
    for look in second_looks(asked, prices):
        first, second = look.first, look.second
        cost = float(f"{prices[first] + look.share * prices[second]:.3g}")
        price = amount_words(cost, wanted.money.currency, "gold labels")
        entry = flow({"name": f"{first}-{second}", "first": first, "second": second, "second_share": look.share})
        of_those = f"for the {100 * look.share:g} % of the texts of which {first} is least sure"
        where = f"where {first} says nothing" if look.silent else of_those
        yield (
            f"with labels of {second} {where}, {100 * look.right:.0f} % of the gold rows are right at {price} a text; "
            f"by {first} alone {100 * look.alone:.0f} %. To study that, add to `supervisors` in the file: - {entry}"
        )


def dropped_lines(looked: Looked) -> Iterator[str]:
    """Of sources whose answers were dropped in part, how many, and that their price does not count them."""
    for source, n in looked.no_labels.items():
        dropped = f"dropped: {n:,} answers of {source} that are no label"
        if reason_of(looked.sources[source]) == PAID:
            yield f"{dropped}; it is paid for them as for other texts without a label"
            continue
        yield (
            f"{dropped}; its price does not count them: if they cost money too, name them in --labels as what says "
            "neither, as in unclear=0.5"
        )


def threshold_lines(looked: Looked) -> Iterator[str]:
    """Of sources whose values are no probabilities, from which one on they say label 1, and what that brings."""
    measure = MEASURE_WORDS["balanced_accuracy" if looked.is_lopsided else "accuracy"]
    for source, found in looked.thresholds.items():
        yield (
            f"{source} says label 1 above {found.value:g}, not above 0.5 (`threshold` in the file): chosen by the "
            f"{found.n_chosen} of its texts with a gold label that do not test; {measure} on the {found.n_tried} that "
            f"test: {percent(found.score)} %, and {percent(found.score_by_half)} % by 0.5"
        )


def confidence_lines(looked: Looked, wanted: Wanted) -> Iterator[str]:
    """Of columns that probably say how sure a weak one is, and are not used, the option that uses them."""
    for column in looked.table.columns:
        of = next((name for name in wanted.weak if column != name and column.startswith(name)), None)
        if of and "conf" in column.lower() and column not in {*wanted.weak, *wanted.confidence.values()}:
            option = shlex.join(["--confidence", f"{of}={column}"])
            yield f"not used: {column}; if it says how sure {of} is of each label, give {option}"


def gap_lines(looked: Looked, wanted: Wanted) -> Iterator[str]:
    """For each reason why sources have no label of some texts: which they are, and the options for other reasons."""
    for taken, (taken_as, others) in GAPS_TAKEN.items():
        lacking = {
            source: name
            for source, name in zip(looked.sources, wanted.weak, strict=True)
            if looked.survey.lacking[source] and reason_of(looked.sources[source]) == taken
        }
        if lacking:
            gaps = ", ".join(f"{looked.survey.lacking[source]:,} of {source}" for source in lacking)
            unasked = "".join(unasked_words(looked, lacking)) if taken == ABSTAINED else ""
            options = (
                f"{shlex.join(f'{name}={why}' for name in lacking.values())} if {holds}"
                for why, holds in others.items()
            )
            yield f"texts without a label: {gaps}; taken as {taken_as}; give --gaps {' or '.join(options)}{unasked}"


def neither_lines(looked: Looked) -> Iterator[str]:
    """Of which sources labels say neither, and what becomes of these."""
    halves = {source: n for source, said in looked.said.items() if (n := int((said.p == 0.5).sum()))}
    if halves:
        named = ", ".join(f"{n:,} of {source}" for source, n in halves.items())
        yield f"labels that say neither, such as 0.5: {named}; they count as half right and cost their price"


def text_lines(looked: Looked, wanted: Wanted) -> Iterator[str]:
    """What is said of rows that are no text of their own, if there are any."""
    rows, different, contradictory = (looked.counts[key] for key in ("rows", "different texts", "contradictory texts"))
    if different < rows:
        by = ", by their first labels" * wanted.first_counts
        yield f"texts that stand in several rows count once{by}: {rows:,} rows hold {different:,} texts"
    left_out = [
        (looked.dropped.get(looked.text, 0), "row", "without a text"),
        (looked.dropped.get(wanted.gold, 0), "row", "with another value as gold label"),
        (contradictory, "text", "with both gold labels"),
    ]
    if said := [f"{n:,} {what}{'' if n == 1 else 's'} {which}" for n, what, which in left_out if n]:
        yield f"left out: {', '.join(said)}"


def unasked_words(looked: Looked, sources: Collection[str]) -> Iterator[str]:
    """Of each of the sources that was probably asked for the texts with a gold label alone, what speaks for it."""
    for source, (of_gold, of_others) in looked.survey.reached.items():
        if source in sources and of_gold >= NEARLY_ALL and of_others <= of_gold - CLEARLY_LOWER:
            yield (
                f"; {source} has a label of {percent(of_gold)} % of the texts with a gold one, but of "
                f"{percent(of_others)} % of the others: probably not asked there"
            )


def purchase_rows(study: Study, money: Money) -> Iterator[tuple[str, ...]]:
    """A row for each budget: the gold labels or the weak ones that it buys, and what these cost at each source."""
    weak_price = study.grid.weak_price
    bought = [(money.words(n), f"{n:,}", labels_for(n, weak_price)) for n in study.grid.budgets]
    bought += [("more", f"{gold:,}" if gold else "-", weak) for weak, gold in study.grid.more_purchases]
    supplies = survey_in(study).supplies
    sources = [(price, supplies[name].weak) for name, [price] in study.prices.items()]
    yield ("budget", "gold labels", "weak labels", *(f"from {name}" for name in study.prices))
    for budget, gold, weak in bought:
        costs = (money.words(weak * price) if weak <= most else FEWER for price, most in sources)
        yield (budget, gold, f"{weak:,}", *costs)


def within_budget(study: Study, wanted: Wanted) -> dict[str, float]:
    """The most weak labels of each source that the budget pays for which the user named."""
    most = wanted.money.in_gold(wanted.budget) if wanted.budget else math.inf
    return {name: most / price if price else math.inf for name, [price] in study.prices.items()}


def size_lines(study: Study, looked: Looked, minutes: float, cores: int, wanted: Wanted) -> Iterator[str]:
    """How the study is sized: what it buys of each kind of label, at the prices of the sources, and its time."""
    runs, student = study.made_runs, study.students[0]
    asks = bool(study.grid.shots)
    yield (
        f"The study: {looked.task['test_size']} of the gold labels test what is learned. For each budget it trains on "
        "the gold labels of its row alone, on the weak ones alone, and on half of each."
    )
    yield ""
    yield from aligned(rows := [*purchase_rows(study, wanted.money)])
    units = "" if wanted.money.currency else "; in gold labels"
    yield f"from …: what these weak labels cost there{units}"
    if study.grid.more_purchases:
        yield "more: beside the budgets, since sources differ in price or number of labels"
    if any(FEWER in row for row in rows):
        yield f"{FEWER}: the source has fewer labels, so this is not run there"
    yield from bought_lines(study, wanted.money)
    if all_free(looked.sources.values()):
        price = wanted.money.words(study.grid.weak_price)
        yield (
            f"All weak labels are free, but budgets are split as if one cost {price} (`weak_price` in the file), so "
            "that the largest buys that many. Answers are at the true price."
        )
    yield ""
    yield from measure_lines(study, looked)
    yield (
        f"{len(study.seeds)} seeds, {len(runs)} runs of {student}{', one of which asks it without any label' * asks}; "
        f"about {minutes_words(minutes)} on {cores} core{'' if cores == 1 else 's'}."
    )
    yield from budget_lines(study, wanted)
    if wanted.texts_to_label:
        texts = f"{wanted.texts_to_label:,} texts, those of the table among them"
        yield f"Answers are for {texts} (`texts_to_label` in the file)."
    yield from unbought_lines(study, within_budget(study, wanted))
    if not asks:
        yield (
            f"What {student} knows without any label, which costs nothing, can be studied too: by --question and "
            f"{question_words(wanted)}"
        )
    yield "It says what labels are worth up to these numbers. Of more labels than the table holds it can say nothing."


def bought_lines(study: Study, money: Money) -> Iterator[str]:
    """What the largest budget buys of each source at most, what that costs, and why it is no more."""
    largest, why, supplies = max(study.grid.budgets), {}, survey_in(study).supplies
    for name, [price] in study.prices.items():
        runs = [run["n_weak"] for run in study.planned_runs if run["supervisor"] == name and not run["n_gold"]]
        n = max((n for n in runs if n * price <= largest), default=0)
        if n >= supplies[name].weak:
            reason = "your table has no more outside of the test set"
        elif n * price >= MOSTLY * largest:
            reason = "it pays for no more"
        else:
            reason = "a first study trains on no more"
        if n:
            why.setdefault(reason, []).append(f"{name} for {n:,} texts ({money.words(n * price)})")
    for reason, bought in why.items():
        budget = amount_words(money.of(largest), money.currency, "gold labels")
        yield f"The largest budget, {budget}, buys weak labels of {listed(bought)}: {reason}."


def measure_lines(study: Study, looked: Looked) -> Iterator[str]:
    """Why scores are no accuracies, where one label is much commoner."""
    if study.inference.measure == "balanced_accuracy":
        yield (
            f"Scores are balanced accuracy, since {percent(looked.commoner)} % of the gold labels are "
            f"{looked.commoner_label}: the mean of the shares of either label that are found, so 50 % for always "
            "giving one. In training labels of either kind are shown as often."
        )


def question_words(wanted: Wanted) -> str:
    """How a student can be asked: in the labels' own words, where they have some."""
    if wanted.words is None:
        return "a question such as 'Is it spam?', where yes means label 1."
    zero, one = wanted.words
    stands = f"behind which {zero} or {one} can stand"
    return f"a heading that says what is wanted, such as 'Sentiment:' for reviews, {stands}."


def budget_lines(study: Study, wanted: Wanted) -> Iterator[str]:
    """What is said of a budget of the user's own: that there is an option, or that the study has nearly that one."""
    if not wanted.budget:
        yield "An answer for a budget between these is interpolated. Name yours by --budget, and it is studied."
        return
    named = amount_words(wanted.budget, wanted.money.currency)
    largest = max(study.grid.budgets)
    studied = wanted.money.words(largest)
    if gold_labels_for(wanted.budget, wanted.money) > largest:
        yield (
            f"Besides those that test, the table has {largest:,} gold labels to train on, so of your {named} the study "
            f"goes up to {studied}. A student is trained on the best purchase up to there, and answers say what money "
            "is left; for labels as they are all of it counts."
        )
    elif named != studied:
        yield f"Budgets are whole gold labels, so yours of {named} is studied as {studied}."
    own = amount_words(wanted.budget, wanted.money.currency, "gold labels")
    yield f"Answers begin with what {own} {'buys' if wanted.money.currency else 'buy'} (`budget` in the file)."


def unbought_lines(study: Study, affordable: Mapping[str, float]) -> Iterator[str]:
    """Of the sources whose labels are not nearly all bought, what would buy them.

    affordable: the most labels that the user can pay for, by source.
    """
    unbought = []
    for source, supply in survey_in(study).supplies.items():
        most = max(run["n_weak"] for run in study.planned_runs if run["supervisor"] == source)
        if most < MOSTLY * supply.weak <= MOSTLY * affordable[source]:
            unbought.append((supply.weak, source))
    for n, group in groupby(sorted(unbought), key=itemgetter(0)):
        sources = listed([source for _, source in group], "or")
        fix = f"`more_purchases: {flow([*study.grid.more_purchases, [n, 0]])}` under `grid` in the file adds it"
        yield f"Not run: a purchase of all {n:,} weak labels of {sources}; {fix}."
