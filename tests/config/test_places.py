from __future__ import annotations

import pytest

from concrete_cli.config.places import Places

TEXT = """\
top."in side" = [1, { x = 2, y.z = 'q' }, [ # comment
  3 ]]
"ké" = "ü" # tab	and so on
[a.b]
	deep = true
[[list]]
n = 1
[[list]]
n = 2
[list.sub]
m = 3
['quoted "key"']
"\\u0041" = 1
"""


@pytest.mark.parametrize(
    ("keys", "value", "key"),
    [
        (("top",), (1, 1), (1, 1)),
        (("top", "in side"), (1, 17), (1, 5)),
        (("top", "in side", 0), (1, 18), (1, 18)),
        (("top", "in side", 1, "x"), (1, 27), (1, 23)),
        (("top", "in side", 1, "y", "z"), (1, 36), (1, 32)),
        (("top", "in side", 2, 0), (2, 3), (2, 3)),
        (("ké",), (3, 8), (3, 1)),
        (("a",), (4, 2), (4, 2)),
        (("a", "b"), (4, 4), (4, 4)),
        (("a", "b", "deep"), (5, 9), (5, 2)),
        (("list",), (6, 3), (6, 3)),
        (("list", 0, "n"), (7, 5), (7, 1)),
        (("list", 1), (8, 3), (8, 3)),
        (("list", 1, "n"), (9, 5), (9, 1)),
        (("list", 1, "sub", "m"), (11, 5), (11, 1)),
        (('quoted "key"', "A"), (13, 12), (13, 1)),
        (("nothing",), (0, 0), (0, 0)),
    ],
)
def test_lines_and_columns_of_values_and_keys(keys, value, key):
    places = Places(TEXT)
    assert places.find(keys) == value
    assert places.find(keys, at_key=True) == key
