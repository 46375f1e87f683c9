# Purchases, and what students make of them. A weak stage is a job of its own, since blocks share it; another job trains
# one block: all purchases of one budget and seed, or of several seeds that train together.


rule order_purchases:
    input:
        pool="results/tasks/{task}/pool.parquet",
    output:
        ordering="results/purchases/{task}/s{seed}.parquet",
        record="results/purchases/{task}/s{seed}.json",
    log:
        "logs/order_purchases/{task}/s{seed}.log",
    group:
        "tasks"
    params:
        version=1,
    script:
        "../scripts/order_purchases.py"


rule compute_trunk:
    input:
        texts=student_texts,
        student=pretrained_student,
        pool=student_pool,
        test=student_test,
    output:
        trunk=directory(TRUNK),
        record=f"{TRUNK}.json",
    log:
        "logs/compute_trunk/{task}/{student}.log",
    benchmark:
        "benchmarks/measured/compute_trunk/{task}/{student}.tsv"
    # Every run waits for it.
    priority: 20
    resources:
        mem_mb=grows(2000),
        runtime=grows(120),
        gpu=gpus_of("student"),
    params:
        version=1,
        hardware=hardware_of("student"),
        adapt_layers=of("student.adapt_layers"),
        micro_batch_tokens=study.training.micro_batch_tokens,
    script:
        "../scripts/compute_trunk.py"


# On the supervision set, which holds neither test texts nor, unless `rows_in_pool` says so, any that runs buy.
rule tune_learning_rate:
    input:
        texts=student_texts,
        student="results/models/{student}",
        supervision="results/tasks/{task}/supervision.parquet",
    output:
        rates=RATES,
        record="results/learning_rates/{task}/{student}.json",
    log:
        "logs/tune_learning_rate/{task}/{student}.log",
    benchmark:
        "benchmarks/measured/tune_learning_rate/{task}/{student}.tsv"
    wildcard_constraints:
        student=one_of(study.model_of(name).name for name in LOCAL_STUDENTS),
    # Every run waits for it.
    priority: 20
    resources:
        mem_mb=grows(2000),
        runtime=grows(240),
        gpu=gpus_of("student"),
    params:
        version=1,
        hardware=hardware_of("student"),
        adapt_layers=of("student.adapt_layers"),
        trains=lambda wildcards: tuning_method(wildcards).stages[-1].trains,
        training=lambda wildcards: study.training.plain | tuning_method(wildcards).training,
        learning_rates=study.tuning.learning_rates,
        labels=lambda wildcards: tuning_labels(study, wildcards.task),
        seeds=study.tuning.seeds,
    script:
        "../scripts/tune_learning_rate.py"


rule train_weak_stage:
    input:
        texts=student_texts,
        prompts=recipe_prompts,
        student=pretrained_student,
        trunk=recipe_trunk,
        rates=tuned_rate,
        pool=student_pool,
        orderings=orderings,
        weak_labels="results/weak_labels/{task}/{supervisor}.parquet",
    output:
        adapter=directory(STAGE) if study.keep_weak_stages else temp(directory(STAGE)),
        record=f"{STAGE}.json",
    log:
        "logs/train_weak_stage/{task}/{supervisor}/{student}/{recipe}/w{n_weak}_s{seed}.log",
    benchmark:
        "benchmarks/measured/train_weak_stage/{task}/{supervisor}/{student}/{recipe}/w{n_weak}_s{seed}.tsv"
    wildcard_constraints:
        student=one_of(LOCAL_STUDENTS),
    group:
        "stages"
    resources:
        mem_mb=grows(2000),
        runtime=grows(240),
        gpu=gpus_of("student"),
    params:
        **SEEDS_TOGETHER,
        version=7,
        hardware=hardware_of("student"),
        method=recipe_settings,
        prompt=of("task.prompt"),
        adapt_layers=of("student.adapt_layers"),
        learning_rate=of("student.learning_rate"),
        training=study.training.plain,
    script:
        "../scripts/train_weak_stage.py"


rule train_runs:
    input:
        texts=student_texts,
        prompts=method_prompts,
        student=pretrained_student,
        trunk=method_trunk,
        rates=tuned_rate,
        pool=student_pool,
        test=student_test,
        orderings=orderings,
        weak_labels=weak_labels,
        stages=weak_stages,
        stages_records=weak_stages_records,
    output:
        predictions=RUNS,
        record="results/runs/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.json",
    log:
        "logs/train_runs/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.log",
    benchmark:
        "benchmarks/measured/train_runs/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.tsv"
    wildcard_constraints:
        method=one_of(TRAINING),
        student=one_of(LOCAL_STUDENTS),
    group:
        "blocks"
    resources:
        mem_mb=grows(2000),
        runtime=grows(240),
        gpu=gpus_of("student"),
    params:
        **TOGETHER,
        **SEEDS_TOGETHER,
        version=6,
        hardware=hardware_of("student"),
        method=method_settings,
        prompt=of("task.prompt"),
        purchases=purchases,
        adapt_layers=of("student.adapt_layers"),
        learning_rate=of("student.learning_rate"),
        training=study.training.plain,
    script:
        "../scripts/train_runs.py"


rule score_prompts:
    input:
        texts=student_texts,
        prompts=method_prompts,
        engine=ENGINE,
        student=pretrained_student,
        pool=student_pool,
        test=student_test,
        orderings=orderings,
        weak_labels=weak_labels,
    output:
        predictions=RUNS,
        record="results/runs/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.json",
    log:
        "logs/score_prompts/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.log",
    benchmark:
        "benchmarks/measured/score_prompts/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.tsv"
    wildcard_constraints:
        method=one_of(PROMPTING),
    resources:
        mem_mb=grows(3000),
        runtime=grows(120),
        gpu=gpus_of("student"),
    params:
        version=2,
        hardware=hardware_of("student"),
        method=method_settings,
        prompt=of("task.prompt"),
        purchases=purchases,
        labelling=study.labelling.plain,
        beyond_context=study.grid.beyond_context,
    script:
        "../scripts/score_prompts.py"


# The same for every supervisor, method and seed: it buys nothing.
rule ask_without_labels:
    input:
        texts=student_texts,
        prompts=asking_prompts,
        engine=ENGINE,
        student=pretrained_student,
        test=student_test,
    output:
        predictions=f"{ASKED}.parquet",
        record=f"{ASKED}.json",
    log:
        "logs/ask_without_labels/{task}/{student}.log",
    benchmark:
        f"benchmarks/measured/ask_without_labels/{ASKED.removeprefix('results/runs/')}.tsv"
    resources:
        mem_mb=grows(3000),
        runtime=grows(120),
        gpu=gpus_of("student"),
    params:
        version=1,
        hardware=hardware_of("student"),
        prompt=of("task.prompt"),
        labelling=study.labelling.plain,
    script:
        "../scripts/ask_without_labels.py"
