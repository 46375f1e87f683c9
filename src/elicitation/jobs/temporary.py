"""A run's folder for temporary files, which is gone with the run or, if that was killed, with the next one."""

import atexit
import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TextIO

# How the names of such folders begin, and the file in each that its run holds a lock on.
PREFIX, HELD = "elicitation-run-", "running"
# A link in each to the folder that Snakemake had made before, which a killed run leaves empty.
ALSO = "snakemake"
# What this process holds to its end.
held: list[TextIO] = []


def remove_dead(place: Path) -> None:
    """Remove the folders in `place` that killed runs of this user left; those of runs that live stay."""
    for folder in place.glob(f"{PREFIX}*"):
        # A folder may be another user's, may be held, and may be removed by another run meanwhile.
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / HELD).open("r+") as running:
                fcntl.flock(running, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with suppress(OSError):
                    (folder / ALSO).readlink().rmdir()
                shutil.rmtree(folder)


def hold_temporary(also: Path) -> Path:
    """Make the folder that this process and its children use for temporary files, and remove those of dead runs.

    also: an empty folder that belongs to this run too. Raises OSError where nothing can be written.
    """
    place = Path(tempfile.gettempdir())
    remove_dead(place)
    # Under another name until it is held, so that no other run takes it for dead.
    unheld = Path(tempfile.mkdtemp(prefix="elicitation-", dir=place))
    running = (unheld / HELD).open("w")
    fcntl.flock(running, fcntl.LOCK_EX)
    held.append(running)
    (unheld / ALSO).symlink_to(also)
    folder = unheld.rename(unheld.with_name(unheld.name.replace("elicitation-", PREFIX, 1)))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # PuLP, by which Snakemake's scheduler plans, looks for TMP first.
    os.environ |= {"TMPDIR": str(folder), "TMP": str(folder)}
    # Python keeps the folder that it has found once.
    tempfile.tempdir = None
    return folder
