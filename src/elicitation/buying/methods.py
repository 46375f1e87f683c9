"""The methods: what each does with the weak and the gold labels that it is given.

A method is a declaration on shared parts: a prompt, a selection of gold examples, and training stages. Nothing here
trains; elicitation.training.runs carries a method out. How to add one stands in docs/how-to/extend.md.
"""

from dataclasses import asdict, dataclass, field, replace

PAPER = "Mallen & Belrose (2024), arXiv 2410.13215"
OWN = "baseline of this project"
UNFINISHED = "the repository of Mallen & Belrose (2024), an experiment that the paper does not report"
# What stands in paths for each number of examples that a study shows.
FEW = "few"
# The fields of a method that determine what a purchase achieves.
ACTING = ("stages", "shots", "selection", "training")


@dataclass(frozen=True)
class Shots:
    """Labelled examples that stand before every text; they are bought like all others."""

    quality: str
    """`weak`, `gold`, or `mixed`: half of them each, and of an odd number one more is weak."""
    k: int | None = None
    """Number of examples; None, for methods that only prompt: each number in `grid.shots`."""
    orders: int | None = None
    """How many orders the examples stand in before all texts; None: an order is drawn for each text."""

    @property
    def name(self) -> str:
        """What the examples are called in paths, as in `2-gold` or, for each number in `grid.shots`, `few-gold`."""
        return f"{FEW if self.k is None else self.k}-{self.quality}"

    def split(self, k: int) -> tuple[int, int]:
        """Weak and gold labels among k examples."""
        n_gold = {"weak": 0, "mixed": k // 2, "gold": k}[self.quality]
        return k - n_gold, n_gold


@dataclass(frozen=True)
class Selection:
    """Which gold labels are bought once the weak stage is over, instead of random ones."""

    measure: str
    """`entropy` or `margin` of the student's prediction."""
    temperature: float = 0.0
    """0 takes the most uncertain examples; above, they are drawn with weights uncertainty^(1/temperature)."""


@dataclass(frozen=True)
class Stage:
    """One training phase, with an optimizer of its own; skipped where there are no labels for it."""

    labels: str
    """`weak`, `gold` or `both` (mixed in every batch)."""
    targets: str = "labels"
    """`labels`, or `log_confidence`: labels mixed with the student's own hardened predictions."""
    trains: str = "all"
    """`all` (adapters and head), `head` or `body` (adapters)."""
    new_head: bool = False
    """Whether the head is drawn again before the stage."""
    gold_weight: float = 1.0
    """Weight of a gold label's loss relative to a weak one's, where both are mixed."""
    kept: float = 1.0
    """Share of the weak labels that is trained on, the most confident ones. All of them are paid for."""


@dataclass(frozen=True)
class Method:
    """A way of eliciting a student with a purchase of weak and gold labels."""

    title: str
    """Name in figures."""
    source: str
    stages: tuple[Stage, ...] = ()
    """None: the student is only prompted."""
    shots: Shots | None = None
    selection: Selection | None = None
    gold_shares: tuple[float, ...] | None = None
    """Shares of a budget spent on gold labels, instead of the grid's."""
    finetune_on: tuple[tuple[int, int], ...] | None = None
    """Weak and gold labels to finetune on, instead of what the budgets buy; the examples in prompts come on top."""
    training: dict = field(default_factory=dict)
    """Changes to the study's `training`."""

    @property
    def prompts_only(self) -> bool:
        """Whether the student is only prompted and never trained."""
        return not self.stages

    @property
    def starts_weak(self) -> bool:
        """Whether the first stage is a weak one, which is trained once and shared."""
        return bool(self.stages) and self.stages[0].labels == "weak"

    @property
    def shots_bought(self) -> tuple[int, int]:
        """Weak and gold labels that stand in the prompt and are not trained on."""
        return self.shots.split(self.shots.k or 0) if self.shots else (0, 0)

    @property
    def recipe(self) -> str:
        """Name of the weak stage. Methods of the same recipe share its adapters on disk."""
        stage = self.stages[0]
        parts = [part for part in (stage.targets, stage.trains) if part not in ("labels", "all")]
        parts += [f"kept-{stage.kept:g}"] if stage.kept < 1 else []
        if self.shots:
            parts.append(f"{self.shots.name}-shots")
            parts += [f"orders-{self.shots.orders}"] if self.shots.orders else []
        parts += [f"{key}-{value}" for key, value in sorted(self.training.items())]
        return "-".join(parts) or "plain"

    @property
    def until_gold(self) -> "Method":
        """The method up to the end of its weak stage; the same for all methods of a recipe."""
        return replace(self, stages=self.stages[:1], selection=None)


WEAK_THEN_GOLD = (Stage("weak"), Stage("gold"))

METHODS = {
    "sequential_sft": Method("Sequential SFT", PAPER, WEAK_THEN_GOLD),
    "few_shot_weak": Method("few-shot, weak", PAPER, shots=Shots("weak")),
    "few_shot_gold": Method("few-shot, gold", PAPER, shots=Shots("gold")),
    "few_shot_mixed": Method("few-shot, mixed", OWN, shots=Shots("mixed")),
    "two_shot_weak": Method("+ 2-shot, weak", PAPER, WEAK_THEN_GOLD, shots=Shots("weak", 2)),
    "two_shot_gold": Method("+ 2-shot, gold", PAPER, WEAK_THEN_GOLD, shots=Shots("gold", 2)),
    "uncertainty_sampling": Method("+ uncertainty sampling", PAPER, WEAK_THEN_GOLD, selection=Selection("entropy")),
    "log_confidence": Method("+ log-confidence", PAPER, (Stage("weak", targets="log_confidence"), Stage("gold"))),
    "most_confident": Method("most confident half", UNFINISHED, (Stage("weak", kept=0.5), Stage("gold"))),
    "head_only": Method("head only", PAPER, (Stage("weak", trains="head"), Stage("gold", trains="head"))),
    "body_only": Method("body only", PAPER, (Stage("weak", trains="body"), Stage("gold", trains="body"))),
    "new_head": Method("+ new head", PAPER, (Stage("weak"), Stage("gold", new_head=True))),
    "joint_sft": Method("Joint SFT", OWN, (Stage("both", gold_weight=10),)),
}


def nested(kind: type, settings: dict | None):
    """The settings as an object of this class; None where there are none."""
    return None if settings is None else kind(**settings)


def method_from(settings: dict) -> Method:
    """The method whose settings `settings_of` wrote down; its title, source and purchases are not among them."""
    return Method(
        title="",
        source="",
        stages=tuple(Stage(**stage) for stage in settings["stages"]),
        shots=nested(Shots, settings["shots"]),
        selection=nested(Selection, settings["selection"]),
        training=settings["training"],
    )


def settings_of(method: Method) -> dict:
    """What of the method determines results, as plain values, for records and jobs.

    Jobs are repeated when it changes, so titles and the like are not in it; nor are purchases, which blocks have.
    """
    settings = {name: value for name, value in asdict(method).items() if name in ACTING}
    stages = [asdict(stage) for stage in method.stages]
    # Named where they do something only, so that what was trained before they existed is not trained again.
    settings["stages"] = [{k: v for k, v in stage.items() if (k, v) != ("kept", 1.0)} for stage in stages]
    if method.shots:
        settings["shots"] = {k: v for k, v in asdict(method.shots).items() if (k, v) != ("orders", None)}
    return settings
