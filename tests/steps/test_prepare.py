"""What must not be in the data, and what is said about it."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from _step import Refused
from stepping import DATA, read, step

GOOD = "size,kind,price\n1,a,10\n2,b,20\n3,a,31\n4,b,39\n"


@pytest.fixture
def prepare(tmp_path):
    def run(source, **wanted):
        step("prepare", source=source, data=tmp_path / "data", **{"target": "price", **wanted})
        return read(tmp_path / "data" / "profile.json")

    return run


@pytest.fixture
def refusal(prepare, write):
    def run(content, **wanted):
        path = write(content)
        with pytest.raises(Refused) as caught:
            prepare(path, **wanted)
        text = str(caught.value)
        assert "\n" not in text
        return text.replace(str(path), "FILE")

    return run


def test_missing_targets_are_counted_and_placed(refusal):
    rows = "".join(f"{number},{'' if number % 3 else number}\n" for number in range(1, 13))
    assert refusal("size,price\n" + rows) == (
        "FILE: column 'price' is the target and has 8 missing values,"
        ' in 8 rows (first 1, 2, 4): remove these rows, or write missing_target = "drop" in [data]'
    )


def test_infinite_targets(refusal):
    assert refusal("size,price\n1,2\n2,inf\n3,-inf\n4,nan\n") == (
        "FILE: column 'price' is the target and has 1 missing and 2 infinite values,"
        " in 3 rows (first 2, 3, 4): remove these rows"
    )


def test_a_single_target_that_is_infinite(refusal):
    assert refusal("size,price\n1,2\n2,inf\n3,4\n") == (
        "FILE: column 'price' is the target and has 1 infinite value, in row 2: remove this row"
    )


def test_a_constant_target(refusal):
    assert refusal("size,price\n1,5\n2,5\n") == (
        "FILE: column 'price' is the target and is 5 in every row: there is nothing to predict"
    )


def test_text_in_a_numeric_column(refusal):
    assert refusal("size,price\n1,2\n2,3\nn/k,4\n5,5\nx,1\n") == (
        "FILE: column 'size' should hold numbers but has text in 2 rows (first 3, 5): 'n/k';"
        ' correct it or leave it empty, write missing_markers = ["n/k"] in [data] if it means no'
        " value, or list 'size' as categorical"
    )


def test_text_in_the_target(refusal):
    assert refusal("size,price\n1,cheap\n2,dear\n") == (
        "FILE: column 'price' should hold numbers but has text in 2 rows (first 1, 2): 'cheap';"
        ' correct it or leave it empty, write missing_markers = ["cheap"] in [data] if it means no'
        " value"
    )


def test_text_in_a_column_that_a_feature_reads(refusal):
    text = refusal(GOOD, features={"double": "kind * 2"})
    assert text.startswith("FILE: column 'kind' should hold numbers but has text in 4 rows")


def test_an_infinite_feature(refusal):
    assert refusal("size,price\n1,2\ninf,3\n") == (
        "FILE: column 'size' is infinite in row 2: correct it or leave it empty"
    )


def test_division_by_zero_names_the_row_and_the_values(refusal):
    content = "water,cement,price\n1,2,3\n4,0,5\n6,7,8\n"
    assert refusal(content, features={"ratio": "water / cement"}) == (
        "FILE: feature ratio = 'water / cement' divides by zero (cement) in row 2,"
        " where water = 4, cement = 0: correct the rows or the expression"
    )


def test_a_logarithm_of_a_negative_number(refusal):
    text = refusal("age,price\n1,2\n-5,3\n", features={"log": "log(age)"})
    assert text.startswith("FILE: feature log = 'log(age)' is nan in row 2, where age = -5")


def test_what_is_missing_in_a_column_may_be_missing_in_a_feature(prepare, write):
    profile = prepare(write("age,price\n,2\n5,3\n"), features={"log": "log(age)"})
    assert profile["missing"] == 1


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (
            {"f": "1 + sizes"},
            "feature f = '1 + sizes', character 5: there is no column 'sizes' (did you mean",
        ),
        ({"f": "price * 2"}, "feature f reads 'price', which is the target"),
        ({"f": "gone + 1"}, "feature f reads 'gone', which is dropped"),
        ({"size": "kind"}, "FILE: column 'size' is there already: give the feature another name"),
        ({"f": "2 * 3"}, "feature f = '2 * 3' reads no column: it is constant"),
        (
            {"f": "print(size)"},
            "feature f = 'print(size)', character 1: there is no function 'print'",
        ),
    ],
)
def test_features_that_cannot_be(refusal, features, message):
    content = "size,gone,kind,price\n1,1,1,1\n2,2,2,2\n"
    assert refusal(content, features=features, drop=["gone"]).startswith(message)


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        (
            {"size": {"min": 2}},
            "FILE: column 'size' is below its min 2 in row 1: 1; correct it or change the limit",
        ),
        (
            {"size": {"max": 2}},
            "FILE: column 'size' is above its max 2 in 2 rows (first 3, 4): 3; correct it",
        ),
        (
            {"kind": {"choices": ["a", "c"]}},
            "FILE: column 'kind' is not one of its choices (a, c) in 2 rows (first 2, 4): 'b'",
        ),
        (
            {"size": {"choices": [1, 2, 3]}},
            "FILE: column 'size' is not one of its choices (1, 2, 3) in row 4: 4.0",
        ),
        (
            {"sice": {"min": 1}},
            "FILE has no column 'sice' (columns): did you mean 'size' or 'price'?",
        ),
    ],
)
def test_column_checks(refusal, checks, message):
    assert refusal(GOOD, columns=checks).startswith(message)


def test_a_value_that_must_not_be_missing(refusal):
    content = "size,price\n1,1\n,2\n,3\n"
    assert refusal(content, columns={"size": {"missing": False}}) == (
        "FILE: column 'size' is missing in 2 rows (first 2, 3): fill it, or allow it"
        " (missing = true)"
    )


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"drop": ["sizes"]}, "FILE has no column 'sizes' (drop): did you mean 'size'?"),
        ({"categorical": ["nope"]}, "FILE has no column 'nope' (categorical): it has size,"),
        ({"units": {"Size": "m"}}, "FILE has no column 'Size' (units): did you mean 'size'?"),
        ({"drop": ["price"]}, "FILE: column 'price' is the target and is dropped"),
        ({"drop": ["size", "kind"]}, "FILE has no column left to predict 'price' from"),
        (
            {"categorical": ["size"], "columns": {"size": {"min": 1}}},
            "FILE: column 'size' is listed as categorical but used as a number",
        ),
    ],
)
def test_names_that_contradict(refusal, wanted, message):
    assert refusal(GOOD, **wanted).startswith(message)


def test_columns_without_values_and_dates(refusal):
    assert refusal("size,price\n,1\n,2\n").startswith("FILE: column 'size' has no values")
    text = refusal("day,price\n2020-01-01,1\n2020-01-02,2\n")
    assert text.startswith("FILE: column 'day' holds date32")


def test_the_target_is_no_boolean(refusal):
    text = refusal("size,price\n1,true\n2,false\n")
    assert text == (
        "FILE: column 'price' holds true and false: the target must be a number, for classification"
        " is not supported yet: write 0 and 1, say, to train a regression"
    )


def test_the_profile(prepare, write):
    profile = prepare(write(GOOD + "4,b,39\n,a,50\n"), units={"size": "m"})
    assert {key: profile[key] for key in ("rows", "duplicates", "missing")} == {
        "rows": 6,
        "duplicates": 1,
        "missing": 1,
    }
    size, kind, _ = profile["columns"]
    assert (size["kind"], size["unit"], size["min"], size["max"]) == ("number", "m", 1, 4)
    assert (size["missing"], size["distinct"], size["mean"]) == (1, 4, 2.8)
    assert kind["levels"] == {"a": 3, "b": 3}


def test_the_log_begins_with_what_is_in_the_data(prepare, write, capsys):
    prepare(write("size,price\n1,2\n1,2\n,3\n4,5\n"))
    assert capsys.readouterr().out == (
        "table.csv: 4 rows, 2 columns, 1 duplicate row, 1 missing value, 0 warnings\n"
    )


def test_odd_columns_are_told(prepare, write):
    rows = "".join(
        f"name{number},1,{number if number < 3 else ''},{number}\n" for number in range(9)
    )
    warnings = prepare(write("id,one,few,price\n" + rows))["warnings"]
    assert warnings == [
        "column 'id' has 9 different texts in 9 rows: drop it?",
        "column 'one' is the same in every row: it tells nothing",
        "column 'few' is missing in 6 of 9 rows",
    ]


def test_the_traps_in_the_real_data_are_found(prepare):
    warnings = prepare(DATA, target="compressive_strength")["warnings"]
    assert [warning.split(" looks wrong")[0] for warning in warnings] == ["row 115", "row 733"]
    assert "in row 107, all features equal (4 such rows, median 55.9)" in warnings[0]
    assert "falls from 15.87 (row 732) to 9.01 as age grows from 3 to 7" in warnings[1]


def test_two_rows_that_disagree(prepare, write):
    warnings = prepare(write("size,price\n1,2\n1,9\n2,3\n3,3\n4,3\n"))["warnings"]
    assert warnings == ["rows 1 and 2 disagree: price is 2 and 9, all features equal"]


def test_nothing_is_suspicious_about_noise(prepare, tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(0, 4, (2000, 3)), columns=["a", "b", "price"])
    frame["price"] = frame["price"] * 0.01 + random.normal(0, 1, 2000)
    frame["c"] = random.random(2000)
    frame.to_parquet(tmp_path / "noise.parquet")
    assert prepare(tmp_path / "noise.parquet")["warnings"] == []


def test_equal_data_gives_equal_bytes(tmp_path):
    for name in ("one", "two"):
        step("prepare", target="compressive_strength", source=DATA, data=tmp_path / name)
    for file in ("data.parquet", "profile.json", "metrics.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        (pa.array([None, float("nan"), float("inf")]), {"inf": 1, "nan": 1}),
        (pa.array([None] * 3, pa.float64()), {}),
        (pa.array([[1, 2], [3], [3]]), {"[3]": 2, "[1, 2]": 1}),
        (pa.array([{"a": 1}, None, {"a": 1}]), {"{'a': 1}": 2}),
        (pa.array([b"\xff", b"\xff", b"a"]), {"b'\\xff'": 2, "b'a'": 1}),
    ],
    ids=["no number", "nothing", "lists", "tables", "bytes"],
)
def test_a_dropped_column_may_hold_whatever_it_likes(prepare, tmp_path, values, levels):
    table = pa.table({"size": [1.0, 2, 3], "price": [1.0, 2, 4], "odd": values})
    pq.write_table(table, tmp_path / "table.parquet")

    facts = prepare(tmp_path / "table.parquet", drop=["odd"])

    odd = facts["columns"][2]
    assert (odd["role"], odd["kind"], odd["levels"]) == ("dropped", "category", levels)


@pytest.mark.parametrize("missing", [[], [None]])
@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64()])
def test_whole_numbers_beyond_what_a_double_holds(tmp_path, kind, missing):
    big = [2**53 + 1, 9_199_572_755_573_755_777, 2**63 - 1, *missing]
    table = pa.table({"size": pa.array(big, kind), "key": pa.array(big, kind)})
    table = table.append_column("price", pa.array(range(len(big))))
    pq.write_table(table, tmp_path / "big.parquet")

    step("prepare", source=tmp_path / "big.parquet", data=tmp_path, target="price", drop=["key"])

    made = pq.read_table(tmp_path / "data.parquet").to_pydict()
    assert made["size"] == [float(one) if one else None for one in big]
    assert made["key"] == [str(one) if one else None for one in big]  # it may name a group
