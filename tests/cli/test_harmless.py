"""What documents hold drives no terminal, however it is shown."""

import json

from hypothesis import given
from hypothesis import strategies as st

from concrete_cli.view import style

ODD = st.sampled_from("\x1b\x9b\x07\x7f\u202e\r")
LETTERS = st.text(st.characters(exclude_categories=()) | ODD)


@given(LETTERS, LETTERS)
def test_nothing_that_is_shown_drives_a_terminal(one, other):
    shown = [style.plain(one), *style.table([[one, other], [other, one]])]
    for text in shown:
        assert all(letter.isprintable() or letter in "\n\t" for letter in text)
    found = style.json_text({one: [other]})
    assert all(letter.isprintable() or letter == "\n" or ord(letter) > 0xFFFF for letter in found)
    assert json.loads(found) == json.loads(json.dumps({one: [other]}))
