"""Compare the columns or ratings that a supervisor joins, and list the wrong labels that each is surest of."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.derived_labels import Sources, read_sources
    from elicitation.analysis.source_comparison import compare_sources
    from elicitation.data.tasks import draw_ratings
    from elicitation.files import write_lines

    inputs, params = snakemake.input, snakemake.params
    if params.raters is None:
        sources = read_sources(params.task, params.data_folder, params.columns)
    else:
        examples = pd.concat(pd.read_parquet(inputs[part]) for part in ("pool", "test")).set_index("id")
        votes = draw_ratings(pd.read_parquet(inputs.said), examples.index, params.task, params.raters)
        sources = Sources(examples[["text"]], examples.gold, votes)
    joined = pd.read_parquet(inputs.weak_labels).set_index("id").p_weak
    compared, errors = compare_sources(sources, joined, params.aggregate)
    write_lines(snakemake.output.errors, errors)
    record |= compared
