import ast
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _expression import ExpressionError, parse, parse_all

ROWS = {"a": np.array([1.0, 2.0, 4.0]), "b": np.array([0.5, -3.0, 2.0])}
leaves = st.sampled_from(["a", "b", "2", "0.25", "3e2"])
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(
            lambda parts: "({} {} {})".format(*parts)
        ),
        inner.map(lambda text: f"-{text}"),
        inner.map(lambda text: f"abs({text})"),
        st.tuples(inner, inner).map(lambda parts: "max({}, {})".format(*parts)),
    ),
    max_leaves=12,
)


@given(trees)
def test_means_what_python_means(text):
    found = parse(text, ROWS).evaluate(ROWS)
    for row in range(3):
        names = {name: float(values[row]) for name, values in ROWS.items()}
        try:
            expected = eval(text, {"abs": abs, "max": max}, names)  # the text is our own
        except ZeroDivisionError:
            continue
        assert found[row] == pytest.approx(expected, rel=1e-12, abs=1e-12) or not np.isfinite(
            found[row]
        )


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    found = None
    try:
        parse(text, ["a"])
    except ExpressionError as error:
        found = error
    assert found is None or (0 <= found.offset <= len(text) and found.message)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("log1p(a)", np.log1p([1, 2, 4])),
        ("min(a, b, 1)", [0.5, -3, 1]),
        ("max(a, 3)", [3, 3, 4]),
        ("a ** 2 % 3", [1, 1, 1]),
        ("a // 2", [0, 1, 2]),
        ("sqrt(a) * exp(0)", [1, math.sqrt(2), 2]),
        ("column('a') + +a", [2, 4, 8]),
        (" a\n + b ", [1.5, -1, 6]),
        ("1 + 1", [2, 2, 2]),
    ],
)
def test_values(text, expected):
    assert parse(text, ROWS).evaluate(ROWS) == pytest.approx(expected)


def test_what_is_undefined_is_not_a_number_and_not_a_warning():
    found = parse("1 / (a - 1) + log(b)").evaluate(ROWS)
    assert not np.isfinite(found[:2]).any()
    assert np.isfinite(found[2])


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("__import__('os').system('x')", "this cannot be called", 0),
        ("a + open('x')", "there is no function 'open'", 4),
        ("a.real", "this is not allowed here", 0),
        ("a[0]", "this is not allowed here", 0),
        ("[a for a in b]", "this is not allowed here", 0),
        ("lambda: a", "this is not allowed here", 0),
        ("a if b else 2", "this is not allowed here", 0),
        ("a and b", "this is not allowed here", 0),
        ("a > b", "this is not allowed here", 0),
        ("~a", "this is not allowed here", 0),
        ("a @ b", "this is not allowed here", 0),
        ("f'{a}'", "this is not allowed here", 0),
        ("(a := 1)", "this is not allowed here", 1),
        ("a + 'x'", "'x' is not a number", 4),
        ("a * True", "True is not a number", 4),
        ("2j", "2j is not a number", 0),
        ("log", "log is a function: write log(...)", 0),
        ("log(a, b)", "log takes one argument", 0),
        ("log(*a)", "this is not allowed here", 4),
        ("log(x=a)", "log takes one argument", 0),
        ("max(a)", "max takes two or more arguments", 0),
        ("column(a)", "column takes one name in quotes", 0),
        ("column(1)", "column takes one name in quotes", 0),
        ("", "the expression is empty", 0),
        ("a +", "this is not an expression", 3),
        ("a; b", "this is not an expression", 1),
        ("9" * 400, "this number is too large", 0),
        ("a + 1e999", "this number is too large", 4),
        ("a" * 1001, "longer than 1000 characters", 1000),
        ("(" * 300 + "a" + ")" * 300, "this is not an expression", None),
        ("-" * 300 + "a", "nested too deeply", None),
    ],
)
def test_refusals(text, message, offset):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert offset is None or caught.value.offset == offset


def test_a_wrong_name_is_answered_with_the_right_one():
    with pytest.raises(ExpressionError) as caught:
        parse("water / cemnt", ["water", "cement"])
    assert caught.value.offset == 8
    assert str(caught.value) == "there is no column 'cemnt' (did you mean 'cement'?)"
    with pytest.raises(ExpressionError, match=r"there is no function 'lg1p' \(did you mean"):
        parse("lg1p(water)")


def test_offsets_count_characters_not_bytes():
    with pytest.raises(ExpressionError) as caught:
        parse("größe + größe.x")
    assert caught.value.offset == 8


def test_a_name_inside_another_name_is_found_where_it_stands():
    with pytest.raises(ExpressionError) as caught:
        parse("ab + b", ["ab"])
    assert caught.value.offset == 5


def test_features_may_read_each_other_in_any_order():
    found = parse_all({"c": "b * 2", "b": "a + 1", "d": "c - b"}, ["a"])
    assert list(found) == ["b", "c", "d"]
    with pytest.raises(ExpressionError, match="wait for each other") as caught:
        parse_all({"b": "c", "c": "b"}, ["a"])
    assert caught.value.feature in ("b", "c")


def test_an_error_says_in_which_feature_it_is():
    with pytest.raises(ExpressionError) as caught:
        parse_all({"good": "a", "bad": "a +* 2"}, ["a"])
    assert caught.value.feature == "bad"


def test_divisors_are_found():
    assert [one.text for one in parse("a / (b - 1) + 2 / a").divisors()] == ["b - 1", "a"]


def test_nothing_is_evaluated_while_parsing():
    tree = parse("9 ** 9 ** 9 ** 9").tree
    assert isinstance(tree, ast.BinOp)
    assert np.isinf(parse("a + 9 ** 9 ** 9 ** 9").evaluate(ROWS)).all()
