"""What a study's sharing and settings save: the hours that its students would take without them."""

from pathlib import Path

import pandas as pd

from elicitation.study.models import OwnModel
from elicitation.study.student_jobs import operations, student_jobs
from elicitation.study.study import Study
from elicitation.study.work import (
    each_text_alone,
    planned_runs,
    planned_stages,
    share_weak_stages,
    with_tokens,
)

# The smallest share of the hours that is worth a line.
LEAST = 0.005


def without_cap(study: Study) -> Study:
    """The study, but stages of all sizes hold out their whole share."""
    return study.model_copy(update={"training": study.training.model_copy(update={"validation_size": None})})


def operations_of(name: str, runs: pd.DataFrame, stages: pd.DataFrame, study: Study, folder: Path) -> float:
    """Operations per parameter of a student; runs, stages: of all students, as with_tokens makes them."""
    runs, stages = (table[table.student == name] for table in (runs, stages))
    return operations(study.model_of(name), student_jobs(name, runs, stages, study, folder), study).sum()


def hours_saved(study: Study, folder: Path, students: pd.DataFrame) -> pd.DataFrame:
    """The hours of all students (`hours`) by `what` saves some: first without any saving, then with one more a row.

    students: as `estimate` makes them, with their hours, which are those of the last row. Those of the others are in
    proportion to what the students compute, so time that is measured here counts, and start-up as if it were saved too.
    """
    runs, uncapped = planned_runs(study), without_cap(study)
    whole = with_tokens(planned_stages(runs, uncapped), uncapped, folder)
    capped = with_tokens(share_weak_stages(planned_stages(runs, study)), study, folder)
    shared, runs = share_weak_stages(whole), with_tokens(runs, study, folder)
    cap = study.training.validation_size
    steps = [
        ("nothing saved", each_text_alone(runs), each_text_alone(whole)),
        ("weak stages trained once for all runs that start from them", each_text_alone(runs), each_text_alone(shared)),
        (f"validation on {cap:,} labels at most" if cap else "", each_text_alone(runs), each_text_alone(capped)),
        ("examples that stand before several texts read once for them", runs, capped),
    ]
    own = students[students.student.map(lambda name: isinstance(study.model_of(name), OwnModel))]
    hours = own.set_index("student")[f"{study.device} hours"].dropna()
    taken = [
        {name: operations_of(name, some_runs, stages, study, folder) for name in hours.index}
        for _, some_runs, stages in steps
    ]
    sums = [sum(hours[name] * work / taken[-1][name] for name, work in works.items()) for works in taken]
    return pd.DataFrame({"what": [what for what, *_ in steps], "hours": sums})


def describe_savings(study: Study, folder: Path, students: pd.DataFrame) -> list[str]:
    """What is saved, as paragraphs of text; none where nothing is. students: as in hours_saved."""
    if f"{study.device} hours" not in students:
        return []
    table = hours_saved(study, folder, students)
    before, after = table.hours.iloc[0], table.hours.iloc[-1]
    if after > (1 - LEAST) * before:
        return []
    saves = table.hours.diff().abs() > LEAST * before
    lines = [f"{row.hours:12,.1f}  {row.what}" for row in table[saves | (table.index == 0)].itertuples()]
    return [
        f"Students take {after:,.1f} {study.device} hours, {after / before:.0%} of the {before:,.1f} that it would be "
        "without what is saved. Hours with each saving and those above it:",
        "\n".join(lines),
    ]
