"""Real vLLM and, where they are installed, a real pretrained model and real data."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import HUB_DATA, MINI, ROOT, run_alone, run_snakemake

CLASSIFY = """
import json, sys
sys.path.insert(0, {src!r})
from vllm.model_executor.models import registry
from elicitation.models.engines import Labelling, label
from elicitation.models.hardware import CPU
# Into each class that its cache lacks vLLM would look in a process of its own, for 10 s.
registry._run_in_subprocess = lambda look: look()
ids = json.loads({ids!r})
labelling = Labelling("vllm", parity_rows=len(ids), parity_tolerance=1e-3)
results = dict()
for folder, label_ids in {models!r}:
    print("Labelling by", folder, flush=True)
    labels, record = label(folder, ids, labelling, CPU, label_ids)
    results[folder] = record | dict(p=labels.p.tolist())
    print("RESULT", json.dumps(results), flush=True)
"""
# With what their tiny models differ in; the windows are shorter than the longest text.
ARCHITECTURES = {
    "Llama": {"num_key_value_heads": 1},
    "Qwen2": {"num_key_value_heads": 1},
    "Mistral": {"num_key_value_heads": 1, "sliding_window": 16},
    "Gemma": {"num_key_value_heads": 1, "head_dim": 32},
    "Bert": {},
    "ModernBert": {"local_attention": 16},
}


def classify(models: list[tuple[Path, tuple[int, int] | None]], token_ids) -> subprocess.CompletedProcess:
    """Labels by vLLM, checked against transformers, on stdout; one process labels with one model after another.

    models: folders, each with the tokens of both labels where the model is asked for the next one.
    """
    named = [(str(folder), label_ids) for folder, label_ids in models]
    code = CLASSIFY.format(src=str(ROOT / "src"), models=named, ids=json.dumps(token_ids))
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def write_checkpoint(folder, architecture: str, heads: int, kind: str = "SequenceClassification") -> list[list[int]]:
    """A random model of width 64, and token ids to label: always the same ones."""
    import torch
    import transformers

    from elicitation.models.pretraining import build_tokenizer

    tokenizer = build_tokenizer()
    torch.manual_seed(0)
    sizes = {"vocab_size": len(tokenizer), "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2}
    config = getattr(transformers, f"{architecture}Config")(
        **sizes,
        **ARCHITECTURES[architecture],
        num_attention_heads=heads,
        max_position_embeddings=64,
        num_labels=2,
        pad_token_id=0,
        initializer_range=0.3,
    )
    getattr(transformers, f"{architecture}For{kind}")(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    rng = np.random.default_rng(0)
    return [[1, *rng.integers(4, len(tokenizer), n).tolist()] for n in range(3, 40)]


def write_supervisor(folder: Path, architecture: str) -> list[list[int]]:
    """A pretrained model with adapters and head as large as if trained, merged; and token ids to label."""
    import torch

    from elicitation.models.hardware import CPU
    from elicitation.models.loading import load_tokenizer, new_lora_classifier, save_merged
    from elicitation.training.validation import trainable_weights

    pretrained = folder / "pretrained"
    kind = "MaskedLM" if architecture.endswith("Bert") else "CausalLM"
    token_ids = write_checkpoint(pretrained, architecture, heads=2, kind=kind)
    tokenizer = load_tokenizer(pretrained)
    model = new_lora_classifier(pretrained, CPU, tokenizer.pad_token_id, 0)
    with torch.no_grad():
        for weight in trainable_weights(model).values():
            weight.normal_(0, 0.2)
    save_merged(model, tokenizer, folder)
    return token_ids


@pytest.fixture(scope="module")
def classified(tmp_path_factory) -> tuple[subprocess.CompletedProcess, int]:
    """What one process has labelled by supervisors of all architectures, by a prompted model, and at last by a model
    that vLLM refuses; and the number of texts."""
    folder = tmp_path_factory.mktemp("models")
    for architecture in ARCHITECTURES:
        token_ids = write_supervisor(folder / architecture, architecture)
    write_checkpoint(folder / "prompted", "Llama", heads=2, kind="CausalLM")
    write_checkpoint(folder / "refused", "Llama", heads=8)
    asked = {"prompted": (20, 30)}
    models = [(folder / name, asked.get(name)) for name in (*ARCHITECTURES, "prompted", "refused")]
    return classify(models, token_ids), len(token_ids)


@pytest.mark.parametrize("model", [*ARCHITECTURES, "prompted"])
def test_vllm_labels_as_transformers_does(classified, model):
    """By a supervisor of each architecture; and a prompted model, whose label tokens it scores."""
    result, n_texts = classified
    found = [line.removeprefix("RESULT ") for line in result.stdout.splitlines() if line.startswith("RESULT ")]
    assert found, result.stdout + result.stderr
    records = {Path(folder).name: record for folder, record in json.loads(found[-1]).items()}
    assert model in records, result.stderr
    record = records[model]
    assert record["engine"]["engine"] == "vllm" and record["parity"]["rows"] == len(record["p"]) == n_texts
    assert record["parity"]["largest_difference"] < 1e-3 and np.std(record["p"]) > 0.01


def test_a_vllm_that_fails_shows_its_own_last_error_line(classified):
    result, _ = classified
    assert result.returncode != 0
    assert "InputError: vLLM failed on" in result.stderr and "head_dim=8" in result.stderr


def test_a_vllm_that_does_not_start_stops_a_study_before_anything_is_trained(tmp_path, monkeypatch):
    (tmp_path / "broken/vllm").mkdir(parents=True)
    (tmp_path / "broken/vllm/__init__.py").write_text("raise RuntimeError('this processor lacks an instruction')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    result = run_alone(tmp_path, MINI | {"tasks": MINI["tasks"][:1]})
    assert result.returncode != 0
    assert "Error: vLLM failed" in result.stderr and "this processor lacks an instruction" in result.stderr
    assert not (tmp_path / "results/supervisors").exists() and not list((tmp_path / "results").glob("models/*"))


def test_vllm_prompts_a_supervisor_and_a_student_in_a_study(tmp_path):
    """Labels of a model that is asked with two examples, and a student that is asked with one, two or too many."""
    study = MINI | {"tasks": [dict(MINI["tasks"][1])], "models": MINI["models"][:1], "methods": ["few_shot_weak"]}
    study["tasks"][0]["prompt"] = {"cue": " mood :", "labels": [" unhappy", " happy"]}
    study["supervisors"] = [{"name": "asked", "model": "student", "prompted_shots": 2}]
    study["grid"] = study["grid"] | {"shots": [1, 2, 200], "beyond_context": "leave_out"}
    run = "results/runs/verdict/asked/student/few_shot_weak/b200_s0"
    result = run_snakemake(tmp_path, study, target=f"{run}.parquet")
    assert result.returncode == 0, result.stdout + result.stderr
    predictions = pd.read_parquet(tmp_path / f"{run}.parquet")
    assert predictions.groupby(["n_weak", "n_gold"]).size().to_dict() == {(1, 0): 60, (2, 0): 60}
    assert np.isfinite(predictions.log_odds).all() and predictions.log_odds.nunique() > 60
    files = (run, "results/weak_labels/verdict/asked")
    records = [json.loads((tmp_path / f"{file}.json").read_text()) for file in files]
    for record in records:
        assert record["engine"]["engine"] == "vllm" and record["parity"]["largest_difference"] < 1e-3
        assert record["parity"]["rows"] >= 4 and record["engine"]["prefix_cache"]["hit_rate"] > 0.3
    assert records[0]["left_out"] == [[200, 0]]


@pytest.mark.skipif(not HUB_DATA.is_dir(), reason="the folder with real data sets is not here")
def test_the_real_study_trains_an_encoder_end_to_end(tmp_path):
    """A small cut of studies/real.yaml: MiniLM on CoLA, with a truncated MiniLM as its supervisor."""
    study = yaml.safe_load((ROOT / "studies/real.yaml").read_text())
    study["tasks"] = [task for task in study["tasks"] if task["name"] == "cola"]
    study["tasks"][0] |= {"pool_size": 200, "test_size": 100, "supervision_size": 100}
    study |= {"data_folder": str(HUB_DATA.resolve()), "seeds": [0], "training": {"presentations": 32}}
    study["grid"] |= {"budgets": [16], "more_purchases": [[80, 8]]}
    result = run_snakemake(tmp_path, study, target="figures/pareto.pdf")
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "figures/pareto.pdf").read_bytes().startswith(b"%PDF")
    metrics = pd.read_parquet(tmp_path / "results/metrics.parquet")
    assert len(metrics) == 3 and metrics.accuracy.between(0.3, 0.9).all()
    record = json.loads((tmp_path / "results/weak_labels/cola/minilm-2-layers.json").read_text())
    assert record["parity"]["largest_difference"] < 1e-3
    pool = pd.read_parquet(tmp_path / "results/tasks/cola/pool.parquet")
    source = pd.read_parquet(HUB_DATA / "cola/train.parquet").drop_duplicates("sentence").set_index("sentence").label
    assert (source.loc[pool.text].to_numpy() == pool.gold.to_numpy()).all()
