"""What a script is made of: its siblings, directly or not, and the libraries it names."""

import os
import subprocess
import sys
import textwrap

import pytest

from concrete_cli import code
from concrete_cli.errors import ExperimentInvalid


@pytest.fixture
def tree(tmp_path):
    """Make files of their texts; return the folder."""

    def make(**texts):
        for name, text in texts.items():
            path = tmp_path / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return tmp_path

    return make


def names(folder, script="main", modules=()):
    return set(code.closure(folder / f"{script}.py", modules))


def test_siblings_of_siblings_belong_to_it_and_nothing_else(tree):
    folder = tree(main="import a", a="from b import x", b="x = 1", unused="import a", c="")

    assert names(folder) == {"main.py", "a.py", "b.py"}


def test_imports_are_found_wherever_they_are(tree):
    folder = tree(
        main="""
        def f():
            import a
        try:
            import b as other
        except ImportError:
            from c import *
        if False:
            import d.e, g
        class C:
            from h import i as j
        """,
        **dict.fromkeys(("a", "b", "c", "g", "h", "d__e", "d____init__"), ""),
    )
    # `d____init__` is d/__init__.py, written with two underscores a slash
    (folder / "d").mkdir(exist_ok=True)
    (folder / "d" / "__init__.py").write_text("")

    found = names(folder)

    assert {"main.py", "a.py", "b.py", "c.py", "g.py", "h.py", "d/e.py", "d/__init__.py"} <= found


def test_a_package_belongs_to_it_whole(tmp_path):
    package = tmp_path / "package"
    (package / "deep").mkdir(parents=True)
    for name, text in {
        "__init__.py": "from . import inner",
        "inner.py": "import beside",
        "deep/__init__.py": "",
        "deep/more.py": "from ..inner import x",
        "data.txt": "no code",
    }.items():
        (package / name).write_text(text)
    (tmp_path / "beside.py").write_text("")
    (tmp_path / "main.py").write_text("import package.inner")

    assert names(tmp_path) == {
        "main.py",
        "beside.py",
        *(f"package/{name}" for name in ("__init__.py", "inner.py")),
        *(f"package/deep/{name}" for name in ("__init__.py", "more.py")),
    }


def test_a_folder_without_init_is_a_package_too(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "tools.py").write_text("")
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "mine.py").write_text("")
    (tmp_path / "main.py").write_text("import json\nfrom lib.tools import x")

    assert names(tmp_path) == {"main.py", "lib/tools.py"}


