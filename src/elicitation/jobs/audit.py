"""Where a result comes from, and whether results still are what their records say."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elicitation.errors import InputError
from elicitation.files import hash_file, visible_files
from elicitation.jobs.damage import NOTED, damaged_file
from elicitation.jobs.records import FOLDERS, call_again, find_record, read_records, record_places
from elicitation.jobs.repair import JOURNAL

# What lies among results and is no job's: what an API was paid for, which must not be deleted, what was found damaged
# and is being repaired, and the page of the checkout that explains the figures.
UNRECORDED = ("results/api", str(NOTED), str(JOURNAL), "figures/README.md")
# More inputs of a kind than this are shown as one and a number.
SHOWN = 3


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


def few(inputs: dict[str, str]) -> Iterator[tuple[str, str] | str]:
    """The inputs (path, hash); where there are many of a kind, the first and a line that counts the others."""
    kinds = defaultdict(list)
    for path, sha256 in inputs.items():
        kinds[Path(path).parts[:2]].append((path, sha256))
    for kind, members in kinds.items():
        if len(members) <= SHOWN:
            yield from members
        else:
            yield members[0]
            yield f"and {len(members) - 1} more of {'/'.join(kind)} (--all shows them)"


def tree(path: str, sha256: str, root: Path, everything: bool, seen: set[str]) -> Iterator[str]:
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
    inputs = record["inputs"].items() if everything else few(record["inputs"])
    children = [*facts(record), *inputs]
    for child in children:
        branch, stem = ("└─ ", "   ") if child is children[-1] else ("├─ ", "│  ")
        lines = [child] if isinstance(child, str) else tree(*child, root, everything, seen)
        for number, line in enumerate(lines):
            yield (stem if number else branch) + line


def trace(name: str, everything: bool = False) -> Iterator[str]:
    """How a result came to be, down to the revision of the data, and the command that makes it again.

    name: as in locate. Raises InputError if there is no such result.
    """
    root, path = locate(name)
    record = find_record(Path(path), root)
    device = record["device"]
    lock = record["lock"]
    made_by = f"{lock['file']} {short(lock['sha256'])}" if lock else "no lock file"
    yield f"study {record['study']}, code {record['code']}, {made_by}, Python {record['python']}"
    yield ", ".join(f"{package} {version}" for package, version in record["packages"].items())
    yield f"{device.get('gpu', device['processor'])}, {record['seconds']:g} s, {record['peak_memory_mb']:g} MB"
    yield ""
    # A record does not hold its own hash.
    sha256 = record["outputs"][path]["sha256"] if path in record["outputs"] else hash_file(root / path)
    yield from tree(path, sha256, root, everything, set())
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
