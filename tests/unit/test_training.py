import math
from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from peft.tuners.tuners_utils import BaseTunerLayer
from torch.utils._python_dispatch import TorchDispatchMode

from elicitation.buying.methods import METHODS
from elicitation.errors import InputError
from elicitation.models.batches import predict, predict_next_token, subnormals_as_zero, within_memory, without_adapters
from elicitation.models.hardware import CPU, Hardware
from elicitation.models.loading import load_language_model, load_tokenizer, new_lora_classifier, tokenize
from elicitation.training.loop import (
    MAX_GRADIENT_NORM,
    endless_batches,
    log_confidence_targets,
    soft_cross_entropy,
    train_stage,
    train_step,
)
from elicitation.training.schedule import (
    Protocol,
    fixed_epoch_settings,
    plan_schedule,
    student_protocol,
    supervisor_protocol,
)
from elicitation.training.validation import (
    EarlyStopping,
    copy_weights,
    restore_weights,
    trainable_weights,
    validation_scores,
)

QUICK = Protocol("early_stopping", learning_rate=0.02, batch_size=4, presentations=60)
STOPPING = ["early_stopping", "fixed_epochs"]


def silent(line):
    pass


@pytest.fixture(scope="module")
def token_ids(llama_folder, examples):
    return tokenize(load_tokenizer(llama_folder), examples.text.tolist())


@pytest.fixture
def gold(examples):
    return examples.gold.to_numpy(float)


@pytest.fixture
def new_model(llama_folder):
    """Makes equal students; each head is enlarged, so that gradients reach every adapter."""

    def make(seed=0):
        model = new_lora_classifier(llama_folder, CPU, load_tokenizer(llama_folder).pad_token_id, seed)
        with torch.no_grad():
            dict(model.named_parameters())["base_model.model.score.modules_to_save.default.weight"].mul_(100)
        return model

    return make


def same_weights(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


# Loss


def test_loss_of_even_odds_is_log_2_a_label_whatever_the_label():
    loss = soft_cross_entropy(torch.zeros(3, 2), torch.tensor([0.0, 0.3, 1.0]))
    assert loss.tolist() == pytest.approx([math.log(2)] * 3)


@pytest.mark.parametrize(("p", "expected"), [(1.0, math.log(4 / 3)), (0.0, math.log(4)), (0.5, math.log(16 / 3) / 2)])
def test_loss_at_log_odds_of_log_3(p, expected):
    """Log-odds log 3 say 3/4, so a 1 costs log(4/3), a 0 log 4, and an even label their mean."""
    loss = soft_cross_entropy(torch.tensor([[0.0, math.log(3)]]), torch.tensor([p]))
    assert loss.item() == pytest.approx(expected)


@given(st.floats(-5, 5), st.floats(0, 1))
def test_gradient_of_the_loss_is_prediction_minus_label(log_odds, p):
    logits = torch.tensor([[0.0, log_odds]], requires_grad=True)
    soft_cross_entropy(logits, torch.tensor([p], dtype=torch.float32)).backward()
    assert logits.grad[0, 1].item() == pytest.approx(1 / (1 + math.exp(-log_odds)) - p, abs=1e-5)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        pytest.param(0, [0.9, 0.1, 0.5, 0.5], id="at first the labels alone"),
        # Half of the mean label's mass is called 1: the two highest log-odds.
        pytest.param(100, [0.675, 0.325, 0.375, 0.625], id="half way, a quarter is the prediction"),
        pytest.param(200, [0.45, 0.55, 0.25, 0.75], id="then half"),
        pytest.param(900, [0.45, 0.55, 0.25, 0.75], id="and no more"),
    ],
)
def test_log_confidence_mixes_labels_with_hardened_predictions(step, expected):
    targets = log_confidence_targets(np.array([0.9, 0.1, 0.5, 0.5]), np.array([-2.0, 3.0, -1.0, 0.5]), step)
    assert targets.tolist() == pytest.approx(expected)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.permutations(range(40)))
