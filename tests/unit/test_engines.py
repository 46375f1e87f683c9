import numpy as np
import pytest

from elicitation.engines import check_parity, label_with_transformers
from elicitation.errors import InputError
from elicitation.hardware import CPU
from elicitation.models import load_classifier, load_tokenizer, new_lora_classifier, save_merged, tokenize
from elicitation.training import Protocol, predict, train_stage


@pytest.fixture
def supervisor(llama_folder, examples, tmp_path):
    tokenizer = load_tokenizer(llama_folder)
    token_ids = tokenize(tokenizer, examples.text.tolist())
    model = new_lora_classifier(llama_folder, CPU, tokenizer.pad_token_id, 0)
    protocol = Protocol("fixed_epochs", 0.02)
    train_stage(model, token_ids, examples.gold.to_numpy(float), protocol, 0, "supervision", lambda line: None)
    save_merged(model, tokenizer, tmp_path)
    return tmp_path


def test_transformers_labels_each_text_with_its_probability_of_1(supervisor, examples):
    tokenizer = load_tokenizer(supervisor)
    token_ids = tokenize(tokenizer, examples.text.tolist())
    labels = label_with_transformers(supervisor, token_ids, CPU)
    log_odds = predict(load_classifier(supervisor, CPU, tokenizer.pad_token_id), token_ids, 1000)
    np.testing.assert_allclose(np.log(labels.p / (1 - labels.p)), log_odds, atol=1e-4)
    assert log_odds.std() > 0.05
    assert (labels.engine, labels.dtype) == ("transformers", "float32")
    assert labels.rows_per_second > 0


def test_parity_is_the_largest_difference():
    assert check_parity(np.array([0.1, 0.5]), np.array([0.1, 0.49]), 0.05, "vllm") == pytest.approx(0.01)


@pytest.mark.parametrize("p", [[0.1, 0.6], [0.1, float("nan")]], ids=["too far", "not a number"])
def test_engines_that_disagree_are_an_error(p):
    with pytest.raises(InputError, match="vllm and transformers differ"):
        check_parity(np.array(p), np.array([0.1, 0.5]), 0.05, "vllm")
