"""Labels that cost nothing: Internal Coherence Maximization, a search for the labels that a model finds most coherent.

Source: Wen et al. (2025), arXiv 2506.10139: the score in section 2.2, the search in section 2.3 (algorithm 1). The
label of one text contradicts no other's, so the score has no term of logical consistency, and nothing is to be fixed.
That term keeps the search from giving all texts one label. Here the model's answers are calibrated instead: their
log-odds are taken less their mean over texts (batch calibration: Zhou et al. 2023, arXiv 2309.17249).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from elicitation.data.prompts import PromptFormat, label_token_ids, write_prompt
from elicitation.files import hash_ids
from elicitation.models.engines import OPENED, CacheUse, Labelling, Reading, finite_log_odds, label
from elicitation.models.hardware import Hardware
from elicitation.models.lengths import searched_ids
from elicitation.models.loading import load_tokenizer, tokenize
from elicitation.seeds import stream

# So many texts begin with random labels. Source: section 2.3.
FIRST = 8
# Weight of the score, first and last temperature, and how fast it cools. Source: appendix A.1.
ALPHA, HOTTEST, COLDEST, COOLING = 50.0, 10.0, 0.01, 0.99

# Labels by text, each of which is a number from 0 on.
Found = dict[int, int]
# A text, and the (text, label) examples that stand before it.
Question = tuple[int, tuple[tuple[int, int], ...]]
# The model: the probabilities of label 1 that it answers.
Ask = Callable[[list[Question]], Sequence[float]]


@dataclass(frozen=True)
class Search:
    """What is searched, and for how long: the `icm` of a supervisor."""

    texts: int
    """Of the pool, drawn at random."""
    examples: int
    """The most that stand before a text."""
    steps: int
    seed: int


class Coherence:
    """How well a model predicts each label of some texts from the others; it is asked no question twice."""

    def __init__(self, search: Search, ask: Ask, rng: np.random.Generator) -> None:
        self.ask, self.examples, self.known = ask, search.examples, {}
        # The first of them that are labelled are the examples, for all texts alike: answers lean to the labels that a
        # prompt shows, and only a lean that texts share is calibrated away.
        self.order = rng.permutation(search.texts).tolist()

    def log_odds(self, texts: Sequence[int], labels: Found) -> np.ndarray:
        """(n,) log-odds of label 1 of the texts, by the labels of others."""
        labelled = [(j, labels[j]) for j in self.order if j in labels]
        others = [[pair for pair in labelled if pair[0] != i] for i in texts]
        # The last example sways a model most, so the first of the order stands there, in all prompts but its own.
        questions = [(i, tuple(known[: self.examples][::-1])) for i, known in zip(texts, others, strict=True)]
        new = [question for question in dict.fromkeys(questions) if question not in self.known]
        if new:
            self.known |= zip(new, self.ask(new), strict=True)
        return finite_log_odds(np.array([self.known[question] for question in questions]))

    def score(self, labels: Found) -> tuple[float, float]:
        """The mean log-probability of the labels, calibrated, and the mean log-odds by which it is.

        Uncalibrated, labels that are all the same would score best: the model gives any text the label that it has just
        seen. The paper's equation sums, so that every label that is added would lower the score; the authors' code
        takes means (of log-odds).
        """
        log_odds = self.log_odds(list(labels), labels)
        signs, offset = 2 * np.array(list(labels.values())) - 1, float(log_odds.mean())
        return float(np.log(expit(signs * (log_odds - offset))).mean()), offset


def temperature(step: int) -> float:
    """Of a step, from 1 on. Source: algorithm 1, line 4."""
    return max(COLDEST, HOTTEST / (1 + COOLING * math.log(step)))


def find_labels(search: Search, ask: Ask) -> tuple[Found, dict]:
    """The labels of most of the texts, in the order of examples, and what the record says of the search.

    In each step a random text, labelled or not, gets the label that the model gives it by the others, calibrated. A
    worse score is accepted with a probability that falls with the steps (algorithm 1).
    """
    rng = stream(search.seed, "coherence")
    coherence = Coherence(search, ask, rng)
    first = coherence.order[:FIRST]
    # As many of 0 as of 1, in the authors' code too.
    labels: Found = dict(zip(first, (rng.permutation(len(first)) % 2).tolist(), strict=True))
    score, offset = coherence.score(labels)
    begun = score
    proposals = accepted = 0
    for step in range(1, search.steps + 1):
        i, chance = int(rng.integers(search.texts)), rng.random()
        new = labels | {i: int(coherence.log_odds([i], labels)[0] > offset)}
        if new == labels:
            continue
        proposals += 1
        new_score, new_offset = coherence.score(new)
        if chance < math.exp(min(0.0, ALPHA * (new_score - score) / temperature(step))):
            labels, score, offset, accepted = new, new_score, new_offset, accepted + 1
    return {i: labels[i] for i in coherence.order if i in labels}, {
        "labelled": len(labels),
        "share_of_1": float(np.mean(list(labels.values()))),
        "mean_log_probability": {"first": begun, "last": score},
        "proposals": proposals,
        "accepted": accepted,
        "questions": len(coherence.known),
    }


def open_model(
    folder: str,
    texts: list[str],
    steps: int,
    style: PromptFormat,
    engine: str,
    hardware: Hardware,
    label_ids: tuple[int, int],
) -> tuple[Ask, CacheUse | None]:
    """A language model that answers questions about the texts, and how its cache is used; label_ids: as in open_vllm.

    steps: of the search, in each of which it is asked about every text at most.
    """
    tokenizer = load_tokenizer(folder)

    def tokens_of(questions: list[Question]) -> list[list[int]]:
        prompts = (write_prompt([(texts[j], y) for j, y in shown], texts[i], style) for i, shown in questions)
        return tokenize(tokenizer, list(prompts))

    everything = tuple((i, 0) for i in range(len(texts)))
    longest = max(map(len, tokens_of([(i, everything) for i in range(len(texts))])))
    opened = OPENED[engine](folder, Reading(longest, longest * len(texts) * steps), hardware, label_ids)
    return lambda questions: opened.answer(tokens_of(questions)), opened.cache


def label_by_coherence(
    folder: str,
    supervisor: Mapping,
    pool: pd.DataFrame,
    test: pd.DataFrame,
    style: PromptFormat,
    labelling: Labelling,
    hardware: Hardware,
) -> tuple[pd.DataFrame, dict]:
    """The labels (id, p_weak) of pool and test set (id, text, gold), and what the record says of search and engine.

    Texts that the search has labelled keep its labels, 0 or 1. All others get the model's probability of label 1 behind
    the examples that stood in the search's prompts, calibrated by the pool: the paper searches the labels of all texts,
    a search of this one's size labels a few.
    folder: where the model is; supervisor: its settings, as the study's Coherent has them.
    """
    search, tokenizer = Search(**supervisor["icm"]), load_tokenizer(folder)
    label_ids = label_token_ids(tokenizer.backend_tokenizer, style, supervisor["model"])
    ids, texts = searched_ids(pool, search.texts, search.seed), pd.concat([pool, test]).set_index("id").text
    searched = texts[ids].tolist()
    ask, cache = open_model(folder, searched, search.steps, style, labelling.engine, hardware, label_ids)
    found, record = find_labels(search, ask)
    # vLLM's memory is free again only if nothing holds its engine.
    del ask
    shown = [(searched[i], y) for i, y in found.items()][: search.examples][::-1]
    token_ids = tokenize(tokenizer, [write_prompt(shown, text, style) for text in texts])
    labels, made_by = label(folder, token_ids, labelling, hardware, label_ids)
    log_odds = pd.Series(labels.log_odds, texts.index)
    p = pd.Series(expit(log_odds - log_odds[pool.id].mean()), texts.index)
    own = pd.Series({ids[i]: float(y) for i, y in found.items()})
    p[own.index] = own
    gold = pool.set_index("id").gold[own.index].dropna()
    record |= {
        "ids": hash_ids(list(own.index)),
        "accuracy": float((own[gold.index] == gold).mean()) if len(gold) else None,
        "prefix_cache": cache and cache.record,
    }
    return p.rename("p_weak").rename_axis("id").reset_index(), {"search": record} | made_by
