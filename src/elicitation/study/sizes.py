"""How large training jobs are, from which the time follows that a run will take."""

from collections.abc import Collection, Mapping
from types import SimpleNamespace

from elicitation.study.study import Study
from elicitation.study.tuning import texts_to_tune
from elicitation.study.work import trained_stages
from elicitation.training.schedule import plan_schedule, student_protocol

# What a text takes that is only read, of what one takes that is trained on: no gradients.
READING = 1 / 3


def texts_of_job(
    study: Study, rule: str, wildcards: Mapping[str, str], purchases: Collection[tuple[int, int]]
) -> float:
    """How many texts a job trains on, once for each time that they are shown; 0 of jobs that train no student here.

    Texts that are only read count as READING. wildcards, purchases: of the job; a weak stage has one purchase, which
    its wildcards name.
    """
    names = SimpleNamespace(**wildcards)
    if rule == "tune_learning_rate":
        shown, read = texts_to_tune(study, names.task, names.student)
        return shown + READING * read
    if rule not in ("train_runs", "train_weak_stage"):
        return 0.0
    method = study.weak_stage(names) if rule == "train_weak_stage" else study.method(names)
    protocol = student_protocol(1.0, study.training.plain, method)
    texts = 0.0
    for n_weak, n_gold in purchases or [(int(wildcards["n_weak"]), 0)]:
        for stage, n in trained_stages(method, n_weak, n_gold):
            # Runs start from weak stages that are trained already.
            if rule == "train_runs" and stage.labels == "weak":
                continue
            plan = plan_schedule(n, protocol)
            texts += plan.presentations + READING * plan.validations
        if rule == "train_runs":
            texts += READING * study.task_named[wildcards["task"]].test_size
    return texts * len(study.teams.get(wildcards["seed"], [wildcards["seed"]]))
