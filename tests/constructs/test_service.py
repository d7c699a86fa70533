"""Services: what they render, what they wait for, and what they refuse."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks.constructs.access import Access, allow
from fargate_stacks.constructs.capacity import OnDemand, Spot
from fargate_stacks.constructs.cluster import Cluster, ExistingCluster
from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.deployment import Rolling
from fargate_stacks.constructs.egress import Egress
from fargate_stacks.constructs.endpoint import Endpoint
from fargate_stacks.constructs.ingress import LoadBalancer
from fargate_stacks.constructs.ingress_existing import ExistingLoadBalancer
from fargate_stacks.constructs.network import Vpc
from fargate_stacks.constructs.scaling import Scaling
from fargate_stacks.constructs.service import Service
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.template import Template
from fargate_stacks.errors import RenderError, SpecError

NET = Vpc("Net")
MAIN = Cluster("Main", vpc=NET)
DOOR = LoadBalancer("Door", vpc=NET, public=True)
WEB = Task(containers=[Container(image="example/web:1", port=8080)])
QUIET = Task(containers=[Container(image="example/worker:1")])


def rendered(*members: Construct, **stack: Any) -> Template:
    return render(App([Stack("s", [NET, MAIN, *members], **stack)]))["s"]


def properties(template: Template, logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = template.resources[logical_id]["Properties"]
    return found


def service(*others: Construct, task: Task = QUIET, **fields: Any) -> dict[str, Any]:
    fields = {"cluster": MAIN, "task": task, **fields}
    return properties(rendered(*others, Service("Web", **fields)), "WebService")


def test_a_worker_runs_in_private_subnets_without_public_addresses() -> None:
    network = service()["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == "DISABLED"
    assert network["Subnets"] == [{"Ref": "NetPrivateSubnet1"}, {"Ref": "NetPrivateSubnet2"}]
    assert network["SecurityGroups"] == [{"Fn::GetAtt": ["WebSecurityGroup", "GroupId"]}]


def test_public_subnets_bring_public_addresses() -> None:
    network = service(subnets="public")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == "ENABLED"
    assert network["Subnets"][0] == {"Ref": "NetPublicSubnet1"}


def test_a_strategy_is_always_given_and_never_a_launch_type() -> None:
    found = service(capacity=OnDemand())
    assert found["CapacityProviderStrategy"] == [{"CapacityProvider": "FARGATE", "Weight": 1}]
    assert "LaunchType" not in found


def test_spot_has_an_on_demand_base() -> None:
    found = service(capacity=Spot(base=2, on_demand=1, spot=3))["CapacityProviderStrategy"]
    assert found == [
        {"CapacityProvider": "FARGATE", "Base": 2, "Weight": 1},
        {"CapacityProvider": "FARGATE_SPOT", "Weight": 3},
    ]


def test_spot_without_a_base_names_spot_only() -> None:
    assert service(capacity=Spot(base=0))["CapacityProviderStrategy"] == [
        {"CapacityProvider": "FARGATE_SPOT", "Weight": 1}
    ]


def test_on_an_existing_cluster_without_providers_the_launch_type_is_given() -> None:
    old = ExistingCluster("old", vpc=NET)
    found = service(cluster=old)
    assert found["LaunchType"] == "FARGATE"
    assert "CapacityProviderStrategy" not in found
    assert found["Cluster"] == "old"


def test_a_rolling_deployment_keeps_all_tasks_and_rolls_back_by_default() -> None:
    found = service()
    assert found["DeploymentConfiguration"] == {
        "MinimumHealthyPercent": 100,
        "MaximumPercent": 200,
        "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
    }
    assert found["AvailabilityZoneRebalancing"] == "ENABLED"


def test_without_room_above_100_percent_rebalancing_is_off_in_so_many_words() -> None:
    found = service(deployment=Rolling(min=0, max=100, circuit_breaker=False))
    assert found["AvailabilityZoneRebalancing"] == "DISABLED"
    assert found["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": False, "Rollback": False}


def test_tags_reach_the_tasks() -> None:
    found = service()
    assert (found["PropagateTags"], found["EnableECSManagedTags"]) == ("SERVICE", True)


def test_exec_is_off_unless_asked_for() -> None:
    assert service()["EnableExecuteCommand"] is False
    assert service(exec=True)["EnableExecuteCommand"] is True


def test_the_platform_version_is_written() -> None:
    assert service()["PlatformVersion"] == "LATEST"
    assert service(platform_version="1.4.0")["PlatformVersion"] == "1.4.0"


def test_a_route_makes_a_target_group_and_a_rule() -> None:
    route = DOOR.route(
        "/api/*", host="a.example.com", header={"X-Kind": ["a", "b"]}, method="GET", health="/ok", expect="200", priority=7,
        interval=timedelta(seconds=20), timeout=timedelta(seconds=4), healthy=3, unhealthy=4, deregistration_delay=timedelta(seconds=9),
    )  # fmt: skip
    template = rendered(DOOR, Service("Web", cluster=MAIN, task=WEB, route=route))
    group = properties(template, "WebTargetGroup")
    assert group == {
        "TargetType": "ip",
        "Protocol": "HTTP",
        "Port": 8080,
        "VpcId": {"Ref": "NetVpc"},
        "HealthCheckPath": "/ok",
        "HealthCheckProtocol": "HTTP",
        "HealthCheckIntervalSeconds": 20,
        "HealthCheckTimeoutSeconds": 4,
        "HealthyThresholdCount": 3,
        "UnhealthyThresholdCount": 4,
        "Matcher": {"HttpCode": "200"},
        "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "9"}],
    }
    rule = properties(template, "WebListenerRule")
    assert rule["Priority"] == 7
    assert rule["ListenerArn"] == {"Ref": "DoorListener"}
    assert rule["Conditions"] == [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}},
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.com"]}},
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Kind", "Values": ["a", "b"]}},
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
    ]
    assert rule["Actions"] == [{"Type": "forward", "TargetGroupArn": {"Ref": "WebTargetGroup"}}]


def test_a_target_is_healthy_with_200_to_399_by_default() -> None:
    template = rendered(DOOR, Service("Web", cluster=MAIN, task=WEB, route=DOOR.route()))
    assert properties(template, "WebTargetGroup")["Matcher"] == {"HttpCode": "200-399"}


def test_the_service_registers_the_container_that_the_route_leads_to() -> None:
    task = Task(
        cpu=512,
        memory=1024,
        containers=[Container(image="a/a:1", port=80), Container(name="admin", image="a/b:1", port=9000)],
    )
    found = service(DOOR, task=task, route=[DOOR.route(), DOOR.route("/admin/*", name="admin", container="admin")])
    assert found["LoadBalancers"] == [
        {"ContainerName": "app", "ContainerPort": 80, "TargetGroupArn": {"Ref": "WebTargetGroup"}},
        {"ContainerName": "admin", "ContainerPort": 9000, "TargetGroupArn": {"Ref": "WebAdminTargetGroup"}},
    ]
    by_port = service(DOOR, task=task, route=DOOR.route(port=9000))
    assert by_port["LoadBalancers"][0]["ContainerName"] == "admin"


def test_only_the_load_balancer_may_reach_the_tasks() -> None:
    template = rendered(DOOR, Service("Web", cluster=MAIN, task=WEB, route=DOOR.route()))
    assert "SecurityGroupIngress" not in properties(template, "WebSecurityGroup")
    door, web = ({"Fn::GetAtt": [f"{name}SecurityGroup", "GroupId"]} for name in ("Door", "Web"))
    into = properties(template, "WebDoorIngress8080")
    assert (into["GroupId"], into["SourceSecurityGroupId"], into["FromPort"], into["ToPort"]) == (web, door, 8080, 8080)
    out = properties(template, "WebDoorEgress8080")
    assert (out["GroupId"], out["DestinationSecurityGroupId"], out["FromPort"]) == (door, web, 8080)


def test_two_routes_of_one_port_open_it_once() -> None:
    routes = [DOOR.route("/a/*"), DOOR.route("/b/*", name="b")]
    template = rendered(DOOR, Service("Web", cluster=MAIN, task=WEB, route=routes))
    assert [one for one in template.resources if "Ingress" in one] == ["WebDoorIngress8080"]


def test_grace_is_a_minute_with_a_route_and_absent_without() -> None:
    assert service(DOOR, task=WEB, route=DOOR.route())["HealthCheckGracePeriodSeconds"] == 60
    assert (
        service(DOOR, task=WEB, route=DOOR.route(), grace=timedelta(minutes=3))["HealthCheckGracePeriodSeconds"] == 180
    )
    assert service(DOOR, task=WEB, route=DOOR.route(), grace=timedelta(0))["HealthCheckGracePeriodSeconds"] == 0
    assert "HealthCheckGracePeriodSeconds" not in service()


def test_a_fixed_count_is_the_desired_count() -> None:
    assert service(count=3)["DesiredCount"] == 3


def test_under_scaling_the_desired_count_is_left_out() -> None:
    assert "DesiredCount" not in service(count=Scaling(min=1, max=3, cpu=50))


def test_scaling_renders_a_target_and_a_policy_a_metric() -> None:
    count = Scaling(
        min=2, max=9, cpu=60, memory=70, requests=1000,
        scale_out_cooldown=timedelta(seconds=30), scale_in_cooldown=timedelta(seconds=90),
    )  # fmt: skip
    template = rendered(DOOR, Service("Web", cluster=MAIN, task=WEB, route=DOOR.route(), count=count))
    target = properties(template, "WebScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 9)
    assert target["ResourceId"] == {"Fn::Sub": "service/${MainCluster}/${WebService.Name}"}
    goals = {}
    for part in ("Cpu", "Memory", "Requests"):
        policy = properties(template, f"Web{part}ScalingPolicy")
        assert policy["ScalingTargetId"] == {"Ref": "WebScalableTarget"}
        tracking = policy["TargetTrackingScalingPolicyConfiguration"]
        assert (tracking["ScaleOutCooldown"], tracking["ScaleInCooldown"]) == (30, 90)
        goals[tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]] = tracking["TargetValue"]
    assert goals == {
        "ECSServiceAverageCPUUtilization": 60,
        "ECSServiceAverageMemoryUtilization": 70,
        "ALBRequestCountPerTarget": 1000,
    }
    requests = properties(template, "WebRequestsScalingPolicy")["TargetTrackingScalingPolicyConfiguration"]
    assert requests["PredefinedMetricSpecification"]["ResourceLabel"] == {
        "Fn::Join": [
            "/",
            [
                {"Fn::GetAtt": ["DoorLoadBalancer", "LoadBalancerFullName"]},
                {"Fn::GetAtt": ["WebTargetGroup", "TargetGroupFullName"]},
            ],
        ]
    }


def test_it_waits_for_rules_ways_routes_and_what_its_uses_name() -> None:
    uses = [Access(label="x", statements=[allow("s3:GetObject", on=["*"])], after=[DOOR.attr("Listener")])]
    task = Task(containers=[Container(image="a/a:1", port=8080)], uses=uses)
    template = rendered(DOOR, Service("Web", cluster=MAIN, task=task, route=DOOR.route()))
    waits = template.resources["WebService"]["DependsOn"]
    assert "WebListenerRule" in waits
    assert {"NetPrivateDefaultRoute1", "NetPrivateDefaultRoute2"} <= set(waits)
    assert {"WebDoorIngress8080", "WebDoorEgress8080"} <= set(waits)


def test_an_endpoint_is_served_by_service_connect_and_guarded_by_its_group() -> None:
    orders = Endpoint("Orders", vpc=NET, port=8080)
    found = service(orders, task=WEB, endpoint=orders)
    connect = found["ServiceConnectConfiguration"]
    assert connect["Enabled"] is True
    assert connect["Namespace"] == {"Fn::GetAtt": ["NetNamespace", "Arn"]}
    (served,) = connect["Services"]
    assert served["DiscoveryName"] == "orders"
    assert served["ClientAliases"] == [{"DnsName": "orders", "Port": 8080}]
    groups = found["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"]
    assert groups[1] == {"Fn::GetAtt": ["OrdersSecurityGroup", "GroupId"]}


def test_the_port_that_an_endpoint_serves_is_named_in_the_task_definition() -> None:
    orders = Endpoint("Orders", vpc=NET, port=8080)
    template = rendered(orders, Service("Web", cluster=MAIN, task=WEB, endpoint=orders))
    (served,) = properties(template, "WebService")["ServiceConnectConfiguration"]["Services"]
    (mapping,) = properties(template, "WebTaskDefinition")["ContainerDefinitions"][0]["PortMappings"]
    assert served["PortName"] == mapping["Name"]


def test_a_caller_opens_the_endpoints_group_and_gets_its_url() -> None:
    orders = Endpoint("Orders", vpc=NET, port=8080)
    task = Task(containers=[Container(image="a/a:1")], uses=[orders.connect()])
    template = rendered(orders, Service("Web", cluster=MAIN, task=task))
    rule = properties(template, "WebOrdersIngress8080")
    assert rule["GroupId"] == {"Fn::GetAtt": ["OrdersSecurityGroup", "GroupId"]}
    assert rule["SourceSecurityGroupId"] == {"Fn::GetAtt": ["WebSecurityGroup", "GroupId"]}
    environment = properties(template, "WebTaskDefinition")["ContainerDefinitions"][0]["Environment"]
    assert {"Name": "ORDERS_URL", "Value": "http://orders:8080"} in environment
    assert "Services" not in properties(template, "WebService")["ServiceConnectConfiguration"]


def test_two_services_that_call_each_other_render_in_one_stack_and_in_two() -> None:
    a, b = Endpoint("A", vpc=NET, port=80), Endpoint("B", vpc=NET, port=80)

    def caller(name: str, mine: Endpoint, other: Endpoint) -> Service:
        task = Task(containers=[Container(image="a/a:1", port=80)], uses=[other.connect()])
        return Service(name, cluster=MAIN, task=task, endpoint=mine)

    first, second = caller("First", a, b), caller("Second", b, a)
    assert set(render(App([Stack("s", [NET, MAIN, a, b, first, second])]))) == {"s"}
    apart = App([Stack("p", [NET, MAIN, a, b]), Stack("x", [first]), Stack("y", [second])])
    assert list(render(apart)) == ["p", "x", "y"]


def test_egress_is_everywhere_in_so_many_words() -> None:
    (rule,) = properties(rendered(Service("Web", cluster=MAIN, task=QUIET)), "WebSecurityGroup")["SecurityGroupEgress"]
    assert (rule["IpProtocol"], rule["CidrIp"]) == ("-1", "0.0.0.0/0")


def test_narrowed_egress_brings_a_rule_for_each_use() -> None:
    orders = Endpoint("Orders", vpc=NET, port=8080)
    task = Task(containers=[Container(image="a/a:1")], uses=[orders.connect()])
    template = rendered(orders, Service("Web", cluster=MAIN, task=task, egress=[Egress(port=443)]))
    (rule,) = properties(template, "WebSecurityGroup")["SecurityGroupEgress"]
    assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (443, 443, "tcp")
    out = properties(template, "WebOrdersEgress8080")
    assert out["DestinationSecurityGroupId"] == {"Fn::GetAtt": ["OrdersSecurityGroup", "GroupId"]}


def test_two_apps_share_an_existing_listener_by_ranges() -> None:
    listener = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/x/1/2"
    numbers = []
    for within in (range(1, 100), range(100, 200)):
        edge = ExistingLoadBalancer(
            vpc=NET, listener_arn=listener, security_group="sg-0123456789abcdef0", priorities=within
        )
        template = rendered(Service("Web", cluster=MAIN, task=WEB, route=edge.route()))
        numbers.append(properties(template, "WebListenerRule")["Priority"])
        assert numbers[-1] in within
    assert len(set(numbers)) == 2


def test_duplicate_routes_of_two_services_are_refused_naming_both() -> None:
    services = [Service(name, cluster=MAIN, task=WEB, route=DOOR.route("/x/*")) for name in ("A", "B")]
    with pytest.raises(
        RenderError,
        match=re.escape(
            'LoadBalancer "Door": route /x/* of Service "A" and route /x/* of Service "B" match the same requests'
        ),
    ):
        rendered(DOOR, *services)


OTHER = Vpc("Other")
ELSEWHERE = LoadBalancer("Away", vpc=OTHER, public=True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"count": -1}, "count must be 0 or more, got -1"),
        ({"count": "3"}, "count must be int or Scaling, got '3'"),
        ({"route": DOOR.route()}, "needs a container with a port"),
        ({"task": WEB, "route": DOOR.route(port=81)}, "needs a container with port 81"),
        ({"task": WEB, "route": DOOR.route(container="ap")}, "leads to container 'ap', which the task lacks; did you mean app"),
        ({"task": WEB, "route": [DOOR.route("/a"), DOOR.route("/b")]}, "route /a and route /b need names of their own"),
        ({"task": WEB, "route": ELSEWHERE.route()}, 'LoadBalancer "Away" is in another VPC than the cluster'),
        ({"task": WEB, "endpoint": Endpoint("Far", vpc=OTHER, port=8080)}, 'Endpoint "Far" is in another VPC'),
        ({"task": WEB, "endpoint": Endpoint("Near", vpc=NET, port=81)}, 'no container has port 81 of Endpoint "Near"'),
        ({"grace": timedelta(seconds=5)}, "grace is for load-balancer checks and there is no route"),
        ({"count": Scaling(min=1, max=2, requests=5)}, "Scaling(requests=) needs exactly one route of an ALB, got 0"),
        ({"subnets": "isolated"}, "it has no isolated subnets"),
        ({"subnets": "inner"}, "subnets must be"),
        ({"cluster": ExistingCluster("old", vpc=NET), "capacity": Spot()}, "Spot needs a cluster with the FARGATE_SPOT provider"),
        ({"desired_count": 2}, "desired_count is called count"),
        ({"launch_type": "FARGATE"}, "launch_type follows the cluster"),
        ({"tsk": 1}, "there is no field tsk; did you mean task"),
    ],
)  # fmt: skip
def test_what_no_service_can_be_is_refused_with_its_name(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)) as caught:
        Service("Web", **{"cluster": MAIN, "task": QUIET, **fields})
    assert "Web" in str(caught.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Scaling(min=3, max=2), "0 ≤ min ≤ max is wanted, got min=3, max=2"),
        (lambda: Scaling(min=0, max=0), "max=0 can run no task"),
        (lambda: Scaling(min=1, max=2, cpu=0), "cpu is a percentage above 0 and up to 100, got 0"),
        (lambda: Scaling(min=1, max=2, memory=101), "memory is a percentage above 0 and up to 100, got 101"),
        (lambda: Scaling(min=1, max=2, requests=0), "requests is a number a minute for each task, above 0, got 0"),
        (lambda: Scaling(min=1, max=2, scale_in_cooldown=timedelta(seconds=-1)), "scale_in_cooldown must be whole seconds"),
        (lambda: Scaling(min=1), "Scaling: max is missing; give max="),
        (lambda: Rolling(min=100, max=100), "leave no room to start or stop a task"),
        (lambda: Rolling(min=101), "min is a percentage from 0 to 100, got 101"),
        (lambda: Rolling(max=99), "max is a percentage from 100 to 200, got 99"),
        (lambda: Spot(base=-1), "base is 0 to 100,000 tasks, got -1"),
        (lambda: Spot(spot=1001), "spot is a weight from 0 to 1000, got 1001"),
        (lambda: Spot(spot=0), "spot=0 never uses Spot"),
        (lambda: Egress(port=0), "port must be 1 to 65535, got 0"),
        (lambda: Egress(port=1, protocol="-1"), 'protocol "-1" is every protocol and has no port'),
    ],
)  # fmt: skip
def test_what_no_part_can_be_is_refused(make: Any, words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        make()
