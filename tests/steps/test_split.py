import numpy as np
import pandas as pd
import pytest

from _step import Refused
from stepping import DATA, MIX, cut, read


def parts(folder):
    train = pd.read_parquet(folder / "train" / "rows.parquet")
    return (
        train,
        pd.read_parquet(folder / "test" / "rows.parquet"),
        pd.read_parquet(folder / "train" / "folds.parquet"),
    )


def folds_per_group(train, folds, by):
    return set(train.assign(fold=folds["fold"]).groupby(by)["fold"].nunique())


def test_no_mix_is_on_both_sides_or_in_two_folds(concrete):
    train, test, folds = parts(concrete)
    assert len(train) + len(test) == 1030
    assert not set(map(tuple, train[MIX].to_numpy())) & set(map(tuple, test[MIX].to_numpy()))
    assert folds_per_group(train, folds, MIX) == {1}
    assert folds["group"].nunique() == train.groupby(MIX).ngroups
    sizes = read(concrete / "train" / "metrics.json")
    assert (sizes["rows"], sizes["groups"]) == (len(train), folds["group"].nunique())
    assert 0.17 < len(test) / 1030 < 0.23
    assert sizes["largest_fold"] - sizes["smallest_fold"] < 40


def test_the_strata_are_alike(concrete):
    train, test, folds = parts(concrete)
    edges = pd.read_csv(DATA)["cement"].quantile([0.2, 0.4, 0.6, 0.8])
    whole = np.bincount(np.searchsorted(edges, train["cement"])) / len(train)
    for part in (test, *(train[folds["fold"] == fold] for fold in range(5))):
        shares = np.bincount(np.searchsorted(edges, part["cement"])) / len(part)
        assert shares == pytest.approx(whole, abs=0.07)


def test_the_signature_is_made_of_train_rows_only(concrete):
    train, _, _ = parts(concrete)
    signature = read(concrete / "train" / "signature.json")
    age = next(column for column in signature["columns"] if column["name"] == "age")
    assert (age["min"], age["max"]) == (train["age"].min(), train["age"].max())
    assert (age["kind"], age["dtype"], age["missing"]) == ("number", "int64", False)
    assert list(signature["features"]) == ["water_cement", "log_age"]
    assert [column["name"] for column in signature["columns"]] == [*MIX, "age"]


def test_kinds_of_columns_in_the_signature(toys):
    columns = {column["name"]: column for column in read(toys / "train/signature.json")["columns"]}
    assert columns["colour"]["choices"] == ["blue", "green", "red"]
    assert columns["colour"]["kind"] == "category"
    assert columns["is_new"]["kind"] == "boolean"
    assert columns["size"]["missing"]


def test_equal_rows_stay_together_without_groups(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(0, 3, (300, 4)), columns=list("abcy"))
    frame.to_parquet(tmp_path / "table.parquet")
    train, test, folds = parts(cut(tmp_path / "table.parquet", tmp_path, "y"))
    assert not set(map(tuple, train.to_numpy())) & set(map(tuple, test.to_numpy()))
    assert folds_per_group(train, folds, list("abcy")) == {1}


def test_a_dropped_column_may_group_and_a_feature_may_stratify(tmp_path):
    frame = pd.DataFrame({"who": list("abcdefghij") * 5, "x": np.arange(50.0), "y": range(50)})
    frame.to_csv(tmp_path / "table.csv", index=False)
    folder = cut(
        tmp_path / "table.csv",
        tmp_path,
        "y",
        drop=["who"],
        group_by=["who"],
        features={"half": "x / 2"},
        stratify={"column": "half", "bins": 2},
    )
    train, test, _ = parts(folder)
    assert list(train) == ["x", "y"]
    assert not set(train["x"] % 10) & set(test["x"] % 10)


def test_fewer_groups_than_folds(tmp_path):
    pd.DataFrame({"who": [1, 2, 3, 4] * 5, "y": range(20)}).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(Refused) as caught:
        cut(tmp_path / "t.csv", tmp_path, "y", group_by=["who"])
    assert str(caught.value) == (
        "there are 4 groups of equal who: too few for a test set and 5 folds, which need 6;"
        " use fewer folds, group by less, or bring more data"
    )


@pytest.mark.parametrize(("groups", "fraction"), [(6, 0.2), (8, 0.2), (8, 0.5)])
def test_every_fold_has_rows_however_few_the_groups_and_large_the_test_set(
    tmp_path, groups, fraction
):
    frame = pd.DataFrame({"who": [*range(groups)] * 3, "x": range(3 * groups)})
    frame.assign(y=frame["x"]).to_csv(tmp_path / "t.csv", index=False)
    for seed in range(5):
        folder = cut(
            tmp_path / "t.csv",
            tmp_path / str(seed),
            "y",
            group_by=["who"],
            test_fraction=fraction,
            seed=seed,
        )
        _, test, folds = parts(folder)
        assert set(folds["fold"]) == {0, 1, 2, 3, 4}
        assert len(test)


KEYED = "row,batch,y\n"


def keyed(tmp_path, keys, **split):
    """Cut rows of these keys, written to a CSV as they stand; return key and bucket of each row."""
    rows = [f"{number / 7:.4f},{key},{number % 13}" for number, key in enumerate(keys)]
    (tmp_path / "t.csv").write_text(KEYED + "\n".join(rows) + "\n")
    folder = cut(tmp_path / "t.csv", tmp_path, "y", group_by=["batch"], folds=3, **split)
    train, test, folds = parts(folder)
    groups = pd.concat([folds["group"].astype(str), "test" + read_groups(folder).astype(str)])
    place = pd.concat([train["row"], test["row"]]).mul(7).round().astype(int)
    return dict(zip(place, groups, strict=True)), read(folder / "data" / "profile.json")


