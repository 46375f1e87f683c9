# Students behind a finetuning API, and supervisors behind any. What is paid for (jobs, answers) is kept in results/api,
# which no rule declares as output: Snakemake never deletes it, and a job that is killed or made again takes up there
# what it finds. Both rules only wait, and need the network and the key, which compute nodes may lack.


rule ask_for_labels:
    input:
        supervision="results/tasks/{task}/supervision.parquet",
        pool="results/tasks/{task}/pool.parquet",
        test="results/tasks/{task}/test.parquet",
    output:
        labels="results/weak_labels/{task}/{supervisor}.parquet",
        record="results/weak_labels/{task}/{supervisor}.json",
    log:
        "logs/ask_for_labels/{task}/{supervisor}.log",
    benchmark:
        "benchmarks/measured/ask_for_labels/{task}/{supervisor}.tsv"
    wildcard_constraints:
        supervisor=one_of(REMOTE),
    # What cannot be asked should stop the study before anything is trained.
    priority: 20
    localrule: True
    resources:
        mem_mb=grows(1000),
        runtime=grows(240),
    params:
        version=1,
        supervisor=of("supervisor.settings"),
        prompt=of("task.prompt"),
        ledger="results/api/answers",
    script:
        "../scripts/ask_for_labels.py"


rule finetune_by_api:
    input:
        texts=student_texts,
        pool=student_pool,
        test=student_test,
        orderings=orderings,
        weak_labels=weak_labels,
    output:
        predictions=RUNS,
        record="results/runs/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.json",
    log:
        "logs/finetune_by_api/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.log",
    benchmark:
        "benchmarks/measured/finetune_by_api/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.tsv"
    wildcard_constraints:
        student=one_of(API_STUDENTS),
    localrule: True
    resources:
        mem_mb=grows(1000),
        runtime=grows(30),
    params:
        version=1,
        method=method_settings,
        purchases=purchases,
        api=of("student.api"),
        ledger="results/api/{student}",
    script:
        "../scripts/finetune_by_api.py"
