"""Disturbs a small study at random, round after round: kills, closed descriptors, full disks, flipped bits, copies.

Each round takes away some results, disturbs the run that makes them again, and then lets the same command go on. What
counts: files that differ from those of an undisturbed study, calls that hang, and tracebacks. Ends with an error if
there is any. A full disk takes root, which may mount one; without it those rounds are left out.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from elicitation.files import hash_file  # noqa: E402
from elicitation.jobs.records import read_records  # noqa: E402

# Seconds after which a call counts as hanging.
PATIENCE = 900
# Seconds of a run within which it is disturbed.
SPAN = 25
# Seconds in which what a killed run started must have ended.
GRACE = 20
# A disk that does not fill.
LARGE_DISK = "size=200m"
CLOSED = ("<&-", ">&-", "2>&-", "<&- >&- 2>&-")
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
ELICITATION = [sys.executable, "-m", "elicitation.cli"]


class Soak:
    """A study, and what has gone wrong with it."""

    def __init__(self, folder: Path, seed: int, engine: str) -> None:
        self.rng, self.folder, self.places = random.Random(seed), folder / "study", folder
        self.config = folder / "study.yaml"
        study = yaml.safe_load((ROOT / "tests/workflow/mini.yaml").read_text())
        study |= {"tasks": study["tasks"][:1], "labelling": {"engine": engine}}
        study["grid"] |= {"budgets": [4]}
        self.config.write_text(yaml.safe_dump(study))
        self.wrong: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.mounted: list[Path] = []
        self.taken: list[str] = []
        self.expected: dict[str, str] = {}

    # Calls

    def command(self, *targets: str) -> list[str]:
        profile = ["--workflow-profile", str(ROOT / "profiles/default"), "--configfile", str(self.config)]
        # Named, since Snakemake does not miss what nothing is to be made from.
        targets = targets or ("all", *self.taken)
        return [*SNAKEMAKE, "--directory", str(self.folder), *profile, "--", *targets]

    def start(self, command: list[str], closing: str = "") -> subprocess.Popen:
        """Start a call in a session of its own; its output is kept, as far as it has any."""
        words = ["sh", "-c", f'exec "$@" {closing}', "sh", *command]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
        with (self.places / "output.txt").open("w") as output:
            return subprocess.Popen(
                words, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
            )

    def finish(self, call: subprocess.Popen, what: str) -> tuple[int, str]:
        """Wait for the end of a call; its status and what it said. Hangs and tracebacks are counted."""
        try:
            status = call.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.count(f"{what}: hangs")
            os.killpg(call.pid, signal.SIGKILL)
            status = call.wait()
        said = (self.places / "output.txt").read_text(errors="replace")
        if "Traceback" in said:
            self.count(f"{what}: traceback", said)
        return status, said

    def run(self, what: str, *targets: str) -> tuple[int, str]:
        return self.finish(self.start(self.command(*targets)), what)

    def elicitation(self, *words: str) -> tuple[int, str]:
        return self.finish(self.start([*ELICITATION, *words]), f"elicitation {words[0]}")

    def count(self, what: str, said: str = "") -> None:
        self.wrong[what] += 1
        print(f"WRONG: {what}\n{said[-3000:]}", flush=True)

    def processes(self) -> list[str]:
        """The processes that work in the study's folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (process / "cwd").readlink() == self.folder:
                    found.append((process / "cmdline").read_text().replace("\0", " "))
        return found

    def expect_no_process(self) -> None:
        """Count what goes on for longer than GRACE after its run was killed."""
        ends = time.monotonic() + GRACE
        while (left := self.processes()) and time.monotonic() < ends:
            time.sleep(0.2)
        if left:
            self.count("a killed run leaves processes", "\n".join(left))

    # What is there

    def outputs(self) -> list[str]:
        """The outputs that are there, by their records."""
        made = {path for record in read_records(self.folder).values() for path in record["outputs"]}
        return sorted(path for path in made if (self.folder / path).exists())

    def hashes(self) -> dict[str, str]:
        return {path: hash_file(self.folder / path) for path in self.outputs()}

    def take_away(self, rule: str = "") -> None:
        """Delete some results, or all of a rule, so that there is something to do."""
        records, self.taken = read_records(self.folder), []
        places = [place for place, record in sorted(records.items()) if record["rule"] == rule]
        for place in places or self.rng.sample(sorted(records), k=self.rng.randint(1, 6)):
            self.taken += [*records[place]["outputs"], place]
            for path in (self.folder / name for name in [*records[place]["outputs"], place]):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def flip(self, keep_time: bool) -> str:
        """Flip a bit of a file that is there, and say which."""
        paths = [self.folder / path for path in self.outputs()]
        files = [f for path in paths for f in (sorted(path.rglob("*")) if path.is_dir() else [path])]
        file = self.rng.choice([f for f in files if f.is_file() and not f.is_symlink() and f.stat().st_size])
        content, changed = bytearray(file.read_bytes()), file.stat().st_mtime_ns
        content[self.rng.randrange(len(content))] ^= 1 << self.rng.randrange(8)
        file.write_bytes(content)
        if keep_time:
            os.utime(file, ns=(changed, changed))
        return str(file.relative_to(self.folder))

    # Disturbances

    def kill(self, call: subprocess.Popen) -> str:
        """Let a call work for a while, then stop it in one of several ways."""
        with suppress(subprocess.TimeoutExpired):
            call.wait(self.rng.uniform(0, SPAN))
        number = self.rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
        alone = self.rng.random() < 0.3
        with suppress(ProcessLookupError):
            (os.kill if alone else os.killpg)(call.pid, number)
        return f"{signal.Signals(number).name}{' to the scheduler alone' * alone}"

    def killed(self) -> str:
        self.take_away()
        call = self.start(self.command())
        how = self.kill(call)
        self.finish(call, "killed run")
        self.expect_no_process()
        return how

    def killed_while_labelling(self) -> str:
        """Kill a run once it labels, for which vLLM starts processes of its own."""
        self.take_away("write_weak_labels")
        logs = self.folder / "logs/write_weak_labels"
        shutil.rmtree(logs)
        call = self.start(self.command())
        while call.poll() is None and not logs.exists():
            time.sleep(0.1)
        how = self.kill(call)
        self.finish(call, "run killed while labelling")
        self.expect_no_process()
        return how

    def closed(self) -> str:
        self.take_away()
        closing = self.rng.choice(CLOSED)
        status, said = self.finish(self.start(self.command(), closing), "run without descriptors")
        if status:
            self.count(f"a run with {closing} failed", said)
        return closing

    def full_disk(self) -> str:
        """The study goes on on a disk that is too small, which then grows."""
        self.take_away()
        place = self.places / f"disk{sum(self.done.values())}"
        place.mkdir()
        # A tmpfs counts pages.
        used = sum(-(-file.lstat().st_size // 4096) * 4 for file in self.folder.rglob("*") if file.is_file())
        size = f"size={used + self.rng.randint(20, 400)}k"
        self.mount(place, size)
        self.move_to(place / "study")
        status, said = self.run("run on a full disk")
        if status and not re.search("disk is full|No space left", said):
            self.count("a full disk is not named", said)
        self.mount(place, f"remount,{LARGE_DISK}")
        return f"{size}, {'failed' if status else 'sufficed'}"

    def flipped(self) -> str:
        """A bit flips while or before the run reads the file."""
        self.take_away()
        before = self.rng.random() < 0.5
        file = self.flip(self.rng.random() < 0.5) if before else ""
        call = self.start(self.command())
        if not before:
            with suppress(subprocess.TimeoutExpired):
                call.wait(self.rng.uniform(0, SPAN))
            file = self.flip(keep_time=True)
        status, said = self.finish(call, "run with a flipped bit")
        if status and "is damaged" not in said and "changed after" not in said and "altered" not in said:
            self.count(f"a flipped bit of {file} is not named", said)
        return f"{file}, {'before' if before else 'during'} the run, {'named' if status else 'not read'}"

    def copied(self) -> str:
        """The study goes on in a copy with the times of the copying, of which nothing may be made again."""
        self.move_to(self.places / f"copy{sum(self.done.values())}/study")
        status, said = self.run("run in a copy")
        if status or "Nothing to be done" not in said:
            self.count("a copy is made again", said)
        return "cp -r"

    def mount(self, place: Path, options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
        if place not in self.mounted:
            self.mounted.append(place)

    def move_to(self, folder: Path) -> None:
        """Go on in a copy, without times, and delete the original."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", self.folder, folder], check=True)
        shutil.rmtree(self.folder)
        self.folder = folder

    # Rounds

    def recover(self) -> None:
        """Do what a user is told to, until the study is whole again."""
        status, said = self.run("run after it")
        if status and "elicitation repair" in said:
            if self.rng.random() < 0.5:
                call = self.start([*ELICITATION, "repair", str(self.folder)])
                self.kill(call)
                self.finish(call, "killed repair")
                self.expect_no_process()
            status, said = self.elicitation("repair", str(self.folder))
            if status:
                self.count("a repair failed", said)
            status, said = self.run("run after a repair")
        if status:
            self.count("the study does not go on", said)
        status, said = self.elicitation("verify", str(self.folder))
        if status:
            # A bit in a file that no job read.
            _, said = self.elicitation("verify", "--delete", str(self.folder))
            missing = re.findall(r" -- all (.*)", said)
            self.taken += missing[-1].split() if missing else []
            status, said = self.run("run after verify")
            if status or self.elicitation("verify", str(self.folder))[0]:
                self.count("verify finds more after its advice", said)

    def compare(self) -> None:
        """Count what is lost or differs from the undisturbed study."""
        found = self.hashes()
        for path, sha256 in self.expected.items():
            if found.get(path) != sha256:
                self.count(f"{path} is {'wrong' if path in found else 'lost'}")

    def go(self, minutes: float, rounds: int, kinds: dict[str, Callable[[], str]]) -> None:
        ends = time.monotonic() + 60 * minutes
        status, said = self.run("undisturbed run")
        if status:
            raise SystemExit(said)
        self.expected = self.hashes()
        while sum(self.done.values()) < rounds and time.monotonic() < ends:
            kind = self.rng.choice(list(kinds))
            started = time.monotonic()
            how = kinds[kind]()
            self.recover()
            self.compare()
            self.done[kind] += 1
            number = sum(self.done.values())
            print(f"{number}. {kind} ({how}): {time.monotonic() - started:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="end after so many (30)")
    parser.add_argument("--rounds", type=int, default=10**6, help="end after so many (no limit)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="repeats the choices")
    engines = ("transformers", "vllm")
    parser.add_argument("--engine", choices=engines, default=engines[0], help="what writes weak labels (%(default)s)")
    parser.add_argument("--kinds", nargs="+", help="of disturbances: kill, labelling, closed, flip, copy (all)")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        soak = Soak(Path(folder).resolve(), arguments.seed, arguments.engine)
        kinds = {"kill": soak.killed, "labelling": soak.killed_while_labelling, "closed": soak.closed}
        kinds |= {"flip": soak.flipped, "copy": soak.copied}
        if os.geteuid() == 0:
            kinds["full disk"] = soak.full_disk
        kinds = {kind: kinds[kind] for kind in arguments.kinds or kinds}
        try:
            soak.go(arguments.minutes, arguments.rounds, kinds)
        finally:
            for place in soak.mounted:
                subprocess.run(["umount", "--lazy", place], check=False)
    shown = ", ".join(f"{n} {kind}" for kind, n in sorted(soak.done.items()))
    print(f"{sum(soak.done.values())} rounds ({shown}); wrong: {dict(soak.wrong) or 'nothing'}")
    sys.exit(bool(soak.wrong))


if __name__ == "__main__":
    main()
