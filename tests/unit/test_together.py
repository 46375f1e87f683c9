"""Runs that train at once have the results of runs that train one after the other."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from elicitation.buying.block import Block
from elicitation.buying.methods import METHODS, Method, Stage
from elicitation.buying.purchases import Purchase
from elicitation.errors import InputError
from elicitation.models import together
from elicitation.models.batches import forward
from elicitation.models.beginnings import families_of, members_of, tokens_of
from elicitation.models.hardware import CPU, Hardware
from elicitation.models.loading import adapted_weights
from elicitation.training import schedule
from elicitation.training.loop import NotFinite, train_stage
from elicitation.training.runs import WeakStage, train_blocks, train_weak_stages
from elicitation.training.schedule import Protocol
from elicitation.training.student import Student, load_students
from elicitation.training.validation import trainable_weights

# Of these numbers of labels all differ in steps, and in the labels of a step.
PAIRS = [(14, 5), (0, 3), (20, 0), (3, 17)]
# With so little patience the stages stop at different steps.
PROTOCOL = Protocol("early_stopping", 0.005, batch_size=4, presentations=40, patience=2, micro_batch_tokens=300)
# Log-odds may differ by so much in float32, where sums are taken in another order.
CLOSE = 1e-4
JOINT = METHODS["joint_sft"]


def silent(line):
    pass


@pytest.fixture
def block(examples):
    """Makes blocks of runs that buy PAIRS, weak labels from one end of the pool, gold ones from the other."""
    pool = examples.assign(p_weak=0.15 + 0.6 * examples.gold).set_index("id")
    ids = pool.index.tolist()

    def make(method: Method = JOINT, pairs=PAIRS) -> Block:
        purchases = {(weak, gold): Purchase(ids[:weak], ids[::-1][:gold]) for weak, gold in pairs}
        candidates = {(weak, gold): ids[weak:] if method.selection else [] for weak, gold in pairs}
        return Block("task", "student", method, 1, pool, Purchase([], []), purchases, candidates)

    return make


def new_student(folder, examples, adapt_layers=None, protocol=PROTOCOL, hardware=CPU) -> Student:
    """A student whose first head is large enough for gradients to reach every adapter."""
    return with_large_head(Student(folder, hardware, examples, 1, protocol, adapt_layers))


def with_large_head(student) -> Student:
    for name, weight in student.initial.items():
        if "modules_to_save" in name:
            weight.mul_(100)
    return student


def both_ways(student, block, test_ids, weak_stages=None):
    """The runs of a block, trained one after the other and at once."""
    return [train_blocks([block], [student], test_ids, weak_stages or {}, silent, at_once) for at_once in (False, True)]


def assert_same(alone, at_once, tolerance=CLOSE):
    """That all runs do the same steps, and nearly the same predictions, which differ from run to run."""
    for one, other in zip(alone, at_once, strict=True):
        np.testing.assert_allclose(other.log_odds, one.log_odds, atol=tolerance, rtol=0)
        assert other.bought == one.bought and other.stages.keys() == one.stages.keys()
        for labels, stage in one.stages.items():
            same = ("steps", "presentations", "best_step", "validation_metric", "micro_batch_tokens")
            assert [other.stages[labels][key] for key in same] == [stage[key] for key in same]
    predicted = np.array([run.log_odds for run in alone])
    apart = np.abs(predicted[:, None] - predicted[None]).max(axis=2)[~np.eye(len(alone), dtype=bool)]
    assert apart.min() > 100 * tolerance, "else they could be exchanged unnoticed"


@pytest.mark.parametrize("adapt_layers", [None, 1])
def test_runs_at_once_predict_what_they_do_one_by_one(packed_folder, examples, block, adapt_layers):
    """Gold labels weigh ten times as much as weak ones; stages differ in steps, so runs leave one after the other."""
    alone, at_once = both_ways(new_student(packed_folder, examples, adapt_layers), block(), examples.id.tolist())
    assert len({run.stages["both"]["steps"] for run in alone}) > 1
    assert_same(alone, at_once)


def test_they_start_from_weak_stages_and_choose_their_own_gold_labels(llama_folder, examples, block, tmp_path):
    method = METHODS["uncertainty_sampling"]
    student, of_block, stages = new_student(llama_folder, examples), block(method), {}
    for n_weak, _ in PAIRS:
        weak = of_block.pool.p_weak[:n_weak]
        if n_weak:
            record = student.train(student.fresh(), method.stages[0], weak, silent)
            student.model.save_pretrained(tmp_path / str(n_weak))
            stages[1, n_weak] = WeakStage(tmp_path / str(n_weak), record)
    alone, at_once = both_ways(student, of_block, examples.id.tolist(), stages)
    assert [list(run.stages) for run in alone] == [["weak", "gold"], ["gold"], ["weak"], ["weak", "gold"]]
    assert_same(alone, at_once)


@pytest.mark.parametrize(
    ("stages", "adapt_layers"),
    [
        pytest.param((Stage("both", trains="head"),), 0, id="head alone, without a layer above the trunk"),
        pytest.param((Stage("both", trains="body"),), None, id="body alone"),
        pytest.param((Stage("gold"), Stage("weak", new_head=True)), None, id="two stages, the second with a new head"),
        pytest.param((Stage("both", targets="log_confidence"),), None, id="own predictions among the targets"),
    ],
)
def test_every_kind_of_stage_can_train_at_once(llama_folder, examples, block, stages, adapt_layers):
    student = new_student(llama_folder, examples, adapt_layers)
    assert_same(*both_ways(student, block(replace(JOINT, stages=stages)), examples.id.tolist()))


@pytest.mark.parametrize(("stopping", "tokens"), [("early_stopping", 1), ("fixed_epochs", 10**6)])
def test_micro_batches_of_any_size_give_the_same(monkeypatch, llama_folder, examples, block, stopping, tokens):
    # As many epochs as the paper's would take long, a label a step.
    monkeypatch.setattr(schedule, "fixed_epoch_settings", lambda n_labels, factor: (1, 2))
    protocol = replace(PROTOCOL, stopping=stopping, presentations=24, micro_batch_tokens=tokens)
    student = new_student(llama_folder, examples, protocol=protocol)
    assert_same(*both_ways(student, block(pairs=PAIRS[:2]), examples.id.tolist()))


def test_what_texts_of_a_student_begin_with_passes_once(monkeypatch, llama_folder, examples, block):
    shares, hidden_states = [], together.hidden_states

    def count(body, texts, families):
        passing, whole = tokens_of(texts, families), sum(len(texts[i]) for i in members_of(families))
        shares.append(sum(passing) / whole)
        return hidden_states(body, texts, families)

    monkeypatch.setattr(together, "hidden_states", count)
    behind = examples.assign(text="All of these texts begin with the same long sentence. " * 4 + examples.text)
    student = new_student(llama_folder, behind, protocol=replace(PROTOCOL, micro_batch_tokens=10**4))
    assert_same(*both_ways(student, block(), examples.id.tolist()))
    assert np.median(shares) < 0.6


def test_gradients_are_computed_again_where_memory_is_saved(llama_folder, examples, block):
    student = new_student(llama_folder, examples, hardware=Hardware("cpu", gradient_checkpointing=True))
    assert_same(*both_ways(student, block(), examples.id.tolist()))


def test_a_bfloat16_base_passes_float32_adapters_of_all(monkeypatch, llama_folder, examples):
    monkeypatch.setattr(Hardware, "dtype", "bfloat16")
    student, rng = new_student(llama_folder, examples), np.random.default_rng(0)
    models = [student.twin().model for _ in range(3)]
    for model in models:
        for name, weight in adapted_weights(model).items():
            if "lora_B" in name:
                weight.data += torch.from_numpy(rng.normal(0, 0.1, tuple(weight.shape)))
    texts = list(student.texts.values())[:9]
    owners = np.repeat([0, 1, 2], 3)
    logits = together.Together(models).forward(texts, families_of(texts, owners), owners)
    logits.sum().backward()
    expected = torch.cat([forward(model, texts[3 * i : 3 * i + 3]) for i, model in enumerate(models)])
    torch.testing.assert_close(logits, expected, atol=0.02, rtol=0.02)
    assert all(weight.grad.dtype == torch.float32 for model in models for weight in trainable_weights(model).values())


def test_one_pass_serves_all_runs_that_go_on(monkeypatch, llama_folder, examples, block):
    passes, hidden_states = [], together.hidden_states

    def count(body, texts, families):
        passes.append(len(members_of(families)))
        return hidden_states(body, texts, families)

    monkeypatch.setattr(together, "hidden_states", count)
    protocol = replace(PROTOCOL, micro_batch_tokens=10**6)
    student = new_student(llama_folder, examples, protocol=protocol)
    runs = train_blocks([block()], [student], ["id00"], {}, silent, together=True)
    stages = [run.stages["both"] for run in runs]
    assert len(passes) == max(stage["steps"] for stage in stages)
    assert sum(passes) == sum(stage["presentations"] for stage in stages)


def test_memory_that_runs_out_halves_the_micro_batches_of_all(monkeypatch, llama_folder, examples, block):
    hidden_states = together.hidden_states

    def limited(body, texts, families):
        if sum(tokens_of(texts, families)) > 200:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return hidden_states(body, texts, families)

    monkeypatch.setattr(together, "hidden_states", limited)
    student = new_student(llama_folder, examples)
    alone, at_once = both_ways(student, block(), examples.id.tolist())
    assert {run.stages["both"]["micro_batch_tokens"] for run in at_once} == {150}
    for one, other in zip(alone, at_once, strict=True):
        np.testing.assert_allclose(other.log_odds, one.log_odds, atol=CLOSE, rtol=0)


def test_a_loss_that_is_no_number_names_the_labels_of_its_own_run(llama_folder, examples, block):
    of_block = block()
    of_block.pool.loc["id14":"id19", "p_weak"] = np.nan  # Bought by the run of 20 weak labels alone.
    with pytest.raises(NotFinite, match=r"loss is nan.*labels: .*id1[4-9]") as error:
        train_blocks([of_block], [new_student(llama_folder, examples)], ["id00"], {}, silent, together=True)
    assert "id39" not in str(error.value), "all other runs buy it"


def test_records_say_how_many_runs_trained_at_once_and_who_speaks_in_the_log(llama_folder, examples, block):
    student, lines = new_student(llama_folder, examples), []
    alone = train_blocks([block()], [student], ["id00"], {}, silent)
    at_once = train_blocks([block()], [student], ["id00"], {}, lines.append, together=True)
    assert {run.record["runs_together"] for run in at_once} == {len(PAIRS)}
    assert all("runs_together" not in run.record for run in alone)
    assert lines[0] == "4 runs at once"
    assert any(line.startswith("seed 1, 14 weak, 5 gold: both: step ") for line in lines)


def test_time_is_shared_among_the_runs_that_took_it(llama_folder, examples, block):
    """So that the time that further runs would take is not thought several times as long."""
    import time

    student, started = new_student(llama_folder, examples), time.perf_counter()
    runs = train_blocks([block()], [student], ["id00"], {}, silent, together=True)
    taken = [run.stages["both"]["seconds"] for run in runs]
    assert min(taken) > 0 and sum(taken) < time.perf_counter() - started


def test_twins_share_all_weights_but_adapters_and_head(llama_folder, examples):
    student = new_student(llama_folder, examples)
    twin = student.twin()
    own = adapted_weights(twin.model)
    for name, weight in student.model.named_parameters():
        other = twin.model.get_parameter(name)
        assert torch.equal(other, weight) and (other is weight) == (name not in own)
    train_stage(twin.model, list(student.texts.values()), examples.gold.to_numpy(float), PROTOCOL, 0, "gold", silent)
    fresh = adapted_weights(student.fresh())
    assert all(torch.equal(weight, student.initial[name]) for name, weight in fresh.items())


@pytest.fixture
def two_seeds(llama_folder, examples, block):
    """Makes blocks of the seeds 1 and 2, which read texts of their own, and their students."""

    def make(**of_block) -> tuple[list[Block], list[Student]]:
        blocks = [replace(block(**of_block), seed=seed) for seed in (1, 2)]
        texts = [examples, examples.assign(text="Again: " + examples.text)]
        students = load_students(llama_folder, CPU, texts, [1, 2], PROTOCOL, 1)
        return blocks, [with_large_head(student) for student in students]

    return make


def test_students_of_several_seeds_are_as_if_loaded_alone_on_one_base_model(llama_folder, examples, two_seeds):
    _, (first, second) = two_seeds()
    alone = new_student(llama_folder, examples)
    assert all(torch.equal(alone.initial[name], weight) for name, weight in first.initial.items())
    assert not any(torch.equal(alone.initial[name], w) for name, w in second.initial.items() if "lora_A" in name)
    own = adapted_weights(second.model)
    for name, weight in first.model.named_parameters():
        assert (second.model.get_parameter(name) is weight) == (name not in own)


def test_runs_of_several_seeds_at_once_predict_what_they_do_one_by_one(examples, two_seeds):
    blocks, students = two_seeds()
    ids = examples.id.tolist()
    alone, at_once = (train_blocks(blocks, students, ids, {}, silent, together) for together in (False, True))
    assert [run.seed for run in at_once] == [1] * len(PAIRS) + [2] * len(PAIRS)
    assert_same(alone, at_once)


def test_weak_stages_of_several_seeds_train_at_once(two_seeds):
    blocks, students = two_seeds(method=METHODS["sequential_sft"], pairs=[(20, 0)])
    alone = []
    for block, student in zip(blocks, students, strict=True):
        [(ids, record)] = train_weak_stages([block], [student], silent)
        alone.append((ids, record["steps"], {n: w.clone() for n, w in adapted_weights(student.model).items()}))
    lines = []
    for student, (ids, record), (same_ids, steps, weights) in zip(
        students, train_weak_stages(blocks, students, lines.append), alone, strict=True
    ):
        assert ids == same_ids and record["steps"] == steps
        for name, weight in adapted_weights(student.model).items():
            torch.testing.assert_close(weight, weights[name], atol=CLOSE, rtol=0)
    assert any(line.startswith("seed 2: weak: step ") for line in lines)


def test_models_that_pad_their_texts_are_refused(model_folders, examples, block):
    student = Student(model_folders["bert"], CPU, examples, 1, PROTOCOL)
    with pytest.raises(
        InputError,
        match=r"'bert': training.runs_together trains.*'llama', 'mistral' and 'qwen2', but this one is 'bert'",
    ):
        train_blocks([block()], [student], ["id00"], {}, silent, together=True)


def test_models_that_drop_out_at_random_are_refused(llama_folder, examples, block):
    student = new_student(llama_folder, examples)
    student.model.config.attention_dropout = 0.1
    with pytest.raises(InputError, match=r"without dropout, but its attention_dropout is 0.1; set runs_together"):
        train_blocks([block()], [student], ["id00"], {}, silent, together=True)
