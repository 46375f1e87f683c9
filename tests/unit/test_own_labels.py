"""One's own table of texts and labels: reading, refusing, drawing sets, what can be bought, joining weak labels."""

import copy
import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_configs import MINI, OWN_STUDY, write_files

from elicitation.analysis.derived_labels import join_columns, join_labels
from elicitation.analysis.label_quality import describe_label, describe_sources, quality_by_set
from elicitation.analysis.names import NO_SUPERVISOR
from elicitation.buying.methods import Shots
from elicitation.buying.purchases import Supply, arrange, buy, check_supply, full_supply, order_pool
from elicitation.data.cards import describe_sets, revision_of, source_files
from elicitation.data.own_labels import Row, read_own_table, read_rows
from elicitation.data.table_rows import TEXT_IN_STUDY
from elicitation.data.table_sets import draw_sets, join_repeated, sets_version
from elicitation.data.table_survey import describe_table, survey_table
from elicitation.data.tasks import prepare_task
from elicitation.errors import InputError
from elicitation.files import hash_text
from elicitation.models.lengths import shown_ids
from elicitation.study.columns import LEARNING
from elicitation.study.held import held_labels, votes_of_texts, words_of_labels
from elicitation.study.validation import validate

# crowd-kit is written for an older pandas.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
NAN = float("nan")
TASK = {"name": "mine", "table": "labels.csv", "text": "{text}", "label": "gold", "test_size": 10}
HEADER = b"text,gold,p,vote\n"


def columns_of(*names, **settings):
    """The settings of weak columns of these names."""
    return [{"name": name, "column": name} | settings for name in names]


def read(folder, content: bytes, columns=("p", "vote"), **settings):
    """The rows of a table with this content."""
    task = TASK | settings
    (folder / task["table"]).write_bytes(content)
    return read_rows(task, str(folder), columns_of(*columns))


def sentence_about(folder, content: bytes, **settings) -> str:
    """What is said of a table with this content, its folder left out."""
    with pytest.raises(InputError) as caught:
        read(folder, content, **settings)
    return str(caught.value).replace(f"{folder}/", "")


def rows_of(labels, columns=1):
    """Rows with these (gold, vote) labels."""
    return [
        Row(str(i), str(i), hash_text(str(i)), str(i), gold, (vote,) * columns) for i, (gold, vote) in enumerate(labels)
    ]


# Reading


def test_a_cell_may_be_as_long_as_a_web_page(tmp_path):
    page = b"<p>good</p>" * 20_000
    [row] = read(tmp_path, b"text,gold,p,vote,html\na,1,0.5,1," + page + b"\n")
    assert row.text == "a"


def test_a_table_is_read_with_labels_and_gaps(tmp_path):
    rows = read(tmp_path, HEADER + b'"good, or not",1,0.25,true\nbad, 0 ,1e-3,\nso,,,False\n')
    assert [row.text for row in rows] == ["good, or not", "bad", "so"]
    assert [row.gold for row in rows] == [1, 0, None]
    assert [row.votes for row in rows] == [(0.25, 1.0), (0.001, None), (None, 0.0)]
    assert [row.id for row in rows] == [hash_text(row.text) for row in rows]


def test_csv_and_jsonl_say_the_same(tmp_path):
    by_csv = read(tmp_path, HEADER + "fähig,1,0.25,0\nrest,,,1\n".encode())
    lines = [
        {"text": "fähig", "gold": True, "p": 0.25, "vote": 0},
        {"text": "rest", "gold": None, "vote": "1", "x": []},
    ]
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    by_jsonl = read(tmp_path, content, table="labels.jsonl")
    assert [row[2:] for row in by_csv] == [row[2:] for row in by_jsonl]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_rows_are_numbered_as_an_editor_shows_lines_and_as_a_spreadsheet_does(end, start, tmp_path):
    content = b'text,gold\n"a\nb\n\nc",1\n\n"d ""e""\n",0\nf \xe2\x80\xa8 g,\n'
    rows = read(tmp_path, start + content.replace(b"\n", end), columns=())
    assert [row.number for row in rows] == ["2", "4 (line 7 of the file)", "5 (line 9 of the file)"]
    assert [row.source_id for row in rows] == ["2", "7", "9"]
    assert rows[0].text == "a\nb\n\nc".replace("\n", end.decode())


def test_a_bad_label_behind_a_text_of_several_lines_is_found_in_a_spreadsheet_too(tmp_path):
    said = sentence_about(tmp_path, HEADER + b'"a\nb",1,1,1\nc,1,x,1\n')
    assert "row 3 (line 4 of the file): column 'p' holds what is no label, 'x'" in said


def test_rows_without_a_text_are_dropped_with_those_of_other_labels_and_counted(tmp_path):
    (tmp_path / "labels.csv").write_text("text,gold\na,1\n,0\n  ,\nb,0\nc,2\n")
    task = TASK | {"label": {"column": "gold", "others": "drop"}}
    found = read_own_table(task, str(tmp_path))
    assert [row.text for row in found.rows] == ["a", "b"] and found.dropped == {"text": 1, "gold": 1}


def test_lines_of_json_are_numbered_with_the_empty_ones(tmp_path):
    content = '\n{"text": "a \u2028 b", "gold": 1}\n\n{"text": "c\\n"}\n'.encode()
    assert [row.number for row in read(tmp_path, content, (), table="labels.jsonl")] == ["2", "4"]


def test_a_text_may_be_made_of_columns_and_rows_may_have_names(tmp_path):
    content = b"title,body,ok,ticket\nT,b,1,x-1\n,only,0,x-2\n"
    rows = read(tmp_path, content, (), text="{title}\n{body}", label="ok", id="ticket")
    assert [(row.text, row.source_id) for row in rows] == [("T\nb", "x-1"), ("\nonly", "x-2")]


