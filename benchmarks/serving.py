"""Our endpoint, azureml-inference-server-http and `mlflow models serve` on one model, side by side.

    python benchmarks/serving.py BUNDLE              what pack left, e.g. endpoints/NAME/bundle-*
    python benchmarks/serving.py BUNDLE --soak 600   ours under load, a worker killed every 20 s
    python benchmarks/serving.py --make azureml      only make that environment

Each peer lives in an environment of its own below build/peers, with the libraries that the bundle
pins; all have two workers. Needs wrk (Debian: apt-get install wrk). Prints one line of JSON each.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving_tools import NEEDS, environment, free_port, running, wrk

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
CHECK = """
local expected, wrong = nil, 0
function response(status, headers, body)
  if status ~= 200 or (expected and body ~= expected) then wrong = wrong + 1 end
  expected = expected or body
end
local threads = {}
function setup(thread) table.insert(threads, thread) end
function done(summary, latency, requests)
  local sum = 0
  for _, thread in ipairs(threads) do sum = sum + thread:get("total_wrong") end
  io.write("wrong answers: " .. sum .. "\\n")
end
"""


def measure(name: str, url: str, body: str, seconds: float, start: float, key: str = "") -> dict:
    """Return and print what one server does."""
    wrk(url, body, 4, 1, key)  # warm up
    one = wrk(url, body, 1, seconds, key)
    eight = wrk(url, body, 8, seconds, key)
    found = {
        "server": name,
        "start_seconds": round(start, 2),
        "p50_ms": one.get("p50"),
        "p99_ms": one.get("p99"),
        "per_second_at_1": one["per_second"],
        "per_second_at_8": eight["per_second"],
        "problems": [one[it] or eight[it] for it in ("errors", "refused")],
    }
    print(json.dumps(found), flush=True)
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


def compare(bundle: Path, seconds: float, peers: list[str]) -> None:
    """Measure all of them, one after the other."""
    row = json.loads((bundle / "bundle.json").read_text())["sample"]["request"]["data"][0]
    body = json.dumps({"data": [row]})
    requirements = bundle / "requirements.txt"
    found = []
    with ours(bundle) as (url, key, took, _):
        found.append(measure("concrete", f"{url}/score", body, seconds, took, key))
    if "azureml" in peers:
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "plain.py"
            plain.write_text(PLAIN)
            for name, script in (("our", bundle / "code" / "score.py"), ("a plain", plain)):
                port, programs = free_port(), environment("azureml", requirements)
                command = [programs / "azmlinfsrv", "--entry_script", script, "--port", port]
                extra = {"AZUREML_MODEL_DIR": str(bundle), "WORKER_COUNT": str(WORKERS)}
                with running(command, port, "/", **extra) as took:
                    url = f"http://127.0.0.1:{port}/score"
                    who = f"azureml-inference-server-http, {name} score.py"
                    found.append(measure(who, url, body, seconds, took))
    if "mlflow" in peers:
        port, programs = free_port(), environment("mlflow", requirements)
        with tempfile.TemporaryDirectory() as folder:
            saved = Path(folder) / "model"
            path = {"PYTHONPATH": str(bundle / "code")} | os.environ
            save = [programs / "python", "-c", SAVE, str(bundle), str(saved)]
            subprocess.run(save, check=True, env=path, capture_output=True)
            command = [programs / "mlflow", "models", "serve", "-m", saved, "--env-manager"]
            options = ["local", "--port", port, "--workers", WORKERS]
            path_ = f"{programs}:{os.environ['PATH']}"
            with running([*command, *options], port, "/ping", PATH=path_) as took:
                url = f"http://127.0.0.1:{port}/invocations"
                records = json.dumps({"dataframe_records": [row]})
                found.append(measure("mlflow models serve", url, records, seconds, took))
    first, rest = found[0], found[1:]
    if rest:
        p50, rate = first["p50_ms"], first["per_second_at_8"]
        for one in rest:
            ratios = {"p50": p50 / one["p50_ms"], "per_second": rate / one["per_second_at_8"]}
            told = {f"our {name} to theirs": round(value, 2) for name, value in ratios.items()}
            print(json.dumps({"server": one["server"], **told}))


def soak(bundle: Path, seconds: float, every: float = 20.0) -> None:
    """Load the endpoint while its workers are killed; print errors, wrong answers and memory."""
    row = json.loads((bundle / "bundle.json").read_text())["sample"]["request"]["data"][0]
    body = json.dumps({"data": [row]})
    check = CHECK.replace("wrong = wrong + 1", "total_wrong = total_wrong + 1")
    check = "total_wrong = 0\n" + check
    with ours(bundle) as (url, key, _, pid):
        end, memory, kills = time.monotonic() + seconds, [], 0
        total = {"requests": 0, "refused": 0, "wrong": 0}
        errors = []
        while time.monotonic() < end:
            killer = subprocess.Popen(
                [sys.executable, "-c", KILL, str(pid), str(every / 2)], stdout=subprocess.PIPE
            )
            found = wrk(f"{url}/score", body, 8, every, key, check)
            killer.communicate()
            kills += 1
            for name in total:
                total[name] += found[name]
            errors.append(found["errors"])
            memory.append(_memory(pid))
            print(json.dumps({"kills": kills, **total, "memory_mb": memory[-1]}), flush=True)
        told = {"kills": kills, **total, "errors": [one for one in errors if one]}
        print(json.dumps(told | {"memory_mb": [memory[0], memory[-1]]}))


KILL = """
import os, pathlib, signal, sys, time
pid = sys.argv[1]
time.sleep(float(sys.argv[2]))
children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
os.kill(int(children[0]), signal.SIGKILL)
"""


def _memory(pid: int) -> float:
    """Return the megabytes that the supervisor and its workers have between them (PSS)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for one in (str(pid), *children):
        text = Path(f"/proc/{one}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1])  # type: ignore[index]
    return round(total / 1024, 1)


def main() -> None:
    it = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    it.add_argument("bundle", nargs="?", type=Path)
    it.add_argument("--seconds", type=float, default=10, help="of each measurement")
    it.add_argument("--peers", default="azureml,mlflow")
    it.add_argument("--soak", type=float, default=0, metavar="SECONDS")
    it.add_argument("--make", choices=NEEDS, help="only make this environment")
    args = it.parse_args()
    if args.make:
        print(environment(args.make, args.bundle and args.bundle / "requirements.txt"))
        return
    if not args.bundle or not shutil.which("wrk"):
        raise SystemExit("a bundle and the program wrk are needed; see --help")
    if args.soak:
        soak(args.bundle, args.soak)
    else:
        compare(args.bundle, args.seconds, args.peers.split(","))


if __name__ == "__main__":
    main()
