import hashlib
import re
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elicitation.data.cards import describe_sets, hash_rows, pin_revision, revision_of, sample_texts, source_files
from elicitation.data.formatting import text_key
from elicitation.data.splits import read_split
from elicitation.data.tasks import clean, format_rows, prepare_task, split_task
from elicitation.errors import InputError
from elicitation.files import hash_text

SIZES = {"pool_size": 20, "test_size": 10, "supervision_size": 6}
TASK = {
    "name": "own",
    "local": "own",
    "splits": {"train": "train", "test": "test"},
    "text": "{q}",
    "label": "y",
    **SIZES,
}
SANDBOX_TASK = {"name": "verdict", "sandbox": "verdict", **SIZES}


def rows(n=60, prefix="text"):
    return pd.DataFrame({"q": [f"{prefix} {i}" for i in range(n)], "y": [i % 2 for i in range(n)]})


def write(table, path):
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    elif path.suffix == ".jsonl":
        table.to_json(path, orient="records", lines=True)
    else:
        table.to_parquet(path)


def prepared(folder, ending="parquet", train=None, test=None, **changes):
    """The sets of the task in `folder`, once its two splits are written there."""
    write(rows() if train is None else train, folder / f"own/train.{ending}")
    write(rows(30, "held out") if test is None else test, folder / f"own/test.{ending}")
    return prepare_task(TASK | changes, "local", str(folder))


