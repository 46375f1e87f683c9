import json
import re
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
from posteriors import findings_on, posterior_table, rising, several

from elicitation.analysis.answer import study_answer
from elicitation.analysis.findings import Held, Question, make_findings, read_findings
from elicitation.analysis.names import NOTHING_BOUGHT, UNDETERMINED
from elicitation.analysis.questions import reach
from elicitation.analysis.recommendation import answer_all, recommend
from elicitation.analysis.recommendation_report import recommendation_report
from elicitation.analysis.recommendation_text import recommendation_lines
from elicitation.analysis.recommended import recommendation_from
from elicitation.errors import InputError
from elicitation.files import hash_file, write_json, write_table


def told(answer) -> str:
    return "\n".join(recommendation_lines(answer))


def peak_at(pair, height=0.08, base=0.8):
    """A score that is level but for one purchase."""
    return lambda w, g: base + height * ((w == pair[0]) & (g == pair[1]))


@pytest.fixture
def folder(tmp_path):
    """Writes a finished study's folder, as far as the commands read it."""

    def write(table=None, **more):
        findings = findings_on(posterior_table() if table is None else table, **more)
        path = tmp_path / "results/posterior.parquet"
        write_table(path, findings.posterior.table)
        settings = {name: value for name, value in vars(findings).items() if name not in ("posterior", "money")}
        inputs = {"results/posterior.parquet": hash_file(path)}
        write_json(tmp_path / "results/recommendation.json", {"settings": settings, "inputs": inputs})
        return tmp_path

    return write


def test_the_purchase_is_the_best_within_the_budget_with_the_posteriors_score():
    findings = findings_on(posterior_table())
    answer = recommend(findings, Question(50, 0.1))
    bought = answer.purchase
    nodes = findings.posterior.table
    nodes = nodes[(nodes.kind == "purchase") & nodes.studied & (nodes.n_gold + 0.1 * nodes.n_weak <= 50)]
    assert answer.expected.mean >= nodes.score.max() - 0.0005
    assert bought.cost == pytest.approx(bought.n_gold + 0.1 * bought.n_weak) and bought.cost <= 50
    assert bought.unspent == pytest.approx(50 - bought.cost)
    assert answer.expected.mean == pytest.approx(rising(bought.n_weak, bought.n_gold), abs=0.01)
    assert answer.expected.low < answer.expected.mean < answer.expected.high


def test_where_asking_without_labels_is_better_nothing_is_bought():
    answer = recommend(findings_on(posterior_table(asking=0.97)), Question(50, 0.1))
    assert answer.purchase is None and answer.expected.mean == 0.97
    assert answer.regime.name == NOTHING_BOUGHT == answer.regime.strategy and answer.supported
    assert set(answer.alternatives) == {"weak only", "mixed", "gold only"}
    text = told(answer)
    assert "**Buy nothing: no purchase studied beats asking without labels (97 %) at this budget.**" in text
    assert "Expected accuracy: 97 %, between 95 and 99 %." in text
    assert "always giving the commoner label: 50 %" in text
    assert "| nothing |  | 97 %, between 95 and 99 % | buy nothing |" in recommendation_report([answer])


def test_where_the_commoner_label_is_better_nothing_is_bought():
    answer = recommend(findings_on(posterior_table(commoner=0.96, asking=0.9)), Question(50, 0.1))
    assert answer.purchase is None
    text = told(answer)
    assert "no purchase studied beats always giving the commoner label (96 %)" in text
    assert (
        "Note: 96 % of the texts have the same label, so accuracy says little; choose `inference: {measure: auroc}`"
        in text
    )
    other = recommend(findings_on(posterior_table(commoner=0.96), measure="auroc"), Question(50, 0.1))
    assert "same label" not in told(other) and "Expected AUROC" in told(other)


def test_a_commoner_label_of_seventy_percent_needs_no_advice():
    for commoner, advised in ((0.7, False), (0.71, True)):
        answer = recommend(findings_on(posterior_table(commoner=commoner)), Question(50, 0.1))
        assert ("accuracy says little" in told(answer)) == advised


def test_where_labels_are_better_than_asking_they_are_bought():
    answer = recommend(findings_on(posterior_table(asking=0.6)), Question(64, 0.1))
    assert answer.purchase and answer.regime.beats_nothing == 1
    text = told(answer)
    assert "Buy nothing" not in text and "- asking without labels: 60 %, between 58 and 62 %" in text
    assert "| 60 %, between 58 and 62 % | 50 % |" in recommendation_report([answer])
    assert "asking" not in told(recommend(findings_on(posterior_table(asking=None)), Question(64, 0.1)))


def test_what_is_barely_better_than_asking_is_undetermined():
    best = recommend(findings_on(posterior_table(peak_at((320, 32)))), Question(64, 0.1)).expected.mean
    answer = recommend(findings_on(posterior_table(peak_at((320, 32)), asking=best + 1e-4)), Question(64, 0.1))
    assert answer.purchase is None and answer.regime.name == UNDETERMINED and not answer.supported
    assert "Undetermined whether this is the best way of spending" in told(answer)


def test_weak_labels_that_beat_the_student_are_named_with_their_price():
    answer = recommend(findings_on(posterior_table(labels=0.92)), Question(50, 0.1))
    assert answer.baseline.weak_labels[0].difference.mean == pytest.approx(0.92 - answer.expected.mean)
    beaten = "is expected to beat the weak labels of v as they are: 92 %, between 90 and 94 %, without any training"
    assert f"Note: No purchase within 50 gold labels {beaten}, at 0.1 for each text" in told(answer)
    money = recommend(findings_on(posterior_table(labels=0.92)), Question(150, 0.3, 3, currency="$"))
    assert "No purchase within $150 is expected" in told(money) and "at $0.30 for each text" in told(money)
    assert "Note" not in told(recommend(findings_on(posterior_table()), Question(50, 0.1)))


