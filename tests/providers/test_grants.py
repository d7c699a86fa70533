"""For each verb the exact statements that its use brings, to the task and to ECS, and the ways that it opens."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

import fargate_stacks
from fargate_stacks import (
    Access,
    Bucket,
    Cache,
    CachedImage,
    Cluster,
    Construct,
    Container,
    Endpoint,
    EnvFile,
    ExistingCluster,
    ExistingParameter,
    ExistingSecret,
    ExistingSecurityGroup,
    FileSystem,
    Image,
    Key,
    OpenTelemetry,
    Parameter,
    Postgres,
    PullThroughCache,
    Queue,
    Repository,
    Secret,
    SecretValue,
    Service,
    Stack,
    Table,
    Task,
    Topic,
    Vpc,
)
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App
from tests.constructs.tasks import statements

NET = Vpc("Net")
MAIN = Cluster("Main", vpc=NET)
SHARED = ExistingCluster("shared", vpc=NET)
OWN = Key("Own")


class Grant(NamedTuple):
    """A use, what it brings, and the constructs that it needs."""

    given: Access | SecretValue | EnvFile | Image | CachedImage
    members: tuple[Construct, ...] = ()
    task: tuple[dict[str, Any], ...] = ()
    execution: tuple[dict[str, Any], ...] = ()
    ways: tuple[str, ...] = ()
    """Logical ids of the security-group rules."""


def allowed(*actions: str, on: Any, **more: Any) -> dict[str, Any]:
    resources = on if isinstance(on, list) else [on]
    return {"Effect": "Allow", "Action": list(actions), "Resource": resources, **more}


def arn_of(logical_id: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def made(grant: Grant) -> tuple[list[Any], list[Any], list[str]]:
    """What a service that uses it gets: task statements, execution statements beside the log's, rules."""
    container: dict[str, Any] = {"image": "example/web:1"}
    uses: list[Access] = []
    match grant.given:
        case Access():
            uses = [grant.given]
        case SecretValue():
            container["secrets"] = {"VALUE": grant.given}
        case EnvFile():
            container["env_files"] = [grant.given]
        case _:
            container["image"] = grant.given
    task = Task(containers=[Container(**container)], uses=uses)
    web = Service("Web", cluster=MAIN, task=task)
    template = render(App([Stack("s", [NET, MAIN, OWN, *grant.members, web])]))["s"]
    ways = [
        logical_id
        for logical_id, body in template.resources.items()
        if logical_id.startswith("Web")
        and body["Type"] in ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
    ]
    of_task = statements(template, "WebTaskPolicy") if "WebTaskPolicy" in template.resources else []
    return of_task, statements(template, "WebExecutionPolicy")[1:], ways


