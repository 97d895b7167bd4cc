"""Ask the gates; what passes them all leaves the bundle that becomes a version of the model.

A gate that is not met ends this step with exit code 3: a run that failed registers nothing, here
and in the cloud. What the gates said lies in an output of mode `mount`, which stays visible.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from _bundle import load_bundle
from _card import card
from _gates import better, required, told
from _manifest import MODEL, digest, write_manifest
from _own_code import pass_on
from _sample import sample
from _scores import METRICS
from _step import (
    Refused,
    arguments,
    json_value,
    limit_threads,
    read_json,
    report,
    run,
    write_json,
)


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this step."""
    it = arguments(__doc__)
    it.add_argument("--name", required=True, help="the model's name in the registry")
    it.add_argument("--require", type=json_value, default={}, help='{"rmse": "<= 6.0"}')
    it.add_argument("--better-than", default="", help="the alias whose version must be beaten")
    it.add_argument("--metric", choices=METRICS, default="rmse")
    it.add_argument("--about", type=json_value, default={}, help="experiment, split: for the card")
    it.add_argument("--candidate", type=Path, required=True, help="the model that select left")
    it.add_argument("--report", type=Path, required=True, help="what evaluate left")
    it.add_argument("--train", type=Path, required=True, help="what split left")
    it.add_argument("--test", type=Path, required=True, help="what split left")
    it.add_argument("--rival", type=Path, help="the version that the alias stands for")
    it.add_argument("--model", type=Path, required=True, help="output: the bundle")
    it.add_argument("--gates", type=Path, required=True, help="output: gates.json")
    return it


def main(args: argparse.Namespace) -> None:
    """Write gates/gates.json, then the bundle in model/, or refuse."""
    model, manifest = load_bundle(args.candidate)
    limit_threads()
    metrics = read_json(args.report / "metrics.json")
    rows = pd.read_parquet(args.test / "rows.parquet")
    gates = [*required(args.require, metrics)]
    if args.better_than:
        gates.append(
            better(args.better_than, args.metric, metrics, args.candidate, args.rival, rows)
        )
    write_json(args.gates / "gates.json", {"name": args.name, "gates": gates})
    unmet = [gate for gate in gates if not gate["met"]]
    report({"gates": len(gates), "met": len(gates) - len(unmet)}, args.gates)
    for gate in gates:
        print("met:" if gate["met"] else "not met:", told(gate))
    if unmet:
        raise Refused(f"gate not met: {'; '.join(map(told, unmet))}")
    _bundle(args, model, manifest, metrics, rows)


def _bundle(
    args: argparse.Namespace,
    model: Any,
    manifest: dict[str, Any],
    metrics: dict[str, Any],
    rows: pd.DataFrame,
) -> None:
    """Write what a version holds. There is no run and no time in it: equal models are equal."""
    into = args.model
    shutil.copyfile(args.candidate / MODEL, into / MODEL)
    pass_on(manifest, args.candidate, into)
    write_json(into / "metrics.json", metrics | {"cv": manifest["cv"]})
    write_json(into / "sample.json", sample(model, manifest, rows))
    sizes = {
        part: read_json(folder / "metrics.json")
        for part, folder in (("train", args.train), ("test", args.test))
    }
    text = card(args.name, manifest, metrics, sizes, args.about)
    (into / "card.md").write_text(text, encoding="utf-8")
    files = (MODEL, "metrics.json", "sample.json", "card.md")
    changed = {"files": {name: digest(into / name) for name in files}}
    write_manifest(into, manifest | changed)


if __name__ == "__main__":
    run(parser, main)