def test_one_seed_never_decides():
    answer = recommend(findings_on(posterior_table(peak_at((0, 64)), n_seeds=1)), Question(64, 0.1))
    assert answer.regime.name == UNDETERMINED and answer.regime.reason == "one seed has no spread"
    assert "one seed has no spread" in told(answer)


def test_prices_and_budget_may_be_in_any_currency():
    findings = findings_on(posterior_table())
    gold, euros = recommend(findings, Question(50, 0.1)), recommend(findings, Question(1000, 2, 20, currency="€"))
    scaled = {name: getattr(gold.purchase, name) * 20 for name in ("cost", "unspent", "weak_price")}
    assert euros.purchase == replace(gold.purchase, **scaled)
    assert euros.expected == gold.expected and euros.currency == "€"
    assert "## Budget €1,000: a weak label costs €2, a gold one €20" in told(euros)
    assert f"Cost: €{euros.purchase.cost:,.0f}" in told(euros)


def test_the_best_purchases_of_the_other_strategies_are_told_with_how_much_worse_they_are():
    answer = recommend(findings_on(posterior_table()), Question(50, 0.1))
    assert answer.purchase.strategy == "mixed" and set(answer.alternatives) == {"weak only", "gold only"}
    for name, other in answer.alternatives.items():
        assert (other.n_gold == 0) == (name == "weak only") and (other.n_weak == 0) == (name == "gold only")
        gap = other.difference
        assert gap.mean == pytest.approx(other.expected.mean - answer.expected.mean)
        # Independent errors of a standard deviation of 0.01 or, between two nodes, a little less.
        assert 0.5 * 0.04 < gap.high - gap.low < 4 * 0.0141


def test_the_data_support_what_is_clearly_best():
    answer = recommend(findings_on(posterior_table(peak_at((320, 32)))), Question(64, 0.1))
    assert (answer.purchase.n_weak, answer.purchase.n_gold) == (320, 32)
    assert answer.regime.name == "mixed" and answer.supported and answer.regime.probabilities["mixed"] > 0.99
    shares = "probability that no other way is more than 0.2 points better: buy weak 0 %, mix 100 %, buy gold 0 %"
    assert f"The data support it: {shares} (ways as good as each other all count; decided from 90 % on)" in told(answer)


def test_where_all_is_level_nothing_is_supported():
    answer = recommend(findings_on(posterior_table(peak_at((0, 0)))), Question(64, 0.1))
    assert not answer.supported and answer.regime.name == UNDETERMINED
    assert "Undetermined" in told(answer) and "`elicitation next` says what would decide it" in told(answer)


def test_where_a_way_of_spending_was_not_studied_so_cheap_no_next_step_is_promised():
    answer = recommend(findings_on(posterior_table(asking=None)), Question(64, 0.1, pool=5))
    assert "no purchase within these limits is weak only or mixed; " in told(answer)
    assert "Only a study with such purchases, within 64 gold labels and 5 texts, could decide it." in told(answer)
    assert "elicitation next" not in told(answer)
    nothing = told(recommend(findings_on(posterior_table(asking=None)), Question(0, have_gold=8)))
    assert "Undetermined whether these labels are used in the best way: " in nothing and "Only a study" not in nothing
    one = recommend(findings_on(posterior_table(peak_at((0, 64)), n_seeds=1)), Question(64, 0.1))
    assert "`elicitation next` says what would decide it" in told(one)


def test_a_budget_beyond_the_study_is_said_and_the_rest_named():
    answer = recommend(findings_on(posterior_table()), Question(20000, 2, 20))
    assert not answer.supported and not answer.studied.within and answer.studied.beyond
    assert answer.purchase.n_weak <= 640 and answer.purchase.n_gold <= 64
    assert answer.studied.unspent == pytest.approx(20000 - answer.purchase.cost)
    assert answer.studied.most_expensive == pytest.approx(1280)
    text = told(answer)
    assert "The budget lies beyond what was studied, which at these prices costs at most 1,280; the best" in text
    assert f"{answer.studied.unspent:,.0f} are left unspent" in text and "The data support it" not in text


def test_beyond_the_study_the_best_there_is_named_and_what_to_add_to_the_study():
    findings = findings_on(posterior_table(purchases=[(40, 0), (20, 2), (0, 4), (0, 64)]), trained=["m"])
    answer = recommend(findings, Question(100, 0.1, have_gold=30))
    assert answer.studied.larger == (0, 130) and recommendation_from(asdict(answer)) == answer
    said = "Note: The budget lies beyond what was studied, which at these prices costs at most 34 gold labels beside "
    said += "your own labels; the best purchase there is 64 gold labels (30 yours, 34 to buy) by Method M. 66 gold "
    said += "labels are left unspent, since what more labels would bring is not known. To know it, add "
    said += "`more_purchases: [[0, 130]]` to `grid` in the study, and run that again."
    assert said in told(answer)
    all_held = told(recommend(findings, Question(100, 0.1, have_gold=64, have_weak=40)))
    assert "which at these prices costs nothing beside your own labels; the best purchase there is 64 gold" in all_held
    assert recommend(findings, Question(100, 0.1, have_gold=80)).studied.larger == (0, 180), "with all own labels"
    limited = recommend(findings, Question(100, 0.1, pool=90))
    assert limited.studied.larger == (0, 90)
    for none in (Question(64, 0.1), Question(64.5, 0.1), Question(100, 0.1, pool=64)):
        assert recommend(findings, none).studied.larger is None and "more_purchases" not in told(
            recommend(findings, none)
        )
    prompted = recommend(replace(findings, trained=["another"]), Question(100, 0.1))
    assert prompted.studied.beyond and prompted.studied.larger is None
    own = replace(findings, held={"t": Held(70, {"v": 400}, {"v": 410})})
    assert "`more_purchases" in told(recommend(own, Question(40, 0.1, have_gold=30)))
    assert recommend(own, Question(41, 0.1, have_gold=30)).studied.larger == (0, 70), "all that the table holds"
    exhausted = replace(own, held={"t": Held(64, {"v": 400}, {"v": 410})})
    too_few = told(recommend(exhausted, Question(41, 0.1, have_gold=30)))
    assert "is not known. Your table has too few texts for it: of those to train on 400 have a weak" in too_few
    assert "so at most 410 labels are. To know it, have more texts labelled, and run the study on them." in too_few


