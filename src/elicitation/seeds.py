"""One seed, split into named streams, so that no two uses of randomness share a state."""

import hashlib

import numpy as np


def derive_seed(seed: int, *names: str | int) -> int:
    """A 63-bit seed for the stream called `names`; independent of every other stream of `seed`."""
    path = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:8], "big") >> 1


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """NumPy generator of the stream called `names`."""
    return np.random.default_rng(derive_seed(seed, *names))
