"""Recommend a purchase and a method for every budget and price that the study looks at."""

from elicitation.jobs import job

with job(snakemake) as record:
    from elicitation.files import replacing
    from elicitation.recommendation import answer_all, make_findings, report

    inputs, params = snakemake.input, snakemake.params
    answers = answer_all(make_findings(inputs.resamples, inputs.production, dict(params.items())), params.budgets)
    record["answers"] = answers
    with replacing(snakemake.output.text) as temporary:
        temporary.write_text(report(answers))
