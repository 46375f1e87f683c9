# From points to decisions: what accuracy labels buy, and what to buy.
# The figures show the study's first supervisor, student and method that train, on every task.
FIRST = next((group for group in study.groups if group.method in TRAINING), study.groups[0])
SHOWN = {kind: getattr(FIRST, kind) for kind in ("supervisor", "student", "method")}
RESULTS += ["figures/isoquants.pdf", "results/expansion.csv", "figures/explorer.html"]
RESULTS += ["results/recommendation.md", "results/answer.md"]
# A map of one price would be a line.
if len(study.prices[FIRST.supervisor]) > 1:
    RESULTS.append("figures/regime_map.pdf")


rule trace_expansion:
    input:
        posterior="results/posterior.parquet",
    output:
        expansion=table("results/expansion.csv", "What to buy with each budget at each price"),
        substitution="results/substitution.csv",
        record="results/expansion.json",
    log:
        "logs/trace_expansion.log",
    group:
        "tables"
    params:
        version=2,
        budgets=study.budgets,
        prices=study.prices,
        pool_sizes=POOL_SIZES,
    script:
        "../scripts/trace_expansion.py"


rule plot_what_to_buy:
    input:
        posterior="results/posterior.parquet",
        metrics="results/metrics.parquet",
    output:
        pdf="figures/what_to_buy.pdf",
        png=figure("what_to_buy", "What to buy as the budget grows"),
        caption="figures/what_to_buy.md",
        record="figures/what_to_buy.json",
    log:
        "logs/plot_what_to_buy.log",
    group:
        "tables"
    params:
        **MONEY,
        **NEED,
        version=11,
        titles=TITLES,
        measure=study.inference.measure,
        student=FIRST.student,
        prices=study.prices,
        budgets=study.budgets,
        pool_sizes=POOL_SIZES,
        verdict=study.inference.verdict,
    script:
        "../scripts/plot_what_to_buy.py"


rule plot_isoquants:
    input:
        posterior="results/posterior.parquet",
        metrics="results/metrics.parquet",
    output:
        pdf="figures/isoquants.pdf",
        png=figure("isoquants", "Which purchases are equally good"),
        record="figures/isoquants.json",
    log:
        "logs/plot_isoquants.log",
    group:
        "tables"
    params:
        **MONEY,
        version=5,
        titles=TITLES,
        measure=study.inference.measure,
        shown=SHOWN,
        budgets=study.budgets,
        weak_prices=study.prices[FIRST.supervisor],
        pool_sizes=POOL_SIZES,
    script:
        "../scripts/plot_isoquants.py"


rule build_explorer:
    input:
        posterior="results/posterior.parquet",
        summary="results/summary.parquet",
        metrics="results/metrics.parquet",
    output:
        html="figures/explorer.html",
        record="figures/explorer.json",
    log:
        "logs/build_explorer.log",
    group:
        "tables"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        **MONEY,
        **INVENTED,
        **NEED,
        **PARTS,
        **NOT_ASKED,
        version=21,
        name=study.study,
        titles=TITLES,
        prices=study.prices,
        weak_price=study.grid.weak_price,
        budgets=study.budgets,
        verdict=study.inference.verdict,
        pool_sizes=POOL_SIZES,
        measure=study.inference.measure,
    script:
        "../scripts/build_explorer.py"


rule plot_regime_map:
    input:
        posterior="results/posterior.parquet",
        metrics="results/metrics.parquet",
    output:
        pdf="figures/regime_map.pdf",
        png=figure("regime_map", "What to buy at every budget and price"),
        record="figures/regime_map.json",
    log:
        "logs/plot_regime_map.log",
    group:
        "tables"
    resources:
        mem_mb=grows(1000),
        runtime=grows(20),
    params:
        **MONEY,
        version=5,
        titles=TITLES,
        shown=SHOWN,
        budgets=study.budgets,
        weak_prices=study.prices[FIRST.supervisor],
        pool_sizes=POOL_SIZES,
        verdict=study.inference.verdict,
    script:
        "../scripts/plot_regime_map.py"


rule recommend:
    input:
        posterior="results/posterior.parquet",
    output:
        text=table("results/recommendation.md", "What to buy at every budget and price"),
        # The answers stand in the record, and the settings that `elicitation recommend`, `next` and `explore` read.
        record="results/recommendation.json",
    log:
        "logs/recommend.log",
    group:
        "tables"
    params:
        **MONEY,
        **INVENTED,
        **NEED,
        **PARTS,
        **TRAINED,
        **NOT_ASKED,
        **HELD,
        **VOTES,
        **LABEL_WORDS,
        version=27,
        titles=TITLES,
        prices=study.prices,
        budgets=study.budgets,
        average_over=AVERAGED,
        measure=study.inference.measure,
        verdict=study.inference.verdict,
        gold_noise=study.gold_noise,
        # Of these the explorer alone wants to know; `titles` are sorted in the record.
        methods=list(TITLES),
        weak_price=study.grid.weak_price,
        pool_sizes=POOL_SIZES,
        # By which it is known later whether the study has changed.
        config=config_hash,
    script:
        "../scripts/recommend.py"


rule write_answer:
    input:
        recommendation="results/recommendation.json",
    output:
        text=table("results/answer.md", "What to buy, in three sentences"),
        record="results/answer.json",
    log:
        "logs/write_answer.log",
    group:
        "tables"
    params:
        version=21,
        # The middle one of those shown.
        weak_price=sorted(study.weak_prices)[len(study.weak_prices) // 2] if study.weak_prices else 0,
    script:
        "../scripts/write_answer.py"
