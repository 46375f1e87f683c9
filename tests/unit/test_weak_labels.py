import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elicitation.analysis.derived_labels import (
    compose_labels,
    draw_tiers,
    drawn_labels,
    least_sure,
    shuffle_errors,
    wrong_ratings,
)
from elicitation.analysis.label_quality import quality_by_set
from elicitation.errors import InputError


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=50))
def test_shuffled_errors_are_the_same_errors_on_other_examples(labels):
    gold, p = np.array([g for g, _ in labels]), np.array([q for _, q in labels])
    shuffled = shuffle_errors(gold, p, "task", "test")
    assert sorted(np.abs(shuffled - gold)) == pytest.approx(sorted(np.abs(p - gold)))
    assert ((shuffled >= 0) & (shuffled <= 1)).all()


def test_shuffled_errors_have_lost_their_pattern():
    rng = np.random.default_rng(0)
    gold, hard = rng.integers(2, size=4000), rng.integers(2, size=4000)
    shuffled = shuffle_errors(gold, np.where(hard, 1 - gold, gold), "task", "pool")
    wrong = (shuffled > 0.5) != gold
    assert wrong.mean() == hard.mean() and abs(np.corrcoef(wrong, hard)[0, 1]) < 0.06


@pytest.fixture(scope="module")
def wrong_of_thirty():
    """Pool and test set of 1,000 and 500 texts, and labels of which 30 % are wrong, some are 0.5 and some missing."""
    rng = np.random.default_rng(1)
    sets = {
        part: pd.DataFrame({"id": [f"{part}{i}" for i in range(n)], "gold": rng.integers(2, size=n)})
        for part, n in (("pool", 1000), ("test", 500))
    }
    examples = pd.concat(sets.values())
    wrong, sure = rng.random(len(examples)) < 0.3, rng.uniform(0.6, 1, len(examples))
    p = np.where((examples.gold == 1) != wrong, sure, 1 - sure)
    p[:20], p[20:60] = 0.5, np.nan
    return sets, pd.DataFrame({"id": examples.id, "p_weak": p})


def test_drawn_errors_are_errors_of_the_source_at_the_rate_that_is_asked_for(wrong_of_thirty):
    sets, labels = wrong_of_thirty
    drawn = drawn_labels(labels, sets, 0.1, "film", "fewer")
    assert drawn.id.tolist() == labels.id.tolist()
    before, after, gold = labels.p_weak.to_numpy(), drawn.p_weak.to_numpy(), pd.concat(sets.values()).gold
    changed = ~np.isclose(before, after, equal_nan=True)
    was_wrong, is_wrong = (np.abs(p - gold.to_numpy()) > 0.5 for p in (before, after))
    assert was_wrong[changed].all() and was_wrong[is_wrong].all() and not is_wrong[changed].any()
    # Corrected labels are as sure as they were.
    assert after[changed] == pytest.approx(1 - before[changed])
    assert (np.isnan(before) == np.isnan(after)).all() and (after[before == 0.5] == 0.5).all()
    assert is_wrong[:1000].sum() == round(0.1 * 960) and is_wrong[1000:].sum() == 50
    pd.testing.assert_frame_equal(drawn, drawn_labels(labels, sets, 0.1, "film", "other"))


def test_errors_of_one_rater_are_drawn_where_raters_err(wrong_of_thirty):
    sets, labels = wrong_of_thirty
    gold = pd.concat(sets.values()).set_index("id").gold
    # Of every fourth text no rating is wrong, of the next one in ten, then three and then six, and one abstains.
    against = dict(zip(gold.index, [0, 1, 3, 6] * 375, strict=True))
    votes = {i: [-n if gold[i] else n for n in [1] * k + [-1] * (9 - k) + [0]] for i, k in against.items()}
    chances = wrong_ratings(votes, gold)
    assert chances.tolist() == pytest.approx([0, 0.1, 0.3, 0.6] * 375)
    drawn = drawn_labels(labels.fillna(0.5), sets, 0.1, "film", "person", chances).set_index("id").p_weak
    assert set(drawn) == {0.0, 1.0}
    shares = (drawn != gold).to_numpy().reshape(-1, 4).mean(axis=0)
    assert shares.mean() == pytest.approx(0.1)
    assert shares[0] == 0 and shares[1] < shares[2] < shares[3]


def test_more_errors_than_there_are_cannot_be_drawn(wrong_of_thirty):
    sets, labels = wrong_of_thirty
    with pytest.raises(InputError, match=r"'fewer', task 'film': error_rate is 0.4, but .* lower error_rate to 0\.\d+"):
        drawn_labels(labels, sets, 0.4, "film", "fewer")


def test_quality_is_by_set():
    labels = pd.DataFrame({"id": list("abcd"), "p_weak": [0.9, 0.1, 0.8, 0.3]})
    halves = {"pool": ["a", "b"], "test": ["d", "c"]}
    sets = {name: pd.DataFrame({"id": ids, "gold": [1, 0]}) for name, ids in halves.items()}
    quality = quality_by_set(labels, sets)
    assert quality["pool"]["accuracy"] == 1 and quality["test"]["accuracy"] == 0


