"""What an account and region need once, before the first deploy: looked at, shown, made with consent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fargate_stacks.core.template import Template
from fargate_stacks.deploy.artifacts import bucket_name, has_bucket, only_tls
from fargate_stacks.deploy.client import CallFailed, Client, call
from fargate_stacks.deploy.clock import Clock, WallClock
from fargate_stacks.deploy.engine import deploy, preview
from fargate_stacks.deploy.messages import Out
from fargate_stacks.deploy.permissions import check_count, deploy_policies, teardown_policies, types_of
from fargate_stacks.deploy.run import Ask, Run, live_template, select
from fargate_stacks.deploy.status import Do, row
from fargate_stacks.errors import DeployError

STACK = "fargate-stacks-bootstrap"
GITHUB = "token.actions.githubusercontent.com"

_LINKED = {
    "ecs.amazonaws.com": ("AWSServiceRoleForECS", "AWS::ECS::"),
    "elasticloadbalancing.amazonaws.com": (
        "AWSServiceRoleForElasticLoadBalancing",
        "AWS::ElasticLoadBalancingV2::",
    ),
    "ecs.application-autoscaling.amazonaws.com": (
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
        "AWS::ApplicationAutoScaling::",
    ),
    "rds.amazonaws.com": ("AWSServiceRoleForRDS", "AWS::RDS::"),
    "elasticache.amazonaws.com": ("AWSServiceRoleForElastiCache", "AWS::ElastiCache::"),
}
"""By service, its service-linked role and the types that need it."""


@dataclass(frozen=True)
class Wishes:
    """Who may deploy."""

    repository: str = ""
    """OWNER/NAME on GitHub whose workflows may take the deploy role."""
    branch: str = ""
    """Only from this branch; empty is every branch, tag and environment."""
    trusted: tuple[str, ...] = ()
    """ARNs of users, roles or accounts that may take it."""


@dataclass(frozen=True)
class Missing:
    """What is not there yet and no stack can make, since an account has it once."""

    roles: tuple[str, ...] = ()
    """Services without their service-linked role."""
    provider: bool = False
    """GitHub's tokens are not known to the account."""

    def words(self) -> Iterator[str]:
        """Say each as a line."""
        yield from (f"service-linked role {_LINKED[one][0]}" for one in self.roles)
        if self.provider:
            yield f"identity provider {GITHUB}"


def look(client: Client, wishes: Wishes, types: list[str]) -> Missing:
    """Find what is missing in the account."""
    iam = client.service("iam")
    there = set(_linked(iam))
    roles = tuple(
        service
        for service, (_, prefix) in _LINKED.items()
        if service not in there and any(one.startswith(prefix) for one in types)
    )
    provider = bool(wishes.repository) and not _provider(iam)
    return Missing(roles, provider)


def make(client: Client, missing: Missing) -> None:
    """Make what is missing in the account; what somebody else made meanwhile is good too."""
    iam = client.service("iam")
    for service in missing.roles:
        try:
            call(iam, "CreateServiceLinkedRole", AWSServiceName=service)
        except CallFailed as error:
            if error.code != "EntityAlreadyExists" and "has been taken" not in error.message:
                raise
    if missing.provider:
        try:
            call(iam, "CreateOpenIDConnectProvider", Url=f"https://{GITHUB}", ClientIDList=["sts.amazonaws.com"])
        except CallFailed as error:
            if error.code != "EntityAlreadyExists":
                raise


def offer(
    templates: Mapping[str, Template],
    client: Client,
    *,
    out: Out,
    ask: Ask,
    only: Collection[str] = (),
    clients: Mapping[str, Client] | None = None,
    clock: Clock | None = None,
) -> None:
    """Name the service-linked roles that new stacks need and their account lacks, and make them when told to.

    Without them a first create often fails. Where nobody may look, or the answer is no, the deploy goes on.
    """
    run = Run(client, out, ask, clock=clock or WallClock(), clients=clients or {})
    wanted: dict[int, tuple[Client, dict[str, Template]]] = {}
    for name, template in select(templates, only).items():
        at = run.at(template)
        if not at.local:
            wanted.setdefault(id(at), (at, {}))[1][name] = template
    for at, stacks in wanted.values():
        new = {name: one for name, one in stacks.items() if at.stack(name) is None}
        if not new:
            continue
        try:
            missing = Missing(look(at, Wishes(), types_of(new)).roles)
        except CallFailed as trouble:
            if trouble.expired:
                raise
            continue
        if missing.roles and run.asked(f"a first deploy needs {', '.join(missing.words())}: make it?"):
            make(at, missing)
            run.note("", "service-linked roles need some seconds until every service sees them")
            run.clock.sleep(10)


