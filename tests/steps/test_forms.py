"""One table in all the forms that people send: the same rows to learn from and to predict."""

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import _memory
import _stream
from _signature import signature
from _step import Refused
from stepping import read, step

SIZES = [1234.5, 0.25, 12345.0, 999.0, 56.75]
KINDS = ["rot", "blau", "gr\u00fcn", "rot", "blau"]
PRICES = [10.5, 20.0, 30.25, 40.0, 1050.0]
FRAME = pd.DataFrame({"size": SIZES, "kind": KINDS, "price": PRICES})


def german(number):
    whole, _, fraction = f"{number:,.2f}".partition(".")
    return f"{whole.replace(',', '.')},{fraction}"


def text(number=str, delimiter=",", end="\n", quoting=csv.QUOTE_MINIMAL, tail="", quote='"'):
    file = io.StringIO(newline="")
    writer = csv.writer(
        file, delimiter=delimiter, lineterminator=tail + end, quoting=quoting, quotechar=quote
    )
    writer.writerow(FRAME.columns)
    writer.writerows([number(size), kind, number(price)] for size, kind, price in FRAME.to_numpy())
    return file.getvalue()


def zipped(content, *more):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in more:
            archive.writestr(name, "nothing")
        archive.writestr("inner/table.csv", content)
    return file.getvalue()


def zstd(content):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(content)
    return sink.getvalue().to_pybytes()


PLAIN = text().encode()
FORMS = {
    "tsv.csv": text(delimiter="\t").encode(),
    "pipes.txt": text(german, "|").encode(),
    "german.csv": text(german, ";").encode("cp1252"),
    "tabs.tsv": text(german, "\t").encode("utf-16"),
    "wide.csv": text(german, ";").encode("utf-16-le"),
    "us.csv": text("{:,.2f}".format).encode(),
    "swiss.csv": text(lambda one: f"{one:,.2f}".replace(",", "\u2019"), ";").encode(),
    "french.csv": text(
        lambda one: f"{one:,.2f}".translate({44: "\u202f", 46: ","}), ";", "\r\n"
    ).encode("utf-8-sig"),
    "units.csv": text(lambda one: f"{one:,.2f} \u20ac").encode(),
    "percent.csv": text(lambda one: german(one) + " %", ";").encode(),
    "all quoted.csv": text(quoting=csv.QUOTE_ALL).encode(),
    "apostrophes.csv": text(quoting=csv.QUOTE_ALL, quote="'").encode(),
    "excel.csv": b"sep=;\r\n" + text(german, ";", "\r\n").encode(),
    "excel bom.csv": b"\xef\xbb\xbfsep=,\r\n" + PLAIN,
    "trailing.csv": text(delimiter=";", tail=";").encode(),
    "gaps.csv": b"\r\n\r\n" + text(end="\r\n\r\n").encode(),
    "old mac.csv": text(end="\r").encode(),
    "table.csv.gz": gzip.compress(PLAIN),
    "table.csv.bz2": bz2.compress(text(german, ";").encode()),
    "table.csv.xz": lzma.compress(PLAIN),
    "table.csv.zst": zstd(PLAIN),
    "table.zip": zipped(PLAIN, "__MACOSX/._table.csv", "README.md", ".hidden"),
    "gz in zip.zip": zipped(gzip.compress(PLAIN)),
    "no suffix": gzip.compress(PLAIN),
}


@pytest.fixture(params=[*FORMS, "xlsx", "ods", "xls", "parquet", "spark", "hive", "beside"])
def source(request, tmp_path):
    """The table in one of its forms."""
    form, folder = request.param, tmp_path / "data"
    folder.mkdir()
    if form in FORMS:
        (folder / form).write_bytes(FORMS[form])
        return folder / form
    if form == "parquet":
        FRAME.to_parquet(folder / "table.parquet")
        return folder / "table.parquet"
    if form in {"xlsx", "ods", "xls"}:
        pytest.importorskip("python_calamine")
        return Path(__file__).parent / "sheets" / f"table.{form}"
    return FOLDERS[form](folder)


