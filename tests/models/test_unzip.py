"""Zip files that somebody made to do harm: names, links, bombs, lies."""

import stat
import struct
import zipfile

import pytest

from archives import named, rewritten
from concrete_cli.errors import Damaged
from concrete_cli.registry.archive import bring


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
