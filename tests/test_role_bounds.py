"""No role without the permissions boundary and the path that its stack or app gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from fargate_stacks import App, Param, Stack, Task, Template, render
from fargate_stacks.errors import SpecError
from tests.blueprints.catalog import CASES, Case
from tests.constructs.networks import refusal
from tests.localcloud import Cloud
from tests.test_ids import everything

BOUNDARY = "arn:aws:iam::123456789012:policy/developers"


def roles(templates: Mapping[str, Template]) -> dict[str, dict[str, Any]]:
    """The properties of every role, by stack and logical id."""
    return {
        f"{name}.{logical_id}": body["Properties"]
        for name, template in templates.items()
        for logical_id, body in template.resources.items()
        if body["Type"] == "AWS::IAM::Role"
    }


def test_every_role_of_every_construct_is_bounded() -> None:
    stack = Stack("all", everything())
    found = roles(render(App([stack], permissions_boundary=BOUNDARY, role_path="/apps/")))
    assert len(found) > 20
    assert {(one.get("PermissionsBoundary"), one.get("Path")) for one in found.values()} == {(BOUNDARY, "/apps/")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.stage}")
def test_every_role_of_a_blueprint_is_bounded(case: Case) -> None:
    app = replace(case.app(), permissions_boundary=BOUNDARY, role_path="/apps/")
    found = roles(render(app))
    assert found
    assert {(one.get("PermissionsBoundary"), one.get("Path")) for one in found.values()} == {(BOUNDARY, "/apps/")}


def test_roles_have_neither_when_nobody_asks() -> None:
    found = roles(render(App([Stack("all", everything())])))
    assert {key for one in found.values() for key in one} & {"PermissionsBoundary", "Path"} == set()


def test_a_stack_has_its_own() -> None:
    from troposphere import iam

    first, second = (Stack(name, [iam.Role("R", AssumeRolePolicyDocument={})]) for name in ("first", "second"))
    app = App(
        [first, replace(second, permissions_boundary=BOUNDARY + "2", role_path="/own/")],
        permissions_boundary=BOUNDARY,
        role_path="/apps/",
    )
    found = roles(render(app))
    assert (found["first.R"]["PermissionsBoundary"], found["first.R"]["Path"]) == (BOUNDARY, "/apps/")
    assert (found["second.R"]["PermissionsBoundary"], found["second.R"]["Path"]) == (BOUNDARY + "2", "/own/")


def test_a_role_of_the_users_own_keeps_what_it_says() -> None:
    from troposphere import iam

    role = iam.Role("R", AssumeRolePolicyDocument={}, PermissionsBoundary=BOUNDARY + "3", Path="/mine/")
    found = roles(render(App([Stack("s", [role])], permissions_boundary=BOUNDARY, role_path="/apps/")))
    assert (found["s.R"]["PermissionsBoundary"], found["s.R"]["Path"]) == (BOUNDARY + "3", "/mine/")


def test_a_boundary_may_be_a_parameter() -> None:
    from troposphere import iam

    boundary = Param("Boundary", description="what bounds the roles")
    stack = Stack("s", [iam.Role("R", AssumeRolePolicyDocument={})], permissions_boundary=boundary)
    template = render(App([stack]))["s"]
    assert template.resources["R"]["Properties"]["PermissionsBoundary"] == {"Ref": "Boundary"}
    assert "Boundary" in template.parameters


@pytest.mark.parametrize("kind", [Stack, App])
def test_what_is_no_policy_or_no_path_is_refused(kind: type[Stack] | type[App]) -> None:
    inner: Any = ["s", []] if kind is Stack else [[Stack("s", [])]]
    who = 'Stack "s"' if kind is Stack else "App"
    assert refusal(lambda: kind(*inner, permissions_boundary="developers")) == (
        f"{who}: permissions_boundary must be the ARN of a managed policy, "
        "arn:aws:iam::123456789012:policy/name, got 'developers'"
    )
    assert refusal(lambda: kind(*inner, role_path="apps")) == (
        f"{who}: role_path starts and ends with a slash, like /apps/, got 'apps'"
    )


def test_a_task_says_where_the_boundary_belongs() -> None:
    with pytest.raises(SpecError, match=r"belongs to all roles of a stack or an app: Stack\(permissions_boundary"):
        Task(containers=[], permissions_boundary=BOUNDARY)


def test_the_local_cloud_keeps_them(cloud: Cloud) -> None:
    policy = cloud.api("iam").create_policy(
        PolicyName="developers",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
    )["Policy"]["Arn"]
    from troposphere import iam

    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = iam.Role("R", AssumeRolePolicyDocument=trust)
    template = render(App([Stack("s", [role])], permissions_boundary=policy, role_path="/apps/"))["s"]
    cloud.create("s", template.to_json())
    (made,) = (one for one in cloud.api("iam").list_roles(PathPrefix="/apps/")["Roles"])
    found = cloud.api("iam").get_role(RoleName=made["RoleName"])["Role"]
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
