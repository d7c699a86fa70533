"""The question at a real terminal: what it names, and what a yes and a no do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, run
from tests.deploy.commands import Folder, account_of
from tests.deploy.stage import resource
from tests.localcloud import Cloud

POLICY = resource(
    "AWS::IAM::ManagedPolicy",
    PolicyDocument={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]},
)


def answered(folder: Folder, answer: str, *arguments: str) -> tuple[str, int]:
    """Run a command at a terminal, and answer its question; give all that was written, and the exit code."""
    given: list[str] = []

    def say(pid: int, descriptor: int, terminal: Terminal) -> None:
        if not given and "[y/N]" in terminal.raw:
            os.write(descriptor, f"{answer}\n".encode())
            given.append(answer)

    command = [sys.executable, "-m", "fargate_stacks", *arguments]
    terminal, code = run(command, columns=120, seconds=60, during=say, environment=folder.environment)
    assert given, terminal.raw
    return terminal.raw, code


@pytest.mark.parametrize(("answer", "code", "there"), [("y", 0, True), ("", 4, False)])
def test_a_yes_at_the_terminal_covers_what_it_names(
    tmp_path: Path, cloud: Cloud, answer: str, code: int, there: bool
) -> None:
    folder = Folder(tmp_path, account_of(cloud))
    arguments = ["deploy", "--no-preflight", *folder.template({"Policy": POLICY})]
    written, ended = answered(folder, answer, *arguments)
    assert "deploy these changes to shop, with broadening? [y/N]" in written
    assert (ended, cloud.client().stack("shop") is not None) == (code, there)


def test_ctrl_c_at_the_question_takes_the_plan_back(tmp_path: Path, cloud: Cloud) -> None:
    folder = Folder(tmp_path, account_of(cloud))
    written, ended = answered(folder, "\x03", "deploy", "--no-preflight", *folder.template({"Jobs": resource()}))
    assert "interrupted; nothing was started" in written
    assert (ended, cloud.client().stack("shop")) == (130, None)
