"""Fit accuracy as a function of the labels bought, by every form, and compare the forms on held-out budgets."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.averages import buys_labels
    from elicitation.analysis.fitting import fit_group
    from elicitation.analysis.names import GROUP
    from elicitation.analysis.production import as_json
    from elicitation.analysis.resampling import read_resamples
    from elicitation.files import write_table

    params = snakemake.params
    points, deviations = read_resamples(snakemake.input.resamples)
    # A production function says what labels bring; what a model knows without any is no purchase of theirs.
    bought = buys_labels(points).to_numpy()
    points, deviations = points[bought], deviations[bought]
    groups = points.groupby(GROUP, sort=False).indices.values()
    fitted = [fit_group(points.iloc[rows], deviations[rows], params.budgets, params.weak_price) for rows in groups]
    forms, predictions, fits = zip(*fitted, strict=True)
    forms = pd.concat(forms, ignore_index=True)
    write_table(snakemake.output.forms, forms)
    write_table(snakemake.output.predictions, pd.concat(predictions, ignore_index=True))
    record["fits"] = [as_json(fit) for fit in fits]
    print(forms.to_string())
