"""Which folders a script puts on sys.path, as far as that can be read in its text.

What depends on more than the place of the file itself (a variable of the environment, say) is left
to the backend, which sees where a step's modules come from when it runs.
"""

from __future__ import annotations

import ast
import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# Functions and methods that give the path that they are given, its parts joined.
SAME = ("Path", "PurePath", "str", "fspath", "abspath", "absolute", "as_posix", "normpath", "join")


def touched(text: bytes) -> bool:
    """Whether there is anything to look for in a file."""
    return b"sys.path" in text or b"addsitedir" in text


def added(tree: ast.AST, file: Path) -> Iterator[str]:
    """Yield the absolute folders that a parsed file adds to sys.path."""
    names = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        for item in _items(node):
            with contextlib.suppress(ValueError, IndexError, RecursionError):
                folder = os.path.normpath(_Paths(file, names).text(item))
                if os.path.isabs(folder):  # noqa: PTH117  others depend on where the step runs
                    yield folder


def _items(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what a call or an assignment adds to sys.path."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        if node.func.attr == "addsitedir":
            yield node.args[0]
        elif _is_path(node.func.value):
            last = node.args[-1]
            yield from _inside(last) if node.func.attr == "extend" else [last]
    elif isinstance(node, ast.AugAssign) and _is_path(node.target):
        yield from _inside(node.value)
    elif isinstance(node, ast.Assign):
        target = node.targets[0]
        if _is_path(target.value if isinstance(target, ast.Subscript) else target):
            yield from _inside(node.value)


def _is_path(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="sys"), attr="path"):
            return True
    return False


def _inside(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.List | ast.Tuple):
        yield from node.elts
    elif isinstance(node, ast.BinOp):  # [folder] + sys.path
        yield from (*_inside(node.left), *_inside(node.right))


@dataclass(frozen=True)
class _Paths:
    """What the expressions of a file stand for: ValueError where that cannot be read."""

    file: Path
    names: Mapping[str, ast.expr]

    def text(self, node: ast.expr) -> str:
        """Return the path or the text that an expression stands for."""
        match node:
            case ast.Constant(value=str(value)):
                return value
            case ast.Name(id="__file__"):
                return str(self.file)
            case ast.Name(id=name) if name in self.names:
                rest = {other: self.names[other] for other in self.names if other != name}
                return _Paths(self.file, rest).text(self.names[name])
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return os.path.join(self.text(left), self.text(right))  # noqa: PTH118  text
            case ast.Call():
                return self._call(node)
        return self._part(node)

    def _part(self, node: ast.expr) -> str:
        match node:
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.text(left) + self.text(right)
            case ast.Attribute(value=whole, attr="parent"):
                return os.path.dirname(self.text(whole))  # noqa: PTH120
            case ast.Attribute(attr="pardir"):
                return os.pardir
            case ast.Subscript(
                value=ast.Attribute(value=whole, attr="parents"),
                slice=ast.Constant(value=int(number)),
            ):
                return str([*Path(self.text(whole)).parents][number])
        raise ValueError(ast.dump(node))

    def _call(self, node: ast.Call) -> str:
        match node:
            case ast.Call(func=ast.Attribute(value=whole, attr=name), args=[]):
                return self._function(name, [self.text(whole)])
            case ast.Call(func=ast.Attribute(value=whole, attr="joinpath"), args=parts):
                return self._function("join", [*map(self.text, (whole, *parts))])
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=parts):
                return self._function(name, [*map(self.text, parts)])
        raise ValueError(ast.dump(node))

    @staticmethod
    def _function(name: str, parts: list[str]) -> str:
        if name in SAME:
            return os.path.join(*parts)  # noqa: PTH118
        if name == "dirname":
            return os.path.dirname(parts[0])  # noqa: PTH120
        if name in ("realpath", "resolve"):
            return os.path.realpath(parts[0])
        raise ValueError(name)
