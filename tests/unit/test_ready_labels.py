"""Weak labels that are used as they are: which, for how many texts, and what is said of more."""

import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from posteriors import findings_on, posterior_table, rising, several

from elicitation.analysis.answer import study_answer
from elicitation.analysis.findings import Held, Question
from elicitation.analysis.gold_for_some import AT_RANDOM, gold_for_goal, gold_for_rest
from elicitation.analysis.names import LABELS
from elicitation.analysis.questions import break_even, offer, reach
from elicitation.analysis.ready_labels import goal_split, leading_labels, need_no_student, ready_labels, trains_student
from elicitation.analysis.recommendation import answer_all, recommend
from elicitation.analysis.recommendation_json import plain_answer
from elicitation.analysis.recommendation_notes import notes
from elicitation.analysis.recommendation_report import recommendation_report, shared_notes
from elicitation.analysis.recommendation_text import order_and_details, recommendation_lines, verdict_line
from elicitation.analysis.recommendation_words import probability
from elicitation.analysis.recommended import recommendation_from

ROOT = Path(__file__).parents[2]
# Dear labels that are right on 84 % and cheap ones that are right on 66 %.
PRICES = {"junior": [0.2], "crowd": [0.05]}


def level(score: float):
    """A score that no label changes."""
    return lambda w, g: score + 0 * (w + g)


def sources(truth=None, prices=PRICES, asking=0.5, commoner=0.53, crowd=0.66, **more):
    """Findings on two sources of weak labels that both beat the student, who guesses if nothing else is said."""
    scores = {"junior": 0.84, "crowd": crowd}
    given = {"truth": truth or level(0.52), "asking": asking, "commoner": commoner}
    parts = [posterior_table(labels=score, supervisor=name, **given) for name, score in scores.items()]
    return findings_on(several(*parts), prices, **more)


def told(answer) -> str:
    return "\n".join(recommendation_lines(answer))


def texts(answer) -> list[tuple[str, int]]:
    return [(found.labels.supervisor, found.n_texts) for found in ready_labels(answer)]


@pytest.mark.parametrize("supervisor", [None, "junior", "crowd"])
def test_what_is_best_for_the_money_of_an_offer_is_what_is_best_for_that_budget(supervisor):
    findings = sources()
    offered = offer(findings, Question(0, supervisor=supervisor), 160, 8)
    bought = recommend(findings, Question(offered.question.budget, supervisor=supervisor))
    assert order_and_details(offered) == order_and_details(bought) and leading_labels(bought)
    assert "For that money:" in told(offered) or "what is recommended for that money" in told(offered)


def test_texts_of_which_a_source_says_nothing_for_nothing_are_not_paid_for():
    """A budget reaches more texts then, and labels of all cost less."""
    parts = [
        posterior_table(level(0.52), labels=score, supervisor=name, asking=0.5, commoner=0.53, **said)
        for name, score, said in (("junior", 0.84, {"coverage": 0.8, "paid": 0.8}), ("crowd", 0.66, {}))
    ]
    findings = findings_on(several(*parts), PRICES)
    assert texts(recommend(findings, Question(40))) == [("junior", 250), ("crowd", 800)]
    answer = recommend(findings, Question(40, pool=220))
    said = told(answer)
    assert "pays for all 220 texts, which cost 35.2 gold labels" in said and "at 0.2 for each label" in said
    assert "at 31 % of the price" in said and "0.05 for each text" in said
    plain = plain_answer(answer)["as_they_are"][0]
    assert (plain["n_texts"], plain["cost"]) == (220, pytest.approx(35.2))


def test_an_offer_is_compared_with_the_labels_that_are_recommended_for_its_money():
    found = offer(sources(), Question(0, supervisor="junior"), 160, 0)
    assert found.offer.difference.mean == pytest.approx(0.52 - 0.84)
    assert "Against what is recommended for that money: 32.0 points less" in told(found)


def test_where_no_student_is_better_than_guessing_none_is_trained_and_nothing_is_called_best():
    answer = recommend(sources(), Question(40, supervisor="junior"))
    said = "A budget of 40 gold labels pays for 200 texts.\nNo student that was studied on weak labels of junior, or "
    said += (
        "on gold ones, is better than guessing at this budget (always giving the commoner label: 53 %); to label more "
    )
    said += "than 200 texts, you need more money or a cheaper source."
    assert said in told(answer) and "uy nothing" not in told(answer) and "train a student instead:" not in told(answer)
    asked = told(recommend(sources(asking=0.6), Question(40, supervisor="junior")))
    better = " on weak labels of junior, or on gold ones, beats asking without labels (60 %), which costs nothing."
    better = f"To label more than 200 texts: no student that was studied{better}"
    assert better in asked and "need more money" not in asked
    poor = told(recommend(sources(), Question(1, supervisor="junior")))
    assert "or on gold ones, is affordable; to label more than 5 texts, you need" in poor


def test_labels_of_one_source_that_is_asked_for_are_compared_with_its_students_alone():
    """Those of another source beat them, and are named in a note."""
    crowd, junior = (
        posterior_table(level(score), labels=labels, supervisor=name, asking=0.5, commoner=0.53)
        for name, score, labels in (("crowd", 0.6, 0.66), ("junior", 0.9, 0.84))
    )
    findings = findings_on(several(crowd, junior), PRICES)
    assert not ready_labels(recommend(findings, Question(40))), "the student of junior beats all labels"
    assert texts(answer := recommend(findings, Question(40, supervisor="crowd", pool=700))) == [("crowd", 700)]
    owned = replace(findings, held={"t": Held(60, {"crowd": 300})})
    paid = told(recommend(owned, Question(40, supervisor="crowd", pool=700)))
    assert "with `--have-weak` and `--have-gold`, each with a number." in paid
    all_counted = told(recommend(owned, Question(40, supervisor="crowd", pool=700, have_weak=400, have_gold=90)))
    assert "(400 yours, 300 to buy)" in all_counted and "(90 yours, 25 to buy) in place" in all_counted
    assert "train no student" not in all_counted and "left over" not in all_counted
    assert "**Use the weak labels of crowd as they are.**" in told(answer)
    assert "`--supervisor` leaves out the weak labels of junior as they are: 84 %" in told(answer)


