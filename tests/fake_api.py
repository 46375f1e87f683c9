"""A finetuning API on loopback, shaped like OpenAI's, whose models are simple enough to be worked out by hand.

A model gives every word a weight: half the number of Yes lines that it stood in, less half the number of No lines, over
all jobs that led to the model. The log-odds of Yes are the sum of the weights of a text's words. A job trains on
`epochs` times the words of its file, answers included; a prompt has as many tokens as words, of all messages. An
answer that is drawn says what `says` holds for its text, one after the other, or else the likelier word.
"""

import json
import math
import time
from collections import Counter
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import RLock, Thread
from urllib.parse import parse_qs, urlsplit

KEY = "sk-loopback-0123456789"
BASE_MODEL = "base-model"
AUTO_EPOCHS = 3
FILLER_LOGPROB = -15.0


def log_sigmoid(x: float) -> float:
    return min(x, 0.0) - math.log1p(math.exp(-abs(x)))


class FakeApi:
    """Use as a context manager; `base_url` is where it listens."""

    def __init__(self, polls: int = 2) -> None:
        """polls: how often a job is asked after before it has succeeded."""
        self.polls = polls
        self.files: dict[str, str] = {}
        self.jobs: dict[str, dict] = {}
        self.requests: list[dict] = []
        """What jobs were asked for, as it came."""
        self.weights: dict[str, Counter] = {BASE_MODEL: Counter()}
        self.calls: Counter = Counter()
        """By kind: files, create, list, retrieve, events, chat."""
        self.troubles: list[tuple[str, int, dict]] = []
        """(kind, status, error) each spoil one call; status 0 does what was asked and hangs up without an answer."""
        self.job_fails: dict | None = None
        self.hidden: set[str] = set()
        """Tokens whose log-probabilities are not returned."""
        self.words = ("No", "Yes")
        self.says: dict[str, list[str | None]] = {}
        """What is drawn for texts, by what the last message ends with; None is a refusal."""
        self.drawn: Counter = Counter()
        self.filtered: set[str] = set()
        """Words of texts that are refused with a status."""
        self.unknown: set[str] = set()
        """Parameters that are refused with a status."""
        self.draws_several = True
        self.retry_after: dict[str, str] = {"retry-after-ms": "1"}
        """The header of all answers that says when to come again."""
        self.chats: list[dict] = []
        """What was asked in chats, as it came."""
        self.wants_key = True
        self.counts_tokens = True
        self.gives_logprobs = True
        self.lock = RLock()

    def __enter__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.api = self
        Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()
        self.base_url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    def settings(self, **changes) -> dict:
        """A model's `api` entry of the config."""
        prices = {"training_price": 3.0, "input_price": 0.5, "output_price": 2.0}
        names = {"model": BASE_MODEL, "base_url": self.base_url, "key_variable": "LOOPBACK_KEY", "context": 1000}
        return names | prices | {"epochs": None, "learning_rate_multiplier": None} | changes

    def label_settings(self, **changes) -> dict:
        """A supervisor's `api` entry of the config, without prices."""
        return {"model": BASE_MODEL, "base_url": self.base_url, "key_variable": "LOOPBACK_KEY"} | changes

    # What the endpoints do

    def create_file(self, content: str) -> dict:
        name = f"file-{len(self.files)}"
        self.files[name] = content
        return {"id": name, "object": "file", "created_at": int(time.time()), "purpose": "fine-tune"}

    def create_job(self, request: dict) -> dict:
        self.requests.append(request)
        name = f"ftjob-{len(self.jobs)}"
        options = request["method"]["supervised"]["hyperparameters"]
        self.jobs[name] = {
            "id": name,
            "object": "fine_tuning.job",
            "created_at": int(time.time()),
            "model": request["model"],
            "training_file": request["training_file"],
            "status": "validating_files",
            "hyperparameters": {"n_epochs": options.get("n_epochs", "auto")},
            "polls": 0,
        }
        return self.jobs[name]

    def retrieve_job(self, name: str) -> dict:
        job = self.jobs[name]
        job["polls"] += 1
        if job["polls"] < self.polls:
            return job | {"status": "running", "estimated_finish": int(time.time()) + 590}
        if self.job_fails:
            return job | {"status": "failed"} | self.job_fails
        lines = [json.loads(line)["messages"] for line in self.files[job["training_file"]].splitlines()]
        weights = Counter(self.weights[job["model"]])
        for user, assistant in lines:
            for word in user["content"].split():
                weights[word] += 0.5 if assistant["content"] == "Yes" else -0.5
        if job["hyperparameters"]["n_epochs"] == "auto":
            job["hyperparameters"]["n_epochs"] = AUTO_EPOCHS
        words = sum(len(user["content"].split()) + 1 for user, _ in lines)
        job |= {"status": "succeeded", "fine_tuned_model": f"ft:{job['model']}:{name}"}
        job |= {"trained_tokens": words * job["hyperparameters"]["n_epochs"] if self.counts_tokens else None}
        job |= {"finished_at": job["created_at"] + 60}
        self.weights[job["fine_tuned_model"]] = weights
        return job

    def list_jobs(self, after: str | None) -> dict:
        """Newest first, two a page."""
        names = list(self.jobs)[::-1]
        names = names[names.index(after) + 1 :] if after else names
        return {"object": "list", "data": [self.jobs[name] for name in names[:2]], "has_more": len(names) > 2}

    def events(self, name: str) -> dict:
        message = f"Step {self.jobs[name]['polls']}/{self.polls}"
        event = {"id": "ftevent-0", "object": "fine_tuning.job.event", "created_at": 0, "level": "info"}
        return {"object": "list", "data": [event | {"message": message}], "has_more": False}

    def chat(self, request: dict) -> dict:
        self.chats.append(request)
        if refused := self.unknown & set(request):
            raise RefusedError({"message": f"Unsupported parameter: '{min(refused)}' is not supported by this model."})
        *before, text = [message["content"] for message in request["messages"]]
        if self.filtered & set(text.split()):
            raise RefusedError({"code": "content_filter", "message": "The response was filtered."})
        log_odds = sum(self.weights[request["model"]][word] for word in text.split())
        likelier = self.words[log_odds > 0]
        place = next((end for end in self.says if text.endswith(end)), None)
        choices = []
        for index in range(request.get("n", 1) if self.draws_several else 1):
            drawn = likelier
            if place is not None:
                drawn = self.says[place][self.drawn[place] % len(self.says[place])]
                self.drawn[place] += 1
            choices.append(self.choice(index, drawn))
        if self.gives_logprobs and request.get("logprobs"):
            choices[0]["logprobs"] = {"content": self.first_token(log_odds, request["top_logprobs"])}
        read = sum(len(content.split()) for content in (*before, text))
        usage = {"prompt_tokens": read, "completion_tokens": len(choices), "total_tokens": read + len(choices)}
        return {"id": "chat", "object": "chat.completion", "model": request["model"], "choices": choices} | (
            {"usage": usage} if self.counts_tokens else {}
        )

    def choice(self, index: int, drawn: str | None) -> dict:
        message = {"role": "assistant", "content": drawn, "refusal": None if drawn is not None else "I cannot."}
        return {"index": index, "finish_reason": "length", "message": message, "logprobs": None}

    def first_token(self, log_odds: float, most: int) -> list[dict]:
        logprobs = dict(zip(self.words[::-1], (log_sigmoid(log_odds), log_sigmoid(-log_odds)), strict=True))
        shown = {token: p for token, p in logprobs.items() if token not in self.hidden} | {"Maybe": FILLER_LOGPROB}
        top = [{"token": token, "logprob": p} for token, p in shown.items()]
        return [{"token": self.words[1], "logprob": logprobs[self.words[1]], "top_logprobs": top[:most]}]


