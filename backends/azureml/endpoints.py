"""Web services: a model behind HTTP on Azure Container Instances or Kubernetes."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azureml.core import Model, Webservice
from azureml.core.compute import AksCompute
from azureml.core.model import InferenceConfig
from azureml.core.webservice import AciWebservice, AksWebservice

from concrete_cli import code, lines
from concrete_cli.errors import BackendUnavailable, NotFound, UsageError

from .. import answers
from ..scrubbing import scrub
from . import environment
from .errors import clear, status_of

if TYPE_CHECKING:
    from .client import Client
    from .models import Models

OPTIONS = ("kind", "compute", "cpu", "memory_gb", "replicas", "auth")
NAME = re.compile(r"[a-z][a-z0-9-]{1,30}[a-z0-9]")
RULE = "3 to 32 small letters, digits and dashes, a letter first"  # Azure's
LOG_LINES = 5000


@dataclass(frozen=True)
class Endpoint:
    """A served model."""

    name: str
    url: str
    state: str
    kind: str


class Endpoints:
    """The web services of a workspace."""

    def __init__(self, client: Client, models: Models) -> None:
        self._client, self._models = client, models

    def deploy(
        self,
        model: str,
        name: str,
        entry: Path,
        settings: Mapping[str, Any],
        packages: tuple[str, ...] = (),
    ) -> str:
        """Serve the registered model `model` with a script that has `init()` and `run(data)`.

        `settings`: kind = aci | aks, compute (the AKS cluster), cpu, memory_gb, replicas, auth.
        `packages` are requirements. The answer is the address that scores.
        """
        for option in settings:
            if option not in OPTIONS:
                raise UsageError(f"an endpoint has no {option!r}", help=", ".join(OPTIONS))
        found = self._models.find(model)
        workspace = self._client.workspace
        with tempfile.TemporaryDirectory() as aside, clear(f"deploying {name}"):
            scripts = Path(aside, "endpoint")
            scripts.mkdir()
            code.stage(code.closure(entry), scripts)
            wanted = (*packages, "azureml-defaults", "azureml-inference-server-http")
            config = InferenceConfig(
                entry_script=entry.name,
                source_directory=str(scripts),
                environment=environment.environment(
                    self._client.settings.environment, wanted, self._client.environment
                ),
            )
            served = Model.deploy(
                workspace,
                name,
                [Model(workspace, found.name, version=found.version)],
                config,
                _configuration(settings),
                deployment_target=self._cluster(settings),
                overwrite=True,
            )
            self._wait(served)
        return str(served.scoring_uri)

    def list(self) -> list[Endpoint]:
        """Return all web services."""
        with clear("listing the endpoints"):
            found = Webservice.list(self._client.workspace)
        return [
            Endpoint(one.name, one.scoring_uri or "", one.state, one.compute_type.lower())
            for one in found
        ]

    def model(self, name: str) -> str:
        """Return the registered model that an endpoint serves, NAME:N, or nothing."""
        with clear(f"asking what {name} serves"):
            served = self._find(name).models
        return f"{served[0].name}:{served[0].version}" if served else ""

    def logs(self, name: str) -> str:
        """Return what the entry script has written."""
        with clear(f"reading the log of {name}"):
            return scrub(self._find(name).get_logs(num_lines=LOG_LINES) or "")

    def keys(self, name: str) -> tuple[str, str]:
        """Return the two keys; show them to nobody but the person who asked."""
        with clear(f"asking for the keys of {name}"):
            first, second = self._find(name).get_keys()
        return first, second

    def invoke(self, name: str, request: Any) -> Any:
        """Send JSON data to an endpoint; the answer is what its script returned."""
        with clear(f"invoking {name}"):
            answer = self._find(name).run(json.dumps(request))
        return answers.read(answer)

    def remove(self, name: str) -> None:
        """Stop serving."""
        with clear(f"removing {name}"):
            self._find(name).delete()

    def _find(self, name: str) -> Any:
        try:
            return Webservice(self._client.workspace, name)
        except Exception as error:
            if status_of(error) == 404 or "NotFound" in str(error):
                known = [one.name for one in Webservice.list(self._client.workspace)]
                raise NotFound("endpoint in Azure ML", name, known) from error
            raise

    def _cluster(self, settings: Mapping[str, Any]) -> Any:
        if settings.get("kind", "aci") == "aci":
            return None
        return AksCompute(self._client.workspace, settings["compute"])

    def _wait(self, served: Any) -> None:
        try:
            served.wait_for_deployment()
        except Exception as error:
            last = (served.get_logs(num_lines=20) or "").strip().splitlines()
            raise BackendUnavailable(
                f"endpoint {served.name} did not start: {scrub(last[-1]) if last else error}",
                help=lines.line("endpoints", "logs", served.name, backend="azureml"),
            ) from error


def _configuration(settings: Mapping[str, Any]) -> Any:
    kind = settings.get("kind", "aci")
    common = {
        "cpu_cores": settings.get("cpu", 1),
        "memory_gb": settings.get("memory_gb", 2),
        "auth_enabled": settings.get("auth", True),
    }
    if kind == "aci":
        return AciWebservice.deploy_configuration(**common)
    if kind == "aks" and settings.get("compute"):
        count = settings.get("replicas", 1)
        return AksWebservice.deploy_configuration(
            num_replicas=count, autoscale_enabled=False, **common
        )
    raise UsageError("an endpoint is of kind aci, or of kind aks with a compute", help=str(kind))
