"""What of a study is made already, by the files that are there."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from elicitation.study.grid import RUNS, STAGE

# Whether a result is there, by its path from the study's folder.
Made = Callable[[str], bool]


def nothing_made(path: str) -> bool:
    """As before a study runs, whatever is there."""
    return False


def made_in(folder: Path) -> Made:
    """What is made in a study's folder."""
    return lambda path: (folder / path).exists()


def not_made(rows: pd.DataFrame, path: str, made: Made) -> pd.DataFrame:
    """The rows whose files are not there. path: of a row's file, with columns in braces; seeds are those in names."""
    missing = [not made(path.format(**row | {"seed": row["seeds"]})) for row in rows.to_dict("records")]
    return rows[pd.Series(missing, rows.index, dtype=bool)]


def runs_left(runs: pd.DataFrame, made: Made) -> pd.DataFrame:
    """The runs that are not made. runs: as elicitation.study.work.planned_runs makes them."""
    return not_made(runs, RUNS, made)


def stages_left(stages: pd.DataFrame, made: Made) -> pd.DataFrame:
    """The stages that are not made, of those of runs that are not: weak ones, which have jobs of their own, may be."""
    return not_made(stages, STAGE, made)
