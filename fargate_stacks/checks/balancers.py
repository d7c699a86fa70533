"""Rules about load balancers, over all stacks: a listener's rules may live in many of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fargate_stacks.checks.part import referred
from fargate_stacks.checks.reading import Hit, Reading, Resource, rule

_LISTENER = "ElasticLoadBalancingV2::Listener"
_RULE = "ElasticLoadBalancingV2::ListenerRule"
_GROUP = "ElasticLoadBalancingV2::TargetGroup"
_BALANCER = "ElasticLoadBalancingV2::LoadBalancer"


@rule("FS106", "error", cure="give another", source="Elastic Load Balancing API, PriorityInUse")
def duplicate_priority(reading: Reading) -> Iterator[Hit]:
    """Two rules of one listener have the same priority, which the load balancer refuses."""
    taken: dict[tuple[str, str], str] = {}
    for one in reading.of(_RULE):
        priority = one["Priority"].text
        if priority is None:
            continue
        first = taken.setdefault((_listener(reading, one), priority), f"{one.stack}.{one.logical_id}")
        if first != f"{one.stack}.{one.logical_id}":
            yield one.hit(f"priority {priority} is taken by {first} on the same listener")


@rule(
    "FS116",
    "info",
    cure="give an HTTPS listener and redirect to it",
    option="give a certificate",
    source="Security Hub ELB.1",
)
def public_and_unencrypted(reading: Reading) -> Iterator[Hit]:
    """A public load balancer serves plain HTTP and does not redirect to HTTPS."""
    for listener in reading.of(_LISTENER):
        balancer = reading.one(listener.stack, listener["LoadBalancerArn"], _BALANCER)
        if balancer is None or not is_public(balancer) or not listener["DefaultActions"].whole:
            continue
        redirects = any(one["Type"].text in ("redirect", None) for one in listener["DefaultActions"])
        if listener["Protocol"].text == "HTTP" and not redirects:
            yield listener.hit("a public load balancer serves plain HTTP, readable on its way")


@rule("FS401", "error", cure="give TargetType: ip", source="ECS API reference, LoadBalancer")
def target_type(reading: Reading) -> Iterator[Hit]:
    """A target group for Fargate tasks does not take IP addresses, which is all that they have."""
    for service in reading.fargate_services:
        for group in groups_of(reading, service):
            kind = group["TargetType"]
            if (kind.absent or kind.text == "instance") and group["Protocol"].text != "GENEVE":
                said = "has no TargetType, so it is instance" if kind.absent else "has TargetType instance"
                yield group.hit(f"it {said}, and the tasks of {service.logical_id} are IP addresses")


@rule("FS402", "error", cure="add a listener or a listener rule that does", source="ECS API reference, CreateService")
def no_listener(reading: Reading) -> Iterator[Hit]:
    """A service's target group is behind no listener, and ECS refuses a group without a load balancer."""
    forwarded = {
        group.key for one in reading.everything if _takes_up(one) for group in reading.follow(one.stack, one.part)
    }
    outputs = {name for template in reading.templates.values() for name in _named(template.outputs)}
    for service in reading.services:
        for group in groups_of(reading, service):
            # a group that is an output may be taken up by a listener elsewhere
            if group.key not in forwarded and group.logical_id not in outputs:
                yield service.hit(f"no listener forwards to {group.logical_id}, so ECS refuses the service")


@rule("FS403", "error", cure="give DependsOn", source="CloudFormation user guide, DependsOn")
def before_listener(reading: Reading) -> Iterator[Hit]:
    """A service does not wait for the listener of its target group, so its creation races and can fail."""
    for service in reading.services:
        after = reading.after(service)
        for group in groups_of(reading, service):
            ways = [
                one.logical_id
                for kind in (_LISTENER, _RULE)
                for one in reading.of(kind)
                if one.stack == service.stack == group.stack
                and any(group.logical_id in one[key].refs for key in ("DefaultActions", "Actions"))
            ]
            if ways and not after.intersection(ways):
                yield service.hit(
                    f"nothing orders it after {' or '.join(ways)}, and ECS refuses a group that no listener has yet",
                    f"give DependsOn: {ways[0]}",
                )


@rule("FS404", "error", cure="choose one in that range", source="Elastic Load Balancing API, CreateRule")
def rule_priority(reading: Reading) -> Iterator[Hit]:
    """A listener rule has a priority out of range."""
    for one in reading.of(_RULE):
        priority = one["Priority"].number
        if priority is not None and not 1 <= priority <= 50_000:
            yield one.hit(f"Priority is 1 to 50000, got {priority:g}")


@rule(
    "FS405",
    "error",
    cure="give one group a Weight from 1 to 999",
    source="Elastic Load Balancing API, TargetGroupTuple",
)
def forward_weights(reading: Reading) -> Iterator[Hit]:
    """The weights of a forward action send nothing anywhere, or are out of range."""
    for kind in (_LISTENER, _RULE):
        for one in reading.of(kind):
            for action in (*one["DefaultActions"], *one["Actions"]):
                groups = action.at("ForwardConfig.TargetGroups")
                weights = [1 if group["Weight"].absent else group["Weight"].number for group in groups]
                if groups.whole and weights and all(weight == 0 for weight in weights):
                    yield one.hit("every target group of its forward action has Weight 0")
                wrong = [weight for weight in weights if weight is not None and not 0 <= weight <= 999]
                if wrong:
                    yield one.hit(f"a Weight is 0 to 999, got {wrong[0]:g}")