def test_no_purchase_is_advised_to_be_run_that_was_run_or_that_the_table_has_too_few_texts_for():
    peak = lambda w, g: 0.6 + 0.1 * (w == 40) + 0 * g  # noqa: E731
    table = posterior_table(peak, [(40, 0), (100, 0), (20, 2)])
    found = findings_on(table, held={"t": Held(70, {"v": 100}, {"v": 170})}, trained=["m"])
    answer = recommend(found, Question(60, 0.1))
    assert answer.purchase.n_weak == 40 and answer.studied.beyond
    assert "Your table has too few texts for it: of those to train on 100 have a weak label" in told(answer)
    assert "more_purchases" not in told(answer), "all 100 were run"
    more = replace(found, held={"t": Held(70, {"v": 120}, {"v": 190})})
    assert "`more_purchases: [[120, 0]]`" in told(recommend(more, Question(60, 0.1)))
    # As many as there are texts to label were run.
    limited = recommend(replace(found, held={}), Question(200, 0.1, pool=100))
    assert limited.purchase.n_weak == 40 and limited.studied.beyond and limited.studied.larger is None


def test_gold_labels_that_the_table_lacks_are_not_advised_beside_a_models_weak_ones_either():
    table = posterior_table(purchases=[(40, 0), (20, 2), (0, 4), (0, 64)])
    found = findings_on(table, held={"t": Held(70, {})}, trained=["m"])
    assert recommend(found, Question(100, 0.1)).studied.larger == (0, 70), "all that the table holds"
    none_left = told(recommend(replace(found, held={"t": Held(64, {})}), Question(100, 0.1)))
    assert "too few texts for it: of those to train on 64 have a gold label. To know it, have more" in none_left
    weak = findings_on(posterior_table(purchases=[(40, 0)]), held={"t": Held(64, {})}, trained=["m"])
    assert "`more_purchases: [[1000, 0]]`" in told(recommend(weak, Question(100, 0.1))), "a model labels any text"


def test_beyond_a_study_whose_purchases_beat_nothing_that_is_said():
    answer = recommend(findings_on(posterior_table(level(0.55), [(0, 4), (0, 64)])), Question(100, 0.1))
    assert "costs at most 64 gold labels; no purchase there beats asking without labels. 100 gold" in told(answer)
    assert answer.purchase is None and answer.studied.larger == (0, 100) and "[[0, 100]]" in told(answer)


def test_without_money_no_price_has_to_be_named():
    several_prices = findings_on(posterior_table(), {"v": [0.5, 0.1, 0.0]})
    owned = {"have_weak": 320, "have_gold": 32}
    answer = recommend(several_prices, Question(0, **owned))
    assert answer.purchase == recommend(several_prices, Question(0, 0.1, **owned)).purchase
    assert (answer.purchase.n_weak, answer.purchase.n_gold, answer.purchase.cost) == (320, 32, 0)
    assert recommend(several_prices, Question(0, 0.5, **owned)).expected == answer.expected, "whatever it is"
    said = "Note: With a budget of 0 no label is bought that costs anything, so prices do not matter; of several that "
    said += "the study looks at, the lowest stands here."
    assert said in told(answer) and said in told(recommend(several_prices, Question(0)))
    one_price = replace(several_prices, prices={"v": [0.1]})
    assert said not in told(recommend(one_price, Question(0, **owned))), "there are no several"
    for priced in (Question(0, 0.1, **owned), Question(0, 0)):
        assert said not in told(recommend(several_prices, priced))
    with pytest.raises(InputError, match="name yours by --weak-price"):
        recommend(several_prices, Question(1))
    with pytest.raises(InputError, match="name yours by --weak-price"):
        reach(several_prices, Question(0), 0.8)


def test_the_most_expensive_purchase_lies_within_what_was_studied():
    assert not recommend(findings_on(posterior_table()), Question(64, 0.1)).studied.beyond
    assert recommend(findings_on(posterior_table()), Question(64.1, 0.1)).studied.beyond


def test_a_budget_below_the_cheapest_purchase_says_from_which_one_on():
    answer = recommend(findings_on(posterior_table()), Question(1.5, 0.1))
    assert answer.purchase is None and not answer.alternatives and not answer.supported
    assert answer.expected.mean == 0.6 and answer.studied.unspent == 1.5
    assert "Nothing that was studied is affordable: the cheapest purchase costs 4 gold labels" in told(answer)


