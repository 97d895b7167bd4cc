"""Reading and looking at HTML pages."""

import html
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
MEASURE = """<!doctype html><body style="margin:0">
<iframe id="page" style="width:{width}px;height:{height}px;border:0" srcdoc="{page}"></iframe>
<script>
document.getElementById("page").onload = event => {{
  const page = event.target.contentDocument, root = page.documentElement
  const seen = [...page.querySelectorAll("h2, .figures b, svg.chart")]
    .filter(one => one.getBoundingClientRect().width > 0).length
  const scrolled = [...page.querySelectorAll("div, figure, pre, table")]
    .filter(one => one.scrollWidth > one.clientWidth + 1).length
  document.title = JSON.stringify([root.scrollWidth, root.scrollHeight, seen, scrolled])
}}
</script>"""


class Page(HTMLParser):
    """The tags, attributes and words of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_data(self, data):
        if self.tags[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


def browse(folder, page, *flags):
    """Let Chromium open a page; return what it prints."""
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", *flags, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def measured(folder, path, width, height=900):
    """Return what a page is in a window so wide.

    Width and height of the content, how much is seen, how many parts are wider than their place.
    """
    page = folder / f"measure-{width}.html"
    text = html.escape(Path(path).read_text(encoding="utf-8"))
    page.write_text(MEASURE.format(width=width, height=height, page=text), encoding="utf-8")
    dumped = browse(folder, page, "--dump-dom", "--virtual-time-budget=3000")
    return [int(number) for number in re.search(r"<title>\[(.*?)\]</title>", dumped)[1].split(",")]


def screenshot(folder, path, name, *, dark=False, width=1400, height=1200):
    """Return a picture of a page."""
    from PIL import Image

    picture = folder / f"{name}.png"
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    browse(folder, path, *scheme, f"--window-size={width},{height}", f"--screenshot={picture}")
    return Image.open(picture).convert("RGB")
