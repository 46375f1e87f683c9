"""Each request for a label, put as the server understands it: not all take every parameter of OpenAI's protocol."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from elicitation.api.client import TOP_LOGPROBS, Connection, Server

# How many of the likeliest tokens are asked for where a server refuses to name more.
FEWER_LOGPROBS = 5
# What a server says that refuses a text, rather than the way in which it is asked.
REFUSES_CONTENT = re.compile(r"content[ _](filter|policy|management)|moderation|safety", re.IGNORECASE)
# Statuses by which servers refuse a parameter or a text.
REFUSALS = (400, 403, 422)
# What a model thinks aloud before its answer.
THOUGHT = re.compile(r".*</think(ing)?>", re.DOTALL)
# Characters of an answer that are kept.
KEPT = 200


@dataclass(frozen=True, kw_only=True)
class LabelServer(Server):
    """A supervisor's `api` entry in the study, without prices."""

    context: int | None = None
    """Tokens that the model reads at most; None: not known."""
    instruction: str | None = None
    """What the model is told first; None: to answer with one of the words."""
    logprobs: bool = True
    samples: int = 5
    answer_tokens: int = 16


def drawing(options: Mapping, server: LabelServer) -> dict:
    """The options with which answers are drawn, put in the way of others."""
    kept = {name: value for name, value in options.items() if "logprobs" not in name}
    room = next(name for name in kept if name.startswith("max_"))
    return kept | {room: server.answer_tokens, "n": server.samples}


def first_options(server: LabelServer) -> dict:
    """How the server is asked at first: for log-probabilities, unless the study wants drawn answers."""
    # Some servers report log-probabilities after they have applied the temperature.
    options = {"max_tokens": 1, "temperature": 1, "logprobs": True, "top_logprobs": TOP_LOGPROBS}
    return options if server.logprobs else drawing(options, server)


def adapted(options: Mapping, says: str, server: LabelServer) -> dict | None:
    """The options without what the server refuses by these words; None if they name nothing that could be left out."""
    others = {name: value for name, value in options.items() if name != "max_tokens"}
    if "max_tokens" in options and "max_completion_tokens" in says:
        return others | {"max_completion_tokens": options["max_tokens"]}
    if "logprobs" in options and "logprob" in says:
        fewer = "top_logprobs" in says and options["top_logprobs"] > FEWER_LOGPROBS
        return options | {"top_logprobs": FEWER_LOGPROBS} if fewer else drawing(options, server)
    for name in ("temperature", "n"):
        if name in options and re.search(rf"\b{name}\b", says):
            return {key: value for key, value in options.items() if key != name}
    return None


def read_response(response, wants_logprobs: bool) -> dict:
    """What of a response is kept: `said`, the beginning of each answer (None where it was refused); token counts;
    `top`, the likeliest first tokens with their log-probabilities, where they were asked for and given."""
    choices, usage = response.choices or [], response.usage
    answer = {
        "said": [None if was_refused(choice) else spoken(choice) for choice in choices],
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "completion_tokens": usage.completion_tokens if usage else None,
    }
    given = choices[0].logprobs if choices and wants_logprobs else None
    if given and given.content is not None and answer["said"] != [None]:
        first = given.content[:1]
        named = [token for token in (first[0].top_logprobs or first) if token.logprob is not None] if first else []
        answer["top"] = [[token.token, token.logprob] for token in named]
    return answer


def spoken(choice) -> str:
    """What an answer says, without thoughts before it."""
    return THOUGHT.sub("", (choice.message and choice.message.content) or "")[:KEPT]


def was_refused(choice) -> bool:
    """Whether the model or a filter of the server's would not answer."""
    return choice.finish_reason == "content_filter" or bool(getattr(choice.message, "refusal", None))


class Asker(Connection):
    """Asks one model for labels. `options` are learned from what the server refuses, until `learned` by an answer."""

    def __init__(self, server: LabelServer, log: Callable[[str], None], options: Mapping | None) -> None:
        """options: as an earlier Asker learned them; None if there was none. InputError if the key is not set."""
        super().__init__(server, log)
        self.learned = options is not None
        self.options = dict(options) if options else first_options(server)

    def ask(self, messages: Sequence[Mapping], n: int) -> dict:
        """The answer to one request, as read_response returns it: of log-probabilities, or of n drawn answers at most.

        InputError if the server cannot be asked, or refuses what could not be asked otherwise.
        """
        while True:
            options = self.options
            answer = self.call(lambda: self.attempt(messages, n, options))  # noqa: B023 (called at once)
            if answer is not None:
                return self.checked(answer, options)

    def checked(self, answer: dict, options: Mapping) -> dict:
        """An answer that was asked for with these options, as it is kept; what it teaches is learned."""
        if None in answer["said"]:
            return answer
        first, self.learned = not self.learned, True
        if "logprobs" not in options or "top" in answer:
            # A response without any answer is one that says nothing.
            return answer if answer["said"] else answer | {"said": [""]}
        if first:
            # A server that passes over what it does not know.
            self.options = drawing(options, self.settings)
            self.log("the server gives no log-probabilities, so answers are drawn")
        # It ends early, so it is no draw; of a server that gives others it says nothing.
        return answer | {"said": [] if first else [""]}

    def attempt(self, messages: Sequence[Mapping], n: int, options: Mapping) -> dict | None:
        """The answer to a request with these options, or None if the server refuses them and others are set."""
        import openai

        several = {"n": n} if "n" in options else {}
        try:
            response = self.openai.chat.completions.create(
                model=self.settings.model, messages=list(messages), **options | several
            )
        except openai.APIStatusError as error:
            says = f"{error.code} {error.param} {error.message}"
            if error.status_code not in REFUSALS:
                raise
            if REFUSES_CONTENT.search(says):
                # Nothing was drawn; asking again would be in vain.
                return {"said": [None] * n, "prompt_tokens": 0, "completion_tokens": 0}
            changed = adapted(options, says, self.settings)
            # Labels of a task are all of one kind.
            if changed is None or (self.learned and len({"logprobs" in options, "logprobs" in changed}) > 1):
                raise
            self.log(f"asking otherwise, since the server says: {error.message}")
            self.options = changed
            return None
        try:
            # What is no JSON comes as text.
            return response if isinstance(response, str) else read_response(response, "logprobs" in options)
        except (AttributeError, TypeError):
            raise ValueError("it is no chat completion") from None
