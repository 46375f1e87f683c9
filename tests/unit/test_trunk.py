import numpy as np
import pytest
import torch

from elicitation.buying.methods import Stage
from elicitation.errors import InputError
from elicitation.models.batches import forward, predict
from elicitation.models.hardware import CPU
from elicitation.models.loading import load_classifier, load_tokenizer, save_merged, tokenize
from elicitation.models.trunk import compute_states, join_trunk, read_trunk, split_trunk, write_trunk
from elicitation.training.schedule import Protocol
from elicitation.training.student import Student

# What the real model reads; sentences as the default study's, of very different lengths.
REVIEWS = (
    "A warm, funny and moving film.",
    "Dull.",
    "The plot makes no sense, and after an hour nobody in the audience cares who stole the painting or why.",
    "It is not without charm, but the jokes are old and the ending is worse than the beginning deserves.",
    "Two hours of explosions, one line of dialogue, and still more heart than most of this year's dramas.",
    "Skip it; read the book.",
)
PROTOCOL = Protocol("early_stopping", learning_rate=0.02, batch_size=8, presentations=80, micro_batch_tokens=64)


@pytest.fixture
def folder(packed_folder):
    return packed_folder


@pytest.fixture
def token_ids(folder, examples):
    return tokenize(load_tokenizer(folder), examples.text.tolist())


@pytest.mark.parametrize("n_upper", [0, 1])
def test_trunk_and_upper_layers_give_the_logits_of_the_whole_model(folder, token_ids, n_upper):
    model = load_classifier(folder, CPU, 0).eval()
    with torch.inference_mode():
        whole = forward(model, token_ids)
        states = compute_states(split_trunk(model, n_upper), token_ids, 64, last_only=n_upper == 0)
        assert [len(own) for own in states] == [len(ids) if n_upper else 1 for ids in token_ids]
        torch.testing.assert_close(forward(model, states), whole, atol=1e-4, rtol=0)


def test_trunk_and_upper_layers_of_the_real_model_give_its_logits(converted):
    """As the default study splits it, and as transformers computes them a text at a time."""
    folder, _ = converted
    tokenizer = load_tokenizer(folder)
    token_ids = tokenize(tokenizer, [f"Review: {text}\nSentiment:" for text in REVIEWS])
    model = load_classifier(folder, CPU, tokenizer.pad_token_id).eval()
    with torch.inference_mode():
        packed = forward(model, token_ids)
        trunk = split_trunk(model, 6)
        split = forward(model, compute_states(trunk, token_ids, 64, last_only=False))
        join_trunk(model, trunk)
        model.set_attn_implementation("eager")
        single = torch.cat([model(torch.tensor([ids])).logits for ids in token_ids])
    assert trunk.config.num_hidden_layers == 24 and single.std(dim=0).min() > 0.05, "the texts must differ"
    torch.testing.assert_close(packed, single, atol=1e-4, rtol=0)
    torch.testing.assert_close(split, single, atol=1e-4, rtol=0)


def test_a_joined_model_is_as_it_was(folder, token_ids):
    model = load_classifier(folder, CPU, 0)
    before = predict(model, token_ids, 1000)
    config, weights = model.config.to_dict(), {name: weight.clone() for name, weight in model.named_parameters()}
    trunk = split_trunk(model, 1)
    join_trunk(model, trunk)
    assert model.config.to_dict() == config
    assert all(torch.equal(weight, weights[name]) for name, weight in model.named_parameters())
    assert predict(model, token_ids, 1000).tolist() == before.tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_states_are_read_back_by_id(tmp_path, dtype):
    states = [torch.randn(length, 4).to(dtype) for length in (3, 1, 2)]
    write_trunk(tmp_path / "trunk", ["a", "b", "c"], states)
    found = read_trunk(tmp_path / "trunk", ["c", "a"])
    assert found.keys() == {"a", "c"}
    assert torch.equal(found["a"], states[0]) and torch.equal(found["c"], states[2])


def test_a_student_on_a_trunk_from_files_learns_what_one_that_computes_it_does(folder, examples, tmp_path):
    token_ids = tokenize(load_tokenizer(folder), examples.text.tolist())
    trunk = split_trunk(load_classifier(folder, CPU, 0), 1)
    states = compute_states(trunk, token_ids, PROTOCOL.micro_batch_tokens, last_only=False)
    write_trunk(tmp_path / "trunk", examples.id.tolist(), states)
    gold, predictions = examples.set_index("id").gold.astype(float), []
    for files in (tmp_path / "trunk", None):
        student = Student(folder, CPU, examples, 1, PROTOCOL, adapt_layers=1, trunk=files)
        untrained = student.predict(student.fresh(), examples.id.tolist())
        student.train(student.model, Stage("gold"), gold, lambda line: None)
        predictions.append(student.predict(student.model, examples.id.tolist()))
    assert predictions[0].tolist() == predictions[1].tolist()
    assert np.abs(predictions[0] - untrained).max() > 1e-3


def test_a_merged_model_contains_its_trunk(folder, examples, tmp_path):
    student = Student(folder, CPU, examples, 1, PROTOCOL, adapt_layers=1)
    model = student.fresh()
    student.train(model, Stage("gold"), examples.set_index("id").gold.astype(float), lambda line: None)
    before = student.predict(model, examples.id.tolist())
    tokenizer = load_tokenizer(folder)
    save_merged(model, tokenizer, tmp_path, student.trunk)
    merged = load_classifier(tmp_path, CPU, tokenizer.pad_token_id)
    after = predict(merged, tokenize(tokenizer, examples.text.tolist()), 1000)
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_only_upper_layers_get_adapters(folder, examples):
    for adapt_layers, adapted in ((None, {"0", "1"}), (1, {"0"}), (0, set())):
        model = Student(folder, CPU, examples, 1, PROTOCOL, adapt_layers).fresh()
        names = [name for name, weight in model.named_parameters() if weight.requires_grad and "lora_" in name]
        assert {name.split("layers.")[1].split(".")[0] for name in names} == adapted


def test_a_head_alone_trains_on_one_state_a_text(folder, examples):
    student = Student(folder, CPU, examples, 1, PROTOCOL, adapt_layers=0)
    assert {len(own) for own in student.texts.values()} == {1}
    model = student.fresh()
    before = student.predict(model, examples.id.tolist())
    student.train(model, Stage("gold", trains="head"), examples.set_index("id").gold.astype(float), lambda line: None)
    assert np.abs(student.predict(model, examples.id.tolist()) - before).max() > 1e-3


def test_a_student_that_cannot_be_split_is_refused_with_a_sentence(model_folders, examples):
    with pytest.raises(InputError, match=r"'llama': adapt_layers is 2, but the model has 2 layers; ask for fewer"):
        Student(model_folders["llama"], CPU, examples, 1, PROTOCOL, adapt_layers=2)
    with pytest.raises(InputError, match=r"'gpt2': adapt_layers splits models of the architectures .* is 'gpt2'"):
        Student(model_folders["gpt2"], CPU, examples, 1, PROTOCOL, adapt_layers=1)