def assert_sound(sets, sizes=SIZES):
    """Sizes are exact, classes balanced, sets disjoint, and ids made from the texts."""
    for part, examples in sets.items():
        n = sizes[f"{part}_size"]
        assert list(examples.columns) == ["id", "text", "gold"]
        assert (len(examples), examples.gold.sum()) == (n, n // 2)
    everything = pd.concat(sets.values())
    assert everything.id.is_unique
    assert everything.text.is_unique
    assert everything.id.tolist() == [hash_text(text) for text in everything.text]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_local_files_become_sound_sets(tmp_path, ending):
    sets = prepared(tmp_path, ending)
    assert_sound(sets)
    for part, examples in sets.items():
        assert examples.text.str.startswith("held out" if part == "test" else "text").all()
        numbers = examples.text.str.split().str[-1].astype(int)
        assert (numbers % 2 == examples.gold).all()


def test_sandbox_tasks_become_sound_sets_of_any_size():
    sizes = {"pool_size": 21, "test_size": 11, "supervision_size": 7}
    sets = prepare_task(SANDBOX_TASK | sizes, "hub", None)
    assert_sound(sets, sizes)
    again = prepare_task(SANDBOX_TASK | sizes, "hub", None)
    assert all(examples.equals(again[part]) for part, examples in sets.items())


def test_ids_are_half_a_sha256_of_the_text():
    assert hash_text("abc") == hashlib.sha256(b"abc").hexdigest()[:32]


def test_what_both_splits_hold_is_test(tmp_path):
    sets = prepared(tmp_path, test=rows(12))
    assert_sound(sets)
    assert set(sets["test"].text) <= set(rows(12).q)


def test_repeated_texts_count_once(tmp_path):
    assert_sound(prepared(tmp_path, train=pd.concat([rows(50)] * 3)))
    with pytest.raises(InputError, match="pool set needs 10"):
        prepared(tmp_path, train=pd.concat([rows(20)] * 3))


def spelled(table):
    """The same texts in other white space and capitals."""
    return table.assign(q="\t" + table.q.str.upper().str.replace(" ", "  \n"))


def test_texts_that_differ_in_white_space_or_case_count_once(tmp_path):
    assert_sound(prepared(tmp_path, train=pd.concat([rows(50), spelled(rows(50))])))
    with pytest.raises(InputError, match="pool set needs 10"):
        prepared(tmp_path, train=pd.concat([rows(20), spelled(rows(20))]))
    contradictory = pd.concat([rows(60), spelled(rows(20).assign(y=1 - rows(20).y))])
    texts = {text_key(text) for text in pd.concat(prepared(tmp_path, train=contradictory).values()).text}
    assert not texts & set(rows(20).q)


COPIES = [
    "Café  au lait",
    "Cafe\u0301 au lait",
    "CAFÉ au\u00a0lait",
    "café au \u200blait",
    "\uff43afé au lait",
    "Ca\u00adfé au lait",
]


@pytest.mark.parametrize("copy", COPIES)
def test_copies_that_differ_by_white_space_case_or_unicode_form_have_one_key(copy):
    assert text_key(copy) == text_key(COPIES[0]) != text_key("Cafe au lait")
    assert text_key("STRASSE") == text_key("straße") and text_key("ﬁne") == text_key("fine")


def test_no_set_holds_another_sets_text_in_other_white_space_or_case(tmp_path):
    for splits in (TASK["splits"], {"train": "train", "test": "train"}, {"train": ["train", "test"], "test": 24}):
        sets = prepared(tmp_path, test=spelled(rows(30)), splits=splits)
        assert pd.concat(sets.values()).text.map(text_key).is_unique


def test_texts_that_do_not_fit_are_dropped_before_the_sets_are_drawn(tmp_path):
    def fits(texts):
        return [not text.endswith("7") for text in texts]

    write(rows(), tmp_path / "own/train.csv")
    write(rows(30, "held out"), tmp_path / "own/test.csv")
    sets = prepare_task(TASK, "local", str(tmp_path), fits={"text": fits})
    assert_sound(sets)
    assert not pd.concat(sets.values()).text.str.endswith("7").any()
    table = {"name": "mine", "table": "own/train.csv", "text": "{q}", "label": "y", "test_size": 10}
    sets = prepare_task(table, "local", str(tmp_path), fits={"text": fits})
    assert sum(map(len, sets.values())) == 54 and not pd.concat(sets.values()).text.str.endswith("7").any()


def test_which_spelling_stands_does_not_depend_on_the_order_of_the_rows():
    both = pd.concat([rows(30), spelled(rows(30))]).rename(columns={"q": "text", "y": "gold"})
    kept = clean(both, "own")
    assert clean(both.iloc[::-1], "own").equals(kept) and len(kept) == 30
    assert kept.id.tolist() == [hash_text(text) for text in kept.text], "the id is that of the text as it stands"
    assert 5 < kept.text.str.startswith("text").sum() < 25


def test_joined_splits_are_one_source_and_a_number_of_its_examples_is_held_out(tmp_path):
    splits = {"train": ["train", "test"], "test": 20}
    sets = prepared(tmp_path, splits=splits)
    assert_sound(sets)
    assert {text.rpartition(" ")[0] for text in pd.concat(sets.values()).text} == {"text", "held out"}
    # 90 examples are enough for sets of 10, 6 and 66, but 70 are not enough for the last two.
    with pytest.raises(InputError, match="pool set needs 33"):
        prepared(tmp_path, splits=splits, pool_size=66)
    with pytest.raises(InputError, match="test set needs 11"):
        prepared(tmp_path, splits=splits, test_size=22)
    with pytest.raises(InputError, match="the 90 different texts of the train split leave none to train on once 90"):
        prepared(tmp_path, splits=splits | {"test": 90})


def test_texts_of_a_csv_stay_as_they_are_written(tmp_path):
    words = ["None", "NA", "null", "nan", "3", "", "1.50", "True"]
    cells = [words[i // 2 % 8] for i in range(60)]
    table = rows().assign(n=cells)
    sets = prepared(
        tmp_path, "csv", train=table, test=rows(30, "held out").assign(n="x"), text="{q}: {n}", pool_size=20
    )
    written = {f"text {i}: {cell}" for i, cell in enumerate(cells) if cell}
    found = pd.concat(sets[part] for part in ("pool", "supervision")).text
    assert set(found) <= written and len({text.partition(": ")[2] for text in found}) == 7


def test_a_column_of_a_csv_may_be_both_text_and_label(tmp_path):
    pool = prepared(tmp_path, "csv", text="{q}: {y}")["pool"]
    assert (pool.text.str[-1] == pool.gold.astype(str)).all()


def test_dates_may_stand_in_the_texts_of_a_pair(tmp_path):
    days = pd.date_range("2020-01-01", periods=60)
    pair = {"right": "day", "wrong": "q"}
    task = {name: value for name, value in TASK.items() if name != "label"} | {
        "pair": pair,
        "text": "{first} or {second}",
    }
    texts = format_rows(rows().assign(day=days), task, "train").text
    assert texts.str.contains("2020-01-02").sum() == 1


def test_one_split_can_serve_as_pool_and_test(tmp_path):
    assert_sound(prepared(tmp_path, splits={"train": "train", "test": "train"}))


def test_the_pool_may_hold_the_rows_that_supervisors_are_finetuned_on(tmp_path):
    write(rows(), tmp_path / "own/train.parquet")
    write(rows(30, "held out"), tmp_path / "own/test.parquet")
    task = TASK | {"pool_size": 60}
    with pytest.raises(InputError, match="pool set needs 30"):
        prepare_task(task, "local", str(tmp_path))
    sets = prepare_task(task, "local", str(tmp_path), rows_in_pool=True)
    assert set(sets["supervision"].id) <= set(sets["pool"].id) and sets["pool"].gold.sum() == 30
    assert not set(sets["test"].id) & {*sets["pool"].id, *sets["supervision"].id}
    assert describe_sets(sets)["supervision_rows_in_pool"] == SIZES["supervision_size"]


QUIZ = TASK | {"text": "{q}: {answer}", "answer": {"among": ["a", "b", "c"], "right": "y", "first": 0}}
del QUIZ["label"]


@settings(max_examples=10)
@given(st.permutations(range(60)))
def test_answers_do_not_depend_on_the_order_or_number_of_rows(order):
    table = pd.DataFrame({"q": [f"question {i}" for i in range(60)], "a": "red", "b": "blue", "c": "green"})
    table["y"] = [i % 3 for i in range(60)]
    first = format_rows(table, QUIZ, "train")
    assert format_rows(table.iloc[order], QUIZ, "train").equals(first.iloc[order].reset_index(drop=True))
    assert format_rows(table[:7], QUIZ, "train").equals(first[:7])


labelled = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), max_size=30)


@settings(max_examples=50)
@given(st.data(), labelled)
def test_sets_do_not_depend_on_the_order_of_the_rows(data, extra):
    """Not even where the same text comes with both labels."""
    task = {"name": "own", "pool_size": 6, "test_size": 4, "supervision_size": 4}
    pairs = [(f"certain {i}", i % 2) for i in range(14)] + [(f"text {i}", label) for i, label in extra]
    tables = [pd.DataFrame(order, columns=["text", "gold"]) for order in (pairs, data.draw(st.permutations(pairs)))]
    first, second = (split_task(table, table, task) for table in tables)
    assert all(examples.equals(second[part]) for part, examples in first.items())


def test_few_test_examples_keep_their_gold_label_where_the_task_says_so():
    whole, few = prepare_task(SANDBOX_TASK, "hub", None), prepare_task(SANDBOX_TASK | {"test_gold": 4}, "hub", None)
    assert few["pool"].equals(whole["pool"]) and few["test"].id.equals(whole["test"].id)
    kept = few["test"].gold.dropna()
    assert sorted(kept) == [0, 0, 1, 1] and kept.equals(whole["test"].gold[kept.index].astype(float))
    assert len(sample_texts(few)) == 3 and describe_sets(few)["counts"]["test"]["gold labels"] == 4


def test_tasks_are_shuffled_by_their_names():
    table = rows().rename(columns={"q": "text", "y": "gold"})
    first, second = (split_task(table, table, SIZES | {"name": name}) for name in ("a", "b"))
    assert set(first["pool"].id) != set(second["pool"].id)


# Formatting


def test_the_template_joins_columns_and_rows_without_text_are_dropped():
    table = pd.DataFrame({"q": ["a", None, "", "d"], "r": ["b", "c", "", ""], "y": [1, 0, 1, 0]})
    formatted = format_rows(table, TASK | {"text": "{q} / {r}"}, "train")
    assert formatted.to_dict("list") == {"text": ["a / b", "d / "], "gold": [1, 0]}


def test_braces_in_a_text_are_no_fields():
    table = pd.DataFrame({"q": ["{y} {0}"], "y": [1]})
    assert format_rows(table, TASK, "train").text.tolist() == ["{y} {0}"]


@pytest.mark.parametrize("labels", [[True, False], [1.0, 0.0], [1, 0]])
def test_labels_may_be_booleans_or_whole_numbers(labels):
    formatted = format_rows(pd.DataFrame({"q": ["a", "b"], "y": labels}), TASK, "train")
    assert formatted.gold.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 2, 2], "row 1: column 'y' holds what is no label, 2 (2 rows); write 0 or 1"),
        ([0, -1, 1], "row 1: column 'y' holds what is no label, -1 (1 row); write 0 or 1"),
        ([0.0, 0.5, 0.5], "row 1: column 'y' holds what is no label, 0.5 (2 rows); write 0 or 1"),
        ([0, None, 1], "row 1: 1 of 3 rows have no label in column 'y', this one first;"),
        (["0", "yes", "Yes"], "row 1: column 'y' holds what is no label, 'yes' (1 row), 'Yes' (1 row); write 0 or 1"),
    ],
)
def test_labels_that_are_not_0_or_1_are_counted_and_the_first_is_named(labels, words):
    with pytest.raises(InputError, match=re.escape(f"'own', split 'train', {words}")):
        format_rows(pd.DataFrame({"q": ["a", "b", "c"], "y": labels}), TASK, "train")


