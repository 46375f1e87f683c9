import re
from dataclasses import replace

import pytest
from posteriors import findings_on, posterior_table

from elicitation.analysis.answer import choose_answers, sentence, study_answer
from elicitation.analysis.findings import Question
from elicitation.analysis.names import NOTHING_BOUGHT, REGIMES, UNDETERMINED
from elicitation.analysis.recommendation import answer_all, recommend
from elicitation.analysis.recommended import (
    Alternative,
    Baseline,
    Estimate,
    Purchase,
    Recommendation,
    Regime,
    Studied,
    WeakLabels,
)


def answer(budget=16, weak_price=0.1, asked=True, decided=True, buys=True, task="film", own_price=None, **bought):
    """A recommendation. asked: whether asking without labels was measured; buys: whether something is bought."""
    names = {"supervisor": "small", "method": "m", "title": "Sequential SFT", "strategy": "weak only"}
    amounts = {"n_weak": 160, "n_gold": 0, "cost": 16.0, "unspent": 0.0, "weak_price": own_price or weak_price}
    purchase = Purchase(**{"new_weak": 0, "new_gold": 0, **names, **amounts} | bought)
    asking, expected = Estimate(0.79, 0.76, 0.82), Estimate(0.741, 0.682, 0.8)
    strategy = purchase.strategy if buys else NOTHING_BOUGHT
    regime = REGIMES.get(strategy, NOTHING_BOUGHT) if decided else UNDETERMINED
    other = Alternative(**vars(purchase), expected=expected, difference=expected)
    return Recommendation(
        question=Question(budget, weak_price),
        task=task,
        student="big",
        measure="accuracy",
        currency="",
        purchase=purchase if buys else None,
        expected=expected if buys else asking,
        baseline=Baseline(asking if asked else None, Estimate(0.502, 0.502, 0.502), []),
        regime=Regime(regime, strategy, {}, 0.0, 0.9, ""),
        supported=decided,
        alternatives={} if buys else {"weak only": other},
        cheaper=None,
        studied=Studied(True, False, 4.0, 1024.0, 0.0, 3, 1, 500, 500),
    )


BUY = "buy weak (160 weak labels of small at 0.1, used by Sequential SFT) for 16 gold labels: "
BUY += "expected 74.1 %, between 68.2 and 80 %"
COMMONER = "always giving the commoner label 50.2 %"
ASKING = f"Without training: asking without labels 79 %, between 76 and 82 %; {COMMONER}."
NOTHING = "buy nothing, since no purchase studied beats asking without labels"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, f"{BUY}."),
        ({"decided": False}, f"it is undetermined how to spend it; the best guess is to {BUY}."),
        ({"buys": False}, f"{NOTHING}; the best one is to {BUY}."),
        ({"buys": False, "decided": False}, f"it is undetermined what to do; the best guess is to {NOTHING}; "),
        (
            {"n_weak": 80, "n_gold": 8, "strategy": "mixed"},
            "mix (80 weak labels of small at 0.1 and 8 gold labels, used by ",
        ),
        ({"n_weak": 0, "n_gold": 16, "strategy": "gold only"}, "buy gold (16 gold labels, used by Sequential SFT)"),
    ],
)
def test_a_sentence_says_what_to_do_and_what_to_expect(given, expected):
    assert sentence("small", [answer(**given)]).startswith(
        f"With a small budget of those studied (16 gold labels) {expected}"
    )


def test_what_nothing_achieves_is_said_once_before_what_to_buy():
    lines = study_answer([answer(4), answer(64, n_weak=80)], 0.1).lines()
    assert lines[2] == ASKING and [line[:2] for line in lines[4:6]] == ["1.", "2."]
    assert "".join(lines).count(COMMONER) == 1
    assert f"Without training: {COMMONER}." in study_answer([answer(4, asked=False)], 0.1).lines()


def test_what_is_not_affordable_is_said():
    given = replace(answer(buys=False), alternatives={})
    assert sentence("small", [given]).endswith("nothing that was studied is affordable.")


