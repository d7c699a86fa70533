"""What a deploy of one stack would do: a change set where all values are known, a prediction where they are not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from fargate_stacks.core.template import Reference, Template
from fargate_stacks.deploy import nested, parameters, plan
from fargate_stacks.deploy.builds import Build, builds_of
from fargate_stacks.deploy.client import CallFailed, Client, StackState
from fargate_stacks.deploy.live_images import live_images
from fargate_stacks.deploy.no_echo import hide, no_echo
from fargate_stacks.deploy.offline import differences
from fargate_stacks.deploy.plan import Plan, Request
from fargate_stacks.deploy.protection import unprotected
from fargate_stacks.deploy.ready import Ready, give_up, ready
from fargate_stacks.deploy.risks import risks
from fargate_stacks.deploy.run import Run, live_template
from fargate_stacks.deploy.status import Do, row
from fargate_stacks.deploy.weights import live_weights
from fargate_stacks.errors import DeployError


@dataclass(frozen=True)
class Draft:
    """One stack of a run, planned."""

    template: Template
    client: Client
    found: Ready
    plan: Plan
    request: Request
    live: Mapping[str, Any] = field(default_factory=dict)
    """The template that the stack has now."""
    known: StackState | None = None
    builds: tuple[Build, ...] = ()
    """The images that it runs and this machine builds."""

    @property
    def name(self) -> str:
        return self.template.name


class Planner:
    """Plans the stacks of a run in their turn; what a producer is about to change is unknown to its consumers."""

    def __init__(self, app: Mapping[str, Template], run: Run, given: Mapping[str, Mapping[str, str]]) -> None:
        self.app = app
        self.run = run
        self.given = given
        self.drafts: dict[str, Draft] = {}
        self._builds: dict[str, tuple[Build, ...]] = {}

    def plan(self, template: Template, *, keep: Sequence[str] = ()) -> Draft:
        """Plan one stack. `keep` has resources whose old one stays when they are replaced.

        Raises DeployError when it cannot be planned.
        """
        for _ in range(3):
            client = self.run.at(template)
            found = ready(template, client, self.run)
            self._tidy(template, client, found)
            draft = self._draft(template, client, found, keep, predict=True)
            stuck = [one for one in draft.plan.changes if one.replacement != "no"]
            if not found.forward or not (stuck or draft.plan.empty):
                self.drafts[template.name] = draft
                return draft
            # trap of CloudFormation: with rollback switched off nothing may be replaced
            assert found.state is not None
            if draft.plan.change_set and not draft.plan.empty:
                plan.discard(client, draft.plan)
            why = f"{stuck[0].logical_id} would be replaced" if stuck else "the template is the one that failed"
            give_up(template, found.state, client, self.run, why)
        raise DeployError(f"{template.name}: it could not be brought to a state to deploy from", exit_code=5)

    def _tidy(self, template: Template, client: Client, found: Ready) -> None:
        """Delete failed change sets that a run of this tool left behind, and name what waits beside the one to come."""
        if found.state is None:
            return
        try:
            listed = client.listed_change_sets(found.state.id)
        except CallFailed as trouble:
            if not trouble.denied:
                raise
            return
        for one in listed:
            if one["ChangeSetName"].startswith(plan.PREFIX) and one["Status"] == "FAILED":
                client.delete_change_set(one["ChangeSetId"])
        waiting = [one["ChangeSetName"] for one in listed if one.get("ExecutionStatus") == "AVAILABLE"]
        if waiting:
            self.run.warn(template.name, f"other change sets wait ({', '.join(waiting)}); a deploy makes them obsolete")

    def again(self, draft: Draft) -> Draft:
        """Plan a stack with the values that are known now, since the stacks before it are done."""
        if not draft.plan.predicted:
            values, _ = self._values(draft.template, draft.client, draft.found, draft.live)
            if values == list(draft.request.parameters):
                return draft
        if draft.plan.change_set:
            plan.discard(draft.client, draft.plan)
        return self._draft(draft.template, draft.client, draft.found, (), predict=False)

    def _draft(self, template: Template, client: Client, found: Ready, keep: Sequence[str], *, predict: bool) -> Draft:
        run = self.run
        live = {} if found.creates or found.state is None else live_template(client, found.state)
        unknown = self._unknown(template, found) if predict else {}
        wanted = template.to_dict()
        old, new = live.get("Resources", {}), wanted["Resources"]
        body, later = unprotected(wanted, keep=old)
        for logical_id in keep:
            body["Resources"][logical_id]["UpdateReplacePolicy"] = "Retain"
        if unknown:
            changes = differences(live, wanted, template.owners, moved=unknown)
            made = Plan(template.name, found.creates, "", "", changes, predicted=True, protects_later=later)
            request = Request(template.name, found.creates, body, (), template.tags, self._more(template, found))
        else:
            values, notes = self._values(template, client, found, live)
            for text in notes:
                run.note(template.name, text)
            request = Request(template.name, found.creates, body, values, template.tags, self._more(template, found))
            made = plan.make(client, request, run.clock, template.owners, artifacts=run.artifacts, protects_later=later)
        made = hide(made, live, wanted)
        if made.change_set and not made.empty and (nested.hides(wanted) or nested.hides(live)):
            inner = nested.sides(client, made.change_set, found.state.id if found.state and live else None)
            old, new = inner.old, inner.new
            made = hide(made, *inner.templates)
        made = replace(made, risks=risks(made.changes, old, new, creates=found.creates))
        return Draft(template, client, found, made, request, live, builds=self._built(template))

    def _more(self, template: Template, found: Ready) -> dict[str, Any]:
        options = self.run.options
        more: dict[str, Any] = dict(self.run.role(template.name))
        if options.notification_arns:
            more["NotificationARNs"] = list(options.notification_arns)
        if found.creates and options.on_failure != "rollback":
            more["OnStackFailure"] = {"delete": "DELETE", "do-nothing": "DO_NOTHING"}[options.on_failure]
        if options.express:
            # said in full: what is executed later may not say it again
            more["DeploymentConfig"] = {"Mode": "EXPRESS", "DisableRollback": False}
        if options.import_existing:
            more["ImportExistingResources"] = True
        return more

    def _values(
        self, template: Template, client: Client, found: Ready, live: Mapping[str, Any]
    ) -> tuple[list[dict[str, object]], list[str]]:
        state = None if found.creates else found.state
        given = dict(self.given[template.name])
        if state is not None:
            given = {
                **live_weights(template, live, client, state.id),
                **live_images(template, client, state.id, given),
                **given,
            }
        outputs = cache(self.outputs)
        known = parameters.resolve(template, state, given, outputs)
        built = {
            one.parameter: image
            for one in self._built(template)
            if (image := one.image(parameters.texts(known[0]))) is not None
        }
        return parameters.resolve(template, state, {**given, **built}, outputs) if built else known

    def _built(self, template: Template) -> tuple[Build, ...]:
        """Give the builds of a stack, whose folders are read once: what is built is what was planned."""
        if template.name not in self._builds:
            self._builds[template.name] = tuple(builds_of(template, self.given[template.name]))
        return self._builds[template.name]

    def outputs(self, stack: str) -> Mapping[str, str] | None:
        """Give the live outputs of a stack; None where there is no such stack."""
        producer = self.app.get(stack)
        where = self.run.client if producer is None else self.run.at(producer)
        state = where.stack(stack)
        return None if state is None or row(state.status).deploy is Do.CREATE else state.outputs

    def _unknown(self, template: Template, found: Ready) -> dict[str, str]:
        """Give the parameters whose values other stacks of this run are yet to make, with words for them."""
        unknown = {}
        for key, reference in template.references.items():
            draft = self.drafts.get(reference.stack)
            if key in self.given[template.name] or draft is None:
                continue
            if moves(draft, reference):
                unknown[key] = f"(known after {reference.stack}.{reference.output})"
        if unknown:  # images too are found out when the values are known
            noted = template.metadata.get("FargateStacks", {})
            own = [key for section in ("LiveImages", "Builds") for key in noted.get(section, {})]
            unknown |= {key: "(the image of that time)" for key in own if key not in self.given[template.name]}
        return unknown


def moves(draft: Draft, reference: Reference) -> bool:
    """Tell whether the plan of a producer may change one of its outputs."""
    value = draft.template.outputs.get(reference.output)
    if draft.plan.creates or value is None or draft.live.get("Outputs", {}).get(reference.output) != value:
        return True
    behind = set(resources_of(value))
    return any(one.logical_id in behind and one.replacement != "no" for one in draft.plan.changes)


def resources_of(value: Any) -> Iterator[str]:
    """Give the logical ids that a value of a template refers to; parameters too, which are no resources."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::GetAtt": str(text)}:
            yield text.partition(".")[0]
        case {"Fn::Sub": str(text)}:
            yield from (part.partition("}")[0].partition(".")[0] for part in text.split("${")[1:])
        case dict():
            for one in value.values():
                yield from resources_of(one)
        case list():
            for one in value:
                yield from resources_of(one)