def at(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


def in_account(service: str, resource: str) -> dict[str, str]:
    return at(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


READ = ("GetItem", "BatchGetItem", "Query", "Scan", "ConditionCheckItem")
WRITE = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
PUT = ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
TOKEN = allowed("ecr:GetAuthorizationToken", on="*")


def stores() -> Iterator[tuple[str, Grant]]:
    queue = Queue("Jobs")
    yield "Queue.send", Grant(queue.send(), (queue,), task=(allowed("sqs:SendMessage", on=arn_of("JobsQueue")),))
    taken = ("ReceiveMessage", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes")
    consumed = allowed(*(f"sqs:{one}" for one in taken), on=arn_of("JobsQueue"))
    yield "Queue.consume", Grant(queue.consume(), (queue,), task=(consumed,))
    topic = Topic("News")
    yield "Topic.publish", Grant(topic.publish(), (topic,), task=(allowed("sns:Publish", on={"Ref": "NewsTopic"}),))
    bucket, objects, whole = Bucket("Files"), at("${FilesBucket.Arn}/*"), arn_of("FilesBucket")
    listed = allowed("s3:ListBucket", on=whole)
    yield "Bucket.read", Grant(bucket.read(), (bucket,), task=(allowed("s3:GetObject", on=objects), listed))
    yield "Bucket.write", Grant(bucket.write(), (bucket,), task=(allowed(*PUT, on=objects),))
    both = allowed("s3:GetObject", *PUT, on=objects)
    yield "Bucket.read_write", Grant(bucket.read_write(), (bucket,), task=(both, listed))
    file = allowed("s3:GetObject", on=at("${FilesBucket.Arn}/web.env"))
    located = allowed("s3:GetBucketLocation", on=whole)
    yield "Bucket.env_file", Grant(bucket.env_file("web.env"), (bucket,), execution=(file, located))
    table, items = Table("Items", key="id"), arn_of("ItemsTable")
    for verb, actions in (("read", READ), ("write", WRITE), ("read_write", READ + WRITE)):
        stated = allowed(*(f"dynamodb:{one}" for one in actions), on=items)
        yield f"Table.{verb}", Grant(getattr(table, verb)(), (table,), task=(stated,))


def secrets() -> Iterator[tuple[str, Grant]]:
    secret, parameter = Secret("Login"), Parameter("Hello", value="hi")
    own = (allowed("secretsmanager:GetSecretValue", on={"Ref": "LoginSecret"}),)
    yield "Secret.read", Grant(secret.read(), (secret,), execution=own)
    yield "Secret.value", Grant(secret.value(), (secret,), execution=own)
    # Secrets Manager appends six characters to the name
    named = {"Fn::Sub": ["${arn}-??????", {"arn": in_account("secretsmanager", "secret:login")}]}
    there = (allowed("secretsmanager:GetSecretValue", on=named),)
    yield "ExistingSecret.read", Grant(ExistingSecret("login").read(env="LOGIN"), execution=there)
    yield "ExistingSecret.value", Grant(ExistingSecret("login").value(), execution=there)
    made_here = (allowed("ssm:GetParameters", on=in_account("ssm", "parameter/${HelloParameter}")),)
    yield "Parameter.read", Grant(parameter.read(), (parameter,), execution=made_here)
    yield "Parameter.setting", Grant(parameter.setting(), (parameter,), execution=made_here)
    elsewhere = (allowed("ssm:GetParameters", on=in_account("ssm", "parameter/shop/key")),)
    yield "ExistingParameter.read", Grant(ExistingParameter("/shop/key").read(env="KEY"), execution=elsewhere)
    yield "ExistingParameter.value", Grant(ExistingParameter("/shop/key").value(), execution=elsewhere)


def connections() -> Iterator[tuple[str, Grant]]:
    orders, cache, files = Postgres("Orders", vpc=NET), Cache("Sessions", vpc=NET), FileSystem("Share", vpc=NET)
    login = allowed("secretsmanager:GetSecretValue", on={"Ref": "OrdersSecret"})
    yield "Postgres.connect", Grant(orders.connect(), (orders,), execution=(login,), ways=("WebOrdersIngress5432",))
    yield "Cache.connect", Grant(cache.connect(), (cache,), ways=("WebSessionsIngress6379",))
    mounted = allowed(
        "elasticfilesystem:ClientMount",
        "elasticfilesystem:ClientWrite",
        on=arn_of("ShareFileSystem"),
        Condition={"StringEquals": {"elasticfilesystem:AccessPointArn": arn_of("ShareDataAccessPoint")}},
    )
    yield "FileSystem.mount", Grant(files.mount("/data"), (files,), task=(mounted,), ways=("WebShareIngress2049",))
    address = Endpoint("Address", vpc=NET, port=8080)
    yield "Endpoint.connect", Grant(address.connect(), (address,), ways=("WebAddressIngress8080",))
    legacy = ExistingSecurityGroup("Legacy", id="sg-0123456789abcdef0", vpc=NET)
    yield "ExistingSecurityGroup.connect", Grant(legacy.connect(1521), ways=("WebLegacyIngress1521",))


def others() -> Iterator[tuple[str, Grant]]:
    protect = ("ecs:UpdateTaskProtection", "ecs:GetTaskProtection")
    mine = allowed(*protect, on=in_account("ecs", "task/${MainCluster}/*"))
    yield "Cluster.task_protection", Grant(MAIN.task_protection(), task=(mine,))
    theirs = allowed(*protect, on=in_account("ecs", "task/shared/*"))
    yield "ExistingCluster.task_protection", Grant(SHARED.task_protection(), task=(theirs,))
    traces = ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")
    sent = allowed(*(f"xray:{one}" for one in traces), on="*")
    yield "OpenTelemetry.send", Grant(OpenTelemetry().send(), task=(sent,))
    repository, mirror = Repository("Images"), PullThroughCache("Public", upstream="public.ecr.aws", prefix="public")
    pushed = allowed(
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
        on=arn_of("ImagesRepository"),
    )
    yield "Repository.push", Grant(repository.push(), (repository,), task=(pushed, TOKEN))
    pulled = allowed(*PULL, on=arn_of("ImagesRepository"))
    yield "Repository.image", Grant(repository.image("1"), (repository,), execution=(pulled, TOKEN))
    copy = in_account("ecr", "repository/public/nginx/nginx")
    imported = allowed("ecr:BatchImportUpstreamImage", "ecr:CreateRepository", on=copy)
    image = mirror.image("nginx/nginx:1.29")
    execution = (imported, allowed(*PULL, on=copy), TOKEN)
    yield "PullThroughCache.image", Grant(image, (mirror,), execution=execution)


def under_keys() -> Iterator[tuple[str, Grant]]:
    """What a key of one's own adds."""
    queue, bucket, topic = Queue("J", encryption=OWN), Bucket("B", encryption=OWN), Topic("N", encryption=OWN)
    table, secret = Table("T", key="id", encryption=OWN), Secret("S", encryption=OWN)
    opens, writes = (
        allowed("kms:Decrypt", on=arn_of("OwnKey")),
        allowed("kms:Decrypt", "kms:GenerateDataKey", on=arn_of("OwnKey")),
    )
    for construct, verb, of_key in (
        (queue, "send", writes),
        (queue, "consume", opens),
        (bucket, "read", opens),
        (bucket, "write", writes),
        (bucket, "read_write", writes),
        (topic, "publish", writes),
        (table, "read", writes),
        (table, "write", writes),
        (table, "read_write", writes),
    ):
        yield f"{type(construct).__name__}.{verb}", Grant(getattr(construct, verb)(), (construct,), task=(of_key,))
    yield "Secret.read", Grant(secret.read(), (secret,), execution=(opens,))


GRANTS = dict([*stores(), *secrets(), *connections(), *others()])
KEYED = dict(under_keys())
BRINGING = ("Access", "SecretValue", "EnvFile", "Image", "CachedImage")
"""What a verb gives that a task or a container takes, and that brings permissions."""


def verbs() -> Iterator[str]:
    for name in fargate_stacks.__all__:
        thing = getattr(fargate_stacks, name)
        if inspect.isclass(thing):
            for key, one in inspect.getmembers(thing, inspect.isfunction):
                if hasattr(one, "__wrapped__") and one.__annotations__.get("return") in BRINGING:
                    yield f"{name}.{key}"


def test_every_verb_is_here() -> None:
    assert set(verbs()) == set(GRANTS)


@pytest.mark.parametrize("name", GRANTS)
def test_a_verb_brings_exactly_this(name: str) -> None:
    grant = GRANTS[name]
    assert made(grant) == (list(grant.task), list(grant.execution), list(grant.ways))


@pytest.mark.parametrize("name", KEYED)
def test_a_key_of_ones_own_adds_exactly_this(name: str) -> None:
    grant, plain = KEYED[name], GRANTS[name]
    of_task, of_execution, _ = made(grant)
    assert of_task[len(plain.task) :] == list(grant.task)
    assert of_execution[len(plain.execution) :] == list(grant.execution)


@pytest.mark.parametrize("name", GRANTS)
def test_actions_have_no_wildcard(name: str) -> None:
    grant = GRANTS[name]
    assert [action for one in (*grant.task, *grant.execution) for action in one["Action"] if "*" in action] == []


ANYWHERE = {"ecr:GetAuthorizationToken", "xray:PutTraceSegments", "xray:PutTelemetryRecords"} | {
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
}
"""Actions that know no resource (service authorization reference); tests/test_iam.py asks a judge of its own."""


def test_only_actions_that_know_no_resource_are_on_everything() -> None:
    found = {
        action
        for grant in GRANTS.values()
        for one in (*grant.task, *grant.execution)
        if one["Resource"] == ["*"]
        for action in one["Action"]
    }
    assert found == ANYWHERE
