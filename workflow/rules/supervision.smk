# Supervisors and the weak labels that they write.


rule train_supervisor:
    input:
        model="results/models/{supervisor}",
        supervision="results/tasks/{task}/supervision.parquet",
        # Must exist, so that bad data stop the study first; a new check need not retrain anything.
        lengths=ancient("results/tasks/{task}/lengths.json"),
    output:
        model=directory("results/supervisors/{task}/{supervisor}"),
        record="results/supervisors/{task}/{supervisor}.json",
    log:
        "logs/train_supervisor/{task}/{supervisor}.log",
    benchmark:
        "benchmarks/measured/train_supervisor/{task}/{supervisor}.tsv"
    priority: 20
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=2000,
        gpu=GPUS,
    params:
        version=1,
        study=study["study"],
        device=DEVICE,
        learning_rate=supervisor_learning_rate,
        epochs=study["supervision"]["epochs"],
        micro_batch_tokens=study["training"]["micro_batch_tokens"],
    script:
        "../scripts/train_supervisor.py"


rule write_weak_labels:
    input:
        supervisor="results/supervisors/{task}/{supervisor}",
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
    output:
        labels="results/weak_labels/{task}/{supervisor}.parquet",
        record="results/weak_labels/{task}/{supervisor}.json",
    log:
        "logs/write_weak_labels/{task}/{supervisor}.log",
    benchmark:
        "benchmarks/measured/write_weak_labels/{task}/{supervisor}.tsv"
    priority: 20
    conda:
        "../../envs/elicitation.yaml"
    resources:
        mem_mb=3000,
        gpu=GPUS,
    params:
        version=1,
        study=study["study"],
        device=DEVICE,
        labelling=study["labelling"],
    script:
        "../scripts/write_weak_labels.py"
