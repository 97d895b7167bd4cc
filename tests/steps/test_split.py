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


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("groups", [6, 8])
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


def test_a_wrong_column(tmp_path):
    with pytest.raises(Refused, match="no column 'cemment' to split by: did you mean 'cement'"):
        cut(DATA, tmp_path, "compressive_strength", group_by=["cemment"])


def test_another_seed_is_another_split(tmp_path):
    found = []
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        folder = cut(DATA, tmp_path / name, "compressive_strength", group_by=MIX, seed=seed)
        found.append((folder / "train" / "rows.parquet").read_bytes())
    assert found[0] == found[1] != found[2]