@pytest.mark.parametrize("price", [1, 1.5])
def test_a_weak_label_as_expensive_as_a_gold_one_is_not_bought(price):
    answer = recommend(findings_on(posterior_table(peak_at((640, 0)))), Question(2000, price))
    assert answer.purchase.n_weak == 0 and set(answer.alternatives) == set()
    assert f"A weak label of v costs {price:g}, as much as a gold label or more, so none is bought." in told(answer)


def test_where_nothing_can_be_bought_at_any_price_it_is_said():
    table = posterior_table(purchases=[(40, 0), (160, 0)])
    answer = recommend(findings_on(table), Question(64, 2))
    assert answer.studied.cheapest is None and answer.purchase is None
    assert "Nothing that was studied can be bought on these terms" in told(answer)


def test_labels_that_are_there_need_no_money():
    findings = findings_on(posterior_table())
    answer = recommend(findings, Question(10, 0.1, have_weak=640, have_gold=30))
    bought = answer.purchase
    assert bought.n_gold + bought.n_weak > 300, "what is there is used"
    assert bought.new_weak == max(0, bought.n_weak - 640) and bought.new_gold == max(0, bought.n_gold - 30)
    assert bought.cost == pytest.approx(bought.new_gold + 0.1 * bought.new_weak) and bought.cost <= 10
    assert bought.n_weak <= 640 and bought.n_gold > 30
    order = f"Buy {bought.new_gold} gold labels, and use {bought.n_weak} weak labels of v (all yours) and"
    assert f"{order} {bought.n_gold} gold labels (30 yours, {bought.new_gold} to buy) by Method M" in told(answer)
    left = recommend(findings, Question(10, 0.1, have_weak=700, have_gold=30))
    n_weak, n_gold = left.purchase.n_weak, left.purchase.n_gold
    over = f"Note: Of your own labels {700 - n_weak} weak labels are left over: the student is trained on {n_weak} weak"
    assert f"{over} labels and {n_gold} gold labels." in told(left)
    assert left.studied.larger == (754, 34)
    all_run = recommend(findings, Question(0, 0.1, have_gold=68))
    alone = "Note: Of your own labels 4 gold labels are left over: the student is trained on 64 gold labels alone."
    assert alone in told(all_run)
    none = recommend(findings_on(posterior_table(commoner=0.97)), Question(0, 0.1, have_gold=68))
    assert "Note: Of your own labels 68 gold labels are left over: no student is trained." in told(none)
    nothing = recommend(findings, Question(0.01, 0.1, have_weak=320, have_gold=32))
    assert nothing.purchase.cost == 0 and "Buy no more labels; use" in told(nothing)


def test_weak_labels_that_are_there_are_of_one_supervisor():
    findings = findings_on(several(posterior_table(), posterior_table(supervisor="w")), {"v": [0.1], "w": [0.2]})
    with pytest.raises(InputError, match="several supervisors: v, w; name one by --supervisor"):
        recommend(findings, Question(10, have_weak=100))
    assert recommend(findings, Question(10, have_weak=100, supervisor="w")).purchase.supervisor == "w"


def test_what_the_readers_own_table_holds_is_told_with_the_options_that_count_it():
    own = findings_on(posterior_table(), held={"t": Held(70, {"v": 469})})
    answer = recommend(own, Question(50, 0.1))
    said = (
        "Note: Costs are as if you had no labels; to count those that your table holds to train on, ask "
        "`elicitation recommend` with `--have-weak 469 --have-gold 70`."
    )
    assert said in told(answer)
    assert answer.purchase == recommend(findings_on(posterior_table()), Question(50, 0.1)).purchase, "as if none were"
    assert study_answer(answer_all(own), 0.1).lines().count(said) == 1
    assert recommendation_from(json.loads(json.dumps(asdict(answer)))) == answer
    for counted in ({"have_weak": 469}, {"have_gold": 70}):
        assert "your table" not in told(recommend(own, Question(50, 0.1, **counted)))
    no_table = findings_on(posterior_table(), held={"another": Held(70, {"v": 469})})
    assert "your table" not in told(recommend(no_table, Question(50, 0.1)))
    gold = findings_on(posterior_table(), held={"t": Held(70, {})})
    assert "with `--have-gold 70`.\n" in told(recommend(gold, Question(50, 0.1)))


def test_a_text_of_the_readers_table_that_has_both_labels_is_said_to_be_used_with_one():
    found = replace(two_sources(), held={"t": Held(70, {"v": 400, "w": 9}, {"v": 410, "w": 79})})
    counted = told(recommend(found, Question(50, supervisor="v", have_weak=400, have_gold=70)))
    assert "Note: A text is used with one label only, so of your own labels at most 410 are used together." in counted
    for question in (
        Question(50),
        Question(50, supervisor="v", have_weak=400),
        Question(50, supervisor="w", have_weak=9, have_gold=70),
    ):
        assert "used together" not in told(recommend(found, question))


def test_more_own_labels_than_the_table_holds_to_train_on_are_noted():
    held = {"t": Held(70, {"v": 400, "w": 9}, {"v": 410, "w": 79})}
    found = replace(two_sources(), held=held)
    counted = told(recommend(found, Question(50, supervisor="v", have_weak=500, have_gold=200)))
    said = "You count 500 weak labels and 200 gold labels as paid, but of texts to train on your table holds 400 weak "
    said += "labels and 70 gold labels; the others, such as those of the test set, train no student."
    assert said in counted and "at most 410 are used together" in counted
    planned, exact = (recommend(found, Question(50, supervisor="v", have_weak=400, have_gold=n)) for n in (200, 70))
    assert (planned.purchase, planned.studied) == (exact.purchase, exact.studied), "only what the table holds counts"
    part = f"Of your own labels {400 - exact.purchase.n_weak} weak labels"
    assert all(part in told(each) or exact.purchase.n_weak == 400 for each in (planned, exact))
    gold = told(recommend(found, Question(50, have_gold=71)))
    assert "You count 71 gold labels as paid, but of texts to train on your table holds 70 gold labels; the" in gold
    held_ones = Question(50, supervisor="v", have_weak=400, have_gold=70)
    assert "You count" not in told(recommend(found, held_ones))
    assert "You count" not in told(recommend(two_sources(), held_ones)), "no table"


