import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM

from elicitation.data import sandbox
from elicitation.errors import InputError
from elicitation.models.loading import load_tokenizer
from elicitation.models.pretraining import build_model, build_tokenizer, pretrain, tag_loss
from elicitation.seeds import stream


def silent(line):
    pass


def test_every_word_is_a_token_after_a_start_token():
    tokenizer = build_tokenizer()
    ids = tokenizer("the soup was never bad .")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == ["<s>", "the", "soup", "was", "never", "bad", "."]


def test_words_from_outside_the_sandbox_are_unknown_and_not_padding():
    tokenizer = build_tokenizer()
    ids = tokenizer("the quark")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == ["<s>", "the", sandbox.UNKNOWN]
    assert tokenizer.pad_token_id not in ids


def test_reviews_with_all_their_tags_fit_the_context():
    tokenizer, rng = build_tokenizer(), stream(0, "tests")
    written = [sandbox.write_review(rng, sandbox.TASK_STYLE) for _ in range(500)]
    texts = tokenizer([f"{review.text} {sandbox.write_tags(rng, review, 0)} {sandbox.END}" for review in written])
    assert max(map(len, texts["input_ids"])) <= sandbox.CONTEXT


def test_a_saved_model_is_read_back_with_its_tokenizer(llama_folder, tiny):
    tokenizer, model = load_tokenizer(llama_folder), AutoModelForCausalLM.from_pretrained(llama_folder)
    assert tokenizer("soup")["input_ids"] == build_tokenizer()("soup")["input_ids"]
    assert (tokenizer.pad_token, tokenizer.eos_token) == (sandbox.PAD, sandbox.END)
    assert model.config.pad_token_id == tokenizer.pad_token_id
    assert model.config.num_hidden_layers == tiny["layers"]


def test_pretraining_is_repeatable_to_the_last_bit_and_differs_by_seed(tiny):
    first, again, other = (pretrain(**tiny, seed=seed, log=silent)[0].state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(weight, again[name]) for name, weight in first.items())
    assert not torch.equal(first["lm_head.weight"], other["lm_head.weight"])


def test_a_loss_that_is_not_finite_ends_pretraining_with_its_step(tiny):
    with pytest.raises(InputError, match=r"Pretraining: the loss is nan at step \d+; lower the learning rate\."):
        pretrain(**tiny | {"steps": 50, "learning_rate": 1e30}, seed=0, log=silent)


def test_pretraining_lowers_the_loss(tiny):
    losses = []
    for steps in (1, 40):
        lines = []
        pretrain(**tiny | {"steps": steps, "learning_rate": 0.02, "batch_size": 16}, seed=0, log=lines.append)
        assert f"step {steps}/{steps}" in lines[-1]
        losses.append(float(lines[-1].split("loss ")[1].split(",")[0]))
    assert losses[1] < 0.7 * losses[0]


@pytest.mark.parametrize("padded", [False, True])
def test_the_loss_is_the_mean_over_the_tags_alone(padded):
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, layers=1, width=16, heads=2, seed=0)
    text, tags = [1, 20, 21, 22], [30, 31, 2]
    with torch.no_grad():
        logits = model(torch.tensor([text + tags])).logits[0]
        expected = F.cross_entropy(logits[3:6], torch.tensor(tags))
        batch, lengths = [text + tags], [len(text)]
        if padded:
            # A longer text that ends at once: one token more in the mean.
            batch, lengths = [*batch, [1, *range(40, 50), 2]], [*lengths, 11]
            last = model(torch.tensor([batch[1]])).logits[0, 10:11]
            expected = (3 * expected + F.cross_entropy(last, torch.tensor([2]))) / 4
        assert tag_loss(model, batch, lengths).item() == pytest.approx(expected.item(), abs=1e-5)
