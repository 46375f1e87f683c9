"""Where a result comes from, and whether results still are what their records say."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from elicitation.errors import InputError
from elicitation.files import hash_file, visible_files
from elicitation.jobs.damage import NOTED, damaged_file
from elicitation.jobs.job_words import Job, count_words
from elicitation.jobs.progress import time_words
from elicitation.jobs.records import FOLDERS, call_again, find_record, read_records, record_places
from elicitation.jobs.repair import JOURNAL

# What lies among results and is no job's: what an API was paid for, which must not be deleted, what was found damaged
# and is being repaired, and the page of the checkout that explains the figures.
UNRECORDED = ("results/api", str(NOTED), str(JOURNAL), "figures/README.md")
# Up to so many of a kind are named in a summary.
SHOWN = 4


def short(value: str) -> str:
    """A hash or a code version as it is shown."""
    digits, _, dirty = value.partition("-")
    return digits[:8] + (" (dirty)" if dirty else "")


# Trace


def locate(name: str) -> tuple[Path, str]:
    """The study's folder, and the file's path from there.

    name: a file or folder of results, or a run (task/supervisor/student/method/block). Raises InputError if it is
    neither.
    """
    path = Path(name).absolute()
    for place in FOLDERS:
        if place in path.parts:
            # The last one: the study itself may lie in a folder called `results`.
            depth = len(path.parts) - 1 - path.parts[::-1].index(place)
            root, inner = Path(*path.parts[:depth]), Path(*path.parts[depth:])
            if find_record(inner, root):
                return root, str(inner)
            if broken := [damage for record in record_places(inner) if (damage := damaged_file(root / record))]:
                file, why = broken[0]
                raise InputError(f"The record {file} is damaged ({why}); delete it and run the study again.")
    run = f"results/runs/{name}.parquet"
    if find_record(Path(run)):
        return Path(), run
    raise InputError(
        f"{name} is no result with a record; name a file under results/ or figures/, or a run as "
        "task/supervisor/student/method/block, in the study's folder."
    )


def facts(record: dict) -> Iterator[str]:
    """What the tree says of a record besides its inputs: the source of data or weights, the labels bought."""
    if "source" in record:
        yield f"source: {record['source']}"
    for path, sha256 in record.get("source_files", {}).items():
        yield f"source: {path}  {short(sha256)}"
    for run in record.get("runs", []):
        bought = [f"{run[f'n_{kind}']} {kind} (ids {short(run[f'{kind}_ids'])})" for kind in ("weak", "gold")]
        yield f"bought: {', '.join(bought)}, seed {run['seed']}"


def tree(path: str, sha256: str, root: Path, seen: set[str]) -> Iterator[str]:
    """Lines: the file, and below it what it was made from. seen: paths that were drawn already."""
    record = find_record(Path(path), root)
    made = f"{record['rule']}, {record['seconds']:g} s, code {short(record['code'])}" if record else "no record"
    if path in seen:
        yield f"{path}  {short(sha256)}  (above)"
        return
    yield f"{path}  {short(sha256)}  {made}"
    seen.add(path)
    if record is None:
        return
    children = [*facts(record), *record["inputs"].items()]
    for child in children:
        branch, stem = ("└─ ", "   ") if child is children[-1] else ("├─ ", "│  ")
        lines = [child] if isinstance(child, str) else tree(*child, root, seen)
        for number, line in enumerate(lines):
            yield (stem if number else branch) + line


def records_behind(record: dict, root: Path) -> tuple[list[dict], list[str]]:
    """The records of all that a result comes from, its own first; and the files among it that have none."""
    found, without, seen = {}, set(), set()
    waiting = [record]
    while waiting:
        one = waiting.pop()
        # All that one job made has one record.
        if (job := (one["rule"], *one["wildcards"].values(), *one["outputs"])) in found:
            continue
        found[job] = one
        for path in one["inputs"].keys() - seen:
            seen.add(path)
            if (made_by := find_record(Path(path), root)) is None:
                without.add(path)
            else:
                waiting.append(made_by)
    return list(found.values()), sorted(without)


def several(names: Iterable[str]) -> str:
    """Names, each once; of many the first ones and a number."""
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN]) or 'none'}{more}"


def bought_words(runs: Sequence[dict]) -> str:
    """What the runs behind a result bought."""
    most = {kind: max((run[f"n_{kind}"] for run in runs), default=0) for kind in ("weak", "gold")}
    seeds = several(str(seed) for seed in sorted({run["seed"] for run in runs}))
    count = f"{len(runs):,} run{'s' * (len(runs) != 1)}"
    return f"{count}, on at most {most['weak']:,} weak and {most['gold']:,} gold labels; seeds: {seeds}"


def summary(name: str, path: str, record: dict, root: Path) -> Iterator[str]:
    """Ten lines on how a result came to be. name: as the user gave it; path: from the study's folder `root`."""
    device, lock = record["device"], record["lock"]
    behind, without = records_behind(record, root)
    runs = [run for one in behind for run in one.get("runs", [])]
    codes = {short(one["code"]) for one in behind}
    jobs = ((Job(one["rule"], one["wildcards"], list(one["outputs"])), len(one.get("runs", [0]))) for one in behind)
    packages = f"packages of {lock['file']} {short(lock['sha256'])}" if lock else "no lock file"
    yield f"{path}, of the study {record['study']} in {root.resolve()}"
    yield f"Made by: {record['rule']}, in {record['seconds']:g} s and {record['peak_memory_mb']:g} MB"
    yield f"On: {device.get('gpu', device['processor'])}, Python {record['python']}, {packages}"
    yield f"Behind it: {len(behind):,} jobs, {time_words(sum(one['seconds'] for one in behind))} of computing"
    yield f"What they did: {count_words(jobs)}"
    yield f"Labels: {bought_words(runs)}"
    yield f"Data and models: {several(sorted(one['source'] for one in behind if one.get('source')))}"
    yield f"Code: {several(sorted(codes))}; files without a record: {several(without)}"
    yield f"To make it again: {call_again(record['command'], root, '--force', '--', path)}"
    yield f"File by file: elicitation trace {name} --all"


