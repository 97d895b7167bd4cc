"""Plans that start without this terminal: with an address to call, and at given times."""

from __future__ import annotations

import shlex
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import interpreter, settings, workspace
from concrete_cli.backend import Backend
from concrete_cli.errors import BackendUnavailable, UsageError
from concrete_cli.plan import Plan
from concrete_cli.registry.models import NAME
from concrete_cli.sources import fetching

if TYPE_CHECKING:
    from concrete_cli.execute import Prepared

# Others work on what somebody hands over when the command is typed.
TIMED = ("train", "finetune", "run")


def publish(prepared: Prepared, name: str) -> dict[str, Any]:
    """Give a plan an address; return name, id, url, parameters, curl and backend."""
    backend = prepared.backend
    name = _name(prepared, name)
    trigger = getattr(backend, "trigger", None)
    if trigger:
        made = trigger.publish(
            name,
            prepared.plan,
            experiment=prepared.planned.text,
            facts=prepared.planned.facts("local"),
            parameters=prepared.planned.settings.get("parameters", ()),
        )
    else:
        act = _able(backend, "publish")
        with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
            made = act(_fetched(prepared), name, Path(scratch))
    return {
        "name": name,
        "id": made.id,
        "url": made.url,
        "parameters": made.parameters,
        "curl": made.curl,
        "backend": prepared.request.backend,
    }


def withdraw(backend: Backend, name: str) -> None:
    """Take the address of a plan away."""
    trigger = getattr(backend, "trigger", None)
    (trigger.withdraw if trigger else _able(backend, "withdraw"))(name)


def schedule(
    prepared: Prepared, name: str, *, cron: str, every: str, install: bool
) -> dict[str, Any]:
    """Start a plan again and again; return id, name, active, when, pipeline and backend.

    A local one is only shown until it is to be installed: `text` and `installed` say so.
    """
    if bool(cron) == bool(every):
        hint = '--cron "0 3 * * 1", or --every 12h'
        raise UsageError("say when, in one way: --cron or --every", help=hint)
    name = _name(prepared, name)
    backend = prepared.backend
    timers = getattr(backend, "timers", None)
    if timers:
        command = _command(prepared)
        made = timers.schedule(name, command, cron=cron, every=every, install=install)
    elif install:
        raise UsageError("--install is for --backend local", help="leave it out")
    else:
        act = _able(backend, "schedule")
        with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
            made = act(_fetched(prepared), name, Path(scratch), cron_text=cron, every=every)
    return asdict(made) | {"backend": prepared.request.backend}


def schedules(backend: Backend) -> list[dict[str, Any]]:
    """Return every schedule, the disabled ones too."""
    timers = getattr(backend, "timers", None)
    found = timers.list() if timers else _able(backend, "schedules")()
    return [asdict(one) for one in found]


def disable(backend: Backend, name: str) -> dict[str, Any]:
    """Keep a schedule, but let it start nothing."""
    timers = getattr(backend, "timers", None)
    return asdict((timers.disable if timers else _able(backend, "disable_schedule"))(name))


def delete(backend: Backend, name: str) -> dict[str, Any]:
    """Remove a schedule; the SDK v1 can only disable one, and `why` says so then."""
    timers = getattr(backend, "timers", None)
    act = timers.delete if timers else getattr(backend, "delete_schedule", None)
    if act is None:
        disable(backend, name)
        why = f"{backend.name} keeps schedules, it cannot delete them"
        return {"name": name, "status": "disabled", "why": why}
    act(name)
    return {"name": name, "status": "deleted", "why": ""}


def place(name: str, experiment: Path | None, home: Path | None) -> Backend:
    """Return a backend, with the settings of an experiment or of the nearest one."""
    given = settings.of_file(name, experiment)
    if experiment:
        return workspace.of_experiment(experiment, home).backend(name, given)
    return workspace.here(home).backend(name, given)


def _name(prepared: Prepared, name: str) -> str:
    """Return the name to use: letters, digits and dashes are fine with every service."""
    made = name or f"{prepared.planned.name}-{prepared.request.workflow}"
    if name and not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name", help="letters, digits, - and _")
    if name:
        return name
    tame = "".join(one if one.isascii() and one.isalnum() else "-" for one in made.lower())
    return tame.strip("-")


def _fetched(prepared: Prepared) -> Plan:
    return fetching.here(prepared.plan, prepared.workspace.home)


def _command(prepared: Prepared) -> list[str]:
    """Return the command that does by itself what this one schedules.

    A --set may name a file from where it was said, and a timer starts elsewhere.
    """
    request, made = prepared.request, prepared.planned
    if request.workflow not in TIMED:
        hint = f"--workflow {' or '.join(TIMED)}"
        raise UsageError(f"{request.workflow} cannot be scheduled here", help=hint)
    here = ["/usr/bin/env", "-C", str(Path.cwd())] if made.sets else []
    words = [*here, *interpreter.module("concrete_cli", request.workflow, made.file)]
    for said in made.sets:
        words += ["--set", said]
    return [*words, "--quiet", "--home", str(prepared.workspace.home)]


def _able(backend: Backend, what: str) -> Any:
    found = getattr(backend, what, None)
    if found is None:
        raise BackendUnavailable(f"backend {backend.name} cannot {shlex.quote(what)}")
    return found
