import json
import math
import subprocess
import sys
from dataclasses import asdict, replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from simulated import draw_study

from elicitation.analysis.evidence import Evidence
from elicitation.analysis.findings import Question, read_findings
from elicitation.analysis.names import UNDETERMINED
from elicitation.analysis.next_steps import factor_alone, next_steps, purchase_of
from elicitation.analysis.options import find_options
from elicitation.analysis.production import Fit, as_json
from elicitation.analysis.recommendation import Nothing, answer_all, recommend, recommendation_from
from elicitation.analysis.recommendation_text import recommendation_lines, recommendation_report
from elicitation.cli import main
from elicitation.errors import InputError
from elicitation.files import hash_file, read_json, write_json, write_table

PURCHASES = [(40, 0), (20, 2), (0, 4), (160, 0), (80, 8), (0, 16), (640, 0), (320, 32), (0, 64)]
CAPPED = {"top": 0.95, "scale": 20.0, "beta": 1.0, "cap": 20.0, "half": 100.0}
PRICES = {"v": [0.1]}


def fit_of(verdict="good", parameters=CAPPED, spread=0.02, **names):
    """A production function whose replicates differ in their `top`."""
    values = np.tile(list(parameters.values()), (200, 1))
    values[:, 0] += np.linspace(-spread, spread, 200)
    names = {"task": "t", "supervisor": "v", "student": "s", "method": "m"} | names
    return Fit(
        **names, form="capped", verdict=verdict, reason="", error=0.01, noise=0.01, parameters=parameters,
        replicates=values, purchases=np.array(PURCHASES), accuracy=np.full(len(PURCHASES), 0.8), weak_price=0.1,
        cheapest=4.0, dearest=64.0,
    )  # fmt: skip


def accuracies(best=None):
    values = fit_of().predict(*np.transpose(PURCHASES))
    return [float(min(value + 0.08 * (pair == best), 0.97)) for pair, value in zip(PURCHASES, values, strict=True)]


@pytest.fixture
def folder(tmp_path):
    """A finished study's folder, as far as the recommendation reads it."""

    def write(fits=None, best=None, prices=PRICES, verdict=0.9, studies=({},)):
        tables = []
        for i, names in enumerate(studies):
            drawn = draw_study(PURCHASES, accuracies(best), np.random.default_rng(i), seed_spread=0.005)
            tables.append(drawn.points.assign(deviations=list(drawn.deviations.astype(np.float32)), **names))
        write_table(tmp_path / "results/resamples.parquet", pd.concat(tables, ignore_index=True))
        fits = [fit_of(**names) for names in studies] if fits is None else fits
        made_from = {"inputs": {"results/resamples.parquet": hash_file(tmp_path / "results/resamples.parquet")}}
        write_json(tmp_path / "results/production.json", {"fits": list(map(as_json, fits))} | made_from)
        settings = {"prices": prices, "titles": {"m": "Method M"}, "verdict": verdict, "pool_sizes": {}}
        write_json(tmp_path / "results/recommendation.json", {"settings": settings} | made_from)
        return tmp_path

    return write


