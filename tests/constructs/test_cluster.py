"""What a Cluster renders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks.checks.engines import ENGINES
from fargate_stacks.constructs.capacity import Spot
from fargate_stacks.constructs.cluster import Cluster
from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.exec_logs import ExecLogs
from fargate_stacks.constructs.job import Job
from fargate_stacks.constructs.key import Key
from fargate_stacks.constructs.network import Vpc
from fargate_stacks.constructs.service import Service
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.template import Template
from fargate_stacks.core.values import sub
from fargate_stacks.errors import SpecError
from fargate_stacks.providers.bucket import Bucket
from tests.localcloud import Cloud

VPC = Vpc("Net")


def template(cluster: Cluster, **options: Any) -> Template:
    return render(App([Stack("s", [VPC, cluster], **options)]))["s"]


def properties(cluster: Cluster) -> dict[str, Any]:
    found: dict[str, Any] = template(cluster).resources["MainCluster"]["Properties"]
    return found


def test_a_cluster_is_one_resource() -> None:
    assert [key for key in template(Cluster("Main", vpc=VPC)).resources if key.startswith("Main")] == ["MainCluster"]


def test_the_capacity_providers_stand_on_the_cluster_itself() -> None:
    found = properties(Cluster("Main", vpc=VPC))
    assert found["CapacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert found["DefaultCapacityProviderStrategy"] == [{"CapacityProvider": "FARGATE", "Weight": 1}]


def test_container_insights_are_on_by_default() -> None:
    setting = {"Name": "containerInsights", "Value": "enabled"}
    assert properties(Cluster("Main", vpc=VPC))["ClusterSettings"] == [setting]


@pytest.mark.parametrize("insights", ["enabled", "enhanced", "disabled"])
def test_container_insights_are_always_written_out(insights: Any) -> None:
    found = properties(Cluster("Main", vpc=VPC, insights=insights))
    assert found["ClusterSettings"] == [{"Name": "containerInsights", "Value": insights}]


def test_its_services_ask_for_providers() -> None:
    assert Cluster("Main", vpc=VPC).capacity == "providers"


def test_name_and_arn_are_known_after_deployment() -> None:
    cluster = Cluster("Main", vpc=VPC)
    outputs = {"Name": cluster.cluster_name, "Arn": sub("{arn}", arn=cluster.cluster_arn)}
    found = template(cluster, outputs=outputs).outputs
    assert found["Name"] == {"Value": {"Ref": "MainCluster"}}
    assert found["Arn"] == {"Value": {"Fn::Sub": "${MainCluster.Arn}"}}


def test_what_users_of_other_tools_try_is_answered() -> None:
    with pytest.raises(SpecError) as caught:
        Cluster("Main", vpc=VPC, container_insights=True)  # type: ignore[call-arg]
    assert str(caught.value) == (
        'Cluster "Main": container_insights is called insights: "enabled", "enhanced" or "disabled"'
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("insights", ["enabled", "enhanced", "disabled"])
def test_no_linter_has_anything_to_say(engine: str, insights: Any) -> None:
    found = ENGINES[engine]({"s": template(Cluster("Main", vpc=VPC, insights=insights))})
    assert [one for one in found if one.severity != "info"] == []


# sessions of ECS Exec, storage, defaults


KEY = Key("Own")


def service(cluster: Cluster, **fields: Any) -> Template:
    web = Service("Web", cluster=cluster, task=Task(containers=[Container(image="example/web:1")]), **fields)
    return render(App([Stack("s", [VPC, cluster, KEY, BUCKET, web])]))["s"]


BUCKET = Bucket("Archive")


def test_tasks_run_on_demand_when_they_say_nothing_unless_the_cluster_does() -> None:
    found = properties(Cluster("Main", vpc=VPC, default_capacity=Spot(base=2, spot=3)))
    assert found["DefaultCapacityProviderStrategy"] == [
        {"CapacityProvider": "FARGATE", "Base": 2, "Weight": 0},
        {"CapacityProvider": "FARGATE_SPOT", "Weight": 3},
    ]


def test_services_without_a_namespace_join_the_clusters() -> None:
    found = properties(Cluster("Main", vpc=VPC, namespace=VPC.namespace_arn))
    assert found["ServiceConnectDefaults"] == {"Namespace": {"Fn::GetAtt": ["NetNamespace", "Arn"]}}


def test_ephemeral_storage_is_encrypted_by_a_key_of_ones_own() -> None:
    found = service(Cluster("Main", vpc=VPC, storage_key=KEY)).resources["MainCluster"]["Properties"]
    assert found["Configuration"] == {
        "ManagedStorageConfiguration": {"FargateEphemeralStorageKmsKeyId": {"Fn::GetAtt": ["OwnKey", "Arn"]}}
    }


def test_windows_tasks_in_a_cluster_with_a_storage_key_are_refused() -> None:
    cluster = Cluster("Main", vpc=VPC, storage_key=KEY)
    windows = Task(containers=[Container(image="a:1")], os="WINDOWS_SERVER_2022_CORE", cpu=1024, memory=2048)
    with pytest.raises(SpecError) as caught:
        Service("Web", cluster=cluster, task=windows)
    assert str(caught.value) == (
        'Service "Web": Cluster "Main" has a storage_key, which Windows on Fargate does not know; '
        "give it a cluster without"
    )


def statements(template: Template, policy: str = "WebTaskPolicy") -> list[Any]:
    found: list[Any] = template.resources[policy]["Properties"]["PolicyDocument"]["Statement"]
    return found


def test_sessions_are_written_to_a_log_group_of_the_cluster() -> None:
    found = service(Cluster("Main", vpc=VPC, exec_logs=ExecLogs(retention=timedelta(days=30))))
    assert found.resources["MainExecLogGroup"]["Properties"]["RetentionInDays"] == 30
    assert found.resources["MainCluster"]["Properties"]["Configuration"] == {
        "ExecuteCommandConfiguration": {
            "Logging": "OVERRIDE",
            "LogConfiguration": {
                "CloudWatchLogGroupName": {"Ref": "MainExecLogGroup"},
                "CloudWatchEncryptionEnabled": False,
            },
        }
    }


def test_tasks_that_admit_exec_may_write_their_sessions_down() -> None:
    found = statements(service(Cluster("Main", vpc=VPC, exec_logs=ExecLogs()), exec=True))
    assert found[1:] == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": [{"Fn::GetAtt": ["MainExecLogGroup", "Arn"]}],
        },
        {"Effect": "Allow", "Action": ["logs:DescribeLogGroups"], "Resource": ["*"]},
    ]


def test_tasks_without_exec_may_not() -> None:
    assert "WebTaskPolicy" not in service(Cluster("Main", vpc=VPC, exec_logs=ExecLogs())).resources


def test_a_key_encrypts_the_sessions_and_their_log_and_is_opened_to_the_tasks() -> None:
    found = service(Cluster("Main", vpc=VPC, exec_logs=ExecLogs(key=KEY)), exec=True)
    key = {"Fn::GetAtt": ["OwnKey", "Arn"]}
    assert found.resources["MainExecLogGroup"]["Properties"]["KmsKeyId"] == key
    command = found.resources["MainCluster"]["Properties"]["Configuration"]["ExecuteCommandConfiguration"]
    assert command["KmsKeyId"] == key
    assert command["LogConfiguration"]["CloudWatchEncryptionEnabled"] is True
    assert {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key]} in statements(found)


def test_a_job_that_admits_exec_may_too() -> None:
    cluster = Cluster("Main", vpc=VPC, exec_logs=ExecLogs())
    job = Job("Migrate", cluster=cluster, task=Task(containers=[Container(image="example/web:1")]), exec=True)
    found = statements(render(App([Stack("s", [VPC, cluster, job])]))["s"], "MigrateTaskPolicy")
    assert "logs:PutLogEvents" in found[1]["Action"]


def test_a_bucket_keeps_a_copy_under_its_prefix() -> None:
    found = service(Cluster("Main", vpc=VPC, exec_logs=ExecLogs(bucket=BUCKET, prefix="exec/")), exec=True)
    command = found.resources["MainCluster"]["Properties"]["Configuration"]["ExecuteCommandConfiguration"]
    assert {key: value for key, value in command["LogConfiguration"].items() if key.startswith("S3")} == {
        "S3BucketName": {"Ref": "ArchiveBucket"},
        "S3EncryptionEnabled": True,
        "S3KeyPrefix": "exec/",
    }
    assert statements(found)[3:] == [
        {
            "Effect": "Allow",
            "Action": ["s3:PutObject"],
            "Resource": [{"Fn::Sub": "${ArchiveBucket.Arn}/exec/*"}],
        },
        {
            "Effect": "Allow",
            "Action": ["s3:GetEncryptionConfiguration"],
            "Resource": [{"Fn::GetAtt": ["ArchiveBucket", "Arn"]}],
        },
    ]


def test_a_bucket_with_a_key_opens_that_too() -> None:
    bucket = Bucket("Secret", encryption=KEY)
    cluster = Cluster("Main", vpc=VPC, exec_logs=ExecLogs(bucket=bucket))
    web = Service("Web", cluster=cluster, task=Task(containers=[Container(image="example/web:1")]), exec=True)
    found = render(App([Stack("s", [VPC, cluster, KEY, bucket, web])]))["s"]
    assert statements(found)[-1]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]


def test_what_exec_logs_cannot_be_is_refused() -> None:
    with pytest.raises(SpecError, match=r"^ExecLogs: retention must be a period that CloudWatch Logs knows"):
        ExecLogs(retention=timedelta(days=2))
    with pytest.raises(SpecError, match=r"^ExecLogs: prefix is for names in a bucket, got 'a/'; give bucket=$"):
        ExecLogs(prefix="a/")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engines_find_nothing_in_a_cluster_with_everything(engine: str) -> None:
    cluster = Cluster(
        "Main",
        vpc=VPC,
        insights="enhanced",
        default_capacity=Spot(),
        exec_logs=ExecLogs(key=KEY, bucket=BUCKET),
        storage_key=KEY,
        namespace=VPC.namespace_arn,
    )
    assert [one for one in ENGINES[engine]({"s": service(cluster, exec=True)}) if one.severity != "info"] == []


def test_the_local_cloud_keeps_it_all(cloud: Cloud) -> None:
    cluster = Cluster(
        "Main",
        vpc=VPC,
        default_capacity=Spot(),
        exec_logs=ExecLogs(key=KEY, bucket=BUCKET, prefix="exec/"),
        storage_key=KEY,
        namespace=VPC.namespace_arn,
    )
    built = render(App([Stack("s", [VPC, cluster, KEY, BUCKET], removal="remove")]))["s"]
    assert cloud.create("s", built.to_json())["StackStatus"] == "CREATE_COMPLETE"
    ids = cloud.physical("s")
    [found] = cloud.api("ecs").describe_clusters(clusters=[ids["MainCluster"]], include=["CONFIGURATIONS"])["clusters"]
    assert [one["capacityProvider"] for one in found["defaultCapacityProviderStrategy"]] == ["FARGATE", "FARGATE_SPOT"]
    session = found["configuration"]["executeCommandConfiguration"]
    assert session["logConfiguration"]["cloudWatchLogGroupName"] == ids["MainExecLogGroup"]
    assert session["logConfiguration"]["s3BucketName"] == ids["ArchiveBucket"]
    key = found["configuration"]["managedStorageConfiguration"]["fargateEphemeralStorageKmsKeyId"]
    assert key.endswith(ids["OwnKey"])
    assert found["serviceConnectDefaults"]["namespace"].startswith("arn:aws:servicediscovery:")