SHARES = {"small": 0.7, "rater": 0.2, "panel": 0.1}
IDS = [f"text{i}" for i in range(2000)]


def test_tiers_label_their_shares_of_the_texts_and_a_text_keeps_its_tier():
    tiers = draw_tiers(IDS, SHARES, "tiers")
    for name, share in SHARES.items():
        assert abs((tiers == name).mean() - share) < 0.03
    backwards = dict(reversed(SHARES.items()))
    assert draw_tiers(IDS[:5][::-1], backwards, "tiers").tolist() == tiers[:5][::-1].tolist()
    # Those of another supervisor are drawn independently.
    other = draw_tiers(IDS, SHARES, "other") == "small"
    assert abs(other[tiers == "small"].mean() - 0.7) < 0.04


def composed(**settings) -> tuple[pd.DataFrame, pd.Series]:
    """Three sources' labels of half of the texts each, with a gap; and the labels that are composed from them."""
    rng = np.random.default_rng(0)
    labels = pd.DataFrame(rng.integers(2, size=(len(IDS), 3)).astype(float), IDS, list(SHARES))
    labels.loc["text7", "rater"] = np.nan
    halves = {"pool": IDS[::2], "test": IDS[1::2]}
    sets = {part: pd.DataFrame({"id": ids, "gold": labels.small[ids].to_numpy()}) for part, ids in halves.items()}
    made = compose_labels(labels, {"name": "made", **settings}, sets)
    assert made.quality["pool"]["n"] == 1000 and made.quality["test"]["n"] == 999
    assert [row["column"] for row in made.sources] == [*SHARES, "small + rater + panel"]
    assert made.sources[0]["accuracy"] == 1 and made.sources[-1]["coverage"] == 1 - 1 / len(IDS)
    return labels, made.labels.set_index("id").p_weak[IDS]


def test_joined_labels_are_surest_where_all_sources_agree():
    labels, p = composed(joined=list(SHARES), aggregate="mean")
    assert np.isnan(p["text7"]) and p.drop("text7").equals(labels.drop("text7").mean(axis=1))
    _, majority = composed(joined=list(SHARES), aggregate="majority")
    assert majority.drop("text7").equals((p.drop("text7") > 0.5).astype(float))


def test_the_least_sure_texts_of_every_set_have_the_label_of_the_second_source():
    rng, halves = np.random.default_rng(0), {"pool": IDS[::2], "test": IDS[1::2]}
    labels = pd.DataFrame({"llm": rng.uniform(size=len(IDS)), "expert": 1.0}, IDS)
    labels.loc["text9"] = [0.5, np.nan]
    sets = {part: pd.DataFrame({"id": ids, "gold": [0, 1] * 500}) for part, ids in halves.items()}
    settings = {"name": "checked", "first": "llm", "second": "expert", "second_share": 0.2}
    made = compose_labels(labels, settings, sets)
    assert made.sources[-1]["aggregate"] == "second_look" and made.sources[-1]["coverage"] == 1
    p = made.labels.set_index("id").p_weak
    for ids in halves.values():
        own = labels.llm[ids]
        changed = p[ids] != own
        # The first label stays where there is no second one.
        assert p["text9"] == labels.llm["text9"] and changed.sum() == 200 - ("text9" in ids)
        assert (p[ids][changed] == 1).all()
        assert (own[changed] - 0.5).abs().max() < (own.drop("text9", errors="ignore")[~changed] - 0.5).abs().min()
    # Nor where the second one says neither.
    neither = compose_labels(labels.assign(expert=0.5), settings, sets).labels.set_index("id").p_weak
    assert neither[IDS].equals(labels.llm)
    # Texts of which the first source says nothing have the second label, even if they are more than the share.
    labels.loc[IDS[:600], "llm"] = np.nan
    p = compose_labels(labels, settings, sets).labels.set_index("id").p_weak
    assert np.isnan(p["text9"]) and (p[IDS[:600]].drop("text9") == 1).all()
    later = p[IDS[600:]]
    assert later[later != 1].equals(labels.llm[later[later != 1].index])
    # Of texts that are all as sure some are drawn, the same ones in any order.
    hard = pd.Series(1.0, IDS)
    drawn = least_sure(hard, 0.25, "checked")
    assert drawn.sum() == 500 and 100 < drawn[:1000].sum() < 400
    assert least_sure(hard[::-1], 0.25, "checked")[IDS].equals(drawn)


def test_a_label_of_tiers_is_that_of_the_texts_tier():
    labels, p = composed(shares=SHARES)
    tiers = draw_tiers(IDS, SHARES, "made")
    expected = [labels.loc[text, tier] for text, tier in zip(IDS, tiers, strict=True)]
    assert np.isnan(p["text7"]) and p.drop("text7").tolist() == pd.Series(expected, IDS).drop("text7").tolist()
