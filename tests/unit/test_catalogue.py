"""Every task of the catalogue on rows made by hand and on real ones; texts are worked out from the paper's table."""

import os
from pathlib import Path

import pandas as pd
import pytest
from pydantic import TypeAdapter

from elicitation.data.formatting import format_row
from elicitation.data.sources import splits_read
from elicitation.data.tasks import hash_text, prepare_task
from elicitation.study.catalogue import CATALOGUES, load_catalogue
from elicitation.study.tasks import AnyTask

ROOT = CATALOGUES["tasks"].parents[1]
# Folder with real data sets in the hub's columns.
HUB_DATA = Path(os.environ.get("ELICITATION_HUB_DATA", ROOT.parent / "shared/hub"))
CATALOGUE = load_catalogue()
PAPER = {name: task for name, task in CATALOGUE.items() if "hub" in task}
SIZES = {"pool_size": 300, "test_size": 100, "supervision_size": 60}


def entry(name: str, **own) -> dict:
    """A complete task entry that refers to the catalogue, as `validate` makes it."""
    return TypeAdapter(AnyTask).validate_python({"name": name, "catalogue": name, **SIZES, **own}).plain


def outcomes(name: str, row: dict) -> set:
    """All that a row can become: every name of a task draws again."""
    return {format_row(row, entry(name) | {"name": f"{name} {i}"}) for i in range(100)}


