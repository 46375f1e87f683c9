# Scores, frontiers, regimes, figures and tables. Prices enter here only, so changing them trains nothing.
from elicitation.analysis.names import AVERAGE
from elicitation.study.held import held_labels, not_asked, thresholded, votes_of_texts, words_of_labels
from elicitation.study.tuning import rates_to_try

TITLES = {name: method.title for name, method in study.method_named.items()}
AVERAGED = study.averaged()
# The method whose students are looked at where weak labels are wrong; none where all methods only prompt.
FIRST_TRAINED = next((name for name, method in study.method_named.items() if not method.prompts_only), "")
# What amounts are shown in, for jobs of studies that have a currency.
MONEY = {"money": {"currency": study.currency, "gold_price": study.gold_price}} if study.currency else {}
# For jobs that answer at other prices: from whose labels others are composed.
PARTS = {name: dict(entry.parts) for name, entry in study.supervisor_named.items() if entry.parts}
PARTS = {"parts": PARTS} if PARTS else {}
# For jobs that answer what to buy: for how many texts and how much money, where the study says it.
NEED = {"texts_to_label": study.texts_to_label, "budget": study.budget}
NEED = {name: amount for name, amount in NEED.items() if amount is not None}
# For jobs that answer what to buy: whether the study's data are invented.
INVENTED = {"invented": True} if study.invented else {}
# For jobs that say where training brought nothing: what trains here, and at which rates.
RATES_OF = {name: study.model_of(name).learning_rate for name in LOCAL_STUDENTS}
TO_TRY = {name: rates_to_try(study, study.model_of(name).name) for name in LOCAL_STUDENTS}
LONGER = study.training.longer
TRAINED = {"trained": TRAINING, "learning_rates": RATES_OF, "rates_to_try": TO_TRY, "longer": LONGER}
TRAINED = TRAINED if LOCAL_STUDENTS else {}
# For jobs that answer what to buy: the labels that users' own tables hold.
HELD_LABELS = held_labels(study)
HELD = {"held": HELD_LABELS} if HELD_LABELS else {}
# For jobs that say what a weak label of several votes costs, and what labels are called in users' own tables.
VOTES = {"votes": found} if (found := votes_of_texts(study)) else {}
LABEL_WORDS = {"label_words": found} if (found := words_of_labels(study)) else {}
# For jobs that score weak labels as they are: whose texts without a label nobody asked for.
NOT_ASKED = {"not_asked": found} if (found := not_asked(study)) else {}
# For jobs that score weak labels as they are: for which gold labels outside the test set may have chosen a threshold.
THRESHOLDED = {"thresholded": found} if (found := thresholded(study)) else {}
# The tasks that are users' own tables, all of whose gold labels score what needs no student.
TABLES = [name for name, task in study.task_named.items() if isinstance(task, TableTask)]
# How many texts can be labelled, by task. Which of them a supervisor labels, its purchases say.
POOL_SIZES = {task: pool.examples for task, pool in study.pools.items()}
POOL_SIZES[AVERAGE] = min(POOL_SIZES[task] for task in AVERAGED)
# Figures that may average other tasks than the rest; those that do have tables of their own.
AVERAGED_IN = {figure: study.averaged(figure) for figure in ("spending", "prompting")}
SUMMARIES = {figure: f"results/{figure}_" if tasks != AVERAGED else "results/" for figure, tasks in AVERAGED_IN.items()}
RESULTS = [
    "figures/what_to_buy.pdf",
    "figures/pareto.pdf",
    "figures/weak_labels.pdf",
    "figures/errors.pdf",
    "results/methods.csv",
    # Without rows where only models label, so that no study is left with the table of another one's sources.
    "results/label_quality.csv",
    *(f"figures/{name}.pdf" for name in study.views),
]
# The groups whose weak labels have an error rate that the study says, so that their kinds of errors can be compared.
KINDS = [group for group in study.groups if group.supervisor in study.error_rates and group.method == FIRST_TRAINED]
if len({group.supervisor for group in KINDS}) > 1:
    RESULTS.append("figures/error_kinds.pdf")


