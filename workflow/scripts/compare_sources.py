"""Compare the sources that a supervisor joins, or is one of, and list the wrong labels that each is surest of."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.derived_labels import Sources, labels_of, read_sources
    from elicitation.analysis.source_comparison import compare_sources
    from elicitation.data.supervisor_texts import further_columns
    from elicitation.data.tasks import draw_ratings
    from elicitation.files import write_lines

    inputs, params = snakemake.input, snakemake.params
    joined = pd.read_parquet(inputs.weak_labels).set_index("id").p_weak
    if params.columns:
        sources = read_sources(params.task, params.data_folder, params.columns)
    else:
        examples = pd.concat(pd.read_parquet(inputs[part]) for part in ("pool", "test")).set_index("id")
        if params.raters:
            votes = draw_ratings(pd.read_parquet(inputs.said), examples.index, params.task, params.raters)
        elif inputs.parts:
            votes = labels_of(inputs.parts).loc[examples.index]
        else:
            # A model behind an API is one source, and so is a rule.
            votes = joined.reindex(examples.index).to_frame(snakemake.wildcards.supervisor)
        sources = Sources(examples[["text", *further_columns(examples)]], examples.gold, votes)
    compared, errors = compare_sources(sources, joined, params.aggregate)
    write_lines(snakemake.output.errors, errors)
    record |= compared
