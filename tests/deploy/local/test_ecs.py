"""What templates say of clusters, task definitions and services, read back through ECS."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import ecs, fact, thread
from tests.deploy.local.services import definition, platform
from tests.localcloud import Cloud


def described(cloud: Cloud, name: str = "web") -> Any:
    ids = cloud.physical(name)
    return cloud.api("ecs").describe_services(cluster=ids["Main"], services=[ids["Web"]], include=["TAGS"])["services"][
        0
    ]


def task(cloud: Cloud, name: str = "web") -> Any:
    return cloud.api("ecs").describe_task_definition(taskDefinition=cloud.physical(name)["Task"])["taskDefinition"]


def why(cloud: Cloud, name: str = "web") -> str:
    failed = [one for one in cloud.history(name) if one["ResourceStatus"].endswith("_FAILED")]
    return str(failed[0].get("ResourceStatusReason", ""))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "app"),
        ("image", "example/app:1"),
        ("healthCheck", {"command": ["CMD", "/ok"], "interval": 30, "retries": 3, "startPeriod": 10, "timeout": 5}),
        ("environment", [{"name": "COLOUR", "value": "red"}]),
        ("dockerLabels", {"Team": "Shop"}),
        ("linuxParameters", {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True}),
        ("readonlyRootFilesystem", True),
        ("user", "1000"),
        ("portMappings", [{"containerPort": 80, "hostPort": 80, "name": "http", "protocol": "tcp"}]),
        ("cpu", 0),
    ],
)
def test_a_container_keeps_its(cloud: Cloud, name: str, value: Any) -> None:
    cloud.create("web", platform())
    assert task(cloud)["containerDefinitions"][0][name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cpu", "256"),
        ("memory", "512"),
        ("networkMode", "awsvpc"),
        ("requiresCompatibilities", ["FARGATE"]),
        ("compatibilities", ["EC2", "FARGATE"]),
        ("runtimePlatform", {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}),
        ("status", "ACTIVE"),
        ("revision", 1),
    ],
)
def test_a_definition_keeps_its(cloud: Cloud, name: str, value: Any) -> None:
    cloud.create("web", platform())
    assert task(cloud)[name] == value


def test_a_container_keeps_what_is_known_after_deployment(cloud: Cloud) -> None:
    cloud.create("web", platform())
    ids, container = cloud.physical("web"), task(cloud)["containerDefinitions"][0]
    assert container["secrets"] == [{"name": "TOKEN", "valueFrom": ids["Token"]}]
    assert container["logConfiguration"] == {
        "logDriver": "awslogs",
        "options": {"awslogs-group": ids["Log"], "awslogs-stream-prefix": "app"},
    }


def test_volumes_keep_their_file_system(cloud: Cloud) -> None:
    efs = {"FilesystemId": "fs-1", "TransitEncryption": "ENABLED", "AuthorizationConfig": {"IAM": "ENABLED"}}
    volumes = [{"Name": "v", "EFSVolumeConfiguration": efs}]
    cloud.create("web", platform(definition(Volumes=volumes, EphemeralStorage={"SizeInGiB": "30"}), DesiredCount=0))
    said = task(cloud)
    assert said["volumes"][0]["efsVolumeConfiguration"] == {
        "fileSystemId": "fs-1",
        "transitEncryption": "ENABLED",
        "authorizationConfig": {"iam": "ENABLED"},
    }
    assert said["ephemeralStorage"] == {"sizeInGiB": 30}


@fact("every registration of a family is a new revision", source=ecs("TaskDefinition.revision"))
def test_another_image_is_another_revision(cloud: Cloud) -> None:
    cloud.create("web", platform())
    cloud.update("web", platform(definition({"Image": "example/app:2"})))
    assert (task(cloud)["revision"], task(cloud)["containerDefinitions"][0]["image"]) == (2, "example/app:2")
    assert described(cloud)["taskDefinition"].endswith(":task-definition/web:2")


def test_tags_reach_definition_and_service(cloud: Cloud) -> None:
    cloud.create("web", platform(definition(Tags=[{"Key": "a", "Value": "b"}])))
    said = cloud.api("ecs").describe_task_definition(taskDefinition="web", include=["TAGS"])["tags"]
    assert {"key": "a", "value": "b"} in said
    assert {"key": "aws:cloudformation:stack-name", "value": "web"} in described(cloud)["tags"]


@pytest.mark.parametrize(
    ("props", "field", "value"),
    [
        ({"HealthCheckGracePeriodSeconds": "90"}, "healthCheckGracePeriodSeconds", 90),
        ({"EnableExecuteCommand": True}, "enableExecuteCommand", True),
        ({"PropagateTags": "SERVICE"}, "propagateTags", "SERVICE"),
        ({"EnableECSManagedTags": True}, "enableECSManagedTags", True),
        ({"AvailabilityZoneRebalancing": "ENABLED"}, "availabilityZoneRebalancing", "ENABLED"),
        ({"PlatformVersion": "1.4.0"}, "platformVersion", "1.4.0"),
        ({"ServiceRegistries": [{"RegistryArn": "arn:x"}]}, "serviceRegistries", [{"registryArn": "arn:x"}]),
        ({}, "capacityProviderStrategy", [{"capacityProvider": "FARGATE", "weight": 1, "base": 1}]),
        (
            {
                "DeploymentConfiguration": {
                    "MaximumPercent": 200,
                    "MinimumHealthyPercent": 50,
                    "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
                }
            },
            "deploymentConfiguration",
            {
                "maximumPercent": 200,
                "minimumHealthyPercent": 50,
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                "strategy": "ROLLING",
                "bakeTimeInMinutes": 0,
            },
        ),
    ],
)
def test_a_service_keeps_its(cloud: Cloud, props: dict[str, Any], field: str, value: Any) -> None:
    cloud.create("web", platform(**props))
    assert described(cloud)[field] == value


def test_a_service_keeps_its_network(cloud: Cloud) -> None:
    cloud.create("web", platform())
    ids = cloud.physical("web")
    network = {"subnets": [ids["Subnet"]], "securityGroups": [ids["Group"]], "assignPublicIp": "ENABLED"}
    assert described(cloud)["networkConfiguration"] == {"awsvpcConfiguration": network}


def test_a_service_keeps_its_connect(cloud: Cloud) -> None:
    connect = {
        "Enabled": True,
        "Namespace": "arn:aws:servicediscovery:us-east-1:1:namespace/ns-1",
        "Services": [{"PortName": "http", "ClientAliases": [{"DnsName": "web", "Port": 80}]}],
    }
    cloud.create("web", platform(ServiceConnectConfiguration=connect))
    assert described(cloud)["deployments"][0]["serviceConnectConfiguration"] == {
        "enabled": True,
        "namespace": connect["Namespace"],
        "services": [{"portName": "http", "clientAliases": [{"dnsName": "web", "port": 80}]}],
    }


def test_a_count_may_come_from_a_number_parameter(cloud: Cloud) -> None:
    template = {"Parameters": {"Count": {"Type": "Number"}}, **platform(DesiredCount={"Ref": "Count"})}
    assert cloud.create("web", template, {"Count": "3"})["StackStatus"] == "CREATE_COMPLETE"
    assert described(cloud)["desiredCount"] == 3


@fact("without DesiredCount in an update the service keeps its number", source=ecs("UpdateServiceRequest.desiredCount"))
def test_a_count_that_left_the_template_stays(cloud: Cloud) -> None:
    cloud.create("web", platform(DesiredCount=2))
    without = platform(EnableExecuteCommand=True)
    del without["Resources"]["Web"]["Properties"]["DesiredCount"]
    cloud.update("web", without)
    assert described(cloud)["desiredCount"] == 2


def test_what_leaves_the_template_goes_back_to_its_default(cloud: Cloud) -> None:
    cloud.create("web", platform(EnableExecuteCommand=True, HealthCheckGracePeriodSeconds=90))
    cloud.update("web", platform())
    assert (described(cloud)["enableExecuteCommand"], described(cloud)["healthCheckGracePeriodSeconds"]) == (False, 0)


@fact("a deleted service is INACTIVE", source=ecs("Service.status"))
def test_a_service_is_inactive_when_its_stack_is_gone(cloud: Cloud) -> None:
    cloud.create("web", platform())
    arn = cloud.physical("web")["Web"]
    assert cloud.delete("web")["StackStatus"] == "DELETE_COMPLETE"
    assert cloud.api("ecs").list_clusters()["clusterArns"] == []
    assert arn.startswith(f"arn:aws:ecs:us-east-1:{cloud.account}:service/")


@fact("a deregistered task definition is INACTIVE", source=ecs("DeregisterTaskDefinition"))
def test_a_definition_is_inactive_when_its_stack_is_gone(cloud: Cloud) -> None:
    cloud.create("web", platform())
    cloud.delete("web")
    said = cloud.api("ecs").describe_task_definition(taskDefinition="web:1")["taskDefinition"]
    assert said["status"] == "INACTIVE"


@fact("a Fargate task has one of the combinations of CPU and memory", source=ecs("RegisterTaskDefinitionRequest.cpu"))
@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (platform(Cluster="nowhere"), "Cluster not found."),
        (platform(TaskDefinition="nothing:1"), "TaskDefinition not found."),
        (
            platform(CapacityProviderStrategy=[{"CapacityProvider": "mine"}]),
            "cannot contain a capacity provider that is not associated with the cluster",
        ),
        (platform(definition(Memory="513")), "No Fargate configuration exists for given values"),
        (platform(definition(NetworkMode="bridge")), "Fargate only supports network mode 'awsvpc'."),
    ],
)
def test_ecs_refuses(cloud: Cloud, template: Any, reason: str) -> None:
    assert cloud.create("web", template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason in why(cloud)


@fact(
    'a refusal of a service reads "Resource handler returned message" with its HandlerErrorCode',
    source=thread("aws-samples/baseline-environment-on-aws", 238),
)
def test_a_refusal_reads_like_that_of_a_resource_handler(cloud: Cloud) -> None:
    cloud.create("web", platform(Cluster="nowhere"))
    assert why(cloud).startswith(
        'Resource handler returned message: "Cluster not found. (Service: Ecs, Status Code: 400'
    )
    assert why(cloud).endswith("HandlerErrorCode: NotFound)")


@fact("an INACTIVE definition starts no task and no service", source=ecs("DeregisterTaskDefinition"))
def test_an_inactive_definition_is_refused(cloud: Cloud) -> None:
    cloud.create("web", platform())
    ecs = cloud.api("ecs")
    ecs.deregister_task_definition(taskDefinition="web:1")
    with pytest.raises(ClientError, match="TaskDefinition is inactive"):
        ecs.create_service(cluster=cloud.physical("web")["Main"], serviceName="again", taskDefinition="web:1")


@pytest.mark.parametrize("sizes", [("256", "512"), ("1 vCPU", "2GB"), ("0.25 vcpu", "0.5 GB"), ("32768", "249856")])
def test_sizes_may_be_written_in_units(cloud: Cloud, sizes: tuple[str, str]) -> None:
    cpu, memory = sizes
    assert cloud.create("web", platform(definition(Cpu=cpu, Memory=memory)))["StackStatus"] == "CREATE_COMPLETE"


def test_a_service_may_leave_its_family_and_name_out(cloud: Cloud) -> None:
    plain = definition()
    del plain["Properties"]["Family"]
    cloud.create("web", platform(plain))
    assert task(cloud)["family"].startswith("web-Task-")
    assert described(cloud)["serviceName"].startswith("web-Web-")
