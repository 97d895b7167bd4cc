"""What an endpoint has answered, whoever wrote its script."""

import pytest
from concrete_cli.backends import answers


@pytest.mark.parametrize(
    ("answer", "data"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ("hello", "hello"),
        ('"hello"', "hello"),
    ],
)
def test_text_that_is_no_json_stays_text(answer, data):
    assert answers.read(answer) == data