def test_a_small_a_middle_and_a_large_budget_are_told_at_one_price():
    answers = [answer(budget, price, n_weak=budget) for price in (0.5, 0.1) for budget in (4, 256, 16, 64, 1024)]
    answers += [answer(2048, 0.1, task="tweet")]
    chosen = choose_answers(answers, 0.11)
    assert {size: alike.question.budget for size, [alike] in chosen.items()} == {
        "small": 4,
        "middle": 64,
        "large": 1024,
    }
    assert {alike.question.weak_price for [alike] in chosen.values()} == {0.1}
    lines = list(study_answer(answers, 0.1).lines())
    assert lines[:2] == ["# What to buy: film, student big, a weak label costs 0.1", ""]
    assert [line[:2] for line in lines[4:7]] == ["1.", "2.", "3."]
    # What undetermined means is said where something is.
    assert lines[-1] == "Every budget and price: results/recommendation.md."
    unsure = study_answer([answer(4), answer(64, decided=False)], 0.1).lines()
    assert unsure[-1] == f"Undetermined: less sure than 90 %. {lines[-1]}"
    of_a_rater = [answer(budget, 0.1, own_price=0.05555, n_weak=budget) for budget in (4, 16, 64)]
    lines = list(study_answer(of_a_rater, 0.1).lines())
    assert lines[0].endswith("a weak label costs 0.1 unless it has a price of its own") and "at 1/18" in lines[4]


def test_labels_at_their_own_prices_are_told_with_them():
    def at_own_price(budget, price):
        given = answer(budget, price)
        return replace(given, question=replace(given.question, weak_price=None))

    lines = list(study_answer([at_own_price(4, 0.3), at_own_price(16, 0.12)], 0.1).lines())
    assert "weak labels at their own prices" in lines[0]
    assert "of small at 0.3," in lines[4] and "of small at 0.12," in lines[5]


def test_a_study_that_can_buy_nothing_says_so():
    assert "buys any label" in "".join(study_answer([], 0.1).lines())
    nothing = recommend(findings_on(posterior_table()), Question(0.5, 0.1))
    assert "buys any label" in "".join(study_answer([nothing], 0.1).lines())


def test_fewer_budgets_have_fewer_sentences():
    assert list(choose_answers([answer(4), answer(16, n_weak=80)], 0.1)) == ["small", "large"]
    lines = list(study_answer([answer(4)], 0.1).lines())
    assert lines[4].startswith("1. With the budget of 4 gold labels buy weak")


def sentences(*answers) -> list[str]:
    return [line for line in study_answer([*answers], 0.1).lines() if re.match(r"\d\. ", line)]


def test_budgets_with_the_same_best_purchase_are_told_together():
    assert sentences(answer(4), answer(16), answer(64)) == [
        f"1. With every budget studied (4 to 64 gold labels) {BUY}."
    ]
    # Before three of them are chosen, so that none of these says what another one does.
    more = [answer(budget, n_weak=budget) for budget in (256, 512, 1024)]
    told = sentences(answer(4), answer(16), answer(64), *more)
    assert [line.partition(") buy weak")[0] for line in told] == [
        "1. With a small budget of those studied (4 to 64 gold labels",
        "2. With a middle budget of those studied (512 gold labels",
        "3. With a large budget of those studied (1,024 gold labels",
    ]
    nothing = sentences(answer(4, buys=False), answer(16, buys=False), answer(64))
    assert (
        nothing[0].startswith(f"1. With a small budget of those studied (4 to 16 gold labels) {NOTHING}")
        and len(nothing) == 2
    )
    dollars = [replace(answer(budget), currency="$") for budget in (12, 48)]
    assert sentences(*dollars)[0].startswith("1. With every budget studied ($12 to $48) buy weak")


def test_of_budgets_that_are_told_together_those_are_named_where_it_is_undetermined():
    told = sentences(answer(4), answer(16, decided=False), answer(64), answer(1024, decided=False))
    assert told[0].startswith("1. With every budget studied (4 to 1,024 gold labels; undetermined at 16 and 1,024) buy")
    [told] = sentences(answer(4, decided=False), answer(16, decided=False))
    assert told.startswith("1. With every budget studied (4 to 16 gold labels) it is undetermined how to spend it")


def test_what_is_to_be_known_of_budgets_that_are_told_together_is_that_of_the_largest():
    small, large = answer(4), answer(16)
    beyond = [replace(each, studied=replace(each.studied, beyond=True)) for each in (small, large)]
    notes = [line for line in study_answer([small, beyond[1]], 0.1).lines() if line.startswith("Note")]
    assert len(notes) == 1 and notes[0].startswith("Note: The budget lies beyond what was studied")
    assert "Note" not in "\n".join(study_answer([beyond[0], large], 0.1).lines())


