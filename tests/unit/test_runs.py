import numpy as np
import pytest
import torch

from elicitation.buying.market import plan_runs
from elicitation.buying.methods import METHODS, Stage
from elicitation.buying.purchases import Supply
from elicitation.models.batches import predict
from elicitation.models.hardware import CPU, Hardware
from elicitation.models.loading import adapted_weights, load_tokenizer, new_lora_classifier, renew_head, tokenize
from elicitation.training.schedule import Protocol
from elicitation.training.student import Student

PROTOCOL = Protocol("early_stopping", learning_rate=0.02, batch_size=4, presentations=24)


def silent(line):
    pass


@pytest.fixture
def student(llama_folder, examples):
    return Student(llama_folder, CPU, examples, seed=1, protocol=PROTOCOL)


@pytest.fixture
def gold(examples):
    return examples.set_index("id").gold


def test_a_student_reads_and_predicts_examples_by_id(student, llama_folder, examples):
    ids = ["id07", "id00", "id30"]
    texts = examples.set_index("id").text.loc[ids].tolist()
    model = student.fresh()
    expected = predict(model, tokenize(load_tokenizer(llama_folder), texts), 1000)
    np.testing.assert_allclose(student.predict(model, ids), expected, atol=1e-6)


def test_labels_are_found_by_id(student, gold):
    ids = ["id07", "id00", "id30", "id12"]
    records = [student.train(student.fresh(), Stage("gold"), p[ids], silent) for p in (gold, gold[::-1])]
    assert [record | {"seconds": 0} for record in records] == [records[0] | {"seconds": 0}] * 2


@pytest.mark.parametrize("part", ["all", "head", "body"])
def test_only_the_chosen_part_changes(student, gold, part):
    model = student.fresh()
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    student.train(model, Stage("gold", trains=part), gold, silent)
    changed = {name for name, weight in model.named_parameters() if not torch.equal(weight, before[name])}
    kinds = {"head" if "modules_to_save" in name else "body" if "lora_" in name else "base" for name in changed}
    assert kinds == {"all": {"head", "body"}, "head": {"head"}, "body": {"body"}}[part]


def test_a_new_head_forgets_the_old_one_and_keeps_the_body(student, gold):
    model = student.fresh()
    student.train(model, Stage("weak"), gold, silent)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    renew_head(model, seed=1)
    changed = {name for name, weight in model.named_parameters() if not torch.equal(weight, before[name])}
    assert changed and all("modules_to_save" in name for name in changed)
    assert np.abs(student.predict(model, ["id00"])).max() < 0.1


def test_a_bfloat16_base_trains_float32_adapters_as_on_a_gpu(monkeypatch, llama_folder, examples, gold, tmp_path):
    monkeypatch.setattr(Hardware, "dtype", "bfloat16")
    student = Student(llama_folder, CPU, examples, seed=1, protocol=PROTOCOL)
    model = student.fresh()
    student.train(model, Stage("gold"), gold, silent)
    assert model.dtype == torch.bfloat16
    assert {weight.dtype for weight in model.parameters() if weight.requires_grad} == {torch.float32}
    model.save_pretrained(tmp_path)
    ids = examples.id.tolist()
    trained = student.predict(model, ids).tolist()
    assert trained != student.predict(student.fresh(), ids).tolist()
    assert trained == student.predict(student.after(tmp_path), ids).tolist()


@pytest.mark.parametrize("architecture", ["llama", "roberta", "encoder", "gpt2"])
def test_a_student_that_is_set_back_is_a_fresh_load_to_the_last_bit(
    model_folders, examples, gold, architecture, tmp_path
):
    student = Student(model_folders[architecture], CPU, examples, seed=1, protocol=PROTOCOL)
    student.train(student.fresh(), Stage("weak"), gold, silent)
    student.model.save_pretrained(tmp_path)
    saved = {name: weight.clone() for name, weight in adapted_weights(student.model).items()}
    loaded = new_lora_classifier(model_folders[architecture], CPU, student.model.config.pad_token_id, seed=1)
    expected = dict(loaded.named_parameters())
    assert all(torch.equal(weight, expected[name]) for name, weight in student.fresh().named_parameters())
    assert not all(torch.equal(weight, expected[name]) for name, weight in saved.items())
    after = adapted_weights(student.after(tmp_path))
    assert all(torch.equal(weight, saved[name]) for name, weight in after.items())


def test_runs_of_a_block_share_their_prompt_and_choose_among_what_has_gold_labels():
    ordering, supply = [f"id{i:02d}" for i in range(40)], Supply(examples=40, weak=40, gold=25)
    pairs = [(6, 2), (10, 4)]
    shots, purchases, candidates = plan_runs(METHODS["two_shot_gold"], pairs, ordering, supply, "task")
    assert shots.gold == ["id39", "id38"] and not shots.weak and not any(candidates.values())
    assert purchases[6, 2].gold == [] and purchases[10, 4].gold == ["id37", "id36"]
    assert purchases[10, 4].weak == ordering[:10]
    shots, purchases, candidates = plan_runs(METHODS["uncertainty_sampling"], [(20, 2)], ordering, supply, "task")
    assert not shots.gold and purchases[20, 2].gold == ["id39", "id38"]
    assert candidates[20, 2] == ordering[:19:-1], "those behind the weak purchase, which all have a gold label"
    candidates = plan_runs(METHODS["uncertainty_sampling"], [(10, 2)], ordering, supply, "task")[2]
    assert candidates[10, 2] == ordering[:14:-1], "the first 15 have no gold label"