rule evaluate_runs:
    input:
        predictions=runs_of_group,
        records=records_of_group,
        test="results/tasks/{task}/test.parquet",
        pool=of_table("pool"),
        supervision=of_table("supervision"),
        weak_labels="results/weak_labels/{task}/{supervisor}.parquet",
    output:
        metrics="results/metrics/{task}/{supervisor}/{student}/{method}.parquet",
        evidence="results/evidence/{task}/{supervisor}/{student}/{method}.parquet",
        record="results/metrics/{task}/{supervisor}/{student}/{method}.json",
    log:
        "logs/evaluate_runs/{task}/{supervisor}/{student}/{method}.log",
    benchmark:
        "benchmarks/measured/evaluate_runs/{task}/{supervisor}/{student}/{method}.tsv"
    group:
        "scores"
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        **NOT_ASKED,
        **THRESHOLDED,
        version=16,
        method=method_settings,
        purchases=purchases_of_group,
        measure=study.inference.measure,
        gold_noise=gold_noise_of,
    script:
        "../scripts/evaluate_runs.py"


rule collect_metrics:
    input:
        of_groups("results/metrics"),
    output:
        metrics="results/metrics.parquet",
        record="results/metrics.json",
    log:
        "logs/collect_metrics.log",
    group:
        "tables"
    params:
        version=2,
    script:
        "../scripts/collect_metrics.py"


use rule collect_metrics as collect_evidence with:
    input:
        of_groups("results/evidence"),
    output:
        evidence="results/evidence.parquet",
        record="results/evidence.json",
    log:
        "logs/collect_evidence.log",
    params:
        version=1,


rule fit_posterior:
    input:
        evidence="results/evidence.parquet",
    output:
        posterior="results/posterior.parquet",
        record="results/posterior.json",
    log:
        "logs/fit_posterior.log",
    benchmark:
        "benchmarks/measured/fit_posterior.tsv"
    group:
        "tables"
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        version=5,
        average_over=AVERAGED,
    script:
        "../scripts/fit_posterior.py"


rule find_regimes:
    input:
        posterior="results/posterior.parquet",
    output:
        regimes="results/regimes.csv",
        record="results/regimes.json",
    log:
        "logs/find_regimes.log",
    group:
        "tables"
    resources:
        mem_mb=grows(1000),
        runtime=grows(30),
    params:
        version=6,
        prices=study.prices,
        budgets=study.budgets,
        pool_sizes=POOL_SIZES,
        verdict=study.inference.verdict,
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
    params:
        version=6,
        plan=study.plan,
        average_over=AVERAGED,
    script:
        "../scripts/summarise_runs.py"


use rule summarise_runs as summarise_for_figure with:
    output:
        summary="results/{figure}_summary.parquet",
        missing="results/{figure}_missing.csv",
        record="results/{figure}_summary.json",
    log:
        "logs/summarise_for_figure/{figure}.log",
    wildcard_constraints:
        figure=one_of(AVERAGED_IN),
    params:
        version=6,
        plan=study.plan,
        average_over=averaged_in_figure,


use rule fit_posterior as fit_posterior_for_figure with:
    output:
        posterior="results/{figure}_posterior.parquet",
        record="results/{figure}_posterior.json",
    log:
        "logs/fit_posterior_for_figure/{figure}.log",
    benchmark:
        "benchmarks/measured/fit_posterior_for_figure/{figure}.tsv"
    wildcard_constraints:
        figure=one_of(AVERAGED_IN),
    params:
        version=3,
        average_over=averaged_in_figure,


rule find_frontier:
    input:
        posterior="results/posterior.parquet",
    output:
        frontier="results/frontier.csv",
        record="results/frontier.json",
    log:
        "logs/find_frontier.log",
    group:
        "tables"
    params:
        version=6,
        prices=study.prices,
    script:
        "../scripts/find_frontier.py"