def test_log_confidence_keeps_the_share_of_ones_among_its_predictions(p, ranks):
    p, log_odds = np.array(p), np.array(ranks[: len(p)], dtype=float)
    hardened = (log_confidence_targets(p, log_odds, step=200) - 0.5 * p) / 0.5
    for part in np.array_split(np.arange(len(p)), math.ceil(len(p) / 8)):
        assert len(part) <= 8 and abs(hardened[part].sum() - p[part].sum()) <= 0.5 + 1e-9
        called = hardened[part] > 0.5
        assert not called.any() or called.all() or log_odds[part][called].min() > log_odds[part][~called].max()


def test_log_confidence_hardens_in_parts_of_eight_as_equal_as_can_be():
    # The second part holds no 1, so none of its predictions is called 1, however high.
    p, log_odds = np.array([1.0] * 6 + [0.0] * 6), np.arange(12.0)
    hardened = (log_confidence_targets(p, log_odds, step=200) - 0.5 * p) / 0.5
    assert hardened.tolist() == [1] * 6 + [0] * 6


@pytest.mark.parametrize("p", [0.9, 0.6, 0.4])
def test_log_confidence_calls_a_single_label_what_it_is_nearer_to(p):
    target = log_confidence_targets(np.array([p]), np.array([-3.0]), step=200)
    assert target.tolist() == pytest.approx([0.5 * p + 0.5 * (p > 0.5)])


def test_a_label_of_weight_two_counts_like_the_label_twice(new_model, token_ids, gold):
    steps = []
    for rows, weights in (([0, 1], [2.0, 1.0]), ([0, 0, 1], [1.0, 1.0, 1.0])):
        model = new_model()
        descent = torch.optim.SGD(trainable_weights(model).values(), lr=1.0)
        texts, p = [token_ids[i] for i in rows], torch.tensor([float(gold[i]) for i in rows])
        loss = train_step(model, descent, texts, p, torch.tensor(weights), 10**6)
        steps.append((loss, copy_weights(model)))
    assert steps[0][0] == pytest.approx(steps[1][0], abs=1e-6)
    for name, weight in steps[0][1].items():
        torch.testing.assert_close(weight, steps[1][1][name], atol=1e-6, rtol=1e-4)


# Batches


@pytest.mark.parametrize("micro_batch_tokens", [1, 40, 100])
def test_micro_batches_give_the_step_of_one_big_batch(new_model, token_ids, gold, micro_batch_tokens):
    losses, weights = [], []
    for tokens in (10**6, micro_batch_tokens):
        model = new_model()
        # Plain gradient descent: the change in the weights is the gradient.
        descent = torch.optim.SGD(trainable_weights(model).values(), lr=1.0)
        before = copy_weights(model)
        losses.append(train_step(model, descent, token_ids[:8], torch.tensor(gold[:8]).float(), torch.ones(8), tokens))
        weights.append(copy_weights(model))
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    assert not same_weights(before, weights[0])
    for name, weight in weights[0].items():
        torch.testing.assert_close(weight, weights[1][name], atol=1e-6, rtol=1e-4)


class Calls(TorchDispatchMode):
    """Counts the calls of each of torch's operators."""

    def __init__(self):
        super().__init__()
        self.count = Counter()

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        self.count[operator] += 1
        return operator(*args, **(kwargs or {}))


def plain_step(model, token_ids, gold, tokens):
    """A step of plain gradient descent on eight labels: its loss, and how often each operator was called."""
    descent = torch.optim.SGD(trainable_weights(model).values(), lr=1.0)
    with Calls() as calls:
        loss = train_step(model, descent, token_ids[:8], torch.tensor(gold[:8]).float(), torch.ones(8), tokens)
    return loss, calls.count


def test_no_micro_batch_makes_the_process_read_from_the_device(new_model, token_ids, gold):
    """Whatever reads a number waits for all that the device has been told to do."""
    counts = [plain_step(new_model(), token_ids, gold, tokens)[1] for tokens in (10**6, 1)]
    products = [count[torch.ops.aten.mm.default] for count in counts]
    reading = [count[torch.ops.aten._local_scalar_dense.default] for count in counts]
    assert products[1] == 8 * products[0] and reading == [0, 0]