def test_the_purchase_is_the_production_functions_best_within_the_budget(folder):
    answer = recommend(read_findings(folder()), Question(50, 0.1))
    bought = answer.recommended
    shares = [(np.floor((50 - g) / 0.1 + 1e-9) if g < 50 else 0, g) for g in np.arange(0, 50.1, 2.5) // 1]
    best = max(fit_of().predict(min(weak, 640), gold) for weak, gold in shares)
    assert fit_of().predict(bought.n_weak, bought.n_gold) >= best - 0.001
    assert bought.n_gold + 0.1 * bought.n_weak == pytest.approx(bought.cost) and bought.cost <= 50
    assert answer.accuracy.mean == pytest.approx(best, abs=0.005)
    assert answer.accuracy.low < answer.accuracy.mean < answer.accuracy.high


def asking(findings, accuracy, n_seeds=1):
    """The findings with asking without labels, by a method of its own and with next to no uncertainty."""
    known = findings.evidence
    point = known.points.iloc[:1].assign(method="few_shot", n_weak=0, n_gold=0, accuracy=accuracy, n_seeds=n_seeds)
    deviations = np.tile([-0.001, 0.001], known.replicates // 2)[None]
    points = pd.concat([known.points, point], ignore_index=True)
    return replace(findings, evidence=Evidence(points, np.vstack([known.deviations, deviations])))


def test_asking_without_labels_changes_no_purchase(folder):
    findings = read_findings(folder())
    alone, beside = (recommend(found, Question(50, 0.1)) for found in (findings, asking(findings, 0.9)))
    assert alone.nothing == Nothing(0.5, None) and alone.worth_buying == "yes"
    assert replace(beside, nothing=None) == replace(alone, nothing=None)
    assert beside.n_seeds > 1, "that of the purchase"


def test_where_asking_without_labels_is_better_nothing_is_to_be_bought(folder):
    answer = recommend(asking(read_findings(folder()), 0.97), Question(50, 0.1))
    found = answer.nothing.asking
    assert found.accuracy.mean == pytest.approx(0.97) and found.difference.mean < 0
    assert found.accuracy.low == pytest.approx(0.969, abs=1e-4)
    assert answer.worth_buying == "no" and answer.asking_is_as_good
    text = "\n".join(recommendation_lines(answer))
    assert "**Buy nothing" in text and "97.0 % (96.9 to 97.1)" in text and "test examples alone" in text
    assert "always the commoner answer: 50.0 %" in text
    assert "**97.0 % (96.9 to 97.1)**" in recommendation_report([answer])


def test_where_labels_are_better_than_asking_they_are_bought(folder):
    answer = recommend(asking(read_findings(folder(best=(320, 32))), 0.6), Question(64, 0.1))
    assert answer.nothing.asking.probability == 1 and answer.worth_buying == "yes"
    text = "\n".join(recommendation_lines(answer))
    assert "Buy nothing" not in text and "always the commoner answer" in text
    assert "| 60.0 % (59.9 to 60.1) |" in recommendation_report([answer])


def test_what_is_as_good_as_asking_is_undetermined_and_nothing_advised(folder):
    findings = read_findings(folder([fit_of("bad")], best=(0, 64)))
    level = recommend(findings, Question(64, 0.1)).accuracy.mean
    answer = recommend(asking(findings, level + 1e-4), Question(64, 0.1))
    assert answer.worth_buying == UNDETERMINED and answer.asking_is_as_good
    assert "(undetermined)" in "\n".join(recommendation_lines(answer))


def test_one_seed_never_decides_whether_labels_are_worth_it(folder):
    answer = recommend(asking(read_findings(folder()), 0.97), Question(50, 0.1))
    assert replace(answer, n_seeds=1).worth_buying == UNDETERMINED


def test_a_method_that_is_only_asked_buys_nothing(folder):
    with pytest.raises(InputError, match="bought no labels for few_shot"):
        recommend(asking(read_findings(folder()), 0.9), Question(50, 0.1, method="few_shot"))


def test_prices_and_budget_may_be_in_any_currency(folder):
    findings = read_findings(folder())
    gold, euros = recommend(findings, Question(50, 0.1)), recommend(findings, Question(1000, 2, gold_price=20))
    assert euros.recommended == replace(gold.recommended, cost=gold.recommended.cost * 20)
    assert euros.weak_price == 2 and euros.accuracy == gold.accuracy


def test_both_pure_strategies_are_told_with_how_much_worse_they_are(folder):
    answer = recommend(read_findings(folder()), Question(50, 0.1))
    assert answer.recommended.strategy == "mixed"
    assert set(answer.pure_strategies) == {"weak only", "gold only"}
    for name, other in answer.pure_strategies.items():
        assert (other.n_gold == 0) == (name == "weak only") and (other.n_weak == 0) == (name == "gold only")
        expected = fit_of().predict(other.n_weak, other.n_gold) - answer.accuracy.mean
        assert other.difference.mean == pytest.approx(expected, abs=0.01)


def test_the_data_support_what_the_runs_show_by_themselves(folder):
    answer = recommend(read_findings(folder(best=(320, 32))), Question(64, 0.1))
    assert answer.recommended.strategy == "mixed" and answer.regime["regime"] == "mixed"
    assert answer.supported and answer.next == []
    assert "The data support it" in "\n".join(recommendation_lines(answer))


def test_a_smooth_function_alone_supports_nothing(folder):
    """The runs are level; the function sees a gain in mixing."""
    answer = recommend(read_findings(folder(verdict=0.99)), Question(64, 0.1))
    assert not answer.supported and answer.regime["regime"] == UNDETERMINED
    assert any("seeds" in step for step in answer.next)
    assert "Undetermined" in "\n".join(recommendation_lines(answer))


def test_where_the_runs_decide_the_strategy_they_are_followed(folder):
    findings = read_findings(folder(best=(0, 64)))
    table = find_options(findings, Question(64, 0.1)).table
    assert table.strategy[table.accuracy.idxmax()] == "mixed", "the function alone would mix"
    answer = recommend(findings, Question(64, 0.1))
    assert answer.regime["regime"] == "quality-dominant" and answer.supported
    assert (answer.recommended.n_weak, answer.recommended.n_gold) == (0, 64)


def test_a_bad_fit_is_not_followed(folder):
    findings = read_findings(folder([fit_of("bad")], best=(0, 64)))
    options = find_options(findings, Question(64, 0.1))
    table, draws = options.table, options.draws
    assert set(zip(table.n_weak, table.n_gold, strict=True)) == set(PURCHASES) and draws.shape == (9, 400)
    answer = recommend(findings, Question(64, 0.1))
    assert (answer.recommended.n_weak, answer.recommended.n_gold) == (0, 64)
    assert "bad fit" in answer.basis


@pytest.mark.parametrize(
    ("question", "best", "bought"),
    [
        pytest.param(Question(32, 0.1), (0, 16), (0, 32), id="in the same proportion"),
        pytest.param(Question(32, 0.1), (80, 8), (160, 16), id="both kinds"),
        pytest.param(Question(1000, 0.1), (0, 64), (0, 64), id="no more than was studied"),
        pytest.param(Question(64, 0.1), (0, 16), (0, 16), id="not against more expensive runs"),
        pytest.param(Question(33, 0.3), (80, 8), (82, 8), id="whole labels"),
    ],
)
def test_what_was_run_is_scaled_to_the_budget_where_nothing_says_that_more_is_not_better(
    folder, question, best, bought
):
    findings = read_findings(folder([fit_of("bad")], best=best))
    points = findings.evidence.points
    points["accuracy"] = [0.9 if pair == best else 0.7 for pair in zip(points.n_weak, points.n_gold, strict=True)]
    answer = recommend(findings, question)
    assert answer_pair(answer) == bought
    assert answer.recommended.cost == pytest.approx(bought[1] + question.weak_price * bought[0])
    assert answer.accuracy.mean == pytest.approx(0.9, abs=0.02), "that of the purchase that was run"
    run = f"scaled to the budget from {best[0]} weak + {best[1]} gold labels, whose accuracy this is"
    assert (run in answer.basis) == (bought != best)
    assert answer_pair(recommend(replace(findings, pool_sizes={"t": sum(best)}), question)) == best


def test_purchases_of_strategies_that_were_never_run_are_named(folder):
    answer = recommend(read_findings(folder([fit_of("bad")])), Question(10, 2.0))
    assert answer.regime["missing"] == ["weak only", "mixed"] and not answer.supported
    named = "runs of 5 weak + 0 gold labels and of 2 weak + 5 gold labels, where the method can make them"
    assert answer.next == [f"{named}: no purchase within the budget is weak only or mixed"]


def test_what_is_proposed_spends_the_budget_and_can_be_bought():
    assert purchase_of("weak only", 10, 0.1, math.inf) == (100, 0) and purchase_of("weak only", 10, 0.1, 60) == (60, 0)
    assert purchase_of("mixed", 10, 0.1, math.inf) == (50, 5) and purchase_of("mixed", 10, 0.1, 20) == (15, 5)
    assert purchase_of("gold only", 10, 0.1, 4) == (0, 4)
    assert purchase_of("mixed", 1.5, 2.0, math.inf) is None and purchase_of("gold only", 0.5, 0.1, math.inf) is None


def test_beyond_the_study_runs_of_that_size_are_asked_for_in_labels(folder):
    answer = recommend(read_findings(folder([fit_of()])), Question(20000, 2, gold_price=20))
    assert not answer.studied
    labels = "{n_weak} weak + {n_gold} gold labels".format(**asdict(answer.recommended))
    assert answer.next == [f"runs of {labels} and of other purchases of that size: the study has none"]


def test_no_more_labels_are_recommended_than_the_pool_holds(folder):
    findings = replace(read_findings(folder()), pool_sizes={"t": 100})
    table = find_options(findings, Question(64, 0.1)).table
    assert (table.n_weak + table.n_gold).max() == 100


def test_beyond_the_study_nothing_is_supported_and_the_runs_to_add_are_named(folder):
    answer = recommend(read_findings(folder()), Question(1000, 0.1))
    bought = answer.recommended
    assert bought.n_weak <= 640 and bought.n_gold <= 64, "no more labels than were studied"
    assert not answer.studied and not answer.supported and "of that size: the study has none" in answer.next[0]


def test_the_better_supervisor_is_chosen_each_at_its_own_price(folder):
    better = CAPPED | {"cap": 60.0}
    fits = [fit_of(), fit_of(parameters=better, supervisor="w")]
    study = folder(fits, prices={"v": [0.1], "w": [0.2]}, studies=({}, {"supervisor": "w"}))
    answer = recommend(read_findings(study), Question(60))
    assert answer.recommended.supervisor == "w" and answer.weak_price == 0.2
    only = recommend(read_findings(study), Question(60, supervisor="v"))
    assert only.recommended.supervisor == "v" and only.weak_price == 0.1


def test_luck_among_many_methods_is_not_counted(folder):
    names = [{"method": f"m{i}"} for i in range(12)]
    rng = np.random.default_rng(0)
    fits = []
    for entry in names:
        top = 0.9 + 0.02 * rng.standard_normal()
        fits.append(fit_of(parameters=CAPPED | {"top": top}, spread=0.035, **entry))
    shuffled = [rng.permutation(200) for _ in fits]
    for fit, order in zip(fits, shuffled, strict=True):
        fit.replicates[:] = fit.replicates[order]
    answer = recommend(read_findings(folder(fits, studies=names)), Question(50, 0.1))
    best = max(fit.predict(*answer_pair(answer)) for fit in fits)
    assert answer.accuracy.mean < best


def answer_pair(answer):
    return answer.recommended.n_weak, answer.recommended.n_gold


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (Question(50), "several prices of a weak label (0.5, 0.1); name yours by --weak-price"),
        (Question(50, 0.1, task="x"), "no result for the task 'x'; known are t, u"),
        (Question(50, 0.1), "several tasks: t, u; name one by --task"),
        (Question(0.05, 0.1, task="t"), "buys nothing that was studied at these prices; raise it"),
        (Question(50, 0.1, task="t", method="m2"), "no result for the method 'm2'; known are m"),
    ],
)
def test_what_cannot_be_answered_is_told_in_a_sentence(folder, question, sentence):
    studies = ({}, {"task": "u", "method": "m2"})
    findings = read_findings(folder(prices={"v": [0.5, 0.1]}, studies=studies))
    if question == Question(50):
        question = Question(50, task="t")
    with pytest.raises(InputError) as error:
        recommend(findings, question)
    assert sentence in str(error.value)


