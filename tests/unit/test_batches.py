import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import varlen
from torch.nn.utils.rnn import pad_sequence

from elicitation.models import batches
from elicitation.models.batches import (
    MAX_PADDING,
    forward,
    is_packed,
    lengths_of,
    micro_batches,
    pad,
    passes,
    predict,
    varlen_attention,
)
from elicitation.models.beginnings import families_of, members_of
from elicitation.models.hardware import CPU
from elicitation.models.loading import load_classifier, load_tokenizer, tokenize
from elicitation.models.padding import join_texts, pad_texts

LENGTHS = st.lists(st.integers(1, 500), min_size=1, max_size=40)


@given(LENGTHS, st.integers(1, 2000), st.booleans())
def test_micro_batches_hold_each_text_once_within_the_limit_and_sorted_by_length(lengths, max_tokens, packed):
    lengths = np.array(lengths)
    groups = micro_batches(lengths, max_tokens, packed)
    assert sorted(np.concatenate(groups)) == list(range(len(lengths)))
    assert (np.diff(lengths[np.concatenate(groups)]) <= 0).all()
    for group in groups:
        passed = lengths[group].sum() if packed else lengths[group].max() * len(group)
        assert len(group) == 1 or passed <= max_tokens


@given(LENGTHS, st.integers(1, 2000))
def test_at_most_a_tenth_of_the_tokens_is_padding(lengths, max_tokens):
    lengths = np.array(lengths)
    groups = micro_batches(lengths, max_tokens, packed=False)
    passed = sum(lengths[group].max() * len(group) for group in groups)
    assert passed - lengths.sum() <= MAX_PADDING * passed


def test_texts_of_equal_length_are_one_micro_batch_whether_they_are_packed_or_not():
    for packed in (True, False):
        assert [len(group) for group in micro_batches(np.full(32, 20), 640, packed)] == [32]


def test_short_texts_are_padded_on_the_right_and_masked():
    batch = pad([[5, 6, 7], [8]], 0, torch.device("cpu"))
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


@pytest.fixture
def token_ids(packed_folder, examples):
    return tokenize(load_tokenizer(packed_folder), examples.text.tolist())


def logits_of_single_texts(folder, token_ids):
    """What transformers alone computes, a text at a time."""
    model = load_classifier(folder, CPU, 0).eval()
    model.set_attn_implementation("eager")
    with torch.inference_mode():
        return torch.cat([model(torch.tensor([ids])).logits for ids in token_ids])


def texts_behind_examples(tokenizer):
    """Texts behind one of two prompts, in turns, and two texts that stand alone."""
    rng = np.random.default_rng(0)
    prompts = [rng.integers(len(tokenizer), size=50).tolist() for _ in range(2)]
    texts = [rng.integers(len(tokenizer), size=size).tolist() for size in range(5, 12)]
    alone = [rng.integers(len(tokenizer), size=9).tolist() for _ in range(2)]
    return [prompts[i % 2] + text for i, text in enumerate(texts)] + alone


@pytest.fixture
def behind_examples(packed_folder):
    return texts_behind_examples(load_tokenizer(packed_folder))


def logits_together(model, texts):
    """The logits, where what several texts begin with passes once."""
    families = families_of(texts)
    logits = torch.empty(len(texts), 2)
    logits[members_of(families)] = forward(model, texts, families)
    return logits


def kernel_of_a_gpu(query, key, value, bounds, key_bounds, longest, key_longest, *, scale, window_size, enable_gqa):
    """What torch says of varlen_attn, a text at a time: (tokens, heads, size) in, the same out."""
    assert bounds is key_bounds and bounds.dtype == torch.int32 and window_size[1] == 0 and enable_gqa
    assert longest == key_longest == bounds.diff().max()
    out = []
    for start, end in pairwise(bounds.tolist()):
        states = (each[start:end].transpose(0, 1)[None] for each in (query, key, value))
        seen = torch.ones(end - start, end - start, dtype=torch.bool).tril()
        if window_size[0] >= 0:
            seen = seen.triu(-window_size[0])
        options = {"attn_mask": seen, "scale": scale, "enable_gqa": True}
        out.append(torch.nn.functional.scaled_dot_product_attention(*states, **options)[0].transpose(0, 1))
    return torch.cat(out)


# How packs are attended to: by torch's fused kernel, by plain products, and by what stands in for a GPU's kernel.
ATTENTIONS = ("fused", "plain", "varlen")


