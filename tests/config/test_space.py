from __future__ import annotations

import pytest

from concrete_cli.config.space import ARGUMENTS, parse, signature
from concrete_cli.config.words import Wrong


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("choice(1, 2.5, 'a', True, None)", {"values": [1, 2.5, "a", True, None]}),
        ("choice([1, 2])", {"values": [1, 2]}),
        ("choice(values=[1, 2])", {"values": [1, 2]}),
        ("choice([1, 2], [3])", {"values": [[1, 2], [3]]}),
        ("uniform(-1, 2.5)", {"min_value": -1, "max_value": 2.5}),
        ("uniform(max_value=1, min_value=0)", {"min_value": 0, "max_value": 1}),
        (" loguniform(-6,\n-1) ", {"min_value": -6, "max_value": -1}),
        ("quniform(0, 10, 2)", {"min_value": 0, "max_value": 10, "q": 2}),
        ("qloguniform(0, 3, q=1)", {"min_value": 0, "max_value": 3, "q": 1}),
        ("normal(0, 1)", {"mu": 0, "sigma": 1}),
        ("lognormal(-3, 0.5)", {"mu": -3, "sigma": 0.5}),
        ("qnormal(0, 5, 1)", {"mu": 0, "sigma": 5, "q": 1}),
        ("randint(10)", {"upper": 10}),
    ],
)
def test_an_expression_and_the_table_that_means_the_same(text, document):
    kind = text.strip().partition("(")[0]
    search = parse(text)
    assert search.document() == {"type": kind, **document}
    assert parse(search.document()) == search
    assert set(document) == set(ARGUMENTS[kind])


def test_a_list_is_a_choice():
    assert parse([1, 2]) == parse("choice(1, 2)")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "expected a search expression"),
        ("uniform", "expected a search expression"),
        ("uniform(0, 1", "expected a search expression"),
        ("a.uniform(0, 1)", "expected a search expression"),
        (3, "expected a search expression"),
        ({"min_value": 0}, "with a type"),
        ({"type": "uniform", "low": 0, "high": 1}, "the keys type, min_value, max_value"),
        ("unifrom(0, 1)", "there is no search expression 'unifrom'"),
        ("uniform(0)", "expected uniform(low, high)"),
        ("uniform(0, 1, 2)", "expected uniform(low, high)"),
        ("uniform(0, min_value=0)", "expected uniform(low, high)"),
        ("uniform(0, 1, x=2)", "expected uniform(low, high)"),
        ("uniform(*[0, 1])", "plain values"),
        ("uniform(0, open('x'))", "plain values"),
        ("uniform(0, 'a')", "with numbers"),
        ("uniform(0, True)", "with numbers"),
        ("uniform(0, 1e400)", "with numbers"),
        ("uniform(1, 1)", "low 1 is not below high 1"),
        ("loguniform(-1, -6)", "low -1 is not below high -6"),
        ("loguniform(1, 1000)", "natural logarithms"),
        ("quniform(0, 1, 0)", "expected q > 0"),
        ("normal(0, -1)", "expected sigma > 0"),
        ("randint(0)", "at least 1"),
        ("randint(2.5)", "at least 1"),
        ("randint(1, 5)", "expected randint(upper)"),
        ("choice()", "expected choice(value, value, ...)"),
        ("choice(1e999)", "expected text, numbers"),
        ("choice({1})", "expected text, numbers"),
        ({"type": "choice", "values": 3}, "expected choice"),
        ("x" * 100_000 + "(", "expected a search expression"),
        ("uniform(" + "(" * 5000 + ")" * 5000 + ")", "expected"),
    ],
)
def test_what_is_wrong_is_said(value, said):
    with pytest.raises(Wrong) as caught:
        parse(value)
    assert said in str(caught.value)


def test_every_expression_is_described():
    assert [signature(kind) for kind in ("choice", "qnormal")] == [
        "choice(value, value, ...)",
        "qnormal(mu, sigma, q)",
    ]
