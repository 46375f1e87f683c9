# Supervisors and the weak labels that they write.


rule train_supervisor:
    input:
        texts=supervisor_texts,
        model=pretrained_supervisor,
        supervision="results/tasks/{task}/supervision.parquet",
    output:
        model=directory("results/supervisors/{task}/{supervisor}"),
        record="results/supervisors/{task}/{supervisor}.json",
    log:
        "logs/train_supervisor/{task}/{supervisor}.log",
    benchmark:
        "benchmarks/measured/train_supervisor/{task}/{supervisor}.tsv"
    priority: 20
    resources:
        mem_mb=grows(2000),
        runtime=grows(120),
        gpu=gpus_of("supervisor_model"),
    params:
        version=4,
        hardware=hardware_of("supervisor_model"),
        adapt_layers=of("supervisor_model.adapt_layers"),
        learning_rate=of("supervisor_model.learning_rate"),
        epochs=study.supervision.epochs,
        validation_size=study.supervision.validation_size,
        micro_batch_tokens=study.training.micro_batch_tokens,
    script:
        "../scripts/train_supervisor.py"


rule check_engine:
    output:
        record="results/engine.json",
    log:
        "logs/check_engine.log",
    priority: CHECK_PRIORITY
    threads: CHECK_THREADS
    resources:
        mem_mb=grows(3000),
        runtime=grows(30),
        gpu=1 if study.device == "cuda" else 0,
    params:
        version=1,
        hardware={"device": study.device, "precision": study.precision},
    script:
        "../scripts/check_engine.py"


rule write_weak_labels:
    input:
        texts=supervisor_texts,
        prompts=supervisor_prompts,
        engine=ENGINE,
        supervisor=labelling_model,
        supervision="results/tasks/{task}/supervision.parquet",
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
    output:
        labels="results/weak_labels/{task}/{supervisor}.parquet",
        record="results/weak_labels/{task}/{supervisor}.json",
    log:
        "logs/write_weak_labels/{task}/{supervisor}.log",
    benchmark:
        "benchmarks/measured/write_weak_labels/{task}/{supervisor}.tsv"
    wildcard_constraints:
        supervisor=one_of(LABELLING),
    priority: 20
    resources:
        mem_mb=grows(3000),
        runtime=grows(120),
        gpu=gpus_of("supervisor_model"),
    params:
        version=2,
        hardware=hardware_of("supervisor_model"),
        supervisor=of("supervisor.settings"),
        prompt=of("task.prompt"),
        labelling=study.labelling.plain,
    script:
        "../scripts/write_weak_labels.py"


rule search_labels:
    input:
        texts=supervisor_texts,
        prompts=supervisor_prompts,
        engine=ENGINE,
        supervisor=pretrained_supervisor,
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
    output:
        labels="results/weak_labels/{task}/{supervisor}.parquet",
        record="results/weak_labels/{task}/{supervisor}.json",
    log:
        "logs/search_labels/{task}/{supervisor}.log",
    benchmark:
        "benchmarks/measured/search_labels/{task}/{supervisor}.tsv"
    wildcard_constraints:
        supervisor=one_of(SEARCHING),
    priority: 20
    resources:
        mem_mb=grows(3000),
        runtime=grows(240),
        gpu=gpus_of("supervisor_model"),
    params:
        version=2,
        hardware=hardware_of("supervisor_model"),
        supervisor=of("supervisor.settings"),
        prompt=of("task.prompt"),
        labelling=study.labelling.plain,
    script:
        "../scripts/search_labels.py"


rule join_columns:
    input:
        table=task_table,
        files=label_files,
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
    output:
        labels="results/weak_labels/{task}/{supervisor}.parquet",
        record="results/weak_labels/{task}/{supervisor}.json",
    log:
        "logs/join_columns/{task}/{supervisor}.log",
    wildcard_constraints:
        supervisor=one_of(JOINING),
    # It may find that labels cannot be joined.
    priority: CHECK_PRIORITY
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        version=2,
        task=of("task"),
        data_folder=study.data_folder,
        columns=joined_columns,
        aggregate=of("supervisor.aggregate"),
    script:
        "../scripts/join_columns.py"


rule draw_ratings:
    input:
        ratings=rated_sentences,
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
    output:
        labels="results/weak_labels/{task}/{supervisor}.parquet",
        record="results/weak_labels/{task}/{supervisor}.json",
    log:
        "logs/draw_ratings/{task}/{supervisor}.log",
    wildcard_constraints:
        supervisor=one_of(RATING),
    # It may find too few ratings, and takes a second.
    priority: CHECK_PRIORITY
    params:
        version=1,
        task=of("task"),
        raters=of("supervisor.raters"),
        aggregate=of("supervisor.aggregate"),
    script:
        "../scripts/draw_ratings.py"


rule label_by_rule:
    input:
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
    output:
        labels="results/weak_labels/{task}/{supervisor}.parquet",
        record="results/weak_labels/{task}/{supervisor}.json",
    log:
        "logs/label_by_rule/{task}/{supervisor}.log",
    wildcard_constraints:
        supervisor=one_of(RULED),
    # It may find its words in no text.
    priority: CHECK_PRIORITY
    params:
        version=1,
        rule=of("supervisor.rule"),
    script:
        "../scripts/label_by_rule.py"


rule compare_sources:
    input:
        said=task_files,
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
        weak_labels="results/weak_labels/{task}/{supervisor}.parquet",
        parts=labels_of_parts,
    output:
        errors="results/label_errors/{task}/{supervisor}.jsonl",
        record="results/label_errors/{task}/{supervisor}.json",
    log:
        "logs/compare_sources/{task}/{supervisor}.log",
    wildcard_constraints:
        supervisor=one_of(GIVING),
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        version=1,
        task=of("task"),
        data_folder=study.data_folder,
        columns=joined_columns,
        raters=raters,
        aggregate=of("supervisor.aggregate"),
    script:
        "../scripts/compare_sources.py"


rule shuffle_errors:
    input:
        weak_labels=original_labels,
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
    output:
        labels="results/weak_labels/{task}/{supervisor}.parquet",
        record="results/weak_labels/{task}/{supervisor}.json",
    log:
        "logs/shuffle_errors/{task}/{supervisor}.log",
    wildcard_constraints:
        supervisor=one_of(SHUFFLED),
    params:
        version=1,
        supervisor=of("supervisor.settings"),
    script:
        "../scripts/shuffle_errors.py"


rule draw_errors:
    input:
        weak_labels=original_labels,
        ratings=panel_ratings,
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
    output:
        labels="results/weak_labels/{task}/{supervisor}.parquet",
        record="results/weak_labels/{task}/{supervisor}.json",
    log:
        "logs/draw_errors/{task}/{supervisor}.log",
    wildcard_constraints:
        supervisor=one_of(DRAWN),
    # It may find too few errors.
    priority: CHECK_PRIORITY
    params:
        version=1,
        task=of("task"),
        error_rate=of("supervisor.error_rate"),
    script:
        "../scripts/draw_errors.py"


rule compose_labels:
    input:
        parts=labels_of_parts,
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
    output:
        labels="results/weak_labels/{task}/{supervisor}.parquet",
        record="results/weak_labels/{task}/{supervisor}.json",
    log:
        "logs/compose_labels/{task}/{supervisor}.log",
    wildcard_constraints:
        supervisor=one_of(COMPOSED),
    params:
        version=1,
        supervisor=of("supervisor.settings"),
    script:
        "../scripts/compose_labels.py"