def trace(name: str, everything: bool = False) -> Iterator[str]:
    """How a result came to be: a summary, or everything, down to the revision of the data.

    name: as in locate. Raises InputError if there is no such result.
    """
    root, path = locate(name)
    record = find_record(Path(path), root)
    yield from (trace_all if everything else partial(summary, name))(path, record, root)


def trace_all(path: str, record: dict, root: Path) -> Iterator[str]:
    """The tree of all files that a result comes from. path: from the study's folder `root`."""
    device, lock = record["device"], record["lock"]
    made_by = f"{lock['file']} {short(lock['sha256'])}" if lock else "no lock file"
    yield f"study {record['study']}, code {record['code']}, {made_by}, Python {record['python']}"
    yield ", ".join(f"{package} {version}" for package, version in record["packages"].items())
    yield f"{device.get('gpu', device['processor'])}, {record['seconds']:g} s, {record['peak_memory_mb']:g} MB"
    yield ""
    # A record does not hold its own hash.
    sha256 = record["outputs"][path]["sha256"] if path in record["outputs"] else hash_file(root / path)
    yield from tree(path, sha256, root, set())
    yield ""
    yield f"To make it again: {call_again(record['command'], root, '--force', '--', path)}"


# Verify


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with a study's results."""

    sentence: str
    delete: tuple[str, ...] = ()
    """What must go, and be made again."""
    missing: tuple[str, ...] = ()
    """What must be made again."""


def check_outputs(records: dict[str, dict], root: Path) -> Iterator[Problem]:
    """Results that are missing, or are no longer what was made."""
    for record in records.values():
        for path, made in record["outputs"].items():
            if not (root / path).exists():
                if not record.get("temporary"):
                    yield Problem(f"{path} is missing; make it again.", missing=(path,))
            elif hash_file(root / path) != made["sha256"]:
                yield Problem(f"{path} was altered after it was made; delete it and run the study again.", (path,))


def check_inputs(records: dict[str, dict], root: Path) -> Iterator[Problem]:
    """Results that were made from an earlier file of the same name: labels, models, purchases, records."""
    made = {path: output["sha256"] for record in records.values() for path, output in record["outputs"].items()}
    # A record that is read as a result itself is described by none.
    read = {path for record in records.values() for path in record["inputs"]}
    made |= {path: hash_file(root / path) for path in read & records.keys()}
    outdated = defaultdict(list)
    for record in records.values():
        for path, sha256 in record["inputs"].items():
            if made.get(path, sha256) != sha256:
                outdated[path, sha256] += record["outputs"]
    for (path, sha256), results in outdated.items():
        more = f" and {len(results) - 1} more were" if len(results) > 1 else " was"
        yield Problem(
            f"{results[0]}{more} made from another {path} ({short(sha256)}) than the one that its record describes "
            f"({short(made[path])}); delete what was made from it and run the study again.",
            tuple(results),
        )


def check_sources(records: dict[str, dict], root: Path) -> Iterator[Problem]:
    """Tasks whose data files are no longer what they were; they may be gone."""
    for record in records.values():
        for path, sha256 in record.get("source_files", {}).items():
            if (root / path).is_file() and hash_file(root / path) != sha256:
                made = tuple(record["outputs"])
                yield Problem(
                    f"{path} has changed since {made[0]} was made from it; delete that and run the study again, or "
                    "bring the file back.",
                    made,
                )


def check_strays(records: dict[str, dict], root: Path) -> Iterator[Problem]:
    """Files that no record tells of. Empty ones are marks of Snakemake's."""
    made = {root / path for record in records.values() for path in record["outputs"]} | {root / p for p in UNRECORDED}
    for path in (path for folder in FOLDERS for path in visible_files(root / folder)):
        name = str(path.relative_to(root))
        if name in records or made & {path, *path.parents} or not path.stat().st_size:
            continue
        if path.suffix == ".json" and (damage := damaged_file(path)):
            yield Problem(f"{name} is damaged ({damage[1]}); delete it and run the study again.", (name,))
        else:
            yield Problem(f"{name} has no record; delete it, or move it to another folder if it is yours.")


def check_code(records: dict[str, dict]) -> Iterator[Problem]:
    """Results of different versions of the code side by side."""
    # The same code may have several commits, and a dirty tree many codes.
    commits = {record.get("code_sha256", record["code"]): short(record["code"]) for record in records.values()}
    versions = Counter(record.get("code_sha256", record["code"]) for record in records.values())
    if len(versions) > 1:
        counts = ", ".join(f"{short(code)} of {commits[code]} ({n} jobs)" for code, n in versions.most_common())
        yield Problem(
            f"The results were made by {len(versions)} versions of the code: {counts}; accept that with --mixed-code "
            "if the changes between them do not matter, else run the study again with --forceall."
        )


def verify(root: Path, mixed_code: bool = False) -> tuple[dict[str, dict], list[Problem]]:
    """All records of the study in `root`, and all that is wrong with its results.

    mixed_code: whether results of several versions of the code may stand side by side. Raises InputError if there
    are no results.
    """
    records = read_records(root)
    if not records:
        raise InputError(f"{root.resolve()} holds no results with records; name the folder of a study that has run.")
    problems = [*check_outputs(records, root), *check_inputs(records, root)]
    problems += [*check_sources(records, root), *check_strays(records, root)]
    return records, problems if mixed_code else [*problems, *check_code(records)]
