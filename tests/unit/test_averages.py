import pandas as pd
import pytest

from elicitation.averages import RUN, average_rows, average_tasks, select, task_rows, with_average
from elicitation.errors import InputError

SAME = {"supervisor": "v", "student": "s", "method": "m", "shots": 2, "shot_quality": "gold"}


def metrics(*rows):
    """Runs given as (task, n_weak, n_gold, seed, accuracy)."""
    table = pd.DataFrame(rows, columns=["task", "n_weak", "n_gold", "seed", "accuracy"])
    return table.assign(**SAME, n_test=100, n_report=50)


UNPAIRED = metrics(
    ("a", 10, 0, 0, 0.6), ("a", 10, 0, 1, 0.6), ("b", 10, 0, 0, 0.8), ("b", 0, 5, 0, 0.9), ("b", 0, 5, 1, 0.9)
)  # fmt: skip


def test_only_the_runs_that_every_task_has_are_averaged():
    averaged, _ = average_tasks(UNPAIRED)
    assert averaged[["task", "n_weak", "n_gold", "seed"]].to_numpy().tolist() == [["average", 10, 0, 0]]
    row = averaged.iloc[0]
    assert row.accuracy == pytest.approx(0.7)
    assert (row.n_test, row.n_report, row.n_tasks) == (200, 100, 2)
    assert (row.shots, row.shot_quality) == (2, "gold"), "what describes a configuration is not averaged"


def test_every_run_that_a_task_lacks_is_listed():
    _, missing = average_tasks(UNPAIRED)
    assert list(missing) == RUN
    found = missing[["task", "n_weak", "n_gold", "seed"]].to_numpy().tolist()
    assert sorted(found) == [["a", 0, 5, 0], ["a", 0, 5, 1], ["b", 10, 0, 1]]


def test_averages_of_one_student_do_not_depend_on_what_another_lacks():
    other = UNPAIRED[UNPAIRED.n_weak == 10].assign(student="t")
    averaged, missing = average_tasks(pd.concat([UNPAIRED[UNPAIRED.seed == 0].iloc[:2], other]))
    assert averaged.student.tolist() == ["s", "t"]
    assert missing[["task", "student", "seed"]].to_numpy().tolist() == [["b", "t", 1]]


def test_averages_keep_the_order_in_which_the_runs_come():
    runs = metrics(("b", 90, 0, 0, 0.6), ("b", 10, 0, 0, 0.6), ("a", 10, 0, 0, 0.6), ("a", 90, 0, 0, 0.6))
    assert average_tasks(runs)[0].n_weak.tolist() == [90, 10]


def test_tasks_without_a_run_in_common_are_an_error():
    with pytest.raises(InputError, match="a, b share no purchase and seed"):
        average_tasks(metrics(("a", 10, 0, 0, 0.6), ("b", 10, 0, 1, 0.6)))


def test_one_task_has_no_average_and_lacks_nothing():
    table, missing = with_average(UNPAIRED[UNPAIRED.task == "a"], ["a"])
    assert table.task.tolist() == ["a", "a"] and table.n_tasks.tolist() == [1, 1]
    assert missing.empty and list(missing) == RUN


def test_several_tasks_stand_after_their_average():
    table, missing = with_average(UNPAIRED, ["a", "b"])
    assert table.task.tolist() == ["average", *UNPAIRED.task]
    assert table.n_tasks.tolist() == [2, 1, 1, 1, 1, 1] and len(missing) == 3


def test_only_models_that_run_on_all_the_tasks_are_averaged_and_others_lack_nothing():
    elsewhere = UNPAIRED[UNPAIRED.task == "a"].assign(student="t")
    third = UNPAIRED[UNPAIRED.task == "a"].assign(task="c")
    table, missing = with_average(pd.concat([UNPAIRED, elsewhere, third]), ["a", "b"])
    assert table[table.task == "average"].student.tolist() == ["s"] and set(missing.student) == {"s"}
    assert not set(missing.task) & {"c"}


def test_rows_of_the_average_and_of_the_tasks_are_told_apart():
    table, _ = with_average(UNPAIRED, ["a", "b"])
    assert set(average_rows(table).task) == {"average"} and len(task_rows(table)) == len(UNPAIRED)
    assert average_rows(UNPAIRED).equals(UNPAIRED), "without an average, all rows"


def test_selected_rows_have_a_listed_value_in_every_column():
    chosen = select(UNPAIRED, {"task": ["b"], "seed": [0, 2]})
    assert chosen[["task", "n_weak", "seed"]].to_numpy().tolist() == [["b", 10, 0], ["b", 0, 0]]
