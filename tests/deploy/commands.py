"""The command line as a process: in a folder with a local cloud of its own, or with an account of the tests' cloud.

`--local` commands are quick and ask nothing. Those of an account go the way to AWS: by the environment, with
questions and consent, at the tempo that AWS is given.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from fargate_stacks.cli.group import run
from fargate_stacks.deploy import local
from fargate_stacks.deploy.client import Client, connect, local_api
from fargate_stacks.deploy.clock import WallClock
from tests.localcloud import Cloud


@dataclass(frozen=True)
class Done:
    """How a process ended."""

    code: int
    out: str
    err: str

    def records(self, kind: str = "") -> list[dict[str, Any]]:
        """Give the JSON lines of standard output, those of one type where it is named."""
        found = [json.loads(line) for line in self.out.splitlines()]
        return [one for one in found if kind in ("", one["type"])]

    def events(self) -> list[tuple[str, str]]:
        """Give what happened as (logical id, status), in the order in which it was said."""
        return [(one["logical_id"], one["status"]) for one in self.records("event")]


def template(folder: Path, resources: Mapping[str, Any], name: str = "shop", **more: Any) -> list[str]:
    """Write a template, and give the arguments that deploy it."""
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"Resources": resources, **more}), "utf-8")
    return ["--template", str(file), "--stack", name]


@dataclass(frozen=True)
class Folder:
    """A project's folder and the environment in which its commands run."""

    path: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def template(self, resources: Mapping[str, Any], name: str = "shop", **more: Any) -> list[str]:
        return template(self.path, resources, name, **more)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and do not wait for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "fargate_stacks", *arguments],
            cwd=self.path,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str) -> Done:
        process = self.begin(*arguments)
        out, err = process.communicate(timeout=120)
        return Done(process.returncode, out, err)


@dataclass(frozen=True)
class LocalFolder(Folder):
    """A folder whose local cloud is a process of its own."""

    def start(self) -> None:
        local.start(self.path)

    @property
    def url(self) -> str:
        found = local.status(self.path)
        assert found is not None
        return found.endpoint_url

    def stop(self) -> None:
        local.stop(self.path)

    def reset(self) -> None:
        """Empty the cloud, and the folder but for what leads to it."""
        found = local.status(self.path)
        assert found is not None
        local.reset(found)
        for one in self.path.glob("*.*"):
            if one.is_file():
                one.unlink()

    def play(self, **scenario: Any) -> None:
        """Let something go wrong."""
        found = local.status(self.path)
        assert found is not None
        local.play(found, scenario)

    @property
    def client(self) -> Client:
        return connect(endpoint_url=self.url)

    def api(self, service: str = "cloudformation") -> Any:
        return local_api(service, self.url)

    def status(self, name: str = "shop") -> str:
        found = self.client.stack(name)
        return "absent" if found is None else found.status

    def history(self, name: str = "shop") -> list[dict[str, Any]]:
        """Give the events of a stack, oldest first."""
        pages = self.api().get_paginator("describe_stack_events").paginate(StackName=name)
        return [event for page in pages for event in page["StackEvents"]][::-1]


def account_of(cloud: Cloud) -> dict[str, str]:
    """Give the environment that leads a process to an account of the tests' cloud as to one of AWS."""
    return {
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "AWS_ACCESS_KEY_ID": cloud.account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": cloud.region,
    }


class Hasty(WallClock):
    """The machine's clock, on which nobody waits long: for commands that go at the tempo of AWS."""

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.02))


class Account:
    """Commands in this process, on an account of the tests' cloud as if it were AWS: they ask, or want approvals."""

    def __init__(self, cloud: Cloud, capsys: pytest.CaptureFixture[str], *, remote: bool = False) -> None:
        self.cloud = cloud
        self._capsys = capsys
        self._remote = remote
        """What is only done with AWS is done too: checks of the account, a question before a bucket is made."""

    def __call__(self, *arguments: str) -> Done:
        client = self.cloud.client()
        handed = {"client": replace(client, local=False), "clock": Hasty()} if self._remote else {"client": client}
        return self.run(handed, *arguments)

    def run(self, handed: Mapping[str, object], *arguments: str) -> Done:
        """Run a command that is handed something."""
        self._capsys.readouterr()
        code = run(arguments, handed)
        said = self._capsys.readouterr()
        return Done(code, said.out, said.err)

    def status(self, name: str = "shop") -> str:
        found = self.cloud.client().stack(name)
        return "absent" if found is None else found.status
