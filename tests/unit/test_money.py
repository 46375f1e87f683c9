"""Prices in the study's currency: given so, counted in gold labels, shown so."""

import copy
from dataclasses import asdict, replace

import pandas as pd
import pytest
from posteriors import findings_on, posterior_table
from random_configs import OWN_STUDY, write_files

from elicitation.analysis.advice import advise
from elicitation.analysis.advice_text import Panel, advice_caption
from elicitation.analysis.answer import study_answer
from elicitation.analysis.captions import price_words
from elicitation.analysis.findings import Question, make_findings, price_of
from elicitation.analysis.label_quality import tabulate_sources
from elicitation.analysis.names import DEMONSTRATION
from elicitation.analysis.next_steps import arms_of, asked_of
from elicitation.analysis.recommendation import answer_all, recommend
from elicitation.analysis.recommendation_report import recommendation_report
from elicitation.analysis.recommendation_text import recommendation_lines
from elicitation.buying.amounts import GOLD_LABELS, Money
from elicitation.buying.prices import exact, labels_for
from elicitation.cli import build_parser
from elicitation.cli_ask import question_of
from elicitation.errors import InputError
from elicitation.explorer.data import page_data
from elicitation.figures.what_to_buy import plot_what_to_buy
from elicitation.study.validation import validate

DOLLARS = Money("$", 3.0)


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """The working directory, with the files that OWN_STUDY names."""
    folder = tmp_path_factory.mktemp("study")
    write_files(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def own(**changes) -> dict:
    return copy.deepcopy(OWN_STUDY) | changes


def in_money(study: dict, gold_price: float, currency: str = "$") -> dict:
    """The same study with its prices in a currency."""
    study = copy.deepcopy(study)
    study["grid"]["weak_price"] *= gold_price
    study["weak_prices"] = [price * gold_price for price in study.get("weak_prices", [])] or study.get("weak_prices")
    study = {key: value for key, value in study.items() if value is not None}
    for entry in study["supervisors"]:
        if isinstance(entry, dict) and "columns" in entry:
            entry["columns"] = {name: price * gold_price for name, price in entry["columns"].items()}
    return study | {"currency": currency, "gold_price": gold_price}


@pytest.mark.parametrize(("price", "gold_price"), [(0.02, 3), (0.05, 7), (0.1, 0.7), (2, 2), (0.001, 1.5)])
def test_a_budget_affords_all_labels_that_its_money_buys(price, gold_price):
    money = Money("$", gold_price)
    for budget in (16, 64, 1000):
        assert labels_for(budget, money.in_gold(price)) == exact(budget) * exact(gold_price) // exact(price)
    assert money.of(money.in_gold(price)) == pytest.approx(price, rel=1e-9)
    assert GOLD_LABELS.in_gold(price) == price == GOLD_LABELS.of(price)


def test_money_is_shown_as_people_write_it():
    assert DOLLARS.words(DOLLARS.in_gold(0.02)) == "$0.02" and DOLLARS.words(400) == "$1,200"
    assert price_words(DOLLARS.in_gold(0.05), DOLLARS) == "$0.05" and price_words(1 / 18) == "1/18"
    assert Money("CHF", 0.7).words(7) == "4.90 CHF"


def test_prices_in_a_currency_are_those_in_gold_labels():
    plain = validate(own())
    priced = validate(in_money(own(), 4))
    assert priced.money == Money("$", 4) and plain.money == GOLD_LABELS
    assert priced.plan == plain.plan and priced.made_runs == plain.made_runs
    for name, prices in plain.prices.items():
        assert priced.prices[name] == pytest.approx(prices, rel=1e-3)
    columns = [entry["columns"] for entry in priced.plan["supervisors"] if "columns" in entry]
    assert columns == [entry["columns"] for entry in plain.plan["supervisors"] if "columns" in entry] != []


def test_a_column_with_more_to_say_has_its_price_in_the_currency():
    study = own()
    study["supervisors"] = [{"name": "llm", "columns": {"llm": {"price": 0.3}}}]
    study["grid"]["weak_price"] *= 3
    priced = validate(study | {"currency": "€", "gold_price": 3})
    assert priced.prices == {"llm": [0.1]} and priced.source_prices("llm") == {"llm": 0.1}


@pytest.mark.parametrize(
    "free",
    [
        {"name": "llm", "columns": {"llm": 0}},
        {"name": "llm", "columns": {"llm": {"price": 0}}},
        {"name": "llm", "rule": {"contains": ["good"]}, "price": 0},
    ],
)
def test_labels_may_be_free(free):
    study = own(supervisors=[free])
    assert validate(study).prices == {"llm": [0]}
    study["grid"]["weak_price"] *= 3
    assert validate(study | {"currency": "€", "gold_price": 3}).prices == {"llm": [0]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"currency": "$"}, "prices are in $, so say what a gold label costs, as in `gold_price: 3`"),
        ({"gold_price": 3}, "gold_price: says what a gold label costs; say in which currency, as in `currency: $`"),
        (
            {"currency": "US $", "gold_price": 3},
            "must be a sign such as $ or €, or the three capitals of a code such as EUR",
        ),
        ({"currency": "bash", "gold_price": 3}, "'bash' must be a sign such as $"),
        ({"currency": "$", "gold_price": 0}, "gold_price: 0 must be at least"),
    ],
)
def test_half_a_currency_is_refused(changes, words):
    with pytest.raises(InputError) as caught:
        validate(own(**changes))
    assert words in str(caught.value)


