"""Which strategy wins at every budget and price."""

from elicitation.jobs import job

with job(snakemake):
    from pathlib import Path

    import pandas as pd

    from elicitation.evaluation import selection_half
    from elicitation.files import write_table
    from elicitation.regimes import correctness, regime_at

    tests = {Path(path).parent.name: pd.read_parquet(path) for path in snakemake.input.tests}
    blocks: dict[tuple[str, ...], list[str]] = {}
    for path in map(Path, snakemake.input.predictions):
        # results/runs/{task}/{supervisor}/{student}/{method}/{block}.parquet
        blocks.setdefault(path.parts[-5:-1], []).append(path)
    rows = []
    for group, paths in blocks.items():
        test = tests[group[0]]
        predictions = pd.concat(map(pd.read_parquet, paths)).drop_duplicates(["n_weak", "n_gold", "seed", "id"])
        correct = correctness(predictions, test.set_index("id").gold)
        half = selection_half(test.id)
        names = dict(zip(("task", "supervisor", "student", "method"), group, strict=True))
        for price in snakemake.params.weak_prices:
            for budget in snakemake.params.budgets:
                rows.append(names | regime_at(correct, half, budget, price))
    regimes = pd.DataFrame(rows)
    write_table(snakemake.output[0], regimes)
    print(regimes.to_string())
