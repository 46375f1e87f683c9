import sys

import pytest

from elicitation.errors import InputError
from elicitation.jobs.processes import check_interpreter


def test_this_python_starts_jobs():
    check_interpreter()


@pytest.mark.parametrize("folder", ["My Projects", "it's", "a$b", "x;y"])
def test_a_python_whose_path_a_shell_would_misread_is_named(monkeypatch, folder):
    monkeypatch.setattr(sys, "executable", f"/home/{folder}/.venv/bin/python")
    with pytest.raises(
        InputError, match=f"Python lies in .*{folder.replace('$', '.')}.*; make the environment in another"
    ):
        check_interpreter()
