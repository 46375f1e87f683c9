"""Scores, amounts and purchases of a recommendation in words. Imports nothing heavy."""

from collections.abc import Iterable, Iterator

from elicitation.analysis.captions import price_words
from elicitation.analysis.choices import MIN_GAIN
from elicitation.analysis.findings import Question
from elicitation.analysis.names import ABSTAINED, ASKING, COMMONER, LABELS
from elicitation.analysis.ready_labels import Ready, asks_price, ready, ready_labels
from elicitation.analysis.recommended import Estimate, Purchase, Recommendation, WeakLabels
from elicitation.buying.amounts import amount_words
from elicitation.buying.prices import exact

# What scores are called in sentences.
MEASURE_WORDS = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "auroc": "AUROC"}
# What stands for a bracket of gaps_words that was said already.
SHORT_BRACKET = " (gaps as above)"
# What something costs that is free: it costs nothing, and is had for nothing.
NOTHING = "nothing"
# From this share of the commoner label on, accuracy says little.
LOPSIDED = 0.7
# From this difference on it is said how many of either label weak labels find.
UNEVEN = 0.15
# What costs nothing, in sentences.
FREE_WORDS = {ASKING: "asking without labels", COMMONER: "always giving the commoner label"}


def percent(share: float) -> str:
    """A share in percent to one digit, without the sign: 95.4, 100."""
    return f"{round(100 * share, 1):g}"


def with_ends(score: Estimate) -> str:
    """A score in percent with the ends of its interval, where it has any width."""
    if score.low == score.high:
        return f"{percent(score.mean)} %"
    return f"{percent(score.mean)} %, between {percent(score.low)} and {percent(score.high)} %"


def probability(share: float, wanted: float) -> str:
    """A probability in percent, so that one below what is wanted never looks as if it were enough: 89.6 %."""
    whole = f"{100 * share:.0f}"
    if share >= wanted or float(whole) < 100 * wanted:
        return f"{whole} %"
    return f"{percent(share)} %" if round(share, 3) < wanted else f"just below {percent(wanted)} %"


def seeds_words(n: int) -> str:
    """A number of seeds."""
    return f"{n} seed{'s' * (n != 1)}"


def more_or_less(difference: float) -> str:
    """A difference of scores: `1.7 points less`."""
    return f"{abs(100 * difference):.1f} points {'less' if round(100 * difference, 1) < 0 else 'more'}"


def points_of(gap: Estimate) -> str:
    """A difference of scores in percentage points with the ends of its interval, where it has any width."""
    if gap.low == gap.high:
        return more_or_less(gap.mean)
    return f"{more_or_less(gap.mean)}, between {more_or_less(gap.low)} and {more_or_less(gap.high)}"


def ahead_words(gap: Estimate, of: str = "") -> str:
    """By how much a score is above another, with the interval: `2.0 points behind (between 1.0 and 3.0)`.

    of: what the other one is of.
    """
    said = f"{abs(100 * gap.mean):.1f} points {'behind' if gap.mean < 0 else 'ahead'}{of}"
    if gap.low == gap.high:
        return said
    ends = [f"{abs(100 * end):.1f}" for end in (gap.low, gap.high)]
    if is_open(gap):
        return f"{said} (between {ends[0]} behind and {ends[1]} ahead, so either may be better)"
    near, far = reversed(ends) if gap.low < 0 else ends
    return f"{said} (between {near} and {far})"


def is_open(gap: Estimate) -> bool:
    """Whether it is undetermined which of two scores is higher: the interval of their difference holds 0."""
    return gap.low <= 0 <= gap.high


def own_words(n: int, new: int) -> str:
    """Which of n labels the reader has already, in brackets: ` (540 yours, 100 to buy)`."""
    if new == n:
        return ""
    return f" ({n - new:,} yours, {new:,} to buy)" if new else " (all yours)"


def labels_words(n_weak: int, n_gold: int, of_weak: str = "", of_gold: str = "") -> str:
    """How many labels of either kind, and what is said of them: `1,000 weak labels of small and 64 gold labels`."""
    weak = f"{n_weak:,} weak label{'' if n_weak == 1 else 's'}{of_weak}"
    gold = f"{n_gold:,} gold label{'' if n_gold == 1 else 's'}{of_gold}"
    return " and ".join([weak] * (n_weak > 0) + [gold] * (n_gold > 0)) or "no label"


def amount_text(question: Question, amount: float) -> str:
    """An amount in the question's currency; in gold labels where it has none, and these cost 1."""
    return amount_words(amount, question.currency, "gold labels" if question.gold_price == 1 else "")


def money(answer: Recommendation, amount: float) -> str:
    """An amount as the answer's question gives them; `nothing` of none."""
    return amount_text(answer.question, amount) if amount else NOTHING


