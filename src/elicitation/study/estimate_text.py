"""What a study will cost, in words."""

from collections import Counter
from pathlib import Path

import pandas as pd

from elicitation.errors import listed
from elicitation.study.estimate import FLOPS_PER_SECOND, START_UP_SECONDS, estimate, hours_by_device
from elicitation.study.grid import as_runs, made_blocks
from elicitation.study.savings import describe_savings
from elicitation.study.study import Study

# Where it stands how a study is made shorter.
SHORTER = "docs/how-to/studies.md#make-it-shorter"


def describe(study: Study, folder: Path, cores: int) -> str:
    """The estimate as text. cores: those here, over which a study without GPUs is spread."""
    tables, notes = estimate(study, folder)
    device = study.device
    notes = describe_savings(study, folder, tables["students"]) + notes
    if device == "cpu":
        minutes = 60 * sum(hours_by_device(study, tables).values()) / cores
        notes.insert(0, f"About {minutes:,.0f} minutes on {cores} cores of this machine, if nothing else runs here.")
    notes.append(
        f"Hours assume {FLOPS_PER_SECOND[device]:.2g} operations a second and {START_UP_SECONDS[device]:g} s of "
        "start-up a job, unless jobs were measured."
    )
    shown = [
        table.to_string(index=False, float_format="{:,.1f}".format, na_rep="")
        for table in tables.values()
        if len(table)
    ]
    jobs = {kind: int(tables[kind].get("jobs", pd.Series(dtype=int)).sum()) for kind in ("students", "supervisors")}
    total = f"{tables['methods'].runs.sum():,} runs, {jobs['students']:,} jobs of students, {jobs['supervisors']:,} of "
    total += "supervisors"
    for column in dict.fromkeys((f"{device} hours", "cpu hours", "disk, GB")):
        if found := [table[column].sum() for table in tables.values() if column in table]:
            total += f"; {column}: {sum(found):,.1f}"
    left_out = sum(count_left_out(study).values())
    if left_out:
        notes.append(f"{left_out:,} runs are left out, since they buy more than their task's pool holds.")
    notes += [jobs_words(tables), f"Too long? {SHORTER} names the keys that shorten a study, in the order to try them."]
    notes += [f"Warning: {warning}" for warning in study.warnings]
    return "\n\n".join([*shown, total + ".", *notes])


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