SCIQ = {
    "question": "What gas do plants take in?", "support": "Plants take in carbon dioxide.",
    "correct_answer": "carbon dioxide", "distractor1": "oxygen", "distractor2": "helium", "distractor3": "neon",
}  # fmt: skip
AMAZON = {"label": 1, "title": "Great", "content": "It works."}
DEONTOLOGY = {"label": 0, "scenario": "Could you walk the dog?", "excuse": "But I like tea."}
QUARTZ = {
    "para": "Warm air rises.", "question": "Warm air goes", "answerKey": "B",
    "choices": {"text": ["down", "up"], "label": ["A", "B"]},
}  # fmt: skip
COSMOS = {"context": "It rained.", "question": "Why stay in?", "answer0": "to keep dry", "answer1": "to get wet"}
MMLU = {"question": "1 + 1 =", "subject": "sums", "choices": ["1", "2", "3"], "answer": 1}
HH = {"chosen": "\n\nHuman: Hi\n\nAssistant: Hello.", "rejected": "\n\nHuman: Hi\n\nAssistant: Go away."}
GOLDEN = {
    "boolq": ({"question": "is snow cold", "answer": True, "passage": "Snow is frozen."},
        {("Passage: Snow is frozen.\nQuestion: is snow cold", 1)}),
    "hellaswag": ({"ctx": "A man sits. he", "endings": ["stands.", "flies.", "melts."], "label": "0"},
        {("Context:\nA man sits. he\n\nContinuations:\n\nstands.\nflies.\nmelts.\n\nQ: Is \"stands.\" the best continuation?", 1),
         ("Context:\nA man sits. he\n\nContinuations:\n\nstands.\nflies.\nmelts.\n\nQ: Is \"flies.\" the best continuation?", 0),
         ("Context:\nA man sits. he\n\nContinuations:\n\nstands.\nflies.\nmelts.\n\nQ: Is \"melts.\" the best continuation?", 0)}),
    "paws": ({"id": 1, "sentence1": "A beats B.", "sentence2": "B beats A.", "label": 0},
        {("Sent 1: A beats B.\nSent 2: B beats A.\n\nQ: Are these sentences semantically equivalent?", 0)}),
    "sciq": (SCIQ,
        {("Q: What gas do plants take in? A: carbon dioxide", 1), ("Q: What gas do plants take in? A: oxygen", 0),
         ("Q: What gas do plants take in? A: helium", 0), ("Q: What gas do plants take in? A: neon", 0)}),
    "cola": ({"sentence": "He sleeps.", "label": 1, "idx": 0}, {("He sleeps.", 1)}),
    "cosmos_qa": (COSMOS | {"answer2": "None of the above choices .", "answer3": "for fun", "label": 0},
        {("Context: It rained.\nQuestion: Why stay in?\nAnswer: to keep dry", 1),
         ("Context: It rained.\nQuestion: Why stay in?\nAnswer: to get wet", 0),
         ("Context: It rained.\nQuestion: Why stay in?\nAnswer: None of the above choices .", 0),
         ("Context: It rained.\nQuestion: Why stay in?\nAnswer: for fun", 0)}),
    "quail": ({"context": "Ann left.", "question": "Who left?", "answers": ["Bob", "Ann"], "correct_answer_id": 1},
        {("Passage:\n\nAnn left.\n\nQ: \"Who left?\" Is the answer \"Ann\"?", 1),
         ("Passage:\n\nAnn left.\n\nQ: \"Who left?\" Is the answer \"Bob\"?", 0)}),
    "social_i_qa": ({"context": "Al fell.", "question": "How is Al?", "answerA": "sore", "answerB": "glad", "answerC": "tall", "label": "1"},
        {("Context:\nAl fell.\n\nQuestion: \"How is Al?\"\n\nChoices:\nsore\nglad\ntall\n\nIs the answer \"sore\"?", 1),
         ("Context:\nAl fell.\n\nQuestion: \"How is Al?\"\n\nChoices:\nsore\nglad\ntall\n\nIs the answer \"glad\"?", 0),
         ("Context:\nAl fell.\n\nQuestion: \"How is Al?\"\n\nChoices:\nsore\nglad\ntall\n\nIs the answer \"tall\"?", 0)}),
    "mmlu": (MMLU,
        {("1 + 1 =\n\n1\n2\n3\n\nA: 2.", 1), ("1 + 1 =\n\n1\n2\n3\n\nA: 1.", 0), ("1 + 1 =\n\n1\n2\n3\n\nA: 3.", 0)}),
    "mmlu_with_auxiliary": (MMLU,
        {("1 + 1 =\n\n1\n2\n3\n\nA: 2.", 1), ("1 + 1 =\n\n1\n2\n3\n\nA: 1.", 0), ("1 + 1 =\n\n1\n2\n3\n\nA: 3.", 0)}),
    "sciq_with_support": (SCIQ | {"distractor2": "oxygen", "distractor3": "oxygen"},
        {("Name: Bob\n\nPassage 1:\nPlants take in carbon dioxide.\n\nQ1: \"What gas do plants take in?\" Is the answer \"carbon dioxide\"?", 1),
         ("Name: Bob\n\nPassage 1:\nPlants take in carbon dioxide.\n\nQ1: \"What gas do plants take in?\" Is the answer \"oxygen\"?", 0)}),
    "sciq_support_contains": (SCIQ | {"distractor2": "oxygen", "distractor3": "oxygen"},
        {("What gas do plants take in?\n\n>>>Plants take in carbon dioxide.\n\nDoes the quoted text contain \"carbon dioxide\"?", 1),
         ("What gas do plants take in?\n\n>>>Plants take in carbon dioxide.\n\nDoes the quoted text contain \"oxygen\"?", 0)}),
    "sst2": ({"idx": 0, "sentence": "a joy ", "label": 1}, {("a joy ", 1)}),
    "amazon_polarity": (AMAZON, {("Great It works.", 1)}),
    "amazon_polarity_title_only": (AMAZON, {("Great\n\nIs this review positive?", 1)}),
    "anli-r2": ({"uid": "u", "premise": "Al ran.", "hypothesis": "Al moved.", "label": 0, "reason": ""},
        {("Premise: Al ran.\nHypothesis: Al moved.\n\nDoes the premise entail the hypothesis?", 1)}),
    "ethics-deontology": (DEONTOLOGY,
        {("Q: Is the following a morally valid excuse?\n\nCould you walk the dog?\n\nBut I like tea.\n\nA:", 0)}),
    "ethics_deontology_excuse_only": (DEONTOLOGY, {("Q: Is \"But I like tea.\" a morally valid excuse?\n\nA:", 0)}),
    "ethics-justice": ({"label": 1, "scenario": "I paid her, as she worked."},
        {("Q: Does this statement exemplify justice?\n\nI paid her, as she worked.\n\nA:", 1)}),
    "ethics-virtue": ({"label": 0, "scenario": "Al shared his bread. [SEP] greedy"},
        {("Q: Does this behavior match the adjective that follows?\n\nAl shared his bread. [SEP] greedy\n\nA:", 0)}),
    "ethics-utilitarianism": ({"baseline": "I ate.", "less_pleasant": "I starved."},
        {("Which is more pleasant?\n1) I ate.\n2) I starved. A: 1", 1), ("Which is more pleasant?\n1) I ate.\n2) I starved. A: 2", 0),
         ("Which is more pleasant?\n1) I starved.\n2) I ate. A: 1", 0), ("Which is more pleasant?\n1) I starved.\n2) I ate. A: 2", 1)}),
    "mc_taco": ({"sentence": "He ate lunch.", "question": "How long did it take?", "answer": "ten years", "label": 0, "category": 0},
        {("He ate lunch.\n\nGiven the above, How long did it take? Is the answer ten years?", 0)}),
    "multirc": ({"paragraph": "Ann left.", "question": "Who left?", "answer": "Ann", "label": 1},
        {("Passage:\n\nAnn left.\n\nQ: \"Who left?\" Is the answer \"Ann\"?", 1)}),
    "openbookqa": ({"question_stem": "The sun is", "choices": {"text": ["cold", "hot"], "label": ["A", "B"]}, "answerKey": "B"},
        {("Q: The sun is\n\nChoices:\nA) cold\nB) hot\n\nAnswer: hot", 1), ("Q: The sun is\n\nChoices:\nA) cold\nB) hot\n\nAnswer: cold", 0)}),
    "piqa": ({"goal": "open a door", "sol1": "push it", "sol2": "eat it", "label": 0},
        {("Q: open a door A: push it", 1), ("Q: open a door A: eat it", 0)}),
    "quartz": (QUARTZ,
        {("Passage:\nWarm air rises.\n\nQ: \"Warm air goes\" Is the answer \"up\"?", 1),
         ("Passage:\nWarm air rises.\n\nQ: \"Warm air goes\" Is the answer \"down\"?", 0)}),
    "wic": ({"word": "bank", "sentence1": "The bank paid.", "sentence2": "A river bank.", "label": 0},
        {("Sentence 1:\nThe bank paid.\n\nSentence 2:\nA river bank.\n\nQ: Does \"bank\" have the same meaning in the above sentences?", 0)}),
    "dream": ({"dialogue": ["M: Hi.", "W: Hello."], "question": "Who spoke first?", "choice": ["W", "M"], "answer": "M"},
        {("M: Hi.\nW: Hello.\n\nQ: Who spoke first? A: M", 1), ("M: Hi.\nW: Hello.\n\nQ: Who spoke first? A: W", 0)}),
    "anthropic_hh": (HH,
        {("\n\nHuman: Hi\n\n<|Completion 1|>Assistant: Go away.\n\n<|Completion 2|>Assistant: Hello.", 1),
         ("\n\nHuman: Hi\n\n<|Completion 1|>Assistant: Hello.\n\n<|Completion 2|>Assistant: Go away.", 0)}),
    "twitter-sentiment": ({"text": "so happy today", "label": 1}, {("so happy today", 1)}),
}  # fmt: skip
# The experiments in which the supervisor may read another text, which then stands behind text and label.
MISLEADING = 'Great It works.\n\nDoes this review say that the product was "good" or "great"?'
GOLDEN_EXPERIMENTS = {
    "amazon_polarity_by_title": (AMAZON, {("Great It works.", 1, "Great\n\nIs this review positive?")}),
    "paws_by_consistency": ({"id": 1, "sentence1": "A beats B.", "sentence2": "B beats A.", "label": 0},
        {("Sent 1: A beats B.\nSent 2: B beats A.\n\nQ: Are these sentences semantically equivalent?", 0,
          "Sent 1: A beats B.\nSent 2: B beats A.\n\nQ: Are these sentences consistent?")}),
    "ethics_deontology_by_excuse": (DEONTOLOGY,
        {("Q: Is the following a morally valid excuse?\n\nCould you walk the dog?\n\nBut I like tea.\n\nA:", 0,
          "Q: Is \"But I like tea.\" a morally valid excuse?\n\nA:")}),
    "sciq_by_support": (SCIQ | {"distractor2": "oxygen", "distractor3": "oxygen"},
        {("Name: Bob\n\nPassage 1:\nPlants take in carbon dioxide.\n\nQ1: \"What gas do plants take in?\" Is the answer \"carbon dioxide\"?", 1,
          "What gas do plants take in?\n\n>>>Plants take in carbon dioxide.\n\nDoes the quoted text contain \"carbon dioxide\"?"),
         ("Name: Bob\n\nPassage 1:\nPlants take in carbon dioxide.\n\nQ1: \"What gas do plants take in?\" Is the answer \"oxygen\"?", 0,
          "What gas do plants take in?\n\n>>>Plants take in carbon dioxide.\n\nDoes the quoted text contain \"oxygen\"?")}),
    "amazon_polarity_look_at_title": (AMAZON,
        {("Great It works.\n\nDoes the title alone suggest that the reviewer liked the product?", 1)}),
    "amazon_polarity_misleading": (AMAZON | {"label": 0}, {(MISLEADING, 0, "Great It works.")}),
    "amazon_polarity_misleading_weak": (AMAZON | {"label": 0}, {(MISLEADING, 1)}),
}  # fmt: skip
GOLDEN |= GOLDEN_EXPERIMENTS


