"""A cloud on a virtual clock, what was said, and who answers the questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

from fargate_stacks.core.template import Reference, Template
from fargate_stacks.deploy import engine
from fargate_stacks.deploy.client import Client
from fargate_stacks.deploy.destroy import destroy
from fargate_stacks.deploy.messages import Diagnosed, Ended, Happened, Message, Note, Outputs, Planned, Warn
from fargate_stacks.deploy.run import Options
from tests.deploy.fake_cfn import FakeCfn, FakeStack
from tests.deploy.fake_time import VirtualClock

M = TypeVar("M", bound=Message)


def resource(kind: str = "AWS::SQS::Queue", **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def template(name: str = "shop", resources: dict[str, Any] | None = None, **more: Any) -> Template:
    """A rendered stack as a literal; one queue where nothing else is said."""
    return Template(name, resources if resources is not None else {"Jobs": resource()}, **more)


def referring(name: str, to: str, output: str = "Url", **more: Any) -> Template:
    """A stack that takes one value from another."""
    key = f"{to.title()}{output}"
    return template(
        name,
        {"Mail": resource(QueueName={"Ref": key})},
        parameters={key: {"Type": "String"}},
        references={key: Reference(to, output)},
        metadata={"FargateStacks": {"References": {key: {"Stack": to, "Output": output}}}},
        after=(to,),
        **more,
    )


class Stage:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.cfn = FakeCfn(self.clock)
        self.client = Client(self.cfn)
        self.said: list[Message] = []
        self.asked: list[str] = []
        self.confirm: Callable[[str], bool] | None = None
        self.answer: Callable[[str], bool] = lambda question: True

    def ask(self, question: str) -> bool:
        self.asked.append(question)
        return self.answer(question)

    def deploy(self, *templates: Template, **more: Any) -> None:
        """Deploy; what is no argument of deploy is one of its options."""
        self._run(engine.deploy, templates, more)

    def destroy(self, *templates: Template, **more: Any) -> None:
        self._run(destroy, templates, more)

    def _run(self, do: Callable[..., Any], templates: tuple[Template, ...], more: dict[str, Any]) -> Any:
        named = {one.name: one for one in templates}
        known = {one.name for one in fields(Options)}
        options = Options(**{key: value for key, value in more.items() if key in known})
        rest = {key: value for key, value in more.items() if key not in known}
        rest = {"confirm": self.confirm, **rest} if self.confirm else rest
        return do(named, self.client, out=self.said.append, ask=self.ask, clock=self.clock, options=options, **rest)

    def stack(self, name: str = "shop") -> FakeStack:
        return self.cfn.stack(name)

    def of(self, kind: type[M]) -> list[M]:
        """Give the messages of one kind."""
        return [one for one in self.said if isinstance(one, kind)]

    def texts(self) -> list[str]:
        """Give what was noted and warned of."""
        return [one.text for one in self.said if isinstance(one, (Note, Warn))]

    def events(self) -> list[str]:
        return [f"{one.event.logical_id} {one.event.status}" for one in self.of(Happened)]

    def endings(self) -> dict[str, str]:
        return {one.stack: one.how for one in self.of(Ended)}

    def outputs(self) -> dict[str, dict[str, str]]:
        return {one.stack: dict(one.outputs) for one in self.of(Outputs)}

    @property
    def cause(self) -> str:
        """The logical id of the cause that was told last."""
        return self.of(Diagnosed)[-1].diagnosis.cause.logical_id

    @property
    def plans(self) -> list[Planned]:
        return self.of(Planned)
