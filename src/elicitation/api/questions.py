"""What a model behind an API is asked about a text, and how its answers become a label.

The model is to say one of two words. Where the server gives the log-probabilities of the first token, their ratio is
the label; else several answers are drawn, and the label is the share of them that say the word of label 1.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logsumexp

from elicitation.api.chat import LOWEST_LOGPROB, question
from elicitation.data.prompts import PromptFormat
from elicitation.errors import InputError

INSTRUCTION = "Answer with one word, {} or {}."
# The least probability that the two words have together; with less, the model is about to say something else, such as
# that it cannot help.
LEAST_MASS = 0.01
# What servers and models put around a token's letters: signs of SentencePiece and byte-level BPE, quotes, markup.
AROUND = " \t\r\n\u2581\u0120\u010a\"'`*_.,:;()[]"
# What became of a text.
LABELLED, REFUSED, MALFORMED = "labelled", "refused", "malformed"


@dataclass(frozen=True)
class Questionnaire:
    """What precedes and follows every text."""

    opening: tuple[tuple[str, str], ...]
    """Labelled examples: what the user shows, and the word that answers it."""
    cue: str
    words: tuple[str, str]
    """For label 0 and label 1."""
    instruction: str

    def messages(self, text: str) -> list[dict]:
        """The chat in which a text is asked about."""
        turns = []
        for shown, word in self.opening:
            turns += [question(shown), {"role": "assistant", "content": word}]
        turns.append(question(f"{text}{self.cue}".rstrip()))
        # Not as a system message, which not every server knows; first, since servers compute equal beginnings once.
        turns[0] = question(f"{self.instruction}\n\n{turns[0]['content']}")
        return turns


def questionnaire(
    shots: Sequence[tuple[str, int]], style: PromptFormat, instruction: str | None, task: str
) -> Questionnaire:
    """What is asked about every text of a task; shots: text and label of the examples.

    Raises InputError if the labels of the task's prompt are no two different words.
    """
    words = tuple(label.strip() for label in style.labels)
    if not all(words) or words[0].casefold() == words[1].casefold():
        raise InputError(
            f"Task {task!r}: the labels {style.labels} are no two different words, by which a model behind an API "
            "could answer; choose other `labels` in the task's `prompt`."
        )
    opening = tuple((f"{text}{style.cue}".rstrip(), words[label]) for text, label in shots)
    return Questionnaire(opening, style.cue, words, instruction or INSTRUCTION.format(*words))


def word_of(answer: str, words: Sequence[str]) -> int | None:
    """The label whose word an answer begins with, whatever its case; None if it begins with neither."""
    longest_first = sorted(words, key=len, reverse=True)
    pattern = r"\W*(" + "|".join(map(re.escape, longest_first)) + r")(?!\w)"
    found = re.match(pattern, answer, re.IGNORECASE)
    return [word.casefold() for word in words].index(found[1].casefold()) if found else None


def begins(tokens: Sequence[str], word: str, other: str) -> list[int]:
    """The places of the tokens that stand for a word: the word itself in any case or, if it is none of the tokens,
    beginnings of it that the other word does not have."""
    bare = [token.strip(AROUND) for token in tokens]
    whole = [place for place, token in enumerate(bare) if token.casefold() == word.casefold()]
    return whole or [
        place
        for place, token in enumerate(bare)
        if token and word.startswith(token) and not other.casefold().startswith(token.casefold())
    ]


def probability(top: Sequence[tuple[str, float]], words: Sequence[str]) -> float | None:
    """The probability of label 1 by the likeliest first tokens and their log-probabilities.

    Normalised over both words. A word that is not among the tokens is no likelier than the least of them and counts as
    that one. None if neither is there, or both are most unlikely.
    """
    if not top:
        return None
    tokens = [token for token, _ in top]
    logprobs = np.maximum([logprob for _, logprob in top], LOWEST_LOGPROB)
    places = [begins(tokens, word, other) for word, other in (words, words[::-1])]
    sums = [logsumexp(logprobs[found]) if found else None for found in places]
    known = [one for one in sums if one is not None]
    if not known or logsumexp(known) < math.log(LEAST_MASS):
        return None
    zero, one = (min(logprobs) if found is None else found for found in sums)
    return float(expit(one - zero))


def label_from(answers: Sequence[Mapping], words: Sequence[str], samples: int) -> tuple[float, str]:
    """The probability of label 1 by all answers to a text (NaN if they give none), and what became of the text.

    answers: as elicitation.api.asking.Asker.ask returns them; of drawn ones the first `samples` count.
    """
    top = next((answer["top"] for answer in answers if answer.get("top") is not None), None)
    said = [text for answer in answers for text in answer["said"]][:samples]
    if top is not None:
        p = probability(top, words)
    else:
        votes = [vote for text in said if text is not None and (vote := word_of(text, words)) is not None]
        p = sum(votes) / len(votes) if votes else None
    if p is not None:
        return p, LABELLED
    return math.nan, REFUSED if None in said else MALFORMED
