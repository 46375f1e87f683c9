import numpy as np
import pytest
import torch

from elicitation import models
from elicitation.models import load_tokenizer, tokenize
from elicitation.purchases import Purchase
from elicitation.runs import Student, run_stages
from elicitation.training import Protocol, predict

PROTOCOL = Protocol("early_stopping", learning_rate=0.02, batch_size=4, presentations=24)


def silent(line):
    pass


@pytest.fixture
def student(llama_folder, examples):
    return Student(llama_folder, "cpu", examples, seed=1, protocol=PROTOCOL)


@pytest.fixture
def gold(examples):
    return examples.set_index("id").gold


def test_a_student_reads_and_predicts_examples_by_id(student, llama_folder, examples):
    ids = ["id07", "id00", "id30"]
    texts = examples.set_index("id").text.loc[ids].tolist()
    model = student.fresh()
    expected = predict(model, tokenize(load_tokenizer(llama_folder), texts), 1000)
    np.testing.assert_allclose(student.predict(model, ids), expected, atol=1e-6)


def test_labels_are_found_by_id_whatever_their_order(student, gold):
    ids = ["id07", "id00", "id30", "id12"]
    records = [student.train(student.fresh(), "gold", ids, p, silent) for p in (gold, gold[::-1])]
    assert [record | {"seconds": 0} for record in records] == [records[0] | {"seconds": 0}] * 2


def test_a_stage_is_recorded_under_its_name(student, gold):
    purchase = Purchase(weak=["id00", "id01"], gold=["id02", "id03"])
    _, records = run_stages(student, ("weak", "gold"), purchase, gold, gold, None, ["id09"], silent)
    assert list(records) == ["weak", "gold"]
    assert all(record["steps"] > 0 for record in records.values())


def test_stages_run_in_the_order_of_the_method(student, gold):
    purchase = Purchase(weak=["id00", "id01"], gold=["id02", "id03"])
    runs = [
        run_stages(student, order, purchase, gold, gold, None, ["id09"], silent)
        for order in (("weak", "gold"), ("gold", "weak"))
    ]
    assert [list(records) for _, records in runs] == [["weak", "gold"], ["gold", "weak"]]
    assert runs[0][0] != runs[1][0]


def test_a_bfloat16_base_trains_float32_adapters_as_on_a_gpu(monkeypatch, llama_folder, examples, gold, tmp_path):
    monkeypatch.setitem(models.DTYPES, "cpu", torch.bfloat16)
    student = Student(llama_folder, "cpu", examples, seed=1, protocol=PROTOCOL)
    model = student.fresh()
    student.train(model, "gold", examples.id.tolist(), gold, silent)
    assert model.dtype == torch.bfloat16
    assert {weight.dtype for weight in model.parameters() if weight.requires_grad} == {torch.float32}
    model.save_pretrained(tmp_path)
    ids = examples.id.tolist()
    assert student.predict(model, ids).tolist() == student.predict(student.after(tmp_path), ids).tolist()