def test_hostile_texts_stay_data(tmp_path):
    texts = ["<script>alert(1)</script>", "\x1b]0;title\x07", "{gold} {0} {{", '=HYPERLINK("x")', "\\input{x}", "\0"]
    content = "".join(json.dumps({"text": text, "gold": 1}) + "\n" for text in texts).encode()
    assert [row.text for row in read(tmp_path, content, (), table="labels.jsonl")] == texts


# A row: what is wrong, the file, and the whole sentence behind the task's name and the file's.
# fmt: off
JSON_MEND = 'write one object, as in {"text": "some words", "gold": 1}, on each line.'
CELLS = "put texts with the delimiter or line breaks in quotes, and write nothing between delimiters for what is missing."
ENCODING = "save the file as UTF-8, or name its encoding in the task, as in `encoding: windows-1252`."
QUOTES = "close its quotes, and double those within a text."
NO_VOTE = "write a probability or a vote, from 0 to 1, or nothing where there is none, or give the supervisor `labels: {spam: 1, ham: 0}` or `others: drop`."
NO_GOLD = "write 0 or 1, or nothing where it is not known, or say what other values mean, as in `label: {column: gold, labels: {spam: 1, ham: 0}, others: drop}`."
BAD_CSV = [
    ("another encoding", "text,gold\nok,1\nfähig,0\n".encode("latin-1"), ", line 3: the byte 0xe4 is no UTF-8; " + ENCODING),
    ("another encoding behind quoted breaks", b'text,gold\n"a\r\nb\rc",1\nd\xff,0\n', ", line 5: the byte 0xff is no UTF-8; " + ENCODING),
    ("UTF-16 without a mark", "text,gold\nok,1\n".encode("utf-16-le"), ", line 1: it holds zero bytes, as UTF-16 without a mark does; save the file as UTF-8, or add `encoding: utf-16-le` to the task."),
    ("nothing", b"", " has no rows; write some into it."),
    ("a header alone", HEADER, " has no rows; write some into it."),
    ("no column of texts", b"texts,gold,p,vote\na,1,1,1\n", ", row 1: the column 'text' is missing; did you mean 'texts'?"),
    ("no column of gold labels", b"text,p,vote\na,1,1\n", ", row 1: the column 'gold' is missing; known are p, text, vote."),
    ("no column of weak labels", b"text,gold,p\na,1,1\n", ", row 1: the column 'vote' is missing; known are gold, p, text."),
    ("two columns of one name", b"text,gold,p,p\na,1,1,1\n", ", row 1: two columns are called 'p'; rename one."),
    ("a cell too many", HEADER + b'a,1,1,1\n"b\nc",1,1,1\nd, e,1,1,1\n', f", row 4 (line 5 of the file): it has 5 cells, but the header has 4; {CELLS}"),
    ("a cell too few", HEADER + b"a,1,1,1\nb\n", f", row 3: it has 1 cells, but the header has 4; {CELLS}"),
    ("an open quote", HEADER + b'a,1,1,1\n"b,1,1,1\nc,1,1,1\n', f", line 3: it is no CSV (unexpected end of data); {QUOTES}"),
    ("a quote within quotes", HEADER + b'a,1,1,1\n"b "c" d",1,1,1\n', f", line 3: it is no CSV (',' expected after '\"'); {QUOTES}"),
    ("an endless cell", HEADER + b'"' + b"a\n" * 70000, f", line 2: it is no CSV (unexpected end of data); {QUOTES}"),
    ("a word for a label", HEADER + b"a,1,1,1\nb,1,yes,1\n", f", row 3: column 'p' holds what is no label, 'yes' (1 row); {NO_VOTE}"),
    ("infinity", HEADER + b"a,1,inf,1\n", f", row 2: column 'p' holds what is no label, 'inf' (1 row); {NO_VOTE}"),
    ("a decimal comma", HEADER + b'a,1,"0,5",1\n', f", row 2: column 'p' holds what is no label, '0,5' (1 row); {NO_VOTE}"),
    ("a number for Python alone", HEADER + b"a,1,0_1,1\n", f", row 2: column 'p' holds what is no label, '0_1' (1 row); {NO_VOTE}"),
    ("a percentage", HEADER + b"a,1,1,1\nb,0,85,1\n", f", row 3: column 'p' holds what is no label, 85 (1 row); {NO_VOTE}"),
    ("a negative vote", HEADER + b"a,1,1,-1\n", f", row 2: column 'vote' holds what is no label, -1 (1 row); {NO_VOTE}"),
    ("a huge number", HEADER + b"a,1,1e999,1\n", f", row 2: column 'p' holds what is no label, 1e999 (1 row); {NO_VOTE}"),
    ("another gold label", HEADER + b"a,1,1,1\nb,2,1,1\n", f", row 3: column 'gold' holds what is no label, 2 (1 row); {NO_GOLD}"),
    ("half a gold label", HEADER + b"a,0.5,1,1\n", f", row 2: column 'gold' holds what is no label, 0.5 (1 row); {NO_GOLD}"),
    ("a word for a gold label", HEADER + b"a,spam,1,1\n", f", row 2: column 'gold' holds what is no label, 'spam' (1 row); {NO_GOLD}"),
    ("a text of blanks", HEADER + b'a,1,1,1\n" \t ",1,1,1\n', f", row 3: it has no text in 'text'; {TEXT_IN_STUDY}"),
    ("control characters", HEADER + b"a,1,\x1b[2Jx\x07,1\n", f", row 2: column 'p' holds what is no label, '\\x1b[2Jx\\x07' (1 row); {NO_VOTE}"),
]
BAD_JSONL = [
    ("half an object", b'{"text": "a", "gold": 1}\n{"text": "b", "gold": 1\n', f", row 2: it is no JSON (Expecting ',' delimiter, column 24); {JSON_MEND}"),
    ("a list", b'\n[{"text": "a"}]\n', ", row 2: [{'text': 'a'}] is no JSON object; write one on each line."),
    ("a CSV", b"text,gold\na,1\n", f", row 1: it is no JSON (Expecting value, column 1); {JSON_MEND}"),
    ("deep brackets", b"[" * 100000 + b"\n", f", row 1: it is no JSON (maximum recursion depth exceeded while decoding a JSON array from a unicode string); {JSON_MEND}"),
    ("endless digits", b'{"text": "a", "gold": ' + b"1" * 5000 + b"}\n", f", row 1: it is no JSON (Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits; use sys.set_int_max_str_digits() to increase the limit); {JSON_MEND}"),
    ("a large number", b'{"text": "a", "gold": 1, "p": 1' + b"0" * 400 + b', "vote": 1}\n', f", row 1: column 'p' holds what is no label, 1{'0' * 199}... (1 row); {NO_VOTE}"),
    ("a column that no row has", b'{"text": "a", "gold": 1, "p": 1}\n', ", row 1: the column 'vote' is missing; known are gold, p, text."),
    ("a row without text", b'{"text": "a", "gold": 1, "p": 1, "vote": 1}\n{"gold": 1}\n', f", row 2: it has no text in 'text'; {TEXT_IN_STUDY}"),
    ("a list for a text", b'{"text": ["a"], "gold": 1, "p": 1, "vote": 1}\n', ", row 1: ['a'] in column 'text' is no text; write words in quotes."),
    ("a list for a label", b'{"text": "a", "gold": 1, "p": [1], "vote": 1}\n', f", row 1: column 'p' holds what is no label, '[1]' (1 row); {NO_VOTE}"),
    ("half a character", b'{"text": "a", "gold": 1, "p": 1, "vote": 1}\n{"text": "b \\ud800"}\n', ", row 2: it holds half a character (a lone surrogate); write the whole one."),
    ("another encoding", b'{"text": "a", "gold": 1}\n{"text": "\xfc"}\n', ", line 2: the byte 0xfc is no UTF-8; " + ENCODING),
]
BAD_IDS = [
    ("an id twice", b'text,gold,id\n"a\nb",1,x\nc,0,y\nd,0,x\n', ", row 4 (line 5 of the file): its id 'x' is that of row 2 too; give it one of its own."),
    ("no id", b"text,gold,id\na,1,x\nb,1,\n", ", row 3: it has no id in column 'id'; write one or drop `id` from the config."),
    ("no column of ids", b"text,gold\na,1\n", ", row 1: the column 'id' is missing; known are gold, text."),
]
# fmt: on


