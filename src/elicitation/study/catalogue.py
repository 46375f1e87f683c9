"""The catalogues, workflow/tasks.yaml and workflow/models.yaml, by which entries of a study may be completed."""

from functools import cache, partial
from pathlib import Path

from pydantic import BeforeValidator

from elicitation.errors import nearest
from elicitation.study.reading import read_yaml
from elicitation.study.values import refusal

CATALOGUES = {kind: Path(__file__).parents[3] / f"workflow/{kind}.yaml" for kind in ("tasks", "models")}
# What is completed key by key.
PARTS = ("hub", "splits", "prompt")


@cache
def load_catalogue(kind: str = "tasks") -> dict[str, dict]:
    """The entries of a catalogue by name; kind: `tasks` or `models`."""
    return read_yaml(CATALOGUES[kind])


def complete(given: dict, kind: str) -> dict:
    """A task or model with what it leaves open taken from the entry that it names in the catalogue of its kind.

    PARTS are completed key by key, but another `hub.id` takes nothing from the entry's. Refused if there is no such
    entry.
    """
    name = given.get("catalogue")
    if not isinstance(name, str):
        return given
    catalogue = load_catalogue(kind)
    if name not in catalogue:
        raise refusal(f"the catalogue has no {kind.rstrip('s')} {name!r}{nearest(name, list(catalogue))}")
    entry = catalogue[name]
    joined = {
        key: entry.get(key, {}) | given[key]
        for key in PARTS
        if isinstance(given.get(key), dict) and "id" not in given[key]
    }
    return entry | given | joined


def completed(kind: str) -> BeforeValidator:
    """Completes the entries of a study by the catalogue of this kind, before anything of them is checked."""
    return BeforeValidator(partial(complete, kind=kind))
