"""Names that tables and figures share: columns, the ways of spending a budget, the regimes. Imports nothing heavy."""

STRATEGIES = ("weak only", "mixed", "gold only")
REGIMES = {"weak only": "quantity-dominant", "mixed": "mixed", "gold only": "quality-dominant"}
# What each of them is in plain words.
PLAIN = {"weak only": "buy weak", "mixed": "mix", "gold only": "buy gold"}
UNDETERMINED = "undetermined"
# What buys nothing, which is none of the ways of spending.
NOTHING_BOUGHT = "no labels"


def strategy_of(n_weak: int, n_gold: int) -> str:
    if n_weak == n_gold == 0:
        return NOTHING_BOUGHT
    return "gold only" if n_weak == 0 else "weak only" if n_gold == 0 else "mixed"


# What the average over tasks is called in tables.
AVERAGE = "average"

# What a run shares with those of other seeds.
CONFIGURATION = ["task", "supervisor", "student", "method", "shots", "shot_quality", "n_weak", "n_gold"]

RUN = [*CONFIGURATION, "seed"]

SETTING = ["supervisor", "student", "method"]

# What a regime and a production function are found for.
GROUP = ["task", *SETTING]

# Test examples of a run, and those of them that have a weak label.
COUNTS = ["n_test", "n_voted"]

# What is said of a run that is missing.
MISSING = [*GROUP, "n_weak", "n_gold", "seed"]
