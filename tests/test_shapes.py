"""The check that every client of the local cloud carries: it fails for what botocore would silently leave out."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from tests.shapes import held


def answered(service: str, operation: str, body: bytes, status: int = 200) -> None:
    model = botocore.session.Session().get_service_model(service).operation_model(operation)
    held(model, {"status_code": status, "body": body})


def stacks(inner: str) -> bytes:
    space = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"'
    text = f"<DescribeStacksResponse {space}><DescribeStacksResult><Stacks><member>{inner}</member></Stacks>"
    return f"{text}</DescribeStacksResult></DescribeStacksResponse>".encode()


WHOLE = "<StackName>s</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>"
RIGHT = f"{WHOLE}<StackStatus>CREATE_COMPLETE</StackStatus>"


def test_an_answer_of_its_shape_passes() -> None:
    answered("cloudformation", "DescribeStacks", stacks(RIGHT))
    answered("ecs", "ListClusters", b'{"clusterArns": ["a"]}')


@pytest.mark.parametrize(
    ("service", "operation", "body", "said"),
    [
        ("ecs", "ListClusters", b'{"colour": 1}', "/colour is no member of ListClustersResponse"),
        ("ecs", "ListClusters", b'{"clusterArns": "a"}', "/clusterArns is 'a', no list"),
        ("ecs", "DescribeTasks", b'{"tasks": [{"version": "x"}]}', "/tasks/0/version is 'x', no number"),
        ("ecs", "DescribeTasks", b'{"tasks": [{"launchType": "x"}]}', "/tasks/0/launchType is 'x', not one of EC2"),
        ("cloudformation", "DescribeStacks", stacks(f"{RIGHT}<Colour/>"), "/Stacks/0/Colour is no member of Stack"),
        ("cloudformation", "DescribeStacks", stacks(WHOLE), "/Stacks/0/StackStatus is required"),
        (
            "cloudformation",
            "DescribeStacks",
            stacks(f"{RIGHT}<DisableRollback>yes</DisableRollback>"),
            "/Stacks/0/DisableRollback is 'yes', neither true nor false",
        ),
        (
            "cloudformation",
            "DescribeStacks",
            stacks(f"{RIGHT}<DeletionTime>today</DeletionTime>"),
            "/Stacks/0/DeletionTime is 'today', no time",
        ),
        (
            "ec2",
            "DescribeVpcs",
            b"<DescribeVpcsResponse><vpcSet><item><color>red</color></item></vpcSet></DescribeVpcsResponse>",
            "/vpcSet/0/color is no member of Vpc",
        ),
    ],
)
def test_an_answer_of_another_shape_is_told(service: str, operation: str, body: bytes, said: str) -> None:
    with pytest.raises(AssertionError) as caught:
        answered(service, operation, body)
    assert said in str(caught.value)


def test_an_error_is_not_held_against_the_shape() -> None:
    answered("ecs", "ListClusters", b'{"message": "no"}', 400)


def test_every_client_of_the_tests_holds_its_answers(cloud: Any) -> None:
    def bent(response_dict: Any, **more: Any) -> None:
        response_dict["body"] = b'{"QueueColour": "red"}'

    api = cloud.api("sqs")
    api.meta.events.register_first("before-parse", bent)
    with pytest.raises(AssertionError, match="/QueueColour is no member of ListQueuesResult"):
        api.list_queues()
