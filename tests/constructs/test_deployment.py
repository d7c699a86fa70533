"""How new revisions take over: what each way renders, and what ECS would refuse."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks import (
    BlueGreen,
    Canary,
    CircuitBreaker,
    EarlySuccess,
    ExistingLoadBalancer,
    LambdaHook,
    Linear,
    Param,
    Pause,
    Rolling,
    Scaling,
    SpecError,
    Template,
)
from fargate_stacks.constructs.deployment import Deployment
from fargate_stacks.testing import properties
from tests.constructs.doors import NET, PLAIN, TESTED, rendered, service
from tests.metric_math import Series, of_queries

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:smoke"
HOUR = timedelta(hours=1)


def deployed(deployment: Deployment, balancer: Any = PLAIN, **fields: Any) -> Template:
    return rendered(balancer, service(route=balancer.route(), deployment=deployment, **fields))


def configuration(deployment: Deployment) -> dict[str, Any]:
    found: dict[str, Any] = properties(deployed(deployment), "WebService")["DeploymentConfiguration"]
    return found


# rolling


def test_rolling_has_a_circuit_breaker_that_rolls_back() -> None:
    assert configuration(Rolling()) == {
        "MinimumHealthyPercent": 100,
        "MaximumPercent": 200,
        "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
    }
    assert configuration(Rolling(rollback=False))["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": False}
    assert configuration(Rolling(circuit_breaker=False))["DeploymentCircuitBreaker"]["Enable"] is False


@pytest.mark.parametrize(
    ("breaker", "threshold"),
    [
        (CircuitBreaker(failures=5), {"ThresholdConfiguration": {"Type": "COUNT", "Value": 5}}),
        (CircuitBreaker(percent=25), {"ThresholdConfiguration": {"Type": "BOUNDED_PERCENT", "Value": 25}}),
        (
            CircuitBreaker(percent=25, bounded=False, reset=True),
            {"ResetOnHealthyTask": True, "ThresholdConfiguration": {"Type": "UNBOUNDED_PERCENT", "Value": 25}},
        ),
        (CircuitBreaker(), {}),
    ],
)
def test_a_threshold_says_when_a_deployment_has_failed(breaker: CircuitBreaker, threshold: dict[str, Any]) -> None:
    found = configuration(Rolling(circuit_breaker=breaker))["DeploymentCircuitBreaker"]
    assert found == {"Enable": True, "Rollback": True, **threshold}


def test_early_success_ends_a_deployment_before_the_last_task() -> None:
    found = configuration(Rolling(min=50, early_success=EarlySuccess(healthy=80, cleanup="blocking")))
    assert found["EarlySuccessCriteria"] == {
        "Enable": True,
        "HealthyPercent": 80,
        "SourceServiceRevisionCleanup": "BLOCKING",
    }


def test_a_single_task_that_may_not_be_doubled_is_never_rebalanced() -> None:
    single = properties(deployed(Rolling(min=0, max=100)), "WebService")
    assert single["AvailabilityZoneRebalancing"] == "DISABLED"
    assert properties(deployed(Rolling()), "WebService")["AvailabilityZoneRebalancing"] == "ENABLED"


# alarms


def test_alarms_that_are_there_already_end_a_deployment() -> None:
    found = configuration(Rolling(alarms=["pager", Param("Alarm")], rollback=False))
    assert found["Alarms"] == {"AlarmNames": ["pager", {"Ref": "Alarm"}], "Enable": True, "Rollback": False}


def test_errors_make_an_alarm_before_the_service_over_both_target_groups() -> None:
    template = deployed(BlueGreen(errors=2.5))
    alarm = properties(template, "WebErrorsAlarm")
    (expression, *metrics) = alarm["Metrics"]
    assert expression["Expression"] == ("100 * SUM([FILL(e1, 0), FILL(e2, 0)]) / SUM([r1, r2])")
    groups = [one["MetricStat"]["Metric"]["Dimensions"][1]["Value"]["Fn::GetAtt"][0] for one in metrics]
    assert groups == ["WebTargetGroup", "WebGreenTargetGroup"] * 2
    assert alarm["Threshold"] == 2.5
    watched = properties(template, "WebService")["DeploymentConfiguration"]["Alarms"]
    assert watched["AlarmNames"] == [{"Ref": "WebErrorsAlarm"}]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("blue", "green", "percent"),
    [
        (([100.0, 100.0], [10.0, None]), ([None, None], [None, None]), [10.0, 0.0]),
        (([50.0, None], [None, None]), ([50.0, 100.0], [5.0, 20.0]), [5.0, 20.0]),
        # the newest minute is not reported yet: no number, and above all no 0
        (([100.0, None], [10.0, None]), ([None, None], [None, None]), [10.0, None]),
    ],
    ids=["a group without traffic", "traffic that moves", "a minute that comes late"],
)
def test_errors_are_the_share_of_requests_over_both_groups(
    blue: tuple[Series, Series], green: tuple[Series, Series], percent: Series, strict: bool
) -> None:
    metrics = properties(deployed(BlueGreen(errors=5)), "WebErrorsAlarm")["Metrics"]
    data = {"r1": blue[0], "e1": blue[1], "r2": green[0], "e2": green[1]}
    assert of_queries(metrics, data, strict=strict) == percent


def test_errors_need_a_load_balancer_to_be_seen_at() -> None:
    with pytest.raises(SpecError, match="errors= is measured at a route of a load balancer"):
        service(deployment=Rolling(errors=5))


# blue/green


def test_blue_green_has_two_groups_one_rule_and_a_role_for_ecs() -> None:
    template = deployed(BlueGreen())
    web = properties(template, "WebService")
    assert web["DeploymentController"] == {"Type": "ECS"}
    assert web["LoadBalancers"] == [
        {
            "ContainerName": "app",
            "ContainerPort": 8080,
            "TargetGroupArn": {"Ref": "WebTargetGroup"},
            "AdvancedConfiguration": {
                "AlternateTargetGroupArn": {"Ref": "WebGreenTargetGroup"},
                "ProductionListenerRule": {"Ref": "WebListenerRule"},
                "RoleArn": {"Fn::GetAtt": ["WebLoadBalancerRole", "Arn"]},
            },
        }
    ]
    green, blue = properties(template, "WebGreenTargetGroup"), properties(template, "WebTargetGroup")
    assert green == blue


def test_blue_green_has_no_circuit_breaker_which_is_for_rolling_alone() -> None:
    assert configuration(BlueGreen(bake=timedelta(minutes=30))) == {
        "Strategy": "BLUE_GREEN",
        "MinimumHealthyPercent": 100,
        "MaximumPercent": 200,
        "BakeTimeInMinutes": 30,
    }


def test_the_role_is_trusted_without_a_condition_and_has_the_policy_of_aws() -> None:
    role = properties(deployed(BlueGreen()), "WebLoadBalancerRole")
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "ecs.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    assert role["ManagedPolicyArns"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers"}
    ]


def test_weights_are_parameters_so_that_an_update_leaves_traffic_where_it_is() -> None:
    template = deployed(BlueGreen())
    (forward,) = properties(template, "WebListenerRule")["Actions"]
    assert forward["ForwardConfig"]["TargetGroups"] == [
        {"TargetGroupArn": {"Ref": "WebTargetGroup"}, "Weight": {"Ref": "WebBlueWeight"}},
        {"TargetGroupArn": {"Ref": "WebGreenTargetGroup"}, "Weight": {"Ref": "WebGreenWeight"}},
    ]
    weights = {key: one["Default"] for key, one in template.parameters.items()}
    assert weights == {"WebBlueWeight": 100, "WebGreenWeight": 0}


def test_the_metadata_says_which_live_weight_a_parameter_stands_for() -> None:
    assert deployed(BlueGreen()).metadata["FargateStacks"]["Weights"] == {
        "WebBlueWeight": {"ListenerRule": "WebListenerRule", "TargetGroup": "WebTargetGroup"},
        "WebGreenWeight": {"ListenerRule": "WebListenerRule", "TargetGroup": "WebGreenTargetGroup"},
    }
    assert deployed(Rolling()).metadata == {}


def test_a_test_listener_shows_the_new_revision_first() -> None:
    template = deployed(BlueGreen(), TESTED)
    production, test = properties(template, "WebListenerRule"), properties(template, "WebTestListenerRule")
    assert test["ListenerArn"] == {"Ref": "TestedTestListener"}
    assert test["Conditions"] == production["Conditions"]
    (balancer,) = properties(template, "WebService")["LoadBalancers"]
    assert balancer["AdvancedConfiguration"]["TestListenerRule"] == {"Ref": "WebTestListenerRule"}
    assert {"WebListenerRule", "WebTestListenerRule"} <= {
        *template.resources["WebService"].get("DependsOn", []),
        *(one["Ref"] for key, one in balancer["AdvancedConfiguration"].items() if key.endswith("Rule")),
    }


def test_a_rolling_deployment_leaves_the_test_listener_alone() -> None:
    assert "WebTestListenerRule" not in deployed(Rolling(), TESTED).resources


def test_an_existing_load_balancer_brings_its_own_test_listener() -> None:
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/x/1/"
    edge = ExistingLoadBalancer(vpc=NET, listener_arn=arn + "2", security_group="sg-1", test_listener_arn=arn + "3")
    template = rendered(service(route=edge.route(), deployment=BlueGreen()))
    assert properties(template, "WebTestListenerRule")["ListenerArn"] == arn + "3"


def test_each_route_swaps_between_groups_of_its_own() -> None:
    web = service(route=[PLAIN.route("/a"), PLAIN.route("/b", name="b")], deployment=BlueGreen())
    template = rendered(PLAIN, web)
    assert sorted(template.parameters) == ["WebBBlueWeight", "WebBGreenWeight", "WebBlueWeight", "WebGreenWeight"]
    assert {"WebBTargetGroup", "WebBGreenTargetGroup"} <= set(template.resources)


def test_blue_green_without_a_load_balancer_needs_neither_groups_nor_role() -> None:
    template = rendered(service(deployment=BlueGreen()))
    assert "WebLoadBalancerRole" not in template.resources
    assert properties(template, "WebService")["DeploymentConfiguration"]["Strategy"] == "BLUE_GREEN"


def test_requests_are_summed_over_both_groups() -> None:
    template = deployed(BlueGreen(), count=Scaling(min=1, max=4, requests=100, cpu=50))
    policy = properties(template, "WebRequestsScalingPolicy")["TargetTrackingScalingPolicyConfiguration"]
    assert "PredefinedMetricSpecification" not in policy
    (total, blue, green) = policy["CustomizedMetricSpecification"]["Metrics"]
    assert (total["Expression"], total["ReturnData"]) == ("SUM([r1, r2])", True)
    dimensions = [one["MetricStat"]["Metric"]["Dimensions"] for one in (blue, green)]
    assert {both[0]["Name"] for both in dimensions} == {"LoadBalancer"}
    assert [both[1]["Value"] for both in dimensions] == [
        {"Fn::GetAtt": ["WebTargetGroup", "TargetGroupFullName"]},
        {"Fn::GetAtt": ["WebGreenTargetGroup", "TargetGroupFullName"]},
    ]
    assert policy["TargetValue"] == 100
    assert "WebCpuScalingPolicy" in template.resources


def test_requests_of_a_rolling_service_are_the_load_balancers_own_metric() -> None:
    template = deployed(Rolling(), count=Scaling(min=1, max=4, requests=100))
    policy = properties(template, "WebRequestsScalingPolicy")["TargetTrackingScalingPolicyConfiguration"]
    assert policy["PredefinedMetricSpecification"]["PredefinedMetricType"] == "ALBRequestCountPerTarget"


# linear and canary


def test_linear_moves_in_steps() -> None:
    found = configuration(Linear(step=12.5, step_bake=timedelta(minutes=3)))
    assert found["Strategy"] == "LINEAR"
    assert found["LinearConfiguration"] == {"StepPercent": 12.5, "StepBakeTimeInMinutes": 3}


def test_canary_moves_a_part_first() -> None:
    found = configuration(Canary(percent=0.5, canary_bake=timedelta(minutes=20)))
    assert found["Strategy"] == "CANARY"
    assert found["CanaryConfiguration"] == {"CanaryPercent": 0.5, "CanaryBakeTimeInMinutes": 20}


# hooks


def test_a_pause_waits_for_somebody() -> None:
    found = configuration(BlueGreen(hooks=[Pause(stages=["POST_TEST_TRAFFIC_SHIFT"], timeout=HOUR, then="continue")]))
    assert found["LifecycleHooks"] == [
        {
            "TargetType": "PAUSE",
            "LifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
            "TimeoutConfiguration": {"TimeoutInMinutes": 60, "Action": "CONTINUE"},
        }
    ]


def test_a_function_is_asked_with_a_role_that_may_call_it_and_nothing_else() -> None:
    template = deployed(BlueGreen(hooks=[LambdaHook(function=FUNCTION, stages=["POST_SCALE_UP"], details={"a": "b"})]))
    (hook,) = properties(template, "WebService")["DeploymentConfiguration"]["LifecycleHooks"]
    assert hook == {
        "TargetType": "AWS_LAMBDA",
        "HookTargetArn": FUNCTION,
        "RoleArn": {"Fn::GetAtt": ["WebHookRole", "Arn"]},
        "LifecycleStages": ["POST_SCALE_UP"],
        "HookDetails": {"a": "b"},
    }
    (statement,) = properties(template, "WebHookPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["lambda:InvokeFunction"], [FUNCTION])


def test_a_role_that_is_given_is_not_made() -> None:
    hook = LambdaHook(function=FUNCTION, stages=["POST_SCALE_UP"], role="arn:aws:iam::123456789012:role/hook")
    template = deployed(BlueGreen(hooks=[hook]))
    assert "WebHookRole" not in template.resources


# what ECS refuses


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Rolling(min=100, max=100), "min=100 and max=100 leave no room"),
        (lambda: Rolling(min=101), "min is a percentage from 0 to 100, got 101"),
        (lambda: Rolling(early_success=EarlySuccess(healthy=50)), "early_success at 50 % is below min=100"),
        (lambda: EarlySuccess(healthy=101), "healthy is a percentage from 0 to 100, got 101"),
        (lambda: CircuitBreaker(failures=1, percent=1), "it counts failures or a percent, got both"),
        (lambda: CircuitBreaker(failures=0), "failures must be 1 or more, got 0"),
        (lambda: CircuitBreaker(bounded=False), "bounded=False is for a percent"),
        (lambda: Rolling(errors=0), "errors is a percentage between 0 and 100, got 0"),
        (lambda: BlueGreen(bake=timedelta(seconds=90)), "bake must be 0 to 1440 whole minutes, got 1.5"),
        (lambda: BlueGreen(bake=timedelta(days=2)), "bake must be 0 to 1440 whole minutes, got 2880"),
        (lambda: BlueGreen(circuit_breaker=True), "circuit_breaker is for Rolling"),
        (lambda: Linear(step=2), "step is a percentage from 3 to 100 in tenths, got 2"),
        (lambda: Linear(step=3.33), "step is a percentage from 3 to 100 in tenths, got 3.33"),
        (lambda: Canary(percent=0), "percent is 0.1 to 100 in tenths, got 0"),
        (lambda: Pause(stages=["PRODUCTION_TRAFFIC_SHIFT"]), "ECS admits no pause at PRODUCTION_TRAFFIC_SHIFT"),
        (lambda: Pause(stages=["TEST_TRAFFIC_SHIFT"]), "take POST_TEST_TRAFFIC_SHIFT"),
        (lambda: Pause(stages=[]), "it has no stage"),
        (lambda: Pause(stages=["POST_SCALE_UP", "POST_SCALE_UP"]), "a stage is named twice"),
        (lambda: Pause(stages=["POST_SCALEUP"]), "stages must be"),
        (lambda: Pause(stages=["POST_SCALE_UP"], timeout=timedelta(0)), "timeout must be 1 to 20160 whole minutes"),
        (lambda: LambdaHook(function="smoke", stages=["POST_SCALE_UP"]), "function must be the ARN of a Lambda"),
    ],
)
def test_what_ecs_would_refuse(make: Any, words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: BlueGreen(hooks=[Pause(stages=["POST_SCALE_UP"], timeout=timedelta(hours=35))]),
        lambda: BlueGreen(hooks=[Pause(stages=["PRE_SCALE_UP", "POST_SCALE_UP"], timeout=timedelta(hours=20))]),
        lambda: Linear(step=3, step_bake=timedelta(hours=2)),
        # asked before each of ten steps
        lambda: Linear(step=10, hooks=[Pause(stages=["PRE_PRODUCTION_TRAFFIC_SHIFT"], timeout=timedelta(hours=4))]),
    ],
)
def test_a_deployment_that_outlasts_cloudformation_is_refused(make: Any) -> None:
    with pytest.raises(SpecError, match="CloudFormation gives up a service after 36"):
        make()
