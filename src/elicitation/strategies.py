"""The ways of spending a budget, and the regimes in which each of them wins. Imports nothing heavy."""

STRATEGIES = ("weak only", "mixed", "gold only")
REGIMES = {"weak only": "quantity-dominant", "mixed": "mixed", "gold only": "quality-dominant"}
UNDETERMINED = "undetermined"


def strategy_of(n_weak: int, n_gold: int) -> str:
    return "gold only" if n_weak == 0 else "weak only" if n_gold == 0 else "mixed"
