"""What a deploy needs to be allowed: the permissions that CloudFormation's schemas name, and the deployer's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fargate_stacks.core.template import Template
from fargate_stacks.deploy.local.schemas import schema
from fargate_stacks.errors import DeployError

SIZE = 6_144
"""Characters of a managed policy, white space not counted. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

OWN = (
    "cloudformation:CancelUpdateStack cloudformation:ContinueUpdateRollback cloudformation:CreateChangeSet "
    "cloudformation:DeleteChangeSet cloudformation:DeleteStack cloudformation:DescribeChangeSet "
    "cloudformation:DescribeEvents cloudformation:DescribeStackEvents cloudformation:DescribeStackResources "
    "cloudformation:DescribeStacks cloudformation:ExecuteChangeSet cloudformation:GetHookResult "
    "cloudformation:GetTemplate cloudformation:GetTemplateSummary cloudformation:ListChangeSets "
    "cloudformation:ListHookResults cloudformation:ListStackResources cloudformation:RollbackStack "
    "cloudformation:SetStackPolicy cloudformation:TagResource cloudformation:UntagResource "
    "cloudformation:UpdateTerminationProtection ecs:DescribeServiceDeployments ecs:DescribeServiceRevisions "
    "ecs:DescribeServices ecs:DescribeTaskDefinition ecs:DescribeTasks ecs:ListServiceDeployments ecs:ListTasks "
    "ecs:StopServiceDeployment elasticloadbalancing:DescribeRules elasticloadbalancing:DescribeTargetHealth "
    "iam:GetRole logs:FilterLogEvents logs:GetLogEvents s3:ListBucket sts:GetCallerIdentity"
).split()
"""The calls that the deployer makes itself."""

_PASSED_TO = (
    "application-autoscaling.amazonaws.com ecs.amazonaws.com ecs-tasks.amazonaws.com events.amazonaws.com "
    "lambda.amazonaws.com monitoring.rds.amazonaws.com rds.amazonaws.com scheduler.amazonaws.com states.amazonaws.com "
    "vpc-flow-logs.amazonaws.com"
).split()
_CAREFUL = ("iam:PassRole", "iam:CreateServiceLinkedRole")
"""Never allowed on everything: to pass a role is to lend its power."""

_PUSH = (
    "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:CompleteLayerUpload ecr:InitiateLayerUpload ecr:PutImage "
    "ecr:UploadLayerPart"
).split()

