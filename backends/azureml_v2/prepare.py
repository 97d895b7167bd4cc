"""Compiling with a workspace at hand: sources looked up, the environment registered once."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

from concrete_cli.backend import Options
from concrete_cli.plan import Plan, Source

from .client import Client
from .compile import Compiled, compile_plan
from .environment import environment
from .sdk import Input, silence
from .sources import resolve

TAME = re.compile(r"[\w.][\w.\-]*", re.ASCII)


def prepare(
    client: Client,
    plan: Plan,
    folder: Path,
    *,
    name: str | None = None,
    options: Options | None = None,
) -> Compiled:
    """Return the pipeline of a plan, ready for this workspace; `folder` takes the scripts."""
    data = {**_tamed(plan, folder / "data"), **resolve(plan, client)}
    return compile_plan(
        plan,
        client.settings,
        folder,
        name=name,
        options=options,
        data=data,
        shared=_registered(client, plan),
    )


def _tamed(plan: Plan, folder: Path) -> dict[Source, Any]:
    """Return inputs for files whose names a shell would not take: they travel under another one.

    Azure puts the names of files into the command line as they are.
    """
    sources = {item for step in plan.steps for _, item in step.items() if isinstance(item, Source)}
    found: dict[Source, Any] = {}
    for number, source in enumerate(sorted(sources, key=str)):
        path = Path(source.uri)
        if TAME.fullmatch(path.name) or not path.exists():
            continue
        link = folder / str(number) / f"source{path.suffix if TAME.fullmatch(path.suffix) else ''}"
        link.parent.mkdir(parents=True)
        if path.is_dir():  # the SDK mixes up the names of a folder that is a symbolic link
            shutil.copytree(path, link, copy_function=_link)
        else:
            link.symlink_to(path.absolute())
        kind = "uri_folder" if path.is_dir() else "uri_file"
        found[source] = Input(type=kind, path=str(link))
    return found


def _link(source: str, target: str) -> None:
    """Let a file have a second name, or a copy where the disk is another one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _registered(client: Client, plan: Plan) -> str:
    """Return the name of the environment in the workspace: without one each step would bring it."""
    with silence():
        wanted = environment(plan, client.settings)
    if isinstance(wanted, str):
        return wanted
    client.call(
        f"register the environment {wanted.name}",
        lambda ml: ml.environments.create_or_update(wanted),
    )
    return f"azureml:{wanted.name}:{wanted.version}"
