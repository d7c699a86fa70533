"""Deployments that put the new revision beside the old one and move traffic: blue/green, linear, canary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Literal

from troposphere import GetAtt, Ref, ecs, iam
from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.constructs.deployment import Deployment
from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.values import Attr, LiveWeight, Text, sub

Stage = Literal[
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
]
_SHIFTS = ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
# CloudFormation gives a service 36 hours to become stable (its resource schema), and rolls back under a deployment
# that still waits; two hours of that are for starting and stopping tasks
_LONGEST = timedelta(hours=34)


class Pause(Value):
    """The deployment waits at these stages until somebody continues it or rolls it back.

    After `timeout`, a day by default, it rolls back, or goes on with `then="continue"`. ECS admits no pause while
    traffic shifts. Raises SpecError for such a stage and for a time-out that ECS refuses.
    """

    stages: Sequence[Stage]
    timeout: timedelta = timedelta(days=1)
    then: Literal["rollback", "continue"] = "rollback"

    def check(self) -> None:
        _check_stages(self, self.stages)
        for stage in self.stages:
            if stage in _SHIFTS:
                near = "POST_" + stage if stage == "TEST_TRAFFIC_SHIFT" else "PRE_" + stage
                raise self.refuse(f"ECS admits no pause at {stage}; take {near}")
        _check_timeout(self, self.timeout)

    def hook(self, service: Construct, number: int) -> Any:
        return ecs.DeploymentLifecycleHook(
            TargetType="PAUSE",
            LifecycleStages=list(self.stages),
            TimeoutConfiguration=_timeout(self.timeout, self.then),
        )


class LambdaHook(Value):
    """A Lambda function that ECS asks at these stages; it answers SUCCEEDED, FAILED or IN_PROGRESS.

    `function` is its ARN, `details` is handed to it at each call. The role that lets ECS call it, and nothing else, is
    made unless `role` is given. Raises SpecError for what is no ARN.
    """

    function: Text
    stages: Sequence[Stage]
    details: Mapping[str, str] = {}
    timeout: timedelta | None = None
    """By default what ECS takes: a day."""
    then: Literal["rollback", "continue"] = "rollback"
    role: Text | None = None

    def check(self) -> None:
        _check_stages(self, self.stages)
        if isinstance(self.function, str) and ":lambda:" not in self.function:
            raise self.refuse(f"function must be the ARN of a Lambda function, got {self.function!r}")
        if self.timeout is not None:
            _check_timeout(self, self.timeout)

    def hook(self, service: Construct, number: int) -> Any:
        more: dict[str, Any] = {"HookDetails": dict(self.details)} if self.details else {}
        if self.timeout is not None:
            more["TimeoutConfiguration"] = _timeout(self.timeout, self.then)
        return ecs.DeploymentLifecycleHook(
            TargetType="AWS_LAMBDA",
            HookTargetArn=self.function,
            RoleArn=GetAtt(service.id("HookRole"), "Arn") if self.role is None else self.role,
            LifecycleStages=list(self.stages),
            **more,
        )


class _Shifting(Deployment):
    """What blue/green, linear and canary share."""

    bake: timedelta = timedelta(minutes=5)
    """How long both revisions run after all traffic has moved, in whole minutes up to a day."""
    hooks: Sequence[Pause | LambdaHook] = ()

    shifts: ClassVar[bool] = True
    strategy: ClassVar[str]

    refused: ClassVar[Mapping[str, str]] = {
        "circuit_breaker": "is for Rolling; errors= and alarms= end a deployment that shifts traffic",
        "early_success": "is for Rolling; bake= says how long both revisions run",
    }

    def check(self) -> None:
        super().check()
        _check_minutes(self, "bake", self.bake)
        longest = self._longest()
        if longest > _LONGEST:
            hours = longest.total_seconds() / 3600
            raise self.refuse(
                f"bake, steps and hooks may take {hours:g} hours together, and CloudFormation gives up a service after "
                f"36; shorten a time-out, at most 34 hours in all"
            )

    def _longest(self) -> timedelta:
        total = self.bake + self._steps() * self._pause
        for hook in self.hooks:
            for stage in hook.stages:
                # asked before and at every step of a shift in steps
                times = self._steps() if stage in ("PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT") else 1
                total += (hook.timeout or timedelta(0)) * times
        return total

    def _steps(self) -> int:
        """How often traffic is moved."""
        return 1

    @property
    def _pause(self) -> timedelta:
        """How long a step lasts."""
        return timedelta(0)

    def configuration(self, service: Construct) -> Any:
        hooks = [hook.hook(service, number) for number, hook in enumerate(self.hooks, 1)]
        return ecs.DeploymentConfiguration(
            Strategy=self.strategy,
            MinimumHealthyPercent=100,
            MaximumPercent=200,
            BakeTimeInMinutes=int(self.bake.total_seconds() // 60),
            **self._more(),
            **({"LifecycleHooks": hooks} if hooks else {}),
            **self.watched(service),
        )

    def _more(self) -> dict[str, Any]:
        return {}

    def controller(self) -> dict[str, Any]:
        return {"DeploymentController": ecs.DeploymentController(Type="ECS")}

    def resources(self, service: Construct) -> Iterator[Any]:
        functions = [one.function for one in self.hooks if isinstance(one, LambdaHook) and one.role is None]
        if not functions:
            return
        yield iam.ManagedPolicy(
            service.id("HookPolicy"),
            Description=f"What ECS asks while it deploys {service.name}",
            PolicyDocument={
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": functions}],
            },
        )
        yield iam.Role(
            service.id("HookRole"),
            AssumeRolePolicyDocument=trust_of_ecs(),
            ManagedPolicyArns=[Ref(service.id("HookPolicy"))],
        )

    def forward(self, service: Construct, part: str, rule: str) -> Any:
        # ECS rewrites the weights at each deployment; a template that says 100 to 0 would put traffic back to the group
        # that is empty, so the deployer fills them from the live rule (aws-cdk#36649)
        test = "Test" if "TestListener" in rule.removeprefix(service.name) else ""
        groups = [
            elb.TargetGroupTuple(
                TargetGroupArn=Ref(group),
                Weight=LiveWeight(f"{service.name}{part}{test}{color}Weight", rule=rule, group=group, default=first),
            )
            for color, group, first in (
                ("Blue", service.id(f"{part}TargetGroup"), 100),
                ("Green", service.id(f"{part}GreenTargetGroup"), 0),
            )
        ]
        action = elb.Action if rule.endswith("Listener") else elb.ListenerRuleAction
        return action(Type="forward", ForwardConfig=elb.ForwardConfig(TargetGroups=groups))

    def alternate(self, service: Construct, *, group: Attr, production: Attr, test: Attr | None) -> dict[str, Any]:
        more = {} if test is None else {"TestListenerRule": test}
        return {
            "AdvancedConfiguration": ecs.AdvancedConfiguration(
                AlternateTargetGroupArn=group,
                ProductionListenerRule=production,
                **more,
                RoleArn=service.attr("LoadBalancerRole", "Arn"),
            )
        }


class BlueGreen(_Shifting):
    """The new revision starts beside the old one, takes all traffic at once, and the old one goes after `bake`."""

    strategy: ClassVar[str] = "BLUE_GREEN"


class Linear(_Shifting):
    """Traffic moves to the new revision in equal steps of `step` percent, with a pause of `step_bake` after each."""

    step: float = 10
    step_bake: timedelta = timedelta(minutes=6)

    strategy: ClassVar[str] = "LINEAR"

    def check(self) -> None:
        if not 3 <= self.step <= 100 or round(self.step * 10) != self.step * 10:
            raise self.refuse(f"step is a percentage from 3 to 100 in tenths, got {self.step:g}")
        _check_minutes(self, "step_bake", self.step_bake)
        super().check()

    def _steps(self) -> int:
        return int(-(-100 // self.step))

    @property
    def _pause(self) -> timedelta:
        return self.step_bake

    def _more(self) -> dict[str, Any]:
        minutes = int(self.step_bake.total_seconds() // 60)
        return {"LinearConfiguration": ecs.LinearConfiguration(StepPercent=self.step, StepBakeTimeInMinutes=minutes)}


class Canary(_Shifting):
    """A part of the traffic, `percent`, moves first; the rest follows after `canary_bake`."""

    percent: float = 5
    canary_bake: timedelta = timedelta(minutes=10)

    strategy: ClassVar[str] = "CANARY"

    def check(self) -> None:
        if not 0.1 <= self.percent <= 100 or round(self.percent * 10) != self.percent * 10:
            raise self.refuse(f"percent is 0.1 to 100 in tenths, got {self.percent:g}")
        _check_minutes(self, "canary_bake", self.canary_bake)
        super().check()

    def _steps(self) -> int:
        return 2

    @property
    def _pause(self) -> timedelta:
        return self.canary_bake / 2  # one pause between the two steps

    def _more(self) -> dict[str, Any]:
        minutes = int(self.canary_bake.total_seconds() // 60)
        return {
            "CanaryConfiguration": ecs.CanaryConfiguration(CanaryPercent=self.percent, CanaryBakeTimeInMinutes=minutes)
        }


def load_balancer_role(service: Construct) -> Any:
    """Give the role by which ECS moves traffic: AWS's own policy, which grows with what ECS needs.

    Its trust has no condition on the account, since AWS's own text has none
    (developer guide, AmazonECSInfrastructureRolePolicyForLoadBalancers).
    """
    policy = sub("arn:${AWS::Partition}:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers")
    return iam.Role(service.id("LoadBalancerRole"), AssumeRolePolicyDocument=trust_of_ecs(), ManagedPolicyArns=[policy])


def trust_of_ecs() -> dict[str, Any]:
    """Give the trust policy of a role that ECS itself takes."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }


def _check_stages(value: Pause | LambdaHook, stages: Sequence[str]) -> None:
    if not stages:
        raise value.refuse("it has no stage; give stages=[...]")
    if len(set(stages)) < len(stages):
        raise value.refuse(f"a stage is named twice, got {', '.join(stages)}")


def _check_timeout(value: Pause | LambdaHook, timeout: timedelta) -> None:
    minutes = timeout.total_seconds() / 60
    if not 1 <= minutes <= 20_160 or minutes % 1:
        raise value.refuse(f"timeout must be 1 to 20160 whole minutes, got {minutes:g}")


def _check_minutes(value: Value, key: str, given: timedelta) -> None:
    minutes = given.total_seconds() / 60
    if not 0 <= minutes <= 1440 or minutes % 1:
        raise value.refuse(f"{key} must be 0 to 1440 whole minutes, got {minutes:g}")


def _timeout(timeout: timedelta, then: str) -> Any:
    return ecs.HookTimeoutConfig(TimeoutInMinutes=int(timeout.total_seconds() // 60), Action=then.upper())
