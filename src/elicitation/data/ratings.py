"""Sentences that people rated: fetching the archive, reading it, and drawing single ratings as weak labels.

Imports nothing heavy, since the Snakefile asks for the tables' names. Source: Hutto & Gilbert (2014), VADER: A
Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text, ICWSM.
"""

import ast
import io
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from elicitation.errors import InputError, one_line, shown
from elicitation.files import hash_file, is_file
from elicitation.seeds import stream

# The release whose source archive holds the ratings.
PACKAGE = "vaderSentiment==3.3.2"
# The file name of that archive.
ARCHIVE = "vaderSentiment-3.3.2.tar.gz"
# The hash of that archive, as the package index states it.
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
# The archive within it that holds the ratings.
INNER_ARCHIVE = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
# The mean words of a sentence of each set, as the files of the archive call them.
MEAN_WORDS = {"movieReviewSnippets": 19, "amazonReviewSnippets": 17, "tweets": 14, "nytEditorialSnippets": 18}
SETS = tuple(MEAN_WORDS)
# The folder of the sets' tables, from the study's folder.
RATINGS_FOLDER = "results/data/ratings"
# What the card of a task says of where its sentences come from.
ORIGIN = {
    "archive": ARCHIVE,
    "archive_sha256": SHA256,
    "licence": "MIT",
    "citation": "Hutto & Gilbert (2014), VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media "
    "Text, ICWSM",
}


class Rated(NamedTuple):
    """A sentence with its panel's ratings."""

    source_id: str
    """What the set calls it."""
    text: str
    ratings: list[int]
    """One a person, from -4 (very negative) to 4; 0 is neutral."""


def ratings_file(name: str) -> str:
    """Where the table of a set is, from the study's folder."""
    return f"{RATINGS_FOLDER}/{name}.parquet"


# Fetching


def local_archive(given: str) -> Path:
    """The copy of the archive that `ratings_archive` names; InputError if there is no such file."""
    if set("{}") & set(given):
        raise InputError(
            f"Config, ratings_archive: the path {given} holds braces, Snakemake's wildcards; rename the file."
        )
    if not is_file(given):
        raise InputError(
            f"Config, ratings_archive: {shown(given)} is no file; name a copy of {ARCHIVE}, or set it to null to "
            "download the archive."
        )
    return Path(given)


def check_archive(path: Path) -> Path:
    """The path; InputError unless the file there is the archive that this project knows."""
    try:
        found = hash_file(path)
    except OSError as error:
        raise InputError(f"The archive {path} cannot be read ({error.strerror}); make it readable.") from error
    if found != SHA256:
        raise InputError(
            f"The archive {path} has the hash {found}, but {ARCHIVE} has {SHA256}; replace it by the source archive of "
            f"{PACKAGE} from the package index."
        )
    return path


def download_archive(folder: Path) -> Path:
    """The archive, downloaded into the folder by pip with the indexes that it is configured for.

    pip compares the hash before it runs anything of the archive (it runs its setup.py to learn its name). InputError
    if the archive cannot be had.
    """
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n")
    # Without build isolation, since pip would download setuptools too, which is part of the environment.
    options = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes", "--retries", "2"]
    options += ["--no-input", "--disable-pip-version-check", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, "--requirement", str(requirements)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    print(result.stdout, result.stderr)
    if result.returncode:
        raise InputError(
            f"The archive with the rated sentences cannot be downloaded ({reason_of(result.stderr)}); give pip an "
            f"index that has the source archive of {PACKAGE}, or name a copy of {ARCHIVE} by `ratings_archive`."
        )
    return check_archive(folder / ARCHIVE)


def reason_of(said: str) -> str:
    """What pip says was wrong: its first error, or else its last line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["pip says nothing"]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return one_line((errors or lines[-1:])[0]).rstrip(".").partition(". ")[0]


# Reading


def read_lines(archive: tarfile.TarFile, name: str) -> list[list[str]]:
    """The cells of a tab-separated file of the archive, which may begin with a byte order mark."""
    lines = io.TextIOWrapper(archive.extractfile(name), "utf-8-sig")
    return [line.rstrip("\n").split("\t") for line in lines if line.strip()]


def read_archive(path: Path) -> dict[str, list[Rated]]:
    """All sentences of each set, in the set's order."""
    with tarfile.open(path) as outer, tarfile.open(fileobj=outer.extractfile(INNER_ARCHIVE)) as archive:
        sets = {}
        for name in SETS:
            truth, single = (
                read_lines(archive, f"hutto_ICWSM_2014/{name}_{kind}.txt")
                for kind in ("GroundTruth", "anonDataRatings")
            )
            ratings = {source_id: ast.literal_eval(given) for source_id, _, _, given in single}
            sets[name] = [Rated(source_id, text.strip(), ratings[source_id]) for source_id, _, text in truth]
    return sets


def read_sets(archive: str | None) -> dict[str, list[Rated]]:
    """As read_archive, of the user's copy of the archive or, without one, of the archive that is downloaded."""
    if archive:
        return read_archive(check_archive(Path(archive)))
    with tempfile.TemporaryDirectory() as folder:
        return read_archive(download_archive(Path(folder)))


def sign(number: int) -> int:
    """-1, 0 or 1."""
    return (number > 0) - (number < 0)


def labelled(sentences: Iterable[Rated]) -> list[dict]:
    """One row a sentence whose mean rating is not 0.

    `gold` is 1 where the mean is positive; `votes` are the signs of the single ratings, of which 0 abstains.
    """
    return [
        {
            "source_id": sentence.source_id,
            "text": sentence.text,
            "gold": int(sum(sentence.ratings) > 0),
            "ratings": len(sentence.ratings),
            "votes": [sign(rating) for rating in sentence.ratings],
        }
        for sentence in sentences
        if sum(sentence.ratings)
    ]


def describe_set(sentences: Sequence[Rated]) -> dict:
    """What the card says of a set."""
    rows = labelled(sentences)
    return {
        "rows": len(rows),
        "dropped for a mean of 0": len(sentences) - len(rows),
        "label 1": sum(row["gold"] for row in rows),
        "ratings, median": panel_size([row["ratings"] for row in rows]),
    }


def panel_size(numbers: Iterable[int]) -> float:
    """The median of the numbers of ratings."""
    return float(statistics.median(numbers))


# Drawing


def draw_votes(votes: Sequence[int], example: str, n: int) -> list[float]:
    """n distinct ratings of a text as votes for label 1: 0, 0.5 (it abstains) or 1.

    votes: the signs of all of its ratings. The draw depends on the text's id, `example`, alone, and a smaller one is
    the beginning of a larger one. InputError if there are fewer ratings.
    """
    if n > len(votes):
        raise InputError(f"the text {example} has {len(votes)} ratings, of which {n} cannot be drawn; lower `raters`.")
    order = stream(0, "ratings", example).permutation(len(votes))
    # Sorted, so that it does not matter in which order the people came.
    ordered = sorted(votes)
    return [(ordered[place] + 1) / 2 for place in order[:n]]