def read_groups(folder):
    return pd.read_parquet(folder / "test" / "groups.parquet")["group"]


def test_rows_without_a_key_are_groups_of_their_own_and_said(tmp_path):
    keys = [f"b{number % 10}" if number % 3 else "" for number in range(120)]

    group_of, profile = keyed(tmp_path, keys)

    alone = [group_of[number] for number in range(0, 120, 3)]
    assert len(set(alone)) == 40
    assert set(alone).isdisjoint(group_of[number] for number in range(120) if number % 3)
    assert profile["notices"] == [
        "40 rows (first 1, 4, 7) have no 'batch' to group by: each is a group of its own"
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("01", "1"),
        ("1E5", "100000"),
        ("1E5", "1e5"),
        ("12345678901234567890", "12345678901234567891"),
        ("9007199254740992", "9007199254740993"),
        ("+1", "1"),
    ],
)
@pytest.mark.parametrize("drop", [[], ["batch"]])
def test_keys_that_are_written_differently_are_two(tmp_path, one, other, drop):
    others = [str(number) for number in range(2, 12)]
    group_of, _ = keyed(tmp_path, [one, other, *others] * 5, drop=drop)

    assert len(set(group_of.values())) == 12
    assert group_of[0] == group_of[12] != group_of[1]


def test_one_number_that_is_written_in_two_ways_is_one_key(tmp_path):
    keys = ["1", "1.0", "2.50", "2.5", *map(str, range(3, 13))]
    group_of, _ = keyed(tmp_path, keys * 5)

    assert group_of[0] == group_of[1] != group_of[2] == group_of[3]


def test_keys_of_a_parquet_file_are_its_values(tmp_path):
    keys = pd.Series([2**63 - 1 - number % 9 for number in range(90)], dtype="Int64")
    keys[::9] = pd.NA
    frame = pd.DataFrame({"batch": keys, "row": np.arange(90.0), "y": np.arange(90) % 7})
    frame.to_parquet(tmp_path / "t.parquet")

    folder = cut(tmp_path / "t.parquet", tmp_path, "y", group_by=["batch"], folds=3)

    _, _, folds = parts(folder)
    assert folds["group"].nunique() + read_groups(folder).nunique() == 8 + 10


def test_most_of_a_key_is_a_key(tmp_path):
    """The same mix, of which one ingredient was never written down, is still the same mix."""
    frame = pd.DataFrame(
        {"a": np.arange(60) % 6, "b": np.arange(60) % 6, "c": None, "y": range(60)}
    )
    frame.loc[0, ["a", "b"]] = None
    frame["c"] = frame["c"].astype(float)
    frame.loc[59, "c"] = 1
    frame.to_csv(tmp_path / "t.csv", index=False)

    folder = cut(tmp_path / "t.csv", tmp_path, "y", group_by=["a", "b", "c"], folds=3)

    _, _, folds = parts(folder)
    assert folds["group"].nunique() + read_groups(folder).nunique() == 6 + 2
    notices = read(folder / "data" / "profile.json")["notices"]
    assert notices == ["row 1 has no 'a' or 'b' or 'c' to group by: it is a group of its own"]


def test_a_test_set_far_from_what_was_asked_is_refused(tmp_path):
    keys = ["big"] * 90 + [f"b{number % 10}" for number in range(30)]
    with pytest.raises(Refused) as caught:
        keyed(tmp_path, keys)
    assert str(caught.value) == (
        "the test set would have 3 of 120 rows (2.5%), but test_fraction asks for 20.0%: rows of"
        " equal batch stay together, and there are 11 groups for the test set and 3 folds; the"
        " largest are batch big (90 rows); batch b0 (3 rows); batch b1 (3 rows). Group by columns"
        " that make smaller groups, or change test_fraction or folds"
    )


def test_one_row_repeated_makes_a_test_set_impossible(tmp_path):
    frame = pd.DataFrame({"x": [1.0] * 90 + list(range(2, 32)), "y": [1.0] * 90 + [2.0] * 30})
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(Refused, match=r"the largest are x 1.0, y 1.0 \(90 rows\); x 2.0, y 2.0"):
        cut(tmp_path / "t.csv", tmp_path, "y", folds=3)


@pytest.mark.parametrize("seed", range(30))
def test_few_rows_in_many_strata_are_not_far_off(tmp_path, seed):
    frame = pd.DataFrame({"x": np.arange(20.0), "y": np.arange(20.0) ** 2})
    frame.to_csv(tmp_path / "t.csv", index=False)
    cut(tmp_path / "t.csv", tmp_path, "y", seed=seed, stratify={"column": "x", "bins": 5})


def test_a_wrong_column(tmp_path):
    with pytest.raises(Refused, match="no column 'cemment' to split by: did you mean 'cement'"):
        cut(DATA, tmp_path, "compressive_strength", group_by=["cemment"])


def test_another_seed_is_another_split(tmp_path):
    found = []
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        folder = cut(DATA, tmp_path / name, "compressive_strength", group_by=MIX, seed=seed)
        found.append((folder / "train" / "rows.parquet").read_bytes())
    assert found[0] == found[1] != found[2]
