"""`concrete init`: an experiment that says what is in the data, and is sound as it stands."""

import tomllib

import numpy as np
import pandas as pd
import pytest

ROWS = '''\
id;"a ""b""";born on;code;kind;maybe;target
1;1,5;2020-01-01;007;x;;10
2;2,5;2020-01-02;lost;y;3;20
3;3,5;2020-01-03;009;x;;30
4;4,5;2020-01-04;010;#1;5;45
'''


def toml(folder):
    return tomllib.loads((folder / "concrete.toml").read_text(encoding="utf-8"))


def test_example_trains(concrete, tmp_path):
    made = concrete("init", tmp_path / "new", "--json").json()

    checked = concrete("check", cwd=tmp_path / "new")
    assert "no problems" in checked.stdout
    assert made["rows"] == 1030
    assert toml(tmp_path / "new")["data"]["source"] == "concrete.csv"


def test_columns_types_ranges_and_what_is_of_no_use(concrete, tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS)

    made = concrete("init", "e", "--data", "rows.csv", "--target", "target", "--json").json()
    found = toml(tmp_path / "e")
    text = (tmp_path / "e" / "concrete.toml").read_text()

    assert found["data"]["source"] == "../rows.csv"
    assert made["left_out"]["id"] == "it numbers the rows"
    assert "born on" in found["data"]["drop"]
    assert made["left_out"]["born on"] == "it holds dates"
    columns = found["data"]["columns"]
    assert columns['a "b"'] == {"min": 1.5, "max": 4.5, "missing": False}
    assert columns["target"] == {"min": 10, "max": 45, "missing": False}
    assert columns["maybe"] == {"min": 3, "max": 5}
    assert columns["kind"]["choices"] == ["#1", "x", "y"]
    assert "numbers, but for 'lost' in 1 row" in text
    concrete("check", "e/concrete.toml")


def test_repeated_measurements_stay_together(concrete, tmp_path):
    concrete("init", tmp_path / "shipped")

    concrete("init", "e", "--data", "shipped/concrete.csv", "--target", "compressive_strength")

    grouped = toml(tmp_path / "e")["split"]["group_by"]
    assert grouped == toml(tmp_path / "shipped")["split"]["group_by"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--data", "rows.csv"], 2, 'the numeric columns are: a "b", maybe, target'),
        (["--data", "rows.csv", "--target", "targte"], 5, "did you mean 'target'"),
        (["--data", "rows.csv", "--target", "kind"], 2, "is a category, no number"),
        (["--data", "row.csv", "--target", "target"], 5, "did you mean 'rows.csv'"),
        (["--data", "none.csv", "--target", "x"], 3, "is empty"),
        (["--target", "target"], 2, "--target needs --data"),
    ],
)
def test_refuses_in_one_line(concrete, tmp_path, words, code, message):
    (tmp_path / "rows.csv").write_text(ROWS)
    (tmp_path / "none.csv").write_text("")

    told = concrete("init", "e", *words, code=code)

    assert message in told.stderr
    assert "Traceback" not in told.stderr
    assert not (tmp_path / "e").exists()


def test_rows_without_a_target_are_told(concrete, tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS.replace(";;30\n", ";;\n"))

    told = concrete("init", "e", "--data", "rows.csv", "--target", "target")

    assert "warning: 1 of 4 rows have no target: training leaves them out" in told.stderr
    assert "1 of 4 rows have no target" in (tmp_path / "e" / "concrete.toml").read_text()
    assert toml(tmp_path / "e")["data"]["missing_target"] == "drop"
    concrete("init", "f", "--data", "rows.csv", "--target", "code", code=2)


def test_infinite_values_are_told_before_training_refuses_them(concrete, tmp_path):
    rows = [f"{'inf' if n in (2, 5) else n / 3},{n % 7}" for n in range(12)]
    (tmp_path / "rows.csv").write_text("\n".join(["size,y", *rows, ""]))

    told = concrete("init", "e", "--data", "rows.csv", "--target", "y")

    assert "note: size is infinite in 2 rows: correct them or leave them empty" in told.stdout


def test_never_overwrites(concrete, tmp_path):
    concrete("init", "e")
    (tmp_path / "e" / "concrete.toml").write_text("mine")

    told = concrete("init", "e", code=2)

    assert "there already" in told.stderr
    assert (tmp_path / "e" / "concrete.toml").read_text() == "mine"


