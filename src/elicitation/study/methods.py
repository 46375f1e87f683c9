"""The methods of a study: those that it names, and variants of them that it declares."""

from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, model_validator

from elicitation.buying.methods import METHODS, Method, Selection, Shots
from elicitation.errors import nearest
from elicitation.study.values import (
    MAPPING,
    TEXT,
    Count,
    Flag,
    Positive,
    Section,
    Shares,
    SmallName,
    SomePurchases,
    Text,
    like,
    may_be_absent,
    number,
    one_of,
    refusal,
)

Title = like(r"[\w ,.:;()+/%&'-]+", "made of letters, digits, spaces and , . : ; ( ) + / % & ' - _", max_length=60)


class ShotsSettings(Section):
    quality: Literal["weak", "gold", "mixed"] = Field(
        description="Whether their labels are weak, gold, or half of them each (`mixed`; of an odd number one more is "
        "weak)."
    )
    k: Count = may_be_absent("Number of examples; absent for methods that only prompt (`grid.shots`).")
    orders: Count = may_be_absent(
        "How many orders the examples stand in, one of which is drawn for each text; by default each text has an order "
        "of its own, as in the paper. What texts of a step begin with passes through the model once, so with 4 orders "
        "32 examples take a sixth of the tokens (docs/explanation/methods.md). For methods that finetune."
    )


class SelectionSettings(Section):
    measure: Literal["entropy", "margin"] = Field(description="Measure of uncertainty.")
    temperature: number(ge=0) = Field(
        0,
        description="0 takes the least certain; above, examples are drawn with weights uncertainty^(1/temperature).",
    )


class TrainingChanges(Section):
    stopping: Literal["early_stopping", "fixed_epochs"] = may_be_absent("As in `training`.")
    presentations: Count = may_be_absent("As in `training`.")
    epochs_factor: Count = may_be_absent("As in `training`.")
    balanced: Flag = may_be_absent("As in `training`.")


class Variant(Section):
    """A method with some things changed; refused where a change has nothing to act on."""

    name: SmallName = Field(description="Name of the variant in paths: small letters, digits, - and _.")
    like: Text = Field(description="The method that it varies.")
    title: Title = may_be_absent(
        "Its name in figures, tables and the report: letters, digits, spaces and , . : ; ( ) + / % & ' - _; by default "
        "the name."
    )
    shots: ShotsSettings = may_be_absent("Labelled examples before every text.")
    selection: SelectionSettings = may_be_absent(
        "Buys the gold labels of which the student is least certain after its weak stage."
    )
    gold_shares: Shares = may_be_absent("Shares of a budget spent on gold labels, instead of the grid's.")
    finetune_on: SomePurchases = may_be_absent(
        "What to finetune on, each as [weak labels, gold labels], instead of what the grid's budgets buy; the examples "
        "in prompts are bought on top."
    )
    training: TrainingChanges = may_be_absent("Changes to the study's `training`.")
    weak_kept: number(gt=0, lt=1) = may_be_absent(
        "Share of the bought weak labels that is trained on, the most confident ones; all of them are paid for."
    )
    gold_weight: Positive = may_be_absent(
        "Weight of a gold label relative to a weak one of its batch in joint_sft, which wants early_stopping."
    )

    @model_validator(mode="after")
    def check_changes(self) -> Self:
        if self.like not in METHODS:
            raise refusal(f"{self.like!r} is not defined{nearest(self.like, list(METHODS))}", "like")
        base = METHODS[self.like]
        if self.finetune_on and (base.prompts_only or self.gold_shares):
            fix = "drop `gold_shares`" if self.gold_shares else "grid.shots holds its numbers; drop it"
            raise refusal(f"{fix}.", "finetune_on")
        if self.shots and base.prompts_only == (self.shots.k is not None):
            fix = "grid.shots holds its numbers; drop `k`" if base.prompts_only else "give `k`"
            raise refusal(f"{self.like!r} cannot take these; {fix}.", "shots")
        if self.shots and base.prompts_only and self.shots.orders:
            raise refusal(f"{self.like!r} shows its examples in one order; drop it.", "shots.orders")
        if self.selection and (not base.starts_weak or len(base.stages) < 2):
            raise refusal(f"{self.like!r} has no gold stage after a weak one.")
        if self.weak_kept and not base.starts_weak:
            raise refusal(f"{self.like!r} has no weak stage.")
        if self.gold_weight and not any(stage.labels == "both" for stage in base.stages):
            raise refusal("only joint_sft has a gold_weight.")
        return self

    @property
    def method(self) -> Method:
        """The method that it declares."""
        base = METHODS[self.like]
        changes = {"title": self.title or self.name, "training": self.training.plain if self.training else {}}
        if self.gold_shares:
            changes["gold_shares"] = tuple(self.gold_shares)
        if self.finetune_on:
            changes["finetune_on"] = tuple(map(tuple, self.finetune_on))
        if self.shots:
            changes["shots"] = Shots(**self.shots.plain)
        if self.selection:
            changes["selection"] = Selection(**self.selection.plain)
        if self.weak_kept:
            changes["stages"] = (replace(base.stages[0], kept=self.weak_kept), *base.stages[1:])
        if self.gold_weight:
            changes["stages"] = tuple(replace(stage, gold_weight=self.gold_weight) for stage in base.stages)
        return replace(base, **changes)


AnyMethod = one_of({TEXT: Text, MAPPING: Variant})


def methods_by_name(entries: list[str | Variant]) -> dict[str, Method]:
    """The methods of a study's entries, in their order."""
    return {
        entry if isinstance(entry, str) else entry.name: METHODS[entry] if isinstance(entry, str) else entry.method
        for entry in entries
    }
