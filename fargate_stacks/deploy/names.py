"""What people call things: a construct of infra.py, a logical id, a stack, an ARN; and what lives under that name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fargate_stacks.core.construct import nearest
from fargate_stacks.core.template import Template
from fargate_stacks.deploy.client import Client, StackState
from fargate_stacks.deploy.ecs import Ecs, Resource
from fargate_stacks.deploy.ecs_values import Service
from fargate_stacks.errors import DeployError

SERVICE = "AWS::ECS::Service"
DEFINITION = "AWS::ECS::TaskDefinition"


@dataclass(frozen=True)
class Found:
    """One live resource under the name that people use for it."""

    name: str
    """The construct's name, else the logical id, else what the ARN ends with."""
    ecs: Ecs
    """AWS in the account and region where it lives."""
    physical_id: str
    stack: str = ""
    """Empty for something that was named by its ARN."""
    logical_id: str = ""
    template: Template | None = None
    siblings: tuple[Resource, ...] = ()
    """All live resources of its stack."""

    def physical(self, logical_id: str) -> str:
        """Give the physical id of another resource of the stack; empty where there is none."""
        return next((one.physical_id for one in self.siblings if one.logical_id == logical_id), "")


@dataclass(frozen=True)
class Runner:
    """What runs tasks: a service, or a task definition by itself."""

    found: Found
    task_definition: str
    service: Service | None = None


