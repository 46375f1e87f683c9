import getpass
import os
import pwd
import re
import signal
import subprocess
import sys

import pytest

from elicitation.errors import InputError
from elicitation.jobs.processes import ENDED, check_interpreter, name_user


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


TAKEN = """
import sys
from pathlib import Path
with open("log", "w") as log:
    from elicitation.jobs.processes import open_standard_streams
    open_standard_streams()
    print("said", file=sys.stderr, flush=True)
    print(log.fileno(), file=log)
"""


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_file_that_has_taken_the_number_of_a_closed_stream_keeps_it(tmp_path, monkeypatch, pytestconfig, number):
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath / "src"))
    command = ["sh", "-c", f'exec "$@" {number}>&-', "sh", sys.executable, "-c", TAKEN]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (result.returncode, (tmp_path / "log").read_text()) == (0, f"{number}\n")
    assert result.stderr == ("" if number == 2 else "said\n")


WAITS = """
import threading, time
from elicitation.jobs.processes import end_at_second_interrupt
end_at_second_interrupt()
job = threading.Thread(target=time.sleep, args=[60])
job.start()
try:
    print("runs", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("waits", flush=True)
    job.join()
"""


def test_a_second_interrupt_ends_the_process_in_one_line(monkeypatch, pytestconfig):
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath / "src"))
    command = [sys.executable, "-c", WAITS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for word in ("runs", "waits"):
            assert process.stdout.readline() == f"{word}\n"
            process.send_signal(signal.SIGINT)
        assert process.communicate()[1] == f"{ENDED}\n" and process.returncode == 130


def test_a_user_whom_the_machine_has_no_name_for_is_called_by_number(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    with pytest.raises((KeyError, OSError)):
        getpass.getuser()
    monkeypatch.setenv("USER", "")
    name_user()
    assert getpass.getuser() == str(os.getuid())
