"""Managed online endpoints: a model behind HTTP, changed without a gap."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concrete_cli import code
from concrete_cli.errors import ConcreteError, NotFound, UsageError

from .. import answers
from ..scrubbing import scrub
from .client import Client
from .environment import closure_of, pinned
from .models import Models
from .sdk import entities

COLOURS = ("blue", "green")
SERVER = "azureml-inference-server-http"
OPTIONS = ("instance_type", "instance_count", "variables")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,30}[A-Za-z0-9]")
RULE = "3 to 32 letters, digits and dashes, a letter first"  # Azure's
LOG_LINES = 5000
# The address of a registered model: the SDK's, or the resource's.
MODEL = re.compile(r"(?:azureml:|.*/models/)(?P<name>[^/:]+)(?::|/versions/)(?P<version>[^/:]+)")
COMPLAINT = re.compile(r"\w*(Error|Exception)\b.*")


@dataclass(frozen=True)
class Endpoint:
    """A served model."""

    name: str
    url: str
    state: str
    kind: str = "managed"


class Endpoints:
    """The online endpoints of a workspace."""

    def __init__(self, client: Client, models: Models) -> None:
        self._client, self._models = client, models

    def deploy(
        self,
        model: str | Path,
        name: str,
        entry: Path,
        settings: Mapping[str, Any],
        packages: tuple[str, ...] = (),
    ) -> str:
        """Serve a model with a script that has `init()` and `run(data)`; return the address.

        `model` is the reference of a registered one, or a folder, which is registered under the
        name of the endpoint. `settings`: instance_type, instance_count, variables. `packages` are
        names of distributions, pinned as installed here. The new deployment gets the traffic
        when it answers; the old one is removed then.
        """
        for option in settings:
            if option not in OPTIONS:
                raise UsageError(f"an endpoint has no {option!r}", help=", ".join(OPTIONS))
        if isinstance(model, Path):
            model = f"{name}@{self._models.push(model, name)}"
        found = self._models.find(model)
        old = self._live(name)
        new = COLOURS[old == COLOURS[0]]
        with tempfile.TemporaryDirectory(prefix="concrete-") as aside:
            # nothing but the closure: the server would read a config.json beside the script
            code.stage(code.closure(entry), Path(aside))
            deployment = entities.ManagedOnlineDeployment(
                name=new,
                endpoint_name=name,
                model=f"azureml:{found.name}:{found.version}",
                environment=pinned(self._client.settings.image, _requirements(packages)),
                code_configuration=entities.CodeConfiguration(
                    code=aside, scoring_script=entry.name
                ),
                environment_variables=dict(settings.get("variables", {})),
                instance_type=str(settings.get("instance_type", "Standard_DS2_v2")),
                instance_count=int(settings.get("instance_count", 1)),
            )
            self._start(deployment)
        self._shift(name, new, old)
        return str(self._get(name).scoring_uri)

    def list(self) -> list[Endpoint]:
        """Return all endpoints."""
        found = self._client.call("list the endpoints", lambda ml: list(ml.online_endpoints.list()))
        return [
            Endpoint(one.name, one.scoring_uri or "", one.provisioning_state or "") for one in found
        ]

    def model(self, name: str) -> str:
        """Return the registered model that an endpoint serves, NAME:N, or nothing."""
        live = self._live(name, create=False)
        if not live:
            return ""
        found = self._client.call(
            f"ask what {name} serves", lambda ml: ml.online_deployments.get(live, name)
        )
        known = MODEL.fullmatch(str(found.model or ""))
        return f"{known['name']}:{known['version']}" if known else ""

    def logs(self, name: str) -> str:
        """Return what the entry script has written."""
        return self._log(name, self._live(name, create=False))

    def keys(self, name: str) -> tuple[str, str]:
        """Return the two keys; show them to nobody but the person who asked."""
        found = self._client.call(
            f"ask for the keys of {name}", lambda ml: ml.online_endpoints.get_keys(name)
        )
        return str(found.primary_key), str(found.secondary_key)

    def invoke(self, name: str, request: Any) -> Any:
        """Send JSON data to an endpoint; the answer is what its script returned."""
        with tempfile.TemporaryDirectory(prefix="concrete-") as aside:
            file = Path(aside) / "request.json"
            file.write_text(json.dumps(request), encoding="utf-8")
            text = self._client.call(
                f"invoke {name}",
                lambda ml: ml.online_endpoints.invoke(endpoint_name=name, request_file=str(file)),
            )
        return answers.read(text)

    def remove(self, name: str) -> None:
        """Stop serving."""
        self._get(name)
        self._client.call(f"remove {name}", lambda ml: ml.online_endpoints.begin_delete(name=name))

    def _live(self, name: str, *, create: bool = True) -> str:
        """Return the deployment that gets the traffic; make the endpoint if there is none."""
        try:
            traffic = self._get(name).traffic or {}
        except NotFound:
            if not create:
                raise
            made = entities.ManagedOnlineEndpoint(name=name, auth_mode="key")
            self._client.call(
                f"create the endpoint {name}",
                lambda ml: ml.online_endpoints.begin_create_or_update(made),
            )
            traffic = {}
        return next((colour for colour, share in traffic.items() if share), "")

    def _start(self, deployment: Any) -> None:
        """Create a deployment; when it does not come up, say what its script said."""
        name, colour = deployment.endpoint_name, deployment.name
        try:
            self._client.call(
                f"deploy {name}",
                lambda ml: ml.online_deployments.begin_create_or_update(deployment),
            )
        except ConcreteError as failure:
            with contextlib.suppress(ConcreteError):
                said = [line for line in self._log(name, colour).splitlines() if line.strip()]
                complaints = [line for line in said if COMPLAINT.match(line)] or said
                failure.args = (f"{failure}: {complaints[-1]}",)
            raise

    def _log(self, name: str, colour: str) -> str:
        text = self._client.call(
            f"read the log of {name}",
            lambda ml: ml.online_deployments.get_logs(colour, name, lines=LOG_LINES),
        )
        return scrub(str(text))

    def _shift(self, name: str, new: str, old: str) -> None:
        endpoint = self._get(name)
        endpoint.traffic = {new: 100}
        self._client.call(
            f"send traffic to {name}",
            lambda ml: ml.online_endpoints.begin_create_or_update(endpoint),
        )
        if old:
            self._client.call(
                f"remove the old deployment of {name}",
                lambda ml: ml.online_deployments.begin_delete(name=old, endpoint_name=name),
            )

    def _get(self, name: str) -> Any:
        return self._client.call(
            f"find the endpoint {name}", lambda ml: ml.online_endpoints.get(name)
        )


def _requirements(packages: tuple[str, ...]) -> list[str]:
    pins = closure_of((*packages, SERVER))
    return pins if any(pin.startswith(SERVER) for pin in pins) else [*pins, SERVER]
