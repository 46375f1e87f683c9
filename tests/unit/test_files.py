import hashlib

import pandas as pd
import pytest

from elicitation.files import hash_file, hash_ids, read_json, replacing, write_json, write_table


def test_a_file_appears_whole_and_its_folder_is_made(tmp_path):
    target = tmp_path / "new" / "file.txt"
    with replacing(target) as temporary:
        temporary.write_text("done")
        assert not target.exists()
    assert target.read_text() == "done"
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), replacing(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def test_a_file_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("elicitation.files.sync", lambda path: synced.append((path.name, (tmp_path / "a").exists())))
    with replacing(tmp_path / "a") as temporary:
        temporary.write_text("done")
    assert synced == [(temporary.name, False), (tmp_path.name, True)]


def test_a_secret_in_a_json_file_is_replaced_whatever_letters_it_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_KEY", 'q"uote\\ä-字')
    write_json(tmp_path / "a.json", {'q"uote\\ä-字': ['q"uote\\ä-字']})
    assert read_json(tmp_path / "a.json") == {"$SOME_KEY": ["$SOME_KEY"]}


@pytest.mark.parametrize(("name", "read"), [("t.csv", pd.read_csv), ("t.parquet", pd.read_parquet)])
def test_tables_are_read_back_as_written(tmp_path, name, read):
    table = pd.DataFrame({"id": ["a", "b"], "p": [0.1, 1 / 3]}, index=[5, 7])
    write_table(tmp_path / name, table)
    pd.testing.assert_frame_equal(read(tmp_path / name), table.reset_index(drop=True))


def test_json_is_read_back_as_written_whatever_the_order_of_its_keys(tmp_path):
    write_json(tmp_path / "a.json", {"x": 1, "y": [None, 0.5]})
    write_json(tmp_path / "b.json", {"y": [None, 0.5], "x": 1})
    assert read_json(tmp_path / "a.json") == {"x": 1, "y": [None, 0.5]}
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_the_hash_of_a_file_is_its_sha256(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert hash_file(tmp_path / "file") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize("change", ["content", "name", "more", "swapped"])
def test_the_hash_of_a_folder_covers_names_and_contents(tmp_path, change):
    files = {"a": "1", "inner/b": "2"}
    changes = {
        "content": {"a": "1", "inner/b": "3"},
        "name": {"a": "1", "inner/c": "2"},
        "more": files | {"c": "3"},
        "swapped": {"a": "2", "inner/b": "1"},
    }
    hashes = []
    for folder, contents in (("x", files), ("y", files), ("z", changes[change])):
        for name, text in contents.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        hashes.append(hash_file(tmp_path / folder))
    assert hashes[0] == hashes[1] != hashes[2]


def test_the_hash_of_ids_depends_on_their_borders_and_order():
    assert len({hash_ids(ids) for ids in (["ab"], ["a", "b"], ["b", "a"], [])}) == 4


def test_hidden_files_have_no_part_in_the_hash_of_a_folder(tmp_path):
    """A download leaves its cache there, Snakemake its marks."""
    (tmp_path / "weights").write_text("1")
    before = hash_file(tmp_path)
    (tmp_path / ".cache/huggingface").mkdir(parents=True)
    (tmp_path / ".cache/huggingface/weights.metadata").write_text("today")
    (tmp_path / ".snakemake_timestamp").touch()
    assert hash_file(tmp_path) == before