@pytest.fixture(params=ATTENTIONS)
def attention(request, monkeypatch):
    monkeypatch.setattr(batches, "SHORT_TEXT", 10**6 if request.param == "plain" else 0)
    if request.param == "varlen":
        monkeypatch.setattr(batches, "has_varlen_kernel", lambda query, dropout: True)
        monkeypatch.setattr(varlen, "varlen_attn", kernel_of_a_gpu)


def test_a_pack_gives_the_logits_of_single_texts(attention, packed_folder, token_ids):
    model = load_classifier(packed_folder, CPU, 0).eval()
    assert is_packed(model)
    with torch.inference_mode():
        logits = forward(model, token_ids)
    torch.testing.assert_close(logits, logits_of_single_texts(packed_folder, token_ids), atol=1e-5, rtol=0)


@pytest.mark.parametrize("architecture", ["mistral", "qwen2"])
@pytest.mark.parametrize("behind", [False, True], ids=["alone", "behind examples"])
def test_a_pack_looks_back_as_far_as_a_sliding_window_allows(
    attention, model_folders, examples, architecture, behind, tmp_path
):
    from transformers import AutoModelForCausalLM

    window = {"use_sliding_window": True, "max_window_layers": 0} if architecture == "qwen2" else {}
    model = AutoModelForCausalLM.from_pretrained(model_folders[architecture])
    model.config.update(window | {"sliding_window": 4})
    if architecture == "qwen2":
        model.config.layer_types = ["sliding_attention"] * model.config.num_hidden_layers
    model.save_pretrained(tmp_path)
    tokenizer = load_tokenizer(model_folders[architecture])
    tokenizer.save_pretrained(tmp_path)
    token_ids = texts_behind_examples(tokenizer) if behind else tokenize(tokenizer, examples.text.tolist())
    windowed = load_classifier(tmp_path, CPU, 0).eval()
    with torch.inference_mode():
        logits = logits_together(windowed, token_ids)
        without = logits_together(load_classifier(model_folders[architecture], CPU, 0).eval(), token_ids)
    torch.testing.assert_close(logits, logits_of_single_texts(tmp_path, token_ids), atol=1e-5, rtol=0)
    assert (logits - without).abs().max() > 1e-4, "the window must matter for these texts"


def test_texts_that_begin_alike_are_found(behind_examples):
    beginnings = {tuple(members): beginning for beginning, members in families_of(behind_examples)}
    assert sorted(map(sorted, beginnings)) == [[0, 2, 4, 6], [1, 3, 5], [7, 8]]
    for members, beginning in beginnings.items():
        texts = [behind_examples[i] for i in members]
        assert all(text[:beginning] == texts[0][:beginning] and len(text) > beginning for text in texts)
        assert beginning == 0 or len({tuple(text[: beginning + 1]) for text in texts}) > 1


def test_texts_that_share_little_or_are_equal_keep_tokens_of_their_own():
    assert families_of([[1, 2, 3, 4, 5], [1, 2, 6, 7, 8], [7]]) == [(0, [0, 1, 2])]
    assert families_of([[1, 2, 3], [1, 2, 3], [1, 2, 3]]) == [(2, [0, 1, 2])]
    assert families_of([[1]]) == families_of([torch.zeros(3, 2)]) == [(0, [0])]
    # Texts of two students begin alike with each student alone.
    assert families_of(3 * [[1, 2, 3, 4]] + [[1, 2, 3, 5]], np.array([0, 0, 1, 1])) == [(3, [0, 1]), (3, [2, 3])]


@given(LENGTHS, st.integers(0, 300), st.integers(1, 3), st.integers(1, 2000))
def test_what_passes_at_once_keeps_to_the_limit_and_holds_each_text_once(lengths, beginning, n_prompts, max_tokens):
    class Model:
        class config:
            _attn_implementation = batches.PACKED

    prompts = [[one] * beginning for one in range(n_prompts)]
    texts = [prompts[i % n_prompts] + [10 + i] * length for i, length in enumerate(lengths)]
    found = passes(Model, texts, max_tokens)
    assert sorted(i for families in found for i in members_of(families)) == list(range(len(texts)))
    for families in found:
        passed = sum(shared + sum(len(texts[i]) - shared for i in members) for shared, members in families)
        assert len(members_of(families)) == 1 or passed <= max_tokens
        assert all(texts[i][:shared] == texts[members[0]][:shared] for shared, members in families for i in members)


