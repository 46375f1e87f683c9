"""Questions other than what to buy for a budget, and how they are asked on the command line."""

import json
from dataclasses import replace

import numpy as np
import pytest
from posteriors import findings_on, posterior_table, rising, several

from elicitation.analysis.choices import find_options
from elicitation.analysis.findings import Held, Question
from elicitation.analysis.names import UNDETERMINED
from elicitation.analysis.questions import break_even, offer, reach
from elicitation.analysis.recommendation import ask, recommend
from elicitation.analysis.recommendation_text import recommendation_lines
from elicitation.buying.amounts import Money
from elicitation.cli import main
from elicitation.cli_ask import rounded
from elicitation.files import hash_file, write_json, write_table
from elicitation.jobs.records import ROOT

ANY = Question(0, 0.1)
# What is said of the budget beside a question that has none.
FINDS_OUT = "finds out itself what is spent: leave out --budget, or"


@pytest.fixture(scope="module")
def findings():
    return findings_on(posterior_table())


@pytest.fixture
def folder(findings, tmp_path):
    return folder_of(findings, tmp_path)


def folder_of(findings, tmp_path) -> str:
    """A finished study's folder, as far as `elicitation recommend` reads it."""
    path = tmp_path / "results/posterior.parquet"
    write_table(path, findings.posterior.table)
    settings = {name: value for name, value in vars(findings).items() if name not in ("posterior", "money")}
    inputs = {"results/posterior.parquet": hash_file(path)}
    write_json(tmp_path / "results/recommendation.json", {"settings": settings, "inputs": inputs})
    return str(tmp_path)


def told(answer) -> str:
    return "\n".join(recommendation_lines(answer))


@pytest.mark.parametrize("score", [0.7, 0.8, 0.85, 0.9])
def test_the_cheapest_purchase_that_reaches_a_score_is_found(findings, score):
    answer = reach(findings, ANY, score)
    assert answer.goal.reached and answer.expected.mean >= score
    for share in (0.99, 0.9, 0.5):
        cheaper = Question(answer.purchase.cost * share, 0.1)
        options = find_options(*(getattr(ask(findings, cheaper), name) for name in ("block", "terms")))
        assert not len(options.cost) or options.scores.mean.max() < score + 0.0005
    assert f"The cheapest purchase studied that is expected to reach {100 * score:g} % accuracy:" in told(answer)
    assert ": among purchases that cost no more, " in told(answer)


def test_a_score_beyond_reach_is_told_with_the_best_purchase(findings):
    answer = reach(findings, ANY, 0.995)
    assert not answer.goal.reached and answer.expected.mean < 0.995
    assert answer.expected == recommend(findings, Question(64, 0.1)).expected
    sure = "The sure way is a gold label for each text: it is right by definition. Best of what was studied:\n\n**Buy"
    assert f"Nothing studied is expected to reach 99.5 % accuracy. {sure}" in told(answer)
    dollars = told(reach(findings_on(posterior_table(), money=Money("$", 3)), Question(0, 0.3, 3, currency="$"), 0.995))
    assert "a gold label for each text, at $3 a text: it is right" in dollars
    assert "The data support it" not in told(replace(answer, supported=True))


def test_labels_as_they_are_may_reach_a_score_that_no_student_reaches():
    answer = reach(findings_on(posterior_table(labels=0.997)), ANY, 0.995)
    said = (
        "No student studied is expected to reach 99.5 % accuracy; weak labels as they are do:\n\n**Use the weak labels "
    )
    said += "of v as they are.**\nExpected accuracy: 99.7 %, between 97.7 and 100 %, without any training, at 0.1 for "
    said += "each text.\nThe best student is expected to reach 93."
    assert not answer.goal.reached and said in told(answer)
    assert "Undetermined" not in told(answer) and "The data support" not in told(answer)
    parts = (posterior_table(labels=score, supervisor=name) for name, score in (("v", 0.96), ("w", 0.98)))
    two = findings_on(several(*parts), {"v": [0.1], "w": [0.2]})
    assert "**Use the weak labels of v as they are.**" in told(reach(two, Question(0), 0.95)), "the cheapest that do"
    assert "**Use the weak labels of w as they are.**" in told(reach(two, Question(0), 0.97))
    best = told(reach(two, Question(0), 0.995))
    assert "right by definition. Best of what was studied:\n\n**Use the weak labels of w as they are.**" in best
    less = "Note: For less: the weak labels of v as they are, 2.0 points behind (between 4.8 behind and 0.8 ahead, so "
    assert f"{less}either may be better) at 50 % of the price" in best
    assert "\n**Buy" in told(reach(replace(two, prices={"v": [1], "w": [2]}), Question(0), 0.995)), "as dear as gold"