class RefusedError(Exception):
    """A request that is answered by status 400 and an error."""


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for the FakeApi that its server carries."""

    def do_GET(self) -> None:
        self.answer({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"].startswith("multipart/form-data"):
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = BytesParser().parsebytes(head + body).get_payload()
            fields = {part.get_param("name", header="content-disposition"): part for part in parts}
            assert fields["purpose"].get_payload() == "fine-tune"
            self.answer({"file": fields["file"].get_payload(decode=True).decode()})
        else:
            self.answer(json.loads(body))

    def answer(self, request: dict) -> None:
        api, url = self.server.api, urlsplit(self.path)
        match [self.command, *url.path.removeprefix("/v1/").split("/")]:
            case ["POST", "files"]:
                kind, act = "files", lambda: api.create_file(request["file"])
            case ["POST", "fine_tuning", "jobs"]:
                kind, act = "create", lambda: api.create_job(request)
            case ["GET", "fine_tuning", "jobs"]:
                kind, act = "list", lambda: api.list_jobs(parse_qs(url.query).get("after", [None])[0])
            case ["GET", "fine_tuning", "jobs", name]:
                kind, act = "retrieve", lambda: api.retrieve_job(name)
            case ["GET", "fine_tuning", "jobs", name, "events"]:
                kind, act = "events", lambda: api.events(name)
            case ["POST", "chat", "completions"]:
                kind, act = "chat", lambda: api.chat(request)
            case _:
                return self.send(200, "<html>Welcome</html>")
        with api.lock:
            api.calls[kind] += 1
            trouble = next((trouble for trouble in api.troubles if trouble[0] == kind), None)
            if trouble:
                api.troubles.remove(trouble)
                if trouble[1]:
                    return self.send(trouble[1], {"error": trouble[2]})
            if api.wants_key and self.headers["Authorization"] != f"Bearer {KEY}":
                return self.send(401, {"error": {"message": f"Wrong key:\n{self.headers['Authorization']}."}})
            try:
                result = act()
            except RefusedError as error:
                return self.send(400, {"error": error.args[0]})
        if trouble:
            self.close_connection = True
            return None
        return self.send(200, result)

    def send(self, status: int, result: dict | str) -> None:
        html = isinstance(result, str)
        content = result.encode() if html else json.dumps(result).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if html else "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in self.server.api.retry_after.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_) -> None:
        pass
