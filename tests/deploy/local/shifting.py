"""A service that shifts its traffic between two target groups."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy.local.scene import QUIET, Scene
from tests.deploy.local.services import behind, definition, platform
from tests.localcloud import Cloud


def shifting(container: dict[str, Any] | None = None, **configuration: Any) -> dict[str, Any]:
    """Give a platform whose service has two target groups, a production rule and a test rule."""
    resources = behind()
    resources["Green"] = resources["Targets"]
    forward = {
        "Type": "forward",
        "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": {"Ref": "Targets"}, "Weight": 100},
                {"TargetGroupArn": {"Ref": "Green"}, "Weight": 0},
            ]
        },
    }
    for number, name in enumerate(("Production", "Test"), 1):
        resources[name] = {
            "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
            "Properties": {
                "ListenerArn": {"Ref": "Listener"},
                "Priority": number,
                "Conditions": [{"Field": "path-pattern", "Values": [f"/{number}*"]}],
                "Actions": [forward],
            },
        }
    balancer = {
        "ContainerName": "app",
        "ContainerPort": 80,
        "TargetGroupArn": {"Ref": "Targets"},
        "AdvancedConfiguration": {
            "AlternateTargetGroupArn": {"Ref": "Green"},
            "ProductionListenerRule": {"Ref": "Production"},
            "TestListenerRule": {"Ref": "Test"},
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        },
    }
    template = platform(
        definition({**QUIET, **(container or {})}),
        LoadBalancers=[balancer],
        DeploymentConfiguration={"Strategy": "BLUE_GREEN", "BakeTimeInMinutes": 5, **configuration},
    )
    template["Resources"] |= resources
    template["Resources"]["Web"]["DependsOn"] += ["Production", "Test", "In"]
    return template


class Shifting(Scene):
    """The scene of a service that shifts its traffic."""

    def made_with(self, **configuration: Any) -> Shifting:
        stack = self.cloud.create("web", shifting(**configuration))
        assert stack["StackStatus"] == "CREATE_COMPLETE", self.cloud.history("web")
        self.ids = self.cloud.physical("web")
        return self

    def weights(self, rule: str = "Production") -> list[int]:
        """Give the weights of the two groups in a rule, the first group first."""
        answer = self.cloud.api("elbv2").describe_rules(RuleArns=[self.ids[rule]])
        groups = answer["Rules"][0]["Actions"][0]["ForwardConfig"]["TargetGroups"]
        found = {one["TargetGroupArn"]: one["Weight"] for one in groups}
        return [found[self.ids["Targets"]], found[self.ids["Green"]]]

    def stage(self) -> str:
        return str(self.deployment().get("lifecycleStage"))

    def until(self, stage: str) -> None:
        """Let time pass until a stage is reached."""
        for _ in range(400):
            if self.stage() == stage:
                return
            self.passes(5)
        raise AssertionError(f"{stage} was never reached: {self.stage()}")


@pytest.fixture
def shift(cloud: Cloud) -> Shifting:
    return Shifting(cloud)
