"""Tables as tools export them: formats, encodings, delimiters, empty columns and rows, and columns of any name."""

import csv
import io
import json
import zipfile
from time import perf_counter

import pandas as pd
import pytest

from elicitation.data.own_labels import read_own_table, read_rows
from elicitation.data.table_files import read_table
from elicitation.data.templates import fill, template_fields
from elicitation.errors import InputError

TASK = {"name": "mine", "text": "{text}", "label": "gold", "test_size": 10}
ROWS = [("good, or not", 1, 0.25), ("fähig; ja", 0, 0.5), ("so\nso", None, None)]


def as_csv(delimiter=",", before=""):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerows([("text", "gold", "llm"), *ROWS])
    return before + stream.getvalue()


def as_excel(path, rows, sheets=1):
    """A workbook of the least that Excel's format asks for; the rows stand in its last sheet."""
    kinds = "http://schemas.openxmlformats.org/"
    book = f'xmlns="{kinds}spreadsheetml/2006/main"'
    links = f'xmlns:r="{kinds}officeDocument/2006/relationships"'

    def cell(place, number, value):
        name = f'r="{chr(65 + place)}{number}"'
        if isinstance(value, str):
            return f'<c {name} t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'
        return (
            f'<c {name} t="b"><v>{int(value)}</v></c>' if isinstance(value, bool) else f"<c {name}><v>{value}</v></c>"
        )

    body = "".join(
        f'<row r="{number}">{"".join(cell(i, number, v) for i, v in enumerate(row) if v is not None)}</row>'
        for number, row in enumerate(rows, 1)
    )
    numbers = range(1, sheets + 1)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{kinds}package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{kinds}package/2006/relationships"><Relationship Id="a" '
        f'Type="{kinds}officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f"<workbook {book} {links}><sheets>"
        + "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{kinds}package/2006/relationships">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{kinds}officeDocument/2006/relationships/worksheet" '
            f'Target="worksheets/s{n}.xml"/>'
            for n in numbers
        )
        + "</Relationships>",
    }
    for n in numbers:
        data = body if n == sheets else ""
        parts[f"xl/worksheets/s{n}.xml"] = f"<worksheet {book}><sheetData>{data}</sheetData></worksheet>"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


