"""What of a study is made already, by the files that are there."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

# Whether a result is there, by its path from the study's folder.
Made = Callable[[str], bool]


def nothing_made(path: str) -> bool:
    """As before a study runs, whatever is there."""
    return False


def made_in(folder: Path) -> Made:
    """What is made in a study's folder."""
    return lambda path: (folder / path).exists()


def not_made(rows: pd.DataFrame, files: Iterable[str], made: Made) -> pd.DataFrame:
    """The rows whose files, one each, are not there."""
    return rows[pd.Series([not made(file) for file in files], rows.index, dtype=bool)]


def runs_left(runs: pd.DataFrame, made: Made) -> pd.DataFrame:
    """The runs that are not made. runs: as elicitation.study.grid.as_runs writes them."""
    files = (
        f"results/runs/{run.task}/{run.supervisor}/{run.student}/{run.method}/b{run.budget}_s{run.seed}.parquet"
        for run in runs.itertuples()
    )
    return not_made(runs, files, made)


def stages_left(stages: pd.DataFrame, made: Made) -> pd.DataFrame:
    """The stages that are not made, of those of runs that are not: weak ones, which have jobs of their own, may be."""
    folders = (
        f"results/stages/{stage.task}/{stage.supervisor}/{stage.student}/{stage.recipe}/w{stage.n_weak}_s{stage.seed}"
        for stage in stages.itertuples()
    )
    return not_made(stages, folders, made)
