"""Count tokens and refuse a task with a text that some model cannot read whole, prompts included."""

from elicitation.jobs import job

with job(snakemake) as record:
    from pathlib import Path

    import pandas as pd

    from elicitation.config import require_language_head
    from elicitation.lengths import check_context, count_tokens, longest_prompt, tokens_per_label
    from elicitation.methods import Shots
    from elicitation.prompts import PromptFormat

    params, style = snakemake.params, PromptFormat(**snakemake.params.prompt)
    sets = {part: pd.read_parquet(snakemake.input[part]) for part in ("pool", "test", "supervision")}
    texts = pd.concat(sets.values())
    shots = [Shots(**settings) for settings in params.shots]
    lengths = {}
    for folder in map(Path, snakemake.input.tokenizers):
        if folder.name in params.prompted:
            require_language_head(folder, folder.name)
        counts = count_tokens(folder, texts.text.tolist())
        by_id = pd.Series(counts, texts.id)[sets["pool"].id]
        prompt = longest_prompt(by_id, tokens_per_label(folder, style), shots, params.seeds)
        context = check_context(folder, counts, texts.id.tolist(), snakemake.wildcards.task, prompt)
        mean = sum(counts) / len(counts)
        lengths[folder.name] = {"longest": max(counts), "mean": mean, "longest_prompt": prompt, "context": context}
    record["lengths"] = lengths
    print(lengths)
