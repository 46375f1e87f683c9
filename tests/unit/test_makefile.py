"""What `make` refuses before it installs anything."""

import os
import re
import shutil
import ssl
import subprocess
import sys
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

ROOT = Path(__file__).parents[2]
# The `make` that runs the tests would have those of the tests tell which folder they enter.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


@pytest.mark.parametrize("name", ["My Projects", "it's", "a;b"])
def test_a_folder_from_which_no_job_could_start_is_refused(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copytree(ROOT / "envs", folder / "envs")
    command = ["make", "env", f"PYTHON={sys.executable}"]
    result = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert result.returncode != 0 and not (folder / ".venv").exists()
    words = f"Snakemake starts no jobs from {folder}: its path holds a space or a sign that shells read; move it."
    assert result.stdout.splitlines()[-1] == words


def test_every_step_is_said_before_it_is_done():
    planned = ["make", "--dry-run", "--always-make", "env", f"PYTHON={sys.executable}"]
    lines = subprocess.run(planned, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout
    steps = re.findall(r'^echo "(\d) of (\d): ', lines, re.MULTILINE)
    assert [int(number) for number, _ in steps] == [1, 2, 3] and {of for _, of in steps} == {"3"}
    order = ["1 of 3", "-m venv", "2 of 3", "-r envs/cpu.lock", "3 of 3", "--editable ."]
    assert [lines.index(words) for words in order] == sorted(lines.index(words) for words in order)


@pytest.fixture
def index(tmp_path):
    """A package index by https whose certificate an authority signed that only its own file tells of; and that file."""
    authority, signed, key = (tmp_path / f"{name}.pem" for name in ("authority", "signed", "key"))
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    more = ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"]
    by = ["-CA", authority, "-CAkey", tmp_path / "own.pem"]
    for command in (
        ["-subj", "/CN=a company", "-out", authority, "-keyout", tmp_path / "own.pem"],
        ["-subj", "/CN=localhost", "-out", signed, "-keyout", key, *more, *by],
    ):
        subprocess.run([*request, *command], capture_output=True, check=True)
    wheel = tmp_path / "served/simple/tiny/tiny-1.0-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "tiny.py,,\ntiny-1.0.dist-info/METADATA,,\n")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "served")
    server = ThreadingHTTPServer(("localhost", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}/simple", authority
    server.shutdown()


@pytest.mark.parametrize("setting", ["PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "pip's own file", None])
def test_uv_knows_the_certificates_that_pip_knows(index, tmp_path, setting):
    address, certificate = index
    environment = {name: value for name, value in ENVIRONMENT.items() if not re.search("CERT|CA_BUNDLE|PIP_", name)}
    (tmp_path / "pip.conf").write_text(f"[global]\ncert = {certificate}\n")
    configured = tmp_path / "pip.conf" if setting == "pip's own file" else os.devnull
    environment |= {"PIP_CONFIG_FILE": str(configured), "no_proxy": "localhost"}
    environment |= {setting: str(certificate)} if setting and setting.isupper() else {}
    more = f"--target {tmp_path}/installed --no-cache --index-url {address} tiny"
    command = ["make", "--eval", f"print: ; @echo '$(INSTALL) {more}'", "print"]
    made = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    installed = subprocess.run(made.stdout, shell=True, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert (tmp_path / "installed/tiny.py").exists() == (installed.returncode == 0) == (setting is not None)
