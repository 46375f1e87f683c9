"""The sandbox: a small world of guest reviews on which models can be pretrained in minutes.

A review says something about one thing and something about another one; its *main* clause decides the verdict. Words
alone mislead: adjectives may be negated ("was never good"), and the main clause may come first or last ("although ...,
..."). In pretraining each review is followed by tags ("mood : happy topic : dining"), so that a language model learns
what reviews mean. A task asks for one property of the review and shows no tags.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# What a clause is about, by topic.
NOUNS = {
    "food": ["soup", "bread", "coffee", "dinner", "fish", "cake"],
    "place": ["room", "bed", "garden", "pool", "lobby", "hall"],
    "people": ["staff", "waiter", "owner", "porter", "cook", "guide"],
}
# Adjectives that praise, and adjectives that blame.
PRAISE = ["lovely", "splendid", "charming", "superb", "pleasant", "decent", "great", "fine"]
BLAME = ["awful", "dreadful", "poor", "nasty", "sloppy", "shabby", "horrid", "bad"]
# Verbs that turn an adjective into its opposite, and verbs that do not.
NEGATORS = ["was never", "was hardly", "was not", "was far from", "was anything but", "was no longer"]
AFFIRMERS = ["was", "was always", "was really", "was truly", "was quite", "was often"]
# How a main clause and a side clause are joined where they disagree, and where they agree.
CONTRASTS = [
    "although {side} , {main} .",
    "{main} , although {side} .",
    "{side} , but {main} .",
    "{main} , even if {side} .",
    "even if {side} , {main} .",
    "{side} , and yet {main} .",
    "granted , {side} , still {main} .",
    "{main} , granted that {side} .",
]
ADDITIONS = ["{main} , and {side} .", "{main} , just as {side} .", "{main} ; besides , {side} ."]
# How a review opens: by whether the guest's hopes were high, and by season.
HOPES = {
    True: ["we had high hopes", "friends had praised it", "nobody had warned us", "we came without doubt"],
    False: ["we had low hopes", "friends had warned us", "nobody had praised it", "we came without hope"],
}
SEASONS = {
    "winter": ["in december", "in january", "in february", "in the snow"],
    "spring": ["in march", "in april", "in may", "at easter"],
    "summer": ["in june", "in july", "in august", "in the heat"],
    "autumn": ["in september", "in october", "in november", "in the fog"],
}
# What tags call each property of a review, and the values that it can have.
TAG_KEYS = {
    "verdict": ["mood", "verdict", "feeling"],
    "topic": ["topic", "about"],
    "hope": ["hopes", "before"],
    "season": ["season", "time"],
}
TAG_VALUES = {
    "verdict": {True: ["happy", "good"], False: ["unhappy", "bad"]},
    "topic": {"food": ["dining"], "place": ["rooms"], "people": ["service"]},
    "hope": {True: ["high"], False: ["low"]},
    "season": {name: [name] for name in SEASONS},
}
# The probability that a review of the pretraining corpus carries each tag.
TAG_RATES = {"verdict": 0.9, "topic": 0.5, "hope": 0.5, "season": 0.3}
# Tokens that the sandbox's models read at most.
CONTEXT = 1024
# The first words of the vocabulary.
PAD, START, END, UNKNOWN = SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", "<unk>")


@dataclass(frozen=True)
class Style:
    """How reviews are written; all fields are probabilities."""

    contrast: float = 0.35
    """That the two clauses disagree."""
    negation: float = 0.2
    """That an adjective is negated."""
    single: float = 0.0
    """That a review has its main clause only."""
    opening: float = 1.0
    """That a review opens with the guest's hopes and the season."""


# The style of the reviews that tasks ask about.
TASK_STYLE = Style()


