"""Documents of the registry that are not as they were written: said of each, hidden from none."""

import contextlib
import hashlib
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archives import RIDGE, publish, rewritten, skops
from concrete_cli import documents, home
from concrete_cli.commands.catalogue import Registry
from concrete_cli.errors import Damaged, NotFound, UsageError
from concrete_cli.registry.archive import bring, export
from concrete_cli.registry.models import Models

OF_A_VERSION = ("version.json", "manifest.json", "metrics.json", "lineage.json", "card.md")
OF_A_MODEL = ("aliases.json", "removed.json", "newest.json")
WRONG = (
    b"",
    b"null",
    b"[]",
    b"7",
    b'"x"',
    b"{}",
    b"{",
    b"\xff\xfe{",
    b"\0" * 40,
    b'{"format": NaN}',
    b'{"format": 1e400}',
    b"[" * 100_000,
    b'{"format": ' + b"9" * 5000 + b"}",
)


@pytest.fixture
def full(models, tmp_path):
    """Versions 1, 2 and 4 of `concrete`, 3 was deleted; 2 is @production, and the newest."""
    for number in range(1, 5):
        facts = {"model": "ridge", "params": {"alpha": number}}
        version = publish(models, tmp_path / f"b{number}", skops(RIDGE), facts)
        if number == 3:
            models.delete(version)
    models.tag("concrete", 2, "production")
    models.publish("concrete", tmp_path / "b2")
    return models


def put(path, content):
    path.chmod(0o600)
    path.write_bytes(content)


def seen(models):
    """Return what list says, version by version."""
    return {row["version"]: row for row in Registry(models).listed()}


def test_what_is_registered_again_is_the_newest(models, tmp_path):
    for number in "12":
        facts = {"model": "ridge", "params": {"alpha": number}}
        publish(models, tmp_path / number, skops(RIDGE), facts)
    assert models.find("concrete").number == 2

    models.publish("concrete", tmp_path / "1")

    assert models.find("concrete").number == models.find("concrete@latest").number == 1
    assert seen(models)[1]["aliases"] == ["latest"]
    models.publish("concrete", tmp_path / "2")
    assert models.find("concrete").number == 2
    models.publish("concrete", tmp_path / "1")
    publish(models, tmp_path / "3", skops(RIDGE), {"model": "ridge", "params": {"alpha": 3}})
    assert models.find("concrete").number == 3
    models.publish("concrete", tmp_path / "1")
    models.delete(models.find("concrete:1"))
    assert models.find("concrete").number == 3


@pytest.mark.parametrize("file", OF_A_VERSION)
@pytest.mark.parametrize("content", WRONG, ids=lambda content: repr(content[:12]))
def test_a_damaged_version_hides_no_other(full, file, content):
    path = full.folder / "concrete" / "4" / file
    if file == "card.md":
        os.chmod(path.parent, 0o700)  # noqa: PTH101
        path.write_bytes(b"added")
    put(path, content)

    rows = seen(full)

    assert sorted(rows) == [1, 2, 4]
    assert rows[2]["damage"] is rows[1]["damage"] is None
    damage = {row["version"]: row["damage"] for row in Registry(full).verified()}
    assert file in damage[4]
    assert damage[1] is damage[2] is None
    assert full.load("concrete:2").number == 2
    with pytest.raises(Damaged):
        full.load("concrete:4")
    said = documents.damage(lambda: Registry(full).shown("concrete:4"))
    assert f"concrete:4: {file}" in said or file in Registry(full).shown("concrete:4")["damage"]
    full.delete(full.find("concrete:4"))
    assert sorted(seen(full)) == [1, 2]