def test_labels_of_another_source_come_before_a_student_that_they_beat():
    findings = sources(level(0.6))
    answer = recommend(findings, Question(40))
    assert texts(answer) == [("junior", 200), ("crowd", 800)]
    lines = [line for line in recommendation_lines(answer) if line]
    more = next(i for i, line in enumerate(lines) if line.startswith("For less, so for up to 800 texts: the weak"))
    assert lines[more - 1] == "A budget of 40 gold labels pays for 200 texts." and ": 66 %, between" in lines[more]
    assert lines[more + 1] == "To label more than 800 texts, train a student instead:"
    assert "expected to beat the weak labels of crowd" not in told(answer), "said already"
    [crowd] = ready_labels(recommend(findings, Question(40, supervisor="crowd")))
    assert crowd.n_texts == 800, "as on its own"
    better = recommend(sources(level(0.7)), Question(40))
    assert texts(better) == [("junior", 200)], "a student beats the others"
    dearer = recommend(sources(prices={"junior": [0.05], "crowd": [0.2]}), Question(40))
    assert texts(dearer) == [("junior", 800)], "worse and for fewer texts"
    assert texts(recommend(findings, Question(0.1))) == [("crowd", 2)], "the money pays for no label of junior"


def test_with_so_many_texts_the_labels_come_first_that_all_of_them_can_have():
    findings = sources(level(0.6))
    answer = recommend(findings, Question(40, pool=400))
    assert texts(answer) == [("crowd", 400), ("junior", 200)]
    said = told(answer)
    assert "**Use the weak labels of crowd as they are.**\nExpected accuracy: 66 %" in said
    assert "A budget of 40 gold labels pays for all 400 texts, which cost 20 gold labels.\nBetter, but paid for" in said
    better = (
        "paid for 200 of the 400 texts only: the weak labels of junior as they are, 18.0 points ahead (between 15.2 "
    )
    assert f"{better}and 20.8): 84 %" in said
    # 20 are left, which buy 133 labels for 0.15 more than those of crowd.
    assert "With both, the better ones for 133 of the texts, at random, and the first for 267: 72 %, between" in said
    # 133 of 400 texts have a third of the 18 points.
    gain = (
        "That is 6.0 points ahead of the first alone (between 5.1 and 6.9) for 19.95 gold labels more. Where the first"
    )
    assert f"for 39.95 gold labels. {gain}" in said
    assert (
        "least sure are likely to bring more; a supervisor with `second_share` in the study measures how much." in said
    )
    assert "With both" not in told(recommend(findings, Question(20, pool=400))), "nothing is left"
    assert "student:" not in said and "Undetermined" not in said and "Buy" not in said
    enough = told(recommend(findings, Question(80, pool=400)))
    assert "**Use the weak labels of junior as they are.**" in enough and "all 400 texts, which cost 80 gold" in enough
    many = recommend(findings, Question(40, pool=2000))
    assert texts(many) == [("junior", 200), ("crowd", 800)]
    assert "pays for 200 of the 2,000 texts." in told(many) and "To label more than 800 texts, train" in told(many)
    own = recommend(findings, Question(20, supervisor="junior", have_weak=300, pool=400))
    assert "all 400 texts (300 yours, 100 to buy), which cost 20 gold labels." in told(own)
    assert "take no part" not in told(own), "all are used as they are"


def test_cheaper_labels_of_all_texts_stand_beneath_the_first_and_once_only():
    enough = recommend(sources(level(0.6)), Question(80, pool=400))
    paid = "A budget of 80 gold labels pays for all 400 texts, which cost 80 gold labels.\n"
    less = "For less: the weak labels of crowd as they are, 18.0 points behind (between 15.2 and 20.8) at 25 % of the "
    assert f"{paid}{less}price: 66 %" in told(enough) and told(enough).count("or less: ") == 1
    assert [entry["supervisor"] for entry in plain_answer(enough)["as_they_are"]] == ["junior", "crowd"]
    # Either may be better.
    findings = sources(level(0.6), crowd=0.83, budgets=[40.0, 80.0, 100.0], texts_to_label=400)
    close = "Perhaps as good for less: the weak labels of crowd as they are, 1.0 points behind (between 3.8 behind and "
    close += "1.8 ahead, so either may be better) at 25 % of the price: 83 %"
    assert f"{paid}{close}" in told(recommend(findings, Question(80, pool=400)))
    answers = answer_all(findings)
    said = "\n".join(study_answer(answers, 0.2).lines())
    assert f"which cost 80 gold labels.\n{close}" in said and said.count("or less: the weak labels") == 1
    report = recommendation_report(answers)
    assert report.count(close) == report.count("all 400 texts, which cost 80 gold labels.") == 2
    # Where other labels come first, or it is not known how many texts there are, nothing is added.
    assert "or less: " not in told(recommend(findings, Question(40, pool=400)))
    assert "erhaps as good" not in told(recommend(findings, Question(80)))
    worse = recommend(sources(level(0.7)), Question(80, pool=400))
    assert "or less: " not in told(worse), "a student beats them"


