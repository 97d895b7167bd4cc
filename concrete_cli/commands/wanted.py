"""The model that score and deploy are asked for: where it is, what it is called and made of.

NAME, NAME:N, NAME@ALIAS    in the registry of the backend; on a cloud that does not have it, in
                            the registry here, which is said, and then it is uploaded
azureml:NAME...             in the registry of the cloud, and nowhere else
run:RUN                     what a run has selected
a folder                    that holds a model
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import code, documents, formats, lines, payload, results
from concrete_cli.backend import Backend
from concrete_cli.cloud.models import CloudRegistry
from concrete_cli.errors import Damaged, NotFound, UsageError
from concrete_cli.registry import file as model_file
from concrete_cli.registry.models import Models
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace

if TYPE_CHECKING:
    from concrete_cli.config import Experiment
    from concrete_cli.execute import Request

LOG = logging.getLogger("concrete")
MANIFEST = "manifest.json"
CLOUD, RUN = "azureml:", "run:"


@dataclass(frozen=True)
class Model:
    """A model to be used: `name` is what answers call it, `source` what a step reads.

    `libraries` are the modules that loading it needs; `complete` says that its own classes, if it
    has any, come with it.
    """

    name: str
    source: str
    libraries: tuple[str, ...] = ()
    complete: bool = True


def find(
    request: Request, experiment: Experiment, space: Workspace, backend: Backend, why: str
) -> Model:
    """Return the model that `request.given` asks for; nothing: the newest of the experiment's own.

    `why` ends the question that is asked when nobody has said which.
    """
    wanted = str(request.given.get("model") or "")
    if wanted.startswith(RUN):
        return _of_run(wanted, space, backend)
    if wanted and (Path(wanted) / MANIFEST).is_file():
        return of_folder(Path(wanted).absolute(), space, trust=bool(request.given.get("trust")))
    if not wanted and not experiment.register_:
        hint = "say --model NAME, or --model run:latest, or [register] name in the experiment"
        raise UsageError(f"which model is to {why}?", help=hint)
    name = wanted or (experiment.register_.name if experiment.register_ else "")
    if backend.name != "local":
        # A dry run asks nobody: what would be read there is not known then.
        offline = bool(request.given.get("offline"))
        return _of_cloud(name, space, backend, offline=offline)
    if name.startswith(CLOUD):
        there = name.removeprefix(CLOUD)
        pull = lines.line("models", "pull", there, home=space.home, backend="azureml-v2")
        hint = f"bring it here: {pull}"
        raise UsageError(f"{name} is in a cloud, and this is run here", help=hint)
    version = Models(space.home).load(name)
    return _made(version.ref, f"model:{version.ref}", version.manifest)


def of_folder(folder: Path, space: Workspace, *, trust: bool) -> Model:
    """Return the model in a folder, which is called like the folder; ours are below the home."""
    name = folder.parent.name if folder.name == "model" else folder.name
    manifest = documents.read(folder / MANIFEST, formats.MANIFEST)
    ours = folder.resolve().is_relative_to(space.home.resolve())
    made = _made(name, str(folder), manifest)
    model_file.check_trust(str(folder), folder, manifest, trust=trust or ours)
    return made


def _of_run(wanted: str, space: Workspace, backend: Backend) -> Model:
    def selected(run: Run) -> Path | None:
        beside = run.folder / "model"
        if run.record.get("remote") or run.record["workflow"] == "run":
            return beside if (beside / MANIFEST).is_file() else None
        return results.at_hand(run, space.backend_of(run), run.last_events()).get("model")

    run = space.runs.find(wanted.removeprefix(RUN), lambda run: selected(run) is not None)
    folder = selected(run)
    if folder is None:
        raise NotFound("model", wanted, help=f"run {run.id} has not selected one")
    # A run of another place has left it there, and a copy of it here.
    there = run.record["backend"] == backend.name
    source = f"run:{run.id}/select.model" if there else str(folder.absolute())
    return _made(run.id, source, documents.read(folder / MANIFEST, formats.MANIFEST))


def _of_cloud(name: str, space: Workspace, backend: Backend, *, offline: bool) -> Model:
    ref, only_there = name.removeprefix(CLOUD), name.startswith(CLOUD)
    if offline and only_there:
        return Model(ref, f"model:{ref}")
    if not offline:
        registry = CloudRegistry(backend)
        try:
            found = registry.find(ref)
        except NotFound as missing:
            if only_there or not _is_here(ref, space):
                missing.help = (
                    missing.help or "push one of this machine: concrete models push --help"
                )
                raise
        else:
            with registry.files(found) as folder:
                if not (folder / MANIFEST).is_file():
                    raise Damaged(f"{found.name}:{found.version} there is no model of concrete")
                about = documents.read(folder / MANIFEST, formats.MANIFEST)
            exact = f"{found.name}:{found.version}"
            return _made(exact, f"model:{exact}", about)
    version = Models(space.home).load(ref)
    told = "%s is not in %s: the one that is registered here goes there"
    if offline:
        told = "the %s that is registered here stands for that of %s, which a dry run does not ask"
    LOG.warning(told, ref, backend.name)
    return _made(version.ref, str(version.path), version.manifest)


def _is_here(ref: str, space: Workspace) -> bool:
    try:
        Models(space.home).find(ref)
    except NotFound:
        return False
    return True


def _made(name: str, source: str, manifest: Any) -> Model:
    families = payload.module("_families")
    try:
        needed = families.modules(manifest["model"], manifest["params"])
        own_code = {
            str(file).partition("/")[0].partition(".")[0]
            for file in manifest.get("code") or ()
            if str(file).endswith(".py")
        }
        imports = [*needed, *filter(_is_installed, model_file.imports(name, manifest))]
    except (KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{name} is no model that is known here ({error})") from error
    libraries = dict.fromkeys(one for one in imports if one.partition(".")[0] not in own_code)
    own = any(":" in part for part in families.parts(manifest["model"], manifest["params"]))
    return Model(name, source, tuple(libraries), complete=bool(own_code) or not own)


def _is_installed(module: str) -> bool:
    """Whether a module belongs to an installed distribution: what only lies somewhere does not."""
    return "absent" not in code.versions([module]).values()