def test_the_table_has_30_tasks_and_7_experiments_and_each_has_a_golden_text():
    assert len(GOLDEN) == 30 + len(GOLDEN_EXPERIMENTS) == 37 and set(GOLDEN) == set(PAPER)


def test_the_words_of_the_misleading_question_are_no_words_of_the_review():
    row = AMAZON | {"title": "Greatest", "content": "It is goods."}
    assert {gold for _, gold in outcomes("amazon_polarity_misleading_weak", row)} == {0}
    assert {gold for _, gold in outcomes("amazon_polarity_misleading_weak", row | {"content": "GOOD!"})} == {1}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_texts_are_exact_to_the_character(name):
    row, expected = GOLDEN[name]
    assert outcomes(name, row) == expected


@pytest.mark.parametrize("name", CATALOGUE)
def test_entries_are_tasks_and_say_where_the_data_are(name):
    task = entry(name)
    assert {"hub", "local", "splits"} <= set(task) or {"ratings", "panel"} <= set(task)


def test_where_no_choice_of_cosmos_qa_is_right_the_label_is_0():
    row = COSMOS | {"answer2": "None of the above choices .", "answer3": "for fun", "label": 2}
    answers = ("to keep dry", "to get wet", "for fun")
    assert outcomes("cosmos_qa", row) == {
        (f"Context: It rained.\nQuestion: Why stay in?\nAnswer: {answer}", 0) for answer in answers
    }