def test_a_budget_is_not_beyond_what_was_studied_because_there_are_few_texts():
    findings = findings_on(posterior_table())
    few = recommend(findings, Question(64, 0.1, pool=30))
    assert not few.studied.beyond and few.studied.most_expensive < 64 and "beyond" not in told(few)
    many = recommend(findings, Question(100, 0.1, pool=90))
    assert many.studied.beyond, "90 gold labels were not studied"
    assert not recommend(findings, Question(100, 0.1, pool=60)).studied.beyond
    assert not recommend(findings, Question(100, 0.1, pool=64, have_gold=10)).studied.beyond
    ready = told(recommend(sources(), Question(1000, pool=400)))
    assert "all 400 texts" in ready and "beyond" not in ready, "no student is trained"


def test_beyond_what_was_studied_labels_as_they_are_leave_no_money():
    said = told(recommend(sources(level(0.6)), Question(200)))
    assert "beyond what was studied" in said and "left unspent" not in said
    assert "What more labels would bring a student is not known." in said.replace("; w", ". W").replace(
        ". what", ". What"
    )


def test_money_is_left_since_no_more_labels_of_the_best_source_were_tried():
    purchases, truth = [(40, 0), (20, 2), (0, 16)], lambda w, g: 0.6 + 0.001 * w + 0 * g
    held = {"t": Held(90, {"v": 100}, {"v": 150})}
    findings = findings_on(posterior_table(truth, purchases), held=held, trained=["m"])
    answer = recommend(findings, Question(16, 0.1))
    assert answer.purchase.n_weak == 40 and not answer.studied.beyond and answer.studied.larger == (100, 0)
    left = "Cost: 4 gold labels; 12 gold labels are left, since more than 40 weak labels were not tried."
    assert left in told(answer)
    fix = "Note: What more labels would bring is not known. To know it, add `more_purchases: [[100, 0]]` to `grid`"
    assert fix in told(answer) and "have more texts labelled" not in told(answer)
    assert recommendation_from(asdict(answer)) == answer
    no_table = recommend(replace(findings, held={}), Question(16, 0.1))
    assert no_table.studied.larger == (160, 0), "as many as the money pays for"
    exhausted = told(recommend(replace(findings, held={"t": Held(90, {"v": 40}, {"v": 90})}), Question(16, 0.1)))
    assert "were not tried" in exhausted and "have more texts labelled" in exhausted
    # More were tried, and are no better; or all is spent.
    peak = findings_on(posterior_table(lambda w, g: 0.7 + 0.1 * ((w == 40) & (g == 0))))
    for other in (recommend(peak, Question(60, 0.1)), recommend(findings, Question(4.2, 0.1))):
        assert other.purchase.n_weak == 40 and other.studied.larger is None and "not tried" not in told(other)


def test_a_student_that_cannot_do_the_task_is_called_so_once():
    findings = sources(trained=["m"], learning_rates={"s": 0.002}, rates_to_try={"s": [0.001, 0.005]})
    said = "Note: Nothing shows that s can do this task: neither asking it nor training that was studied is clearly "
    said += "better than always giving the commoner label (53 %). Try another question (the `prompt` of the task), a "
    said += "larger model or a higher `learning_rate` (0.005)."
    answer = recommend(findings, Question(40))
    assert answer.learns_nothing and told(answer).count(said) == 1
    assert "trained longer" not in told(answer) and "No student that was trained here" not in told(answer)
    assert "\n".join(study_answer(answer_all(findings), 0.1).lines()).count(said) == 1
    # Whatever the question leaves out.
    both = several(posterior_table(level(0.5), asking=0.5), posterior_table(level(0.9), asking=0.5, method="n"))
    assert not recommend(findings_on(both), Question(40, 0.1, method="m")).learns_nothing
    assert not recommend(sources(asking=0.7), Question(40)).learns_nothing
    behind_api = told(recommend(sources(), Question(40)))
    assert "Try another question (the `prompt` of the task) or a larger model." in behind_api


def test_the_reports_say_what_the_answer_says():
    findings = sources(budgets=[4.0, 40.0])
    every = answer_all(findings)
    lines = "\n".join(study_answer(every, 0.1).lines())
    assert "No student that was studied is better than guessing" in lines and "uy nothing" not in lines
    rows = [line for line in recommendation_report(every).splitlines() if line.startswith("| t ")]
    assert len(rows) == 2 and all("| the weak labels of junior as they are |  | 84 %" in row for row in rows)
    trains = "\n".join(study_answer(answer_all(sources(level(0.6))), 0.1).lines())
    # The largest budget is what there is to spend.
    assert "To label more than 1,280 texts, train a student instead:\n\n1. With " in trains


def test_the_price_of_a_label_that_joins_votes_is_said_to_be_that_of_a_text():
    findings = sources(level(0.6), votes={"junior": 2.645})
    said = told(recommend(findings, Question(40)))
    assert "without any training, at 0.2 for each text (2.65 votes).\n" in said, "as an order"
    assert "- the weak labels of junior as they are, at 0.2 a text (2.65 votes): 84 %" in said
    assert "at 0.05 for each text" in said and "the weak labels of crowd as they are, at 0.05 a text: 66 %" in said
    student = told(recommend(sources(rising, votes={"crowd": 2}), Question(40)))
    assert "weak labels of crowd at 0.05 a text" in student and "weak labels of junior at 0.2 a text" not in student
    named = recommend(findings, Question(40, weak_prices={"junior": 0.15}))
    note = "Note: 0.15 is taken for a text of junior, which has 2.65 votes on average; for 0.15 a vote write "
    assert f"{note}`--weak-price junior=0.397`." in told(named)
    assert "weak labels at their own prices, but those of junior at 0.15 a text, a gold one" in told(named)
    assert "is taken for" not in said and "own price: 0.2 a text (junior)" in told(named)
    assert "is taken for" not in told(recommend(findings, Question(40, weak_prices={"junior": 0})))
    asked = told(break_even(findings, Question(40, supervisor="junior")))
    assert "Note: The price is that of a text of junior, which has 2.65 votes on average." in asked
    assert recommendation_from(asdict(named)) == named
    answers = answer_all(sources(rising, votes={"crowd": 2}))
    assert "crowd at 0.05 a text and " in "\n".join(study_answer(answers, 0.2).lines())


