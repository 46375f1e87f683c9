"""What is bought of an API, and kept.

What an API does is paid for. So every job and every answer enters a ledger, a folder of small files outside Snakemake's
outputs, the moment it exists. A job's file is named after all that goes into the job: the same labels on the same model
are never bought twice, whether a run was killed, was started again, or shares the stage with another run.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from time import sleep, time

import numpy as np
from filelock import FileLock

from elicitation.api.answers import buy_answers, read_answers
from elicitation.api.chat import ANSWERS, log_odds_of
from elicitation.api.client import Client, RemoteStage
from elicitation.api.costs import dollars, evaluation_bills, total
from elicitation.errors import InputError
from elicitation.files import read_json, write_json

# Running jobs are asked after in pauses, which grow from the first length to the second.
FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 1.0, 60.0
# By how much each pause is longer than the one before.
POLL_GROWTH = 1.5


class Ledger:
    """Buys of an API what it does not hold yet."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client, self.folder = client, folder
        self.last_news: dict[str, tuple] = {}

    def stage_key(self, stage: RemoteStage) -> str:
        """A name for everything that decides what the stage's job makes."""
        settings = self.client.settings
        options = [settings.base_url, settings.epochs, settings.learning_rate_multiplier]
        parts = json.dumps([*options, stage.base, stage.seed, stage.lines])
        return hashlib.sha256(parts.encode()).hexdigest()[:32]

    def start(self, stage: RemoteStage) -> dict:
        """The stage's entry. Its job is created if there is none; `job` is absent if it has to wait."""
        key = self.stage_key(stage)
        path = self.folder / f"{key}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            entry = read_json(path) if path.exists() else None
            if entry and "job" in entry:
                return entry
            job = None
            if entry:
                # Who uploaded the file may have created its job too, and been cut off before hearing of it.
                job = self.client.find_job(entry["training_file"], entry["uploaded_at"])
            else:
                entry = self.upload(stage, key)
                write_json(path, entry)
            job = job or self.client.create_job(stage, entry["training_file"])
            if job:
                entry["job"] = job.id
                write_json(path, entry)
                self.client.log(f"{stage.title}: job {job.id} on {stage.base}, {entry['lines']} lines")
        return entry

    def upload(self, stage: RemoteStage, key: str) -> dict:
        """A new entry, with the training file of the stage, which is at the API by then."""
        file = self.client.upload(stage)
        described = {"key": key, "title": stage.title, "base": stage.base, "seed": stage.seed}
        return described | {"lines": stage.lines.count("\n"), "training_file": file.id, "uploaded_at": file.created_at}

    def finish(self, stage: RemoteStage, entry: dict) -> dict | None:
        """The entry with its job's outcome, or None while the job runs; InputError if it failed or was cancelled."""
        if "model" in entry:
            return entry
        job, path = self.client.job(entry["job"]), self.folder / f"{entry['key']}.json"
        if job.status in ("failed", "cancelled") or (job.status == "succeeded" and not job.fine_tuned_model):
            reason = f": {job.error.message.rstrip('.')}" if job.error and job.error.message else ""
            what = f"The API's job {job.id} ({stage.title}) {job.status}{' without a model' * (not reason)}{reason}"
            raise InputError(self.client.scrub(f"{what}; fix the cause, then delete {path} to buy a new job."))
        if job.status != "succeeded":
            self.report(stage, job)
            return None
        outcome = {"model": job.fine_tuned_model, "trained_tokens": job.trained_tokens}
        outcome["n_epochs"] = job.hyperparameters.n_epochs if job.hyperparameters else None
        outcome["seconds"] = job.finished_at - job.created_at if job.finished_at else None
        with FileLock(path.with_suffix(".lock")):
            write_json(path, entry | outcome)
        self.client.log(f"{stage.title}: {job.fine_tuned_model}, {job.trained_tokens} tokens trained")
        return entry | outcome

    def report(self, stage: RemoteStage, job) -> None:
        """Log a running job's status, latest event and remaining time, where they have changed."""
        event = self.client.latest_event(job.id)
        minutes = math.ceil((job.estimated_finish - time()) / 60) if job.estimated_finish else None
        news = (job.status, event, minutes)
        if self.last_news.get(job.id) != news:
            self.last_news[job.id] = news
            left = "" if minutes is None else f"about {max(minutes, 1)} min left"
            self.client.log(", ".join(filter(None, (f"{stage.title}: {job.status}", event, left))))

    def finetune(self, stages: Sequence[RemoteStage]) -> list[dict]:
        """The entries of the stages, in their order, once all their jobs have succeeded.

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
            pause = min(POLL_GROWTH * pause, LONGEST_POLL_SECONDS)

    def predict(self, entry: dict, ids: Sequence[str], texts: Sequence[str]) -> tuple[np.ndarray, dict]:
        """Log-odds (n,) of label 1 by the model of a finished stage, and what the answers cost.

        Answers that the ledger holds are not asked for again.
        """
        path = self.folder / f"{entry['key']}.jsonl"
        with FileLock(path.with_suffix(".answers.lock")):
            known = {answer["id"]: answer for answer in read_answers(path)}
            missing = [(i, text) for i, text in zip(ids, texts, strict=True) if i not in known]
            self.client.log(f"{entry['title']}: {len(missing)} of {len(ids)} answers to ask for")
            bought = buy_answers(
                path,
                missing,
                lambda example: [self.client.ask(entry["model"], *example)],
                entry["title"],
                self.client.log,
            )
            known |= {answer["id"]: answer for answer in bought}
        answers = [known[i] for i in ids]
        tokens = {name: total([answer[name] for answer in answers]) for name in ("prompt_tokens", "completion_tokens")}
        absent = [sum(answer[token] is None for token in ANSWERS) for answer in answers]
        record = {
            **tokens,
            "dollars": dollars(*evaluation_bills(tokens, self.client.settings)),
            "answers": len(answers),
            "one_token_missing": absent.count(1),
            "both_tokens_missing": absent.count(2),
        }
        return np.array([log_odds_of(answer) for answer in answers]), record
