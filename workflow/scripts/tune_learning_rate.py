"""Train a student on gold labels of the supervision set at several learning rates, and score each on the others."""

from elicitation.jobs.script import imports_done, job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.learning_rates import best_rate, rate_lines
    from elicitation.buying.methods import Stage
    from elicitation.files import replacing
    from elicitation.models.loading import require_hardware
    from elicitation.training.schedule import Protocol
    from elicitation.training.tuning import compare_rates

    imports_done()
    params, files = snakemake.params, snakemake.input
    compared = compare_rates(
        files.student,
        require_hardware(params.hardware),
        pd.read_parquet(files.supervision),
        Stage("gold", trains=params.trains),
        {rate: Protocol(learning_rate=rate, **params.training) for rate in params.learning_rates},
        params.labels,
        params.seeds,
        params.adapt_layers,
        print,
    )
    with replacing(snakemake.output.rates) as temporary:
        compared.to_csv(temporary, index=False)
    print("\n".join(rate_lines(compared)))
    record["chosen"] = best_rate(compared)
