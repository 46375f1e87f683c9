# Tasks and pretrained models.


rule fetch_ratings:
    input:
        archive=own_file(study.ratings_archive) if study.ratings_archive else [],
    output:
        tables=[ratings_file(name) for name in SETS],
        record="results/data/ratings/card.json",
    log:
        "logs/fetch_ratings.log",
    benchmark:
        "benchmarks/measured/fetch_ratings.tsv"
    priority: CHECK_PRIORITY
    threads: CHECK_THREADS
    params:
        version=1,
    script:
        "../scripts/fetch_ratings.py"


rule prepare_task:
    input:
        files=task_files,
        tokenizers=task_tokenizers("text"),
        supervisor_tokenizers=task_tokenizers("supervisor_text"),
    output:
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
        supervision="results/tasks/{task}/supervision.parquet",
        record="results/tasks/{task}/card.json",
    log:
        "logs/prepare_task/{task}.log",
    benchmark:
        "benchmarks/measured/prepare_task/{task}.tsv"
    priority: CHECK_PRIORITY
    group:
        "tasks"
    threads: CHECK_THREADS
    resources:
        mem_mb=grows(2000),
        runtime=grows(60),
    params:
        version=lambda wildcards: sets_version(study.task(wildcards).plain),
        task=of("task"),
        sources=study.sources,
        data_folder=study.data_folder,
        rows_in_pool=study.supervision.rows_in_pool,
    script:
        "../scripts/prepare_task.py"


rule prepare_tokenizer:
    input:
        gguf=gguf_of,
    output:
        tokenizer=directory("results/tokenizers/{model}"),
        record="results/tokenizers/{model}.json",
    log:
        "logs/prepare_tokenizer/{model}.log",
    priority: CHECK_PRIORITY
    # Tasks whose texts are shortened or dropped want the tokenizers; a group must not wait for one that waits for it.
    group:
        "tasks" if any(task.too_long != "refuse" for task in study.tasks) else "lengths"
    threads: CHECK_THREADS
    resources:
        mem_mb=grows(1000),
        runtime=grows(15),
    params:
        version=1,
        model=of("model.source"),
        sources=study.sources,
    script:
        "../scripts/prepare_tokenizer.py"


rule check_texts:
    input:
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
        supervision="results/tasks/{task}/supervision.parquet",
        tokenizer=tokenizer,
    output:
        record="results/tasks/{task}/texts/{model}.json",
    log:
        "logs/check_texts/{task}/{model}.log",
    priority: CHECK_PRIORITY
    group:
        "lengths"
    threads: CHECK_THREADS
    resources:
        mem_mb=grows(1000),
        runtime=grows(30),
    params:
        version=2,
        api_context=api_context,
    script:
        "../scripts/check_texts.py"


# Where supervisors read another text than students.
use rule check_texts as check_supervisor_texts with:
    output:
        record="results/tasks/{task}/supervisor_texts/{model}.json",
    log:
        "logs/check_supervisor_texts/{task}/{model}.log",
    params:
        column="supervisor_text",


# What students read by a cue.
rule write_cue:
    input:
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
        supervision="results/tasks/{task}/supervision.parquet",
    output:
        pool=f"{CUED}/pool.parquet",
        test=f"{CUED}/test.parquet",
        supervision=f"{CUED}/supervision.parquet",
        record=f"{CUED}/card.json",
    log:
        "logs/write_cue/{task}/{cue}.log",
    priority: CHECK_PRIORITY
    group:
        "tasks"
    threads: CHECK_THREADS
    params:
        version=1,
        template=cue_template,
    script:
        "../scripts/write_cue.py"


use rule check_texts as check_cued_texts with:
    input:
        pool=f"{CUED}/pool.parquet",
        test=f"{CUED}/test.parquet",
        supervision=f"{CUED}/supervision.parquet",
        tokenizer=tokenizer,
    output:
        record=f"{CUED}/texts/{{model}}.json",
    log:
        "logs/check_cued_texts/{task}/{cue}/{model}.log",


# Each by all that its length depends on, so that a new seed or method makes nothing again that shows another prompt.
rule check_prompts:
    input:
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
        supervision="results/tasks/{task}/supervision.parquet",
        tokenizer="results/tokenizers/{model}",
    output:
        record=PROMPTS,
    log:
        "logs/check_prompts/{task}/{model}/{examples}_s{seed}.log",
    priority: CHECK_PRIORITY
    group:
        "prompts"
    threads: CHECK_THREADS
    resources:
        mem_mb=grows(1000),
        runtime=grows(30),
    params:
        version=1,
        prompt=of("task.prompt"),
        examples=study.longest_examples,
    script:
        "../scripts/check_prompts.py"


use rule check_prompts as check_supervisor_prompts with:
    output:
        record=SUPERVISOR_PROMPTS,
    log:
        "logs/check_supervisor_prompts/{task}/{model}/{examples}_s{seed}.log",
    params:
        column="supervisor_text",


use rule check_prompts as check_cued_prompts with:
    input:
        pool=f"{CUED}/pool.parquet",
        test=f"{CUED}/test.parquet",
        supervision=f"{CUED}/supervision.parquet",
        tokenizer="results/tokenizers/{model}",
    output:
        record=PROMPTS.replace(TASK, CUED),
    log:
        "logs/check_cued_prompts/{task}/{cue}/{model}/{examples}_s{seed}.log",


# All that comes from elsewhere, for a machine whose jobs cannot reach the network.
rule fetch:
    input:
        expand("results/tasks/{task}/pool.parquet", task=study.task_named),
        expand("results/{kind}/{model}", kind=["tokenizers", "models"], model=FETCHED),
    localrule: True


rule prepare_model:
    input:
        original=original_model,
        gguf=gguf_of,
    output:
        model=directory("results/models/{model}"),
        record="results/models/{model}.json",
    log:
        "logs/prepare_model/{model}.log",
    benchmark:
        "benchmarks/measured/prepare_model/{model}.tsv"
    # Where a student is pretrained, that is the longest chain.
    priority: 10
    resources:
        mem_mb=preparation_memory,
        runtime=grows(240),
    params:
        version=1,
        model=of("model.source"),
        sources=study.sources,
    script:
        "../scripts/prepare_model.py"
