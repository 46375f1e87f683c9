"""Several votes for a text: in one cell, as a count, or in a file for each annotator."""

import copy
import json

import pandas as pd
import pytest
from random_configs import OWN_STUDY, write_files

from elicitation.analysis.derived_labels import join_columns
from elicitation.data.own_labels import read_own_table
from elicitation.data.table_sets import join_repeated
from elicitation.data.tasks import prepare_task
from elicitation.data.vote_cells import MOST, votes_in
from elicitation.errors import InputError
from elicitation.study.validation import validate

# crowd-kit is written for an older pandas.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
TASK = {"name": "mine", "table": "labels.csv", "text": "{text}", "label": "gold", "test_size": 20}
VOTES = {"name": "votes", "column": "votes", "votes": True}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """The working directory, with the files that OWN_STUDY names."""
    folder = tmp_path_factory.mktemp("study")
    write_files(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def study_of(table: str, supervisor: dict, **task) -> dict:
    """OWN_STUDY on another table, with one supervisor."""
    study = copy.deepcopy(OWN_STUDY) | {"supervisors": [{"name": "crowd"} | supervisor]}
    study["tasks"] = [{"name": "mine", "table": table, "test_size": 20} | task]
    study["grid"] = {"weak_price": 0.25, "budgets": [4], "gold_shares": [0, 1]}
    study.pop("weak_prices")
    return study


def joined(study, how):
    """What joins the votes of the study's only supervisor, by text."""
    task = study.tasks[0]
    sets = {part: s for part, s in prepare_task(task.plain, "local", None).items() if part != "supervision"}
    found = join_columns(task.plain, None, study.columns_of(task)["crowd"], how, sets)
    texts = pd.concat(sets.values()).set_index("id").text
    return found, found.labels.set_index("id").p_weak.rename(texts)


# Votes in one cell


@pytest.mark.parametrize(
    ("cell", "votes"),
    [
        ("0,1,1", ["0", "1", "1"]),
        (" 0 | 1|1", [" 0 ", " 1", "1"]),
        ("spam; ham", ["spam", " ham"]),
        ('["spam", "ham"]', ["spam", "ham"]),
        ("['spam', 'ham']", ["spam", "ham"]),
        ([1, None, 0], [1, None, 0]),
        ("3 of 5", [1, 1, 1, 0, 0]),
        ("3/5", [1, 1, 1, 0, 0]),
        ("1 out of 2", [1, 0]),
        ("0/2", [0, 0]),
        ("1", ["1"]),
        (1, [1]),
        ("5/3", None),
        ("[1, 0", None),
        ("5/9999999999", None),
        ("[" * 5000, None),
        ([0] * (MOST + 1), None),
        ("1," * MOST + "1", None),
    ],
)
def test_a_cell_is_cut_into_votes(cell, votes):
    assert votes_in(cell) == votes


def test_votes_in_cells_are_read_in_any_file(folder):
    cells = ["0,1,1", "2 of 3", "", "-", "[1, 0]", "1"]
    expected = [(0, 1, 1), (1, 1, 0), None, None, (1, 0), (1,)]
    pd.DataFrame({"text": list("abcdef"), "gold": [1] * 6, "votes": cells}).to_csv("c.csv", index=False)
    listed = [[0, 1, 1], [1, 1, 0], None, [], [1, None, 0], [1]]
    pd.DataFrame({"text": list("abcdef"), "gold": [1] * 6, "votes": listed}).to_parquet("c.parquet")
    lines = [{"text": text, "gold": 1, "votes": votes} for text, votes in zip("abcdef", listed, strict=True)]
    (folder / "c.jsonl").write_text("\n".join(map(json.dumps, lines)))
    for name in ("c.csv", "c.parquet", "c.jsonl"):
        rows = read_own_table(TASK | {"table": name}, None, [VOTES]).rows
        assert [row.votes[0] for row in rows] == expected, name


def test_words_in_cells_and_what_is_no_vote(folder):
    (folder / "w.csv").write_text('text,gold,votes\na,1,"spam,ham,spam"\nb,0,"ham,unsure"\n')
    words = VOTES | {"labels": {"spam": 1, "ham": 0}}
    with pytest.raises(InputError, match=r"row 3: column 'votes' holds what is no label, 'ham,unsure' \(1 row\)"):
        read_own_table(TASK | {"table": "w.csv"}, None, [words])
    found = read_own_table(TASK | {"table": "w.csv"}, None, [words | {"missing": ["unsure"]}])
    assert [row.votes[0] for row in found.rows] == [(1, 0, 1), (0,)]
    found = read_own_table(TASK | {"table": "w.csv"}, None, [words | {"others": "drop"}])
    assert [row.votes[0] for row in found.rows] == [(1, 0, 1), None] and found.dropped == {"votes": 1}


@pytest.mark.parametrize(
    ("cell", "fix"),
    [
        ("1 of 2", "where cells hold several votes, say so, as in `votes: {price: 0.02, votes: true}`"),
        ("0,1", "where cells hold several votes, say so"),
        ("0,5", "write a probability or a vote, from 0 to 1"),
        ("very, very good", "write a probability or a vote, from 0 to 1"),
    ],
)
def test_a_cell_of_votes_is_no_label_unless_the_entry_says_so(folder, cell, fix):
    (folder / "n.csv").write_text(f'text,gold,votes\na,1,"{cell}"\n')
    with pytest.raises(InputError, match=rf"column 'votes' holds what is no label, '{cell}' \(1 row\); {fix}"):
        read_own_table(TASK | {"table": "n.csv"}, None, [{"name": "votes", "column": "votes"}])


def test_votes_in_cells_have_a_price_and_are_joined(folder):
    # 3 votes for odd texts, 2 for even ones.
    rows = [f't{i},{i % 2 if i < 50 else ""},"{"1,1,0" if i % 2 else "0|0"}"' for i in range(80)]
    (folder / "cells.csv").write_text("\n".join(["text,gold,votes", *rows]))
    entry = {"columns": {"votes": {"price": 0.02, "votes": True}}, "aggregate": "mean"}
    study = validate(study_of("cells.csv", entry))
    assert study.prices == {"crowd": [0.05]}, "2.5 votes a text on average"
    found, p = joined(study, "mean")
    assert p["t1"] == pytest.approx(2 / 3) and p["t2"] == 0
    single, together = found.sources
    # 25 gold texts of either label: 75 votes, two thirds of them right, and 50 right ones.
    assert single["n"] == 125 and single["accuracy"] == pytest.approx(100 / 125)
    assert (together["n"], together["accuracy"], together["aggregate"]) == (50, 1, "mean")
    assert joined(study, "majority")[1]["t1"] == 1


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"aggregate": "dawid_skene"}, "dawid_skene learns .*, but the votes in a cell have no names; choose majority"),
        ({}, "several columns or workers must be joined; add `aggregate`"),
        ({"worker": "who", "aggregate": "mean"}, "a cell holds all votes for a text; drop `worker`"),
        ({"columns": {"votes": {"price": 1, "votes": True}, "b": 1}, "aggregate": "mean"}, "give a single column"),
        ({"columns": {"votes": {"price": 1, "votes": True, "percent": True}}}, "votes: excludes `confidence` and"),
        ({"format": "doccano", "aggregate": "mean"}, "format: is that of `files`; give these"),
        ({"files": "*.csv"}, "several columns or workers must be joined; add `aggregate`"),
    ],
)
def test_votes_whose_voters_are_unclear_are_refused(entry, words):
    columns = {"votes": {"price": 0.02, "votes": True}} if "files" not in entry else {"votes": 0.02}
    with pytest.raises(InputError, match=words):
        validate(study_of("own/labels.csv", {"columns": columns} | entry))


