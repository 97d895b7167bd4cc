"""Parts of a table: nothing lost, nothing twice, rows in order, wherever the cuts fall."""

import csv
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import _stream
from _step import Refused

TEXT = st.text(st.sampled_from('ab,;"\n\ré '), max_size=6)
NUMBERS = {"number": pa.float64()}


def rows(path, parts, names=("number", "text")):
    found = []
    with _stream.opened(path) as table:
        for part in range(parts):
            for batch in table.batches(list(names), NUMBERS, part, parts):
                found += batch.to_pylist()
    return found


def written(texts, newline="\n", encoding="utf-8"):
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerow(["text", "number"])
    writer.writerows([f"x{text}", number] for number, text in enumerate(texts))
    return file.getvalue().encode(encoding)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=30), st.integers(1, 9), st.sampled_from(["\n", "\r\n"]))
def test_csv_parts_are_the_whole(tmp_path_factory, texts, parts, newline):
    path = tmp_path_factory.mktemp("csv") / "table"
    path.write_bytes(written(texts, newline))

    found = rows(path, parts)

    assert [row["number"] for row in found] == list(range(len(texts)))
    assert [row["text"] for row in found] == [f"x{text}" for text in texts]


@pytest.mark.parametrize("parts", [1, 2, 3, 10, 1000])
@pytest.mark.parametrize("group", [7, 64, 1000])
def test_parquet_parts_are_the_whole(tmp_path, parts, group):
    table = pa.table({"text": [f"x{n}" for n in range(500)], "number": list(range(500))})
    pq.write_table(table, tmp_path / "t", row_group_size=group)

    assert [row["number"] for row in rows(tmp_path / "t", parts)] == list(range(500))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(tmp_path, encoding):
    (tmp_path / "t").write_bytes(written(["é"] * 50, encoding=encoding))

    assert [row["text"] for row in rows(tmp_path / "t", 3)] == ["xé"] * 50


def test_decimal_commas(tmp_path):
    (tmp_path / "t").write_text("number;text\n" + "1,5;x\n" * 40)

    assert {row["number"] for row in rows(tmp_path / "t", 4)} == {1.5}


@pytest.mark.parametrize("parts", [1, 2, 5])
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x,oops", "row 34: 'number' should be a number, got 'oops'"),
        ('"a\nb",3,4', "row 34: 3 values where the header has 2"),
    ],
)
def test_the_wrong_row_is_named_whatever_the_part(tmp_path, parts, line, message):
    lines = ['"two\nlines",1'] * 50
    lines[33] = line
    (tmp_path / "t").write_text("text,number\n" + "\n".join(lines))

    with pytest.raises(Refused, match="row 34") as refused:
        rows(tmp_path / "t", parts)
    assert message in str(refused.value)


def test_a_parquet_column_of_the_wrong_type(tmp_path):
    pq.write_table(pa.table({"text": ["a"], "number": ["many"]}), tmp_path / "t")

    with pytest.raises(Refused, match="row 1: 'number' should be a number, got 'many'"):
        rows(tmp_path / "t", 1)


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more"])
def test_what_is_no_table(tmp_path, content):
    (tmp_path / "t").write_bytes(content)

    with pytest.raises(Refused):
        rows(tmp_path / "t", 1)


def test_blanks_around_names_are_no_part_of_them(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("number, text \n1,a\n2,b\n")

    assert rows(path, 2) == [{"number": 1, "text": "a"}, {"number": 2, "text": "b"}]


def test_whole_numbers_beyond_what_a_double_holds(tmp_path):
    pq.write_table(pa.table({"number": [2**53 + 1, 2**62 + 1]}), tmp_path / "table")

    found = rows(tmp_path / "table", 1, ["number"])

    assert [row["number"] for row in found] == [2.0**53, 2.0**62]
