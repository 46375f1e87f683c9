"""How long finished runs trained, from their records."""

from pathlib import Path

import pandas as pd

from elicitation.files import read_json


def training_times(folder: Path) -> pd.DataFrame:
    """A row a finished run in a study's folder: student, labels (how many it trained on) and seconds of training.

    Empty where there are no records, for instance where a folder was copied without them.
    """
    rows = []
    for path in sorted((folder / "results/runs").glob("*/*/*/*/*.json")):
        record = read_json(path)
        for run in record.get("runs", []):
            seconds = sum(stage["seconds"] for stage in run.get("stages", {}).values())
            labels = run["n_weak"] + run["n_gold"]
            rows.append({"student": record["wildcards"]["student"], "labels": labels, "seconds": seconds})
    return pd.DataFrame(rows, columns=["student", "labels", "seconds"])
