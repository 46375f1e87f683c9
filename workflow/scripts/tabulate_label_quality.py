"""How good each column of the user's own weak labels, each drawn rating and each model behind an API is; what joins
them, and what a label cost."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.label_quality import tabulate_sources
    from elicitation.api.costs import label_dollars
    from elicitation.files import read_json, write_table

    params, records = snakemake.params, list(map(read_json, snakemake.input))
    table = tabulate_sources(records, params.prices, params.column_prices)
    if params.token_prices:
        named = {(record["wildcards"]["task"], record["wildcards"]["supervisor"]): record for record in records}
        billed = {pair: record for pair, record in named.items() if pair[1] in params.token_prices}
        paid = {pair: label_dollars(record, params.token_prices[pair[1]]) for pair, record in billed.items()}
        table["dollars"] = [paid.get(pair) for pair in zip(table.task, table.supervisor, strict=True)]
    write_table(snakemake.output.quality, table)
    print(table.to_string())