@pytest.mark.parametrize(("content", "sentence"), [row[1:] for row in BAD_CSV], ids=[row[0] for row in BAD_CSV])
def test_a_bad_csv_is_refused_with_its_row(content, sentence, tmp_path):
    assert sentence_about(tmp_path, content) == f"Task 'mine', labels.csv{sentence}"


@pytest.mark.parametrize(("content", "sentence"), [row[1:] for row in BAD_JSONL], ids=[row[0] for row in BAD_JSONL])
def test_a_bad_jsonl_is_refused_with_its_row(content, sentence, tmp_path):
    assert sentence_about(tmp_path, content, table="labels.jsonl") == f"Task 'mine', labels.jsonl{sentence}"


@pytest.mark.parametrize(("content", "sentence"), [row[1:] for row in BAD_IDS], ids=[row[0] for row in BAD_IDS])
def test_bad_ids_are_refused_with_their_rows(content, sentence, tmp_path):
    assert sentence_about(tmp_path, content, columns=(), id="id") == f"Task 'mine', labels.csv{sentence}"


def test_a_file_that_is_not_there_or_of_another_kind_is_named(tmp_path):
    with pytest.raises(InputError, match=r"the table .*/none.csv is no file; correct data_folder or `table`"):
        read_rows(TASK | {"table": "none.csv"}, str(tmp_path))
    with pytest.raises(InputError, match=r"labels.docx ends in none of .csv, .*, .xlsx; save it as one of them"):
        read_rows(TASK | {"table": "labels.docx"}, str(tmp_path))


# Sets


def test_repeated_texts_stand_once_with_the_first_label_of_each_kind():
    first, *others = rows_of([(None, None), (1, 0.5), (0, 1.0), (1, 0.1)])
    rows = [first, others[0]._replace(text=f" {first.text.upper()}\n"), others[1], others[2]]
    joined = join_repeated(rows)
    assert [(row.number, row.gold, row.votes) for row in joined] == [
        ("0", 1, (0.5,)),
        ("2", 0, (1.0,)),
        ("3", 1, (0.1,)),
    ]
    assert joined[0].text == first.text and joined[0].id == first.id, "the first one stands"
    contradictory = [row._replace(text=first.text) for row in (others[0], others[1])]
    assert [row.number for row in join_repeated([*contradictory, others[2]])] == ["3"]


labels = st.tuples(st.sampled_from([None, 0, 1]), st.sampled_from([None, 0.0, 1.0]))
tables = st.lists(labels, min_size=1, max_size=60)


@given(tables, st.integers(1, 20), st.integers(0, 5), st.randoms())
def test_sets_are_disjoint_complete_and_in_proportion(drawn, test_size, supervision_size, random):
    rows = rows_of(drawn)
    counts = Counter(row.gold for row in rows)
    task = TASK | {"test_size": test_size, "supervision_size": supervision_size}
    if counts[0] + counts[1] < test_size + supervision_size or not counts[0] or not counts[1]:
        with pytest.raises(InputError, match=r"texts of labels\.csv have a gold label"):
            draw_sets(rows, task)
        return
    sets = draw_sets(rows, task)
    assert [len(sets[part]) for part in ("test", "supervision")] == [test_size, supervision_size]
    assert sorted(row.id for part in sets.values() for row in part) == sorted(row.id for row in rows)
    ones = sum(row.gold for row in sets["test"])
    share = counts[1] / (counts[0] + counts[1])
    assert abs(ones - share * test_size) <= 1 and (test_size < 2 or 0 < ones < test_size)
    random.shuffle(rows)
    assert draw_sets(rows, task) == sets, "the order of the rows plays no part"


