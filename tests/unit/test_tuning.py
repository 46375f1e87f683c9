"""Learning rates compared on gold labels that no run buys: on which labels, and whatever part of a student trains."""

import pytest
from test_config import STUDY, changed, sentence_about, study  # noqa: F401 (a fixture)

from elicitation.buying.methods import METHODS, Stage
from elicitation.errors import InputError
from elicitation.models.hardware import CPU
from elicitation.study.sizes import READING, texts_of_job
from elicitation.study.tuning import first_methods, rates_to_try, tuning_labels
from elicitation.study.validation import validate
from elicitation.training import tuning
from elicitation.training.loop import NotFinite
from elicitation.training.schedule import Protocol, plan_schedule, student_protocol
from elicitation.training.tuning import FIRST_SEED, compare_rates, split_gold

PROTOCOLS = {rate: Protocol("early_stopping", rate, batch_size=8, presentations=8) for rate in (1e-3, 1e-2)}


def compare(folder, examples, adapt_layers=None, trains="all", log=lambda line: None):
    return compare_rates(folder, CPU, examples, Stage("gold", trains=trains), PROTOCOLS, [4, 8], 2, adapt_layers, log)


def test_what_is_held_out_is_never_trained_on_and_has_the_same_share_of_either_label(examples):
    lopsided = examples.assign(gold=[1] * 8 + [0] * 32)
    splits = [split_gold(lopsided, 20, seed) for seed in (FIRST_SEED, FIRST_SEED, FIRST_SEED + 1)]
    for train, held_out in splits:
        assert len(train) == len(held_out) == 20 and {*train} | {*held_out} == {*examples.id}
        assert lopsided.set_index("id").gold[held_out].sum() == 4
    assert splits[0] == splits[1] != splits[2]
    with pytest.raises(InputError, match="one label once only"):
        split_gold(examples.assign(gold=[1] + [0] * 39), 20, 0)


@pytest.mark.parametrize(("adapt_layers", "trains"), [(None, "all"), (1, "all"), (0, "head")])
def test_a_student_is_scored_at_every_rate_number_and_seed(llama_folder, examples, adapt_layers, trains):
    table = compare(llama_folder, examples, adapt_layers, trains)
    assert table[["learning_rate", "n_gold", "seed"]].drop_duplicates().shape[0] == len(table) == 2 * 2 * 2
    assert set(table.seed) == {FIRST_SEED, FIRST_SEED + 1} and set(table.n_held_out) == {32}
    assert table.score.between(0, 1).all()


def test_the_rates_of_a_seed_train_on_the_same_labels_of_which_the_larger_numbers_hold_the_smaller(
    monkeypatch, llama_folder, examples
):
    trained = []
    train = tuning.Student.train
    monkeypatch.setattr(
        tuning.Student,
        "train",
        lambda self, model, stage, p, log: (
            trained.append((self.protocol.learning_rate, [*p.index])) or train(self, model, stage, p, log)
        ),
    )
    table = compare(llama_folder, examples)
    of_seed = trained[:4]
    assert [rate for rate, _ in of_seed] == [1e-3, 1e-2] * 2
    assert of_seed[0][1] == of_seed[1][1] == of_seed[2][1][:4] and of_seed[2][1] == of_seed[3][1]
    assert table.equals(compare(llama_folder, examples)), "the same again"


def test_training_that_goes_astray_counts_as_chance(monkeypatch, llama_folder, examples):
    def diverges(self, model, stage, p, log):
        if self.protocol.learning_rate > 1e-3:
            raise NotFinite("the loss is nan")

    monkeypatch.setattr(tuning.Student, "train", diverges)
    monkeypatch.setattr(tuning, "score", lambda *_: 0.7)
    lines = []
    table = compare(llama_folder, examples, log=lines.append)
    assert table.groupby("learning_rate").score.unique().map(list).to_dict() == {1e-3: [0.7], 1e-2: [0.5]}
    assert "learning rate 0.01: the loss is nan" in lines


@pytest.fixture
def tuned(study):  # noqa: F811
    """A study whose student's rate is tuned, on 40 gold labels."""
    study["models"][1]["learning_rate"] = "tuned"
    study["tasks"][0]["supervision_size"] = 40
    return study


def test_the_first_method_that_trains_says_how_and_half_of_the_set_how_many(tuned):
    made = validate(
        tuned | {"methods": ["few_shot_gold", "head_only", "sequential_sft"], "grid": tuned["grid"] | {"shots": [2]}}
    )
    assert first_methods(made) == {("verdict", "large"): made.method_named["head_only"]}
    assert tuning_labels(made, "verdict") == [16]
    plan = plan_schedule(16, student_protocol(1.0, made.training.plain, METHODS["head_only"]))
    texts = plan.presentations + READING * (plan.validations + 24)
    assert texts_of_job(made, "tune_learning_rate", {"task": "verdict", "student": "large"}, []) == 5 * 3 * texts


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (["tasks", 0, "supervision_size"], 31, "supervision_size to 32 or more, or lower tuning.labels"),
        (["tuning"], {"labels": [64]}, "tuned on 64 gold labels at least"),
        (["supervisors"], ["large"], "supervisors[large]: the learning rate of its model 'large' is tuned"),
    ],
)
def test_a_rate_that_cannot_be_tuned_is_refused(tuned, path, value, says):
    assert says in sentence_about(changed(tuned, path, value))


@pytest.mark.parametrize(
    ("path", "value", "rates"),
    [
        (["seeds"], [1], []),
        (["tasks", 0, "supervision_size"], 31, [1e-4, 3e-4, 3e-3, 1e-2]),
        (["tuning"], {"labels": [64], "learning_rates": [1e-4, 1e-3]}, [1e-4]),
        (["supervisors"], ["large"], [1e-4, 3e-4, 3e-3, 1e-2]),
    ],
)
def test_where_a_rate_cannot_be_tuned_others_may_be_tried(tuned, path, value, rates):
    tuned["models"][1]["learning_rate"] = 1e-3
    assert rates_to_try(validate(changed(tuned, path, value)), "large") == rates


def test_what_is_never_trained_wants_no_gold_labels(tuned):
    tuned["tasks"][0]["supervision_size"] = 20
    prompted = {"methods": ["few_shot_gold"], "grid": tuned["grid"] | {"shots": [2]}}
    assert first_methods(validate(tuned | prompted)) == {}
