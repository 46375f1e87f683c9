"""What supervisors read where it is another text than the student's, and supervisors that are a rule on it."""

import copy
from pathlib import Path

import pandas as pd
import pytest
import yaml

from elicitation.analysis.derived_labels import label_by_rule
from elicitation.data.cards import sample_texts
from elicitation.data.formatting import columns_read, format_row, text_columns
from elicitation.data.supervisor_texts import as_supervisors_read, first_words
from elicitation.data.tasks import clean, prepare_task
from elicitation.data.word_rules import contains_any
from elicitation.errors import InputError
from elicitation.study.estimate import tokens_of
from elicitation.study.text_lengths import TOKENS_PER_WORD, assumed_tokens
from elicitation.study.validation import validate

MINI = yaml.safe_load((Path(__file__).parents[1] / "workflow/mini.yaml").read_text())
SIZES = {"pool_size": 20, "test_size": 10, "supervision_size": 6}
LOCAL = {"name": "own", "local": "own", "splits": {"train": "rows", "test": "rows"}, "label": "y", **SIZES}
TABLE = {"name": "own", "table": "own/rows.csv", "label": "y", "test_size": 10, "supervision_size": 6}
TEXTS = {"text": "{title} {body}\nGood?", "supervisor_text": "Title: {title}"}


@pytest.fixture
def folder(tmp_path):
    """A folder with 60 rows of a title, a body and a label."""
    (tmp_path / "own").mkdir()
    rows = [f"title {i % 7},body number {i} of many,{i % 2}" for i in range(60)]
    (tmp_path / "own/rows.csv").write_text("\n".join(["title,body,y", *rows]))
    return tmp_path


# The texts


@pytest.mark.parametrize(
    ("text", "template", "n", "words"),
    [
        ("one two  three", "{text}", 2, "one two"),
        ("one\ntwo three", "{a} {b}", 2, "one\ntwo"),
        (" one two", "{text}", 5, " one two"),
        # The question stays, and is no word of the text.
        ("Review: one two three\nSentiment:", "Review: {text}\nSentiment:", 3, "Review: one two\nSentiment:"),
        ("Review: one\nSentiment:", "Review: {text}\nSentiment:", 9, "Review: one\nSentiment:"),
        ("one two {so}", "{text} {{so}}", 1, "one {so}"),
    ],
)
def test_the_first_words_keep_what_the_template_ends_with(text, template, n, words):
    assert first_words(text, template, n) == words


@pytest.mark.parametrize("task", [LOCAL, TABLE], ids=["data set", "table"])
@pytest.mark.parametrize(
    ("supervisor_text", "reads"),
    [(TEXTS["supervisor_text"], lambda text: f"Title: {text[:7]}"), ({"words": 3}, lambda text: f"{text[:12]}\nGood?")],
    ids=["template", "words"],
)
def test_sets_are_those_of_the_students_text_with_a_further_column(folder, task, supervisor_text, reads):
    task = task | {"text": TEXTS["text"]}
    plain = prepare_task(task, "local", str(folder))
    sets = prepare_task(task | {"supervisor_text": supervisor_text}, "local", str(folder))
    for part, examples in sets.items():
        assert examples.drop(columns="supervisor_text").equals(plain[part])
        assert examples.supervisor_text.tolist() == [reads(text) for text in examples.text]
        assert as_supervisors_read(examples).text.tolist() == examples.supervisor_text.tolist()
        assert as_supervisors_read(plain[part]) is plain[part]
    assert sample_texts(sets)[0]["supervisor_text"] == sets["test"].supervisor_text[0]
    assert sample_texts(plain)[0].keys() == {"text", "gold"}


def test_the_answer_that_is_shown_is_the_same_in_both_texts_and_no_other_than_without():
    answer = {"among": ["a", "b"], "names": ["a", "b"], "right": "a"}
    task = {"name": "choice", "text": "{question} {answer}", "answer": answer}
    both = task | {"supervisor_text": "{hint}: {answer}"}
    assert columns_read(both) == [*text_columns(task), "hint"] and text_columns(both) == text_columns(task)
    for i in range(20):
        row = {"question": f"Question {i}?", "a": "yes", "b": "no", "hint": f"Hint {i}"}
        text, label, other = format_row(row, both)
        assert (text, label) == format_row(row, task) and other == f"Hint {i}: {text.split()[-1]}"
    assert format_row(row | {"hint": " "}, both | {"supervisor_text": "{hint}"}) is None


def test_of_equal_texts_the_same_one_is_read_in_any_order_of_the_rows():
    rows = pd.DataFrame({"text": ["same", "same", "other"], "gold": 1, "supervisor_text": ["b", "a", "c"]})
    assert clean(rows, "own").equals(clean(rows[::-1], "own"))
    assert clean(rows, "own").set_index("text").supervisor_text["same"] == "a"


