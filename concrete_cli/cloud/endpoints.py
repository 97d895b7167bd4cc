"""Endpoints of a cloud in the words of the local ones, so that one command serves both."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from concrete_cli import documents, formats, lines
from concrete_cli.backend import Backend
from concrete_cli.cloud.models import SERVES
from concrete_cli.errors import BackendUnavailable, NotFound, UsageError

# What is asked for on the command line and a cloud chooses by itself.
FLAGS = {
    "host": "--host",
    "port": "--port",
    "workers": "--workers",
    "hosts": "--host-name",
    "root_path": "--root-path",
}
HERE_ONLY = (*FLAGS, "replace")  # a cloud always replaces
PINNED_BY_US = ("azureml",)  # its SDK takes requirements, the other one names


class CloudEndpoints:
    """The endpoints of a backend elsewhere."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._there: Any = backend.endpoints  # type: ignore[attr-defined]  # see deploying

    def check(self, name: str, settings: Mapping[str, Any]) -> None:
        """Raise what is known to be in the way, before anything is run."""
        for option, flag in FLAGS.items():
            if settings.get(option) is not None:
                raise UsageError(f"{flag} is for --backend local: {name} is served elsewhere")
        module = import_module(type(self._there).__module__)
        rule = getattr(module, "NAME", None)
        if rule and not rule.fullmatch(name):
            hint = f"--name ENDPOINT: {module.RULE}"
            raise UsageError(f"an endpoint cannot be called {name!r} there", help=hint)
        known = getattr(module, "OPTIONS", None)
        for option in settings:
            if known and option not in (*HERE_ONLY, *known):
                raise UsageError(f"an endpoint has no {option!r}", help=", ".join(known))

    def deploy(self, bundle: Path, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Register a bundle and serve it with the score.py in it; return the endpoint."""
        self.check(name, settings)
        given = {key: value for key, value in settings.items() if key not in HERE_ONLY}
        about = documents.read(bundle / "bundle.json", formats.BUNDLE)
        lines = (bundle / "requirements.txt").read_text(encoding="utf-8").split("\n")
        pins = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        if self._backend.name not in PINNED_BY_US:
            pins = [pin.partition("==")[0] for pin in pins]
        registry: Any = self._backend.models  # type: ignore[attr-defined]  # who serves has them
        with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
            whole = Path(scratch) / "whole"
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(bundle, whole, copy_function=shutil.copyfile, ignore=ignore)
            # Under a name of its own: it is no version of the model that it holds.
            named = f"{name}-bundle"
            version = registry.push(whole, named, {SERVES: about["model"]})
            entry = whole / "code" / "score.py"
            self._there.deploy(f"{named}@{version}", name, entry, given, tuple(pins))
        return self.show(name)

    def list(self) -> list[dict[str, Any]]:
        """Return what there is, by name."""
        return [self._document(one) for _, one in sorted(self._by_name().items())]

    def show(self, name: str) -> dict[str, Any]:
        """Return one endpoint."""
        found = self._by_name()
        if name not in found:
            raise NotFound("endpoint", name, found)
        return self._document(found[name])

    def logs(self, name: str, *, follow: bool = False) -> Iterator[str]:
        """Yield the lines that its script has written."""
        if follow:
            raise UsageError("the log of a cloud cannot be followed", help="leave --follow out")
        yield from self._there.logs(name).splitlines()

    def invoke(self, name: str, request: bytes, *, intervals: bool = True) -> tuple[int, Any]:
        """Send a request; return the status and the JSON answer."""
        try:
            document = json.loads(request)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"the request is not JSON: {error}") from error
        answer = self._there.invoke(name, document)
        if not isinstance(answer, dict):
            return 500, {"error": f"an answer of another kind: {str(answer)[:100]}"}
        if not intervals:
            answer.pop("intervals", None)
        return (422 if "error" in answer else 200), answer

    def stop(self, name: str) -> dict[str, Any]:
        """A cloud cannot keep an endpoint that is stopped."""
        raise self._cannot("stop", self._line("endpoints", "stop", name, "--remove"))

    def restart(self, name: str, port: int | None = None) -> dict[str, Any]:
        """A cloud restarts what it serves by itself."""
        self.check(name, {"port": port})
        raise self._cannot("restart", self._line("deploy", "--name", name))

    def rotate_key(self, name: str) -> Path:
        """Keys of a cloud are rotated there."""
        studio = f"in Azure ML studio: Endpoints, {name}, Consume, Regenerate"
        raise self._cannot("rotate the key of", studio)

    def remove(self, name: str) -> None:
        """Stop it and forget it."""
        self._there.remove(name)

    def _line(self, *words: str) -> str:
        return lines.line(*words, backend=self._backend.name)

    def _cannot(self, what: str, help_: str) -> BackendUnavailable:
        message = f"backend {self._backend.name} cannot {what} an endpoint"
        return BackendUnavailable(message, help=help_)

    def _by_name(self) -> dict[str, Any]:
        return {one.name: one for one in self._there.list()}

    def _model(self, name: str) -> str:
        """Return the model that an endpoint serves, NAME:N: the one in its bundle, if it has one.

        It is not known where somebody else has put other things behind the endpoint.
        """
        served = str(self._there.model(name))
        registry: Any = self._backend.models  # type: ignore[attr-defined]  # who serves has them
        with contextlib.suppress(NotFound):  # what is served may be registered no more
            return str(registry.find(served).tags.get(SERVES, served)) if served else ""
        return served

    def _document(self, one: Any) -> dict[str, Any]:
        state = str(one.state).rpartition(".")[2].lower()  # the SDK v2 has an enumeration
        return {
            "endpoint": one.name,
            "url": one.url,
            "key_file": "",
            "model": self._model(one.name),
            "pid": None,
            "status": "running" if state in ("succeeded", "healthy") else state,
            "workers": None,
            "loopback": True,
            "created": None,
            "log": "",
            "backend": self._backend.name,
        }
