"""Weak labels by a model behind an API: what is asked, kept, read and counted.

All answers stand in one folder, whichever supervisor, task or seed wants them: an answer is kept under the id of its
text, in a file that is named after all else that it depends on.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from elicitation.api.answers import buy_answers, read_answers
from elicitation.api.asking import Asker, LabelServer
from elicitation.api.costs import total
from elicitation.api.limits import check_api_context
from elicitation.api.questions import LABELLED, MALFORMED, REFUSED, Questionnaire, label_from, questionnaire
from elicitation.data.prompts import PromptFormat
from elicitation.errors import InputError, shown
from elicitation.files import hash_text, read_json, write_json
from elicitation.models.lengths import LISTED, names_of

# So many texts are asked about first; if none of them gets a label, nothing more is paid for.
HANDFUL = 20
# Answers to a text, by its hash.
Answers = dict[str, list[dict]]


def answers_key(server: LabelServer, asked: Questionnaire) -> str:
    """A name for all that an answer depends on beside its text. More `samples` are more answers of the same kind."""
    how = [server.base_url, server.model, server.logprobs, server.answer_tokens]
    return hashlib.sha256(json.dumps([*how, vars(asked)]).encode()).hexdigest()[:32]


def wanted(options: Mapping, answers: Sequence[Mapping], samples: int) -> int:
    """How many more answers a text needs."""
    if "logprobs" in options:
        return int(not answers)
    return samples - sum(len(answer["said"]) for answer in answers)


def ask_about(texts: Sequence[str], asker: Asker, asked: Questionnaire, path: Path, title: str, known: Answers) -> None:
    """Add to `known` the answers that the texts lack, each of which stands in the file at `path` at once."""
    samples = asker.settings.samples

    def ask(text: str) -> Iterator[dict]:
        key, answers = hash_text(text), list(known.get(hash_text(text), []))
        while n := max(wanted(asker.options, answers, samples), 0):
            answers.append({"id": key, **asker.ask(asked.messages(text), n)})
            yield answers[-1]

    missing = [text for text in texts if wanted(asker.options, known.get(hash_text(text), []), samples) > 0]
    for answer in buy_answers(path, missing, ask, title, asker.log):
        known.setdefault(answer["id"], []).append(answer)


def collect(
    texts: Sequence[str], server: LabelServer, asked: Questionnaire, folder: Path, title: str, log: Callable
) -> Answers:
    """All answers to the texts: those in the folder, and those that are still to be paid for.

    Raises InputError if the server cannot be asked, or if no text of a first handful gets a label.
    """
    path = folder / f"{answers_key(server, asked)}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    described = path.with_suffix(".json")
    with FileLock(path.with_suffix(".lock")):
        asker = Asker(server, log, read_json(described)["options"] if described.exists() else None)
        known: Answers = {}
        for answer in read_answers(path):
            known.setdefault(answer["id"], []).append(answer)
        log(f"{title}: {sum(hash_text(text) not in known for text in texts)} of {len(texts)} texts to ask about")
        # One after the other until an answer has taught how the server wants to be asked.
        for text in texts[:HANDFUL]:
            if not asker.learned:
                ask_about([text], asker, asked, path, title, known)
        if asker.learned:
            write_json(described, {"base_url": server.base_url, "model": server.model, "options": asker.options})
        ask_about(texts[:HANDFUL], asker, asked, path, title, known)
        first = [known[hash_text(text)] for text in texts[:HANDFUL]]
        if all(label_from(answers, asked.words, server.samples)[1] != LABELLED for answers in first):
            raise InputError(
                f"{title}: none of the first {len(first)} answers is {shown(asked.words[0])} or "
                f"{shown(asked.words[1])}, but, for instance, {example_of(first)}; name the question in `instruction` "
                "and other `labels` in the task's `prompt`, or, if the model thinks before it answers, set `logprobs: "
                "false` and more `answer_tokens`."
            )
        ask_about(texts, asker, asked, path, title, known)
    return known


def example_of(answers: Sequence[Sequence[Mapping]]) -> str:
    """One of the answers, as a sentence shows it."""
    said = [text for of_text in answers for answer in of_text for text in answer["said"] if text is not None]
    return shown(next((text for text in said if text.strip()), "")) if said else "a refusal"


def check_fates(fates: pd.Series, names: Sequence[str], title: str, words: Sequence[str]) -> None:
    """InputError if a text got no label. fates: what became of each; names: what the texts are called."""
    counts, lost = Counter(fates), [name for name, fate in zip(names, fates, strict=True) if fate != LABELLED]
    if lost:
        more = f" and {len(lost) - LISTED} more" if len(lost) > LISTED else ""
        raise InputError(
            f"{title}: {len(lost)} of {len(fates)} texts got no label, {counts[REFUSED]} refused and "
            f"{counts[MALFORMED]} answered by neither {shown(words[0])} nor {shown(words[1])}: "
            f"{', '.join(lost[:LISTED])}{more}; set `others: drop` to leave them without one, or change `instruction` "
            "(what is paid for is kept)."
        )


def label_by_api(
    supervisor: Mapping,
    task: str,
    examples: pd.DataFrame,
    supervision: pd.DataFrame,
    style: PromptFormat,
    folder: Path,
    log: Callable[[str], None],
) -> tuple[np.ndarray, dict]:
    """A supervisor's probabilities of label 1 (n,), missing where it gives none, and what the record says of them.

    supervisor: its settings in the study; examples: id, text and, of a table, source_id; supervision: text and gold
    of the examples that may stand in its prompts; folder: of paid answers. Raises InputError if a text might not fit,
    if the server cannot be asked, or if texts get no label and the supervisor does not drop them.
    """
    server, title = LabelServer(**supervisor["api"]), f"Supervisor {supervisor['name']!r}, task {task!r}"
    # The supervision set is shuffled, so its first rows are a sample.
    shots = supervision.iloc[: supervisor["prompted_shots"]]
    asked = questionnaire(list(zip(shots.text, shots.gold, strict=True)), style, server.instruction, task)
    texts, names = examples.text.tolist(), names_of(examples)
    if server.context:
        before = [asked.instruction + asked.cue, *(turn for shot in asked.opening for turn in shot)]
        named = {name.removeprefix("text "): text for name, text in zip(names, texts, strict=True)}
        check_api_context(supervisor["name"], server.context, named, task, before)
    # Examples differ, but supervisors may read the same of some, such as a title; it is asked about once.
    different = list(dict.fromkeys(texts))
    answers = collect(different, server, asked, folder, title, log)
    own = [answers[hash_text(text)] for text in texts]
    read = [label_from(one, asked.words, server.samples) for one in own]
    p, fates = np.array([one for one, _ in read]), pd.Series([fate for _, fate in read])
    if supervisor["others"] == "refuse":
        check_fates(fates, names, title, asked.words)
    if len({*p[~np.isnan(p)]}) == 1:
        raise InputError(
            f"{title}: the model gives every text the same label, {np.nanmean(p):g}, of which nothing can be learned; "
            "change `instruction`, the `labels` of the task's `prompt`, or the model."
        )
    lines = [answer for text in different for answer in answers[hash_text(text)]]
    by_logprobs = any("top" in answer for answer in lines)
    record = {
        "texts": len(texts),
        **{fate: int((fates == fate).sum()) for fate in (LABELLED, REFUSED, MALFORMED)},
        "read from": "log-probabilities" if by_logprobs else f"{server.samples} drawn answers",
        **{name: total([answer[name] for answer in lines]) for name in ("prompt_tokens", "completion_tokens")},
    }
    return p, {"answers": record}
