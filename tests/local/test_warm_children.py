"""A script cannot tell whether it is forked from a process with warm libraries or starts afresh."""

import json
import os
import sys

import pytest
from concrete_cli.backends.local import crew

from concrete_cli.plan import Step

TELL = """
import json, platform, warnings
import numpy as np
facts = {
    "name": __name__, "file": __file__, "argv0": sys.argv[0], "path0": sys.path[0],
    "spec": repr(__spec__), "main": sys.modules["__main__"].__file__,
    "cwd_in_path": "" in sys.path or os.getcwd() in sys.path,
    "filters": len(warnings.filters) > 0, "hash": hash("x"),
    "int": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    "term": str(signal.getsignal(signal.SIGTERM)), "chld": str(signal.getsignal(signal.SIGCHLD)),
    "pipe": str(signal.getsignal(signal.SIGPIPE)),
    "blocked": [int(n) for n in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
    "fds": sorted(fd for fd in range(100) if os.path.exists(f"/proc/self/fd/{fd}")),
    "encoding": [sys.stdin.encoding, sys.stdout.encoding], "mask": os.umask(0o077),
    "session": os.getsid(0) == os.getpid(), "threads": threading.active_count(),
    "environment": {k: v for k, v in os.environ.items()},
    "version": sys.version, "nice": os.nice(0), "gc": __import__("gc").isenabled(),
}
(out / "facts.json").write_text(json.dumps(facts))
"""


def facts(rig, event):
    return json.loads(rig.text(event, "facts.json"))


def test_both_see_the_same(rig, monkeypatch):
    monkeypatch.setenv("MINE", "a\nb=c é")
    step = rig.step("tell", TELL)
    warm, cold = (
        facts(rig, rig.run(step, cold=cold, reuse=False)["tell"]) for cold in (False, True)
    )

    warm_env, cold_env = warm.pop("environment"), cold.pop("environment")
    own = ("CONCRETE_RUN", "CONCRETE_STEP_WORK", "CONCRETE_STATE")
    assert {k: v for k, v in warm_env.items() if k not in own} == {
        k: v for k, v in cold_env.items() if k not in own
    }
    assert warm_env["MINE"] == "a\nb=c é"
    assert warm == cold
    assert warm["path0"] == str(rig.folder)
    assert warm["argv0"] == warm["file"] == warm["main"] == str(rig.folder / "tell.py")
    assert warm["session"] is True
    assert warm["blocked"] == []


def test_what_one_step_does_to_its_environment_the_next_one_does_not_see(rig):
    body = """
    import json, random
    import numpy as np
    facts = {"env": os.environ.get("LEAK"), "attribute": getattr(json, "leak", None),
             "module": "leak" in sys.modules, "path": "/leak" in sys.path,
             "umask": os.umask(0o077), "seen": np.get_printoptions()["precision"]}
    os.environ["LEAK"] = json.leak = "leak"; sys.modules["leak"] = json; sys.path.insert(0, "/leak")
    np.set_printoptions(precision=3); os.chdir("/"); os.umask(0)
    (out / "facts.json").write_text(json.dumps(facts))
    """
    steps = [rig.step("a", body), rig.step("b", body, data="a.out")]

    last = rig.run(*steps)

    assert facts(rig, last["a"]) == facts(rig, last["b"])
    assert facts(rig, last["b"])["env"] is None


@pytest.mark.parametrize(
    "draw",
    [
        "random.random()",
        "np.random.rand()",
        "uuid.uuid4().hex",
        "np.random.default_rng().random()",
        "tempfile.mktemp()",
    ],
)
def test_random_numbers_differ_between_steps(rig, draw):
    body = "import random, uuid, tempfile, secrets\nimport numpy as np\nimport numpy.random\n"
    body += f"(out / 'text.txt').write_text(str({draw}))"
    last = rig.run(*(rig.step(f"s{n}", body) for n in range(4)))

    assert len({rig.text(event) for event in last.values()}) == 4


