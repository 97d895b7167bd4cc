"""How numbers are written around the world, and what only looks like one."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _numerals import Given, Tally, numbers
from _verdict import File, verdicts

NARROW = "\u202f"


def verdict(texts, others=(), **file):
    tallies = {}
    for name, column in {"x": texts, **dict(enumerate(others))}.items():
        tallies[name] = Tally()
        tallies[name].add(pa.array(column, pa.string()))
    return verdicts(tallies, File(**file))["x"]


def values(texts, others=(), **file):
    found = verdict(texts, others, **file)
    assert (found.kind, found.words) == ("number", ()), found
    read, wrong = numbers(pa.array(texts, pa.string()), found.written)
    assert not wrong.any()
    return read.to_pylist()


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["1,5", "-2,25", "3"], [1.5, -2.25, 3]),
        (["1.440,00", "1,5"], [1440, 1.5]),
        (["1,440.00", "1.5"], [1440, 1.5]),
        (["1.234.567", "2.345"], [1234567, 2345]),
        (["66,040,229", "1,234"], [66040229, 1234]),
        (["1,23,45,678", "12,345"], [12345678, 12345]),
        (["1'234.50", "1\u2019000.25"], [1234.5, 1000.25]),
        ([f"1{NARROW}234,5", "1\u00a0000", "5"], [1234.5, 1000, 5]),
        (["1.234,00-", "5,5"], [-1234, 5.5]),
        (["(123)", "45"], [-123, 45]),
        (["(1,234.50)", "3"], [-1234.5, 3]),
        (["+5", "-3"], [5, -3]),
        (["\u22125,5", "\u20133,5"], [-5.5, -3.5]),
        (["1,5E+03", "2,0e-2"], [1500, 0.02]),
        ([" 5 ", "6 "], [5, 6]),
        ([".5", "-,7"], None),
        ([",5", "-,7"], [0.5, -0.7]),
        (["12 %", "7%"], [12, 7]),
        (["\u20ac 5,50", "\u20ac1.234,00", "-\u20ac 3"], [5.5, 1234, -3]),
        (["$1,234.50", "-$5.25", "($7)"], [1234.5, -5.25, -7]),
        (["5 kg/m3", "7,5 kg/m3"], [5, 7.5]),
        (["5 m2", "0"], [5, 0]),
        (["3 bedrooms", "4 bedrooms"], [3, 4]),
        (["?", "?", "?", "5", "7.5"], [None, None, None, 5, 7.5]),
        (["n/a", "-", ".", "None", "1,5"], [None, None, None, None, 1.5]),
        (["1,5", "inf"], [1.5, float("inf")]),
        (["\u0661\u0662\u066b\u0665", "\u0663"], [12.5, 3]),
    ],
)
def test_numbers(texts, wanted):
    if wanted is None:
        assert verdict(texts).kind == "refused"
    else:
        assert values(texts) == wanted


@pytest.mark.parametrize(
    "texts",
    [
        ["red", "blue"],
        ["10-20", "20-30"],
        ["1.2.3", "1.10.2"],
        ["10.0.0.1", "192.168.1.1"],
        ["192.168.100.200", "192.168.101.201"],
        ["007", "012"],
        ["01234", "99999"],
        ["+491701234567", "+491701234568"],
        ["0170 1234567", "0171 7654321"],
        ["ja", "nein"],
        ["1A", "2B"],
        ["12a", "12b", "7c"],
        ["5 May", "6 Jun"],
        ["5 apples", "3 pears"],
        ["C25/30", "C30/37"],
        ["M", "L", "XL"],
    ],
)
def test_names_stay_categories(texts):
    assert verdict(texts).kind == "category"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["1,234", "5,678"], "has '1,234', which may be 1.234 or 1234: write decimal"),
        (["1.5", "1,5"], "written in two ways ('1.5' and '1,5')"),
        (["1.234,5", "1,234.5"], "written in two ways"),
        (["555 123 456", "555 987 654"], "may be a number or a name: write thousands"),
        (["5 kg", "500 g"], "in several units ('g', 'kg')"),
        (["5 %", "7"], "with and without its unit ('7' and '5 %')"),
        (["15.01.2024", "16.01.2024"], "holds dates, such as '15.01.2024'"),
        (["01/02/2024", "03/04/2024"], "holds dates"),
        (["1.2.24", "11.12.24"], "holds dates"),
        (["15-Jan-2024", "3. M\u00e4rz 2024"], "holds dates"),
        (["2024/01/15 10:00", "2024/01/16"], "holds dates"),
        (["Jan 5, 2024", "Feb 7, 2024"], "holds dates"),
        (["12:30", "13:45:10"], "holds times"),
        (["9:05 am", "10:15 PM"], "holds times"),
    ],
)
def test_what_is_in_doubt_is_refused(texts, message):
    found = verdict(texts)
    assert found.kind == "refused"
    assert message in found.why


def test_numbers_among_which_there_are_words_are_numbers_however_many_words():
    found = verdict(["<LOD"] * 60 + [f"{n}.5" for n in range(40)])
    assert (found.kind, found.words) == ("number", ("<LOD",))


def test_other_columns_tell_what_a_mark_means():
    assert values(["1,234", "5,678"], [["1.5", "2.5"]]) == [1234, 5678]
    assert values(["1,234", "5,678"], [["1,5", "2,5"]]) == [1.234, 5.678]
    assert values(["1.234", "5.678"], [["1,5", "2,5"]]) == [1234, 5678]
    assert verdict(["1,234", "5,678"], [["1,5", "2,5"], ["1.5"]]).kind == "refused"


def test_a_point_is_decimal_but_where_semicolons_say_that_commas_may_be():
    assert values(["1.234", "5.678"], delimiter="\t") == [1.234, 5.678]
    assert verdict(["1.234", "5.678"], delimiter=";").kind == "refused"
    assert values(["0.234", "5.678"], delimiter=";") == [0.234, 5.678]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"decimal": ","}, [1.234, 5.678]),
        ({"thousands": ","}, [1234, 5678]),
        ({"decimal": {"x": ","}}, [1.234, 5.678]),
        ({"decimal": {"y": ","}, "thousands": {"x": ","}}, [1234, 5678]),
        ({"thousands": ""}, [1.234, 5.678]),
    ],
)
def test_the_experiment_decides(said, wanted):
    assert values(["1,234", "5,678"], given=Given(**said)) == wanted


def test_what_the_experiment_says_and_the_column_does_not_is_refused():
    found = verdict(["12.5", "3"], given=Given(decimal=","))
    assert (
        found.why
        == "has '12.5', which is no number with the decimal and thousands of [data]: correct them"
    )


def grouped(digits, mark, sizes=(3,)):
    parts, rest, turn = [], digits, 0
    while len(rest) > sizes[min(turn, len(sizes) - 1)]:
        size = sizes[min(turn, len(sizes) - 1)]
        parts.insert(0, rest[-size:])
        rest, turn = rest[:-size], turn + 1
    return mark.join([rest, *parts])


# decimal mark, mark between thousands, sizes of groups, what goes before and after, negatives
DIALECTS = {
    "plain": (".", "", (3,), "{}", "-{}"),
    "us": (".", ",", (3,), "{}", "-{}"),
    "german": (",", ".", (3,), "{}", "-{}"),
    "french": (",", NARROW, (3,), "{}", "\u2212{}"),
    "swiss": (".", "\u2019", (3,), "{}", "-{}"),
    "indian": (".", ",", (3, 2), "\u20b9{}", "-\u20b9{}"),
    "accounting": (".", ",", (3,), "${}", "(${})"),
    "sap": (",", ".", (3,), "{}", "{}-"),
    "percent": (",", "", (3,), "{} %", "-{} %"),
    "unit": (".", "'", (3,), "{} kg/m3", "-{} kg/m3"),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=2), min_size=1, max_size=30)
)
def test_numbers_come_back_in_each_dialect(dialect, written):
    decimal, thousands, sizes, positive, negative = DIALECTS[dialect]
    texts = []
    for number in written:
        whole, _, fraction = f"{abs(number):.2f}".partition(".")
        body = grouped(whole, thousands, sizes) if thousands else whole
        shape = negative if number < 0 else positive
        texts.append(shape.format(f"{body}{decimal}{fraction}"))

    assert values(texts) == [float(number) for number in written]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("0123456789.,-+ '()%eE\u20ackg\u2212"), max_size=9), min_size=1
    )
)
def test_whatever_is_written_a_number_is_never_another_one(texts):
    """What is taken for numbers has the same digits in the same order."""
    found = verdict(texts)
    if found.kind != "number":
        return
    read, wrong = numbers(pa.array(texts, pa.string()), found.written)
    for text, value, bad in zip(texts, read.to_pylist(), wrong, strict=True):
        if value is not None and not bad and "e" not in text.casefold() and abs(value) < 1e9:
            digits = "".join(one for one in text if one.isdecimal()).strip("0")
            assert f"{abs(value):.12f}".replace(".", "").strip("0") == digits