def test_sciq_support_contains_drops_rows_without_support():
    assert outcomes("sciq_support_contains", SCIQ | {"support": ""}) == {None}
    assert None not in outcomes("sciq_with_support", SCIQ | {"support": ""})


def test_anthropic_hh_drops_rows_whose_prompts_differ():
    assert outcomes("anthropic_hh", HH | {"rejected": "\n\nHuman: Hey\n\nAssistant: Go away."}) == {None}


@pytest.mark.parametrize("label", [1, 2])
def test_anli_is_1_for_entailment_alone(label):
    row, _ = GOLDEN["anli-r2"]
    assert {gold for _, gold in outcomes("anli-r2", row | {"label": label})} == {0}


def test_the_table_in_the_docs_is_the_catalogue():
    documented = (ROOT / "docs/reference/catalogue.md").read_text()
    for name, task in CATALOGUE.items():
        if name not in PAPER:
            assert f"| `{name}` | {task['ratings']} | {task['panel']} |" in documented
            continue
        hub = task["hub"]
        place = ", ".join(filter(None, (hub["id"], hub.get("config") or hub.get("data_dir"))))
        test = task["splits"]["test"]
        splits = f"{' + '.join(splits_read(task))}, {test} held out" if isinstance(test, int) else None
        splits = splits or f"{task['splits']['train']} / {test}"
        assert (
            f"| `{name}` | {place} | {hub['revision'][:8] if 'revision' in hub else 'to be given'} | {splits} |"
            in documented
        )


