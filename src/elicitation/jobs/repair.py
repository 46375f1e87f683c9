"""Making damaged files again, and nothing that came from them: `elicitation repair`.

What was made from a file while it was whole must not be made again. Snakemake compares times, so a repaired file gets
the time that it had, and a record that describes the same content stays as it was. All that this takes stands in a
journal before anything changes, so that a repair can be killed at any moment and repeated.
"""

import json
import os
import shlex
from collections.abc import Iterable, Sequence
from contextlib import chdir
from dataclasses import asdict, dataclass
from pathlib import Path

from elicitation.errors import InputError
from elicitation.files import read_json, replacing, visible_files, write_json
from elicitation.jobs.damage import NOTED, damaged_file, noted_damage, repair_command
from elicitation.jobs.records import FOLDERS, ROOT, find_record, locate_record, read_record, read_records, words_again
from elicitation.jobs.snakemake_internals import run_snakemake
from elicitation.jobs.study_folder import hold_alone, share_folder, writing

JOURNAL = Path("results/repair.json")
# Snakemake must not plan by anything but times: what else has changed in the study is for the next run, which would
# refuse the journal, so that its hooks are left out.
OPTIONS = ("--rerun-triggers", "mtime", "--rerun-incomplete", "--no-hooks")


@dataclass
class Journal:
    """What a repair must know again after it was killed. All paths are from the study's folder."""

    targets: list[str]
    """Files and folders that were found damaged and are not repaired yet."""
    times: dict[str, int]
    """The modification time (ns) of every result before the repair; of damaged ones, before they were damaged."""
    records: dict[str, str]
    """The records, as text, of the jobs that run again."""
    command: str
    """The call of Snakemake that runs the study, as its records tell."""

    def save(self) -> None:
        """Write the journal, or delete it once nothing is left to repair."""
        if self.targets:
            write_json(JOURNAL, asdict(self))
        else:
            JOURNAL.unlink()


def explain_unfinished() -> str | None:
    """The sentence on a repair in this folder that has begun and not ended, which a run must not meet; or None."""
    if not JOURNAL.exists():
        return None
    return (
        f"A repair of {Path.cwd()} has not ended; wait for it or, if it was killed or could not make all files again, "
        f"repeat it: {repair_command()} (or delete {JOURNAL} to go on without it; what came from the damaged files is "
        "then made again too)"
    )


# Before


def times_before(target: Path) -> dict[str, int]:
    """The modification times (ns) that the files of a damaged target had, as far as records tell.

    Of a record that is damaged itself no record tells; it was written before whatever was made from it.
    """
    located = locate_record(target)
    if located is None:
        later = [record for record in read_records(Path()).values() if str(target) in record["inputs"]]
        latest = [made["changed_ns"] for record in later for made in record["outputs"].values()]
    elif target.is_dir():
        latest = [located[1]["outputs"][str(target)]["changed_ns"]]
    else:
        latest = [located[0].stat().st_mtime_ns]
    files = visible_files(target) if target.is_dir() else [target]
    return {str(file): min([file.stat().st_mtime_ns, *latest]) for file in files}


def jobs_again(targets: Iterable[str]) -> dict[str, str]:
    """The records by path, as text, of the jobs that make the targets and, where these miss inputs, of those before."""
    found, waiting = {}, list(targets)
    while waiting:
        located = locate_record(Path(waiting.pop()))
        if located and str(located[0]) not in found:
            found[str(located[0])] = located[0].read_text()
            waiting += [path for path in located[1]["inputs"] if not Path(path).exists()]
    return found


def recorded_command() -> str:
    """The call of Snakemake that runs this folder's study; InputError if no record can be read."""
    for record in read_records(Path()).values():
        return record["command"]
    raise InputError(f"{Path.cwd()} holds no record that can be read; delete what is damaged and run the study again.")


def begin_journal() -> Journal:
    """The journal of a repair of all that is noted as damaged, or of one that has not ended and what was noted since.

    It is written unless it is empty, and from then on no other run works in this folder.
    """
    found = [path for path in noted_damage() if damaged_file(Path(path))]
    if JOURNAL.exists():
        journal = Journal(**read_json(JOURNAL))
    else:
        results = [file for folder in FOLDERS for file in Path(folder).rglob("*") if file.exists()]
        times = {str(file): file.stat().st_mtime_ns for file in results}
        journal = Journal([], times, {}, recorded_command() if found else "")
    more = [path for path in found if path not in journal.targets]
    for target in more:
        journal.times |= times_before(Path(target))
    journal.records = jobs_again(more) | journal.records
    journal.targets += more
    if journal.targets:
        journal.save()
    return journal