_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z]+\*?")
"""What is no action of IAM's is left out: schemas name calls of S3's older interface too."""
_READS = ("iam:Get", "iam:List")
_BOUNDED = ("iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
"""What gives a role power; each knows the boundary (service authorization reference, IAM)."""
_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")
"""Types whose function CloudFormation calls with the rights of whoever deploys."""
_PARAMETER = re.compile(r"\{\{resolve:ssm(?:-secure)?:/?([\w./-]+)", re.ASCII)

TYPICAL = (
    "AWS::ApplicationAutoScaling::ScalableTarget AWS::ApplicationAutoScaling::ScalingPolicy AWS::CloudWatch::Alarm "
    "AWS::EC2::EIP AWS::EC2::FlowLog AWS::EC2::InternetGateway AWS::EC2::NatGateway AWS::EC2::Route "
    "AWS::EC2::RouteTable AWS::EC2::SecurityGroup AWS::EC2::SecurityGroupEgress AWS::EC2::SecurityGroupIngress "
    "AWS::EC2::Subnet AWS::EC2::SubnetRouteTableAssociation AWS::EC2::VPC AWS::EC2::VPCEndpoint "
    "AWS::EC2::VPCGatewayAttachment AWS::ECS::Cluster AWS::ECS::Service AWS::ECS::TaskDefinition "
    "AWS::ElasticLoadBalancingV2::Listener AWS::ElasticLoadBalancingV2::ListenerRule "
    "AWS::ElasticLoadBalancingV2::LoadBalancer AWS::ElasticLoadBalancingV2::TargetGroup AWS::IAM::ManagedPolicy "
    "AWS::IAM::Role AWS::Logs::LogGroup AWS::S3::Bucket AWS::S3::BucketPolicy AWS::SecretsManager::Secret "
    "AWS::ServiceDiscovery::HttpNamespace AWS::SNS::Topic AWS::SQS::Queue AWS::SQS::QueuePolicy"
).split()
"""The types of which permissions are given where no app says which it uses."""


def types_of(templates: Mapping[str, Template]) -> list[str]:
    """Give the resource types of an app; the typical ones where there is none."""
    found = {body["Type"] for one in templates.values() for body in one.resources.values()}
    return sorted(found) or list(TYPICAL)


def actions(types: Iterable[str], verbs: Iterable[str]) -> set[str]:
    """Give the actions that CloudFormation's handlers of some types need for some verbs: create, read, delete …

    Raises DeployError where the schemas are not installed.
    """
    found: set[str] = set()
    for kind in types:
        described = schema(kind)
        handlers = described.raw.get("handlers", {}) if described is not None else {}
        for verb in verbs:
            found |= set(handlers.get(verb, {}).get("permissions", ()))
    return {one for one in found if _ACTION.fullmatch(one) and one not in _CAREFUL}


def deploy_policies(
    types: Iterable[str],
    stacks: Iterable[str],
    bucket: str,
    partition: str,
    *,
    templates: Iterable[Template] = (),
) -> list[dict[str, Any]]:
    """Give the policies of a role that may deploy these types and nothing else, each within IAM's size.

    Roles and policies it may make, change, pass and delete only under the names that CloudFormation gives them in
    these stacks, so that it leaves the account's others alone. What a role that it makes may do is not bounded here,
    unless every role of the templates has a permissions boundary: then it makes and fills no role without. Where they
    have ECR repositories it may push into those, as a `BuiltImage` needs. `templates` say under which paths roles
    stand, and which parameters of SSM and secrets CloudFormation reads with the rights of this role.
    """
    types, stacks, templates = list(types), list(stacks), list(templates)
    wanted = actions(types, ("create", "read", "update", "delete", "list")) | set(OWN)
    more: list[dict[str, Any]] = []
    if "AWS::ECR::Repository" in types:
        wanted.add("ecr:GetAuthorizationToken")
        # CloudFormation names a repository in lower case
        own = [f"arn:{partition}:ecr:*:*:repository/{stack.lower()}-*" for stack in stacks]
        more.append({"Effect": "Allow", "Action": list(_PUSH), "Resource": own})
    if any(one.startswith(_CUSTOM) for one in types):
        own = [f"arn:{partition}:lambda:*:*:function:{stack}-*" for stack in stacks]
        more.append({"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": own})
    if any("{{resolve:secretsmanager:" in json.dumps(one.resources) for one in templates):
        wanted.add("secretsmanager:GetSecretValue")
    read = sorted({name for one in templates for name in _parameters(one)})
    if read:
        own = [f"arn:{partition}:ssm:*:*:parameter/{name}" for name in read]
        more.append({"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": own})
    bounds = {bound for one in templates for bound in _bounds(one)}
    if bounds and all(bounds):
        without = {"StringNotEquals": {"iam:PermissionsBoundary": sorted(bounds)}}
        more.append({"Effect": "Deny", "Action": list(_BOUNDED), "Resource": "*", "Condition": without})
        more.append({"Effect": "Deny", "Action": "iam:DeleteRolePermissionsBoundary", "Resource": "*"})
    lent = {one for one in wanted if one.startswith("iam:") and not one.startswith(_READS)}
    paths = sorted({"/", *(path for one in templates for path in _paths(one))})
    return _documents(wanted - lent, [*_more(sorted(lent), stacks, paths, bucket, partition), *more])


def _parameters(template: Template) -> Iterator[str]:
    """Give the parameters of SSM that a template reads, without the first slash."""
    yield from _PARAMETER.findall(json.dumps(template.resources))
    for one in template.parameters.values():
        if one["Type"].startswith("AWS::SSM::Parameter::Value") and one.get("Default"):
            yield str(one["Default"]).lstrip("/")


def _roles(template: Template) -> Iterator[dict[str, Any]]:
    for body in template.resources.values():
        if body["Type"] == "AWS::IAM::Role":
            yield body.get("Properties", {})


def _paths(template: Template) -> Iterator[str]:
    for one in _roles(template):
        if isinstance(one.get("Path"), str):
            yield one["Path"]


def _bounds(template: Template) -> Iterator[str]:
    """Give each role's boundary; nothing in a text where there is none, or none that is known here."""
    for one in _roles(template):
        bound = one.get("PermissionsBoundary")
        yield bound if isinstance(bound, str) else ""


def teardown_policies(types: Iterable[str]) -> list[dict[str, Any]]:
    """Give the policies of a role that may only read and delete these types."""
    types = list(types)
    calls = {"lambda:InvokeFunction"} if any(one.startswith(_CUSTOM) for one in types) else set()
    return _documents(actions(types, ("read", "delete", "list")) | calls, ())


def _more(
    lent: list[str], stacks: list[str], paths: list[str], bucket: str, partition: str
) -> Iterator[dict[str, Any]]:
    roles = [f"arn:{partition}:iam::*:role{path}{stack}-*" for stack in stacks for path in paths]
    policies = [f"arn:{partition}:iam::*:policy/{stack}-*" for stack in stacks]
    if lent:
        yield {"Effect": "Allow", "Action": lent, "Resource": [*roles, *policies]}
    yield {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": roles,
        "Condition": {"StringEquals": {"iam:PassedToService": _PASSED_TO}},
    }
    yield {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": f"arn:{partition}:s3:::{bucket}/templates/*",
    }


def _documents(wanted: set[str], more: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = list(more)
    groups: list[list[str]] = [[]]
    for action in sorted(wanted):
        if len(json.dumps([*groups[-1], action], separators=(",", ":"))) > SIZE // 2:
            groups.append([])
        groups[-1].append(action)
    statements += [{"Effect": "Allow", "Action": group, "Resource": "*"} for group in groups if group]
    return list(_packed(statements))


def _packed(statements: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    open_: list[dict[str, Any]] = []
    for one in statements:
        if open_ and _size([*open_, one]) > SIZE:
            yield _document(open_)
            open_ = []
        open_.append(one)
    if open_:
        yield _document(open_)


def _document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _size(statements: list[dict[str, Any]]) -> int:
    return len(json.dumps(_document(statements), separators=(",", ":")))


def check_count(policies: list[dict[str, Any]]) -> None:
    """Raise DeployError where a role cannot have so many policies."""
    if len(policies) > 10:
        raise DeployError(f"bootstrap: a role has at most 10 policies, this app needs {len(policies)}", exit_code=2)
