"""What models, versions and aliases are called: NAME, NAME:N, NAME@ALIAS."""

from __future__ import annotations

import re

from concrete_cli.errors import UsageError

LATEST = "latest"  # the newest version; no alias can be called that
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
REF = re.compile(
    rf"(?P<name>{NAME.pattern})(:(?P<number>[0-9]{{1,9}})|@(?P<alias>{NAME.pattern}))?"
)
RULE = "letters, digits, - and _, at most 100, beginning with a letter or digit"


def parse(ref: str) -> tuple[str, int, str]:
    """Return name, number (0: not said) and alias ("": not said) of NAME, NAME:N, NAME@ALIAS."""
    found = REF.fullmatch(ref)
    if not found:
        help_ = f"NAME, NAME:N or NAME@ALIAS; a name is {RULE}"
        raise UsageError(f"{_short(ref)} is no model", help=help_)
    number = found["number"]
    if number and int(number) < 1:
        raise UsageError(f"{ref!r} is no model", help="versions count from 1")
    return found["name"], int(number or 0), found["alias"] or ""


def single(ref: str) -> str:
    """Return `ref` if it names one version by its number."""
    if not parse(ref)[1]:
        raise UsageError(f"{ref!r} names no single version", help="say which: NAME:N")
    return ref


def alias_of(ref: str) -> tuple[str, str]:
    """Return name and alias of NAME@ALIAS."""
    name, _, alias = parse(ref)
    if not alias:
        raise UsageError(
            f"{ref!r} names no alias", help="an alias is NAME@ALIAS, such as mixes@production"
        )
    return name, alias


def check_name(name: str) -> str:
    """Return `name` if a model can be called that."""
    if not NAME.fullmatch(name):
        raise UsageError(f"a model cannot be called {_short(name)}", help=f"a name is {RULE}")
    return name


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
