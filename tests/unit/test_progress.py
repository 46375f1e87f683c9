import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from elicitation.analysis.names import NO_SUPERVISOR
from elicitation.jobs.job_words import DEEDS, FORMS, Job, count_words
from elicitation.jobs.progress import Failures, Pace, Planned, runs_of, say_progress, told


@pytest.mark.parametrize(
    ("done", "left", "words"),
    [
        (0, None, "0 of 11"),
        (0, 600, "0 of 11 · 10 min left"),
        (1, None, "1 of 11"),
        (1, 600, "1 of 11 · 10 min left"),
        (10, 89, "10 of 11 · 89 s left"),
        (10, 90, "10 of 11 · 2 min left"),
        (11, 0, "11 of 11"),
    ],
)
def test_the_time_left_is_said_in_minutes_or_seconds(done, left, words):
    assert say_progress(done, 11, left) == words


class Run:
    """A run whose clock is set by hand."""

    def __init__(self, monkeypatch, *jobs: Planned) -> None:
        self.now = 0.0
        monkeypatch.setattr(told, "jobs", dict(enumerate(jobs)))
        monkeypatch.setattr(told, "measured", [])
        monkeypatch.setattr(told, "varying", {})
        self.pace, self.total = Pace(lambda: self.now), len(jobs)

    def do(self, job: int, seconds: float) -> None:
        self.do_together([job], seconds)

    def do_together(self, jobs: list[int], seconds: float) -> None:
        for job in jobs:
            start(self.pace, job)
        self.now += seconds
        for job in jobs:
            tell(self.pace, "job_finished", job_id=job)

    def left(self) -> float | None:
        return self.pace.left(len(self.pace.took), self.total)


def test_jobs_take_as_long_as_others_of_their_rule_and_size(monkeypatch):
    run = Run(monkeypatch, Planned("train_runs", 1), Planned("plot_pareto", 1), *[Planned("train_runs", 6)] * 5)
    run.do(1, 1)
    assert run.left() is None, "what most of the work takes is not known"
    run.do(0, 20)
    assert run.left() == pytest.approx(5 * 6 * 20)
    run.do(2, 120)
    assert run.left() == pytest.approx(4 * 120)
    start(run.pace, 3)
    run.now += 60
    assert run.left() == pytest.approx(3 * 120 + 60)
    run.now += 600
    # What takes longer than was thought will end soon, for all that is known.
    assert run.left() == pytest.approx(3 * 120)


def test_jobs_of_one_rule_take_as_long_as_the_texts_that_they_train_on(monkeypatch):
    """A run of 1,024 labels takes many times as long as one of 16: counted alike, 8 minutes became 27."""
    small, large = Planned("train_runs", 1, texts=100), Planned("train_runs", 1, texts=3000)
    run = Run(monkeypatch, small, large, small, large)
    run.do(0, 4)
    assert run.left() == pytest.approx(120 + 4 + 120)
    run.do(1, 120)
    assert run.left() == pytest.approx(4 + 120)


def test_jobs_that_were_measured_tell_the_time_of_a_run_of_few(monkeypatch):
    """A run of one long job, which ended before its time was known."""
    weak, scored = (Planned(rule, 1, texts=8000) for rule in ("train_weak_stage", "train_runs"))
    run = Run(monkeypatch, weak, scored, *[Planned("plot_pareto", 1)] * 20)
    assert run.left() is None
    small = [(weak._replace(texts=1000), 100.0), (scored._replace(texts=1000), 1.0)]
    monkeypatch.setattr(told, "measured", small)
    start(run.pace, 0)
    run.now += 200
    assert run.left() == pytest.approx(600 + 8, rel=0.1)


def test_what_passes_before_the_first_job_begins_makes_none_longer(monkeypatch):
    run = Run(monkeypatch, Planned("train_runs", 1))
    monkeypatch.setattr(told, "measured", [(Planned("train_runs", 1), 100.0)])
    run.now += 30
    assert run.left() == pytest.approx(100)


def test_what_a_rules_jobs_take_now_counts_and_not_what_they_took(monkeypatch):
    run = Run(monkeypatch, *[Planned("train_runs", 1)] * 3)
    monkeypatch.setattr(told, "measured", [(Planned("train_runs", 1), 1000.0)])
    run.do(0, 10)
    assert run.left() == pytest.approx(20)


def test_the_longest_job_ends_as_late_however_many_run_beside_it(monkeypatch):
    small, large = Planned("train_runs", 1, texts=100), Planned("train_runs", 1, texts=1000)
    run = Run(monkeypatch, small, small, large, small)
    run.do_together([0, 1], 10)
    assert run.left() == pytest.approx(100)


