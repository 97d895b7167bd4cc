"""The cache by itself: keys, entries, what happens when two store the same."""

import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concrete_cli import cache as caches
from concrete_cli import digest, disk
from concrete_cli.cache import Cache
from hats import VALUES


@pytest.fixture
def store(tmp_path):
    """Store what a step has left."""
    numbers = iter(range(1000))
    cache = Cache(tmp_path)

    def act(recipe, files, **options):
        work = tmp_path / "tmp" / f"work-{next(numbers)}"
        for name, text in files.items():
            path = work / "outputs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (work / "log.txt").write_text("log")
        entry = cache.store(work, recipe, {"step": "s", "run": f"run {work.name}"}, **options)
        assert not work.exists()
        return entry

    act.cache = cache
    return act


RECIPE = {"outputs": ["a", "b"], "params": {"x": 1}}
FILES = {"a/one.txt": "1", "a/deep/two.txt": "2", "b/three.txt": "3"}


def test_what_is_stored_is_found_whole(store):
    entry = store(RECIPE, FILES)

    found = store.cache.find(RECIPE)

    assert found == entry
    assert found.damage() == ""
    assert (found.output("a") / "deep" / "two.txt").read_text() == "2"
    assert found.log.read_text() == "log"
    assert found.record["recipe"] == RECIPE
    assert found.record["step"] == "s"
    assert list(store.cache.entries()) == [entry]
    assert store.cache.find({**RECIPE, "params": {"x": 2}}) is None


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_a_key_is_the_recipe_whatever_its_order(recipe):
    turned = dict(reversed(recipe.items()))

    assert digest.of_json(recipe) == digest.of_json(turned)
    assert digest.of_json(json.loads(json.dumps(recipe))) == digest.of_json(recipe)


@given(VALUES, VALUES)
def test_different_values_have_different_keys(first, second):
    same = json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)

    assert (digest.of_json(first) == digest.of_json(second)) == same


def test_the_first_one_stays(store):
    first = store(RECIPE, FILES)
    second = store(RECIPE, {"a/one.txt": "other", "b/x": ""})

    assert second == first
    assert (second.output("a") / "one.txt").read_text() == "1"
    assert second.record["outputs"]["a"].keys() == {"one.txt", "deep/two.txt"}


def test_one_that_is_run_anew_replaces_it(store):
    store(RECIPE, FILES)

    entry = store(RECIPE, {"a/one.txt": "other", "b/x": ""}, replace=True)

    assert (entry.output("a") / "one.txt").read_text() == "other"
    assert not entry.damage()
    assert not list(store.cache.scratch.iterdir())


def test_one_that_is_run_anew_to_the_same_takes_nothing_from_those_who_read(store):
    first = store(RECIPE, FILES)
    run = first.record["run"]
    inode = (first.output("a") / "one.txt").stat().st_ino
    with (first.output("a") / "one.txt").open() as reader:
        entry = store(RECIPE, FILES, replace=True)

        assert (entry.output("a") / "one.txt").stat().st_ino == inode
        assert reader.read() == "1"
    assert not entry.damage()
    assert entry.record["run"] != run


def test_files_are_read_only_and_the_whole_can_be_deleted(store, tmp_path):
    entry = store(RECIPE, FILES)
    for path in (entry.path / "outputs").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o400)

    disk.remove(tmp_path / "cache")

    assert not (tmp_path / "cache").exists()


def test_content_is_bytes_and_names_alone(store, tmp_path):
    one = store({"outputs": ["a"], "n": 1}, {"a/x": "1"})
    two = store({"outputs": ["a"], "n": 2}, {"a/x": "1"})
    other = store({"outputs": ["a"], "n": 3}, {"a/y": "1"})
    os.utime(two.output("a") / "x", (5, 5))
    (two.output("a") / "x").chmod(0o600)

    assert caches.content(one, "a") == caches.content(two, "a") != caches.content(other, "a")
    assert not two.damage()


def test_forgetting_is_at_once_and_may_be_done_twice(store):
    entry = store(RECIPE, FILES)
    store.cache.forget(entry)
    store.cache.forget(entry)

    assert store.cache.find(RECIPE) is None
    assert not list(store.cache.scratch.iterdir())


def test_a_digest_is_remembered_only_as_long_as_nothing_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(digest, "TICK", -1)  # as if files never changed within a tick
    path = tmp_path / "file"
    path.write_text("one")
    first = digest.of_file(path)
    read = []
    monkeypatch.setattr("hashlib.file_digest", lambda *_: read.append(1))
    assert digest.of_file(path) == first
    assert not read
    monkeypatch.undo()

    path.write_text("two")
    os.utime(path, ns=(1, 1))
    second = digest.of_file(path)
    assert second != first
    assert digest.of_file(path.rename(tmp_path / "moved")) == second


def test_a_young_file_is_read_again(tmp_path):
    path = tmp_path / "file"
    for text in "abcdefgh":
        path.write_text(text)  # the clock of the file system may not have moved
        digests = digest.of_file(path), digest.of_file(path)
        assert digests[0] == digests[1] == digest.hashlib.sha256(text.encode()).hexdigest()


def test_links_pipes_and_sockets_are_named_not_followed(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "loop").symlink_to("..")
    (folder / "gone").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    (folder / "empty").mkdir()

    assert digest.of_files(folder) == {"loop": "link:..", "gone": "link:nowhere", "pipe": "special"}
    assert digest.of_files(tmp_path / "nothing") == {}


def test_what_a_link_in_a_source_points_to_counts(tmp_path):
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    for one in (folder, elsewhere):
        one.mkdir()
    (elsewhere / "rows.csv").write_text("1")
    (folder / "rows.csv").symlink_to(elsewhere / "rows.csv")
    (folder / "all").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(folder)
    (folder / "gone").symlink_to("nowhere")
    before = digest.of_path(folder)

    (elsewhere / "rows.csv").write_text("2")

    assert digest.of_path(folder) != before
