"""Libraries of the system that vLLM and torch need and no wheel contains, such as libnuma.so.1 on a minimal machine.

They are looked for before anything is computed. The installation fetches a missing one: it unpacks Debian's package
into the environment, for which it needs no root. Where that cannot be done, one sentence says what to install.
"""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.util import find_spec
from pathlib import Path

from elicitation.errors import InputError

# The packages whose compiled parts are looked at.
COMPILED_PACKAGES = ("vllm", "torch")
# Libraries of the GPU's driver. They may be missing, since a machine without a GPU may install for one that has it.
DRIVER = {"libcuda.so.1", "libnvidia-ml.so.1"}
# The folder of the libraries that the installation has fetched.
BROUGHT = Path(sys.prefix) / "lib/brought"
# The folder of the installed packages.
SITE_PACKAGES = Path(sysconfig.get_path("platlib"))
# Python runs this file whenever it starts, so that what was fetched is loaded before anything asks for it.
LOADER = SITE_PACKAGES / "brought_libraries.pth"
# How ldd names a library that it does not find.
NOT_FOUND = re.compile(r"^\s*(\S+) => not found$", re.MULTILINE)
# The parts of a library's file name from which Debian makes the name of the package.
DEBIAN_RULE = re.compile(r"(lib.+)\.so\.(\d+)")
# Seconds that apt waits for a server that does not answer.
APT_SECONDS = 20


def compiled_parts() -> list[Path]:
    """The shared libraries of vLLM and torch; nothing is imported."""
    found = [spec for name in COMPILED_PACKAGES if (spec := find_spec(name)) and spec.origin]
    folders = [Path(spec.origin).parent for spec in found]
    return [path for folder in folders for path in sorted([*folder.glob("*.so"), *folder.glob("lib/*.so*")])]


def unresolved(files: list[Path]) -> set[str]:
    """Names of the libraries that the files need and that are neither beside one of them nor where the system looks."""
    if not files or shutil.which("ldd") is None:
        return set()
    places = [*sorted({str(path.parent) for path in files}), os.environ.get("LD_LIBRARY_PATH", "")]
    environment = os.environ | {"LD_LIBRARY_PATH": ":".join(filter(None, places))}
    said = subprocess.run(["ldd", *files], capture_output=True, text=True, env=environment, check=False)
    return set(NOT_FOUND.findall(said.stdout))


def loads(name: str | Path) -> bool:
    """Whether this process can load the library, or has loaded it."""
    try:
        ctypes.CDLL(str(name))
    except OSError:
        return False
    return True


def missing_libraries() -> list[str]:
    """Names of the needed libraries that neither a wheel, nor the system, nor the installation provides."""
    names = unresolved(compiled_parts()) - DRIVER
    # Packages load each other's libraries by path, where the linker alone does not look.
    in_wheels = {path.name for path in SITE_PACKAGES.rglob("*.so*")} if names else set()
    return sorted(name for name in names - in_wheels if not loads(name))


def debian_package(name: str) -> str | None:
    """The package that Debian's naming rule gives a library, as libnuma1 for libnuma.so.1; None where it gives none."""
    parts = DEBIAN_RULE.fullmatch(name)
    if parts is None:
        return None
    stem, version = parts.groups()
    return f"{stem}{'-' if stem[-1].isdigit() else ''}{version}".lower()


def install_sentence(names: list[str]) -> str:
    """What is missing, and the commands that install it."""
    packages = " ".join(filter(None, map(debian_package, names)))
    fedora = " ".join(f"'{name}()(64bit)'" for name in names)
    debian = f"`sudo apt-get install {packages}` on Debian and Ubuntu, " if packages else ""
    return (
        f"vLLM needs {', '.join(names)}, which this machine lacks and no Python package brings; "
        f"install it ({debian}`sudo dnf install {fedora}` on Fedora) and run the same command again."
    )


def require_libraries() -> None:
    """InputError that names what is missing and how to install it."""
    if names := missing_libraries():
        raise InputError(install_sentence(names))


def download(package: str, folder: Path) -> Path | None:
    """Debian's package as a file in the folder, checked by apt; None where it cannot be had."""
    lists, cache = folder / "lists", folder / "cache"
    (lists / "partial").mkdir(parents=True)
    (cache / "archives/partial").mkdir(parents=True)
    apt = ["apt-get", f"--option=Acquire::http::Timeout={APT_SECONDS}", "--option=APT::Sandbox::User=root"]
    # The machine's lists of packages may be missing or old, and only root may renew them: then lists of our own.
    own = [*apt, f"--option=Dir::State::lists={lists}", f"--option=Dir::Cache={cache}"]
    for commands in ([[*apt, "download", package]], [[*own, "update"], [*own, "download", package]]):
        for command in commands:
            subprocess.run(command, cwd=folder, capture_output=True, check=False)
        if found := list(folder.glob("*.deb")):
            return found[0]
    return None


def bring(name: str) -> bool:
    """Put the library from Debian's package into the environment and load it; whether that worked."""
    package = debian_package(name)
    if package is None or not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return False
    with tempfile.TemporaryDirectory() as folder:
        archive = download(package, Path(folder))
        if archive is None:
            return False
        unpacked = Path(folder) / "unpacked"
        subprocess.run(["dpkg-deb", "--extract", archive, unpacked], check=True)
        found = list(unpacked.rglob(name))
        if not found:
            return False
        BROUGHT.mkdir(exist_ok=True)
        shutil.copyfile(found[0], BROUGHT / name)
    return loads(BROUGHT / name)


def loader_lines(names: list[str]) -> str:
    """What Python runs at its start to load the libraries that were brought."""
    return "".join(f"import ctypes, sys; ctypes.CDLL(sys.prefix + '/lib/brought/{name}')\n" for name in names)


def bring_missing() -> None:
    """Bring what is missing; InputError where that cannot be done."""
    brought = [name for name in missing_libraries() if bring(name)]
    if brought:
        LOADER.write_text(loader_lines(sorted({path.name for path in BROUGHT.iterdir()})))
        print(f"This machine lacks {', '.join(brought)}: unpacked from the distribution's package into {BROUGHT}.")
    require_libraries()


if __name__ == "__main__":
    try:
        bring_missing()
    except InputError as error:
        sys.exit(f"Error: {error}")
