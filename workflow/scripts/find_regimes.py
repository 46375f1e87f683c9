"""Which strategy wins at every budget and price."""

from elicitation.jobs import job

with job(snakemake):
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from elicitation.config import AVERAGE
    from elicitation.evaluation import selection_half
    from elicitation.files import write_table
    from elicitation.regimes import NAMES, correctness, join_tasks, regime_at

    tests = {Path(path).parent.name: pd.read_parquet(path) for path in snakemake.input.tests}
    blocks: dict[tuple[str, ...], list[Path]] = {}
    for path in map(Path, snakemake.input.predictions):
        # results/runs/{task}/{supervisor}/{student}/{method}/{block}.parquet
        blocks.setdefault(path.parts[-5:-1], []).append(path)
    groups = {}
    for (task, *models), paths in blocks.items():
        predictions = pd.concat(map(pd.read_parquet, paths)).drop_duplicates(["n_weak", "n_gold", "seed", "id"])
        # Pairs need the same seeds everywhere; extra seeds are for the means.
        predictions = predictions[predictions.seed.isin(snakemake.params.seeds)]
        groups[task, *models] = correctness(predictions, tests[task].set_index("id").gold)
    halves = {task: selection_half(test.id) for task, test in tests.items()}
    over = snakemake.params.average_over
    if len(over) > 1:
        halves[AVERAGE] = np.concatenate([halves[task] for task in over])
        for models in sorted({group[1:] for group in groups}):
            if all((task, *models) in groups for task in over):
                groups[AVERAGE, *models] = join_tasks([groups[task, *models] for task in over])
    rows = [
        dict(zip(NAMES, group, strict=True)) | regime_at(correct, halves[group[0]], budget, price)
        for group, correct in groups.items()
        for price in snakemake.params.weak_prices
        for budget in snakemake.params.budgets
    ]
    regimes = pd.DataFrame(rows)
    write_table(snakemake.output[0], regimes)
    print(regimes.to_string())
