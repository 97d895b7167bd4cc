"""The text of an experiment that `concrete init` writes: TOML with a comment on every choice."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from concrete_cli.counts import counted

BARE = re.compile("[A-Za-z0-9_-]+")
DIGITS = 6
FEW = 5_000  # rows up to which every family is quick
SOME = 50_000  # and those up to which a random forest is
SMALL = (
    *("linear", "ridge", "knn", "svr", "decision_tree", "random_forest", "extra_trees"),
    *("gradient_boosting", "hist_gradient_boosting", "xgboost", "lightgbm"),
)
MIDDLE = (
    *("linear", "ridge", "decision_tree", "random_forest"),
    *("hist_gradient_boosting", "xgboost", "lightgbm"),
)
LARGE = ("linear", "ridge", "decision_tree", "hist_gradient_boosting", "xgboost", "lightgbm")
MOST_RULES = 5_000  # of as many columns: an experiment is a file that people read
OPTIONAL = """\
# `concrete finetune` picks up the model that `concrete train` selected.
# [finetune]
# trials = 50
# budget = "60s"
# [register]
# name = {name}
# require = {{ r2 = ">= 0.5" }}

# Runs can be told to any MLflow (pip install 'concrete-cli[mlflow]').
# [tracking]
# mlflow = "sqlite:///mlflow.db"

