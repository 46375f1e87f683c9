import errno
import os
import pickle
import re
import shutil
from pathlib import Path

import pytest

from elicitation.data.sources import check_pinned
from elicitation.errors import InputError
from elicitation.files import hash_file, read_json, write_json
from elicitation.jobs.records import ROOT
from elicitation.models.folder import TOKENIZER_FILES, check_model_folder
from elicitation.models.hub import (
    MODEL_FILES,
    check_needs_no_code,
    fetch_files,
    fetch_model,
    model_source,
)
from elicitation.models.preparation import prepare_tokenizer

HUB = {"name": "tiny", "hub": {"id": "someone/tiny", "revision": "0" * 40}}


@pytest.fixture
def downloads(monkeypatch):
    """What the hub is asked for, instead of asking it."""
    import huggingface_hub

    asked = []
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda repository, **options: asked.append((repository, options))
    )
    return asked


def test_local_files_are_linked_not_copied(llama_folder, tmp_path):
    local = {"name": "llama", "local": str(llama_folder)}
    fetch_files(local, "local", tmp_path / "tokenizer", TOKENIZER_FILES)
    assert sorted(file.name for file in (tmp_path / "tokenizer").iterdir()) == TOKENIZER_FILES
    fetch_model(local, "local", tmp_path / "model")
    weights = tmp_path / "model/model.safetensors"
    assert weights.is_symlink() and weights.samefile(llama_folder / "model.safetensors")


def test_the_hub_is_asked_for_the_pinned_revision_and_nothing_that_could_be_executed(downloads, tmp_path):
    fetch_files(HUB, "hub", tmp_path, MODEL_FILES)
    [(repository, options)] = downloads
    assert repository == "someone/tiny" and options["revision"] == "0" * 40
    assert not any(pattern.endswith((".py", ".bin", ".pt")) for pattern in options["allow_patterns"])


def test_an_incomplete_download_is_named(downloads, tmp_path):
    with pytest.raises(InputError, match=r"'tiny': the folder .* holds no config.json"):
        fetch_model(HUB, "hub", tmp_path)


@pytest.fixture
def hub(llama_folder, monkeypatch):
    """A hub from which every download is the same small model."""
    import huggingface_hub

    def snapshot_download(repository, local_dir, **options):
        shutil.copytree(llama_folder, local_dir, dirs_exist_ok=True)
        # As the hub's client does.
        (local_dir / ".cache/huggingface").mkdir(parents=True)
        (local_dir / ".cache/huggingface/model.safetensors.metadata").write_text("today")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)


def pinned(sha256):
    return HUB | {"hub": HUB["hub"] | {"sha256": sha256}}


def test_a_download_that_is_the_pinned_one_is_taken(hub, llama_folder, tmp_path):
    fetch_model(pinned(hash_file(llama_folder)), "hub", tmp_path / "model")
    assert hash_file(tmp_path / "model") == hash_file(llama_folder)


def test_another_download_than_the_pinned_one_is_refused(hub, tmp_path):
    with pytest.raises(
        InputError, match=f"'tiny': the downloaded files have the hash .*, but hub.sha256 is {'0' * 64}"
    ):
        fetch_model(pinned("0" * 64), "hub", tmp_path / "model")


def test_a_download_that_fails_is_one_sentence(monkeypatch, tmp_path):
    import huggingface_hub

    def fail(*_, **__):
        raise OSError("no network\nTry again")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(
        InputError, match=r"'tiny': someone/tiny@0+ cannot be downloaded \(no network Try again\); correct"
    ):
        fetch_model(HUB, "hub", tmp_path / "model")


def test_a_full_disk_is_not_mistaken_for_a_failed_download(monkeypatch, tmp_path):
    import huggingface_hub

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(OSError, match="No space left"):
        fetch_model(HUB, "hub", tmp_path / "model")


@pytest.mark.parametrize(
    ("model", "sources", "source"),
    [
        (HUB, "hub", f"hub:someone/tiny@{'0' * 40}"),
        (HUB | {"local": "weights"}, "local", "local:weights"),
        ({"name": "cut", "truncate": {}}, "hub", "truncate"),
        ({"name": "own", "sandbox": {}}, "hub", "sandbox"),
    ],
)
def test_the_source_pins_what_was_used(model, sources, source):
    assert model_source(model, sources) == source


# Nothing from a repository is executed


class Bomb:
    """Executed by whoever unpickles it."""

    def __reduce__(self):
        return Path.touch, (Path("exploded"),)


@pytest.fixture
def trapped_folder(llama_folder, tmp_path, monkeypatch):
    """A model whose folder also holds code and pickled weights."""
    monkeypatch.chdir(tmp_path)
    folder = shutil.copytree(llama_folder, tmp_path / "trapped")
    for name in ("pytorch_model.bin", "training_args.bin", "weights.pt"):
        (folder / name).write_bytes(pickle.dumps(Bomb()))
    (folder / "modeling_own.py").write_text("open('exploded', 'w')")
    return folder


def test_code_and_pickles_of_a_repository_are_left_behind(trapped_folder, tmp_path):
    fetch_model({"name": "trapped", "local": str(trapped_folder)}, "local", tmp_path / "model")
    assert {path.suffix for path in (tmp_path / "model").iterdir()} <= {".json", ".safetensors", ".txt"}
    assert not Path("exploded").exists()


def test_weights_that_are_no_safetensors_are_refused(trapped_folder, tmp_path):
    (trapped_folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"holds no \*\.safetensors"):
        fetch_model({"name": "trapped", "local": str(trapped_folder)}, "local", tmp_path / "model")


