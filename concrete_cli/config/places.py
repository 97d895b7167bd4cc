"""Lines and columns of keys and values in a TOML text, from its syntax tree.

tomllib keeps no positions. This module is imported only when there is an error to show.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

KEYS = ("bare_key", "quoted_key", "dotted_key")
HEADERS = ("table", "table_array_element")


class Places:
    """Where things stand in one text; lines and columns count from 1, columns in characters."""

    def __init__(self, text: str) -> None:
        """Read a text that tomllib has accepted."""
        self._lines = text.encode().split(b"\n")
        self._keys: dict[tuple[str | int, ...], Node] = {}
        self._values: dict[tuple[str | int, ...], Node] = {}
        tree = Parser(Language(tree_sitter_toml.language())).parse(text.encode())
        lengths: dict[tuple[str | int, ...], int] = {}  # of arrays of tables
        for node in tree.root_node.named_children:
            if node.type in HEADERS:
                self._table(node, lengths)
            elif node.type == "pair":
                self._pair(node, ())

    def find(self, keys: tuple[str | int, ...], *, at_key: bool = False) -> tuple[int, int]:
        """Return line and column of the value at `keys`, or of its key; 0, 0 when unknown."""
        first, second = (self._keys, self._values) if at_key else (self._values, self._keys)
        node = first.get(keys) or second.get(keys)
        if node is None:
            return 0, 0
        row, offset = node.start_point
        return row + 1, len(self._lines[row][:offset].decode(errors="replace")) + 1

    def _table(self, node: Node, lengths: dict[tuple[str | int, ...], int]) -> None:
        header = next(child for child in node.named_children if child.type in KEYS)
        keys: tuple[str | int, ...] = ()
        parts = list(_parts(header))
        for number, (name, part) in enumerate(parts):
            keys = (*keys, name)
            self._keys.setdefault(keys, part)
            last = number == len(parts) - 1
            if last and node.type == "table_array_element":
                lengths[keys] = lengths.get(keys, 0) + 1
            if keys in lengths:
                keys = (*keys, lengths[keys] - 1)
                self._keys.setdefault(keys, part)
        self._keys[keys] = parts[-1][1]
        for child in node.named_children:
            if child.type == "pair":
                self._pair(child, keys)

    def _pair(self, node: Node, above: tuple[str | int, ...]) -> None:
        key, value = (child for child in node.named_children if child.type != "comment")
        keys = above
        for name, part in _parts(key):
            keys = (*keys, name)
            self._keys.setdefault(keys, part)
        self._value(value, keys)

    def _value(self, node: Node, keys: tuple[str | int, ...]) -> None:
        self._values[keys] = node
        inside = [child for child in node.named_children if child.type != "comment"]
        if node.type == "inline_table":
            for child in inside:
                self._pair(child, keys)
        elif node.type == "array":
            for number, child in enumerate(inside):
                self._value(child, (*keys, number))


def _parts(key: Node) -> Iterator[tuple[str, Node]]:
    """Yield each name of a dotted key, unquoted, and where it stands."""
    if key.type == "dotted_key":
        for child in key.named_children:
            yield from _parts(child)
        return
    text = (key.text or b"").decode()
    yield (text if key.type == "bare_key" else next(iter(tomllib.loads(f"{text}=0")))), key