def restore_times(times: dict[str, int]) -> None:
    """Give the files that are there these modification times (ns)."""
    for path, time in times.items():
        if Path(path).exists() and Path(path).stat().st_mtime_ns != time:
            os.utime(path, ns=(time, time))


def lies_in(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is one of these files or folders, or lies in one."""
    return not {str(place) for place in (Path(path), *Path(path).parents)}.isdisjoint(folders)


# The jobs


def must_be_forced(target: str) -> bool:
    """Whether Snakemake may hold a target for finished that is not; a repair that was killed has finished others."""
    return not Path(target).exists() or damaged_file(Path(target)) is not None


def came_from(path: str, targets: set[str], records: dict[str, dict]) -> bool:
    """Whether a file was made from one of the targets, at any remove. records: by output, of jobs that run again."""
    seen, waiting = set(), [path]
    while waiting:
        path = waiting.pop()
        record = records.get(path) or find_record(Path(path)) or {"inputs": {}}
        inputs = record["inputs"].keys() - seen
        if inputs & targets:
            return True
        seen |= inputs
        waiting += inputs
    return False


def first_of(journal: Journal) -> list[str]:
    """The targets that came from no other one.

    Only these are made again together: Snakemake would also make again what lies between two targets of one call.
    """
    jobs = map(json.loads, journal.records.values())
    records = {path: record for record in jobs for path in record["outputs"]}
    targets = set(journal.targets)
    return [target for target in journal.targets if not came_from(target, targets - {target}, records)]


def repairing(command: str, targets: list[str], options: Sequence[str]) -> list[str]:
    """The call of Snakemake, in the checkout, that makes the targets again.

    command: that runs the study; options: further ones of Snakemake.
    """
    forced = [target for target in targets if must_be_forced(target)]
    force = ["--forcerun", *forced] if forced else []
    return words_again(command, Path(), *OPTIONS, *options, *force, "--", *targets)


# After


def same_outputs(record: dict, other: dict) -> bool:
    """Whether two records describe the same content."""
    hashes = [{path: made["sha256"] for path, made in r["outputs"].items()} for r in (record, other)]
    return hashes[0] == hashes[1]


def same_settings(record: dict, other: dict) -> bool:
    """Whether two records tell of the same job; if not, the study was changed since the damaged file was made."""
    return all(record.get(key) == other.get(key) for key in ("rule", "settings"))


def settle(journal: Journal, targets: list[str]) -> None:
    """Make those of the targets that are whole now look as if they had never been damaged, and strike them off.

    A file that was made with other settings than before keeps its new time, so that the next run makes again what came
    from the old one. What is settled twice, because this was killed, comes out the same.
    """
    times = journal.times
    for place, text in journal.records.items():
        old, new = json.loads(text), read_record(Path(place))
        if new is None:
            continue
        if not same_settings(old, new):
            times = {path: time for path, time in times.items() if not lies_in(path, [place, *new["outputs"]])}
        elif same_outputs(old, new):
            with replacing(place) as temporary:
                temporary.write_text(text)
    restore_times(times)
    journal.targets = [path for path in journal.targets if path not in targets or must_be_forced(path)]
    note([path for path in noted_damage() if path in journal.targets or damaged_file(Path(path))])
    journal.save()


def note(targets: list[str]) -> None:
    """Leave these, and nothing else, noted as damaged."""
    NOTED.write_text("".join(f"{target}\n" for target in targets))
    if not targets:
        NOTED.unlink()


# All of it


def repair(options: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Make again what is noted as damaged in this folder; what was to be made again, and what of it was not.

    options: further ones of Snakemake. Prints each call of Snakemake. Raises InputError if a study runs here or
    nothing can be written.
    """
    running = hold_alone()
    with writing(str(JOURNAL)):
        journal = begin_journal()
        asked = list(journal.targets)
        # As Snakemake plans it, what came from a damaged file must not look older than that.
        damaged = list(filter(must_be_forced, asked))
        restore_times({path: time for path, time in journal.times.items() if lies_in(path, damaged)})
    # Snakemake's own hold of the folder would wait for this one to end. Others meet the journal.
    share_folder(running)
    while targets := first_of(journal):
        words = repairing(journal.command, targets, options)
        print(f"cd {shlex.quote(str(ROOT))} && {shlex.join(words)}", flush=True)
        with chdir(ROOT):
            made = run_snakemake(words[1:])
        with writing(str(JOURNAL)):
            settle(journal, targets)
        # Snakemake may also say that there was nothing to do.
        if not made or set(targets) & set(journal.targets):
            break
    running.close()
    return asked, journal.targets