def test_labels_as_they_are_that_reach_a_score_come_before_a_student_that_does_too():
    parts = (posterior_table(labels=score, supervisor=name) for name, score in (("v", 0.82), ("w", 0.9)))
    two = findings_on(several(*parts), {"v": [0.1], "w": [0.2]})
    answer = reach(two, Question(0), 0.8)
    said, cost = told(answer), answer.purchase.cost
    assert answer.goal.reached and answer.expected.mean >= 0.8 and cost
    start = "\n\nWeak labels as they are reach 80 % accuracy:\n\n**Use the weak labels of v as they are.**\nExpected "
    assert f"{start}accuracy: 82 %, between" in said and said.count("**") == 2
    lines = said.split("\n")
    [more] = [i for i, line in enumerate(lines) if line.startswith("Better, for more money: the weak labels of w as")]
    assert ": 90 %, between" in lines[more]
    # From so many texts on a label for each costs more than the purchase.
    assert lines[more + 1] == f"For more than {int(cost / 0.1):,} texts a student costs less:"
    assert lines[more + 2].startswith("Buy ") and lines[more + 3].startswith("Cost: ")
    assert "The cheapest purchase" not in said and "Undetermined" not in said and "The data support" not in said
    worse = findings_on(several(*(posterior_table(labels=0.82, supervisor=name) for name in "vw")), two.prices)
    assert "Better, for more" not in told(reach(worse, Question(0), 0.8))
    dear = told(reach(replace(two, prices={"v": [1], "w": [2]}), Question(0), 0.8))
    assert "The cheapest purchase studied that is expected to reach 80 % accuracy:" in dear, "as dear as gold"
    own = told(reach(two, Question(0, have_gold=64), 0.8))
    assert "Buy no more labels" in own and "**Use the weak" not in own, "own labels reach it for nothing"


def test_a_score_that_costs_nothing_needs_no_purchase(findings):
    answer = reach(findings, ANY, 0.55)
    assert answer.goal.reached and answer.purchase is None
    assert "\n\nNothing has to be bought for 55 % accuracy.\n\n**" in told(answer)
    assert "**Buy nothing: asking without labels (60 %) costs nothing.**" in told(answer)


def test_labels_that_are_there_already_may_be_enough_for_a_score(findings):
    answer = reach(findings, Question(0, 0.1, have_gold=64), 0.8)
    assert answer.goal.reached and answer.purchase.cost == 0 and answer.expected.mean >= 0.8
    assert "Buy no more labels" in told(answer)


@pytest.mark.parametrize("gold_price", [0.3, 0.7, 1, 3])
def test_a_cost_that_no_decimal_text_holds_is_afforded(findings, gold_price):
    purchase = reach(findings, Question(0, 0.1, gold_price), 0.995).purchase
    assert (purchase.n_weak, purchase.n_gold) == (320, 32), "the best one, to the last label"


def test_a_purchase_is_told_against_the_best_for_its_money(findings):
    answer = offer(findings, ANY, 640, 0)
    assert answer.question.budget == 64 == answer.offer.purchase.cost
    assert answer.offer.expected.mean == pytest.approx(rising(640, 0)) and answer.offer.studied
    gap = answer.offer.difference
    assert gap.mean == pytest.approx(answer.offer.expected.mean - answer.expected.mean) and gap.high < 0
    assert "640 weak labels of v by Method M cost 64 gold labels." in told(answer)
    assert f"Against what is recommended for that money: {-100 * gap.mean:.1f} points less" in told(answer)
    same = offer(findings, ANY, answer.purchase.n_weak, answer.purchase.n_gold)
    assert same.offer.difference.mean == pytest.approx(0, abs=0.0005) and same.offer.expected == answer.expected