def rows_of(path, **settings):
    """Text, gold label and vote of every row of a table."""
    task = TASK | {"table": path.name} | settings
    rows = read_rows(task, str(path.parent), [{"name": "llm", "column": "llm"}])
    return [(row.text, row.gold, *row.votes) for row in rows]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", as_csv().encode()),
        ("a.csv", as_csv().encode("utf-8-sig")),
        ("a.csv", as_csv(";").encode()),
        ("a.csv", as_csv("\t").encode("utf-16")),
        ("a.tsv", as_csv("\t").encode()),
        ("a.csv", as_csv("|", before="sep=|\r\n").encode()),
        ("a.csv", as_csv(";", before="sep=;\n").encode("utf-16")),
        (
            "a.jsonl",
            "".join(json.dumps(dict(zip(("text", "gold", "llm"), r, strict=True))) + "\n" for r in ROWS).encode(),
        ),
        ("a.json", json.dumps([dict(zip(("text", "gold", "llm"), r, strict=True)) for r in ROWS], indent=1).encode()),
    ],
)
def test_the_same_rows_are_read_from_every_kind_of_text(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    assert rows_of(tmp_path / name) == ROWS


def test_the_same_rows_are_read_from_parquet_and_excel(tmp_path):
    pd.DataFrame(ROWS, columns=["text", "gold", "llm"]).to_parquet(tmp_path / "a.parquet")
    as_excel(tmp_path / "a.xlsx", [("text", "gold", "llm"), *ROWS], sheets=2)
    assert rows_of(tmp_path / "a.parquet") == rows_of(tmp_path / "a.xlsx") == ROWS
    table = read_table(tmp_path / "a.xlsx", "here")
    assert table.format == {"format": "Excel", "sheet": "S2"} and [number for number, _ in table.records] == [2, 3, 4]


def test_numbers_of_excel_are_whole_where_they_can_be(tmp_path):
    as_excel(tmp_path / "a.xlsx", [("text", "gold", "llm"), (3, True, 0.5), (), (2.5, 0, 1)])
    assert rows_of(tmp_path / "a.xlsx") == [("3", 1, 0.5), ("2.5", 0, 1)]
    assert [number for number, _ in read_table(tmp_path / "a.xlsx", "here").records] == [2, 4]


def test_another_encoding_is_read_only_if_it_is_named(tmp_path):
    (tmp_path / "a.csv").write_bytes(as_csv().encode("windows-1252"))
    assert rows_of(tmp_path / "a.csv", encoding="windows-1252") == ROWS
    with pytest.raises(InputError, match=r"line 3: the byte 0xe4 is no UTF-8; .* `encoding: windows-1252`"):
        rows_of(tmp_path / "a.csv")


def test_how_a_file_was_read_is_kept_for_the_card(tmp_path):
    (tmp_path / "a.csv").write_bytes(as_csv(";").encode("utf-16"))
    table = read_own_table(TASK | {"table": "a.csv"}, str(tmp_path))
    assert table.format == {"format": "CSV", "delimiter": "semicolon", "encoding": "utf-16"}


def test_a_decimal_comma_is_read_where_no_comma_separates(tmp_path):
    (tmp_path / "a.csv").write_text("text;gold;llm\na;1;0,75\nb;0;,5\n")
    assert [row[2] for row in rows_of(tmp_path / "a.csv")] == [0.75, 0.5]


def test_empty_columns_and_rows_are_passed_over_and_rows_keep_their_numbers(tmp_path):
    (tmp_path / "a.csv").write_text("text,gold,llm,,\n,,,,\na,1,0.5,,\n\nb,0,,\n,,\nc,2,0.5,,,,\n,,,,\n")
    with pytest.raises(InputError, match="row 7: column 'gold' holds what is no label, 2"):
        rows_of(tmp_path / "a.csv")
    rule = {"column": "gold", "others": "drop"}
    assert rows_of(tmp_path / "a.csv", label=rule) == [("a", 1, 0.5), ("b", 0, None)]


def test_the_numbers_that_a_tool_puts_before_its_rows_are_passed_over(tmp_path):
    pd.DataFrame(ROWS, columns=["text", "gold", "llm"]).to_csv(tmp_path / "a.csv")
    assert rows_of(tmp_path / "a.csv") == ROWS


def test_what_stands_in_a_column_without_a_name_is_refused_with_its_row(tmp_path):
    (tmp_path / "a.csv").write_text("text,gold,llm,,\na,1,1,,\nwell, then,1,1,\n")
    with pytest.raises(
        InputError, match=r"row 3: '1' stands in column 4, which has no name; name it in the header, or"
    ):
        rows_of(tmp_path / "a.csv")


def test_a_table_of_many_columns_is_read_at_once(tmp_path):
    names = [f"column {n}" for n in range(50_000)]
    started = perf_counter()
    (tmp_path / "a.csv").write_text(f"{','.join(names)}\na{',' * 49_999}\n")
    assert read_table(tmp_path / "a.csv", "here").columns == names
    (tmp_path / "a.csv").write_text(f"{','.join(names)},{names[-1]}\n")
    with pytest.raises(InputError, match="row 1: two columns are called 'column 49999'; rename one"):
        read_table(tmp_path / "a.csv", "here")
    keys = ", ".join(f'"{name}": 1' for name in [*names, names[-1]])
    (tmp_path / "a.jsonl").write_text(f"{{{keys}}}\n")
    with pytest.raises(InputError, match=r"row 1: it is no JSON .*the key 'column 49999' stands twice"):
        read_table(tmp_path / "a.jsonl", "here")
    assert perf_counter() - started < 4


def test_items_of_a_json_list_are_numbered_by_lines(tmp_path):
    (tmp_path / "a.json").write_text(
        '[\n {"text": "a", "gold": 1},\n {"text": "b\\n",\n  "gold": 0}\n, {"text": 3,, }]'
    )
    with pytest.raises(InputError, match=r"row 5: it is no JSON \(Expecting property name"):
        read_table(tmp_path / "a.json", "here")
    (tmp_path / "a.json").write_text('[\n {"text": "a", "gold": 1},\n {"text": "b",\n  "gold": 0}\n, {"text": "c"}]')
    assert [number for number, _ in read_table(tmp_path / "a.json", "here").records] == [2, 3, 5]


ANY_NAMES = ("data.text", "annotator #1", "gpt-4o@0.7", "Is it spam?", "score[0]", "a:b!r")


def test_columns_may_have_any_name(tmp_path):
    with (tmp_path / "a.csv").open("w") as file:
        csv.writer(file).writerows([ANY_NAMES, ("words", 1, 0.25, 0, 1, "more")])
    task = TASK | {"table": "a.csv", "text": "{data.text} {a:b!r}", "label": "Is it spam?"}
    columns = [{"name": name, "column": name} for name in ("annotator #1", "gpt-4o@0.7", "score[0]")]
    [row] = read_rows(task, str(tmp_path), columns)
    assert (row.text, row.gold, row.votes) == ("words more", 0, (1, 0.25, 1))


def test_a_template_holds_names_and_doubled_braces_and_looks_into_nothing():
    template = "{{{text.__class__}}} {0} {a:>9}"
    assert template_fields(template) == ["text.__class__", "0", "a:>9"]
    assert fill(template, {"text.__class__": "{x}", "0": 1, "a:>9": None}) == "{{x}} 1 None"
    for bad in ("{text", "text}", "{}", "{ }", "{a{b}}"):
        with pytest.raises(InputError):
            template_fields(bad)


def test_not_a_number_is_no_text(tmp_path):
    lines = (
        '{"title": NaN, "text": "a", "gold": 1}',
        '{"title": null, "text": "a b"}',
        '{"title": "nan", "text": "b"}',
    )
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    rows = read_rows(TASK | {"table": "a.jsonl", "text": "{title}|{text}"}, str(tmp_path))
    assert [row.text for row in rows] == ["|a", "|a b", "nan|b"], "a word stays a word"
    pd.DataFrame({"title": [float("nan"), 3], "text": ["a", "b"], "gold": [1, 0]}).to_parquet(tmp_path / "a.parquet")
    rows = read_rows(TASK | {"table": "a.parquet", "text": "{title}|{text}"}, str(tmp_path))
    assert [row.text for row in rows] == ["|a", "3.0|b"]