def test_a_student_on_one_task_alone_is_found_there(folder):
    studies = ({"task": "average"}, {"task": "t"}, {"task": "t", "student": "tiny"})
    findings = read_findings(folder(studies=studies))
    assert recommend(findings, Question(50, 0.1, student="tiny")).task == "t"
    assert recommend(findings, Question(50, 0.1, student="s")).task == "average"


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("production.json", None, "production.json comes from other runs than .*run the study to its end"),
        ("recommendation.json", None, "recommendation.json comes from other runs than .*run the study to its end"),
        ("production.json", '{"fits": [', r"production.json cannot be read \(.*\); delete it. Then run the study"),
    ],
)
def test_what_was_not_brought_up_to_date_is_told(folder, file, content, sentence):
    path = folder() / "results" / file
    old = json.dumps(read_json(path) | {"inputs": {"results/resamples.parquet": "another hash"}})
    path.write_text(content or old)
    with pytest.raises(InputError, match=sentence):
        read_findings(path.parents[1])


@pytest.mark.parametrize(
    ("excess", "share", "factor"),
    [(4, 1.0, 4), (1, 0.5, 1), (1.5, 0.5, 3), (2, 0.5, float("inf")), (3, 0.2, float("inf")), (0.5, 0.5, 1 / 3)],
)
def test_seeds_alone_cannot_make_up_for_few_test_examples(excess, share, factor):
    assert factor_alone(excess, share) == pytest.approx(factor)
    if factor < float("inf"):
        assert share / factor + 1 - share == pytest.approx(1 / excess)