def test_jobs_that_run_side_by_side_take_less_time(monkeypatch):
    run = Run(monkeypatch, *[Planned("train_runs", 1)] * 6)
    run.do_together([0, 1], 10)
    assert run.left() == pytest.approx(20)


def test_how_many_run_side_by_side_is_counted_from_when_jobs_of_the_kinds_that_are_left_began(monkeypatch):
    """Lower layers, computed alone for two of 17 minutes, once made 19 minutes of the 13 that were left."""
    run = Run(monkeypatch, Planned("compute_trunk", 1), *[Planned("train_runs", 1)] * 6)
    run.do(0, 100)
    run.do_together([1, 2], 10)
    assert run.left() == pytest.approx(20)


def test_a_job_that_failed_is_still_to_be_done_and_does_not_run(monkeypatch):
    run = Run(monkeypatch, *[Planned("train_runs", 1)] * 4)
    for job in (0, 1):
        start(run.pace, job)
    run.now += 10
    tell(run.pace, "job_finished", job_id=0)
    tell(run.pace, "job_error", jobid=1)
    run.do(2, 10)
    assert run.left() == pytest.approx(2 * 10)


def test_the_estimate_of_a_study_stays_within_half_of_what_it_takes(monkeypatch):
    """Where light jobs come first, of which little follows: the mean pace said 3 minutes of 18."""
    light, heavy = [Planned("check_texts", 1)] * 8, [Planned("train_runs", 3)] * 20
    run = Run(monkeypatch, *light, *heavy, *[Planned("plot_pareto", 1)] * 10)
    for job in range(8):
        run.do(job, 2)
    assert run.left() is None
    run.do(8, 50)
    assert run.left() == pytest.approx(19 * 50 + 10 * 166 / 110, rel=0.1)


def test_the_longest_job_shows_its_own_progress(tmp_path, monkeypatch):
    run = Run(monkeypatch)
    assert run.pace.longest(120) == ""
    for job, log in ((1, tmp_path / "long.log"), (2, tmp_path / "short.log")):
        names = {"task": "film", "budget": str(job), "seed": "0"}
        start(run.pace, job, "train_runs", [str(log)], wildcards=names)
        run.now += 100
    assert run.pace.longest(600) == ""
    assert run.pace.longest(120) == "training film, budget 1, seed 0 for 3 min"
    (tmp_path / "long.log").write_text("run 2 of 7: 64 weak and 4 gold labels\nWARNING: no libiomp in LD_PRELOAD\n")
    assert run.pace.longest(120).endswith(", seed 0 for 3 min: run 2 of 7: 64 weak and 4 gold labels")
    tell(run.pace, "job_finished", job_id=1)
    assert run.pace.longest(120) == ""
    run.now += 100
    tell(run.pace, "job_error", jobid=2)
    assert run.pace.longest(120) == ""


def test_jobs_that_nobody_has_counted_take_the_mean_time(monkeypatch):
    pace = Pace(lambda: 0)
    pace.clock = lambda: 60
    monkeypatch.setattr(told, "jobs", {})
    assert pace.left(1, 11) == 600
    assert pace.left(0, 11) is None


def tell(failures, event, **fields):
    failures.observe(SimpleNamespace(event=event, **fields))


def start(listener, job, rule="a_rule", log=(), wildcards=None):
    """A job starts."""
    tell(listener, "job_info", jobid=job, rule_name=rule, log=list(log), wildcards=wildcards or {}, output=[rule])


def fail(failures, *jobs, group=False):
    """Submit jobs (number, rule, the log that each writes or None) together, and let the submission fail.

    Each makes a file that is called as its rule.
    """
    for jobid, rule, text in jobs:
        log = Path(f"{rule}.log")
        start(failures, jobid, rule, [str(log)])
        if text is not None:
            log.write_text(text)
    if group:
        tell(failures, "group_error", job_error_info=[{"jobid": jobid} for jobid, *_ in jobs])
    for jobid, rule, _ in jobs:
        tell(failures, "job_error", jobid=jobid, rule_name=rule, log=[f"{rule}.log"])


@pytest.fixture
def failures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Failures()


def test_failed_jobs_are_listed_with_their_logs_unless_a_later_attempt_succeeded(failures):
    assert str(failures) == ""
    fail(failures, (0, "train", "loading\n\x1b[0mThe loss is nan.\n\n"))
    fail(failures, (1, "plot_pareto", None))
    fail(failures, (2, "plot_spending", None))
    tell(failures, "job_finished", job_id=1)
    assert str(failures).splitlines() == [
        "2 jobs failed; the same command tries them again. The logs, and what they say last:",
        "  making train: train.log: \\x1b[0mThe loss is nan.",
        "  making plot_spending: plot_spending.log",
    ]
    assert failures.sentence(0) == "Error: \\x1b[0mThe loss is nan.\n  while making train; its log: train.log"
    assert failures.sentence(2).startswith("Error: it ended without a word; it may have been killed")


