"""What holds of every answer, over finished studies, budgets and prices."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from posteriors import drawn_evidence, findings_on, fitted

from elicitation.analysis.choices import CLEARLY_CHEAPER, MIN_GAIN, NEARLY, SAME_SCORE, decide
from elicitation.analysis.findings import Findings, Question, narrow
from elicitation.analysis.names import NOTHING_BOUGHT, REGIMES, UNDETERMINED
from elicitation.analysis.questions import offer
from elicitation.analysis.ready_labels import leading_labels
from elicitation.analysis.recommendation import ask, recommend
from elicitation.analysis.recommendation_json import plain_answer
from elicitation.analysis.recommendation_text import percent, recommendation_lines
from elicitation.analysis.recommended import Recommendation, recommendation_from
from elicitation.cli import main
from elicitation.cli_ask import rounded
from elicitation.files import hash_file, write_json, write_table

STUDIES = ("default", "sandbox", "falling", "lopsided")
BUDGETS = np.geomspace(1, 6000, 200).round(2).tolist()
# From free weak labels to such as cost more than gold ones.
PRICES = (0.0, 0.02, 0.1, 0.5, 1.2)
GRID = [(round(share * b / 0.1), b - round(share * b)) for b in (16, 64, 256, 1024) for share in (0, 0.2, 0.5, 1)]


def sandbox() -> pd.DataFrame:
    """Three tasks, on which weak labels saturate at different scores."""
    parts = [
        drawn_evidence(
            lambda w, g, top=top: 0.95 - 0.42 * (1 + (g + top * w / (w + 300)) / 12) ** -0.7,
            GRID,
            seed,
            asking=0.6,
            task=task,
        )
        for seed, (task, top) in enumerate({"topic": 40, "verdict": 15, "hope": 5}.items())
    ]
    return fitted(pd.concat(parts, ignore_index=True), ["topic", "verdict", "hope"])


def make_posterior(name: str) -> pd.DataFrame:
    if name == "default":
        return fitted(pd.read_parquet(Path(__file__).with_name("default_evidence.parquet")))
    if name == "sandbox":
        return sandbox()
    if name == "falling":
        # The student learns the supervisor's errors.
        return fitted(
            drawn_evidence(
                lambda w, g: 0.66 + 0.035 * np.log1p(g) - 0.03 * np.maximum(0, np.log1p(w) - 5), GRID, 5, asking=0.55
            )
        )
    return fitted(drawn_evidence(lambda w, g: 0.96 + 0 * w, GRID, 6, asking=0.9, commoner=0.96, luck=0.002))


@pytest.fixture(scope="module", params=STUDIES)
def findings(request) -> Findings:
    table = make_posterior(request.param)
    return findings_on(table, {name: [0.5, 0.1] for name in table.supervisor.unique() if name})


@pytest.fixture(scope="module")
def answers(findings) -> dict[float, list[Recommendation]]:
    """By price, in the order of BUDGETS."""
    return {price: [recommend(findings, Question(budget, price)) for budget in BUDGETS] for price in PRICES}


def each(answers):
    return (answer for of_price in answers.values() for answer in of_price)


def test_more_money_never_lowers_the_expected_score(answers):
    for of_price in answers.values():
        scores = np.array([answer.expected.mean for answer in of_price])
        assert (scores >= np.maximum.accumulate(scores) - SAME_SCORE - 1e-12).all()


def test_the_regime_is_the_strategy_that_is_recommended(answers):
    for answer in each(answers):
        regime = answer.regime
        assert regime.strategy == (answer.purchase.strategy if answer.purchase else NOTHING_BOUGHT)
        assert regime.name in (UNDETERMINED, REGIMES.get(regime.strategy, NOTHING_BOUGHT))
        if answer.purchase and regime.name != UNDETERMINED:
            assert regime.probabilities[regime.strategy] >= regime.wanted
        assert answer.supported == (answer.studied.within and regime.name != UNDETERMINED)


def test_nothing_is_recommended_that_is_worse_than_something_cheaper(findings, answers):
    """Compared with every purchase that was run and with what costs nothing, straight from the table."""
    block = narrow(findings.posterior, Question(1))
    table = findings.posterior.table
    table = table[(table.student == block.student) & (table.task == block.task)]
    runs = table[(table.kind == "purchase") & table.measured.notna()]
    for price, of_price in answers.items():
        # Weak labels as they are cost their price for each text.
        nothing = ["asking", "commoner label", *["weak labels"] * (price == 0)]
        free = table[table.kind.isin(nothing)].score.max()
        # Labels that cost as much as gold ones are not bought.
        bought = runs if price < 1 else runs[runs.n_weak == 0]
        cost, score = (bought.n_gold + price * bought.n_weak).to_numpy(), bought.score.to_numpy()
        for answer in of_price:
            assert answer.expected.mean >= free
            if answer.purchase:
                cheaper = score[cost <= answer.purchase.cost * (1 + 1e-9)]
                assert answer.expected.mean >= cheaper.max(initial=free) - SAME_SCORE - 1e-9
                assert answer.purchase.n_weak == 0 or price < 1
            elif answer.alternatives:
                assert max(other.expected.mean for other in answer.alternatives.values()) <= free + SAME_SCORE


def test_what_is_nearly_as_good_is_clearly_cheaper_and_only_a_little_worse(answers):
    named = [(answer, answer.cheaper) for answer in each(answers) if answer.cheaper]
    for answer, found in named:
        paid = found.purchase.cost if found.purchase else 0
        assert answer.purchase.cost > 0 and paid <= CLEARLY_CHEAPER * answer.purchase.cost * (1 + 1e-9)
        assert found.expected.mean >= answer.expected.mean - NEARLY and found.as_good > 1 - answer.regime.wanted


def test_beyond_what_was_studied_nothing_is_supported(answers):
    for answer in each(answers):
        studied = answer.studied
        if studied.most_expensive is not None and answer.question.budget > studied.most_expensive + 1e-6:
            assert not answer.supported and not studied.within and studied.unspent > 0
            # Where labels are used as they are, the money is spent on these.
            rest = "What more labels would bring a student" if leading_labels(answer) else "unspent"
            assert any("beyond what was studied" in line and rest in line for line in recommendation_lines(answer))
    assert not all(answer.supported for answer in answers[0.1]), "6,000 is beyond every study"


def test_the_same_purchase_has_the_same_number_everywhere(findings, answers):
    sample = [answer for answer in list(each(answers))[::10] if answer.purchase]
    for answer in sample:
        bought = answer.purchase
        named = {"supervisor": bought.supervisor, "method": bought.method, "task": answer.task}
        told = offer(findings, replace(answer.question, **named), bought.n_weak, bought.n_gold)
        assert told.offer.expected == answer.expected and told.offer.studied
        assert told.offer.purchase.cost == pytest.approx(bought.cost)
        text = "\n".join(recommendation_lines(answer))
        assert f": {percent(answer.expected.mean)} %, between {percent(answer.expected.low)} and " in text
        assert recommendation_from(json.loads(json.dumps(plain_answer(answer)))) == answer


def test_one_supervisor_and_method_alone_have_the_regime_of_their_block(findings):
    """What the table of regimes and the map read."""
    block = narrow(findings.posterior, Question(1))
    for surface in block.surfaces:
        for budget in BUDGETS[::20]:
            question = Question(budget, 0.1, supervisor=surface.supervisor, method=surface.method)
            own = decide(block.only(surface.supervisor, surface.method), ask(findings, question).terms, 0.9)
            assert recommend(findings, question).regime.name == own.regime


def test_the_command_says_what_the_function_says(findings, answers, tmp_path, capsys):
    results = tmp_path / "results"
    write_table(results / "posterior.parquet", findings.posterior.table)
    settings = {name: value for name, value in vars(findings).items() if name not in ("posterior", "budgets", "money")}
    settings = {name: settings[name] for name in ("prices", "titles", "verdict", "measure", "average_over")}
    inputs = {"results/posterior.parquet": hash_file(results / "posterior.parquet")}
    write_json(results / "recommendation.json", {"settings": settings | {"budgets": []}, "inputs": inputs})
    for price, of_price in answers.items():
        for answer in of_price[::72]:
            words = ["--budget", str(answer.question.budget), "--weak-price", str(price), "--json"]
            assert main(["recommend", str(tmp_path), *words]) == 0
            told = json.loads(capsys.readouterr().out)
            assert told == json.loads(json.dumps(rounded(plain_answer(answer))))


def test_a_tie_is_no_gain():
    assert SAME_SCORE <= 0.0005 < MIN_GAIN