@pytest.mark.parametrize("changes", [{"text": "{question}"}, {"label": "question"}, {"text": "{q} {question}"}])
def test_a_missing_column_is_named_beside_those_that_are_there(changes):
    with pytest.raises(InputError, match=r"'own', split 'train': the column 'question' is missing; known are q, y\."):
        format_rows(rows(), TASK | changes, "train")


def test_an_empty_split_is_an_error():
    with pytest.raises(InputError, match="'own', split 'test': it has no rows"):
        format_rows(rows(0), TASK, "test")


def test_a_right_answer_that_is_none_of_the_choices_is_shown_with_its_row():
    table = pd.DataFrame({"q": ["x", "y"], "a": "red", "b": "blue", "c": "green", "y": [0, 3]})
    message = "split 'train': the right answer in column 'y' is '3' in row 1, but the answers are called 0, 1, 2;"
    with pytest.raises(InputError, match=message):
        format_rows(table, QUIZ, "train")


@pytest.mark.parametrize("column", ["q", "c", "y"])
def test_a_missing_column_of_a_rule_is_named(column):
    table = pd.DataFrame({"q": ["x"], "a": "red", "b": "blue", "c": "green", "y": 0}).drop(columns=column)
    with pytest.raises(InputError, match=f"the column '{column}' is missing"):
        format_rows(table, QUIZ, "train")