@pytest.mark.parametrize("cpus", [1, 2])
def test_libraries_use_as_many_threads_as_the_step_has_processors(rig, cpus):
    body = """
    import json
    import numpy as np
    from threadpoolctl import threadpool_info
    np.ones((4, 4)) @ np.ones((4, 4))
    facts = {"blas": [pool["num_threads"] for pool in threadpool_info()],
             "env": [os.environ[f"{n}_NUM_THREADS"] for n in ("OMP", "OPENBLAS", "MKL")]}
    (out / "facts.json").write_text(json.dumps(facts))
    """
    step = rig.step("tell", body, cpus=cpus)
    for cold in (False, True):
        told = facts(rig, rig.run(step, cold=cold, reuse=False)["tell"])
        assert set(told["blas"]) == {cpus}
        assert told["env"] == [str(cpus)] * 3


PARALLEL = {
    "fork": "import multiprocessing as m; Pool = m.get_context('fork').Pool",
    "spawn": "import multiprocessing as m; Pool = m.get_context('spawn').Pool",
    "threads": "from multiprocessing.pool import ThreadPool as Pool",
}


@pytest.mark.parametrize("start", PARALLEL.values(), ids=PARALLEL)
@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_multiprocessing_works(rig, start, cold):
    body = f"""
import sibling
{start}
def square(x):
    return x * x + sibling.ZERO
if __name__ == "__main__":
    with Pool(2) as pool:
        (out / "text.txt").write_text(str(pool.map(square, range(5))))
"""
    (rig.folder / "sibling.py").write_text("ZERO = 0")

    event = rig.run(rig.step("many", body), cold=cold)["many"]

    assert event.state == "done", rig.log(event)
    assert rig.text(event) == "[0, 1, 4, 9, 16]"


@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_joblib_works(rig, cold):
    body = """
from joblib import Parallel, delayed
def square(x):
    return x * x, os.getpid()
if __name__ == "__main__":
    found = Parallel(n_jobs=2)(delayed(square)(n) for n in range(4))
    assert os.getpid() not in {pid for _, pid in found}
    (out / "text.txt").write_text(str([value for value, _ in found]))
"""
    event = rig.run(rig.step("many", body, cpus=2), cold=cold)["many"]

    assert event.state == "done", rig.log(event)
    assert rig.text(event) == "[0, 1, 4, 9]"


@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_siblings_go_before_modules_of_that_name(rig, cold):
    """`code`, `queue` and `random` are in the standard library too, and loaded already."""
    (rig.folder / "queue.py").write_text("WORD = 'own'")
    (rig.folder / "colorsys").mkdir()
    (rig.folder / "colorsys" / "__init__.py").write_text("from colorsys.inner import WORD")
    (rig.folder / "colorsys" / "inner.py").write_text("WORD = 'own too'")
    before = rig.step("before", "import queue, colorsys\n(out / 'text.txt').write_text('x')")
    step = rig.step(
        "one", "import queue, colorsys\n(out / 'text.txt').write_text(queue.WORD + colorsys.WORD)"
    )

    assert rig.text(rig.run(before, step, cold=cold)["one"]) == "ownown too"


def test_a_step_named_like_a_module_runs(rig):
    step = rig.step("select", "import selectors\n(out / 'text.txt').write_text('x')")

    assert rig.run(step)["select"].state == "done"


def libraries(rig, monkeypatch, **texts):
    """Install modules for these tests."""
    folder = rig.folder / "installed"
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")


ODD_IMPORTS = {
    "exits": "import sys; sys.exit(5)",
    "raises": "raise RuntimeError('no')",
    "interrupts": "raise KeyboardInterrupt",
    "warns": "import warnings; warnings.warn('old', DeprecationWarning)",
    "prints": "print('a banner'); import sys; print('another', file=sys.stderr)",
    "dies": "import os; os.kill(os.getpid(), 9)",
    "leaves": "import os; os._exit(3)",
    "closes": "import os; os.closerange(3, 100)",
    "changes": "import os; os.chdir('/'); os.environ['CHANGED'] = 'yes'; os.umask(0)",
}


