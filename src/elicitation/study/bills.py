"""What models behind an API will bill for weak labels, said before anything is paid for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from elicitation.api.costs import dollars
from elicitation.buying.amounts import amount_words
from elicitation.study.supervisors import Remote

if TYPE_CHECKING:
    from elicitation.study.study import Study
    from elicitation.study.tasks import Task

# Assumed tokens of the instruction, and of what a server puts around a message.
INSTRUCTION_TOKENS, MESSAGE_TOKENS = 12, 8


class LabelBill(NamedTuple):
    """What all weak labels of a task are expected to cost."""

    tokens: float
    """That the model reads and writes."""
    dollars: float
    words: str
    """A sentence of what is asked and billed."""


def bill_of(entry: Remote, task: Task, study: Study) -> LabelBill:
    """The bill of a supervisor for the labels of a task's pool and test set, as if nothing of it were paid for yet."""
    # Reading texts takes pandas, which planning a study does not.
    from elicitation.study.text_lengths import TOKENS_PER_TEXT, assumed_tokens

    api, shots = entry.api, entry.shots
    texts = study.pools[task.name].examples + task.test_size
    text_tokens = assumed_tokens(task.name, study, task.read_by_supervisors) or TOKENS_PER_TEXT
    prompt = texts * (INSTRUCTION_TOKENS + (1 + shots) * text_tokens + (1 + 2 * shots) * MESSAGE_TOKENS)

    def cost(answers: int, tokens: int) -> tuple[float, float]:
        read, written = prompt * answers, texts * answers * tokens
        return read + written, dollars((read, api.prices.input), (written, api.prices.output))

    drawn = cost(api.samples, api.answer_tokens)
    tokens, paid = cost(1, 1) if api.logprobs else drawn
    words = (
        f"{entry.name} labels {texts:,} texts of {task.name} by {api.model} at {api.base_url} for about "
        f"{amount_words(paid, '$')}, {amount_words(paid / texts, '$')} each"
    )
    if api.logprobs:
        words += f" (at most {amount_words(drawn[1], '$')} if the server gives no log-probabilities)"
    return LabelBill(tokens, paid, f"{words}; a smaller pool_size asks for fewer, and nothing is paid twice.")


def open_bills(study: Study, folder: Path) -> Iterator[str]:
    """The sentences of the bills for labels that are not in the study's folder yet."""
    for task, name in study.labelled:
        entry = study.supervisor_named[name]
        if isinstance(entry, Remote) and not (folder / f"results/weak_labels/{task}/{name}.parquet").exists():
            yield bill_of(entry, study.task_named[task], study).words
