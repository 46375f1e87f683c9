"""Count tokens; refuse texts that a model cannot read whole behind its prompts, and labels that are no tokens."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    from pathlib import Path

    import pandas as pd

    from elicitation.api.limits import check_api_context
    from elicitation.data.prompts import PromptFormat
    from elicitation.models.folder import require_language_head
    from elicitation.models.lengths import measure_lengths

    params, task, style = snakemake.params, snakemake.wildcards.task, PromptFormat(**snakemake.params.prompt)
    sets = {part: pd.read_parquet(snakemake.input[part]) for part in ("pool", "test", "supervision")}
    for name, context in params.api_readers.items():
        check_api_context(name, context, pd.concat(sets.values()).set_index("id").text.to_dict(), task)
    lengths, leave_out = {}, params.beyond_context == "leave_out"
    for reader, folder in zip(params.readers, map(Path, snakemake.input.tokenizers), strict=True):
        if reader["asked"]:
            require_language_head(folder, folder.name)
        lengths[folder.name] = measure_lengths(folder, reader, sets, task, style, params.seeds, leave_out)
    record["lengths"] = lengths
    print(lengths)
