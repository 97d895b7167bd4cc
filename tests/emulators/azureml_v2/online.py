"""Online endpoints, each deployment served by the real Azure ML inference server."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .cloud import Cloud
from .names import WORKSPACE_ID
from .routing import Json, Request, Response, Routes, error

routes = Routes()
KEYS = {"primaryKey": "emulated-key-1", "secondaryKey": "emulated-key-2"}
PATIENCE = 60.0


@dataclass
class Service:
    """A running inference server."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def stop(self) -> None:
        """End it, and wait until it is gone."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()


@routes.arm("PUT PATCH", "/onlineEndpoints/{name}")
def endpoint(cloud: Cloud, request: Request) -> Response:
    """Create an endpoint, or change how its traffic is split."""
    body = request.json()
    cloud.record(request.method, request.path, body)
    old = cloud.get(request.path) or {"properties": {}}
    name = request.args["name"]
    body["properties"] = {
        **old["properties"],
        **body["properties"],
        "scoringUri": f"{cloud.base}/score/{name}",
        "swaggerUri": f"{cloud.base}/swagger/{name}",
        "provisioningState": "Succeeded",
    }
    return Response(body=cloud.put(request.path, {**old, **body}))


@routes.arm("PUT", "/onlineEndpoints/{name}/deployments/{deployment}")
def deployment(cloud: Cloud, request: Request) -> Response:
    """Start the inference server on what was uploaded; fail as the service does if it dies."""
    body = request.json()
    cloud.record("PUT", request.path, body)
    key = "{name}/{deployment}".format(**request.args)
    cloud.asset(f"{WORKSPACE_ID}/onlineEndpoints/{request.args['name']}")
    if old := cloud.services.pop(key, None):
        old.stop()
    service = cloud.services[key] = _serve(cloud, key, body["properties"])
    cloud.closers.append(service.stop)
    if not _answers(service):
        return error(400, "ResourceNotReady", "User container has crashed or terminated.")
    body["properties"]["provisioningState"] = "Succeeded"
    body["properties"].setdefault("scaleSettings", {"scaleType": "Default"})
    return Response(body=cloud.put(request.path, body))


@routes.arm("GET", "/{kind}Endpoints")
@routes.arm("GET", "/{kind}Endpoints/{name}/deployments")
def listing(cloud: Cloud, request: Request) -> Response:
    """List endpoints or deployments."""
    return Response(body={"value": list(cloud.children(request.path))})


@routes.arm("GET", "/{kind}Endpoints/{name}")
@routes.arm("GET", "/{kind}Endpoints/{name}/deployments/{deployment}")
def show(cloud: Cloud, request: Request) -> Response:
    """Return one of them."""
    return Response(body=cloud.asset(request.path))


@routes.arm("DELETE", "/{kind}Endpoints/{name}")
@routes.arm("DELETE", "/{kind}Endpoints/{name}/deployments/{deployment}")
def delete(cloud: Cloud, request: Request) -> Response:
    """Stop what serves and forget it."""
    prefix = "/".join((request.args["name"], request.args.get("deployment", "")))
    for key in [key for key in cloud.services if key.startswith(prefix)]:
        cloud.services.pop(key).stop()
    cloud.delete(request.path)
    return Response()


@routes.arm("POST", "/{kind}Endpoints/{name}/listKeys")
def keys(_: Cloud, __: Request) -> Response:
    """Return the endpoint's keys."""
    return Response(body=dict(KEYS))


@routes.arm("POST", "/onlineEndpoints/{name}/deployments/{deployment}/getLogs")
def logs(cloud: Cloud, request: Request) -> Response:
    """Return the last lines that the server wrote."""
    service = cloud.services["{name}/{deployment}".format(**request.args)]
    lines = service.log.read_text(errors="replace").splitlines()
    return Response(body={"content": "\n".join(lines[-int(request.json().get("tail") or 50) :])})


@routes("POST", "/score/{name}")
def score(cloud: Cloud, request: Request) -> Response:
    """Hand a request to the deployment that the traffic or the header chooses."""
    if request.headers.get("Authorization", "").removeprefix("Bearer ") not in KEYS.values():
        return error(401, "Unauthorized", "the key is not valid")
    name = request.args["name"]
    properties = cloud.asset(f"{WORKSPACE_ID}/onlineEndpoints/{name}")["properties"]
    traffic = {key: share for key, share in (properties.get("traffic") or {}).items() if share}
    chosen = request.headers.get("azureml-model-deployment", "")
    if not chosen and traffic:
        chosen = random.choices([*traffic], [*traffic.values()])[0]  # noqa: S311  no secret
    if f"{name}/{chosen}" not in cloud.services:
        return error(404, "NotFound", "no deployment receives traffic")
    url = f"http://127.0.0.1:{cloud.services[f'{name}/{chosen}'].port}/score"
    kind = {"Content-Type": "application/json"}
    post = urllib.request.Request(url, request.body.read(), kind)
    try:
        with urllib.request.urlopen(post, timeout=PATIENCE) as answer:  # noqa: S310
            return Response(answer.status, answer.read(), {"azureml-model-deployment": chosen})
    except urllib.error.HTTPError as failure:
        status = 424 if failure.code == 500 else failure.code
        return Response(status, failure.read())


def _serve(cloud: Cloud, key: str, properties: Json) -> Service:
    folder = cloud.work / "deployments" / key.replace("/", "-") / str(time.monotonic_ns())
    code = properties["codeConfiguration"]
    source = cloud.asset(code["codeId"])["properties"]["codeUri"]
    shutil.copytree(cloud.local(source), folder / "code")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "LANG", "TMPDIR", "OPENBLAS_CORETYPE")
    }
    for name, value in (properties.get("environmentVariables") or {}).items():
        environment[name] = str(value)
    if properties.get("model"):
        model = cloud.local(cloud.asset(properties["model"])["properties"]["modelUri"])
        shutil.copytree(model, folder / "model" / model.name)
        environment["AZUREML_MODEL_DIR"] = str(folder / "model")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    script = folder / "code" / code["scoringScript"]
    command = [*shlex.split(cloud.inference), "--entry_script", str(script), "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder / "code", env=environment, stdout=log, stderr=log
        )
    return Service(process, port, folder / "server.log")


def _answers(service: Service) -> bool:
    """Wait until the server answers; one that ended or never does is stopped."""
    deadline = time.monotonic() + PATIENCE
    url = f"http://127.0.0.1:{service.port}/"
    while time.monotonic() < deadline:
        if service.process.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return True
    service.stop()
    return False
