"""Recommend a purchase and a method for every budget and price that the study looks at."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    from elicitation.analysis.findings import make_findings
    from elicitation.analysis.recommendation import answer_all
    from elicitation.analysis.recommendation_json import plain_answer
    from elicitation.analysis.recommendation_report import recommendation_report
    from elicitation.files import replacing

    findings = make_findings(snakemake.input.posterior, dict(snakemake.params.items()))
    answers = answer_all(findings)
    record["answers"] = list(map(plain_answer, answers))
    with replacing(snakemake.output.text) as temporary:
        temporary.write_text(recommendation_report(answers, snakemake.params.gold_noise, findings.invented))
