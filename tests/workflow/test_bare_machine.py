"""Installation on a minimal Debian 12, by a user and by root: what wheels do not bring is brought along, or named."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse

import pytest
from helpers import ROOT, install, missing

# What README asks for, and what `git clone` wants.
PACKAGES = "python3,python3-venv,python3-pip,make,git,ca-certificates"
USER, HOME = "1000", "/home/someone"
# Beginnings of the environment variables that say where packages come from.
PASSED_ON = ("PIP_", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA", "SSL_CERT", "REQUESTS_CA_BUNDLE")
REMOVE = "rm -r .venv/lib/brought .venv/lib/python3*/site-packages/brought_libraries.pth"


def package_sources() -> dict[str, str]:
    """This machine's package sources as environment variables: pip's configuration, whatever file it stands in, too."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    settings = (line.partition("=")[::2] for line in lines if not line.startswith(":env:"))
    configured = {
        f"PIP_{key.rpartition('.')[2].upper().replace('-', '_')}": ast.literal_eval(value) for key, value in settings
    }
    own = {k: v for k, v in os.environ.items() if k.startswith(PASSED_ON) or k.lower().endswith("_proxy")}
    return configured | own


def places_named(variables: dict[str, str]) -> set[Path]:
    """The files and folders of this machine that the variables name."""
    places = {Path("/etc/resolv.conf"), Path("/etc/hosts")}
    for word in " ".join(variables.values()).split():
        if word.startswith("file://"):
            # An index may point to files beside its folder.
            places.add(Path(urlparse(word).path).parent)
        elif word.startswith("/"):
            places.add(Path(word))
    return {place for place in places if place.exists()}


class Machine:
    """A folder with a Debian in it, which commands see as the whole machine."""

    def __init__(self, root: Path) -> None:
        self.root, self.sources = root, package_sources()
        self.places = places_named(self.sources)

    def build(self) -> None:
        for _ in range(2):
            # It mounts things in the folder, which would stay there if it failed.
            command = ["unshare", "--mount", "debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm"]
            command.append(self.root)
            built = subprocess.run(command, capture_output=True, text=True, check=False)
            if built.returncode == 0:
                break
            shutil.rmtree(self.root)
        else:
            missing("debootstrap", f"no Debian can be built here: {(built.stdout + built.stderr)[-500:]}")
        for place in self.places:
            inside = self.root / place.relative_to("/")
            inside.parent.mkdir(parents=True, exist_ok=True)
            inside.mkdir(exist_ok=True) if place.is_dir() else inside.touch()
        subprocess.run(["chroot", self.root, "useradd", "--create-home", "--uid", USER, "someone"], check=True)

    def copy_checkout(self) -> None:
        """The checkout's files, without what was made in it."""
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
        inside = self.root / HOME[1:] / "elicitation"
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (inside / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, inside / name)
        subprocess.run(["chown", "--recursive", f"{USER}:{USER}", inside], check=True)

    def run(self, command: str, user: str = USER) -> subprocess.CompletedProcess:
        """Run a shell command in the checkout; what is mounted for it vanishes with it."""
        mounts = [f"mount --rbind {place} {self.root}{place}" for place in ("/proc", "/sys", "/dev")]
        mounts += [f"mount --bind -o ro {place} {self.root}{place}" for place in sorted(self.places)]
        inside = ["chroot", f"--userspec={user}:{user}", self.root, "sh", "-ec", f"cd {HOME}/elicitation; {command}"]
        path = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"}
        return subprocess.run(
            ["unshare", "--mount", "--fork", "sh", "-ec", f'{"; ".join(mounts)}; exec "$@"', "sh", *inside],
            # What is tried here once is not worth compiling.
            env=path | self.sources | {"HOME": HOME if user == USER else "/root", "UV_COMPILE_BYTECODE": "0"},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A machine with an environment that its user has installed."""
    if os.geteuid():
        missing("debootstrap", "building a machine takes root")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        missing("debootstrap", "nothing can be mounted here")
    if shutil.which("debootstrap") is None:
        install("debootstrap", "debootstrap")
    folder = tmp_path_factory.mktemp("bare")
    machine = Machine(folder / "root")
    try:
        machine.build()
        machine.copy_checkout()
        installed = machine.run("make env")
        assert installed.returncode == 0, installed.stdout + installed.stderr
        assert "This machine lacks libnuma.so.1" in installed.stdout
        yield machine
    finally:
        # 4 GB in 100,000 files: other tests need not wait for it.
        subprocess.Popen(["rm", "--recursive", folder])


def start_vllm(machine: Machine) -> subprocess.CompletedProcess:
    """Have vLLM label a text, as every study does first."""
    command = ".venv/bin/snakemake --cores all --forceall --directory runs/sandbox --configfile studies/sandbox.yaml"
    return machine.run(f"{command} -- results/engine.json; cat runs/sandbox/results/engine.json")


def test_vllm_labels_a_text_on_a_machine_that_lacks_its_libraries(machine):
    result = start_vllm(machine)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r'"version": "\d', result.stdout)


def test_a_library_that_is_missing_is_named_with_the_commands_that_install_it(machine):
    assert machine.run(REMOVE).returncode == 0
    result = start_vllm(machine)
    assert result.returncode != 0
    sentence = next(line for line in result.stderr.splitlines() if line.startswith("Error: "))
    assert sentence.startswith("Error: vLLM needs libnuma.so.1, which this machine lacks")
    assert "`sudo apt-get install libnuma1`" in sentence
    assert "`sudo dnf install 'libnuma.so.1()(64bit)'`" in sentence


def test_root_has_it_brought_too_where_the_lists_of_packages_are_gone(machine):
    result = machine.run("rm -r /var/lib/apt/lists/*; .venv/bin/python -m elicitation.models.libraries", user="0")
    assert result.returncode == 0, result.stderr
    assert "This machine lacks libnuma.so.1" in result.stdout
    again = machine.run(".venv/bin/python -m elicitation.models.libraries")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    # What vLLM itself would only log.
    loaded = machine.run(".venv/bin/python -c 'import vllm._C'", user="0")
    assert loaded.returncode == 0, loaded.stderr
    assert machine.run(REMOVE, user="0").returncode == 0