# Real rows

# Of a larger real split, about as many rows are used, at equal distances.
ROWS_READ = 3000


def shown(text, answers: list[str], right: int) -> set:
    """What a multiple-choice row may become; `text` is a function of the answer."""
    wrong = {answer for answer in answers if answer != answers[right]}
    return {(text(answers[right]), 1)} | {(text(answer), 0) for answer in wrong}


def sciq_answers(row):
    return [row[key] for key in ("correct_answer", "distractor1", "distractor2", "distractor3")]


def cosmos_qa(row):
    answers = [row[f"answer{i}"] for i in range(4)]
    context = f"Context: {row['context']}\nQuestion: {row['question']}\nAnswer:"
    texts = shown(lambda answer: f"{context} {answer}", answers, row["label"])
    right_is_none = answers[row["label"]] == "None of the above choices ."
    return {(text, gold) for text, gold in texts if gold == 0 or not right_is_none}


def anthropic_hh(row):
    at = row["chosen"].rindex("\n\nAssistant:")
    prompt, good, bad = row["chosen"][:at], row["chosen"][at + 2 :], row["rejected"][at + 2 :]
    if good == bad or not row["rejected"].startswith(f"{prompt}\n\nAssistant:") or "\n\nAssistant:" in bad:
        return {None}
    return {
        (f"{prompt}\n\n<|Completion 1|>{bad}\n\n<|Completion 2|>{good}", 1),
        (f"{prompt}\n\n<|Completion 1|>{good}\n\n<|Completion 2|>{bad}", 0),
    }


