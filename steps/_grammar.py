"""What an expression may hold: two short lists, and a walk that refuses everything else."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from difflib import get_close_matches

OPERATORS = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "true_divide",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder",
    ast.Pow: "power",
    ast.UAdd: "positive",
    ast.USub: "negative",
}
FUNCTIONS = {
    "abs": "absolute",
    "exp": "exp",
    "expm1": "expm1",
    "floor": "floor",
    "log": "log",
    "log10": "log10",
    "log1p": "log1p",
    "log2": "log2",
    "max": "maximum",
    "min": "minimum",
    "sqrt": "sqrt",
}
SEVERAL = ("max", "min")
LONGEST = 1000
DEEPEST = 40
ALLOWED = f"numbers, columns, + - * / // % **, {', '.join(FUNCTIONS)}, column('any name')"


class ExpressionError(ValueError):
    """An expression that cannot be used; `offset` counts characters of its text from 0."""

    def __init__(self, message: str, offset: int = 0, help: str = "") -> None:  # noqa: A002
        super().__init__(f"{message} ({help})" if help else message)
        self.message, self.offset, self.help = message, offset, help
        self.feature = ""


class Checker:
    """Walks a tree and refuses whatever is not on the lists."""

    def __init__(self, text: str) -> None:
        self.text = text

    def fail(self, node: ast.AST, message: str, hint: str = "") -> ExpressionError:
        return ExpressionError(message, place(self.text, node), hint)

    def check(self, node: ast.expr, depth: int) -> None:
        if depth > DEEPEST:
            raise self.fail(node, "the expression is nested too deeply")
        match node:
            case ast.BinOp(left, op, right) if type(op) in OPERATORS:
                self.check(left, depth + 1)
                self.check(right, depth + 1)
            case ast.UnaryOp(op, operand) if type(op) in OPERATORS:
                self.check(operand, depth + 1)
            case ast.Constant(value):
                self.check_constant(node, value)
            case ast.Name(name):
                if name in FUNCTIONS or name == "column":
                    raise self.fail(node, f"{name} is a function: write {name}(...)")
            case ast.Call():
                self.check_call(node, depth)
            case _:
                raise self.fail(node, "this is not allowed here", f"only {ALLOWED}")

    def check_constant(self, node: ast.expr, value: object) -> None:
        if type(value) not in (int, float):
            raise self.fail(node, f"{value!r} is not a number")
        try:
            fits = math.isfinite(float(value))  # type: ignore[arg-type]
        except OverflowError:
            fits = False
        if not fits:
            raise self.fail(node, "this number is too large")

    def check_call(self, node: ast.Call, depth: int) -> None:
        if not isinstance(node.func, ast.Name):
            raise self.fail(node, "this cannot be called", f"only {ALLOWED}")
        name = node.func.id
        if name == "column":
            if [type(argument) for argument in node.args] != [ast.Constant] or node.keywords:
                raise self.fail(node, "column takes one name in quotes")
            value = node.args[0].value  # type: ignore[attr-defined]
            if not isinstance(value, str):
                raise self.fail(node, "column takes one name in quotes")
            return
        if name not in FUNCTIONS:
            hint = nearest(name, FUNCTIONS) or f"the functions are: {', '.join(FUNCTIONS)}"
            raise self.fail(node, f"there is no function {name!r}", hint)
        wanted = len(node.args) >= 2 if name in SEVERAL else len(node.args) == 1
        if node.keywords or not wanted:
            count = "two or more arguments" if name in SEVERAL else "one argument"
            raise self.fail(node, f"{name} takes {count}")
        for argument in node.args:
            self.check(argument, depth + 1)


def one_line(text: str) -> str:
    """Return the text with every white space as a blank: as long, and on one line."""
    return "".join(" " if character.isspace() else character for character in text)


def place(text: str, node: ast.AST) -> int:
    """Return where a node of the stripped text stands in the text, in characters from 0."""
    line = one_line(text)
    before = line.strip().encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore")
    return len(line) - len(line.lstrip()) + len(before)


def nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=2)
    return f"did you mean {' or '.join(repr(match) for match in close)}?" if close else ""
