"""Names that tables and figures share: columns, the ways of spending a budget, the regimes. Imports nothing heavy."""

# What every answer of a study of invented data begins with.
DEMONSTRATION = "Demonstration data, not advice: the texts and labels of this study are invented."

# The ways of spending a budget.
STRATEGIES = ("weak only", "mixed", "gold only")
# The regime in which each strategy is the best one.
REGIMES = {"weak only": "quantity-dominant", "mixed": "mixed", "gold only": "quality-dominant"}
# The verdict where the runs do not decide.
UNDETERMINED = "undetermined"
# What a purchase without any label is called; it is none of the strategies.
NOTHING_BOUGHT = "no labels"
# What is recommended, in plain words.
PLAIN = {"weak only": "buy weak", "mixed": "mix", "gold only": "buy gold", NOTHING_BOUGHT: "buy nothing"}


# What a score is of: labels bought to train on, or what needs none of them. Asking the model without labels and always
# giving the commoner label cost nothing; the weak labels as they are cost their price for each text that is labelled,
# so nothing where they are free.
PURCHASE, ASKING, COMMONER, LABELS = "purchase", "asking", "commoner label", "weak labels"
FREE = (ASKING, COMMONER, LABELS)
# What costs nothing, in words.
FREE_WORDS = {
    ASKING: "asking without labels",
    COMMONER: "always the commoner label",
    LABELS: "the weak labels as they are",
}


def strategy_of(n_weak: int, n_gold: int) -> str:
    """The strategy that a purchase follows, or NOTHING_BOUGHT."""
    if n_weak == n_gold == 0:
        return NOTHING_BOUGHT
    return "gold only" if n_weak == 0 else "weak only" if n_gold == 0 else "mixed"


# The cue of a text as it is.
NO_CUE = "none"
# What stands between a student's name and its cue's; names of models and cues hold no such sign.
CUE_SIGN = "@"


def with_cue(student: str, cue: str) -> str:
    """What a student that reads texts with a cue is called in paths and tables: `smollm2@gold`, `smollm2` without."""
    return student if cue == NO_CUE else f"{student}{CUE_SIGN}{cue}"


def student_and_cue(name: str) -> tuple[str, str]:
    """The student, and the cue, of which with_cue made the name."""
    student, _, cue = name.partition(CUE_SIGN)
    return student, cue or NO_CUE


# What stands for the supervisor in the paths of runs without weak labels, which all supervisors share; and what people
# read in its place.
NO_SUPERVISOR, GOLD_ALONE = "no-supervisor", "gold labels alone"

# What the average over tasks is called in tables.
AVERAGE = "average"

# What a study says in the place of a learning rate that is to be chosen on gold labels.
TUNED = "tuned"

# The columns of a configuration: what a run shares with the runs of other seeds.
CONFIGURATION = ["task", "supervisor", "student", "method", "shots", "shot_quality", "n_weak", "n_gold"]

# The columns of a run.
RUN = [*CONFIGURATION, "seed"]

# Who labels, who learns, and how.
SETTING = ["supervisor", "student", "method"]

# The columns of a group: each has a regime at every budget and price.
GROUP = ["task", *SETTING]

# The columns that count the test examples whose weak label is wrong, and right.
PART_COUNTS = ["n_wrong", "n_right"]

# The columns that count a run's test examples, and those of them that have a weak label.
COUNTS = ["n_test", "n_voted", *PART_COUNTS, "n_effective"]

# Why a text has no weak label: its source had nothing to say, or was not asked yet.
ABSTAINED, NOT_ASKED, PAID = "abstained", "not_asked", "paid"

# How an accuracy is estimated: from gold labels alone, or with weak ones where only few test texts have gold.
CLASSICAL, POWERED = "classical", "prediction-powered"
# With fewer gold test labels its simulated 95 % intervals hold the truth too seldom (benchmarks/prediction_powered.py).
LEAST_TEST_GOLD = 60

# The columns of the list of missing runs.
MISSING = [*GROUP, "n_weak", "n_gold", "seed"]
