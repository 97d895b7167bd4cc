"""Carrying a model elsewhere as a zip file: what comes out, and what is refused to come in."""

import pytest

from archives import RIDGE, named, publish, rewritten, skops
from concrete_cli import digest
from concrete_cli.errors import Damaged, NotFound, UsageError
from concrete_cli.registry.archive import bring, export


def test_a_version_comes_out_elsewhere_as_it_was(version, file, elsewhere, tmp_path):
    publish(elsewhere, tmp_path / "other", skops())  # another model took the first number

    found = bring(elsewhere, file)

    assert found.ref == "concrete:2"
    assert {**digest.of_files(found.path), "version.json": ""} == {
        **digest.of_files(version.path),
        "version.json": "",
    }
    assert found.damage() == ""
    assert found.record["run"] == "r"
    assert found.record["imported"] == {"name": "concrete", "version": 1}
    assert bring(elsewhere, file) == found
    assert bring(elsewhere, file, "other").ref == "other:1"


def test_it_comes_home_as_the_version_that_it_is(version, file, models):
    assert bring(models, file) == version


def test_equal_versions_give_equal_files(version, file, tmp_path):
    export(version, tmp_path / "again.zip")
    assert file.read_bytes() == (tmp_path / "again.zip").read_bytes()


def test_export_overwrites_nothing_and_hands_out_nothing_damaged(version, file, tmp_path):
    with pytest.raises(UsageError, match="exists already"):
        export(version, file)
    with pytest.raises(NotFound) as caught:
        export(version, tmp_path / "nowhere" / "m.zip")
    assert caught.value.help == f"make it first: mkdir -p {tmp_path / 'nowhere'}"
    (version.path / "metrics.json").unlink()
    with pytest.raises(Damaged, match=r"metrics\.json is missing"):
        export(version, tmp_path / "other.zip")
    assert not (tmp_path / "other.zip").exists()


@pytest.mark.parametrize("harm", ["cut", "text", "extra", "less", "changed", "no record"])
def test_what_is_not_what_was_exported_is_refused(file, elsewhere, harm):
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:300])
    elif harm == "text":
        file.write_text("hello")
    elif harm == "extra":
        rewritten(file, lambda entries: [*entries, (named("more"), b"")])
    elif harm == "less":
        rewritten(
            file, lambda entries: [one for one in entries if "metrics" not in one[0].filename]
        )
    elif harm == "changed":
        rewritten(
            file,
            lambda entries: [
                (info, b"{}" if info.filename == "metrics.json" else content)
                for info, content in entries
            ],
        )
    else:
        rewritten(
            file, lambda entries: [one for one in entries if "version" not in one[0].filename]
        )

    with pytest.raises(Damaged):
        bring(elsewhere, file)
    assert elsewhere.all() == []


def test_a_changed_bit_is_refused_or_changes_nothing(version, file, elsewhere):
    whole = file.read_bytes()
    for place in range(0, len(whole), 3):
        raw = bytearray(whole)
        raw[place] ^= 1 << place % 8
        file.write_bytes(raw)
        try:
            found = bring(elsewhere, file)
        except (Damaged, UsageError):  # UsageError: the name of the model has changed
            continue
        assert found.record["files"] == version.record["files"]


@pytest.mark.parametrize("content", ["[]", "{", '{"files": []}', '{"files": {}, "added": 3}', "9"])
def test_records_that_make_no_sense_are_refused(file, elsewhere, content):
    rewritten(
        file,
        lambda entries: [
            (info, content.encode() if info.filename == "version.json" else kept)
            for info, kept in entries
        ],
    )

    with pytest.raises(Damaged):
        bring(elsewhere, file)


def test_a_pickle_that_is_called_skops_is_refused(models, elsewhere, tmp_path):
    version = publish(models, tmp_path / "bundle", b"cos\nsystem\n(S'touch canary'\ntR.")
    export(version, tmp_path / "m.zip")

    with pytest.raises(Damaged, match="no skops file"):
        bring(elsewhere, tmp_path / "m.zip")


def test_a_type_too_much_is_refused(models, elsewhere, tmp_path):
    version = publish(models, tmp_path / "bundle", skops(RIDGE, "os.system"))
    export(version, tmp_path / "m.zip")

    with pytest.raises(Damaged, match=r"holds os\.system"):
        bring(elsewhere, tmp_path / "m.zip")


@pytest.mark.parametrize(
    "manifest",
    [
        {"model": "mine:Regressor", "params": {}},
        {"model": "voting", "params": {"members": ["ridge", {"model": "mine:Regressor"}]}},
    ],
)
def test_a_class_of_somebodys_own_has_to_be_trusted(models, elsewhere, tmp_path, manifest):
    version = publish(models, tmp_path / "bundle", skops("mine.Regressor"), manifest)
    export(version, tmp_path / "m.zip")

    with pytest.raises(UsageError, match="mine:Regressor"):
        bring(elsewhere, tmp_path / "m.zip")
    assert bring(elsewhere, tmp_path / "m.zip", trust=True).ref == "concrete:1"


def test_names_given_for_an_import_are_checked(file, elsewhere):
    for name in ("../x", "a/b", "x" * 300):
        with pytest.raises(UsageError):
            bring(elsewhere, file, name)
    with pytest.raises(NotFound) as caught:
        bring(elsewhere, file.with_name("nothing.zip"))
    assert caught.value.help == f"nothing in {file.parent} is called like that"
    with pytest.raises(NotFound) as caught:
        bring(elsewhere, file.parent / "nowhere" / "m.zip")
    assert caught.value.help == f"there is no folder {file.parent / 'nowhere'} either"
