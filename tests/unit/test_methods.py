"""What every method must do, whichever it is, and how methods are declared."""

import numpy as np
import pandas as pd
import pytest
import torch

from elicitation.hardware import CPU
from elicitation.methods import METHODS, Selection, Shots, Stage, method_from, settings_of, study_methods
from elicitation.prompts import PromptFormat
from elicitation.purchases import buy, order_pool, set_shots_apart
from elicitation.runs import Student, candidates_for, prompted, run_stages
from elicitation.training import Protocol

PROTOCOL = Protocol("early_stopping", learning_rate=0.02, batch_size=4, presentations=24)
TRAINING = {name: method for name, method in METHODS.items() if not method.prompts_only}


def silent(line):
    pass


@pytest.fixture(params=TRAINING)
def method(request):
    return METHODS[request.param]


@pytest.fixture(params=["llama", "encoder"])
def folder(request, model_folders):
    return model_folders[request.param]


@pytest.fixture
def run(method, folder, examples):
    """Runs the method on a purchase of the first 30 examples and predicts the last 10."""
    pool = examples.iloc[:30].assign(p_weak=0.2 + 0.6 * examples.gold)
    ordering = order_pool(pool.id, seed=1)
    n_shots = sum(method.shots_bought)

    def split(n_weak, n_gold):
        weak_shots, gold_shots = method.shots_bought
        bought = buy(ordering, n_weak + weak_shots, n_gold + gold_shots, "task")
        return set_shots_apart(bought, weak_shots, gold_shots)

    shots, _ = split(1, 1)
    texts = prompted(examples[["id", "text"]], method.shots, shots, pool, PromptFormat(), seed=1)
    student = Student(folder, CPU, texts, seed=1, protocol=PROTOCOL)
    assert all(len(text) > n_shots * 20 for text in texts.text)

    def run_method(n_weak, n_gold, weak_adapter=None, test_ids=tuple(examples.id[30:])):
        shots, purchase = split(n_weak, n_gold)
        candidates = candidates_for(ordering, purchase, shots)
        return run_stages(
            student, method, purchase, pool.set_index("id"), weak_adapter, candidates, list(test_ids), silent
        )

    run_method.student, run_method.split, run_method.p_weak = student, split, pool.set_index("id").p_weak
    return run_method


PURCHASES = pytest.mark.parametrize(("n_weak", "n_gold"), [(8, 0), (0, 8), (8, 4), (1, 1)])


@PURCHASES
def test_predictions_are_finite_and_only_bought_labels_make_stages(run, method, n_weak, n_gold):
    log_odds, records, gold_ids = run(n_weak, n_gold)
    assert log_odds.shape == (10,)
    assert np.isfinite(log_odds).all()
    bought = {"weak": n_weak, "gold": n_gold, "both": n_weak + n_gold}
    assert list(records) == [stage.labels for stage in method.stages if bought[stage.labels]]
    assert len(set(gold_ids)) == n_gold and not set(gold_ids) & set(run.split(n_weak, n_gold)[1].weak)


@PURCHASES
def test_a_run_is_repeatable_to_the_last_bit(run, n_weak, n_gold):
    first, *_ = run(n_weak, n_gold)
    torch.rand(7)
    again, *_ = run(n_weak, n_gold)
    assert first.tolist() == again.tolist()


def test_predictions_come_in_the_order_of_the_test_ids(run):
    ids = ["id31", "id38", "id30"]
    forwards, *_ = run(4, 4, test_ids=ids)
    backwards, *_ = run(4, 4, test_ids=ids[::-1])
    assert len(set(forwards)) == 3
    np.testing.assert_allclose(forwards, backwards[::-1], atol=1e-6)


