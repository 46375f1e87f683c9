"""The sections of a study that say how much is bought, how students and supervisors are trained, and what is shown."""

from typing import Literal

from pydantic import Field

from elicitation.study.values import (
    NUMBER,
    TEXT,
    WHOLE,
    Count,
    Flag,
    Names,
    Natural,
    Positive,
    Price,
    Purchases,
    Section,
    Shares,
    Text,
    distinct,
    may_be_absent,
    number,
    optional,
    whole,
)

Seeds = distinct(Natural, min_length=1)
Budgets = distinct(whole(gt=0), min_length=1)
SomeTasks = distinct(Text)
# Compared where a study names no others: half decades around the rates of the paper's students (2e-5 to 5e-4, adapters
# on all layers of models of 0.5 to 70 billion parameters) and those of this project's small models with few layers
# that train (1e-3 to 1e-2).
LEARNING_RATES = [1.0e-4, 3.0e-4, 1.0e-3, 3.0e-3, 1.0e-2]
# The files of seeds that train together have all of them in their names.
MOST_SEEDS_TOGETHER = 16


class Combination(Section):
    tasks: Names = may_be_absent("Names of tasks.")
    supervisors: Names = may_be_absent("Names of supervisors.")
    students: Names = may_be_absent("Names of students.")
    methods: Names = may_be_absent("Names of methods.")
    cues: Names = may_be_absent("Names of cues.")
    budgets: Budgets = may_be_absent(
        "Those of the grid's budgets that are spent here; by default all. `more_purchases`, `shots` and a method's "
        "`finetune_on` follow from no budget and stay."
    )
    gold_shares: Shares = may_be_absent(
        "Those of the grid's gold_shares that are bought here; by default all. A method with gold_shares of its own "
        "keeps them."
    )


class ExtraSeeds(Section):
    seeds: Seeds = Field(description="The seeds.")
    at_most: Count = Field(description="Labels in the smaller stage.")


class Grid(Section):
    weak_price: Price = Field(
        description="Price of a weak label (gold = 1, or in the study's `currency`) at which budgets are turned into "
        "purchases. Results can be priced differently afterwards."
    )
    most_weak_per_gold: number(ge=1e-12) = may_be_absent(
        "The most weak labels that are bought in place of a gold one. Where `weak_price` would buy more than the pool "
        "holds, budgets are split at this rate; answers keep to true prices."
    )
    budgets: Budgets = Field(description="Budgets, in gold labels.")
    gold_shares: Shares = Field(description="Shares of a budget spent on gold labels.")
    more_purchases: Purchases = Field(
        [],
        description="Further purchases, each as [weak labels, gold labels], the examples in prompts among them; a "
        "method that shows more of either makes none of it.",
    )
    beyond_pool: Literal["refuse", "leave_out"] = Field(
        "refuse",
        description="What becomes of purchases that a task's pool cannot serve, or for which their supervisor has too "
        "few labels there; `refuse` stops the study, `leave_out` runs the others (`make estimate` counts them).",
    )
    shots: distinct(Natural) = Field(
        [],
        description="Numbers of labelled examples in the prompts of methods that only prompt; 0 asks without any "
        "label, at cost 0 and once for all seeds.",
    )
    beyond_context: Literal["refuse", "leave_out"] = Field(
        "refuse",
        description="What becomes of these numbers where so many examples of a task do not fit the student's context; "
        "`refuse` stops the study, `leave_out` runs the others (the runs' records and `results/missing.csv` "
        "list what is left out).",
    )


class Figures(Section):
    spending_over: SomeTasks = Field(
        [],
        description="Tasks that figures/spending.pdf and figures/spending_supervisors.pdf average; by default those of "
        "`average_over`.",
    )
    prompting_over: SomeTasks = Field(
        [], description="Tasks that figures/prompting.pdf averages; by default those of `average_over`."
    )
    prompting_methods: distinct(Text) = Field(
        [],
        description="Methods in figures/prompting.pdf; by default all that put labels in the prompt, and "
        "sequential_sft.",
    )
    scaling_method: optional(Text, TEXT) = Field(
        None,
        description="Method by which figures/scaling.pdf compares the students; by default the first that finetunes.",
    )


class Inference(Section):
    measure: Literal["accuracy", "balanced_accuracy", "auroc"] = Field(
        "accuracy",
        description="The score that counts in every answer: `accuracy`; where one label is much commoner than the "
        "other, `balanced_accuracy`, the mean of the accuracies on either label, or `auroc`.",
    )
    verdict: number(gt=0.5, lt=1) = Field(
        0.9,
        description="Probability from which on a regime or a recommendation is called decided; below, it is "
        "undetermined.",
    )


