"""`[split]` and `[train]`: which rows are kept for the test, and which candidates are tried."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from concrete_cli.config.fields import Name, Patterns, Table, Text


class Stratify(Table):
    """`[split.stratify]`: a column whose distribution is the same in every part."""

    column: Text = Field(description="A numeric column.")
    bins: int = Field(5, ge=2, le=100, description="How many quantile bins it is cut into.")


class Split(Table):
    """`[split]`: the rows kept for the test, which no choice ever looks at."""

    test_fraction: float = Field(0.2, gt=0, lt=1, description="The share of rows for the test.")
    group_by: list[Text] = Field(
        default_factory=list,
        description="Rows that are equal in all these columns, as the file has them, stay"
        " together; a row without such a key is a group of its own.",
    )
    stratify: Stratify | None = Field(
        None, description="A column whose distribution is the same in every part."
    )


class Candidate(Table):
    """`[train.candidates.NAME]`: one model family being tried."""

    model: Text = Field(description="A model family, such as ridge or xgboost.")
    params: dict[str, Any] = Field(
        default_factory=dict, description="Parameters that differ from the family's preset."
    )
    files: Patterns = Field(
        default_factory=list,
        description="Further files that its class reads, relative to the scripts folder: they go"
        ' where the model goes: ["calibration.json"].',
    )
    max_rows: int | None = Field(
        None, ge=1, description="Skip the candidate above this many rows, instead of the family's."
    )


class Train(Table):
    """`[train]`: how candidates are compared."""

    metric: Literal["rmse", "mae", "r2"] = Field(
        "rmse", description="What the best candidate is best at, in cross-validation."
    )
    folds: int = Field(5, ge=2, le=100, description="Cross-validation folds.")
    candidates: dict[Name, Candidate] = Field(
        min_length=1, description="The model families to try, by a name of your choice."
    )