@pytest.mark.parametrize("file", OF_A_MODEL)
@pytest.mark.parametrize("content", WRONG, ids=lambda content: repr(content[:12]))
def test_a_damaged_document_of_a_model_is_said_and_not_used(full, file, content, tmp_path):
    put(full.folder / "concrete" / file, content)
    alias_list = file == "aliases.json" and content == b"{}"  # as the first format wrote none
    number_list = file == "removed.json" and content == b"[]"

    assert {1, 2, 4} <= seen(full).keys()
    assert full.load("concrete:2").number == 2
    if alias_list or number_list:
        return
    rows = Registry(full).verified()
    assert [row["damage"] for row in rows if row["version"] is None and file in row["damage"]]
    asked = {
        "aliases.json": lambda: full.find("concrete@production"),
        "newest.json": lambda: full.find("concrete"),
        "removed.json": lambda: publish(full, tmp_path / "new", b""),  # 3 might be given again
    }
    with pytest.raises(Damaged, match=file):
        asked[file]()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_changed_byte_is_found_or_changes_nothing(tmp_path_factory, data):
    base = tmp_path_factory.mktemp("home")
    models = Models(home.prepare(base / "home"))
    publish(models, base / "1", skops(RIDGE), {"model": "ridge", "params": {"alpha": 1}})
    publish(models, base / "2", skops(RIDGE), {"model": "ridge", "params": {"alpha": 2}})
    models.tag("concrete", 1, "production")
    models.publish("concrete", base / "1")
    registry = Registry(models)
    before = registry.listed(), registry.shown("concrete:1"), registry.shown("concrete@production")
    files = sorted(path for path in models.folder.rglob("*.json"))
    path = data.draw(st.sampled_from(files))
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    byte = data.draw(st.integers(0, 255))
    put(path, whole[:place] if cut else whole[:place] + bytes([byte]) + whole[place + 1 :])

    try:
        after = registry.listed(), registry.shown("concrete:1"), registry.shown("concrete:2")
        names = registry.shown("concrete@production")
    except (Damaged, NotFound):
        after, names = None, None
    assert len(registry.listed()) == 2
    if after is None or after[0] != before[0] or after[1] != before[1] or names != before[2]:
        assert any(row["damage"] for row in registry.verified())


def test_an_edited_record_is_not_good_and_an_old_one_is(version, models):
    path = version.path / "version.json"
    record = json.loads(path.read_text())
    put(path, json.dumps(record | {"run": "another"}).encode())
    assert "has changed" in version.damage()
    del record["sha256"]
    put(path, json.dumps(record).encode())
    assert "has changed" in version.damage()
    put(path, json.dumps(record | {"format": 1}).encode())  # as the first format had none
    assert version.damage() == ""
    (models.folder / "concrete" / "aliases.json").write_text('{"production": 1}')
    (models.folder / "concrete" / "removed.json").write_text("[2, 3]")
    assert models.find("concrete@production") == version
    assert models._highest("concrete") == 3


def test_the_record_of_another_version_is_damage(full):
    one, two = (full.folder / "concrete" / number / "version.json" for number in "12")
    put(two, one.read_bytes())
    assert "is the record of concrete:1" in full.find("concrete:2").damage()


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_document_in_an_archive_is_refused_with_its_name_or_fits(tmp_path_factory, data):
    base = tmp_path_factory.mktemp("home")
    here, there = (Models(home.prepare(base / name)) for name in ("here", "there"))
    export(publish(here, base / "1", skops(RIDGE)), base / "m.zip")
    file = data.draw(st.sampled_from(("version", "manifest", "metrics", "lineage", "sample")))
    values = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=5)
        | st.sampled_from(["\x1b[2J", "\ud800", "../x", 10**400]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )

    def change(entries):
        found = {info.filename: content for info, content in entries}
        document = json.loads(found.get(f"{file}.json", b"{}"))
        key = data.draw(st.sampled_from([*document, "runs", "code", "imports", "versions", "git"]))
        document[key] = data.draw(values)
        text = json.dumps(data.draw(st.sampled_from([document, document[key]])))
        found[f"{file}.json"] = text.encode()
        if file != "version":
            record = json.loads(found["version.json"])
            record["files"][f"{file}.json"] = hashlib.sha256(found[f"{file}.json"]).hexdigest()
            found["version.json"] = json.dumps(documents.seal(record)).encode()
        elif isinstance(document, dict):
            with_sum = json.loads(text)
            if isinstance(with_sum, dict) and data.draw(st.booleans()):
                found["version.json"] = json.dumps(documents.seal(with_sum)).encode()
        return list(found.items())

    rewritten(base / "m.zip", change)
    with contextlib.suppress(Damaged, UsageError):
        version = bring(there, base / "m.zip", trust=data.draw(st.booleans()))
        Registry(there).shown(version.ref)
        Registry(there).listed()
