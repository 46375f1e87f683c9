"""What every method must do, whichever it is."""

import numpy as np
import pytest
import torch

from elicitation.methods import METHODS
from elicitation.purchases import buy, order_pool
from elicitation.runs import Student, run_stages
from elicitation.training import Protocol

PROTOCOL = Protocol("early_stopping", learning_rate=0.02, batch_size=4, presentations=24)


def silent(line):
    pass


@pytest.fixture(params=METHODS)
def method(request):
    return METHODS[request.param]


@pytest.fixture(params=["llama", "encoder"])
def student(request, model_folders, examples):
    return Student(model_folders[request.param], "cpu", examples, seed=1, protocol=PROTOCOL)


@pytest.fixture
def run(method, student, examples):
    """Runs the method on a purchase of the first 30 examples and predicts the last 10."""
    labels = examples.set_index("id").gold
    p_weak = 0.2 + 0.6 * labels
    ordering = order_pool(examples.id[:30], seed=1)

    def run_method(n_weak, n_gold, weak_adapter=None, test_ids=tuple(examples.id[30:])):
        purchase = buy(ordering, n_weak, n_gold, "task")
        return run_stages(student, method.stages, purchase, p_weak, labels, weak_adapter, list(test_ids), silent)

    run_method.weak_ids = lambda n_weak: buy(ordering, n_weak, 0, "task").weak
    run_method.p_weak = p_weak
    return run_method


PURCHASES = pytest.mark.parametrize(("n_weak", "n_gold"), [(8, 0), (0, 8), (8, 4), (1, 1)])


@PURCHASES
def test_predictions_are_finite_and_only_bought_labels_make_stages(run, n_weak, n_gold):
    log_odds, records = run(n_weak, n_gold)
    assert log_odds.shape == (10,)
    assert np.isfinite(log_odds).all()
    assert set(records) == {name for name, n in (("weak", n_weak), ("gold", n_gold)) if n}


@PURCHASES
def test_a_run_is_repeatable_to_the_last_bit(run, n_weak, n_gold):
    first, _ = run(n_weak, n_gold)
    torch.rand(7)
    again, _ = run(n_weak, n_gold)
    assert first.tolist() == again.tolist()


def test_predictions_come_in_the_order_of_the_test_ids(run):
    ids = ["id31", "id38", "id30"]
    forwards, _ = run(4, 4, test_ids=ids)
    backwards, _ = run(4, 4, test_ids=ids[::-1])
    assert len(set(forwards)) == 3
    np.testing.assert_allclose(forwards, backwards[::-1], atol=1e-6)


@pytest.mark.parametrize("n_gold", [0, 4])
def test_a_weak_stage_from_disk_is_worth_one_trained_in_the_run(run, student, method, n_gold, tmp_path):
    if "weak" not in method.stages:
        pytest.skip("the method has no weak stage")
    model = student.fresh()
    student.train(model, "weak", run.weak_ids(8), run.p_weak, silent)
    model.save_pretrained(tmp_path)
    torch.rand(7)
    from_disk, records = run(8, n_gold, weak_adapter=tmp_path)
    in_the_run, _ = run(8, n_gold)
    assert "weak" not in records
    np.testing.assert_allclose(from_disk, in_the_run, atol=1e-6)


def test_methods_of_one_recipe_share_its_weak_stage():
    stages = {}
    for method in METHODS.values():
        assert set(method.stages) <= {"weak", "gold"}
        assert stages.setdefault(method.recipe, "weak" in method.stages) == ("weak" in method.stages)