def test_a_weak_label_at_the_price_of_a_gold_one_is_said_in_the_currency():
    study = own(currency="$", gold_price=3)
    study["supervisors"] = [{"name": "llm", "columns": {"llm": 3.5}}]
    study["grid"]["weak_price"] = 3
    [dear] = validate(study).warnings
    assert dear.startswith("A weak label of 'llm' costs $3.50, as much as a gold label ($3) or more, so no answer buys")
    assert "correct it, or leave 'llm' out (prices are in $" in dear
    # One that is bought is to be planned for.
    study["supervisors"][0]["columns"]["llm"], study["grid"]["weak_price"] = 2.5, 2
    [planned] = validate(study).warnings
    assert "costs $2.50, but budgets buy it at $2, so" in planned and planned.endswith("raise grid.weak_price to 2.5.")
    # The same number is a bargain where gold labels cost more.
    study["gold_price"], study["grid"]["weak_price"] = 50, 3.5
    assert validate(study).warnings == []


# Answers


def findings(**more):
    return findings_on(posterior_table(), prices={"v": [DOLLARS.in_gold(0.3)]}, money=DOLLARS, **more)


def test_the_studys_answers_are_in_its_currency():
    answers = answer_all(findings())
    assert [answer.question.budget for answer in answers] == [12, 48, 192]
    assert {answer.currency for answer in answers} == {"$"}
    plain = answer_all(findings_on(posterior_table()))
    for answer, other in zip(answers, plain, strict=True):
        assert (answer.purchase.n_weak, answer.purchase.n_gold) == (other.purchase.n_weak, other.purchase.n_gold)
        assert answer.purchase.cost == pytest.approx(3 * other.purchase.cost)
    text = "\n".join(study_answer(answers, 0.1).lines())
    assert (
        "With a small budget of those studied ($12) " in text
        and "weak labels of v at $0.30" in text
        and "gold labels)" not in text
    )
    text = "\n".join(recommendation_lines(answers[-1]))
    assert text.startswith("## Budget $192: a weak label costs $0.30, a gold one $3") and "Cost: $" in text


def test_prices_that_are_asked_for_are_in_the_currency_too():
    several = replace(findings(), prices={"v": [DOLLARS.in_gold(price) for price in (0.3, 0.06)]})
    answers = answer_all(several)
    assert sorted({answer.question.weak_price for answer in answers}) == pytest.approx([0.06, 0.3])
    text = "\n".join(study_answer(answers, DOLLARS.in_gold(0.06)).lines())
    assert "a weak label costs $0.06\n" in text
    same = answer_all(findings_on(posterior_table(), prices={"v": [0.1, 0.02]}))
    for answer, other in zip(answers, same, strict=True):
        assert answer.expected == other.expected


def test_the_currency_stands_in_the_settings_of_the_answers(tmp_path):
    table = tmp_path / "posterior.parquet"
    posterior_table().to_parquet(table)
    settings = asdict(replace(findings(), posterior=None)) | {"money": asdict(DOLLARS)}
    assert make_findings(table, settings).money == DOLLARS
    assert make_findings(table, {k: v for k, v in settings.items() if k != "money"}).money == GOLD_LABELS


def test_the_number_of_texts_to_label_stands_in_the_settings_of_studies_that_say_it(tmp_path):
    table = tmp_path / "posterior.parquet"
    posterior_table().to_parquet(table)
    settings = asdict(replace(findings(), posterior=None))
    assert make_findings(table, settings | {"texts_to_label": 8000}).texts_to_label == 8000
    del settings["texts_to_label"]
    assert make_findings(table, settings).texts_to_label is None


def test_the_reader_s_budget_is_among_those_of_the_answers_in_place_of_one_that_buys_as_many_gold_labels(tmp_path):
    table = tmp_path / "posterior.parquet"
    posterior_table().to_parquet(table)
    settings = asdict(replace(findings(), posterior=None)) | {"money": asdict(DOLLARS), "budgets": [4, 64]}
    for budget, amounts in ((600, [12, 192, 600]), (100, [12, 100, 192]), (194, [12, 194]), (192, [12, 192])):
        assert make_findings(table, settings | {"budget": budget}).amounts == amounts
    assert make_findings(table, settings).amounts == [12, 192]
    found = make_findings(table, settings | {"budget": 600})
    assert sorted({answer.question.budget for answer in answer_all(found)}) == [12, 192, 600]


def test_answers_on_invented_data_say_that_they_are_no_advice(tmp_path):
    table = tmp_path / "posterior.parquet"
    posterior_table().to_parquet(table)
    settings = asdict(replace(findings(), posterior=None))
    assert make_findings(table, settings | {"invented": True}).invented
    assert not make_findings(table, {k: v for k, v in settings.items() if k != "invented"}).invented
    answers = answer_all(findings())
    for invented in (True, False):
        assert recommendation_report(answers, invented=invented).startswith(DEMONSTRATION) == invented
        assert study_answer(answers, 0.1, invented).lines()[0].startswith(DEMONSTRATION) == invented