def test_no_student_is_advised_where_better_labels_are_paid_for_on_very_many_texts():
    """For more texts than anybody has."""
    cheap = sources(level(0.6), prices={"junior": [0.2], "crowd": [0.0004]})
    answer = recommend(cheap, Question(40))
    assert texts(answer) == [("junior", 200), ("crowd", 100_000)] and need_no_student(answer)
    said = told(answer)
    instead = "Training a model is not worth it at this budget: no student that was studied beats the weak labels of "
    assert f"\n{instead}crowd as they are, and a budget of 40 gold labels pays for those of 100,000 texts.\n" in said
    assert "train a student" not in said and "Buy" not in said and "No student that was trained here" not in said
    assert "Undetermined" not in said and "The data support" not in said
    assert "- the best student, " in said, "for comparison"
    fewer = told(recommend(cheap, Question(39)))
    assert "To label more than 97,500 texts, train a student instead:" in fewer and "- the best student" not in fewer
    several_budgets = "\n".join(study_answer(answer_all(replace(cheap, budgets=[40.0, 64.0])), 0.2).lines())
    assert "Training a model is not worth it at these budgets: no student that was studied" in several_budgets
    assert "What training would bring, for comparison:\n\n1. With" in several_budgets
    mixed = "\n".join(study_answer(answer_all(replace(cheap, budgets=[4.0, 64.0])), 0.2).lines())
    assert "train a student instead:" in mixed and "not worth it at" not in mixed


def test_where_no_student_is_told_for_more_texts_training_is_not_worth_it():
    none = told(recommend(sources(asking=0.6), Question(40, supervisor="junior")))
    assert "The data support training no student: the probability that a purchase beats" in none
    useless = "no student that was trained on weak labels of junior, or on gold ones, beats the weak labels of junior"
    assert f"Note: Training a model is not worth it here: {useless} as they are" in none
    some = told(recommend(sources(level(0.6)), Question(40, supervisor="junior")))
    assert f"Note: {useless.replace('no', 'No', 1).replace('trained', 'trained here')} as they are" in some
    assert "worth" not in some


def test_where_gold_labels_of_all_texts_are_paid_for_the_answer_begins_with_them():
    findings = sources(level(0.6))
    answer = recommend(findings, Question(40, pool=40))
    few = "**Buy gold labels of all 40 texts.**\nThey are right by definition, and cost 40 gold labels.\n"
    few += "For less: use the weak labels of junior as they are.\nExpected accuracy: 84 %"
    assert few in told(answer) and told(answer).count("**") == 2 and "Your budget pays for gold" not in told(answer)
    assert plain_answer(answer)["gold_for_all"] == 40
    own = told(recommend(findings, Question(40, pool=50, have_gold=10)))
    assert "**Buy gold labels of all 50 texts (10 yours, 40 to buy).**\nThey are right by definition, and" in own
    nearly = recommend(findings, Question(40, pool=120, have_gold=110))
    assert "cost 10 gold labels.\nOtherwise: use the weak labels of junior as they are." in told(nearly), "they cost 24"
    # A student is spoken of as such.
    trained = told(recommend(sources(rising), Question(300, pool=300)))
    assert "cost 300 gold labels.\nFor less: buy " in trained and "\nCost: " in trained
    assert "this is the best way of spending" not in trained and "support it" not in trained
    others = [recommend(findings, Question(40, pool=41)), recommend(findings, Question(40))]
    others += [recommend(findings, Question(40, pool=10, have_gold=10)), reach(findings, Question(0, pool=41), 0.8)]
    others += [offer(findings, Question(0, pool=40), 160, 8), break_even(findings, Question(40, pool=40))]
    assert not any("gold labels of all" in told(other).partition("Note:")[0] for other in others)
    assert {plain_answer(other)["gold_for_all"] for other in others} == {None}


def test_the_reports_begin_with_gold_labels_of_all_texts_where_the_largest_budget_pays_for_them():
    answers = answer_all(sources(level(0.6), budgets=[8.0, 40.0], texts_to_label=40))
    start = "**Buy gold labels of all 40 texts.**\nThey are right by definition, and cost 40 gold labels.\n"
    said = "\n".join(study_answer(answers, 0.2).lines())
    assert f"{start}For less: use the weak labels of junior as they are.\nExpected accuracy: 84 %" in said
    assert "Your budget pays for gold" not in said
    report = recommendation_report(answers)
    assert report.count("| gold labels of all 40 texts |  | right by definition |  |") == report.count(start) == 1
    student = "\n".join(study_answer(answer_all(sources(rising, budgets=[40.0], texts_to_label=40)), 0.2).lines())
    assert f"{start}Without training: " in student
    assert " 53 %.\nTo train a student:\n\n1. With the budget of 40 " in student