def price_asked(answer: Recommendation) -> float | None:
    """The price of a weak label that was asked for, else the one that all supervisors have; None: several."""
    question = answer.question
    if question.weak_price is not None and not question.weak_prices:
        return question.weak_price
    prices = {entry.price for entry in answer.baseline.weak_labels}
    return prices.pop() if len(prices) == 1 else None


def budget_text(answer: Recommendation) -> str:
    """The budget in the answer's currency, or in gold labels."""
    budget = answer.question.budget
    return amount_words(budget, answer.currency) if answer.currency else f"{budget:g} gold labels"


def limits_text(answer: Recommendation) -> str:
    """Within what the question allows to buy: the budget, and how many texts if that is limited."""
    pool = answer.question.pool
    return budget_text(answer) + ("" if pool is None else f" and {pool:,} texts")


def for_texts(question: Question) -> str:
    """For how many texts an answer is, at the end of what its heading names; nothing where that is not known."""
    return "" if question.pool is None else f" for {question.pool:,} texts"


def price_text(answer: Recommendation, price: float) -> str:
    """A price of a weak label; `nothing` of free ones."""
    gold = answer.question.gold_price
    if not price:
        return NOTHING
    if price < gold and f"{price:g}" == f"{gold:g}":
        return f"just below {amount_words(gold, answer.currency)}"
    return amount_words(price, answer.currency) if answer.currency else price_words(price)


def at_price(answer: Recommendation, price: float, of_each: str = "") -> str:
    """At which price weak labels are had: `at 0.1` and of what it is the price, or `for nothing`."""
    return f"at {price_text(answer, price)}{of_each}" if price else f"for {NOTHING}"


def votes_words(votes: float) -> str:
    """How many votes a text's label joins, in brackets: ` (2.64 votes)`; nothing of a single one."""
    return f" ({votes:.3g} votes)" if votes > 1 else ""


def of_text(answer: Recommendation, supervisor: str | None = None) -> str:
    """What the price of a weak label is of, where it joins several votes: ` a text`. None: of every supervisor."""
    named = [entry for entry in answer.baseline.weak_labels if supervisor in (None, entry.supervisor)]
    return " a text" * (bool(named) and all(entry.votes > 1 for entry in named))


def bought_at(answer: Recommendation, bought: Purchase) -> str:
    """At which price the weak labels of a purchase are had."""
    return at_price(answer, bought.weak_price, of_text(answer, bought.supervisor))


def source_words(answer: Recommendation, bought: Purchase) -> str:
    """Whose the weak labels of a purchase are, and their price if it is not the one asked for."""
    own = bought.weak_price != price_asked(answer)
    return f" of {bought.supervisor}" + (f" {bought_at(answer, bought)}" if own else "")


def purchase_words(answer: Recommendation, bought: Purchase) -> str:
    """A purchase: its labels, whose the weak ones are, and which the reader has already."""
    of_weak = source_words(answer, bought) + own_words(bought.n_weak, bought.new_weak)
    return labels_words(bought.n_weak, bought.n_gold, of_weak, own_words(bought.n_gold, bought.new_gold))


def order_words(answer: Recommendation, bought: Purchase) -> str:
    """What to buy, beside what is there already."""
    every = purchase_words(answer, bought)
    if (bought.new_weak, bought.new_gold) == (bought.n_weak, bought.n_gold):
        return f"Buy {every} and use them by {bought.title}"
    if not bought.new_weak + bought.new_gold:
        return f"Buy no more labels; use {every} by {bought.title}"
    more = labels_words(bought.new_weak, bought.new_gold, source_words(answer, bought))
    return f"Buy {more}, and use {every} by {bought.title}"


def as_they_are(supervisor: str) -> str:
    """Weak labels without any student."""
    return f"the weak labels of {supervisor} as they are"


def priced_words(entry: WeakLabels) -> str:
    """What the price of weak labels as they are is of: of a label, where texts without one cost nothing."""
    return f"{'text' if entry.paid == 1 else 'label'}{votes_words(entry.votes)}"


def labels_at_price(answer: Recommendation, entry: WeakLabels) -> str:
    """Weak labels without any student, and what they cost for a text."""
    return f"{as_they_are(entry.supervisor)}, {at_price(answer, entry.price, f' a {priced_words(entry)}')}"


def labels_score(answer: Recommendation, entry: WeakLabels) -> str:
    """The score of weak labels as they are, and what is to be said of texts that have none."""
    return with_ends(entry.score) + gaps_words(answer, entry)


def bring_words(answer: Recommendation, entry: WeakLabels) -> str:
    """What weak labels as they are bring and cost."""
    price = at_price(answer, entry.price, f" for each {priced_words(entry)}")
    return f"{labels_score(answer, entry)}, without any training, {price}{all_texts_words(answer, entry)}"