@pytest.mark.parametrize("n_gold", [0, 4])
def test_a_weak_stage_from_disk_is_worth_one_trained_in_the_run(run, method, n_gold, tmp_path):
    if not method.starts_weak:
        pytest.skip("the method has no weak stage of its own")
    model = run.student.fresh()
    run.student.train(model, method.stages[0], run.p_weak[run.split(8, 0)[1].weak], silent)
    model.save_pretrained(tmp_path)
    torch.rand(7)
    from_disk, records, _ = run(8, n_gold, weak_adapter=tmp_path)
    in_the_run, *_ = run(8, n_gold)
    assert "weak" not in records
    np.testing.assert_allclose(from_disk, in_the_run, atol=1e-6)


def test_methods_of_one_recipe_have_the_same_weak_stage_and_prompt():
    recipes = {}
    for method in TRAINING.values():
        if method.starts_weak:
            assert recipes.setdefault(method.recipe, (method.stages[0], method.shots)) == (
                method.stages[0],
                method.shots,
            )
    assert {"plain", "log_confidence", "head", "body", "2-weak-shots", "2-gold-shots"} <= set(recipes)


@pytest.mark.parametrize("name", METHODS)
def test_settings_are_plain_values_that_bring_the_method_back(name):
    settings = settings_of(METHODS[name])
    assert method_from(settings) == METHODS[name]
    assert isinstance(settings["stages"], list) and repr(settings) == repr(settings_of(METHODS[name]))


def test_a_study_declares_variants_beside_the_methods_it_names():
    methods = study_methods(
        [
            {"name": "many", "like": "sequential_sft", "shots": {"quality": "gold", "k": 32}, "title": "+ 32-shot"},
            "sequential_sft",
            {"name": "drawn", "like": "uncertainty_sampling", "selection": {"measure": "margin", "temperature": 2}},
            {"name": "heavy", "like": "joint_sft", "gold_weight": 50},
        ]
    )
    assert list(methods) == ["many", "sequential_sft", "drawn", "heavy"]
    assert methods["many"].shots == Shots("gold", 32) and methods["many"].title == "+ 32-shot"
    assert methods["many"].recipe == "32-gold-shots"
    assert methods["drawn"].selection == Selection("margin", 2) and methods["drawn"].title == "drawn"
    assert methods["heavy"].stages == (Stage("both", gold_weight=50),)


def test_uncertainty_sampling_buys_other_gold_labels_than_chance_once_there_is_a_weak_stage(examples, llama_folder):
    pool = examples.assign(p_weak=0.2 + 0.6 * examples.gold).set_index("id")
    student = Student(llama_folder, CPU, examples, seed=1, protocol=PROTOCOL)
    purchase = buy(order_pool(pool.index, seed=1), 16, 4, "task")
    candidates = [i for i in pool.index if i not in purchase.weak]
    method = METHODS["uncertainty_sampling"]
    _, _, chosen = run_stages(student, method, purchase, pool, None, candidates, ["id00"], silent)
    assert set(chosen) != set(purchase.gold) and set(chosen) <= set(candidates)
    without = buy(order_pool(pool.index, seed=1), 0, 4, "task")
    _, _, at_random = run_stages(student, method, without, pool, None, candidates, ["id00"], silent)
    assert at_random == without.gold


def test_every_text_has_all_shots_in_an_order_of_its_own_and_weak_labels_hardened(examples):
    pool = pd.DataFrame({"id": list("abc"), "text": ["A", "B", "C"], "gold": [1, 1, 1], "p_weak": [0.9, 0.2, 0.6]})
    shots, _ = set_shots_apart(buy(list("abc"), 3, 0, "task"), 3, 0)
    texts = prompted(examples[["id", "text"]], Shots("weak", 3), shots, pool, PromptFormat(), seed=0).text
    heads = [text.removesuffix(f"{original}\n") for text, original in zip(texts, examples.text, strict=True)]
    assert {tuple(sorted(head.split("\n\n")[:-1])) for head in heads} == {("A\n1", "B\n0", "C\n1")}
    assert len(set(heads)) == 6