def test_how_many_texts_there_are_is_asked_for_and_gold_labels_of_some_are_named_where_they_are_paid_for():
    asks = "If you know how many texts you have, ask `elicitation recommend` for so many, as by `--pool 2000`, "
    asks += "or write `texts_to_label: 2000` in the study."
    assert asks in told(recommend(sources(level(0.6)), Question(40)))
    many = told(recommend(sources(level(0.6)), Question(40, pool=41)))
    left = "31.8 gold labels are left, which pay for gold labels of 31 of the 41 texts in place of weak ones. Expected "
    share = 31 / 41
    assert f"{left}then: {100 * (share + (1 - share) * 0.84):.1f} %, between" in many
    assert f" %{AT_RANDOM}. Those of all cost 41 gold labels.\n" in many
    student = told(recommend(sources(rising), Question(40, pool=41)))
    assert "Note: Your budget pays for gold labels of 40 of the 41 texts in place of weak ones; those of" in student
    assert "by definition" not in many and asks not in many
    more = told(recommend(sources(level(0.6)), Question(40, pool=51, have_gold=10)))
    some = "gold labels of 39 of the 51 texts (10 yours, 29 to buy) in place of weak ones"
    assert f"{some}. Expected then: " in more and " Those of all cost 41 gold labels." in more
    assert "gold labels of" not in told(recommend(sources(level(0.6)), Question(0.5, pool=50))), "none is paid for"
    assert "gold labels of" not in told(recommend(sources(level(0.6)), Question(40, pool=10, have_gold=10)))
    assert "pays for gold labels" not in told(reach(sources(level(0.6)), Question(0, pool=41), 0.8)), "no budget"


def test_answers_of_a_study_that_says_how_many_texts_there_are_are_for_so_many():
    findings = sources(budgets=[20.0, 40.0], texts_to_label=400)
    every = answer_all(findings)
    assert {answer.question.pool for answer in every} == {400}
    report = recommendation_report(every)
    assert report.startswith("# What to buy for 400 texts\n") and "\n## Budget 40 for 400 texts: weak" in report
    assert recommendation_report([]).startswith("# What to buy\n"), "of no answer it is not known"
    said = "\n".join(study_answer(every, 0.2).lines())
    assert said.startswith("# What to buy for 400 texts: t, student s, weak labels at their own prices\n")
    assert "**Use the weak labels of crowd as they are.**" in said and "pays for all 400 texts, which cost 20" in said
    assert "Training a model is not worth it at these budgets: no student" in said and "--pool" not in said
    # Without the key it was the labels that are best for however many texts.
    open_ended = "\n".join(study_answer(answer_all(replace(findings, texts_to_label=None)), 0.2).lines())
    assert "# What to buy: t" in open_ended and "**Use the weak labels of junior as they are.**" in open_ended


def test_of_several_budgets_the_largest_says_what_it_does_for_all_texts():
    said = "\n".join(study_answer(answer_all(sources(budgets=[10.0, 40.0], texts_to_label=400)), 0.2).lines())
    # Not "to label more than 400 texts", of which there are none.
    assert "\nTraining a model is not worth it at the largest budget: no student that was studied beats the" in said
    assert "\nWhat training would bring, for comparison:\n\n1. With" in said and "To label more than" not in said
    assert "(10 to 40 gold labels) no purchase studied beats always" in said and "what to do" not in said
    assert said.count("gold labels of ") == 1 and "20 gold labels are left, which pay for gold labels of 20 of" in said


def test_how_to_count_one_s_own_labels_is_said_of_the_largest_budget_alone():
    """Where that gives all texts a label, the labels of test texts count too."""
    findings = sources(budgets=[10.0, 40.0], texts_to_label=400, held={"t": Held(60, {"crowd": 300})})
    said = "\n".join(study_answer(answer_all(findings), 0.2).lines())
    assert said.count("Costs are as if you had no labels") == 1 and "those of test texts too" in said


def test_the_answer_begins_with_the_reader_s_budget_and_leaves_out_larger_ones():
    findings = sources(budgets=[10.0, 40.0], texts_to_label=400, budget=600.0)
    rich = "\n".join(study_answer(answer_all(findings), 0.2, own_budget=600.0).lines())
    assert "**Buy gold labels of all 400 texts.**" in rich and "is not worth it at your budget: no student" in rich
    poor = "\n".join(study_answer(answer_all(replace(findings, budget=12.0)), 0.2, own_budget=12.0).lines())
    assert "A budget of 12 gold labels pays for 60 of the 400 texts." in poor and "(10 to 40 gold" not in poor
    assert "1. With budgets up to yours (10 to 12 gold labels) " in poor
    # Where a student is best, what to train it on comes first.
    trains = replace(sources(rising, budgets=[10.0, 40.0]), budget=50.0)
    said = study_answer(answer_all(trains), 0.2, own_budget=50.0)
    assert said.order == order_and_details(answer_all(trains)[-1])[0] and said.order.startswith("Buy ")
    assert not study_answer(answer_all(trains), 0.2).order


def test_own_labels_are_said_to_be_those_of_some_of_the_texts_that_there_are():
    findings, start = sources(level(0.6)), "Note: Your own labels are taken for those of some of the 400 texts; for 400"
    weak = told(recommend(findings, Question(40, supervisor="crowd", have_weak=100, pool=400)))
    assert f"{start} other ones ask without `--have-weak`.\n" in weak
    both = told(recommend(findings, Question(40, supervisor="crowd", have_weak=100, have_gold=10, pool=400)))
    assert f"{start} other ones ask without `--have-weak` and `--have-gold`.\n" in both
    assert start in told(reach(findings, Question(0, supervisor="crowd", have_weak=100, pool=400), 0.65))
    assert start in told(offer(findings, Question(0, supervisor="crowd", have_gold=8, pool=400), 160, 8))
    others = [recommend(findings, Question(40, supervisor="crowd", have_weak=100)), recommend(findings, Question(40))]
    others += [recommend(findings, Question(40, pool=400)), break_even(findings, Question(40, have_gold=9, pool=400))]
    assert not any("taken for those of some" in told(answer) for answer in others)


