"""What would fail half-way through a deploy and can be asked beforehand: findings with codes, FS901 and up.

Every check asks AWS about what is there already: an image, a secret, a certificate, a subnet. What the same
deploy makes is not looked at, and where a permission is missing the check is left out with one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fargate_stacks.core.template import Template
from fargate_stacks.deploy.client import CallFailed, Client, call
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.messages import Note, Out, Preflighted
from fargate_stacks.deploy.parameters import given_for
from fargate_stacks.deploy.preflight_account import ACCOUNT
from fargate_stacks.deploy.preflight_checks import EVERYWHERE, REMOTE
from fargate_stacks.deploy.preflight_subject import Check, Finding, Report, Subject, Unsure
from fargate_stacks.deploy.registry import Fetch
from fargate_stacks.deploy.registry import get as get_url
from fargate_stacks.deploy.resolve import Resolver
from fargate_stacks.deploy.run import select
from fargate_stacks.errors import DeployError


def inspect(
    templates: Mapping[str, Template],
    client: Client,
    *,
    given: Mapping[str, Mapping[str, str]] | None = None,
    only: Iterable[str] = (),
    fetch: Fetch = get_url,
    clients: Mapping[str, Client] | None = None,
) -> Report:
    """Look at everything that the stacks need and do not make; `given` holds parameter values by stack, `clients`
    the client of each stack that has a profile of its own.

    On a local cloud only what lives in it is asked about. Raises CallFailed when credentials end.
    """
    chosen = list(only) or list(templates)
    findings: list[Finding] = []
    skipped: dict[str, None] = {}
    stacks = _Stacks(templates, client, clients or {})
    for name in chosen:
        subject = stacks.subject(name, (given or {}).get(name, {}), fetch)
        checks = EVERYWHERE if subject.ecs.client.local else (*EVERYWHERE, *REMOTE, *ACCOUNT)
        for check in checks:
            try:
                for finding in check(subject):
                    findings.append(finding)  # noqa: PERF402 - those before an Unsure stay
            except Unsure as why:
                skipped[f"{_title(check)} not checked: {why}"] = None
            except CallFailed as trouble:
                if trouble.expired:
                    raise
                skipped[f"{_title(check)} not checked: {trouble.operation}: {trouble.message or trouble.code}"] = None
    return Report(tuple(findings), tuple(skipped))


def refuse(
    templates: Mapping[str, Template],
    client: Client,
    *,
    out: Out,
    given: Mapping[str, str],
    only: Iterable[str] = (),
    fetch: Fetch = get_url,
    clients: Mapping[str, Client] | None = None,
) -> None:
    """Look, and say what was found. Raises DeployError with exit code 2 when the deploy would fail."""
    chosen = select(templates, tuple(only))
    report = inspect(templates, client, given=given_for(given, chosen), only=chosen, fetch=fetch, clients=clients)
    for text in report.skipped:
        out(Note(text=text))
    for finding in report.findings:
        out(Preflighted(stack=finding.stack, preflight=finding))
    if report.errors:
        codes = ", ".join(dict.fromkeys(one.code for one in report.errors))
        raise DeployError(
            f"deploy: it would fail ({codes}, above); nothing was sent; --no-preflight deploys all the same",
            exit_code=2,
        )


def _title(check: Check) -> str:
    return check.__name__.replace("_", " ")


class _Stacks:
    """The live stacks of an app; each is read once."""

    def __init__(self, templates: Mapping[str, Template], client: Client, clients: Mapping[str, Client]) -> None:
        self._templates = templates
        self._client = client
        self._clients = clients
        self._ecs: dict[tuple[str, str | None, str | None], Ecs] = {}
        self._raw: dict[str, Mapping[str, Any] | None] = {}

    def subject(self, name: str, given: Mapping[str, str], fetch: Fetch) -> Subject:
        template = self._templates[name]
        ecs = self._at(template)
        raw = self._read(name)
        state = ecs.client.stack(name) if raw is not None else None
        live = {one.logical_id: one.physical_id for one in ecs.resources(name)} if raw is not None else {}
        stack_id = str((raw or {}).get("StackId", ""))
        parts = stack_id.split(":") if stack_id.startswith("arn:") else []
        pseudo = {"AWS::Region": ecs.client.region, "AWS::StackName": name}
        if parts:
            pseudo |= {"AWS::AccountId": parts[4], "AWS::Partition": parts[1], "AWS::StackId": stack_id}
        resolve = Resolver(
            physical=lambda logical_id: live.get(logical_id, ""),
            parameters=self._parameters(template, given, raw),
            pseudo=pseudo,
        )
        return Subject(template, ecs, state, live, resolve, fetch)

    def _parameters(
        self, template: Template, given: Mapping[str, str], raw: Mapping[str, Any] | None
    ) -> Mapping[str, str]:
        values = {
            key: str(one["Default"])
            for key, one in template.parameters.items()
            if "Default" in one and "AWS::SSM::" not in str(one.get("Type"))
        }
        values |= {
            one["ParameterKey"]: str(one.get("ParameterValue", ""))
            for one in (raw or {}).get("Parameters", [])
            if one["ParameterKey"] in template.parameters and one.get("ParameterValue") != "****"
        }
        for key, reference in template.references.items():
            producer = self._read(reference.stack) if reference.stack in self._templates else None
            outputs = {one["OutputKey"]: one.get("OutputValue", "") for one in (producer or {}).get("Outputs", [])}
            if reference.output in outputs:
                values[key] = outputs[reference.output]
            else:
                values.pop(key, None)
        noted = template.metadata.get("FargateStacks", {}) if raw is not None else {}
        for section in ("LiveImages", "Builds"):  # the deployer finds these out: what the stack had last may be gone
            for key in noted.get(section, {}):
                values.pop(key, None)
        return values | dict(given)

    def _at(self, template: Template) -> Ecs:
        own = self._clients.get(template.name)
        key = (template.name if own else "", template.region, template.account)
        if key not in self._ecs:
            self._ecs[key] = Ecs((own or self._client).at(template.region, template.account))
        return self._ecs[key]

    def _read(self, name: str) -> Mapping[str, Any] | None:
        if name not in self._raw:
            try:
                found = call(self._at(self._templates[name]).client.api, "DescribeStacks", StackName=name)["Stacks"]
            except CallFailed as error:
                if not error.gone:
                    raise
                found = []
            alive = [one for one in found if one["StackStatus"] not in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE")]
            self._raw[name] = alive[0] if alive else None
        return self._raw[name]
