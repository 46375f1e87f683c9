"""Say in three plain sentences what to buy for a small, a middle and a large budget."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.answer import answer_lines
    from elicitation.analysis.recommended import recommendation_from
    from elicitation.files import read_json, replacing

    recommended = read_json(snakemake.input.recommendation)
    answers = list(map(recommendation_from, recommended["answers"]))
    invented = recommended["settings"].get("invented", False)
    with replacing(snakemake.output.text) as temporary:
        temporary.write_text("\n".join(answer_lines(answers, snakemake.params.weak_price, invented)) + "\n")