@pytest.mark.parametrize("name", ["tokenizer.json", "model.safetensors"])
def test_a_pointer_in_place_of_a_large_file_is_refused(trapped_folder, name):
    (trapped_folder / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(InputError, match=rf"{name} is a pointer of Git LFS; fetch the file by git lfs pull"):
        check_model_folder(trapped_folder, "trapped")


def test_a_link_to_nowhere_is_refused(trapped_folder):
    (trapped_folder / "more.safetensors").symlink_to("gone")
    with pytest.raises(InputError, match=r"more.safetensors cannot be read \(No such file .*\); get it again"):
        check_model_folder(trapped_folder, "trapped")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "cannot be read"),
        ("[" * 100_000, r"cannot be read \(maximum recursion depth exceeded"),
        ("[]", "holds no mapping"),
        ('{"model_type": 5}', "says model_type 5, which is no text; correct it"),
        ('{"architectures": "Llama"}', "says architectures 'Llama', which is no list of texts; correct it"),
    ],
)
def test_a_config_that_is_no_mapping_is_refused(trapped_folder, tmp_path, content, problem):
    (trapped_folder / "config.json").write_text(content)
    with pytest.raises(InputError, match=rf"'trapped': .*config.json {problem}"):
        fetch_model({"name": "trapped", "local": str(trapped_folder)}, "local", tmp_path / "model")


@pytest.mark.parametrize("vocabulary", [7, "many", [1]])
def test_a_vocabulary_that_contradicts_the_weights_is_refused_by_their_headers(trapped_folder, vocabulary):
    write_json(trapped_folder / "config.json", read_json(trapped_folder / "config.json") | {"vocab_size": vocabulary})
    words = f"vocab_size {re.escape(repr(vocabulary))}, but no matrix in .* has so many rows; get the model again"
    with pytest.raises(InputError, match=words):
        check_model_folder(trapped_folder, "trapped")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"model_type": "llama-of-tomorrow"}, "does not recognize this architecture"),
        ({"model_type": None}, "Unrecognized model"),
        ({"hidden_size": "wide"}, "expected int, got str"),
    ],
)
def test_an_architecture_that_transformers_does_not_know_is_refused_before_any_weight_is_needed(
    trapped_folder, tmp_path, changes, problem
):
    changed = {key: value for key, value in (read_json(trapped_folder / "config.json") | changes).items() if value}
    write_json(trapped_folder / "config.json", changed)
    model = {"name": "trapped", "local": str(trapped_folder)}
    with pytest.raises(InputError, match=rf"cannot be used by transformers \(.*{problem}.*\); choose another"):
        prepare_tokenizer(model, "local", None, tmp_path / "tokenizer")


def test_a_model_that_only_its_own_code_can_load_is_refused(trapped_folder, tmp_path):
    code = {"model_type": "own", "auto_map": {"AutoModel": "modeling_own.Own"}}
    write_json(trapped_folder / "config.json", read_json(trapped_folder / "config.json") | code)
    with pytest.raises(InputError, match="loaded by code of its own repository, which is never run here"):
        fetch_model({"name": "trapped", "local": str(trapped_folder)}, "local", tmp_path / "model")
    assert not Path("exploded").exists()


def test_code_beside_an_architecture_that_transformers_knows_is_not_run(trapped_folder, tmp_path):
    from elicitation.models.loading import load_tokenizer

    code = {"auto_map": {"AutoModelForSequenceClassification": "modeling_own.Own"}}
    write_json(trapped_folder / "config.json", read_json(trapped_folder / "config.json") | code)
    fetch_model({"name": "trapped", "local": str(trapped_folder)}, "local", tmp_path / "model")
    assert load_tokenizer(tmp_path / "model").vocab_size > 10
    assert not Path("exploded").exists()


def test_data_sets_are_not_loaded_by_scripts(tmp_path, monkeypatch):
    import datasets

    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text("open('exploded', 'w')")
    with pytest.raises(RuntimeError, match="scripts are no longer supported"):
        datasets.load_dataset("own.py")
    assert not Path("exploded").exists()


def test_no_code_asks_for_a_repositorys_code_or_loads_pickles():
    files = [
        *ROOT.glob("src/**/*.py"),
        *ROOT.glob("workflow/**/*.py"),
        *ROOT.glob("workflow/**/*.smk"),
        ROOT / "Snakefile",
    ]
    for file in files:
        text = file.read_text()
        assert "trust_remote_code" not in text and "pickle" not in text and "torch.load" not in text, file


@pytest.mark.parametrize(
    ("config", "refused"),
    [
        ({"model_type": "llama"}, False),
        # Code beside an architecture that transformers knows is left alone.
        ({"model_type": "llama", "auto_map": {"AutoConfig": "own.Config"}}, False),
        ({"model_type": "own", "auto_map": {"AutoConfig": "own.Config"}}, True),
        ({"auto_map": {"AutoConfig": "own.Config"}}, True),
    ],
)
def test_a_model_that_needs_code_of_its_own_is_refused(tmp_path, config, refused):
    write_json(tmp_path / "config.json", config)
    if refused:
        with pytest.raises(InputError, match="'mine': it is loaded by code of its own repository, which is never run"):
            check_needs_no_code(tmp_path, "mine")
    else:
        check_needs_no_code(tmp_path, "mine")


def test_what_is_not_what_was_pinned_is_refused():
    check_pinned("Task 'a'", "00ff", "00ff")
    with pytest.raises(InputError, match=r"Task 'a': .* have the hash 00ff, but hub.sha256 is 11ff"):
        check_pinned("Task 'a'", "00ff", "11ff")
