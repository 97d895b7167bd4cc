"""The page of a run: whole, safe, readable, for every kind of run and in every state."""

import json
import shutil
from pathlib import Path

import pytest

import pages
from concrete_cli import documents
from pages import Page

LONG = "linear_with_a_name_of_more_letters_than_a_phone_shows"
FEW = (
    f'train.candidates={{{LONG}={{model="linear"}},'
    'tree={model="decision_tree",params={max_depth=5}}}'
)
EVIL = "<script>alert(1)</script>"


def page_of(path):
    text = Path(path).read_text(encoding="utf-8")
    return Page(text), text


def assert_safe(page, text):
    assert not {"script", "img", "link", "iframe", "object", "embed"} & {*page.tags}
    names = {name for _, name, _ in page.attributes}
    assert not {name for name in names if name.startswith("on") or name in ("src", "href")}
    assert "http" not in text.replace('http-equiv="Content', "")
    assert "url(" not in text
    assert "@import" not in text


def test_train_and_comparison(concrete, tmp_path):
    concrete("init", tmp_path)
    first = concrete("train", "--set", FEW, "--json").json()

    told = concrete("report", "--json").json()
    page, text = page_of(told["path"])

    assert_safe(page, text)
    assert told["path"] == str(tmp_path / ".concrete" / "runs" / first["run"] / "report.html")
    assert told["bytes"] == len(text.encode()) < 600_000
    for words in (
        *("On the test rows", "The chosen model", "Leaderboard", "Predictions of the test rows"),
        *("What it goes by", "Can its intervals be trusted?", "What ran", "The data"),
        *("Where it comes from", "The experiment"),
    ):
        assert words in page.text
    best = first["selected"]["candidate"]
    assert f"{best} was chosen because its mean rmse" in page.text
    assert f"{first['test']['rmse']:.3f} MPa" in page.text.replace("  ", " ")
    assert all(step["name"] in page.text for step in first["steps"])
    assert "1030 rows of concrete.csv" in page.text
    assert "scikit-learn" in page.text
    assert "[data.units]" in page.text
    assert text.count("<circle") > 2 * first["test"]["rows"], "both clouds are there"

    second = concrete("train", "--set", FEW, "--set", "experiment.seed=1", "--json").json()
    into = tmp_path / "both.html"
    concrete("compare", first["run"], second["run"], "--html", "-o", into)
    both, text = page_of(into)

    assert_safe(both, text)
    assert first["run"] in both.text
    assert second["run"] in both.text
    assert "Parameters that differ" in both.text
    assert "-seed = 0" in both.text
    assert "+seed = 1" in both.text
    if not pages.CHROMIUM:
        pytest.skip("all but the looks: there is no Chromium")
    look(tmp_path, told["path"], into)


def look(folder, report, comparison):
    for path, widths in ((report, (400, 1400)), (comparison, (400,))):
        for width in widths:
            wide, tall, seen, scrolled = pages.measured(folder, path, width)
            assert wide <= width, f"{path} is cut off in a window of {width}"
            assert scrolled == 0, f"{path} must be scrolled sideways in a window of {width}"
            assert tall > 900
            assert seen >= 4
    light = pages.screenshot(folder, Path(report), "light")
    dark = pages.screenshot(folder, Path(report), "dark", dark=True)
    assert min(light.getpixel((5, 5))) > 240
    assert max(dark.getpixel((5, 5))) < 60
    for picture in (light, dark):
        assert len(picture.getcolors(1 << 24)) > 50, "there is nothing to see"


