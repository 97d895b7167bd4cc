"""Set test rows aside and give the train rows folds; a group is never torn apart.

Without --group-by, rows that are equal in everything still stay together. With it, a row without
a key is a group of its own. A test set that is far from the share that was asked for is refused.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.dataset  # noqa: F401  pandas reads with it; imported once for all steps to come

from _expression import parse_all
from _groups import assign, group_numbers, set_apart, strata
from _signature import signature
from _step import Refused, arguments, json_value, read_json, report, run, write_json
from _words import SHOWN, nearest


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this step."""
    it = arguments(__doc__)
    it.add_argument("--seed", type=int, default=0)
    it.add_argument("--test-fraction", type=float, default=0.2, help="share of the rows")
    it.add_argument("--group-by", type=json_value, default=[], help="columns that make a group")
    it.add_argument("--stratify", type=json_value, default={}, help='{"column": c, "bins": 5}')
    it.add_argument("--folds", type=int, default=5)
    it.add_argument("--target", required=True)
    it.add_argument("--data", type=Path, required=True, help="what prepare left")
    it.add_argument("--train", type=Path, required=True, help="output: rows, folds, signature")
    it.add_argument("--test", type=Path, required=True, help="output: rows, groups")
    return it


def main(args: argparse.Namespace) -> None:
    """Write train/ and test/."""
    rows = pd.read_parquet(args.data / "data.parquet")
    facts = read_json(args.data / "profile.json")
    kept = [column["name"] for column in facts["columns"] if column["role"] != "dropped"]
    stratify = args.stratify or {}
    derived = _derived(rows, facts, [*args.group_by, *filter(None, [stratify.get("column")])])
    keys = _keys(args, derived) if args.group_by else rows[kept]
    groups = group_numbers(keys, [*keys.columns])
    if args.group_by:
        groups = set_apart(groups, keys.isna().all(axis=1).to_numpy())
    _check(args, groups)
    bins = groups * 0
    if stratify:
        bins = strata(derived[stratify["column"]], stratify["bins"])
    random = np.random.default_rng(args.seed)
    shares = [1 - args.test_fraction, args.test_fraction]
    sides = assign(groups, bins, shares, random)
    is_test = _leave_enough(sides, np.bincount(groups), args.folds)[groups] == 1
    _check_share(args, is_test, groups, keys, len(np.unique(bins)))
    _write(rows.loc[is_test, kept], args.test, groups=groups[is_test])
    train, groups = rows.loc[~is_test, kept], _renumbered(groups[~is_test])
    folds = assign(groups, bins[~is_test], [1 / args.folds] * args.folds, random)[groups]
    _write(train, args.train, groups=groups, folds=folds)
    write_json(args.train / "signature.json", signature(train, facts))


def _derived(rows: pd.DataFrame, facts: dict[str, Any], names: Sequence[str]) -> pd.DataFrame:
    # A group or a stratum may be a derived feature.
    strange = [name for name in names if name not in rows and name not in facts["features"]]
    if strange:
        hint = nearest(strange[0], [*rows, *facts["features"]])
        raise Refused(f"{facts['source']} has no column {strange[0]!r} to split by: {hint}")
    if all(name in rows for name in names):
        return rows
    columns: dict[str, Any] = {str(name): rows[name] for name in rows}
    for name, expression in parse_all(facts["features"]).items():
        columns[name] = expression.evaluate(columns)
    return pd.DataFrame(columns)


def _keys(args: argparse.Namespace, derived: pd.DataFrame) -> pd.DataFrame:
    """Return what makes a group: columns as they are written, and derived features."""
    path = args.data / "keys.parquet"
    written = pd.read_parquet(path) if path.is_file() else derived[[]]
    names = dict.fromkeys(args.group_by)
    return pd.DataFrame({name: (written if name in written else derived)[name] for name in names})


def _check(args: argparse.Namespace, groups: Any) -> None:
    count = int(groups.max()) + 1
    if not 0 < args.test_fraction < 1:
        raise Refused(f"test_fraction {args.test_fraction:g} is not between 0 and 1")
    if count <= args.folds:
        what = f"groups of equal {', '.join(args.group_by)}" if args.group_by else "different rows"
        raise Refused(
            f"there are {count} {what}: too few for a test set and {args.folds} folds, which need"
            f" {args.folds + 1}; use fewer folds, group by less, or bring more data"
        )


def _check_share(
    args: argparse.Namespace, is_test: Any, groups: Any, keys: pd.DataFrame, strata: int
) -> None:
    """Refuse a test set that is off by more than half of what was asked.

    A stratum of few rows can give a row more or less than its share.
    """
    rows, asked = len(is_test), args.test_fraction * len(is_test)
    found = int(is_test.sum())
    if abs(found - asked) <= max(asked / 2, strata):
        return
    sizes = np.bincount(groups)
    largest = [
        f"{_called(keys[groups == group].iloc[0])} ({sizes[group]} rows)"
        for group in np.argsort(-sizes, kind="stable")[:SHOWN]
    ]
    what = f"of equal {', '.join(args.group_by)}" if args.group_by else "that are equal"
    raise Refused(
        f"the test set would have {found} of {rows} rows ({found / rows:.1%}), but test_fraction"
        f" asks for {args.test_fraction:.1%}: rows {what} stay together, and there are"
        f" {len(sizes)} groups for the test set and {args.folds} folds; the largest are"
        f" {'; '.join(largest)}. Group by columns that make smaller groups, or change"
        " test_fraction or folds"
    )


def _called(keys: pd.Series) -> str:
    named = [f"{name} {value}" for name, value in keys.items() if not pd.isna(value)]
    return ", ".join(named[:SHOWN]) + (", ..." if len(named) > SHOWN else "")


def _leave_enough(sides: Any, sizes: Any, folds: int) -> Any:
    """Give the smallest test groups back where the train rows lack groups for their folds."""
    test = np.flatnonzero(sides == 1)
    lacking = max(0, folds - (len(sides) - len(test)))
    sides[test[np.argsort(sizes[test], kind="stable")][:lacking]] = 0
    return sides


def _renumbered(groups: Any) -> Any:
    return np.unique(groups, return_inverse=True)[1]


def _write(rows: pd.DataFrame, folder: Path, *, groups: Any, folds: Any = None) -> None:
    rows.to_parquet(folder / "rows.parquet", index=False)
    sizes = {"rows": len(rows), "groups": len(np.unique(groups))}
    if folds is None:
        pd.DataFrame({"group": groups}).to_parquet(folder / "groups.parquet", index=False)
    else:
        frame = pd.DataFrame({"fold": folds, "group": groups})
        frame.to_parquet(folder / "folds.parquet", index=False)
        counts = np.bincount(folds)
        sizes |= {"folds": len(counts), "smallest_fold": min(counts), "largest_fold": max(counts)}
    report(sizes, folder)


if __name__ == "__main__":
    run(parser, main)