@pytest.mark.parametrize(
    ("template", "others"),
    [
        ("{text}", ["{text}\nGrammar:", "Is {{this}} right? {text}"]),
        ("{text} {p}", ["{text}\n{p}\nRight:", "{p}: {text}"]),
    ],
)
def test_words_around_the_columns_do_not_change_the_sets(template, others, tmp_path):
    lines = [f"text {i},{i % 2 if i < 60 else ''},0.{i},1" for i in range(200)]
    content = HEADER + "\n".join(lines).encode()

    def drawn(text):
        sets = draw_sets(read(tmp_path, content, ["vote"], text=text), TASK | {"supervision_size": 8})
        return {part: [row.number for row in rows] for part, rows in sets.items()}

    assert [drawn(text) for text in others] == [drawn(template)] * 2


def test_ids_tell_cells_apart_and_are_those_of_texts_where_a_column_stands_alone(tmp_path):
    content = HEADER + b"ab,1,0.1,c\na,0,0.2,bc\n"
    ids = [[row.id for row in read(tmp_path, content, [], text=text)] for text in ("{text}", "Text: {text}")]
    assert ids == [[hash_text("ab"), hash_text("a")]] * 2
    one, other = read(tmp_path, content, [], text="{text}{vote}")
    assert one.text == other.text and one.id != other.id


@pytest.mark.parametrize(("text", "version"), [("{text}", 5), ("{text}\nRight:", 6), ("{text}{vote}", 6)])
def test_only_sets_whose_draw_depends_on_more_than_one_column_alone_have_a_later_version(text, version):
    assert sets_version(TASK | {"text": text}) == version
    assert sets_version({"name": "hub", "text": text}) == 5


def test_few_test_texts_with_gold_leave_the_other_gold_labels_to_be_bought():
    rows = rows_of([(i % 4 == 0 if i < 100 else None, None) for i in range(300)])
    task = TASK | {"test_size": 200, "test_gold": 60}
    sets = draw_sets(rows, task)
    known = [row for row in sets["test"] if row.gold is not None]
    assert (len(sets["test"]), len(known), sum(row.gold for row in known)) == (200, 60, 15)
    assert [row.gold is None for row in sets["pool"]] == [False] * 40 + [True] * 60
    assert sorted(row.id for part in sets.values() for row in part) == sorted(row.id for row in rows)
    with pytest.raises(InputError, match=r"takes 240 texts without a gold label, but labels\.csv has 200; lower"):
        draw_sets(rows, task | {"test_size": 300})


def test_a_source_must_label_test_texts_without_gold_too(tmp_path):
    lines = [f"text {i},{i % 2 if i < 100 else ''},{'' if i >= 100 else 0.5},1" for i in range(500)]
    (tmp_path / "labels.csv").write_bytes(HEADER + "\n".join(lines).encode())
    task = TASK | {"test_size": 200, "test_gold": 60}
    assert survey_table(task, str(tmp_path), {"crowd": columns_of("vote")}).supplies == {"crowd": Supply(300, 300, 40)}
    with pytest.raises(InputError, match="none of the 140 test texts without a gold label has a label of 'llm'"):
        survey_table(task, str(tmp_path), {"llm": columns_of("p")})


def test_neither_label_comes_first_in_a_set():
    rows = rows_of([(i % 2, None) for i in range(200)])
    for part, drawn in draw_sets(rows, TASK | {"test_size": 50, "supervision_size": 50}).items():
        assert 5 < sum(row.gold for row in drawn[:25]) < 20, part


def test_a_source_must_label_some_of_the_test_set(tmp_path):
    lines = [f"text {i},{i % 2 if i < 100 else ''},{0.5 if i >= 100 else ''},1" for i in range(500)]
    (tmp_path / "labels.csv").write_bytes(HEADER + "\n".join(lines).encode())
    sources = {"crowd": columns_of("vote"), "llm": columns_of("p")}
    survey_table(TASK, str(tmp_path), {"crowd": columns_of("vote")})
    with pytest.raises(
        InputError, match="no text of the test set, 10 of those with a gold label, has a label of 'llm'"
    ):
        survey_table(TASK, str(tmp_path), sources)


def test_a_cut_pool_keeps_the_gold_labels():
    rows = rows_of([(i % 2, None) for i in range(30)] + [(None, 1.0)] * 50)
    pool = draw_sets(rows, TASK | {"pool_size": 40})["pool"]
    assert sum(row.gold is not None for row in pool) == 20 and len(pool) == 40
    with pytest.raises(InputError, match="the pool needs 71 examples, but only 70 are left"):
        draw_sets(rows, TASK | {"pool_size": 71})


@pytest.mark.parametrize(
    ("golds", "sentence"),
    [
        ([0, 1] * 3 + [None], "Task 'mine': 6 texts of labels.csv have a gold label, but the test set takes 10 and"),
        (
            [1] * 40,
            "Task 'mine': 40 texts of labels.csv have a gold label, all of them 1, but the test set takes 10 and",
        ),
        ([None] * 40, "Task 'mine': 0 texts of labels.csv have a gold label, but the test set takes 10 and"),
    ],
)
def test_too_few_gold_labels_are_counted(golds, sentence):
    with pytest.raises(InputError, match=sentence):
        draw_sets(rows_of([(gold, None) for gold in golds]), TASK)


