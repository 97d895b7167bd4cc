"""`--set a.b=1`: one value of the experiment given on the command line.

The key is a TOML key, the value a TOML value; a value that is not TOML and does not begin like a
list, a table or a quoted text is taken as text, so that `--set train.metric=mae` needs no quotes
that a shell would eat. What is set replaces the value (a table, too) that the file has.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from concrete_cli.config.nesting import DEEPEST, LONG_KEY, NESTED, is_too_deep
from concrete_cli.config.origin import Layer
from concrete_cli.config.words import quote
from concrete_cli.errors import ExperimentInvalid, Problem
from concrete_cli.sources import urls

SYNTAX = "write --set section.key=value, such as --set train.folds=3"


def read(argument: str) -> Layer:
    """Return a layer with nothing but what `argument` sets."""
    name = f"--set {urls.hidden(argument)}"
    try:
        argument.encode()
    except UnicodeEncodeError:
        shown = name.encode(errors="replace").decode()
        raise _invalid(shown, "--set is not UTF-8", "check the terminal's encoding") from None
    if LONG_KEY.search(argument):
        raise _invalid(name, f"--set has a key of more than {DEEPEST} parts", SYNTAX)
    key, value = _halves(argument, name)
    keys = dotted(key)
    if not keys:
        quoted = ".".join(quote(part) for part in key.strip().split("."))
        good = dotted(quoted) and all(dotted(quoted))
        hint = f"write --set '{quoted}=...'" if good else SYNTAX
        raise _invalid(name, f"{key.strip()!r} is not a TOML key", hint)
    data: Any = _value(value, name)
    for part in reversed(keys):
        data = {part: data}
    if is_too_deep(data):
        raise _too_deep(name)
    return Layer(name, data, keys=keys)


def dotted(key: str) -> tuple[str, ...]:
    """Return the parts of a TOML key, such as `steps."train_*".cpus`; nothing if it is none."""
    try:
        data: Any = tomllib.loads(f"{key}=0") if _may_be_key(key) else {}
    except (ValueError, RecursionError):
        return ()
    keys: list[str] = []
    while isinstance(data, Mapping):
        if len(data) != 1:
            return ()
        ((part, data),) = data.items()
        keys.append(part)
    return tuple(keys)


def _may_be_key(text: str) -> bool:
    return "\n" not in text and not LONG_KEY.search(text)


def assign(data: dict[Any, Any], layer: Layer) -> None:
    """Put the layer's value into `data`, replacing what stands there."""
    value: Any = layer.data
    *above, last = layer.keys
    for key in above:
        value = value[key]
        below = data.get(key)
        if not isinstance(below, dict):
            below = data[key] = {}
        data = below
    data[last] = deepcopy(value[last])


def _halves(argument: str, name: str) -> tuple[str, str]:
    """Split at the first `=` that is not inside quotes."""
    quote = ""
    for number, letter in enumerate(argument):
        if letter == quote:
            quote = ""
        elif not quote and letter in "\"'":
            quote = letter
        elif not quote and letter == "=":
            return argument[:number], argument[number + 1 :]
    raise _invalid(name, "--set has no value", SYNTAX)


def _value(text: str, name: str) -> object:
    text = text.strip()
    if not text:
        raise _invalid(name, "--set has no value", f'{SYNTAX}; no text at all is ""')
    try:
        data = tomllib.loads(f"x = {text}")
    except RecursionError:
        raise _too_deep(name) from None
    except ValueError as error:
        if text[0] not in "[{\"'":
            return text
        reason = str(error).partition(" (at ")[0]
        message = f"--set has a value that is not TOML: {reason}"
        raise _invalid(name, message, _shell(text)) from None
    return data["x"] if len(data) == 1 else text


def _shell(text: str) -> str:
    end = {"[": "]", "{": "}"}.get(text[0], text[0])
    hint = "does the shell need single quotes around the whole?"
    return hint if text.endswith(end) else f"a closing {end} is missing; {hint}"


def _too_deep(name: str) -> ExperimentInvalid:
    return _invalid(name, f"--set has a value nested more than {DEEPEST} deep", NESTED)


def _invalid(name: str, message: str, help: str) -> ExperimentInvalid:  # noqa: A002
    return ExperimentInvalid([Problem(message, name, help=help)])
