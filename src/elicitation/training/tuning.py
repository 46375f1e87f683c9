"""Comparing learning rates of a student on gold labels that no run buys, by its score on others of them."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from sklearn.model_selection import train_test_split

from elicitation.analysis.measures import contributions
from elicitation.buying.methods import Stage
from elicitation.errors import InputError
from elicitation.models.hardware import Hardware
from elicitation.seeds import derive_seed
from elicitation.training.loop import NotFinite
from elicitation.training.schedule import Protocol
from elicitation.training.student import Student, compute_trunk

# Of the first repetition. No study has such seeds, so that no run shares its head with one that chose its rate.
FIRST_SEED = 10**9
# What a student is scored by that knows nothing, or whose training went astray.
CHANCE = 0.5


def split_gold(examples: pd.DataFrame, n_train: int, seed: int) -> tuple[list[str], list[str]]:
    """Ids to train on, in an order of which every beginning is a sample, and the others, which are held out.

    examples: id and gold. Both parts have the two labels in the same proportion. Raises InputError if one label stands
    there once only.
    """
    if examples.gold.value_counts().min() < 2:
        raise InputError("The supervision set has one label once only; raise the task's supervision_size.")
    random = derive_seed(seed, "tuning") % 2**32
    return train_test_split(examples.id.tolist(), train_size=n_train, stratify=examples.gold, random_state=random)


def score(student: Student, held_out: Sequence[str], gold: pd.Series) -> float:
    """The student's balanced accuracy on the texts that are held out; gold: by id."""
    log_odds = student.predict(student.model, list(held_out))
    return float(contributions("balanced_accuracy", log_odds, gold[held_out].to_numpy()).mean())


def compare_rates(
    folder: str | Path,
    hardware: Hardware,
    examples: pd.DataFrame,
    stage: Stage,
    protocols: Mapping[float, Protocol],
    numbers: Sequence[int],
    n_seeds: int,
    adapt_layers: int | None,
    log: Callable[[str], None],
) -> pd.DataFrame:
    """A row for each learning rate, number of gold labels and seed: learning_rate, n_gold, seed, n_held_out, score.

    examples: id, text and gold; stage: what trains; protocols: by learning rate; numbers: of gold labels, of which each
    seed's are nested; adapt_layers: as for a Student. Of one seed all rates begin with the same head, labels and
    orders, so that they can be compared in pairs. The score is the balanced accuracy on the labels held out.
    """
    gold, rows = examples.set_index("id").gold, []
    first = next(iter(protocols.values()))
    with TemporaryDirectory() as temporary:
        trunk = None
        if adapt_layers is not None:
            trunk = Path(temporary) / "trunk"
            compute_trunk(folder, hardware, examples, adapt_layers, first.micro_batch_tokens, trunk)
        for seed in range(FIRST_SEED, FIRST_SEED + n_seeds):
            train, held_out = split_gold(examples, max(numbers), seed)
            student = Student(folder, hardware, examples, seed, first, adapt_layers, trunk)
            for n, (rate, protocol) in product(numbers, protocols.items()):
                student.protocol, reached = protocol, CHANCE
                try:
                    student.train(student.fresh(), stage, gold[train[:n]].astype(float), log)
                    reached = score(student, held_out, gold)
                except NotFinite as error:
                    log(f"learning rate {rate:g}: {error}")
                log(f"learning rate {rate:g}, {n} labels, seed {seed - FIRST_SEED + 1}: {100 * reached:.1f} %")
                rows.append((rate, n, seed, len(held_out), reached))
    return pd.DataFrame(rows, columns=["learning_rate", "n_gold", "seed", "n_held_out", "score"])