def of_all_words(found: Ready, pool: int) -> str:
    """How many of the texts that there are have weak labels then: `all 400 texts (100 yours, 300 to buy)`."""
    share = "all" if found.n_texts == pool else f"{found.n_texts:,} of the"
    return f"{share} {pool:,} texts{own_words(found.n_texts, found.n_new)}"


def new_cost(answer: Recommendation, found: Ready) -> str:
    """What the weak labels cost that are still to be bought then."""
    return money(answer, float(found.n_new * exact(found.labels.text_price)))


def all_texts_words(answer: Recommendation, entry: WeakLabels) -> str:
    """What weak labels of all texts cost, or of how many the budget pays for: `, $32 for all 8,000 texts`.

    Nothing where it is not known how many texts there are, or the answer says it in a sentence of its own.
    """
    pool, told = answer.question.pool, [found.labels for found in ready_labels(answer)]
    if pool is None or not entry.text_price or asks_price(answer) or entry in told:
        return ""
    found = ready(answer, entry)
    cost = f", {new_cost(answer, found)}" if found.n_new and found.n_texts == pool else ", so"
    return f"{cost} for {of_all_words(found, pool)}" if found.n_texts else ""


def found_words(answer: Recommendation, entry: WeakLabels) -> str:
    """How many of either label weak labels find, where that says more than their score; nothing if it is not known."""
    if entry.ones_found is None or answer.measure == "auroc":
        return ""
    if not is_lopsided(answer) and abs(entry.ones_found - entry.zeros_found) < UNEVEN:
        return ""
    zero, one = answer.label_words
    ones, zeros = percent(entry.ones_found), percent(entry.zeros_found)
    return f"They find {ones} % of the texts with label {one} and {zeros} % of those with label {zero}."


def is_lopsided(answer: Recommendation) -> bool:
    """Whether most texts have the same label, or the measure allows for that."""
    if answer.measure == "accuracy":
        return answer.baseline.commoner.mean > LOPSIDED
    return answer.measure == "balanced_accuracy"


def gaps_words(answer: Recommendation, entry: WeakLabels) -> str:
    """Where some texts have no weak label, why that is assumed to be so, and the score by the other assumption."""
    coverage = entry.coverage
    if (given := percent(coverage)) == "100":
        return ""
    asked = entry.gaps == ABSTAINED
    assumed = f"others, taken as {'abstentions, count as half right' if asked else 'not asked, do not count'}"
    if answer.measure != "accuracy" or not coverage:
        return f" ({given} % of the scored texts have one; {assumed})"
    # Of texts without a label half are right, as if a coin were thrown.
    coin = (1 - coverage) / 2
    alone = f": {percent((entry.score.mean - coin) / coverage)} %" if asked else ""
    by_coin = "" if asked else f"; as abstentions: {percent(entry.score.mean * coverage + coin)} %"
    return f" (on the {given} % of scored texts that have one{alone}; {assumed}{by_coin})"


def long_brackets(answer: Recommendation) -> list[str]:
    """What an answer says of texts without a weak label, of each source that leaves any."""
    return [words for entry in answer.baseline.weak_labels if (words := gaps_words(answer, entry))]


def said_once(text: str, brackets: Iterable[str]) -> str:
    """The text with each of these brackets whole where it stands first, and afterwards by a short form."""
    for bracket in brackets:
        first, *others = text.split(bracket, maxsplit=1)
        text = first + "".join(bracket + rest.replace(bracket, SHORT_BRACKET) for rest in others)
    return text


def free_words(answer: Recommendation) -> str:
    """The best of what costs nothing."""
    kind, supervisor = answer.baseline.free
    return as_they_are(supervisor) if kind == LABELS else FREE_WORDS[kind]


def expected_words(answer: Recommendation) -> str:
    """The score of what is recommended."""
    kind, supervisor = answer.baseline.free
    if answer.purchase or kind != LABELS:
        return with_ends(answer.expected)
    return labels_score(answer, answer.baseline.labels_of(supervisor))


def cheaper_words(answer: Recommendation) -> Iterator[str]:
    """What costs clearly less than what is recommended and is nearly as good, in a sentence, if there is any."""
    if found := answer.cheaper:
        bought, what = found.purchase, f"{free_words(answer)} for nothing"
        if bought:
            what = f"{purchase_words(answer, bought)} by {bought.title} for {money(answer, bought.cost)}"
        sure = probability(found.as_good, answer.regime.wanted)
        behind = f"at most {percent(MIN_GAIN)} points behind with a probability of {sure}"
        yield f"Nearly as good for less: {what}. Expected: {with_ends(found.expected)}; {behind}."


def estimator_words(answer: Recommendation) -> str:
    """How scores are estimated where not all test texts have a gold label; else nothing."""
    n_gold, n = answer.studied.n_test, answer.studied.n_texts
    if n_gold == n:
        return ""
    return f"prediction-powered, by the gold labels of {n_gold:,} of {n:,} test texts and weak labels of the others"
