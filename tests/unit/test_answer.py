from dataclasses import replace

import pytest

from elicitation.analysis.answer import answer_lines, choose_answers, sentence
from elicitation.analysis.findings import Question
from elicitation.analysis.recommendation import Asking, Choice, Estimate, Nothing, Recommendation


def answer(budget=16, weak_price=0.1, asked=None, supported=True, n_seeds=3, task="film", **bought):
    """A recommendation. asked: the probability that labels beat asking."""
    asking = Asking(Estimate(0.79, 0.76, 0.82), 600, Estimate(0.0, -0.1, 0.1), asked)
    names = {"supervisor": "small", "method": "m", "strategy": "weak only", "title": "Sequential SFT"}
    return Recommendation(
        question=Question(budget, weak_price),
        task=task,
        student="big",
        weak_price=weak_price,
        recommended=Choice(**{"n_weak": 160, "n_gold": 0, **names, "cost": 16.0} | bought),
        accuracy=Estimate(0.741, 0.682, 0.8),
        pure_strategies={},
        nothing=Nothing(0.502, None if asked is None else asking),
        loss_at_most=0.0,
        regime={},
        wanted=0.9,
        supported=supported,
        studied=True,
        n_seeds=n_seeds,
        basis="",
        next=[],
    )


BUY = "buy weak (160 weak labels of small at 0.1, used by Sequential SFT): right on 74.1 % (68.2 to 80.0), 3 seeds"
ASKING = "doing nothing: asking without labels 79.0 % (76.0 to 82.0), always giving the commoner label 50.2 %"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, f"{BUY}; doing nothing: always giving the commoner label 50.2 %."),
        ({"supported": False}, f"buy, but how is undetermined; the best guess is to {BUY}; "),
        ({"asked": 0.95}, f"{BUY}; {ASKING}."),
        ({"asked": 0.05}, f"buy nothing and ask the model without labels; the best purchase is to {BUY}; {ASKING}."),
        (
            {"asked": 0.5},
            f"it is undetermined whether to buy or to ask without labels; if you buy, {BUY}; {ASKING}.",
        ),
        ({"asked": 0.05, "n_seeds": 1}, "it is undetermined whether to buy or to ask without labels"),
        (
            {"n_weak": 80, "n_gold": 8, "strategy": "mixed"},
            "mix (80 weak labels of small at 0.1 and 8 gold labels, used by ",
        ),
        ({"n_weak": 0, "n_gold": 16, "strategy": "gold only"}, "buy gold (16 gold labels, used by Sequential SFT)"),
    ],
)
def test_a_sentence_says_what_to_do_what_to_expect_and_what_nothing_achieves(given, expected):
    assert sentence("small", answer(**given)).startswith(f"With a small budget (16 gold labels) {expected}")


def test_a_small_a_middle_and_a_large_budget_are_told_at_one_price():
    answers = [answer(budget, price) for price in (0.5, 0.1) for budget in (4, 256, 16, 64, 1024)]
    answers += [answer(2048, 0.1, task="tweet")]
    chosen = choose_answers(answers, 0.11)
    assert {size: entry.question.budget for size, entry in chosen.items()} == {
        "small": 4,
        "middle": 64,
        "large": 1024,
    }
    assert {entry.weak_price for entry in chosen.values()} == {0.1}
    lines = list(answer_lines(answers, 0.1))
    assert lines[0] == "# What to buy: film, student big, a weak label costs 0.1\n"
    assert [line[:2] for line in lines[1:4]] == ["1.", "2.", "3."] and "90 %" in lines[-1]
    of_a_rater = [replace(entry, weak_price=0.05555) for entry in answers]
    lines = list(answer_lines(of_a_rater, 0.1))
    assert lines[0].endswith("a weak label costs 0.1 unless it has a price of its own\n") and "at 1/18" in lines[1]


def test_labels_at_their_own_prices_are_told_with_them():
    def at_own_price(budget, price):
        given = answer(budget, price)
        return replace(given, question=replace(given.question, weak_price=None))

    lines = list(answer_lines([at_own_price(4, 0.3), at_own_price(16, 0.12)], 0.1))
    assert "weak labels at their own prices" in lines[0]
    assert "of small at 0.3," in lines[1] and "of small at 0.12," in lines[2]


def test_a_study_that_can_buy_nothing_says_so():
    assert "buys any label" in "".join(answer_lines([], 0.1))


def test_fewer_budgets_have_fewer_sentences():
    assert list(choose_answers([answer(4), answer(16)], 0.1)) == ["small", "large"]
    assert list(choose_answers([answer(4)], 0.1)) == ["small"]
