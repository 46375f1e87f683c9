"""Say in three plain sentences what to buy for a small, a middle and a large budget."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    from elicitation.analysis.answer import study_answer
    from elicitation.analysis.recommended import recommendation_from
    from elicitation.files import read_json, replacing

    recommended = read_json(snakemake.input.recommendation)
    answers = list(map(recommendation_from, recommended["answers"]))
    settings = recommended["settings"]
    invented, own_budget = settings.get("invented", False), settings.get("budget")
    said = study_answer(answers, snakemake.params.weak_price, invented, own_budget)
    # What a run says at its end.
    record["answer"] = list(said.without_support.lines())
    with replacing(snakemake.output.text) as temporary:
        temporary.write_text("\n".join(said.lines()) + "\n")
