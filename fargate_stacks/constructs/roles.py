"""The two roles of a task, each with policies that name what they open."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from awacs.aws import ArnLike, Condition, StringEquals
from troposphere import Ref, iam

from fargate_stacks.constructs.access import ExistingRole, allow, merge_statements
from fargate_stacks.constructs.task import Task, secret_value
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.values import Intrinsic, Text, sub
from fargate_stacks.errors import RenderError

_ECR = re.compile(r"(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([a-z0-9._/-]+)")
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
# IAM quotas: characters of a managed policy without white space, and managed policies of a role
_POLICY_SIZE, _POLICIES = 6144, 10
_LAZY_SIZE = 200  # an ARN that only the deployment knows: longer than any that these policies name


def execution_statements(task: Task, log_group_arn: Any) -> list[Any]:
    """What ECS itself does before a container runs: write its log, pull its image, read its secrets."""
    statements = [allow("logs:CreateLogStream", "logs:PutLogEvents", on=[log_group_arn])]
    repositories: list[Any] = []
    for one in task.all:
        if isinstance(one.image, Intrinsic):  # known only at deployment: any repository of the stack's own account
            repositories.append(sub("arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/*"))
        elif not isinstance(one.image, str):
            repositories += one.image.repositories()
            statements += one.image.statements()
        else:
            repositories += ecr_repositories(one.image)
    if repositories:
        statements.append(allow(*_PULL, on=repositories))
        # the token is for the registry as a whole: the action knows no resource
        statements.append(allow("ecr:GetAuthorizationToken", on=["*"]))
    for one in task.all:
        read = [*task.secrets_of(one).values()]
        if one.credentials is not None:
            read.append(secret_value(one.credentials))
        if task.logs is not None:
            read += task.logs.secrets_of(one).values()
        for secret in read:
            statements += secret.statements()
        for file in one.env_files:
            statements.append(allow("s3:GetObject", on=[file.arn]))
            statements.append(allow("s3:GetBucketLocation", on=[file.bucket]))
    return statements


def ecr_repositories(image: str) -> Iterator[Text]:
    """The repository of an image of ECR, by ARN; nothing for another registry's."""
    found = _ECR.match(image)
    if found is not None:
        account, region, name = found.groups()
        yield sub(f"arn:${{AWS::Partition}}:ecr:{region}:{account}:repository/{name}")


def role(
    runner: Construct, kind: str, statements: Sequence[Any], existing: ExistingRole | None = None
) -> Iterator[Any]:
    """Give `<name><kind>Policy` (with a number from the second on) and `<name><kind>Role`, which attaches them.

    The role refers to its policies, so that they are made before whatever uses the role and outlive it. To a role that
    exists they are attached from their side, so whoever runs the task waits for them.
    """
    if existing is not None and existing.policies == "trust":
        return
    attach = {} if existing is None else {"Roles": [existing.role_name]}
    policies = []
    for place, part in enumerate(_parts(statements), start=1):
        logical_id = runner.id(f"{kind}Policy{place if place > 1 else ''}")
        policies.append(logical_id)
        yield iam.ManagedPolicy(logical_id, PolicyDocument={"Version": "2012-10-17", "Statement": part}, **attach)
    if len(policies) > _POLICIES:
        raise RenderError(
            f"{runner.who}: its {kind.lower()} role would need {len(policies)} policies, IAM attaches {_POLICIES}; "
            f"give the task fewer uses, or split it into two services"
        )
    if existing is not None:
        return
    attached = {"ManagedPolicyArns": [Ref(one) for one in policies]} if policies else {}
    yield iam.Role(runner.id(f"{kind}Role"), AssumeRolePolicyDocument=_trust(), **attached)


def _trust() -> dict[str, Any]:
    """Only tasks of this account and region take the role: no other customer's ECS can be talked into it."""
    tasks = sub("arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*")
    conditions = [
        StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")}),
        ArnLike({"aws:SourceArn": tasks}),
    ]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": Condition(conditions),
            }
        ],
    }


def _parts(statements: Sequence[Any]) -> list[list[dict[str, Any]]]:
    """Fill policies in order: the same statements always land in the same policy."""
    parts: list[list[dict[str, Any]]] = []
    room = 0
    for statement in _chunks(merge_statements(statements)):
        size = _size(statement) + 1
        if not parts or size > room:
            parts.append([])
            room = _POLICY_SIZE - 60  # the document around the statements
        parts[-1].append(statement)
        room -= size
    return parts


def _chunks(statements: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Split a statement whose resources fill more than half a policy."""
    for statement in statements:
        part: list[Any] = []
        for resource in statement["Resource"]:
            if part and _size([*part, resource]) > _POLICY_SIZE // 2:
                yield {**statement, "Resource": part}
                part = []
            part.append(resource)
        yield {**statement, "Resource": part}


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), default=lambda leaf: "x" * _LAZY_SIZE))
