"""The methods: what each does with the weak and the gold labels that it is given.

A method is a declaration; the stages it names are trained by elicitation.training. See docs/methods.md.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """A way of eliciting a student with a purchase of weak and gold labels."""

    title: str
    """Name in figures."""
    recipe: str
    """Name of the weak stage. Methods with the same recipe share its adapters on disk."""
    stages: tuple[str, ...]
    """Order of the training stages; a stage without labels is skipped, an optimizer serves one stage."""
    source: str


METHODS = {
    "sequential_sft": Method(
        title="Sequential SFT",
        recipe="plain",
        stages=("weak", "gold"),
        source="Mallen & Belrose (2024), arXiv 2410.13215",
    ),
}