def beyond(predicted: Plan, real: Plan) -> list[str]:
    """Give what a plan holds that was not foreseen: replacements, removals and risks.

    What only may be replaced is no surprise, unless data hangs on it: AWS says so of whatever takes an attribute
    of something that changes.
    """
    foreseen = {one.logical_id: one for one in predicted.changes}
    found = []
    for one in real.changes:
        before = foreseen.get(one.logical_id)
        if one.action == "Remove" and not (before and before.action == "Remove"):
            found.append(f"{one.logical_id} is removed")
        if one.replacement == "yes" and (before is None or (before.replacement == "no" and before.action == "Modify")):
            found.append(f"{one.logical_id} is replaced")
    known = {(one.kind, one.logical_id) for one in predicted.risks}
    found += [f"{one.logical_id}: {one.text}" for one in real.risks if (one.kind, one.logical_id) not in known]
    return found


def fingerprint(drafts: Sequence[Draft], given: Mapping[str, Mapping[str, str]]) -> str:
    """Give the hash of a plan: templates, where values come from, tags, and the change lists that AWS made.

    Of a NoEcho parameter it only has that it is given: whoever reads the hash could try out guesses.
    """
    told = []
    for draft in sorted(drafts, key=lambda one: one.name):
        template = draft.template
        built = {one.parameter: f"built {one.tag}" for one in draft.builds}
        hidden = no_echo(template.parameters)
        sources = {
            key: ("given" if key in hidden and key in given[template.name] else given[template.name].get(key))
            or (list(template.references[key][:2]) if key in template.references else built.get(key, "kept or default"))
            for key in template.parameters
        }
        changes = (
            []
            if draft.plan.predicted
            else [[one.action, one.logical_id, one.type, one.replacement, one.policy] for one in draft.plan.changes]
        )
        told.append([template.name, template.to_dict(), sources, template.tags, draft.plan.predicted, changes])
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