# The hub, played by a folder that is laid out like a repository


def hub_task(folder, **hub):
    """The task with a repository of two configurations, as a hub's conversion to parquet lays them out."""
    for config in ("first", "second"):
        for split in ("train", "test"):
            path = folder / config / split / "0000.parquet"
            path.parent.mkdir(parents=True)
            rows(20, f"{config} {split}").to_parquet(path)
    return TASK | {"hub": {"id": str(folder), "revision": "0" * 40} | hub}


def test_splits_are_read_from_a_repositorys_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    task = hub_task(tmp_path / "repository", data_dir="second")
    for split in ("train", "test"):
        assert read_split(task, split, "hub", None).equals(rows(20, f"second {split}"))


def test_the_hub_is_asked_for_the_pinned_revision(monkeypatch):
    asked = []

    def load_dataset(*place, **settings):
        asked.append((*place, settings))
        raise ConnectionError("no way\nthere")

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    task = TASK | {"hub": {"id": "a/b", "config": "c", "revision": "0" * 40}}
    with pytest.raises(InputError, match=r"'own': the split 'train' of a/b@0{40} cannot be loaded .* \(no way\);"):
        read_split(task, "train", "hub", None)
    assert asked == [("a/b", {"name": "c", "data_dir": None, "revision": "0" * 40, "split": "train"})]


