"""File systems: encrypted at rest and on the way, entered by the role alone."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.constructs.cluster import Cluster
from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.key import Key
from fargate_stacks.constructs.network import Vpc
from fargate_stacks.constructs.network_existing import ExistingVpc
from fargate_stacks.constructs.service import Service
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.values import Param
from fargate_stacks.providers.filesystem import AccessPoint, FileSystem
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties
from tests.providers.providers import task_statements, used

NET = Vpc("Net")
FILES = FileSystem("Files", vpc=NET)


def made(files: FileSystem = FILES, *others: Any, **stack: Any) -> Any:
    return render(App([Stack("s", [NET, files, *others], **stack)]))["s"]


def test_it_is_encrypted_backed_up_and_refuses_what_is_not() -> None:
    found = properties(made(), "FilesFileSystem")
    policy = found.pop("FileSystemPolicy")
    assert found == {
        "Encrypted": True,
        "BackupPolicy": {"Status": "ENABLED"},
        "ThroughputMode": "elastic",
        "LifecyclePolicies": [
            {"TransitionToIA": "AFTER_30_DAYS"},
            {"TransitionToPrimaryStorageClass": "AFTER_1_ACCESS"},
        ],
    }
    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_each_field_is_a_property() -> None:
    key = Key("Own")
    found = properties(
        made(FileSystem("Files", vpc=NET, encryption=key, backup=False, throughput="bursting"), key), "FilesFileSystem"
    )
    assert found["KmsKeyId"] == {"Fn::GetAtt": ["OwnKey", "Arn"]}
    assert (found["BackupPolicy"]["Status"], found["ThroughputMode"]) == ("DISABLED", "bursting")


def test_a_mount_target_stands_in_each_zone_behind_one_group() -> None:
    template = made()
    for number in (1, 2):
        assert properties(template, f"FilesMountTarget{number}") == {
            "FileSystemId": {"Ref": "FilesFileSystem"},
            "SubnetId": {"Ref": f"NetPrivateSubnet{number}"},
            "SecurityGroups": [{"Fn::GetAtt": ["FilesSecurityGroup", "GroupId"]}],
        }
    assert "SecurityGroupIngress" not in properties(template, "FilesSecurityGroup")


def test_an_access_point_makes_its_directory_and_says_as_whom() -> None:
    point = AccessPoint("Uploads", path="/uploads", user=101, group=102, permissions="0700")
    assert properties(made(FileSystem("Files", vpc=NET, access_points=[point])), "FilesUploadsAccessPoint") == {
        "FileSystemId": {"Ref": "FilesFileSystem"},
        "PosixUser": {"Uid": "101", "Gid": "102"},
        "RootDirectory": {
            "Path": "/uploads",
            "CreationInfo": {"OwnerUid": "101", "OwnerGid": "102", "Permissions": "0700"},
        },
    }


@pytest.mark.parametrize(
    ("read_only", "actions"),
    [
        (False, ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]),
        (True, ["elasticfilesystem:ClientMount"]),
    ],
)
def test_mounting_is_allowed_through_one_access_point(read_only: bool, actions: list[str]) -> None:
    assert task_statements(FILES.mount("/data", read_only=read_only), NET, FILES) == [
        {
            "Effect": "Allow",
            "Action": actions,
            "Resource": [{"Fn::GetAtt": ["FilesFileSystem", "Arn"]}],
            "Condition": {
                "StringEquals": {"elasticfilesystem:AccessPointArn": {"Fn::GetAtt": ["FilesDataAccessPoint", "Arn"]}}
            },
        }
    ]


def test_a_mount_is_a_volume_over_tls_by_the_tasks_role() -> None:
    found = properties(used(FILES.mount("/data"), NET, FILES), "WebTaskDefinition")
    assert found["Volumes"] == [
        {
            "Name": "Files-Data",
            "EFSVolumeConfiguration": {
                "FilesystemId": {"Ref": "FilesFileSystem"},
                "TransitEncryption": "ENABLED",
                "AuthorizationConfig": {"AccessPointId": {"Ref": "FilesDataAccessPoint"}, "IAM": "ENABLED"},
            },
        }
    ]
    (one,) = found["ContainerDefinitions"]
    assert one["MountPoints"] == [{"ContainerPath": "/data", "SourceVolume": "Files-Data", "ReadOnly": False}]


def test_a_read_only_mount_is_so_in_the_container_too() -> None:
    (one,) = properties(used(FILES.mount("/data", read_only=True), NET, FILES), "WebTaskDefinition")[
        "ContainerDefinitions"
    ]
    assert one["MountPoints"][0]["ReadOnly"] is True


def test_a_service_opens_2049_and_waits_for_every_mount_target_trap_1() -> None:
    main = Cluster("Main", vpc=NET)
    service = Service(
        "Api", cluster=main, task=Task(containers=[Container(image="a/b:1")], uses=[FILES.mount("/data")])
    )
    template = made(FILES, main, service)
    rule = properties(template, "ApiFilesIngress2049")
    assert (rule["FromPort"], rule["GroupId"]) == (2049, {"Fn::GetAtt": ["FilesSecurityGroup", "GroupId"]})
    waits = template.resources["ApiService"]["DependsOn"]
    assert {"FilesMountTarget1", "FilesMountTarget2", "ApiFilesIngress2049"} <= set(waits)


def test_two_directories_of_one_file_system_may_be_mounted_by_one_task() -> None:
    files = FileSystem("Files", vpc=NET, access_points=[AccessPoint("A", path="/a"), AccessPoint("B", path="/b")])
    main = Cluster("Main", vpc=NET)
    task = Task(containers=[Container(image="a/b:1")], uses=[files.mount("/a"), files.mount("/b", access_point="B")])
    template = made(files, main, Service("Api", cluster=main, task=task))
    assert [one["Name"] for one in properties(template, "ApiTaskDefinition")["Volumes"]] == ["Files-A", "Files-B"]


@pytest.mark.parametrize(
    ("removal", "policies"), [("retain", ("RetainExceptOnCreate", "Retain")), ("remove", ("Delete",) * 2)]
)
def test_files_outlive_the_stack_unless_it_says_otherwise(removal: str, policies: tuple[str, str]) -> None:
    body = made(removal=removal).resources["FilesFileSystem"]
    assert (body["DeletionPolicy"], body["UpdateReplacePolicy"]) == policies


def test_tags_of_stack_and_app_reach_file_system_and_access_point() -> None:
    template = made(tags={"team": "shop"})
    tag = {"Key": "team", "Value": "shop"}
    assert properties(template, "FilesFileSystem")["FileSystemTags"] == [tag]
    assert properties(template, "FilesDataAccessPoint")["AccessPointTags"] == [tag]


LISTED = ExistingVpc(vpc_id="vpc-0123456789abcdef0", private=Param("Subnets", type="List<AWS::EC2::Subnet::Id>"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FileSystem("Files", vpc=NET, access_points=[]), 'FileSystem "Files": access_points is empty, so nobody could enter; give AccessPoint()'),
        (lambda: FileSystem("Files", vpc=NET, access_points=[AccessPoint(), AccessPoint()]), 'FileSystem "Files": two access points are named "Data"; give each its own name'),
        (lambda: FileSystem("Files", vpc=LISTED), 'FileSystem "Files": a mount target is needed in each subnet, and a list parameter does not say how many'),
        (lambda: FileSystem("Files", vpc=NET, encrypted=True), 'FileSystem "Files": encrypted is always so; encryption= takes a Key of your own'),
        (lambda: FILES.mount("data"), "FileSystem \"Files\": a path to mount at must start with / and not be the root, got 'data'"),
        (lambda: FILES.mount("/data", access_point="Date"), "FileSystem \"Files\": it has no access point 'Date'; did you mean Data; it has Data"),
        (lambda: AccessPoint("a"), "AccessPoint \"a\": name is up to 32 letters and digits, a capital first, got 'a'"),
        (lambda: AccessPoint(path="data"), "AccessPoint \"Data\": path is like /data, up to four directories deep, got 'data'"),
        (lambda: AccessPoint(path="/a/b/c/d/e"), "AccessPoint \"Data\": path is like /data, up to four directories deep, got '/a/b/c/d/e'"),
        (lambda: AccessPoint(user=-1), 'AccessPoint "Data": user is the number of a POSIX user, got -1'),
        (lambda: AccessPoint(permissions="rwx"), "AccessPoint \"Data\": permissions is an octal text like \"0750\", got 'rwx'"),
        (lambda: Task(os="WINDOWS_SERVER_2022_CORE", cpu=1024, memory=2048, containers=[Container(image="a/b:1")], uses=[FILES.mount("/data")]), "Task: volume Files-Data is for Linux, and os=WINDOWS_SERVER_2022_CORE; leave it out"),
    ],
)  # fmt: skip
def test_what_no_file_system_can_be_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message