def test_with_so_many_texts_labels_as_they_are_say_once_what_those_of_all_cost_or_how_many_are_paid_for():
    findings = sources(lambda w, g: 0.6 + 0.005 * g + 0 * w)
    said = told(recommend(findings, Question(64, pool=400)))
    assert "- the weak labels of junior as they are, at 0.2 a text, so for 320 of the 400 texts: 84 %" in said
    assert "- the weak labels of crowd as they are, at 0.05 a text, 20 gold labels for all 400 texts: 66 %" in said
    assert "of the 400 texts" not in told(recommend(findings, Question(64))), "it is not known how many there are"
    # What a note says is not said again.
    noted = told(recommend(findings, Question(40, pool=400)))
    assert "junior as they are: 84 %" in noted and noted.count(", so for 200 of the 400 texts") == 1
    assert "without any training, at 0.2 for each text, so for 200 of the 400 texts.\n" in noted
    assert "- the weak labels of junior as they are, at 0.2 a text: 84 %" in noted
    # Nor what the answer begins with.
    ready = told(recommend(sources(level(0.6)), Question(40, pool=400)))
    assert ready.count("all 400 texts") == 1 and ready.count("200 of the 400 texts") == 1
    one = told(recommend(findings, Question(40, supervisor="crowd", have_weak=100, pool=400)))
    assert "at 0.05 a text, 15 gold labels for all 400 texts (100 yours, 300 to buy): 66 %" in one
    assert "leaves out the weak labels of junior as they are: 84 %" in one and "so for 200 of the 400 texts" in one
    every = told(recommend(findings, Question(40, supervisor="crowd", have_weak=500, pool=400)))
    assert "at 0.05 a text, so for all 400 texts (all yours): 66 %" in every
    free = told(recommend(findings, Question(64, weak_price=0, pool=400)))
    assert "all 400" not in free and "the 400 texts:" not in free


def test_for_a_score_and_so_many_texts_labels_as_they_are_say_what_all_cost():
    said = told(reach(sources(level(0.6)), Question(0, pool=4000), 0.65))
    assert "without any training, at 0.05 for each text, 200 gold labels for all 4,000 texts.\n" in said
    assert said.count("200 gold labels for all 4,000 texts") == said.count("800 gold labels for all 4,000 texts") == 1
    priced = told(break_even(sources(level(0.6)), Question(40, pool=4000)))
    useless = told(break_even(sources(), Question(40)))
    assert "**Train no student: no purchase studied beats the weak labels of" in useless
    assert "Buy nothing" not in useless
    assert "the 4,000 texts:" not in priced and "all 4,000" not in priced, "the price is what is looked for"


def test_for_a_score_two_sources_share_so_many_texts_where_that_is_cheaper_than_one():
    answer = reach(sources(), Question(0, pool=4000), 0.75)
    both = goal_split(answer)
    # Half of the way from 66 to 84 %.
    assert (both.n_cheaper, both.n_better) == (2000, 2000) and both.score.mean == pytest.approx(0.75)
    said = told(answer)
    order = (
        "**Use the weak labels of crowd as they are for 2,000 of the 4,000 texts, and those of junior for the other 2,0"
    )
    assert f"weak labels as they are do:\n\n{order}00, at random.**\nExpected accuracy: 75 %, between" in said
    assert "%, for 500 gold labels. That is 9.0 points ahead of the first alone (between 7.6 and 10.4) for 300 " in said
    alone = (
        "\nThe first alone: 66 %, between 64 and 68 %, without any training, at 0.05 for each text, 200 gold labels "
    )
    alone += (
        "for all 4,000 texts.\nBetter, for more money: the weak labels of junior as they are, 18.0 points ahead of "
    )
    assert f"{alone}the first alone (between 15.2 and 20.8): 84 %" in said
    assert said.count("800 gold labels for all 4,000 texts") == 1 and "For less" not in said
    for pool, have, score, why in (
        (None, 0, 0.75, "it is not known how many texts there are"),
        (4000, 10, 0.75, "labels are the reader's own"),
        (4000, 0, 0.65, "the cheapest alone reach it"),
    ):
        other = reach(sources(), Question(0, pool=pool, have_weak=have, supervisor="junior" if have else None), score)
        assert goal_split(other) is None and "at random" not in told(other), why
    assert goal_split(reach(sources(commoner=0.7), Question(0, pool=4000), 0.75)) is None, "crowd only guesses"
    assert goal_split(replace(answer, measure="auroc")) is None


def test_a_score_that_nothing_studied_reaches_is_reached_by_gold_labels_of_so_many_texts():
    """The others have the weak labels by which that is cheapest; the reader's own labels are paid."""
    # 84 % of 2,500 texts and 100 % of 1,500 are 90 % of 4,000.
    answer = reach(sources(), Question(0, pool=4000), 0.9)
    some = (
        "gold labels of 1,500 of the 4,000 texts, at random, and the weak labels of junior as they are for the others"
    )
    assert f"right by definition. For less, 2,000 gold labels: {some}. Best of what was studied:" in told(answer)
    assert gold_for_goal(answer).score.mean == pytest.approx(0.9)
    assert plain_answer(answer)["gold_for_some"]["new_gold"] == 1500 and goal_split(answer) is None
    own = told(reach(sources(), Question(0, pool=4000, have_gold=200, have_weak=500, supervisor="junior"), 0.9))
    assert "For less, 1,700 gold labels: gold labels of 1,500 of the 4,000 texts (200 yours, 1,300 to buy)" in own
    for question, score, prices in (
        (Question(0), 0.9, PRICES),
        (Question(0, pool=4000), 0.8, PRICES),
        (Question(0, pool=4000), 0.9, {"junior": [2.0], "crowd": [2.0]}),
    ):
        assert gold_for_goal(reach(sources(prices=prices), question, score)) is None


