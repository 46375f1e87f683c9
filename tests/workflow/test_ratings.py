"""People's ratings as weak labels: from the package index to the table of their quality."""

from copy import deepcopy

import pandas as pd
from helpers import MINI, jobs_planned, run_snakemake

from elicitation.files import read_json

STUDY = deepcopy(MINI) | {
    "tasks": [{"name": "film", "catalogue": "film", "pool_size": 8900, "test_size": 1000, "supervision_size": 500}],
    "supervisors": [
        {"name": "one_rater", "raters": 1},
        {"name": "three_raters", "raters": 3, "aggregate": "majority"},
        {"name": "tiers", "shares": {"one_rater": 0.8, "three_raters": 0.2}},
        {"name": "checked", "first": "one_rater", "second": "three_raters", "second_share": 0.2},
    ],
    "labelling": {"engine": "transformers"},
}
del STUDY["weak_prices"]


def test_single_peoples_ratings_become_weak_labels_of_the_known_quality(tmp_path):
    """On the real archive, which the package index has that the environment was installed from."""
    result = run_snakemake(tmp_path, STUDY, target="results/label_quality.csv")
    assert result.returncode == 0, result.stdout + result.stderr
    results = tmp_path / "results"
    card = read_json(results / "data/ratings/card.json")
    assert card["licence"] == "MIT" and "Hutto & Gilbert (2014)" in card["citation"]
    assert card["sets"]["movieReviewSnippets"] == {
        "rows": 10568, "dropped for a mean of 0": 37, "label 1": 5242, "ratings, median": 18.0,
    }  # fmt: skip
    assert read_json(results / "tasks/film/card.json")["ratings"]["archive_sha256"] == card["archive_sha256"]
    sets = pd.concat(pd.read_parquet(results / f"tasks/film/{part}.parquet") for part in ("pool", "test"))
    gold = sets.set_index("id").gold
    # How often the drawn ratings have the right sign, and how often they abstain.
    for supervisor, right, undecided in (("one_rater", 0.90, 0.05), ("three_raters", 0.96, 0.02)):
        p = pd.read_parquet(results / f"weak_labels/film/{supervisor}.parquet").set_index("id").p_weak
        assert set(p.index) == set(gold.index) and set(p) == {0, 0.5, 1}
        assert abs((p == gold[p.index]).mean() - right) < 0.01 and abs((p == 0.5).mean() - undecided) < 0.01
    quality = pd.read_csv(results / "label_quality.csv")
    raters = ["one_rater", "three_raters", "one_rater + three_raters"]
    ratings = ["rating 1"] * 2 + ["rating 2", "rating 3", "rating 1 + rating 2 + rating 3"]
    assert quality.column.tolist() == ratings + 2 * raters
    assert quality.price.tolist() == [0.05555] * 4 + [0.1666] + [0.05555, 0.1666, 0.07776, 0.05555, 0.1666, 0.08887]
    single, joined, tiers, checked = quality.accuracy[[5, 6, 7, 10]]
    assert abs(tiers - (0.8 * single + 0.2 * joined)) < 0.01
    # The second look goes first to sentences on which the rater abstains, which count as half right.
    assert checked > tiers + 0.01
    errors_are_drawn(tmp_path, gold)


def errors_are_drawn(folder, gold):
    """Of one rater three times as many errors as it makes are drawn, where raters err, and shuffled."""
    fewer = {"name": "drawn", "errors_of": "one_rater", "error_rate": 0.15}
    supervisors = [*STUDY["supervisors"], fewer, {"name": "control", "shuffle_errors_of": "drawn"}]
    result = run_snakemake(
        folder, STUDY | {"supervisors": supervisors}, target="results/weak_labels/film/control.parquet"
    )
    assert result.returncode == 0, result.stdout + result.stderr
    names = ("one_rater", "drawn", "control")
    labels = {
        n: pd.read_parquet(folder / f"results/weak_labels/film/{n}.parquet").set_index("id").p_weak for n in names
    }
    wrong = {name: (p != gold[p.index])[gold.index] for name, p in labels.items()}
    assert wrong["drawn"].mean() == wrong["control"].mean() == 0.15
    rater = labels["one_rater"][gold.index]
    rater_errs = wrong["one_rater"] & (rater != 0.5)
    assert wrong["drawn"][rater_errs].mean() > 0.5 > 0.25 > wrong["control"][rater_errs].mean()


def test_an_archive_with_another_hash_ends_the_run_before_anything_else(tmp_path):
    path = tmp_path / "other.tar.gz"
    path.write_bytes(b"something else")
    result = run_snakemake(tmp_path, STUDY | {"ratings_archive": str(path)})
    assert result.returncode != 0 and f"The archive {path} has the hash" in result.stderr
    assert "Traceback" not in result.stderr and not (tmp_path / "results/models").exists()


def test_fetch_gets_the_ratings_and_errors_are_shuffled_of_labels_that_are_composed_of_drawn_ones(tmp_path):
    assert jobs_planned(tmp_path, STUDY, "fetch")["fetch_ratings"] == 1
    study = STUDY | {"supervisors": [*STUDY["supervisors"], {"name": "control", "shuffle_errors_of": "tiers"}]}
    planned = jobs_planned(tmp_path, study, "results/weak_labels/film/control.parquet")
    assert planned == {
        "fetch_ratings": 1, "prepare_task": 1, "draw_ratings": 2, "compose_labels": 1, "shuffle_errors": 1,
    }  # fmt: skip
