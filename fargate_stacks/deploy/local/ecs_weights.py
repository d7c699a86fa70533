"""The weights of listener rules: kept, described, and moved between the two target groups of a service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import alb
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local.ecs_services import Deployment

Data = dict[str, Any]


def register() -> None:
    """Let rules and listeners keep `ForwardConfig`, from templates and calls, and tell it."""
    from_template, from_call, told = provisioners._elbv2_listener_actions, alb._parse_actions, alb._action_xml

    def kept(props: Any, balancer: Any, prop: str = "DefaultActions") -> Any:
        actions = from_template(props, balancer, prop)
        for action, given in zip(actions, props.get(prop) or (), strict=False):
            groups = (given.get("ForwardConfig") or {}).get("TargetGroups")
            if groups:
                _forward(action, {one["TargetGroupArn"]: int(one.get("Weight", 1)) for one in groups})
        return actions

    def parsed(params: Any, prefix: str = "DefaultActions") -> Any:
        actions = from_call(params, prefix)
        for number, action in enumerate(actions, 1):
            groups, one = {}, 1
            place = f"{prefix}.member.{number}.ForwardConfig.TargetGroups.member"
            while arn := alb._p(params, f"{place}.{one}.TargetGroupArn"):
                groups[arn] = int(alb._p(params, f"{place}.{one}.Weight", "1"))
                one += 1
            if groups:
                _forward(action, groups)
        return actions

    def xml(action: Any) -> Any:
        groups = action.get("ForwardConfig", {}).get("TargetGroups", ())
        if not groups:
            return told(action)
        # with several groups AWS tells no TargetGroupArn beside them
        plain = {key: value for key, value in action.items() if key != "TargetGroupArn" or len(groups) == 1}
        listed = "".join(
            f"<member><TargetGroupArn>{escape(one['TargetGroupArn'])}</TargetGroupArn>"
            f"<Weight>{one['Weight']}</Weight></member>"
            for one in groups
        )
        sticky = "<TargetGroupStickinessConfig><Enabled>false</Enabled></TargetGroupStickinessConfig>"
        config = f"<ForwardConfig><TargetGroups>{listed}</TargetGroups>{sticky}</ForwardConfig>"
        return str(told(plain)).removesuffix("</member>") + f"{config}</member>"

    provisioners._elbv2_listener_actions, alb._parse_actions, alb._action_xml = kept, parsed, xml


def _forward(action: Data, weights: Mapping[str, int]) -> None:
    action["ForwardConfig"] = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": one} for arn, one in weights.items()]}
    # the emulator's own data plane knows one group a rule
    action["TargetGroupArn"] = max(weights, key=lambda arn: weights[arn])


def resolve(deployment: Deployment) -> None:
    """Write into the revision where its tasks are reached."""
    found = []
    for one in deployment.revision.get("loadBalancers", ()):
        more = one.get("advancedConfiguration", {})
        groups = (one["targetGroupArn"], more.get("alternateTargetGroupArn") or one["targetGroupArn"])
        resolved = {"targetGroupArn": groups[deployment.group]}
        if more.get("productionListenerRule"):
            resolved["productionListenerRule"] = more["productionListenerRule"]
        found.append(resolved)
    if found:
        deployment.revision["resolvedConfiguration"] = {"loadBalancers": found}


def move(green: Deployment, traffic: str, percent: float) -> None:
    """Give the new revision this share of the production or the test traffic."""
    for one in green.revision.get("loadBalancers", ()):
        more = one.get("advancedConfiguration", {})
        rule, other = more.get(f"{traffic}ListenerRule"), more.get("alternateTargetGroupArn")
        if not rule or not other:
            continue
        groups = (one["targetGroupArn"], other)
        new, old = _weights(percent)
        weights = {groups[green.group]: new, groups[1 - green.group]: old}
        # a network load balancer has no rules: the listener itself forwards
        record, part = (
            (alb._rules.get(rule), "Actions") if rule in alb._rules else (alb._listeners.get(rule), "DefaultActions")
        )
        for action in (record or {}).get(part, ()):
            if action["Type"] == "forward":
                _forward(action, {arn: weights[arn] for arn in groups})


def _weights(percent: float) -> tuple[int, int]:
    """Give a share as the whole weights of a rule, 999 at most; a tenth of a percent takes more than 100 of them."""
    scale = 1 if percent == int(percent) else 9
    new = round(percent * scale)
    return new, 100 * scale - new
