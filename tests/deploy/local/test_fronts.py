"""What stands before services: VPC Lattice, links of API Gateway, origins of CloudFront, ECS Gateway, Express Mode."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_stacks import (
    App,
    Cluster,
    Container,
    Distribution,
    ExpressService,
    Gateway,
    HttpApi,
    Lattice,
    LoadBalancer,
    PullThroughCache,
    Scaling,
    Service,
    Stack,
    Task,
    Vpc,
    render,
)
from fargate_stacks.deploy.local.scenarios import TAG
from tests.deploy.local.templates import reason
from tests.localcloud import Cloud

VPC = Vpc("Net", nat="single")
MAIN = Cluster("Main", vpc=VPC)
EDGE = LoadBalancer("Edge", vpc=VPC)
ROLE = "arn:aws:iam::000000000000:role/ecs"


def task(image: str = "public.ecr.aws/x/api:7") -> Task:
    return Task(containers=[Container(image=image, port=8080)])


def templated(*members: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(render(App([Stack("s", list(members), removal="remove")]))["s"].to_json())
    return body


def made(cloud: Cloud, *members: Any) -> dict[str, str]:
    stack = cloud.create("s", templated(*members))
    failed = [one.get("ResourceStatusReason") for one in cloud.history("s") if "FAILED" in one["ResourceStatus"]]
    assert stack["StackStatus"] == "CREATE_COMPLETE", failed
    return cloud.physical("s")


def gone(cloud: Cloud) -> None:
    assert cloud.delete("s")["StackStatus"] == "DELETE_COMPLETE"


# --- VPC Lattice

NAMES = Lattice("Names", vpc=VPC, prefix_list="pl-0123456789abcdef0", auth="AWS_IAM")


def lattice_stack() -> list[Any]:
    route = NAMES.route("/orders/*", priority=10, method="GET", health="/ok")
    return [VPC, MAIN, NAMES, Service("Web", cluster=MAIN, task=task(), route=route, count=2)]


def test_lattice_is_read_back(cloud: Cloud) -> None:
    ids = made(cloud, *lattice_stack())
    api = cloud.api("vpc-lattice")
    [service] = api.list_services()["items"]
    assert service["arn"] == ids["NamesLatticeService"]
    assert api.get_service(serviceIdentifier=service["id"])["authType"] == "AWS_IAM"
    [listener] = api.list_listeners(serviceIdentifier=service["arn"])["items"]
    told = api.get_listener(serviceIdentifier=service["id"], listenerIdentifier=listener["arn"])
    assert (told["port"], told["defaultAction"]) == (80, {"fixedResponse": {"statusCode": 404}})
    ends = {"serviceIdentifier": service["id"], "listenerIdentifier": listener["id"]}
    rule = api.get_rule(**ends, ruleIdentifier=ids["WebLatticeRule"])
    assert (rule["priority"], rule["match"]["httpMatch"]["method"]) == (10, "GET")
    assert rule["match"]["httpMatch"]["pathMatch"]["match"] == {"prefix": "/orders/"}
    group = api.get_target_group(targetGroupIdentifier=ids["WebLatticeTargetGroup"])
    assert group["config"]["healthCheck"]["path"] == "/ok"
    assert (group["config"]["vpcIdentifier"], group["serviceArns"]) == (ids["NetVpc"], [service["arn"]])
    gone(cloud)
    assert (
        api.list_services()["items"] == api.list_service_networks()["items"] == api.list_target_groups()["items"] == []
    )


def test_associations_of_lattice_name_both_ends(cloud: Cloud) -> None:
    ids = made(cloud, *lattice_stack())
    api = cloud.api("vpc-lattice")
    network = api.get_service_network(serviceNetworkIdentifier=ids["NamesServiceNetwork"])
    assert (network["numberOfAssociatedVPCs"], network["numberOfAssociatedServices"]) == (1, 1)
    [vpc] = api.list_service_network_vpc_associations(vpcIdentifier=ids["NetVpc"])["items"]
    assert vpc["serviceNetworkArn"] == ids["NamesServiceNetwork"]
    [service] = api.list_service_network_service_associations(serviceNetworkIdentifier=network["id"])["items"]
    assert service["serviceArn"] == ids["NamesLatticeService"]


def test_running_tasks_are_targets_of_lattice(cloud: Cloud) -> None:
    ids = made(cloud, *lattice_stack())
    targets = cloud.api("vpc-lattice").list_targets(targetGroupIdentifier=ids["WebLatticeTargetGroup"])["items"]
    assert [(one["port"], one["status"]) for one in targets] == [(8080, "HEALTHY")] * 2


def test_a_lattice_rule_changes_in_place(cloud: Cloud) -> None:
    before = made(cloud, *lattice_stack())
    body = templated(*lattice_stack())
    body["Resources"]["WebLatticeRule"]["Properties"]["Priority"] = 20
    assert cloud.update("s", body)["StackStatus"] == "UPDATE_COMPLETE"
    assert cloud.physical("s") == before
    ends = {"serviceIdentifier": before["NamesLatticeService"], "listenerIdentifier": before["NamesLatticeListener"]}
    [rule] = cloud.api("vpc-lattice").list_rules(**ends)["items"]
    assert rule["priority"] == 20


def test_a_priority_of_lattice_is_taken_once(cloud: Cloud) -> None:
    body = templated(*lattice_stack())
    twin = {**body["Resources"]["WebLatticeRule"], "DependsOn": "WebLatticeRule"}
    assert cloud.create("s", {**body, "Resources": {**body["Resources"], "Twin": twin}})["StackStatus"].startswith(
        "ROLL"
    )
    assert "Priority 10 is already in use" in reason(cloud, "s", "Twin", "CREATE_FAILED")


def test_a_vpc_is_in_one_service_network(cloud: Cloud) -> None:
    ids = made(cloud, *lattice_stack())
    api = cloud.api("vpc-lattice")
    other = api.create_service_network(name="other")["id"]
    with pytest.raises(ClientError, match="already associated") as caught:
        api.create_service_network_vpc_association(serviceNetworkIdentifier=other, vpcIdentifier=ids["NetVpc"])
    assert caught.value.response["Error"]["Code"] == "ConflictException"


def test_a_target_group_of_lattice_in_use_stays(cloud: Cloud) -> None:
    ids = made(cloud, *lattice_stack())
    with pytest.raises(ClientError, match="is in use"):
        cloud.api("vpc-lattice").delete_target_group(targetGroupIdentifier=ids["WebLatticeTargetGroup"])


# --- API Gateway, CloudFront, ECR


def test_a_vpc_link_is_read_back(cloud: Cloud) -> None:
    ids = made(cloud, VPC, EDGE, HttpApi("Api", edge=EDGE))
    api = cloud.api("apigatewayv2")
    [link] = api.get_vpc_links()["Items"]
    assert (link["VpcLinkId"], link["Name"], link["VpcLinkStatus"]) == (ids["ApiVpcLink"], "s-Api", "AVAILABLE")
    assert link["SubnetIds"] == [ids["NetPrivateSubnet1"], ids["NetPrivateSubnet2"]]
    assert link["SecurityGroupIds"] == [ids["ApiSecurityGroup"]]
    [integration] = api.get_integrations(ApiId=ids["ApiApi"])["Items"]
    assert (integration["ConnectionType"], integration["ConnectionId"]) == ("VPC_LINK", ids["ApiVpcLink"])
    gone(cloud)
    assert api.get_vpc_links()["Items"] == []


def test_a_vpc_origin_is_read_back(cloud: Cloud) -> None:
    ids = made(cloud, VPC, EDGE, Distribution("Front", edge=EDGE))
    api = cloud.api("cloudfront")
    origin = api.get_vpc_origin(Id=ids["FrontVpcOrigin"])["VpcOrigin"]
    config = origin["VpcOriginEndpointConfig"]
    assert (config["Name"], config["Arn"]) == ("s-Front", ids["EdgeLoadBalancer"])
    assert (config["HTTPPort"], config["OriginProtocolPolicy"]) == (80, "http-only")
    told = api.get_distribution(Id=ids["FrontDistribution"])["Distribution"]["DistributionConfig"]
    [used] = told["Origins"]["Items"]
    assert used["VpcOriginConfig"]["VpcOriginId"] == ids["FrontVpcOrigin"]
    gone(cloud)
    with pytest.raises(ClientError, match="EntityNotFound"):
        api.get_vpc_origin(Id=ids["FrontVpcOrigin"])


def test_a_pull_through_cache_is_read_back(cloud: Cloud) -> None:
    made(cloud, PullThroughCache("Hub", upstream="public.ecr.aws", prefix="public"))
    api = cloud.api("ecr")
    [rule] = api.describe_pull_through_cache_rules(ecrRepositoryPrefixes=["public"])["pullThroughCacheRules"]
    assert (rule["upstreamRegistryUrl"], rule["upstreamRegistry"]) == ("public.ecr.aws", "ecr-public")
    gone(cloud)
    assert api.describe_pull_through_cache_rules()["pullThroughCacheRules"] == []


# --- ECS Gateway


def test_a_gateway_serves_its_clusters(cloud: Cloud) -> None:
    door = Gateway("Door", vpc=VPC, clusters=[MAIN], role=ROLE)
    body = templated(VPC, MAIN, door, Service("Web", cluster=MAIN, task=task(), route=door.connect()))
    body["Outputs"] = {
        name: {"Value": {"Fn::GetAtt": ["DoorGateway", name]}} for name in ("Arn", "Status", "AccessType")
    }
    stack = cloud.create("s", body)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert outputs == {"Arn": cloud.physical("s")["DoorGateway"], "Status": "ACTIVE", "AccessType": "PRIVATE"}
    gone(cloud)


def test_a_gateway_that_is_protected_stays(cloud: Cloud) -> None:
    door = Gateway("Door", vpc=VPC, clusters=[MAIN], role=ROLE)
    body = templated(VPC, MAIN, door)
    body["Resources"]["DoorGateway"]["Properties"]["DeletionProtection"] = True
    cloud.create("s", body)
    assert cloud.delete("s")["StackStatus"] == "DELETE_FAILED"
    assert "deletion protection" in reason(cloud, "s", "DoorGateway", "DELETE_FAILED")


# --- Express Mode


def express(image: str = "public.ecr.aws/x/api:7") -> ExpressService:
    return ExpressService("Web", cluster=MAIN, task=task(image), count=Scaling(min=2, max=5, cpu=60), health="/ok")


def test_an_express_service_is_read_back(cloud: Cloud) -> None:
    body = templated(VPC, MAIN, express())
    body["Outputs"] = {"Url": {"Value": {"Fn::GetAtt": ["WebExpress", "Endpoint"]}}}
    stack = cloud.create("s", body)
    ids = cloud.physical("s")
    told = cloud.api("ecs").describe_express_gateway_service(serviceArn=ids["WebExpress"])["service"]
    [configuration] = told["activeConfigurations"]
    assert told["status"]["statusCode"] == "ACTIVE"
    assert configuration["taskDefinitionArn"] == ids["WebTaskDefinition"]
    assert configuration["healthCheckPath"] == "/ok"
    assert configuration["primaryContainer"]["image"] == "public.ecr.aws/x/api:7"
    assert configuration["ingressPaths"] == [{"accessType": "PUBLIC", "endpoint": stack["Outputs"][0]["OutputValue"]}]


def test_an_express_service_runs_and_scales_as_a_service(cloud: Cloud) -> None:
    ids = made(cloud, VPC, MAIN, express())
    service = cloud.api("ecs").describe_services(cluster=ids["MainCluster"], services=[ids["WebExpress"]])["services"][
        0
    ]
    assert (service["runningCount"], service["desiredCount"]) == (2, 2)
    assert service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED"
    [target] = cloud.api("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 5)


def test_another_image_of_an_express_service_is_another_deployment(cloud: Cloud) -> None:
    before = made(cloud, VPC, MAIN, express())
    assert (
        cloud.update("s", templated(VPC, MAIN, express("public.ecr.aws/x/api:8")))["StackStatus"] == "UPDATE_COMPLETE"
    )
    after = cloud.physical("s")
    assert {name for name in after if after[name] != before[name]} == {"WebTaskDefinition"}
    told = cloud.api("ecs").describe_express_gateway_service(serviceArn=after["WebExpress"])["service"]
    assert told["activeConfigurations"][0]["primaryContainer"]["image"] == "public.ecr.aws/x/api:8"
    gone(cloud)
    assert (
        cloud.api("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
    )


def test_an_express_service_that_does_not_come_up_is_rolled_back(cloud: Cloud) -> None:
    body = templated(VPC, MAIN, express())
    body["Resources"]["WebTaskDefinition"]["Properties"]["Tags"] = [{"Key": TAG, "Value": "crash"}]
    assert cloud.create("s", body)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "circuit breaker" in reason(cloud, "s", "WebExpress", "CREATE_FAILED").lower()


def test_express_mode_makes_a_task_definition_of_a_primary_container(cloud: Cloud) -> None:
    ids = made(cloud, VPC, MAIN, express())
    api = cloud.api("ecs")
    definition = api.describe_task_definition(taskDefinition=ids["WebTaskDefinition"])["taskDefinition"]
    made_one = api.create_express_gateway_service(
        serviceName="own",
        cluster=ids["MainCluster"],
        infrastructureRoleArn=ROLE,
        executionRoleArn=definition["executionRoleArn"],
        primaryContainer={"image": "public.ecr.aws/x/own:1", "containerPort": 8080},
        networkConfiguration={"subnets": [ids["NetPublicSubnet1"]], "securityGroups": [ids["WebSecurityGroup"]]},
    )["service"]
    own = api.describe_task_definition(taskDefinition=made_one["activeConfigurations"][0]["taskDefinitionArn"])
    [container] = own["taskDefinition"]["containerDefinitions"]
    assert (container["name"], container["image"]) == ("Main", "public.ecr.aws/x/own:1")
    assert made_one["activeConfigurations"][0]["scalingTarget"]["maxTaskCount"] == 20
    ended = api.delete_express_gateway_service(serviceArn=made_one["serviceArn"])["service"]
    assert ended["status"]["statusCode"] in ("DRAINING", "INACTIVE")
