"""What GitHub Actions shows of a run: annotations, groups, the summary of a step, and its outputs."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import TextIO

from fargate_stacks.cli.lines import counted, short, word_of
from fargate_stacks.deploy.diagnosis import Failure
from fargate_stacks.deploy.messages import Diagnosed, Message, Outputs, Planned, Summary, Warn
from fargate_stacks.deploy.plan import Plan


class GitHub:
    """Writes workflow commands to a stream, and to the files that GitHub names in the environment."""

    def __init__(self, err: TextIO, environment: Mapping[str, str]) -> None:
        self._err = err
        self._summary = environment.get("GITHUB_STEP_SUMMARY")
        self._outputs = environment.get("GITHUB_OUTPUT")

    def inert(self, text: str) -> str:
        """Give a text of which GitHub takes no line for a command, as a container may have written one to its log."""
        return re.sub(r"(?m)^(\s*):(?=:)", "\\1:\u200b", text).replace("##[", "##\u200b[")

    def before(self, message: Message) -> None:
        """Open a group for a plan, which is long; what happens is not grouped, since stacks run beside each other."""
        if _grouped(message):
            print(f"::group::plan of {_data(message.stack)}", file=self._err, flush=True)

    def __call__(self, message: Message) -> None:
        if _grouped(message):
            print("::endgroup::", file=self._err, flush=True)
        match message:
            case Diagnosed(diagnosis=found):
                for failure in (found.cause, *found.also):
                    self._annotate(message.stack, failure)
            case Warn(text=text):
                self._say("warning", {"title": message.stack or "fargate-stacks"}, text)
            case Planned(plan=plan):
                self._append(self._summary, "\n".join(markdown(plan)) + "\n")
            case Summary(fingerprint=found):
                self._append(self._summary, f"Plan `{found}`\n")
            case Outputs(outputs=outputs):
                self._append(self._outputs, "".join(_assigned(message.stack, outputs)))

    def _annotate(self, stack: str, failure: Failure) -> None:
        place: dict[str, str] = {"title": f"{stack}: {failure.logical_id} ({failure.type})"}
        source = failure.owner.source if failure.owner is not None else None
        if source is not None:
            place |= {"file": os.path.relpath(source.file), "line": str(source.line)}
        hints = [f"{hint.means}; {hint.do}" for hint in failure.hints]
        self._say("error", place, "\n".join([failure.reason, *hints]))

    def _say(self, command: str, place: Mapping[str, str], text: str) -> None:
        properties = ",".join(f"{key}={_property(value)}" for key, value in place.items())
        print(f"::{command} {properties}::{_data(text)}", file=self._err, flush=True)

    def _append(self, path: str | None, text: str) -> None:
        if path:
            with open(path, "a", encoding="utf-8") as file:
                file.write(text)


def _grouped(message: Message) -> bool:
    return isinstance(message, Planned) and bool(message.plan.changes)


def markdown(plan: Plan) -> Iterator[str]:
    """Give a plan as Markdown."""
    yield f"### {plan.stack}: {'no changes' if plan.empty else counted(plan)}"
    if plan.empty or not plan.changes:
        return
    yield "\n| | resource | type | change |\n|---|---|---|---|"
    for change in plan.changes:
        values = "<br>".join(
            f"{_cell(one.path)}: {_cell(short(one.before))} → {_cell(short(one.after))}" for one in change.properties
        )
        yield f"| {word_of(change)} | {_cell(change.logical_id)} | {_cell(change.type)} | {values} |"
    for risk in plan.risks:
        yield f"\n> **{risk.kind}** {risk.logical_id}: {_cell(risk.text)}"


def _assigned(stack: str, outputs: Mapping[str, str]) -> Iterator[str]:
    for key, value in outputs.items():
        name = re.sub(r"\W", "_", f"{stack}_{key}")
        # a delimiter that no value can hold, so that a value cannot set another output
        end = f"end-{secrets.token_hex(8)}"
        yield f"{name}<<{end}\n{value}\n{end}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
