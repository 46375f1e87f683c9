import numpy as np
import pytest
import torch
from transformers import AutoModel

from elicitation.errors import InputError
from elicitation.models.batches import forward, predict
from elicitation.models.hardware import CPU, Hardware
from elicitation.models.loading import (
    HEAD_SCALE,
    LINEAR,
    choose_trainable,
    draw_head,
    head_of,
    load_adapter,
    load_classifier,
    load_tokenizer,
    loading_options,
    new_classifier,
    new_lora_classifier,
    require_hardware,
    save_merged,
    tokenize,
    truncate_model,
)
from elicitation.training.loop import train_stage
from elicitation.training.schedule import Protocol
from elicitation.training.validation import copy_weights, trainable_weights

ARCHITECTURES = ["llama", "qwen2", "mistral", "gemma", "bert", "encoder", "modernbert"]
ARCHITECTURES += ["roberta", "electra", "distilbert", "gpt2"]


HEADS = {name: ["score"] for name in ARCHITECTURES}
HEADS |= {name: ["classifier"] for name in ("bert", "encoder", "roberta", "electra")}
HEADS |= {"modernbert": ["head", "classifier"], "distilbert": ["pre_classifier", "classifier"]}


def last_layer(model):
    return [layer for layer in model.modules() if isinstance(layer, LINEAR)][-1]


@pytest.fixture(params=ARCHITECTURES)
def folder(request, model_folders):
    return model_folders[request.param]


@pytest.fixture
def tokenizer(folder):
    return load_tokenizer(folder)


@pytest.fixture
def token_ids(tokenizer, examples):
    return tokenize(tokenizer, examples.text.tolist())


@pytest.fixture
def student(folder, tokenizer):
    """A student whose adapters and head are as large as if it had been trained."""
    model, rng = new_lora_classifier(folder, CPU, tokenizer.pad_token_id, 0), np.random.default_rng(0)
    with torch.no_grad():
        for weight in trainable_weights(model).values():
            weight.copy_(torch.from_numpy(rng.normal(0, 0.3, tuple(weight.shape))))
    return model


def test_a_new_head_is_small_and_drawn_by_the_seed(folder, tokenizer, token_ids):
    heads = [last_layer(new_classifier(folder, CPU, tokenizer.pad_token_id, seed)).weight for seed in (0, 0, 1)]
    assert heads[0].shape == (2, 16)
    assert heads[0].dtype == torch.float32
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])
    model = new_classifier(folder, CPU, tokenizer.pad_token_id, 0)
    assert np.abs(predict(model, token_ids, 1000)).max() < 0.1


def test_every_linear_layer_of_the_body_gets_an_adapter_and_the_head_is_trained_whole(folder, tokenizer):
    model = new_lora_classifier(folder, CPU, tokenizer.pad_token_id, 0)
    plain = load_classifier(folder, CPU, tokenizer.pad_token_id)
    linear = {name for name, layer in plain.named_modules() if isinstance(layer, LINEAR)}
    body = {name for name in linear if name.partition(".")[0] not in HEADS[folder.name]}
    trainable = trainable_weights(model)
    adapted = {name.split("base_model.model.")[1].split(".lora_")[0] for name in trainable if ".lora_" in name}
    assert adapted == body and list(head_of(plain)) == HEADS[folder.name]
    head = [weight for module in head_of(plain).values() for weight in module.parameters()]
    assert sum("modules_to_save" in name for name in trainable) == len(head)
    assert all(weight.dtype == torch.float32 for weight in trainable.values())