class Training(Section):
    stopping: Literal["early_stopping", "fixed_epochs"] = Field(
        "early_stopping",
        description="`early_stopping` validates and keeps the best checkpoint; `fixed_epochs` neither.",
    )
    presentations: Count = Field(
        30000,
        description="Labels shown in a stage in all (a stage with more labels shows each once); early stopping only.",
    )
    epochs_factor: Count = may_be_absent(
        "How many times as often as in the paper `fixed_epochs` shows every label; by default once. The paper's epochs "
        "follow from the number of labels (docs/explanation/methods.md). Fixed epochs only."
    )
    schedule: Literal["exact", "paper"] = Field(
        "exact",
        description="What the steps of a stage follow from: `exact` shows `presentations` labels whatever its size; "
        "`paper` counts epochs and the interval of validations by all labels of the stage, those held out too, and "
        "whole batches only, as the paper's code, which shows small stages up to half less "
        "(docs/explanation/methods.md).",
    )
    validation_size: optional(whole(ge=2), WHOLE) = Field(
        None,
        description="Labels that a stage holds out at most, where a fifth of it would be more; `null` is no limit. "
        "Early stopping only.",
    )
    batch_size: Count = Field(
        32,
        description="Labels per step; early stopping only, fixed epochs derive theirs from the number of labels.",
    )
    balanced: Flag = may_be_absent(
        "Whether labels of either kind are shown as often, however common each is; an epoch stays as long. For a "
        "measure that counts both alike (`balanced_accuracy`), since a student of few labels otherwise gives nearly "
        "always the commoner one. Of weak labels those above 0.5 are one kind. Students behind an API see labels as "
        "they are."
    )
    patience: Count = Field(4, description="Validations in a row that may gain too little before the stage stops.")
    micro_batch_tokens: Count = Field(
        16384, description="Tokens that pass through the model at once; sets speed and memory."
    )
    # Not among the plain values, which weak stages depend on too: jobs are told where it does something only.
    runs_together: Flag = Field(
        False,
        exclude=True,
        description="Whether the runs of a budget and seed train at once, through one body with the adapters of all, "
        "instead of one after the other; results are the same but for rounding. For models of the Llama, Mistral and "
        "Qwen2 architectures, on one device and not quantised (docs/how-to/gpus.md).",
    )
    # Nor is this: it makes other jobs.
    seeds_together: whole(ge=1, le=MOST_SEEDS_TOGETHER) = Field(
        1,
        exclude=True,
        description="How many seeds train in one job, all their runs at once as with `runs_together`. A seed that is "
        "added trains with those that are left over, so with 3 a fourth one trains alone.",
    )

    @property
    def longer(self) -> str:
        """The key with the value by which students see every label four times as often as now."""
        if self.stopping == "fixed_epochs":
            return f"epochs_factor: {4 * (self.epochs_factor or 1)}"
        return f"presentations: {4 * self.presentations}"

    @property
    def at_once(self) -> bool:
        """Whether runs train at once."""
        return self.runs_together or self.seeds_together > 1


class Tuning(Section):
    learning_rates: distinct(Positive, min_length=2) = Field(
        LEARNING_RATES,
        description="The learning rates that are compared, by the score of what they train on gold labels that are "
        "held out.",
    )
    labels: distinct(whole(ge=2), min_length=1) = Field(
        [16, 64],
        description="How many gold labels of the supervision set are trained on, each number at each rate; at most "
        "half of it, so that the other half can be held out. Larger numbers are left out. Few labels may want a "
        "higher rate than many, so name numbers like those that runs buy.",
    )
    seeds: Count = Field(
        3,
        description="How often this is repeated, each time with other labels held out, another head and other orders.",
    )


class Supervision(Section):
    epochs: Count = Field(3, description="Epochs over the supervision set; the best validated checkpoint is kept.")
    validation_size: optional(whole(ge=2), WHOLE) = Field(
        None,
        description="Labels of the supervision set that choose the checkpoint and are not trained on; `null` is a "
        "fifth of it.",
    )
    rows_in_pool: Flag = Field(
        False,
        description="Whether the pool may hold the examples that supervisors are finetuned on, as in the paper; their "
        "weak labels are better than others.",
    )


class CoherenceSearch(Section):
    texts: whole(ge=2) = Field(32, description="How many texts of the pool get labels by the search.")
    examples: Count = Field(
        16, description="How many of the others stand before a text at most while the model is asked for its label."
    )
    steps: Count = Field(128, description="Steps of the search, each of which proposes a label for one of the texts.")
    seed: Natural = Field(0, description="Seed by which texts, first labels and steps are drawn.")


class Labelling(Section):
    engine: Literal["vllm", "transformers"] = Field(
        "vllm",
        description="What runs models that write labels or are asked; there is no fallback from one to the other. "
        "Which is faster depends on the model (docs/explanation/methods.md).",
    )
    parity_rows: optional(Count, WHOLE) = Field(
        None,
        description="Rows that vLLM and transformers both label, to compare them; `null` takes as many as cost a "
        "twentieth of the job, but 4 at least and 256 at most.",
    )
    parity_tolerance: optional(Positive, NUMBER) = Field(
        None,
        description="Largest difference in probability that the comparison accepts; without it 0.001 for float32 "
        "(`device: cpu`), 0.1 for bfloat16.",
    )
