"""Our endpoint, azureml-inference-server-http and `mlflow models serve` on one model, side by side.

    python benchmarks/serving.py                     the table, for the candidate lightgbm
    python benchmarks/serving.py --candidate voting  for another one of configs/concrete.toml
    python benchmarks/serving.py --soak 600          ours under load, a worker killed every 20 s
    python benchmarks/serving.py BUNDLE              of what pack left, e.g. endpoints/NAME/bundle-*

Each peer lives in an environment of its own below build/peers (made when missing), with the
libraries that the bundle pins; all have two workers. Needs wrk (Debian: apt-get install wrk).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import timing
from serving_soak import soak
from serving_tools import NEEDS, cpu_seconds, environment, free_port, made_bundle, running, wrk

WORKERS = 2
SAVE = """
import sys, mlflow
bundle, target = sys.argv[1:]
class Served(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        import pathlib
        from _bundle import load_bundle
        self.pipeline, _ = load_bundle(pathlib.Path(context.artifacts["model"]))
    def predict(self, context, model_input):
        return self.pipeline.predict(model_input)
import glob
mlflow.pyfunc.save_model(target, python_model=Served(), artifacts={"model": bundle + "/model"},
                         code_paths=sorted(glob.glob(bundle + "/code/*.py")))
"""
# What people write: the request becomes a DataFrame, the pipeline predicts.
PLAIN = """
import json, os, pathlib, sys
import pandas as pd
bundle = pathlib.Path(os.environ["AZUREML_MODEL_DIR"])
sys.path.insert(0, str(bundle / "code"))
def init():
    global model
    from _bundle import load_bundle
    model, _ = load_bundle(bundle / "model")
def run(raw):
    return {"predictions": model.predict(pd.DataFrame(json.loads(raw)["data"])).tolist()}
"""


def measure(
    name: str, url: str, body: str, seconds: float, start: float, pid: int, key: str = ""
) -> dict:
    """Return what one server does; `pid` is the process that is above its workers."""
    begun = cpu_seconds(pid)
    wrk(url, body, 4, 2, key)  # warm up
    before = cpu_seconds(pid)
    one = wrk(url, body, 1, seconds, key)
    eight = wrk(url, body, 8, seconds, key)
    cpu = (cpu_seconds(pid) - before) / max(1, one["requests"] + eight["requests"])
    found = {
        "server": name,
        "start": start,
        "begun": begun,
        "p50": one.get("p50", 0.0),
        "p99": one.get("p99", 0.0),
        "at_1": one["per_second"],
        "at_8": eight["per_second"],
        "cpu": cpu * 1e3,
        "problems": [it for it in (one["errors"], eight["errors"]) if it]
        + [it for it in (one["refused"], eight["refused"]) if it],
    }
    if found["problems"]:
        print(f"{name}: {found['problems']}", flush=True)
    return found


@contextmanager
def ours(bundle: Path) -> Iterator[tuple[str, str, float, int]]:
    """Serve the bundle as `concrete deploy` does; yield URL, key, seconds to start, pid."""
    from concrete_cli.backends.local.endpoints import Endpoints

    from concrete_cli import home

    with tempfile.TemporaryDirectory() as folder:
        endpoints = Endpoints(home.prepare(Path(folder)))
        begin = time.monotonic()
        found = endpoints.deploy(bundle, "bench", {"workers": WORKERS})
        took = time.monotonic() - begin
        try:
            yield found["url"], Path(found["key_file"]).read_text().strip(), took, found["pid"]
        finally:
            endpoints.stop("bench")


def sample(bundle: Path) -> dict:
    """Return the row that is asked for."""
    about = json.loads((bundle / "bundle.json").read_text())
    row: dict = about["sample"]["request"]["data"][0]
    return row


def azureml(bundle: Path, seconds: float) -> Iterator[dict]:
    """Measure Azure's server, with our score.py and with what people write."""
    body = json.dumps({"data": [sample(bundle)]})
    programs = environment("azureml", bundle / "requirements.txt")
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.py"
        plain.write_text(PLAIN)
        for who, script in (("our", bundle / "code" / "score.py"), ("a plain", plain)):
            port = free_port()
            command = [programs / "azmlinfsrv", "--entry_script", script, "--port", port]
            extra = {"AZUREML_MODEL_DIR": str(bundle), "WORKER_COUNT": str(WORKERS)}
            with running(command, port, "/", **extra) as (took, pid):
                url = f"http://127.0.0.1:{port}/score"
                name = f"azureml-inference-server-http, {who} score.py"
                yield measure(name, url, body, seconds, took, pid)


def mlflow(bundle: Path, seconds: float) -> Iterator[dict]:
    """Measure MLflow's server on the same pipeline as a pyfunc."""
    port, programs = free_port(), environment("mlflow", bundle / "requirements.txt")
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "model"
        path = {"PYTHONPATH": str(bundle / "code")} | os.environ
        save = [programs / "python", "-c", SAVE, str(bundle), str(saved)]
        subprocess.run(save, check=True, env=path, capture_output=True)
        command = [programs / "mlflow", "models", "serve", "-m", saved, "--env-manager"]
        options = ["local", "--port", port, "--workers", WORKERS]
        path_ = f"{programs}:{os.environ['PATH']}"
        with running([*command, *options], port, "/ping", PATH=path_) as (took, pid):
            url = f"http://127.0.0.1:{port}/invocations"
            records = json.dumps({"dataframe_records": [sample(bundle)]})
            yield measure("mlflow models serve", url, records, seconds, took, pid)


def compare(bundle: Path, seconds: float, peers: list[str]) -> None:
    """Measure all of them, one after the other, and print the table."""
    body = json.dumps({"data": [sample(bundle)]})
    with ours(bundle) as (url, key, took, pid):
        found = [measure("concrete", f"{url}/score", body, seconds, took, pid, key)]
    for peer in peers:
        found += {"azureml": azureml, "mlflow": mlflow}[peer](bundle, seconds)
    print(f"one row, {WORKERS} workers each; {timing.machine()}\n")
    print(
        "| server | ready after s | CPU s till then | p50 ms | p99 ms | requests/s at 1"
        " | at 8 connections | CPU ms a request | our p50 | our requests/s at 8 |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    first = found[0]
    for one in found:
        cells = [
            one["server"],
            f"{one['start']:.1f}",
            f"{one['begun']:.1f}",
            f"{one['p50']:.2f}",
            f"{one['p99']:.2f}",
            f"{one['at_1']:.0f}",
            f"{one['at_8']:.0f}",
            f"{one['cpu']:.2f}",
            f"{first['p50'] / one['p50']:.2f} x",
            f"{first['at_8'] / one['at_8']:.1f} x",
        ]
        print(f"| {' | '.join(cells)} |")


def main() -> None:
    it = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    it.add_argument("bundle", nargs="?", type=Path)
    it.add_argument("--candidate", default="lightgbm", help="trained when no bundle is given")
    it.add_argument("--seconds", type=float, default=10, help="of each measurement")
    it.add_argument("--peers", default="azureml,mlflow")
    it.add_argument("--soak", type=float, default=0, metavar="SECONDS")
    it.add_argument("--make", choices=NEEDS, help="only make this environment")
    args = it.parse_args()
    if args.make:
        print(environment(args.make, args.bundle and args.bundle / "requirements.txt"))
        return
    if not shutil.which("wrk"):
        raise SystemExit("the program wrk is needed (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory() as folder:
        bundle = args.bundle or made_bundle(args.candidate, Path(folder))
        if args.soak:
            with ours(bundle) as (url, key, _, pid):
                soak(f"{url}/score", key, pid, sample(bundle), args.soak)
        else:
            compare(bundle, args.seconds, [one for one in args.peers.split(",") if one])


if __name__ == "__main__":
    main()
