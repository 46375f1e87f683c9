"""The command `elicitation tune`: learning rates of a study's students, compared on gold labels."""

from __future__ import annotations

import argparse
from contextlib import chdir
from pathlib import Path

from elicitation.cli_light import require_run
from elicitation.errors import InputError


def add_tune(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "tune",
        help="compare learning rates of a study's students on gold labels",
        description="Compare several learning rates of every student that is trained here, on gold labels of each "
        "task's supervision set, and print how they score. It is kept in results/learning_rates, from where students "
        "with `learning_rate: tuned` take theirs (docs/explanation/methods.md).",
    )
    command.add_argument(
        "study", nargs="?", type=Path, default=Path("config.yaml"), help="its file; default: config.yaml"
    )
    command.add_argument(
        "folder", nargs="?", type=Path, default=Path(), help="where its results are or will be; default: here"
    )
    command.add_argument("options", nargs="*", help="further options of Snakemake, after `--`, such as -- --cores 1")
    command.set_defaults(function=tune)


def tune(arguments: argparse.Namespace) -> int:
    require_run()
    from elicitation.analysis.learning_rates import rate_lines, read_rates
    from elicitation.jobs.records import ROOT, study_command, words_again
    from elicitation.jobs.snakemake_internals import run_snakemake
    from elicitation.study.tuning import check_gold, first_methods
    from elicitation.study.validation import read_study

    study = read_study(arguments.study)
    pairs = list(first_methods(study))
    if not pairs:
        raise InputError(f"{arguments.study} trains no student here, so there is no learning rate to tune.")
    for task, _ in pairs:
        check_gold(study, task)
    files = {pair: Path("results/learning_rates", *pair).with_suffix(".csv") for pair in pairs}
    command = study_command([arguments.study.resolve()], [])
    words = words_again(command, arguments.folder, *arguments.options, "--", *map(str, files.values()))
    with chdir(ROOT):
        if not run_snakemake(words[1:]):
            return 1
    for (task, student), file in files.items():
        given = study.model_named[student].learning_rate
        print(f"\n## {student} on {task} (the study says: learning_rate: {given})\n")
        print("\n".join(rate_lines(read_rates(arguments.folder / file))))
    return 0
