"""The collector beside a task, and the grant to protect a task from scale-in."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from typing import Any

import pytest
import yaml

from fargate_stacks import Cluster, Container, ExistingCluster, OpenTelemetry, Task, Vpc, allow
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties, run, statements

VPC = Vpc("Net")
XRAY = ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"]
GROUP = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/otel/${AWS::StackName}:*"


def watched(telemetry: OpenTelemetry, **where: Any) -> Any:
    containers = [Container(image="example/web:1"), Container(name="side", image="example/side:1")]
    return run(Task(containers=containers, uses=[telemetry.send(**where)]))


def containers(template: Any) -> dict[str, dict[str, Any]]:
    return {one["Name"]: one for one in properties(template, "WebTaskDefinition")["ContainerDefinitions"]}


def configuration(telemetry: OpenTelemetry) -> Any:
    (one,) = containers(watched(telemetry))["otel-collector"]["Environment"]
    assert one["Name"] == "AOT_CONFIG_CONTENT"
    return yaml.safe_load(one["Value"]["Fn::Sub"])


def test_a_collector_runs_beside_the_task_and_does_not_end_it() -> None:
    collector = containers(watched(OpenTelemetry()))["otel-collector"]
    assert collector["Image"] == "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.1"
    assert (collector["Essential"], collector["MemoryReservation"]) == (False, 64)
    assert collector["Command"] == ["--config=env:AOT_CONFIG_CONTENT"]
    assert collector["HealthCheck"]["Command"] == ["CMD", "/healthcheck"]
    assert collector["ReadonlyRootFilesystem"] is True
    assert collector["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}


def test_the_first_container_is_told_where_to_send_or_the_one_named() -> None:
    expected = [{"Name": "OTEL_EXPORTER_OTLP_ENDPOINT", "Value": "http://localhost:4318"}]
    found = containers(watched(OpenTelemetry()))
    assert (found["app"].get("Environment"), found["side"].get("Environment")) == (expected, None)
    found = containers(watched(OpenTelemetry(), container="side"))
    assert (found["app"].get("Environment"), found["side"].get("Environment")) == (None, expected)


def test_traces_go_to_xray_with_what_that_needs_and_no_more() -> None:
    found = configuration(OpenTelemetry())
    assert found["service"] == {
        "extensions": ["health_check"],
        "pipelines": {
            "traces": {
                "receivers": ["otlp", "awsxray"],
                "processors": ["resourcedetection", "batch"],
                "exporters": ["awsxray"],
            }
        },
    }
    assert found["exporters"] == {"awsxray": {"region": "${AWS::Region}"}}
    assert statements(watched(OpenTelemetry()), "WebTaskPolicy") == [
        {"Effect": "Allow", "Action": XRAY, "Resource": ["*"]}
    ]


def test_metrics_go_to_one_log_group_alone() -> None:
    only = OpenTelemetry(traces=False, metrics="Shop")
    found = configuration(only)
    assert list(found["service"]["pipelines"]) == ["metrics"]
    assert found["exporters"] == {
        "awsemf": {
            "region": "${AWS::Region}",
            "namespace": "Shop",
            "log_group_name": "/otel/${AWS::StackName}",
            "log_retention": 30,
        }
    }
    assert statements(watched(only), "WebTaskPolicy") == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [{"Fn::Sub": GROUP}],
        }
    ]


def test_both_share_one_collector() -> None:
    found = configuration(OpenTelemetry(metrics="Shop"))
    assert list(found["service"]["pipelines"]) == ["traces", "metrics"]
    assert set(found["exporters"]) == {"awsxray", "awsemf"}


def test_every_part_that_a_pipeline_names_is_there() -> None:
    found = configuration(OpenTelemetry(metrics="Shop"))
    for pipeline in found["service"]["pipelines"].values():
        for kind, names in pipeline.items():
            assert set(names) <= set(found[kind])
    assert set(found["service"]["extensions"]) <= set(found["extensions"])


def test_a_configuration_of_ones_own_stands_as_it_is_with_its_statements() -> None:
    own = OpenTelemetry(
        config="receivers: {}\nservice: {}\n",
        statements=[allow("aps:RemoteWrite", on=["arn:aws:aps:eu-west-1:123456789012:workspace/ws-1"])],
        image="example/collector:1",
        memory_reservation=128,
        memory=256,
    )
    template = watched(own)
    collector = containers(template)["otel-collector"]
    assert collector["Environment"] == [{"Name": "AOT_CONFIG_CONTENT", "Value": "receivers: {}\nservice: {}\n"}]
    assert collector["Image"] == "example/collector:1"
    assert (collector["MemoryReservation"], collector["Memory"]) == (128, 256)
    assert "HealthCheck" not in collector
    assert [one["Action"] for one in statements(template, "WebTaskPolicy")] == [["aps:RemoteWrite"]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OpenTelemetry(traces=False), "OpenTelemetry: it sends nothing; leave traces on, or give metrics= a namespace"),
        (lambda: OpenTelemetry(config="service:", metrics="Shop"), "OpenTelemetry: config= says itself what is sent where; leave traces and metrics out"),
        (lambda: OpenTelemetry(config="receivers:"), "OpenTelemetry: config has no service: section, without which a collector sends nothing"),
        (lambda: OpenTelemetry(statements=[allow("a:b", on=["*"])]), "OpenTelemetry: statements are for config=; without it they are known"),
        (lambda: OpenTelemetry(metrics="AWS/Shop"), "OpenTelemetry: metrics is a namespace of letters, digits and ._/-, at most 255, and no AWS/ first, got 'AWS/Shop'"),
        (lambda: Task(containers=[Container(image="a/b:1")], uses=[OpenTelemetry().send(container="api")]), 'Task: OpenTelemetry.send() goes to container "api", which the task lacks; did you mean app'),
    ],
)  # fmt: skip
def test_what_a_collector_cannot_be_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message


# protection from scale-in


@pytest.mark.parametrize(
    ("cluster", "name"),
    [
        (Cluster("Main", vpc=VPC), "${MainCluster}"),
        (ExistingCluster("old", vpc=VPC), "old"),
        (ExistingCluster("arn:aws:ecs:eu-west-1:123456789012:cluster/old", vpc=VPC), "old"),
    ],
)
def test_a_task_may_protect_the_tasks_of_its_cluster(cluster: Any, name: str) -> None:
    task = Task(containers=[Container(image="example/worker:1")], uses=[cluster.task_protection()])
    others = [VPC, cluster] if isinstance(cluster, Cluster) else []
    assert statements(run(task, *others), "WebTaskPolicy") == [
        {
            "Effect": "Allow",
            "Action": ["ecs:UpdateTaskProtection", "ecs:GetTaskProtection"],
            "Resource": [
                {"Fn::Sub": f"arn:${{AWS::Partition}}:ecs:${{AWS::Region}}:${{AWS::AccountId}}:task/{name}/*"}
            ],
        }
    ]
