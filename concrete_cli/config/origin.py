"""Where the values of an experiment were written: files (a base first), then --set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli.errors import Problem

if TYPE_CHECKING:
    from concrete_cli.config.places import Places

Keys = tuple[str | int, ...]
MOST = 100  # problems: nobody reads more, and a generated file may have 50,000
QUOTES, TRIPLES = ('"', "'"), ('"""', "'''")


@dataclass(frozen=True)
class Layer:
    """One file, with its text and folder, or one --set, with the `keys` that it sets.

    `name` is shown to people.
    """

    name: str
    data: Mapping[str, Any]
    text: str = ""
    folder: Path | None = None
    keys: Keys = ()

    @cached_property
    def places(self) -> Places:
        """Lines and columns; read only when there is something to show."""
        from concrete_cli.config.places import Places

        return Places(self.text)

    def problem(
        self,
        keys: Keys,
        message: str,
        help: str = "",  # noqa: A002  the word users see
        *,
        at_key: bool = False,
        inside: int = -1,
    ) -> Problem:
        """Point at the value at `keys`, at its key, or at a character inside a text value."""
        line, column = self.places.find(keys, at_key=at_key) if self.folder else (0, 0)
        if line and inside >= 0:
            here = self.text.split("\n")[line - 1][column - 1 :]
            plain = here.startswith(QUOTES) and not here.startswith(TRIPLES)
            if plain and "\\" not in here[: inside + 1]:
                column += 1 + inside
        return Problem(message, self.name, line, column, help)


@dataclass(frozen=True)
class Origin:
    """All layers, the base first, and the merged data; it never makes experiments unequal."""

    file: Path = field(default=Path("concrete.toml"), compare=False)
    layers: tuple[Layer, ...] = field(default=(), compare=False)
    data: Mapping[str, Any] = field(default_factory=dict, compare=False)
    sets: tuple[str, ...] = field(default=(), compare=False)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that were read, absolute, the base first."""
        folders = ((layer.folder, Path(layer.name).name) for layer in self.layers)
        return tuple(str(folder / name) for folder, name in folders if folder)

    @cached_property
    def text(self) -> str:
        """The merged data as TOML."""
        from concrete_cli.config.text import written

        return written(self.data, self.files, self.sets)

    def problem(
        self,
        keys: Sequence[str | int],
        message: str,
        help: str = "",  # noqa: A002  the word users see
        *,
        at_key: bool = False,
        inside: int = -1,
    ) -> Problem:
        """Point at the last layer that wrote `keys`, or the table that is nearest to them."""
        keys = tuple(keys)
        for length in range(len(keys), 0, -1):
            above = length < len(keys)
            layer = self.blamed(keys[:length], above=above)
            if layer and above:
                return layer.problem(keys[:length], message, help, at_key=True)
            if layer:
                return layer.problem(keys, message, help, at_key=at_key, inside=inside)
        name = next((layer.name for layer in reversed(self.layers) if layer.folder), str(self.file))
        return Problem(message, name, help=help)

    def blamed(self, keys: Keys, *, above: bool = False) -> Layer | None:
        """Return the last layer that wrote `keys`.

        For a table that lacks something (`above`), a file comes before a --set.
        """
        latest = list(reversed(self.layers))
        if above:
            latest.sort(key=lambda layer: not layer.folder)
        return next((layer for layer in latest if holds(layer.data, keys)), None)

    def has(self, *keys: str | int) -> bool:
        """Whether somebody wrote a value at `keys`, right or wrong."""
        return holds(self.data, keys)

    def names(self, *keys: str | int) -> list[str]:
        """Return the names of what somebody wrote in the table at `keys`."""
        table: Any = self.data
        for key in keys:
            table = table.get(key) if isinstance(table, Mapping) else None
        return list(table) if isinstance(table, Mapping) else []


def holds(data: Any, keys: Keys) -> bool:
    """Whether nested tables and lists have a value at `keys`."""
    for key in keys:
        if not isinstance(data, Mapping | list):
            return False
        try:
            data = data[key]  # type: ignore[index]  # what does not fit is not held
        except (KeyError, IndexError, TypeError):
            return False
    return True
