"""FS4xx: what Elastic Load Balancing refuses."""

from __future__ import annotations

from typing import Any

from tests.checks.truth.forms import Case, Resources, Truth, group, listener, made, ref, truth
from tests.checks.truth.services import behind

NLB = {"Type": "network"}


def door(*attributes: tuple[str, Any], **properties: Any) -> Resources:
    listed = [{"Key": key, "Value": value} for key, value in attributes] or None
    sound = {"Subnets": ["subnet-1", "subnet-2"], "LoadBalancerAttributes": listed, **properties}
    return {"Door": made("ElasticLoadBalancingV2::LoadBalancer", **sound)}


def rule(priority: Any, *weights: Any) -> Resources:
    groups = [{"TargetGroupArn": "arn", "Weight": one} for one in weights or (1,)]
    return {
        "Rule": made(
            "ElasticLoadBalancingV2::ListenerRule",
            ListenerArn="arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/door/1/2",
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
        )
    }


def grouped(*attributes: tuple[str, Any], **properties: Any) -> Resources:
    listed = [{"Key": key, "Value": value} for key, value in attributes] or None
    return {"Group": group(TargetGroupAttributes=listed, **properties)}


def logged(depends: Any = None) -> Resources:
    made_door = door(("access_logs.s3.enabled", "true"), ("access_logs.s3.bucket", ref("Logs")))
    if depends:
        made_door["Door"]["DependsOn"] = depends
    return {
        **made_door,
        "Logs": made("S3::Bucket"),
        "LogsPolicy": made("S3::BucketPolicy", Bucket=ref("Logs"), PolicyDocument={"Statement": []}),
    }


UNHEARD = {key: one for key, one in behind().items() if key != "Listener"}

TABLE: dict[str, Truth] = {
    "FS401": truth(
        behind("Listener", TargetType="instance"),
        "Group: it has TargetType instance, and the tasks of Web are IP addresses; give TargetType: ip",
        good=behind("Listener"),
        also=[
            Case(
                behind("Listener", TargetType=None),
                [
                    "Group: it has no TargetType, so it is instance, and the tasks of Web are IP addresses; "
                    "give TargetType: ip"
                ],
            )
        ],
        passes=[behind("Listener", TargetType=ref("Kind"))],
    ),
    "FS402": truth(
        UNHEARD,
        "Web: no listener forwards to Group, so ECS refuses the service; add a listener or a listener rule that does",
        good=behind("Listener"),
        passes=[
            {
                **UNHEARD,
                "Ways": made(
                    "CloudFormation::Stack", TemplateURL="https://s3.example/x", Parameters={"G": ref("Group")}
                ),
            }
        ],
    ),
    "FS403": truth(
        behind(),
        "Web: nothing orders it after Listener, and ECS refuses a group that no listener has yet; "
        "give DependsOn: Listener",
        good=behind("Listener"),
    ),
    "FS404": truth(
        rule(0), "Rule: Priority is 1 to 50000, got 0; choose one in that range", good=rule(1), passes=[rule(50_000)]
    ),
    "FS405": truth(
        rule(1, 0, 0),
        "Rule: every target group of its forward action has Weight 0; give one group a Weight from 1 to 999",
        good=rule(1, 1, 0),
        also=[Case(rule(1, 1000, 1), ["Rule: a Weight is 0 to 999, got 1000; give one group a Weight from 1 to 999"])],
        passes=[rule(1, ref("Blue"), 0)],
    ),
    "FS406": truth(
        grouped(HealthCheckTimeoutSeconds=10, HealthCheckIntervalSeconds=10),
        "Group: HealthCheckTimeoutSeconds 10 is not below HealthCheckIntervalSeconds 10; "
        "lower the first or raise the second",
        good=grouped(HealthCheckTimeoutSeconds=5, HealthCheckIntervalSeconds=10),
    ),
    "FS407": truth(
        door(Name="internal-shop"),
        "Door: Name internal-shop is refused; it is up to 32 letters, digits and hyphens, no hyphen at an end, "
        "no internal- in front; best leave it out",
        good=door(Name="shop"),
        also=[
            Case(
                grouped(Name="shop_group"),
                [
                    "Group: Name shop_group is refused; it is up to 32 letters, digits and hyphens, no hyphen at an "
                    "end, no internal- in front; best leave it out"
                ],
            )
        ],
    ),
    "FS408": truth(
        grouped(("deregistration_delay.timeout_seconds", "3000")),
        "Group: deregistration_delay.timeout_seconds is 3000, and a deletion has 30 minutes; give at most 1500",
        good=grouped(("deregistration_delay.timeout_seconds", "30")),
    ),
    "FS409": truth(
        door(("deletion_protection.enabled", "true")),
        "Door: deletion_protection.enabled is true in the first create too, so a rollback of it fails; "
        "switch it on after the first create has succeeded",
        good=door(("deletion_protection.enabled", "false")),
        passes=[door(("deletion_protection.enabled", ref("Protected")))],
    ),
    "FS410": truth(
        logged(),
        "Door: nothing orders it after LogsPolicy, without which it may not write its logs; give DependsOn: LogsPolicy",
        good=logged("LogsPolicy"),
        also=[
            Case(
                door(("access_logs.s3.enabled", "true")),
                ["Door: access_logs.s3.enabled is true without access_logs.s3.bucket; give access_logs.s3.bucket"],
            )
        ],
    ),
    "FS420": truth(
        door(("idle_timeout.timeout_second", "60")),
        "Door: there is no attribute idle_timeout.timeout_second; did you mean idle_timeout.timeout_seconds",
        good=door(("idle_timeout.timeout_seconds", "60")),
        also=[
            Case(
                grouped(("stickiness.lb_cookie.duration", "60")),
                [
                    "Group: there is no attribute stickiness.lb_cookie.duration; did you mean "
                    "stickiness.lb_cookie.duration_seconds"
                ],
            ),
            Case(
                {"Listener": listener(ListenerAttributes=[{"Key": "tcp.idle_timeout", "Value": "60"}])},
                ["Listener: there is no attribute tcp.idle_timeout; did you mean tcp.idle_timeout.seconds"],
            ),
            Case(
                door(("idle_timeout.timeout_seconds", "60"), **NLB),
                [
                    "Door: the attribute idle_timeout.timeout_seconds is for application load balancers, not network; "
                    "leave it out"
                ],
            ),
        ],
        passes=[door((ref("Key"), "60")), grouped(("preserve_client_ip.enabled", "true"), Protocol="TCP")],
    ),
    "FS421": truth(
        door(("routing.http.desync_mitigation_mode", "strict")),
        "Door: routing.http.desync_mitigation_mode is strict, and it takes monitor, defensive, strictest; "
        "give one of those",
        good=door(("routing.http.desync_mitigation_mode", "strictest")),
        also=[
            Case(
                grouped(("stickiness.enabled", "yes"), ("slow_start.duration_seconds", "5")),
                [
                    "Group: stickiness.enabled is yes, and it takes true, false; give one of those",
                    "Group: slow_start.duration_seconds is 5, and it takes 0 or 30 to 900; give one of those",
                ],
            )
        ],
        passes=[
            door(("idle_timeout.timeout_seconds", 4000)),
            door(("access_logs.s3.enabled", False)),
            grouped(("slow_start.duration_seconds", "0")),
        ],
    ),
}
