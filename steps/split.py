"""Set test rows aside and give the train rows folds; a group is never torn apart.

Without --group-by, rows that are equal in everything still stay together.
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
from _groups import assign, group_numbers, strata
from _signature import signature
from _step import Refused, arguments, json_value, read_json, report, run, write_json
from _words import nearest


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
    groups = group_numbers(derived, args.group_by or kept)
    _check(args, groups)
    bins = groups * 0
    if stratify:
        bins = strata(derived[stratify["column"]], stratify["bins"])
    random = np.random.default_rng(args.seed)
    shares = [1 - args.test_fraction, args.test_fraction]
    sides = assign(groups, bins, shares, random)
    is_test = _leave_enough(sides, np.bincount(groups), args.folds)[groups] == 1
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