# Tasks whose records are at hand: what their entries override, and all that a row may become.
REAL = {
    "boolq": ({}, lambda r: {(f"Passage: {r['passage']}\nQuestion: {r['question']}", int(r["answer"]))}),
    "hellaswag": ({}, lambda r: shown(
        lambda a: f"Context:\n{r['ctx']}\n\nContinuations:\n\n" + "\n".join(r["endings"]) + f'\n\nQ: Is "{a}" the best continuation?',
        list(r["endings"]), int(r["label"]))),
    "paws": ({"splits": {"train": "validation"}}, lambda r: {
        (f"Sent 1: {r['sentence1']}\nSent 2: {r['sentence2']}\n\nQ: Are these sentences semantically equivalent?", r["label"])}),
    "sciq": ({}, lambda r: shown(lambda a: f"Q: {r['question']} A: {a}", sciq_answers(r), 0)),
    "cola": ({}, lambda r: {(r["sentence"], r["label"])}),
    "cosmos_qa": ({"splits": {"train": "validation"}}, cosmos_qa),
    "quail": ({"splits": {"train": "validation", "test": "challenge"}}, lambda r: shown(
        lambda a: f"Passage:\n\n{r['context']}\n\nQ: \"{r['question']}\" Is the answer \"{a}\"?",
        list(r["answers"]), r["correct_answer_id"])),
    "social_i_qa": ({}, lambda r: shown(
        lambda a: f"Context:\n{r['context']}\n\nQuestion: \"{r['question']}\"\n\nChoices:\n{r['answerA']}\n{r['answerB']}\n{r['answerC']}\n\n"
        f'Is the answer "{a}"?', [r["answerA"], r["answerB"], r["answerC"]], int(r["label"]) - 1)),
    "mmlu": ({}, lambda r: shown(
        lambda a: f"{r['question']}\n\n" + "\n".join(r["choices"]) + f"\n\nA: {a}.", list(r["choices"]), r["answer"])),
    "sciq_with_support": ({}, lambda r: shown(
        lambda a: f"Name: Bob\n\nPassage 1:\n{r['support']}\n\nQ1: \"{r['question']}\" Is the answer \"{a}\"?", sciq_answers(r), 0)),
    "sciq_support_contains": ({}, lambda r: shown(
        lambda a: f"{r['question']}\n\n>>>{r['support']}\n\nDoes the quoted text contain \"{a}\"?", sciq_answers(r), 0)
        if r["support"] else {None}),
    "sst2": ({}, lambda r: {(r["sentence"], r["label"])}),
    "anli-r2": ({"splits": {"train": ["dev_r1", "dev_r3"], "test": "dev_r2"}}, lambda r: {
        (f"Premise: {r['premise']}\nHypothesis: {r['hypothesis']}\n\nDoes the premise entail the hypothesis?", int(r["label"] == 0))}),
    "ethics-deontology": ({}, lambda r: {
        (f"Q: Is the following a morally valid excuse?\n\n{r['scenario']}\n\n{r['excuse']}\n\nA:", r["label"])}),
    "ethics_deontology_excuse_only": ({}, lambda r: {(f"Q: Is \"{r['excuse']}\" a morally valid excuse?\n\nA:", r["label"])}),
    "ethics-justice": ({}, lambda r: {(f"Q: Does this statement exemplify justice?\n\n{r['scenario']}\n\nA:", r["label"])}),
    "ethics-virtue": ({}, lambda r: {
        (f"Q: Does this behavior match the adjective that follows?\n\n{r['scenario']}\n\nA:", r["label"])}),
    "multirc": ({}, lambda r: {
        (f"Passage:\n\n{r['paragraph']}\n\nQ: \"{r['question']}\" Is the answer \"{r['answer']}\"?", r["label"])}),
    "wic": ({}, lambda r: {
        (f"Sentence 1:\n{r['sentence1']}\n\nSentence 2:\n{r['sentence2']}\n\n"
         f"Q: Does \"{r['word']}\" have the same meaning in the above sentences?", r["label"])}),
    "anthropic_hh": ({"local": "hh_rlhf_harmless_base", "splits": {"train": "test"}}, anthropic_hh),
    "paws_by_consistency": ({"splits": {"train": "validation"}}, lambda r: {
        (f"Sent 1: {r['sentence1']}\nSent 2: {r['sentence2']}\n\nQ: Are these sentences semantically equivalent?", r["label"],
         f"Sent 1: {r['sentence1']}\nSent 2: {r['sentence2']}\n\nQ: Are these sentences consistent?")}),
    "ethics_deontology_by_excuse": ({}, lambda r: {
        (f"Q: Is the following a morally valid excuse?\n\n{r['scenario']}\n\n{r['excuse']}\n\nA:", r["label"],
         f"Q: Is \"{r['excuse']}\" a morally valid excuse?\n\nA:")}),
    "sciq_by_support": ({}, lambda r: {
        (f"Name: Bob\n\nPassage 1:\n{r['support']}\n\nQ1: \"{r['question']}\" Is the answer \"{a}\"?", gold,
         f"{r['question']}\n\n>>>{r['support']}\n\nDoes the quoted text contain \"{a}\"?")
        for a, gold in shown(str, sciq_answers(r), 0)} if r["support"] else {None}),
}  # fmt: skip
# Ids and labels that the first row of a real split can become. The texts were typed by hand from the table; only
# their hashes are kept, since the records are not ours to copy. Of multiple choice: the right and one wrong answer.
FIRST_ROWS = {
    "cola": ("validation", {("652e982a050c17e78a7d01e74ec4b833", 1)}),
    "hellaswag": ("validation", {("748d8588704403c98c128ebe11d18ac4", 1), ("513542c73c426e01996724ad98765314", 0)}),
    "paws": ("test", {("d7166a2ecc5217294fd286bc7d9df86d", 0)}),
    "sciq": ("validation", {("c7a1aa378b2beba79740f50e417e4ce0", 1), ("4e700ebb5dc2129c06c39d967aafda30", 0)}),
    "social_i_qa": ("validation", {("6a2968b49c3c769f1c5556ba7de8b672", 1), ("01bb19f0e9e7ee424bf73b39f2ae3146", 0)}),
    "mmlu": ("validation", {("c6562209ab30a06e149ea4c0ceffddbd", 1), ("0bef913e63e1a8d5654ff1c922796175", 0)}),
    "anli-r2": ("dev_r2", {("d2f122416d36910aa77b57b5e494b968", 0)}),
    "ethics-deontology": ("test", {("dccb264cf965a79c8a507a739190d900", 0)}),
    "wic": ("validation", {("3d59e82eb50fff0030df80f844ec7d55", 0)}),
}
real = pytest.mark.skipif(not HUB_DATA.is_dir(), reason="the folder with real data sets is not here")