def test_a_purchase_for_whose_money_nothing_is_recommended_is_told_against_what_costs_nothing():
    free = findings_on(posterior_table(asking=None, commoner=0.95))
    answer = offer(free, ANY, 40, 0)
    assert answer.purchase is None and answer.offer.difference.mean < 0
    rival = "Against always giving the commoner label (95 %), since no purchase is recommended for that money"
    assert f"{rival}: {-100 * answer.offer.difference.mean:.1f} points less" in told(answer)


def test_a_purchase_that_nothing_is_known_of_says_so(findings):
    answer = offer(findings, ANY, 5000, 10)
    assert answer.offer.expected is None and not answer.offer.studied and answer.offer.purchase.cost == 510
    nearest = "the nearest is 320 weak labels of v and 32 gold labels by Method M"
    assert f"too far from all purchases that were run, of which {nearest}" in told(answer)
    assert "beyond what was studied" in told(answer), "nor was their cost"
    fix = "To know it, add `more_purchases: [[5000, 10]]` to `grid` in the study, and run that again. For that money:"
    assert fix in told(answer)
    assert "more_purchases" not in told(offer(findings, ANY, 640, 0)), "it was run"


def test_a_purchase_is_only_advised_to_be_run_where_the_readers_table_has_the_texts_for_it():
    table = several(posterior_table(), posterior_table(lambda w, g: rising(w, g) - 0.1, supervisor="w"))
    held = {"t": Held(90, {"v": 3000, "w": 2500}, {"v": 3010, "w": 2500})}
    own = findings_on(table, {"v": [0.1], "w": [0.1]}, held=held)
    assert "add `more_purchases: [[2450, 50]]` to `grid`" in told(offer(own, ANY, 2450, 50))
    fewer = "with `beyond_pool: leave_out` since other sources label fewer texts"
    added = f"To know it, add `more_purchases: [[2960, 50]]` to `grid` in the study, {fewer}, and run that again."
    assert added in told(offer(own, ANY, 2960, 50))
    for n_weak, n_gold in ((2961, 50), (2500, 91), (3001, 0)):
        text = told(offer(own, ANY, n_weak, n_gold))
        assert "more_purchases" not in text
        assert "of those to train on 3,000 have a weak label of v and 90 a gold one. A text is used with one" in text
        assert "so at most 3,010 labels are. To know it, have more texts labelled, and run the study on them." in text


def test_without_any_money_the_labels_that_are_there_are_used(folder, capsys):
    answer = ask_command(capsys, folder, "--budget", "0", "--have-weak", "320", "--have-gold", "32", "--json")
    bought = answer["purchase"]
    assert (bought["n_weak"], bought["n_gold"], bought["cost"]) == (320, 32, 0)
    assert main(["recommend", folder, "--budget", "0"]) == 0
    assert "Nothing that was studied is affordable: the cheapest purchase costs 4 " in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["next", folder, "--budget", "0"])


def test_a_purchase_between_others_that_were_run_names_the_nearest_of_them():
    table = posterior_table(purchases=[(40, 0), (320, 32), (0, 64)], n_seeds=1)
    found = findings_on(table[table.studied].reset_index(drop=True))
    answer = offer(found, ANY, 100, 4)
    assert answer.offer.expected is None and (answer.offer.nearest.n_weak, answer.offer.nearest.n_gold) == (40, 0)
    assert answer.offer.nearest.cost == pytest.approx(4)
    assert "of which the nearest is 40 weak labels of v by Method M. To know it, add " in told(answer)
    assert offer(found, ANY, 40, 0).offer.nearest is None


def test_the_heading_names_what_was_asked_and_no_budget_that_nobody_gave(findings):
    asked = {"90 % accuracy": reach(findings, ANY, 0.9), "640 weak labels of v": offer(findings, ANY, 640, 0)}
    asked["Budget 30"] = recommend(findings, Question(30, 0.1))
    for heading, answer in asked.items():
        assert told(answer).startswith(f"## {heading}: a weak label costs 0.1, a gold one 1\n")


