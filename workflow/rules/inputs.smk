# Tasks and pretrained models.


rule prepare_task:
    output:
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
        supervision="results/tasks/{task}/supervision.parquet",
        card="results/tasks/{task}/card.json",
    log:
        "logs/prepare_task/{task}.log",
    benchmark:
        "benchmarks/measured/prepare_task/{task}.tsv"
    # Bad data should stop the study before models are trained.
    priority: 100
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=2000,
    params:
        version=1,
        study=study["study"],
        task=task_settings,
        sources=study["sources"],
        data_folder=study["data_folder"],
    script:
        "../scripts/prepare_task.py"


rule prepare_model:
    input:
        original=original_model,
    output:
        directory("results/models/{model}"),
    log:
        "logs/prepare_model/{model}.log",
    benchmark:
        "benchmarks/measured/prepare_model/{model}.tsv"
    # The student's pretraining is the longest chain of the default study.
    priority: 10
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=2000,
    params:
        version=1,
        model=model_settings,
        sources=study["sources"],
    script:
        "../scripts/prepare_model.py"


rule check_lengths:
    input:
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
        supervision="results/tasks/{task}/supervision.parquet",
        models=expand("results/models/{model}", model=dict.fromkeys(study["supervisors"] + study["students"])),
    output:
        "results/tasks/{task}/lengths.json",
    log:
        "logs/check_lengths/{task}.log",
    priority: 50
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=1000,
    params:
        version=1,
    script:
        "../scripts/check_lengths.py"
