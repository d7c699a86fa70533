"""A rule that a deploy touches keeps the traffic where ECS has put it; one that it does not touch is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.core.template import Template
from fargate_stacks.deploy.weights import live_weights
from fargate_stacks.errors import DeployError
from tests.deploy.answers import STACK
from tests.deploy.aws import Api, client_of, refusal
from tests.deploy.preflighted import alive

ELB = "arn:aws:elasticloadbalancing:us-east-1:000000000000"
RULE, LISTENER = f"{ELB}:listener-rule/app/edge/1/2/3", f"{ELB}:listener/net/edge/1/2"
BLUE, GREEN = f"{ELB}:targetgroup/blue/1", f"{ELB}:targetgroup/green/2"
FORWARD = {
    "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": BLUE, "Weight": 0}, {"TargetGroupArn": GREEN, "Weight": 100}]}
}
FORWARDS = {"Type": "forward", **FORWARD}


def template(priority: int, rule: str = "ListenerRule") -> Template:
    return Template(
        "shop",
        {"ApiRule": {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": {"Priority": priority}}},
        metadata={
            "FargateStacks": {
                "Weights": {
                    "ApiBlueWeight": {rule: "ApiRule", "TargetGroup": "ApiBlue"},
                    "ApiGreenWeight": {rule: "ApiRule", "TargetGroup": "ApiGreen"},
                }
            }
        },
    )


def weights(new: Template, old: Template, *, rule: str = RULE, **answers: Any) -> dict[str, str]:
    elb = {
        "DescribeRules": lambda _: {"Rules": [{"RuleArn": RULE, "Actions": [FORWARDS]}]},
        "DescribeListeners": lambda _: {"Listeners": [{"ListenerArn": LISTENER, "DefaultActions": [FORWARDS]}]},
        **answers,
    }
    live = alive(("ApiRule", rule, "x"), ("ApiBlue", BLUE, "x"), ("ApiGreen", GREEN, "x"))
    client = client_of({"cloudformation": Api("cloudformation", live, []), "elbv2": Api("elbv2", elb, [])})
    return live_weights(new, old.to_dict(), client, STACK)


def test_a_rule_that_changes_keeps_the_live_weights() -> None:
    assert weights(template(2), template(1)) == {"ApiBlueWeight": "0", "ApiGreenWeight": "100"}


def test_a_rule_that_stays_as_it_is_keeps_its_parameters() -> None:
    assert weights(template(1), template(1)) == {}


def test_a_new_rule_takes_the_default() -> None:
    assert weights(template(1), Template("shop", {})) == {}


def test_the_listener_of_a_network_load_balancer_counts_as_a_rule() -> None:
    found = weights(template(2, "Listener"), template(1, "Listener"), rule=LISTENER)
    assert found == {"ApiBlueWeight": "0", "ApiGreenWeight": "100"}


def test_weights_that_cannot_be_read_stop_the_plan_and_name_the_way_out() -> None:
    def refused(request: dict[str, Any]) -> dict[str, Any]:
        raise refusal("AccessDenied", "no")

    with pytest.raises(DeployError, match="--parameter ApiBlueWeight=N --parameter ApiGreenWeight=N") as caught:
        weights(template(2), template(1), DescribeRules=refused)
    assert caught.value.exit_code == 5
