"""Rendering: an app in, one template a stack out. Pure: no network, no clock, no order of hashing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fargate_stacks.core.bounds import apply_bounds
from fargate_stacks.core.construct import Construct, source_of
from fargate_stacks.core.integrity import check_limits, check_references, prune_dependencies
from fargate_stacks.core.priorities import Priority, allocate
from fargate_stacks.core.references import (
    Edge,
    deployable_order,
    output_name,
    parameter_name,
    parameter_type,
    refuse_impossible,
    same_place,
)
from fargate_stacks.core.stack import App, Resources, Stack
from fargate_stacks.core.tags import apply_tags
from fargate_stacks.core.template import Owner, Reference, Template
from fargate_stacks.core.values import Attr, AttrList, Intrinsic, Leaf, LiveWeight, NotedParam, Param, Removal
from fargate_stacks.errors import RenderError, made_at


def render(app: App) -> dict[str, Template]:
    """Give every stack's template by the stack's name, in deployable order.

    Raises RenderError for constructs that do not fit together: one in no stack or in two, twin logical ids, stacks
    that need each other in a ring, references that resolve to nothing, limits of CloudFormation passed.
    """
    if not isinstance(app, App):
        raise RenderError(f"render: an App is wanted, got {type(app).__name__}; give App([Stack(...)])")
    homes = _homes(app)
    drafts = {stack.name: _Draft(stack, app, homes) for stack in app.stacks}
    given = allocate([one for draft in drafts.values() for one in draft.priorities_asked()])
    for draft in drafts.values():
        draft.write(drafts, given)
    edges = [edge for draft in drafts.values() for edge in draft.edges]
    order = deployable_order(app.stacks, edges)
    return {name: drafts[name].finish(order) for name in order}


def _homes(app: App) -> dict[Construct, Stack]:
    homes: dict[Construct, Stack] = {}
    for stack in app.stacks:
        names: dict[str, Construct] = {}
        for member in stack.flat():
            if isinstance(member, Construct):
                with made_at(source_of(member)):
                    _settle(member, stack, homes, names)
    return homes


def _settle(member: Construct, stack: Stack, homes: dict[Construct, Stack], names: dict[str, Construct]) -> None:
    other = homes.setdefault(member, stack)
    if other is not stack:
        raise RenderError(f'{member.who} is in two stacks, "{other.name}" and "{stack.name}"; leave it in one')
    twin = names.setdefault(member.name, member)
    if twin is not member:
        raise RenderError(f'Stack "{stack.name}": {twin.who} and {member.who} have the same name; rename one of them')
    if len([one for one in stack.flat() if one is member]) > 1:
        raise RenderError(f'{member.who} is twice in stack "{stack.name}"; list it once')


class _Draft:
    """One stack while it is rendered: the scope that its lazy values ask."""

    def __init__(self, stack: Stack, app: App, homes: dict[Construct, Stack]) -> None:
        self.stack = stack
        self.app = app
        self.homes = homes
        self.who = f'Stack "{stack.name}"'
        self.edges: list[Edge] = []
        self.parameters: dict[str, Any] = {}
        self.references: dict[str, Reference] = {}
        self.weights: dict[str, dict[str, str]] = {}
        self.notes: dict[str, dict[str, Any]] = {}
        self.local: dict[str, dict[str, str]] = {}
        self.passed_on: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}
        self.owners: dict[str, Owner] = {}
        self.user = self.who
        self.encoded = self._encode(self._build())

    # built and encoded: troposphere's part

    def _build(self) -> Resources:
        objects: dict[str, Any] = {}
        for member in self.stack.flat():
            made: Any = member.build() if isinstance(member, Construct) else (member,)
            if isinstance(member, Construct):
                owner = Owner(member.name, type(member).__name__, source_of(member))
            else:
                owner = Owner(str(member.title), "resource", None)
            with made_at(owner.source):
                for one in made:
                    self._take(one, owner, objects)
        resources = Resources(self.stack.name, objects)
        if self.stack.customize is not None:
            self.stack.customize(resources)
            for logical_id, one in resources.items():
                if not isinstance(getattr(one, "resource_type", None), str):
                    raise RenderError(f"{self.who}: customize left no troposphere resource at {logical_id}")
                self.owners.setdefault(logical_id, Owner("", "customize", None))
        return resources

    def _take(self, one: Any, owner: Owner, objects: dict[str, Any]) -> None:
        logical_id = one.title
        if not logical_id:
            raise RenderError(f"{owner}: a {one.resource_type} has no title; give it a logical id")
        if logical_id in objects:
            raise RenderError(
                f"{self.who}: {self.owners[logical_id]} and {owner} both make {logical_id}; rename one of them"
            )
        objects[logical_id] = one
        self.owners[logical_id] = owner

    def _encode(self, objects: Resources) -> dict[str, Any]:
        tags = {**self.app.tags, **self.stack.tags}
        encoded = {}
        for logical_id, one in objects.items():
            owner = self.owners[logical_id]
            with made_at(owner.source):
                try:
                    body = one.to_dict()
                except (ValueError, TypeError, AttributeError) as error:
                    words = error.args[0] if error.args else str(error)
                    text = " ".join(str(word) for word in words) if isinstance(words, tuple) else str(words)
                    raise RenderError(f"{owner}: {logical_id} is refused: {text}") from error
                apply_tags(one, body, tags, f"{owner}: {logical_id}")
                apply_bounds(one.resource_type, body, self.stack, self.app)
            encoded[logical_id] = body
        return encoded

    def priorities_asked(self) -> Iterator[Priority]:
        """Give the priorities that wait in this stack's resources, each with the line of its construct."""
        for logical_id, body in self.encoded.items():
            for one in _lazy(body):
                if isinstance(one, Priority):
                    one.source = self.owners[logical_id].source
                    yield one

    # written: lazy values become plain data

    def write(self, drafts: dict[str, _Draft], priorities: dict[Priority, int]) -> None:
        self.drafts = drafts
        self.priorities = priorities
        self.resources: dict[str, Any] = {}
        for logical_id, body in self.encoded.items():
            self.user = str(self.owners[logical_id])
            waits = body.pop("DependsOn", [])
            with made_at(self.owners[logical_id].source):
                plain = self._plain(body)
                waits = self._waits(waits if isinstance(waits, list) else [waits])
            ordered = {"Type": plain.pop("Type")}
            if waits:
                ordered["DependsOn"] = waits
            properties = plain.pop("Properties", None)
            ordered.update(plain)
            if properties is not None:
                ordered["Properties"] = properties
            self.resources[logical_id] = ordered
        self.user = self.who
        for name, value in self.stack.outputs.items():
            self.outputs[name] = {"Value": self._plain(value)}

    def _waits(self, waits: list[Any]) -> list[str]:
        """The logical ids to wait for; what lives in another stack becomes that stack's turn."""
        ids: set[str] = set()
        for one in waits:
            value: Any = one.value if isinstance(one, Leaf) else one
            if isinstance(value, Attr):
                home = self._home(value)
                if home is not self.stack:
                    self._edge(home, f"{self.user} waits for {value.logical_id}")
                    continue
                self._must_have(value, self)
                value = value.logical_id
            ids.add(value)
        return sorted(ids)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Leaf):
            value = value.value
        if isinstance(value, Intrinsic):
            return value.resolve(self)
        if isinstance(value, dict):
            return {key: self._plain(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._plain(one) for one in value]
        if hasattr(value, "to_dict"):
            return self._plain(value.to_dict())
        return value

    def finish(self, order: list[str]) -> Template:
        """Check the whole and give the template. `order` has every stack in its turn."""
        outputs = {**self.outputs, **dict(sorted(self.passed_on.items()))}
        parameters = dict(sorted(self.parameters.items()))
        prune_dependencies(self.resources)
        check_references(self.who, self.resources, parameters, outputs, self.owners)
        wiring = {
            parameter: {"Stack": one.stack, "Output": one.output} for parameter, one in sorted(self.references.items())
        }
        notes = {"References": wiring, "Weights": dict(sorted(self.weights.items()))}
        notes |= {section: dict(sorted(self.notes[section].items())) for section in sorted(self.notes)}
        notes = {key: value for key, value in notes.items() if value}
        needs = {edge.producer for edge in self.edges}
        template = Template(
            name=self.stack.name,
            resources=self.resources,
            parameters=parameters,
            outputs=outputs,
            metadata={"FargateStacks": notes} if notes else {},
            description=self.stack.description,
            region=self.stack.region,
            account=self.stack.account,
            tags={**self.app.tags, **self.stack.tags},
            termination_protection=self.stack.termination_protection,
            after=tuple(name for name in order if name in needs),
            references=self.references,
            local=self.local,
            owners=self.owners,
        )
        check_limits(self.who, template)
        return template

    # Scope: what lazy values ask

    @property
    def removal(self) -> Removal:
        return self.stack.removal

    def priority(self, of: object) -> int:
        assert isinstance(of, Priority)
        return self.priorities[of]

    def parameter(self, param: Param) -> dict[str, Any]:
        declared = param.declaration()
        if self.parameters.setdefault(param.name, declared) != declared:
            raise RenderError(f"{self.who}: two parameters are named {param.name} and differ; rename one of them")
        if isinstance(param, LiveWeight):
            self.weights[param.name] = param.live
        if isinstance(param, NotedParam):
            content = self._plain(param.content)
            if param.section == "Builds" and "Fn::GetAtt" in content["Repository"]:
                raise RenderError(
                    f"{self.user}: the repository of {param.name} is in the same stack, so the service would start "
                    f"before the first push; put the repository into a stack of its own"
                )
            if param.section == "LiveImages" and content["Service"] not in self.encoded:
                raise RenderError(
                    f"{self.user}: an ExternalImage is what others roll out to a service, and {param.name} is of none; "
                    f"use ParameterImage or SsmImage"
                )
            self.notes.setdefault(param.section, {})[param.name] = content
            self.local[param.name] = param.local
        return {"Ref": param.name}

    def reference(self, attr: Attr) -> dict[str, Any]:
        home = self._home(attr)
        if home is self.stack:
            self._must_have(attr, self)
            return _at_home(attr)
        return self._from_elsewhere(home, attr, lambda: _at_home(attr))

    def reference_list(self, attrs: AttrList) -> Any:
        if not attrs.items:
            return []
        home = self._home(attrs.items[0])
        if home is self.stack:
            return [self.reference(one) for one in attrs.items]
        joined = {"Fn::Join": [",", [_at_home(one) for one in attrs.items]]}
        return self._from_elsewhere(home, attrs, lambda: joined)

    def _home(self, attr: Attr) -> Stack:
        home = self.homes.get(attr.owner)
        if home is None:
            raise RenderError(
                f'{self.user} in stack "{self.stack.name}" refers to {attr.owner.who}, which is in no stack; '
                f"add it to the members of one"
            )
        return home

    def _must_have(self, attr: Attr, draft: _Draft) -> str:
        if attr.logical_id not in draft.encoded:
            raise RenderError(
                f"{self.user}: {attr.owner.who} has no {attr.logical_id}; customize may have removed or renamed it"
            )
        kind: str = draft.encoded[attr.logical_id]["Type"]
        return kind

    def _edge(self, home: Stack, why: str) -> None:
        self.edges.append(Edge(self.stack.name, home.name, why))

    def _from_elsewhere(self, home: Stack, value: Attr | AttrList, at_home: Callable[[], Any]) -> dict[str, Any]:
        first = value if isinstance(value, Attr) else value.items[0]
        producer = self.drafts[home.name]
        kind = self._must_have(first, producer)
        refuse_impossible(
            consumer=self.stack,
            producer=home,
            user=self.user,
            owner=first.owner.who,
            resource_type=kind,
            references=self.app.references,
        )
        output = output_name(value)
        self._edge(home, f"{self.user} uses {output} of {first.owner.who}")
        exported = self.app.references == "exports"
        producer.pass_on(output, at_home(), exported)
        if exported:
            imported = {"Fn::ImportValue": f"{home.name}-{output}"}
            return {"Fn::Split": [",", imported]} if isinstance(value, AttrList) else imported
        parameter = parameter_name(home.name, output)
        length = len(value.items) if isinstance(value, AttrList) else None
        reference = Reference(home.name, output, length)
        if self.references.setdefault(parameter, reference) != reference:
            raise RenderError(
                f'{self.who}: {parameter} would stand for outputs of "{self.references[parameter].stack}" '
                f'and of "{home.name}"; rename one of the two stacks'
            )
        self.parameters[parameter] = {
            "Type": parameter_type(value, kind, same_place=same_place(self.stack, home)),
            "Description": f"{output} of stack {home.name}",
        }
        return {"Ref": parameter}

    def pass_on(self, output: str, value: Any, exported: bool) -> None:
        """Declare an output for another stack; two that need the same declare it once."""
        entry = {"Value": value, **({"Export": {"Name": f"{self.stack.name}-{output}"}} if exported else {})}
        theirs = self.stack.outputs.get(output)
        if theirs is not None or self.passed_on.setdefault(output, entry) != entry:
            raise RenderError(
                f"{self.who}: the output {output} is needed by another stack and given twice; "
                f"rename the one in Stack(outputs=)"
            )


def _at_home(attr: Attr) -> dict[str, Any]:
    return {"Fn::GetAtt": [attr.logical_id, attr.attribute]} if attr.attribute else {"Ref": attr.logical_id}


def _lazy(value: Any) -> Iterator[Intrinsic]:
    if isinstance(value, Leaf):
        yield value.value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _lazy(one)
    elif isinstance(value, list):
        for one in value:
            yield from _lazy(one)
