"""Columns that are carried over: text as it was written in CSV, numbers as numbers in Parquet."""

import csv

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import _stream
from _answers import CsvWriter
from _kept import Kept
from _step import Refused

# name -> what is written, what it is in Parquet
COLUMNS = {
    "whole": (["1", "-20", "", "NA"], [1, -20, None, None]),
    "real": (["1.50", " 2 ", "3e5", "nan"], [1.5, 2.0, 3e5, None]),
    "flag": (["True", "", "False", "True"], [True, None, False, True]),
    "mixed": (["1", "0", "true", "0"], ["1", "0", "true", "0"]),
    "code": (["007", "12", "", "NA"], ["007", "12", None, "NA"]),
    "digits": (["1", "2", "3", "12345678901234567890"], ["1", "2", "3", "12345678901234567890"]),
    "date": (["2026-01-02", "", "", ""], ["2026-01-02", None, None, None]),
    "nothing": (["", "NA", "", ""], [None, "NA", None, None]),
    "text": (["a,b", 'say "x"', "two\nlines", "é"], ["a,b", 'say "x"', "two\nlines", "é"]),
}
NAMES = list(COLUMNS)


def kept(path, *, as_csv, parts=1, seen=()):
    with _stream.opened(path) as table:
        keep = Kept(table, table.names, seen, csv=as_csv)
        found = {name: [] for name in table.names}
        for part in range(parts):
            for batch in table.batches(table.names, {}, part, parts, exact=keep.exact):
                for name in table.names:
                    found[name].append(keep.column(batch, name))
    return {name: pa.concat_arrays(arrays) for name, arrays in found.items()}


@pytest.mark.parametrize("parts", [1, 3])
def test_in_parquet_a_column_is_what_all_its_values_are(tmp_path, parts):
    with (tmp_path / "t.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [NAMES, *zip(*(told for told, _ in COLUMNS.values()), strict=True)]
        )

    found = kept(tmp_path / "t.csv", as_csv=False, parts=parts)

    assert {name: array.to_pylist() for name, array in found.items()} == {
        name: values for name, (_, values) in COLUMNS.items()
    }
    types = [str(found[name].type) for name in ("whole", "real", "flag", "code", "nothing")]
    assert types == ["int64", "double", "bool", "string", "string"]


def test_a_decimal_comma_becomes_a_point(tmp_path):
    (tmp_path / "t.csv").write_text("a;b\n1,50;x\n2;y\n")

    for as_csv in (True, False):
        assert kept(tmp_path / "t.csv", as_csv=as_csv)["a"].to_pylist() == [1.5, 2.0]


def test_in_csv_it_stays_as_it_was_written(tmp_path):
    text = 'whole,real,code,text\n1,1.50,007,"a,b"\n,2e0,NA,"say ""x"""\n'
    (tmp_path / "t.csv").write_text(text)

    found = kept(tmp_path / "t.csv", as_csv=True)
    out = CsvWriter(tmp_path / "out.csv", pa.table(found).schema, header=True)
    out.write_table(pa.table(found))
    out.close()

    assert (tmp_path / "out.csv").read_text() == text


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[st.text(st.sampled_from('a,"\n\ré '), min_size=1)] * 2), min_size=1))
def test_what_is_written_as_csv_is_read_again(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    table = pa.table([list(column) for column in zip(*rows, strict=True)], ["a", 'b "c"'])

    out = CsvWriter(path, table.schema, header=True)
    out.write_table(table)
    out.close()

    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [["a", 'b "c"'], *map(list, rows)]


def test_csv_holds_no_lists(tmp_path):
    with pytest.raises(Refused, match=r"'a' holds list.*Parquet can"):
        CsvWriter(tmp_path / "t.csv", pa.schema([("a", pa.list_(pa.int64()))]), header=True)


def test_a_table_in_another_notation_is_read_for_what_is_kept_and_then_for_the_model(tmp_path):
    (tmp_path / "t.csv").write_text("size;note;kept\n1,5 kg;a;2,5\n-;b;3\n1.234,0 kg;c;4\n")
    with _stream.opened(tmp_path / "t.csv") as table:
        keep = Kept(table, ["note", "kept"], ["size"], csv=False)
        types = {"size": pa.float64()}
        (batch,) = table.batches(["size", "note", "kept"], types, 0, 1, exact=keep.exact)

        assert batch.column("size").to_pylist() == [1.5, None, 1234]
        assert keep.column(batch, "kept").to_pylist() == [2.5, 3, 4]
        assert keep.column(batch, "note").to_pylist() == ["a", "b", "c"]