def test_a_log_may_vanish_while_it_is_looked_at(failures, monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda _: True)
    fail(failures, (0, "plot_pareto", None))
    assert "1 job failed; the same command tries it again." in str(failures)


def test_of_a_group_only_the_jobs_that_failed_are_listed(failures):
    Path("never_started.log").write_text("Stopped by SIGTERM, yesterday.\n")
    jobs = [(0, "finished", "Done in 3 s.\n"), (1, "killed", "step 5\n"), (2, "waiting", None)]
    fail(failures, *jobs, (3, "never_started", None), group=True)
    assert "1 job failed" in str(failures) and "making killed: killed.log: step 5" in str(failures)


def test_of_a_group_that_left_no_word_all_are_listed(failures):
    fail(failures, (0, "train", None), (1, "evaluate", None), group=True)
    fail(failures, (2, "plot_pareto", "The disk is full.\n"))
    assert "3 jobs failed" in str(failures)


RUN_NAMES = {"task": "film", "supervisor": "small", "student": "large", "method": "sft", "budget": "64", "seed": "0"}


def test_a_job_is_told_in_words():
    assert Job("train_runs", RUN_NAMES).done() == "trained film, budget 64, seed 0"
    assert Job("train_runs", RUN_NAMES).going() == "training film, budget 64, seed 0"
    together = RUN_NAMES | {"seed": "0+1"}
    assert Job("train_runs", together).done() == "trained film, budget 64, seeds 0+1"
    assert Job("plot_pareto", {}, ["figures/pareto.pdf", "figures/pareto.png"]).done() == "drew figures/pareto.pdf"
    assert Job("find_frontier", {}, ["results/frontier.csv"]).done() == "made results/frontier.csv"


def test_what_tells_jobs_of_a_rule_apart_is_told(monkeypatch):
    names = {0: RUN_NAMES, 1: RUN_NAMES | {"budget": "16", "supervisor": "other"}}
    monkeypatch.setattr(told, "jobs", {})
    monkeypatch.setattr(told, "varying", {})
    told.plan({number: ("train_runs", 3, wildcards) for number, wildcards in names.items()})
    assert told.varying == {"train_runs": {"budget", "supervisor"}}
    assert Job("train_runs", names[1]).done(told.varying["train_runs"]) == "trained film, budget 16, seed 0, other"


def test_runs_without_weak_labels_are_told_by_what_they_train_on():
    job = Job("train_runs", RUN_NAMES | {"supervisor": NO_SUPERVISOR})
    assert job.done({"supervisor"}) == "trained film, budget 64, seed 0, gold labels alone"


def test_what_a_run_would_do_is_counted_in_words(monkeypatch):
    monkeypatch.setattr(told, "runs_made", lambda wildcards: [(1, 0)] * int(wildcards["budget"]))
    tasks = [Job("prepare_task", {"task": task}, [task]) for task in "abcd"]
    jobs = [Job("plot_pareto", {}, ["figures/pareto.pdf"]), Job("train_runs", RUN_NAMES), *tasks]
    words = count_words((job, runs_of(job)) for job in jobs)
    assert words == "prepare 4 tasks; train 64 runs of film; draw 1 figure"


def test_checks_are_told_by_what_they_check_however_many_there_are():
    names = [{"task": "film", "model": model} for model in ("a", "b")]
    jobs = [Job(rule, name) for rule in ("check_texts", "check_supervisor_texts", "check_prompts") for name in names]
    words = count_words((job, 1) for job in [Job("check_engine"), *jobs])
    texts, prompts = (f"check that models can read the {what} of film" for what in ("texts", "prompts"))
    assert words == f"check vLLM; {texts}; {prompts}"


RULE = re.compile(r"^(?:rule|use rule \w+ as) (\w+)(?: with)?:\n((?: .*\n|\n)+)", re.MULTILINE)


def test_the_words_of_every_rule_use_wildcards_that_it_has():
    rules = {}
    for file in (Path(__file__).parents[2] / "workflow/rules").glob("*.smk"):
        rules |= dict(RULE.findall(file.read_text()))
    assert DEEDS.keys() <= rules.keys()
    for rule, deed in DEEDS.items():
        log = re.search(r"log:\n\s+f?\"(.*)\"", rules[rule])[1]
        used = set(re.findall(r"\{(\w+)\}", deed.what))
        assert used <= {*re.findall(r"\{(\w+)\}", log), *RUN_NAMES, "n_weak"}, rule
        assert deed.verb in FORMS
