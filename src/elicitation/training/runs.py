"""What happens to a student in one block: weak stages first, then the runs that start from them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from elicitation.buying.block import Block, Pair, Run
from elicitation.buying.methods import Method
from elicitation.buying.purchases import Purchase
from elicitation.data.prompts import PromptFormat
from elicitation.files import read_json
from elicitation.models.together import check_model
from elicitation.seeds import stream
from elicitation.training.loop import Training, train, train_alone
from elicitation.training.prompting import prompted
from elicitation.training.selection import choose_uncertain, describe_kept, kept_words, most_confident
from elicitation.training.student import Student
from elicitation.training.together import StepsTogether


@dataclass(frozen=True)
class WeakStage:
    """A weak stage that a job of its own has trained, and from which the runs of several budgets start."""

    adapter: Path
    """The folder with adapters and head."""
    record: dict
    """What the stage reports of itself."""


# Weak stages by the seed and the number of weak labels bought.
WeakStages = Mapping[tuple[int, int], WeakStage]


def read_weak_stages(folders: Iterable[str], records: Iterable[str]) -> WeakStages:
    """What jobs of weak stages have made; both arguments are paths, in the same order."""
    made = [(Path(folder), read_json(record)) for folder, record in zip(folders, records, strict=True)]
    return {
        (stage["seed"], record["n_weak"]): WeakStage(folder / stage["adapter"], stage["stage"])
        for folder, record in made
        for stage in record["stages"]
    }


def with_prompts(block: Block, ids: Collection[str], style: PromptFormat, test: pd.DataFrame | None) -> pd.DataFrame:
    """The pool's examples with these ids, then the test examples, each text behind the shots of the block."""
    used = block.pool[block.pool.index.isin(list(ids))].reset_index()
    return prompted(pd.concat([used, test]), block.method.shots, block.shots, block.pool, style, block.seed)


def texts_of_weak_stage(block: Block, style: PromptFormat) -> pd.DataFrame:
    """id and text of all that a weak stage trains on, as the student reads it."""
    return with_prompts(block, {i for purchase in block.purchases.values() for i in purchase.weak}, style, None)


def texts_of_runs(block: Block, style: PromptFormat, test: pd.DataFrame) -> pd.DataFrame:
    """id and text of all that the runs of a block train on, may choose or predict, as the student reads it."""
    used = {i for candidates in block.candidates.values() for i in candidates}
    for purchase in block.purchases.values():
        used.update(purchase.gold)
        # Where the weak stages come from disk, their labels are not trained on here.
        if not block.method.starts_weak:
            used.update(purchase.weak)
    return with_prompts(block, used, style, test)


def weak_stage(block: Block, student: Student, log: Callable[[str], None]) -> Training[tuple[list[str], dict]]:
    """Train the student on the weak labels of a block that buys once; returns their ids and the stage's record."""
    (purchase,) = block.purchases.values()
    stage, bought = block.method.stages[0], block.pool.p_weak[purchase.weak]
    weak = most_confident(bought, stage.kept)
    record = yield from student.training(student.fresh(), stage, weak, log)
    if stage.kept < 1:
        record |= {"most_confident": describe_kept(bought, weak)}
        log(kept_words(**record["most_confident"]))
    return purchase.weak, record


def train_weak_stages(
    blocks: Sequence[Block], students: Sequence[Student], log: Callable[[str], None]
) -> list[tuple[list[str], dict]]:
    """For each block and its student, which train at once, what weak_stage returns."""
    if len(blocks) == 1:
        return [train_alone(weak_stage(blocks[0], students[0], log))]
    check_model(students[0].model)
    trainings = [
        weak_stage(block, student, naming(log, f"seed {block.seed}"))
        for block, student in zip(blocks, students, strict=True)
    ]
    return train(trainings, StepsTogether([student.model for student in students]))


