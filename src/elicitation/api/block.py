"""What happens in one block to a student behind an API: jobs for its stages, then answers to the test texts."""

from collections.abc import Mapping

import pandas as pd

from elicitation.api.chat import training_lines
from elicitation.api.client import RemoteStage
from elicitation.api.ledger import Ledger
from elicitation.buying.block import Block, Pair, Run
from elicitation.buying.methods import Method
from elicitation.buying.purchases import Purchase
from elicitation.seeds import derive_seed

# APIs take seeds below this.
MAX_JOB_SEED = 2**31


def finetune_block(
    ledger: Ledger,
    method: Method,
    purchases: Mapping[Pair, Purchase],
    texts: Mapping[str, str],
    labels: Mapping[str, Mapping[str, float]],
    seed: int,
    task: str,
) -> dict[Pair, dict[str, dict]]:
    """The ledger's entries of every purchase's stages, in order; each starts from the model of the one before.

    texts: by id; labels: for `weak` and `gold`, the probability of label 1 by id. A finetuning API takes answers, not
    probabilities, so weak labels are hardened at 0.5. Stages that purchases share are one job.
    """
    entries: dict[Pair, dict[str, dict]] = {pair: {} for pair in purchases}
    bases = dict.fromkeys(purchases, ledger.client.settings.model)
    for name in [stage.labels for stage in method.stages]:
        bought = {pair: getattr(purchase, name) for pair, purchase in purchases.items() if getattr(purchase, name)}
        remote = {
            pair: RemoteStage(
                f"{task}-{name}-{len(ids)}-s{seed}",
                bases[pair],
                training_lines([texts[i] for i in ids], [labels[name][i] > 0.5 for i in ids]),
                derive_seed(seed, "api", name) % MAX_JOB_SEED,
            )
            for pair, ids in bought.items()
        }
        for pair, entry in zip(remote, ledger.finetune(list(remote.values())), strict=True):
            entries[pair][name], bases[pair] = entry, entry["model"]
    return entries


def elicit_block(ledger: Ledger, block: Block, test: pd.DataFrame) -> list[Run]:
    """All runs of a block: its stages are finetuned, and the resulting models answer the test examples (id, text)."""
    labels = {"weak": block.pool.p_weak, "gold": block.pool.gold}
    entries = finetune_block(ledger, block.method, block.purchases, block.pool.text, labels, block.seed, block.task)
    runs = []
    for pair, stages in entries.items():
        last = list(stages.values())[-1]
        log_odds, evaluation = ledger.predict(last, test.id.tolist(), test.text.tolist())
        runs.append(Run(*pair, block.seed, log_odds, block.purchases[pair], stages, evaluation))
    return runs
