"""Averages over tasks: of paired runs only, with a list of those that a task lacks. Imports nothing heavy."""

import pandas as pd

from elicitation.analysis.names import AVERAGE, CLASSICAL, COUNTS, MISSING, RUN, SETTING
from elicitation.errors import InputError


def average_tasks(metrics: pd.DataFrame) -> pd.DataFrame:
    """The metrics averaged over tasks, run by run, as those of a task called AVERAGE.

    Only purchases and seeds that every task has are averaged, and scores that are defined on all of them. Test examples
    are counted as those of one task that would tell as much: k²/Σ(1/n) for k tasks of n, since all tasks weigh alike.
    Raises InputError if the tasks have no run in common.
    """
    keys = [name for name in RUN if name != "task"]
    counted = [name for name in COUNTS if name in metrics]
    numbers = [name for name in metrics.select_dtypes("number").columns if name not in (*keys, *COUNTS)]
    groups = metrics.groupby(keys, sort=False)
    n_tasks = metrics.task.nunique()
    counts = n_tasks**2 / (1 / metrics[counted]).groupby([metrics[key] for key in keys], sort=False).sum()
    averaged = pd.concat([groups[numbers].mean(skipna=False), counts], axis=1)
    complete = groups.task.nunique() == n_tasks
    if not complete.any():
        raise InputError(f"The tasks {', '.join(metrics.task.unique())} share no purchase and seed to average over.")
    return averaged[complete].reset_index().assign(task=AVERAGE, n_tasks=n_tasks)


def averaged_rows(table: pd.DataFrame, over: list[str]) -> pd.DataFrame:
    """The rows that an average is made of: of each supervisor, student and method that is on all tasks of `over`."""
    table = table[table.task.isin(over)]
    complete = table.groupby(SETTING).task.transform("nunique") == len(over)
    return table[complete & (len(over) > 1)]


def with_averaged_runs(metrics: pd.DataFrame, over: list[str]) -> pd.DataFrame:
    """The metrics with a column `n_tasks`: the average over the tasks `over`, if these are several, then every task."""
    if "estimator" in metrics:
        # It is said of those tasks only whose test texts have gold labels in part.
        usual = {"estimator": CLASSICAL, "n_effective": metrics.n_test, "accuracy_classical": metrics.accuracy}
        metrics = metrics.fillna(usual)
    single, averaged = metrics.assign(n_tasks=1), averaged_rows(metrics, over)
    return single if averaged.empty else pd.concat([average_tasks(averaged), single], ignore_index=True)


def missing_runs(planned: pd.DataFrame, metrics: pd.DataFrame, over: list[str]) -> pd.DataFrame:
    """The planned runs (columns MISSING) that a task of an average lacks, whether or not another task has them.

    planned: what the grid asks for of every task, whatever its pool and its prompts can serve.
    """
    planned = averaged_rows(planned, over)[MISSING]
    return planned.merge(metrics[MISSING], how="left", indicator="found").query("found == 'left_only'")[MISSING]


def average_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the average over tasks; where nothing is averaged, the rows of all tasks."""
    return table[table.task == AVERAGE] if AVERAGE in set(table.task) else table


def task_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the single tasks."""
    return table[table.task != AVERAGE]


def buys_labels(table: pd.DataFrame) -> pd.Series:
    """Which rows are of a purchase that holds a label; the others are of asking a model without any."""
    return table.n_weak + table.n_gold > 0


def select(table: pd.DataFrame, shown: dict[str, list[str]]) -> pd.DataFrame:
    """The rows whose values are among those listed for their columns."""
    for column, values in shown.items():
        table = table[table[column].isin(values)]
    return table