def test_the_rows_of_every_split_that_is_read_are_hashed_in_whatever_format_they_came(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    task = hub_task(tmp_path / "repository", data_dir="second")
    place = f"{tmp_path / 'repository'}@{'0' * 40}"
    hashes = {f"{place}:{split}": hash_rows(rows(20, f"second {split}")) for split in ("train", "test")}
    assert source_files(task, "hub", None) == hashes and len(set(hashes.values())) == 2
    assert hash_rows(rows(20).iloc[::-1]) != hash_rows(rows(20)) != hash_rows(rows(20).rename(columns={"q": "r"}))


@pytest.mark.parametrize("branch", ["main", "refs/convert/parquet"])
def test_a_branch_is_replaced_by_the_commit_that_it_stands_at(monkeypatch, branch):
    asked = []

    def dataset_info(self, name, revision):
        asked.append((name, revision))
        return SimpleNamespace(sha="c0ffee00" * 5)

    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", dataset_info)
    pinned = pin_revision(TASK | {"hub": {"id": "a/b", "revision": branch}}, "hub")
    assert asked == [("a/b", branch)]
    assert revision_of(pinned, "hub") == f"a/b@{'c0ffee00' * 5}", "as the card says"


# Errors of whole tasks


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("label", [0, 1])
def test_a_split_of_one_class_is_not_binary(tmp_path, split, label):
    with pytest.raises(InputError, match=f"'own': the {split} split is not binary, its labels are {label};"):
        prepared(tmp_path, **{split: rows().assign(y=label)})


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"test_size": 40}, "the test set needs 20 examples with label 0, but only 15 are left"),
        ({"supervision_size": 70}, "the supervision set needs 35 examples with label 0, but only 30 are left"),
        ({"pool_size": 56}, "the pool set needs 28 examples with label 0, but only 27 are left"),
    ],
)
def test_shortage_is_an_error_and_nothing_is_shrunk(tmp_path, sizes, message):
    with pytest.raises(InputError, match=f"'own': {message}"):
        prepared(tmp_path, **sizes)


@pytest.mark.parametrize("content", ["", "garbage {"], ids=["empty", "garbage"])
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_file_that_cannot_be_used_is_an_error_that_names_the_task(tmp_path, ending, content):
    (tmp_path / "own").mkdir()
    for split in ("train", "test"):
        (tmp_path / f"own/{split}.{ending}").write_text(content)
    with pytest.raises(InputError, match="'own'"):
        prepare_task(TASK, "local", str(tmp_path))


def test_a_split_without_a_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"'own': none of .*train\.parquet"):
        prepare_task(TASK, "local", str(tmp_path))


# Cards


@pytest.mark.parametrize(
    ("task", "sources", "revision"),
    [
        (SANDBOX_TASK, "local", "sandbox"),
        (TASK, "local", "local:own"),
        (TASK | {"hub": {"id": "a/b", "revision": "c0ffee"}}, "hub", "a/b@c0ffee"),
    ],
)
def test_the_revision_pins_the_source_that_was_used(task, sources, revision):
    assert revision_of(task, sources) == revision


def test_samples_are_test_examples_in_plain_types():
    sets = prepare_task(SANDBOX_TASK, "local", None)
    assert sample_texts(sets, 2) == sets["test"][["text", "gold"]].head(2).to_dict("records")
