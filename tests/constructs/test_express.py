"""ECS Express Mode and ECS Gateway: what is left to ECS, and what is still ours."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks import (
    App,
    Cluster,
    Container,
    ExpressService,
    Gateway,
    LogArchive,
    Postgres,
    Scaling,
    SpecError,
    Stack,
    Task,
    Template,
    Vpc,
    Waf,
    render,
)
from fargate_stacks.testing import properties
from tests.constructs.doors import MAIN, NET, TASK, rendered, service

ROLE = "arn:aws:iam::123456789012:role/gateways"


def express(**fields: Any) -> ExpressService:
    return ExpressService("Web", cluster=MAIN, **{"task": TASK, **fields})


def gateway(**fields: Any) -> Gateway:
    return Gateway("Door", vpc=NET, **{"clusters": [MAIN], "role": ROLE, **fields})


# Express Mode


def test_express_runs_a_task_definition_of_ours_whose_container_is_main() -> None:
    template = rendered(express())
    body = properties(template, "WebExpress")
    assert body["TaskDefinitionArn"] == {"Ref": "WebTaskDefinition"}
    assert not {"PrimaryContainer", "ExecutionRoleArn", "TaskRoleArn", "Cpu", "Memory"} & set(body)
    (main,) = properties(template, "WebTaskDefinition")["ContainerDefinitions"]
    assert (main["Name"], main["PortMappings"]) == (
        "Main",
        [{"Name": "main", "ContainerPort": 8080, "Protocol": "tcp"}],
    )


def test_express_stands_in_public_subnets_or_private_ones() -> None:
    public = properties(rendered(express()), "WebExpress")["NetworkConfiguration"]["Subnets"]
    assert public[0] == {"Ref": "NetPublicSubnet1"}
    private = properties(rendered(express(subnets="private")), "WebExpress")["NetworkConfiguration"]["Subnets"]
    assert private[0] == {"Ref": "NetPrivateSubnet1"}


@pytest.mark.parametrize(
    ("count", "target"),
    [
        (3, {"MinTaskCount": 3, "MaxTaskCount": 3}),
        (
            Scaling(min=1, max=4, cpu=60),
            {"MinTaskCount": 1, "MaxTaskCount": 4, "AutoScalingMetric": "AVERAGE_CPU", "AutoScalingTargetValue": 60},
        ),
        (
            Scaling(min=1, max=4, requests=100),
            {
                "MinTaskCount": 1,
                "MaxTaskCount": 4,
                "AutoScalingMetric": "REQUEST_COUNT_PER_TARGET",
                "AutoScalingTargetValue": 100,
            },
        ),
    ],
)
def test_express_counts_or_scales_by_one_metric(count: int | Scaling, target: dict[str, Any]) -> None:
    assert properties(rendered(express(count=count)), "WebExpress")["ScalingTarget"] == target


def test_express_gives_ecs_the_role_of_aws() -> None:
    role = properties(rendered(express()), "WebInfrastructureRole")
    assert "AmazonECSInfrastructureRoleforExpressGatewayServices" in str(role["ManagedPolicyArns"])
    assert "Condition" not in str(role["AssumeRolePolicyDocument"])


def test_a_tag_never_replaces_an_express_service() -> None:
    template = rendered(express(), tags={"team": "shop"})
    assert "Tags" not in properties(template, "WebExpress")
    assert properties(template, "WebTaskDefinition")["Tags"] == [{"Key": "team", "Value": "shop"}]


def test_express_waits_for_the_way_to_what_it_uses() -> None:
    orders = Postgres("Orders", vpc=NET)
    task = Task(containers=[Container(image="example/api:7", port=8080)], uses=[orders.connect()])
    template = rendered(orders, express(task=task))
    assert "WebOrdersIngress5432" in template.resources["WebExpress"]["DependsOn"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"task": Task(containers=[Container(image="x:1", port=80, name="web")])}, "named Main, got 'web'"),
        ({"task": Task(containers=[Container(image="x:1")])}, "ECS wants one port, of the first container"),
        ({"health": "ping"}, "health must be a path that starts with /, got 'ping'"),
        ({"count": 0}, "Express Mode runs 1 task at least, got count=0"),
        ({"count": Scaling(min=0, max=1, cpu=50)}, "Express Mode runs 1 task at least, got min=0"),
        ({"count": Scaling(min=1, max=2, cpu=50, memory=50)}, "by one of cpu, memory and requests, got cpu, memory"),
        ({"count": Scaling(min=1, max=2)}, "by one of cpu, memory and requests, got none"),
        ({"route": None}, "route is made by ECS"),
    ],
)
def test_what_express_cannot_run(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        express(**fields)


# gateways


def connected(door: Gateway, **fields: Any) -> Template:
    return rendered(door, service(route=door.connect(**fields)))


def test_a_service_is_connected_by_the_name_of_its_port() -> None:
    template = connected(gateway(public=True), health="/health", interval=timedelta(seconds=20))
    (connector,) = properties(template, "WebService")["GatewayConnectors"]
    assert (connector["PortName"], connector["Filters"]) == ("app", {"AccessTypes": ["PUBLIC"]})
    assert connector["HealthCheck"]["HealthCheckPath"] == "/health"
    assert connector["HealthCheck"]["HealthCheckIntervalSeconds"] == 20
    assert "LoadBalancers" not in properties(template, "WebService")


def test_a_connected_service_waits_for_its_clusters_association() -> None:
    template = connected(gateway())
    assert "DoorMainAssociation" in template.resources["WebService"]["DependsOn"]
    assert properties(template, "DoorMainAssociation") == {
        "Gateway": {"Fn::GetAtt": ["DoorGateway", "Arn"]},
        "Cluster": {"Ref": "MainCluster"},
    }


def test_a_gateway_takes_logs_a_firewall_and_a_test_header() -> None:
    audit, guard = LogArchive("Audit"), Waf("Guard")
    door = gateway(access_logs=audit, waf=guard, test_header={"X-Test": ["1"]}, most=2, secure=False)
    template = rendered(audit, guard, door)
    balancer = properties(template, "DoorGateway")["Configuration"]["HostSharedAlb"]
    assert (balancer["Scheme"], balancer["Port"], balancer["Protocol"], balancer["MaxAlbCount"]) == (
        "internal",
        80,
        "HTTP",
        2,
    )
    assert balancer["WebACLArn"] == {"Fn::GetAtt": ["GuardWebAcl", "Arn"]}
    assert balancer["AccessLogs"]["Destination"]["S3"]["Bucket"] == {"Ref": "AuditBucket"}
    assert balancer["TestTrafficRules"] == {"Header": {"Name": "X-Test", "Values": ["1"]}}
    assert template.resources["DoorGateway"]["DependsOn"] == ["AuditBucketPolicy"]


def test_a_gateway_is_protected_unless_its_stack_is_removed_whole() -> None:
    assert properties(rendered(gateway()), "DoorGateway")["DeletionProtection"] is True
    assert properties(rendered(gateway(), removal="remove"), "DoorGateway")["DeletionProtection"] is False


def test_a_gateway_is_public_only_when_it_says_so() -> None:
    template = rendered(gateway(public=True))
    assert template.resources["DoorGateway"]["DependsOn"] == ["NetInternetGatewayAttachment"]
    (rule,) = properties(template, "DoorSecurityGroup")["SecurityGroupIngress"]
    assert (rule["CidrIp"], rule["FromPort"]) == ("0.0.0.0/0", 443)


def test_a_service_takes_one_gateway() -> None:
    door, other = gateway(), Gateway("Other", vpc=NET, clusters=[MAIN], role=ROLE)
    with pytest.raises(SpecError, match="ECS takes one of its kind"):
        service(route=[door.connect(), other.connect()])


def test_a_gateway_serves_the_clusters_that_it_names() -> None:
    beside = Cluster("Beside", vpc=NET)
    with pytest.raises(SpecError, match='Gateway "Door" does not serve Cluster "Main"; add it to its clusters='):
        service(route=gateway(clusters=[beside]).connect())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"clusters": []}, "it serves no cluster"),
        ({"clusters": [Cluster("Far", vpc=Vpc("Other"))]}, 'Cluster "Far" is in another VPC'),
        ({"test_header": {"a": ["1"], "b": ["2"]}}, "test_header is one header, got a, b"),
        ({"most": 0}, "most must be 1 or more, got 0"),
    ],
)
def test_what_no_gateway_can_be(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        gateway(**fields)


def test_a_time_out_is_below_its_interval() -> None:
    with pytest.raises(SpecError, match="timeout must be below interval=10, got 10"):
        gateway().connect(timeout=timedelta(seconds=10))


def test_a_gateway_in_another_stack_comes_first() -> None:
    door = gateway()
    app = App([Stack("services", [service(route=door.connect())]), Stack("edge", [NET, MAIN, door])])
    assert list(render(app)) == ["edge", "services"]
