"""What every method must do, whichever it is, and how methods are declared."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import TypeAdapter

from elicitation.buying.block import Block
from elicitation.buying.market import plan_runs
from elicitation.buying.methods import METHODS, Selection, Shots, Stage, method_from, settings_of
from elicitation.buying.purchases import Purchase, buy, full_supply, order_pool, set_shots_apart
from elicitation.data.prompts import PromptFormat, label_token_ids
from elicitation.errors import InputError
from elicitation.models.engines import label_with_transformers
from elicitation.models.hardware import CPU
from elicitation.models.loading import load_tokenizer
from elicitation.study.methods import AnyMethod, methods_by_name
from elicitation.training.loop import train_alone
from elicitation.training.prompting import labelled_shots, prompted, tokenize_prompts
from elicitation.training.runs import run_stages, train_weak_stages
from elicitation.training.schedule import Protocol
from elicitation.training.student import Student

PROTOCOL = Protocol("early_stopping", learning_rate=0.02, batch_size=4, presentations=8)
TRAINING = {name: method for name, method in METHODS.items() if not method.prompts_only}
PROMPTING = {name: method for name, method in METHODS.items() if method.prompts_only}
MOOD = PromptFormat(" mood :", (" unhappy", " happy"))


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
        pair = (n_weak + weak_shots, n_gold + gold_shots)
        shots, purchases, candidates = plan_runs(method, [pair], ordering, full_supply(30), "task")
        return shots, purchases[pair], candidates[pair]

    shots, *_ = split(1, 1)
    texts = prompted(examples[["id", "text"]], method.shots, shots, pool.set_index("id"), PromptFormat(), seed=1)
    student = Student(folder, CPU, texts, seed=1, protocol=PROTOCOL)
    assert all(len(text) > n_shots * 20 for text in texts.text)

    def run_method(n_weak, n_gold, weak_adapter=None, test_ids=tuple(examples.id[30:])):
        _, purchase, candidates = split(n_weak, n_gold)
        return train_alone(
            run_stages(
                student, method, purchase, pool.set_index("id"), weak_adapter, candidates, list(test_ids), silent
            )
        )

    run_method.student, run_method.split, run_method.p_weak = student, split, pool.set_index("id").p_weak
    return run_method


@pytest.mark.parametrize(("n_weak", "n_gold"), [(8, 0), (0, 8), (8, 4)])
def test_a_run_is_repeatable_to_the_last_bit_and_only_bought_labels_make_stages(run, method, n_weak, n_gold):
    log_odds, records, gold_ids = run(n_weak, n_gold)
    assert log_odds.shape == (10,)
    assert np.isfinite(log_odds).all()
    bought = {"weak": n_weak, "gold": n_gold, "both": n_weak + n_gold}
    assert list(records) == [stage.labels for stage in method.stages if bought[stage.labels]]
    assert len(set(gold_ids)) == n_gold and not set(gold_ids) & set(run.split(n_weak, n_gold)[1].weak)
    torch.rand(7)
    again, *_ = run(n_weak, n_gold)
    assert log_odds.tolist() == again.tolist()


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


@pytest.fixture(params=PROMPTING)
def ask(request, llama_folder, examples):
    """Asks the student for the last examples with each of some purchases of the first 30 in the prompt."""
    method, tokenizer = METHODS[request.param], load_tokenizer(llama_folder)
    pool = examples.iloc[:30].assign(p_weak=0.2 + 0.6 * (1 - examples.gold))
    ordering, label_ids = order_pool(pool.id, seed=1), label_token_ids(tokenizer.backend_tokenizer, MOOD, "student")

    def ask_for(numbers, test_ids=tuple(examples.id[30:]), beyond_context="refuse"):
        bought = {k: buy(ordering, *method.shots.split(k), "task") for k in numbers}
        shots = {k: labelled_shots(purchase, pool.set_index("id")) for k, purchase in bought.items()}
        texts = examples.set_index("id").text[list(test_ids)].tolist()
        prompts = tokenize_prompts(tokenizer, shots, texts, MOOD, beyond_context)
        return {k: label_with_transformers(llama_folder, ids, CPU, label_ids).log_odds for k, ids in prompts.items()}

    return ask_for


def test_prompting_gives_finite_predictions_that_depend_on_the_examples(ask):
    asked = ask([0, 1, 5])
    assert all(log_odds.shape == (10,) and np.isfinite(log_odds).all() for log_odds in asked.values())
    assert np.abs(asked[1] - asked[0]).max() > 1e-6 and np.abs(asked[5] - asked[1]).max() > 1e-6
    torch.rand(7)
    assert all(log_odds.tolist() == asked[k].tolist() for k, log_odds in ask([0, 1, 5]).items())


def test_prompting_predicts_in_the_order_of_the_test_ids(ask):
    ids = ["id31", "id38", "id30"]
    forwards, backwards = ask([3], ids)[3], ask([3], ids[::-1])[3]
    np.testing.assert_allclose(forwards, backwards[::-1], atol=1e-6)


def test_mixed_examples_are_the_first_weak_and_gold_labels_weak_ones_first():
    shots, pool = (
        METHODS["few_shot_mixed"].shots,
        pd.DataFrame(
            {"text": list("ABCDE"), "gold": [1, 0, 1, 1, 0], "p_weak": [0.9, 0.7, 0.2, 0.4, 0.6]}, index=list("abcde")
        ),
    )
    assert [shots.split(k) for k in range(4)] == [(0, 0), (1, 0), (1, 1), (2, 1)]
    assert labelled_shots(buy(list("abcde"), *shots.split(4), "task"), pool) == [("A", 1), ("B", 1), ("E", 0), ("D", 1)]


def test_examples_that_do_not_fit_the_context_are_refused_or_left_out(ask, monkeypatch):
    monkeypatch.setattr("elicitation.models.loading.context_of", lambda folder: 200)
    assert list(ask([1, 2, 30], beyond_context="leave_out")) == [1, 2]
    with pytest.raises(InputError, match="but it reads 200 at most"):
        ask([1, 2, 30])
    with pytest.raises(InputError, match="but it reads 200 at most"):
        ask([30], beyond_context="leave_out")


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
def test_settings_are_plain_values_that_bring_the_method_back_without_what_changes_no_result(name):
    method = METHODS[name]
    settings = settings_of(method)
    assert method_from(settings) == replace(method, title="", source="")
    assert isinstance(settings["stages"], list) and repr(settings) == repr(settings_of(method))
    renamed = replace(method, title="another", source="another", gold_shares=(0.3,), finetune_on=((1, 1),))
    assert settings_of(renamed) == settings


def test_methods_of_one_recipe_have_equal_settings_until_the_gold_stage():
    shared = [METHODS[name].until_gold for name in ("sequential_sft", "uncertainty_sampling", "new_head")]
    assert all(settings_of(method) == settings_of(shared[0]) for method in shared)


def declared(*entries):
    """The methods that a study has of these entries."""
    return methods_by_name(TypeAdapter(list[AnyMethod]).validate_python(entries))


def test_a_study_declares_variants_beside_the_methods_it_names():
    methods = declared(
        {"name": "many", "like": "sequential_sft", "shots": {"quality": "gold", "k": 32}, "title": "+ 32-shot"},
        "sequential_sft",
        {"name": "drawn", "like": "uncertainty_sampling", "selection": {"measure": "margin", "temperature": 2}},
        {"name": "heavy", "like": "joint_sft", "gold_weight": 50},
    )
    assert list(methods) == ["many", "sequential_sft", "drawn", "heavy"]
    assert methods["many"].shots == Shots("gold", 32) and methods["many"].title == "+ 32-shot"
    assert methods["many"].recipe == "32-gold-shots"
    longer = declared({"name": "longer", "like": "sequential_sft", "training": {"presentations": 9}})["longer"]
    assert longer.recipe == "presentations-9"
    assert methods["drawn"].selection == Selection("margin", 2) and methods["drawn"].title == "drawn"
    assert methods["heavy"].stages == (Stage("both", gold_weight=50),)
    sure = declared({"name": "sure", "like": "new_head", "weak_kept": 0.25})["sure"]
    assert sure.stages == (Stage("weak", kept=0.25), Stage("gold", new_head=True)) and sure.recipe == "kept-0.25"


def test_a_weak_stage_trains_on_the_share_that_is_kept_and_all_of_it_is_bought():
    class Told:
        def fresh(self):
            return "fresh"

        def training(self, model, stage, p, log):
            yield from ()
            return {"trained": list(p.index)}

    pool = pd.DataFrame({"p_weak": [0.6, 0.1, 0.45, 0.9]}, index=list("abcd"))
    method = METHODS["most_confident"].until_gold
    block = Block("task", "student", method, 0, pool, Purchase([], []), {(4, 0): Purchase(list("abcd"), [])}, {})
    [(bought, record)] = train_weak_stages([block], [Told()], silent)
    kept = {"of": 4, "kept": 2, "by_chance": 0, "label_1": 1}
    assert bought == list("abcd") and record == {"trained": ["b", "d"], "most_confident": kept}


def test_the_settings_of_stages_that_keep_all_weak_labels_do_not_name_it():
    """So that what was trained before a share could be kept is not trained again."""
    assert all("kept" not in stage for stage in settings_of(METHODS["sequential_sft"])["stages"])
    assert settings_of(METHODS["most_confident"])["stages"][0]["kept"] == 0.5


def test_uncertainty_sampling_buys_other_gold_labels_than_chance_once_there_is_a_weak_stage(examples, llama_folder):
    pool = examples.assign(p_weak=0.2 + 0.6 * examples.gold).set_index("id")
    student = Student(llama_folder, CPU, examples, seed=1, protocol=PROTOCOL)
    purchase = buy(order_pool(pool.index, seed=1), 16, 4, "task")
    candidates = [i for i in pool.index if i not in purchase.weak]
    method = METHODS["uncertainty_sampling"]
    _, _, chosen = train_alone(run_stages(student, method, purchase, pool, None, candidates, ["id00"], silent))
    assert set(chosen) != set(purchase.gold) and set(chosen) <= set(candidates)
    without = buy(order_pool(pool.index, seed=1), 0, 4, "task")
    _, _, at_random = train_alone(run_stages(student, method, without, pool, None, candidates, ["id00"], silent))
    assert at_random == without.gold


def test_every_text_has_all_shots_in_an_order_of_its_own_and_weak_labels_hardened(examples):
    pool = pd.DataFrame({"id": list("abc"), "text": ["A", "B", "C"], "gold": [1, 1, 1], "p_weak": [0.9, 0.2, 0.6]})
    shots, _ = set_shots_apart(buy(list("abc"), 3, 0, "task"), 3, 0)
    texts = prompted(
        examples[["id", "text"]], Shots("weak", 3), shots, pool.set_index("id"), PromptFormat(), seed=0
    ).text
    heads = [text.removesuffix(f"{original}\n") for text, original in zip(texts, examples.text, strict=True)]
    assert {tuple(sorted(head.split("\n\n")[:-1])) for head in heads} == {("A\n1", "B\n0", "C\n1")}
    assert len(set(heads)) == 6
    few = prompted(examples[["id", "text"]], Shots("weak", 3, orders=2), shots, pool.set_index("id"), PromptFormat(), 0)
    found = {text.removesuffix(f"{original}\n") for text, original in zip(few.text, examples.text, strict=True)}
    assert len(found) == 2 and found <= set(heads)


def test_methods_that_differ_in_orders_share_no_weak_stage_and_others_keep_their_names_and_settings():
    own, few = (replace(METHODS["two_shot_gold"], shots=Shots("gold", 2, orders=orders)) for orders in (None, 2))
    assert (own.recipe, few.recipe) == ("2-gold-shots", "2-gold-shots-orders-2")
    assert settings_of(own)["shots"] == {"quality": "gold", "k": 2}
    assert settings_of(few)["shots"] == {"quality": "gold", "k": 2, "orders": 2}
    assert method_from(settings_of(few)).shots == few.shots and method_from(settings_of(own)).shots == own.shots
