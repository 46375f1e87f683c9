"""Students behind an OpenAI-compatible finetuning API: files, jobs, polling, log-probabilities, cost.

What an API does is paid for. So every job and every answer enters a ledger, a folder of small files outside Snakemake's
outputs, the moment it exists. A job's file is named after all that goes into it: the same labels on the same model are
never bought twice, whether a run was killed, started again, or shares the stage with another run.

The official client is imported late: the Snakefile reads this module before the DAG is built.
"""

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from threading import Lock
from time import sleep, time

import numpy as np
from filelock import FileLock

from elicitation.buying.methods import Method
from elicitation.buying.purchases import Purchase
from elicitation.errors import InputError
from elicitation.files import read_json, write_json
from elicitation.seeds import derive_seed

# What the model is to say, by label.
ANSWERS = ("No", "Yes")
# OpenAI takes no training file with fewer; smaller stages repeat their labels, all equally often.
MIN_LINES = 10
# More than what a chat message takes beside its text.
MESSAGE_TOKENS = 16
TOP_LOGPROBS = 20
# What servers report for the unlikeliest tokens is arbitrary (often -9999), and is cut here.
LOWEST_LOGPROB = -100.0
CONCURRENT_REQUESTS = 8
TIMEOUT_SECONDS = 120
# After lost connections, 408, 409, 429 and 5xx, with a growing pause; where the API names one, that one.
RETRIES = 8
FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 1.0, 60.0
MAX_JOB_SEED = 2**31


def check_api_context(name: str, context: int, texts: Mapping[str, str], task: str) -> None:
    """InputError if a text might not fit; texts: by id.

    API models bring no tokenizer. No token is shorter than a byte, so bytes bound tokens from above.
    """
    sizes = {i: len(text.encode()) for i, text in texts.items()}
    longest = max(sizes, key=sizes.__getitem__)
    if sizes[longest] > context - MESSAGE_TOKENS:
        raise InputError(
            f"Task {task!r}: text {longest} has {sizes[longest]} bytes, which may be as many tokens, but model "
            f"{name!r} reads at most {context}; shorten or drop such texts, or choose a model with a longer context."
        )


def read_key(settings: dict) -> str:
    """The API's key, from the environment alone; InputError if it is not set."""
    key = os.environ.get(settings["key_variable"], "").strip()
    if not key:
        raise InputError(
            f"The environment variable {settings['key_variable']} is not set; export the key of "
            f"{settings['base_url']} under this name and start again."
        )
    return key


def training_lines(texts: Sequence[str], labels: Sequence[bool]) -> str:
    """A training file: one chat a line, the text from the user and Yes or No from the assistant."""
    lines = [
        json.dumps({"messages": [question(text), {"role": "assistant", "content": ANSWERS[int(label)]}]}) + "\n"
        for text, label in zip(texts, labels, strict=True)
    ]
    return "".join(lines * math.ceil(MIN_LINES / len(lines)))


def question(text: str) -> dict:
    return {"role": "user", "content": text}


def log_odds_of(answer: dict) -> float:
    """log p(Yes) - log p(No) of one answer.

    A token that was not returned is no likelier than any that was, and counts as the lowest returned: the true log-odds
    are at least as far from 0. If both are missing they are 0.
    """
    floored = [answer["lowest"] if answer[token] is None else answer[token] for token in ANSWERS]
    no, yes = (max(logprob, LOWEST_LOGPROB) for logprob in floored)
    return yes - no


def dollars(*bills: tuple[int | None, float]) -> float | None:
    """US dollars for pairs of tokens and price per million tokens; None where the API did not count the tokens."""
    if any(tokens is None for tokens, _ in bills):
        return None
    return sum(tokens * price for tokens, price in bills) / 1e6


def total(counts: Sequence[int | None]) -> int | None:
    return None if None in counts else sum(counts)


def read_answers(path: Path) -> dict[str, dict]:
    """The paid answers by example id. A line that a kill left half-written is cut off the file."""
    if not path.exists():
        return {}
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        os.truncate(path, len(whole))
    return {answer["id"]: answer for answer in map(json.loads, whole.splitlines())}