def test_names_that_try_to_break_out_of_the_toml(concrete, tmp_path):
    names = ['x" = 1\n[evil]', "<script>alert(1)</script>", "# no", "ü\u2028", "\x7f", "y"]
    values = np.random.default_rng(0).random((9, len(names)))
    pd.DataFrame(values, columns=names).to_parquet(tmp_path / "evil.parquet")

    concrete("init", "e", "--data", "evil.parquet", "--target", "y")

    found = toml(tmp_path / "e")
    assert "evil" not in found
    assert set(found["data"]["columns"]) | set(found["data"].get("drop", [])) >= set(names[1:])
    concrete("check", "e/concrete.toml")


def test_numbers_with_a_marker_among_them_are_told_as_such(concrete, tmp_path):
    rows = [
        f"{n / 7},{'?' if n % 10 == 0 else n / 3},{n / 9 if n else 'oops'},{n % 8}"
        for n in range(40)
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["size,weight,price,age", *rows, ""]))

    made = concrete("init", "e", "--data", "rows.csv", "--target", "size", "--json").json()
    told = concrete("init", "f", "--data", "rows.csv", "--target", "price", code=2)

    assert "column 'weight' is read with '?' as missing values" in made["notes"]
    assert toml(tmp_path / "e")["data"]["columns"]["weight"] == {"min": 0.333333, "max": 13.0}
    assert made["left_out"]["price"].startswith("numbers, but for 'oops' in 1 row: correct")
    assert "'price' cannot be predicted: it holds numbers, but for 'oops' in 1 row" in told.stderr


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_digits_that_begin_with_a_zero_are_names(concrete, tmp_path, suffix):
    codes = [f"{place:05}" for place in (1067, 8001, 10115) for _ in range(4)]
    table = pd.DataFrame({"place": codes, "rate": ["0", "0.5", "10"] * 4, "y": range(12)})
    table["y"] = table["y"] % 7
    getattr(table, f"to_{suffix}")(tmp_path / f"rows.{suffix}", index=False)

    told = concrete("init", "e", "--data", f"rows.{suffix}", "--target", "y")
    found = toml(tmp_path / "e")["data"]

    assert found["categorical"] == ["place"]
    assert found["columns"]["place"]["choices"] == ["01067", "08001", "10115"]
    assert found["columns"]["rate"] == {"min": 0, "max": 10, "missing": False}
    assert "note: place is categorical: '01067' begins with a zero" in told.stdout
    concrete("check", "e/concrete.toml")


def test_what_changes_the_meaning_of_scores_is_a_warning(concrete, tmp_path):
    """An index, a Categorical of digits, times, classes, rows without a target: from init on."""
    frame = pd.DataFrame(
        {
            "size": np.arange(40) ** 2 % 37,
            "code": pd.Categorical([3, 1, 2, 1] * 10),
            "seen": pd.date_range("2024-01-01", periods=40),
            "at": 1_700_000_000 + np.arange(40) * 60,
            "bad": [0.0, 1.0, 1.0, None] * 10,
            "batch": [None, "a", "b", "c", "d", None, "e", "f"] * 5,
        },
        index=pd.Index([f"row {number}" for number in range(40)], name="where"),
    )
    frame.to_parquet(tmp_path / "rows.parquet")

    made = concrete("init", "e", "--data", "rows.parquet", "--target", "bad")
    experiment = toml(tmp_path / "e")
    words = ["--set", 'train.candidates={a={model="ridge"}}', "--set", "train.folds=2"]
    words += ["--set", 'split.group_by=["batch"]', "--set", "split.test_fraction=0.3"]
    trained = concrete("train", "e/concrete.toml", *words)
    found = concrete("show", "latest", "--json", cwd=tmp_path / "e").json()
    page = concrete("report", "latest", "-o", "-", cwd=tmp_path / "e", code=None).stdout
    frame.drop(columns="bad").to_parquet(tmp_path / "new.parquet")
    words = ["--model", "run:latest", "--data", tmp_path / "new.parquet", "--out", "new.csv"]
    words += ["--keep", "seen", "--keep", "at"]
    concrete("score", *words, cwd=tmp_path / "e")

    assert experiment["data"]["missing_target"] == "drop"
    assert experiment["data"]["categorical"] == ["code"]
    assert experiment["data"]["columns"]["code"]["choices"] == ["1", "2", "3"]
    assert "where" not in (tmp_path / "e" / "concrete.toml").read_text().partition("[data]")[2]
    for text in ("the index that pandas", "REGRESSION", "'seen' and 'at' hold dates or times"):
        assert text in made.stderr
        assert text in trained.stderr
        assert any(text in notice for notice in found["notices"])
    assert "10 of 40 rows have no 'bad' and are left out: 4, 8, 12, ..." in trained.stderr
    assert "have no 'batch' to group by" in trained.stderr
    assert (tmp_path / "e" / "new.csv").read_text().count("\n") == 41
    assert "REGRESSION" in page
