"""What the tests of the steps begin with."""

from __future__ import annotations

import pytest

from stepping import DATA, MIX, attempt, choose, cut, mixed


@pytest.fixture(scope="session")
def concrete(tmp_path_factory):
    """The real data, prepared and split by mix."""
    return cut(
        DATA,
        tmp_path_factory.mktemp("concrete"),
        "compressive_strength",
        features={"water_cement": "water / cement", "log_age": "log1p(age)"},
        group_by=MIX,
        stratify={"column": "cement", "bins": 5},
    )


@pytest.fixture(scope="session")
def toys(tmp_path_factory):
    """150 rows with text, booleans and holes, prepared and split."""
    folder = tmp_path_factory.mktemp("toys")
    mixed(150).to_csv(folder / "toys.csv", index=False)
    return cut(folder / "toys.csv", folder, "price", folds=3, features={"log": "log1p(count)"})


@pytest.fixture(scope="session")
def chosen(tmp_path_factory, concrete):
    """The real data with two candidates tried and one selected."""
    folder = tmp_path_factory.mktemp("chosen")
    for name in ("train", "test"):
        (folder / name).symlink_to(concrete / name)
    attempt(folder, "ridge", "ridge")
    attempt(folder, "trees", "decision_tree", params={"max_depth": 4})
    return choose(folder, "ridge", "trees")


@pytest.fixture
def write(tmp_path):
    """Write text or bytes to a file called table.csv; return its path."""

    def to_file(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to_file