@pytest.fixture(scope="module")
def real_rows(tmp_path_factory):
    """A folder with a part of the rows of a task's splits, made on demand."""
    folder = tmp_path_factory.mktemp("hub")

    def cut(task: dict) -> Path:
        for split in splits_read(task):
            copy = folder / task["local"] / f"{split}.parquet"
            if not copy.exists():
                copy.parent.mkdir(exist_ok=True)
                rows = pd.read_parquet(HUB_DATA / task["local"] / copy.name)
                rows.iloc[:: max(1, len(rows) // ROWS_READ)].to_parquet(copy)
        return folder

    return cut


@real
@pytest.mark.parametrize("name", REAL)
def test_real_rows_become_what_the_table_says(name, real_rows):
    own, becomes = REAL[name]
    task = entry(name, **own)
    for split in splits_read(task):
        rows = pd.read_parquet(real_rows(task) / task["local"] / f"{split}.parquet").to_dict("records")
        examples = [format_row(row, task) for row in rows]
        assert all(example in becomes(row) for example, row in zip(examples, rows, strict=True))
        if "answer" in task and name != "cosmos_qa":
            labels = [example[1] for example in examples if example]
            # Five standard errors of a fair coin.
            assert abs(sum(labels) / len(labels) - 0.5) < 2.5 / len(labels) ** 0.5


@real
@pytest.mark.parametrize("name", FIRST_ROWS)
def test_named_real_rows_have_the_ids_worked_out_by_hand(name):
    split, expected = FIRST_ROWS[name]
    row = pd.read_parquet(HUB_DATA / CATALOGUE[name]["local"] / f"{split}.parquet").to_dict("records")[0]
    assert expected <= {(hash_text(text), gold) for text, gold in outcomes(name, row)}


@real
@pytest.mark.parametrize("name", REAL)
def test_real_tasks_become_sound_sets(name, real_rows):
    task = entry(name, **REAL[name][0])
    sets = prepare_task(task, "local", str(real_rows(task)))
    for part, examples in sets.items():
        n = SIZES[f"{part}_size"]
        assert (len(examples), examples.gold.sum()) == (n, n // 2)
        assert examples.text.str.strip().ne("").all()
        assert examples.id.tolist() == [hash_text(text) for text in examples.text]
    everything = pd.concat(sets.values())
    assert everything.id.is_unique and everything.text.is_unique
