"""What a study will cost, in words."""

from collections import Counter
from pathlib import Path

import pandas as pd

from elicitation.errors import listed
from elicitation.study.estimate import FLOPS_PER_SECOND, START_UP_SECONDS, estimate, hours_by_device, minutes_of
from elicitation.study.grid import as_runs, made_blocks
from elicitation.study.made import made_in
from elicitation.study.savings import describe_savings
from elicitation.study.study import Study

# Where it stands how a study is made shorter.
SHORTER = "docs/how-to/studies.md#make-it-shorter"


def describe(study: Study, folder: Path, cores: int) -> str:
    """The estimate as text. cores: those here, over which a study without GPUs is spread."""
    tables, notes = estimate(study, folder)
    device = study.device
    made = describe_made(tables, study, folder, cores)
    notes = describe_savings(study, folder, tables["students"]) + notes
    if device == "cpu":
        about = f"{'The whole takes ' * bool(made)}{time_words(study, tables, cores)}"
        notes.insert(0, f"{about[0].upper()}{about[1:]}, if nothing else runs here.")
    notes.append(
        f"Hours assume {FLOPS_PER_SECOND[device]:.2g} operations a second and {START_UP_SECONDS[device]:g} s of "
        "start-up a job, unless jobs of its kind were measured."
    )
    shown = [
        table.to_string(index=False, float_format="{:,.1f}".format, na_rep="")
        for table in tables.values()
        if len(table)
    ]
    jobs = jobs_by_kind(tables)
    total = f"{tables['methods'].runs.sum():,} runs, {jobs['students']:,} jobs of students, {jobs['supervisors']:,} of "
    total += "supervisors"
    for column in dict.fromkeys((f"{device} hours", "cpu hours", "disk, GB")):
        if found := [table[column].sum() for table in tables.values() if column in table]:
            total += f"; {column}: {sum(found):,.1f}"
    left_out = sum(count_left_out(study).values())
    if left_out:
        notes.append(f"{left_out:,} runs are left out, since they buy more labels than their task's pool has.")
    notes += [jobs_words(tables), f"Too long? {SHORTER} names the keys that shorten a study, in the order to try them."]
    notes += [f"Warning: {warning}" for warning in study.warnings]
    return "\n\n".join([*made, *shown, total + ".", *notes])


def jobs_by_kind(tables: dict[str, pd.DataFrame]) -> dict[str, int]:
    """The jobs of students and of supervisors. tables: of `estimate`."""
    return {kind: int(tables[kind].get("jobs", pd.Series(dtype=int)).sum()) for kind in ("students", "supervisors")}


def time_words(study: Study, tables: dict[str, pd.DataFrame], cores: int) -> str:
    """How long jobs take: minutes on the cores here or, with GPUs, hours on one of these. tables: of `estimate`."""
    if study.device == "cpu":
        minutes = round(minutes_of(study, tables, cores))
        return f"about {minutes:,} minute{'s' * (minutes != 1)} on {cores} core{'s' * (cores != 1)} of this machine"
    return f"about {sum(hours_by_device(study, tables).values()):,.1f} hours on one GPU"


def describe_made(whole: dict[str, pd.DataFrame], study: Study, folder: Path, cores: int) -> list[str]:
    """How much of the study is made, as a paragraph; none where nothing is. whole: tables of `estimate`."""
    # Large studies take seconds to estimate, so not again before anything has run.
    if not (folder / "results").is_dir():
        return []
    left = estimate(study, folder, made_in(folder))[0]
    jobs, jobs_left = (sum(jobs_by_kind(tables).values()) for tables in (whole, left))
    if jobs_left == jobs:
        return []
    of = f"{jobs:,} jobs of students and supervisors"
    done = f"All {of}" if not jobs_left else f"{jobs - jobs_left:,} of {of}"
    rest = "nothing is left to train" if not jobs_left else f"the others take {time_words(study, left, cores)}"
    return [
        f"{done} are made, by the files that are there; {rest} (`snakemake -n` says whether a change makes some "
        "again). What follows is of the whole study."
    ]


def jobs_words(tables: dict[str, pd.DataFrame]) -> str:
    """How the jobs of students follow from the runs, and what `snakemake -n` says of them. tables: of `estimate`."""
    jobs, runs, weak, blocks = tables["students"][["jobs", "runs", "weak stages", "blocks"]].sum()
    times = f"{weak:,} train weak stages, which runs share (`snakemake -n`: train {weak:,} times on weak labels)"
    made = f"{blocks:,} make the {runs:,} runs, those of a budget and seed together (`snakemake -n` counts the runs)"
    tuning = f"{jobs - weak - blocks:,} tune learning rates"
    counted = ((times, weak), (made, blocks), (tuning, jobs - weak - blocks))
    return f"Of the jobs of students {listed([words for words, n in counted if n])}."


def count_left_out(study: Study) -> dict[str, int]:
    """Runs that the grid would make but for the size of a task's pool, by task."""
    left_out = Counter(run["task"] for run in as_runs(made_blocks(study.whole)))
    left_out.subtract(run["task"] for run in study.made_runs)
    return {task: n for task, n in left_out.items() if n}
