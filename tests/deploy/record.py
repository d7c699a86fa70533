"""Records logs/: `python -m tests.deploy.record [NAME ...]`. A real deployer, over HTTP, on a local cloud at a pace."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from fargate_stacks.core.template import Owner, Template
from fargate_stacks.deploy import engine, local
from fargate_stacks.deploy.client import Client, connect, local_api
from fargate_stacks.deploy.destroy import destroy
from fargate_stacks.deploy.local.process import PLAY, answer
from fargate_stacks.errors import DeployError
from tests.deploy.fake_recorded import LOGS, PACE, Log
from tests.deploy.stage import referring, resource, template

WEB = Owner("Web", "Service", None)
SHOP: dict[str, Any] = {
    "Vpc": resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"),
    "Subnet": resource("AWS::EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock="10.0.0.0/24"),
    "WebSecurityGroup": resource("AWS::EC2::SecurityGroup", GroupDescription="web", VpcId={"Ref": "Vpc"}),
    "WebLogGroup": resource("AWS::Logs::LogGroup", RetentionInDays=30),
    "WebTaskRole": resource(
        "AWS::IAM::Role",
        AssumeRolePolicyDocument={
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ]
        },
    ),
    "Jobs": resource(VisibilityTimeout=30),
    "Mails": resource(DelaySeconds=0),
}
OUTPUTS = {"JobsArn": {"Value": {"Fn::GetAtt": ["Jobs", "Arn"]}}, "VpcId": {"Value": {"Ref": "Vpc"}}}
OWNERS = {key: WEB for key in SHOP if key.startswith("Web")}
CHANGED: dict[str, Any] = {
    **{key: one for key, one in SHOP.items() if key != "Mails"},
    "WebLogGroup": resource("AWS::Logs::LogGroup", RetentionInDays=90),
    "WebSecurityGroup": resource("AWS::EC2::SecurityGroup", GroupDescription="the web", VpcId={"Ref": "Vpc"}),
    "Jobs": resource(VisibilityTimeout=60, Tags=[{"Key": "stage", "Value": "prod"}]),
    "Uploads": resource("AWS::S3::Bucket"),
}
DENIED = (
    'Resource handler returned message: "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: '
    "s3:CreateBucket on resource: arn:aws:s3:::shop-uploads because no identity-based policy allows the "
    's3:CreateBucket action" (RequestToken: 0a1b2c3d-0000-4000-8000-000000000000, HandlerErrorCode: AccessDenied)'
)


def shop(resources: dict[str, Any]) -> Template:
    return template("shop", resources, outputs=OUTPUTS, owners=OWNERS)


class Recorder:
    """A deployer whose stacks are written down."""

    def __init__(self, url: str, account: str) -> None:
        self.url, self.account = url, account
        self.client: Client = connect(endpoint_url=url).at("us-east-1", account)
        self.api = local_api("cloudformation", url, account=account)
        self.change_sets: dict[str, dict[str, Any]] = {}
        self.templates: dict[str, Any] = {}
        self._asked = ""
        hear = self.client.api.meta.events.register
        hear("after-call.cloudformation.DescribeChangeSet", self._keep)
        hear("before-parameter-build.cloudformation.GetTemplate", self._ask)
        hear("after-call.cloudformation.GetTemplate", self._keep_template)

    def _keep(self, parsed: dict[str, Any], **_: Any) -> None:
        if "ChangeSetId" in parsed and parsed["Status"] == "CREATE_COMPLETE":
            self.change_sets[parsed["ChangeSetId"]] = plain(parsed)

    def _ask(self, params: dict[str, Any], **_: Any) -> None:
        self._asked = params.get("ChangeSetName", "")

    def _keep_template(self, parsed: dict[str, Any], **_: Any) -> None:
        if self._asked and "TemplateBody" in parsed:
            body = parsed["TemplateBody"]
            self.templates[self._asked] = json.loads(body) if isinstance(body, str) else plain(body)

    def play(self, *rules: dict[str, Any]) -> None:
        content = json.dumps({"account": self.account, "scenario": {"resource": list(rules)}}).encode()
        assert answer(int(self.url.rpartition(":")[2]), PLAY, method="POST", body=content) == {}

    def deploy(self, *templates: Template) -> None:
        with suppress(DeployError):
            engine.deploy(_by_name(templates), self.client, out=lambda message: None, ask=lambda question: True)

    def destroy(self, *templates: Template) -> None:
        destroy(_by_name(templates), self.client, out=lambda message: None, ask=lambda question: True)

    def bucket(self, name: str, body: dict[str, Any]) -> str:
        s3 = local_api("s3", self.url, account=self.account)
        with suppress(Exception):
            s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key=name, Body=json.dumps(body).encode())
        return f"https://s3.us-east-1.amazonaws.com/templates/{name}"

    def logged(self, do: Callable[..., None], *templates: Template) -> dict[str, Log]:
        """Do something to some stacks, and give the logs of what was done."""
        before = {one.name: self._stack(one.name) for one in templates}
        logs = {}
        for one in templates:
            state = before[one.name]
            verb = "delete" if do == self.destroy else "update" if state else "create"
            log = logs[one.name] = Log(one.to_dict(), verb, before=state)
            log.references = {key: list(reference[:2]) for key, reference in one.references.items()}
            log.needs, log.owners = list(one.after), {key: owner.name for key, owner in one.owners.items()}
            if state:
                log.before_template = json.loads(json.dumps(self.client.template(state["StackId"])))
                found = self.api.list_stack_resources(StackName=state["StackId"])["StackResourceSummaries"]
                log.resources = plain(found)
        known = {name: self._events(one["StackId"]) for name, one in before.items() if one}
        self.change_sets.clear()
        do(*templates)
        for name, log in logs.items():
            own = [key for key, one in self.change_sets.items() if one["StackName"] == name]
            log.change_sets = {key: self.change_sets[key] for key in own[-1:]}
            log.change_sets |= {
                key: one for key, one in self.change_sets.items() if own and one.get("RootChangeSetId") == own[-1]
            }
            log.templates = {key: one for key, one in self.templates.items() if key in log.change_sets}
            state = before[name]
            if not state and not own:
                continue  # not tried: what it needs has failed
            stack_id = state["StackId"] if state else next(iter(log.change_sets.values()))["StackId"]
            self._take_events(log, stack_id, {one["EventId"] for one in known.get(name, [])})
            log.after = None if log.verb == "delete" else self._stack(stack_id)
        return logs

    def _take_events(self, log: Log, stack_id: str, known: set[str]) -> None:
        new = [one for one in self._events(stack_id) if one["EventId"] not in known]
        log.events[stack_id] = [one for one in new if one["ResourceStatus"] != "REVIEW_IN_PROGRESS"]
        for event in new:
            inner = event.get("PhysicalResourceId", "")
            if event["ResourceType"] == "AWS::CloudFormation::Stack" and inner and inner not in log.events:
                self._take_events(log, inner, set())

    def _stack(self, name: str) -> dict[str, Any] | None:
        with suppress(self.api.exceptions.ClientError):
            found: dict[str, Any] = plain(self.api.describe_stacks(StackName=name)["Stacks"][0])
            return found
        return None

    def _events(self, stack_id: str) -> list[dict[str, Any]]:
        pages = self.api.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        return [plain(event) for page in pages for event in page["StackEvents"]][::-1]


def _by_name(templates: tuple[Template, ...]) -> dict[str, Template]:
    return {one.name: one for one in templates}


def plain(value: Any) -> Any:
    """Give an answer as JSON has it, without what belongs to the call alone."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def create(on: Recorder) -> dict[str, Log]:
    return on.logged(on.deploy, shop(SHOP))


