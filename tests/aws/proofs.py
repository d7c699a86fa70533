"""Lines of docs/unverified-on-aws.md, each with the question that an account answers."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.aws.account import Account, Refuted

Ask = Callable[[Account], str]


class Proof(NamedTuple):
    """A line, by how it begins, and what shows it."""

    line: str
    ask: Ask
    local: bool = True
    """Whether the local cloud can answer too."""


def writes_to_tmpfs(account: Account) -> str:
    task = account.running("Web")
    return f"task {task['taskArn'].rpartition('/')[2]} of user 101 runs with a read-only root and /tmp in memory"


def reads_both_secrets(account: Account) -> str:
    """ECS starts no container whose secret it may not read."""
    task = account.running("Web")
    definition = account.api("ecs").describe_task_definition(taskDefinition=task["taskDefinitionArn"])
    (container,) = definition["taskDefinition"]["containerDefinitions"]
    names = sorted(one["name"] for one in container["secrets"])
    if "THERE" not in names:
        raise Refuted(f"the task has the secrets {', '.join(names)}")
    return f"a container started with {' and '.join(names)}"


def flow_logs_are_delivered(account: Account) -> str:
    def delivered() -> str | None:
        found = account.api("ec2").describe_flow_logs(FlowLogIds=[account.ids["NetFlowLog"]])["FlowLogs"]
        status = found[0].get("DeliverLogsStatus") if found else None
        if status == "FAILED":
            raise Refuted(found[0].get("DeliverLogsErrorMessage", "delivery failed"))
        return "DeliverLogsStatus SUCCESS" if status == "SUCCESS" else None

    return account.until(15, "the flow log is delivered", delivered)


def no_outbound_rule_was_added(account: Account) -> str:
    group = account.ids["EdgeSecurityGroup"]
    (found,) = account.api("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    ports = sorted({one.get("FromPort", -1) for one in found["IpPermissionsEgress"]})
    healthy = account.until(10, "the target is healthy", lambda: healthy_targets(account))
    if 8080 not in ports or -1 in ports:
        raise Refuted(f"the load balancer's group lets out to ports {ports}")
    return f"{healthy} healthy target, outbound rules for {ports} only"


def healthy_targets(account: Account) -> int | None:
    group = account.ids["WebTargetGroup"]
    told = account.api("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return sum(one["TargetHealth"]["State"] == "healthy" for one in told) or None


def log_archive_is_written(account: Account) -> str:
    """A load balancer writes a test object when logging is switched on."""

    def written() -> str | None:
        listed = account.api("s3").list_objects_v2(Bucket=account.ids["AuditBucket"]).get("Contents", ())
        return next((one["Key"] for one in listed), None)

    return account.until(3, "the load balancer writes to the bucket", written)


def deployed_at_once(account: Account) -> str:
    """Every stack was created without a rollback."""
    for stack in account.templates:
        state = account.client.stack(stack)
        if state is None or "ROLLBACK" in state.status:
            raise Refuted(f"{stack} is {state.status if state else 'not there'}")
    return "created at the first try"


def zones_are_rebalanced(account: Account) -> str:
    service = account.ids["WebService"]
    (found,) = account.api("ecs").describe_services(cluster=account.ids["MainCluster"], services=[service])["services"]
    maximum = found["deploymentConfiguration"]["maximumPercent"]
    if found.get("availabilityZoneRebalancing") != "ENABLED" or maximum <= 100:
        raise Refuted(f"{found.get('availabilityZoneRebalancing')} with a maximum of {maximum}")
    return f"ENABLED with a maximum of {maximum} percent"


def topic_reaches_queue(account: Account) -> str:
    text = uuid.uuid4().hex
    account.api("sns").publish(TopicArn=account.ids["NewsTopic"], Message=text)
    sqs, queue = account.api("sqs"), account.ids["HeardQueue"]

    def heard() -> bool:
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=0, VisibilityTimeout=0, MaxNumberOfMessages=10)
        return any(text in one["Body"] for one in answer.get("Messages", ()))

    account.until(2, "the message arrives", heard)
    return "one message was published and received"


def name_is_resolved(account: Account) -> str:
    """The caller's health check asks the other service by its Service Connect name."""

    def healthy() -> str | None:
        states = {one.get("healthStatus") for one in account.tasks("Caller")}
        return "the caller's health check passes" if states == {"HEALTHY"} else None

    return account.until(8, "the caller is healthy", healthy)


