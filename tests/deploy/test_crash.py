"""A deploy that is killed at any moment leaves an endpoint as it was, or as it should be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from concrete_cli.errors import Busy, NotFound

DEPLOY = """
import sys
from pathlib import Path
from concrete_cli.backends.local.endpoints import Endpoints
home, bundle, replace = sys.argv[1:]
Endpoints(Path(home)).deploy(Path(bundle), "mix", {"workers": 1, "replace": replace == "yes"})
"""


def killed(deploy, bundle, point, *, replace=False):
    """Deploy in a process that dies at a point."""
    command = [
        sys.executable,
        "-c",
        DEPLOY,
        str(deploy.home),
        str(bundle),
        "yes" if replace else "no",
    ]
    done = subprocess.run(
        command,
        env=os.environ | {"CONCRETE_FAILPOINT": point},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == -9, done.stderr


def test_before_anything_is_started(deploy, bundle, sample):
    for point in ("deploy:copied", "write:key", "write:settings.json"):
        killed(deploy, bundle, point)
        with pytest.raises(NotFound):
            deploy.endpoints.show("mix")
        assert deploy.endpoints.list() == []
    killed(deploy, bundle, "deploy:start")
    assert deploy.endpoints.show("mix")["status"] == "stopped"
    assert deploy().score(sample).status == 200
    folder = Path(deploy.endpoints.show("mix")["key_file"]).parent
    left = {path.name.partition("-")[0] for path in folder.iterdir()}
    assert left == {"board", "bundle", "key", "lock", "log", "process.json", "settings.json"}


def test_after_it_was_started_it_comes_up_all_the_same(deploy, bundle, sample):
    killed(deploy, bundle, "deploy:started")
    found = deploy.endpoints.show("mix")
    assert deploy.client(found).score(sample).status == 200
    with pytest.raises(Busy, match="endpoint mix is in use: it serves mix:1 at http://"):
        deploy()


def test_while_it_is_replaced(deploy, other, sample):
    client = deploy()
    for point in ("deploy:copied", "deploy:next"):
        killed(deploy, other, point, replace=True)
        assert client.score(sample).json()["model"] == "mix:1"
    deploy(bundle=other, replace=True)
    assert client.score(sample).json()["model"] == "mix:2"


def test_two_commands_at_once(deploy, bundle):
    code = DEPLOY.replace(
        "Endpoints(Path(home)).deploy", "deploy = Endpoints(Path(home)).deploy\ndeploy"
    )
    command = [sys.executable, "-c", code, str(deploy.home), str(bundle), "no"]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate()[1] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes == [0, 1], told
    assert "Busy" in "".join(told)
    assert deploy.endpoints.show("mix")["status"] == "running"