rule plot_pareto:
    input:
        frontier="results/frontier.csv",
        regimes="results/regimes.csv",
        posterior="results/posterior.parquet",
        missing="results/missing.csv",
        metrics="results/metrics.parquet",
    output:
        pdf="figures/pareto.pdf",
        png=figure("pareto", "What every purchase costs and brings"),
        caption="figures/pareto.md",
        record="figures/pareto.json",
    log:
        "logs/plot_pareto.log",
    group:
        "tables"
    params:
        **MONEY,
        version=9,
        titles=TITLES,
        measure=study.inference.measure,
        verdict=study.inference.verdict,
    script:
        "../scripts/plot_pareto.py"


rule plot_spending:
    input:
        summary=f"{SUMMARIES['spending']}summary.parquet",
        posterior=f"{SUMMARIES['spending']}posterior.parquet",
        missing=f"{SUMMARIES['spending']}missing.csv",
        metrics="results/metrics.parquet",
    output:
        pdf="figures/spending.pdf",
        png=figure("spending", "How to spend a budget, by method"),
        record="figures/spending.json",
    log:
        "logs/plot_spending.log",
    group:
        "tables"
    params:
        **MONEY,
        version=11,
        titles=TITLES,
        measure=study.inference.measure,
        panel="method",
        shown=study.views.get("spending", {}),
        budgets=study.budgets,
        weak_price=study.grid.weak_price,
        own_prices=OWN_PRICES,
    script:
        "../scripts/plot_spending.py"


use rule plot_spending as plot_spending_tasks with:
    output:
        pdf="figures/spending_tasks.pdf",
        png=figure("spending_tasks", "How to spend a budget, by task"),
        record="figures/spending_tasks.json",
    log:
        "logs/plot_spending_tasks.log",
    params:
        **MONEY,
        version=11,
        titles=TITLES,
        measure=study.inference.measure,
        panel="task",
        shown=study.views.get("spending_tasks", {}),
        budgets=study.budgets,
        weak_price=study.grid.weak_price,
        own_prices=OWN_PRICES,


use rule plot_spending as plot_spending_supervisors with:
    output:
        pdf="figures/spending_supervisors.pdf",
        png=figure("spending_supervisors", "How to spend a budget, by supervisor"),
        record="figures/spending_supervisors.json",
    log:
        "logs/plot_spending_supervisors.log",
    params:
        **MONEY,
        version=11,
        titles=TITLES,
        measure=study.inference.measure,
        panel="supervisor",
        shown=study.views.get("spending_supervisors", {}),
        budgets=study.budgets,
        weak_price=study.grid.weak_price,
        own_prices=OWN_PRICES,


rule plot_prompting:
    input:
        summary=f"{SUMMARIES['prompting']}summary.parquet",
        posterior=f"{SUMMARIES['prompting']}posterior.parquet",
        missing=f"{SUMMARIES['prompting']}missing.csv",
        metrics="results/metrics.parquet",
    output:
        pdf="figures/prompting.pdf",
        png=figure("prompting", "Labels in the prompt or for finetuning"),
        record="figures/prompting.json",
    log:
        "logs/plot_prompting.log",
    group:
        "tables"
    params:
        **MONEY,
        version=6,
        titles=TITLES,
        measure=study.inference.measure,
        shown=study.views.get("prompting", {}),
        weak_price=price_in("prompting"),
    script:
        "../scripts/plot_prompting.py"


rule plot_scaling:
    input:
        posterior="results/posterior.parquet",
        metrics="results/metrics.parquet",
    output:
        pdf="figures/scaling.pdf",
        png=figure("scaling", "The best purchase, by student"),
        record="figures/scaling.json",
    log:
        "logs/plot_scaling.log",
    group:
        "tables"
    params:
        **MONEY,
        version=6,
        titles=TITLES,
        measure=study.inference.measure,
        shown=study.views["scaling"],
        budgets=study.budgets,
        weak_price=price_in("scaling"),
        pool_sizes=POOL_SIZES,
        verdict=study.inference.verdict,
    script:
        "../scripts/plot_scaling.py"


