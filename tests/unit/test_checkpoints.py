"""Checkpoints that lack weights, hold others or have other shapes are refused; sound ones load."""

import shutil

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from elicitation.errors import InputError
from elicitation.files import read_json, write_json
from elicitation.models.checkpoints import check_checkpoint
from elicitation.models.hardware import CPU
from elicitation.models.loading import (
    HEAD_SCALE,
    LINEAR,
    load_classifier,
    load_language_model,
    load_tokenizer,
    new_classifier,
    new_lora_classifier,
    renew_head,
    truncate_model,
)

SIZES = {
    "vocab_size": 64,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 32,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
BART = {"d_model": 16, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2}
BART |= {"decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
MODELS = {
    "llama": ("LlamaForCausalLM", {"num_key_value_heads": 1}),
    "llama-tied": ("LlamaForCausalLM", {"num_key_value_heads": 1, "tie_word_embeddings": True}),
    "llama-body": ("LlamaModel", {"num_key_value_heads": 1}),
    "qwen2": ("Qwen2ForCausalLM", {"num_key_value_heads": 1}),
    "gpt2": ("GPT2LMHeadModel", {"n_inner": 32}),
    "gpt2-body": ("GPT2Model", {"n_inner": 32}),
    "bert": ("BertForMaskedLM", {}),
    "bert-body": ("BertModel", {}),
    "roberta": ("RobertaForMaskedLM", {}),
    "roberta-body": ("RobertaModel", {}),
    "distilbert": ("DistilBertForMaskedLM", {"dim": 16, "hidden_dim": 32, "n_layers": 2, "n_heads": 2}),
    "opt": ("OPTForCausalLM", {"ffn_dim": 32, "word_embed_proj_dim": 16}),
    "bart": ("BartForConditionalGeneration", BART),
    "bart-body": ("BartModel", BART),
}
# What the configs call the number of layers; the first that is there counts.
LAYERS = ("encoder_layers", "n_layers", "n_layer", "num_hidden_layers")


@pytest.fixture(scope="module")
def sound(tmp_path_factory, llama_folder):
    """Folders of random models, by the names in MODELS."""
    parent = tmp_path_factory.mktemp("checkpoints")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for name, (kind, more) in MODELS.items():
            architecture = getattr(transformers, kind)
            architecture(architecture.config_class(**SIZES | more)).save_pretrained(parent / name)
            load_tokenizer(llama_folder).save_pretrained(parent / name)
    return parent


@pytest.fixture(params=MODELS)
def folder(request, sound, tmp_path):
    """A copy that may be broken."""
    return shutil.copytree(sound / request.param, tmp_path / request.param)


def change_weights(folder, change) -> None:
    save_file(change(load_file(folder / "model.safetensors")), folder / "model.safetensors", metadata={"format": "pt"})


def change_config(folder, **changes) -> None:
    write_json(folder / "config.json", read_json(folder / "config.json") | changes)


def loaders(folder):
    """All that reads a checkpoint, but for what finds out that a checkpoint holds more than it should."""
    loads = [lambda: load_classifier(folder, CPU, 0)]
    if read_json(folder / "config.json")["architectures"][0].endswith(("ForCausalLM", "LMHeadModel")):
        loads.append(lambda: load_language_model(folder, CPU, 0))
    return loads


def refused_everywhere(folder, words: str) -> None:
    with pytest.raises(InputError, match=words) as refusal:
        check_checkpoint(folder, "mine")
    assert "'mine'" in str(refusal.value) and "\n" not in str(refusal.value)
    for load in loaders(folder):
        with pytest.raises(InputError, match=words):
            load()


def change_layers(folder, layers: int) -> None:
    config = read_json(folder / "config.json")
    change_config(folder, **{next(key for key in LAYERS if key in config): layers})
    if "layer_types" in config:
        change_config(folder, layer_types=["full_attention"] * layers)


def test_sound_checkpoints_load(folder):
    check_checkpoint(folder, "mine")
    for load in loaders(folder):
        load()


def test_no_tensors(folder):
    change_weights(folder, lambda weights: {})
    refused_everywhere(folder, "lacks the weight .* drawn at random")


def test_half_of_the_tensors(folder):
    change_weights(folder, lambda weights: {key: weights[key] for key in sorted(weights)[::2]})
    refused_everywhere(folder, "lacks the weight .* drawn at random")


def test_a_single_tensor_that_is_missing_is_named(folder):
    key = next(key for key in load_file(folder / "model.safetensors") if "1." in key and key.endswith("weight"))
    change_weights(folder, lambda weights: {name: weight for name, weight in weights.items() if name != key})
    refused_everywhere(folder, rf"lacks the weight \S*{key.replace('.', '[.]')}, which")


def test_tensors_of_other_names(folder):
    change_weights(folder, lambda weights: {f"other.{key}": weight for key, weight in weights.items()})
    refused_everywhere(folder, "lacks the weight .* drawn at random")


def test_one_layer_more_in_the_config(folder):
    change_layers(folder, 3)
    refused_everywhere(folder, r"lacks the weight \S*\.2\.")


def test_one_layer_less_in_the_config(folder):
    change_layers(folder, 1)
    with pytest.raises(InputError, match=r"holds the weight \S*\.1\.\S* \(and \d+ more\), which the architecture"):
        check_checkpoint(folder, "mine")


def test_a_tensor_that_nothing_knows(folder):
    change_weights(folder, lambda weights: weights | {"stray.weight": torch.zeros(2)})
    with pytest.raises(InputError, match=r"holds the weight stray\.weight, which the architecture"):
        check_checkpoint(folder, "mine")


def test_tensors_of_other_shapes(folder):
    key = next(
        key for key, weight in load_file(folder / "model.safetensors").items() if "0." in key and weight.ndim == 2
    )
    change_weights(folder, lambda weights: weights | {key: torch.zeros(5, 7)})
    refused_everywhere(folder, rf"{key.replace('.', '[.]')} in the shape \[5, 7\], but its config asks for")


def test_a_wider_body_in_the_config(folder):
    width = "d_model" if "bart" in folder.name else "dim" if "distil" in folder.name else "hidden_size"
    width = "n_embd" if "gpt2" in folder.name else width
    change_config(folder, **{width: 32, "word_embed_proj_dim": 32})
    refused_everywhere(folder, r"holds the weight \S+ in the shape \[.*\], but its config asks for")


def test_an_untied_language_head_must_be_there(sound, tmp_path):
    folder = shutil.copytree(sound / "llama", tmp_path / "llama")
    change_weights(folder, lambda weights: {key: w for key, w in weights.items() if key != "lm_head.weight"})
    with pytest.raises(InputError, match=r"lacks the weight lm_head\.weight, which"):
        check_checkpoint(folder, "mine")
    with pytest.raises(InputError, match=r"lacks the weight lm_head\.weight, which"):
        load_language_model(folder, CPU, 0)
    change_config(folder, architectures=["LlamaModel"])
    check_checkpoint(folder, "mine")


@pytest.mark.parametrize("name", ["bert", "bert-body"])
def test_what_old_checkpoints_hold_beside_their_weights_does_no_harm(sound, tmp_path, name):
    folder, prefix = shutil.copytree(sound / name, tmp_path / name), "" if name.endswith("body") else "bert."
    more = {f"{prefix}embeddings.position_ids": torch.arange(32)[None], f"{prefix}pooler.dense.bias": torch.zeros(16)}
    more |= {f"{prefix}pooler.dense.weight": torch.zeros(16, 16)}
    if prefix:
        more["cls.seq_relationship.weight"] = torch.zeros(2, 16)
    change_weights(folder, lambda weights: weights | more)
    check_checkpoint(folder, "mine")


def test_buffers_of_old_decoders_do_no_harm(sound, tmp_path):
    gpt2, llama = (shutil.copytree(sound / name, tmp_path / name) for name in ("gpt2", "llama"))
    change_weights(gpt2, lambda weights: weights | {"transformer.h.0.attn.bias": torch.zeros(1, 1, 32, 32)})
    change_weights(llama, lambda weights: weights | {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.zeros(4)})
    for folder in (gpt2, llama):
        check_checkpoint(folder, "mine")


def test_a_config_without_its_architecture_loads_with_any_head(sound, tmp_path):
    folder = shutil.copytree(sound / "bert", tmp_path / "bert")
    change_config(folder, architectures=None)
    check_checkpoint(folder, "mine")
    change_weights(folder, lambda weights: weights | {"bert.stray": torch.zeros(2)})
    with pytest.raises(InputError, match=r"holds the weight bert\.stray, which"):
        check_checkpoint(folder, "mine")
    with pytest.raises(InputError, match="names no architecture"):
        truncate_model(folder, 1, tmp_path / "cut")


@pytest.mark.parametrize("labels", [1, 3])
@pytest.mark.parametrize("body", ["llama", "bert", "roberta", "distilbert", "opt", "bart", "gpt2"])
def test_a_head_of_another_number_of_labels_is_drawn_anew(sound, tmp_path, body, labels):
    kind = MODELS[body][0].replace("ConditionalGeneration", "SequenceClassification")
    for ending in ("ForCausalLM", "LMHeadModel", "ForMaskedLM"):
        kind = kind.replace(ending, "ForSequenceClassification")
    architecture = getattr(transformers, kind)
    given = SIZES | MODELS[body][1] | {"num_labels": labels, "problem_type": "regression"}
    architecture(architecture.config_class(**given)).save_pretrained(tmp_path)
    check_checkpoint(tmp_path, "mine")
    models = [new_classifier(tmp_path, CPU, 0, seed).eval() for seed in (0, 0, 1)]
    heads = [[layer for layer in model.modules() if isinstance(layer, LINEAR)][-1].weight for model in models]
    assert heads[0].shape == (2, 16) and torch.equal(heads[0], heads[1]) and not torch.equal(heads[0], heads[2])
    assert models[0].config.num_labels == 2 and getattr(models[0].config, "problem_type", None) is None


@pytest.mark.parametrize("name", ["opt", "bart"])
def test_configs_without_an_initializer_range_get_a_small_head(sound, name):
    config = transformers.AutoConfig.from_pretrained(sound / name)
    assert not hasattr(config, "initializer_range") and config.init_std == 0.02
    model = new_lora_classifier(sound / name, CPU, 0, 0)
    renew_head(model, 1)
    head = [layer for layer in model.modules() if isinstance(layer, torch.nn.Linear) and layer.out_features == 2][-1]
    assert 0 < head.weight.abs().max() < 6 * HEAD_SCALE * 0.02


def test_cutting_draws_nothing(sound, tmp_path):
    folder = shutil.copytree(sound / "llama", tmp_path / "llama")
    change_weights(folder, lambda w: {key: v for key, v in w.items() if key != "model.layers.0.mlp.up_proj.weight"})
    with pytest.raises(InputError, match=r"lacks the weight model\.layers\.0\.mlp\.up_proj\.weight, which"):
        truncate_model(folder, 1, tmp_path / "cut")


def test_what_is_no_single_stack_of_layers_is_not_cut(sound, tmp_path):
    with pytest.raises(InputError, match=r"Cannot cut .* to 1 layers: its architecture is no single stack"):
        truncate_model(sound / "bart", 1, tmp_path / "cut")


def test_weights_that_no_loader_finds_are_refused(sound, tmp_path):
    folder = shutil.copytree(sound / "llama", tmp_path / "llama")
    (folder / "model.safetensors").rename(folder / "weights.safetensors")
    with pytest.raises(InputError, match=r"holds neither model\.safetensors nor its index"):
        check_checkpoint(folder, "mine")


def test_weights_in_several_files_are_one_checkpoint(sound, tmp_path):
    folder = shutil.copytree(sound / "qwen2", tmp_path / "qwen2")
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    parts = {f"model-{i}.safetensors": sorted(weights)[i::2] for i in range(2)}
    for file, keys in parts.items():
        save_file({key: weights[key] for key in keys}, folder / file, metadata={"format": "pt"})
    places = {key: file for file, keys in parts.items() for key in keys}
    write_json(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": places})
    check_checkpoint(folder, "mine")
    save_file({}, folder / "model-0.safetensors", metadata={"format": "pt"})
    refused_everywhere(folder, "lacks the weight")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_type": "mambo"}, "cannot be loaded by transformers"),
        ({"hidden_size": 0}, "'mine'"),
        ({"model_type": "clip", "architectures": ["CLIPModel"]}, "makes neither a classifier nor a language model"),
        ({"quantization_config": {"quant_method": "gptq", "bits": 4}}, "is quantised .* with `quantization: nf4`"),
    ],
)
def test_configs_that_fit_no_model_are_one_sentence(sound, tmp_path, changes, words):
    folder = shutil.copytree(sound / "llama", tmp_path / "llama")
    change_config(folder, **changes)
    with pytest.raises(InputError, match=words):
        check_checkpoint(folder, "mine")
