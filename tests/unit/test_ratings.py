"""Rated sentences: the archive, its tables, the tasks made of them, and single ratings as weak labels."""

import copy
import io
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from elicitation.analysis.derived_labels import join_labels
from elicitation.data import ratings
from elicitation.data.cards import revision_of, source_files
from elicitation.data.ratings import (
    SETS,
    check_archive,
    describe_set,
    download_archive,
    draw_votes,
    labelled,
    local_archive,
    ratings_file,
    read_archive,
)
from elicitation.data.tasks import draw_ratings, prepare_task
from elicitation.errors import InputError
from elicitation.files import hash_file, hash_text
from elicitation.study.estimate import estimate
from elicitation.study.validation import validate

# Id, text and ratings; the third has a mean of 0.
SENTENCES = [
    ("1_1", " A good film. ", [3, 2, 0, -1, 1]),
    ("1_2", "It is bad", [-1, -1, 2, -4, 0]),
    ("1_3", "Neither\x0b {nor} \u2028 caf\u00e9", [1, -1, 0, 2, -2]),
    ("2", "Quite good", [1, 0, 0, 0, 0]),
]
SETUP = "from pathlib import Path\nfrom setuptools import setup\nPath({!r}).touch()\nsetup(name='vaderSentiment', version='3.3.2')\n"


