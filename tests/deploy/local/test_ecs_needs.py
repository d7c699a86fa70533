"""What a task needs when it starts, taken away piece by piece: the reasons that ECS gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.deploy.local.facts import ecs, ecs_guide, fact, vpc_guide
from tests.deploy.local.scene import Scene, scene
from tests.deploy.local.services import definition

__all__ = ["scene"]

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"


def bare(**container: Any) -> Any:
    """Give a definition of a container that needs nothing but its image."""
    nothing = {key: {"Ref": "AWS::NoValue"} for key in ("HealthCheck", "Secrets", "LogConfiguration")}
    return definition({**nothing, **container})


def why(scene: Scene, **request: Any) -> str:
    """Run a task that cannot start, and give the reason."""
    task = scene.ran(**request)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "TaskFailedToStart"), task.get("stoppedReason")
    assert "startedAt" not in task
    return str(task["stoppedReason"])


def policy(scene: Scene, *actions: str, effect: str = "Allow", resource: str = "*") -> None:
    """Put this in the place of what the execution role may do."""
    document = {"Statement": [{"Effect": effect, "Action": list(actions), "Resource": resource}]}
    scene.cloud.api("iam").put_role_policy(
        RoleName=scene.ids["Role"], PolicyName="start", PolicyDocument=json.dumps(document)
    )


def without_route(scene: Scene) -> None:
    scene.cloud.api("ec2").delete_route(RouteTableId=scene.ids["Table"], DestinationCidrBlock="0.0.0.0/0")


def without_public_address(scene: Scene) -> dict[str, Any]:
    network = scene.service["networkConfiguration"]
    network["awsvpcConfiguration"]["assignPublicIp"] = "DISABLED"
    return {"networkConfiguration": network}


def endpoint(scene: Scene, service: str, kind: str = "Interface") -> None:
    where = {"SubnetIds": [scene.ids["Subnet"]]} if kind == "Interface" else {"RouteTableIds": [scene.ids["Table"]]}
    scene.cloud.api("ec2").create_vpc_endpoint(
        VpcId=scene.ids["Vpc"], ServiceName=f"com.amazonaws.us-east-1.{service}", VpcEndpointType=kind, **where
    )


# --- a way out


@fact(
    "without a route the image cannot be pulled: CannotPullContainerError", source=ecs_guide("task_cannot_pull_image")
)
def test_without_a_route_an_image_cannot_be_pulled(scene: Scene) -> None:
    """Developer guide, "CannotPullContainer task errors": i/o timeout; docker-archive/compose-cli #911."""
    scene.made(task=bare(), DesiredCount=0)
    without_route(scene)
    reason = why(scene)
    assert reason.startswith(
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
        "docker.io/example/app:1: failed to do request: Head "
        '"https://registry-1.docker.io/v2/example/app/manifests/1": dial tcp '
    )
    assert reason.endswith(":443: i/o timeout")
    assert scene.tasks("STOPPED")[0]["containers"][0]["reason"] == reason


@fact("through an internet gateway goes what has a public address", source=vpc_guide("VPC_Internet_Gateway"))
def test_an_internet_gateway_serves_public_addresses_only(scene: Scene) -> None:
    """VPC guide: through an internet gateway goes what has a public address."""
    scene.made(task=bare(), DesiredCount=0)
    assert "CannotPullContainerError" in why(scene, **without_public_address(scene))