def test_labels_that_are_there_cost_nothing_in_an_offer(findings):
    answer = offer(findings, Question(0, 0.1, have_weak=600, have_gold=10), 640, 0)
    assert answer.offer.purchase.cost == pytest.approx(4)


@pytest.mark.parametrize("budget", [30, 64])
def test_weak_labels_are_bought_below_the_break_even_price_and_not_above(findings, budget):
    answer = break_even(findings, Question(budget))
    price = answer.break_even
    assert 0 < price < 1 and answer.purchase.n_weak > 0 and answer.question.weak_price == price
    above = recommend(findings, Question(budget, price * 1.01))
    below = recommend(findings, Question(budget, price * 0.9))
    assert (above.purchase is None or above.purchase.n_weak == 0) and below.purchase.n_weak > 0
    interval = answer.price_interval
    assert interval.low <= price <= interval.high
    ends = f" (95 % interval: {interval.low:g} to {interval.high:g}{' or more' * interval.open})"
    assert f"weak labels are bought up to a price of {price:g}{ends}, and none above" in told(answer)


def test_the_break_even_price_is_in_the_currency(findings):
    gold, money = break_even(findings, Question(30)), break_even(findings, Question(90, gold_price=3, currency="$"))
    assert money.break_even == pytest.approx(3 * gold.break_even)
    assert money.price_interval.high == pytest.approx(3 * gold.price_interval.high)


def with_unsure_weak_labels(truth, purchases, spread: float):
    """Findings that know what gold labels bring, and what weak ones do up to an error that all of these share."""
    table = posterior_table(truth, purchases)
    shared = spread * ((table.n_weak > 0) & (table.n_gold == 0)).to_numpy(dtype=np.float32)
    return findings_on(table.assign(factors=list(shared[:, None])))


@pytest.mark.parametrize("spread", [1e-6, 0.002, 0.005])
def test_a_break_even_price_is_the_less_sure_the_less_scores_are(spread):
    def truth(n_weak, n_gold):
        return 0.6 + 0.02 * np.log1p(n_gold + n_weak) - 0.02 * (n_weak > 0)

    purchases = [(40, 0), (640, 0), (0, 4), (0, 64)]
    answer = break_even(with_unsure_weak_labels(truth, purchases, spread), Question(30))
    interval = answer.price_interval
    # An error e of the score is as good as exp(e / 0.02) times as many weak labels.
    off = np.exp(1.96 * spread / 0.02)
    assert answer.break_even == pytest.approx(30 / (31 * np.e - 1), rel=0.05)
    assert interval.low == pytest.approx(answer.break_even / off, rel=0.06)
    assert interval.high == pytest.approx(answer.break_even * off, rel=0.06) and not interval.open


def test_where_any_price_may_be_the_break_even_one_it_is_undetermined():
    def truth(n_weak, n_gold):
        return 0.7 - (n_weak > 0) * (0.02 - 0.008 * np.log1p(n_weak)) + 0 * n_gold

    answer = break_even(with_unsure_weak_labels(truth, [(4, 0), (640, 0), (0, 4), (0, 64)], 0.05), Question(7))
    assert 0 < answer.break_even < 1 and (answer.price_interval.low, answer.price_interval.high) == (0, 1)
    said = "it is undetermined up to which price weak labels are bought (95 % interval: 0 to 1); the best guess is "
    assert f"At this budget {said}{answer.break_even:g}. There:" in told(answer)


def test_one_seed_says_nothing_of_how_sure_a_break_even_price_is():
    answer = break_even(findings_on(posterior_table(n_seeds=1)), Question(30))
    assert answer.price_interval is None
    assert f"up to a price of {answer.break_even:g} (undetermined: one seed has no spread), and none" in told(answer)