@rule(
    "FS406",
    "error",
    cure="lower the first or raise the second",
    source="Elastic Load Balancing API, CreateTargetGroup",
)
def health_check_times(reading: Reading) -> Iterator[Hit]:
    """A target group's health check may take as long as the time between two checks, or longer."""
    for group in reading.of(_GROUP):
        timeout, interval = group["HealthCheckTimeoutSeconds"].number, group["HealthCheckIntervalSeconds"].number
        if timeout is not None and interval is not None and timeout >= interval:
            yield group.hit(
                f"HealthCheckTimeoutSeconds {timeout:g} is not below HealthCheckIntervalSeconds {interval:g}"
            )


@rule(
    "FS407",
    "error",
    cure="it is up to 32 letters, digits and hyphens, no hyphen at an end, no internal- in front; best leave it out",
    source="Elastic Load Balancing API, CreateLoadBalancer",
)
def names(reading: Reading) -> Iterator[Hit]:
    """A load balancer or target group has a name that is refused."""
    for kind in (_BALANCER, _GROUP):
        for one in reading.of(kind):
            name = one["Name"].text
            if name is None:
                continue
            plain = name.replace("-", "").isalnum() and name.isascii()
            if len(name) > 32 or not plain or name[0] == "-" or name[-1] == "-" or name.startswith("internal-"):
                yield one.hit(f"Name {name} is refused")


@rule("FS408", "warning", cure="give at most 1500", source="CloudFormation schema of AWS::ECS::Service")
def slow_deregistration(reading: Reading) -> Iterator[Hit]:
    """A target group waits so long for connections to end that CloudFormation gives up deleting the service."""
    for group in reading.of(_GROUP):
        for one in group["TargetGroupAttributes"]:
            seconds = one["Value"].number
            slow = one["Key"].text == "deregistration_delay.timeout_seconds" and seconds is not None and seconds > 1500
            if slow:
                yield group.hit(f"deregistration_delay.timeout_seconds is {seconds:g}, and a deletion has 30 minutes")


@rule(
    "FS409",
    "info",
    cure="switch it on after the first create has succeeded",
    source="Elastic Load Balancing API, DeleteLoadBalancer",
)
def protected_from_the_start(reading: Reading) -> Iterator[Hit]:
    """A load balancer is protected from its creation on: a create that fails later cannot be rolled back."""
    for one in reading.of(_BALANCER):
        # of our own constructs it is the deployer that switches it on, after the first create
        if reading.ours(one):
            continue
        for attribute in one["LoadBalancerAttributes"]:
            if attribute["Key"].text == "deletion_protection.enabled" and attribute["Value"].true:
                yield one.hit("deletion_protection.enabled is true in the first create too, so a rollback of it fails")


@rule("FS410", "error", cure="", source="Elastic Load Balancing user guide, access logs")
def access_logs(reading: Reading) -> Iterator[Hit]:
    """A load balancer writes access logs to no bucket, or before the bucket's policy admits it."""
    for one in reading.of(_BALANCER):
        attributes = {attribute["Key"].text: attribute["Value"] for attribute in one["LoadBalancerAttributes"]}
        if not one["LoadBalancerAttributes"].whole:
            continue
        for kind in ("access_logs", "connection_logs"):
            enabled, bucket = attributes.get(f"{kind}.s3.enabled"), attributes.get(f"{kind}.s3.bucket")
            if enabled is None or not enabled.true:
                continue
            if bucket is None or not bucket.given:
                yield one.hit(f"{kind}.s3.enabled is true without {kind}.s3.bucket", f"give {kind}.s3.bucket")
                continue
            made = reading.one(one.stack, bucket, "S3::Bucket")
            for policy in reading.of("S3::BucketPolicy") if made is not None else ():
                judged = policy.stack == one.stack and made in reading.follow(policy.stack, policy["Bucket"])
                if judged and policy.logical_id not in reading.after(one):
                    yield one.hit(
                        f"nothing orders it after {policy.logical_id}, without which it may not write its logs",
                        f"give DependsOn: {policy.logical_id}",
                    )


def is_public(balancer: Resource) -> bool:
    """Tell whether a load balancer is reached from the internet."""
    return balancer["Scheme"].absent or balancer["Scheme"].text == "internet-facing"


def groups_of(reading: Reading, service: Resource) -> list[Resource]:
    """Give the target groups of a service that are among the templates."""
    found = [
        group
        for one in service["LoadBalancers"]
        for value in (one["TargetGroupArn"], one.at("AdvancedConfiguration.AlternateTargetGroupArn"))
        for group in reading.follow(service.stack, value)
        if group.type == f"AWS::{_GROUP}"
    ]
    return list(dict.fromkeys(found))


def _listener(reading: Reading, rule: Resource) -> str:
    """Name a listener the same in every stack."""
    value = rule["ListenerArn"]
    found = reading.follow(rule.stack, value)
    if len(found) == 1:
        return f"{found[0].stack}.{found[0].logical_id}"
    # the same Ref means the same only within one template; a literal ARN does everywhere
    return value.text or f"{rule.stack} {json.dumps(value.value, sort_keys=True, default=str)}"


def _takes_up(one: Resource) -> bool:
    """Whether a resource puts a group behind a load balancer, or may: a nested stack and a custom resource do."""
    kind = one.type.removeprefix("AWS::")
    return kind in (_LISTENER, _RULE) or kind.startswith(("CloudFormation::", "Custom::"))


def _named(outputs: dict[str, object]) -> Iterator[str]:
    for output in outputs.values():
        yield from referred(output)
