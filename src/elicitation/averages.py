"""Averages over tasks: of paired runs only, with a list of those that some task lacks. Imports nothing heavy."""

import pandas as pd

from elicitation.config import AVERAGE
from elicitation.errors import InputError

CONFIGURATION = ["task", "supervisor", "student", "method", "shots", "shot_quality", "n_weak", "n_gold"]
"""What a run shares with those of other seeds."""
RUN = [*CONFIGURATION, "seed"]
MODELS = ["supervisor", "student", "method"]


def average_tasks(metrics: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The metrics averaged over tasks, run by run, as those of a task called AVERAGE; and the runs that are missing.

    Only purchases and seeds that every task has are averaged; their test examples are counted together. Missing is
    a run (columns RUN) that its task lacks while another task has it.
    Raises InputError if the tasks have no run in common.
    """
    keys = [name for name in RUN if name != "task"]
    counts = ["n_test", "n_report"]
    numbers = [name for name in metrics.select_dtypes("number").columns if name not in (*keys, *counts)]
    groups = metrics.groupby(keys, sort=False)
    averaged = pd.concat([groups[numbers].mean(), groups[counts].sum()], axis=1)
    n_tasks = metrics.task.nunique()
    complete = groups.task.nunique() == n_tasks
    if not complete.any():
        raise InputError(f"The tasks {', '.join(metrics.task.unique())} share no purchase and seed to average over.")
    every_run = metrics[["task"]].drop_duplicates().merge(metrics[keys].drop_duplicates(), how="cross")
    missing = every_run.merge(metrics[RUN], how="left", indicator="found").query("found == 'left_only'")
    return averaged[complete].reset_index().assign(task=AVERAGE, n_tasks=n_tasks), missing[RUN]


def with_average(metrics: pd.DataFrame, over: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The metrics of all tasks with `n_tasks`, after those of the average of some; and the runs that are missing.

    over: the tasks that are averaged, where there are several, for each supervisor, student and method that runs on
    all of them. `missing` is as average_tasks returns it.
    """
    single = metrics.assign(n_tasks=1)
    averaged = metrics[metrics.task.isin(over)]
    averaged = averaged[averaged.groupby(MODELS).task.transform("nunique") == len(over)]
    if len(over) == 1 or averaged.empty:
        return single, metrics[RUN].iloc[:0]
    averaged, missing = average_tasks(averaged)
    return pd.concat([averaged, single], ignore_index=True), missing


def average_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the average over tasks, or all rows where there is one task only."""
    return table[table.task == AVERAGE] if AVERAGE in set(table.task) else table


def task_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the single tasks."""
    return table[table.task != AVERAGE]


def select(table: pd.DataFrame, shown: dict[str, list[str]]) -> pd.DataFrame:
    """The rows whose values are among those listed for their columns."""
    for column, values in shown.items():
        table = table[table[column].isin(values)]
    return table