@pytest.mark.parametrize(
    ("truth", "price", "sentence"),
    [
        (lambda w, g: 0.7 + 0.05 * np.log1p(g) - 0.02 * np.log1p(w), 0, "weak labels are worth nothing"),
        (lambda w, g: 0.6 + 0.03 * np.log1p(w), 1, "weak labels are bought at any price below that of a gold label"),
    ],
)
def test_a_break_even_price_may_be_none_or_that_of_a_gold_label(truth, price, sentence):
    answer = break_even(findings_on(posterior_table(truth)), Question(50))
    assert answer.break_even == price and sentence in told(answer)
    assert "## Budget 50: up to which price weak labels are bought, a gold one costs 1\n" in told(answer)
    assert "All weak labels have one price here, that which is looked for, in place of their own: 0.1 (v)" in told(
        answer
    )


def test_what_weak_labels_are_worth_is_undetermined_where_the_data_cannot_say():
    table = posterior_table(lambda w, g: 0.7 + 0.05 * np.log1p(g) - 0.001 * np.log1p(w), spread=0.05)
    answer = break_even(findings_on(table), Question(50))
    assert answer.break_even == 0 and answer.regime.name == UNDETERMINED
    assert "it is undetermined what weak labels are worth to a student. The best guess is to buy none" in told(answer)
    assert "the best purchase with any is expected to bring " in told(answer) and "worth nothing" not in told(answer)
    gold = findings_on(posterior_table(purchases=[(0, 4), (0, 64)]))
    assert "undetermined: no purchase with any was studied" in told(break_even(gold, Question(50)))


def test_where_weak_labels_only_stop_fitting_the_budget_no_break_even_price_is_told(findings):
    answer = break_even(findings, Question(10))
    # 20 weak and 2 gold labels are the smallest mix that was studied, and cost all of it.
    assert answer.break_even is None and answer.fits_up_to == pytest.approx(0.4, rel=0.01)
    assert answer.price_interval.open and answer.price_interval.high == pytest.approx(0.4, rel=0.01)
    ends = f"{answer.price_interval.low:g} to {answer.price_interval.high:g}"
    said = "The highest price of a weak label for which the study has an answer at this budget is 0.399; there they "
    said += f"are still bought. The limit lies above and is not known (95 % interval: {ends} or more)"
    assert said in told(answer) and "bought up to" not in told(answer)


def test_a_price_that_replaces_labels_own_says_so():
    found = findings_on(posterior_table(), {"v": [0.1]}, money=Money("$", 3))
    answer = recommend(found, Question(60, 0.6, 3, currency="$"))
    assert answer.replaced_prices == {"v": pytest.approx(0.3)}
    assert "Note: The price of $0.60 a weak label replaces the labels' own: $0.30 (v)." in told(answer)
    unasked = (Question(60, None, 3, currency="$"), Question(60, 0.3, 3, currency="$"))
    assert all(recommend(found, question).replaced_prices == {} for question in unasked)
    several_prices = findings_on(posterior_table(), {"v": [0.5, 0.1]})
    assert recommend(several_prices, Question(20, 0.6)).replaced_prices == {}


def test_the_price_of_one_source_leaves_those_of_others_as_they_are(tmp_path, capsys):
    table = several(posterior_table(), posterior_table(supervisor="w"))
    found = findings_on(table, {"v": [0.1], "w": [0.2]})
    folder = folder_of(found, tmp_path)
    answer = ask_command(capsys, folder, "--budget", "20", "--weak-price", "v=0.05", "--json")
    prices = {entry["supervisor"]: entry["price"] for entry in answer["baseline"]["weak_labels"]}
    assert prices == {"v": 0.05, "w": 0.2} and answer["replaced_prices"] == {"v": 0.1}
    assert answer["question"]["weak_prices"] == {"v": 0.05} and answer["question"]["weak_price"] is None
    both = ["--weak-price", "v=0.05", "--weak-price", "w=0"]
    prices = ask_command(capsys, folder, "--budget", "20", *both, "--json")["baseline"]["weak_labels"]
    assert [entry["price"] for entry in prices] == [0.05, 0]
    said = told(recommend(found, Question(20, weak_prices={"v": 0.05})))
    assert "Budget 20: weak labels at their own prices, but those of v at 0.05, a gold one 1" in said
    assert "Note: What you name replaces the labels' own price: 0.1 (v)." in said
    # Labels that are composed from these cost more or less, too.
    composed = replace(found, parts={"w": {"v": 2, "u": 0.5}}, prices=found.prices | {"u": [0.1]})
    baseline = recommend(composed, Question(20, weak_prices={"v": 0.05})).baseline
    assert baseline.labels_of("w").price == pytest.approx(0.15)
    assert recommend(composed, Question(20)).baseline.labels_of("w").price == found.prices["w"][0]
    named = Question(20, weak_prices={"v": 0.05, "w": 0.2})
    assert recommend(composed, named).baseline.labels_of("w").price == 0.2
    rest = told(recommend(found, Question(20, 0.3, weak_prices={"v": 0.05})))
    assert "weak labels at 0.3, but those of v at 0.05, a gold one 1" in rest
    assert main(["recommend", folder, "--budget", "20", "--weak-price", "x=0.05"]) == 1
    assert "names the supervisor 'x'; known are v, w." in capsys.readouterr().err


