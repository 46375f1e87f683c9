"""Lines on the terminal, and under them a bar that is drawn again and again where the terminal can do that."""

import os
import shutil
from contextlib import suppress
from typing import TextIO

# Moves to the start of the line and empties it.
ERASE = "\r\x1b[K"
# Characters of the bar itself.
WIDTH = 24


def bar_of(done: int, total: int) -> str:
    """`[######..................]`."""
    filled = WIDTH * done // max(total, 1)
    return f"[{'#' * filled}{'.' * (WIDTH - filled)}]"


class Terminal:
    """Writes lines to a stream. What is gone or full is no reason to fail."""

    def __init__(self, stream: TextIO | None) -> None:
        """stream: None where the process was given none."""
        self.stream = stream
        self.has_bar = stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
        """Whether a line can be drawn again."""
        self.bar = ""

    def write(self, text: str) -> None:
        if self.stream is not None:
            with suppress(OSError, ValueError):
                self.stream.write(text)
                self.stream.flush()

    def say(self, text: str) -> None:
        """Print lines, above the bar if there is one."""
        self.write(f"{ERASE * bool(self.bar)}{text}\n{self.bar}")

    def draw(self, text: str) -> None:
        """Make this the bar; an empty text removes it."""
        width = shutil.get_terminal_size().columns - 1
        erase = ERASE * bool(self.bar or text)
        # The cursor waits at the start of the line, for those who write without knowing of the bar.
        self.bar = f"{text[:width]}\r" if text else ""
        self.write(erase + self.bar)
