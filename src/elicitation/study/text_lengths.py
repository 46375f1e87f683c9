"""How many tokens texts are assumed to have, before any tokenizer has counted them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from elicitation.analysis.names import NO_CUE
from elicitation.data.tasks import texts_here
from elicitation.data.templates import fill
from elicitation.files import read_json

if TYPE_CHECKING:
    from elicitation.study.models import Model
    from elicitation.study.study import Study

# Assumed of tasks whose tokens are not counted yet: of a word, counted in so many texts that are here; else of a text.
TOKENS_PER_WORD, COUNTED_TEXTS, TOKENS_PER_TEXT = 1.3, 500, 150.0


def assumed_tokens(task: str, study: Study, column: str = "text") -> float:
    """Mean tokens of a task's text, or of another column of its sets, by the words of those that are here; else 0."""
    source = [study.task_named[task].plain, study.sources, study.data_folder, column]
    return TOKENS_PER_WORD * mean_words(json.dumps(source))


def cue_tokens(task: str, cue: str, study: Study) -> float:
    """Tokens of the words that a cue puts beside a task's text, by their number."""
    return TOKENS_PER_WORD * len(fill(study.task_named[task].cues[cue], {"text": ""}).split())


def tokens_of(task: str, model: Model, study: Study, folder: Path, column: str = "text", cue: str = NO_CUE) -> float:
    """Mean tokens of a task's text, as the model's tokenizer counted them in the study or as is assumed.

    column: of the task's sets, if it is not that of the students' text; cue: by which students read it.
    """
    sets = f"results/tasks/{task}" if cue == NO_CUE else f"results/tasks/{task}/cues/{cue}"
    path = folder / f"{sets}/{column}s/{study.original(model).name}.json"
    if path.is_file() and (counted := read_json(path).get("mean")):
        return counted
    if cue != NO_CUE:
        return tokens_of(task, model, study, folder) + cue_tokens(task, cue, study)
    return assumed_tokens(task, study, column) or TOKENS_PER_TEXT


@cache
def mean_words(source: str) -> float:
    """Mean words of the texts that are here; 0 where none are. source: arguments of texts_here, as JSON."""
    counts = [len(text.split()) for text in texts_here(*json.loads(source), COUNTED_TEXTS)]
    return sum(counts) / len(counts) if counts else 0.0
