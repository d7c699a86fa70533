"""What AWS refuses: things in use, things protected, things that are not there yet."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import cfn, ec2, ecs, elb, fact, guide, vpc_guide
from tests.deploy.local.guarded import ATTACHED, VPC, balancer, listener, rule
from tests.deploy.local.services import platform
from tests.deploy.local.templates import reason
from tests.localcloud import Cloud


def failed(cloud: Cloud, resources: Any, name: str) -> str:
    stack = cloud.create("s", {"Resources": resources})
    assert stack["StackStatus"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
    return reason(cloud, "s", name, "CREATE_FAILED")


@fact(
    "an internet-facing load balancer needs an internet gateway attached to its VPC",
    source=guide("aws-attribute-dependson"),
)
def test_a_public_load_balancer_needs_an_internet_gateway(cloud: Cloud) -> None:
    alone = balancer()
    del alone["DependsOn"]
    assert "has no internet gateway" in failed(cloud, {**VPC, "Door": alone}, "Door")


def test_an_internal_load_balancer_needs_none(cloud: Cloud) -> None:
    alone = balancer(Scheme="internal")
    del alone["DependsOn"]
    assert cloud.create("s", {"Resources": {**VPC, "Door": alone}})["StackStatus"] == "CREATE_COMPLETE"


def test_a_load_balancer_is_in_the_network_of_its_subnets(cloud: Cloud) -> None:
    cloud.create("s", {"Resources": {**VPC, **ATTACHED, "Door": balancer()}})
    [found] = cloud.api("elbv2").describe_load_balancers()["LoadBalancers"]
    assert found["VpcId"] == cloud.physical("s")["Net"]


@fact(
    "an Application Load Balancer needs subnets in two Availability Zones",
    source=elb("CreateLoadBalancerInput.Subnets"),
)
def test_a_load_balancer_needs_two_zones(cloud: Cloud) -> None:
    one = balancer(Subnets=[{"Ref": "SubnetA"}])
    assert "At least two subnets in two different Availability Zones" in failed(
        cloud, {**VPC, **ATTACHED, "Door": one}, "Door"
    )


@fact("SubnetNotFound: the subnets of a load balancer must be there", source=elb("SubnetNotFoundException"))
def test_a_load_balancer_needs_subnets_that_are_there(cloud: Cloud) -> None:
    said = failed(cloud, {**VPC, **ATTACHED, "Door": balancer(Subnets=["subnet-0", "subnet-1"])}, "Door")
    assert "The subnet ID 'subnet-0' does not exist" in said


@fact("a public NAT gateway needs an internet gateway attached to its VPC", source=vpc_guide("vpc-nat-gateway"))
def test_a_nat_gateway_needs_an_internet_gateway(cloud: Cloud) -> None:
    nat = {
        "Type": "AWS::EC2::NatGateway",
        "Properties": {
            "SubnetId": {"Ref": "SubnetA"},
            "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]},
        },
    }
    said = failed(cloud, {**VPC, "Address": {"Type": "AWS::EC2::EIP"}, "Nat": nat}, "Nat")
    assert "has no Internet gateway attached" in said


def test_a_route_to_a_gateway_that_is_not_attached_is_refused(cloud: Cloud) -> None:
    routes = {
        "Table": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Net"}}},
        "Out": {
            "Type": "AWS::EC2::Route",
            "Properties": {
                "RouteTableId": {"Ref": "Table"},
                "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": {"Ref": "Gateway"},
            },
        },
    }
    assert "belong to different networks" in failed(cloud, {**VPC, **routes}, "Out")


def test_a_gateway_stays_attached_while_a_load_balancer_is_public(cloud: Cloud) -> None:
    loose = balancer()
    cloud.create("s", {"Resources": {**VPC, **ATTACHED}})
    ids = cloud.physical("s")
    del loose["DependsOn"]
    loose["Properties"]["Subnets"] = [ids["SubnetA"], ids["SubnetB"]]
    cloud.create("door", {"Resources": {"Door": loose}})
    stack = cloud.delete("s")
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert "has some mapped public address(es)" in reason(cloud, "s", "Attached", "DELETE_FAILED")


@fact("two rules of a listener do not have the same priority", source=elb("CreateRuleInput.Priority"))
def test_a_priority_is_given_once(cloud: Cloud) -> None:
    resources = {**VPC, **ATTACHED, "Door": balancer(), "Http": listener(), "One": rule(5)}
    assert "Priority '5' is currently in use" in failed(
        cloud, {**resources, "Two": {**rule(5), "DependsOn": "One"}}, "Two"
    )


def test_a_rule_moves_to_a_free_priority_only(cloud: Cloud) -> None:
    resources = {**VPC, **ATTACHED, "Door": balancer(), "Http": listener(), "One": rule(5), "Two": rule(6)}
    cloud.create("s", {"Resources": resources})
    assert cloud.update("s", {"Resources": {**resources, "Two": rule(5)}})["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Priority '5' is currently in use" in reason(cloud, "s", "Two", "UPDATE_FAILED")
    assert cloud.update("s", {"Resources": {**resources, "Two": rule(7)}})["StackStatus"] == "UPDATE_COMPLETE"


@fact("PriorityInUse: CreateRule with a priority that another rule has", source=elb("PriorityInUseException"))
def test_a_priority_in_use_is_refused_by_the_call_too(cloud: Cloud) -> None:
    resources = {**VPC, **ATTACHED, "Door": balancer(), "Http": listener(), "One": rule(5)}
    cloud.create("s", {"Resources": resources})
    with pytest.raises(ClientError, match="Priority '5' is currently in use") as caught:
        cloud.api("elbv2").create_rule(
            ListenerArn=cloud.physical("s")["Http"],
            Priority=5,
            Conditions=[{"Field": "path-pattern", "Values": ["/b"]}],
            Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
        )
    assert caught.value.response["Error"]["Code"] == "PriorityInUse"


def protected(on: bool) -> dict[str, Any]:
    return balancer(LoadBalancerAttributes=[{"Key": "deletion_protection.enabled", "Value": str(on).lower()}])


@fact(
    "a load balancer under deletion protection is not deleted; the stack ends DELETE_FAILED",
    source=elb("DeleteLoadBalancer"),
)
def test_a_protected_load_balancer_stays(cloud: Cloud) -> None:
    cloud.create("s", {"Resources": {**VPC, **ATTACHED, "Door": protected(True)}})
    assert cloud.delete("s")["StackStatus"] == "DELETE_FAILED"
    assert "cannot be deleted because deletion protection is enabled" in reason(cloud, "s", "Door", "DELETE_FAILED")
    arn = cloud.physical("s")["Door"]
    with pytest.raises(ClientError, match="deletion protection is enabled"):
        cloud.api("elbv2").delete_load_balancer(LoadBalancerArn=arn)


def test_a_load_balancer_goes_once_its_protection_is_off(cloud: Cloud) -> None:
    cloud.create("s", {"Resources": {**VPC, **ATTACHED, "Door": protected(True)}})
    cloud.update("s", {"Resources": {**VPC, **ATTACHED, "Door": protected(False)}})
    assert cloud.delete("s")["StackStatus"] == "DELETE_COMPLETE"


@fact("a target group that an action refers to is not deleted", source=elb("DeleteTargetGroup"))
def test_a_target_group_in_use_stays(cloud: Cloud) -> None:
    group = {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {"VpcId": {"Ref": "Net"}, "Port": 80, "Protocol": "HTTP", "TargetType": "ip"},
    }
    cloud.create("s", {"Resources": {**VPC, **ATTACHED, "Targets": group}})
    ids = cloud.physical("s")
    door = balancer(Subnets=[ids["SubnetA"], ids["SubnetB"]])
    del door["DependsOn"]
    cloud.create("door", {"Resources": {"Door": door, "Http": listener(ids["Targets"])}})
    assert cloud.delete("s")["StackStatus"] == "DELETE_FAILED"
    assert "is currently in use by a listener or a rule" in reason(cloud, "s", "Targets", "DELETE_FAILED")


def test_a_target_group_has_its_full_name(cloud: Cloud) -> None:
    group = {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {"VpcId": {"Ref": "Net"}, "Port": 80, "Protocol": "HTTP", "TargetType": "ip"},
    }
    output = {"Name": {"Value": {"Fn::GetAtt": ["Targets", "TargetGroupFullName"]}}}
    stack = cloud.create("s", {"Resources": {**VPC, "Targets": group}, "Outputs": output})
    assert stack["Outputs"][0]["OutputValue"].startswith("targetgroup/")


@fact("a security group that another refers to is not deleted: DependencyViolation", source=ec2("DeleteSecurityGroup"))
def test_a_group_that_others_refer_to_stays(cloud: Cloud) -> None:
    group = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "it", "VpcId": {"Ref": "Net"}}}
    cloud.create("s", {"Resources": {**VPC, "Door": group}})
    ids = cloud.physical("s")
    other = {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": "other",
            "VpcId": ids["Net"],
            "SecurityGroupIngress": [
                {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "SourceSecurityGroupId": ids["Door"]}
            ],
        },
    }
    cloud.create("other", {"Resources": {"Task": other}})
    assert cloud.delete("s")["StackStatus"] == "DELETE_FAILED"
    assert f"resource {ids['Door']} has a dependent object" in reason(cloud, "s", "Door", "DELETE_FAILED")


@fact("a bucket with objects is not deleted; the stack ends DELETE_FAILED", source=guide("troubleshooting"))
def test_a_bucket_with_content_stays_until_it_is_empty(cloud: Cloud) -> None:
    cloud.create("s", {"Resources": {"Files": {"Type": "AWS::S3::Bucket"}}})
    name = cloud.physical("s")["Files"]
    api = cloud.api("s3")
    api.put_object(Bucket=name, Key="a", Body=b"b")
    stack = cloud.delete("s")
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to delete: [Files]. "
    assert "The bucket you tried to delete is not empty" in reason(cloud, "s", "Files", "DELETE_FAILED")
    api.delete_object(Bucket=name, Key="a")
    assert cloud.delete("s")["StackStatus"] == "DELETE_COMPLETE"


@fact("RetainResources of DeleteStack is for stacks in DELETE_FAILED", source=cfn("DeleteStackInput.RetainResources"))
def test_a_stack_that_failed_to_go_lets_a_resource_be_kept(cloud: Cloud) -> None:
    cloud.create("s", {"Resources": {"Files": {"Type": "AWS::S3::Bucket"}}})
    api = cloud.api("s3")
    name = cloud.physical("s")["Files"]
    api.put_object(Bucket=name, Key="a", Body=b"b")
    stack_id = cloud.delete("s")["StackId"]
    assert cloud.delete("s", RetainResources=["Files"])["StackStatus"] == "DELETE_COMPLETE"
    assert ("Files", "DELETE_SKIPPED") in cloud.events(stack_id)
    assert [one["Name"] for one in api.list_buckets()["Buckets"]] == [name]


@fact("FORCE_DELETE_STACK is for stacks in DELETE_FAILED", source=cfn("DeleteStackInput.DeletionMode"))
def test_a_stack_that_failed_to_go_can_be_forced(cloud: Cloud) -> None:
    cloud.create("s", {"Resources": {"Files": {"Type": "AWS::S3::Bucket"}}})
    cloud.api("s3").put_object(Bucket=cloud.physical("s")["Files"], Key="a", Body=b"b")
    cloud.delete("s")
    assert cloud.delete("s", DeletionMode="FORCE_DELETE_STACK")["StackStatus"] == "DELETE_COMPLETE"


@fact(
    "a repository with images is not deleted without force: RepositoryNotEmptyException",
    source="botocore ecr RepositoryNotEmptyException",
)
def test_a_repository_with_images_stays(cloud: Cloud) -> None:
    cloud.create("s", {"Resources": {"Images": {"Type": "AWS::ECR::Repository"}}})
    name = cloud.physical("s")["Images"]
    cloud.api("ecr").put_image(repositoryName=name, imageManifest='{"schemaVersion": 2}', imageTag="1")
    assert cloud.delete("s")["StackStatus"] == "DELETE_FAILED"
    assert "still contains images" in reason(cloud, "s", "Images", "DELETE_FAILED")


@fact(
    "a table under deletion protection is not deleted",
    source="botocore dynamodb CreateTableInput.DeletionProtectionEnabled",
)
def test_a_protected_table_stays(cloud: Cloud) -> None:
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "DeletionProtectionEnabled": True,
        },
    }
    cloud.create("s", {"Resources": {"Table": table}})
    assert cloud.delete("s")["StackStatus"] == "DELETE_FAILED"
    assert "currently protected against deletion" in reason(cloud, "s", "Table", "DELETE_FAILED")


@fact(
    "a database under deletion protection is not deleted",
    source="botocore rds CreateDBClusterMessage.DeletionProtection",
)
def test_a_protected_database_stays(cloud: Cloud) -> None:
    database = {
        "Type": "AWS::RDS::DBCluster",
        "DeletionPolicy": "Delete",
        "Properties": {
            "Engine": "aurora-postgresql",
            "MasterUsername": "app",
            "MasterUserPassword": "secret-word",
            "DeletionProtection": True,
        },
    }
    cloud.create("s", {"Resources": {"Data": database}})
    assert cloud.delete("s")["StackStatus"] == "DELETE_FAILED"
    assert "Cannot delete protected Cluster" in reason(cloud, "s", "Data", "DELETE_FAILED")


@fact(
    "a cluster with services is not deleted: ClusterContainsServicesException",
    source=ecs("ClusterContainsServicesException"),
)
def test_a_cluster_with_services_stays(cloud: Cloud) -> None:
    resources = platform()["Resources"]
    del resources["Web"]
    cloud.create("s", {"Resources": resources})
    ids = cloud.physical("s")
    cloud.api("ecs").create_service(
        cluster=ids["Main"],
        serviceName="web",
        taskDefinition=ids["Task"],
        desiredCount=0,
        networkConfiguration={"awsvpcConfiguration": {"subnets": [ids["Subnet"]]}},
    )
    assert cloud.delete("s")["StackStatus"] == "DELETE_FAILED"
    assert "The Cluster cannot be deleted while Services are active" in reason(cloud, "s", "Main", "DELETE_FAILED")
