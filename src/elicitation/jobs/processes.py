"""Processes that must not outlive others."""

import os
import select
import threading


def end_with(process: int) -> None:
    """End this process as soon as another one has ended, which cannot say so if it is killed.

    An orphaned job would write the files of the job that the next run starts in its place.
    """
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        os._exit(1)
    except OSError:
        return  # Linux before 5.3 cannot do it.

    def watch() -> None:
        select.select([descriptor], [], [])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
