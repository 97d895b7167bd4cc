"""Derived features: arithmetic over columns, read with `ast` against two short lists. Never eval.

A column whose name is not an identifier is written `column('coarse aggregate')`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from _grammar import (
    ALLOWED,
    FUNCTIONS,
    LONGEST,
    OPERATORS,
    SEVERAL,
    Checker,
    ExpressionError,
    nearest,
    one_line,
    place,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ("Expression", "ExpressionError", "parse", "parse_all")


@dataclass(frozen=True)
class Expression:
    """A checked expression; `columns` are the names it reads, `places` where they first stand."""

    text: str
    columns: tuple[str, ...]
    tree: ast.expr
    places: Mapping[str, int] = field(compare=False)

    def evaluate(self, rows: Mapping[str, Any]) -> NDArray[Any]:
        """Return one float per row; what is undefined becomes inf or NaN, without a warning.

        `rows` is a DataFrame or anything else that maps a column name to its values.
        """
        import numpy as np

        with np.errstate(all="ignore"):
            return np.asarray(self.function()(rows), dtype=np.float64)

    def function(self) -> Callable[[Mapping[str, Any]], Any]:
        """Return what `evaluate` computes with; whoever calls it again and again is quicker so.

        It heeds numpy's `errstate` and gives an array of floats unless the caller's columns differ.
        """
        import numpy as np

        compute = _function(self.tree, np)
        if self.columns:
            return compute
        return lambda rows: np.full(len(rows[next(iter(rows))]), compute(rows))

    def divisors(self) -> Iterator[Expression]:
        """Yield what this expression divides by."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.BinOp) and isinstance(
                node.op, (ast.Div, ast.FloorDiv, ast.Mod)
            ):
                yield _made(ast.unparse(node.right), node.right)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Expression:
    if len(text) > LONGEST:
        message = f"the expression is longer than {LONGEST} characters"
        raise ExpressionError(message, LONGEST)
    line = one_line(text)
    if not line.strip():
        raise ExpressionError("the expression is empty", help=f"it may hold {ALLOWED}")
    start = len(line) - len(line.lstrip())
    try:
        tree = ast.parse(line.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", "it is nested too deeply")
        offset = start + (getattr(error, "offset", 0) or len(line.strip()) + 1) - 1
        message = f"this is not an expression: {reason}"
        raise ExpressionError(message, min(offset, len(text))) from None
    Checker(text).check(tree, 0)
    return _made(text, tree)


def _made(text: str, tree: ast.expr) -> Expression:
    places: dict[str, int] = {}
    for name, node in _names(tree):
        places.setdefault(name, place(text, node))
    return Expression(text, tuple(places), tree, places)


def parse(text: str, columns: Iterable[str] | None = None) -> Expression:
    """Return the expression; with `columns`, every name in it must be one of them."""
    expression = _parsed(text)
    if columns is not None:
        known = list(columns)
        for name in expression.columns:
            if name not in known:
                hint = nearest(name, known) or f"there are: {', '.join(known)}"
                message = f"there is no column {name!r}"
                raise ExpressionError(message, expression.places[name], hint)
    return expression


def parse_all(
    features: Mapping[str, str], columns: Iterable[str] | None = None
) -> dict[str, Expression]:
    """Return the features in an order in which they can be computed; one may read another.

    An error's `feature` says in which one it is.
    """
    known = None if columns is None else [*columns, *features]
    expressions = {}
    for name, text in features.items():
        try:
            expressions[name] = parse(text, known)
        except ExpressionError as error:
            raise _in_feature(error, name) from None
    graph = {
        name: [other for other in expression.columns if other in expressions]
        for name, expression in expressions.items()
    }
    try:
        order = [*TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        message = f"features wait for each other: {circle}"
        raise _in_feature(ExpressionError(message), error.args[1][0]) from None
    return {name: expressions[name] for name in order}


def _in_feature(error: ExpressionError, name: str) -> ExpressionError:
    error.feature = name
    return error


def _function(node: ast.expr, np: Any) -> Callable[[Mapping[str, Any]], Any]:
    match node:
        case ast.Constant(value):
            number = np.float64(value)
            return lambda _: number
        case ast.Name(name) | ast.Call(ast.Name("column"), [ast.Constant(str(name))]):
            return lambda rows: np.asarray(rows[name], dtype=np.float64)
        case ast.UnaryOp(op, operand):
            return _applied(getattr(np, OPERATORS[type(op)]), [_function(operand, np)])
        case ast.BinOp(left, op, right):
            function = getattr(np, OPERATORS[type(op)])
            return _applied(function, [_function(left, np), _function(right, np)])
        case ast.Call(ast.Name(name), arguments):
            given = [_function(argument, np) for argument in arguments]
            return _applied(getattr(np, FUNCTIONS[name]), given if name in SEVERAL else given[:1])
    raise TypeError(node)  # pragma: no cover  the checker lets nothing else pass


def _applied(
    function: Callable[..., Any], given: list[Callable[[Mapping[str, Any]], Any]]
) -> Callable[[Mapping[str, Any]], Any]:
    """Return the function of one value, or of two and then of its result and the next one."""
    first, *others = given
    if not others:
        return lambda rows: function(first(rows))
    if len(others) == 1:
        other = others[0]
        return lambda rows: function(first(rows), other(rows))

    def several(rows: Mapping[str, Any]) -> Any:
        result = first(rows)
        for one in others:
            result = function(result, one(rows))
        return result

    return several


def _names(tree: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match tree:
        case ast.Name(name) | ast.Call(ast.Name("column"), [ast.Constant(str(name))]):
            yield name, tree
        case ast.Call(_, arguments):
            for argument in arguments:
                yield from _names(argument)
        case _:
            for child in ast.iter_child_nodes(tree):
                if isinstance(child, ast.expr):
                    yield from _names(child)
