"""Rules about what stands around services: roles, keys, topics, logs, and what starts single tasks."""

from __future__ import annotations

from collections.abc import Iterator

from fargate_stacks.checks.part import Part
from fargate_stacks.checks.reading import Hit, Reading, rule

_SOURCE = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid")


@rule(
    "FS620",
    "info",
    cure="give it Condition StringEquals aws:SourceAccount",
    source="ECS developer guide, task IAM role",
)
def confused_deputy(reading: Reading) -> Iterator[Hit]:
    """A role lets ECS tasks of every account take it, as far as ECS asks on their behalf."""
    for role in reading.of("IAM::Role"):
        for statement, services in _trusts(role["AssumeRolePolicyDocument"]):
            if services == ["ecs-tasks.amazonaws.com"] and not _conditions(statement):
                yield role.hit("ecs-tasks.amazonaws.com may take it without a condition on the account")


@rule("FS621", "warning", cure="leave the condition out", source="ECS developer guide, ECS infrastructure IAM role")
def condition_on_infrastructure_role(reading: Reading) -> Iterator[Hit]:
    """The role with which ECS moves traffic or attaches volumes has a condition that ECS does not meet."""
    for role in reading.of("IAM::Role"):
        for statement, services in _trusts(role["AssumeRolePolicyDocument"]):
            if "ecs.amazonaws.com" in services and _conditions(statement):
                yield role.hit("ecs.amazonaws.com may take it only under a condition on the source")


@rule(
    "FS622",
    "warning",
    cure="leave the condition out",
    source="SNS developer guide, permissions for KMS keys of topics",
)
def condition_on_key(reading: Reading) -> Iterator[Hit]:
    """A key lets EventBridge or CloudWatch use it under a condition that they do not meet: messages are lost."""
    for key in reading.of("KMS::Key"):
        for statement, services in _trusts(key["KeyPolicy"]):
            silent = [one for one in services if one in ("events.amazonaws.com", "cloudwatch.amazonaws.com")]
            if silent and _conditions(statement):
                yield key.hit(f"{silent[0]} may use it only under a condition on the source, which it does not send")


@rule("FS623", "error", cure="give a key of your own whose policy admits the sender", source="SNS developer guide")
def alarm_to_default_key(reading: Reading) -> Iterator[Hit]:
    """Alarms or events go to a topic that is encrypted by AWS's own key, which drops them silently."""
    for kind, keys in (("CloudWatch::Alarm", ("AlarmActions", "OKActions")), ("Events::Rule", ("Targets",))):
        for one in reading.of(kind):
            for key in keys:
                for topic in reading.follow(one.stack, one[key]):
                    if topic.type == "AWS::SNS::Topic" and topic["KmsMasterKeyId"].text == "alias/aws/sns":
                        yield one.hit(
                            f"{topic.logical_id} is encrypted by alias/aws/sns, which admits no other service"
                        )


@rule(
    "FS624", "error", cure="let its name begin with aws-waf-logs-", source="WAF developer guide, logging destinations"
)
def firewall_log_name(reading: Reading) -> Iterator[Hit]:
    """A firewall logs to a group whose name it refuses."""
    for one in reading.of("WAFv2::LoggingConfiguration"):
        for group in reading.follow(one.stack, one["LogDestinationConfigs"]):
            name = group["LogGroupName"]
            if group.type != "AWS::Logs::LogGroup" or (name.unknown and "aws-waf-logs-" in str(name.value)):
                continue
            if name.absent or (name.text is not None and not name.text.startswith("aws-waf-logs-")):
                yield one.hit(f"{group.logical_id} is named {name.text or 'by CloudFormation'}")


@rule(
    "FS625", "warning", cure="give a secret that nothing rotates", source="Secrets Manager user guide, managed rotation"
)
def rotating_login(reading: Reading) -> Iterator[Hit]:
    """Tasks are given a database's managed login at their start, which rotates every week under them."""
    for one in reading.containers:
        for secret in one["Secrets"]:
            if "MasterUserSecret.SecretArn" in _flat(secret["ValueFrom"].value):
                yield one.hit(f"reads {secret['Name'].text} once, from a secret that rotates by itself")


@rule("FS626", "error", cure="leave LaunchType out", source="EventBridge Scheduler API reference, EcsParameters")
def started_task(reading: Reading) -> Iterator[Hit]:
    """What starts tasks on a schedule or an event contradicts itself, or does not say in which subnets."""
    for kind in ("Events::Rule", "Scheduler::Schedule"):
        for one in reading.of(kind):
            targets = one["Targets"] if kind == "Events::Rule" else [one["Target"]]
            for target in targets:
                ecs = target["EcsParameters"]
                if not ecs.given or ecs.unknown:
                    continue
                launch, strategy = ecs["LaunchType"], ecs["CapacityProviderStrategy"]
                if launch.given and strategy.given:
                    yield one.hit("its LaunchType and CapacityProviderStrategy exclude each other")
                fargate = launch.text == "FARGATE" or any(
                    (item["CapacityProvider"].text or item["capacityProvider"].text or "").startswith("FARGATE")
                    for item in strategy
                )
                if fargate and ecs["NetworkConfiguration"].absent:
                    yield one.hit("it starts tasks on Fargate without a NetworkConfiguration", "give it")


@rule("FS627", "info", cure="give SecurityGroupEgress", source="EC2 API reference, security groups")
def egress_beside_default(reading: Reading) -> Iterator[Hit]:
    """A security group has egress rules beside it, and still lets everything out."""
    for group in reading.of("EC2::SecurityGroup"):
        if group["SecurityGroupEgress"].absent:
            for one in reading.of("EC2::SecurityGroupEgress"):
                if group in reading.follow(one.stack, one["GroupId"]):
                    yield group.hit(f"{one.logical_id} narrows nothing while SecurityGroupEgress is not given")
                    break


def _trusts(document: Part) -> Iterator[tuple[Part, list[str]]]:
    """The statements that allow services something, with these services."""
    for statement in document["Statement"]:
        service = statement.at("Principal.Service")
        names = [service] if isinstance(service.value, str) else list(service)
        found = [one.text for one in names if one.text is not None]
        if statement["Effect"].text == "Allow" and found:
            yield statement, found


def _conditions(statement: Part) -> bool:
    condition = statement["Condition"]
    return condition.unknown or any(
        key.lower() in _SOURCE for operator in condition.keys for key in condition[operator].keys
    )


def _flat(value: object) -> str:
    """A value as text in which Fn::GetAtt: [A, B.C] reads A.B.C."""
    if isinstance(value, list):
        return ".".join(map(_flat, value))
    if isinstance(value, dict):
        return " ".join(map(_flat, value.values()))
    return str(value)
