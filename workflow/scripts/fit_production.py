"""Fit accuracy as a function of the labels bought, by every form, and compare the forms on held-out budgets."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    from elicitation.analysis.evidence import read_evidence
    from elicitation.analysis.production import as_json
    from elicitation.analysis.production_fitting import fit_groups
    from elicitation.files import write_table

    params = snakemake.params
    fitted = fit_groups(read_evidence(snakemake.input.resamples), params.budgets, params.weak_price)
    write_table(snakemake.output.forms, fitted.forms)
    write_table(snakemake.output.predictions, fitted.predictions)
    record["fits"] = [as_json(fit) for fit in fitted.fits]
    print(fitted.forms.to_string())
