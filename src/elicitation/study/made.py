"""What of a study is made already, by the files that are there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from elicitation.study.grid import RUNS, STAGE
from elicitation.study.models import OwnModel

if TYPE_CHECKING:
    from elicitation.study.study import Study

# Whether a result is there, by its path from the study's folder.
Made = Callable[[str], bool]


def nothing_made(path: str) -> bool:
    """As before a study runs, whatever is there."""
    return False


def made_in(folder: Path) -> Made:
    """What is made in a study's folder."""
    return lambda path: (folder / path).exists()


def seeds_in_name(study: Study, student: str, method: str, seed: int) -> str:
    """What the file of a run calls its seeds: those that train together, or the one where nothing trains here.

    method: the one under whose name the run is made.
    """
    made_by = study.method_named.get(method)
    if made_by is None or made_by.prompts_only or not isinstance(study.model_of(student), OwnModel):
        return str(seed)
    return next(name for name, team in study.teams.items() if seed in team)


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
