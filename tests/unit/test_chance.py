"""That gold labels alone leave a student at chance is said, with the fix; see also test_answer."""

from dataclasses import asdict

import pytest
from handmade import joined, posterior_of
from posteriors import drawn_evidence, findings_on, fitted

from elicitation.analysis.answer import study_answer
from elicitation.analysis.chance import at_chance
from elicitation.analysis.findings import Findings, Question
from elicitation.analysis.posterior import Posterior
from elicitation.analysis.recommendation import recommend
from elicitation.analysis.recommendation_notes import chance_notes
from elicitation.analysis.recommendation_text import recommendation_lines
from elicitation.analysis.recommended import recommendation_from

# Chance on 16 labels, within their errors, and what 64 of them bring.
STUCK = posterior_of([(0, 16, 0.51), (0, 64, 0.7)], error=0.01, asking=0.75)


def found(posterior: Posterior) -> list[int]:
    """The numbers of gold labels that leave the student at chance."""
    return [entry.n_gold for entry in at_chance(posterior.blocks[0], {"m": "Method M"})]


@pytest.mark.parametrize(
    ("purchases", "free", "expected"),
    [
        # 16 labels are at the commoner label's score, which asking is clearly above.
        ([(0, 16, 0.51), (0, 64, 0.7)], {"asking": 0.75}, [16]),
        ([(0, 16, 0.51), (0, 64, 0.52)], {"asking": 0.75}, [16, 64]),
        # Below it counts too.
        ([(0, 16, 0.45)], {"asking": 0.75}, [16]),
        # Nothing shows that there is anything to learn.
        ([(0, 16, 0.51), (0, 64, 0.51)], {"asking": 0.52}, []),
        ([(0, 16, 0.51), (0, 64, 0.51)], {}, []),
        # Other labels do.
        ([(0, 16, 0.51), (0, 64, 0.7)], {}, [16]),
        ([(0, 16, 0.51), (160, 0, 0.7)], {}, [16]),
        # Clearly above the commoner label is not at chance.
        ([(0, 16, 0.6), (0, 64, 0.9)], {"asking": 0.9}, []),
        # Of weak labels and mixtures nothing is said.
        ([(160, 0, 0.51), (80, 8, 0.5), (0, 16, 0.6)], {"asking": 0.75}, []),
        # What counts is the commoner label, wherever that is.
        ([(0, 16, 0.79)], {"asking": 0.9, "commoner": 0.8}, [16]),
    ],
)
def test_gold_labels_at_chance_beside_something_that_is_clearly_better(purchases, free, expected):
    assert found(posterior_of(purchases, error=0.015, **free)) == expected


def test_a_score_that_is_just_unsure_is_not_called_chance():
    # Its interval holds the commoner label, and asking is not clearly above it either.
    assert found(posterior_of([(0, 16, 0.65)], error=0.08, asking=0.78)) == []


def test_methods_that_only_prompt_are_not_looked_at_but_may_show_what_is_possible():
    prompted = posterior_of([(0, 8, 0.51), (0, 32, 0.8)], error=0.01, method="few_shot_gold")
    both = joined(posterior_of([(0, 16, 0.51)], error=0.01), prompted)
    [entry] = at_chance(both.blocks[0], {"m": "Method M"})
    assert (entry.n_gold, entry.better, entry.better_gold, entry.better_score) == (16, "few_shot_gold", 32, 0.8)


def test_runs_that_supervisors_share_are_told_once():
    assert found(joined(STUCK, posterior_of([(0, 16, 0.51)], error=0.01, supervisor="w"))) == [16]


def findings(posterior: Posterior, rate: float | str = 5e-4, **more) -> Findings:
    return findings_on(posterior.table, trained=["m"], learning_rates={"s": rate}, **more)


def chance_words(answer) -> str:
    return "".join(chance_notes(answer))


def test_the_answer_says_it_first_of_its_notes_with_the_fix():
    answer = recommend(findings(STUCK), Question(64, 0.1))
    said = (
        "Nothing shows that s learns from 16 gold labels alone, though asking without labels reaches 75 %. Its "
        "learning rate may be wrong: set `learning_rate: tuned` in its entry of `models`."
    )
    assert chance_words(answer) == said
    for lines in (study_answer([answer], 0.1).lines(), recommendation_lines(answer)):
        assert next(line for line in lines if line.startswith("Note")) == f"Note: {said}"
    assert recommendation_from(asdict(answer)) == answer


def test_a_rate_that_is_tuned_already_is_not_advised_again():
    posterior = posterior_of([(0, 16, 0.5), (160, 0, 0.7)])
    said = chance_words(recommend(findings(posterior, "tuned"), Question(64, 0.1)))
    assert "though 160 weak labels reach 70 %. Its learning rate is tuned already; try more labels" in said
    assert "set" not in said


def test_where_the_study_cannot_tune_the_rate_others_to_try_are_named():
    answer = recommend(findings(STUCK, rates_to_try={"s": [1e-4, 1e-3, 1e-2]}), Question(64, 0.1))
    fix = "may be too low: try 0.001 or 0.01 as `learning_rate` in its entry of `models`."
    assert fix in chance_words(answer) and "tuned" not in chance_words(answer)
    highest = recommend(findings(STUCK, 0.1, rates_to_try={"s": [1e-4, 1e-3]}), Question(64, 0.1))
    assert "may be wrong: try 0.0001 or 0.001 as" in chance_words(highest)


def test_of_students_that_are_not_trained_here_nothing_is_said():
    assert chance_words(recommend(findings_on(STUCK.table, trained=["m"]), Question(64, 0.1))) == ""


def test_an_answer_about_the_average_tells_of_each_task():
    parts = (
        posterior_of([(0, 16, score), (0, 64, 0.8)], task=task, asking=0.75, n_tasks=n)
        for task, score, n in (("average", 0.6, 2), ("a", 0.5, 1), ("b", 0.7, 1), ("c", 0.5, 1))
    )
    # The third is no part of the average.
    answer = recommend(findings(joined(*parts), average_over=["a", "b"]), Question(64, 0.1))
    assert [(entry.task, entry.n_gold) for entry in answer.at_chance] == [("a", 16)]
    said = "Nothing shows that s learns from 16 gold labels alone on a, though asking without labels reaches 75 % on a."
    assert chance_words(answer).startswith(said)


def test_runs_at_chance_are_found_through_the_posterior_that_is_fitted_to_them():
    purchases = [(0, n) for n in (16, 64, 256, 1024)]

    def fit(truth) -> Posterior:
        return Posterior(fitted(drawn_evidence(truth, purchases, seed=1, asking=0.78)))

    assert found(fit(lambda n_weak, n_gold: 0.5 if n_gold < 256 else 0.8)) == [16, 64]
    assert found(fit(lambda n_weak, n_gold: min(0.62 + 0.00025 * n_gold, 0.85))) == []
