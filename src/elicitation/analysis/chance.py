"""Purchases of gold labels from which a student learned nothing, though it could have. Imports nothing heavy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from elicitation.analysis.findings import Findings
from elicitation.analysis.names import ASKING, AVERAGE, COMMONER
from elicitation.analysis.posterior import Block, Scores, Surface, gap


@dataclass(frozen=True)
class AtChance:
    """Gold labels that were bought alone, and what is clearly better."""

    task: str
    title: str
    """What the method is called."""
    n_gold: int
    score: float
    low: float
    """Of its 95 % interval."""
    high: float
    """Of its 95 % interval."""
    better: str
    """ASKING, or the name of the method that used the labels below."""
    better_weak: int
    better_gold: int
    better_score: float


@dataclass(frozen=True, eq=False)
class Rival:
    """What may show that a student could have learned more."""

    name: str
    n_weak: int
    n_gold: int
    scores: Scores


def runs_of(surface: Surface) -> Iterator[Rival]:
    """The purchases that were run."""
    for position in surface.runs:
        weak, gold = int(surface.weak[position[0]]), int(surface.gold[position[1]])
        yield Rival(surface.method, weak, gold, surface.scores(position[None]))


def is_above(one: Scores, other: Scores) -> bool:
    """Whether a score is clearly above another: the 95 % interval of their difference is above 0."""
    return gap(one, other)[1] > 0


def at_chance(block: Block, titles: Mapping[str, str]) -> Iterator[AtChance]:
    """The gold labels that were bought alone and leave a student at chance, by the methods in `titles`.

    That is so where their score is not clearly above that of always giving the commoner label, although something else
    is clearly above both: asking without labels or, where that is not, the best of all that was run on the task.
    """
    scores_of = {free.kind: free.scores for free in block.free}
    commoner, runs = scores_of[COMMONER], [run for surface in block.surfaces for run in runs_of(surface)]
    rivals = sorted(runs, key=lambda run: -run.scores.mean[0])
    if ASKING in scores_of:
        rivals.insert(0, Rival(ASKING, 0, 0, scores_of[ASKING]))
    rivals = [rival for rival in rivals if is_above(rival.scores, commoner)]
    # Supervisors share them.
    alone = {(run.name, run.n_gold): run.scores for run in runs if not run.n_weak and run.name in titles}
    for (method, n_gold), scores in alone.items():
        better = next((rival for rival in rivals if is_above(rival.scores, scores)), None)
        if better and not is_above(scores, commoner):
            [[low], [high]] = scores.interval.tolist()
            other = (better.name, better.n_weak, better.n_gold, float(better.scores.mean[0]))
            yield AtChance(block.task, titles[method], n_gold, float(scores.mean[0]), low, high, *other)


def shows_nothing(block: Block) -> bool:
    """Whether nothing that was run, asking included, is clearly better than always giving the commoner label."""
    scores_of = {free.kind: free.scores for free in block.free}
    tried = [run.scores for surface in block.surfaces for run in runs_of(surface)]
    tried += [scores_of[ASKING]] if ASKING in scores_of else []
    return not any(is_above(scores, scores_of[COMMONER]) for scores in tried)


def gold_at_chance(findings: Findings, block: Block) -> list[AtChance]:
    """`at_chance` of a student that is trained here, on the block's task or on each that it is the average over."""
    if block.student not in findings.learning_rates:
        return []
    tasks = findings.average_over if block.task == AVERAGE else [block.task]
    titles = {name: findings.titles[name] for name in findings.trained}
    own = (one for one in findings.posterior.blocks if one.student == block.student and one.task in tasks)
    return [found for one in own for found in at_chance(one, titles)]
