"""The connection to an API: its settings and key, and each request that is made of it.

The key stands in the environment alone; neither logs nor errors show it. The official client is imported late: it
takes a second, and the settings are wanted without it.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile

from elicitation.api.chat import ANSWERS, question
from elicitation.errors import InputError

# How many of the likeliest tokens an answer is to name, which is the most that OpenAI gives.
TOP_LOGPROBS = 20
# How long a request may take.
TIMEOUT_SECONDS = 120
# How often a request is repeated after a lost connection or the status 408, 409, 429 or 5xx. The pause before it grows,
# or is the one that the API names.
RETRIES = 8
# The longest part of a stage's title that a model's name may hold.
MAX_SUFFIX = 64


@dataclass(frozen=True, kw_only=True)
class Server:
    """A model behind an API."""

    base_url: str
    model: str
    """The API's name of it."""
    key_variable: str | None = None
    """The environment variable that holds the key; None where the API wants none."""


@dataclass(frozen=True, kw_only=True)
class ApiSettings(Server):
    """A model's `api` entry in the study; `model` is the one that is finetuned."""

    context: int
    """Tokens that the model reads at most."""
    epochs: int | None
    """None, like the next, leaves it to the API."""
    learning_rate_multiplier: float | None
    training_price: float
    """Like the next two, in US dollars for a million tokens."""
    input_price: float
    output_price: float


@dataclass(frozen=True)
class RemoteStage:
    """What is bought in one finetuning job."""

    title: str
    """For people: it stands in logs and in the name of the resulting model."""
    base: str
    """The model that it starts from, which may itself be the result of a job."""
    lines: str
    """The training file."""
    seed: int


def read_key(settings: Server) -> str:
    """The API's key, from the environment alone, or an empty one; InputError if it is not set."""
    if settings.key_variable is None:
        return ""
    key = os.environ.get(settings.key_variable, "").strip()
    if not key:
        raise InputError(
            f"The environment variable {settings.key_variable} is not set; export the key of "
            f"{settings.base_url} under this name and start again."
        )
    return key


class Connection:
    """An OpenAI-compatible API with its key."""

    def __init__(self, settings: Server, log: Callable[[str], None]) -> None:
        """Raises InputError if the key is not set."""
        import openai

        self.settings, self.key = settings, read_key(settings)
        self.log = lambda line: log(self.scrub(line))
        self.openai = openai.OpenAI(
            # The official client wants one in any case.
            api_key=self.key or "none",
            base_url=settings.base_url,
            timeout=TIMEOUT_SECONDS,
            max_retries=RETRIES,
        )

    def scrub(self, text: str) -> str:
        """The text on one line, without the key, which a server may echo."""
        return " ".join((text.replace(self.key, "<key>") if self.key else text).split())

    def call(self, request: Callable):
        """The API's answer to `request`; InputError with the API's own message if it refuses or keeps failing."""
        import openai

        where = self.settings.base_url
        try:
            answer = request()
        except openai.APIStatusError as error:
            message = f"The API at {where} answered {error.status_code}: {error.message.rstrip('.')}; fix the cause"
        except openai.APIConnectionError as error:
            message = f"The API at {where} cannot be reached: {error.message.rstrip('.')}; check base_url and network"
        except (openai.OpenAIError, ValueError) as error:
            message = f"The API at {where} gave an answer that cannot be read ({error}); check base_url"
        else:
            if not isinstance(answer, str):
                return answer
            message = f"The API at {where} did not answer in JSON; check base_url"
        raise InputError(self.scrub(f"{message} and start again: what is paid for is kept.")) from None


class Client(Connection):
    """An API that finetunes models."""

    def __init__(self, settings: ApiSettings, log: Callable[[str], None]) -> None:
        """Raises InputError if the key is not set."""
        super().__init__(settings, log)
        self.failures = 0

    def upload(self, stage: RemoteStage):
        """The API's description of the stage's training file, once it is there."""
        content = (f"{stage.title}.jsonl", stage.lines.encode())
        return self.call(lambda: self.openai.files.create(file=content, purpose="fine-tune"))

    def find_job(self, training_file: str, uploaded_at: int):
        """The job on a training file; None if there is none. It can be no older than the file."""

        def search():
            newest_first = self.openai.fine_tuning.jobs.list()
            recent = takewhile(lambda job: job.created_at >= uploaded_at, newest_first)
            return next((job for job in recent if job.training_file == training_file), None)

        return self.call(search)

    def create_job(self, stage: RemoteStage, training_file: str):
        """A new job; None where the API has no room for it yet, or where it is unknown whether it was created.

        A blind repetition might pay twice, so the client must not retry by itself.
        """
        import openai

        options = {"n_epochs": self.settings.epochs, "learning_rate_multiplier": self.settings.learning_rate_multiplier}
        given = {name: value for name, value in options.items() if value is not None}
        request = {
            "model": stage.base,
            "training_file": training_file,
            "method": {"type": "supervised", "supervised": {"hyperparameters": given}},
            "seed": stage.seed,
            "suffix": stage.title[:MAX_SUFFIX],
        }

        def create():
            try:
                return self.openai.with_options(max_retries=0).fine_tuning.jobs.create(**request)
            except (openai.RateLimitError, openai.APIConnectionError, openai.InternalServerError) as error:
                busy = isinstance(error, openai.RateLimitError)
                self.failures += not busy
                if error.code == "insufficient_quota" or self.failures > RETRIES:
                    raise
                self.log(f"{stage.title}: no job yet ({error.message}), asking again")
                return None

        return self.call(create)

    def job(self, name: str):
        """The job of this name, as it is now."""
        return self.call(lambda: self.openai.fine_tuning.jobs.retrieve(name))

    def latest_event(self, name: str) -> str | None:
        """What the job of this name last reported, if anything."""
        events = self.call(lambda: self.openai.fine_tuning.jobs.list_events(name, limit=1).data)
        return events[0].message if events else None

    def ask(self, model: str, example_id: str, text: str) -> dict:
        """A model's answer to a text: `id`, the log-probabilities of both answers as its first token, and token counts.

        A log-probability is None where the API does not return it; `lowest` is the lowest that it returns. Raises
        InputError if it returns none at all.
        """
        response = self.call(
            lambda: self.openai.chat.completions.create(
                model=model,
                messages=[question(text)],
                max_tokens=1,
                # Some servers report log-probabilities after they have applied the temperature.
                temperature=1,
                logprobs=True,
                top_logprobs=TOP_LOGPROBS,
            )
        )
        logprobs = response.choices[0].logprobs
        if not (logprobs and logprobs.content and logprobs.content[0].top_logprobs):
            raise InputError(
                f"The API at {self.settings.base_url} returned no log-probabilities for {model}; "
                "choose a model that gives them (logprobs, top_logprobs)."
            )
        returned = {token.token: token.logprob for token in logprobs.content[0].top_logprobs}
        usage = response.usage
        return {
            "id": example_id,
            **{token: returned.get(token) for token in ANSWERS},
            "lowest": min(returned.values()),
            "prompt_tokens": usage.prompt_tokens if usage else None,
            "completion_tokens": usage.completion_tokens if usage else None,
        }
