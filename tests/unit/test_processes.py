import re
import sys

import pytest

from elicitation.errors import InputError
from elicitation.jobs.processes import check_interpreter


@pytest.mark.parametrize("folder", ["me", "müller", "a+b@c,d=e%f:g"])
def test_a_python_in_a_plain_path_starts_jobs(monkeypatch, folder):
    monkeypatch.setattr(sys, "executable", f"/home/{folder}/.venv/bin/python")
    check_interpreter()


@pytest.mark.parametrize("folder", ["My Projects", "a$b", "x;y"])
def test_a_python_whose_path_a_shell_would_misread_is_named(monkeypatch, folder):
    monkeypatch.setattr(sys, "executable", f"/home/{folder}/.venv/bin/python")
    words = f"Python lies in .*{re.escape(folder)}.*; make the environment in another"
    with pytest.raises(InputError, match=words):
        check_interpreter()