def test_a_package_goes_before_a_module_and_both_before_a_plain_folder(tmp_path):
    for name in ("both/__init__.py", "both.py", "plain/x.py", "plain.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "main.py").write_text("import both, plain")

    assert names(tmp_path) == {"main.py", "both/__init__.py", "plain.py"}


def test_a_sibling_goes_before_the_standard_library(tree):
    folder = tree(main="import random, json", random="")

    files = code.closure(folder / "main.py")

    assert set(files) == {"main.py", "random.py"}
    assert code.outside(files) == ("json",)


def test_circles_end(tree):
    assert names(tree(main="import a", a="import b", b="import a, main")) == {
        "main.py",
        "a.py",
        "b.py",
    }


ODD = {
    "broken": "import a\ndef (",
    "null": "import a\0",
    "escape": "import a\nx = '\\d'\n",
    "latin": "# -*- coding: latin-1 -*-\nimport a\nx = '\xe9'",
    "bom": "\ufeffimport a",
    "empty": "",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_texts(tmp_path, name):
    encoding = "latin-1" if name == "latin" else "utf-8"
    (tmp_path / "main.py").write_text(ODD[name], encoding=encoding)
    (tmp_path / "a.py").write_text("")

    found = names(tmp_path)

    assert found == ({"main.py"} if name in ("broken", "null", "empty") else {"main.py", "a.py"})


def test_warnings_about_the_text_are_not_ours_to_give(tmp_path):
    """Where warnings are errors, a sibling must not go unnoticed."""
    (tmp_path / "main.py").write_text("import a\nx = '\\d'\nassert (x, 'always')\n")
    (tmp_path / "a.py").write_text("")
    program = (
        "import sys; from pathlib import Path; from concrete_cli import code\n"
        "print(*sorted(code.closure(Path(sys.argv[1]))))"
    )
    for flags in (["-W", "error"], ["-W", "always"]):
        done = subprocess.run(
            [sys.executable, *flags, "-c", program, str(tmp_path / "main.py")],
            capture_output=True,
            text=True,
            check=True,
            env={name: os.environ[name] for name in ("PATH",)},
        )
        assert done.stdout.split() == ["a.py", "main.py"]
        assert done.stderr == ""


def test_an_edit_is_seen_though_size_and_date_stay(tree):
    folder = tree(main="import a", a="", b="")
    os.utime(folder / "main.py", (1, 1))
    assert names(folder) == {"main.py", "a.py"}

    (folder / "main.py").write_text("import b")
    os.utime(folder / "main.py", (1, 1))

    assert names(folder) == {"main.py", "b.py"}


def test_modules_of_the_users_own_come_with_their_siblings(tmp_path):
    steps, mine = tmp_path / "steps", tmp_path / "mine"
    for path, text in {
        steps / "main.py": "import a",
        steps / "a.py": "",
        mine / "own.py": "import a, b",
        mine / "a.py": "",
        mine / "b.py": "import c",
        steps / "c.py": "",
    }.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    files = code.closure(steps / "main.py", [str(mine / "own.py")])

    assert files == {
        "main.py": steps / "main.py",
        "own.py": mine / "own.py",
        "a.py": steps / "a.py",  # sys.path has the script's folder first
        "b.py": mine / "b.py",
        "c.py": steps / "c.py",
    }


def test_what_travels_runs_alone(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "package").mkdir(parents=True)
    (source / "main.py").write_text("import a\nfrom package import b\nprint(a.X + b.X)")
    (source / "a.py").write_text("X = 1")
    (source / "package" / "__init__.py").write_text("")
    (source / "package" / "b.py").write_text("X = 2")
    (source / "other.py").write_text("")

    code.stage(code.closure(source / "main.py"), target)

    assert {path.name for path in target.iterdir()} == {"main.py", "a.py", "package"}
    done = subprocess.run(
        [sys.executable, str(target / "main.py")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "3\n"


def test_libraries_are_what_comes_from_elsewhere(tree):
    folder = tree(
        main="import os.path, a, numpy.linalg as n\nfrom sklearn.svm import SVR", a="import yaml"
    )
    files = code.closure(folder / "main.py")

    assert code.libraries(files, ["xgboost"]) == ("numpy.linalg", "sklearn.svm", "xgboost", "yaml")
    assert code.outside(files) == ("numpy.linalg", "os.path", "sklearn.svm", "yaml")


def test_a_package_with_a_way_of_its_own_is_imported_by_that_file(tree):
    folder = tree(main="import json, a", a="from _import_skops import skops", _import_skops="")
    (folder / "_import_skops.py").write_text("import sklearn.utils, skops.io")
    files = code.closure(folder / "main.py")

    way = str(folder / "_import_skops.py")
    assert code.ahead(files, ["xgboost"]) == ("json", "sklearn.utils", "xgboost", way)
    assert "skops.io" in code.libraries(files), "its version counts all the same"


def test_versions_of_libraries():
    import importlib.metadata as installed

    found = code.versions(["sklearn.svm", "sklearn.tree", "numpy", "no_such_thing_at_all"])

    assert found == {
        "no_such_thing_at_all": "absent",
        "numpy": installed.version("numpy"),
        "sklearn": installed.version("scikit-learn"),
    }


def test_what_one_process_has_found_another_need_not_read(tree, monkeypatch):
    folder = tree(main="import a", a="import b", b="")
    for path in folder.glob("*.py"):
        os.utime(path, (1, 1))
    monkeypatch.setattr(code.digest, "TICK", -60_000_000_000)  # as if all had been long settled
    before = names(folder)
    found = [[list(look), found] for look, found in code.known()]
    monkeypatch.setattr(code, "_known", {})
    monkeypatch.setattr(code, "_imports", lambda path: pytest.fail(f"{path} was read"))

    code.recall(found)

    assert names(folder) == before == {"main.py", "a.py", "b.py"}


def test_a_file_that_has_just_changed_is_not_told_to_others(tree):
    folder = tree(main="import a", a="")
    names(folder)

    assert not [look for look, _ in code.known() if look[0].startswith(str(folder))]


def test_versions_are_those_that_packages_tell_of_themselves():
    from importlib import metadata

    found = code.versions(["numpy", "sklearn", "tomli_w", "xgboost", "no_such_module"])

    assert found == {
        "numpy": metadata.version("numpy"),
        "sklearn": metadata.version("scikit-learn"),
        "tomli_w": metadata.version("tomli-w"),
        "xgboost": metadata.version("xgboost-cpu"),
        "no_such_module": "absent",
    }


def test_declared_files_belong_to_a_step(tmp_path):
    for name in (
        "main.py",
        "a [1].sql",
        "b.sql",
        "run.py",
        "deep.py",
        "sub/x/.hidden",
        "sub/y.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("import deep" if name == "run.py" else "")
    (tmp_path / "sub" / "__pycache__").mkdir()
    (tmp_path / "sub" / "__pycache__" / "y.pyc").write_text("")
    (tmp_path.parent / f"{tmp_path.name}.txt").write_text("")

    def files(*texts):
        patterns = [code.pattern(tmp_path, text) for text in texts]
        return set(code.closure(tmp_path / "main.py", files=patterns)) - {"main.py"}

    assert files() == files("*.no", "none.sql") == set()
    assert files("*.sql", "b.sql") == {"a [1].sql", "b.sql"}
    assert files("a [1].sql") == {"a [1].sql"}
    assert files("run.py") == {"run.py", "deep.py"}, "what it imports comes with it"
    assert files("sub") == files("./sub/") == {"sub/y.txt", "sub/x/.hidden"}
    assert files("**/*.txt") == {"sub/y.txt"}
    assert files(f"../{tmp_path.name}.txt") == {f"../{tmp_path.name}.txt"}
    assert files(str(tmp_path / "b.sql")) == {"b.sql"}
    code.stage(
        code.closure(tmp_path / "main.py", files=[code.pattern(tmp_path, "sub")]), tmp_path / "t"
    )
    assert (tmp_path / "t/sub/y.txt").is_file()
    with pytest.raises(ExperimentInvalid, match="cannot travel"):
        code.stage({"../a": tmp_path / "a"}, tmp_path / "t")


def test_a_new_file_of_a_pattern_belongs_to_it_at_once(tmp_path):
    (tmp_path / "main.py").write_text("")
    patterns = [code.pattern(tmp_path, "*.sql")]
    assert set(code.closure(tmp_path / "main.py", files=patterns)) == {"main.py"}
    (tmp_path / "a.sql").write_text("")
    assert set(code.closure(tmp_path / "main.py", files=patterns)) == {"main.py", "a.sql"}


def test_a_data_folder_named_like_a_library_hides_none(tmp_path):
    (tmp_path / "yaml").mkdir()
    (tmp_path / "yaml" / "config.yml").write_text("")
    (tmp_path / "main.py").write_text("import yaml")

    files = code.closure(tmp_path / "main.py", files=[code.pattern(tmp_path, "yaml")])

    assert set(files) == {"main.py", "yaml/config.yml"}
    assert code.libraries(files) == ("yaml",)


def test_imports_inside_functions_are_told_apart(tree):
    folder = tree(
        main="""
        import json, wave
        class C:
            import csv
            def f(self):
                import pickle, wave
        f = lambda: __import__("shelve")
        async def g():
            from a import x
        """,
        a="import queue\ndef f():\n    import sched",
    )
    files = code.closure(folder / "main.py")

    assert set(files) == {"main.py", "a.py"}
    assert code.ahead(files) == ("csv", "json", "pickle", "queue", "sched", "shelve", "wave")
    assert code.ahead(files, late=False) == ("csv", "json", "queue", "wave")