def test_of_several_weak_sources_the_labels_of_one_can_be_counted():
    several_held = replace(two_sources(), held={"t": Held(70, {"v": 400, "w": 9})})
    text = told(recommend(several_held, Question(50)))
    ways = ("--supervisor v --have-weak 400 --have-gold 70", "--supervisor w --have-weak 9 --have-gold 70")
    assert f"with `{ways[0]}` or `{ways[1]}`." in text
    text = told(recommend(several_held, Question(50, supervisor="w")))
    assert "with `--have-weak 9 --have-gold 70`." in text


def test_no_more_labels_are_recommended_than_the_pool_holds():
    bought = recommend(findings_on(posterior_table()), Question(64, 0.1, pool=100)).purchase
    assert bought.n_weak + bought.n_gold <= 100
    assert recommend(findings_on(posterior_table()), Question(64, 0.1)).purchase.n_weak > 100


def test_free_weak_labels_cost_nothing():
    answer = recommend(findings_on(posterior_table()), Question(20, 0))
    assert answer.purchase.n_weak > 0 and answer.purchase.cost == answer.purchase.n_gold <= 20
    text = told(answer) + "\n".join(study_answer([answer], 0).lines())
    assert "a weak label costs nothing, a gold one 1" in text and " weak labels of v for nothing: " in text
    assert "- the weak labels of v as they are, for nothing: 60 %" in text
    assert "Note: Weak labels are taken as free, in place of their own price: 0.1 (v)." in text
    weak = findings_on(posterior_table(level(0.7), purchases=[(40, 0), (160, 0)]))
    text = told(recommend(weak, Question(20, 0))) + "\n".join(
        study_answer([recommend(weak, Question(20, 0))], 0).lines()
    )
    assert "\nCost: nothing; 20 gold labels are left.\n" in text and ", used by Method M) for nothing: " in text
    assert not re.search(r"\b(at|costs?|for|of) 0\b", text), "what is free has no price of 0"


def test_free_weak_labels_as_they_are_compete_with_purchases():
    better, worse = (findings_on(posterior_table(labels=score)) for score in (0.97, 0.7))
    answer = recommend(better, Question(20, 0))
    assert answer.purchase is None and answer.expected.mean == 0.97 and answer.regime.name == NOTHING_BOUGHT
    order = "**Buy nothing: no purchase studied beats the weak labels of v as they are (97 %) at this budget.**"
    assert f"{order}\nExpected accuracy: 97 %, between 95 and 99 %." in told(answer)
    assert recommend(better, Question(20, 0.01)).purchase, "at any price they cost more than any budget on enough texts"
    assert recommend(worse, Question(20, 0)).purchase
    assert reach(better, Question(0, 0), 0.95).purchase is None
    lines = "\n".join(study_answer([answer], 0).lines())
    assert "buy nothing, since no purchase studied beats the weak labels of v as they are; the best one is to" in lines
    assert "always giving the commoner label 50 %; the weak labels of v as they are 97 %, between 95 and 99 %." in lines


def test_texts_without_a_weak_label_are_told_of_wherever_labels_are_scored_as_they_are():
    table = posterior_table(level(0.7), labels=0.8, coverage=0.8)
    said = (
        "80 %, between 78 and 82 % (on the 80 % of scored texts that have one: 87.5 %; others, taken as abstentions, "
    )
    said += "count as half right)"
    for price in (0.1, 0):
        text = told(recommend(findings_on(table), Question(50, price)))
        # Said whole once, where it stands first.
        assert text.count(said) == 1 and text.index("80 %, between") == text.index(said)
        assert text.count("80 %, between 78 and 82 % (gaps as above)") == 1
    other = told(recommend(findings_on(table, measure="auroc"), Question(50, 0.1)))
    said = "80 %, between 78 and 82 % (80 % of the scored texts have one; others, taken as abstentions, count as half "
    said += "right)"
    assert other.count(said) == 1
    asked = told(recommend(findings_on(table, not_asked=["v"]), Question(50, 0.1)))
    said = "(on the 80 % of scored texts that have one; others, taken as not asked, do not count; as abstentions: 74 %)"
    assert asked.count(f"80 %, between 78 and 82 % {said}") == 1
    lines = "\n".join(study_answer(answer_all(findings_on(table, not_asked=["v"])), 0.1).lines())
    assert lines.count(said) == 1
    assert "(on the" not in told(recommend(findings_on(posterior_table()), Question(50, 0.1)))


def test_scores_of_few_gold_test_labels_name_their_estimator():
    findings = findings_on(posterior_table(n_texts=900))
    said = "prediction-powered, by the gold labels of 400 of 900 test texts and weak labels of the others"
    assert f"Scores are {said}." in told(recommend(findings, Question(50, 0.1)))
    assert f"Scores: accuracy, {said}, with 95 %" in "\n".join(study_answer(answer_all(findings), 0.1).lines())
    assert "powered" not in told(recommend(findings_on(posterior_table()), Question(50, 0.1)))


