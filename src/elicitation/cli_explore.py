"""The command `elicitation explore`: the explorer's page, made from the results of a finished study."""

from __future__ import annotations

import argparse
import webbrowser
from pathlib import Path

from elicitation.errors import InputError


def add_explore(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "explore",
        help="make the page on which you set prices and budget, from the results of a study",
        description="Make explorer.html in a study's folder from its results, wherever they were computed. The page "
        "needs no network (docs/how-to/explorer.md).",
    )
    command.add_argument("folder", nargs="?", type=Path, default=Path(), help="the study's folder; default: this one")
    command.add_argument("--open", action="store_true", help="open the page in the browser")
    command.set_defaults(function=explore)


def page_of(folder: Path) -> str:
    """The page of the results in a study's folder; InputError if a file of them is not there, or not up to date."""
    import pandas as pd

    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.findings import FINISH, finished_file, read_finding_files
    from elicitation.analysis.posterior import read_posterior
    from elicitation.explorer.data import page_data
    from elicitation.explorer.page import render

    posterior, record = read_finding_files(folder)
    settings = record["settings"]
    is_old = InputError(f"The results in {folder} are from a version of the project without this command; {FINISH}")
    if "methods" not in settings:
        raise is_old
    precision = precision_of_runs(finished_file(folder, "metrics.parquet"))
    summary = pd.read_parquet(finished_file(folder, "summary.parquet"))
    if "accuracy_wrong" not in summary:
        raise is_old
    titles = {method: settings["titles"][method] for method in settings["methods"]}
    study = settings | {"name": record["study"], "titles": titles, "precision": precision}
    return render(page_data(read_posterior(posterior), summary, study))


def explore(arguments: argparse.Namespace) -> int:
    # Beside `figures`, in which every file is the pipeline's and has a record.
    page = arguments.folder / "explorer.html"
    html = page_of(arguments.folder)
    try:
        page.write_text(html, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{page} cannot be written ({error.strerror}); make its folder writable.") from error
    print(f"Open {page.absolute()} in a browser.")
    if arguments.open:
        webbrowser.open(page.absolute().as_uri())
    return 0