def test_the_task_says_where_its_rows_come_from_and_in_what_proportion(tmp_path):
    lines = [f"text {i},{'' if i >= 60 else int(i % 4 == 0)},0.5,1" for i in range(200)]
    (tmp_path / "labels.csv").write_bytes(HEADER + "\n".join([*lines, lines[0], "text 1,1,,"]).encode())
    task = TASK | {"supervision_size": 8}
    sets = prepare_task(task, "hub", str(tmp_path))
    assert {part: len(s) for part, s in sets.items()} == {"test": 10, "supervision": 8, "pool": 181}
    assert sets["test"].gold.dtype == sets["supervision"].gold.dtype == np.int64
    assert sets["pool"].gold.notna().sum() == 41 and sets["pool"].source_id.is_unique
    counts = describe_sets(sets)["counts"]
    assert counts["test"] == {"rows": 10, "gold labels": 10, "label 1": 3} and counts["pool"]["gold labels"] == 41
    described = describe_table(task, str(tmp_path))
    assert described == {
        "rows": 202, "different texts": 200, "contradictory texts": 1, "gold labels": 59, "share of label 1": 15 / 59, "rebalanced": False,
        "dropped": {}, "read as": {"format": "CSV", "delimiter": "comma", "encoding": "utf-8"},
    }  # fmt: skip
    assert revision_of(task, "hub") == "table:labels.csv" and len(source_files(task, "hub", str(tmp_path))) == 1


# What can be bought

ids = st.lists(st.text("0123456789abcdef", min_size=6, max_size=6), min_size=1, max_size=40, unique=True)


@st.composite
def pools(draw):
    """Ids, those with a weak label, and those with a gold one."""
    pool = draw(ids)
    subsets = st.sets(st.sampled_from(pool))
    return pool, draw(subsets), draw(subsets)


@given(st.data(), pools(), st.integers(0, 100))
def test_purchases_are_nested_disjoint_and_of_labels_that_are_there(data, case, seed):
    pool, weak, gold = case
    ordering, supply = arrange(order_pool(pool, seed), weak, gold)
    assert supply == Supply(len(weak | gold), len(weak), len(gold)) and set(ordering) == weak | gold
    n_weak = data.draw(st.integers(0, supply.weak))
    n_gold = data.draw(st.integers(0, min(supply.gold, supply.examples - n_weak)))
    more = buy(ordering, n_weak, n_gold, "mine", supply)
    fewer = data.draw(st.integers(0, n_weak)), data.draw(st.integers(0, n_gold))
    less = buy(ordering, *fewer, "mine", supply)
    assert (len(more.weak), len(more.gold)) == (n_weak, n_gold)
    assert set(more.weak) <= weak and set(more.gold) <= gold and not set(more.weak) & set(more.gold)
    assert set(less.weak) <= set(more.weak) and set(less.gold) <= set(more.gold)
    assert more.weak == buy(ordering, n_weak, 0, "mine", supply).weak


@given(ids, st.integers(0, 100))
def test_where_every_label_is_there_the_ordering_stays(pool, seed):
    ordering = order_pool(pool, seed)
    assert arrange(ordering, pool, pool) == (ordering, full_supply(len(pool)))


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ((61, 0), "60 examples of the pool have a weak label of 'crowd', but the grid buys 61 weak"),
        ((0, 31), "30 examples of the pool have a gold label, but the grid buys 0 weak and 31 gold"),
        (
            (60, 30),
            "80 examples of the pool have a weak label of 'crowd' or a gold one, but the grid buys 60 weak and 30",
        ),
    ],
)
def test_shortage_of_either_label_is_named(pair, words):
    supply = Supply(examples=80, weak=60, gold=30)
    assert not supply.serves(*pair) and supply.serves(50, 30)
    with pytest.raises(InputError, match=words):
        check_supply(supply, *pair, "mine", "crowd")


def test_prompts_are_measured_with_the_gold_examples_that_can_be_bought():
    pool = pd.DataFrame({"id": [f"{i:02}" for i in range(40)], "gold": [None] * 10 + [1] * 30})
    for seed in range(5):
        assert set(shown_ids(pool, Shots("gold", 8), seed)) <= set(pool.id[10:])
    assert set(shown_ids(pool.assign(gold=1), Shots("gold", 40), 0)) == set(pool.id)


