"""Servers that speak OpenAI's protocol, as a study names them: where they are, their keys and prices."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from elicitation.errors import SECRET_NAME
from elicitation.study.values import Count, Flag, Section, SomeText, Text, like, may_be_absent, number, refusal, whole


def refuse_keys(variable: str) -> str:
    """The name of an environment variable by whose end it is known to hold a secret."""
    # Without the value, which may be a key.
    if not (re.fullmatch("[A-Z][A-Z0-9_]*", variable) and SECRET_NAME.search(variable)):
        raise refusal(
            "give the name of an environment variable in capitals that ends with KEY, TOKEN, SECRET, PASSWORD or "
            "CREDENTIALS, and keep the key itself out of the config."
        )
    return variable


def refuse_users(url: str) -> str:
    """An address without what may be a secret."""
    if {"@", "?"} & {*url}:
        raise refusal("an address holds no user, password or query; drop them, and give the key by key_variable.")
    return url


Address = Annotated[
    like("https?://.*", "an address that begins with https:// or http://"), AfterValidator(refuse_users)
]
KeyVariable = Annotated[Text, AfterValidator(refuse_keys)]


class TokenPrices(Section):
    input: number(ge=0) = Field(description="US dollars per million prompt tokens.")
    output: number(ge=0) = Field(description="US dollars per million completion tokens.")


class LabelServer(Section):
    """A model behind an API that writes weak labels."""

    base_url: Address = Field(
        description="Where the server is, with its version, as in https://api.openai.com/v1 or "
        "http://localhost:8000/v1; without user, password or query."
    )
    model: SomeText = Field(description="The server's name of the model.")
    key_variable: KeyVariable = may_be_absent(
        "Name of the environment variable that holds the key, in capitals and ending with KEY, TOKEN, SECRET, PASSWORD "
        "or CREDENTIALS. It is read when a job starts and written nowhere. Absent, no key is sent."
    )
    prices: TokenPrices = Field(description="What the server bills; zeros for one of your own.")
    context: whole(ge=32) = may_be_absent(
        "Tokens that the model reads at most. Texts are checked by their bytes, which are at least as many as tokens; "
        "absent, only the server checks."
    )
    instruction: SomeText = may_be_absent(
        "What the model is told before the first text; by default to answer with one of the two label words "
        "(`prompt.labels` of the task)."
    )
    logprobs: Flag = Field(
        True,
        description="Whether the label is read from the log-probabilities of the answer's first token, where the "
        "server gives them. `false` draws `samples` in any case, as a model wants that thinks before it answers.",
    )
    samples: Count = Field(
        5,
        description="Answers that are drawn for each text where the server gives no log-probabilities; the share of "
        "label 1 among them is the weak label.",
    )
    answer_tokens: Count = Field(
        16, description="Tokens that a drawn answer may have; a model that thinks before it answers needs many."
    )