def test_another_source_that_brings_nearly_the_same_for_less_is_named_after_the_order():
    w = posterior_table(level(0.705), supervisor="w", purchases=[(40, 0), (160, 0)], spread=0.02)
    v = posterior_table(level(0.695), purchases=[(40, 0), (160, 0)], spread=0.02)
    answer = recommend(findings_on(several(w, v), {"v": [0.01], "w": [0.2]}), Question(20))
    found = answer.cheaper
    assert (answer.purchase.supervisor, answer.purchase.cost) == ("w", 8)
    assert (found.purchase.supervisor, found.purchase.cost) == ("v", 0.4) and 0.1 < found.as_good < 0.6
    assert found.difference.mean == pytest.approx(-0.01) and found.difference.low < 0 < found.difference.high
    said = (
        "Nearly as good for less: 40 weak labels of v at 0.01 by Method M for 0.4 gold labels. Expected: 69.5 %, "
        f"between 65.6 and 73.4 %; at most 0.2 points behind with a probability of {100 * found.as_good:.0f} %."
    )
    lines = told(answer).splitlines()
    assert lines[lines.index(said) - 1].startswith("Expected accuracy: 70.5 %")
    assert said in "\n".join(study_answer([answer], 0.1).lines())
    assert recommendation_from(asdict(answer)) == answer


def test_what_costs_nothing_may_be_nearly_as_good():
    answer = recommend(findings_on(posterior_table(level(0.7), asking=0.69, spread=0.02)), Question(50, 0.1))
    assert answer.cheaper.purchase is None and answer.cheaper.expected.mean == 0.69
    assert "Nearly as good for less: asking without labels for nothing. Expected: 69 %" in told(answer)


@pytest.mark.parametrize(
    "given",
    [{"asking": 0.68, "spread": 0.02}, {"asking": 0.69, "spread": 0.0001}],
    ids=["too far behind", "surely behind"],
)
def test_what_is_not_nearly_as_good_is_not_named(given):
    answer = recommend(
        findings_on(posterior_table(level(0.7), purchases=[(40, 0), (160, 0)], **given)), Question(50, 0.1)
    )
    assert answer.purchase and answer.cheaper is None and "Nearly" not in told(answer)


def two_sources(**prices):
    """The labels of w bring more than those of v."""
    better = posterior_table(lambda w, g: rising(10 * w, g), supervisor="w")
    return findings_on(several(posterior_table(), better), prices or {"v": [0.1], "w": [0.2]})


def test_the_better_supervisor_is_chosen_each_at_its_own_price():
    answer = recommend(two_sources(), Question(100))
    assert answer.purchase.supervisor == "w" and answer.purchase.weak_price == 0.2
    assert [(entry.supervisor, entry.price) for entry in answer.baseline.weak_labels] == [("v", 0.1), ("w", 0.2)]
    only = recommend(two_sources(), Question(100, supervisor="v"))
    assert only.purchase.supervisor == "v" and only.purchase.weak_price == 0.1
    assert [entry.supervisor for entry in only.baseline.weak_labels] == ["v"]


def test_labels_of_a_source_with_one_price_keep_it_in_the_report():
    findings = two_sources(v=[0.5, 0.02], w=[0.2])
    answers = answer_all(replace(findings, budgets=[16, 64]))
    asked = [(answer.question.weak_price, answer.question.budget) for answer in answers]
    assert asked == [(0.5, 16), (0.5, 64), (0.02, 16), (0.02, 64)]
    for answer in answers:
        bought = answer.purchase
        price = 0.2 if bought.supervisor == "w" else answer.question.weak_price
        assert bought.cost == pytest.approx(bought.n_gold + price * bought.n_weak) and bought.cost <= 64
        assert bought.weak_price == price and f"a weak label costs {answer.question.weak_price:g}" in told(answer)
        assert (" of w at 0.2" in told(answer).split("**")[1]) == (bought.supervisor == "w" and bought.n_weak > 0)
    assert {answer.purchase.supervisor for answer in answers} == {"v", "w"}
    asked = recommend(findings, Question(64, 0.01, supervisor="w"))
    assert asked.purchase.weak_price == 0.01, "whoever names a price means it"


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (Question(50, task="t"), "several prices of a weak label (0.5, 0.1); name yours by --weak-price"),
        (Question(50, 0.1, task="x"), "no result for the task 'x'; known are t, u"),
        (Question(50, 0.1), "several tasks: t, u; name one by --task"),
        (Question(50, 0.1, task="t", method="few_shot"), "no result for the method 'few_shot'; known are m, m2"),
        (Question(50, 0.1, task="t", method="m2"), "no result for the task 't'; known are u"),
    ],
)
def test_what_cannot_be_answered_is_told_in_a_sentence(question, sentence):
    table = several(posterior_table(), posterior_table(task="u", method="m2"))
    with pytest.raises(InputError) as error:
        recommend(findings_on(table, {"v": [0.5, 0.1]}), question)
    assert sentence in str(error.value)


def test_a_study_that_bought_no_labels_says_so():
    table = posterior_table()
    with pytest.raises(InputError, match="The study bought no labels"):
        recommend(findings_on(table[table.kind != "purchase"]), Question(50, 0.1))


def test_a_student_on_one_task_alone_is_found_there():
    table = several(posterior_table(task="average"), posterior_table(), posterior_table(student="tiny"))
    assert recommend(findings_on(table), Question(50, 0.1, student="tiny")).task == "t"
    assert recommend(findings_on(table), Question(50, 0.1, student="s")).task == "average"


