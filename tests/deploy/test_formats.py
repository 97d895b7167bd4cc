"""The formats of requests: each means the same rows; what is none of them is told what it is."""

import contextlib
import functools
import gzip
import json
import subprocess
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import _formats
import served
from _rejected import Rejected
from _request import parse

packed = functools.partial(gzip.compress, mtime=0)  # the time would be in a test's name

NAMES = frozenset({"age", "kind", "wet"})
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(sorted(NAMES), VALUES)), min_size=1, max_size=6)
ROW = {"age": 28, "kind": "ash", "wet": True}


def forms(rows):
    """The same rows in every format."""
    names = list(rows[0])
    split = {"columns": names, "data": [[row[name] for name in names] for row in rows]}
    columns = {name: [row[name] for row in rows] for name in names}
    indexed = {name: {str(at): row[name] for at, row in enumerate(rows)} for name in names}
    yield {"data": rows}
    yield {"dataframe_records": rows}
    yield {"dataframe_split": split | {"index": list(range(len(rows)))}}
    for wrapper in ("inputs", "instances", "input_data", "data"):
        yield from ({wrapper: one} for one in (rows, split, columns, indexed))
    yield columns
    yield indexed
    yield {"inputs": columns, "params": {}}


@given(ROWS)
def test_all_formats_mean_the_same(rows):
    expected = {name: [row[name] for row in rows] for name in NAMES}
    for document in forms(rows):
        assert _formats.read(json.loads(json.dumps(document)), NAMES, 10) == (expected, [])


def refusal(document, most=10):
    with pytest.raises(Rejected) as caught:
        _formats.read(document, NAMES, most)
    return str(caught.value)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (ROW, 'something like one row: put it into {"data": [...]}'),
        ([ROW], 'a list of rows: put it into {"data": ...}'),
        ([[1, 2]], 'put it into {"dataframe_split": {"columns": [...], "data": ...}}'),
        ([], "got a list"),
        ({}, "an empty object"),
        (None, "got null"),
        (json.dumps({"data": [ROW]}), "it looks like JSON that was encoded twice"),
        ("x", "got a text"),
        ({"Inputs": [ROW]}, "'Inputs': did you mean inputs?"),
        ({"dataframe_recods": [ROW], "x": 1}, "did you mean dataframe_records?"),
        ({"x": 1, "y": 2, "z": 3, "u": 4}, "an object with 'x', 'y', 'z', ..."),
        ({"data": [ROW], "inputs": [ROW]}, "got data and inputs: send one of them"),
        ({"data": [ROW], "x": 1}, "got also 'x'"),
        ({"inputs": [ROW], "params": {"a": 1}}, "got also 'params'"),
        ({"data": 3}, "data: expected"),
        ({"data": [[28, "ash", True]]}, "send lists of values as dataframe_split"),
        ({"dataframe_records": {"age": [1]}}, "dataframe_records: expected"),
        ({"dataframe_split": [ROW]}, 'dataframe_split: expected {"columns"'),
        ({"dataframe_split": {"columns": ["age"]}}, 'dataframe_split: expected {"columns"'),
        ({"dataframe_split": {"columns": [], "data": []}}, "has no columns"),
        ({"dataframe_split": {"columns": ["age"], "data": []}}, "holds no rows"),
        (
            {"dataframe_split": {"columns": ["age", "age"], "data": [[1, 2]]}},
            "'age' is listed twice",
        ),
        ({"dataframe_split": {"columns": [1], "data": [[1]]}}, "is a text, got a number"),
        (
            {"dataframe_split": {"columns": ["age"], "data": [[1], [1, 2]]}},
            "row 2: it has 2 values",
        ),
        ({"dataframe_split": {"columns": ["age"], "data": [1]}}, "row 1: expected a list of"),
        ({"dataframe_split": {"columns": ["age"], "data": [[1]], "index": []}}, "index does not"),
        ({"dataframe_split": {"columns": ["age"], "data": [[1]], "x": 1}}, "got also 'x'"),
        ({"inputs": {}}, "inputs holds no rows"),
        ({"age": []}, "holds no rows"),
        ({"age": [1], "wet": True}, "something like one row"),
        ({"age": [1, 2], "wet": [True]}, "'age' has 2 values, 'wet' has 1"),
        ({"inputs": {"age": [1], "wet": True}}, "'wet': expected a list of values, got true or"),
        ({"age": {"0": 1}, "wet": {"1": True}}, "have different indexes"),
        ({"age": {"0": 1}, "wet": [True]}, "'wet': expected an object, got a list"),
    ],
)
def test_what_is_no_format_is_told_what_it_looks_like(document, told):
    assert told in refusal(document)


@pytest.mark.parametrize("document", list(forms([ROW] * 11)))
def test_too_many_rows_in_any_format(document):
    assert "holds 11 rows; one request may hold 10" in refusal(document)


