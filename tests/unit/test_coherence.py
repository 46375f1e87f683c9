"""Searching for the labels that a model finds most coherent."""

from collections import Counter

import numpy as np
import pytest
from scipy.special import expit

from elicitation.data.prompts import PromptFormat
from elicitation.models.engines import Labelling
from elicitation.models.hardware import CPU
from elicitation.models.lengths import searched_ids
from elicitation.training.coherence import FIRST, Search, find_labels, label_by_coherence, temperature

MOOD = PromptFormat(" mood :", (" unhappy", " happy"))
TRUTH = np.random.default_rng(0).integers(0, 2, 40)


def knows(hint, weight, asked=None):
    """A model that tells which texts are alike: a text gets the label of those like it, and the truth as a hint."""

    def ask(questions):
        if asked is not None:
            asked.extend(questions)
        signs = 2 * TRUTH - 1
        votes = [sum(signs[i] * signs[j] * (2 * y - 1) for j, y in shown) for i, shown in questions]
        return [expit(hint * signs[i] + weight * vote) for (i, _), vote in zip(questions, votes, strict=True)]

    return ask


@pytest.mark.parametrize("seed", range(5))
def test_the_search_finds_the_coherent_labels(seed):
    search = Search(texts=40, examples=10, steps=200, seed=seed)
    found, record = find_labels(search, knows(hint=2.0, weight=0.2))
    assert len(found) >= 38 and all(TRUTH[i] == label for i, label in found.items())
    assert record["mean_log_probability"]["last"] > max(-0.1, record["mean_log_probability"]["first"])
    assert record["labelled"] == len(found) and record["share_of_1"] == np.mean(list(found.values()))


@pytest.mark.parametrize("bias", [-4.0, 4.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_model_that_leans_to_a_label_does_not_end_with_that_label_for_all(bias, seed):
    hints = 2 * TRUTH - 1 + np.random.default_rng(1).normal(0, 1, len(TRUTH))

    def ask(questions):
        """Copies the labels that it is shown, the last one most, and leans to one label whatever it is shown."""
        copied = [sum(0.3 * (2 * y - 1) for _, y in shown) + 2 * shown[-1][1] - 1 for _, shown in questions]
        return [expit(bias + more + 0.6 * hints[i]) for (i, _), more in zip(questions, copied, strict=True)]

    assert np.mean((bias + 0.6 * hints > 0) == TRUTH) < 0.6
    found, record = find_labels(Search(texts=40, examples=8, steps=200, seed=seed), ask)
    assert len(found) >= 36 and 0.3 < record["share_of_1"] < 0.7
    assert np.mean([TRUTH[i] == label for i, label in found.items()]) > 0.8
    assert 30 < record["accepted"] <= record["proposals"] <= 200


def test_a_search_repeats_itself_and_asks_nothing_twice_and_no_text_about_itself():
    asked = []
    search = Search(texts=40, examples=5, steps=60, seed=3)
    found, record = find_labels(search, knows(0.2, 0.3, asked))
    assert find_labels(search, knows(0.2, 0.3)) == (found, record)
    assert max(Counter(asked).values()) == 1 and record["questions"] == len(asked)
    assert all(i not in dict(shown) and len(dict(shown)) == len(shown) <= 5 for i, shown in asked)
    assert {i for i, _ in asked[:FIRST]} <= {*range(40)} and all(len(shown) == 5 for _, shown in asked[:FIRST])
    assert find_labels(Search(40, 5, 60, seed=4), knows(0.2, 0.3))[0] != found


def test_a_model_that_knows_nothing_keeps_to_no_labels_but_says_so():
    found, record = find_labels(Search(40, 5, 30, 0), lambda questions: [0.5] * len(questions))
    assert set(found.values()) <= {0, 1} and record["mean_log_probability"]["last"] == pytest.approx(np.log(0.5))


def test_it_cools_as_the_paper_says():
    assert temperature(1) == 10
    assert temperature(100) == pytest.approx(10 / (1 + 0.99 * np.log(100)))


def test_texts_keep_the_labels_of_the_search_and_others_are_labelled_by_them(llama_folder, examples):
    pool, test = examples[:30], examples[30:]
    supervisor = {"name": "s", "model": "llama", "icm": {"texts": 10, "examples": 3, "steps": 8, "seed": 1}}
    arguments = (llama_folder, supervisor, pool, test, MOOD, Labelling("transformers"), CPU)
    labels, record = label_by_coherence(*arguments)
    assert labels.id.tolist() == examples.id.tolist() and labels.p_weak.between(0, 1).all()
    own = labels[labels.p_weak.isin([0, 1])].id
    # The model's answers to all that the pool holds are calibrated, so they lean to neither label.
    others = labels[:30][~labels.id[:30].isin(own)].p_weak
    assert 0.2 < (others > 0.5).mean() < 0.8
    assert FIRST <= len(own) == record["search"]["labelled"] and {*own} <= {*searched_ids(pool, 10, 1)}
    assert labels.p_weak[30:].nunique() == 10 and 0 <= record["search"]["accuracy"] <= 1
    assert record["engine"]["engine"] == "transformers" and record["search"]["prefix_cache"] is None
    again = label_by_coherence(llama_folder, supervisor, pool[::-1], *arguments[3:])[0]
    np.testing.assert_allclose(again.set_index("id").p_weak[labels.id], labels.p_weak, atol=1e-5)
