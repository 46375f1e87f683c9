"""The jobs of a student: the tokens that pass it in each, from which follows what the job computes.

A job goes by the path of what is measured of it, as the rules' `benchmark` names it (elicitation.jobs.measured).
"""

from pathlib import Path

import pandas as pd

from elicitation.analysis.names import TUNED
from elicitation.study.grid import NO_LABELS
from elicitation.study.made import Made, nothing_made
from elicitation.study.models import OwnModel
from elicitation.study.study import Study
from elicitation.study.text_lengths import tokens_of
from elicitation.study.tuning import texts_to_tune
from elicitation.study.work import BACKWARD, FORWARD, adapted_share, tokens_read

WEAK_STAGE = "train_weak_stage/{task}/{supervisor}/{student}/{recipe}/w{n_weak}_s{seeds}"
BLOCK = "{rule}/{task}/{supervisor}/{student}/{method}/b{budget}_s{seeds}"
# What passes a student: texts that it trains on; those that it reads once trained, whose lower layers may be a trunk;
# prompts, which pass all layers; and what passes the layers below the adapted ones once, for all runs.
PASSES = ["trained", "read", "prompted", "once"]


def job_of(row: dict) -> str:
    """The job that makes a run or trains a stage; weak stages have their own.

    row: of planned_runs or planned_stages.
    """
    if pd.notna(row.get("recipe")):
        return WEAK_STAGE.format(**row)
    rule = "score_prompts" if row["prompts"] else "train_runs"
    return BLOCK.format(**row, rule="ask_without_labels" if row["method"] == NO_LABELS else rule)


def jobs_of(rows: pd.DataFrame) -> list[str]:
    return [job_of(row) for row in rows.to_dict("records")]


def tuning_jobs(student: str, tasks: list[str], study: Study, folder: Path, made: Made) -> dict[str, dict]:
    """The tokens of each job that tunes the learning rate of a student's model, which all its cues share."""
    model = study.model_of(student)
    is_first = student == next(other for other in study.cued_students if study.model_of(other) == model)
    if not (is_first and isinstance(model, OwnModel) and model.learning_rate == TUNED):
        return {}
    jobs = {}
    for task in tasks:
        if not made(f"results/learning_rates/{task}/{model.name}.csv"):
            tokens, (shown, read) = tokens_of(task, model, study, folder), texts_to_tune(study, task, model.name)
            jobs[f"tune_learning_rate/{task}/{model.name}"] = {"trained": tokens * shown, "read": tokens * read}
    return jobs


def trunk_jobs(student: str, tasks: list[str], study: Study, folder: Path, made: Made) -> dict[str, dict]:
    """The tokens of each job that computes the layers below a student's adapted ones, if it has such."""
    if study.model_of(student).adapt_layers is None:
        return {}
    left = [task for task in tasks if not made(f"results/trunk/{task}/{student}.json")]
    texts = {task: study.pools[task].examples + study.task_named[task].test_size for task in left}
    return {
        f"compute_trunk/{task}/{student}": {"once": n * tokens_read(task, student, study, folder)}
        for task, n in texts.items()
    }


def student_jobs(
    student: str, runs: pd.DataFrame, stages: pd.DataFrame, study: Study, folder: Path, made: Made = nothing_made
) -> pd.DataFrame:
    """The tokens that pass a student in each of its jobs, a column for each of PASSES.

    runs, stages: the student's own that are to be made, as with_tokens makes them; made: as in
    elicitation.study.estimate.estimate.
    """
    prompts, predicted = runs.prompts.astype(bool), runs.read_tokens * runs.predictions
    shown, validated = stages.step_tokens * stages.presentations, stages.read_tokens * stages.validations
    others = tuning_jobs(student, list(stages.task.unique()), study, folder, made)
    others |= trunk_jobs(student, list(runs.task[~prompts].unique()), study, folder, made)
    passed = [
        pd.DataFrame({"job": jobs_of(stages), "trained": shown, "read": validated}),
        pd.DataFrame({"job": jobs_of(runs), "read": predicted.mask(prompts), "prompted": predicted.where(prompts)}),
    ]
    tables = [pd.concat(passed).groupby("job").sum(), pd.DataFrame.from_dict(others, "index")]
    return pd.concat(tables).reindex(columns=PASSES).fillna(0.0).astype(float)


def operations(model: OwnModel, jobs: pd.DataFrame, study: Study) -> pd.Series:
    """Operations per parameter of each of a student's jobs."""
    share = adapted_share(model, study.sources)
    training = FORWARD * (2 if model.gradient_checkpointing else 1) + BACKWARD
    upper = training * jobs.trained + FORWARD * jobs.read
    return share * upper + FORWARD * (jobs.prompted + (1 - share) * jobs.once)