def spark(folder):
    (folder / "_SUCCESS").write_text("")
    (folder / ".part-00000.csv.crc").write_bytes(b"\0\1")
    for number, rows in enumerate((FRAME[:2], FRAME[2:4], FRAME[4:])):
        rows.to_csv(folder / f"part-0000{number}-ab.csv", index=False)
    return folder


def hive(folder):
    for number, rows in enumerate((FRAME[:2], FRAME[2:3], FRAME[3:])):
        below = folder / f"part={number}"
        below.mkdir()
        pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), below / "0.parquet")
    return folder


def beside(folder):
    (folder / "README.txt").write_text("about")
    (folder / ".DS_Store").write_bytes(b"\0")
    (folder / "LICENSE.txt").write_text("free")
    (folder / "table.csv").write_bytes(PLAIN)
    return folder


FOLDERS = {"spark": spark, "hive": hive, "beside": beside}


@pytest.fixture
def prepare(tmp_path):
    def run(source, **wanted):
        step("prepare", source=source, data=tmp_path / "out", **{"target": "price", **wanted})
        rows = pd.read_parquet(tmp_path / "out" / "data.parquet")
        return rows, read(tmp_path / "out" / "profile.json")

    return run


def test_the_same_rows_to_learn_from(prepare, source):
    rows, profile = prepare(source)

    assert rows[[*FRAME.columns]].to_dict("list") == FRAME.to_dict("list")
    assert [one["kind"] for one in profile["columns"]][:3] == ["number", "category", "number"]


@pytest.mark.parametrize("parts", [1, 3])
def test_the_same_rows_to_predict(source, parts, prepare, tmp_path):
    (tmp_path / "plain.csv").write_bytes(PLAIN)
    if source.name in {"units.csv", "percent.csv"}:  # what has a unit is no plain number
        model = signature(*prepare(source))
    else:
        model = signature(*prepare(tmp_path / "plain.csv"))
    types = {"size": pa.float64()}

    found = []
    with _stream.opened(source, model) as table:
        for part in range(parts):
            for batch in table.batches(["size", "kind"], types, part, parts):
                found += batch.to_pylist()

    assert found == FRAME[["size", "kind"]].to_dict("records")


