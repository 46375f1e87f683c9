"""A recommendation as plain values for JSON, with what its text begins with. Imports nothing heavy."""

from dataclasses import asdict

from elicitation.analysis.gold_for_all import gold_cost, gold_for_all
from elicitation.analysis.gold_for_some import GoldForSome, gold_for_goal, gold_for_rest
from elicitation.analysis.ready_labels import (
    Split,
    asks_price,
    best_split,
    goal_split,
    ready,
    told_labels,
    trains_student,
)
from elicitation.analysis.recommended import Recommendation, WeakLabels
from elicitation.buying.prices import exact


def plain_labels(answer: Recommendation, entry: WeakLabels) -> dict:
    """Weak labels to use as they are: for how many texts, how many of these to buy, and for how much, if known."""
    if asks_price(answer) or (answer.goal and answer.question.pool is None):
        return {"supervisor": entry.supervisor, "n_texts": None, "new_weak": None, "cost": None}
    found = ready(answer, entry)
    numbers = {"n_texts": found.n_texts, "new_weak": found.n_new, "cost": float(found.n_new * exact(entry.text_price))}
    return {"supervisor": entry.supervisor, **numbers}


def plain_split(both: Split) -> dict:
    """Two sources of weak labels that share the texts."""
    return {
        **{"cheaper": both.cheaper.supervisor, "better": both.better.supervisor},
        **{"n_cheaper": both.n_cheaper, "n_better": both.n_better},
        **{"cost": float(both.exact_cost), "extra_cost": both.extra},
        **{"expected": asdict(both.score), "gain": asdict(both.gain)},
    }


def plain_some(found: GoldForSome | None) -> dict | None:
    """Gold labels of some texts, and weak ones as they are of the others."""
    if found is None:
        return None
    numbers = {"n_gold": found.n_gold, "new_gold": found.n_new, "cost": float(found.cost)}
    return {"supervisor": found.labels.supervisor, **numbers, "expected": found.score and asdict(found.score)}


def plain_answer(answer: Recommendation) -> dict:
    """The fields of a recommendation, which `recommendation_from` reads back, and what its text begins with."""
    both = goal_split(answer) if answer.goal else best_split(answer)
    return asdict(answer) | {
        "as_they_are": [plain_labels(answer, entry) for entry in told_labels(answer)],
        "gold_for_all": gold_cost(answer) if gold_for_all(answer) else None,
        "gold_for_some": plain_some(gold_for_goal(answer) if answer.goal else gold_for_rest(answer)),
        "split": plain_split(both) if both else None,
        "trains_student": trains_student(answer),
    }
