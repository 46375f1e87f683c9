# Scores, frontiers, regimes and figures. Prices enter here only, so changing them trains nothing.
RUNS = "results/runs/{task}/{supervisor}/{student}/{method}/{block}.parquet"
GROUPS = expand(
    "{task}/{supervisor}/{student}/{method}",
    task=TASKS,
    supervisor=study["supervisors"],
    student=study["students"],
    method=study["methods"],
)


rule evaluate_runs:
    input:
        predictions=expand(RUNS, block=BLOCKS, allow_missing=True),
        test="results/tasks/{task}/test.parquet",
        weak_labels="results/weak_labels/{task}/{supervisor}.parquet",
    output:
        "results/metrics/{task}/{supervisor}/{student}/{method}.parquet",
    log:
        "logs/evaluate_runs/{task}/{supervisor}/{student}/{method}.log",
    benchmark:
        "benchmarks/measured/evaluate_runs/{task}/{supervisor}/{student}/{method}.tsv"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=2000,
    params:
        version=1,
    script:
        "../scripts/evaluate_runs.py"


rule collect_metrics:
    input:
        expand("results/metrics/{group}.parquet", group=GROUPS),
    output:
        "results/metrics.parquet",
    log:
        "logs/collect_metrics.log",
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=1000,
    script:
        "../scripts/collect_metrics.py"


rule find_regimes:
    input:
        predictions=expand(
            RUNS,
            task=TASKS,
            supervisor=study["supervisors"],
            student=study["students"],
            method=study["methods"],
            block=BLOCKS,
        ),
        tests=expand("results/tasks/{task}/test.parquet", task=TASKS),
    output:
        "results/regimes.csv",
    log:
        "logs/find_regimes.log",
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=4000,
    params:
        version=1,
        budgets=study["grid"]["budgets"],
        weak_prices=study["weak_prices"],
    script:
        "../scripts/find_regimes.py"


rule find_frontier:
    input:
        metrics="results/metrics.parquet",
    output:
        "results/frontier.csv",
    log:
        "logs/find_frontier.log",
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=1000,
    params:
        version=1,
        weak_prices=study["weak_prices"],
    script:
        "../scripts/find_frontier.py"


rule plot_pareto:
    input:
        frontier="results/frontier.csv",
        regimes="results/regimes.csv",
    output:
        pdf=report("figures/pareto.pdf", caption="../report/pareto.rst", category="Results"),
        png="figures/pareto.png",
        caption="figures/pareto.md",
    log:
        "logs/plot_pareto.log",
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=1000,
    params:
        version=1,
    script:
        "../scripts/plot_pareto.py"


rule plot_spending:
    input:
        metrics="results/metrics.parquet",
    output:
        pdf=report("figures/spending.pdf", caption="../report/spending.rst", category="Results"),
        png="figures/spending.png",
    log:
        "logs/plot_spending.log",
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=1000,
    params:
        version=1,
        budgets=study["grid"]["budgets"],
        weak_price=study["grid"]["weak_price"],
    script:
        "../scripts/plot_spending.py"
