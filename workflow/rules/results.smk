# Scores, frontiers, regimes, figures and tables. Prices enter here only, so changing them trains nothing.
TITLES = {name: method.title for name, method in METHODS.items()}
# Variants of the plain stages that differ in their prompts alone.
PROMPTED = [name for name, method in METHODS.items() if method.shots and not method.selection and not method.training]
# The first of each list is the one that figures keep to where they vary something else.
MAIN = {"supervisor": list(SUPERVISORS)[:1], "student": STUDENTS[:1], "method": list(METHODS)[:1]}
LABELLED = list(dict.fromkeys((group["task"], group["supervisor"]) for group in GROUPS))
AVERAGED = study["average_over"] or list(TASKS)
# Students are compared on the average, or on the first task that all of them have.
TASKS_OF = {name: {group["task"] for group in GROUPS if group["student"] == name} for name in STUDENTS}
COMMON = [task for task in TASKS if all(task in tasks for tasks in TASKS_OF.values())]
COMPARABLE = {} if set(AVERAGED) <= set(COMMON) else {"task": COMMON[:1]}
RESULTS = [
    "figures/pareto.pdf",
    "figures/spending.pdf",
    "figures/scaling.pdf",
    "figures/weak_labels.pdf",
    "results/methods.csv",
]
if len(TASKS) > 1:
    RESULTS.append("figures/spending_tasks.pdf")
if len(SUPERVISORS) > 1:
    RESULTS.append("figures/spending_supervisors.pdf")
if PROMPTED:
    RESULTS.append("figures/prompting.pdf")


rule evaluate_runs:
    input:
        predictions=runs_of_group,
        lengths="results/tasks/{task}/lengths.json",
        test="results/tasks/{task}/test.parquet",
        weak_labels="results/weak_labels/{task}/{supervisor}.parquet",
    output:
        metrics="results/metrics/{task}/{supervisor}/{student}/{method}.parquet",
        record="results/metrics/{task}/{supervisor}/{student}/{method}.json",
    log:
        "logs/evaluate_runs/{task}/{supervisor}/{student}/{method}.log",
    benchmark:
        "benchmarks/measured/evaluate_runs/{task}/{supervisor}/{student}/{method}.tsv"
    group:
        "tables"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        version=2,
        method=method_settings,
    script:
        "../scripts/evaluate_runs.py"


rule collect_metrics:
    input:
        ["results/metrics/{task}/{supervisor}/{student}/{method}.parquet".format(**group) for group in GROUPS],
    output:
        metrics="results/metrics.parquet",
        record="results/metrics.json",
    log:
        "logs/collect_metrics.log",
    group:
        "tables"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/collect_metrics.py"


rule find_regimes:
    input:
        predictions=[runs_of(group) for group in GROUPS],
        tests=expand("results/tasks/{task}/test.parquet", task=TASKS),
    output:
        regimes="results/regimes.csv",
        record="results/regimes.json",
    log:
        "logs/find_regimes.log",
    group:
        "tables"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(30),
    params:
        version=1,
        budgets=BUDGETS,
        weak_prices=study["weak_prices"],
        seeds=study["seeds"],
        average_over=AVERAGED,
    script:
        "../scripts/find_regimes.py"


rule summarise_runs:
    input:
        metrics="results/metrics.parquet",
    output:
        summary="results/summary.parquet",
        missing="results/missing.csv",
        record="results/summary.json",
    log:
        "logs/summarise_runs.log",
    group:
        "tables"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        version=1,
        average_over=AVERAGED,
    script:
        "../scripts/summarise_runs.py"


rule find_frontier:
    input:
        summary="results/summary.parquet",
    output:
        frontier="results/frontier.csv",
        record="results/frontier.json",
    log:
        "logs/find_frontier.log",
    group:
        "tables"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        version=1,
        weak_prices=study["weak_prices"],
    script:
        "../scripts/find_frontier.py"


rule plot_pareto:
    input:
        frontier="results/frontier.csv",
        regimes="results/regimes.csv",
        missing="results/missing.csv",
    output:
        pdf=report("figures/pareto.pdf", caption="../report/pareto.rst", category="Figures"),
        png="figures/pareto.png",
        caption="figures/pareto.md",
        record="figures/pareto.json",
    log:
        "logs/plot_pareto.log",
    group:
        "tables"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        version=2,
        titles=TITLES,
    script:
        "../scripts/plot_pareto.py"