# Configs


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """The working directory, with the files that OWN_STUDY names."""
    folder = tmp_path_factory.mktemp("study")
    write_files(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def changed(path: str, value) -> dict:
    """OWN_STUDY with one entry set, or taken away where the value is `None`; numbers are places in lists."""
    study = copy.deepcopy(OWN_STUDY)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    entry = study
    for step in parents:
        entry = entry[step]
    if value is None:
        del entry[last]
    else:
        entry[last] = value
    return study


def test_prices_and_supply_follow_from_the_table():
    study = validate(OWN_STUDY)
    assert study.prices == {"supervisor": OWN_STUDY["weak_prices"], "llm": [0.1], "crowd": [0.02]}
    # 100 gold labels, less 60 for the test set and 4 for the supervision set.
    assert study.supplies == {("mine", name): Supply(330, 330, 36) for name in study.prices}


def test_a_source_costs_what_its_votes_cost_and_sells_what_it_has(folder):
    rows = [f"{i},t,,{i % 2 if i < 99 else ''},,{'' if i % 4 == 0 else 1},{1 if i % 2 else ''}" for i in range(400)]
    (folder / "gaps.csv").write_text("ticket,title,body,expert,llm,ann a,ann b\n" + "\n".join(rows))
    study = changed("supervisors", OWN_STUDY["supervisors"][2:]) | {"grid": OWN_STUDY["grid"] | {"budgets": [1]}}
    study["tasks"][0] |= {"table": "gaps.csv", "text": "{ticket}"}
    study["tasks"][0].pop("pool_size")
    study.pop("weak_prices")
    study = validate(study)
    # 300 of the 400 texts have a vote: all of a, 200 of b.
    assert study.prices == {"crowd": [0.04]}
    supply = study.supplies["mine", "crowd"]
    assert supply.gold == 99 - 64 and 226 <= supply.weak <= 300 - 40 and supply.weak < supply.examples < 336


def test_a_purchase_is_served_or_not_by_its_own_supervisor(folder):
    """A source with all labels beside one with those of a quarter: each is bought as far as it goes."""
    lines = [
        f"{i},t,,{i % 2 if i < 120 else ''},1,{1 if i % 4 == 0 else ''},{1 if i % 4 == 0 else ''}" for i in range(400)
    ]
    (folder / "quarter.csv").write_text("ticket,title,body,expert,llm,ann a,ann b\n" + "\n".join(lines))
    study = changed("supervisors", OWN_STUDY["supervisors"][1:])
    study["tasks"][0] |= {"table": "quarter.csv", "text": "{ticket}"}
    study["tasks"][0].pop("pool_size")
    study.pop("weak_prices")
    grid = {"weak_price": 0.1, "budgets": [10], "gold_shares": [0, 0.5, 1], "more_purchases": [[200, 0]]}
    with pytest.raises(
        InputError, match=r"'mine': \d\d examples of the pool have a weak label of 'crowd', but the grid"
    ):
        validate(study | {"grid": grid})
    study = validate(study | {"grid": grid | {"beyond_pool": "leave_out"}})
    llm, crowd = (study.supplies["mine", name] for name in ("llm", "crowd"))
    assert llm == Supply(336, 336, 56) and 100 - 64 <= crowd.weak < 100 < crowd.examples < 100 + 56
    bought = {
        name: {(run["n_weak"], run["n_gold"]) for run in study.planned_runs if run["supervisor"] == name}
        for name in ("llm", "crowd")
    }
    assert bought["llm"] == {(100, 0), (50, 5), (0, 10), (200, 0)} and bought["crowd"] == {(50, 5), (0, 10)}
    # What holds no weak label is run once for both.
    shared = [run for run in study.made_runs if not run["n_weak"]]
    assert len(shared) == len({run["seed"] for run in shared}) and shared[0]["supervisor"] == NO_SUPERVISOR


def test_composed_labels_are_sold_of_texts_that_all_of_their_columns_label(folder):
    """Two columns with a label of every other text and of every third one have both labels of every sixth."""
    ways = [{"joined": ["llm", "crowd"]}, {"shares": {"llm": 0.5, "crowd": 0.5}}]
    lines = [
        f"{i},t,,{i % 2 if 0 < i < 99 else ''},{1 if i % 2 == 0 else ''},{1 if i % 3 == 0 else ''},{1 if i % 3 == 0 else ''}"
        for i in range(900)
    ]
    (folder / "parts.csv").write_text("ticket,title,body,expert,llm,ann a,ann b\n" + "\n".join(lines))
    for way in ways:
        study = changed("supervisors", [*OWN_STUDY["supervisors"][1:], {"name": "both"} | way])
        study["tasks"][0] |= {"table": "parts.csv", "text": "{ticket}"}
        study |= {"combinations": [{"supervisors": ["both"]}], "grid": OWN_STUDY["grid"] | {"budgets": [2]}}
        study["tasks"][0].pop("pool_size")
        supply = validate(study).supplies["mine", "both"]
        assert 150 - 64 <= supply.weak <= 150 and supply.examples < supply.weak + 98 - 64 + 1


def test_labels_that_a_table_holds_are_those_of_its_pool_that_no_model_writes():
    ways = [
        {"name": "both", "joined": ["llm", "crowd"]},
        {"name": "checked", "shares": {"llm": 0.5, "supervisor": 0.5}},
    ]
    study = changed("supervisors", [*OWN_STUDY["supervisors"], *ways])
    study["weak_prices"] = [0.1]
    # 100 gold labels, less 60 for the test set and 4 for the supervision set.
    weak = {"llm": 330, "crowd": 330, "both": 330}
    held = held_labels(validate(study))["mine"]
    assert (held["gold"], held["weak"]) == (36, weak)
    assert held["texts"].keys() == weak.keys() and all(330 <= n <= 366 for n in held["texts"].values())
    assert held_labels(validate(MINI)) == {}


def test_votes_of_a_text_and_words_of_labels_are_those_of_the_table(folder):
    rows = [f"{i},t,,{i % 2 if i < 99 else ''},0.5,{'' if i % 4 == 0 else 1},{1 if i % 2 else ''}" for i in range(400)]
    (folder / "votes.csv").write_text("ticket,title,body,expert,llm,ann a,ann b\n" + "\n".join(rows))
    own = changed("tasks.0.table", "votes.csv")
    own["tasks"][0] |= {"pool_size": 250, "text": "{ticket}"}
    study = validate(own)
    # 300 votes in one column and 200 in the other, of 300 texts; llm says one label a text.
    assert votes_of_texts(study) == {"crowd": 1.6667}
    assert votes_of_texts(validate(OWN_STUDY)) == {}, "one of its columns is empty"
    assert votes_of_texts(validate(MINI)) == {} and words_of_labels(validate(MINI)) == {}
    assert words_of_labels(study) == {}, "0 and 1 stand there"
    spelled = copy.deepcopy(own)
    spelled["tasks"][0]["label"] = {"column": "expert", "labels": {"1": 1, "0": 0}}
    assert words_of_labels(validate(spelled)) == {"mine": ["0", "1"]}
    spelled["tasks"][0]["label"] = {"column": "expert", "labels": {"1": 1, "1.0": 1, "0": 0}}
    assert words_of_labels(validate(spelled)) == {}, "two words for one label"


def test_purchases_that_the_table_cannot_serve_are_refused_or_left_out():
    with pytest.raises(
        InputError, match="36 examples of the pool have a gold label, but the grid buys 0 weak and 40 gold"
    ):
        validate(changed("grid.more_purchases", [[0, 40]]))
    study = changed("grid.more_purchases", [[0, 40]])
    study["grid"]["beyond_pool"] = "leave_out"
    validate(study)


def test_a_table_that_changes_is_read_anew(folder):
    validate(OWN_STUDY)
    path = folder / "own/labels.csv"
    content = path.read_text()
    path.write_text(content.replace("T5,title,5,1,", "T5,title,5,2,"))
    with pytest.raises(InputError, match="row 7: column 'expert' holds what is no label, 2 "):
        validate(OWN_STUDY)
    path.write_text(content)
    validate(OWN_STUDY)


# Tables with one row for each vote


def crowd(folder, content, **settings):
    """OWN_STUDY on a table in which each row is one vote."""
    (folder / "own/crowd.csv").write_text(content)
    study = changed("supervisors", [{"name": "crowd", "columns": {"vote": 0.02}} | settings])
    study["tasks"][0] = {"name": "mine", "table": "own/crowd.csv", "test_size": 20}
    study["grid"] = {"weak_price": 0.25, "budgets": [4], "gold_shares": [0, 1]}
    return validate(study)


def long_table(votes) -> str:
    """80 texts with gold labels of 50; votes(i, gold) are of workers 0, 1, ..."""
    rows = [
        f"text {i},{i % 2 if i < 50 else ''},w{worker},{vote}"
        for i in range(80)
        for worker, vote in enumerate(votes(i, i % 2))
    ]
    return "\n".join(["text,gold,worker,vote", *rows])


def test_votes_of_a_text_in_several_rows_are_joined_or_refused(folder):
    content = long_table(lambda i, gold: [gold, gold, 1 - gold] if i % 4 else [gold, gold])
    with pytest.raises(
        InputError,
        match=r"row 6: its text is that of row 4, .* \(80 texts stand in 220 rows; .*apart\); so it is in rows .* and 49 more; if",
    ):
        crowd(folder, content)
    study = crowd(folder, content, worker="worker", aggregate="majority")
    # 220 votes for 80 texts.
    assert study.prices["crowd"] == [0.055] and study.supplies["mine", "crowd"] == Supply(60, 60, 30)
    task = study.tasks[0]
    sets = prepare_task(task.plain, "local", None)
    asked = study.columns_of(task)["crowd"], "majority", {part: sets[part] for part in ("pool", "test")}
    joined = join_columns(task.plain, None, *asked)
    single, all_of_them = joined.sources
    assert (single["n"], single["aggregate"], single["coverage"]) == (137, "", 1) and 0.7 < single["accuracy"] < 0.73
    assert (all_of_them["n"], all_of_them["aggregate"], all_of_them["accuracy"]) == (50, "majority", 1)
    gold = pd.concat(sets.values()).set_index("id").gold.dropna()
    assert (joined.labels.set_index("id").p_weak[gold.index] == gold).all()


def test_two_votes_of_one_worker_for_a_text_are_refused(folder):
    content = long_table(lambda i, gold: [gold, gold]) + "\ntext 3,1,w1,0\n"
    with pytest.raises(
        InputError, match=r"row 162: its text is that of row 8, whose label by 'w1' in column 'vote' is another"
    ):
        crowd(folder, content, worker="worker", aggregate="mean")


@pytest.mark.parametrize("how", LEARNING)
@pytest.mark.parametrize(
    ("votes", "words"),
    [
        (lambda i, gold: [gold, 1 - gold], " tells how often .* takes three of them, but there are 2; choose mean or"),
        (lambda i, gold: [1, 1, 1, 1], ".* choose majority or mean"),
    ],
)
def test_no_way_of_joining_is_asked_what_it_cannot_tell(folder, votes, words, how):
    content = long_table(votes)
    with pytest.raises(InputError, match=how + words):
        crowd(folder, content, worker="worker", aggregate=how)


def test_columns_that_vote_for_one_label_only_are_not_joined_by_dawid_and_skene(folder):
    rows = [f"t{i},{i % 2 if i < 50 else ''}," + ("1,1,1,," if i % 2 else ",,,0,0") for i in range(80)]
    (folder / "own/sided.csv").write_text("\n".join(["text,gold,p1,p2,p3,n1,n2", *rows]))
    entry = {"name": "ds", "columns": {"p*": 0.02, "n*": 0.02}, "aggregate": "dawid_skene"}
    study = changed("supervisors", [entry])
    study["tasks"][0] = {"name": "mine", "table": "own/sided.csv", "test_size": 20}
    with pytest.raises(InputError, match=r"\[ds\]: 'n1', 'n2', 'p1', 'p2' and 'p3' vote for one label only"):
        validate(study)


def test_an_empty_column_tells_dawid_and_skene_nothing(folder):
    def joined(filled):
        rows = [
            f"t{i},{i % 2 if i < 50 else ''},{i % 2},{i // 2 % 2},{i // 4 % 2 if filled else ''}," for i in range(80)
        ]
        (folder / "own/gaps.csv").write_text("\n".join(["text,gold,w1,w2,w3,w4", *rows]))
        study = changed("supervisors", [{"name": "ds", "columns": {"w?": 0.02}, "aggregate": "dawid_skene"}])
        study["tasks"][0] = {"name": "mine", "table": "own/gaps.csv", "test_size": 20}
        study["grid"] = {"weak_price": 0.25, "budgets": [4], "gold_shares": [0, 1]}
        return validate(study)

    assert "Column 'w4' of 'ds' (task 'mine') is empty; drop it." in joined(filled=True).warnings
    with pytest.raises(InputError, match="takes three of them, but there are 2; choose"):
        joined(filled=False)


def test_joined_labels_of_one_value_are_refused(folder):
    (folder / "same.csv").write_text("text,gold,a,b\n" + "".join(f"t{i},{i % 2},1,0\n" for i in range(40)))
    task = TASK | {"table": "same.csv"}
    sets = {part: rows for part, rows in prepare_task(task, "local", None).items() if part != "supervision"}
    with pytest.raises(
        InputError, match=r"a \+ b give every text the same label, 0.5, of which nothing can be learned"
    ):
        join_columns(task, None, columns_of("a", "b"), "mean", sets)


def test_texts_that_show_labels_are_refused(folder):
    with pytest.raises(InputError, match=r"tasks\[mine\].text: shows the labels, which stand in column 'expert'"):
        validate(changed("tasks.0.text", "{title} {expert}"))
    with pytest.raises(
        InputError, match=r"supervisors\[llm\]: the text of 'mine' shows the weak labels in column 'llm'"
    ):
        validate(changed("tasks.0.text", "{title} {body} {llm}"))


# Joining weak labels


def test_means_and_majorities_pass_over_gaps():
    votes = pd.DataFrame([[1, 1, 0], [0.9, 0.2, NAN], [NAN, NAN, 0.3], [NAN] * 3, [0.5, NAN, NAN], [1, 0, 0.5]])
    assert join_labels(votes, "mean").round(3).to_list()[:3] == [0.667, 0.55, 0.3]
    assert join_labels(votes, "majority").fillna(-1).to_list() == [1, 0.5, 0, -1, 0.5, 0.5]
    assert join_labels(votes[[0]], None).equals(votes[0])


@pytest.mark.parametrize("how", LEARNING)
def test_it_is_learned_whom_to_trust_without_gold_labels(how):
    rng = np.random.default_rng(0)
    gold = rng.integers(2, size=3000)
    right = (0.95, 0.6, 0.6)
    votes = pd.DataFrame({str(i): np.where(rng.random(3000) < r, gold, 1 - gold) for i, r in enumerate(right)})
    votes = votes.astype(float).mask(rng.random(votes.shape) < 0.2)
    has_any = votes.notna().any(axis=1)
    p = {name: join_labels(votes, name) for name in ("majority", how)}
    accuracy = {name: describe_label(pd.Series(gold), p[name])["accuracy"] for name in p}
    assert accuracy[how] > accuracy["majority"] + 0.05
    assert p[how].notna().equals(has_any) and p[how].dropna().between(0, 1).all()
    again = join_labels(votes.sample(frac=1, random_state=1), how)
    assert np.allclose(again.sort_index()[has_any], p[how][has_any])


def test_mace_does_not_depend_on_the_order_in_which_votes_and_labels_come():
    """crowd-kit itself mixes up workers and labels where the first votes are not of the first ones."""
    rng = np.random.default_rng(1)
    truth = rng.integers(2, size=150)
    # Two who say 1 in 9 of 10 cases, and three who know.
    said = [rng.random(150) < 0.9 for _ in range(2)]
    said += [np.where(rng.random(150) < 0.85, truth, 1 - truth) for _ in range(3)]
    votes = pd.DataFrame(dict(zip("dbeac", said, strict=True))).astype(float)
    p = join_labels(votes, "mace")
    assert describe_label(pd.Series(truth), p)["accuracy"] > 0.85
    for rows, columns in ((votes.index[::-1], list("abcde")), (np.argsort(-votes.a.to_numpy()), list("cadbe"))):
        again = join_labels(votes.loc[rows, columns], "mace")
        assert np.allclose(again[votes.index], p, atol=1e-9)
    turned = join_labels(1 - votes, "mace")
    assert ((turned < 0.5) == (p > 0.5)).all(), "no label comes first"


@pytest.mark.parametrize("vote", [0.0, 1.0])
def test_unanimous_columns_have_one_label(vote):
    votes = pd.DataFrame({"a": [vote] * 5, "b": [vote] * 4 + [NAN]})
    assert join_labels(votes, "dawid_skene").to_list() == [vote] * 5


# Quality


@pytest.mark.filterwarnings("ignore:Only one class is present")
def test_quality_is_of_rows_with_both_labels_and_undefined_scores_are_absent():
    gold = pd.Series([1, 0, 1, NAN, NAN])
    described = describe_label(gold, pd.Series([0.9, 0.6, NAN, 0.1, NAN]))
    assert (described["n"], described["accuracy"], described["auroc"], described["coverage"]) == (2, 0.5, 1, 0.6)
    assert 0 < described["accuracy_low"] < 0.5 < described["accuracy_high"] < 1
    assert describe_label(gold, pd.Series([NAN, NAN, NAN, 0.1, NAN])) == {"n": 0, "coverage": 0.2}
    assert "auroc" not in describe_label(gold, pd.Series([0.9, NAN, 0.2, 0.1, NAN]))


def test_every_column_is_described_and_what_joins_them():
    gold, votes = pd.Series([1.0, 0.0]), pd.DataFrame({"a": [1.0, 1.0], "b": [1.0, 0.0]})
    rows = describe_sources(gold, votes, join_labels(votes, "mean"), "mean")
    assert [(row["column"], row["aggregate"], row["accuracy"]) for row in rows] == [
        ("a", "", 0.5),
        ("b", "", 1.0),
        # The second joined label is 0.5, which is half right.
        ("a + b", "mean", 0.75),
    ]
    assert len(describe_sources(gold, votes[["a"]], votes["a"], None)) == 1


def test_quality_by_set_needs_both_labels():
    labels = pd.DataFrame({"id": list("abcd"), "p_weak": [0.9, NAN, 0.8, 0.3]})
    sets = {
        "pool": pd.DataFrame({"id": ["a", "b", "c", "d"], "gold": [1, 1, NAN, 0]}),
        "test": pd.DataFrame({"id": ["b"], "gold": [1]}),
    }
    quality = quality_by_set(labels, sets)
    assert quality.keys() == {"pool"} and quality["pool"]["n"] == 2 and quality["pool"]["accuracy"] == 1
