"""What a request may hold; pure, without a server."""

import json

import pytest

from _rejected import Rejected
from _request import MOST_ROWS, Signature, parse, span

COLUMN = {"unit": "", "min": None, "max": None, "choices": None, "missing": False, "dtype": ""}
SIGNATURE = Signature(
    {
        "columns": [
            COLUMN | {"name": "age", "kind": "number", "min": 1, "max": 365},
            COLUMN | {"name": "kind", "kind": "category", "choices": ["3", "ash"], "missing": True},
            COLUMN | {"name": "wet", "kind": "boolean"},
        ]
    }
)
GOOD = {"age": 28, "kind": "ash", "wet": True}


def read(*rows):
    return SIGNATURE.read({"data": list(rows)})


def refusal(document):
    with pytest.raises(Rejected) as caught:
        SIGNATURE.read(document)
    return str(caught.value)


def test_rows_become_columns():
    columns, warnings = read(GOOD, {"age": 1.5, "wet": False, "kind": None})
    assert columns == {"age": [28, 1.5], "kind": ["ash", None], "wet": [True, False]}
    assert warnings == []


def test_a_value_outside_of_the_known_ones_is_a_warning():
    assert read(GOOD | {"age": 900})[1] == ["age 900 is outside 1-365"]
    assert read(GOOD | {"kind": "lime"})[1] == ["kind 'lime' was not seen in training"]
    assert read(GOOD | {"kind": 3.0})[1] == []
    many = read(GOOD, GOOD | {"age": 900}, GOOD | {"age": 901})[1]
    assert many == ["age 900 is outside 1-365 (row 2 and 1 more)"]


def test_levels_that_are_too_many_to_list_are_no_news():
    kind = COLUMN | {"name": "kind", "kind": "category", "choices": ["a"], "more_choices": True}
    assert Signature({"columns": [kind]}).read({"data": [{"kind": "b"}]})[1] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"age": "28"}, "row 1: age: expected a number, got a text"),
        ({"age": True}, "row 1: age: expected a number, got true or false"),
        ({"age": None}, "row 1: age: expected a number, it is missing"),
        ({"age": 1e300}, "row 1: age: expected a number, got a number that is too large"),
        ({"age": [28]}, "row 1: age: expected a number, got a list"),
        ({"wet": 1}, "row 1: wet: expected true or false, got a number"),
        ({"kind": 10**400}, "row 1: kind: expected a text or null, got a number that is too large"),
        ({"kind": 1e999}, "row 1: kind: expected a text or null, got a number that is too large"),
        ({"kind": {}}, "row 1: kind: expected a text or null, got an object"),
        ({"agee": 1}, "row 1: the model has no column 'agee'; did you mean age?"),
    ],
)
def test_what_does_not_fit_is_named(change, told):
    assert refusal({"data": [GOOD | change]}) == told


def test_of_much_that_does_not_fit_the_first_is_named():
    columns = [COLUMN | {"name": f"c{number}", "kind": "number"} for number in range(8)]
    with pytest.raises(Rejected, match=r"row 1: c0: .*row 1: c4: .*; and 3 more$"):
        Signature({"columns": columns}).read({"data": [{}]})


@pytest.mark.parametrize(
    "document",
    [None, [], 3, "x", {}, {"data": {}}, {"data": []}, {"data": [3]}, {"data": [GOOD], "x": 1}],
)
def test_another_shape_is_refused(document):
    assert refusal(document)


def test_only_some_problems_and_warnings_are_told():
    rows = [{"x" * 5000: 1}] * 3
    assert len(refusal({"data": rows})) < 500
    wide = Signature({"columns": [COLUMN | {"name": f"c{n}", "kind": "number", "min": 0, "max": 1}
                                  for n in range(50)]})  # fmt: skip
    assert len(wide.read({"data": [{f"c{n}": 5 for n in range(50)}]})[1]) == 21


def test_too_many_rows_are_another_error():
    with pytest.raises(Rejected, match="one request may hold") as caught:
        SIGNATURE.read({"data": [GOOD] * (MOST_ROWS + 1)})
    assert caught.value.status == 413


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"{", "line 1 column 2"),
        (b"[NaN]", "NaN is not a number"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b"\xff", "not UTF-8"),
        (b"\xff\xfe[\x001\x00]\x00", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "too many digits"),
        (b"", "line 1 column 1"),
    ],
)
def test_what_is_no_json_is_refused(text, told):
    with pytest.raises(Rejected, match="the body") as caught:
        parse(text)
    assert told in str(caught.value)


def test_a_number_that_overflows_is_too_large():
    assert "too large" in refusal(parse(b'{"data": [{"age": 1e999, "wet": true}]}'))
    assert "too large" in refusal(parse(json.dumps({"data": [GOOD | {"age": 10**400}]})))


def test_ranges_read_well():
    assert (span(1, 365), span(-5, 3), span(0.5, 1e6)) == ("1-365", "-5 to 3", "0.5-1000000")
