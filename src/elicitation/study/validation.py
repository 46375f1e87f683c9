"""From a file, or the values in it, to a study in which all is in order."""

from pathlib import Path

from pydantic import ValidationError

from elicitation.errors import InputError
from elicitation.study.checks import check
from elicitation.study.prices import in_gold_labels
from elicitation.study.reading import read_yaml
from elicitation.study.sentences import sentence
from elicitation.study.study import Study


def validate(config: dict) -> Study:
    """The study that a config is.

    Raises InputError, with one sentence, on the first thing that is wrong: unknown, missing or malformed keys; names
    that refer to nothing; sources that are not there; an engine that is not installed.
    """
    try:
        study = in_gold_labels(Study.model_validate(config))
    except ValidationError as error:
        raise InputError(sentence(error, config)) from None
    check(study)
    return study


def read_study(path: Path) -> Study:
    """A study from its file; InputError if it is none."""
    return validate(read_yaml(path))
