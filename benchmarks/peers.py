"""The same steps for other tools: a plain script, make, snakemake and dvc, made from our plan.

Each gets the very command lines of the plan, the same scripts and the same interpreter for them;
only the tool that decides what runs when is another, and lives in an environment of its own.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from concrete_cli import code, payload
from concrete_cli.plan import Item, Output, Plan, Source, Step

SCRIPT = """\
import runpy, sys, pathlib, shutil
for script, argv, outputs in {steps!r}:
    for folder in outputs:
        shutil.rmtree(folder, ignore_errors=True); pathlib.Path(folder).mkdir(parents=True)
    sys.argv = [script, *argv]
    sys.path[0] = str(pathlib.Path(script).parent)
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as error:
        if error.code: raise
"""


def place(item: Item) -> str:
    """Return where an input or output lives, relative to the folder of the peer."""
    return item.uri if isinstance(item, Source) else f"out/{item.step}/{item.name}"


def argv(step: Step) -> list[str]:
    """Return the command line of a step."""
    return [str(word) for word in step.argv(place)]


def outputs(step: Step) -> list[str]:
    """Return the folders that a step makes."""
    return [place(output) for output in step.outputs]


def command(step: Step) -> str:
    """Return the command line for a shell, emptying the output folders first."""
    folders = " ".join(outputs(step))
    words = [sys.executable, str(payload.script(step.script)), *argv(step)]
    fresh = f"rm -rf {folders} && mkdir -p {folders} && " if folders else ""
    return fresh + shlex.join(words)


def needs(step: Step) -> Iterable[tuple[str, str]]:
    """Yield the outputs that a step reads: step, folder."""
    for item in dict(step.items()).values():
        if isinstance(item, Output):
            yield item.step, place(item)


def files(step: Step) -> list[str]:
    """Return the files from outside that a step depends on: its source and its code."""
    sources = [item.uri for _, item in step.items() if isinstance(item, Source)]
    closure = code.closure(payload.script(step.script))
    return sources + [str(path) for path in closure.values()]


def plain(plan: Plan, folder: Path) -> list[str]:
    """One process that runs the steps one after the other: the time to beat."""
    steps = [(str(payload.script(step.script)), argv(step), outputs(step)) for step in plan.steps]
    (folder / "plain.py").write_text(SCRIPT.format(steps=steps))
    return [sys.executable, "plain.py"]


def make(plan: Plan, folder: Path) -> list[str]:
    """Rules with a stamp file each, two at a time."""
    lines = [f"all: {' '.join(f'out/{step.name}.done' for step in plan.steps)}", ""]
    for step in plan.steps:
        before = [f"out/{name}.done" for name in sorted(step.needs)] + files(step)
        recipe = command(step).replace("$", "$$")
        lines += [
            f"out/{step.name}.done: {' '.join(before)}",
            f"\tmkdir -p out && {recipe} && touch $@",
            "",
        ]
    (folder / "Makefile").write_text("\n".join(lines))
    return ["make", "-s", "-j2", "all"]


def snakemake(plan: Plan, folder: Path, binaries: Path) -> list[str]:
    """Rules with folders as outputs, two at a time."""
    done = [f"out/{step.name}.done" for step in plan.steps]
    lines = [f"rule all:\n    input: {done!r}\n"]
    for step in plan.steps:
        before = [f"out/{name}.done" for name in sorted(step.needs)] + files(step)
        shell = command(step).replace("{", "{{").replace("}", "}}")
        lines.append(
            f"rule {step.name}:\n    input: {before!r}\n"
            f"    output: touch({f'out/{step.name}.done'!r})\n"
            f"    shell: {shell!r}\n"
        )
    (folder / "Snakefile").write_text("\n".join(lines))
    return [str(binaries / "snakemake"), "--cores", "2", "--quiet", "all"]


def dvc(plan: Plan, folder: Path, binaries: Path) -> list[str]:
    """Stages in dvc.yaml of a repository without git."""
    stages = {}
    for step in plan.steps:
        stage = {
            "cmd": command(step).replace("${", "\\${"),
            "deps": [folder for _, folder in needs(step)] + files(step),
        }
        if step.outputs:
            stage["outs"] = outputs(step)
        stages[step.name] = stage
    (folder / "dvc.yaml").write_text(json.dumps({"stages": stages}, indent=1))
    if not (folder / ".dvc").is_dir():
        subprocess.run([str(binaries / "dvc"), "init", "--no-scm", "-q"], cwd=folder, check=True)
        subprocess.run(
            [str(binaries / "dvc"), "config", "core.analytics", "false"], cwd=folder, check=True
        )
    return [str(binaries / "dvc"), "repro", "-q"]


def forget(folder: Path) -> None:
    """Remove what a peer has made, so that its next run begins from nothing."""
    for name in ("out", ".snakemake", "dvc.lock", ".dvc/cache", ".dvc/tmp"):
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