@pytest.mark.parametrize("micro_batch_tokens", [1, 10**6])
def test_gradients_are_clipped_as_a_whole(new_model, token_ids, gold, micro_batch_tokens):
    model = new_model()
    with torch.no_grad():
        dict(model.named_parameters())["base_model.model.score.modules_to_save.default.weight"].mul_(100)
    before = copy_weights(model)
    plain_step(model, token_ids, gold, micro_batch_tokens)
    moves = [(weight - before[name]).flatten() for name, weight in copy_weights(model).items()]
    assert torch.cat(moves).norm().item() == pytest.approx(MAX_GRADIENT_NORM, abs=1e-3)


@pytest.mark.parametrize("checkpointing", [False, True])
def test_adapters_in_bfloat16_are_those_that_peft_converts_to_the_last_bit(
    llama_folder, token_ids, gold, checkpointing
):
    """peft makes float32 of what enters an adapter, and autocast bfloat16 of it again."""
    steps = []
    for converts in (False, True):
        hardware = Hardware("cpu", precision="bfloat16", gradient_checkpointing=checkpointing)
        model = new_lora_classifier(llama_folder, hardware, load_tokenizer(llama_folder).pad_token_id, 0)
        model.train()
        with torch.no_grad():
            for weight in trainable_weights(model).values():
                weight.add_(0.1)
        for layer in model.modules():
            if isinstance(layer, BaseTunerLayer):
                assert not layer.cast_input_dtype_enabled
                layer.cast_input_dtype_enabled = converts
        loss, calls = plain_step(model, token_ids, gold, 40)
        assert all(weight.dtype == torch.float32 for weight in trainable_weights(model).values())
        steps.append((loss, copy_weights(model), calls[torch.ops.aten._to_copy.default]))
    (loss, weights, conversions), (converted_loss, converted_weights, more_conversions) = steps
    assert loss == converted_loss and same_weights(weights, converted_weights)
    assert conversions < 0.7 * more_conversions


# Memory


def limit_memory(model, tokens):
    """Makes the model run out of memory, as a GPU does, on more tokens than these."""

    def check(module, args, kwargs):
        if kwargs["input_ids"].numel() > tokens:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    without_adapters(model).base_model.register_forward_pre_hook(check, with_kwargs=True)
    return model


CPU_ERROR = RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory")