def create_fails(on: Recorder) -> dict[str, Log]:
    on.play({"name": "Uploads", "fails": "create", "reason": DENIED})
    return on.logged(on.deploy, shop({**SHOP, "Uploads": {**resource("AWS::S3::Bucket"), "DependsOn": "Vpc"}}))


def update(on: Recorder) -> dict[str, Log]:
    on.deploy(shop(SHOP))
    return on.logged(on.deploy, shop(CHANGED))


def update_fails(on: Recorder) -> dict[str, Log]:
    on.deploy(shop(SHOP))
    on.play({"name": "Uploads", "fails": "create", "reason": DENIED})
    return on.logged(on.deploy, shop(CHANGED))


def destroys(on: Recorder) -> dict[str, Log]:
    kept = {**CHANGED, "WebLogGroup": {**CHANGED["WebLogGroup"], "DeletionPolicy": "Retain"}}
    on.deploy(shop(kept))
    return on.logged(on.destroy, shop(kept))


def many(on: Recorder) -> dict[str, Log]:
    jobs = {"outputs": {"Url": {"Value": {"Fn::GetAtt": ["Jobs", "QueueName"]}}}}
    mail = {"outputs": {"Url": {"Value": {"Fn::Sub": "${AWS::StackName}-mail"}}}}
    on.play({"name": "Broken", "fails": "create", "reason": DENIED})
    broken = {"Jobs": resource(), "Broken": {**resource("AWS::S3::Bucket"), "DependsOn": "Jobs"}}
    return on.logged(
        on.deploy,
        template("network", {**SHOP, "Mails": resource(DelaySeconds=5)}, **jobs),
        template("data", broken, outputs={"Url": {"Value": {"Ref": "Broken"}}}),
        referring("api", "network", **mail),
        referring("worker", "api", **mail),
        referring("report", "data"),
    )


def nested(on: Recorder) -> dict[str, Log]:
    network = {key: SHOP[key] for key in ("Vpc", "Subnet")}
    out = {"VpcId": {"Value": {"Ref": "Vpc"}}}
    net = on.bucket("network.json", {"Resources": network, "Outputs": out})
    group = resource("AWS::EC2::SecurityGroup", GroupDescription="web", VpcId={"Ref": "VpcId"})
    parameters = {"VpcId": {"Type": "String"}}
    web = on.bucket("web.json", {"Parameters": parameters, "Resources": {"Group": group, "Jobs": resource()}})
    kind = "AWS::CloudFormation::Stack"
    value = {"VpcId": {"Fn::GetAtt": ["Network", "Outputs.VpcId"]}}
    both = {
        "Network": resource(kind, TemplateURL=net),
        "Web": resource(kind, TemplateURL=web, Parameters=value),
        "Mails": resource(),
    }
    on.play({"name": "Jobs", "fails": "create", "reason": "The queue name is taken", "times": 1})
    return on.logged(on.deploy, template("shop", both))


RUNS: dict[str, Callable[[Recorder], dict[str, Log]]] = {
    one.__name__: one for one in (create, create_fails, update, update_fails, destroys, many, nested)
}


def main(names: list[str]) -> None:
    folder = Path(tempfile.mkdtemp())
    found = local.start(folder)
    try:
        local.pace(found, PACE)
        for number, (name, record) in enumerate(RUNS.items()):
            if not names or name in names:
                logs = record(Recorder(found.endpoint_url, f"{200000000000 + number}"))
                LOGS.mkdir(exist_ok=True)
                content = {stack: asdict(log) for stack, log in logs.items()}
                (LOGS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    finally:
        local.stop(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
