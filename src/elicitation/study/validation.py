"""From a file, or the values in it, to a study in which all is in order."""

from pathlib import Path

from pydantic import ValidationError

from elicitation.errors import InputError
from elicitation.study.checks import check
from elicitation.study.prices import check_parts, in_gold_labels
from elicitation.study.reading import read_yaml
from elicitation.study.searches import check_searches
from elicitation.study.sentences import sentence
from elicitation.study.study import Study
from elicitation.study.tuning import check_tuning


def well_formed(config: dict) -> Study:
    """The study that a config is; its entries may not fit each other, or this machine.

    Raises InputError, with one sentence, on the first key that is unknown, missing or malformed.
    """
    try:
        return in_gold_labels(Study.model_validate(config))
    except ValidationError as error:
        raise InputError(sentence(error, config)) from None


def validate(config: dict) -> Study:
    """The study that a config is.

    Raises InputError, with one sentence, on the first thing that is wrong: what well_formed refuses; names that refer
    to nothing; sources that are not there; an engine that is not installed.
    """
    study = well_formed(config)
    check_parts(study)
    check(study)
    check_tuning(study)
    check_searches(study)
    return study


def read_study(path: Path) -> Study:
    """A study from its file; InputError if it is none."""
    return validate(read_yaml(path))