@pytest.mark.parametrize(
    ("share", "step"),
    [
        (1.0, "about 9 seeds in all (now 4) of 0 weak + 64 gold labels"),
        (0.9, "about 10 seeds in all (now 4) of 0 weak + 64 gold labels"),
        (0.5, "about 9 seeds in all (now 4) of 0 weak + 64 gold labels"),
        (0.1, "about 950 test examples in all (now 400)"),
        (0.0, "about 836 test examples in all (now 400)"),
    ],
)
def test_test_examples_are_asked_for_where_seeds_alone_would_not_do(share, step):
    option = {"n_seeds": 4, "n_test": 400, "seed_share": share, "weak_price": 0.1, "studied": True}
    # The lead must be 2.33 of its standard errors; it is 1.61.
    regime = {"missing": [], "winner": "gold only", "lead": 0.0161, "lead_low": -0.0035, "lead_high": 0.0357}
    regime |= {"n_weak": 0, "n_gold": 64}
    [said] = next_steps(pd.Series(option, dtype=object), regime, 0.99, Fraction(64), math.inf)
    assert said.startswith(step)
    assert said.endswith(" and about 836 test examples in all (now 400)") == (share == 0.5)


def test_labels_of_a_source_with_one_price_keep_it_in_the_report(folder):
    cheap = {"w": [0.2], "v": [0.5, 0.02]}
    fits = [fit_of(), fit_of(supervisor="w", parameters=CAPPED | {"cap": 60.0})]
    findings = read_findings(folder(fits, prices=cheap, studies=({}, {"supervisor": "w"})))
    answers = answer_all(findings, [4, 64])
    asked = [(answer.question.weak_price, answer.question.budget) for answer in answers]
    assert asked == [(0.5, 4), (0.5, 64), (0.02, 4), (0.02, 64)]
    for answer in answers:
        bought = answer.recommended
        price = 0.2 if bought.supervisor == "w" else answer.question.weak_price
        assert bought.cost == pytest.approx(bought.n_gold + price * bought.n_weak) and bought.cost <= 64
        assert answer.weak_price == price
        told = "\n".join(recommendation_lines(answer))
        assert f"a weak label costs {answer.question.weak_price:g}" in told
        assert ("(weak ones of w, which cost 0.2)" in told) == (bought.supervisor == "w" and bought.n_weak > 0)
        for name, other in answer.pure_strategies.items():
            source = f" of {other.supervisor}" if other.supervisor != bought.supervisor else ""
            assert (f"- {name} ({other.n_weak} weak + 0 gold labels{source}): " in told) == (name == "weak only")
    assert "(weak ones of w, which cost 0.2) | Method M |" in recommendation_report(answers)
    assert {answer.recommended.supervisor for answer in answers} == {"v", "w"}
    asked = recommend(findings, Question(64, 0.01, supervisor="w"))
    assert asked.weak_price == 0.01, "whoever names a price means it"


