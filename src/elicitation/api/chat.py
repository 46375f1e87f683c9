"""What a model behind an API is shown, and how its answers are read: a text asks, and Yes or No answers."""

import json
import math
from collections.abc import Mapping, Sequence

# What the model is to say for label 0 and for label 1.
ANSWERS = ("No", "Yes")
# OpenAI takes no training file with fewer lines; smaller stages repeat their labels, all of them equally often.
MIN_LINES = 10
# What servers report for the unlikeliest tokens is arbitrary (often -9999), so log-probabilities are cut off here.
LOWEST_LOGPROB = -100.0


def question(text: str) -> dict:
    """The chat message in which the user shows a text."""
    return {"role": "user", "content": text}


def training_lines(texts: Sequence[str], labels: Sequence[bool]) -> str:
    """A training file: one chat a line, in which the user shows a text and the assistant says Yes or No."""
    lines = [
        json.dumps({"messages": [question(text), {"role": "assistant", "content": ANSWERS[int(label)]}]}) + "\n"
        for text, label in zip(texts, labels, strict=True)
    ]
    return "".join(lines * math.ceil(MIN_LINES / len(lines)))


def log_odds_of(answer: Mapping) -> float:
    """log p(Yes) - log p(No) of one answer, as Client.ask returns it.

    A token that was not returned is no likelier than any that was, so it counts as the least likely one that was
    returned: the true log-odds are at least as far from 0. If both tokens are missing, the log-odds are 0.
    """
    floored = [answer["lowest"] if answer[token] is None else answer[token] for token in ANSWERS]
    no, yes = (max(logprob, LOWEST_LOGPROB) for logprob in floored)
    return yes - no