@pytest.mark.parametrize("form", ["units.csv", "percent.csv"])
def test_a_unit_that_the_model_has_not_seen_is_refused(prepare, tmp_path, form):
    (tmp_path / "plain.csv").write_bytes(PLAIN)
    (tmp_path / form).write_bytes(FORMS[form])
    model = signature(*prepare(tmp_path / "plain.csv"))

    with (
        _stream.opened(tmp_path / form, model) as table,
        pytest.raises(
            Refused, match=r"'size' is written in '.', and was without a unit in the rows"
        ),
    ):
        next(table.batches(["size"], {"size": pa.float64()}, 0, 1))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("two.zip", zipped(PLAIN, "b.csv"), "it holds 2 files (b.csv, inner/table.csv): name one"),
        ("cut.csv.gz", gzip.compress(PLAIN * 100)[:-20], "cannot be unpacked"),
        ("a.csv", b"%PDF-1.4 ...\n", "is not text but PDF"),
        ("a.csv", b"ARROW1\0\0", "is not text but Arrow"),
        ("a.csv", bytes(range(256)) * 4, "is not text: save it as CSV"),
        ("a.csv", b"gr\x81\x8d,b\n1,2\n", "is neither UTF-8 nor Windows-1252"),
        ("a.csv", b"a,b\n1," + b"x" * (65 << 20), "has a line of more than 64 MB"),
        ("a.xlsx", zipped(b"", "[Content_Types].xml", "xl/a.xml"), "not a spreadsheet that can"),
    ],
)
def test_what_is_no_table_is_refused_wherever_it_is_read(prepare, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(Refused) as learning:
        prepare(tmp_path / name)
    with pytest.raises(Refused) as predicting, _stream.opened(tmp_path / name):
        pass

    assert message in str(learning.value)
    assert message in str(predicting.value)


def test_folders_that_are_no_data_set(prepare, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("one.csv", "two.csv"):
        (folder / name).write_bytes(PLAIN)
    with pytest.raises(Refused, match="a folder with 2 data files: name one of them"):
        prepare(folder)
    for name in ("one.csv", "two.csv"):
        (folder / name).rename(folder / f"part-{name}")
    (folder / "part-1.csv").write_bytes(PLAIN)
    (folder / "part-2.csv").write_bytes(PLAIN.replace(b"kind", b"sort"))
    for name in ("one.csv", "two.csv"):
        (folder / f"part-{name}").unlink()
    with pytest.raises(Refused, match="differ in their columns: 'kind'"):
        prepare(folder)


def test_parts_whose_numbers_look_different_are_read_together(prepare, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "part-0.csv").write_text("size;price\n1;2\n3;4\n")
    (folder / "part-1.csv").write_text("size;price\n1.234,5;2\n-;4\n")

    rows, _ = prepare(folder)

    assert rows["size"].fillna(-1).tolist() == [1, 3, 1234.5, -1]


def test_what_folders_say_is_a_column(prepare, tmp_path):
    for year, month in ((2023, "01"), (2024, "02")):
        below = tmp_path / "data" / f"year={year}" / f"month={month}"
        below.mkdir(parents=True)
        (below / "0.csv").write_text("size,price\n1,2\n3,4\n")

    rows, profile = prepare(tmp_path / "data")

    assert rows["year"].tolist() == [2023, 2023, 2024, 2024]
    assert rows["month"].tolist() == ["01", "01", "02", "02"]
    assert any("'01' begins with a zero" in one for one in profile["warnings"])


def test_what_the_experiment_says_is_said_of_new_rows_as_well(prepare, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("size:price\n1:5\n-999:6\n<LOD:7\n3:8\n")
    said = {"delimiter": ":", "missing_markers": ["-999", "<LOD"]}

    rows, profile = prepare(path, reading=said)
    model = signature(rows, profile)
    (tmp_path / "new.csv").write_text("size\n1\n<LOD\n-999\n")
    with _stream.opened(tmp_path / "new.csv", model) as table:
        (batch,) = table.batches(["size"], {"size": pa.float64()}, 0, 1)

    assert rows["size"].fillna(0).tolist() == [1, 0, 0, 3]
    assert batch.column(0).to_pylist() == [1, None, None]


def test_text_that_says_na(prepare, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('region,n,price\n"NA",1,1\nEU,NA,2\n,3,3\nNA,4,4\n')

    quoted, _ = prepare(path, categorical=["region"])
    listed, _ = prepare(path, columns={"region": {"choices": ["NA", "EU"]}})

    assert quoted["region"].fillna("nothing").tolist() == ["NA", "EU", "nothing", "nothing"]
    assert listed["region"].fillna("nothing").tolist() == ["NA", "EU", "nothing", "NA"]
    assert listed["n"].fillna(0).tolist() == [1, 0, 3, 4]


def test_what_does_not_fit_into_memory_is_said_before_it_is_read(prepare, tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_bytes(PLAIN)
    FRAME.to_parquet(tmp_path / "a.parquet")
    (tmp_path / "meminfo").write_text("MemAvailable:      0 kB\nSwapFree:   0 kB\n")
    assert _memory.free() is None or _memory.free() > 1 << 20

    monkeypatch.setattr(_memory, "MEMINFO", tmp_path / "meminfo")

    for name in ("a.csv", "a.parquet"):
        with pytest.raises(Refused, match=r"GB of memory, and 0.0 GB are free; take fewer rows"):
            prepare(tmp_path / name)


@pytest.mark.parametrize("plain", ["1.5", "0.125", "12.0625"])
def test_decimal_points_beside_it_tell_what_a_comma_is(prepare, tmp_path, plain):
    (tmp_path / "a.csv").write_text(f'size,other,price\n"1,234",{plain},2\n"5,678",2.5,3\n')

    rows, _ = prepare(tmp_path / "a.csv")

    assert rows["size"].tolist() == [1234, 5678]
