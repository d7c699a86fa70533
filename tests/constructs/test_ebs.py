"""EBS volumes: one for each task, encrypted, made by a role that comes with the runner."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks import (
    App,
    Cluster,
    Container,
    EbsVolume,
    ExpressService,
    Job,
    Key,
    PreDeploy,
    Service,
    Stack,
    Task,
    Template,
    Volume,
    Vpc,
    render,
)
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties

VPC = Vpc("Net")
MAIN = Cluster("Main", vpc=VPC)
SNAPSHOT = "snap-0123456789abcdef0"


def task(volume: EbsVolume, **fields: Any) -> Task:
    return Task(containers=[Container(image="example/db:1", mounts={"/data": volume.name})], volumes=[volume], **fields)


def service(volume: EbsVolume, *others: Any, **fields: Any) -> Template:
    web = Service("Web", cluster=MAIN, task=task(volume, **fields))
    return render(App([Stack("s", [VPC, MAIN, web, *others])]))["s"]


def configured(volume: EbsVolume, *others: Any, **fields: Any) -> dict[str, Any]:
    """What the service says of its volume."""
    (found,) = properties(service(volume, *others, **fields), "WebService")["VolumeConfigurations"]
    assert found["Name"] == volume.name
    disk: dict[str, Any] = found["ManagedEBSVolume"]
    return disk


ALWAYS = {
    "Encrypted": True,
    "RoleArn": {"Fn::GetAtt": ["WebVolumeRole", "Arn"]},
    "TagSpecifications": [{"ResourceType": "volume", "PropagateTags": "SERVICE"}],
}


def test_a_volume_is_left_open_by_the_task_and_said_by_the_service() -> None:
    template = service(EbsVolume("data", size=20))
    definition = properties(template, "WebTaskDefinition")
    assert definition["Volumes"] == [{"Name": "data", "ConfiguredAtLaunch": True}]
    (container,) = definition["ContainerDefinitions"]
    assert container["MountPoints"] == [{"ContainerPath": "/data", "SourceVolume": "data", "ReadOnly": False}]
    assert configured(EbsVolume("data", size=20)) == {**ALWAYS, "SizeInGiB": 20, "VolumeType": "gp3"}


@pytest.mark.parametrize(
    ("volume", "said"),
    [
        (EbsVolume("d", size=9, type="gp2"), {"SizeInGiB": 9, "VolumeType": "gp2"}),
        (EbsVolume("d", size=500, type="st1"), {"SizeInGiB": 500, "VolumeType": "st1"}),
        (EbsVolume("d", size=9, type="io2", iops=256_000), {"SizeInGiB": 9, "VolumeType": "io2", "Iops": 256_000}),
        (EbsVolume("d", size=9, iops=4000, throughput=500), {"SizeInGiB": 9, "VolumeType": "gp3", "Iops": 4000, "Throughput": 500}),
        (EbsVolume("d", snapshot=SNAPSHOT), {"SnapshotId": SNAPSHOT, "VolumeType": "gp3"}),
        (EbsVolume("d", snapshot=SNAPSHOT, initialization_rate=200), {"SnapshotId": SNAPSHOT, "VolumeType": "gp3", "VolumeInitializationRate": 200}),
        (EbsVolume("d", size=9, file_system="ext4"), {"SizeInGiB": 9, "VolumeType": "gp3", "FilesystemType": "ext4"}),
    ],
)  # fmt: skip
def test_each_option_is_a_property(volume: EbsVolume, said: dict[str, Any]) -> None:
    assert configured(volume) == {**ALWAYS, **said}


def test_ecs_makes_it_by_a_role_with_awss_own_policy() -> None:
    role = properties(service(EbsVolume("data", size=20)), "WebVolumeRole")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust == {"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes"
    assert role["ManagedPolicyArns"] == [{"Fn::Sub": policy}]


def test_a_key_of_ones_own_may_be_used_by_way_of_ec2_alone() -> None:
    key = Key("Own")
    volume = EbsVolume("data", size=20, encryption=key)
    arn = {"Fn::GetAtt": ["OwnKey", "Arn"]}
    assert configured(volume, key)["KmsKeyId"] == arn
    template = service(volume, key)
    assert properties(template, "WebVolumeRole")["ManagedPolicyArns"][1] == {"Ref": "WebVolumePolicy"}
    describe, use, grant = properties(template, "WebVolumePolicy")["PolicyDocument"]["Statement"]
    assert {str(one["Resource"]) for one in (describe, use, grant)} == {str([arn])}
    assert describe["Action"] == ["kms:DescribeKey"]
    assert use["Action"] == ["kms:GenerateDataKey*", "kms:ReEncrypt*"]
    by_ec2 = {
        "StringEquals": {
            "kms:CallerAccount": {"Fn::Sub": "${AWS::AccountId}"},
            "kms:ViaService": {"Fn::Sub": "ec2.${AWS::Region}.amazonaws.com"},
        },
        "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:ebs:id"},
    }
    assert use["Condition"] == by_ec2
    assert grant["Action"] == ["kms:CreateGrant"]
    assert grant["Condition"] == {**by_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_windows_has_one_too() -> None:
    windows: dict[str, Any] = {"os": "WINDOWS_SERVER_2022_CORE", "cpu": 1024, "memory": 2048}
    disk = configured(EbsVolume("data", size=20, file_system="ntfs"), **windows)
    assert disk["FilesystemType"] == "ntfs"


def test_a_volume_that_containers_share_is_a_volume_of_the_task() -> None:
    containers = [
        Container(image="example/web:1", mounts={"/out": "shared"}),
        Container(name="reader", image="example/reader:1", mounts={"/in": "shared:ro"}),
    ]
    web = Service("Web", cluster=MAIN, task=Task(containers=containers, volumes=[Volume("shared")]))
    found = properties(render(App([Stack("s", [VPC, MAIN, web])]))["s"], "WebTaskDefinition")
    assert found["Volumes"] == [{"Name": "shared"}]
    assert [one["MountPoints"] for one in found["ContainerDefinitions"]] == [
        [{"ContainerPath": "/out", "SourceVolume": "shared", "ReadOnly": False}],
        [{"ContainerPath": "/in", "SourceVolume": "shared", "ReadOnly": True}],
    ]


ONE = EbsVolume("d", size=9)
WINDOWS: dict[str, Any] = {"os": "WINDOWS_SERVER_2022_CORE", "cpu": 1024, "memory": 2048}
PORTED = Task(containers=[Container(image="a/b:1", port=80, mounts={"/d": "d"})], volumes=[ONE])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EbsVolume("d"), 'EbsVolume "d": it has no size; give size= in GiB, or snapshot='),
        (lambda: EbsVolume("d", size=0), 'EbsVolume "d": size of gp3 must be 1 to 16384 GiB, got 0'),
        (lambda: EbsVolume("d", size=100, type="sc1"), 'EbsVolume "d": size of sc1 must be 125 to 16384 GiB, got 100'),
        (lambda: EbsVolume("d", size=9, type="standard"), "EbsVolume \"d\": type must be one of 'gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1', got 'standard'; pass one of 'gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1'"),
        (lambda: EbsVolume("d", size=9, type="io1"), 'EbsVolume "d": type=io1 wants iops=, 100 to 64000'),
        (lambda: EbsVolume("d", size=9, type="gp2", iops=3000), 'EbsVolume "d": iops is for gp3, io1 and io2, and type=gp2; leave it out'),
        (lambda: EbsVolume("d", size=9, iops=100), 'EbsVolume "d": iops of gp3 must be 3000 to 16000, got 100'),
        (lambda: EbsVolume("d", size=9, type="gp2", throughput=200), 'EbsVolume "d": throughput is for gp3, and type=gp2; leave it out'),
        (lambda: EbsVolume("d", size=9, throughput=2000), 'EbsVolume "d": throughput must be 125 to 1000 MiB a second, got 2000'),
        (lambda: EbsVolume("d", snapshot="snap"), "EbsVolume \"d\": snapshot is like snap-0123456789abcdef0, got 'snap'"),
        (lambda: EbsVolume("d", size=9, initialization_rate=100), 'EbsVolume "d": initialization_rate is for a snapshot; leave it out'),
        (lambda: EbsVolume("d", snapshot=SNAPSHOT, initialization_rate=10), 'EbsVolume "d": initialization_rate must be 100 to 300 MiB a second, got 10'),
        (lambda: EbsVolume("d", size=9, encrypted=True), 'EbsVolume "d": encrypted is always so; encryption= takes a Key of your own'),
        (lambda: EbsVolume("d e", size=9), "EbsVolume \"d e\": name is up to 255 letters, digits, hyphens and underscores, got 'd e'"),
        (lambda: task(EbsVolume("d", size=9, file_system="ntfs")), "Task: volume d has ntfs, which is for Windows; leave file_system out"),
        (lambda: task(EbsVolume("d", size=9, file_system="xfs"), **WINDOWS), "Task: volume d has xfs, which is for Linux, and os=WINDOWS_SERVER_2022_CORE; leave file_system out"),
        (lambda: Task(containers=[Container(image="a/b:1")], volumes=[ONE, EbsVolume("e", size=9)]), "Task: a Fargate task has one EBS volume at most; leave the others out"),
        (lambda: PreDeploy(task=task(ONE)), "PreDeploy: volume d is EBS, made by services and jobs; give it ephemeral_storage="),
        (lambda: ExpressService("X", cluster=MAIN, task=PORTED), 'ExpressService "X": volume d is EBS, which Express Mode does not make; use a Service'),
    ],
)  # fmt: skip
def test_what_ecs_would_refuse_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message


def test_a_job_makes_its_volume_when_it_runs() -> None:
    job = Job("Import", cluster=MAIN, task=task(EbsVolume("data", size=20)))
    template = render(App([Stack("s", [VPC, MAIN, job])]))["s"]
    said = template.resources["ImportTaskDefinition"]["Metadata"]["fargate-stacks:run"]
    (volume,) = said["VolumeConfigurations"]
    assert volume["ManagedEBSVolume"]["RoleArn"] == {"Fn::GetAtt": ["ImportVolumeRole", "Arn"]}
    assert volume["ManagedEBSVolume"]["TagSpecifications"] == [
        {"ResourceType": "volume", "PropagateTags": "TASK_DEFINITION"}
    ]
    assert "ImportVolumeRole" in template.resources