def test_hostile_names(concrete, tmp_path):
    columns = [EVIL, "a&b\"'", "plain", "target"]
    lines = [",".join('"' + name.replace('"', '""') + '"' for name in columns)]
    lines += [f'{n % 7},{n % 5},"</pre><img src=x onerror=alert({n % 3})>",{n}' for n in range(60)]
    (tmp_path / "evil.csv").write_text("\n".join(lines))
    concrete("init", "e", "--data", "evil.csv", "--target", "target")
    units = ["--set", f"data.units={{{json.dumps(EVIL)}='</style><b>'}}"]
    run = concrete("train", "e/concrete.toml", *units, "--set", FEW, "--json").json()

    home = ["--home", "e/.concrete"]
    path = concrete("report", run["run"], *home).stdout.strip()
    concrete("compare", run["run"], run["run"], "-o", "same.html", *home)

    for each in (path, tmp_path / "same.html"):
        page, text = page_of(each)
        assert_safe(page, text.replace("onerror=", ""))
        assert "script" not in page.tags
        assert "img" not in page.tags
    assert EVIL in page_of(path)[0].text


def test_own_pipeline_half_finished_failed_and_done(concrete, tmp_path):
    (tmp_path / "step.py").write_text(
        "import argparse, json, pathlib, sys\n"
        "it = argparse.ArgumentParser()\n"
        "it.add_argument('--fail', type=json.loads, default=False)\n"
        "it.add_argument('--made', type=pathlib.Path)\n"
        "args = it.parse_args()\n"
        '(args.made / \'metrics.json\').write_text(\'{"share": 0.25, "word": "x"}\')\n'
        "print('<b>what it said</b>')\n"
        "sys.exit('no <b>luck</b>' if args.fail else 0)\n"
    )
    (tmp_path / "concrete.toml").write_text(
        '[experiment]\nname = "mine"\n'
        '[pipeline.steps.good]\nscript = "step.py"\noutputs = ["made"]\n'
        '[pipeline.steps.bad]\nscript = "step.py"\noutputs = ["made"]\nparams = { fail = true }\n'
        '[pipeline.steps.late]\nscript = "step.py"\noutputs = ["made"]\nafter = ["bad"]\n'
    )
    concrete("run", code=4)

    page, text = page_of(concrete("report").stdout.strip())
    assert_safe(page, text)
    assert "Step bad exited with 1" in page.text
    assert "no <b>luck</b>" in page.text
    assert "b" in page.tags, "of our own"
    assert "concrete resume" in page.text
    assert "share 0.2500" in page.text

    runs = tmp_path / ".concrete" / "runs"
    (run,) = runs.iterdir()
    events = (run / "events.jsonl").read_text().splitlines(keepends=True)
    record = {**json.loads((run / "run.json").read_text()), "events": 0}
    documents.write(run / "run.json", record)  # as it was before it ended
    for kept in (0, 1, 3):
        (run / "events.jsonl").write_text("".join(events[:kept]))
        page, _ = page_of(concrete("report").stdout.strip())
        assert "interrupted" in page.text
        assert "running" not in page.text
        assert "What ran" in page.text

    shutil.rmtree(tmp_path / ".concrete" / "cache")
    (run / "events.jsonl").write_text("".join(events))
    page, _ = page_of(concrete("report").stdout.strip())
    assert "What ran" in page.text, "also when gc has been there"


def test_where_it_goes(concrete, tmp_path):
    (tmp_path / "step.py").write_text("")
    (tmp_path / "concrete.toml").write_text(
        '[experiment]\nname = "mine"\n[pipeline.steps.one]\nscript = "step.py"\n'
    )
    concrete("run")
    shown = tmp_path / "shown"
    viewer = tmp_path / "viewer"
    viewer.write_text(f'#!/bin/sh\necho "$1" > {shown}\n')
    viewer.chmod(0o755)

    told = concrete("report", "-o", "x.html", "--open", env={"BROWSER": f"{viewer} %s"})

    assert told.stdout == f"{tmp_path / 'x.html'}\n"
    assert concrete("report", "-o", "-").stdout == (tmp_path / "x.html").read_text()
    assert shown.read_text().strip() == (tmp_path / "x.html").as_uri()
    assert "no run called 'nobody'" in concrete("report", "nobody", code=5).stderr
