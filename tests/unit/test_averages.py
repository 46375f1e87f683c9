import pandas as pd
import pytest

from elicitation.analysis.averages import (
    average_rows,
    average_tasks,
    missing_runs,
    select,
    task_rows,
    with_averaged_runs,
)
from elicitation.analysis.names import MISSING
from elicitation.errors import InputError

SAME = {"supervisor": "v", "student": "s", "method": "m", "shots": 2, "shot_quality": "gold"}


def metrics(*rows):
    """Runs given as (task, n_weak, n_gold, seed, accuracy)."""
    table = pd.DataFrame(rows, columns=["task", "n_weak", "n_gold", "seed", "accuracy"])
    return table.assign(**SAME, n_test=100, n_voted=100, n_wrong=20, n_right=80)


UNPAIRED = metrics(
    ("a", 10, 0, 0, 0.6), ("a", 10, 0, 1, 0.6), ("b", 10, 0, 0, 0.8), ("b", 0, 5, 0, 0.9), ("b", 0, 5, 1, 0.9)
)  # fmt: skip


def test_only_the_runs_that_every_task_has_are_averaged():
    averaged = average_tasks(UNPAIRED)
    assert averaged[["task", "n_weak", "n_gold", "seed"]].to_numpy().tolist() == [["average", 10, 0, 0]]
    row = averaged.iloc[0]
    assert row.accuracy == pytest.approx(0.7)
    assert (row.n_test, row.n_tasks) == (200, 2)
    assert (row.shots, row.shot_quality) == (2, "gold"), "what describes a configuration is not averaged"


def test_test_examples_count_as_what_they_tell_of_an_average_in_which_all_tasks_weigh_alike():
    runs = metrics(("a", 1, 0, 0, 0.6), ("b", 1, 0, 0, 0.8)).assign(n_test=[50, 5000], n_voted=[10, 10])
    row = average_tasks(runs).iloc[0]
    assert row.n_voted == 20
    # As an average of two independent means errs.
    assert 0.25 / row.n_test == pytest.approx((0.25 / 50 + 0.25 / 5000) / 4)


def test_what_a_task_leaves_undefined_has_no_average():
    runs = metrics(*(("ab"[i % 2], n, 0, 0, 0.6) for n in (1, 2) for i in (0, 1))).assign(pgr=[0.5, None, 0.2, 0.4])
    assert average_tasks(runs).pgr.fillna(-1).tolist() == pytest.approx([-1, 0.3])


def planned(*rows):
    """Runs that the grid asks for, given as (task, n_weak, n_gold, seed)."""
    return metrics(*((*row, 0) for row in rows))


PLANNED = planned(*((task, *pair, seed) for task in "ab" for pair in ((10, 0), (0, 5), (99, 0)) for seed in (0, 1)))


def test_every_planned_run_that_a_task_lacks_is_listed_even_if_all_lack_it():
    missing = missing_runs(PLANNED, UNPAIRED, ["a", "b"])
    assert list(missing) == MISSING
    found = missing[["task", "n_weak", "n_gold", "seed"]].to_numpy().tolist()
    everywhere = [[task, 99, 0, seed] for task in "ab" for seed in (0, 1)]
    assert sorted(found) == sorted([["a", 0, 5, 0], ["a", 0, 5, 1], ["b", 10, 0, 1], *everywhere])


def test_a_finished_plan_lacks_nothing():
    assert missing_runs(UNPAIRED, UNPAIRED, ["a", "b"]).empty


def test_averages_of_one_student_do_not_depend_on_what_another_lacks():
    other = UNPAIRED[UNPAIRED.n_weak == 10].assign(student="t")
    averaged = average_tasks(pd.concat([UNPAIRED[UNPAIRED.seed == 0].iloc[:2], other]))
    assert averaged.student.tolist() == ["s", "t"]


def test_averages_keep_the_order_in_which_the_runs_come():
    runs = metrics(("b", 90, 0, 0, 0.6), ("b", 10, 0, 0, 0.6), ("a", 10, 0, 0, 0.6), ("a", 90, 0, 0, 0.6))
    assert average_tasks(runs).n_weak.tolist() == [90, 10]


def test_tasks_without_a_run_in_common_are_an_error():
    with pytest.raises(InputError, match="a, b share no purchase and seed"):
        average_tasks(metrics(("a", 10, 0, 0, 0.6), ("b", 10, 0, 1, 0.6)))


def test_one_task_has_no_average_and_lacks_nothing():
    table = with_averaged_runs(UNPAIRED[UNPAIRED.task == "a"], ["a"])
    assert table.task.tolist() == ["a", "a"] and table.n_tasks.tolist() == [1, 1]
    assert missing_runs(PLANNED, UNPAIRED, ["a"]).empty


def test_several_tasks_stand_after_their_average():
    table = with_averaged_runs(UNPAIRED, ["a", "b"])
    assert table.task.tolist() == ["average", *UNPAIRED.task]
    assert table.n_tasks.tolist() == [2, 1, 1, 1, 1, 1]


def test_only_models_that_run_on_all_the_tasks_are_averaged_and_others_lack_nothing():
    elsewhere = UNPAIRED[UNPAIRED.task == "a"].assign(student="t")
    third = UNPAIRED[UNPAIRED.task == "a"].assign(task="c")
    table = with_averaged_runs(pd.concat([UNPAIRED, elsewhere, third]), ["a", "b"])
    assert table[table.task == "average"].student.tolist() == ["s"]
    elsewhere, third = PLANNED[PLANNED.task == "a"].assign(student="t"), PLANNED[PLANNED.task == "a"].assign(task="c")
    missing = missing_runs(pd.concat([PLANNED, elsewhere, third]), UNPAIRED, ["a", "b"])
    assert set(missing.student) == {"s"} and set(missing.task) == {"a", "b"}


def test_rows_of_the_average_and_of_the_tasks_are_told_apart():
    table = with_averaged_runs(UNPAIRED, ["a", "b"])
    assert set(average_rows(table).task) == {"average"} and len(task_rows(table)) == len(UNPAIRED)
    assert average_rows(UNPAIRED).equals(UNPAIRED), "without an average, all rows"


def test_selected_rows_have_a_listed_value_in_every_column():
    chosen = select(UNPAIRED, {"task": ["b"], "seed": [0, 2]})
    assert chosen[["task", "n_weak", "seed"]].to_numpy().tolist() == [["b", 10, 0], ["b", 0, 0]]
