"""Count tokens; refuse texts that a model cannot read whole behind its prompts, and labels that are no tokens."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    from pathlib import Path

    import pandas as pd

    from elicitation.api.limits import check_api_context
    from elicitation.buying.methods import Shots
    from elicitation.data.prompts import PromptFormat, label_token_ids
    from elicitation.models.folder import require_language_head
    from elicitation.models.lengths import (
        check_context,
        count_tokens,
        longest_prompt,
        must_fit,
        read_tokenizer,
        tokens_per_label,
    )

    params, task, style = snakemake.params, snakemake.wildcards.task, PromptFormat(**snakemake.params.prompt)
    sets = {part: pd.read_parquet(snakemake.input[part]) for part in ("pool", "test", "supervision")}
    texts, pool = pd.concat(sets.values()), sets["pool"]
    for name, context in params.api_readers.items():
        check_api_context(name, context, texts.set_index("id").text.to_dict(), task)
    lengths = {}
    for reader, folder in zip(params.readers, map(Path, snakemake.input.tokenizers), strict=True):
        if reader["asked"]:
            require_language_head(folder, folder.name)
            label_token_ids(read_tokenizer(folder), style, folder.name)
        counts = {part: count_tokens(folder, examples.text.tolist()) for part, examples in sets.items()}
        every, per_label = [n for part in counts.values() for n in part], tokens_per_label(folder, style)
        by_id, known = pd.Series(counts["pool"], pool.id), pool.id[pool.gold.notna()]
        shots, few_shots = ([Shots(**settings) for settings in reader[kind]] for kind in ("shots", "few_shots"))
        needed = shots + (must_fit(few_shots) if params.beyond_context == "leave_out" else few_shots)
        shown = counts["supervision"][: reader["supervision_shots"]]
        prompt = max(longest_prompt(by_id, per_label, needed, params.seeds, known), sum(shown) + per_label * len(shown))
        # A text behind which a label is asked for has the cue too.
        prompt += per_label if reader["asked"] or shots else 0
        context = check_context(folder, every, texts.id.tolist(), task, prompt)
        lengths[folder.name] = {
            "longest": max(every),
            "mean": sum(every) / len(every),
            "longest_prompt": prompt,
            "context": context,
        }
    record["lengths"] = lengths
    print(lengths)
