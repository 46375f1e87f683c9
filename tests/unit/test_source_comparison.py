"""Who agrees with whom, who says nothing, and where sources err."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from elicitation.analysis.derived_labels import Sources, as_votes, join_labels
from elicitation.analysis.label_quality import describe_sources, describe_workers, tabulate_sources
from elicitation.analysis.source_comparison import (
    LISTED,
    OTHERS,
    compare_columns,
    compare_sources,
    compare_workers,
    tabulate_agreement,
)
from elicitation.files import write_lines

NAN = float("nan")
VOTES = pd.DataFrame(
    {"a": [1, 1, 0, 0, NAN, 1.0], "b": [1, 0, 0, 0, 1, NAN], "c": [NAN, NAN, NAN, NAN, 1, 1]}, list("uvwxyz")
)


def sources_of(votes, gold, column=None):
    texts = pd.DataFrame({"source_id": range(len(gold)), "text": [f"text {i}" for i in votes.index]}, votes.index)
    return Sources(texts, pd.Series(gold, votes.index, dtype=float), votes, column)


def test_probabilities_vote_for_the_likelier_label_and_even_odds_for_none():
    assert as_votes(pd.Series([0.9, 0.5, 0.2, NAN])).fillna(-1).to_list() == [1, -1, 0, -1]


def test_two_sources_agree_on_texts_that_both_label():
    rows = {(row["source"], row["other"]): row for row in compare_columns(VOTES)}
    assert len(rows) == 6
    both = VOTES[["a", "b"]].dropna()
    kappa = pytest.approx(cohen_kappa_score(both.a, both.b))
    assert rows["a", "b"] == {"source": "a", "other": "b", "n": 4, "agreement": 0.75, "kappa": kappa}
    assert rows["b", "a"]["kappa"] == rows["a", "b"]["kappa"]
    # Both always say 1: by chance they would agree as often.
    assert rows["a", "c"] == {"source": "a", "other": "c", "n": 1, "agreement": 1, "kappa": None}


def test_sources_without_a_common_text_have_no_agreement():
    votes = pd.DataFrame({"a": [1, NAN], "b": [NAN, 1.0]})
    assert compare_columns(votes)[0] == {"source": "a", "other": "b", "n": 0}


def test_a_worker_is_compared_with_each_single_vote_of_the_others():
    rng = np.random.default_rng(0)
    votes = pd.DataFrame(rng.integers(2, size=(40, 5)).astype(float), columns=list("abcde"))
    votes = votes.mask(rng.random(votes.shape) < 0.4)
    for row in compare_workers(votes):
        pairs = [
            (vote, other)
            for _, by in votes.iterrows()
            for vote in by[[row["source"]]].dropna()
            for other in by.drop(row["source"]).dropna()
        ]
        own, others = map(list, zip(*pairs, strict=True))
        assert row["other"] == OTHERS and row["n"] == len(pairs)
        assert row["agreement"] == pytest.approx(np.mean(np.equal(own, others)))
        assert row["kappa"] == pytest.approx(cohen_kappa_score(own, others))


def test_a_worker_who_labels_alone_agrees_with_nobody():
    [row, _] = compare_workers(pd.DataFrame({"a": [1, NAN], "b": [NAN, 1.0]}))
    assert row == {"source": "a", "other": OTHERS, "n": 0}


def test_every_source_has_its_surest_errors_with_their_texts():
    n = 3 * LISTED
    labels = pd.DataFrame({"p": np.linspace(0.4, 0.99, n), "vote": np.tile([0.0, 0.5, 1.0], LISTED)})
    joined = join_labels(labels, "mean")
    compared, errors = compare_sources(sources_of(labels, np.zeros(n)), joined, "mean")
    table = pd.DataFrame(errors)
    of_p = table[table.column == "p"]
    assert of_p.label.to_list() == pytest.approx(labels.p.nlargest(LISTED).to_list())
    assert of_p.text.to_list() == [f"text {i}" for i in range(n - 1, n - 1 - LISTED, -1)]
    assert of_p.gold.eq(0).all() and of_p["aggregate"].eq("").all()
    assert table[table.column == "vote"].source_id.to_list() == list(range(2, n, 3)), "the first ones among equals"
    assert table[table.column == "p + vote"]["aggregate"].eq("mean").all()
    assert compared["abstentions"] == [0, pytest.approx(1 / 3), 0]


def test_nothing_is_an_error_where_gold_or_label_is_missing_or_even():
    labels = pd.DataFrame({"p": [0.9, NAN, 0.5, 0.1]})
    _, errors = compare_sources(sources_of(labels, [NAN, 0, 0, 0]), labels.p, None)
    assert errors == []


def test_quality_of_columns_has_their_abstentions():
    gold = pd.Series([1, 0, 1, 0, 1, 0], VOTES.index, dtype=float)
    joined = join_labels(VOTES, "majority")
    record = {"wildcards": {"task": "t", "supervisor": "s"}}
    compared, _ = compare_sources(sources_of(VOTES, gold), joined, "majority")
    rows = describe_sources(gold, VOTES, joined, "majority")
    given = [record | {"sources": rows}], [compared], {"s": [3]}, {"s": dict.fromkeys("abc", 1)}, {}
    table = tabulate_sources(*given)
    assert tabulate_sources(*given, not_asked=["s"]).gaps[0] == "not_asked"
    assert table.abstentions.to_list() == pytest.approx([1 / 6, 1 / 6, 4 / 6, 1 / 6])
    assert table.gaps.fillna("").to_list() == ["abstained"] * 3 + [""]
    assert table.accuracy_all[0] == pytest.approx(table.accuracy[0] * 5 / 6 + 1 / 12)
    # Of the second text a and b say the opposite.
    assert joined["v"] == 0.5 and table.coverage.to_list() == pytest.approx([5 / 6, 5 / 6, 2 / 6, 1])


@pytest.mark.filterwarnings("ignore:Only one class is present")
def test_workers_have_one_row_for_single_votes_and_one_for_what_joins_them():
    votes = VOTES.fillna({"a": 0.5})
    gold = pd.Series(1.0, VOTES.index)
    joined = join_labels(votes, "mean")
    compared, errors = compare_sources(sources_of(votes, gold, "vote"), joined, "mean")
    assert len(compared["abstentions"]) == len(describe_workers(gold, votes, joined, "vote", "mean")) == 2
    # One of 13 votes is 0.5; one joined label, of 1 and 0, is.
    assert compared["abstentions"] == pytest.approx([1 / 13, 1 / 6])
    assert [row["source"] for row in compared["agreement"]] == list("abc")
    assert {row["column"] for row in errors} == {"vote"}


def test_agreement_is_listed_within_supervisors_and_between_them():
    first = pd.DataFrame({"id": list("uvw"), "p_weak": [0.9, 0.2, NAN]})
    second = pd.DataFrame({"id": list("vwu"), "p_weak": [0.3, 0.4, 0.1]})
    record = {"wildcards": {"task": "t", "supervisor": "crowd"}, "agreement": compare_columns(VOTES)}
    table = tabulate_agreement([record], {("t", "crowd"): first, ("t", "llm"): second, ("other", "llm"): second})
    assert list(table) == ["task", "supervisor", "source", "other", "n", "agreement", "kappa"]
    assert table.supervisor.to_list() == ["crowd"] * 6 + [""] * 2
    last = table.iloc[-1]
    assert (last.task, last.source, last.other, last.n, last.agreement) == ("t", "llm", "crowd", 2, 0.5)


def test_lines_show_texts_and_run_nothing(tmp_path):
    text = '=HYPERLINK("x") fähig 日本 \x1b[2J \x9b2J \u202e \U000e0001'
    write_lines(tmp_path / "a.jsonl", [{"text": text}, {"text": "b"}])
    content = (tmp_path / "a.jsonl").read_text()
    assert "fähig 日本" in content and not set(content) & {"\x1b", "\x9b", "\u202e", "\U000e0001"}
    assert [json.loads(line)["text"] for line in content.splitlines()] == [text, "b"]