def add_file(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def write_archive(folder, setup: str = ""):
    """An archive as the package index has it, with the same few sentences in each set."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        for name in SETS:
            truth = "".join(f"{i}\t{np.mean(given)}\t{text}\r\n" for i, text, given in SENTENCES)
            single = "".join(f"{i}\t{np.mean(given)}\t1.5\t{given}\r\n" for i, _, given in reversed(SENTENCES))
            add_file(archive, f"hutto_ICWSM_2014/{name}_GroundTruth.txt", truth.encode())
            add_file(archive, f"hutto_ICWSM_2014/{name}_anonDataRatings.txt", single.encode("utf-8-sig"))
    path = folder / ratings.ARCHIVE
    with tarfile.open(path, "w:gz") as archive:
        add_file(archive, ratings.INNER_ARCHIVE, inner.getvalue())
        add_file(archive, "vaderSentiment-3.3.2/setup.py", setup.encode())
        add_file(
            archive, "vaderSentiment-3.3.2/PKG-INFO", b"Metadata-Version: 1.0\nName: vaderSentiment\nVersion: 3.3.2\n"
        )
    return path


def one_sentence(call, *arguments) -> str:
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return str(caught.value)


# The archive


def test_each_set_is_read_with_all_of_its_ratings(tmp_path):
    sets = read_archive(write_archive(tmp_path))
    assert list(sets) == list(SETS)
    for sentences in sets.values():
        assert sentences == [(source_id, text.strip(), given) for source_id, text, given in SENTENCES]


def test_gold_is_the_sign_of_the_mean_and_each_rating_is_a_vote(tmp_path):
    sentences = read_archive(write_archive(tmp_path))["tweets"]
    first, second, third = labelled(sentences)
    assert first == {"source_id": "1_1", "text": "A good film.", "gold": 1, "ratings": 5, "votes": [1, 1, 0, -1, 1]}
    assert (second["gold"], second["votes"]) == (0, [-1, -1, 1, -1, 0])
    assert third["source_id"] == "2", "a mean of 0 is no label"
    assert describe_set(sentences) == {"rows": 3, "dropped for a mean of 0": 1, "label 1": 2, "ratings, median": 5.0}


def test_an_archive_is_known_by_its_hash(tmp_path, monkeypatch):
    path = write_archive(tmp_path)
    sentence = one_sentence(check_archive, path)
    assert sentence == (
        f"The archive {path} has the hash {hash_file(path)}, but vaderSentiment-3.3.2.tar.gz has {ratings.SHA256}; "
        "replace it by the source archive of vaderSentiment==3.3.2 from the package index."
    )
    monkeypatch.setattr(ratings, "SHA256", hash_file(path))
    assert check_archive(path) == path


def test_an_archive_that_cannot_be_read_is_named(monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ratings, "hash_file", refuse)
    sentence = one_sentence(check_archive, "copy.tar.gz")
    assert sentence == "The archive copy.tar.gz cannot be read (Permission denied); make it readable."


def test_a_copy_of_the_archive_must_be_a_file(tmp_path):
    sentence = "Config, ratings_archive: '{}' is no file; name a copy of {}, or set it to null to download the archive."
    for path in (tmp_path, tmp_path / "none", "\0"):
        assert one_sentence(local_archive, str(path)).replace("\\\\", "\\") == sentence.format(
            "\\x00" if path == "\0" else path, ratings.ARCHIVE
        )
    assert "holds braces" in one_sentence(local_archive, "{x}.tar.gz")
    assert local_archive(__file__).is_file()


@pytest.fixture
def only_index(tmp_path, monkeypatch):
    """A folder that is all that pip downloads from."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name, value in {"CONFIG_FILE": "/dev/null", "NO_INDEX": "1", "FIND_LINKS": str(folder)}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    return folder


def test_pip_downloads_the_archive_from_where_it_is_configured_to_look(tmp_path, only_index, monkeypatch):
    path = write_archive(only_index, SETUP.format(str(tmp_path / "ran")))
    monkeypatch.setattr(ratings, "SHA256", hash_file(path))
    (tmp_path / "new").mkdir()
    assert hash_file(download_archive(tmp_path / "new")) == hash_file(path)
    assert (tmp_path / "ran").exists(), "pip runs the archive's setup.py, so the hash must be checked first"


def test_nothing_of_an_archive_with_another_hash_is_run(tmp_path, only_index):
    write_archive(only_index, SETUP.format(str(tmp_path / "ran")))
    sentence = one_sentence(download_archive, tmp_path)
    assert sentence == (
        "The archive with the rated sentences cannot be downloaded (THESE PACKAGES DO NOT MATCH THE HASHES FROM THE "
        "REQUIREMENTS FILE); give pip an index that has the source archive of vaderSentiment==3.3.2, or name a copy of "
        "vaderSentiment-3.3.2.tar.gz by `ratings_archive`."
    )
    assert not (tmp_path / "ran").exists()


def test_without_an_index_the_sentence_says_what_to_do(tmp_path, only_index):
    sentence = one_sentence(download_archive, tmp_path)
    assert "(Could not find a version that satisfies the requirement vaderSentiment==3.3.2 (from versions: none))" in (
        sentence
    )
    assert sentence.endswith("or name a copy of vaderSentiment-3.3.2.tar.gz by `ratings_archive`.")


# Tasks

TASK = {
    "name": "mine", "ratings": "tweets", "panel": 5, "text": "T: {text}\nQ:",
    "pool_size": 40, "test_size": 10, "supervision_size": 6,
}  # fmt: skip


def rated(n: int = 80) -> pd.DataFrame:
    """A table as fetch_ratings writes it."""
    rng = np.random.default_rng(0)
    given = [ratings.Rated(str(i), f"text {i}", [*rng.integers(-4, 5, 4).tolist(), 9 * (-1) ** i]) for i in range(n)]
    return pd.DataFrame(labelled(given))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, with the table of one set."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / ratings_file("tweets")
    path.parent.mkdir(parents=True)
    rated(120).to_parquet(path)
    return tmp_path


@pytest.mark.parametrize("sources", ["hub", "local"])
def test_rated_sentences_become_sets_whatever_sources_says(folder, sources):
    sets = prepare_task(TASK, sources, None)
    assert {part: (len(s), s.gold.sum()) for part, s in sets.items()} == {
        "test": (10, 5), "supervision": (6, 3), "pool": (40, 20),
    }  # fmt: skip
    everything = pd.concat(sets.values())
    assert everything.id.is_unique and everything.text.str.fullmatch(r"T: text \d+\nQ:").all()
    known = rated(120).set_index("text").gold
    assert (known[everything.text.str[3:-3]].to_numpy() == everything.gold).all()
    path = ratings_file("tweets")
    assert source_files(TASK, sources, None) == {path: hash_file(path)}
    assert revision_of(TASK, sources) == "vaderSentiment-3.3.2.tar.gz:tweets"


def test_the_panel_that_prices_follow_from_must_be_the_datas(folder):
    assert one_sentence(prepare_task, TASK | {"panel": 6}, "local", None) == (
        "Task 'mine': a sentence of tweets has 5 ratings (median), but the config says `panel: 6`; correct it."
    )


# Drawing


def test_a_draw_depends_on_the_text_alone_and_a_smaller_one_begins_a_larger_one():
    votes = [-1, 0, 1, 1, 1]
    for example in map(hash_text, "abcdefgh"):
        five = draw_votes(votes, example, 5)
        assert sorted(five) == [0, 0.5, 1, 1, 1], "each rating once"
        for n in range(1, 5):
            assert draw_votes(votes[::-1], example, n) == five[:n]
    assert len({tuple(draw_votes(votes, hash_text(str(i)), 5)) for i in range(50)}) > 10


def test_every_rating_is_drawn_equally_often():
    drawn = [draw_votes([-1, 0, 1, 1], hash_text(str(i)), 1)[0] for i in range(4000)]
    shares = [np.mean(np.equal(drawn, vote)) for vote in (0, 0.5, 1)]
    assert np.allclose(shares, [0.25, 0.25, 0.5], atol=0.03)


def test_the_ratings_of_a_task_are_those_of_its_sentences():
    rows = rated()
    ids = pd.Index([hash_text(f"T: {text}\nQ:") for text in rows.text[:50]])
    votes = draw_ratings(rows, ids, TASK, 3)
    assert list(votes) == ["rating 1", "rating 2", "rating 3"] and votes.index.equals(ids)
    for example, signs in zip(ids, rows.votes[:50], strict=True):
        assert votes.loc[example].to_list() == draw_votes(signs, example, 3)
    shuffled = rows.sample(frac=1, random_state=0)
    assert draw_ratings(shuffled, ids[::-1][:20], TASK, 3).equals(votes.loc[ids[::-1][:20]])
    assert draw_ratings(rows, ids, TASK, 1).equals(votes[["rating 1"]])
    assert join_labels(draw_ratings(rows, ids, TASK, 1), None).equals(votes["rating 1"])


def test_a_sentence_that_two_panels_rated_draws_from_both():
    rows = pd.DataFrame({"text": ["a", "a"], "votes": [[1, 1], [-1, 0]]})
    example = hash_text("T: a\nQ:")
    votes = draw_ratings(rows, pd.Index([example]), TASK, 4)
    assert sorted(votes.loc[example]) == [0, 0.5, 1, 1]
    assert one_sentence(draw_ratings, rows, pd.Index([example]), TASK, 5) == (
        f"Task 'mine': the text {example} has 4 ratings, of which 5 cannot be drawn; lower `raters`."
    )


# Studies

ONE, THREE = {"name": "one_rater", "raters": 1}, {"name": "three_raters", "raters": 3, "aggregate": "majority"}
MODEL = {
    "name": "student", "learning_rate": 1e-3,
    "sandbox": {"layers": 1, "width": 32, "heads": 1, "steps": 1, "batch_size": 2, "learning_rate": 1e-3,
                "short_reviews": 0.4, "bare_tags": 0.3},
}  # fmt: skip
SIZES = {"pool_size": 400, "test_size": 20, "supervision_size": 20}
STUDY = {
    "study": "rated", "device": "cpu", "sources": "hub",
    "tasks": [{"name": name, "catalogue": name, **SIZES} for name in ("film", "tweet")],
    "models": [MODEL], "supervisors": [ONE, THREE], "students": ["student"], "methods": ["sequential_sft"],
    "seeds": [0], "grid": {"weak_price": 0.05, "budgets": [4, 16], "gold_shares": [0, 0.5, 1]},
    "labelling": {"engine": "transformers"},
}  # fmt: skip
SHUFFLED = {"name": "control", "shuffle_errors_of": "one_rater"}


def changed(**keys) -> dict:
    return copy.deepcopy(STUDY) | keys


def task(**keys) -> dict:
    """A study of one task that is changed."""
    return changed(tasks=[{key: value for key, value in (TASK | SIZES | keys).items() if value is not None}])


def test_a_study_of_ratings_needs_no_prices_and_no_model_but_the_student():
    study = validate(STUDY)
    assert [task.prompt.labels for task in study.tasks] == [[" negative", " positive"]] * 2
    assert study.tasks[0].prompt.plain == {"cue": "", "labels": [" negative", " positive"], "separator": "\n\n"}
    # 1/18 of the films' panel, 1/20 of the tweets'.
    assert study.prices == {"one_rater": [0.05277], "three_raters": [0.1583]}
    alone = validate(changed(tasks=STUDY["tasks"][:1]))
    assert alone.prices == {"one_rater": [0.05555], "three_raters": [0.1666]}


def test_a_budget_affords_all_the_ratings_that_its_panels_have():
    (price,) = validate(changed(tasks=STUDY["tasks"][:1])).prices["one_rater"]
    assert all(18 * n * price <= n < 18 * n * price + 0.001 * n for n in (4, 16, 1024))


def test_a_raters_price_is_that_of_the_tasks_that_it_labels():
    apart = [{"tasks": ["film"], "supervisors": ["one_rater"]}, {"tasks": ["tweet"], "supervisors": ["three_raters"]}]
    assert validate(changed(combinations=apart)).prices == {"one_rater": [0.05555], "three_raters": [0.15]}


def test_the_shuffled_errors_of_a_rater_cost_what_the_rater_costs():
    study = validate(changed(supervisors=[ONE, SHUFFLED]))
    assert study.prices == {"one_rater": [0.05277], "control": [0.05277]}
    # Shuffled or not, errors that are drawn cost what all of them do.
    fewer = {"name": "fewer", "errors_of": "one_rater", "error_rate": 0.1}
    study = validate(changed(supervisors=[ONE, fewer, SHUFFLED | {"shuffle_errors_of": "fewer"}]))
    assert study.prices == {"one_rater": [0.05277], "fewer": [0.05277], "control": [0.05277]}


def test_models_beside_raters_have_the_studys_prices():
    study = changed(supervisors=[ONE, "student", {"name": "control", "shuffle_errors_of": "student"}])
    assert one_sentence(validate, study) == "Config, the top level: the key 'weak_prices' is missing; add it."
    prices = validate(study | {"weak_prices": [0.5, 0.1]}).prices
    assert prices == {"one_rater": [0.05277], "student": [0.5, 0.1], "control": [0.5, 0.1]}


MODEL_LABELS = {"name": "small", "model": "student", "price": 0.01}
TWICE = {"name": "twice", "joined": ["small", "one_rater"]}
TIERS = {"name": "tiers", "shares": {"small": 0.8, "twice": 0.2}}


def test_composed_labels_cost_what_the_labels_cost_that_they_are_made_of():
    study = validate(changed(supervisors=[ONE, MODEL_LABELS, TWICE, TIERS]))
    assert study.prices == {"one_rater": [0.05277], "small": [0.01], "twice": [0.06277], "tiers": [0.020554]}
    assert study.source_prices("tiers") == {"small": 0.01, "twice": 0.06277}
    # One price of all models is as good as one of this one.
    alone = changed(supervisors=[ONE, "student", TWICE | {"joined": ["student", "one_rater"]}], weak_prices=[0.1])
    assert validate(alone).prices["twice"] == [0.15277]


def test_a_second_look_costs_the_first_labels_and_a_share_of_the_second_ones():
    look = {"name": "checked", "first": "small", "second": "one_rater", "second_share": 0.5}
    study = validate(changed(supervisors=[ONE, MODEL_LABELS, TWICE, look]))
    assert study.prices["checked"] == [0.036385]
    for wrong, says in (
        ({"second": "small"}, "supervisors[checked].second: 'small' is the first one too; name another supervisor."),
        ({"second": "larg"}, "supervisors[checked].first: 'larg' must be another supervisor of the study"),
        ({"second_share": 1}, "supervisors[checked].second_share"),
    ):
        assert says in one_sentence(validate, changed(supervisors=[ONE, MODEL_LABELS, TWICE, look | wrong]))


def test_what_labels_are_composed_from_needs_no_runs_of_its_own():
    alone = [{"tasks": ["film"], "supervisors": ["tiers"]}]
    study = validate(
        changed(tasks=STUDY["tasks"][:1], supervisors=[ONE, MODEL_LABELS, TWICE, TIERS], combinations=alone)
    )
    assert {group.supervisor for group in study.groups} == {"tiers"} and study.prices["one_rater"] == [0.05555]
    assert study.labelled == [("film", name) for name in ("tiers", "small", "twice", "one_rater")]


def test_an_own_prompt_completes_the_catalogues():
    own = STUDY["tasks"][0] | {"prompt": {"labels": [" bad", " good"]}}
    assert validate(changed(tasks=[own])).tasks[0].prompt.plain == {
        "cue": "", "labels": [" bad", " good"], "separator": "\n\n",
    }  # fmt: skip


def test_the_estimate_has_no_supervisor_where_people_label(tmp_path):
    study = validate(changed(supervisors=[ONE, SHUFFLED]))
    tables, _ = estimate(study, tmp_path)
    assert tables["supervisors"].empty and tables["methods"].runs.sum() == len(study.made_runs)
    assert len(study.groups) == 4


BAD = yaml.load((Path(__file__).parent / "bad_input.yaml").read_text(), yaml.CSafeLoader)["rated"]


@pytest.mark.parametrize("row", BAD, ids=lambda row: row["says"][:60])
def test_a_bad_study_is_refused_with_its_sentence(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [f"text {i},{i % 2 if i < 60 else ''},0.5\n" for i in range(600)]
    (tmp_path / "labels.csv").write_text("text,gold,llm\n" + "".join(lines))
    assert one_sentence(validate, changed(**row["changes"])) == row["says"]