def test_a_column_that_the_model_does_not_have_is_named_in_any_format():
    for document in forms([ROW | {"agee": 1}]):
        problems = _formats.read(document, NAMES, 10)[1]
        assert [one.removeprefix("row 1: ") for one in problems] == [
            "the model has no column 'agee'; did you mean age?"
        ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"data": 1, "data": 2}', "the key 'data' is given twice"),
        ('{"a": {"x": 1, "\\u0078": 2}}', "the key 'x' is given twice"),
        ("age,kind\n28,ash\n", "it looks like CSV"),
        ("age;kind", "it looks like CSV"),
        ("data=%5B%5D&x=1", "it looks like a form"),
        ("<rows/>", "it looks like XML or HTML"),
        ("{'data': [{'age': 1}]}", "JSON has double quotes"),
        ('{"age": 1}\n{"age": 2}\n', "it looks like JSON lines"),
        ('{"data": [', "Expecting value, line 1 column 11"),
    ],
)
def test_what_is_no_json_is_told_what_it_looks_like(text, told):
    with pytest.raises(Rejected, match="the body is not JSON") as caught:
        parse(text.encode())
    assert told in str(caught.value)


def test_a_byte_order_mark_is_no_matter():
    assert parse(b"\xef\xbb\xbf{}") == {}


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_document_or_rejected(raw):
    with contextlib.suppress(Rejected):  # and nothing else
        _formats.read(parse(raw), NAMES, 10)


@given(
    st.recursive(
        VALUES | st.floats(),
        lambda below: (
            st.lists(below, max_size=4)
            | st.dictionaries(
                st.sampled_from([*_formats.FORMATS, *NAMES, "columns", "index", "x"]), below
            )
        ),
        max_leaves=20,
    )
)
def test_any_document_is_rows_or_rejected(document):
    with contextlib.suppress(Rejected):  # and nothing else
        found, problems = _formats.read(document, NAMES, 10)
        assert found.keys() == NAMES
        assert len({len(values) for values in found.values()}) == 1
        assert len(problems) <= 1


def test_the_endpoint_and_what_azure_runs_answer_every_format(client, bundle, about):
    rows = about["sample"]["request"]["data"]
    requests = [json.dumps(one) for one in forms(rows)]
    code = "import sys, json, score; score.init()\n"
    code += "for line in sys.stdin: print(json.dumps(score.run(line)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="\n".join(requests),
        cwd=bundle / "code",
        env={"AZUREML_MODEL_DIR": str(bundle), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = [json.loads(line) for line in done.stdout.splitlines()]
    ours = [client.ask("POST", "/score", one).json() for one in requests]
    assert ours == theirs == [ours[0]] * len(requests)
    assert ours[0]["predictions"] == about["sample"]["answer"]["predictions"]


def test_gzip(client, about, sample):
    plain = json.dumps(about["sample"]["request"]).encode()
    expected = about["sample"]["answer"]["predictions"]
    halves = gzip.compress(plain[:40]) + gzip.compress(plain[40:])
    large = json.dumps({"data": [sample] * 400}).encode()
    for body, encoding in ((gzip.compress(plain), "gzip"), (halves, "X-GZIP")):
        answer = client.ask("POST", "/score", body, content_encoding=encoding)
        assert answer.json()["predictions"] == expected
    answer = client.ask("POST", "/score", gzip.compress(large), content_encoding="gzip")
    assert len(answer.json()["predictions"]) == 400


@pytest.mark.parametrize(
    ("body", "encoding", "status", "told"),
    [
        (packed(b" " * 200_001), "gzip", 413, "larger than 200000 bytes"),
        (packed(b" " * 100_000_000), "gzip", 413, "larger than 200000 bytes"),
        (packed(packed(b"{}")), "gzip", 422, "not UTF-8"),
        (packed(b"{}")[:-3], "gzip", 400, "cut off"),
        (packed(b"{}") + b"xyz" * 9, "gzip", 400, "not gzip data"),
        (packed(b"") * 5000, "gzip", 400, "members"),
        (zlib.compress(b"{}"), "gzip", 400, "not gzip data"),
        (b"", "gzip", 400, "cut off"),
        (b"{}", "deflate", 415, "with gzip, and with nothing else"),
        (b"{}", "br", 415, "with gzip"),
        (b"{}", "zstd", 415, "with gzip"),
        (packed(b"{}"), "gzip, gzip", 415, "with gzip"),
    ],
)
def test_what_is_compressed_in_another_way_or_too_large_is_refused(
    client, body, encoding, status, told
):
    answer = client.ask("POST", "/score", body, content_encoding=encoding)
    assert (answer.status, told in answer.error) == (status, True)


@pytest.mark.parametrize(
    "value", ["1" + "0" * 400, "1e400", "-1e400", "-0.0", "1e300", "12345678901234567890"]
)
def test_any_number_can_be_sent_as_a_level(client, sample, value):
    body = json.dumps({"data": [sample | {served.NASTY: "HERE"}]}).replace('"HERE"', value)
    answer = client.ask("POST", "/score", body)
    large = len(value) > 300 or "e400" in value
    assert answer.status == (422 if large else 200)
    if large:
        assert "a number that is too large" in answer.error