def nat_instance_translates(account: Account) -> str:
    """Tasks in private subnets have no other way to a public registry."""
    subnets = {account.ids["NetPrivateSubnet1"], account.ids["NetPrivateSubnet2"]}
    task = account.running("Web")
    details = {one["name"]: one["value"] for attachment in task.get("attachments", ()) for one in attachment["details"]}
    if details.get("subnetId") not in subnets:
        raise Refuted(f"the task is in {details.get('subnetId')}, not in a private subnet")
    return f"a task in {details['subnetId']} pulled its image through {account.ids['NetNatInstance1']}"


def task_has_ipv6(account: Account) -> str:
    task = account.running("Web")
    interfaces = [one for each in task["containers"] for one in each["networkInterfaces"]]
    found = [one["ipv6Address"] for one in interfaces if "ipv6Address" in one]
    if not found:
        raise Refuted("the task has no IPv6 address; see the account setting dualStackIPv6")
    return "the task has an IPv6 address"


def subnets_have_blocks(account: Account) -> str:
    subnets = [account.ids[f"Net{tier}Subnet{zone}"] for tier in ("Public", "Private") for zone in (1, 2)]
    described = account.api("ec2").describe_subnets(SubnetIds=subnets)["Subnets"]
    blocks = [one["Ipv6CidrBlock"] for each in described for one in each.get("Ipv6CidrBlockAssociationSet", ())]
    if len(set(blocks)) != len(subnets):
        raise Refuted(f"{len(subnets)} subnets have {len(set(blocks))} blocks")
    return f"{len(blocks)} subnets have a block each"


def storage_is_encrypted(account: Account) -> str:
    account.running("Web")
    (found,) = account.api("ecs").describe_clusters(clusters=[account.ids["MainCluster"]], include=["CONFIGURATIONS"])[
        "clusters"
    ]
    key = found["configuration"]["managedStorageConfiguration"]["fargateEphemeralStorageKmsKeyId"]
    if not key.endswith(account.ids["OwnKey"]):
        raise Refuted(f"the cluster's key is {key}")
    return "tasks run in a cluster whose ephemeral storage has a key of ours"


def worker_starts_with_one(account: Account) -> str:
    task = account.until(10, "the worker has a task", lambda: next(iter(account.tasks("Work")), None))
    return f"one task ({task.get('capacityProviderName', 'FARGATE')}) after the first deploy"


def metric_math_is_taken(account: Account) -> str:
    scaling = account.api("application-autoscaling")
    policies = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    cluster = account.ids["MainCluster"]
    text = json.dumps([one for one in policies if f"service/{cluster}/" in one["ResourceId"]], default=str)
    if "FILL" not in text:
        raise Refuted("no policy of the worker has FILL")
    return "a target-tracking policy with FILL and IF was accepted"


def ports_are_forwarded(account: Account) -> str:
    task = account.running("Caller")
    cluster, identity = task["taskArn"].split("/")[1:]
    runtime = task["containers"][0]["runtimeId"]
    session = account.api("ssm").start_session(
        Target=f"ecs:{cluster}_{identity}_{runtime}",
        DocumentName="AWS-StartPortForwardingSessionToRemoteHost",
        Parameters={"host": ["169.254.170.2"], "portNumber": ["80"], "localPortNumber": ["18080"]},
    )
    account.api("ssm").terminate_session(SessionId=session["SessionId"])
    return "Session Manager opened a session to a remote host through a task"


def failed_create_keeps_nothing(account: Account) -> str:
    kept = f"/{account.name}-failing/kept"
    groups = account.api("logs").describe_log_groups(logGroupNamePrefix=kept)["logGroups"]
    state = account.client.stack(f"{account.name}-failing")
    if state is not None and "ROLLBACK" not in state.status:
        raise Refuted(f"the stack did not fail: {state.status}")
    if groups:
        raise Refuted(f"{kept} is still there")
    return "the create failed, and its log group is gone"


