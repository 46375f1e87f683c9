"""The posterior's scores of what was run: the numbers that figures draw, the same as in every answer."""

from collections.abc import Iterable, Iterator

import pandas as pd

from elicitation.analysis.averages import buys_labels
from elicitation.analysis.names import ASKING, COMMONER, LABELS, PURCHASE
from elicitation.analysis.posterior import Block, Scores
from elicitation.buying.prices import cost

# What tells the scores of a kind apart.
PLACE = ["task", "student"]
BOUGHT = [*PLACE, "supervisor", "method", "n_weak", "n_gold"]


def scores_of(kind: str, blocks: Iterable[Block], name: str) -> pd.DataFrame:
    """The scores of everything of a kind (one of names.FREE, or PURCHASE: of the purchases that were run), a row each.

    They are in the column `name`, with the ends of their 95 % intervals; the other columns are PLACE or BOUGHT, or
    PLACE and the supervisor whose the weak labels are.
    """
    empty = pd.DataFrame(columns=[*PLACE, name, f"{name}_low", f"{name}_high"])
    found = [
        scores.columns(name).assign(task=block.task, student=block.student, **columns)
        for block in blocks
        for columns, scores in (run_purchases(block) if kind == PURCHASE else free_of_kind(kind, block))
    ]
    return pd.concat(found, ignore_index=True) if found else empty


def run_purchases(block: Block) -> Iterator[tuple[dict, Scores]]:
    """The purchases that were run, a surface each, and their scores."""
    for surface in block.surfaces:
        i, j = surface.runs.T
        bought = {"n_weak": surface.weak[i], "n_gold": surface.gold[j]}
        names = {"supervisor": surface.supervisor, "method": surface.method}
        yield names | bought, surface.scores(surface.runs)


def free_of_kind(kind: str, block: Block) -> Iterator[tuple[dict, Scores]]:
    """What needs no labels to train on, of one kind."""
    for free in block.free:
        if free.kind == kind:
            yield {"supervisor": free.supervisor} if kind == LABELS else {}, free.scores


def with_scores(points: pd.DataFrame, blocks: list[Block]) -> pd.DataFrame:
    """The points with the posterior's `score`, and beside it what costs nothing: `weak_score` and `commoner_score`.

    points: configurations as elicitation.analysis.scoring.summarise returns them; those without labels ask. Scores have
    the ends of their 95 % intervals beside them.
    """
    bought = points[buys_labels(points)].merge(scores_of(PURCHASE, blocks, "score"), on=BOUGHT)
    asking = points[~buys_labels(points)].merge(scores_of(ASKING, blocks, "score"), on=PLACE)
    return with_free_scores(pd.concat([bought, asking] if len(asking) else [bought], ignore_index=True), blocks)


def with_free_scores(points: pd.DataFrame, blocks: list[Block]) -> pd.DataFrame:
    """The points with the score of their supervisor's weak labels as they are, and of the commoner label."""
    points = points.merge(scores_of(LABELS, blocks, "weak_score"), on=[*PLACE, "supervisor"])
    return points.merge(scores_of(COMMONER, blocks, "commoner_score"), on=PLACE)


def priced(points: pd.DataFrame, weak_price: float | pd.Series) -> pd.DataFrame:
    """The points with `cost` and `weak_share`, the share of it that weak labels take. weak_price: one, or (n,)."""
    table = points.assign(cost=cost(points.n_weak, points.n_gold, weak_price))
    # Where nothing is paid: all for weak labels that are free, none where no label is bought.
    free = (table.n_weak > 0).astype(float)
    return table.assign(weak_share=(weak_price * table.n_weak / table.cost).where(table.cost > 0, free))
