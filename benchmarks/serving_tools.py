"""What benchmarks/serving.py measures with: environments, servers, wrk."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import timing
import tomli_w

PEERS = Path(__file__).parents[1] / "build" / "peers"
NEEDS = {"azureml": ["azureml-inference-server-http", "pandas"], "mlflow": ["mlflow>=3", "pandas"]}
# What scoring imports beyond what a bundle pins, for `--make` without a bundle.
LIBRARIES = ["numpy", "scikit-learn", "scipy", "skops", "lightgbm"]
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
LUA = """
wrk.method = "POST"
wrk.body = [==[%s]==]
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer %s"
"""


def environment(peer: str, requirements: Path | None) -> Path:
    """Make the environment of a peer, once; return its folder of programs."""
    folder = PEERS / peer
    if not (folder / "made").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        libraries = ["-r", str(requirements)] if requirements else LIBRARIES
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *NEEDS[peer], *libraries], check=True)
        (folder / "made").touch()
    return folder / "bin"


@contextmanager
def running(
    command: list, port: int, ready: str, **environment_: str
) -> Iterator[tuple[float, int]]:
    """Run a server while the block runs; yield the seconds until it was ready, and its pid."""
    begin = time.monotonic()
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            list(map(str, command)),
            env=keep | THREADS | environment_,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            while not _answers(f"http://127.0.0.1:{port}{ready}"):
                if process.poll() is not None or time.monotonic() - begin > 120:
                    log.seek(0)
                    raise SystemExit(log.read().decode())
                time.sleep(0.02)
            yield time.monotonic() - begin, process.pid
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started, the oldest first."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pid: int) -> float:
    """Return what a process and those below it have used of the processors so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(cpu_seconds, children(pid)))


def trained(candidate: str, folder: Path) -> tuple[Path, dict]:
    """Train a candidate of configs/concrete.toml; return its experiment and the JSON document."""
    root = Path(__file__).resolve().parents[1]
    base = root / "configs" / "concrete.toml"
    text = {
        "extends": {"file": str(base), "without": ["train.candidates"]},
        "data": {"source": str(root / "data" / "concrete.csv")},
        "train": {"candidates": {candidate: _candidate(base, candidate)}},
    }
    experiment = folder / "concrete.toml"
    experiment.write_text(tomli_w.dumps(text))
    train = [timing.CONCRETE, "train", str(experiment), "--json", "-q"]
    done = subprocess.run(train, check=True, stdout=subprocess.PIPE)
    return experiment, json.loads(done.stdout)


def made_bundle(candidate: str, folder: Path) -> Path:
    """Train a candidate of configs/concrete.toml, pack it, return the bundle."""
    model = trained(candidate, folder)[1]["paths"]["model"]
    bundle = folder / "bundle"
    bundle.mkdir()
    script = Path(__file__).resolve().parents[1] / "steps" / "pack.py"
    options = ["--name", "concrete:1", "--model", model, "--bundle", str(bundle)]
    subprocess.run([sys.executable, script, *options], check=True, stdout=subprocess.DEVNULL)
    return bundle


def _candidate(experiment: Path, name: str) -> dict:
    found: dict = tomllib.loads(experiment.read_text())["train"]["candidates"][name]
    return found


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wrk(
    url: str, body: str, connections: int, seconds: float, key: str = "", lua: str = ""
) -> dict:
    """Ask with wrk; return milliseconds (p50, p99), requests per second and errors."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA % (body, key) + lua)
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "-s"]
        done = subprocess.run(
            [*command, script.name, url], check=True, capture_output=True, text=True
        )
    text = done.stdout
    times = {
        f"p{share}": float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]
        for share, value, unit in re.findall(r"\b(50|99)%\s+([\d.]+)(us|ms|s)", text)
    }
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    count = re.search(r"(\d+) requests in", text)
    errors = re.search(r"Socket errors: (.*)", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    wrong = re.search(r"wrong answers: (\d+)", text)
    return {
        **times,
        "per_second": float(rate[1]) if rate else 0.0,
        "requests": int(count[1]) if count else 0,
        "errors": errors[1] if errors else "",
        "refused": int(refused[1]) if refused else 0,
        **({"wrong": int(wrong[1])} if wrong else {}),
    }


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