rule plot_weak_labels:
    input:
        labels=[f"results/weak_labels/{task}/{supervisor}.parquet" for task, supervisor in study.labelled],
        records=[f"results/weak_labels/{task}/{supervisor}.json" for task, supervisor in study.labelled],
        tests=expand("results/tasks/{task}/test.parquet", task=study.task_named),
        pools=expand("results/tasks/{task}/pool.parquet", task=TABLES),
        posterior="results/posterior.parquet",
    output:
        pdf="figures/weak_labels.pdf",
        png=figure("weak_labels", "How good the weak labels are"),
        record="figures/weak_labels.json",
    log:
        "logs/plot_weak_labels.log",
    group:
        "tables"
    params:
        version=6,
        measure=study.inference.measure,
        tasks=list(study.task_named),
        tables=TABLES,
        labelled=study.labelled,
    script:
        "../scripts/plot_weak_labels.py"


rule plot_errors:
    input:
        summary="results/summary.parquet",
        missing="results/missing.csv",
        metrics="results/metrics.parquet",
    output:
        pdf="figures/errors.pdf",
        png=figure("errors", "What students learn of wrong weak labels"),
        record="figures/errors.json",
    log:
        "logs/plot_errors.log",
    group:
        "tables"
    params:
        version=3,
        method=FIRST_TRAINED,
        titles=TITLES,
    script:
        "../scripts/plot_errors.py"


rule measure_imitation:
    input:
        predictions=runs_of_group,
        asked=asked_run,
        test="results/tasks/{task}/test.parquet",
        weak_labels="results/weak_labels/{task}/{supervisor}.parquet",
    output:
        imitation="results/imitation/{task}/{supervisor}/{student}/{method}.parquet",
        record="results/imitation/{task}/{supervisor}/{student}/{method}.json",
    log:
        "logs/measure_imitation/{task}/{supervisor}/{student}/{method}.log",
    group:
        "scores"
    params:
        version=1,
        error_rate=lambda wildcards: study.error_rates[wildcards.supervisor],
    script:
        "../scripts/measure_imitation.py"


use rule collect_metrics as collect_imitation with:
    input:
        [f"results/imitation/{'/'.join(group)}.parquet" for group in KINDS],
    output:
        imitation="results/imitation.parquet",
        record="results/imitation.json",
    log:
        "logs/collect_imitation.log",
    params:
        version=1,


rule plot_error_kinds:
    input:
        imitation="results/imitation.parquet",
        metrics="results/metrics.parquet",
    output:
        pdf="figures/error_kinds.pdf",
        png=figure("error_kinds", "Which errors students imitate"),
        record="figures/error_kinds.json",
    log:
        "logs/plot_error_kinds.log",
    group:
        "tables"
    params:
        version=1,
    script:
        "../scripts/plot_error_kinds.py"


rule tabulate_label_quality:
    input:
        records=[f"results/weak_labels/{source}.json" for source in COMPARED],
        labels=[f"results/weak_labels/{source}.parquet" for source in COMPARED],
        comparisons=[f"results/label_errors/{source}.json" for source in COMPARED],
    output:
        quality=table("results/label_quality.csv", "How good each source of weak labels is"),
        agreement="results/label_agreement.csv",
        record="results/label_quality.json",
    log:
        "logs/tabulate_label_quality.log",
    group:
        "tables"
    params:
        **MONEY,
        **NOT_ASKED,
        version=3,
        prices=study.prices,
        column_prices={name: study.source_prices(name) for name in GIVING},
        token_prices={name: study.supervisor_named[name].api.prices.plain for name in REMOTE},
        gold_noise=study.gold_noise,
    script:
        "../scripts/tabulate_label_quality.py"


rule tabulate_methods:
    input:
        posterior="results/posterior.parquet",
        missing="results/missing.csv",
    output:
        csv=table("results/methods.csv", "The best purchase of every method"),
        tex="results/methods.tex",
        record="results/methods.json",
    log:
        "logs/tabulate_methods.log",
    group:
        "tables"
    params:
        version=6,
        titles=TITLES,
        prices=study.prices,
        budgets=study.budgets,
        pool_sizes=POOL_SIZES,
        measure=study.inference.measure,
    script:
        "../scripts/tabulate_methods.py"
