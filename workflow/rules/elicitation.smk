# Purchases, and what students make of them. A job trains one block: all purchases of one budget and seed.
STAGES = "results/stages/{task}/{supervisor}/{student}/{recipe}/b{budget}_s{seed}"


rule order_purchases:
    input:
        pool="results/tasks/{task}/pool.parquet",
    output:
        "results/purchases/{task}/s{seed}.parquet",
    log:
        "logs/order_purchases/{task}/s{seed}.log",
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=1000,
    params:
        version=1,
    script:
        "../scripts/order_purchases.py"


rule train_weak_stages:
    input:
        student="results/models/{student}",
        pool="results/tasks/{task}/pool.parquet",
        ordering="results/purchases/{task}/s{seed}.parquet",
        weak_labels="results/weak_labels/{task}/{supervisor}.parquet",
    output:
        directory(STAGES) if study["keep_weak_stages"] else temp(directory(STAGES)),
    log:
        "logs/train_weak_stages/{task}/{supervisor}/{student}/{recipe}/b{budget}_s{seed}.log",
    benchmark:
        "benchmarks/measured/train_weak_stages/{task}/{supervisor}/{student}/{recipe}/b{budget}_s{seed}.tsv"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=2000,
        gpu=GPUS,
    params:
        version=1,
        study=study["study"],
        device=DEVICE,
        purchases=purchases,
        learning_rate=student_learning_rate,
        training=study["training"],
    script:
        "../scripts/train_weak_stages.py"


rule train_runs:
    input:
        student="results/models/{student}",
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
        ordering="results/purchases/{task}/s{seed}.parquet",
        weak_labels="results/weak_labels/{task}/{supervisor}.parquet",
        stages=weak_stages,
    output:
        predictions="results/runs/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.parquet",
        records="results/runs/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.json",
    log:
        "logs/train_runs/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.log",
    benchmark:
        "benchmarks/measured/train_runs/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.tsv"
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=2000,
        gpu=GPUS,
    params:
        version=1,
        study=study["study"],
        device=DEVICE,
        purchases=purchases,
        learning_rate=student_learning_rate,
        training=study["training"],
    script:
        "../scripts/train_runs.py"