def test_a_recommendation_survives_its_file(folder):
    for findings in (read_findings(folder()), asking(read_findings(folder()), 0.9)):
        answer = recommend(findings, Question(50, 0.1))
        assert recommendation_from(json.loads(json.dumps(asdict(answer)))) == answer


def test_an_unfinished_study_is_told(tmp_path):
    with pytest.raises(InputError, match="run the study to its end first"):
        read_findings(tmp_path)


def test_the_report_has_a_row_a_budget_and_price_and_says_each_in_words(folder):
    answers = answer_all(read_findings(folder(prices={"v": [0.5, 0.1]})), [4, 16, 64])
    text = recommendation_report(answers)
    assert len(answers) == 6 and text.count("\n## Budget") == 6 and text.count("\n| t | s |") == 6


def test_the_command_prints_words_or_json_and_refuses_bad_numbers(folder, capsys):
    study = str(folder())
    assert main(["recommend", study, "--budget", "50", "--weak-price", "0.1"]) == 0
    assert "**Buy " in capsys.readouterr().out
    assert main(["recommend", study, "--budget", "50", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recommended"]["n_gold"] > 0
    with pytest.raises(SystemExit):
        main(["recommend", study, "--budget", "-3"])
    assert "-3 must be a number from 1e-12 to 1e+12" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["recommend", study, "--budget", "50", "--weak-price", "1e-300"])
    assert "1e-300 must be a number from 1e-12 to 1e+12" in capsys.readouterr().err
    assert main(["recommend", study, "--budget", "50", "--task", "x"]) == 1
    assert "Error: There is no result for the task 'x'" in capsys.readouterr().err


def test_the_command_imports_nothing_heavy(folder):
    code = (
        "import sys; from elicitation.cli import main; main(sys.argv[1:]); "
        "sys.exit(bool({'sklearn', 'scipy', 'torch', 'matplotlib', 'statsmodels'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "recommend", str(folder()), "--budget", "50"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