rule plot_spending:
    input:
        summary="results/summary.parquet",
        missing="results/missing.csv",
    output:
        pdf=report("figures/spending.pdf", caption="../report/spending.rst", category="Figures"),
        png="figures/spending.png",
        record="figures/spending.json",
    log:
        "logs/plot_spending.log",
    group:
        "tables"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        version=2,
        titles=TITLES,
        panel="method",
        shown={kind: MAIN[kind] for kind in ("supervisor", "student")},
        budgets=BUDGETS,
        weak_price=study["grid"]["weak_price"],
    script:
        "../scripts/plot_spending.py"


use rule plot_spending as plot_spending_tasks with:
    output:
        pdf=report(
            "figures/spending_tasks.pdf",
            caption="../report/spending_tasks.rst",
            category="Figures",
        ),
        png="figures/spending_tasks.png",
        record="figures/spending_tasks.json",
    log:
        "logs/plot_spending_tasks.log",
    params:
        version=2,
        titles=TITLES,
        panel="task",
        shown=MAIN,
        budgets=BUDGETS,
        weak_price=study["grid"]["weak_price"],


use rule plot_spending as plot_spending_supervisors with:
    output:
        pdf=report(
            "figures/spending_supervisors.pdf",
            caption="../report/spending_supervisors.rst",
            category="Figures",
        ),
        png="figures/spending_supervisors.png",
        record="figures/spending_supervisors.json",
    log:
        "logs/plot_spending_supervisors.log",
    params:
        version=2,
        titles=TITLES,
        panel="supervisor",
        shown={kind: MAIN[kind] for kind in ("student", "method")},
        budgets=BUDGETS,
        weak_price=study["grid"]["weak_price"],


rule plot_prompting:
    input:
        summary="results/summary.parquet",
        missing="results/missing.csv",
    output:
        pdf=report("figures/prompting.pdf", caption="../report/prompting.rst", category="Figures"),
        png="figures/prompting.png",
        record="figures/prompting.json",
    log:
        "logs/plot_prompting.log",
    group:
        "tables"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        version=1,
        titles=TITLES,
        shown={kind: MAIN[kind] for kind in ("supervisor", "student")} | {"method": ["sequential_sft", *PROMPTED]},
        weak_price=study["grid"]["weak_price"],
    script:
        "../scripts/plot_prompting.py"


rule plot_scaling:
    input:
        summary="results/summary.parquet",
        missing="results/missing.csv",
    output:
        pdf=report("figures/scaling.pdf", caption="../report/scaling.rst", category="Figures"),
        png="figures/scaling.png",
        record="figures/scaling.json",
    log:
        "logs/plot_scaling.log",
    group:
        "tables"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        version=1,
        titles=TITLES,
        shown={kind: MAIN[kind] for kind in ("supervisor", "method")} | COMPARABLE,
        budgets=BUDGETS,
        weak_price=study["grid"]["weak_price"],
    script:
        "../scripts/plot_scaling.py"


rule plot_weak_labels:
    input:
        labels=[f"results/weak_labels/{task}/{supervisor}.parquet" for task, supervisor in LABELLED],
        tests=expand("results/tasks/{task}/test.parquet", task=TASKS),
    output:
        pdf=report("figures/weak_labels.pdf", caption="../report/weak_labels.rst", category="Figures"),
        png="figures/weak_labels.png",
        record="figures/weak_labels.json",
    log:
        "logs/plot_weak_labels.log",
    group:
        "tables"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        version=1,
        tasks=list(TASKS),
        labelled=LABELLED,
    script:
        "../scripts/plot_weak_labels.py"


rule tabulate_methods:
    input:
        frontier="results/frontier.csv",
        missing="results/missing.csv",
    output:
        csv=report("results/methods.csv", caption="../report/methods.rst", category="Tables"),
        tex="results/methods.tex",
        record="results/methods.json",
    log:
        "logs/tabulate_methods.log",
    group:
        "tables"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        version=1,
        titles=TITLES,
        budgets=BUDGETS,
    script:
        "../scripts/tabulate_methods.py"
