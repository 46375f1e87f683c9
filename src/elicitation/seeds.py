"""One seed, split into named streams, so that no two uses of randomness share a state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# The seeds that this process has drawn from, for its record.
used: set[int] = set()


def derive_seed(seed: int, *names: str | int) -> int:
    """A 63-bit seed for the stream called `names`; independent of every other stream of `seed`."""
    used.add(int(seed))
    path = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:8], "big") >> 1


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """NumPy generator of the stream called `names`."""
    # Where it is first needed, since planning a study needs none of it.
    import numpy as np

    return np.random.default_rng(derive_seed(seed, *names))


@contextmanager
def torch_stream(seed: int, *names: str | int) -> Iterator[None]:
    """Within the block, torch's own draws (initial weights, dropout) come from the stream called `names`."""
    import torch

    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed is slow where there is no GPU to seed: it notes its caller for the day there is one.
        set_seed = torch.manual_seed if torch.cuda.is_available() else torch.default_generator.manual_seed
        set_seed(derive_seed(seed, *names))
        yield