def test_what_texts_begin_with_passes_once_and_changes_no_logit(attention, packed_folder, behind_examples):
    model = load_classifier(packed_folder, CPU, 0).eval()
    with torch.inference_mode():
        logits = logits_together(model, behind_examples)
    torch.testing.assert_close(logits, logits_of_single_texts(packed_folder, behind_examples), atol=1e-5, rtol=0)
    passed = batches.pack(behind_examples, families_of(behind_examples), model.device)[0]["input_ids"].shape[1]
    assert passed < 0.6 * sum(map(len, behind_examples))
    assert predict(model, behind_examples, 10**6) == pytest.approx((logits[:, 1] - logits[:, 0]).numpy(), abs=1e-5)


@pytest.mark.parametrize("together", ["token_ids", "behind_examples"])
def test_gradients_of_a_pack_are_those_of_single_texts(attention, request, packed_folder, together):
    token_ids = request.getfixturevalue(together)
    gradients = []
    for packs in ([token_ids[:6]], [[ids] for ids in token_ids[:6]]):
        model = load_classifier(packed_folder, CPU, 0)
        for pack in packs:
            forward(model, pack, families_of(pack))[:, 1].sum().backward()
        gradients.append({name: weight.grad for name, weight in model.named_parameters()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("architecture", ["llama", "bert", "gpt2"])
def test_little_padding_passes_through_a_model(monkeypatch, model_folders, examples, architecture):
    passed = 0

    def count(group):
        nonlocal passed
        passed += len(group) * max(map(len, group)) if not is_packed(model) else sum(map(len, group))
        return torch.zeros(len(group), 2)

    tokenizer = load_tokenizer(model_folders[architecture])
    token_ids = tokenize(tokenizer, examples.text.tolist())
    model = load_classifier(model_folders[architecture], CPU, tokenizer.pad_token_id)
    monkeypatch.setattr(
        batches, "forward", lambda model, texts, families: count([texts[i] for i in members_of(families)])
    )
    predict(model, token_ids, 10**6)
    real = lengths_of(token_ids).sum()
    assert real <= passed <= math.ceil(real / (1 - MAX_PADDING))


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_padding_and_its_gradient_are_those_of_torch_to_the_last_bit(lengths):
    states = torch.randn(sum(lengths), 2, 3, requires_grad=True)
    upstream = torch.randn(len(lengths), max(lengths), 2, 3)
    ours, theirs = pad_texts(states, lengths), pad_sequence(states.split(lengths), batch_first=True)
    assert torch.equal(ours, theirs)
    gradients = [torch.autograd.grad(rows, states, upstream)[0] for rows in (ours, theirs)]
    assert torch.equal(*gradients)
    rows = ours.detach().requires_grad_()
    joined = join_texts(rows, lengths)
    assert torch.equal(joined, states)
    joined.backward(states.detach())
    assert torch.equal(rows.grad, theirs)


def test_the_kernel_of_torch_takes_what_it_is_given_and_has_a_gradient():
    """Shapes alone, since it computes on GPUs only."""
    with FakeTensorMode():
        query, key, value = (torch.empty(1, heads, 30, 16, dtype=torch.bfloat16) for heads in (4, 2, 2))
        query.requires_grad_()
        bounds = torch.empty(4, dtype=torch.int32)
        for window in (None, 5):
            attended = varlen_attention(query, key, value, bounds, 12, 0.25, window)
            assert attended.shape == (30, 4, 16)
            attended.sum().backward()
            assert query.grad.shape == query.shape


@pytest.mark.parametrize(
    ("dtype", "size", "dropout", "device", "takes"),
    [
        (torch.bfloat16, 64, 0.0, "cuda", True),
        (torch.float32, 64, 0.0, "cuda", False),
        (torch.bfloat16, 288, 0.0, "cuda", False),
        (torch.bfloat16, 12, 0.0, "cuda", False),
        (torch.bfloat16, 64, 0.1, "cuda", False),
        (torch.bfloat16, 64, 0.0, "cpu", False),
    ],
)
def test_the_kernel_for_texts_of_different_lengths_is_for_what_it_can_do(
    monkeypatch, dtype, size, dropout, device, takes
):
    monkeypatch.setattr(batches, "is_ampere_or_newer", lambda: True)
    with FakeTensorMode(allow_non_fake_inputs=True):
        query = torch.empty(1, 4, 30, size, dtype=dtype, device=device)
    assert batches.has_varlen_kernel(query, dropout) == takes