@dataclass(frozen=True)
class RemoteStage:
    """What is bought in one finetuning job."""

    title: str
    """For people: in logs, and in the name of the resulting model."""
    base: str
    """The model it starts from, perhaps itself the result of a job."""
    lines: str
    """The training file."""
    seed: int


class Api:
    """An OpenAI-compatible API with its key, which neither logs nor errors show, and its ledger."""

    def __init__(self, settings: dict, ledger: Path, log: Callable[[str], None]) -> None:
        """settings: a model's `api` entry of the config. Raises InputError if the key is not set."""
        import openai

        self.settings, self.ledger, self.failures = settings, ledger, 0
        self.key = read_key(settings)
        self.log = lambda line: log(self.scrub(line))
        self.client = openai.OpenAI(
            api_key=self.key, base_url=settings["base_url"], timeout=TIMEOUT_SECONDS, max_retries=RETRIES
        )
        self.last_news: dict[str, tuple] = {}

    def scrub(self, text: str) -> str:
        """One line without the key, which a server may echo."""
        return " ".join(text.replace(self.key, "<key>").split())

    def call(self, request: Callable):
        """The API's answer to `request`; InputError with the API's own message if it refuses or keeps failing."""
        import openai

        where = self.settings["base_url"]
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

    # Jobs

    def stage_key(self, stage: RemoteStage) -> str:
        """A name for everything that decides what the job makes."""
        options = [self.settings[name] for name in ("base_url", "epochs", "learning_rate_multiplier")]
        parts = json.dumps([*options, stage.base, stage.seed, stage.lines])
        return hashlib.sha256(parts.encode()).hexdigest()[:32]

    def start(self, stage: RemoteStage) -> dict:
        """The stage's entry in the ledger. Its job is created if there is none; `job` is absent if it has to wait."""
        key = self.stage_key(stage)
        path = self.ledger / f"{key}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            entry = read_json(path) if path.exists() else None
            if entry and "job" in entry:
                return entry
            if entry:
                job = self.find_job(entry) or self.create_job(stage, entry)
            else:
                entry = self.upload(stage, key)
                write_json(path, entry)
                job = self.create_job(stage, entry)
            if job:
                entry["job"] = job.id
                write_json(path, entry)
                self.log(f"{stage.title}: job {job.id} on {stage.base}, {entry['lines']} lines")
        return entry

    def upload(self, stage: RemoteStage, key: str) -> dict:
        """A new entry, with the training file of the stage."""
        content = (f"{stage.title}.jsonl", stage.lines.encode())
        file = self.call(lambda: self.client.files.create(file=content, purpose="fine-tune"))
        described = {"key": key, "title": stage.title, "base": stage.base, "seed": stage.seed}
        return described | {"lines": stage.lines.count("\n"), "training_file": file.id, "uploaded_at": file.created_at}

    def find_job(self, entry: dict):
        """The job on the entry's file, if there is one: who created it may have been cut off before hearing of it."""

        def search():
            newest_first = self.client.fine_tuning.jobs.list()
            recent = takewhile(lambda job: job.created_at >= entry["uploaded_at"], newest_first)
            return next((job for job in recent if job.training_file == entry["training_file"]), None)

        return self.call(search)

    def create_job(self, stage: RemoteStage, entry: dict):
        """A new job; None where the API has no room for it yet or it is unknown whether it was made.

        A blind repetition might pay twice, so the client must not retry by itself.
        """
        import openai

        names = {"n_epochs": "epochs", "learning_rate_multiplier": "learning_rate_multiplier"}
        options = {name: self.settings[key] for name, key in names.items() if self.settings[key] is not None}
        request = {
            "model": stage.base,
            "training_file": entry["training_file"],
            "method": {"type": "supervised", "supervised": {"hyperparameters": options}},
            "seed": stage.seed,
            "suffix": stage.title[:64],
        }

        def create():
            try:
                return self.client.with_options(max_retries=0).fine_tuning.jobs.create(**request)
            except (openai.RateLimitError, openai.APIConnectionError, openai.InternalServerError) as error:
                busy = isinstance(error, openai.RateLimitError)
                self.failures += not busy
                if error.code == "insufficient_quota" or self.failures > RETRIES:
                    raise
                self.log(f"{stage.title}: no job yet ({error.message}), asking again")
                return None

        return self.call(create)

    def finish(self, stage: RemoteStage, entry: dict) -> dict | None:
        """The entry with the job's outcome, or None while it runs; InputError if it failed or was cancelled."""
        if "model" in entry:
            return entry
        job = self.call(lambda: self.client.fine_tuning.jobs.retrieve(entry["job"]))
        path = self.ledger / f"{entry['key']}.json"
        if job.status in ("failed", "cancelled") or (job.status == "succeeded" and not job.fine_tuned_model):
            reason = f": {job.error.message.rstrip('.')}" if job.error and job.error.message else ""
            raise InputError(
                self.scrub(
                    f"The API's job {job.id} ({stage.title}) {job.status}{' without a model' * (not reason)}{reason}; "
                    f"fix the cause, then delete {path} to buy a new job."
                )
            )
        if job.status != "succeeded":
            self.report(stage, job)
            return None
        outcome = {"model": job.fine_tuned_model, "trained_tokens": job.trained_tokens}
        outcome["n_epochs"] = job.hyperparameters.n_epochs if job.hyperparameters else None
        outcome["seconds"] = job.finished_at - job.created_at if job.finished_at else None
        with FileLock(path.with_suffix(".lock")):
            write_json(path, entry | outcome)
        self.log(f"{stage.title}: {job.fine_tuned_model}, {job.trained_tokens} tokens trained")
        return entry | outcome

    def report(self, stage: RemoteStage, job) -> None:
        """Log a running job's status, latest event and remaining time, where they have changed."""
        events = self.call(lambda: self.client.fine_tuning.jobs.list_events(job.id, limit=1).data)
        minutes = math.ceil((job.estimated_finish - time()) / 60) if job.estimated_finish else None
        news = (job.status, events[0].message if events else None, minutes)
        if self.last_news.get(job.id) != news:
            self.last_news[job.id] = news
            left = "" if minutes is None else f"about {max(minutes, 1)} min left"
            self.log(", ".join(filter(None, (f"{stage.title}: {job.status}", news[1], left))))

    def finetune(self, stages: Sequence[RemoteStage]) -> list[dict]:
        """The ledger's entries of the stages, once all their jobs have succeeded.

        Raises InputError if a job fails or the API refuses; the other jobs go on, and the next call finds them.
        """
        done: dict[RemoteStage, dict] = {}
        pause = FIRST_POLL_SECONDS
        while True:
            for stage in dict.fromkeys(stages):
                if stage not in done:
                    entry = self.start(stage)
                    if "job" in entry and (finished := self.finish(stage, entry)):
                        done[stage] = finished
            if len(done) == len(set(stages)):
                return [done[stage] for stage in stages]
            sleep(pause)
            pause = min(1.5 * pause, LONGEST_POLL_SECONDS)

    # Answers

    def ask(self, model: str, example_id: str, text: str) -> dict:
        """The log-probabilities of both answers as the first token; None for one that the API does not return."""
        response = self.call(
            lambda: self.client.chat.completions.create(
                model=model,
                messages=[question(text)],
                max_tokens=1,
                # Some servers report log-probabilities after the temperature.
                temperature=1,
                logprobs=True,
                top_logprobs=TOP_LOGPROBS,
            )
        )
        logprobs = response.choices[0].logprobs
        if not (logprobs and logprobs.content and logprobs.content[0].top_logprobs):
            raise InputError(
                f"The API at {self.settings['base_url']} returned no log-probabilities for {model}; "
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

    def predict(self, entry: dict, ids: Sequence[str], texts: Sequence[str]) -> tuple[np.ndarray, dict]:
        """Log-odds (n,) of label 1 by the model of a finished stage, and what the answers cost.

        Answers in the ledger are not asked for again.
        """
        path = self.ledger / f"{entry['key']}.jsonl"
        with FileLock(path.with_suffix(".answers.lock")):
            known = read_answers(path)
            missing = [(i, text) for i, text in zip(ids, texts, strict=True) if i not in known]
            self.log(f"{entry['title']}: {len(missing)} of {len(ids)} answers to ask for")
            writing = Lock()
            with path.open("a") as file, ThreadPoolExecutor(CONCURRENT_REQUESTS) as pool:

                def ask_and_keep(example: tuple[str, str]) -> None:
                    answer = self.ask(entry["model"], *example)
                    with writing:
                        known[answer["id"]] = answer
                        file.write(json.dumps(answer) + "\n")
                        file.flush()

                # An error cancels the requests that wait; those on their way are still kept.
                started = time()
                for n, _ in enumerate(pool.map(ask_and_keep, missing), start=1):
                    if n % 100 == 0:
                        left = (time() - started) / n * (len(missing) - n)
                        self.log(f"{entry['title']}: {n}/{len(missing)} answers, about {left:.0f} s left")
        answers = [known[i] for i in ids]
        tokens = {name: total([answer[name] for answer in answers]) for name in ("prompt_tokens", "completion_tokens")}
        absent = [sum(answer[token] is None for token in ANSWERS) for answer in answers]
        record = {
            **tokens,
            "dollars": dollars(*self.evaluation_bills(tokens)),
            "answers": len(answers),
            "one_token_missing": absent.count(1),
            "both_tokens_missing": absent.count(2),
        }
        return np.array([log_odds_of(answer) for answer in answers]), record

    # Cost

    def evaluation_bills(self, tokens: Mapping[str, int | None]) -> list[tuple[int | None, float]]:
        prices = {"prompt_tokens": "input_price", "completion_tokens": "output_price"}
        return [(tokens[name], self.settings[price]) for name, price in prices.items()]

    def training_bill(self, entry: dict) -> tuple[int | None, float]:
        return entry["trained_tokens"], self.settings["training_price"]


def finetune_block(
    api: Api,
    method: Method,
    purchases: Mapping[tuple[int, int], Purchase],
    texts: Mapping[str, str],
    labels: Mapping[str, Mapping[str, float]],
    seed: int,
    task: str,
) -> dict[tuple[int, int], dict[str, dict]]:
    """The ledger's entries of every purchase's stages, in order; each starts from the model of the one before.

    texts: by id; labels: for `weak` and `gold`, the probability of label 1 by id. A finetuning API takes answers, not
    probabilities, so weak labels are hardened at 0.5. Stages that purchases share are one job.
    """
    entries: dict[tuple[int, int], dict[str, dict]] = {pair: {} for pair in purchases}
    bases = dict.fromkeys(purchases, api.settings["model"])
    for name in [stage.labels for stage in method.stages]:
        bought = {pair: getattr(purchase, name) for pair, purchase in purchases.items() if getattr(purchase, name)}
        remote = {
            pair: RemoteStage(
                f"{task}-{name}-{len(ids)}-s{seed}",
                bases[pair],
                training_lines([texts[i] for i in ids], [labels[name][i] > 0.5 for i in ids]),
                derive_seed(seed, "api", name) % MAX_JOB_SEED,
            )
            for pair, ids in bought.items()
        }
        for pair, entry in zip(remote, api.finetune(list(remote.values())), strict=True):
            entries[pair][name], bases[pair] = entry, entry["model"]
    return entries


def cost_of_block(api: Api, records: Sequence[dict]) -> dict[str, float | None]:
    """US dollars for the block's jobs, each counted once, and for its answers; None where tokens were not counted.

    records: of its runs, with `stages` (ledger entries by name) and `evaluation`. A job that other blocks share is in
    their cost too.
    """
    jobs = {entry["job"]: entry for record in records for entry in record["stages"].values()}
    training = [api.training_bill(entry) for entry in jobs.values()]
    evaluation = [bill for record in records for bill in api.evaluation_bills(record["evaluation"])]
    return {
        "training": dollars(*training),
        "evaluation": dollars(*evaluation),
        "total": dollars(*training, *evaluation),
    }