def test_what_was_not_brought_up_to_date_is_told(folder):
    path = folder() / "results/recommendation.json"
    path.write_text(path.read_text().replace('"results/posterior.parquet": "', '"results/posterior.parquet": "x'))
    with pytest.raises(InputError, match=r"recommendation.json comes from another posterior than .*run the study to"):
        read_findings(path.parents[1])
    path.write_text('{"answers": [')
    with pytest.raises(InputError, match=r"recommendation.json cannot be read \(.*\); delete it. Then run the study"):
        read_findings(path.parents[1])


def test_an_unfinished_study_is_told(tmp_path):
    with pytest.raises(InputError, match="run the study to its end first"):
        read_findings(tmp_path)


def test_what_tables_hold_survives_the_settings_of_a_study(folder):
    settings = {"prices": {"v": [0.1]}, "titles": {}, "verdict": 0.9, "measure": "accuracy", "budgets": []}
    settings |= {"average_over": [], "held": {"t": {"gold": 70, "weak": {"v": 469}}}}
    assert make_findings(folder() / "results/posterior.parquet", settings).held == {"t": Held(70, {"v": 469})}


def test_a_recommendation_survives_its_file():
    for asking, budget in ((0.6, 50), (0.99, 50), (0.6, 1)):
        answer = recommend(findings_on(posterior_table(asking=asking)), Question(budget, 0.1))
        assert recommendation_from(json.loads(json.dumps(asdict(answer)))) == answer


def test_the_report_has_a_row_a_budget_and_price_and_says_each_in_words():
    answers = answer_all(findings_on(posterior_table(), {"v": [0.5, 0.1]}))
    text = recommendation_report(answers)
    assert len(answers) == 6 and text.count("\n## Budget") == 6 and text.count("\n| t | s |") == 6
    assert recommendation_report([]).startswith("# What to buy")