def test_a_repeated_text_with_other_votes_in_its_cell_is_refused(folder):
    rows = [f't{i},{i % 2},"{i % 2},1"' for i in range(40)]
    entry = {"columns": {"votes": {"price": 0.02, "votes": True}}, "aggregate": "mean"}
    (folder / "twice.csv").write_text("\n".join(["text,gold,votes", *rows, 'T3 ,1,"1,1,1"']))
    with pytest.raises(
        InputError, match=r"row 42: its text is that of row 5, whose label in column 'votes' is another"
    ):
        validate(study_of("twice.csv", entry))
    (folder / "twice.csv").write_text("\n".join(["text,gold,votes", *rows, 'T3 ,1,"1,1,1"', 'T4,0,"1,1"']))
    with pytest.raises(InputError, match="capitals and white space do not tell texts apart\\); so it is in row 43; if"):
        validate(study_of("twice.csv", entry))
    (folder / "twice.csv").write_text("\n".join(["text,gold,votes", *rows, 'T3 ,1,"1,1"']))
    assert validate(study_of("twice.csv", entry)).prices == {"crowd": [0.04]}


# A file for each annotator


def write_votes(folder, name, votes, columns="text,label"):
    """A file of votes by text or id."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join([columns, *(f"{text},{vote}" for text, vote in votes)]))


@pytest.fixture
def annotated(folder):
    """A table of 80 texts, and files of three annotators, of whom the third errs on every fourth text."""
    rows = [f"x{i},t{i},{i % 2 if i < 50 else ''}" for i in range(80)]
    (folder / "texts.csv").write_text("\n".join(["ticket,text,gold", *rows]))
    write_votes(folder, "votes/ann.csv", [(f"T{i} ", i % 2) for i in range(80)])
    write_votes(folder, "votes/bob.csv", [(f"t{i}", i % 2) for i in range(60)])
    write_votes(folder, "votes/cyd.csv", [(f"t{i}", i % 2 if i % 4 else 1) for i in range(70)] + [("unknown", 1)])
    return folder


FILES = {"files": "votes/*.csv", "columns": {"label": 0.01}, "aggregate": "majority"}


def test_each_file_is_an_annotator(annotated):
    study = validate(study_of("texts.csv", FILES))
    [columns] = study.columns_of(study.tasks[0]).values()
    table = read_own_table(study.tasks[0].plain, None, columns)
    assert [row.votes[0] for row in table.rows[:2]] == [{"ann": 0, "bob": 0, "cyd": 1}, {"ann": 1, "bob": 1, "cyd": 1}]
    assert table.rows[-1].votes == ({"ann": 1},)
    assert table.files == [{"files": 3, "rows": 211, "rows whose text the table lacks": 1, "texts without a vote": 0}]
    assert study.prices == {"crowd": [0.02625]}
    assert "1 of the 211 rows in the files of 'crowd' vote for texts that the table of 'mine' lacks" in str(
        study.warnings
    )
    found, p = joined(study, "majority")
    assert (p["t0"], p["t1"], p["t76"]) == (0, 1, 0) and found.passed_over == {"dropped": {}, "files": table.files[0]}
    assert validate(study_of("texts.csv", FILES | {"aggregate": "dawid_skene"})).prices == study.prices


def test_files_may_name_texts_by_their_ids_and_be_listed(annotated):
    write_votes(annotated, "ids/one.csv", [(f"x{i}", i % 2) for i in range(80)] + [("x99", 1)], "ticket,label")
    entry = {"files": ["ids/one.csv", "votes/bob.csv"], "columns": {"label": 0.01}, "aggregate": "mean"}
    study = validate(study_of("texts.csv", entry, id="ticket"))
    assert study.prices == {"crowd": [0.0175]}
    survey = study.survey(study.tasks[0])
    assert survey.files["crowd"]["rows whose text the table lacks"] == 1


def test_one_file_is_a_source_without_annotators(annotated):
    write_votes(annotated, "llm.csv", [(f"t{i}", (i % 2) * 0.8 + 0.1) for i in range(40)])
    study = validate(study_of("texts.csv", {"files": "llm.csv", "columns": {"label": 0.01}}))
    table = read_own_table(study.tasks[0].plain, None, study.columns_of(study.tasks[0])["crowd"])
    assert [row.votes[0] for row in table.rows[:2]] == [0.1, 0.9] and table.rows[-1].votes == (None,)
    assert table.files[0]["texts without a vote"] == 40
    found, p = joined(study, None)
    assert len(found.sources) == 1 and p.notna().sum() == 40


def test_exports_may_be_files_of_votes(annotated):
    lines = [
        {"text": f"t{i}", "label": "spam", "answer": "accept" if i % 2 else "reject", "_annotator_id": who}
        for who in ("ann", "bob")
        for i in range(60)
    ]
    (annotated / "prodigy.jsonl").write_text("\n".join(map(json.dumps, lines)))
    entry = {"files": "prodigy.jsonl", "format": "prodigy", "columns": {"spam": 0.01}, "worker": "annotator"}
    study = validate(study_of("texts.csv", entry | {"aggregate": "mean"}))
    table = read_own_table(study.tasks[0].plain, None, study.columns_of(study.tasks[0])["crowd"])
    assert table.rows[1].votes == ({"ann": 1, "bob": 1},) and study.prices == {"crowd": [0.02]}


def test_an_annotator_with_two_labels_for_a_text_is_refused(annotated):
    write_votes(annotated, "votes/dan.csv", [("t1", 1), ("t2", 0), (" T1", 0)])
    with pytest.raises(
        InputError, match=r"votes/dan.csv, row 4: its text is that of row 2, which has another label by 'dan'; keep one"
    ):
        validate(study_of("texts.csv", FILES))
    write_votes(annotated, "votes/dan.csv", [("t1", 1), ("t2", 0), (" T1", 1)])
    validate(study_of("texts.csv", FILES))
    (annotated / "votes/dan.csv").unlink()


@pytest.mark.parametrize(
    ("files", "content", "words"),
    [
        ("none/*.csv", None, "no file with votes is called none/.*; correct `files`"),
        (["votes/ann.csv", "none.csv"], None, "no file with votes is called none.csv; correct `files`"),
        (
            ["votes/ann.csv", "more/ann.csv"],
            "text,label\nt1,1\n",
            "two files with votes are called 'ann', and so would",
        ),
        (["votes/ann.csv", "more/ann.csv"], "x,label\nt1,1\n", "two files with votes are called 'ann'"),
        (["votes/ann.csv", "more/eve.csv"], "x,label\nt1,1\n", "row 1: the column 'text' is missing; known are"),
        (["votes/ann.csv", "more/eve.csv"], "text,x\nt1,1\n", "row 1: the column 'label' is missing; known are"),
        (["votes/ann.csv", "more/eve.csv"], "text,label\nt1,maybe\n", "more/eve.csv, row 2: column 'label' holds what"),
        (["votes/ann.csv", "more/eve.doc"], "text,label\nt1,1\n", "must end in one of .csv"),
    ],
)
def test_files_that_cannot_be_votes_are_named(annotated, files, content, words):
    if content:
        (annotated / "more").mkdir(exist_ok=True)
        (annotated / files[1]).write_text(content)
    with pytest.raises(InputError, match=words):
        validate(study_of("texts.csv", FILES | {"files": files}))


def test_a_file_that_changes_is_read_anew(annotated):
    study = study_of("texts.csv", FILES | {"files": ["votes/ann.csv", "votes/bob.csv"]})
    assert validate(study).prices == {"crowd": [0.0175]}
    write_votes(annotated, "votes/bob.csv", [(f"t{i}", i % 2) for i in range(80)])
    assert validate(study).prices == {"crowd": [0.02]}


def test_votes_of_one_worker_in_two_rows_with_one_id(folder):
    """Where each row is one vote, the rows of a text have one id, as in exports."""
    (folder / "long.csv").write_text("id,text,gold,who,vote\n1,a,1,w1,1\n1,a,1,w2,0\n2,b,0,w1,0\n")
    columns = [{"name": "vote", "column": "vote", "worker": "who"}]
    rows = join_repeated(read_own_table(TASK | {"table": "long.csv", "id": "id"}, None, columns).rows)
    assert [(row.source_id, row.votes[0]) for row in rows] == [("1", {"w1": 1, "w2": 0}), ("2", {"w1": 0})]


def test_a_vote_of_nobody_is_refused(folder):
    (folder / "long.csv").write_text("text,gold,who,vote\na,1,w1,1\nb,1,,\nc,0,,1\n")
    with pytest.raises(InputError, match=r"long.csv, row 4: it has a vote, but column 'who' is empty; say whose"):
        read_own_table(TASK | {"table": "long.csv"}, None, [{"name": "vote", "column": "vote", "worker": "who"}])
