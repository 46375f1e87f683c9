"""What a question about purchases asks, and what a study found, as the answer needs it. Imports nothing heavy."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from elicitation.analysis.evidence import Evidence, read_evidence
from elicitation.analysis.production import Fit, read_production
from elicitation.buying.prices import exact
from elicitation.errors import InputError
from elicitation.files import hash_file, read_json

# The files in a study's folder `results` that hold its findings.
FINDING_FILES = ("resamples.parquet", "production.json", "recommendation.json")
FINISH = "run the study to its end first: snakemake --cores all."


@dataclass(frozen=True)
class Question:
    """What is asked; None leaves it open. Prices and budget are in one currency."""

    budget: float
    weak_price: float | None = None
    """None: that of the supervisor, where it has one only."""
    gold_price: float = 1.0
    task: str | None = None
    """None: the average over tasks, or the only one."""
    supervisor: str | None = None
    student: str | None = None
    method: str | None = None

    @property
    def budget_in_gold(self) -> Fraction:
        """The budget in gold labels."""
        return exact(self.budget) / exact(self.gold_price)


@dataclass(frozen=True, eq=False)
class Findings:
    """What a study found, as the recommendation needs it."""

    evidence: Evidence
    fits: list[Fit]
    prices: dict[str, list[float]]
    """Of the weak labels of each supervisor, gold = 1."""
    titles: dict[str, str]
    """What methods are called."""
    verdict: float
    """Probability from which on something is decided."""
    pool_sizes: dict[str, int] = field(default_factory=dict)
    """Examples that can be labelled, by task; of a task without an entry, however many."""


def read_findings(folder: Path) -> Findings:
    """The findings in a study's folder; InputError if the study is not finished, or not since it was extended."""
    resamples, production, recommendation = (folder / "results" / name for name in FINDING_FILES)
    for path in (resamples, production, recommendation):
        if not path.is_file():
            raise InputError(f"{path} is not there; {FINISH}")
    runs, records = hash_file(resamples), {}
    for path in (production, recommendation):
        try:
            records[path] = read_json(path)
        except ValueError as error:
            raise InputError(f"{path} cannot be read ({error}); delete it. Then {FINISH}") from error
        if records[path].get("inputs", {}).get(f"results/{resamples.name}") != runs:
            raise InputError(f"{path} comes from other runs than {resamples}; {FINISH}")
    findings = make_findings(resamples, production, records[recommendation]["settings"])
    if not {"seed_share", "commoner_accuracy"} <= {*findings.evidence.points}:
        raise InputError(f"{resamples} comes from an earlier version; {FINISH}")
    return findings


def make_findings(resamples: str | Path, production: str | Path, settings: dict) -> Findings:
    """The findings from result files; settings: prices, titles, verdict, pool_sizes as in Findings."""
    chosen = {name: settings[name] for name in ("prices", "titles", "verdict", "pool_sizes")}
    return Findings(read_evidence(resamples), read_production(production), **chosen)