def change_set_token_is_one_request(account: Account) -> str:
    cfn, name, token = account.api("cloudformation"), f"{account.name}-small", f"smoke-{uuid.uuid4().hex}"
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "2"}}
    request: Mapping[str, Any] = {
        "StackName": name,
        "ChangeSetName": token,
        "ClientToken": token,
        "ChangeSetType": "UPDATE",
        "TemplateBody": json.dumps({"Resources": {"Only": parameter}}),
    }
    first, second = cfn.create_change_set(**request)["Id"], cfn.create_change_set(**request)["Id"]
    cfn.delete_change_set(ChangeSetName=first)
    if first != second:
        raise Refuted("two change sets were made")
    return "the second call gave the first one's change set"


def aurora_is_offered(account: Account) -> str:
    versions = account.api("rds").describe_db_engine_versions(Engine="aurora-postgresql", EngineVersion="17.7")
    if not versions["DBEngineVersions"]:
        raise Refuted("Aurora PostgreSQL 17.7 is not offered in this region")
    return "Aurora PostgreSQL 17.7 is offered in this region"


def large_sizes_are_three(account: Account) -> str:
    taken, ecs = [], account.api("ecs")
    for memory in (61_440, 65_536, 122_880, 131_072, 249_856):
        try:
            made = ecs.register_task_definition(
                family=f"{account.name}-size",
                requiresCompatibilities=["FARGATE"],
                networkMode="awsvpc",
                cpu="32768",
                memory=str(memory),
                containerDefinitions=[{"name": "app", "image": "public.ecr.aws/docker/library/busybox:1.36"}],
            )
        except ecs.exceptions.ClientException:
            continue
        arn = made["taskDefinition"]["taskDefinitionArn"]
        ecs.deregister_task_definition(taskDefinition=arn)
        ecs.delete_task_definitions(taskDefinitions=[arn])
        taken.append(memory)
    if taken != [61_440, 122_880, 249_856]:
        raise Refuted(f"of the sizes asked ECS takes {taken}")
    return "ECS takes these three and refuses 65536 and 131072"


PROOFS = (
    Proof("a service that waits for its routes, rules, endpoints and roles", deployed_at_once),
    Proof("`tmpfs` with the mount option `mode=1777`", writes_to_tmpfs),
    Proof("the image of the blueprints starts as user 101", writes_to_tmpfs),
    Proof("trust policies with `aws:SourceAccount`", flow_logs_are_delivered, local=False),
    Proof("a secret's grant that ends in `-??????`", reads_both_secrets),
    Proof("an egress rule for 255.255.255.255/32", no_outbound_rule_was_added),
    Proof("the bucket policy of `LogArchive`", log_archive_is_written, local=False),
    Proof("`AvailabilityZoneRebalancing: ENABLED`", zones_are_rebalanced),
    Proof("SNS delivers to a queue", topic_reaches_queue),
    Proof("Service Connect resolves names", name_is_resolved, local=False),
    Proof("a NAT instance signals without a role", nat_instance_translates),
    Proof("tasks get an IPv6 address", task_has_ipv6, local=False),
    Proof("an `AWS::EC2::Subnet` that waits for `AWS::EC2::VPCCidrBlock`", subnets_have_blocks),
    Proof("the statements of `Key` for `fargate.amazonaws.com`", storage_is_encrypted),
    Proof("a service without `DesiredCount`", worker_starts_with_one),
    Proof("Application Auto Scaling takes `FILL`", metric_math_is_taken),
    Proof("Session Manager forwards ports", ports_are_forwarded, local=False),
    Proof("`RetainExceptOnCreate` leaves no log group", failed_create_keeps_nothing, local=False),
    Proof("`CreateChangeSet` with the same `ClientToken`", change_set_token_is_one_request, local=False),
    Proof("Aurora PostgreSQL 17.7 is offered", aurora_is_offered, local=False),
    Proof("tasks of 32 vCPU", large_sizes_are_three, local=False),
)
