"""The ways of spending a budget, and the regimes in which each of them wins. Imports nothing heavy."""

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
