"""Build the page on which frontier, regimes, isoquants and purchase follow prices and budget."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.production import read_production
    from elicitation.analysis.resampling import read_resamples
    from elicitation.explorer.data import page_data
    from elicitation.explorer.page import render
    from elicitation.files import replacing

    points, deviations = read_resamples(snakemake.input.resamples)
    study = dict(snakemake.params.items()) | {"precision": precision_of_runs(snakemake.input.metrics)}
    data = page_data(points, deviations, read_production(snakemake.input.production), study)
    with replacing(snakemake.output.html) as temporary:
        temporary.write_text(render(data), encoding="utf-8")
    record["replicates"] = {name: data["study"][name] for name in ("replicates", "carried")}
    print(f"{len(points)} configurations, {data['study']['carried']} of {deviations.shape[1]} replicates")
