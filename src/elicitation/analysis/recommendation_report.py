"""The report on all recommendations of a study, in Markdown. Imports nothing heavy."""

from collections.abc import Mapping, Sequence

from elicitation.analysis.gold_for_all import gold_for_all
from elicitation.analysis.names import ASKING, COMMONER, DEMONSTRATION, NOTHING_BOUGHT, PLAIN, UNDETERMINED
from elicitation.analysis.ready_labels import leading_labels
from elicitation.analysis.recommendation_notes import notes
from elicitation.analysis.recommendation_text import recommendation_lines
from elicitation.analysis.recommendation_words import (
    FREE_WORDS,
    MEASURE_WORDS,
    as_they_are,
    for_texts,
    percent,
    price_asked,
    price_text,
    purchase_words,
    with_ends,
)
from elicitation.analysis.recommended import Recommendation
from elicitation.buying.amounts import amount_words


def decided_words(answer: Recommendation) -> str:
    """What is decided, for a table."""
    if not answer.supported:
        return UNDETERMINED
    return "buy nothing" if answer.regime.strategy == NOTHING_BOUGHT else PLAIN[answer.regime.strategy]


def noise_line(gold_noise: Mapping[str, float]) -> str:
    """What the intervals allow for. gold_noise: the share of wrong gold labels by task."""
    shares = ", ".join(f"{percent(noise)} % ({task})" for task, noise in gold_noise.items())
    return f"Intervals allow for wrong gold labels: {shares}.\n"


def shared_notes(answers: Sequence[Recommendation]) -> list[str]:
    """The notes that are the same for all of several answers."""
    first, *others = [list(notes(answer)) for answer in answers] or [[]]
    return [note for note in first if others and all(note in other for other in others)]


def recommendation_report(
    answers: list[Recommendation], gold_noise: Mapping[str, float] | None = None, invented: bool = False
) -> str:
    """Markdown: a table of all recommendations, then each in words.

    gold_noise: as of noise_line, where it is known; invented: whether the study's data are.
    """
    name = MEASURE_WORDS[answers[0].measure] if answers else ""
    title = f"# What to buy{for_texts(answers[0].question) if answers else ''}\n"
    heads = ["task", "student", "weak label costs", "budget", "buy", "method", f"expected {name}", "decided"]
    heads += [FREE_WORDS[ASKING], FREE_WORDS[COMMONER]]
    lines = [f"{DEMONSTRATION}\n"] * invented + [title, *([noise_line(gold_noise)] if gold_noise else [])]
    lines += [f"| {' | '.join(heads)} |", "|---|---|---:|---:|---|---|---|---|---|---|"]
    for answer in answers:
        bought, baseline, price = answer.purchase, answer.baseline, price_asked(answer)
        cells = [answer.task, answer.student, "its own price" if price is None else price_text(answer, price)]
        cells += [amount_words(answer.question.budget, answer.currency)]
        asking = with_ends(baseline.asking) if baseline.asking else "not measured"
        if gold_for_all(answer):
            cells += [f"gold labels of all {answer.question.pool:,} texts", "", "right by definition", ""]
        elif labels := leading_labels(answer):
            cells += [as_they_are(labels.supervisor), "", with_ends(labels.score), ""]
        else:
            cells += [purchase_words(answer, bought), bought.title] if bought else ["nothing", ""]
            cells += [with_ends(answer.expected), decided_words(answer)]
        cells += [asking, f"{percent(baseline.commoner.mean)} %"]
        lines.append(f"| {' | '.join(cells)} |")
    shared = shared_notes(answers)
    for answer in answers:
        lines += ["", *recommendation_lines(answer, shared)]
    if shared:
        lines += ["", "## Of every answer", "", *(f"Note: {note}" for note in shared)]
    return "\n".join(lines) + "\n"