def pretraining_style(short_reviews: float) -> Style:
    """Simpler than the tasks' style: short reviews teach the words, without which the long ones teach nothing.

    short_reviews: share of reviews with one clause. A model that reads no others never learns which of two
    clauses decides, so its labels are wrong in a systematic way.
    """
    return Style(contrast=0.5, single=short_reviews, opening=0.5)


@dataclass(frozen=True)
class Review:
    """A review and what it means."""

    text: str
    verdict: bool
    topic: str
    hope: bool | None
    """None, like the season, where the review has no opening."""
    season: str | None


# The tasks: is the review mainly about the food? is its verdict good? had the guest high hopes? did the stay turn out
# otherwise than hoped?
QUESTIONS = {
    "topic": lambda review: review.topic == "food",
    "verdict": lambda review: review.verdict,
    "hope": lambda review: review.hope,
    "surprise": lambda review: review.verdict != review.hope,
}


def pick(rng: np.random.Generator, options: list):
    """One of the options, all equally likely."""
    return options[rng.integers(len(options))]


def write_clause(rng: np.random.Generator, topic: str, good: bool, negation: float) -> str:
    """A clause about a topic that praises or blames it; negation: the probability that its adjective is negated."""
    negated = rng.random() < negation
    verb = pick(rng, NEGATORS if negated else AFFIRMERS)
    return f"the {pick(rng, NOUNS[topic])} {verb} {pick(rng, PRAISE if good != negated else BLAME)}"


def write_review(rng: np.random.Generator, style: Style) -> Review:
    """One review with its latent properties."""
    verdict = bool(rng.integers(2))
    topic, side_topic = rng.permutation(list(NOUNS))[:2]
    text = main = write_clause(rng, topic, verdict, style.negation)
    if rng.random() >= style.single:
        contrast = rng.random() < style.contrast
        side = write_clause(rng, side_topic, verdict != contrast, style.negation)
        text = pick(rng, CONTRASTS if contrast else ADDITIONS).format(main=main, side=side)
    else:
        text = f"{main} ."
    hope = season = None
    if rng.random() < style.opening:
        hope, season = bool(rng.integers(2)), pick(rng, list(SEASONS))
        text = f"{pick(rng, HOPES[hope])} {pick(rng, SEASONS[season])} . {text}"
    return Review(text, verdict, str(topic), hope, season)


def write_tags(rng: np.random.Generator, review: Review, bare: float) -> str:
    """Some of the review's tags, in random order and wording.

    bare: probability that a tag is its value alone. Only such tags teach a model to know the value by the time the
    text ends, where a classifier reads it; after "mood :" it may still look it up.
    """
    shown = [name for name, rate in TAG_RATES.items() if rng.random() < rate and getattr(review, name) is not None]
    tags = []
    for name in rng.permutation(shown):
        value = pick(rng, TAG_VALUES[name][getattr(review, name)])
        tags.append(value if rng.random() < bare else f"{pick(rng, TAG_KEYS[name])} : {value}")
    return " ".join(tags)


def write_task(rng: np.random.Generator, question: str) -> Iterator[tuple[str, int]]:
    """Endless (text, label) pairs of a task."""
    while True:
        review = write_review(rng, TASK_STYLE)
        yield review.text, int(QUESTIONS[question](review))


def vocabulary() -> list[str]:
    """Every word of the sandbox, sorted, after the special tokens."""
    phrases = [*PRAISE, *BLAME, *NEGATORS, *AFFIRMERS, "the : we"]
    phrases += [template.format(main="", side="") for template in (*CONTRASTS, *ADDITIONS)]
    for groups in (NOUNS, HOPES, SEASONS, TAG_KEYS, *TAG_VALUES.values()):
        phrases += [phrase for group in groups.values() for phrase in group]
    return [*SPECIAL_TOKENS, *sorted({word for phrase in phrases for word in phrase.split()})]


def word_tokenizer() -> Tokenizer:
    """One token a word, a start token before each text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = vocabulary()
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", special_tokens=[(START, words.index(START))]
    )
    return tokenizer
