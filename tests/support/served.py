"""Models that take a second to make, bundles of them, and a client that breaks the rules."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from _bundle import save_model
from _families import modules, types
from _intervals import calibrate
from _manifest import FORMAT, MODEL, digest, write_manifest
from _own_code import carry
from _pipeline import build
from _signature import signature
from _versions import versions

STEPS = Path(__file__).parents[2] / "steps"
QUICK = {
    "bagging": {"n_estimators": 7, "max_features": 0.7},
    "extra_trees": {"n_estimators": 7},
    "gradient_boosting": {"n_estimators": 20},
    "hist_gradient_boosting": {"max_iter": 20},
    "lightgbm": {"n_estimators": 20},
    "random_forest": {"n_estimators": 7},
    "xgboost": {"n_estimators": 20},
    "voting": {
        "members": [
            {"model": "gradient_boosting", "params": {"n_estimators": 5}},
            {"model": "lightgbm", "params": {"n_estimators": 5}},
            {"model": "linear"},
        ]
    },
}
NASTY = '<script>alert("x")</script>'


def rows(number: int = 150, *, mixed: bool = True) -> pd.DataFrame:
    """Return rows with a target `y`; `mixed` ones have text, booleans and gaps."""
    draw = np.random.default_rng(1)
    age = draw.integers(1, 366, number)
    water = draw.uniform(120, 250, number)
    frame = pd.DataFrame({"water": water, "age": age})
    target = 60 - water / 8 + 6 * np.log(age)
    if mixed:
        kind = draw.choice(["slag", "ash", NASTY], number)
        wet = draw.integers(0, 2, number).astype(bool)
        frame[NASTY] = kind
        frame["wet"] = wet
        target = target + 5 * (kind == "slag") + 2 * wet
        frame.loc[::10, "water"] = np.nan
        frame.loc[5::10, NASTY] = None
    frame["y"] = target + draw.normal(0, 1, number)
    return frame


def model(folder: Path, family: str = "lightgbm", *, mixed: bool = True) -> Path:
    """Fit a small model and write it down as the select step does; return the folder."""
    frame = rows(mixed=mixed)
    target = frame.pop("y").to_numpy()
    about = signature(frame, _facts(frame))
    params = QUICK.get(family, {})
    pipeline = build(about, family, params, 0, 1).fit(frame, target)
    folder.mkdir(parents=True)
    save_model(pipeline, folder / MODEL, types(family, params))
    manifest = {
        "format": FORMAT,
        "candidate": family,
        "model": family,
        "params": params,
        "cv": {"rmse": 1.0, "mae": 1.0, "r2": 0.9, "se": 0.1},
        "metric": "rmse",
        "signature": about,
        "interval": calibrate(target, pipeline.predict(frame), 0.9),
        "versions": versions(modules(family, params)),
        "types": types(family, params),
        "files": {MODEL: digest(folder / MODEL)},
        **carry(family, params, folder),
    }
    write_manifest(folder, manifest)
    return folder


def pack(model_: Path, bundle: Path, name: str = "mix:1") -> Path:
    """Run the pack step; return the bundle."""
    bundle.mkdir(parents=True)
    script = [sys.executable, str(STEPS / "pack.py")]
    arguments = ["--name", name, "--model", str(model_), "--bundle", str(bundle)]
    subprocess.run([*script, *arguments], check=True, capture_output=True)
    return bundle


def _facts(frame: pd.DataFrame) -> dict:
    kinds = {"float64": "number", "int64": "number", "bool": "boolean"}
    columns = [
        {
            "name": name,
            "kind": kinds.get(str(frame[name].dtype), "category"),
            "dtype": str(frame[name].dtype),
            "unit": {"age": "days", "y": "MPa"}.get(name, ""),
            "role": "feature",
        }
        for name in frame
    ]
    target = {"name": "y", "kind": "number", "dtype": "double", "unit": "MPa", "role": "target"}
    features = {"log_age": "log1p(age)", "dry": "1 / water"}
    return {"columns": [*columns, target], "target": "y", "features": features}


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> dict:
        return json.loads(self.text)

    @property
    def error(self) -> str:
        """The one line that an error is."""
        assert self.text.count("\n") == 1
        assert self.headers["content-type"] == "application/json"
        assert "Traceback" not in self.text
        return self.json()["error"]


class Client:
    """Asks an endpoint; `key` is sent unless a call says otherwise."""

    def __init__(self, url: str, key: str) -> None:
        self.host, _, port = url.removeprefix("http://").partition(":")
        self.port = int(port)
        self.key = key

    def ask(self, method: str, path: str, body=None, *, key=None, **headers: str) -> Answer:
        key = self.key if key is None else key
        given = {"authorization": f"Bearer {key}"} if key else {}
        if body is not None:
            given["content-type"] = "application/json"
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read().decode())
        finally:
            connection.close()

    def score(self, *data: dict, query: str = "") -> Answer:
        return self.ask("POST", f"/score{query}", json.dumps({"data": data}))

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=30)

    def talk(self, *parts: bytes, pause: float = 0) -> bytes:
        """Send bytes as they are; return all that comes until the peer hangs up."""
        with self.connect() as connection:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            return receive(connection)


def soon(look: Callable[[], Any], seconds: float = 5) -> Any:
    """Return what `look` sees as soon as it is something; what it sees at the end, if nothing."""
    end = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return seen


def receive(connection: socket.socket) -> bytes:
    """Return what comes until the peer hangs up."""
    found = b""
    while data := connection.recv(1 << 16):
        found += data
    return found