def test_numbers_in_json_end_where_they_say_something():
    assert rounded({"a": [0.1 + 0.2, 1 / 3], "b": 7, "c": None}) == {"a": [0.3, 0.333333333], "b": 7, "c": None}


@pytest.mark.parametrize("truth", [rising, lambda w, g: 0.6 + 0 * (w + g)])
def test_weak_labels_that_are_best_as_they_are_are_named_beside_a_break_even_price(truth):
    answer = break_even(findings_on(posterior_table(truth, labels=0.95)), Question(30))
    said = "Best at this budget, as long as one costs less than a gold label, are the weak labels of v as they are, "
    said += "without any student: 95 %, between 93 and 97 %; each text then costs a label."
    said += " For training a student:\n" if answer.purchase else "\n"
    assert told(answer).count(said) == 1 and f"{said}At this budget" in told(answer)
    assert "expected to beat the weak labels of v" not in told(answer), "said once"
    worse = break_even(findings_on(posterior_table(truth, labels=0.55)), Question(30))
    assert "Best at this budget" not in told(worse)
    assert "Best at this budget" not in told(recommend(findings_on(posterior_table(truth, labels=0.95)), Question(30)))


def test_all_supervisors_have_the_break_even_price():
    table = several(posterior_table(), posterior_table(lambda w, g: rising(10 * w, g), supervisor="w"))
    answer = break_even(findings_on(table, {"v": [0.1], "w": [0.2]}), Question(20))
    assert answer.purchase.supervisor == "w" and (answer.break_even or answer.fits_up_to) > 0