def run_stages(
    student: Student,
    method: Method,
    purchase: Purchase,
    pool: pd.DataFrame,
    weak_adapter: Path | None,
    candidates: list[str],
    test_ids: list[str],
    log: Callable[[str], None],
) -> Training[tuple[np.ndarray, dict, list[str]]]:
    """One run: its stages in order, then log-odds (n,) for the test ids, the stages' records, and the gold ids used.

    purchase: what is trained on; pool: gold and p_weak by id. weak_adapter: the saved result of the weak stage, which
    is not trained again here; None where no weak labels are bought. candidates: what uncertainty sampling chooses from.
    """
    model = student.after(weak_adapter) if weak_adapter else student.fresh()
    records, gold_ids = {}, purchase.gold
    for stage in method.stages:
        if stage.labels == "weak" and weak_adapter:
            continue
        # Without a weak stage the student's predictions say nothing yet.
        if stage.labels == "gold" and method.selection and purchase.weak:
            rng = stream(student.seed, "uncertainty")
            gold_ids = choose_uncertain(
                candidates, student.predict(model, candidates), len(gold_ids), method.selection, rng
            )
        weak, gold = pool.p_weak[purchase.weak], pool.gold[gold_ids].astype(float)
        p = {"weak": weak, "gold": gold, "both": pd.concat([weak, gold])}[stage.labels]
        if len(p):
            records[stage.labels] = yield from student.training(model, stage, p, log, gold=gold_ids)
    return student.predict(model, test_ids), records, gold_ids


def naming(log: Callable[[str], None], name: str) -> Callable[[str], None]:
    """A log of whose lines each says what it is of."""
    return lambda line: log(f"{name}: {line}")


def run_of_block(
    block: Block,
    pair: Pair,
    student: Student,
    test_ids: list[str],
    weak_stages: WeakStages,
    log: Callable[[str], None],
) -> Training[Run]:
    """The run of a block that buys these numbers of labels; the other arguments as in train_blocks."""
    purchase = block.purchases[pair]
    start = weak_stages[block.seed, pair[0]] if block.method.starts_weak and purchase.weak else None
    log_odds, trained, gold_ids = yield from run_stages(
        student,
        block.method,
        purchase,
        block.pool,
        start.adapter if start else None,
        block.candidates[pair],
        test_ids,
        log,
    )
    bought = Purchase(block.shots.weak + purchase.weak, block.shots.gold + gold_ids)
    stages = ({"weak": start.record} if start else {}) | trained
    return Run(*pair, block.seed, log_odds, bought, stages)


def train_blocks(
    blocks: Sequence[Block],
    students: Sequence[Student],
    test_ids: list[str],
    weak_stages: WeakStages,
    log: Callable[[str], None],
    together: bool = False,
) -> list[Run]:
    """All runs of blocks that differ in their seeds. students: each block's own; weak_stages: one for each run that
    starts weak.

    together: whether the runs take their steps at once instead of one run after the other; InputError where the
    students cannot.
    """
    planned = [
        (block, pair, student) for block, student in zip(blocks, students, strict=True) for pair in block.purchases
    ]
    if not together:
        runs = []
        for block, pair, student in planned:
            log(f"run {len(runs) + 1} of {len(planned)}: {pair[0]} weak and {pair[1]} gold labels")
            runs.append(train_alone(run_of_block(block, pair, student, test_ids, weak_stages, log)))
        return runs
    check_model(students[0].model)
    log(f"{len(planned)} runs at once")
    twins = [student.twin() for _, _, student in planned]
    trainings = [
        run_of_block(
            block, pair, twin, test_ids, weak_stages, naming(log, f"seed {block.seed}, {pair[0]} weak, {pair[1]} gold")
        )
        for (block, pair, _), twin in zip(planned, twins, strict=True)
    ]
    runs = train(trainings, StepsTogether([twin.model for twin in twins]))
    return [replace(run, together=len(runs)) for run in runs]