def test_texts_that_do_not_fit_a_supervisor_are_dropped_too(folder):
    fits = {"text": lambda texts: [True] * len(texts), "supervisor_text": lambda texts: ["6" not in t for t in texts]}
    for task in (LOCAL, TABLE):
        sets = prepare_task(task | TEXTS, "local", str(folder), fits=fits)
        assert not pd.concat(sets.values()).supervisor_text.str.contains("6").any()


def test_a_row_of_a_table_without_the_supervisors_text_is_named(folder):
    rows = (folder / "own/rows.csv").read_text().replace("title 1,body number 1 of", ",body number 1 of")
    (folder / "own/rows.csv").write_text(rows)
    with pytest.raises(InputError, match="row 3: it has no text in 'title'; write one or drop the row"):
        prepare_task(TABLE | TEXTS, "local", str(folder))


# Rules


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is good.", True),
        ("GREAT! Just", True),
        ("a well-good,thing", True),
        ("goods and greatness", False),
        ("over_good", False),
        ("not  bad", False),
        ("Not bad at all", True),
        ("c++ (really)", True),
        ("c+ +", False),
        ("", False),
    ],
)
def test_words_are_found_whole_in_any_case_and_as_they_are_written(text, found):
    assert contains_any(text, ["good", "great", "not bad", "c++"]) == found


def test_a_rule_labels_all_texts_and_is_described_like_any_source():
    sets = {
        "pool": pd.DataFrame({"id": ["a", "b"], "text": ["good", "bad"], "gold": [1.0, 0.0]}),
        "test": pd.DataFrame({"id": ["c", "d"], "text": ["so good", "so bad"], "gold": [0, 1]}),
    }
    examples = pd.concat(sets.values()).set_index("id")
    arguments = examples.text, examples.gold, sets, "own", "words"
    labelled = label_by_rule({"contains": ["good"]}, *arguments)
    assert labelled.labels.to_dict("list") == {"id": ["a", "b", "c", "d"], "p_weak": [1, 0, 1, 0]}
    [source] = labelled.sources
    assert (source["column"], source["n"], source["coverage"]) == ("words", 4, 1) and source["accuracy"] == 0.5
    for words, says in ((["fine", "nice"], "contain none"), (["good", "bad"], "contain one")):
        with pytest.raises(InputError, match=f"^Supervisor 'words', task 'own': all 4 texts {says} of the words .*;"):
            label_by_rule({"contains": words}, *arguments)


# Studies


def study_of(folder: Path, **changes) -> dict:
    """A study whose supervisors read titles: finetuned, asked and a rule."""
    study = copy.deepcopy(MINI) | {"data_folder": str(folder), "labelling": {"engine": "transformers"}}
    study["tasks"] = [{**LOCAL, **TEXTS, **changes, "pool_size": 300}]
    study["supervisors"] = [
        "supervisor",
        {"name": "asked", "model": "student", "prompted_shots": 1},
        {"name": "words", "rule": {"contains": ["title"]}},
    ]
    return study


def test_each_text_is_measured_for_the_models_that_read_it(folder):
    study = validate(study_of(folder))
    assert study.readers("own", "text") == ["student"]
    assert study.readers("own", "supervisor_text") == ["supervisor", "student"]
    study = study_of(folder)
    del study["tasks"][0]["supervisor_text"]
    plain = validate(study)
    assert plain.readers("own", "text") == ["student", "supervisor"] and not plain.readers("own", "supervisor_text")
    assert "supervisor_text" not in plain.tasks[0].plain


def test_estimates_count_the_text_that_is_read(folder):
    study = validate(study_of(folder))
    assert assumed_tokens("own", study, "supervisor_text") == pytest.approx(3 * TOKENS_PER_WORD)
    assert assumed_tokens("own", study) > 2 * assumed_tokens("own", study, "supervisor_text")
    path = folder / "results/tasks/own/supervisor_texts/supervisor.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"mean": 4.5}')
    model = study.model_named["supervisor"]
    assert tokens_of("own", model, study, folder, "supervisor_text") == 4.5 != tokens_of("own", model, study, folder)


def test_a_rule_costs_its_price_or_is_shown_at_those_of_models(folder):
    study = study_of(folder)
    assert validate(study).prices["words"] == study["weak_prices"]
    study["supervisors"] = [{"name": "words", "rule": {"contains": ["title"]}, "price": 0.02}]
    shuffled = {"name": "shuffled", "shuffle_errors_of": "words"}
    del study["weak_prices"]
    found = validate(study | {"supervisors": [*study["supervisors"], shuffled]})
    assert found.prices == {"words": [0.02], "shuffled": [0.02]} and found.source_prices("words") == {"words": 0.02}
    study["grid"] = study["grid"] | {"weak_price": 0.4}
    assert validate(study | {"currency": "$", "gold_price": 4}).prices == {"words": [0.005]}
    del study["supervisors"][0]["price"]
    with pytest.raises(InputError, match="'weak_prices' is missing"):
        validate(study)
