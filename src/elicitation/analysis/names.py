"""Names that tables and figures share: columns, the ways of spending a budget, the regimes. Imports nothing heavy."""

STRATEGIES = ("weak only", "mixed", "gold only")
REGIMES = {"weak only": "quantity-dominant", "mixed": "mixed", "gold only": "quality-dominant"}
PLAIN = {"weak only": "buy weak", "mixed": "mix", "gold only": "buy gold"}
"""What each of them is in plain words."""
UNDETERMINED = "undetermined"
NO_LABELS = "no labels"
"""What buys nothing, which is none of the ways of spending."""


def strategy_of(n_weak: int, n_gold: int) -> str:
    if n_weak == n_gold == 0:
        return NO_LABELS
    return "gold only" if n_weak == 0 else "weak only" if n_gold == 0 else "mixed"


AVERAGE = "average"
"""What the average over tasks is called in tables."""

CONFIGURATION = ["task", "supervisor", "student", "method", "shots", "shot_quality", "n_weak", "n_gold"]
"""What a run shares with those of other seeds."""

RUN = [*CONFIGURATION, "seed"]

MODELS = ["supervisor", "student", "method"]

GROUP = ["task", *MODELS]
"""What a regime and a production function are found for."""

COUNTS = ["n_test", "n_voted"]
"""Test examples of a run, and those of them that have a weak label."""

MISSING = [*GROUP, "n_weak", "n_gold", "seed"]
"""What is said of a run that is missing."""
