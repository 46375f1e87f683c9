"""What to run, test or buy next, and that following it wastes less than a fixed grid."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from posteriors import drawn_evidence, findings_on, fitted, posterior_table

from elicitation.analysis.findings import Question
from elicitation.analysis.names import LABELS
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
from elicitation.analysis.next_steps_text import BEYOND, LEAST_TOLD, HowTo, options_after, plan_lines, round_words
from elicitation.analysis.recommendation import recommend
from elicitation.analysis.recommendation_notes import notes
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


def test_labels_that_no_run_lifts_a_student_above_come_first():
    evidence = drawn_evidence(close, GRID, 1, asking=0.6)
    table, advice = fitted(evidence), {}
    for labels, price, unbeaten in ((0.7, 0.1, False), (0.99, 1.0, False), (0.99, 0.1, True)):
        scores = table.score.mask(table.kind == LABELS, labels)
        found = plan(findings_on(table.assign(score=scores)), evidence, Question(50, price), TIMES)
        text = "\n".join(plan_lines(found, HOW))
        assert found.unbeaten == unbeaten == ("You need not run more" in text)
        if unbeaten:
            first = text.split("\n\n")[1]
            assert first.startswith("You need not run more: the weak labels of v as they are have 9")
            assert "no run named here is expected to lift a student above them" in first
            assert text.count("the weak labels of v as they are") == 2, "once more where the advice is"
        advice[labels, price] = found.advice
    advised = (
        "Not ranked either, but advised by `elicitation recommend`:\n\n- No student that was trained here beats the "
    )
    assert advised in text and advice[0.99, 0.1]
    assert not advice[0.7, 0.1], "students are better there"


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
    assert "385 by themselves (accuracy 80 %); 223 with weak labels of v on 1,062 test texts" in told
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
