"""How good each column of the user's own weak labels and each drawn rating is, and what joins them."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.label_quality import tabulate_sources
    from elicitation.buying.amounts import Money
    from elicitation.files import read_json, write_table

    params = snakemake.params
    table = tabulate_sources(
        map(read_json, snakemake.input), params.prices, params.column_prices, Money(**params.get("money", {}))
    )
    write_table(snakemake.output.quality, table)
    print(table.to_string())