def bootstrap(
    client: Client, templates: Mapping[str, Template], wishes: Wishes, run: Run, *, dry: bool = False
) -> None:
    """Show what is missing, ask, and make it: account-wide things by their own calls, the rest as one stack.

    Run again it changes nothing, or what other wishes or another app change. Raises DeployError.
    """
    types = types_of(templates)
    missing = look(client, wishes, types)
    for text in missing.words():
        run.note("", f"missing: {text}")
    if missing != Missing() and not dry:
        if not run.confirmed(f"make in this account: {', '.join(missing.words())}?"):
            raise DeployError("bootstrap: declined; nothing was made", exit_code=4)
        make(client, missing)
        if missing.roles:
            run.note("", "service-linked roles need some seconds until every service sees them")
            run.clock.sleep(0.1 if client.local else 10)
    stacks = {STACK: template(client, templates, wishes)}
    if dry:
        preview(stacks, client, out=run.out, ask=run.ask, options=run.options, clock=run.clock)
        return
    deploy(
        stacks,
        client,
        out=run.out,
        ask=run.ask,
        confirm=run.confirm,
        options=run.options,
        clock=run.clock,
        interrupts=run.interrupts,
    )


def template(client: Client, templates: Mapping[str, Template], wishes: Wishes) -> Template:
    """Give the stack of an account and region: the bucket, the role that tears down, the role that deploys."""
    types = types_of(templates)
    account = client.account()
    s3 = client.service("s3")
    partition = s3.meta.partition
    bucket = bucket_name(account, client.region)
    resources: dict[str, Any] = {}
    if _ours(client) or not has_bucket(s3, bucket, account):
        resources |= _bucket(bucket, partition)
    teardown = teardown_policies(types)
    check_count(teardown)
    resources |= _policies("TeardownPolicy", teardown)
    resources["TeardownRole"] = _role(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudformation.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            }
        ],
        "TeardownPolicy",
        len(teardown),
        "Deletes stacks when nobody is there any more",
    )
    outputs = {
        "ArtifactBucket": {"Value": bucket},
        "TeardownRoleArn": {"Value": {"Fn::GetAtt": ["TeardownRole", "Arn"]}},
    }
    trust = list(_trust(account, partition, wishes))
    if trust:
        policies = deploy_policies(types, list(templates) or ["*"], bucket, partition, templates=templates.values())
        check_count(policies)
        resources |= _policies("DeployPolicy", policies)
        resources["DeployRole"] = _role(trust, "DeployPolicy", len(policies), "Deploys stacks of fargate-stacks")
        outputs["DeployRoleArn"] = {"Value": {"Fn::GetAtt": ["DeployRole", "Arn"]}}
    return Template(
        STACK,
        resources,
        outputs=outputs,
        description="What fargate-stacks needs once in an account and region",
    )


def _ours(client: Client) -> bool:
    """Tell whether the live stack already has the bucket: then it must stay in the template."""
    state = client.stack(STACK)
    if state is None or row(state.status).deploy is Do.CREATE:
        return False
    return "Artifacts" in live_template(client, state).get("Resources", {})


def _bucket(name: str, partition: str) -> dict[str, Any]:
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return {
        "Artifacts": {
            "Type": "AWS::S3::Bucket",
            **kept,
            "Properties": {
                "BucketName": name,
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
                "LifecycleConfiguration": {
                    "Rules": [{"Id": "templates", "Status": "Enabled", "Prefix": "templates/", "ExpirationInDays": 30}]
                },
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
            },
        },
        "ArtifactsPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Artifacts"},
                "PolicyDocument": only_tls(name, partition),
            },
        },
    }


def _policies(name: str, documents: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        f"{name}{number}": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
        for number, document in enumerate(documents, 1)
    }


def _role(trust: list[dict[str, Any]], policy: str, count: int, description: str) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": description,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": trust},
            "ManagedPolicyArns": [{"Ref": f"{policy}{number}"} for number in range(1, count + 1)],
        },
    }


def _trust(account: str, partition: str, wishes: Wishes) -> Iterator[dict[str, Any]]:
    if wishes.repository:
        of = f"ref:refs/heads/{wishes.branch}" if wishes.branch else "*"
        yield {
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:{partition}:iam::{account}:oidc-provider/{GITHUB}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
                "StringLike": {f"{GITHUB}:sub": f"repo:{wishes.repository}:{of}"},
            },
        }
    if wishes.trusted:
        yield {"Effect": "Allow", "Principal": {"AWS": list(wishes.trusted)}, "Action": "sts:AssumeRole"}


def _linked(iam: Any) -> Iterator[str]:
    """Give the services that have their role."""
    roles = call(iam, "ListRoles", PathPrefix="/aws-service-role/", MaxItems=1000).get("Roles", [])
    for service, (name, _) in _LINKED.items():
        if any(f"/{service}/" in one["Path"] or one["RoleName"].lower() == name.lower() for one in roles):
            yield service


def _provider(iam: Any) -> bool:
    found = call(iam, "ListOpenIDConnectProviders").get("OpenIDConnectProviderList", [])
    return any(one["Arn"].endswith(f"/{GITHUB}") for one in found)