def asked(*words: str, money: Money = DOLLARS) -> Question:
    return question_of(build_parser().parse_args(["recommend", *words]), money)


def test_the_command_asks_in_the_studys_currency():
    question = asked("--budget", "48", "--weak-price", "6c")
    assert (question.budget, question.weak_price, question.gold_price, question.currency) == (48, 0.06, 3, "$")
    assert asked("--budget", "48", "--gold-price", "4").gold_price == 4
    euros = asked("--budget", "40€", "--gold-price", "2€")
    assert (euros.currency, euros.gold_price) == ("€", 2)
    said = r"prices are in \$, but this amount is in €; write it in \$, or say by --gold-price"
    with pytest.raises(InputError, match=said):
        asked("--budget", "40€")
    assert asked("--budget", "48 dollars") == asked("--budget", "48 USD") == asked("--budget", "$48")
    assert asked("--budget", "40 EUR", money=Money("EUR", 2)) == asked("--budget", "40€", money=Money("EUR", 2))
    assert asked("--budget", "5c", money=Money("€", 2)).currency == "€"
    plain = asked("--budget", "48", money=GOLD_LABELS)
    assert (plain.gold_price, plain.currency) == (1, "")


def test_money_stays_what_it_is_when_gold_labels_cost_another_price():
    def price(**more):
        return float(price_of("v", Question(10, **more), findings()))

    assert price(gold_price=3, currency="$") == pytest.approx(0.1)
    assert price(gold_price=6, currency="$") == pytest.approx(0.05)
    # What another currency is worth is not known.
    assert price(gold_price=6, currency="€") == pytest.approx(0.1)


def test_what_to_do_next_is_asked_at_the_same_prices():
    same, terms = findings(), {"gold_price": 3.0, "currency": "$"}
    for (own_findings, own_question), budget in zip(asked_of(same, Question(0, **terms)), (4, 16, 64), strict=True):
        assert own_question.budget_in_gold == budget
        plain = arms_of(findings_on(posterior_table()), Question(float(budget)))
        assert arms_of(own_findings, own_question).options.cost == pytest.approx(plain.options.cost)
    cheaper = asked_of(same, Question(0, 0.06, **terms))
    assert {float(price_of("v", question, own)) for own, question in cheaper} == {0.02}


def test_the_quality_table_has_prices_in_the_currency():
    record = {"wildcards": {"supervisor": "llm"}, "sources": [{"column": "llm", "aggregate": "", "n": 3}]}
    prices = {"llm": [DOLLARS.in_gold(0.02)]}, {"llm": {"llm": DOLLARS.in_gold(0.02)}}
    told = [record], [{"abstentions": [0.1]}], *prices, {}
    [row] = tabulate_sources(*told, DOLLARS).to_dict("records")
    assert (row["price"], row["currency"]) == (0.02, "$")
    assert "currency" not in tabulate_sources(*told)


def test_the_picture_and_its_caption_are_in_the_currency():
    found = findings()
    [block] = found.posterior.blocks
    prices = {"v": found.prices["v"][0]}
    panels = [Panel(prices, advise(block, [4.0, 16.0, 64.0], prices, None, 0.9))]
    caption = advice_caption("t", panels, [16.0], found.titles, money=DOLLARS)
    assert "(a weak label costs $0.30)" in caption and "\n- $48: " in caption
    assert "Budgets and costs are in $; a gold label costs $3." in caption
    figure = plot_what_to_buy(panels, "t", "accuracy", 0.9, DOLLARS)
    lower = figure.axes[1]
    assert lower.get_xlim() == (12, 192) and figure.get_supxlabel() == "budget, in $"
    assert "a weak label costs $0.30" in figure.axes[0].get_title()
    plain = plot_what_to_buy(panels, "t", "accuracy", 0.9)
    assert plain.axes[1].get_xlim() == (4, 64) and plain.get_supxlabel() == "budget, in gold labels"


def test_the_explorer_opens_in_the_currency():
    study = {"name": "own", "titles": {}, "prices": {"v": [0.1]}, "weak_price": 0.1, "budgets": [16], "verdict": 0.9}
    study |= {"pool_sizes": {}, "measure": "accuracy", "precision": ""}
    posterior = findings().posterior
    told = page_data(posterior, pd.DataFrame(), study | {"money": asdict(DOLLARS)})["study"]
    assert (told["currency"], told["goldPrice"], told["budgets"]) == ("$", 3, [16])
    plain = page_data(posterior, pd.DataFrame(), study)["study"]
    assert (plain["currency"], plain["goldPrice"]) == ("", 1)


def test_one_question_in_two_units_has_one_answer():
    plain = recommend(findings_on(posterior_table()), Question(50))
    money = recommend(findings(), Question(150, gold_price=3, currency="$"))
    assert money.expected == plain.expected and money.purchase.cost == pytest.approx(3 * plain.purchase.cost)