def test_a_nat_gateway_serves_private_addresses(scene: Scene) -> None:
    """VPC guide, "NAT gateways"."""
    scene.made(task=bare(), DesiredCount=0)
    ec2 = scene.cloud.api("ec2")
    nat = ec2.create_nat_gateway(SubnetId=scene.ids["Subnet2"], ConnectivityType="private")["NatGateway"][
        "NatGatewayId"
    ]
    ec2.replace_route(RouteTableId=scene.ids["Table"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    assert scene.ran(**without_public_address(scene))["stopCode"] == "EssentialContainerExited"


def test_a_nat_gateway_that_is_gone_serves_nobody(scene: Scene) -> None:
    """VPC guide, "Troubleshoot NAT gateways": the route is a black hole."""
    scene.made(task=bare(), DesiredCount=0)
    ec2 = scene.cloud.api("ec2")
    nat = ec2.create_nat_gateway(SubnetId=scene.ids["Subnet2"], ConnectivityType="private")["NatGateway"][
        "NatGatewayId"
    ]
    ec2.replace_route(RouteTableId=scene.ids["Table"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert "i/o timeout" in why(scene, **without_public_address(scene))


@fact("without an outbound rule nothing leaves", source=vpc_guide("security-group-rules"))
def test_a_group_without_a_way_out_closes_every_way(scene: Scene) -> None:
    """VPC guide, "Security group rules": without an outbound rule nothing leaves."""
    scene.made(task=bare(), DesiredCount=0)
    scene.cloud.api("ec2").revoke_security_group_egress(
        GroupId=scene.ids["Group"], IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    assert "i/o timeout" in why(scene)


def test_private_images_want_their_registry_first(scene: Scene) -> None:
    """re:Post knowledge centre, ecs-unable-to-pull-secrets: the words for ECR out of reach."""
    scene.made(task=bare(Image=ECR), DesiredCount=0)
    without_route(scene)
    reason = why(scene)
    assert reason.startswith("ResourceInitializationError: unable to pull secrets or registry auth: execution resource")
    assert "unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send" in reason
    assert reason.endswith("i/o timeout. Please check your task network configuration.")


@fact(
    "private images come by the endpoints of ECR and S3",
    source="https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html",
)
@pytest.mark.parametrize("missing", ["ecr.api", "ecr.dkr", "s3", None])
def test_endpoints_serve_private_images(scene: Scene, missing: str | None) -> None:
    """ECR guide, "Interface VPC endpoints": ecr.api, ecr.dkr and the gateway endpoint of S3."""
    scene.made(task=bare(Image=ECR), DesiredCount=0)
    policy(scene, "ecr:*")
    without_route(scene)
    for service in ("ecr.api", "ecr.dkr", "s3"):
        if service != missing:
            endpoint(scene, service, "Gateway" if service == "s3" else "Interface")
    expected = "EssentialContainerExited" if missing is None else "TaskFailedToStart"
    assert scene.ran()["stopCode"] == expected


def test_endpoints_do_not_serve_public_images(scene: Scene) -> None:
    """ECR guide: the endpoints are those of private registries."""
    scene.made(task=bare(), DesiredCount=0)
    without_route(scene)
    for service in ("ecr.api", "ecr.dkr", "s3"):
        endpoint(scene, service, "Gateway" if service == "s3" else "Interface")
    assert "CannotPullContainerError" in why(scene)


# --- secrets


def with_secret(scene: Scene, value: str = "sesame") -> str:
    arn = scene.cloud.api("secretsmanager").create_secret(Name="token", SecretString=value)["ARN"]
    return str(arn)


def revised(scene: Scene, **change: Any) -> str:
    return scene.revised("example/app:1", **change)


def test_a_parameter_that_is_gone_is_told(scene: Scene) -> None:
    """Developer guide, "ResourceInitializationError": invalid ssm parameters."""
    scene.made(DesiredCount=0)
    scene.cloud.api("ssm").delete_parameter(Name=scene.ids["Token"])
    assert why(scene).endswith(f"retried 1 time(s): invalid ssm parameters: {scene.ids['Token']}")


def test_a_secret_that_is_gone_is_told(scene: Scene) -> None:
    """Secrets Manager, GetSecretValue: ResourceNotFoundException."""
    scene.made(DesiredCount=0)
    policy(scene, "logs:*", "secretsmanager:GetSecretValue")
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf"
    wanted = revised(scene, secrets=[{"name": "T", "valueFrom": arn}])
    assert why(scene, taskDefinition=wanted).endswith(
        f"failed to fetch secret {arn} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the "
        "specified secret."
    )


@fact("a secret may be named with a JSON key", source=ecs("Secret.valueFrom"))
@pytest.mark.parametrize("suffix", ["", ":password::"])
def test_a_secret_may_be_named_with_a_key(scene: Scene, suffix: str) -> None:
    """Developer guide, "Pass Secrets Manager secrets": arn:json-key:version-stage:version-id."""
    scene.made(DesiredCount=0)
    policy(scene, "logs:*", "secretsmanager:GetSecretValue")
    wanted = revised(scene, secrets=[{"name": "T", "valueFrom": with_secret(scene) + suffix}])
    assert scene.ran(taskDefinition=wanted)["stopCode"] == "EssentialContainerExited"


@fact("the execution role needs permission for a secret", source=ecs_guide("task_execution_IAM_role"))
def test_a_secret_wants_a_permission(scene: Scene) -> None:
    """IAM: the words of AccessDeniedException; aws-cdk #24880: a policy that comes after the service."""
    scene.made(DesiredCount=0)
    wanted = revised(scene, secrets=[{"name": "T", "valueFrom": with_secret(scene)}])
    reason = why(scene, taskDefinition=wanted)
    assert "AccessDeniedException: User: arn:aws:sts::" in reason
    assert "is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:" in reason


@fact(
    "an explicit Deny beats an Allow; actions are matched without case",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
)
@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        (lambda scene: policy(scene, "ssm:Get*", "logs:*"), True),
        (lambda scene: policy(scene, "SSM:GETPARAMETERS", "logs:*"), True),
        (lambda scene: policy(scene, "ssm:GetParameter", "logs:*"), False),
        (lambda scene: policy(scene, "*", effect="Deny"), False),
        (lambda scene: policy(scene, "*", resource="arn:aws:s3:::bucket"), False),
    ],
)
def test_policies_are_read_as_iam_reads_them(scene: Scene, change: Callable[[Scene], None], allowed: bool) -> None:
    """IAM guide, "Policy evaluation logic": case of actions, wildcards, an explicit deny."""
    scene.made(DesiredCount=0)
    change(scene)
    assert (scene.ran()["stopCode"] == "EssentialContainerExited") is allowed


def test_a_managed_policy_counts(scene: Scene) -> None:
    """IAM: AmazonECSTaskExecutionRolePolicy allows to write logs."""
    scene.made(DesiredCount=0)
    iam = scene.cloud.api("iam")
    iam.delete_role_policy(RoleName=scene.ids["Role"], PolicyName="start")
    wanted = revised(scene, secrets=[])
    assert "logs:CreateLogStream" in why(scene, taskDefinition=wanted)
    iam.attach_role_policy(
        RoleName=scene.ids["Role"], PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    )
    assert scene.ran(taskDefinition=wanted)["stopCode"] == "EssentialContainerExited"


def test_a_secret_out_of_reach_is_told(scene: Scene) -> None:
    """re:Post knowledge centre, ecs-unable-to-pull-secrets."""
    scene.made(DesiredCount=0)
    without_route(scene)
    reason = why(scene)
    assert "unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestError" in reason
    assert "https://ssm.us-east-1.amazonaws.com/" in reason


# --- logs


def test_a_log_group_that_is_gone_is_told(scene: Scene) -> None:
    """Developer guide, "ResourceInitializationError": failed to validate logger args."""
    scene.made(DesiredCount=0)
    scene.cloud.api("logs").delete_log_group(logGroupName=scene.ids["Log"])
    assert why(scene) == (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed "
        "to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit "
        "status 1"
    )


@fact("awslogs-create-group lets the driver make the log group", source=ecs_guide("using_awslogs"))
def test_a_log_group_may_be_made_by_the_driver(scene: Scene) -> None:
    """Developer guide, "awslogs": awslogs-create-group wants logs:CreateLogGroup."""
    scene.made(DesiredCount=0)
    options = {"awslogs-group": "made", "awslogs-stream-prefix": "app", "awslogs-create-group": "true"}
    wanted = revised(scene, logConfiguration={"logDriver": "awslogs", "options": options})
    assert "logs:CreateLogGroup" in why(scene, taskDefinition=wanted)
    policy(scene, "logs:*", "ssm:*")
    assert scene.ran(taskDefinition=wanted)["stopCode"] == "EssentialContainerExited"
    groups = scene.cloud.api("logs").describe_log_groups(logGroupNamePrefix="made")["logGroups"]
    assert [one["logGroupName"] for one in groups] == ["made"]


def test_a_log_group_out_of_reach_is_told(scene: Scene) -> None:
    """Developer guide, "ResourceInitializationError": a connection issue between the task and CloudWatch."""
    scene.made(DesiredCount=0)
    without_route(scene)
    endpoint(scene, "ssm")
    assert "There is a connection issue between the task and Amazon CloudWatch." in why(scene)


# --- file systems


@fact(
    "a file system is mounted through a mount target",
    source="https://docs.aws.amazon.com/efs/latest/ug/troubleshooting-efs-mounting.html",
)
def test_a_file_system_wants_a_mount_target(scene: Scene) -> None:
    """EFS guide, "Troubleshooting mount issues": the words of the mount helper."""
    efs = scene.cloud.api("efs")
    system = efs.create_file_system(CreationToken="1")["FileSystemId"]
    volumes = [{"Name": "v", "EFSVolumeConfiguration": {"FilesystemId": system}}]
    task = bare()
    task["Properties"]["Volumes"] = volumes
    scene.made(task=task, DesiredCount=0)
    assert f'Failed to resolve "{system}.efs.us-east-1.amazonaws.com"' in why(scene)
    efs.create_mount_target(FileSystemId=system, SubnetId=scene.ids["Subnet"])
    assert scene.ran()["stopCode"] == "EssentialContainerExited"


def test_a_service_without_a_way_out_opens_its_breaker(scene: Scene) -> None:
    """aws-traps, first item: a service that is made before its route fails its first deployment."""
    scene.made(DeploymentConfiguration={"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}})
    without_route(scene)
    scene.update(forceNewDeployment=True)
    assert (scene.deployment()["status"], scene.service["runningCount"]) == ("ROLLBACK_SUCCESSFUL", 1)