def test_the_command_imports_nothing_heavy(folder):
    code = (
        "import sys; from elicitation.cli import main; main(sys.argv[1:]); "
        "sys.exit(bool({'sklearn', 'scipy', 'torch', 'matplotlib', 'statsmodels', 'pydantic'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "recommend", str(folder()), "--budget", "50"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_frontier_of_recommendations_never_falls():
    """Scores that fall as weak labels grow: the cheaper purchase is kept."""
    findings = findings_on(posterior_table(lambda w, g: 0.7 + 0.03 * np.log1p(g) - 0.02 * np.log1p(w)))
    scores = [recommend(findings, Question(budget, 0.1)).expected.mean for budget in range(1, 80)]
    assert (np.diff(scores) >= -0.0005).all()


def level(score):
    """A score that no label changes."""
    return lambda w, g: score + 0 * (w + g)


def test_where_no_student_beats_the_weak_labels_they_are_offered_as_they_are():
    answer = recommend(findings_on(posterior_table(level(0.7), labels=0.87)), Question(50, 0.1))
    assert answer.undertrained
    offer = [
        "**Use the weak labels of v as they are.**",
        "Expected accuracy: 87 %, between 85 and 89 %, without any training, at 0.1 for each text.",
    ]
    every = answer_all(findings_on(posterior_table(level(0.7), labels=0.87)))
    for lines, budget in ((recommendation_lines(answer), 50), (study_answer(every, 0.1).lines(), 64)):
        lines = list(lines)
        [order] = [i for i, line in enumerate(lines) if "**" in line]
        pays = f"A budget of {budget} gold labels pays for {10 * budget} texts."
        beyond = f"To label more than {10 * budget} texts, train a student instead:"
        assert lines[order : order + 3] == [*offer, pays]
        assert next(line for line in lines[order + 3 :] if not line.startswith("Without training")) == beyond
        note, pool = [line for line in lines if line.startswith("Note")]
        assert note.startswith("Note: No student that was trained here beats the weak labels of v as they are. A ")
        assert "as by `--pool 2000`" in pool
    assert "Buy 40 weak labels and use them by Method M." not in told(answer)
    assert recommendation_from(asdict(answer)) == answer


def test_of_several_weak_labels_the_best_are_offered_and_the_others_for_more_texts():
    parts = (posterior_table(level(0.7), labels=score, supervisor=name) for name, score in (("v", 0.8), ("w", 0.9)))
    answer = recommend(findings_on(several(*parts), {"v": [0.1], "w": [0.2]}), Question(50))
    assert "**Use the weak labels of w as they are.**\nExpected accuracy: 90 %" in told(answer)
    said = "For less, so for up to 500 texts: the weak labels of v as they are, 10.0 points behind (between "
    assert f"{said}7.2 and 12.8) at 50 % of the price: 80 %, between" in told(answer)
    parts = (posterior_table(level(0.7), labels=score, supervisor=name) for name, score in (("v", 0.89), ("w", 0.9)))
    near = told(recommend(findings_on(several(*parts), {"v": [0.1], "w": [0.2]}), Question(50)))
    assert (
        "Nearly as good for less, so for up to 500 texts: the weak labels of v as they are, 1.0 points behind" in near
    )


def test_a_question_about_one_source_says_which_labels_of_others_it_leaves_out():
    parts = (posterior_table(level(0.7), labels=score, supervisor=name) for name, score in (("v", 0.8), ("w", 0.9)))
    findings = findings_on(several(*parts), {"v": [0.1], "w": [0.2]})
    said = "Note: `--supervisor` leaves out the weak labels of v as they are: 80 %, between"
    one = recommend(findings, Question(50, 0.15, supervisor="w"))
    assert said in told(one) and "without any training, at 0.1 for each text." in told(one), "at their own price"
    assert recommendation_from(asdict(one)) == one
    assert "leaves out" not in told(recommend(findings, Question(50)))
    several_prices = replace(findings, prices={"v": [0.1, 0.2], "w": [0.1, 0.2]})
    of_one = Question(50, supervisor="w", weak_prices={"w": 0.1})
    assert "leaves out" not in told(recommend(several_prices, of_one)), "of the other no price is known"
    dominated = replace(findings, prices={"v": [0.3], "w": [0.2]})
    assert "leaves out" not in told(recommend(dominated, Question(50, supervisor="w"))), "dearer and worse"
    assert "leaves out" not in told(recommend(findings, Question(0, supervisor="w", have_weak=40))), "nothing to pay"


def test_without_money_own_labels_that_are_best_as_they_are_come_first():
    findings = findings_on(posterior_table(level(0.7), labels=0.87))
    said = told(recommend(findings, Question(0, have_weak=1900, have_gold=64)))
    order = (
        "**Use the weak labels of v as they are.**\nExpected accuracy: 87 %, between 85 and 89 %, without any training"
    )
    assert (
        f"{order}, at 0.1 for each text.\nYou have them for 1,900 texts (all yours).\nTo label more than 1,900" in said
    )
    assert (
        "train a student instead:\nBuy no more labels; use" in said
        and "pays for" not in said
        and "prices do not" not in said
    )
    assert "Undetermined how to train a student best on these labels" in said
    few = told(recommend(findings, Question(0, have_weak=1900, pool=1000)))
    assert "You have them for all 1,000 texts (all yours).\n" in few and "student:" not in few
    assert "as they are.**" not in told(recommend(findings, Question(0, have_gold=64))), "no weak label is there"


def test_dearer_and_worse_weak_labels_are_told_in_one_line_instead_of_for_each_budget():
    parts = (posterior_table(level(0.7), labels=score, supervisor=name) for name, score in (("v", 0.9), ("w", 0.8)))
    findings = findings_on(several(*parts), {"v": [0.05], "w": [0.4]})
    said = "Note: Weak labels of w cost 8 times as much as those of v and are not seen to be better: as they are 80 %, "
    said += "10.0 points behind (between"
    for text in (told(recommend(findings, Question(50))), "\n".join(study_answer(answer_all(findings), 0.1).lines())):
        assert text.count(said) == 1 and "expected to beat the weak labels of w" not in text
    same = replace(findings, prices={"v": [0.4], "w": [0.4]})
    assert "times as much" not in told(recommend(same, Question(50)))


def test_a_student_that_learned_too_little_names_the_key_and_value_that_train_it_longer():
    local = {"trained": ["m"], "learning_rates": {"s": 0.001}, "longer": "epochs_factor: 4"}
    undertrained = findings_on(posterior_table(level(0.7), labels=0.87), **local)
    keys = "trained longer (`epochs_factor: 4` in `training`) or on more labels"
    assert keys in told(recommend(undertrained, Question(50, 0.1)))
    behind_api = told(recommend(replace(undertrained, learning_rates={}), Question(50, 0.1)))
    assert "trained longer or on more labels (`grid.budgets`) was not studied" in behind_api


def test_where_no_student_beats_the_commoner_label_that_is_said():
    answer = recommend(
        findings_on(posterior_table(level(0.58), commoner=0.6, labels=0.55, asking=None)), Question(50, 0.1)
    )
    assert answer.undertrained and answer.purchase is None
    said = "beats always giving the commoner label (60 %), and no weak labels do as they are."
    assert f"{said}\n" in told(answer) and f"{said} A student" in told(replace(answer, learns_nothing=False))


def test_a_student_that_beats_them_at_any_budget_is_not_undertrained():
    # At 4 gold labels it does not, at 64 it does.
    findings = findings_on(posterior_table(labels=0.8))
    small, large = (recommend(findings, Question(budget, 0.1)) for budget in (4, 64))
    assert small.expected.mean < 0.8 < large.expected.mean
    assert not small.undertrained and not large.undertrained
    assert "No purchase within 4 gold labels is expected to beat" in told(small) and "trained here" not in told(small)


def test_a_question_that_leaves_out_the_better_students_says_so_of_its_limits_alone():
    findings = findings_on(posterior_table(labels=0.8))
    few = recommend(findings, Question(64, 0.1, pool=5))
    assert few.purchase and not few.undertrained and "trained here" not in told(few)
    limits = "No purchase within 64 gold labels and 5 texts is expected to beat the weak labels of v as they are: 80 %"
    assert limits in told(few)
    # Another method is trained here too, and so is one whose weak labels are too expensive now.
    both = several(posterior_table(level(0.7), labels=0.8), posterior_table(labels=0.8, method="n"))
    assert not recommend(findings_on(both), Question(64, 0.1, method="m")).undertrained
    # The cheapest way to a score, which own labels reach, is not the best one.
    goal = told(reach(findings, Question(0, 0.1, have_gold=16), 0.7))
    assert "What is recommended is not expected to beat the weak labels of v" in goal and "No purchase" not in goal


def test_labels_as_expensive_as_gold_ones_are_not_offered():
    answer = recommend(findings_on(posterior_table(level(0.7), labels=0.87), {"v": [1.0]}), Question(50))
    assert "**Use" not in told(answer) and "as much as a gold label" in told(answer)


def test_another_measure_is_called_by_its_name():
    answer = recommend(findings_on(posterior_table(level(0.7), labels=0.87), measure="auroc"), Question(50, 0.1))
    assert "Use the weak labels of v as they are.**\nExpected AUROC: 87 %, between" in told(answer)
