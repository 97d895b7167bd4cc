"""Pack a model for serving: the model, the code that answers requests, the libraries it needs.

The bundle stands on its own: with the pinned libraries installed, any server that knows Azure ML's
`init()` and `run()` can serve it. It carries a sample request and the answer that is expected.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import score
from _bundle import load_bundle
from _closure import closure
from _families import modules
from _intervals import interval
from _manifest import digest, write_manifest
from _own_code import carry
from _step import Refused, arguments, limit_threads, read_json, report, run, write_json
from _versions import distributions, versions

FORMAT = 1
REQUIREMENTS = "requirements.txt"
SAMPLE = "sample.json"
ROWS = 3
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+!_-]*")  # neither an option of pip's nor an address
# What its register step and the registry say of a version is not needed to serve it, and is not
# the same for two versions with one content.
LEFT_OUT = ("lineage.json", "version.json")


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this step."""
    it = arguments(__doc__)
    it.add_argument("--name", required=True, help="what answers call the model, such as mix:3")
    it.add_argument("--model", type=Path, required=True, help="a model's folder")
    it.add_argument("--bundle", type=Path, required=True, help="output: the bundle")
    return it


def main(args: argparse.Namespace) -> None:
    """Write model/, code/, requirements.txt, bundle.json."""
    pipeline, manifest = load_bundle(args.model)
    limit_threads()
    shutil.copytree(
        args.model,
        args.bundle / "model",
        copy_function=shutil.copyfile,
        ignore=shutil.ignore_patterns(*LEFT_OUT),
    )
    _complete(manifest, args.bundle / "model")
    _copy_code(args.bundle / "code")
    _check_versions(manifest)
    _write_requirements(manifest["versions"], args.bundle / REQUIREMENTS)
    given = args.model / SAMPLE
    sample = read_json(given) if given.is_file() else _sample(pipeline, manifest)
    files = sorted(path for path in args.bundle.rglob("*") if path.is_file())
    about = {
        "format": FORMAT,
        "model": args.name,
        "sample": sample,
        "versions": manifest["versions"],
        "files": {path.relative_to(args.bundle).as_posix(): digest(path) for path in files},
    }
    write_json(args.bundle / score.BUNDLE, about)
    report({"files": len(files), "bytes": sum(path.stat().st_size for path in files)}, args.bundle)
    for path in sorted((args.bundle / "code").iterdir()):
        print(path.name)


def _complete(manifest: Mapping[str, Any], model: Path) -> None:
    """Let a model of an own class carry its code, if it was made before models did."""
    if not manifest.get("code") and (code := carry(manifest["model"], manifest["params"], model)):
        write_manifest(model, {**manifest, **code})


def _copy_code(into: Path) -> None:
    files = closure(Path(score.__file__).resolve())
    for name, path in files.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, into / name)


def _check_versions(manifest: Mapping[str, Any]) -> None:
    """Refuse to have anything installed that the model does not need, or from anywhere else."""
    own = manifest.get("imports", ()) if manifest.get("code") else ()
    needed = distributions([*modules(manifest["model"], manifest["params"]), *own])
    for name, version in manifest["versions"].items():
        if name not in ("python", *needed) or not VERSION.fullmatch(str(version)):
            raise Refused(f"the manifest names {name!r} {version!r}: no library of this model")


def _write_requirements(made_with: Mapping[str, str], path: Path) -> None:
    here = versions(made_with)
    lines = [f"# made with Python {made_with['python']}"]
    for name, version in made_with.items():
        if name != "python":
            lines.append(f"{name}=={version}")
            if here.get(name, version) != version:
                changed = f"{name} {version} made the model, {here[name]} is installed here"
                print(f"warning: {changed}", file=sys.stderr)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _sample(pipeline: Any, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return rows between the smallest and the largest values, and the model's answers."""
    columns = manifest["signature"]["columns"]
    rows = [{one["name"]: _between(one, number) for one in columns} for number in range(ROWS)]
    frame = pd.DataFrame(rows)
    predicted = np.asarray(pipeline.predict(frame), dtype=np.float64)
    ends = interval(manifest["interval"], predicted)
    answer = {"predictions": predicted.tolist(), "intervals": np.column_stack(ends).tolist()}
    return {"request": {"data": rows}, "answer": answer}


def _between(column: Mapping[str, Any], number: int) -> Any:
    if column["kind"] == "number":
        low, high = column["min"], column["max"]
        return low + (high - low) * (number + 1) / (ROWS + 1)
    if column["kind"] == "boolean":
        return number % 2 == 1
    return column["choices"][number % len(column["choices"])]


if __name__ == "__main__":
    run(parser, main)
