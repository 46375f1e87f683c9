import re

import pytest

from elicitation.data import sandbox
from elicitation.data.sandbox import Review, Style, vocabulary, write_review, write_tags, write_task
from elicitation.seeds import stream


def reviews(style, n=400):
    rng = stream(0, "tests", "sandbox")
    return [write_review(rng, style) for _ in range(n)]


def read_clause(clause):
    """(topic, good) as a person reads a clause."""
    noun, verb, adjective = re.fullmatch(r"the (\w+) (was.*) (\w+)", clause).groups()
    topic = next(topic for topic, nouns in sandbox.NOUNS.items() if noun in nouns)
    return topic, (adjective in sandbox.PRAISE) != (verb in sandbox.NEGATORS)


def read_review(text):
    """(topic, verdict, hope) as a person reads a review: what the main clause says decides."""
    *opening, body = text.split(" . ")
    phrases = {phrase: hope for hope, group in sandbox.HOPES.items() for phrase in group}
    hope = next(phrases[phrase] for phrase in phrases if opening[0].startswith(phrase)) if opening else None
    for template in (*sandbox.CONTRASTS, *sandbox.ADDITIONS, "{main} ."):
        pattern = re.escape(template).replace(r"\{main\}", "(?P<main>the [a-z ]*)").replace(r"\{side\}", "the [a-z ]*")
        if found := re.fullmatch(pattern, body):
            return *read_clause(found["main"]), hope
    raise AssertionError(f"no template fits {body!r}")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("the soup was lovely .", ("food", True, None)),
        ("the soup was never lovely .", ("food", False, None)),
        ("although the room was far from nasty , the staff was always poor .", ("people", False, None)),
        ("the bed was great , although the staff was not fine .", ("place", True, None)),
        ("we had low hopes in may . the cake was awful , but the cook was no longer bad .", ("people", True, False)),
    ],
)
def test_the_reader_of_these_tests_understands_hand_written_reviews(text, meaning):
    assert read_review(text) == meaning


@pytest.mark.parametrize(
    "style", [sandbox.TASK_STYLE, Style(negation=0.5, single=0.5, opening=0.5)], ids=["task", "mixed"]
)
def test_a_review_says_what_its_properties_claim(style):
    for review in reviews(style):
        assert read_review(review.text) == (review.topic, review.verdict, review.hope)


@pytest.mark.parametrize("contrast", [0, 1])
def test_the_clauses_of_a_contrast_disagree_and_speak_of_two_things(contrast):
    for review in reviews(Style(contrast=contrast, opening=0)):
        clauses = re.findall(r"the \w+ was[\w ]*\w", review.text)
        (topic, good), (other_topic, other_good) = map(read_clause, clauses)
        assert topic != other_topic
        assert (good != other_good) == bool(contrast)


@pytest.mark.parametrize(
    ("review", "labels"),
    [
        (
            Review("", verdict=True, topic="food", hope=False, season="may"),
            {"topic": 1, "verdict": 1, "hope": 0, "surprise": 1},
        ),
        (
            Review("", verdict=True, topic="place", hope=True, season="may"),
            {"topic": 0, "verdict": 1, "hope": 1, "surprise": 0},
        ),
        (
            Review("", verdict=False, topic="food", hope=False, season="may"),
            {"topic": 1, "verdict": 0, "hope": 0, "surprise": 0},
        ),
        (
            Review("", verdict=False, topic="people", hope=True, season="may"),
            {"topic": 0, "verdict": 0, "hope": 1, "surprise": 1},
        ),
    ],
)
def test_labels_follow_from_the_review(review, labels):
    assert {name: int(question(review)) for name, question in sandbox.QUESTIONS.items()} == labels


@pytest.mark.parametrize("question", sandbox.QUESTIONS)
def test_a_task_asks_its_question_of_readable_reviews(question):
    pairs = write_task(stream(0, "tests"), question)
    labels = []
    for text, label in (next(pairs) for _ in range(200)):
        topic, verdict, hope = read_review(text)
        answers = {"topic": topic == "food", "verdict": verdict, "hope": hope, "surprise": verdict != hope}
        assert label == answers[question]
        labels.append(label)
    assert 0.15 < sum(labels) / 200 < 0.65


def test_the_vocabulary_covers_every_text_and_tag():
    words = vocabulary()
    assert len(set(words)) == len(words)
    assert tuple(words[: len(sandbox.SPECIAL_TOKENS)]) == sandbox.SPECIAL_TOKENS
    rng = stream(0, "tests")
    written = [
        f"{review.text} {write_tags(rng, review, 0.5)}" for review in reviews(Style(single=0.5, opening=0.5), 2000)
    ]
    used = set(" ".join(written).split())
    assert used == set(words[len(sandbox.SPECIAL_TOKENS) :])


def test_tags_tell_the_truth_and_nothing_that_the_review_lacks():
    rng = stream(0, "tests")
    keys = {key: name for name, wordings in sandbox.TAG_KEYS.items() for key in wordings}
    for review in reviews(Style(opening=0.5)):
        for key, value in re.findall(r"(\w+) : (\w+)", write_tags(rng, review, 0)):
            assert value in sandbox.TAG_VALUES[keys[key]][getattr(review, keys[key])]


@pytest.mark.parametrize("bare", [0, 1])
def test_bare_tags_have_no_key(bare):
    rng = stream(0, "tests")
    tags = [write_tags(rng, review, bare) for review in reviews(Style())]
    assert any(tags)
    assert all((":" not in tag) == bool(bare) for tag in tags if tag)


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        pytest.param(Style(single=1, opening=0), lambda text: "," not in text, id="main clauses only"),
        pytest.param(Style(single=0), lambda text: "," in text, id="two clauses"),
        pytest.param(Style(negation=0), lambda text: "never" not in text and "far" not in text, id="no negation"),
        pytest.param(
            Style(contrast=1), lambda text: re.search("although|but|even if|yet|granted", text), id="contrasts"
        ),
    ],
)
def test_a_style_is_kept(style, expected):
    assert all(expected(review.text) for review in reviews(style, 100))
