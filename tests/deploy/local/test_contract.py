"""The contract as a whole: how much of it there is, and that each fact has a source that is there."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest

from tests.deploy.local import facts as contract
from tests.localcloud import Cloud

FACTS = list(contract.facts())
_AWS = re.compile(r"https://docs\.aws\.amazon\.com/[\w./-]+\.html(#[\w.-]+)?")
_THREAD = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+")


def test_the_contract_has_at_least_120_facts() -> None:
    assert len(FACTS) >= 120


def test_no_fact_is_counted_twice() -> None:
    said = [one.says for one in FACTS]
    assert [one for one in said if said.count(one) > 1] == []


def test_most_of_it_is_of_cloudformation_and_ecs() -> None:
    by_service = [one.service for one in FACTS]
    assert by_service.count("CloudFormation") >= 60 and by_service.count("ECS") >= 40


@pytest.mark.parametrize("source", sorted({one.source for one in FACTS}))
def test_a_source_is_a_place_where_aws_says_it(source: str) -> None:
    kind, _, rest = source.partition(" ")
    if kind == "botocore":
        service, _, name = rest.partition(" ")
        assert _documented(contract.model(service), name), f"{name} is not in botocore's model of {service}"
    elif kind == "schema":
        schemas = import_module("fargate_stacks.deploy.local.schemas")
        assert schemas.schema(rest) is not None
    else:
        assert _AWS.fullmatch(source) or _THREAD.fullmatch(source), source


def _documented(model: Any, path: str) -> Any:
    """Give what the model says of `Operation` or `Shape.member`."""
    name, _, member = path.partition(".")
    if not member and name in model.operation_names:
        return model.operation_model(name).documentation
    shape = model.shape_for(name)
    return shape.members[member].documentation if member else shape.documentation or shape.metadata.get("enum")


def test_the_page_of_the_documentation_is_fresh() -> None:
    assert contract.PAGE.read_text("utf-8") == contract.page(), "write it again: python -m tests.deploy.local.facts"


def test_an_answer_that_is_not_of_its_shape_fails_the_test(cloud: Cloud) -> None:
    api = cloud.api("sqs")
    api.meta.events.register_first("before-parse", _bent)
    with pytest.raises(AssertionError, match="/QueueColour is no member of ListQueuesResult"):
        api.list_queues()


def _bent(response_dict: Any, **more: Any) -> None:
    response_dict["body"] = b'{"QueueColour": "red"}'
