"""The command line of a step, with Azure's expressions where values are filled in."""

from __future__ import annotations

import shlex
from pathlib import Path

from concrete_cli.plan import Item, Output, Step, flag

from .settings import Settings

HELPER = "_attempt.py"


class Slot(str):
    """A `${{...}}` expression: Azure fills it in, so the shell must not see it quoted."""

    __slots__ = ()


def command(step: Step, settings: Settings) -> str:
    """Return what a component runs; parameters that a call may change come from its inputs."""
    inputs = (name for name, _ in step.items())  # `argv` asks for them in this order

    def place(item: Item) -> Slot:
        if isinstance(item, Output) and item.step == step.name:
            return Slot(f"${{{{outputs.{item.name}}}}}")
        return Slot(f"${{{{inputs.{next(inputs)}}}}}")

    words: list[str | Slot] = list(step.argv(place))
    for name in step.params:
        if settings.opens(step, name):
            words = _open(words, name)
    quoted = [word if isinstance(word, Slot) else shlex.quote(word) for word in words]
    return " ".join(["python", *_attempts(step), shlex.quote(Path(step.script).name), *quoted])


def needs_helper(step: Step) -> bool:
    """Tell whether a script cannot be left alone: Azure has no retries, and rounds its limits."""
    return bool(step.retries or step.timeout)


def parameter(name: str) -> str:
    """Return the name of the input that carries a parameter."""
    return f"param_{name}"


def _open(words: list[str | Slot], name: str) -> list[str | Slot]:
    """Replace a parameter's value by an expression; the shell sees it as one word."""
    key = flag(name)
    slot = Slot(f"{key}='${{{{inputs.{parameter(name)}}}}}'")
    for number, word in enumerate(words):
        if word == key:
            return [*words[:number], slot, *words[number + 2 :]]
        if word.startswith(f"{key}="):
            return [*words[:number], slot, *words[number + 1 :]]
    return words


def _attempts(step: Step) -> list[str]:
    if not needs_helper(step):
        return []
    words = [HELPER, "--retries", str(step.retries)]
    if step.timeout:
        words += ["--timeout", f"{step.timeout:g}"]
    if step.outputs:
        words += ["--empty", *(f"${{{{outputs.{output.name}}}}}" for output in step.outputs)]
    return [*words, "--"]
