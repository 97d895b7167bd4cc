"""Calls step scripts as a plan would, in this process or in one of their own."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[2]
STEPS = ROOT / "steps"
DATA = ROOT / "data" / "concrete.csv"
MIX = [
    "cement",
    "blast_furnace_slag",
    "fly_ash",
    "water",
    "superplasticizer",
    "coarse_aggregate",
    "fine_aggregate",
]
OUTPUTS = ("data", "train", "test", "candidate", "model", "leaderboard", "report")


def argv(arguments: dict[str, Any]) -> list[str]:
    """Return arguments in the grammar of a plan."""
    found = []
    for name, value in arguments.items():
        several = isinstance(value, list) and value and isinstance(value[0], Path)
        plain = isinstance(value, (str, Path))
        texts = map(str, value) if several else [str(value) if plain else json.dumps(value)]
        found += ["--" + name.replace("_", "-"), *texts]
    return found


def step(script: str, **arguments: Any) -> None:
    """Carry out a script in this process; folders that it is given are made."""
    module = importlib.import_module(script)
    for name in OUTPUTS:
        if isinstance(arguments.get(name), Path):
            arguments[name].mkdir(parents=True, exist_ok=True)
    module.main(module.parser().parse_args(argv(arguments)))


def process(script: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Carry out a script in a process of its own."""
    command = [sys.executable, str(STEPS / f"{script}.py"), *arguments]
    return subprocess.run(
        command, env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=100
    )


def read(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def cut(source: Path, folder: Path, target: str, **split: Any) -> Path:
    """Prepare and split a file below `folder`."""
    features = split.pop("features", {})
    drop = split.pop("drop", [])
    step(
        "prepare",
        target=target,
        features=features,
        drop=drop,
        group_by=split.get("group_by", []),
        source=source,
        data=folder / "data",
    )
    step(
        "split",
        target=target,
        **split,
        data=folder / "data",
        train=folder / "train",
        test=folder / "test",
    )
    return folder


def attempt(folder: Path, name: str, model: str, **arguments: Any) -> Path:
    """Train a candidate on what `cut` left; return its folder."""
    candidate = folder / f"train_{name}"
    step("train", name=name, model=model, **arguments, train=folder / "train", candidate=candidate)
    return candidate


def choose(folder: Path, *names: str, **arguments: Any) -> Path:
    """Select among candidates below `folder`; return the folder that holds model, leaderboard."""
    step(
        "choose",
        names=list(names),
        **arguments,
        train=folder / "train",
        candidates=[folder / f"train_{name}" for name in names],
        model=folder / "model",
        leaderboard=folder / "leaderboard",
    )
    return folder


def mixed(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return rows with numbers, text, booleans, and holes in all of them."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": random.normal(10, 3, rows).round(3),
            "count": random.integers(1, 50, rows),
            "colour": random.choice(["red", "green", "blue"], rows),
            "is_new": random.random(rows) < 0.5,
        }
    )
    shift = frame["colour"].map({"red": 0.0, "green": 5.0, "blue": -5.0})
    frame["price"] = 3 * frame["size"] + shift + 4 * frame["is_new"] + random.normal(0, 1, rows)
    holes = random.random(rows) < 0.1
    frame["is_new"] = frame["is_new"].astype(object)
    for name in ("size", "colour", "is_new"):
        frame.loc[np.roll(holes, len(name)), name] = None
    return frame