@dataclass
class Directory:
    """The app's names, looked up in the live stacks; each stack is read once."""

    templates: Mapping[str, Template]
    client: Client
    _clients: dict[tuple[str | None, str | None], Ecs] = field(default_factory=dict)
    _resources: dict[str, tuple[Resource, ...]] = field(default_factory=dict)

    def ecs(self, region: str | None = None, account: str | None = None) -> Ecs:
        """Give AWS in a region and account; None means those of the run."""
        key = (region, account)
        if key not in self._clients:
            self._clients[key] = Ecs(self.client.at(region, account))
        return self._clients[key]

    def services(self, name: str | None = None) -> list[Found]:
        """Give the live services under a name, in the order of the app; without a name all that are deployed.

        A name is a construct's, STACK/CONSTRUCT where two stacks have one, a logical id, a stack's, or an ARN.
        Raises DeployError with exit code 2 for a name that means no service.
        """
        if name is None:
            return [one for stack in self.templates for one in self._live(stack, SERVICE, missing_ok=True)]
        if name.startswith("arn:"):
            return self._by_arn(name)
        if name in self.templates:
            return self._live(name, SERVICE)
        found = self._named(name, SERVICE)
        if found:
            return found
        stack = None if "/" in name else self._foreign(name)
        if stack is not None:
            return self._of_stack(stack, SERVICE)
        raise self._unknown(name, SERVICE, "service")

    def service(self, name: str) -> Found:
        """Give the one service under a name. Raises DeployError when it means none, or several."""
        found = self.services(name)
        if len(found) == 1:
            return found[0]
        if not found:
            raise DeployError(f"{name}: the stack has no service", exit_code=2)
        names = ", ".join(f"{one.stack}/{one.name}" if one.stack else one.name for one in found)
        raise DeployError(f"{name}: it means {len(found)} services; name one of {names}", exit_code=2)

    def task(self, name: str) -> Found:
        """Give the task definition of a construct that runs tasks. Raises DeployError as `service` does."""
        if name.startswith("arn:"):
            if ":task-definition/" not in name:
                raise DeployError(f"{name}: this is not the ARN of a task definition", exit_code=2)
            return Found(name.rpartition("/")[2], self.ecs(name.split(":")[3] or None), name)
        if name in self.templates:
            found = self._live(name, DEFINITION)
        else:
            found = self._named(name, DEFINITION)
            if not found:
                raise self._unknown(name, DEFINITION, "task")
        if len(found) == 1:
            return found[0]
        names = ", ".join(f"{one.stack}/{one.name}" for one in found)
        many = f"it means {len(found)} tasks; name one of {names}" if found else "the stack has no task"
        raise DeployError(f"{name}: {many}", exit_code=2)

    def runner(self, name: str) -> Runner:
        """Give what runs the tasks of a name: a live service, or a task definition alone (a job, a scheduled task).

        Raises DeployError with exit code 2 for a name that means neither, or several.
        """
        construct = not name.startswith("arn:") and not self.is_stack(name)
        without = construct and not self._named(name, SERVICE)
        if ":task-definition/" in name or (without and self._named(name, DEFINITION)):
            found = self.task(name)
            return Runner(found, found.physical_id)
        if without and ("/" in name or self._foreign(name) is None):
            raise self._unknown(name, DEFINITION, "service, task")
        found = self.service(name)
        live = found.ecs.services([found.physical_id]).get(found.physical_id)
        if live is None or live.status == "INACTIVE":
            raise DeployError(f"{name}: there is no such service", exit_code=2)
        return Runner(found, live.task_definition, live)

    def is_stack(self, name: str) -> bool:
        """Tell whether a name is that of a stack, of the app or by ARN."""
        return name in self.templates or ":stack/" in name

    def stack(self, name: str) -> tuple[Ecs, StackState, Template | None]:
        """Give a live stack by name or ARN. Raises DeployError when it is not deployed."""
        template = self.templates.get(name)
        region = name.split(":")[3] if name.startswith("arn:") else template.region if template else None
        ecs = self.ecs(region, template.account if template else None)
        state = ecs.client.stack(name)
        if state is None or state.status == "REVIEW_IN_PROGRESS":
            if template is None:
                hint = nearest(name, self._names(None)) or f"; the app has {', '.join(self._names(None)) or 'nothing'}"
                raise DeployError(f"{name}: there is no stack or service of that name{hint}", exit_code=2)
            raise DeployError(f"{name}: the stack is not deployed; fargate-stacks deploy --stack {name}", exit_code=2)
        return ecs, state, template or self.templates.get(state.name)

    def is_missing(self, stack: str) -> bool:
        """Tell whether a stack of the app is not deployed."""
        template = self.templates[stack]
        state = self.ecs(template.region, template.account).client.stack(stack)
        return state is None or state.status == "REVIEW_IN_PROGRESS"

    def stacks_of(self, name: str | None) -> list[str]:
        """Give the stacks that a name means: all, a stack itself, or the one of a construct."""
        if name is None:
            return list(self.templates)
        if self.is_stack(name):
            return [name]
        wanted, construct = _split(name)
        homes = [
            stack
            for stack, template in self.templates.items()
            if wanted in ("", stack)
            and (construct in template.resources or any(one.name == construct for one in template.owners.values()))
        ]
        return homes or [name]

    def home_of_gone(self, name: str) -> str | None:
        """Give the live stack of a construct whose service is not there: it failed, or a rollback took it away."""
        if name.startswith("arn:") or self._named(name, SERVICE):
            return None
        return self._home(name, SERVICE)

    def _home(self, name: str, kind: str) -> str | None:
        wanted, construct = _split(name)
        return next(
            (
                stack
                for stack, template in self.templates.items()
                if wanted in ("", stack) and any(_matches(template, one, construct) for one in _of(template, kind))
            ),
            None,
        )

    # how a name is looked up

    def _named(self, name: str, kind: str) -> list[Found]:
        wanted, construct = _split(name)
        homes = [
            stack
            for stack, template in self.templates.items()
            if wanted in ("", stack) and any(_matches(template, one, construct) for one in _of(template, kind))
        ]
        if len(homes) > 1:
            raise DeployError(
                f"{name}: stacks {' and '.join(homes)} have one; write {' or '.join(f'{one}/{name}' for one in homes)}",
                exit_code=2,
            )
        return [one for home in homes for one in self._live(home, kind) if construct in (one.logical_id, one.name)]

    def _live(self, stack: str, kind: str, *, missing_ok: bool = False) -> list[Found]:
        """Give the live resources of one kind of a stack of the app."""
        template = self.templates[stack]
        if missing_ok:
            if self.is_missing(stack):
                return []
        else:
            self.stack(stack)
        return self._in(stack, stack, self.ecs(template.region, template.account), template, kind)

    def _of_stack(self, state: StackState, kind: str) -> list[Found]:
        region = state.id.split(":")[3] if state.id.startswith("arn:") else None
        return self._in(state.id, state.name, self.ecs(region), None, kind)

    def _in(self, key: str, stack: str, ecs: Ecs, template: Template | None, kind: str) -> list[Found]:
        if key not in self._resources:
            order = {logical_id: number for number, logical_id in enumerate(template.resources if template else ())}
            found = sorted(ecs.resources(key), key=lambda one: order.get(one.logical_id, len(order)))
            self._resources[key] = tuple(found)
        everything = self._resources[key]
        return [
            Found(_called(template, one.logical_id), ecs, one.physical_id, stack, one.logical_id, template, everything)
            for one in everything
            if one.type == kind and one.physical_id and not one.status.startswith("DELETE_COMPLETE")
        ]

    def _by_arn(self, arn: str) -> list[Found]:
        if ":stack/" in arn:
            return self._of_stack(self.stack(arn)[1], SERVICE)
        if ":service/" not in arn:
            raise DeployError(f"{arn}: this is the ARN of neither a service nor a stack", exit_code=2)
        return [Found(arn.rpartition("/")[2], self.ecs(arn.split(":")[3] or None), arn)]

    def _foreign(self, name: str) -> StackState | None:
        """Give a live stack that the app does not know."""
        state = self.client.stack(name)
        return None if state is None or state.status == "REVIEW_IN_PROGRESS" else state

    def _unknown(self, name: str, kind: str, word: str) -> DeployError:
        _, construct = _split(name)
        owner = next(
            (one for template in self.templates.values() for one in template.owners.values() if one.name == construct),
            None,
        )
        home = self._home(name, kind)
        if home is not None:
            return DeployError(
                f"{name}: it is not there, though the stack {home} is; fargate-stacks diagnose {home} tells why",
                exit_code=2,
            )
        known = self._names(kind)
        listed = f"; the app has {', '.join(known)}" if known else f"; the app has no {word}"
        if owner is not None:
            return DeployError(f"{name}: this is a {owner.kind}, which has no {word}{listed}", exit_code=2)
        return DeployError(
            f"{name}: there is no {word} or stack of that name{nearest(name, known) or listed}", exit_code=2
        )

    def _names(self, kind: str | None) -> list[str]:
        names = {
            _called(template, logical_id): None
            for template in self.templates.values()
            for logical_id in _of(template, kind or SERVICE)
        }
        return [*names, *self.templates]


def _split(name: str) -> tuple[str, str]:
    stack, slash, construct = name.rpartition("/")
    return (stack, construct) if slash else ("", name)


def _of(template: Template, kind: str) -> Iterable[str]:
    return [logical_id for logical_id, one in template.resources.items() if one.get("Type") == kind]


def _matches(template: Template, logical_id: str, construct: str) -> bool:
    return construct in (logical_id, _called(template, logical_id))


def _called(template: Template | None, logical_id: str) -> str:
    owner = template.owners.get(logical_id) if template is not None else None
    return owner.name if owner is not None and owner.name else logical_id
