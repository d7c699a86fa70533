"""Fifty stacks of forty resources at the same time, each right."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from benchmarks.local import settled, template
from tests.localcloud import Cloud

STACKS = [f"s{number}" for number in range(50)]


def test_fifty_stacks_at_once_are_all_right(cloud: Cloud) -> None:
    api, body = cloud.api("cloudformation"), template(40)

    def create(name: str) -> str:
        api.create_stack(StackName=name, TemplateBody=body)
        return settled(api, name)

    def delete(name: str) -> str:
        api.delete_stack(StackName=name)
        return settled(api, name)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(create, STACKS)) == {"CREATE_COMPLETE"}
    ids = {name: cloud.physical(name) for name in STACKS}
    assert {len(found) for found in ids.values()} == {40}
    # nothing of one stack is in another
    pages = cloud.api("ssm").get_paginator("get_parameters_by_path").paginate(Path="/", Recursive=True)
    values = {one["Name"]: one["Value"] for page in pages for one in page["Parameters"]}
    assert len(values) == 50 * 30
    for name, found in ids.items():
        for number in range(10):
            queue = found[f"Q{number}"].rpartition("/")[2]
            assert values[found[f"A{number}"]] == queue
            assert values[found[f"C{number}"]] == f"{found[f'A{number}']} {found[f'B{number}']}"
            assert queue.startswith(f"{name}-Q{number}-")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(delete, STACKS)) == {"gone"}
    assert cloud.api("ssm").describe_parameters()["Parameters"] == []
    assert cloud.api("sqs").list_queues().get("QueueUrls", []) == []


def test_a_template_is_as_big_as_a_real_one() -> None:
    assert len(json.loads(template(40))["Resources"]) == 40
