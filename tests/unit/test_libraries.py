import subprocess
import sys

import pytest

from elicitation.errors import InputError
from elicitation.models import libraries
from elicitation.models.libraries import (
    bring_missing,
    compiled_parts,
    debian_package,
    install_sentence,
    loader_lines,
    loads,
    missing_libraries,
    require_libraries,
    unresolved,
)


@pytest.fixture
def nothing_brought(monkeypatch, tmp_path):
    """An environment into which nothing has been brought."""
    monkeypatch.setattr(libraries, "BROUGHT", tmp_path / "brought")
    monkeypatch.setattr(libraries, "LOADER", tmp_path / "brought_libraries.pth")
    return tmp_path


def test_the_compiled_parts_of_vllm_and_torch_are_looked_at_and_have_all_they_want():
    names = {path.name for path in compiled_parts()}
    assert {"_C.abi3.so", "libtorch_cpu.so"} <= names
    assert missing_libraries() == []
    require_libraries()


def test_a_library_that_nobody_has_is_found_and_named(tmp_path, monkeypatch):
    part = next(path for path in compiled_parts() if path.name == "spinloop.abi3.so")
    altered = tmp_path / "part.so"
    altered.write_bytes(part.read_bytes().replace(b"libc10.so\0", b"libc99.so\0"))
    files = [altered, *compiled_parts()]
    monkeypatch.setattr(libraries, "compiled_parts", lambda: files)
    assert unresolved(files) == {"libc99.so"}
    with pytest.raises(InputError, match=r"vLLM needs libc99\.so, which this machine lacks"):
        require_libraries()


def test_what_wheels_and_drivers_bring_is_not_missing(monkeypatch):
    monkeypatch.setattr(libraries, "unresolved", lambda files: {"libc10.so", "libcuda.so.1", "libm.so.6", "libno.so.1"})
    assert missing_libraries() == ["libno.so.1"]


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libnuma.so.1", "libnuma1"),
        ("libstdc++.so.6", "libstdc++6"),
        ("libGL.so.1", "libgl1"),
        ("libx264.so.164", "libx264-164"),
        ("libodd.so", None),
    ],
)
def test_debians_package_follows_from_the_name_of_the_library(library, package):
    assert debian_package(library) == package


def test_the_sentence_names_libraries_and_commands():
    assert install_sentence(["libgomp.so.1", "libnuma.so.1"]) == (
        "vLLM needs libgomp.so.1, libnuma.so.1, which this machine lacks and no Python package brings; install it "
        "(`sudo apt-get install libgomp1 libnuma1` on Debian and Ubuntu, `sudo dnf install 'libgomp.so.1()(64bit)' "
        "'libnuma.so.1()(64bit)'` on Fedora) and run the same command again."
    )
    assert "apt-get" not in install_sentence(["libodd.so"])


def test_what_cannot_be_brought_is_an_error(monkeypatch, nothing_brought):
    monkeypatch.setattr(libraries, "missing_libraries", lambda: ["libno-such-thing.so.1"])
    monkeypatch.setattr(libraries, "download", lambda package, folder: None)
    with pytest.raises(InputError, match="libno-such-thing1"):
        bring_missing()
    assert not libraries.LOADER.exists()


def test_a_library_that_was_brought_is_loaded_before_anything_else(monkeypatch, nothing_brought, capsys):
    lacking = [["libnuma.so.1"], []]
    monkeypatch.setattr(libraries, "missing_libraries", lambda: lacking.pop(0))

    def bring(name):
        libraries.BROUGHT.mkdir()
        (libraries.BROUGHT / name).touch()
        return True

    monkeypatch.setattr(libraries, "bring", bring)
    bring_missing()
    assert "This machine lacks libnuma.so.1" in capsys.readouterr().out
    assert libraries.LOADER.read_text() == loader_lines(["libnuma.so.1"])


def test_python_reads_the_lines_that_load(tmp_path):
    folder = tmp_path / "lib/brought"
    folder.mkdir(parents=True)
    source = next(path for path in libraries.SITE_PACKAGES.rglob("libgomp*.so*"))
    (folder / "libelsewhere.so.1").write_bytes(source.read_bytes())
    (tmp_path / "brought_libraries.pth").write_text(loader_lines(["libelsewhere.so.1"]))
    code = (
        f"import sys; sys.prefix = {str(tmp_path)!r}; import site; site.addsitedir({str(tmp_path)!r}); "
        "print('libelsewhere.so.1' in open('/proc/self/maps').read())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("True\n", "")


def test_what_is_no_library_does_not_load(tmp_path):
    (tmp_path / "libtext.so.1").write_text("no library")
    assert loads("libc.so.6") and not loads(tmp_path / "libtext.so.1") and not loads("libno-such-thing.so.1")
