"""Carrying a model elsewhere as a zip file, and every way in which such a file can be evil."""

import io
import json
import stat
import struct
import zipfile

import pytest

from concrete_cli import digest, home
from concrete_cli.errors import Damaged, NotFound, UsageError
from concrete_cli.registry.archive import bring, export
from concrete_cli.registry.models import Models

RIDGE = "sklearn.linear_model._ridge.Ridge"


def skops(*types):
    """Return the bytes of a file as skops writes it, as far as its types go."""
    schema = [
        {"__class__": name.rpartition(".")[2], "__module__": name.rpartition(".")[0]}
        for name in types
    ]
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("schema.json", json.dumps({"content": schema}))
    return raw.getvalue()


@pytest.fixture
def models(tmp_path):
    return Models(home.prepare(tmp_path / "home"))


@pytest.fixture
def elsewhere(tmp_path):
    return Models(home.prepare(tmp_path / "elsewhere"))


@pytest.fixture
def version(models, tmp_path):
    return publish(models, tmp_path / "bundle", skops(RIDGE))


def publish(models, folder, model, manifest=None):
    folder.mkdir()
    (folder / "model.skops").write_bytes(model)
    facts = manifest or {"model": "ridge", "params": {}}
    (folder / "manifest.json").write_text(json.dumps(facts))
    (folder / "metrics.json").write_text('{"rmse": 5.0}')
    return models.publish("concrete", folder, {"run": "r"}, {"lineage.json": '{"runs": []}'})


@pytest.fixture
def file(version, tmp_path):
    path = tmp_path / "model.zip"
    export(version, path)
    return path


def rewritten(file, change):
    """Write the archive again; `change` may alter the list of (ZipInfo, bytes)."""
    with zipfile.ZipFile(file) as archive:
        entries = [(info, archive.read(info)) for info in archive.infolist()]
    entries = change(entries)
    with zipfile.ZipFile(file, "w") as archive:
        for info, content in entries:
            archive.writestr(info, content)
    return file


def named(name, mode=stat.S_IFREG | 0o644):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


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
    with pytest.raises(NotFound):
        export(version, tmp_path / "nowhere" / "m.zip")
    (version.path / "metrics.json").unlink()
    with pytest.raises(Damaged, match=r"metrics\.json is missing"):
        export(version, tmp_path / "other.zip")
    assert not (tmp_path / "other.zip").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/evil",
        "a/../../evil",
        "..\\evil",
        "C:\\evil",
        "a//b",
        "./a",
        "evil\0.json",
        "a/",
        " a",
        ".hidden",
        "x" * 300,
    ],
)
def test_names_that_lead_elsewhere_are_refused(file, elsewhere, tmp_path, name):
    before = {path for path in tmp_path.rglob("*") if "elsewhere" not in path.parts}
    info = named("placeholder")
    info.filename = name
    rewritten(file, lambda entries: [*entries, (info, b"evil")])

    with pytest.raises(Damaged, match="no plain name"):
        bring(elsewhere, file)

    assert {path for path in tmp_path.rglob("*") if "elsewhere" not in path.parts} == before
    assert elsewhere.all() == []
    assert list((elsewhere.home / "tmp").iterdir()) == []


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_links_and_devices_are_refused(file, elsewhere, kind):
    info = named("link", kind | 0o777)
    rewritten(file, lambda entries: [*entries, (info, b"/etc/passwd")])

    with pytest.raises(Damaged, match="no plain file"):
        bring(elsewhere, file)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["metrics.json", "Metrics.JSON"])
def test_a_name_that_is_there_twice_is_refused(file, elsewhere, name):
    rewritten(file, lambda entries: [*entries, (named(name), b"{}")])

    with pytest.raises(Damaged, match="twice"):
        bring(elsewhere, file)


def test_bombs_are_refused_before_they_go_off(file, elsewhere):
    info = named("bomb")
    info.compress_type = zipfile.ZIP_DEFLATED
    rewritten(file, lambda entries: [*entries, (info, bytes(50 << 20))])
    assert file.stat().st_size < 1 << 20

    with pytest.raises(Damaged, match="52428800 bytes made of"):
        bring(elsewhere, file)


def test_too_many_files_are_refused(file, elsewhere):
    rewritten(file, lambda entries: [*entries, *((named(f"f{n}"), b"") for n in range(1001))])

    with pytest.raises(Damaged, match="too many"):
        bring(elsewhere, file)


def test_a_file_that_is_larger_than_it_says_is_refused(file, elsewhere):
    raw = bytearray(file.read_bytes())
    place = raw.rfind(b"PK\x01\x02")  # the directory's last entry: version.json
    (size,) = struct.unpack_from("<I", raw, place + 24)
    struct.pack_into("<I", raw, place + 24, size - 9)
    file.write_bytes(raw)

    with pytest.raises(Damaged):
        bring(elsewhere, file)


def test_files_that_overlap_are_refused(file, elsewhere):
    with zipfile.ZipFile(file) as archive:
        big = max(archive.infolist(), key=lambda one: one.compress_size)
    raw = file.read_bytes()
    directory = raw.index(b"PK\x01\x02")
    end = raw.rindex(b"PK\x05\x06")
    entries = b""
    for number in range(60):
        name = f"f{number}".encode()
        entries += struct.pack(
            "<4sHHHHHHIIIHHHHHII",
            *(b"PK\x01\x02", 20, 20, 0, 8, 0, 0, big.CRC, big.compress_size, big.file_size),
            *(len(name), 0, 0, 0, 0, 0, big.header_offset),
        )
        entries += name
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 60, 60, len(entries), directory, 0)
    file.write_bytes(raw[:directory] + entries + tail)
    assert end > directory

    with pytest.raises(Damaged, match="overlap"):
        bring(elsewhere, file)


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
    with pytest.raises(NotFound):
        bring(elsewhere, file.with_name("nothing.zip"))
