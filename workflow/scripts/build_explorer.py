"""Build the page on which frontier, regimes, isoquants and purchase follow prices and budget."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.evidence import read_evidence
    from elicitation.analysis.production import read_production
    from elicitation.explorer.data import page_data
    from elicitation.explorer.page import render
    from elicitation.files import replacing

    evidence = read_evidence(snakemake.input.resamples)
    study = dict(snakemake.params.items()) | {"precision": precision_of_runs(snakemake.input.metrics)}
    data = page_data(evidence, read_production(snakemake.input.production), study)
    with replacing(snakemake.output.html) as temporary:
        temporary.write_text(render(data), encoding="utf-8")
    record["replicates"] = {name: data["study"][name] for name in ("replicates", "carried")}
    print(f"{len(evidence.points)} configurations, {data['study']['carried']} of {evidence.replicates} replicates")