# Steps of your own, each a script that takes --NAME VALUE for its params, inputs and outputs:
# `concrete run` runs them.
# [pipeline]
# scripts = "scripts/"
# [pipeline.steps.tidy]
# script = "tidy.py"
# inputs = {{ raw = {source} }}
# outputs = ["rows"]
# params = {{ keep = 0.9 }}
"""


def experiment(found: Mapping[str, Any], name: str, source: str, target: str) -> str:
    """Return the experiment for what steps/describe.py `found`, to be saved as a TOML file."""
    columns = found["columns"]
    left_out = [one for one in columns if one["leave_out"] and one["name"] != target]
    kept = [one for one in columns if one not in left_out]
    mixed = [one for one in kept if one.get("note")]
    count, others = found["rows"], counted(len(kept) - 1, "column")
    lines = [
        f"# What tells {_one_line(target)}? {count} rows, {others} to go by.",
        "# Check it with `concrete check`, run it with `concrete train`.",
        *(f"# {_one_line(note)}" for note in (*found["notices"], *found["notes"])),
        "",
        "[experiment]",
        f"name = {_text(name)}",
        "seed = 0  # the split, the folds and every model start from this number",
        "",
        "[data]",
        f"source = {_text(source)}  # CSV or Parquet, relative to this file",
        f"target = {_text(target)}  # what to predict",
        _lost(next(one["missing"] for one in columns if one["name"] == target)),
        *_listed("drop", left_out, "leave_out", "columns that are not used"),
        *_listed("categorical", mixed, "note", "columns whose numbers are names, such as a code"),
        "",
        "# The unit of each column, for reports and endpoints.",
        "# [data.units]",
        f'# {_key(target)} = "..."',
        "",
        "# What must hold for every row; a row that breaks a rule stops the run and is named.",
        "# These are the ranges found in the file: widen those that new data may go beyond.",
        "[data.columns]",
        *_aligned((_rule(one), _told(one)) for one in kept[:MOST_RULES]),
        *([f"# ... and {len(kept) - MOST_RULES} more columns"] if kept[MOST_RULES:] else []),
        "",
        "# Derived columns; whoever asks the model for a prediction gives the raw columns.",
        "# [features]",
        *_feature(kept, target),
        "",
        "# Rows that are equal in all columns of `group_by` stay together; without: in all.",
        "[split]",
        "test_fraction = 0.2  # the rows that measure the model; no choice ever looks at them",
        *_groups(found, kept, target),
        "",
        "[train]",
        'metric = "rmse"  # or "mae", "r2": what the best candidate is best at',
        "folds = 5  # of the cross-validation by which candidates are compared",
        "",
        "# One candidate per line; params go before the preset of the family, such as",
        '# { model = "ridge", params = { alpha = 0.1 } }',
        "[train.candidates]",
        *(f"{family} = {{ model = {_text(family)} }}" for family in families(count)),
        "# A class of your own, with scikit-learn's fit and predict, in my_module.py beside this",
        '# file: mine = { model = "my_module:MyRegressor" }',
        "",
        OPTIONAL.format(name=_text(name), source=_text(source)),
    ]
    return "\n".join(lines)


def families(rows: int) -> tuple[str, ...]:
    """Return the model families that are worth their time on so many rows."""
    return SMALL if rows <= FEW else MIDDLE if rows <= SOME else LARGE


def _lost(missing: int) -> str:
    if missing:
        return (
            f'missing_target = "drop"  # leave out the {counted(missing, "row")} without a target'
        )
    return 'missing_target = "refuse"  # or "drop": leave out rows without a target'


def _listed(
    key: str, columns: Iterable[Mapping[str, Any]], reason: str, purpose: str
) -> Iterator[str]:
    pairs = [(f"    {_text(one['name'])},", str(one[reason])) for one in columns]
    if not pairs:
        yield f"# {key} = []  # {purpose}"
        return
    yield f"{key} = [  # {purpose}"
    yield from _aligned(pairs)
    yield "]"


def _rule(column: Mapping[str, Any]) -> str:
    rules: dict[str, str] = {}
    if column["kind"] == "number":
        whole = column["whole"]
        rules["min"] = _number(column["min"], math.floor, whole=whole)
        rules["max"] = _number(column["max"], math.ceil, whole=whole)
    elif column["kind"] == "category" and column["distinct"] <= len(column["levels"]):
        rules["choices"] = f"[{', '.join(map(_text, sorted(column['levels'])))}]"
    if not column["missing"]:
        rules["missing"] = "false"
    inside = ", ".join(f"{name} = {value}" for name, value in rules.items())
    table = f"{{ {inside} }}" if inside else "{}"
    return f"{_key(column['name'])} = {table}"


def _told(column: Mapping[str, Any]) -> str:
    noun = "levels" if column["kind"] == "category" else "values"
    kind = "whole number" if column.get("whole") else column["kind"]
    words = [kind, f"{column['distinct']} {noun}"]
    if column["missing"]:
        words.append(f"{column['missing']} missing")
    return ", ".join(words)


def _feature(kept: Iterable[Mapping[str, Any]], target: str) -> Iterator[str]:
    numbers = [one["name"] for one in kept if one["kind"] == "number" and one["name"] != target]
    plain = [name for name in numbers if name.isidentifier() and name.isascii()]
    if len(plain) > 1:
        yield f'# ratio = "{plain[0]} / {plain[1]}"'


def _groups(
    found: Mapping[str, Any], kept: Iterable[Mapping[str, Any]], target: str
) -> Iterator[str]:
    repeats = found.get("repeats")
    if not repeats:
        yield "# group_by = []"
        return
    alone = repeats["column"]
    names = [one["name"] for one in kept if one["name"] not in (target, alone)]
    yield f"# {repeats['share']:.0%} of the rows are there again but for {_one_line(alone)}:"
    yield "# one thing, it seems, measured several times; it must not be in train and test at once."
    yield "group_by = ["
    yield from (f"    {_text(name)}," for name in names)
    yield "]"


def _aligned(pairs: Iterable[tuple[str, str]], most: int = 76) -> Iterator[str]:
    lines = list(pairs)
    width = max((len(code) for code, _ in lines if len(code) <= most), default=0)
    for code, comment in lines:
        yield f"{code:<{width}}  # {_one_line(comment)}"


def _number(value: float, outward: Any, *, whole: bool) -> str:
    """Return TOML for an end of a range, moved outward to a number of few digits."""
    if whole and abs(value) < 2**53:
        return str(int(value))
    if value == float(f"{value:.{DIGITS}g}"):
        return repr(float(value))
    step = 10.0 ** (math.floor(math.log10(abs(value))) - DIGITS + 1)
    return repr(float(f"{outward(value / step) * step:.{DIGITS}g}"))


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """Return a basic string of TOML: what JSON writes, but for one letter."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
