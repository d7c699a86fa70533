"""The command line in front of a fake CloudFormation on a virtual clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fargate_stacks.cli.group import run
from tests.deploy.commands import Done
from tests.deploy.stage import Stage, resource


class Desk(Stage):
    """Commands are run in a folder of their own; with no terminal, nobody can be asked."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__()
        self.folder = folder
        self._capsys = capsys

    def template(self, resources: Mapping[str, Any] | None = None, name: str = "shop", **more: Any) -> list[str]:
        """Write a template, and give the arguments that deploy it."""
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps({"Resources": resources or {"Jobs": resource()}, **more}), "utf-8")
        return ["--template", str(file), "--stack", name]

    def file(self, name: str, text: str) -> str:
        """Write a file, and give its path."""
        (self.folder / name).write_text(text, "utf-8")
        return str(self.folder / name)

    def __call__(self, *arguments: str) -> Done:
        self._capsys.readouterr()
        code = run(arguments, {"client": self.client, "clock": self.clock})
        said = self._capsys.readouterr()
        return Done(code, said.out, said.err)

    def yes(self, *arguments: str, **template: Any) -> Done:
        """Deploy without a question."""
        return self("deploy", "--yes", *arguments, *self.template(**template))

    def request(self, operation: str = "CreateChangeSet") -> dict[str, Any]:
        """Give the newest request of an operation."""
        return self.cfn.called(operation)[-1]

    def as_local(self) -> None:
        """Let the cloud be one that lives on this machine."""
        self.client = replace(self.client, local=True)
