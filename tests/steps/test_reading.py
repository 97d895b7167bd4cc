"""Files as they come from the world."""

import numpy as np
import pandas as pd
import pytest

from _step import Refused
from stepping import read, step

PLAIN = "size,price\n1,2\n2,3.5\n"


@pytest.fixture
def prepared(tmp_path):
    def prepare(source, **wanted):
        step("prepare", source=source, data=tmp_path / "data", **{"target": "price", **wanted})
        profile = read(tmp_path / "data" / "profile.json")
        return pd.read_parquet(tmp_path / "data" / "data.parquet"), profile

    return prepare


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.encode("utf-16"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-32"),
        PLAIN.rstrip().encode(),
        b'"size","price"\n"1","2"\n"2","3.5"\n',
        b" size , price\n 1, 2\n2 ,3.5 \n",
        b"\n\nsize,price\n1,2\n\n\n2,3.5\n\n",
    ],
    ids=["plain", "bom", "crlf", "utf16", "utf16be", "utf32", "no end", "quoted", "blanks", "gaps"],
)
def test_one_table_in_many_dresses(prepared, write, content):
    rows, profile = prepared(write(content))
    assert rows.to_dict("list") == {"size": [1, 2], "price": [2.0, 3.5]}
    assert profile["warnings"] == []


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_separators_are_found_and_told(prepared, write, mark):
    rows, profile = prepared(write(PLAIN.replace(",", mark)))
    assert rows["price"].tolist() == [2, 3.5]
    assert "separated by" in profile["warnings"][0]


def test_decimal_commas(prepared, write):
    rows, _ = prepared(write("size;price\n1,5;2\n-2;3,25\n"))
    assert rows.to_dict("list") == {"size": [1.5, -2], "price": [2, 3.25]}


def test_latin_1_is_part_of_windows_1252_and_told(prepared, write):
    content = "größe,price\n1,2\n2,3\n".encode("latin-1")
    rows, profile = prepared(write(content))
    assert list(rows) == ["größe", "price"]
    assert profile["warnings"] == [
        "table.csv is not UTF-8: read as Windows-1252, check names and texts with accents"
    ]


def test_a_text_with_line_breaks_stays_one_value(prepared, write):
    rows, _ = prepared(write('note,price\n"two\nlines",2\n"a, b",3\n'))
    assert rows["note"].tolist() == ["two\nlines", "a, b"]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ('"size\nin cm";price\n1,5;2\n2,5;3\n', ["size\nin cm", "price"]),
        ('"size, width, depth";price\n1;2\n2;3\n', ["size, width, depth", "price"]),
        ('"say ""a,b,c"" or";price\n1;2\n2;3\n', ['say "a,b,c" or', "price"]),
    ],
)
def test_a_quoted_name_may_hold_line_breaks_and_other_separators(prepared, write, content, names):
    rows, profile = prepared(write(content))
    assert list(rows) == names
    assert rows["price"].tolist() == [2, 3]
    assert "separated by ';'" in profile["warnings"][0]


def test_parquet_with_categories_and_dates_to_drop(prepared, tmp_path):
    frame = pd.DataFrame(
        {
            "kind": pd.Categorical(["a", "b", None]),
            "when": pd.to_datetime(["2020-01-01"] * 3),
            "is_new": [True, False, None],
            "price": np.array([1, 2, 3], dtype="float32"),
        }
    )
    frame.to_parquet(tmp_path / "table.pq")
    rows, profile = prepared(tmp_path / "table.pq", drop=["when"])
    kinds = {column["name"]: (column["kind"], column["role"]) for column in profile["columns"]}
    assert kinds == {
        "kind": ("category", "feature"),
        "when": ("category", "dropped"),
        "is_new": ("boolean", "feature"),
        "price": ("number", "target"),
    }
    assert rows["is_new"].isna().tolist() == [False, False, True]


def test_a_folder_with_one_file_is_that_file(prepared, write, tmp_path):
    write(PLAIN)
    rows, _ = prepared(tmp_path)
    assert len(rows) == 2


def test_numbers_that_are_names_stay_as_they_are_written(prepared, write):
    rows, _ = prepared(write("zip,price\n007,1\n7,2\n"), categorical=["zip"])
    assert rows["zip"].tolist() == ["007", "7"]


def test_infinite_words_are_numbers(prepared, write):
    rows, _ = prepared(write("size,price\n1e3,1\n.5,2\n-2.,3\n"))
    assert rows["size"].tolist() == [1000, 0.5, -2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "{path} is empty: it needs a header line and rows"),
        (b"\xef\xbb\xbf\n", "{path} is empty: it needs a header line and rows"),
        (b"size,price\n", "{path} has a header but no rows"),
        (b"size,price", "{path} has a header but no rows"),
        (b"size,price\n1,2\n", "{path} has one row: there is nothing to learn from"),
        (
            b"size,price,size\n1,2,3\n",
            "{path}: column 'size' appears twice, as columns 1 and 3: rename one",
        ),
        (b"size,,price\n1,2,3\n", "{path}: column 2 has no name: give it one in the header"),
        (
            b"size,price\n1,2\n1,2,3\n",
            "{path}, row 2: 3 values where the header has 2 columns: '1,2,3'",
        ),
        (b"size,price\n1,2\n5\n", "{path}, row 2: 1 values where the header has 2 columns: '5'"),
        (b"size,price\n1," + b"x" * 200_000 + b"\n", "{path} cannot be read as CSV: field larger"),
        (b"PAR1 and no more", "{path} is not a Parquet file that can be read:"),
        (b"\x89PNG\0\0\0", "{path} is not text: save it as CSV in UTF-8, or as Parquet"),
        (
            b"siez,prcie\n1,2\n1,3\n",
            "{path} has no column 'price' (target): did you mean 'prcie'?",
        ),
    ],
)
def test_refusals(prepared, write, content, message):
    path = write(content)
    with pytest.raises(Refused) as caught:
        prepared(path)
    assert str(caught.value).startswith(message.format(path=path))


def test_a_missing_file(prepared, tmp_path):
    with pytest.raises(Refused, match=r"does not exist: check `source` in \[data\]"):
        prepared(tmp_path / "nothing.csv")


def test_an_empty_folder(prepared, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refused, match="a folder with 0 data files"):
        prepared(tmp_path / "empty")