def test_a_new_student_starts_as_its_pretrained_model(folder, tokenizer, token_ids):
    with_adapters = new_lora_classifier(folder, CPU, tokenizer.pad_token_id, 3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        plain = new_classifier(folder, CPU, tokenizer.pad_token_id, 3)
    if folder.name != "encoder":  # whose missing pooler is drawn again
        np.testing.assert_array_equal(predict(with_adapters, token_ids, 1000), predict(plain, token_ids, 1000))
    other = new_lora_classifier(folder, CPU, tokenizer.pad_token_id, 4)
    assert not all(torch.equal(w, trainable_weights(other)[n]) for n, w in trainable_weights(with_adapters).items())


def test_training_every_architecture_is_repeatable_to_the_last_bit(folder, tokenizer, token_ids, examples):
    protocol = Protocol("early_stopping", 0.02, batch_size=8, presentations=48, patience=9)
    trained = []
    for _ in range(2):
        model = new_lora_classifier(folder, CPU, tokenizer.pad_token_id, 0)
        train_stage(model, token_ids, examples.gold.to_numpy(float), protocol, 0, "gold", lambda line: None)
        trained.append(copy_weights(model))
        torch.rand(7)  # Whatever else draws numbers in between has no influence.
    assert all(torch.equal(weight, trained[1][name]) for name, weight in trained[0].items())


def test_a_saved_adapter_is_read_back_as_it_was_and_trains_on(folder, tokenizer, token_ids, student, tmp_path):
    student.save_pretrained(tmp_path)
    torch.rand(7)
    loaded = new_lora_classifier(folder, CPU, tokenizer.pad_token_id, 1)
    load_adapter(loaded, tmp_path)
    np.testing.assert_array_equal(predict(loaded, token_ids, 1000), predict(student, token_ids, 1000))
    assert trainable_weights(loaded).keys() == trainable_weights(student).keys()


def test_a_merged_model_predicts_as_its_adapters_did(tokenizer, token_ids, student, tmp_path):
    before = predict(student, token_ids, 1000)
    assert before.std() > 0.05
    save_merged(student, tokenizer, tmp_path)
    merged = load_classifier(tmp_path, CPU, tokenizer.pad_token_id)
    np.testing.assert_allclose(predict(merged, token_ids, 1000), before, atol=1e-4)
    assert not [name for name, _ in merged.named_parameters() if "lora" in name]
    assert tokenize(load_tokenizer(tmp_path), ["the soup was bad ."]) == tokenize(tokenizer, ["the soup was bad ."])


def test_a_truncated_model_computes_what_the_first_layers_of_its_source_do(folder, tokenizer, tmp_path):
    truncate_model(folder, 1, tmp_path / "cut")
    full, cut = (AutoModel.from_pretrained(path).eval() for path in (folder, tmp_path / "cut"))
    assert cut.config.num_hidden_layers == 1
    assert sum(w.numel() for w in cut.parameters()) < sum(w.numel() for w in full.parameters())
    inputs = tokenizer(["the soup was bad ."], return_tensors="pt")["input_ids"]
    outputs = []
    for model in (full, cut):
        blocks = next(module for module in model.modules() if isinstance(module, torch.nn.ModuleList))
        blocks[0].register_forward_hook(lambda block, given, result: outputs.append(result))
        model(inputs)
    first, second = (output[0] if isinstance(output, tuple) else output for output in outputs)
    torch.testing.assert_close(first, second)
    assert tokenize(load_tokenizer(tmp_path / "cut"), ["soup"]) == tokenize(tokenizer, ["soup"])


@pytest.mark.parametrize("layers", [2, 3])
def test_a_model_is_cut_to_fewer_layers_only(llama_folder, tmp_path, layers):
    with pytest.raises(InputError, match=f"to {layers} layers: it has 2"):
        truncate_model(llama_folder, layers, tmp_path)


def test_texts_are_never_cut(llama_folder):
    assert len(tokenize(load_tokenizer(llama_folder), ["soup " * 100])[0]) == 101


def test_a_configured_gpu_must_be_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert require_hardware({"device": "cpu"}) == CPU
    assert require_hardware({"device": "cuda"}) == Hardware("cuda")
    with pytest.raises(InputError, match=r"wants 2 GPU\(s\), but PyTorch sees 1"):
        require_hardware({"device": "cuda", "gpus": 2})


def test_4_bit_models_need_their_library(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="bitsandbytes is not installed"):
        require_hardware({"device": "cuda", "quantization": "nf4"})


def test_4_bit_models_compute_in_bfloat16_and_keep_their_heads():
    options = loading_options(Hardware("cuda", gpus=8, quantization="nf4"))
    quantised = options["quantization_config"]
    assert quantised.load_in_4bit and quantised.bnb_4bit_use_double_quant
    assert (quantised.bnb_4bit_quant_type, quantised.bnb_4bit_compute_dtype) == ("nf4", torch.bfloat16)
    assert {"score", "classifier", "lm_head"} <= set(quantised.llm_int8_skip_modules)
    assert options["device_map"] == "auto" and options["use_safetensors"]
    assert loading_options(CPU) == {"dtype": torch.float32, "use_safetensors": True, "device_map": "cpu"}


def test_recomputing_activations_changes_no_gradient(llama_folder, examples):
    gradients = []
    for recompute in (False, True):
        hardware = Hardware("cpu", gradient_checkpointing=recompute)
        tokenizer = load_tokenizer(llama_folder)
        model = new_lora_classifier(llama_folder, hardware, tokenizer.pad_token_id, 0).train()
        forward(model, tokenize(tokenizer, examples.text.tolist()[:4])).sum().backward()
        gradients.append({n: w.grad for n, w in model.named_parameters() if w.requires_grad})
    assert all(torch.allclose(grad, gradients[1][name], atol=1e-6) for name, grad in gradients[0].items())
    assert any(grad.abs().max() > 0 for name, grad in gradients[0].items() if "lora_B" in name)


def test_only_the_last_layer_of_a_head_is_drawn_small_and_by_its_stream():
    def drawn(seed, *names):
        head = [torch.nn.Linear(300, 300), torch.nn.Linear(300, 2)]
        first = head[0].weight.clone()
        draw_head(head, 0.5, seed, *names)
        assert torch.equal(head[0].weight, first) and not head[1].bias.any()
        return head[1].weight.detach()

    weights = drawn(1)
    assert weights.std().item() == pytest.approx(HEAD_SCALE * 0.5, rel=0.1)
    assert torch.equal(weights, drawn(1))
    assert not torch.equal(weights, drawn(2)) and not torch.equal(weights, drawn(1, "renewed"))


@pytest.mark.parametrize(("part", "trained"), [("all", {"lora", "head"}), ("head", {"head"}), ("body", {"lora"})])
def test_the_chosen_part_trains(student, part, trained):
    for first in ("head", "body"):
        # Whatever trained before.
        choose_trainable(student, first)
        choose_trainable(student, part)
        assert {"lora" if "lora_" in name else "head" for name in trainable_weights(student)} == trained