def ask_command(capsys, folder, *words):
    assert main(["recommend", folder, *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_question_is_asked_on_the_command_line(folder, capsys):
    answer = ask_command(capsys, folder, "--accuracy", "80%", "--json")
    assert answer["goal"] == {"score": 0.8, "reached": True} and answer["purchase"]["cost"] > 0
    assert ask_command(capsys, folder, "--score", "0.8", "--json") == answer
    assert ask_command(capsys, folder, "--buy", "1,000", "100", "--json")["offer"]["purchase"]["n_weak"] == 1000
    answer = ask_command(capsys, folder, "--budget", "10", "--have-gold", "30", "--have-weak", "320", "--json")
    assert answer["purchase"]["n_gold"] > answer["purchase"]["new_gold"]
    assert ask_command(capsys, folder, "--budget", "64", "--pool", "100", "--json")["question"]["pool"] == 100
    assert ask_command(capsys, folder, "--budget", "20", "--weak-price", "0", "--json")["purchase"]["weak_price"] == 0
    assert 0 < ask_command(capsys, folder, "--budget", "20", "--break-even", "--json")["break_even"] < 1
    answer = ask_command(capsys, folder, "--budget", "$150", "--weak-price", "30c", "--gold-price", "3", "--json")
    assert answer["currency"] == "$" and answer["question"]["weak_price"] == 0.3 and answer["purchase"]["cost"] <= 150
    words = ["--budget", "150", "--weak-price", "30c", "--gold-price", "3", "--currency", "€"]
    assert main(["recommend", folder, *words]) == 0
    assert "Budget €150: a weak label costs €0.30, a gold one €3" in capsys.readouterr().out


def test_a_study_that_says_how_many_texts_there_are_is_asked_for_so_many_unless_another_number_is_named(
    findings, tmp_path, capsys
):
    folder = folder_of(replace(findings, texts_to_label=8000), tmp_path)
    for asked in (["--budget", "64"], ["--accuracy", "80%"], ["--buy", "160", "0"], ["--budget", "9", "--break-even"]):
        assert ask_command(capsys, folder, *asked, "--json")["question"]["pool"] == 8000
        assert main(["recommend", folder, *asked]) == 0
        assert " for 8,000 texts: " in capsys.readouterr().out.splitlines()[0]
    assert ask_command(capsys, folder, "--budget", "64", "--pool", "100", "--json")["question"]["pool"] == 100


def test_without_a_budget_the_largest_of_the_study_is_taken_and_named(folder, tmp_path, capsys):
    answer, asked = (ask_command(capsys, folder, *words, "--json") for words in ([], ["--budget", "64"]))
    assert answer["largest_budget"] and not asked["largest_budget"]
    assert answer | {"largest_budget": False} == asked
    assert main(["recommend", folder]) == 0
    assert capsys.readouterr().out.startswith("Budget 64, the study's largest: a weak label costs 0.1, a gold one 1\n")
    assert main(["recommend", folder, "--budget", "64"]) == 0
    assert capsys.readouterr().out.startswith("Budget 64: ")
    assert ask_command(capsys, folder, "--break-even", "--json")["question"]["budget"] == 64
    assert not ask_command(capsys, folder, "--buy", "10", "10", "--json")["largest_budget"]
    dear = ask_command(capsys, folder, "--gold-price", "$3", "--weak-price", "30c", "--json")
    assert dear["question"]["budget"] == 192 and dear["largest_budget"]
    none = folder_of(findings_on(posterior_table(), budgets=[]), tmp_path / "none")
    assert main(["recommend", none]) == 1
    assert "The study has no budgets, so say what all labels may cost together: --budget" in capsys.readouterr().err


def test_without_a_budget_that_of_the_reader_is_taken_which_stays_when_gold_labels_cost_another_price(
    findings, tmp_path, capsys
):
    folder = folder_of(replace(findings, budget=600), tmp_path)
    answer = ask_command(capsys, folder, "--json")
    assert answer["question"]["budget"] == 600 and not answer["largest_budget"]
    assert ask_command(capsys, folder, "--budget", "64", "--json")["question"]["budget"] == 64
    assert ask_command(capsys, folder, "--budget", "0", "--json")["question"]["budget"] == 0
    in_dollars = ask_command(capsys, folder, "--gold-price", "$3", "--weak-price", "30c", "--json")
    assert in_dollars["question"]["budget"] == 1800, "what is counted in gold labels is worth so much"
    money = folder_of(replace(findings, budget=600, money=Money("$", 3)), tmp_path / "money")
    assert ask_command(capsys, money, "--gold-price", "6", "--json")["question"]["budget"] == 600


def test_an_unfinished_study_is_told_with_the_command_that_goes_on(tmp_path, capsys):
    asked = ["recommend", str(tmp_path), "--budget", "5"]
    assert main(asked) == 1
    assert "run the study to its end first, with the command that started it.\n" in capsys.readouterr().err
    card = {
        "rule": "prepare_task",
        "outputs": {},
        "inputs": {},
        "code": "c",
        "command": "snakemake --configfile m.yaml",
    }
    write_json(tmp_path / "results/tasks/mine/card.json", card)
    again = f"with this command: cd {ROOT} && snakemake --configfile m.yaml --directory {tmp_path}\n"
    for words in (asked, ["next", str(tmp_path)]):
        assert main(words) == 1 and again in capsys.readouterr().err


def test_json_has_the_keys_that_are_documented(folder, capsys):
    answer = ask_command(capsys, folder, "--budget", "50", "--json")
    documented = {"purchase", "expected", "baseline", "regime", "alternatives", "studied", "question", "task"}
    assert documented | {"student", "measure", "currency", "supported"} <= answer.keys()


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["--budget", "-3"], 2, "-3 must be 0, or a number from 1e-12 to 1e+12"),
        (["--budget", "50", "--weak-price", "1e-300"], 2, "1e-300 must be 0, or a number from 1e-12 to 1e+12"),
        (["--budget", ""], 2, "argument --budget: no amount is given; write it as 500, 2,000, '$500', 2c or 0.02"),
        (["--budgte", "5"], 2, "no option --budgte; did you mean --budget? All options: elicitation recommend --help"),
        (["--budget", "5", "--gold-prize=3"], 2, "there is no option --gold-prize; did you mean --gold-price? All"),
        (["--budget", "5", "--zzzzzzz"], 2, "no option --zzzzzzz. All options: elicitation recommend --help"),
        (["--budget", "1,5"], 2, "1,5 is no amount; write it as 500, 2,000, '$500', 2c or 0.02"),
        (["--accuracy", "90"], 2, "90 must be a score from 0 to 1, or in percent, such as 0.9 or 90%"),
        (["--accuracy", "x"], 2, "x must be a score"),
        (["--buy", "1.5", "2"], 2, "1.5 must be a whole number from 0 on"),
        (["--buy", "0", "0"], 1, "--buy names no label"),
        (["--have-gold", "-1"], 2, "must be a whole number from 0 on"),
        (["--pool", "0"], 2, "0 must be a whole number from 1 on"),
        (["--pool", "many"], 2, "many must be a whole number from 1 on"),
        (["--accuracy", "0.9", "--buy", "1", "2"], 1, "--accuracy and --buy are questions of their own; ask one at"),
        (["--score", "0.9", "--break-even"], 1, "Error: --score and --break-even are questions of their own; ask one"),
        (["--break-even", "--budget", "0"], 1, "compares labels for the same money; give a --budget above 0"),
        (["--accuracy", "0.9", "--budget", "5"], 1, f"Error: --accuracy {FINDS_OUT} leave out --accuracy to ask"),
        (["--score", "0.9", "--budget", "0"], 1, f"Error: --score {FINDS_OUT} leave out --score to ask what that"),
        (["--buy", "1", "2", "--budget", "5"], 1, f"Error: --buy {FINDS_OUT} leave out --buy to ask what that"),
        (["--break-even", "--budget", "5", "--weak-price", "1"], 1, "leave out --weak-price"),
        (["--budget", "5", "--weak-price", "v=x"], 2, "argument --weak-price: x is no amount"),
        (["--budget", "5", "--weak-price", "v=$1", "--gold-price", "€3"], 1, "The amounts are in"),
        (["--budget", "$5", "--gold-price", "€3"], 1, "The amounts are in $ and in €; give all in one currency"),
    ],
)
def test_bad_values_are_refused_in_one_sentence_before_anything_is_read(tmp_path, capsys, words, status, sentence):
    try:
        found = main(["recommend", str(tmp_path / "nothing"), *words])
    except SystemExit as end:
        found = end.code
    said = capsys.readouterr()
    assert found == status and said.out == ""
    assert said.err.startswith("Error: ") and sentence in said.err and said.err.count("\n") == 1


def test_money_wants_the_price_of_a_gold_label_where_the_study_has_none(folder, capsys):
    assert main(["recommend", str(folder), "--budget", "$5"]) == 1
    said = capsys.readouterr()
    assert said.out == "" and "say what a gold label costs, such as --gold-price 3" in said.err


def test_a_price_is_named_once(folder, capsys):
    twice = ["--weak-price", "v=0.05", "--weak-price", "v=0.06"]
    assert main(["recommend", folder, "--budget", "5", *twice]) == 1
    assert "--weak-price says one price twice" in capsys.readouterr().err


def test_help_has_an_example_of_every_question(capsys):
    with pytest.raises(SystemExit):
        main(["recommend", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for example in (
        "--accuracy 0.9",
        "--have-gold 200 --have-weak 1000",
        "--pool 3000",
        "--buy 1000 100",
        "--weak-price 0",
        "intern=2c, once for each",
        "--break-even --budget 100",
        "--currency €",
        "'$500'",
    ):
        assert f": {example}" in said or example in said
