"""The page, in a real browser."""

import pytest

import served
from chromium import PROGRAM, Browser

pytestmark = pytest.mark.skipif(not PROGRAM, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def client(of_module):
    """An endpoint with limits that a browser on a busy machine keeps.

    The one that other tests share hangs up after a second in which no request has come: a browser
    that opens a connection, and gets to use it later than that, shows an error instead of the page.
    """
    return of_module("mix", read_timeout=60.0)


@pytest.fixture
def page(browser, client):
    """The page with the key, once it shows a prediction."""
    browser.open(f"{url(client)}/#key={client.key}")
    browser.wait("document.querySelector('#chart svg')")
    return browser


def url(client):
    return f"http://{client.host}:{client.port}"


def text(page, where):
    return page.value(f"document.querySelector({where!r}).textContent")


def slide(page, place, value):
    page.value(
        f"(() => {{ const one = document.querySelectorAll('input[type=range]')[{place}];"
        f" one.value = {value}; one.dispatchEvent(new Event('input')); }})()"
    )


def test_it_shows_what_the_model_says_of_the_mix(page, client, about):
    sample = about["sample"]
    shown = float(text(page, "#value").replace(",", ""))
    assert shown == pytest.approx(sample["answer"]["predictions"][0], rel=1e-3)
    assert text(page, "#unit") == "MPa"
    assert "90 % interval" in text(page, "#interval")
    assert page.value("document.querySelectorAll('#chart .curve, #chart .whisker').length") > 0
    assert (page.errors, len(page.requests)) == ([], 3)  # the page, its document, one answer
    assert all(one.startswith(url(client)) for one in page.requests)


def test_a_key_that_is_given_before_the_page_knows_its_model_is_used(browser, client):
    late = """
        const real = window.fetch;
        window.fetch = async (...words) => {
          if (words[0] === "openapi.json") await new Promise((done) => setTimeout(done, 1000));
          return real(...words);
        };"""
    script = browser.send("Page.addScriptToEvaluateOnNewDocument", source=late)["identifier"]
    try:
        browser.open(f"{url(client)}/")
        browser.value(
            f"(() => {{ document.querySelector('#key').value = {client.key!r};"
            " document.querySelector('#door button').click(); })()"
        )
        browser.wait("document.querySelector('#chart svg')")
    finally:
        browser.send("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    assert browser.errors == []


def test_sliders_know_the_ranges_and_change_the_answer(page):
    ends = page.value(
        "[...document.querySelectorAll('input[type=range]')].map(one => [one.min, one.max])"
    )
    assert [float(end) for end in ends[1]] == [float(served.rows()["age"].min()),
                                               float(served.rows()["age"].max())]  # fmt: skip
    before = text(page, "#value")
    slide(page, 1, 300.3)
    page.wait(f"document.querySelector('#value').textContent !== {before!r}")
    assert page.value("document.querySelectorAll('input[type=number]')[1].value") == "300"


def test_the_curve_follows_the_chosen_input(page):
    page.value(
        "(() => { const one = document.querySelector('#along'); one.value = 1;"
        " one.dispatchEvent(new Event('change')); })()"
    )
    page.wait("/ as age changes/.test(document.querySelector('#chart title').textContent)")
    path = page.value("document.querySelector('#chart .curve').getAttribute('d')")
    heights = [float(point.split()[1]) for point in path[1:].split("L")]
    assert len(heights) == 41
    assert heights[0] > heights[-1]  # strength grows with age, and y points down


def test_a_value_that_is_not_known_and_one_that_is_out_of_range(page):
    before = text(page, "#value")
    page.value("document.querySelector('.absent input').click()")
    page.wait(f"document.querySelector('#value').textContent !== {before!r}")
    page.value(
        "(() => { const one = document.querySelectorAll('input[type=number]')[1];"
        " one.value = 9999; one.dispatchEvent(new Event('input')); })()"
    )
    page.wait("document.querySelector('#warnings li')")
    assert "age 9,999 is outside" in text(page, "#warnings")


def test_names_are_text(page):
    assert served.NASTY in text(page, "#inputs")
    assert page.value("document.querySelectorAll('#inputs script').length") == 0
    assert page.value("[...document.querySelectorAll('option')].map(o => o.textContent)").count(
        served.NASTY
    ) == 2  # fmt: skip


def test_the_key_is_asked_for_and_leaks_nowhere(browser, client):
    browser.open(f"{url(client)}/")
    browser.wait("/key is needed/.test(document.querySelector('#told').textContent)")
    assert browser.value("document.querySelectorAll('input[type=range]').length") == 2
    for key, shown in (("wrong", "This is not the endpoint"), (client.key, "")):
        browser.value(f"document.querySelector('#key').value = {key!r}")
        browser.value("document.querySelector('#door button').click()")
        browser.wait(f"document.querySelector('#told').textContent.startsWith({shown!r})")
    browser.wait("document.querySelector('#chart svg')")
    assert browser.value("document.querySelector('#key').value") == ""
    assert not [one for one in browser.requests if client.key in one]
    html = browser.value("document.documentElement.outerHTML + JSON.stringify(localStorage)")
    assert client.key not in html
    assert client.key not in browser.value("document.cookie + location.href")


def test_the_fragment_is_taken_out_of_the_address(page, client):
    assert page.value("location.href") == f"{url(client)}/"
    assert not [one for one in page.requests if client.key in one]


def test_it_says_where_the_key_is_and_takes_it_from_its_address(browser, client, of_module):
    browser.open(f"{url(client)}/")
    browser.wait("/key is needed/.test(document.querySelector('#told').textContent)")
    assert of_module.endpoints.show("mix")["key_file"] in text(browser, "#hint")
    assert "#key=KEY" in text(browser, "#hint")
    browser.value(f"location.hash = 'key={client.key}'")
    browser.wait("document.querySelector('#chart svg')")
    assert browser.value("location.href") == f"{url(client)}/"
    assert not [one for one in browser.requests if client.key in one]


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_and_can_be_read(browser, client, width, dark, tmp_path):
    browser.open(f"{url(client)}/#key={client.key}", width, dark=dark)
    browser.wait("document.querySelector('#chart svg')")
    browser.value("document.querySelector('select').options[0].textContent = 'long '.repeat(40)")
    assert browser.value("document.documentElement.scrollWidth") <= width
    colours = browser.value(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    ink, paper = (sum(map(int, colour[4:-1].split(","))) for colour in colours)
    assert abs(ink - paper) > 450
    assert (ink > paper) == dark
    assert browser.picture(tmp_path / "page.png").stat().st_size > 10_000


def test_nothing_else_may_run_or_frame_it(client):
    answer = client.ask("GET", "/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "//" not in answer.text.replace("http://www.w3.org/2000/svg", "").split("<script>")[0]
