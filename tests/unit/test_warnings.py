"""What is probably not meant: prices above gold's, and weak columns that say less than they seem to or mislead."""

import copy
import re

import pytest
from random_configs import OWN_STUDY, write_files

from elicitation.study.validation import validate
from elicitation.study.warnings import SHOWN, around_difference, warn_of_copies


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """The working directory, with the files that OWN_STUDY names."""
    folder = tmp_path_factory.mktemp("study")
    write_files(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def warnings(folder, cell=None, title="title", **columns) -> list[str]:
    """The warnings about a study whose table has one weak column, of which cell(i, gold) makes the values."""
    study = copy.deepcopy(OWN_STUDY)
    study["supervisors"] = ["supervisor", {"name": "llm", "columns": columns or {"llm": 0.1}}]
    if cell:
        rows = [f"T{i},{title},{i},{i % 2 if i < 100 else ''},{cell(i, i % 2)}" for i in range(400)]
        (folder / "own/weak.csv").write_text("\n".join(["ticket,title,body,expert,llm", *rows]))
        study["tasks"][0]["table"] = "own/weak.csv"
    return validate(study).warnings


def test_a_sound_study_has_no_warnings(folder):
    assert warnings(folder, lambda i, gold: 0.8 if gold else 0.3) == []


def test_near_copies_are_said_with_rows_and_only_of_the_tasks_that_are_asked_for(folder):
    title = "The parcel came late and its box was open"
    assert warnings(folder, lambda i, gold: 0.8 if gold else 0.3, title=title) == []
    study = copy.deepcopy(OWN_STUDY)
    study["tasks"][0]["table"] = "own/weak.csv"
    study["supervisors"] = ["supervisor", {"name": "llm", "columns": {"llm": 0.1}}]
    study = validate(study)
    (warning,) = warn_of_copies(study, study.task_named)
    n = study.tasks[0].test_size
    assert re.match(
        rf"{n} of the {n} texts of the test set of '.+' nearly equal another text and make a student look better "
        rf"than it is: rows (T\d+ and T\d+, ){{9}}T\d+ and T\d+; {n - 10} more are not named here\. If the two rows of "
        r"a pair say the same, remove the second one; if they differ on purpose, as minimal pairs do, keep both\. The ",
        warning,
    )
    assert f"The first two are '{title}" in warning
    assert [*warn_of_copies(study, ["another"])] == []


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (lambda i, gold: 0.6 + 0.01 * (i % 30), "has no value below 0.5; if it is the confidence of the label"),
        (lambda i, gold: 1 if i % 3 else "", "says 1 wherever it says anything, so it tells no two texts apart"),
        (lambda i, gold: 1 - gold if i % 7 else gold, "is worse than chance: it says 1 of 84% of the texts whose gold"),
        (
            lambda i, gold: 0.2 if gold else 0.9,
            "is worse than chance: it says 1 of 100% of the texts whose",
        ),
    ],
)
def test_a_weak_column_that_misleads_is_named_with_the_fix(cell, words, folder):
    [warning] = warnings(folder, cell)
    assert warning.startswith(f"Column 'llm' of 'llm' (task 'mine') {words}")


def test_a_column_that_may_be_worse_than_chance_by_chance_is_not(folder):
    assert warnings(folder, lambda i, gold: int(i % 5 == 0)) == []


@pytest.mark.parametrize(("how", "persons", "warned"), [("mace", 12, True), ("mace", 3, False), ("mean", 12, False)])
def test_persons_with_too_few_votes_to_be_known_are_named(folder, how, persons, warned):
    rows = [f"T{i},{i % 2},p{(i + k) % persons},{(i + (k == 1)) % 2}" for i in range(200) for k in range(3)]
    (folder / "own/crowd.csv").write_text("\n".join(["text,gold,who,vote", *rows]))
    study = copy.deepcopy(OWN_STUDY)
    study["supervisors"] = [{"name": "crowd", "columns": {"vote": 0.1}, "worker": "who", "aggregate": how}]
    study["tasks"] = [{"name": "mine", "table": "own/crowd.csv", "test_size": 60}]
    study["grid"] = {"weak_price": 0.5, "budgets": [4], "gold_shares": [0, 1]}
    says = "The sources of 'crowd' (task 'mine') have 50 votes each on average, which tell mace little of how often"
    assert any(warning.startswith(says) for warning in validate(study).warnings) == warned


@pytest.mark.parametrize(
    ("cell", "warned"), [(lambda i, gold: int(i % 3 > 0), True), (lambda i, gold: 0.8 if gold else 0.3, False)]
)
def test_a_method_that_keeps_the_most_confident_of_labels_that_say_no_confidence_is_named(folder, cell, warned):
    assert warnings(folder, cell) == []
    study = copy.deepcopy(OWN_STUDY)
    study["supervisors"] = [{"name": "llm", "columns": {"llm": 0.1}}, {"name": "words", "rule": {"contains": ["a"]}}]
    study["supervisors"][1]["price"], study["tasks"][0]["table"] = 0.1, "own/weak.csv"
    study["methods"] = ["sequential_sft", {"name": "sure", "like": "most_confident", "weak_kept": 0.25}]
    found = validate(study).warnings
    says = "'sure' keeps the most confident 25% of the labels of {!r}, but these are only 0 or 1, so it keeps a random"
    named = ["llm", "words"] if warned else ["words"]
    assert len(found) == len(named)
    assert all(one.startswith(says.format(name)) for one, name in zip(found, named, strict=True))


def test_a_weak_label_at_the_price_of_a_gold_one_is_named(folder):
    [dear] = warnings(folder, llm=3.5)
    assert dear.startswith("A weak label of 'llm' costs 3.5, as much as a gold label or more, so no answer buys")
    assert "or leave 'llm' out (prices are in gold labels" in dear
    [planned] = warnings(folder, llm=0.95)
    assert "raise grid.weak_price to 0.95" in planned


def test_near_copies_are_shown_where_they_differ():
    same = "word " * 60
    for one, other in ((f"{same}good", f"{same}bad"), ("good", "bad"), (f"good {same}", f"bad {same}")):
        first, second = around_difference(one, other)
        assert "good" in first and "bad" in second and max(len(first), len(second)) <= SHOWN + 4
    assert [*around_difference("a\nb", "a c")] == ["a b", "a c"]