def test_what_a_budget_leaves_once_all_texts_have_weak_labels_pays_for_gold_ones():
    found = gold_for_rest(recommend(sources(), Question(100, pool=400, have_gold=10)))
    assert (found.labels.supervisor, found.n_gold, found.n_new, found.cost) == ("junior", 30, 20, 100)
    assert found.score.mean == pytest.approx((30 + 370 * 0.84) / 400)
    assert gold_for_rest(recommend(sources(measure="auroc"), Question(100, pool=400))).score is None
    for question in (Question(100), Question(80, pool=400), Question(500, pool=400)):
        assert gold_for_rest(recommend(sources(), question)) is None


def test_the_cheapest_two_sources_share_the_texts_and_a_student_is_compared_with_their_cost():
    scores = {"poor": 0.5625, "fair": 0.625, "good": 0.75, "best": 0.875}
    prices = {"poor": [0.01], "fair": [0.02], "good": [0.3], "best": [0.5]}
    parts = [posterior_table(level(0.55), labels=score, supervisor=name) for name, score in scores.items()]
    answer = reach(findings_on(several(*parts), prices), Question(0, pool=1000), 0.6875)
    both = goal_split(answer)
    assert (both.cheaper.supervisor, both.better.supervisor, both.n_better) == ("fair", "best", 250)
    assert both.exact_cost == 140, "160 with good, 203 and more with poor"
    trained = reach(sources(rising), Question(0, pool=4000), 0.75)
    assert trained.goal.reached and trained.purchase.cost < goal_split(trained).exact_cost == 500
    n_texts = int(trained.purchase.cost / (500 / 4000))
    assert f"\nFor more than {n_texts:,} texts a student costs less:\nBuy" in told(trained)
    assert trains_student(trained) and not trains_student(reach(sources(rising), Question(0, pool=n_texts), 0.75))


def test_the_difference_of_two_sources_is_of_their_joint_posterior():
    table = sources(level(0.6)).posterior.table
    labels = table.kind == LABELS
    # All that is not known of one is not known of the other, which is a little more uncertain.
    factors = np.zeros((len(table), 2))
    factors[labels] = [[0.03, 0.0], [0.03, 0.02]]
    table = table.assign(factors=list(factors), score=table.score.mask(labels, [0.84] * len(table)))
    table.loc[labels & (table.supervisor == "crowd"), "score"] = 0.82
    findings = findings_on(table, PRICES)
    answer = recommend(findings, Question(40))
    junior, crowd = (answer.baseline.labels_of(name) for name in ("junior", "crowd"))
    assert crowd.ahead["junior"].high == pytest.approx(-0.02 + 1.96 * 0.02)
    assert junior.ahead["crowd"].mean == -crowd.ahead["junior"].mean == pytest.approx(0.02)
    behind = "crowd as they are, 2.0 points behind (between 5.9 behind and 1.9 ahead, so either may be better) at 25 %"
    assert behind in told(answer) and behind in "\n".join(study_answer(answer_all(findings), 0.1).lines())
    said = told(recommend(findings, Question(40, pool=400)))
    either = "2.0 points ahead (between 1.9 behind and 5.9 ahead, so either may be better): 84 %"
    assert "\nPerhaps better, but paid for 200 of the 400 texts only: the weak labels of junior as they are, " in said
    assert either in said
    shared = (
        "That is 0.7 points ahead of the first alone (between 0.6 behind and 2.0 ahead, so either may be better) for"
    )
    assert shared in said
    alike = table.assign(factors=list(factors * [1, 0]))
    assert "2.0 points behind at 25 % of the price" in told(recommend(findings_on(alike, PRICES), Question(40)))


def test_json_holds_what_the_text_begins_with():
    few = plain_answer(recommend(sources(level(0.6)), Question(40, pool=400)))
    crowd = {"supervisor": "crowd", "n_texts": 400, "new_weak": 400, "cost": 20.0}
    assert few["as_they_are"] == [crowd, {"supervisor": "junior", "n_texts": 200, "new_weak": 200, "cost": 40.0}]
    split = {name: few["split"][name] for name in ("cheaper", "better", "n_cheaper", "n_better", "cost", "extra_cost")}
    assert list(split.values()) == ["crowd", "junior", 267, 133, 39.95, 19.95]
    assert few["split"]["expected"]["mean"] == pytest.approx(0.66 + 133 / 400 * 0.18)
    assert few["split"]["gain"]["mean"] == pytest.approx(133 / 400 * 0.18)
    assert few["purchase"] and few["trains_student"] is False, "the text trains none"
    many = plain_answer(recommend(sources(level(0.6)), Question(40)))
    assert [entry["n_texts"] for entry in many["as_they_are"]] == [200, 800]
    assert many["trains_student"] and many["split"] is None
    own = plain_answer(recommend(sources(), Question(20, supervisor="junior", have_weak=300, pool=400)))
    assert own["as_they_are"] == [{"supervisor": "junior", "n_texts": 400, "new_weak": 100, "cost": 20.0}]
    wanted = plain_answer(reach(sources(), Question(0, pool=4000), 0.75))
    assert [entry["cost"] for entry in wanted["as_they_are"]] == [200.0, 800.0] and wanted["split"]["cost"] == 500
    assert not wanted["trains_student"]
    unknown = {"n_texts": None, "new_weak": None, "cost": None}
    assert plain_answer(reach(sources(), Question(0), 0.75))["as_they_are"] == [{"supervisor": "junior"} | unknown]
    asked = plain_answer(break_even(sources(), Question(40, supervisor="junior")))
    assert asked["as_they_are"] == [{"supervisor": "junior"} | unknown]
    student = plain_answer(recommend(sources(rising), Question(64)))
    assert student["as_they_are"] == [] and student["split"] is None and student["trains_student"]
    nothing = plain_answer(recommend(sources(asking=0.99), Question(40)))
    assert nothing["purchase"] is None and not nothing["trains_student"]


