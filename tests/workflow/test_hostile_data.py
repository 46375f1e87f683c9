"""What a stranger's data set, or its folder, could bring into a page does not reach the report as it is."""

import pandas as pd
from helpers import MINI, run_snakemake

SCRIPT, IMAGE = '</script><script>alert("hostile")</script>', "<img src=x onerror=alert('hostile')>"


def hostile_study(folder) -> dict:
    data = folder / IMAGE
    data.mkdir()
    rows = [{"text": f"{SCRIPT} the soup was good {IMAGE} {i}", "label": i % 2} for i in range(300)]
    pd.DataFrame(rows).to_csv(data / "train.csv", index=False)
    task = {"name": "own", "local": str(data), "splits": {"train": "train", "test": "train"}, "label": "label"}
    task |= {"text": f"{IMAGE} {{text}} {SCRIPT}", "pool_size": 200, "test_size": 40, "supervision_size": 40}
    small = {"tasks": [task], "models": MINI["models"][:1], "supervisors": ["student"], "seeds": [0]}
    grid = MINI["grid"] | {"budgets": [4]}
    return MINI | small | {"grid": grid, "labelling": {"engine": "transformers"}}


def test_hostile_texts_and_paths_stay_out_of_the_report(tmp_path):
    study = hostile_study(tmp_path)
    result = run_snakemake(tmp_path / "study", study, target="figures/weak_labels.pdf")
    assert result.returncode == 0, result.stdout + result.stderr
    report = tmp_path / "study/report.html"
    result = run_snakemake(tmp_path / "study", study, "--report", str(report), target="figures/weak_labels.pdf")
    assert result.returncode == 0, result.stdout + result.stderr
    text = pd.read_parquet(tmp_path / "study/results/tasks/own/pool.parquet").text[0]
    assert SCRIPT in text and IMAGE in text, "the data are not as hostile as they should be"
    html = report.read_text()
    assert "figures/weak_labels.pdf" in html and SCRIPT not in html and IMAGE not in html
