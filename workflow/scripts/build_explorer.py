"""Build the page on which the answer, frontier, regimes and isoquants follow prices and budget."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.posterior import read_posterior
    from elicitation.explorer.data import page_data
    from elicitation.explorer.page import render
    from elicitation.files import replacing

    study = dict(snakemake.params.items()) | {"precision": precision_of_runs(snakemake.input.metrics)}
    summary = pd.read_parquet(snakemake.input.summary)
    data = page_data(read_posterior(snakemake.input.posterior), summary, study)
    with replacing(snakemake.output.html) as temporary:
        temporary.write_text(render(data), encoding="utf-8")
    record["factors"] = data["factors"]["kind"]
    print(f"{len(data['blocks'])} blocks, factors as {data['factors']['kind']}")
