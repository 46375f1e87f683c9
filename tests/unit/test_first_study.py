"""`elicitation init`: what it understands of a table, the study it writes, and what it refuses."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
import yaml

from elicitation.analysis.derived_labels import join_columns
from elicitation.cli import main
from elicitation.cli_init import cores_here
from elicitation.data.tasks import prepare_task
from elicitation.study import first_study, first_study_size
from elicitation.study.estimate import BESIDE_MINUTES, estimate, minutes_of
from elicitation.study.first_study_file import minutes_words
from elicitation.study.held import not_asked, thresholded, words_of_labels
from elicitation.study.reference import SCHEMA_FILE
from elicitation.study.validation import read_study, validate

WORDS = ("clean room and a good breakfast", "never again", "so-so, but loud at night", "the staff was kind to us")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(n=400, n_gold=150, names=(0, 1), header="id,text,is_spam,llm,ann1,ann2,ann3", cells=None, gold=None):
    """A table of texts; gold labels of the first n_gold; an LLM that is right in 4 of 5; three annotators."""
    rows = [header]
    for i in range(n):
        label = i % 2
        known = (gold(i) if gold else names[label]) if i < n_gold else ""
        votes = [label if (i + k) % (5 + k) else 1 - label for k in range(3)]
        llm = 0.9 if (label if i % 5 else 1 - label) else 0.2
        given = cells(i, label) if cells else [*map(str, [llm, *votes[:2], votes[2] if i % 4 else ""])]
        rows.append(",".join([f"t{i}", f'"{WORDS[i % 4]} {i}"', str(known), *given]))
    Path("labels.csv").write_text("\n".join(rows))


def run(capsys, *words: str) -> str:
    """What the command says of a table that is all right."""
    code = main(["init", *words])
    said = capsys.readouterr()
    assert code == 0, said.err
    return said.out


def refused(capsys, *words: str) -> str:
    assert main(["init", *words]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: ") and said.count("\n") == 1
    return said


def purchases(said: str) -> dict[str, list[str]]:
    """The table of purchases in what the command says: the cells of each budget behind it."""
    _, rows = said.split("\nbudget ")
    return {line.split()[0]: line.split()[1:] for line in rows.partition("\nfrom …")[0].splitlines()[1:]}


ASKED = ("labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "ann*=0.05", "--gold-price", "3")


def test_a_table_becomes_a_study_that_is_valid(capsys, here):
    write()
    said = run(capsys, *ASKED)
    study = read_study(here / "labels.yaml")
    given = yaml.safe_load((here / "labels.yaml").read_text())
    assert given["currency"] == "$" and given["gold_price"] == 3 and given["data_folder"] == str(here)
    assert given["supervisors"] == [
        {"name": "llm", "columns": {"llm": 0.02}},
        {"name": "ann", "columns": {"ann*": 0.05}, "aggregate": "mean"},
    ]
    assert given["tasks"][0]["text"] == "{text}" and given["tasks"][0]["label"] == "is_spam"
    assert given["tasks"][0]["test_size"] == 100 and given["grid"]["budgets"] == [16, 48]
    assert study.prices["llm"] == pytest.approx([0.02 / 3])
    # All ways of spending, within what the table has.
    runs = {(run["n_weak"] > 0, run["n_gold"] > 0) for run in study.made_runs}
    assert runs == {(True, False), (True, True), (False, True)} and len(given["seeds"]) == 3
    assert max(run["n_gold"] for run in study.made_runs) <= 50
    # Schema and editor.
    first, *_ = (here / "labels.yaml").read_text().splitlines()
    assert first == f"# yaml-language-server: $schema={SCHEMA_FILE}"
    jsonschema.validate(given, json.loads(SCHEMA_FILE.read_text()))
    assert "CSV, comma, utf-8; 400 rows" in said and "50 % label 1" in said
    assert "texts: text (by far the longest" in said and "of 150 different texts" in said


def test_the_quality_of_each_weak_column_is_told(capsys):
    write()
    lines = run(capsys, *ASKED).splitlines()
    rows = {line.split()[0]: line.split() for line in lines if line[:3] in ("llm", "ann") and "%  " in line}
    assert rows["llm"][1:] == ["$0.02", "80", "%", "73", "to", "86", "%", "150", "100", "%"]
    assert rows["ann3"][1] == "$0.05" and rows["ann3"][-2:] == ["75", "%"] and rows["ann3"][-3] == "112"
    right = "right: on gold rows of which the column says something"
    assert right in lines
    # Every fourth text has no vote of ann3, but all have one of another annotator.
    assert "without a label" not in "".join(lines)
    assert any(line.startswith("ann joins 'ann1', 'ann2' and 'ann3' by mean") for line in lines)


def test_texts_without_a_label_are_counted_and_it_is_said_what_becomes_of_them(capsys, here):
    write(cells=lambda i, label: [str(label) if i % 10 else "", str(label) if i % 4 else "", "", ""])
    said = run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "ann1=0.05")
    assert (
        "texts without a label: 40 of llm, 100 of ann1; taken as abstentions, which count as half right; give --gaps "
        "llm=paid ann1=paid if these were paid for or llm=not-asked ann1=not-asked if nobody asked there yet\n"
    ) in said
    text = (here / "labels.yaml").read_text()
    assert [source["gaps"] for source in yaml.safe_load(text)["supervisors"]] == ["abstained"] * 2
    assert text.count("# gaps: why texts have no label. abstained:") == 1


def test_an_option_says_why_texts_have_no_label(capsys, here):
    write(cells=lambda i, label: [str(label) if i % 10 else "", str(label) if i % 4 else "", "", ""])
    asked = ("labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "ann1*=0.05", "--gaps")
    said = run(capsys, *asked, "not-asked", "ann1*=abstained")
    assert not_asked(read_study(here / "labels.yaml")) == ["llm"]
    assert (
        "texts without a label: 100 of ann1; taken as abstentions, which count as half right; give --gaps "
        "'ann1*=paid' if these were paid for or 'ann1*=not-asked' if nobody asked there yet\n"
        "texts without a label: 40 of llm; taken as not asked, so that only texts with a label count; give --gaps "
        "llm=abstained if nothing could be said of them\n"
    ) in said
    run(capsys, *asked, "not-asked", "--output", "b.yaml")
    assert not_asked(read_study(here / "b.yaml")) == ["llm", "ann1"]
    assert "--gaps names 'lm', which is no column of --weak; did you mean 'llm'?" in refused(
        capsys, *asked, "lm=not-asked", "--output", "c.yaml"
    )
    with pytest.raises(SystemExit):
        main(["init", *asked, "llm=silent"])
    assert "llm=silent must end with abstained, paid or not-asked, as in llm=not-asked" in capsys.readouterr().err


def labelled_only_beside_gold(share_of_others: int):
    """Cells of an LLM that labels all 150 texts with a gold label, and one in so many of the 250 others."""
    return lambda i, label: [str(label) if i < 150 or i % share_of_others == 0 else "", "", "", ""]


def test_a_source_that_was_asked_beside_gold_labels_alone_is_named(capsys, here):
    write(cells=labelled_only_beside_gold(2))
    said = run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02")
    assert (
        "texts without a label: 125 of llm; taken as abstentions, which count as half right; give --gaps llm=paid if "
        "these were paid for or llm=not-asked if nobody asked there yet; "
        "llm has a label of 100 % of the texts with a gold one, but of 50 % "
        "of the others: probably not asked there\n"
    ) in said
    # What it is taken for stays the user's to say.
    assert yaml.safe_load((here / "labels.yaml").read_text())["supervisors"][0]["gaps"] == "abstained"


def test_gaps_that_gold_labels_do_not_explain_are_left_to_the_user(capsys):
    # Nearly as many of the others have a label; and there are no others.
    for n, cells in ((400, lambda i, label: [str(label) if i % 30 else ""]), (150, labelled_only_beside_gold(1))):
        write(n=n, cells=cells, header="id,text,is_spam,llm")
        assert "probably" not in run(
            capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "--output", f"{n}.yaml"
        )


QUESTION = ("--question", "Is the comment good?")


def test_a_question_makes_the_study_ask_without_any_label(capsys, here):
    write()
    said = run(capsys, *ASKED, *QUESTION)
    given = yaml.safe_load((here / "labels.yaml").read_text())
    jsonschema.validate(given, json.loads(SCHEMA_FILE.read_text()))
    assert given["tasks"][0]["prompt"] == {"cue": "\nIs the comment good?\nAnswer:", "labels": [" no", " yes"]}
    assert given["methods"] == ["sequential_sft", "few_shot_gold"] and given["grid"]["shots"] == [0]
    # The file has it in one line.
    assert r'prompt: {cue: "\nIs the comment good?\nAnswer:", labels: [' in (here / "labels.yaml").read_text()
    # One run, which buys nothing, is estimated, and is none of the purchases that are told.
    study = read_study(here / "labels.yaml")
    [asking] = [each for each in study.made_runs if each["n_weak"] + each["n_gold"] == 0]
    estimated = estimate(study, here / "runs/labels")[0]["methods"].set_index("method")
    assert estimated.runs[asking["method"]] == 1
    assert [*purchases(said)] == ["$48", "$144"]
    assert f"{len(study.made_runs)} runs of smollm2, one of which asks it without any label; about" in said
    assert "--question" not in said


def test_a_study_that_does_not_ask_says_by_which_option_it_would(capsys, here):
    write()
    [line] = [line for line in run(capsys, *ASKED).splitlines() if "--question" in line]
    assert line.startswith("What smollm2 knows without any label")
    assert line.endswith("by --question and a question such as 'Is it spam?', where yes means label 1.")
    given = yaml.safe_load((here / "labels.yaml").read_text())
    assert "prompt" not in given["tasks"][0] and "shots" not in given["grid"]
    # In the words of the labels where they have some.
    write(names=("ham", "junk"))
    words = run(capsys, *ASKED, "--labels", "1=1,0=0,junk=1,ham=0", "--output", "words.yaml")
    assert "a heading that says what is wanted, such as 'Sentiment:' for reviews, behind which ham or junk can" in words


def test_a_heading_stands_behind_the_text_and_the_words_of_the_labels_behind_it(capsys, here):
    write(names=("ham", "spam"))
    run(capsys, *ASKED, "--labels", "spam=1,1=1,0=0,ham=0", "--question", "Kind:")
    [task] = yaml.safe_load((here / "labels.yaml").read_text())["tasks"]
    assert (task["text"], task["prompt"]) == ("{text}\nKind:", {"cue": "", "labels": [" ham", " spam"]})
    assert read_study(here / "labels.yaml").grid.shots == [0]
    write()
    said = refused(capsys, *ASKED, "--question", "Kind:", "--output", "numbers.yaml")
    assert "'Kind:' is a heading, behind which a word for either label stands; name both by --labels" in said


@pytest.mark.parametrize("question", ["", " ", "Is it spam?\nOr ham?"])
def test_a_question_that_is_none_is_refused(capsys, question):
    with pytest.raises(SystemExit):
        main(["init", *ASKED, "--question", question])
    assert "must be in one line, as in --question 'Is it spam?'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "labels", ["spam=1,spam=0,ham=0", "spam=1,ham", "spam=1,ham=0,unclear=0.6", "spam=1,=0", "a=1"]
)
def test_labels_that_are_none_or_stand_twice_are_refused(capsys, labels):
    with pytest.raises(SystemExit):
        main(["init", *ASKED, "--labels", labels])
    assert "as in spam=1,ham=0,unclear=0.5" in " ".join(capsys.readouterr().err.split())


def test_several_weak_columns_in_one_word_are_told_apart(capsys):
    write()
    asked = ("labels.csv", "--gold", "is_spam", "--gold-price", "3")
    apart = "write several with spaces between them, each with the price of a label, as in --weak llm=0.02 ann1=0.05"
    assert f"no column is called 'llm=0.02,ann1'; {apart}" in refused(capsys, *asked, "--weak", "llm=0.02,ann1=0.05")
    assert "as in --weak llm=0.05 ann1=0.05" in refused(capsys, *asked, "--weak", "llm,ann1=0.05")
    with pytest.raises(SystemExit):
        main(["init", *asked, "--weak", "llm,ann1"])
    said = " ".join(capsys.readouterr().err.split())
    assert "give each of several columns its own price, as in llm=0.02 rater=0.20" in said


def test_near_copies_are_told_of_once(capsys, here):
    write(n_gold=200)
    assert run(capsys, *ASKED).count("nearly equal another text") == 1
    assert read_study(here / "labels.yaml").warnings == []


def test_the_command_that_is_printed_is_the_one_in_the_file_with_the_minutes_of_the_estimate(capsys, here):
    write()
    said = run(capsys, *ASKED, "--output", "mine.yaml")
    command = said.splitlines()[-1].strip()
    assert f"#   {command}" in (here / "mine.yaml").read_text()
    words = shlex.split(command)
    assert words[-4:] == ["--directory", str(here / "runs/mine"), "--configfile", str(here / "mine.yaml")]
    study = read_study(here / "mine.yaml")
    minutes = minutes_of(study, estimate(study, here / "runs/mine")[0], cores_here())
    assert minutes > BESIDE_MINUTES and f"about {minutes_words(minutes)} on " in said


def test_a_warning_of_a_weak_label_as_expensive_as_gold(capsys):
    write()
    assert "Warning: A weak label of 'llm' costs $4, as much as a gold label ($3)" in run(
        capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=4", "--gold-price", "3"
    )


def test_prices_may_be_in_gold_labels_or_in_another_currency(capsys, here):
    write()
    assert "column says something; prices are in gold labels\n" in run(
        capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02"
    )
    assert "currency" not in yaml.safe_load((here / "labels.yaml").read_text())
    run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=2c", "--gold-price", "3€", "--output", "b.yaml")
    given = yaml.safe_load((here / "b.yaml").read_text())
    assert (given["currency"], given["supervisors"][0]["columns"]) == ("€", {"llm": 0.02})
    assert "say what a gold label costs" in refused(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=$1")


def test_texts_are_named_by_a_column_of_ids(capsys, here):
    write()
    run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "--id", "id")
    assert yaml.safe_load((here / "labels.yaml").read_text())["tasks"][0]["id"] == "id"
    (here / "labels.yaml").unlink()
    assert "no column is called 'idd'; did you mean 'id'" in refused(capsys, *ASKED, "--id", "idd")
    asked = ("labels.csv", "--gold", "is_spam", "--weak", "id=1", "--id", "id")
    assert "'id' is the column of the ids; name one of weak labels" in refused(capsys, *asked)


def test_one_vote_a_row_is_read_by_its_worker(capsys, here):
    header = "task,text,gold,response,worker_id"
    lines = [header]
    for i in range(200):
        for worker in range(3):
            vote = i % 2 if (i + worker) % (4 + worker) else 1 - i % 2
            lines.append(f'x{i},"{WORDS[i % 4]} {i}",{i % 2 if i < 120 else ""},{vote},w{(i + worker) % 7}')
    (here / "votes.csv").write_text("\n".join(lines))
    said = run(capsys, "votes.csv", "--weak", "response=0.02", "--worker", "worker_id")
    [source] = yaml.safe_load((here / "votes.yaml").read_text())["supervisors"]
    assert source["worker"] == "worker_id" and source["aggregate"] == "mean"
    assert "120 different texts" in said and read_study(here / "votes.yaml").prices["response"] == [0.06]


def test_a_lopsided_table_is_scored_by_another_measure(capsys, here):
    write(gold=lambda i: int(i % 8 == 0))
    run(capsys, *ASKED)
    study = yaml.safe_load((here / "labels.yaml").read_text())
    assert study["inference"] == {"measure": "balanced_accuracy"} and study["training"]["balanced"] is True


@pytest.mark.parametrize(
    ("minutes_of_a_label", "most_weak", "largest"), [(0, 1024, 408), (0.045, 512, 256), (9, 64, 32)]
)
def test_a_study_is_made_smaller_until_it_takes_half_an_hour(
    capsys, here, monkeypatch, minutes_of_a_label, most_weak, largest
):
    def minutes(study, tables, cores):
        return minutes_of_a_label * max(run["n_weak"] for run in study.made_runs)

    monkeypatch.setattr(first_study_size, "minutes_of", minutes)
    monkeypatch.setattr("elicitation.cli_init.cores_here", lambda: 2)
    write(n=3000, n_gold=910)
    run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02")
    grid = yaml.safe_load((here / "labels.yaml").read_text())["grid"]
    assert grid["budgets"][-1] == largest and grid["budgets"][0] == 16
    bought = max(run["n_weak"] for run in read_study(here / "labels.yaml").made_runs)
    assert 0.98 * most_weak < bought <= most_weak and grid["weak_price"] == 0.02


def test_the_study_is_the_same_where_its_student_is_not_installed(capsys, here, monkeypatch):
    write()
    run(capsys, *ASKED)
    monkeypatch.setattr(first_study_size, "STUDENT_PACKAGES", ("no_such_package",))
    run(capsys, *ASKED, "--output", "elsewhere.yaml")
    written = [yaml.safe_load((here / name).read_text()) for name in ("labels.yaml", "elsewhere.yaml")]
    assert written[0] == written[1]
    [model] = read_study(here / "labels.yaml").models
    assert (first_study_size.STAND_IN["parameters"], first_study_size.STAND_IN["sandbox"]["layers"]) == (
        model.header.parameters,
        model.header.layers,
    )


# Rows that are no text of their own


def edit_rows(**texts: str) -> None:
    """Give the rows of these ids other texts."""
    table = Path("labels.csv").read_text()
    for name, text in texts.items():
        table = re.sub(rf'^{name},"[^"]*"', f'{name},"{text}"', table, flags=re.MULTILINE)
    Path("labels.csv").write_text(table)


def test_texts_that_stand_twice_are_said(capsys):
    write()
    assert "stand in several rows" not in run(capsys, *ASKED)
    edit_rows(t20=f"{WORDS[0].upper()}  0")
    said = run(capsys, *ASKED, "--output", "b.yaml")
    assert "\ntexts that stand in several rows count once: 400 rows hold 399 texts\n" in said and "left out" not in said
    # Of two gold labels neither counts.
    lines = Path("labels.csv").read_text().splitlines()
    Path("labels.csv").write_text("\n".join([*lines, lines[1].replace(' 0",0,', ' 0",1,')]))
    said = run(capsys, *ASKED, "--output", "c.yaml")
    assert "\nleft out: 1 text with both gold labels\n" in said


def test_whose_vote_it_is_is_named_by_the_option_of_the_command(capsys):
    write()
    edit_rows(t4=f"{WORDS[0]} 0")
    said = refused(capsys, *ASKED)
    assert "if each row is one vote, name the column that says whose by --worker, else keep one row of each" in said
    assert said.endswith("text, or have the first row count by --repeated first.\n") and "the supervisor" not in said


def test_the_first_row_of_a_text_counts_where_the_user_says_so(capsys, here):
    write()
    rows = Path("labels.csv").read_text().splitlines()
    edit_rows(t4=f"{WORDS[0]} 0")
    said = run(capsys, *ASKED, "--repeated", "first")
    assert "\ntexts that stand in several rows count once, by their first labels: 400 rows hold 399 texts\n" in said
    study = read_study(here / "labels.yaml")
    sets = prepare_task(study.tasks[0].plain, "local", str(here))
    first = pd.concat(sets.values()).query("text == @WORDS[0] + ' 0'")
    assert len(first) == 1
    columns = study.columns_of(study.tasks[0])["llm"]
    labels = join_columns(study.tasks[0].plain, str(here), columns, None, sets).labels.set_index("id").p_weak
    assert labels[first.id.item()] == float(rows[1].split(",")[3]) != float(rows[5].split(",")[3])


def test_rows_without_a_text_are_named_by_both_numbers_and_may_be_left_out(capsys, here):
    write()
    edit_rows(t7="two\nlines", t9=" ")
    said = refused(capsys, *ASKED)
    assert "row 11 (line 12 of the file): it has no text in 'text'; write one, or leave all such rows out by" in said
    assert said.endswith(" --others drop.\n")
    said = run(capsys, *ASKED, "--others", "drop")
    assert "\nleft out: 1 row without a text\n" in said
    assert yaml.safe_load((here / "labels.yaml").read_text())["tasks"][0]["label"] == {
        "column": "is_spam",
        "others": "drop",
    }
    read_study(here / "labels.yaml")


# Refusing


def test_words_for_labels_are_named_with_the_option(capsys, here):
    write(names=("ham", "spam"))
    said = refused(capsys, *ASKED)
    assert "'ham' (75 rows), 'spam' (75 rows)" in said and "--labels " in said
    option = said.rpartition("--labels ")[2].strip().rstrip(".")
    assert {*option.split(",")} in ({"spam=1", "ham=0"}, {"ham=1", "spam=0"})
    misspelt = refused(capsys, *ASKED, "--labels", "spam=1,hamm=0")
    assert (
        "and none is 'hamm'; say which value is which label (1 is what you look for), as in --labels spam=1,ham=0."
        in misspelt
    )
    run(capsys, *ASKED, "--labels", "spam=1,ham=0")
    label = yaml.safe_load((here / "labels.yaml").read_text())["tasks"][0]["label"]
    assert label == {"column": "is_spam", "labels": {"spam": 1, "ham": 0}}


def test_a_third_value_is_named_and_may_be_dropped(capsys, here):
    write(names=("0", "1"))
    text = (here / "labels.csv").read_text().replace(',"never again 1",1,', ',"never again 1",unsure,')
    (here / "labels.csv").write_text(text)
    said = refused(capsys, *ASKED)
    assert "'unsure' (1 row)" in said and "--labels 1=1,0=0 --others drop" in said
    assert "149 different texts" in run(capsys, *ASKED, "--labels", "1=1,0=0", "--others", "drop")


@pytest.mark.parametrize("labels", [(), ("--labels", "good=1,bad=0")])
def test_a_misspelt_gold_label_is_named_with_its_row(capsys, labels):
    write(names=("bad", "good"), gold=lambda i: {3: "godo", 8: "unsure"}.get(i, ("bad", "good")[i % 2]))
    said = refused(capsys, *ASKED, *labels)
    # The header is row 1.
    assert "'godo' stands in row 5 (did you mean 'good'? Then correct it there)" in said
    assert "; 'unsure' stands in row 10; say which value is which label (1 is what you look for) and drop the" in said


def test_a_misspelt_weak_label_is_named_with_its_row(capsys):
    words = {3: "eggs", 5: "sapm"}
    write(names=("ham", "spam"), cells=lambda i, label: [words.get(i, ("ham", "spam")[label]), "0", "1", "0"])
    said = refused(capsys, *ASKED, "--labels", "spam=1,ham=0")
    assert "row 7: column 'llm' holds what is no label, 'eggs' (1 row), 'sapm' (1 row)" in said
    assert "did you mean 'spam' by 'sapm'? Correct it, or " in said


def test_another_encoding_is_named_by_the_option(capsys, here):
    write()
    text = (here / "labels.csv").read_text().replace("clean", "sauberes fränkisches")
    (here / "labels.csv").write_bytes(text.encode("windows-1252"))
    said = refused(capsys, *ASKED)
    assert said.endswith("save the file as UTF-8, or name its encoding by --encoding windows-1252.\n")
    run(capsys, *ASKED, "--encoding", "windows-1252")
    (here / "labels.csv").write_bytes(text.replace("ä", "a").encode("utf-16-le"))
    assert refused(capsys, *ASKED, "--output", "b.yaml").endswith("or name its encoding by --encoding utf-16-le.\n")
    with pytest.raises(SystemExit):
        main(["init", *ASKED, "--encoding", "win12"])
    assert "win12 is no encoding; name one, as in --encoding windows-1252" in capsys.readouterr().err


def test_a_weak_column_with_another_word_is_refused_with_the_option_and_may_drop_it(capsys, here):
    def unsure(i, label):
        return ["unsure" if i % 50 == 0 else ("ham", "spam")[label], "0", "1", "unsure" if i % 90 == 0 else "0"]

    write(names=("ham", "spam"), cells=unsure)
    asked = (*ASKED, "--labels", "spam=1,ham=0")
    said = refused(capsys, *asked)
    assert "column 'llm' holds what is no label, 'unsure' (8 rows)" in said
    assert said.endswith("or leave such labels out by --others drop.\n") and "the supervisor" not in said
    said = run(capsys, *asked, "--others", "drop")
    given = yaml.safe_load((here / "labels.yaml").read_text())
    assert [source["others"] for source in given["supervisors"]] == ["drop", "drop"]
    [llm] = [line.split() for line in said.splitlines() if line.startswith("llm ")]
    # Three of 150 texts with gold labels have no weak label left, and 8 of all 400.
    assert llm[-3:] == ["147", "98", "%"]
    assert (
        "\ndropped: 8 answers of llm that are no label; its price does not count them: if they cost money too, "
    ) in said
    read_study(here / "labels.yaml")
    paid = run(capsys, *asked, "--others", "drop", "--gaps", "llm=paid", "--output", "paid.yaml")
    assert "\ndropped: 8 answers of llm that are no label; it is paid for them as for other texts without a" in paid
    neither = run(capsys, *ASKED, "--labels", "spam=1,ham=0,unsure=0.5", "--output", "neither.yaml")
    assert "\nlabels that say neither, such as 0.5: 8 of llm" in neither and "dropped" not in neither
    assert words_of_labels(read_study(here / "neither.yaml")) == {"labels": ["ham", "spam"]}


@pytest.mark.parametrize("others", [(), ("--others", "drop")])
@pytest.mark.parametrize(
    "score", [lambda i, label: i % 5 + 1, lambda i, label: (i % 21 - 10) / 10, lambda i, label: i % 101]
)
def test_a_weak_column_of_scores_is_refused_and_never_dropped(capsys, score, others):
    write(cells=lambda i, label: [str(score(i, label)), "0", "1", "0"])
    said = refused(capsys, *ASKED, *others)
    assert "column 'llm' holds what is no label, " in said
    assert "these numbers stand on another scale: write votes of 0 and 1, or" in said
    assert said.endswith("probabilities of label 1 from 0 to 1, such as 0.85 or 85%.\n")


def test_a_number_that_stands_for_none_may_be_dropped_however_many_rows_have_it(capsys):
    write(cells=lambda i, label: [str(label if i % 3 == 0 else -1), "0", "1", "0"])
    assert "column 'llm' holds what is no label, -1 (" in refused(capsys, *ASKED)
    run(capsys, *ASKED, "--others", "drop")


@pytest.mark.parametrize("gold", [lambda i: round(i / 15, 1), lambda i: f"T{i}"])
def test_a_column_of_many_values_is_no_gold_label(capsys, gold):
    write(gold=gold)
    said = refused(capsys, *ASKED)
    assert "different values, such as" in said and "and a gold label is one of two; name another column by" in said


def test_all_columns_that_are_not_there_are_named_at_once(capsys):
    write()
    said = refused(capsys, "labels.csv", "--gold", "is_spm", "--weak", "lm=0.02")
    assert "no column is called 'is_spm'; did you mean 'is_spam'? And no column is called 'lm'; did you mean" in said


def test_a_weak_column_whose_words_are_all_dropped_is_refused_with_these(capsys):
    write(names=("ham", "junk"), cells=lambda i, label: [("neg", "pos")[label], "0", "1", "0"])
    said = refused(capsys, *ASKED, "--labels", "junk=1,ham=0", "--others", "drop")
    assert "column 'llm' holds what is no label, 'neg' (200 rows), 'pos' (200 rows); " in said
    assert "name its words beside the values of the gold labels" in said


def test_an_amount_that_a_shell_made_nothing_of_is_told_to_want_quotes(capsys):
    with pytest.raises(SystemExit):
        main(["init", "labels.csv", "--weak", "llm=0.02", "--gold-price"])
    assert "expected one argument; put an amount such as '$2' in quotes" in capsys.readouterr().err


def test_results_are_shown_at_no_budget_that_no_source_spends(capsys, here):
    # Of the dearer source the table has too few labels for what the cheaper one is bought for.
    write(cells=lambda i, label: ["0.9" if label else "0.2", str(label) if i % 4 in (0, 3) and i % 3 else "", "", ""])
    weak = ("--weak", "llm=0.02", "ann1=0.9")
    run(capsys, "labels.csv", "--gold", "is_spam", *weak, "--gold-price", "3", "--budget", "90")
    study = read_study(here / "labels.yaml")
    beside = max(n for n, _ in study.grid.more_purchases)
    assert beside * study.grid.weak_price > 30 and beside * study.prices["llm"][0] < 30
    assert study.budgets == [*study.grid.budgets] and study.budgets[-1] == 30


def test_words_of_a_weak_column_are_named_beside_gold_numbers(capsys, here):
    write(cells=lambda i, label: [("ham", "spam")[label], "0", "1", "0"])
    assert "as in --labels 1=1,0=0,spam=1,ham=0" in refused(capsys, *ASKED)
    run(capsys, *ASKED, "--labels", "1=1,0=0,spam=1,ham=0")


@pytest.mark.parametrize("others", [(), ("--others", "drop")])
def test_another_spelling_of_a_named_value_is_never_dropped(capsys, others):
    write(names=("no", "Yes"))
    said = refused(capsys, *ASKED, "--labels", "yes=1,no=0", *others)
    assert "column 'is_spam' holds 'Yes' (75 rows)" in said and "did you mean Yes=1?" in said
    assert "as in --labels yes=1,no=0,Yes=1, or" in said and "drop" not in said
    run(capsys, *ASKED, "--labels", "yes=1,no=0,Yes=1", *others)


def test_another_spelling_in_a_weak_column_is_named_too(capsys):
    write(names=("no", "yes"), cells=lambda i, label: ["0.5", "1", ("No", "yes")[label], "0"])
    said = refused(capsys, *ASKED, "--labels", "yes=1,no=0", "--others", "drop")
    assert "column 'ann2' holds 'No' (200 rows)" in said and "did you mean No=0?" in said


@pytest.mark.parametrize(
    ("gold", "labels", "option"),
    [
        # Spellings of one value keep together, however many there are.
        (lambda i: ("yes", "Yes", "YES", "no")[min(i % 8, 3)], (), "--labels yes=1,Yes=1,YES=1,no=0."),
        (lambda i: ("yes", "no", "No", "unsure")[i % 4], (), "--labels yes=1,no=0,No=0 --others drop."),
        # A rare spelling makes its value no rarer.
        (
            lambda i: "No" if i == 3 else ("yes", "yes", "no", "no", "unsure")[i % 5],
            (),
            "--labels yes=1,no=0,No=0 --others drop.",
        ),
        # What says that it is no label 1, a higher number, and halves of a scale, whose middle is neither.
        (lambda i: ("schlecht", "nicht schlecht")[min(i % 3, 1)], (), "--labels schlecht=1,nicht schlecht=0."),
        (lambda i: (1, 2)[i % 3 == 0], (), "--labels 2=1,1=0."),
        (lambda i: i % 5 + 1, (), "--labels 1=0,2=0,4=1,5=1 --others drop."),
        (lambda i: i % 3, (), "--labels 1=1,0=0 --others drop."),
        # Values that no row has are no help.
        (lambda i: ("nein", "ja")[i % 2], ("--labels", "yes=1,no=0"), "--labels ja=1,nein=0."),
    ],
)
def test_the_option_that_is_advised_drops_no_label_whole(capsys, gold, labels, option):
    write(gold=gold)
    said = refused(capsys, *ASKED, *labels)
    advised = said.rpartition("--labels ")[2].removesuffix(".\n").replace("'", "").split(" --others")
    wanted = option.removeprefix("--labels ").removesuffix(".").split(" --others")
    assert {*advised[0].split(",")} == {*wanted[0].split(",")} and advised[1:] == wanted[1:]


def test_scores_that_are_no_probabilities_get_a_threshold_that_the_gold_labels_choose(capsys, here):
    def scored(i, label):
        return [str(round((0.97 if label else 0.9) - 0.2 * (i % 9 == 0), 2)), "0", "1", "0"]

    write(n_gold=240, cells=scored)
    said = run(capsys, *ASKED)
    [llm, ann] = yaml.safe_load((here / "labels.yaml").read_text())["supervisors"]
    assert llm["threshold"] == 0.935 and "threshold" not in ann
    assert "\n# threshold: above it a value says label 1, " in (here / "labels.yaml").read_text()
    assert thresholded(read_study(here / "labels.yaml")) == ["llm"]
    assert (
        "\nllm says label 1 above 0.935, not above 0.5 (`threshold` in the file): chosen by the 80 of its texts with a "
        "gold label that do not test; accuracy on the 160 that test: 94.4 %, and 50 % by 0.5\n"
    ) in said
    study = read_study(here / "labels.yaml")
    task = study.tasks[0]
    votes = study.survey(task).votes["llm"]["llm"]
    right = votes.known[0] - votes.for_one[0] + votes.for_one[1]
    assert right / sum(votes.known) > 0.9 and votes.highest < 1
    # No score is changed where 0.5 is as good.
    write(n_gold=240)
    assert "threshold" not in run(capsys, *ASKED, "--output", "b.yaml")


def test_a_second_look_at_texts_of_which_a_cheap_source_is_least_sure_is_proposed(capsys, here):
    """The LLM is wrong on the fifth of the texts of which it is least sure, and the annotator never."""
    write(cells=lambda i, label: [str(abs(label - (0.1 if i % 5 else 0.6))), str(label), "", ""])
    said = run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "ann1=0.1", "--gold-price", "3")
    entry = "{name: llm-ann1, first: llm, second: ann1, second_share: 0.2}"
    assert (
        "\nwith labels of ann1 for the 20 % of the texts of which llm is least sure, 100 % of the gold rows are right "
        "at $0.04 a text; by llm alone 80 %. To study that, add to `supervisors` in the file: "
        f"- {entry}\n"
    ) in said
    study = yaml.safe_load((here / "labels.yaml").read_text())
    study["supervisors"].append(yaml.safe_load(entry))
    assert validate(study).prices["llm-ann1"] == pytest.approx([0.04 / 3])
    # None is proposed where the dearer labels help nothing, or the cheap ones do not say how sure they are.
    for i, cells in enumerate((lambda i, label: ["0.8", "0", "", ""], lambda i, label: ["01"[i % 5 > 0], "1", "", ""])):
        write(cells=cells, n_gold=151)
        asked = ("--gold", "is_spam", "--weak", "llm=0.02", "ann1=0.1", "--output", f"{i}.yaml")
        assert "with labels of" not in run(capsys, "labels.csv", *asked)


def test_a_second_look_at_texts_of_which_a_source_says_nothing_is_proposed(capsys, here):
    """The annotator is silent on a tenth of the texts, and right on all others; the LLM is right there, and on 90 %."""
    write(cells=lambda i, label: [str(1 - label if i % 10 == 5 else label), str(label) if i % 10 else "", "", ""])
    asked = ("labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "ann1=0.1", "--gold-price", "3")
    look = (
        "\nwith labels of llm where ann1 says nothing, 100 % of the gold rows are right at $0.102 a text; by ann1 "
        "alone 95 %. To study that, add to `supervisors` in the file: - {name: ann1-llm, first: ann1, second: llm, "
        "second_share: 0.1}\n"
    )
    assert look in run(capsys, *asked)
    assert look in run(capsys, *asked, "--gaps", "ann1=paid", "--output", "b.yaml")
    assert look not in run(capsys, *asked, "--gaps", "ann1=not-asked", "--output", "c.yaml")
    # Where the LLM alone is as good for less, it is not.
    write(cells=lambda i, label: [str(label), str(label) if i % 10 else "", "", ""])
    assert "with labels of" not in run(capsys, *asked, "--output", "d.yaml")


def test_a_source_can_be_paid_for_saying_nothing(capsys, here):
    write(cells=lambda i, label: [str(label) if i % 4 else "", "", "", ""])
    asked = ("labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "--gold-price", "3")
    run(capsys, *asked, "--output", "a.yaml")
    said = run(capsys, *asked, "--gaps", "paid")
    assert "\nlabels that say neither, such as 0.5: 100 of llm; they count as half right and cost their price\n" in said
    assert "texts without a label" not in said
    assert "\n# paid: the same, but the source was paid for that, " in (here / "labels.yaml").read_text()
    # A label that says neither is no more right than none.
    [row] = [line.split() for line in said.splitlines() if line.startswith("llm  ")]
    assert row[2:4] == ["100", "%"] and row[-3:] == ["112", "75", "%"]
    abstained, paid = (read_study(here / name) for name in ("a.yaml", "labels.yaml"))
    task = paid.tasks[0]
    assert [study.supplies[task.name, "llm"].weak for study in (abstained, paid)] == [223, 300]
    sets = prepare_task(task.plain, "local", str(here))
    labels = join_columns(task.plain, str(here), paid.columns_of(task)["llm"], None, sets).labels.p_weak
    assert labels.notna().all() and (labels == 0.5).sum() == 100
    by_worker = ("labels.csv", "--gold", "is_spam", "--weak", "llm=1", "--worker", "ann1", "--gaps", "paid")
    assert "--gaps says paid, but with --worker each row is a vote; write 0.5 in those paid for" in refused(
        capsys, *by_worker, "--output", "c.yaml"
    )


def test_no_source_is_called_like_the_model_that_learns(capsys, here):
    write(header="id,text,is_spam,Student,ann1,ann2,ann3")
    said = run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "Student=0.02", "--gold-price", "3")
    assert "\nStudent is called student-labels in the study, since a student is the model that learns there\n" in said
    assert list(read_study(here / "labels.yaml").supervisor_named) == ["student-labels"]


SURE = ("labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "--gold-price", "3", "--confidence")


def test_a_column_can_say_how_sure_the_labels_of_another_are(capsys, here):
    header = "id,text,is_spam,llm,llm_conf,topic"
    write(header=header, cells=lambda i, label: [str(label), str((6 + i % 4) / 10), str(i % 9)])
    said = run(capsys, *SURE, "llm=llm_conf")
    [llm] = yaml.safe_load((here / "labels.yaml").read_text())["supervisors"]
    assert llm["columns"] == {"llm": {"price": 0.02, "confidence": "llm_conf"}} and "not used" not in said
    study = read_study(here / "labels.yaml")
    assert study.survey(study.tasks[0]).votes["llm"]["llm"].highest == 0.9 and "\nllm          $0.02  100 %" in said
    # Where it is not named, it is pointed at.
    said = run(capsys, *SURE[:-1], "--output", "b.yaml")
    assert "\nnot used: llm_conf; if it says how sure llm is of each label, give --confidence llm=llm_conf\n" in said
    assert said.count("not used") == 1
    assert "--confidence names 'lm', which is no single column of --weak; did you mean 'llm'?" in refused(
        capsys, *SURE, "lm=llm_conf", "--output", "c.yaml"
    )
    assert "no column is called 'llm_cnf'; did you mean 'llm_conf'?" in refused(
        capsys, *SURE, "llm=llm_cnf", "--output", "c.yaml"
    )
    said = refused(capsys, *SURE, "llm=topic", "--output", "c.yaml")
    assert said.endswith("write a confidence, from 0 to 1, beside every label, such as 0.85 or 85%.\n")
    write(header=header, cells=lambda i, label: [str(label), "low" if i == 5 else "0.8", "7"])
    said = refused(capsys, *SURE, "llm=llm_conf", "--output", "c.yaml")
    assert said.endswith("beside every label, or leave such labels out by --others drop.\n")
    with pytest.raises(SystemExit):
        main(["init", *SURE, "llm_conf"])
    assert "llm_conf must name two columns, as in llm=llm_confidence" in capsys.readouterr().err


def test_labels_that_a_source_lacks_more_often_for_one_gold_label_are_named(capsys):
    def seldom(i, label):
        return ["" if label and i % 4 == 1 else str(label), "0", "1", "" if i % 3 else "0"]

    write(cells=seldom)
    said = run(capsys, *ASKED)
    assert (
        "\nllm does not lack labels at random: of the texts with a gold label 33 % of those that it labels have label "
        "1, and 100 % of the others; so how often it is right on the first says little of the others\n"
    ) in said
    assert "\nann does not lack" not in said


def test_purchases_are_told_in_labels_and_what_each_source_asks_for_them(capsys, here):
    write()
    said = run(capsys, *ASKED)
    study = read_study(here / "labels.yaml")
    few, many = sorted({run["n_weak"] for run in study.made_runs if not run["n_gold"]})
    assert (few, many) == (100, 300) and "from llm  from ann\n" in said and "in gold labels" not in said
    assert purchases(said) == {"$48": ["16", "100", "$2", "$13.75"], "$144": ["48", "300", "$6", "$41.25"]}
    assert "it trains on the gold labels of its row alone, on the weak ones alone, and on half of each." in said
    # The money would buy more: it is said that the table has none.
    assert (
        "\nThe largest budget, $144, buys weak labels of llm for 300 texts ($6) and ann for 300 texts ($41.25): your "
        "table has no more outside of the test set.\n"
    ) in said
    assert "\ngold labels: is_spam, of 150 different texts: 50 % label 1, 50 % label 0; one costs $3\n" in said
    said = run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "--output", "b.yaml")
    assert "one costs" not in said
    assert purchases(said) == {"16": ["16", "100", "2"], "48": ["48", "300", "6"]}
    assert "\nfrom …: what these weak labels cost there; in gold labels\n" in said


def test_the_file_says_in_what_its_purchases_are_counted(capsys, here):
    write()
    run(capsys, *ASKED)
    run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "--output", "b.yaml")
    for name, unit in (("labels.yaml", "$"), ("b.yaml", "gold labels")):
        lines = [line.strip() for line in (here / name).read_text().splitlines()]
        places = {line.partition(":")[0]: place for place, line in enumerate(lines)}
        assert f"of the most expensive source, in {unit};" in lines[places["weak_price"] - 2]
        assert lines[places["budgets"] - 1] == "# In gold labels."


def test_a_rate_in_the_file_is_explained_by_what_it_makes_of_the_largest_budget(capsys, here):
    write()
    run(capsys, *ASKED)
    text = " ".join((here / "labels.yaml").read_text().split())
    assert "So every # budget buys 6.25 of them in place of a gold one; the largest 48 x 6.25, # which is 300." in text


# The user's own budget


def test_the_budget_that_is_named_is_the_largest_and_is_spent_at_the_true_price(capsys, here):
    write(n=600, n_gold=300)
    said = run(capsys, *ASKED, "--budget", "63")
    grid = yaml.safe_load((here / "labels.yaml").read_text())["grid"]
    assert grid["budgets"] == [16, 21] and "most_weak_per_gold" in grid and "whole gold labels" not in said
    # Where the texts suffice, it buys what its money buys.
    said = run(capsys, *ASKED[:3], "--weak", "llm=0.6", "--gold-price", "3", "--budget", "$63", "--output", "b.yaml")
    assert purchases(said)["$63"] == ["21", "105", "$63"] and "interpolated" not in said
    assert "most_weak_per_gold" not in (here / "b.yaml").read_text()
    bought = {
        (each["n_weak"], each["n_gold"]) for each in read_study(here / "b.yaml").made_runs if each["budget"] == 21
    }
    assert bought == {(105, 0), (55, 10), (0, 21)}
    said = run(capsys, *ASKED, "--budget", "65", "--output", "e.yaml")
    assert "\nBudgets are whole gold labels, so yours of $65 is studied as $63.\n" in said
    # What costs more is not offered.
    assert "Not run" not in said and "--budget" not in said
    said = run(capsys, *ASKED[:3], "--weak", "llm=0.6", "--gold-price", "3", "--output", "c.yaml")
    assert "An answer for a budget between these is interpolated. Name yours by --budget, and it is studied." in said


@pytest.mark.parametrize(
    ("words", "budgets"),
    # Whole gold labels; one is enough; the time does not lower it; without a currency it is in gold labels.
    [
        (("--gold-price", "3", "--budget", "8"), [2]),
        (("--gold-price", "3€", "--budget", "3€"), [1]),
        (("--gold-price", "3", "--budget", "150"), [16, 50]),
        (("--budget", "20"), [16, 20]),
    ],
)
def test_a_budget_is_one_of_the_studys_whatever_the_time(capsys, here, monkeypatch, words, budgets):
    monkeypatch.setattr(first_study_size, "minutes_of", lambda *_: 1000)
    write()
    run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", *words)
    assert read_study(here / "labels.yaml").grid.budgets == budgets


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("--gold-price", "3", "--budget", "2.99"),
            "--budget $2.99 must pay for one gold label at least, which costs $3.",
        ),
        (("--budget", "0.9"), "--budget 0.9 gold labels must pay for one gold label at least, which costs 1."),
        (("--gold-price", "$3", "--budget", "10€"), "The amounts are in $ and in €; give all in one currency."),
    ],
)
def test_a_budget_that_cannot_be_studied_is_refused_with_what_can(capsys, here, words, says):
    write()
    assert says in refused(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", *words)
    assert not (here / "labels.yaml").exists()


def test_a_budget_beyond_the_table_is_studied_as_far_as_the_table_goes(capsys, here):
    write()
    said = run(capsys, *ASKED, "--budget", "$500")
    assert read_study(here / "labels.yaml").grid.budgets == [16, 50] and [*purchases(said)] == ["$48", "$150"]
    assert (
        "\nBesides those that test, the table has 50 gold labels to train on, so of your $500 the study goes up to "
        "$150. A student is trained on the best purchase up to there, and answers say what money is left; for labels "
        "as they are all of it counts.\n"
    ) in said
    assert "whole gold labels" not in said


def test_the_budget_that_is_named_is_what_answers_begin_with(capsys, here):
    write()
    said = run(capsys, *ASKED, "--budget", "$500")
    assert "\nAnswers begin with what $500 buys (`budget` in the file).\n" in said
    assert "\nbudget: 500\n" in (here / "labels.yaml").read_text() and read_study(here / "labels.yaml").budget == 500
    run(capsys, *ASKED, "--budget", "62.5", "--output", "part.yaml")
    assert read_study(here / "part.yaml").budget == 62.5
    plain = ("labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "--output", "plain.yaml")
    assert "Answers begin with what 20 gold labels buy (`budget`" in run(capsys, *plain, "--budget", "20")
    assert "Answers begin" not in run(capsys, *ASKED, "--output", "any.yaml")
    assert read_study(here / "any.yaml").budget is None


def test_how_many_texts_there_are_to_label_is_written_into_the_study(capsys, here):
    write()
    said = run(capsys, *ASKED, "--pool", "8,000")
    assert "\nAnswers are for 8,000 texts, those of the table among them (`texts_to_label` in the file).\n" in said
    assert read_study(here / "labels.yaml").texts_to_label == 8000
    assert "unless a question names another number.\ntexts_to_label: 8000\n" in (here / "labels.yaml").read_text()
    assert "texts_to_label" not in run(capsys, *ASKED, "--output", "any.yaml")
    assert read_study(here / "any.yaml").texts_to_label is None


@pytest.mark.parametrize("texts", ["0", "-5", "1.5", "all"])
def test_texts_to_label_that_are_no_number_of_them_are_refused(capsys, here, texts):
    write()
    with pytest.raises(SystemExit):
        main(["init", *ASKED, f"--pool={texts}"])
    assert f"argument --pool: {texts} must be a whole number from 1 on." in capsys.readouterr().err
    assert not (here / "labels.yaml").exists()


def test_a_source_as_expensive_as_gold_does_not_size_the_purchases(capsys, here):
    write()
    said = run(capsys, "labels.csv", "--gold", "is_spam", "--gold-price", "3", "--weak", "ann1=4", "llm=0.6")
    assert yaml.safe_load((here / "labels.yaml").read_text())["grid"]["weak_price"] == 0.6
    assert (
        "as much as a gold label ($3) or more, so no answer buys any at that price; correct it, or leave 'ann1' out"
        in said
    )
    assert "raise grid.weak_price" not in said
    # Where all are, something must.
    run(capsys, "labels.csv", "--gold", "is_spam", "--gold-price", "3", "--weak", "ann1=4", "--output", "b.yaml")
    assert yaml.safe_load((here / "b.yaml").read_text())["grid"]["weak_price"] == 4


def test_the_price_of_a_weak_label_in_the_file_is_that_of_the_most_expensive_source(capsys, here):
    write()
    run(capsys, *ASKED)
    study, grid = read_study(here / "labels.yaml"), yaml.safe_load((here / "labels.yaml").read_text())["grid"]
    assert grid["weak_price"] == 0.14 and study.prices["ann"][0] * 3 == pytest.approx(0.1375, rel=0.01)
    # At that price the largest budget would buy more than the 300 texts that have weak labels.
    assert grid["most_weak_per_gold"] == 6.25 and grid["budgets"][-1] * 3 / grid["weak_price"] > 300
    assert max(run["n_weak"] for run in study.made_runs) == 300
    # At a higher price it buys fewer, and the texts suffice.
    run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=1", "--gold-price", "3", "--output", "b.yaml")
    assert "most_weak_per_gold" not in (here / "b.yaml").read_text()


def most_weak(study, source: str) -> int:
    return max(run["n_weak"] for run in study.planned_runs if run["supervisor"] == source)


def test_all_labels_of_sources_are_bought_that_are_cheaper_than_the_one_that_sizes_the_budgets(capsys, here):
    write()
    asked = ("labels.csv", "--gold", "is_spam", "--gold-price", "3", "--weak", "ann1=2")
    said = run(capsys, *asked, "llm=0.02")
    study = read_study(here / "labels.yaml")
    assert study.grid.more_purchases == [[300, 0]] and most_weak(study, "llm") == most_weak(study, "ann1") == 300
    assert purchases(said) == {
        "$48": ["16", "24", "$48", "$0.48"],
        "$144": ["48", "72", "$144", "$1.44"],
        "more": ["-", "300", "$600", "$6"],
    }
    assert "\nmore: beside the budgets, since sources differ in price or number of labels\n" in said
    assert "Not run" not in said
    # At one price the largest budget is what all of them cost at most, and it is said what it does not buy.
    said = run(capsys, *asked, "--output", "alone.yaml")
    text = (here / "alone.yaml").read_text()
    assert "more_purchases" not in text and most_weak(read_study(here / "alone.yaml"), "ann1") == 72
    fix = "`more_purchases: [[300, 0]]` under `grid` in the file adds it."
    assert f"\nNot run: a purchase of all 300 weak labels of ann1; {fix}\n" in said
    said = run(capsys, *asked, "llm=2", "--output", "equal.yaml")
    assert f"\nNot run: a purchase of all 300 weak labels of ann1 or llm; {fix}\n" in said
    (here / "alone.yaml").write_text(text.replace("\ngrid:\n", "\ngrid:\n  more_purchases: [[300, 0]]\n"))
    assert most_weak(read_study(here / "alone.yaml"), "ann1") == 300


def test_each_source_is_bought_as_far_as_its_own_labels_go(capsys, here):
    """A source with labels of all texts, and one with those of a fifth."""
    write(n=800, cells=lambda i, label: [str(label), str(label) if i % 10 < 2 else "", "", ""])
    said = run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "ann1=0.02")
    study = read_study(here / "labels.yaml")
    fewer = study.supplies["labels", "ann1"].weak
    assert study.supplies["labels", "llm"].weak == 700 and 100 < fewer < 160
    bought = {
        name: {(run["n_weak"], run["n_gold"]) for run in study.planned_runs if run["supervisor"] == name}
        for name in ("llm", "ann1")
    }
    assert study.grid.beyond_pool == "leave_out" and bought["ann1"] < bought["llm"]
    assert max(bought["llm"]) == (699, 0) and max(bought["ann1"]) == (fewer, 0)
    # Beside all of its labels there is what mixes them with the gold labels of the largest budget.
    assert (fewer // 2, 24) in bought["ann1"] and (0, 48) in bought["ann1"]
    assert purchases(said)["48"] == ["48", "699", "13.98", "too", "few"]
    assert purchases(said)["more"] == ["24", "69", "1.38", "1.38"]
    assert "\ntoo few: the source has fewer labels, so this is not run there\n" in said and "Not run" not in said


ONE_DEAR_FEW = ("labels.csv", "--gold", "is_spam", "--gold-price", "3", "--weak", "llm=0.01", "ann1=1")
ONE_DEAR_FEW += ("--labels", "yes=1,no=0")


def write_many_with_few_of_ann1() -> None:
    write(n=1700, names=("no", "yes"), cells=lambda i, label: [str(label), str(label) if i % 2 else "", "", ""])


def test_a_heading_changes_neither_the_rows_that_test_nor_what_there_is_to_buy(capsys, here):
    write_many_with_few_of_ann1()
    said = [
        run(capsys, *ONE_DEAR_FEW, *more, "--output", f"{name}.yaml")
        for name, more in (("plain", ()), ("heading", ("--question", "Spam:")))
    ]
    plain, heading = (read_study(here / f"{name}.yaml") for name in ("plain", "heading"))
    assert heading.tasks[0].text == "{text}\nSpam:" and purchases(said[0]) == purchases(said[1])
    assert plain.supplies == heading.supplies and plain.grid.more_purchases == heading.grid.more_purchases
    rows = [
        {part: s.source_id.tolist() for part, s in prepare_task(study.tasks[0].plain, "local", str(here)).items()}
        for study in (plain, heading)
    ]
    assert rows[0] == rows[1]


def test_purchases_and_what_is_said_of_them_follow_from_what_the_study_itself_can_buy(capsys, monkeypatch, here):
    write_many_with_few_of_ann1()
    usual = run(capsys, *ONE_DEAR_FEW)
    more = read_study(here / "labels.yaml").grid.more_purchases
    # All of the dear source's labels, and a larger purchase that the file does not have beside these.
    weak = read_study(here / "labels.yaml").supplies["labels", "ann1"].weak
    assert [weak, 0] in more and f"weak labels of llm; `more_purchases: {[*more, [1600, 0]]}` under `grid`" in usual

    def other_supplies(looked):
        fewer = {name: replace(found, weak=found.weak - 50) for name, found in looked.survey.supplies.items()}
        return replace(looked, survey=replace(looked.survey, supplies=fewer))

    look = first_study.look
    monkeypatch.setattr(first_study, "look", lambda wanted: other_supplies(look(wanted)))
    said = run(capsys, *ONE_DEAR_FEW, "--output", "b.yaml")
    assert read_study(here / "b.yaml").grid.more_purchases == more and purchases(said) == purchases(usual)
    assert said.count("Not run") == usual.count("Not run") == 1


def test_a_source_with_hardly_any_labels_is_refused_by_its_name(capsys, here):
    write(cells=lambda i, label: [str(label), str(label) if i % 20 == 0 else "", "", ""])
    said = refused(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "ann1=0.02")
    fix = "have a label of 'ann1', but 32 are needed; have it label more texts, or leave it out."
    assert fix in said


def test_sources_with_nearly_as_many_labels_buy_the_same(capsys, here):
    write(cells=lambda i, label: [str(label), str(label) if i % 50 else "", "", ""])
    run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "ann1=0.02")
    study = read_study(here / "labels.yaml")
    assert most_weak(study, "llm") == most_weak(study, "ann1") == 292
    assert study.supplies["labels", "ann1"].weak == 293 and study.supplies["labels", "llm"].weak == 300
    assert not study.grid.more_purchases


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--gold", "is_spm"), "no column is called 'is_spm'; did you mean 'is_spam'?"),
        (("--gold", "is_spam", "--weak", "lm=0.02"), "no column is called 'lm'"),
        (("--gold", "is_spam", "--weak", "vote=0.02"), "'vote'; known are ann1, ann2, ann3, id, is_spam, llm, text."),
        (
            ("--gold", "is_spam", "--weak", "bot*=0.02"),
            "labels.csv: no column of weak labels fits 'bot*' of --weak; known are",
        ),
        (("--gold", "is_spam", "--weak", "anns*=0.02"), "fits 'anns*' of --weak; did you mean 'ann*'?"),
        (("--gold", "is_spam", "--weak", "is_spam=0.02"), "'is_spam' is the column of the gold labels"),
        (("--gold", "is_spam", "--text", "words"), "no column is called 'words'"),
        ((), "no column is called 'gold'; known are"),
        (("--gold", "is_spam", "--output", "labels.csv"), "labels.csv exists; name another file by --output"),
        (("--gold", "is_spam", "--worker", "id", "--weak", "llm=1", "ann1=1"), "--worker says who votes in one column"),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(capsys, here, words, said):
    write()
    weak = () if "--weak" in words else ("--weak", "llm=0.02")
    assert said in refused(capsys, "labels.csv", *words, *weak)
    assert not (here / "labels.yaml").exists()


def test_too_few_gold_rows_are_refused_with_the_number_that_is_needed(capsys):
    write(n_gold=60)
    said = refused(capsys, *ASKED)
    assert "60 texts have a gold label, but 100 are needed" in said and "label 40 more" in said


def test_one_gold_label_alone_is_refused(capsys):
    write(names=(1, 1))
    assert "0 of the 150 gold labels are 0, but at least 10 of either label are needed" in refused(capsys, *ASKED)
    write(names=("spam", "spam"))
    assert "every gold label in 'is_spam' is 'spam'" in refused(capsys, *ASKED)


def test_two_columns_that_could_be_the_text_are_named(capsys, here):
    write(
        header="id,body,is_spam,llm,subject,ann2,ann3",
        cells=lambda i, label: ["0.5", f"hello about {i} and more", "1", "0"],
    )
    said = refused(capsys, "labels.csv", "--gold", "is_spam", "--weak", "ann*=0.1")
    assert "'body' and 'subject' could each be the text" in said and "--text" in said
    run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "ann*=0.1", "--text", "subject")


def test_a_file_that_is_not_there_is_named(capsys, here):
    assert "There is no file nowhere.csv" in refused(capsys, "nowhere.csv", "--weak", "llm=1")
    with pytest.raises(SystemExit):
        main(["init", "labels.csv", "--weak", "llm"])
    assert "must name a column and the price of a label, as in llm=0.02" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["init", "labels.csv", "--weak", "llm=0.02.0"])
    assert "0.02.0 is no amount" in capsys.readouterr().err
    # That a file of the study's name is there matters less.
    (here / "nowhere.yaml").write_text("")
    assert "There is no file nowhere.csv" in refused(capsys, "nowhere.csv", "--weak", "llm=1")


# Free labels


@pytest.mark.parametrize("free", ["0", "0.00", "$0"])
def test_a_source_may_be_free(capsys, here, free):
    write()
    said = run(capsys, *ASKED[:3], "--weak", f"llm={free}", "ann1=2", "--gold-price", "3")
    assert "free: 'llm'; if you gave a price such as $20, put it in quotes" in said
    study = read_study(here / "labels.yaml")
    assert study.prices["llm"] == [0] and study.grid.weak_price == pytest.approx(2 / 3)
    assert most_weak(study, "llm") == 300 and purchases(said)["more"] == ["-", "300", "$0", "$600"]
    [llm] = [line.split() for line in said.splitlines() if line.startswith("llm ")]
    assert llm[1] == "$0" and "llm for 300 texts ($0): your table has no more" in said
    assert "buys weak labels of ann1 for 72 texts ($144): it pays for no more.\n" in said
    # A named budget pays for any number of them.
    run(capsys, *ASKED[:3], "--weak", f"llm={free}", "--gold-price", "3", "--budget", "9", "--output", "b.yaml")


def test_where_all_sources_are_free_it_is_said_at_what_price_budgets_are_split(capsys, here):
    write()
    said = run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0")
    study = read_study(here / "labels.yaml")
    assert study.prices["llm"] == [0] and study.grid.weak_price == 0.16 and study.grid.most_weak_per_gold is None
    assert most_weak(study, "llm") == 300 and purchases(said)["48"] == ["48", "300", "0"]
    assert "All weak labels are free, but budgets are split as if one cost 0.16 (`weak_price` in the file)" in said
    assert "# All weak labels are free." in (here / "labels.yaml").read_text()


# What is said of sources and scores


def test_what_joins_votes_has_its_quality_and_its_price_for_a_text(capsys):
    write(cells=lambda i, label: ["", *(str(1 - label if i % 3 == k else label) for k in range(3))])
    said = run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "ann*=0.05", "--gold-price", "3")
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line.startswith("ann")}
    # Each errs on another third of the texts, so that two of three are always right.
    assert rows["ann1"][2] == "67" and rows["ann,"][1:4] == ["joined", "$0.15", "100"]
    assert rows["ann,"][-2:] == ["100", "%"] and rows["ann,"][-3] == "150"
    assert "by mean: $0.05 a vote, 3 votes a text, so $0.15 a text\n" in said


def test_the_commoner_label_stands_beside_accuracies_where_it_is_much_commoner(capsys, here):
    write()
    said = run(capsys, *ASKED)
    assert "always giving the commoner label" not in said and "balanced" not in said
    write(gold=lambda i: int(i % 3 == 0))
    said = run(capsys, *ASKED, "--output", "b.yaml")
    assert "\nalways giving the commoner label, 0, is right on 66.7 %\n" in said and "balanced" not in said
    write(gold=lambda i: int(i % 8 != 0))
    assert (
        "\nScores are balanced accuracy, since 87.3 % of the gold labels are 1: the mean of the shares of either label "
        "that are found, so 50 % for always giving one. In training labels of either kind are shown as often.\n"
    ) in run(capsys, *ASKED, "--output", "c.yaml")


def test_that_a_study_is_kept_small_is_the_reason_where_it_is(capsys, monkeypatch):
    monkeypatch.setattr(first_study_size, "minutes_of", lambda *_: 1000)
    write()
    said = run(capsys, "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02")
    assert "buys weak labels of llm for 64 texts (1.28): a first study trains on no more.\n" in said


def test_near_copies_are_named_by_rows_as_a_spreadsheet_counts_them(capsys):
    write(n_gold=200)
    edit_rows(t0="two\nlines, so that rows and lines differ")
    assert re.search(r"look better than it is: rows (\d+) \(line (?!\1\b)\d+ of the file\) and ", run(capsys, *ASKED))