@pytest.mark.parametrize("text", ODD_IMPORTS.values(), ids=ODD_IMPORTS)
def test_libraries_that_misbehave_when_imported_hurt_nobody_else(rig, monkeypatch, text):
    libraries(rig, monkeypatch, odd_library=text)
    odd = rig.step(
        "odd",
        "if Path('/nowhere').exists(): import odd_library\n(out / 'text.txt').write_text('x')",
    )
    good = rig.step("good", "print('good')\n(out / 'text.txt').write_text('x')")

    last = rig.run(odd, good)

    assert {event.state.value for event in last.values()} == {"done"}
    assert rig.log(last["good"]) == "good\n"


def test_an_import_that_hangs_is_given_up(rig, monkeypatch):
    monkeypatch.setattr(crew, "HOPELESS", 1)
    libraries(
        rig, monkeypatch, odd_library="import time, os\nif os.getppid() != 1: time.sleep(600)"
    )
    odd = rig.step("odd", "import odd_library\n(out / 'text.txt').write_text('x')", timeout=0.7)
    other = rig.step("other", "(out / 'text.txt').write_text('x')", data="odd.out", optional=True)
    beside = rig.step("beside", "(out / 'text.txt').write_text('x')")

    last = rig.run(odd, other, beside)

    assert last["odd"].detail == "ran longer than 0.7 s"
    assert last["beside"].state == "done"


def test_secrets_in_the_environment_are_not_on_command_lines(rig, monkeypatch, until):
    monkeypatch.setenv("SECRET_TOKEN", "hush-hush")
    step = rig.step(
        "one",
        f"""
        (out / "text.txt").write_text(os.environ["SECRET_TOKEN"])
        lines = [Path("/proc", pid, "cmdline").read_text(errors="replace")
                 for pid in (str(os.getpid()), str(os.getppid()))]
        Path("{rig.folder}/lines").write_text("".join(lines))
        """,
    )
    for cold in (False, True):
        rig.run(step, cold=cold, reuse=False)
        assert "hush-hush" not in (rig.folder / "lines").read_text()


@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_arguments_may_be_as_long_as_programs_can_have_them(rig, cold):
    script = rig.folder / "long.py"
    script.write_text(
        "import argparse, pathlib\np = argparse.ArgumentParser()\n"
        "p.add_argument('--text'); p.add_argument('--out', type=pathlib.Path)\n"
        "a = p.parse_args(); (a.out / 'text.txt').write_text(str(len(a.text)))"
    )
    from concrete_cli.plan import Output

    step = Step("long", str(script), {}, (Output("long", "out"),), {"text": "é" * 200_000})

    event = rig.run(step, cold=cold)["long"]

    assert rig.text(event) == "200000"


def test_modules_of_the_users_own_come_behind_the_script(rig):
    mine = rig.folder / "mine"
    mine.mkdir()
    (mine / "helper.py").write_text("import shared\nWORD = 'helper ' + shared.WORD")
    (mine / "shared.py").write_text("WORD = 'of mine'")
    (rig.folder / "shared.py").write_text("WORD = 'beside the script'")
    step = rig.step(
        "one",
        "import helper\n(out / 'text.txt').write_text(helper.WORD)",
        modules=(str(mine / "helper.py"),),
    )

    event = rig.run(step)["one"]

    assert rig.text(event) == "helper beside the script"
    files = rig.entry(event).record["recipe"]["code"]
    assert set(files) == {"one.py", "helper.py", "shared.py"}
    (rig.folder / "shared.py").write_text("WORD = 'edited'")
    assert rig.text(rig.run(step)["one"]) == "helper edited"


def test_it_is_the_interpreter_of_the_command(rig):
    step = rig.step("one", "(out / 'text.txt').write_text(sys.executable)")

    for cold in (False, True):
        assert rig.text(rig.run(step, cold=cold, reuse=False)["one"]) == sys.executable
