"""Security groups, log groups, roles, certificates and load balancers that are there: by id, or by parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from fargate_stacks import (
    App,
    Container,
    Egress,
    Endpoint,
    ExistingCluster,
    ExistingLoadBalancer,
    ExistingRole,
    ExistingSecurityGroup,
    ExistingVpc,
    Job,
    LoadBalancer,
    Param,
    Service,
    Stack,
    Task,
    Template,
    render,
)
from fargate_stacks.deploy.engine import deploy
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties, statements
from tests.localcloud import Cloud

SUBNETS = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
NET = ExistingVpc(
    vpc_id="vpc-0123456789abcdef0",
    cidr="10.0.0.0/16",
    public=SUBNETS,
    private=["subnet-0123456789abcdef2"],
    namespace="main",
)
OTHER = ExistingVpc(vpc_id="vpc-0123456789abcdef1", private=SUBNETS[:1])
MAIN = ExistingCluster("main", vpc=NET)
GROUP = "sg-0123456789abcdef0"
IMAGE = Container(image="example/web:1", port=8080)
LEGACY = ExistingSecurityGroup("Legacy", id=GROUP, vpc=NET, host="legacy.internal")


def made(*members: Any) -> Template:
    return render(App([Stack("s", members)]))["s"]


def service(task: Mapping[str, Any] | None = None, **fields: Any) -> Service:
    return Service("Web", cluster=MAIN, task=Task(containers=[IMAGE], **(task or {})), **fields)


# security groups


def groups(one: Template) -> list[Any]:
    found: list[Any] = properties(one, "WebService")["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"]
    return found


def test_tasks_may_be_in_groups_of_ones_own() -> None:
    found = groups(made(service(security_groups=[GROUP, Param("Monitoring", type="AWS::EC2::SecurityGroup::Id")])))
    assert found == [{"Fn::GetAtt": ["WebSecurityGroup", "GroupId"]}, GROUP, {"Ref": "Monitoring"}]


def test_the_task_of_a_job_may_be_too() -> None:
    job = Job("Import", cluster=MAIN, task=Task(containers=[IMAGE]), security_groups=[GROUP])
    way = made(job).resources["ImportTaskDefinition"]["Metadata"]["fargate-stacks:run"]
    assert way["SecurityGroups"] == [{"Fn::GetAtt": ["ImportSecurityGroup", "GroupId"]}, GROUP]


def test_more_groups_than_ecs_admits_are_refused() -> None:
    many = [f"sg-0123456789abcde0{number}" for number in range(4)]
    address = Endpoint("Address", vpc=NET, port=8080)
    assert refusal(lambda: service(security_groups=many, endpoint=address)) == (
        'Service "Web": ECS admits 5 security groups, of which it makes 2, got 4 more; leave some out'
    )
    assert len(groups(made(service(security_groups=many)))) == 5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["web"], "a security group's id looks like sg-0123456789abcdef0, got 'web'"),
        ([GROUP, GROUP], f"{GROUP} is given twice; give each security group once"),
    ],
)
def test_what_is_no_group_is_refused(given: list[str], message: str) -> None:
    assert refusal(lambda: service(security_groups=given)) == f'Service "Web": {message}'


def test_an_existing_group_is_opened_to_the_tasks_that_use_it() -> None:
    found = made(service({"uses": [LEGACY.connect(1521)]}))
    assert properties(found, "WebLegacyIngress1521") == {
        "GroupId": GROUP,
        "IpProtocol": "tcp",
        "FromPort": 1521,
        "ToPort": 1521,
        "SourceSecurityGroupId": {"Fn::GetAtt": ["WebSecurityGroup", "GroupId"]},
        "Description": "from Web to Legacy",
    }
    assert "WebLegacyIngress1521" in found.resources["WebService"]["DependsOn"]


def test_tasks_with_a_narrow_way_out_are_let_out_to_it() -> None:
    found = made(service({"uses": [LEGACY.connect(1521)]}, egress=[Egress(port=443)]))
    assert properties(found, "WebLegacyEgress1521")["DestinationSecurityGroupId"] == GROUP


def environment(one: Template) -> dict[str, Any]:
    (container,) = properties(one, "WebTaskDefinition")["ContainerDefinitions"]
    return {entry["Name"]: entry["Value"] for entry in container.get("Environment", ())}


def test_tasks_are_told_where_it_is() -> None:
    found = made(service({"uses": [LEGACY.connect(1521)]}))
    assert environment(found) == {"LEGACY_HOST": "legacy.internal", "LEGACY_PORT": "1521"}


def test_without_a_host_they_are_told_nothing() -> None:
    plain = ExistingSecurityGroup("Legacy", id=Param("LegacyGroup", type="AWS::EC2::SecurityGroup::Id"), vpc=NET)
    found = made(service({"uses": [plain.connect(1521)]}))
    assert environment(found) == {}
    assert properties(found, "WebLegacyIngress1521")["GroupId"] == {"Ref": "LegacyGroup"}


def test_a_group_in_another_vpc_is_refused() -> None:
    far = ExistingSecurityGroup("Far", id=GROUP, vpc=OTHER)
    assert refusal(lambda: service({"uses": [far.connect(80)]})) == (
        'Service "Web": Far.connect() is in another VPC than the cluster, and security groups do not reach across'
    )


def test_what_no_existing_group_can_be_is_refused() -> None:
    assert refusal(lambda: ExistingSecurityGroup("Legacy", id="legacy", vpc=NET)) == (
        "ExistingSecurityGroup \"Legacy\": a security group's id looks like sg-0123456789abcdef0, got 'legacy'"
    )
    assert refusal(lambda: ExistingSecurityGroup("a b", id=GROUP, vpc=NET)) == (
        "ExistingSecurityGroup \"a b\": a name is up to 64 ASCII letters and digits, a capital first, got 'a b'"
    )


# log groups


def test_containers_log_to_a_group_that_is_there() -> None:
    found = made(service({"log_group": "/shop/web"}))
    (container,) = properties(found, "WebTaskDefinition")["ContainerDefinitions"]
    assert container["LogConfiguration"]["Options"]["awslogs-group"] == "/shop/web"
    assert not any(one["Type"] == "AWS::Logs::LogGroup" for one in found.resources.values())


@pytest.mark.parametrize(
    ("given", "name"), [("/shop/web", "/shop/web"), (Param("Logs", type="String"), "${Logs}")], ids=["name", "param"]
)
def test_ecs_may_write_to_that_group_alone(given: Any, name: str) -> None:
    found = made(service({"log_group": given}))
    (statement,) = statements(found, "WebExecutionPolicy")
    arn = f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{name}:*"
    assert statement["Resource"] == [{"Fn::Sub": arn}]


def test_service_connect_logs_there_too() -> None:
    address = Endpoint("Address", vpc=NET, port=8080)
    found = made(address, service({"log_group": "/shop/web"}, endpoint=address))
    options = properties(found, "WebService")["ServiceConnectConfiguration"]["LogConfiguration"]["Options"]
    assert options["awslogs-group"] == "/shop/web"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"log_group": "a b"}, "log_group is the name of a log group, like /ecs/web, got 'a b'"),
        (
            {"log_group": "/a", "log_retention": 7},
            "log_retention is for a log group that is made, and log_group= is there; leave one out",
        ),
    ],
)
def test_what_no_log_group_can_be_is_refused(fields: dict[str, Any], message: str) -> None:
    assert refusal(lambda: Task(containers=[IMAGE], **fields)) == f"Task: {message}"


# roles, certificates, load balancers by parameter


def test_roles_may_be_parameters_where_they_are_trusted() -> None:
    role = ExistingRole(Param("TaskRoleArn"), policies="trust")
    found = made(service({"task_role": role}))
    assert properties(found, "WebTaskDefinition")["TaskRoleArn"] == {"Ref": "TaskRoleArn"}


def test_a_certificate_may_be_a_parameter() -> None:
    edge = LoadBalancer("Edge", vpc=NET, public=True, certificate=Param("Certificate"))
    (certificate,) = properties(made(edge), "EdgeListener")["Certificates"]
    assert certificate == {"CertificateArn": {"Ref": "Certificate"}}


def test_a_load_balancer_may_be_parameters() -> None:
    edge = ExistingLoadBalancer(
        vpc=NET,
        listener_arn=Param("ListenerArn"),
        security_group=Param("EdgeGroup", type="AWS::EC2::SecurityGroup::Id"),
        priorities=range(100, 200),
    )
    found = made(service(route=edge.route("/*", health="/")))
    assert properties(found, "WebListenerRule")["ListenerArn"] == {"Ref": "ListenerArn"}
    (rule,) = (key for key in found.resources if key.endswith("Ingress8080"))
    assert properties(found, rule)["SourceSecurityGroupId"] == {"Ref": "EdgeGroup"}


# the local cloud


def test_a_service_of_existing_things_runs_on_the_local_cloud(cloud: Cloud) -> None:
    ec2 = cloud.api("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    own, legacy = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("own", "legacy")
    )
    cloud.api("ecs").create_cluster(clusterName="main")
    cloud.api("logs").create_log_group(logGroupName="/shop/web")
    net = ExistingVpc(vpc_id=vpc, public=[subnet])
    used = ExistingSecurityGroup("Legacy", id=Param("LegacyGroup"), vpc=net, host="legacy.internal")
    web = Service(
        "Web",
        cluster=ExistingCluster("main", vpc=net),
        task=Task(containers=[IMAGE], uses=[used.connect(1521)], log_group=Param("Logs")),
        security_groups=[own],
        subnets="public",
    )
    templates = render(App([Stack("s", [web])]))
    given = {"LegacyGroup": legacy, "Logs": "/shop/web"}
    deploy(templates, cloud.client(), out=lambda _: None, ask=lambda _: True, given=given)
    (service_arn,) = cloud.api("ecs").list_services(cluster="main")["serviceArns"]
    (found,) = cloud.api("ecs").describe_services(cluster="main", services=[service_arn])["services"]
    assert found["runningCount"] == 1
    assert own in found["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    (group,) = ec2.describe_security_groups(GroupIds=[legacy])["SecurityGroups"]
    assert [one["FromPort"] for one in group["IpPermissions"]] == [1521]
