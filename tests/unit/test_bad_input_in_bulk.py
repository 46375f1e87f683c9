"""Bad configs and bad data files in bulk: each is refused with one sentence that says what, where and the fix."""

import copy
import json
import math
import re
from pathlib import Path
from time import perf_counter

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from random_configs import OWN_STUDY, RATED_STUDY, STUDY, mutations, studies, write_files

from elicitation.data.cards import sample_texts
from elicitation.data.tasks import prepare_task
from elicitation.errors import InputError
from elicitation.files import write_json
from elicitation.study.reading import read_yaml
from elicitation.study.reference import all_keys
from elicitation.study.validation import validate


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """The working directory, with the files that the configs name."""
    folder = tmp_path_factory.mktemp("study")
    write_files(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


BAD = yaml.load((Path(__file__).parent / "bad_input.yaml").read_text(), yaml.CSafeLoader)


def changed(path: str, *value, base: dict = STUDY) -> dict:
    """A study with one entry set, or taken away where no value is given; numbers in the path are places in lists."""
    study = copy.deepcopy(base)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    entry = study
    for step in parents:
        entry = entry[step]
    if value:
        [entry[last]] = value
    else:
        del entry[last]
    return study


def bad_rows(section: str):
    """The rows of a section, each as a test."""
    return pytest.mark.parametrize("row", BAD[section], ids=lambda row: f"{row.get('key', 'row')} {row['says'][-20:]}")


def assert_is_a_sentence(text: str) -> None:
    """One line without control characters, which ends once; quotes and brackets may hold others' sentences."""
    assert text.isprintable() and re.search(r"[.?]$", text), text
    assert not re.search(r"[.?!] [A-Z]", re.sub(r"'[^']*'|\(.*\)", "", text)), text


def assert_refused(config: dict, says: str) -> None:
    with pytest.raises(InputError) as caught:
        validate(config)
    assert str(caught.value) == says
    assert_is_a_sentence(says)


@pytest.mark.parametrize("base", [STUDY, OWN_STUDY, RATED_STUDY], ids=["everything", "own", "rated"])
def test_the_studies_that_all_bad_ones_are_made_from_are_valid(base):
    validate(base)


@bad_rows("study")
def test_a_bad_config_is_refused_with_its_sentence(row):
    assert_refused(changed(row["key"], *([row["value"]] if "value" in row else [])), row["says"])


@bad_rows("own")
def test_a_bad_config_of_a_table_is_refused_with_its_sentence(row):
    assert_refused(changed(row["key"], *([row["value"]] if "value" in row else []), base=OWN_STUDY), row["says"])


@bad_rows("files")
def test_a_bad_file_of_a_study_is_refused_with_its_sentence_and_at_once(row, tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(row["text"] * row.get("times", 1))
    started = perf_counter()
    with pytest.raises(InputError) as caught:
        read_yaml(path)
    assert str(caught.value).replace(str(path), "study.yaml") == row["says"]
    assert_is_a_sentence(row["says"])
    assert perf_counter() - started < 5


def test_every_part_of_the_schema_is_among_the_bad_configs():
    parts = {re.sub(r"\[\]|\.\*", "", key.path.rpartition(".")[0]) for key in all_keys()}
    tried = {re.sub(r"\.\d+", "", row["key"]).rpartition(".")[0] for row in BAD["study"] + BAD["own"]}
    assert parts <= tried


# Hostile texts

HOSTILE = [
    "<script>alert(1)</script>",
    r"\input{/etc/passwd} $x$",
    "\x1b]0;title\x07",
    "{text} {0} {{",
    '=HYPERLINK("x")',
    "a\r\nb",
    "name\n",
]

# Data files

N = 200
TEXTS = [f"text number {i}" for i in range(N)]
LABELS = [i % 2 for i in range(N)]


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame({"text": TEXTS, "label": LABELS} | columns)


def as_csv(rows: pd.DataFrame, **options) -> bytes:
    return rows.to_csv(index=False, **options).encode()


def as_parquet(rows: pd.DataFrame | pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pandas(rows) if isinstance(rows, pd.DataFrame) else rows, sink)
    return sink.getvalue().to_pybytes()


def as_lines(values: list) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()


TWO_TEXTS = pa.table([TEXTS, TEXTS, LABELS], names=["text", "text", "label"])
SURROGATES = as_lines([{"text": f"{text} \ud800", "label": label} for text, label in zip(TEXTS, LABELS, strict=True)])
LABEL = "Task 'own', split 'train', row {1}: column 'label' holds what is no label, {0}"
NO_LABEL = (
    "Task 'own', split 'train', row {}: {} of 200 rows have no label in column 'label', this one first; write them,"
)
NO_ROWS = "train.{} has no rows; write some into it."
# A row: what is wrong, the ending of the file, its content, and how the sentence begins (after the path, if it has one).
# fmt: off
BAD_FILES = [
    ("empty CSV", "csv", b"", NO_ROWS.format("csv")),
    ("empty JSON", "jsonl", b"", NO_ROWS.format("jsonl")),
    ("empty parquet", "parquet", b"", "train.parquet cannot be read ("),
    ("header only", "csv", b"text,label\n", NO_ROWS.format("csv")),
    ("no rows in parquet", "parquet", as_parquet(table()[:0]), NO_ROWS.format("parquet")),
    ("Latin-1", "csv", "text,label\ncafé,1\n".encode("latin-1"), "train.csv, line 2: the byte 0xe9 is no UTF-8; save the file as UTF-8,"),
    ("UTF-16 without a mark", "csv", as_csv(table()).decode().encode("utf-16-le"), "train.csv, line 1: it holds zero bytes, as UTF-16 without a mark does;"),
    ("binary", "csv", bytes(range(256)) * 10, "train.csv, line 3: the byte 0x80 is no UTF-8;"),
    ("truncated parquet", "parquet", as_parquet(table())[:-30], "train.parquet cannot be read (Parquet magic bytes"),
    ("parquet with a wrong footer", "parquet", b"PAR1" + b"x" * 500 + b"PAR1", "train.parquet cannot be read ("),
    ("parquet called CSV", "csv", as_parquet(table()), "train.csv, line 1: the byte 0xd4 is no UTF-8;"),
    ("CSV called parquet", "parquet", as_csv(table()), "train.parquet cannot be read ("),
    ("CSV called JSON", "jsonl", as_csv(table()), "train.jsonl, row 1: it is no JSON (Expecting value, column 1);"),
    ("two columns of one name in CSV", "csv", b"text,text,label\na,b,1\n", "train.csv, row 1: two columns are called 'text'; rename one."),
    ("two columns of one name in parquet", "parquet", as_parquet(TWO_TEXTS), "train.parquet, row 1: two columns are called 'text'; rename one."),
    ("two fields of one name in JSON", "jsonl", b'{"text": "a", "text": "b", "label": 1}\n', "train.jsonl, row 1: it is no JSON (the key 'text' stands twice in one object);"),
    ("no header", "csv", as_csv(table(), header=False), "the column 'text' is missing; did you mean 'text number 0'?"),
    ("rows of different length", "csv", b"text,label\na,1\nb,0,7,8\n", "train.csv, row 3: it has 4 cells, but the header has 2;"),
    ("open quote", "csv", b'text,label\n"a,1\nb,0\n', "train.csv, line 2: it is no CSV (unexpected end of data);"),
    ("broken JSON", "jsonl", b'{"text": "a", "label": 1}\n{"text": \n', "train.jsonl, row 2: it is no JSON (Expecting value, column 10);"),
    ("JSON scalars", "jsonl", b"1\n2\n", "train.jsonl, row 1: 1 is no JSON object;"),
    ("half a surrogate pair", "jsonl", SURROGATES, "half a character (a lone surrogate) stands in row 1, where a whole one must; write it."),
    ("missing column", "csv", as_csv(table().rename(columns={"text": "texts"})), "the column 'text' is missing; did you mean 'texts'?"),
    ("missing label", "csv", as_csv(table().drop(columns="label")), "the column 'label' is missing; known are text."),
    ("hostile column", "csv", as_csv(table().rename(columns={"text": "\x1b[31m\n"})), "the column 'text' is missing; known are \\x1b[31m, label."),
    ("bytes as text", "parquet", as_parquet(table(text=[b"\xff%d" % i for i in range(N)])), "train.parquet holds bytes in column 'text'; write them as text."),
    ("no label", "csv", as_csv(table(label=[None if i == 3 else i % 2 for i in range(N)])), NO_LABEL.format(5, 1)),
    ("no labels", "parquet", as_parquet(table(label=[None] * N)), NO_LABEL.format(1, 200)),
    ("half a label", "parquet", as_parquet(table(label=[0.5 if i == 3 else float(i % 2) for i in range(N)])), LABEL.format("0.5 (1 row); write 0 or 1,", 4)),
    ("infinite label", "parquet", as_parquet(table(label=[math.inf] * N)), LABEL.format("inf (200 rows);", 1)),
    ("label of 2", "csv", as_csv(table(label=[i % 3 for i in range(N)])), LABEL.format("2 (66 rows);", 4)),
    ("labels of -1 and 1", "csv", as_csv(table(label=[-1, 1] * (N // 2))), LABEL.format("-1 (100 rows);", 2)),
    ("labels yes and no", "csv", as_csv(table(label=["yes", "no"] * (N // 2))), LABEL.format("'yes' (100 rows), 'no' (100 rows);", 2)),
    ("dates as labels", "parquet", as_parquet(table(label=pd.date_range("2020", periods=N))), LABEL.format("datetime.datetime(2020, 1, 1, 0, 0) (1 row),", 1)),
    ("mappings as labels", "jsonl", as_lines([{"text": text, "label": {"a": 1}} for text in TEXTS]), LABEL.format("\"{'a': 1}\" (200 rows);", 1)),
    ("one class", "csv", as_csv(table(label=1)), "the train split is not binary, its labels are 1; choose another."),
    ("empty texts", "csv", as_csv(table(text="")), "no row of the train split has a text; name columns that hold some."),
    ("no texts", "parquet", as_parquet(table(text=[None] * N)), "no row of the train split has a text; name columns that hold some."),
    ("one text", "csv", as_csv(table(text="same")), "the test set needs 10 examples with label 0, but only 0 are left; ask for fewer in the config."),
    ("contradictions", "csv", as_csv(table(text=[f"text {i // 2}" for i in range(N)])), "the test set needs 10 examples with label 0, but only 0 are left; ask for fewer in the config."),
    ("few rows", "csv", as_csv(table()[:50]), "the pool set needs 50 examples with label 0, but only 5 are left; ask for fewer in the config."),
]
# fmt: on


FILE_TASK = {
    "name": "own",
    "local": "own",
    "splits": {"train": "train", "test": "train"},
    "text": "{text}",
    "label": "label",
    "pool_size": 100,
    "test_size": 20,
    "supervision_size": 20,
}


def prepared(folder: Path, ending: str, content: bytes, task: dict = FILE_TASK):
    """The sets of a task whose only file has this content."""
    (folder / "own").mkdir(exist_ok=True)
    (folder / f"own/train.{ending}").write_bytes(content)
    return prepare_task(task, "local", str(folder))


@pytest.mark.parametrize(
    ("ending", "content"),
    [
        ("csv", b"\xef\xbb\xbf" + as_csv(table())),
        ("csv", as_csv(table()).decode().encode("utf-16")),
        ("csv", as_csv(table(), sep=";")),
        ("csv", as_csv(table(), sep="\t")),
        ("parquet", as_parquet(table(label=[str(i % 2) for i in range(N)]))),
        ("jsonl", as_lines(table().to_dict("records"))),
        ("parquet", as_parquet(table())),
    ],
)
def test_the_files_that_all_bad_ones_resemble_are_read(tmp_path, ending, content):
    assert len(prepared(tmp_path, ending, content)["pool"]) == 100


@pytest.mark.parametrize(
    ("ending", "content", "sentence"), [row[1:] for row in BAD_FILES], ids=[row[0] for row in BAD_FILES]
)
def test_a_bad_file_is_refused_with_its_sentence(tmp_path, ending, content, sentence):
    with pytest.raises(InputError) as caught:
        prepared(tmp_path, ending, content)
    assert "Task 'own'" in str(caught.value) and sentence in str(caught.value)
    assert_is_a_sentence(str(caught.value))


QUESTIONS = {"q": [f"question {i}" for i in range(N)]}
TWO = {"o": [["x", "y"]] * N, "r": LABELS}
CHOICE = {"text": "{q} {answer}", "answer": {"among": "o", "right": "r", "first": 0}}
NAMED = {"text": "{q} {answer}", "answer": {"among": "o", "names": "n", "right": "r", "first": 0}}
PAIR = {"text": "{first} or {second}", "pair": {"right": "g", "wrong": "b"}}
LINES = {"text": "{q}\n{m}", "lines": {"m": "{k}) {v}"}, "label": "label"}
# A row: what is wrong, the task's rule, columns beside the questions, and how the sentence begins.
# fmt: off
BAD_ROWS = [
    ("no answers", CHOICE, {"o": ["x"] * N, "r": LABELS}, "'o' is 'x' in row 1, but must be a list; correct the task's `answer`."),
    ("no text among the answers", CHOICE, TWO | {"o": [["x", None]] * N}, "'o' lacks a text in row 1, which may be an answer; drop such rows."),
    ("answer out of range", CHOICE, TWO | {"r": [2] * N}, "the right answer in column 'r' is '2' in row 1, but the answers are called 0, 1;"),
    ("no right answer", CHOICE, TWO | {"r": [None if i == 3 else i % 2 for i in range(N)]}, "the right answer in column 'r' is 'None' in row 4, but"),
    ("answers all alike", CHOICE, TWO | {"o": [["x", "x"]] * N}, "no row of the train split has a text; name columns that hold some."),
    ("more names than answers", NAMED, TWO | {"n": [["A", "B", "C"]] * N}, "there are 2 answers but 3 names in row 1, which do not match;"),
    ("no column of names", NAMED, TWO, "the column 'n' is missing; known are o, q, r."),
    ("pairs alike", PAIR, {"g": ["x"] * N, "b": ["x"] * N}, "no row of the train split has a text; name columns that hold some."),
    ("half a pair", PAIR, {"g": ["x"] * N}, "the column 'b' is missing; known are g, q."),
    ("no mapping for lines", LINES, {"m": ["x"] * N, "label": LABELS}, "the column 'm' is 'x' in row 1, which no line '{k}) {v}' shows; correct `lines`."),
    ("numbers for lines", LINES, {"m": [{"k": 1, "v": 2}] * N, "label": LABELS}, "the column 'm' is {'k': 1, 'v': 2} in row 1, which no line"),
    ("lines without a name", LINES, {"m": [{"k": ["a"]}] * N, "label": LABELS}, "which no line '{k}) {v}' shows; correct `lines`."),
    ("mapping as text", {"text": "{m}", "label": "label"}, {"m": [{"a": 1}] * N, "label": LABELS}, "the column 'm' is {'a': 1} in row 1, a mapping; say under `lines` how it is shown."),
    ("lists as labels", {"text": "{q}", "label": "label"}, {"label": [[i % 2] for i in range(N)]}, LABEL.format("'[0]' (100 rows), '[1]' (100 rows);", 1)),
    ("a value that no label has", {"text": "{q}", "label": {"column": "label", "is": "yes"}}, {"label": LABELS}, "no row has 'yes' in column 'label'; it holds 0 (100 rows), 1 (100 rows); correct `is`."),
]
# fmt: on


@pytest.mark.parametrize(
    ("rule", "columns", "sentence"), [row[1:] for row in BAD_ROWS], ids=[row[0] for row in BAD_ROWS]
)
def test_rows_that_do_not_fit_the_rule_are_refused_with_their_sentence(tmp_path, rule, columns, sentence):
    task = {key: value for key, value in FILE_TASK.items() if key not in ("text", "label")} | rule
    with pytest.raises(InputError) as caught:
        prepared(tmp_path, "parquet", as_parquet(pd.DataFrame(QUESTIONS | columns)), task)
    assert "Task 'own'" in str(caught.value) and sentence in str(caught.value)
    assert_is_a_sentence(str(caught.value))


@pytest.mark.parametrize(
    ("rule", "columns"),
    [
        (CHOICE, TWO),
        (NAMED, TWO | {"n": [["0", "1"]] * N}),
        (PAIR, {"g": TEXTS, "b": ["bad"] * N}),
        (LINES, {"m": [{"k": ["a"], "v": ["b"]}] * N, "label": LABELS}),
    ],
)
def test_the_rows_that_all_bad_ones_resemble_fit(tmp_path, rule, columns):
    task = {key: value for key, value in FILE_TASK.items() if key not in ("text", "label", "pool_size")} | rule
    columns = QUESTIONS | columns
    assert prepared(tmp_path, "parquet", as_parquet(pd.DataFrame(columns)), task | {"pool_size": 50})["pool"].size


@pytest.mark.parametrize("kind", ["folder", "broken link", "nothing"])
def test_what_is_no_file_is_refused(tmp_path, kind):
    place = tmp_path / "own/train.parquet"
    place.parent.mkdir()
    if kind == "folder":
        place.mkdir()
    elif kind == "broken link":
        place.symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match=r"none of .*own/train\.parquet, .* is a file; correct data_folder"):
        prepare_task(FILE_TASK, "local", str(tmp_path))


@pytest.mark.parametrize(
    "path", ["study", "tasks.0.name", "models.0.name", "supervisors.1.name", "methods.1.name", "methods.1.title"]
)
@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_figures_tables_and_the_report_show_are_plain(path, name):
    with pytest.raises(InputError, match="must be made of"):
        validate(changed(path, name))


def test_hostile_texts_stay_data(tmp_path):
    """They are kept as they are, and what is written about them is plain."""
    texts = [f"{HOSTILE[i % len(HOSTILE)]} {i}" for i in range(N)]
    sets = prepared(tmp_path, "parquet", as_parquet(table(text=texts)))
    everything = pd.concat(sets.values())
    assert set(everything.text) <= set(texts)
    write_json(tmp_path / "card.json", {"examples": sample_texts(sets, 20)})
    card = (tmp_path / "card.json").read_text()
    assert card.replace("\n", "").isprintable()
    assert {example["text"] for example in json.loads(card)["examples"]} <= set(texts)


# Random configs


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(studies())
def test_random_valid_configs_are_valid(study):
    before = copy.deepcopy(study)
    filled = validate(study).plain
    assert study == before
    assert validate(filled).plain == filled
    assert all(filled[key] == value for key, value in study.items() if not isinstance(value, (dict, list)))


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(mutations())
def test_random_mutations_are_valid_or_refused_with_a_sentence(study):
    try:
        filled = validate(study)
    except InputError as error:
        assert_is_a_sentence(str(error))
    else:
        assert validate(filled.plain) == filled