def test_every_key_of_the_json_is_documented():
    answer = plain_answer(recommend(sources(level(0.6)), Question(40, pool=400)))
    text = (ROOT / "docs/reference/json.md").read_text()
    (part,) = re.findall(r"## `recommend --json`\n(.*?)\n## ", text, re.DOTALL)
    rows = [line.split("|") for line in part.splitlines() if line.startswith("| `")]
    documented = {key for row in rows for key in re.findall(r"`(\w+)`", row[1])}
    assert documented == set(answer)
    some = plain_answer(recommend(sources(level(0.6)), Question(100, pool=400)))["gold_for_some"]
    for row, keys in (
        ("as_they_are", answer["as_they_are"][0]),
        ("split", answer["split"]),
        ("gold_for_some", some),
    ):
        [said] = [" ".join(cells[2:]) for cells in rows if f"`{row}`" in cells[1]]
        assert set(keys) <= set(re.findall(r"`(\w+)`", said))


def test_a_student_that_is_asked_and_worse_than_guessing_is_told():
    said = "Asked without labels, s is worse than guessing. It may not understand the question, or the label"
    assert said in told(recommend(sources(asking=0.2), Question(40)))
    assert said not in told(recommend(sources(asking=0.5), Question(40)))


def found_in(measure: str, commoner: float, zeros: float = 0.6, **more):
    """Findings on labels that find nine of ten texts with label 1 and this share of those with label 0."""
    table = posterior_table(level(0.6), labels=0.9, commoner=commoner, asking=None)
    table.loc[table.kind == LABELS, ["ones_found", "zeros_found"]] = [0.9, zeros]
    return findings_on(table, measure=measure, **more)


def test_where_labels_are_lopsided_it_is_said_how_many_of_either_are_found():
    sentence = "They find 90 % of the texts with label 1 and 60 % of those with label 0."
    for measure, commoner in (("balanced_accuracy", 0.5), ("accuracy", 0.75)):
        said = told(recommend(found_in(measure, commoner), Question(40, 0.1)))
        assert f"at 0.1 for each text. {sentence}\n" in said and said.count(sentence) == 1
    assert sentence in told(recommend(found_in("accuracy", 0.6), Question(40, 0.1))), "the one far less than the other"
    for measure, zeros in (("auroc", 0.6), ("accuracy", 0.8)):
        assert "They find" not in told(recommend(found_in(measure, 0.6, zeros), Question(40, 0.1)))
    words = found_in("balanced_accuracy", 0.5, label_words={"t": ["No", "Yes"]})
    answer = recommend(words, Question(0.05, 0.1))
    assert "%. They find 90 % of the texts with label Yes and 60 % of those with label No." in told(answer), "a list"
    assert recommendation_from(asdict(answer)) == answer
    old = findings_on(posterior_table(level(0.6), labels=0.9), measure="balanced_accuracy")
    assert "They find" not in told(recommend(old, Question(40, 0.1)))


def test_what_balanced_accuracy_is_is_said_once():
    said = "Note: Balanced accuracy is the mean of two shares: how many of the texts with label Yes are found, and how "
    said += "many of those with label No. Always giving the commoner label has 50 %."
    findings = found_in("balanced_accuracy", 0.5, label_words={"t": ["No", "Yes"]})
    assert told(recommend(findings, Question(40, 0.1))).count(said) == 1
    answers = answer_all(findings)
    for text in (recommendation_report(answers), "\n".join(study_answer(answers, 0.1).lines())):
        assert text.count(said) == 1
    assert "Balanced accuracy is" not in told(recommend(found_in("accuracy", 0.75), Question(40, 0.1)))


def test_notes_of_every_answer_stand_once_at_the_end_of_the_report():
    answers = answer_all(sources())
    shared = shared_notes(answers)
    assert shared and all(note in notes(answer) for answer in answers for note in shared)
    report = recommendation_report(answers)
    assert all(report.count(note) == 1 for note in shared)
    assert report.endswith("\n\n## Of every answer\n\n" + "\n".join(f"Note: {note}" for note in shared) + "\n")
    assert "## Of every answer" not in recommendation_report(answers[:1]), "one answer has its own"
    assert "## Of every answer" not in recommendation_report([])


@pytest.mark.parametrize(
    ("share", "wanted", "said"),
    [
        (0.84, 0.9, "84 %"),
        (0.896, 0.9, "89.6 %"),
        (0.8996, 0.9, "just below 90 %"),
        (0.9, 0.9, "90 %"),
        (0.904, 0.9, "90 %"),
        (0.946, 0.95, "94.6 %"),
        (0.9246, 0.925, "92 %"),
        (1.0, 0.9, "100 %"),
    ],
)
def test_a_probability_below_the_threshold_never_looks_like_it(share, wanted, said):
    assert probability(share, wanted) == said


def test_the_verdict_tells_a_probability_that_is_just_too_low():
    answer = recommend(findings_on(posterior_table()), Question(16, 0.1))
    shares = dict.fromkeys(answer.regime.probabilities, 0.896)
    said = verdict_line(replace(answer, regime=replace(answer.regime, probabilities=shares, beats_nothing=0.8996)))
    assert said.count("89.6 %") == len(shares) and "with a probability of just below 90 %" in said
