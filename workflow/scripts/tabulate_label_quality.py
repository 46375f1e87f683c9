"""How good each column of the user's own weak labels and each drawn rating is, and what joins them."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.label_quality import QUALITY
    from elicitation.files import read_json, write_table

    rows = []
    for path in snakemake.input:
        record = read_json(path)
        names, prices = record["wildcards"], snakemake.params.prices
        columns = snakemake.params.column_prices[names["supervisor"]]
        for source in record["sources"]:
            # A single column is a source by itself.
            price = prices[names["supervisor"]][0] if source["aggregate"] else columns[source["column"]]
            rows.append({**names, **source, "price": price})
    table = pd.DataFrame(rows, columns=["task", "supervisor", "column", "aggregate", "price", *QUALITY, "coverage"])
    write_table(snakemake.output.quality, table)
    print(table.to_string())
