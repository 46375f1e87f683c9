"""What to run, test or buy next, and that following it wastes less than a fixed grid."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from posteriors import drawn_evidence, findings_on, fitted, posterior_table

from elicitation.analysis.findings import Held, Question
from elicitation.analysis.gold_test_plan import plan_ready_tests, variance_of
from elicitation.analysis.names import LABELS, NOT_ASKED, PURCHASE
from elicitation.analysis.next_steps import (
    Step,
    arms_of,
    candidates,
    expected_rise,
    hours_of,
    key_of_runs,
    known_of,
    plan,
    told,
)
from elicitation.analysis.next_steps_text import (
    BEYOND,
    LEAST_TOLD,
    UNKNOWN,
    HowTo,
    options_after,
    plan_lines,
    round_words,
)
from elicitation.analysis.questions import with_largest_budget
from elicitation.analysis.ready_labels import leading_labels
from elicitation.analysis.ready_labels_text import use_words
from elicitation.analysis.recommendation import recommend
from elicitation.analysis.recommendation_notes import notes
from elicitation.analysis.recommended import Estimate, WeakLabels
from elicitation.buying.amounts import GOLD_LABELS, Money
from elicitation.cli import main
from elicitation.files import hash_file, write_json, write_table
from elicitation.jobs.training_times import training_times

GRID = [(0, 8), (0, 16), (0, 32), (0, 64), (80, 0), (160, 0), (320, 0), (640, 0), (80, 8), (160, 16), (320, 32)]
HOW = HowTo("mine.yaml", "snakemake --cores all", "runs/mine", GOLD_LABELS)
# The standard deviation of a run's score in the simulation.
NOISE = 0.03
TIMES = pd.DataFrame({"student": "s", "labels": [10, 110], "seconds": [10.0, 60.0]})


def close(n_weak, n_gold):
    """A score by which the ways of spending 50 gold labels are nearly as good."""
    return 0.64 + 0.036 * np.log1p(n_gold) + 0.019 * np.log1p(n_weak) * (n_gold == 0) + 0.004 * np.log1p(n_weak)


def studied(truth=close, **more):
    evidence = drawn_evidence(truth, GRID, 1, asking=0.6)
    return findings_on(fitted(evidence), **more), evidence


@pytest.fixture(scope="module")
def study():
    return studied()


def known(study):
    findings, evidence = study
    return known_of(findings, evidence, findings.posterior.blocks[0])


def test_expected_rise_of_two_is_that_of_draws():
    """The closed form of one observation, against its definition."""
    means, changes = np.array([0.8, 0.79]), np.array([[0.004], [0.02]])
    drawn = means[:, None] + changes * np.random.default_rng(0).standard_normal(400000)
    assert expected_rise(means, changes) == pytest.approx(drawn.max(axis=0).mean() - 0.8, rel=0.01)


def test_expected_rise_of_many_is_at_least_that_of_the_best_pair_and_never_negative():
    rng = np.random.default_rng(1)
    for _ in range(20):
        means, changes = rng.random(6), 0.2 * rng.standard_normal((6, 3))
        drawn = means[:, None] + changes @ rng.standard_normal((3, 20000))
        assert 0 <= expected_rise(means, changes) <= drawn.max(axis=0).mean() - means.max() + 0.01
    assert expected_rise(np.array([0.8, 0.7]), np.zeros((2, 1))) == 0
    assert expected_rise(np.array([0.8]), np.ones((1, 1))) == 0


def test_an_observation_lessens_the_uncertainty_and_never_by_more_than_there_is(study):
    found = known(study)
    surface = found.block.surfaces[0]
    before = (surface.factors**2).sum(axis=-1)
    steps = [found.one_more_seed(surface, *pair) for pair in (*GRID, (100, 0), (0, 24))]
    for change in (*steps, found.more_examples(2), found.more_examples(100)):
        less = ((surface.factors @ change) ** 2).sum(axis=-1)
        assert (less <= before + 1e-9).all() and less.max() > 0


def test_many_more_examples_leave_the_seeds_noise(study):
    found = known(study)
    surface = found.block.surfaces[0]
    i, j = np.searchsorted(surface.weak, 160), np.searchsorted(surface.gold, 16)
    before = (surface.factors[i, j] ** 2).sum()
    less = [((surface.factors[i, j] @ found.more_examples(times)) ** 2).sum() for times in (1, 2, 4, 1e6)]
    assert less[0] == pytest.approx(0, abs=1e-12) and less[0] < less[1] < less[2] < less[3] < before


def test_a_first_run_tells_most_about_its_own_purchase(study):
    found = known(study)
    surface = found.block.surfaces[0]
    change = found.one_more_seed(surface, 100, 0)
    there, far = surface.at([100, 0], [0, 64]).factors @ change
    assert abs(there[0]) > 1.3 * abs(far[0])


def test_purchases_that_may_become_the_best_are_worth_running(study):
    findings, evidence = study
    found = plan(findings, evidence, Question(50, 0.1), TIMES)
    assert found.runs and found.runs == sorted(found.runs, key=lambda step: -step.rate)
    assert all(step.gain > 0 and step.hours > 0 for step in found.runs)
    best = max(found.runs, key=lambda step: step.gain)
    assert best.n_gold + 0.1 * best.n_weak < 3 * 50, "what cannot be bought tells little"
    assert {(step.n_weak, step.n_gold) for step in found.runs if step.n_seeds} <= set(GRID)


def test_every_kind_of_step_is_told_in_words_and_as_json(study):
    findings, evidence = study
    found = plan(findings, evidence, Question(50, 0.1), TIMES)
    tests = plan(findings, evidence, Question(1e4, 0.1), TIMES).tests
    assert tests[0].gain >= tests[-1].gain and {step.n_test for step in tests} <= {800, 1600}
    assert {step.gold_labels for step in tests} == {400, 1200}
    assert all(step.n_gold + 0.1 * step.n_weak <= 0.75 * 50 for step in found.labels)
    text = "\n".join(plan_lines(found, HOW))
    assert "## What next? t, student s, budget 50\n" in text
    of_texts = plan_lines(replace(found, question=replace(found.question, pool=8000)), HOW)
    assert "## What next? t, student s, budget 50 for 8,000 texts\n" in "\n".join(of_texts)
    assert "The budget is for what is bought in the end, at once or in rounds, not for runs or test examples. " in text
    assert "More runs, by gain an hour:" in text
    assert BEYOND in text and "larger budgets, another model or other learning rates" in BEYOND
    assert "minutes of training" in text
    assert "To run what you choose, change the keys in brackets in mine.yaml, then run snakemake --cores all" in text


def test_test_examples_that_cost_more_than_the_budget_are_left_out(study):
    findings, evidence = study
    for budget, expected in ((50, set()), (400, {400}), (0, {400, 1200})):
        found = plan(findings, evidence, Question(budget, 0.1), TIMES)
        assert {step.gold_labels for step in found.tests} == expected
        assert ("More test examples" in "\n".join(plan_lines(found, HOW))) == bool(expected)


def test_every_step_says_how_it_is_done_and_what_its_labels_cost(study):
    findings, evidence = study
    money = Money("$", 2.0)
    found = plan(findings, evidence, Question(100, 0.2, 2.0, currency="$"), TIMES)
    lines = list(plan_lines(found, replace(HOW, money=money)))
    for step in (step for step in found.runs if step.gain >= LEAST_TOLD):
        change = "one more number in `seeds`" if step.n_seeds else f"[{step.n_weak}, {step.n_gold}] in `grid.more_pu"
        assert any(f"of training ({change}" in line for line in lines)
    rich = plan(findings, evidence, Question(2400, 0.2, 2.0, currency="$"), TIMES)
    told = [*plan_lines(rich, replace(HOW, money=money))]
    assert any("1,200 more gold labels, $2,400" in line and "(`test_size` 4 times as large)" in line for line in told)
    step = found.labels[0]
    assert step.cost == pytest.approx(2 * (step.n_gold + 0.1 * step.n_weak))
    options = [*options_after(step, found.question, money)]
    asked = ["--budget", f"{100 - step.cost:g}", "--have-weak", str(step.n_weak), "--have-gold", str(step.n_gold)]
    expected = {*(word for pair in zip(asked[::2], asked[1::2], strict=True) for word in pair if pair[1] != "0")}
    assert expected <= {*options} and "--gold-price" not in options
    said = round_words(step, found, replace(HOW, money=money))
    assert f"ask `elicitation recommend runs/mine {' '.join(options)}`" in said and " first for $" in said
    foreign = [*options_after(step, found.question, GOLD_LABELS)]
    named = [*options_after(step, replace(found.question, weak_prices={"v": 0.02}), money)]
    assert named[named.index("v=0.02") - 1] == "--weak-price"
    assert foreign[foreign.index("--gold-price") :][:4] == ["--gold-price", "2", "--currency", "$"]


def test_labels_that_no_student_beats_come_first_and_what_is_ranked_is_for_more_texts():
    evidence = drawn_evidence(close, GRID, 1, asking=0.6)
    table, advice = fitted(evidence), {}
    for labels, price, leads in ((0.7, 0.1, False), (0.99, 1.0, False), (0.99, 0.1, True)):
        scores = table.score.mask(table.kind == LABELS, labels)
        found = plan(findings_on(table.assign(score=scores)), evidence, Question(50, price), TIMES)
        text = "\n".join(plan_lines(found, HOW))
        assert leads == ("as they are; what is ranked here" in text) and not found.no_student
        if leads:
            first, second = text.split("\n\n")[1:3]
            alone = "what is ranked here is for more than 500 texts alone."
            assert first == f"Use the weak labels of v as they are; {alone}"
            assert second.startswith("Expected accuracy: 99 %")
            assert second.endswith("A budget of 50 gold labels pays for 500 texts.")
            assert "What is best there now is expected to bring" in text
            assert text.count("the weak labels of v as they are") == 2, "once more where the advice is"
        advice[labels, price] = found.advice
    advised = (
        "Not ranked either, but advised by `elicitation recommend`:\n\n- No student that was trained here beats the "
    )
    assert advised in text and advice[0.99, 0.1]
    assert not advice[0.7, 0.1], "students are better there"


@pytest.fixture(scope="module")
def two_sources():
    """Findings on labels of v that are dear and right on 97 %, on those of w that are cheap and right on 93 %."""
    first, second = (drawn_evidence(close, GRID, 1, asking=0.6, supervisor=name) for name in "vw")
    evidence = pd.concat([first, second[second.kind.isin([PURCHASE, LABELS])]], ignore_index=True)
    table = fitted(evidence)
    scores = table.score.mask(table.kind == LABELS, table.supervisor.map({"v": 0.97, "w": 0.93}))
    prices = {"v": [0.2], "w": [0.01]}
    return findings_on(table.assign(score=scores), prices, budgets=[20.0, 50.0]), evidence


@pytest.mark.parametrize("asked", [{}, {"pool": 900}, {"pool": 200}, {"supervisor": "w"}, {"pool": 9000}])
@pytest.mark.parametrize("budget", [0, 50])
def test_it_begins_with_the_labels_with_which_the_recommendation_begins(two_sources, budget, asked):
    findings, evidence = two_sources
    question = Question(budget, **asked)
    found = plan(findings, evidence, question, TIMES)
    recommended = recommend(findings, question if budget else with_largest_budget(findings, question))
    assert leading_labels(recommended) and found.no_student == (asked.get("pool") in (200, 900))
    use = use_words(recommended)
    start = use if budget else f"With the largest, 50 gold labels, u{use[1:]}"
    text = "\n".join(plan_lines(found, HOW))
    assert text.split("\n\n")[1].startswith(f"{start}; ") and "\n\n\n" not in text
    assert json.loads(json.dumps(asdict(found)))["recommendation"]["question"]["budget"] == 50


def test_where_no_student_is_needed_no_run_is_ranked_and_it_is_said_what_can_be_learned(two_sources):
    findings, evidence = two_sources
    found = plan(findings, evidence, Question(50, pool=900), TIMES)
    assert found.no_student and not found.runs + found.tests + found.labels + found.missing and not found.unranked
    parts = "\n".join(plan_lines(found, HOW)).split("\n\n")
    assert parts[1] == "Use the weak labels of w as they are; no student is needed, so no run is ranked."
    paid = "A budget of 50 gold labels pays for all 900 texts, which cost 9 gold labels. 41 gold labels are left, which"
    assert f"{paid} pay for gold labels of 41 of the 900 texts in place of weak ones. Expected then: 93.3 %" in parts[2]
    assert parts[3].startswith("What could still be learned is how right these labels are: with `--width 5%` the")
    assert parts[4] == UNKNOWN and parts[5] == "Said by `elicitation recommend`:" and len(parts) == 7
    lopsided = replace(findings, measure="balanced_accuracy")
    text = "\n".join(plan_lines(plan(lopsided, evidence, Question(50, pool=900), TIMES), HOW))
    assert "--width" not in text, "which plans accuracies alone"
    many = plan(findings, evidence, Question(2000), TIMES)
    text = "\n".join(plan_lines(many, HOW))
    assert "Training a model is not worth it at this budget: no student that was studied beats" in text
    smaller = plan(replace(findings, budgets=[5.0, 50.0]), evidence, Question(0, pool=900), TIMES)
    assert not smaller.no_student, "the smallest budget does not pay for all of them"
    said = "With the largest, 50 gold labels, use the weak labels of w as they are; what is ranked here is for smaller"
    assert f"\n\n{said} budgets alone.\n\n" in "\n".join(plan_lines(smaller, HOW))


def test_a_width_is_planned_for_the_labels_that_are_to_be_used_as_they_are(two_sources):
    findings, evidence = two_sources
    findings = replace(findings, money=Money("$", 2.0))
    found = plan(findings, evidence, Question(100, gold_price=2.0, currency="$", pool=900), TIMES)
    w, v = plan_ready_tests(findings, found.recommendation, 0.04)
    assert (w.supervisor, v.supervisor) == ("w", "v") and w.gold_now == 400 and w.key == "test_size"
    assert w.gold == math.ceil(0.93 * 0.07 * (2 * 1.96 / 0.04) ** 2) == 626 and w.cost == 2 * (626 - 400)
    assert v.gold == 280 and v.cost == 0
    text = "\n".join(plan_lines(replace(found, ready_tests=[w, v]), HOW))
    said = "626 by themselves for the weak labels of w as they are (accuracy 93 %), 226 more than the study has, $452 "
    assert f"- {said}(`test_size: 626`)\n" in text
    assert "- 280 by themselves for the weak labels of v as they are (accuracy 97 %); the study has 400\n" in text
    assert "What could still be learned" not in text, "it is asked"
    # All gold labels of a table score them, however large the test set is.
    held = {"t": Held(300, {"v": 300, "w": 300})}
    owned = plan_ready_tests(replace(findings, held=held), found.recommendation, 0.04)
    text = "\n".join(plan_lines(replace(found, ready_tests=owned), HOW))
    assert "(accuracy 93 %), 226 more than your table has, $452\n" in text and "; your table has 400\n" in text
    none = recommend(findings_on(posterior_table()), Question(50))
    assert plan_ready_tests(findings_on(posterior_table()), none, 0.05) == []


def test_texts_without_a_label_of_a_source_take_part_in_its_width():
    labels = WeakLabels("v", 0.1, Estimate(0.7, 0.6, 0.8), Estimate(0, 0, 0), coverage=0.5, n_test=400)
    # Half of the texts count as half right, of the others 90 % are right.
    assert variance_of(labels) == pytest.approx(0.45 + 0.5 * 0.25 - 0.7**2)
    assert variance_of(replace(labels, gaps=NOT_ASKED)) == pytest.approx(0.7 * 0.3 / 0.5)


def test_first_runs_of_methods_that_only_prompt_are_a_number_of_shots():
    findings = findings_on(posterior_table(), trained=["m"])
    assert key_of_runs(0, "few_shot_gold", findings) == "grid.shots"
    assert key_of_runs(0, "m", findings) == "grid.more_purchases"
    assert key_of_runs(3, "few_shot_gold", findings) == "seeds"


def test_rounds_gain_no_more_than_the_same_runs_without_spending(study):
    """What is bought first must be part of what is bought in the end."""
    findings, evidence = study
    found = plan(findings, evidence, Question(50, 0.1), TIMES)
    runs = {(step.n_weak, step.n_gold): step.gain for step in found.runs}
    for step in found.labels:
        if (step.n_weak, step.n_gold) in runs:
            assert step.gain <= runs[step.n_weak, step.n_gold] + 1e-12


def test_without_a_budget_all_budgets_and_prices_of_the_study_count(study):
    findings, evidence = studied(prices={"v": [0.5, 0.1]}, budgets=[20, 50])
    found = plan(findings, evidence, Question(0), TIMES)
    single = [plan(findings, evidence, Question(b, p), TIMES) for b in (20, 50) for p in (0.5, 0.1)]
    assert found.expected == pytest.approx(np.mean([each.expected for each in single]))
    text = "\n".join(plan_lines(found, HOW))
    assert found.runs and not found.labels and "the study's budgets" in text and "The budget is" not in text
    mean = "% accuracy as the mean over these budgets"
    assert mean in text and mean not in "\n".join(plan_lines(single[0], HOW))


def test_a_task_of_an_average_has_the_budgets_of_the_study_too():
    evidence = pd.concat([drawn_evidence(close, GRID, seed, asking=0.6, task=f"t{seed}") for seed in (1, 2)])
    findings = findings_on(fitted(evidence, ["t1", "t2"]), average_over=["t1", "t2"])
    for task, named in (("t1", "t1"), ("average", None)):
        found = plan(findings, evidence, Question(0, task=named), TIMES)
        assert found.task == task and 0.6 < found.expected < 0.9


def test_where_all_is_decided_nothing_is_told():
    truth = lambda w, g: 0.6 + 0.35 * (g >= 60) + 0 * w  # noqa: E731
    evidence = drawn_evidence(truth, GRID, 2, asking=0.6, luck=0.001)
    text = "\n".join(plan_lines(plan(findings_on(fitted(evidence)), evidence, Question(64, 0.1), TIMES), HOW))
    assert "what is best is known as well as it needs to be" in text


def test_what_lies_beyond_the_study_is_said_first_with_the_step_that_recommend_names():
    truth = lambda w, g: 0.6 + 0.35 * (g >= 60) + 0 * w  # noqa: E731
    evidence = drawn_evidence(truth, GRID, 2, asking=0.6, luck=0.001)
    findings = findings_on(fitted(evidence))

    def asked(budget):
        found = plan(findings, evidence, Question(budget, 0.1), TIMES)
        return found, "\n".join(plan_lines(found, HOW))

    found, text = asked(2 * 64)
    step = "To know it, add `more_purchases: [[0, 128]]` to `grid` in the study, and run that again."
    assert step in "\n".join(notes(recommend(findings, Question(2 * 64, 0.1)))), "so says the other command"
    reach = (
        "The budget lies beyond what was studied, which at these prices costs at most 64 gold labels; only what lies"
    )
    unknown = "What larger purchases would bring is not known."
    assert text.split("\n\n")[1] == found.unranked == f"{reach} within it is ranked here. {unknown} {step}"
    assert "Nothing within the study is expected to raise it by 0.01 points: what is best there is known" in text
    assert "Nothing is known either of another model or other learning rates, so these are not ranked." in text
    assert BEYOND not in text and "larger budgets" not in text
    within, text = asked(64)
    assert within.unranked == "" and BEYOND in text and "Nothing is expected to raise it" in text
    assert plan(findings, evidence, Question(0, 0.1), TIMES).unranked == "", "of a budget that is named"


def test_more_labels_of_the_best_kind_are_named_as_recommend_names_them():
    purchases, truth = [(40, 0), (20, 2), (0, 16)], lambda w, g: 0.6 + 0.005 * w + 0 * g
    evidence = drawn_evidence(truth, purchases, 2, asking=0.6, luck=0.001)
    findings = findings_on(fitted(evidence))
    found = plan(findings, evidence, Question(16, 0.1), TIMES)
    [note] = [each for each in notes(recommend(findings, Question(16, 0.1))) if "more_purchases" in each]
    assert found.unranked == f"Only what lies within the study is ranked here. {note}"


def test_hours_follow_from_finished_runs():
    assert hours_of(TIMES, "s", 60) == pytest.approx(35 / 3600)
    assert hours_of(TIMES, "s", 0) == pytest.approx(10 / 3600), "no less than any run took"
    assert hours_of(TIMES, "other", 60) is None
    level = pd.DataFrame({"student": "s", "labels": [10, 10], "seconds": [10.0, 30.0]})
    assert hours_of(level, "s", 500) == pytest.approx(20 / 3600)


def test_training_times_are_those_of_the_records(tmp_path):
    assert training_times(tmp_path).empty
    run = {"n_weak": 8, "n_gold": 4, "stages": {"weak": {"seconds": 2.0}, "gold": {"seconds": 1.5}}}
    record = {"runs": [run, run], "wildcards": {"student": "s"}}
    write_json(tmp_path / "results/runs/t/v/s/m/b8_s0.json", record)
    write_json(tmp_path / "results/runs/t/v/s/few/b8_s0.json", {"wildcards": {"student": "s"}})
    table = training_times(tmp_path)
    assert table.values.tolist() == [["s", 12, 3.5], ["s", 12, 3.5]]


def test_a_way_of_spending_that_was_never_run_is_named_with_the_key_that_runs_it():
    mixes = [pair for pair in GRID if pair[0]]
    evidence = drawn_evidence(close, mixes, 1, asking=0.6)
    findings = findings_on(fitted(evidence))
    found = plan(findings, evidence, Question(50, 0.1), TIMES)
    assert found.missing == ["gold only"]
    said = "no such purchase within the budget was run and nothing is known of it: buy gold (1 in `grid.gold_shares`)."
    assert said in "\n".join(plan_lines(found, HOW))
    assert plan(findings, evidence, Question(0, 0.1), TIMES).missing == ["gold only"]
    only_prompts = replace(findings, trained=["other"])
    assert plan(only_prompts, evidence, Question(50, 0.1), TIMES).missing == []


def test_where_all_ways_of_spending_were_run_none_is_missing(study):
    found = plan(*study, Question(50, 0.1), TIMES)
    assert found.missing == [] and "no such purchase" not in "\n".join(plan_lines(found, HOW))


def test_alike_steps_are_told_once():
    steps = [Step("run", 0.01, None, n_weak=n) for n in (100, 120, 160, 0)]
    assert [step.n_weak for step in told(steps)] == [100, 160, 0]
    assert told([Step("run", 0.0, None)]) == []


def test_the_command_answers_from_a_folder(study, tmp_path, capsys):
    findings, evidence = study
    folder = str(tmp_path)
    assert main(["next", folder, "--budget", "50"]) == 1
    assert "run the study to its end first" in capsys.readouterr().err
    write_table(tmp_path / "results/posterior.parquet", findings.posterior.table)
    settings = {name: value for name, value in vars(findings).items() if name not in ("posterior", "money")}
    inputs = {"results/posterior.parquet": hash_file(tmp_path / "results/posterior.parquet")}
    write_json(tmp_path / "results/recommendation.json", {"settings": settings, "inputs": inputs})
    assert main(["next", folder, "--budget", "50"]) == 1
    assert "evidence.parquet is not there" in capsys.readouterr().err
    write_table(tmp_path / "results/evidence.parquet", evidence)
    assert main(["next", folder, "--budget", "50"]) == 0
    assert "What next?" in capsys.readouterr().out
    assert main(["next", folder, "--budget", "50", "--json"]) == 0
    assert {"runs", "tests", "labels", "expected"} <= json.loads(capsys.readouterr().out).keys()
    metrics = pd.DataFrame(
        {"task": "t", "student": "s", "supervisor": "v", "method": "m", "n_weak": 0, "n_gold": [8, 16]}
    )
    scores = {"accuracy": [0.5, 0.8], "weak_accuracy": 0.9, "weak_agreement": 0.74}
    write_table(tmp_path / "results/metrics.parquet", metrics.assign(**scores))
    asked = ["next", folder, "--weak-price", "0.05", "--width"]
    assert main([*asked, "8%"]) == 0
    told = capsys.readouterr().out
    assert "Gold test labels that make the 95 % interval of an accuracy 8 points wide:" in told
    assert "385 by themselves for a student (accuracy 80 %); 223 with weak labels of v on 1,062 test texts" in told
    assert "your table has only" not in told
    own = settings | {"held": {"t": {"gold": 90, "weak": {"v": 300}, "texts": {"v": 320}}}}
    write_json(tmp_path / "results/recommendation.json", {"settings": own, "inputs": inputs})
    assert main([*asked, "8%"]) == 0
    assert "; your table has only 720 texts with one of both labels\n" in capsys.readouterr().out
    assert main([*asked, "20%"]) == 0
    assert "your table has only" not in capsys.readouterr().out, "they are enough"
    own["held"]["t"] |= {"weak": {"w": 10}, "texts": {"w": 95}}
    write_json(tmp_path / "results/recommendation.json", {"settings": own, "inputs": inputs})
    assert main([*asked, "8%"]) == 0
    assert "your table has only" not in capsys.readouterr().out, "the labels of v stand in no table"
    table = findings.posterior.table
    right = table.assign(score=table.score.mask(table.kind == LABELS, 0.99))
    write_table(tmp_path / "results/posterior.parquet", right)
    inputs = {"results/posterior.parquet": hash_file(tmp_path / "results/posterior.parquet")}
    write_json(tmp_path / "results/recommendation.json", {"settings": settings, "inputs": inputs})
    assert main(["next", folder, "--budget", "50", "--width", "8%"]) == 0
    told = capsys.readouterr().out
    ready = "60 by themselves for the weak labels of v as they are (accuracy 99 %); the study has 400\n"
    assert ready in told and "385 by themselves for a student (accuracy 80 %)" in told
    assert main(["next", folder, "--budget", "50", "--width", "8%", "--pool", "300"]) == 0
    told = capsys.readouterr().out
    assert ready in told and "385 by themselves" not in told, "no student is needed"
    other = {"settings": settings | {"measure": "balanced_accuracy"}, "inputs": inputs}
    write_json(tmp_path / "results/recommendation.json", other)
    assert main([*asked, "8%"]) == 1
    fix = "Write `inference: {measure: accuracy}` in the study and run it again, which trains nothing"
    assert fix in capsys.readouterr().err
    write_json(tmp_path / "results/recommendation.json", {"settings": settings, "inputs": inputs})
    assert main([*asked, "0"]) == 1 and "name a width such as 5%" in capsys.readouterr().err
    assert main(["next", folder, "--task", "x"]) == 1
    assert "no result for the task 'x'" in capsys.readouterr().err


def regret_after(rounds: int, choose, findings, evidence, question, draws: int = 200) -> float:
    """The mean over truths drawn from the posterior of what the purchase that is then believed best lacks.

    Every round observes one more run, by `choose(means, roots, directions, rng)`, and the posterior follows exactly.
    """
    block, arms = findings.posterior.blocks[0], arms_of(findings, question)
    pairs = [(n_weak, n_gold) for _, n_weak, n_gold in candidates(block)]
    directions = block.surfaces[0].at(*np.transpose(pairs)).factors
    means, factors, lost = arms.scores.mean, arms.scores.factors, []
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        truth, believed, root = (
            rng.standard_normal(factors.shape[1]),
            np.zeros(factors.shape[1]),
            np.eye(factors.shape[1]),
        )
        for _ in range(rounds):
            chosen = directions[choose(means + factors @ believed, factors @ root, directions @ root, pairs, rng)]
            seen, d = chosen @ truth + NOISE * rng.standard_normal(), root.T @ chosen
            total = NOISE**2 + d @ d
            believed = believed + root @ d * (seen - chosen @ believed) / total
            root = root - np.outer(root @ d, d) * (1 - NOISE / np.sqrt(total)) / (d @ d)
        true = means + factors @ truth
        lost.append(true.max() - true[(means + factors @ believed).argmax()])
    return float(np.mean(lost))


def by_value(means, roots, directions, pairs, rng) -> int:
    """What `elicitation next` puts first."""
    spread = np.sqrt(NOISE**2 + (directions**2).sum(axis=1))
    return int(
        np.argmax([expected_rise(means, (roots @ d / s)[:, None]) for d, s in zip(directions, spread, strict=True)])
    )


def from_grid(means, roots, directions, pairs, rng) -> int:
    """One more seed of any purchase that was run."""
    return pairs.index(GRID[rng.integers(len(GRID))])


def evenly(means, roots, directions, pairs, rng) -> int:
    """A run of any purchase that was studied."""
    return int(rng.integers(len(pairs)))


def test_following_it_for_five_rounds_wastes_less_than_fixed_grids(study):
    """benchmarks/next.py is the long form, where the truth is none of the posterior's and all is fitted again."""
    question = Question(50, 0.1)
    at_first, valued, seeds, grid = (
        regret_after(rounds, choose, *study, question)
        for rounds, choose in ((0, by_value), (5, by_value), (5, from_grid), (5, evenly))
    )
    assert valued < 0.9 * min(seeds, grid) < at_first, (at_first, valued, seeds, grid)