def with_labels(each, *labels):
    """The recommendation beside weak labels as they are. labels: of each the source, its price and its score."""
    found = [
        WeakLabels(name, price, Estimate(mean, mean, mean), Estimate(0, 0, 0), 1.0, 400) for name, price, mean in labels
    ]
    return replace(each, baseline=replace(each.baseline, weak_labels=found))


def test_weak_labels_that_are_as_good_as_they_are_stand_in_the_sentence_of_the_purchase_and_in_no_note():
    good, better, worse = ("small", 0.1, 0.741), ("crowd", 0.5, 0.8), ("poor", 0.1, 0.7)
    dear, free = ("panel", 1.0, 0.9), ("free", 0.0, 0.75)
    told = [with_labels(answer(budget), good, better, worse, dear) for budget in (4, 16)]
    [said] = sentences(*told)
    crowd = "the weak labels of crowd as they are, at 0.5 a text: 80 %."
    labels = f"the weak labels of small as they are, at 0.1 a text: 74.1 %; {crowd}"
    assert said.endswith(f"{BUY}; {labels}")
    lines = "\n".join(study_answer(told, 0.1).lines())
    assert "is expected to beat" not in lines and lines.count("the weak labels of crowd as they are") == 1
    # Of other purchases it is not said.
    [small, large] = sentences(told[0], with_labels(answer(64, n_weak=640), worse, dear))
    assert labels in small and "as they are" not in large
    nothing = with_labels(answer(buys=False), better)
    assert sentence("small", [nothing]).endswith(f"{BUY}; {crowd}")
    poor = replace(nothing, alternatives={})
    assert sentence("small", [poor]).endswith(f"is affordable; {crowd}")
    # What costs nothing is among what is beaten, and a budget of 0 pays for no label.
    assert sentence("small", [with_labels(answer(), free)]).endswith(f"{BUY}.")
    assert sentence("small", [with_labels(answer(0), better)]).endswith(f"{BUY}.")


def test_weak_labels_with_which_the_answer_begins_are_not_said_again():
    begins = replace(with_labels(answer(16, buys=False), ("crowd", 0.05, 0.95)), undertrained=True)
    assert "as they are, at" not in sentence("small", [begins])
    assert "Use the weak labels of crowd as they are" in "\n".join(study_answer([begins], 0.1).lines())


def test_what_to_add_for_more_labels_is_said_of_the_largest_budget_alone():
    small, large = answer(4), answer(64, n_weak=640)
    with_more = [
        replace(each, studied=replace(each.studied, larger=more)) for each, more in ((small, (9, 0)), (large, (900, 0)))
    ]
    notes = [line for line in study_answer(with_more, 0.1).lines() if line.startswith("Note")]
    assert len(notes) == 1 and "`more_purchases: [[900, 0]]`" in notes[0]


def test_what_beats_all_students_is_said_of_the_largest_budget_alone():
    crowd = [WeakLabels("crowd", 0.05, Estimate(0.95, 0.93, 0.97), Estimate(0.2, 0.2, 0.2), 1.0, 400)]
    told = [answer(4, buys=False), answer(64, n_weak=640)]
    told = [replace(each, undertrained=True, baseline=replace(each.baseline, weak_labels=crowd)) for each in told]
    of_smaller = list(study_answer(told[:1], 0.1).lines())
    assert any("Training a model is not worth it here" in line for line in of_smaller)
    said = [line for line in study_answer(told, 0.1).lines() if "o student that was trained" in line]
    assert len(said) == 1 and said[0].startswith(
        "Note: No student that was trained here beats the weak labels of crowd"
    )


def test_what_to_do_is_said_without_what_it_rests_on():
    said = study_answer([answer(4), answer(16, n_weak=80)], 0.1)
    assert list(said.without_support.lines()) == list(said.lines())[:-3] and list(said.lines())[-2].startswith(
        "Scores: "
    )


def test_tables_with_a_common_label_get_the_advice_to_choose_another_measure():
    lines = "\n".join(study_answer(answer_all(findings_on(posterior_table(commoner=0.96))), 0.1).lines())
    assert "Note: 96 % of the texts have the same label" in lines and "auroc" in lines
    assert "Note" not in "\n".join(study_answer(answer_all(findings_on(posterior_table())), 0.1).lines())
