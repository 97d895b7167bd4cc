"""A deployed model: its entry script's `init()` and `run(data)` in a process, behind loopback.

Started as a script this file is that process: `serving.py ENTRY PORT_FILE [KEY ...]`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import Emulator

PREFIX = "aml://artifact/"
START_SECONDS = 60


class Service:
    """One web service, from the request that deploys it."""

    def __init__(self, emulator: Emulator, given: dict[str, Any], keys: dict[str, str]) -> None:
        from . import artifacts, blobs
        from .state import uid

        request = given["environmentImageRequest"]
        folder = emulator.folder / "services" / uid()
        root, models = folder / "app", folder / "models"
        root.mkdir(parents=True)
        for asset in request["assets"]:
            source = blobs.path_of(emulator, artifacts.HOME, asset["url"].removeprefix(PREFIX))
            if asset.get("unpack"):
                with tarfile.open(source) as packed:
                    packed.extractall(root, filter="data")
            else:
                shutil.copyfile(source, root / asset["id"])
        for name in request.get("modelIds") or []:
            _bring(emulator, emulator.state.models[name], models, artifacts.HOME)
        variables = (request.get("environment") or {}).get("environmentVariables") or {}
        one = len(request.get("modelIds") or []) == 1
        place = models.joinpath(*request["modelIds"][0].split(":")) if one else models
        self._log, self._port = folder / "log.txt", folder / "port"
        entry = root / variables.get("AZUREML_ENTRY_SCRIPT", request["driverProgram"])
        command = [emulator.python, "-P", __file__, str(entry), str(self._port), *keys.values()]
        home = folder / "home"
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        env = kept | {"AZUREML_MODEL_DIR": str(place), "HOME": str(home), "PYTHONUNBUFFERED": "1"}
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(
                command, cwd=root, env=env, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def url(self) -> str:
        """The address that scores."""
        return f"http://127.0.0.1:{self._port.read_text()}/score" if self.healthy() else ""

    def healthy(self) -> bool:
        """Wait until `init()` has returned; false when the process has died over it."""
        limit = time.monotonic() + START_SECONDS
        while not self._port.exists() and self._child.poll() is None:
            if time.monotonic() > limit:
                return False
            time.sleep(0.02)
        return self._child.poll() is None

    def log(self) -> str:
        """Return what the process has written."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Stop the process."""
        self._child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(5)


def _bring(emulator: Emulator, model: dict[str, Any], into: Path, home: str) -> None:
    from . import blobs

    target = into / model["name"] / str(model["version"])
    target.mkdir(parents=True)
    asset = emulator.state.assets[model["url"].rpartition("/")[2]]
    for one in asset["artifacts"]:
        source = blobs.path_of(emulator, home, one["prefix"])
        if source.is_dir():
            shutil.copytree(source, target / source.name)
        elif model.get("unpack"):
            with tarfile.open(source) as packed:
                packed.extractall(target, filter="data")
        else:
            shutil.copyfile(source, target / source.name)


def main(entry: str, port_file: str, *keys: str) -> None:
    """Load the entry script, then answer until somebody ends this process."""
    sys.path.insert(0, str(Path(entry).parent))
    spec = importlib.util.spec_from_file_location("entry", entry)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{entry} is not a script")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.init()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            shown = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if keys and shown not in keys:
                return self.answer(401, {"error": "unauthorized"})
            try:
                return self.answer(200, script.run(given.decode()))
            except Exception as error:  # noqa: BLE001  whatever the script raises is an answer
                return self.answer(502, {"error": repr(error)})

        def answer(self, status: int, body: Any) -> None:
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    aside = Path(port_file + ".new")
    aside.write_text(str(server.server_port))
    aside.rename(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
