"""What the values of a table mean: an index, a category, a time, a class, no target."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import _classes
import _times
from _pandas import categorical, index_columns
from _step import Refused
from stepping import read, step


@pytest.fixture
def prepared(tmp_path):
    def prepare(table, **wanted):
        path = tmp_path / "t.parquet"
        if isinstance(table, str):
            path = tmp_path / "t.csv"
            path.write_text(table)
        elif isinstance(table, pd.DataFrame):
            table.to_parquet(path)
        else:
            pq.write_table(table, path)
        step("prepare", source=path, data=tmp_path / "data", **{"target": "y", **wanted})
        profile = read(tmp_path / "data" / "profile.json")
        return pd.read_parquet(tmp_path / "data" / "data.parquet"), profile

    return prepare


def kinds(profile):
    return {one["name"]: one["kind"] for one in profile["columns"]}


FRAME = pd.DataFrame({"x": np.arange(20.0) ** 2, "y": np.arange(20.0) / 3})
INDEXES = {
    "numbers that are left": FRAME[FRAME["x"] != 9],
    "concat": pd.concat([FRAME[:10], FRAME[:10]]),
    "text": FRAME.set_index(pd.Index([f"r{number}" for number in range(20)])),
    "named": FRAME.set_index(pd.Index(np.arange(20) ** 3, name="station")),
    "several": FRAME.set_index([pd.Index([1, 2] * 10), pd.Index(list("abcd") * 5, name="site")]),
    "dates": FRAME.set_index(pd.date_range("2024-01-01", periods=20, name="day")),
}


@pytest.mark.parametrize("name", INDEXES)
def test_the_index_of_pandas_is_no_feature(prepared, name):
    rows, profile = prepared(INDEXES[name])

    assert list(rows) == ["x", "y"]
    assert profile["notices"][0].startswith("the index that pandas has left in the file, ")


def test_what_somebody_else_made_of_an_index_is_none_either(prepared):
    """Polars and the like keep the column, and not what pandas says of it."""
    table = pa.Table.from_pandas(INDEXES["concat"]).replace_schema_metadata(None)
    _, profile = prepared(table)
    assert "__index_level_0__" not in kinds(profile)


def test_a_range_leaves_no_column_and_no_word(prepared):
    _, profile = prepared(FRAME)
    assert profile["notices"] == []


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"columns": {"station": {}}}, "number"),
        ({"categorical": ["station"]}, "category"),
        ({"features": {"far": "station * 2"}}, "number"),
        ({"units": {"station": "m"}}, "number"),
        ({"group_by": ["station"]}, "number"),
        ({"stratify_by": "station"}, "number"),
        ({"target": "station"}, "number"),
        ({"drop": ["station"], "group_by": ["station"]}, "number"),
    ],
)
def test_an_index_that_the_experiment_names_is_a_column(prepared, said, kind):
    _, profile = prepared(INDEXES["named"], **said)
    assert kinds(profile)["station"] == kind
    assert profile["notices"] == []


@pytest.mark.parametrize(
    "about", [b"", b"[]", b"{}", b'{"index_columns": 3}', b'{"index_columns": [{"kind": "range"}]}']
)
def test_metadata_that_says_nothing(about):
    schema = pa.schema([("x", pa.int8())], metadata={b"pandas": about})
    assert index_columns(schema) == categorical(schema) == []


@pytest.mark.parametrize(
    "values",
    [["1", "2", "3"], [1, 2, 3], [10.0, 20.0, 30.0], ["01", "1", "10"]],
    ids=["texts", "whole", "floats", "zeros"],
)
@pytest.mark.parametrize("null", [False, True])
def test_a_categorical_of_digits_stays_a_category(prepared, values, null):
    codes = pd.Categorical((values * 7)[:20], categories=values)
    frame = FRAME.assign(code=codes)
    if null:
        frame.loc[3, "code"] = None

    rows, profile = prepared(frame)

    assert kinds(profile)["code"] == "category"
    assert set(rows["code"].dropna()) == {f"{one:g}" if one == 10.0 or isinstance(one, float)
                                          else str(one) for one in values}  # fmt: skip


def test_a_categorical_that_has_to_be_a_number_is_one(prepared):
    frame = FRAME.assign(code=pd.Categorical(["1", "2"] * 10), y=pd.Categorical([3, 4] * 10))
    _, profile = prepared(frame, columns={"code": {"max": 2}})
    assert kinds(profile) == {"x": "number", "code": "number", "y": "number"}


def test_a_dictionary_that_arrow_wrote_is_a_category(prepared):
    table = pa.table({"x": pa.array(["1", "2"] * 10).dictionary_encode(), "y": range(20)})
    _, profile = prepared(table)
    assert kinds(profile)["x"] == "category"


def lines(*columns):
    return "\n".join(",".join(map(str, row)) for row in zip(*columns, strict=True)) + "\n"


def holed(rows=30, every=5):
    size = ["size", *range(rows)]
    y = ["y", *("" if number % every == 3 else number**2 % 11 for number in range(rows))]
    return lines(size, y)


def test_rows_without_a_target_are_dropped_counted_and_named(prepared):
    rows, profile = prepared(holed(), missing_target="drop")

    assert rows["size"].tolist() == [number for number in range(30) if number % 5 != 3]
    assert (profile["rows"], profile["left_out"]) == (24, 6)
    notice = "6 of 30 rows have no 'y' and are left out: 4, 9, 14, ..."
    assert profile["notices"] == [notice]


def test_what_is_refused_is_named_by_its_row_in_the_file(prepared):
    with pytest.raises(Refused, match=r"is above its max 24 in 4 rows \(first 26, 27,"):
        prepared(holed(), missing_target="drop", columns={"size": {"max": 24}})
    with pytest.raises(Refused, match="is the target and has 6 missing values"):
        prepared(holed(), columns={"size": {"max": 24}})


def test_a_rule_does_not_hold_for_rows_that_are_dropped(prepared):
    table = "size,y\n1,1\n-1,\n3,2\n4,NA\n5,3\n"
    rows, _ = prepared(
        table, missing_target="drop", columns={"size": {"min": 0}, "y": {"missing": False}}
    )
    assert rows["size"].tolist() == [1, 3, 5]


def test_keys_follow_the_rows_that_are_left(prepared, tmp_path):
    prepared("k,x,y\na,1,1\nb,2,\nc,3,2\n,4,4\n", missing_target="drop", group_by=["k"])
    assert pd.read_parquet(tmp_path / "data" / "keys.parquet")["k"].fillna("").tolist() == [
        "a",
        "c",
        "",
    ]
    assert "row 4 has no 'k' to group by" in read(tmp_path / "data" / "profile.json")["notices"][1]


def test_infinite_targets_and_empty_columns_are_refused_all_the_same(prepared):
    with pytest.raises(Refused, match="has 1 infinite value, in row 3"):
        prepared("x,y\n1,1\n2,\n3,inf\n4,2\n", missing_target="drop")
    with pytest.raises(Refused, match="column 'x' has no values in the rows that have a y"):
        prepared("x,z,y\n1,1,\n,2,1\n,3,2\n", missing_target="drop")
    with pytest.raises(Refused, match="has no values"):
        prepared("x,y\n1,\n2,\n", missing_target="drop")


DAYS = pd.date_range("2024-01-30", periods=24)
SECONDS = (DAYS - pd.Timestamp(0)) // pd.Timedelta("1s")


@pytest.mark.parametrize(
    "values",
    [
        DAYS.strftime("%Y-%m-%d"),
        DAYS.strftime("%Y-%m-%dT%H:%M:%SZ"),
        DAYS.strftime("%Y-%m-%d %H:%M:%S.250+01:00"),
        DAYS.strftime("%Y/%m/%d"),
        DAYS.strftime("%Y%m%d"),
        DAYS.strftime("%d.%m.%Y"),
        DAYS.strftime("%Y-%m"),
        DAYS.strftime("%G-W%V-%u"),
        DAYS.strftime("%Y-%j"),
        DAYS.strftime("%Y%m%dT%H%M%SZ"),
        SECONDS,
        SECONDS * 1000,
        SECONDS * 10**6,
        SECONDS * 10**9,
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["x", "day"])
def test_a_column_of_times_is_said(prepared, values, name):
    text = lines([name, *values], ["size", *range(24)], ["y", *(one**2 for one in range(24))])

    _, profile = prepared(text, drop=[name])

    notice = (
        f"{name!r} holds dates or times, but the split ignores their order: test rows lie between"
        " train rows in time, so the scores are likely better than they will be for later rows"
    )
    assert profile["notices"] == [notice]


@pytest.mark.parametrize(
    "values",
    [
        DAYS,
        DAYS.tz_localize("UTC"),
        DAYS.date,
        pd.Categorical(DAYS.strftime("%Y-%m-%d")),
        SECONDS,
    ],
    ids=["datetime64", "with a zone", "date32", "categories", "seconds"],
)
def test_types_of_times_are_said(prepared, values):
    frame = pd.DataFrame({"when": values, "size": range(24), "y": np.arange(24) ** 2})
    _, profile = prepared(frame, drop=["when"])
    assert "'when' holds dates or times" in profile["notices"][0]


@pytest.mark.parametrize(
    "values",
    [
        [5551234567 + 997 * one % 7919 for one in range(24)],  # telephone numbers
        [1_500_000_000 + 7919 * one % 104729 for one in range(24)],  # numbers of that size
        [f"{one}:30" for one in range(24)],  # a time of the day tells no order of days
        [f"10.{one}.3.4" for one in range(24)],
        [f"2024-{one}" if one > 12 else f"A-{one}" for one in range(24)],
        [20_240_000 + one for one in range(40, 64)],  # no days
        [0.5 * one for one in range(24)],
        ["2024-01-01", *("none",) * 23],
    ],
    ids=range(8),
)
def test_what_is_no_time_is_not_said_to_be_one(prepared, values):
    text = lines(["code", *values], ["size", *range(24)], ["y", *(one**2 for one in range(24))])
    _, profile = prepared(text, drop=["code"])
    assert profile["notices"] == []


@given(st.datetimes(), st.sampled_from("T "), st.sampled_from(["", "Z", "+05:30", "-0800"]))
def test_any_iso_text_is_a_date(moment, between, zone):
    for timespec in ("minutes", "seconds", "milliseconds", "microseconds"):
        text = moment.isoformat(between, timespec) + zone
        assert _times.are_dates([text]), text


@given(st.floats(-1e12, 1e12).filter(lambda one: abs(one) < 1e7 or one != int(one)))
def test_a_decimal_number_is_no_date(number):
    assert not _times.are_dates([f"{number:.6f}"])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([0, 1], True),
        ([0.0, 1.0], True),
        ([-1, 1], True),
        ([0, 1, 2], True),
        ([1, 2, 3, 4, 5], True),
        ([1.5, 2.5], True),
        ([0.5, 1.0, 1.5], False),
        (range(11), False),
        ([1000, 2000, 3000.5], False),
    ],
)
def test_a_target_that_looks_like_classes_is_said_loudly(prepared, values, told):
    values = [*values] * 20
    frame = pd.DataFrame({"x": np.arange(len(values)) ** 2, "y": values})
    _, profile = prepared(frame)
    assert [*("REGRESSION" in one for one in profile["notices"])] == [True] * told


@pytest.mark.parametrize("words", [("yes", "no"), ("true", "false"), ("good", "bad")])
def test_a_target_of_two_words_is_refused_as_classes(prepared, words):
    text = lines(["x", *range(20)], ["y", *words * 10])
    with pytest.raises(Refused, match="classification is not supported yet"):
        prepared(text)
    with pytest.raises(Refused, match="classification is not supported yet"):
        prepared(pd.DataFrame({"x": range(20), "y": pd.Categorical(words * 10)}))


def test_few_rows_say_nothing_of_classes():
    assert _classes.notice("y", [1, 2, 3, 4], 4) == ""
    assert _classes.notice("y", [1], 4) == ""
