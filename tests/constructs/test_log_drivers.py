"""FireLens and Splunk: where lines go, what reads which secret, and the router that stands beside the application."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.log_drivers import FireLens, Splunk
from fargate_stacks.constructs.task import Task
from fargate_stacks.providers.secret import Secret
from tests.constructs.networks import refusal
from tests.constructs.tasks import definition, run, statements

APP = Container(image="nginx:1")
TOKEN = Secret("Token")
FIREHOSE = FireLens(options={"Name": "kinesis_firehose", "delivery_stream": "logs"})


def containers(task: Task, *others: Any) -> dict[str, Any]:
    return {one["Name"]: one for one in definition(task, *others)["ContainerDefinitions"]}


def test_every_container_but_the_router_logs_through_it() -> None:
    found = containers(Task(containers=[APP, Container(name="side", image="busybox:1")], logs=FIREHOSE))
    options = {"Name": "kinesis_firehose", "delivery_stream": "logs"}
    for name in ("app", "side"):
        assert found[name]["LogConfiguration"] == {"LogDriver": "awsfirelens", "Options": options}
    assert found["log_router"]["LogConfiguration"]["LogDriver"] == "awslogs"


def test_the_router_is_fluent_bit_of_aws() -> None:
    router = containers(Task(containers=[APP], logs=FIREHOSE))["log_router"]
    assert router["Image"] == "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"
    assert router["FirelensConfiguration"] == {"Type": "fluentbit", "Options": {"enable-ecs-log-metadata": "true"}}
    assert (router["User"], router["Essential"], router["MemoryReservation"]) == ("0", True, 64)


def test_each_field_of_the_router_is_a_property() -> None:
    driver = FireLens(
        type="fluentd",
        image="example/router:2",
        config_file="/conf/extra.conf",
        log_metadata=False,
        memory_reservation=128,
        memory=256,
    )
    found = containers(Task(containers=[APP], logs=driver))
    assert found["app"]["LogConfiguration"] == {"LogDriver": "awsfirelens"}
    router = found["log_router"]
    assert (router["Image"], router["MemoryReservation"], router["Memory"]) == ("example/router:2", 128, 256)
    assert router["FirelensConfiguration"] == {
        "Type": "fluentd",
        "Options": {
            "enable-ecs-log-metadata": "false",
            "config-file-type": "file",
            "config-file-value": "/conf/extra.conf",
        },
    }


def test_secret_options_are_read_by_the_execution_role() -> None:
    driver = FireLens(options={"Name": "datadog"}, secret_options={"apikey": TOKEN.value()})
    task = Task(containers=[APP], logs=driver)
    found = containers(task, TOKEN)
    assert found["app"]["LogConfiguration"]["SecretOptions"] == [
        {"Name": "apikey", "ValueFrom": {"Ref": "TokenSecret"}}
    ]
    assert "SecretOptions" not in found["log_router"]["LogConfiguration"]
    assert statements(run(task, TOKEN), "WebExecutionPolicy")[1] == {
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue"],
        "Resource": [{"Ref": "TokenSecret"}],
    }


def test_splunk_is_sent_lines_with_a_token_from_a_secret() -> None:
    driver = Splunk(url="https://splunk.example.com:8088", token=TOKEN.value(), options={"index": "main"})
    task = Task(containers=[APP], logs=driver)
    assert containers(task, TOKEN)["app"]["LogConfiguration"] == {
        "LogDriver": "splunk",
        "Options": {
            "splunk-url": "https://splunk.example.com:8088",
            "splunk-index": "main",
            "mode": "non-blocking",
            "max-buffer-size": "25m",
        },
        "SecretOptions": [{"Name": "splunk-token", "ValueFrom": {"Ref": "TokenSecret"}}],
    }
    assert statements(run(task, TOKEN), "WebExecutionPolicy")[1]["Resource"] == [{"Ref": "TokenSecret"}]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FireLens(), "FireLens: nothing says where lines go; give options= of an output plugin, or config_file="),
        (lambda: FireLens(config_file="x.conf"), "FireLens: config_file is a path in the image that starts with /, got 'x.conf'"),
        (lambda: FireLens(options={"a": "1"}, secret_options={"a": TOKEN.value()}), "FireLens: a is both in options and in secret_options; leave one out"),
        (lambda: FireLens(options={"a": "1"}, s3_config="x"), "FireLens: s3_config is refused on Fargate; put the file into the image and give config_file="),
        (lambda: FireLens(options={"a": "1"}, memory_reservation=1), 'Container "log_router": memory_reservation must be 6 MiB or more, got 1'),
        (lambda: Splunk(url="splunk", token=TOKEN.value()), "Splunk: url is like https://splunk.example.com:8088, got 'splunk'"),
        (lambda: Splunk(url="https://a", token="hunter2"), "Splunk: token must be the ARN of a secret, got text that is none; a secret has .value()"),
        (lambda: Splunk(url="https://a", token=TOKEN.value(), options={"url": "x"}), "Splunk: options takes the driver's options without splunk-, got 'url'"),
    ],
)  # fmt: skip
def test_what_no_driver_can_be_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message