@given(st.integers(1, 10**5), st.integers(0, 10**5), st.sampled_from([torch.OutOfMemoryError, CPU_ERROR]))
def test_tokens_are_halved_until_they_fit(tokens, spare, error):
    tried, longest = [], 100

    def compute(n):
        tried.append(n)
        if n > longest + spare:
            raise error
        return "result"

    assert within_memory(compute, tokens, longest) == ("result", tried[-1])
    assert tried[0] == tokens and all(later == earlier // 2 for earlier, later in pairwise(tried))
    assert all(n > longest + spare for n in tried[:-1])


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    def compute(n):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        within_memory(compute, 200, 100)


@pytest.mark.parametrize("batch_size", [8, 32])
def test_a_stage_that_runs_out_of_memory_ends_with_the_weights_of_one_that_does_not(
    new_model, token_ids, gold, batch_size
):
    protocol = Protocol("early_stopping", 0.01, batch_size=batch_size, presentations=64, micro_batch_tokens=4096)
    longest = max(map(len, token_ids))
    models = {"ample": new_model(), "scarce": limit_memory(new_model(), 2 * longest)}
    ample, scarce = (train_stage(model, token_ids, gold, protocol, 0, "weak", silent) for model in models.values())
    assert ample.micro_batch_tokens == 4096 and scarce.micro_batch_tokens < 4096
    assert (scarce.steps, scarce.presentations) == (ample.steps, ample.presentations)
    for name, weight in copy_weights(models["ample"]).items():
        torch.testing.assert_close(dict(models["scarce"].named_parameters())[name], weight, atol=1e-4, rtol=1e-3)


def test_a_text_that_does_not_fit_into_memory_is_an_error_that_says_its_length(new_model, token_ids, gold):
    longest = max(map(len, token_ids))
    with pytest.raises(InputError, match=f"single texts .{longest} tokens.*smaller model"):
        train_stage(limit_memory(new_model(), 1), token_ids, gold, QUICK, 0, "weak", silent)


@pytest.mark.parametrize("max_tokens", [1, 64, 10**6])
def test_predictions_come_in_the_order_of_the_texts(new_model, token_ids, max_tokens):
    model = new_model()
    one_by_one = np.concatenate([predict(model, [ids], max_tokens) for ids in token_ids])
    assert one_by_one.std() > 0.01
    np.testing.assert_allclose(predict(model, token_ids, max_tokens), one_by_one, atol=1e-5)


# Schedule


@pytest.mark.parametrize(
    ("n_labels", "batch_size", "epochs"),
    [
        (1, 1, 100), (7, 1, 15), (29, 1, 4), (30, 1, 3), (1023, 1, 3), (1024, 2, 3), (4095, 2, 3), (4096, 8, 2),
        (16_383, 8, 2), (16_384, 8, 1),
    ],
)  # fmt: skip
def test_fixed_epochs_of_the_paper(n_labels, batch_size, epochs):
    assert fixed_epoch_settings(n_labels) == (batch_size, epochs)
    schedule = plan_schedule(n_labels, Protocol("fixed_epochs", 1e-3))
    assert schedule.steps == epochs * math.ceil(n_labels / batch_size)
    assert (schedule.n_train, schedule.n_validation, schedule.evaluate_every) == (n_labels, 0, None)


@pytest.mark.parametrize("schedule", ["exact", "paper"])
@pytest.mark.parametrize("n_labels", [1, 29, 1023, 4096])
def test_a_factor_shows_labels_that_many_times_as_often_under_fixed_epochs_alone(n_labels, schedule):
    def plan(stopping, **changes):
        method = replace(METHODS["sequential_sft"], training=changes)
        return plan_schedule(n_labels, student_protocol(1e-3, {"stopping": stopping, "schedule": schedule}, method))

    once, thrice = plan("fixed_epochs"), plan("fixed_epochs", epochs_factor=3)
    assert thrice == replace(once, steps=3 * once.steps)
    assert plan("early_stopping", epochs_factor=3) == plan("early_stopping")


@given(st.integers(4, 60_000))
def test_early_stopping_holds_out_a_fifth_but_at_least_two_labels(n_labels):
    schedule = plan_schedule(n_labels, Protocol("early_stopping", 1e-3))
    assert schedule.n_train + schedule.n_validation == n_labels
    assert schedule.n_validation == max(2, n_labels // 5)
    assert schedule.n_train >= 2


@pytest.mark.parametrize(
    ("n_labels", "held_out"), [(2, 2), (10, 2), (400, 80), (1000, 200), (1005, 200), (50_000, 200)]
)
def test_a_protocol_may_cap_what_large_stages_hold_out(n_labels, held_out):
    schedule = plan_schedule(n_labels, Protocol("early_stopping", 1e-3, validation_size=200))
    assert schedule.n_validation == held_out
    assert schedule.n_train == (n_labels - held_out if n_labels > 2 else 2)


def test_supervisors_hold_out_exactly_what_their_protocol_says():
    few = plan_schedule(1000, supervisor_protocol(1e-3, 3, 1000, 1000, validation_size=500))
    assert (few.n_train, few.n_validation) == (500, 500)
    schedule = plan_schedule(8500, supervisor_protocol(1e-3, 3, 8500, 1000, validation_size=500))
    assert (schedule.n_train, schedule.n_validation) == (8000, 500)
    assert schedule.steps == 3 * 250


@pytest.mark.parametrize("n_labels", [1, 2, 3])
def test_stages_too_small_to_split_train_and_validate_on_all_labels(n_labels):
    schedule = plan_schedule(n_labels, Protocol("early_stopping", 1e-3))
    assert schedule.n_train == schedule.n_validation == n_labels


@pytest.mark.parametrize(
    ("n_labels", "warmup_steps", "evaluate_every"),
    [pytest.param(10, 2, 1, id="one step an epoch"), (1000, 25, 25), pytest.param(10_000, 40, 50, id="long epochs")],
)
def test_warmup_and_validation_fit_an_epoch(n_labels, warmup_steps, evaluate_every):
    schedule = plan_schedule(n_labels, Protocol("early_stopping", 1e-3))
    assert (schedule.warmup_steps, schedule.evaluate_every) == (warmup_steps, evaluate_every)


@pytest.mark.parametrize(
    ("n_labels", "steps", "warmup_steps", "evaluate_every"),
    [
        # 30,000 / n epochs of the whole batches of 32 among the 80 % that train; worked out by hand.
        pytest.param(1, 30_000, 2, 1, id="one label"),
        pytest.param(16, 1875, 2, 1, id="13 train, one batch"),
        pytest.param(64, 469, 2, 2, id="52 train, one whole batch: 15,008 presentations"),
        pytest.param(256, 704, 8, 8, id="205 train, 6 whole batches, 117.19 epochs"),
        pytest.param(1024, 733, 32, 32, id="820 train, 25 whole batches, 29.3 epochs"),
        pytest.param(40_960, 1024, 40, 50, id="one epoch of 32,768"),
    ],
)
def test_the_schedule_of_the_papers_code(n_labels, steps, warmup_steps, evaluate_every):
    schedule = plan_schedule(n_labels, Protocol("early_stopping", 1e-3, schedule="paper"))
    assert (schedule.steps, schedule.warmup_steps, schedule.evaluate_every) == (steps, warmup_steps, evaluate_every)


@pytest.mark.parametrize(("n_labels", "steps"), [(1023, 3069), (1025, 3 * 512), (4100, 2 * 512), (16_385, 2048)])
def test_fixed_epochs_of_the_papers_code_count_whole_batches(n_labels, steps):
    assert plan_schedule(n_labels, Protocol("fixed_epochs", 1e-3, schedule="paper")).steps == steps


@given(st.integers(1, 60_000), st.sampled_from(STOPPING), st.sampled_from(["exact", "paper"]), st.integers(1, 40_000))
def test_every_stage_has_a_step_at_the_whole_learning_rate(n_labels, stopping, schedule, presentations):
    plan = plan_schedule(n_labels, Protocol(stopping, 1e-3, schedule=schedule, presentations=presentations))
    assert plan.n_train >= 1 and 0 <= plan.warmup_steps < plan.steps
    assert plan.evaluate_every is None or plan.evaluate_every >= 1


@pytest.mark.parametrize("n_labels", [6, 7, 40])
def test_a_stage_shows_as_many_labels_as_the_protocol_says(new_model, token_ids, gold, n_labels):
    patient = Protocol("early_stopping", 1e-3, batch_size=4, presentations=60, patience=100)
    result = train_stage(new_model(), token_ids[:n_labels], gold[:n_labels], patient, 0, "weak", silent)
    assert 60 <= result.presentations < 60 + 4


def test_a_stage_with_more_labels_than_presentations_shows_each_once(new_model, token_ids, gold):
    short = Protocol("early_stopping", 1e-3, batch_size=5, presentations=5, patience=100)
    assert train_stage(new_model(), token_ids, gold, short, 0, "weak", silent).presentations == 32


def test_supervisors_run_all_their_epochs(new_model, token_ids, gold):
    protocol = supervisor_protocol(1e-9, epochs=3, n_labels=40, micro_batch_tokens=1000)
    result = train_stage(new_model(), token_ids, gold, protocol, 0, "supervision", silent)
    assert result.presentations >= 3 * 32


# Early stopping


@pytest.mark.parametrize(
    ("scores", "stops_at"),
    [
        pytest.param([0.5, 0.6, 0.7, 0.8, 0.9, 1.0], None, id="always better"),
        pytest.param([0.5, 0.5, 0.5, 0.5, 0.5], 5, id="four without gain"),
        pytest.param([0.5, 0.502, 0.504, 0.506, 0.508], 5, id="four that gain too little"),
        pytest.param([0.5, 0.505, 0.51, 0.515, 0.52, 0.525, 0.53], None, id="slow gains add up"),
        pytest.param([0.5, 0.508, 0.505, 0.505, 0.509], 5, id="what gained too little is no baseline"),
        pytest.param([0.5, 0.5, 0.5, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6], 9, id="a gain starts the count again"),
    ],
)
def test_stops_after_four_validations_that_gain_too_little(scores, stops_at):
    stopping, model = EarlyStopping(patience=4, min_gain=0.01), torch.nn.Linear(1, 1)
    stops = [stopping.update(score, 0.5, step, model) for step, score in enumerate(scores, start=1)]
    assert stops.index(True) + 1 == stops_at if stops_at else not any(stops)


def test_best_weights_are_kept_though_later_ones_are_worse():
    stopping, model = EarlyStopping(patience=9, min_gain=0.01), torch.nn.Linear(1, 1)
    for step, score in enumerate([0.5, 0.7, 0.701, 0.6], start=1):
        torch.nn.init.constant_(model.weight, step)
        stopping.update(score, 0.5, step, model)
    restore_weights(model, stopping.best_weights)
    assert (model.weight.item(), stopping.best_step, stopping.best_score) == (3, 3, 0.701)


def test_of_equal_scores_the_one_of_lower_loss_is_best():
    stopping, model = EarlyStopping(patience=9, min_gain=0.01), torch.nn.Linear(1, 1)
    for step, loss in enumerate([0.66, 0.4, 0.1, 0.2], start=1):
        stopping.update(1.0, loss, step, model)
    assert (stopping.best_step, stopping.stale) == (3, 3)


def test_weights_that_no_step_has_trained_are_kept_for_want_of_others_only():
    stopping, model = EarlyStopping(patience=2, min_gain=0.01), torch.nn.Linear(1, 1)
    assert not stopping.update(1.0, 0.1, 1, model)
    assert (stopping.best_step, stopping.best_score) == (1, 1.0)
    assert not stopping.update(0.6, 0.7, 2, model)
    assert (stopping.best_step, stopping.best_score) == (2, 0.6)
    # They set the baseline all the same.
    assert stopping.update(0.8, 0.5, 3, model) and stopping.best_step == 3


def test_a_stage_ends_with_its_best_validated_weights(new_model, token_ids, gold):
    model, validated, lines = new_model(), [], []

    def log(line):
        lines.append(line)
        validated.append(copy_weights(model))

    protocol = Protocol("early_stopping", 0.05, batch_size=32, presentations=600, patience=8)
    result = train_stage(model, token_ids, gold, protocol, 0, "gold", log)
    assert result.best_step < result.steps == len(validated)
    assert same_weights(copy_weights(model), validated[result.best_step - 1])
    assert f"auroc {result.validation_score:.3f}" in lines[result.best_step - 1]


def test_validation_falls_back_on_log_loss_where_auroc_is_undefined():
    log_odds = np.array([0.0, math.log(3)])
    loss = pytest.approx((math.log(2) + math.log(4 / 3)) / 2)
    assert validation_scores(np.array([0.2, 0.9]), log_odds) == ("auroc", 1.0, loss)
    name, score, found = validation_scores(np.array([0.6, 0.9]), log_odds)
    assert (name, score, found) == ("negative log-loss", -found, loss)


def test_validation_leaves_labels_out_that_say_nothing():
    p, log_odds, weights = (
        np.array([0.5, 0.2, 0.5, 0.9]),
        np.array([-3.0, 1.0, 2.0, 0.5]),
        np.array([5.0, 1.0, 5.0, 2.0]),
    )
    says = [1, 3]
    assert validation_scores(p, log_odds, weights) == validation_scores(p[says], log_odds[says], weights[says])
    name, score, loss = validation_scores(np.array([0.5, 0.5]), np.array([0.0, 0.0]))
    assert (name, score, loss) == ("negative log-loss", -loss, pytest.approx(math.log(2)))
    assert validation_scores(np.array([0.5]), np.array([2.0]))[2] > loss


# Stages


@pytest.mark.parametrize("stopping", STOPPING)
@pytest.mark.parametrize("n_labels", [1, 2, 3, 4, 5])
def test_the_smallest_stages_train(new_model, token_ids, gold, n_labels, stopping):
    model = new_model()
    before = copy_weights(model)
    protocol = Protocol(stopping, 1e-2, presentations=20)
    result = train_stage(model, token_ids[:n_labels], gold[:n_labels], protocol, 0, "gold", silent)
    assert result.steps > 1
    assert not same_weights(before, copy_weights(model))
    assert np.isfinite(predict(model, token_ids, 1000)).all()


@pytest.mark.parametrize("schedule", ["exact", "paper"])
def test_a_stage_of_one_step_trains(new_model, token_ids, gold, schedule):
    model = new_model()
    before = copy_weights(model)
    protocol = Protocol("early_stopping", 1e-2, presentations=1, schedule=schedule)
    assert train_stage(model, token_ids[:20], gold[:20], protocol, 0, "gold", silent).steps == 1
    assert not same_weights(before, copy_weights(model))


def test_the_first_step_changes_nothing_but_is_validated(new_model, token_ids, gold):
    model, validated = new_model(), []
    before = copy_weights(model)
    protocol = Protocol("early_stopping", 1e-2, presentations=60)
    train_stage(model, token_ids[:20], gold[:20], protocol, 0, "gold", lambda _: validated.append(copy_weights(model)))
    assert same_weights(before, validated[0]) and not same_weights(before, validated[1])


def test_a_stage_learns_labels_that_a_word_decides(new_model, llama_folder):
    texts = [
        f"the {noun} was {word} ." for noun in ("soup", "room", "staff", "bread", "hall") for word in ("good", "bad")
    ]
    token_ids, labels = tokenize(load_tokenizer(llama_folder), texts), np.array([1.0, 0.0] * 5)
    model = new_model()
    train_stage(model, token_ids, labels, Protocol("fixed_epochs", 0.02), 0, "gold", silent)
    assert ((predict(model, token_ids, 1000) > 0) == (labels == 1)).all()


@pytest.mark.parametrize("stopping", STOPPING)
def test_training_is_repeatable_to_the_last_bit(new_model, token_ids, gold, stopping):
    trained = []
    for _ in range(2):
        model = new_model()
        train_stage(model, token_ids[:20], gold[:20], Protocol(stopping, 0.02, presentations=60), 3, "weak", silent)
        trained.append(copy_weights(model))
        torch.rand(7)  # Whatever else draws numbers in between has no influence.
    assert same_weights(*trained)


@pytest.mark.parametrize(("seed", "name"), [(4, "weak"), (3, "gold")])
def test_other_seeds_and_stages_train_in_another_order(new_model, token_ids, gold, seed, name):
    trained = []
    for case in ((3, "weak"), (seed, name)):
        model = new_model()
        train_stage(model, token_ids, gold, QUICK, *case, silent)
        trained.append(copy_weights(model))
    assert not same_weights(*trained)


def test_only_adapters_and_head_are_trained(new_model, token_ids, gold):
    model = new_model()
    frozen = {name: weight.clone() for name, weight in model.named_parameters() if not weight.requires_grad}
    train_stage(model, token_ids, gold, QUICK, 0, "weak", silent)
    assert frozen
    assert all(torch.equal(weight, frozen[name]) for name, weight in model.named_parameters() if name in frozen)
    assert all("lora_" in name or "score" in name for name in trainable_weights(model))


@pytest.mark.parametrize("n_labels", [pytest.param(4, id="in the first validation"), pytest.param(40, id="in a step")])
def test_divergence_is_an_error_that_names_the_stage_and_the_remedy(new_model, token_ids, gold, n_labels):
    protocol = Protocol("early_stopping", 1e30, batch_size=4, presentations=60)
    with pytest.raises(InputError, match=r"'weak'.*lower the learning rate"):
        train_stage(new_model(), token_ids[:n_labels], gold[:n_labels], protocol, 0, "weak", silent)


def test_a_loss_that_is_not_a_number_is_an_error_with_its_step_and_the_ids_of_its_batch(new_model, token_ids, gold):
    gold[7] = math.nan
    ids = [f"id{i:02}" for i in range(40)]
    with pytest.raises(InputError, match=r"the loss is nan at step \d+.*labels: [^.]*id07") as error:
        train_stage(new_model(), token_ids, gold, Protocol("fixed_epochs", 1e-3), 0, "weak", silent, ids=ids)
    assert "id08" not in str(error.value)


def test_a_stage_without_labels_is_an_error(new_model):
    with pytest.raises(InputError, match="'gold' has no labels"):
        train_stage(new_model(), [], np.array([]), QUICK, 0, "gold", silent)


def test_batches_without_end_hold_every_label_once_an_epoch_in_an_order_of_its_own():
    batches = list(islice(endless_batches(np.zeros(10), 4, False, np.random.default_rng(0)), 9))
    assert [len(batch) for batch in batches] == [4, 4, 2] * 3
    epochs = [np.concatenate(batches[i : i + 3]).tolist() for i in (0, 3, 6)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len(set(map(tuple, epochs))) == 3


@given(st.lists(st.sampled_from([0, 0.3, 0.5, 0.7, 1]), min_size=1, max_size=50), st.integers(0, 99))
def test_balanced_epochs_are_as_long_and_show_either_kind_as_often(labels, seed):
    p = np.array(labels)
    epoch = next(endless_batches(p, len(p), True, np.random.default_rng(seed)))
    assert len(epoch) == len(p)
    ones, shown = p > 0.5, Counter(epoch.tolist())
    if ones.all() or not ones.any():
        assert sorted(epoch) == list(range(len(p)))
        return
    assert ones[epoch].sum() == len(p) // 2
    for kind in (ones, ~ones):
        times = [shown[i] for i in np.flatnonzero(kind)]
        assert max(times) - min(times) <= 1


def test_a_student_of_lopsided_labels_that_sees_them_balanced_gives_both(llama_folder, token_ids):
    """As often as they stand there it gives the commoner one always."""
    texts, p = token_ids[:20], np.array(4 * [1.0] + 16 * [0.0])
    called = {}
    for balanced in (False, True):
        model = new_lora_classifier(llama_folder, CPU, 0, 0)
        protocol = Protocol("fixed_epochs", 3e-3, balanced=balanced)
        train_stage(model, texts, p, protocol, 0, "gold", lambda line: None)
        called[balanced] = predict(model, texts, 1000).mean()
    assert called[True] > called[False] + 0.5


def test_next_tokens_are_compared_behind_each_text_however_the_texts_are_batched(llama_folder, token_ids):
    model = load_language_model(llama_folder, CPU, load_tokenizer(llama_folder).pad_token_id)
    texts = [ids[:n] for ids, n in zip(token_ids, (3, 9, 5), strict=False)]
    with torch.inference_mode():
        found = [predict_next_token(model, texts, (7, 11), max_tokens) for max_tokens in (9, 1000)]
        model.set_attn_implementation("eager")
        logits = [model(torch.tensor([ids])).logits[0, -1].double() for ids in texts]
    expected = [float(each[11] - each[7]) for each in logits]
    assert found[0] == pytest.approx(expected, abs=1e-5) and found[1] == pytest.approx(expected, abs=1e-5)


# Subnormal numbers


def subnormals_count() -> bool:
    return (torch.tensor(2e-38) / 4).item() > 0


def test_subnormals_are_zero_within_and_count_again_after():
    with subnormals_as_zero():
        with subnormals_as_zero():
            pass
        assert not subnormals_count()
    assert subnormals_count()


def test_training_and_predictions_leave_arithmetic_as_it_was(new_model, token_ids, gold):
    train_stage(new_model(), token_ids, gold, QUICK, 0, "weak", silent)
    assert subnormals_count()
