"""A task that must succeed before a new revision of a service starts: migrations, checks, warm-ups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Join, Ref, awslambda, ecs, iam, logs

from fargate_stacks.constructs.definition import task_resources
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.custom import PreDeployRun
from fargate_stacks.core.values import Attr, by_removal, sub

if TYPE_CHECKING:
    from fargate_stacks.constructs.service import Service

HANDLER = """\
import json, time, urllib.request
import boto3

def answer(event, context, status, reason):
    body = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    body |= {"Status": status, "Reason": reason[:900], "PhysicalResourceId": event["LogicalResourceId"]}
    request = urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), method="PUT")
    request.add_header("content-type", "")
    urllib.request.urlopen(request)

def run(given, ecs, left, sleep):
    network = {"subnets": given["Subnets"], "securityGroups": given["SecurityGroups"]}
    network["assignPublicIp"] = given["PublicIp"]
    where = {"launchType": "FARGATE"}
    if given.get("Strategy"):
        where = {"capacityProviderStrategy": [{**one, "weight": int(one["weight"])} for one in given["Strategy"]]}
    started = ecs.run_task(
        cluster=given["Cluster"], taskDefinition=given["TaskDefinition"], count=1, startedBy="pre-deploy",
        propagateTags="TASK_DEFINITION", networkConfiguration={"awsvpcConfiguration": network}, **where)
    if started["failures"]:
        return "the task did not start: " + started["failures"][0].get("reason", "no reason")
    arn = started["tasks"][0]["taskArn"]
    end = time.monotonic() + float(given["Timeout"])
    while True:
        task = ecs.describe_tasks(cluster=given["Cluster"], tasks=[arn])["tasks"][0]
        if task["lastStatus"] == "STOPPED":
            wrong = [one for one in task["containers"] if one.get("exitCode") != 0]
            said = [f"{one['name']}: {one.get('reason') or one.get('exitCode')}" for one in wrong]
            return f"{arn}: {task.get('stoppedReason', '')} {'; '.join(said)}" if wrong else ""
        if time.monotonic() > end or left() < 20000:
            ecs.stop_task(cluster=given["Cluster"], task=arn, reason="pre-deploy took too long")
            return f"{arn}: took too long"
        sleep(5)

def goes_back(event, cfn):
    # a rollback asks for the old task again, which may not know what the new one has left behind
    stack = cfn.describe_stacks(StackName=event["StackId"])["Stacks"][0]
    return "ROLLBACK" in stack["StackStatus"]

def handler(event, context, ecs=None, sleep=time.sleep, respond=answer, cfn=None):
    wrong = ""
    try:
        kind = event["RequestType"]
        if kind == "Create" or kind == "Update" and not goes_back(event, cfn or boto3.client("cloudformation")):
            left = context.get_remaining_time_in_millis
            wrong = run(event["ResourceProperties"], ecs or boto3.client("ecs"), left, sleep)
    except Exception as error:
        wrong = str(error) or repr(error)
    respond(event, context, "FAILED" if wrong else "SUCCESS", wrong or "done")
"""


class _Runner(Construct):
    """Who runs the task, as far as names go."""


class PreDeploy(Value):
    """A task that must succeed before each new revision of a service starts.

    It runs whenever the task or its definition changes, with the service's subnets and security groups, and the
    deployment stops when it ends with another exit code than 0 or takes longer than `timeout`, at most 14 minutes. A
    small Lambda function in the same stack runs it, so that every way to deploy the template waits for it; its log
    group and roles are made too. What it changes is not undone by a rollback, which runs it no second time either,
    so a migration keeps the old revision working. Raises SpecError.
    """

    task: Task
    timeout: timedelta = timedelta(minutes=10)

    def check(self) -> None:
        seconds = self.timeout.total_seconds()
        if not 1 <= seconds <= 840 or seconds % 1:
            raise self.refuse(f"timeout must be 1 to 840 whole seconds, got {seconds:g}; run longer work by itself")
        for volume in self.task.launched_volumes:
            raise self.refuse(f"volume {volume.name} is EBS, made by services and jobs; give it ephemeral_storage=")

    def resources(self, service: Service) -> Iterator[Any]:
        """Give the task's own resources, the function that runs it, and the custom resource that asks it to."""
        runner = _Runner(f"{service.name}PreDeploy")
        yield from task_resources(runner, self.task)
        yield logs.LogGroup(
            runner.id("FunctionLogGroup"),
            DeletionPolicy=by_removal(retain="RetainExceptOnCreate", remove="Delete"),
            UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
            RetentionInDays=self.task.log_retention,
        )
        yield from self._role(service, runner)
        yield awslambda.Function(
            runner.id("Function"),
            Description=f"Runs the task before a deployment of {service.name}",
            Runtime="python3.13",
            Architectures=["arm64"],
            Handler="index.handler",
            Timeout=900,
            MemorySize=128,
            Role=GetAtt(runner.id("FunctionRole"), "Arn"),
            Code=awslambda.Code(ZipFile=HANDLER),
            LoggingConfig=awslambda.LoggingConfig(LogGroup=Ref(runner.id("FunctionLogGroup"))),
        )
        yield self._asked(service, runner)

    def _role(self, service: Service, runner: Construct) -> Iterator[Any]:
        family = sub(
            "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/${AWS::StackName}-"
            + f"{runner.name}:*"
        )
        tasks = sub(
            "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task/{cluster}/*",
            cluster=service.cluster.cluster_name,
        )
        roles = [
            GetAtt(runner.id(part), "Arn") if existing is None else existing.arn
            for part, existing in (
                ("ExecutionRole", self.task.execution_role),
                ("TaskRole", self.task.task_role),
            )
        ]
        passed = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        group = Join("", [GetAtt(runner.id("FunctionLogGroup"), "Arn")])
        yield iam.ManagedPolicy(
            runner.id("FunctionPolicy"),
            Description=f"Runs one task of {runner.name} and writes its own log",
            PolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": ["ecs:RunTask"], "Resource": [family]},
                    {"Effect": "Allow", "Action": ["ecs:DescribeTasks", "ecs:StopTask"], "Resource": [tasks]},
                    {"Effect": "Allow", "Action": ["cloudformation:DescribeStacks"], "Resource": [Ref("AWS::StackId")]},
                    # a task that is started gets the tags of its definition
                    {"Effect": "Allow", "Action": ["ecs:TagResource"], "Resource": [tasks]},
                    {"Effect": "Allow", "Action": ["iam:PassRole"], "Resource": roles, "Condition": passed},
                    {
                        "Effect": "Allow",
                        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                        "Resource": [group],
                    },
                ],
            },
        )
        yield iam.Role(
            runner.id("FunctionRole"),
            AssumeRolePolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            },
            ManagedPolicyArns=[Ref(runner.id("FunctionPolicy"))],
        )

    def _asked(self, service: Service, runner: Construct) -> Any:
        subnets = service.placed
        strategy = [] if service.cluster.capacity == "launch-type" else service.capacity.strategy()
        return PreDeployRun(
            service.id("PreDeploy"),
            DependsOn=self.after(service),
            ServiceToken=GetAtt(runner.id("Function"), "Arn"),
            ServiceTimeout=960,
            Cluster=service.cluster.cluster_name,
            TaskDefinition=Ref(runner.id("TaskDefinition")),
            Subnets=list(subnets.ids) if isinstance(subnets.ids, tuple) else subnets.ids,
            SecurityGroups=[service.security_group, *service.security_groups],
            PublicIp="ENABLED" if subnets.tier == "public" else "DISABLED",
            Strategy=[_lower(one) for one in strategy],
            Timeout=int(self.timeout.total_seconds()),
        )

    def after(self, service: Service) -> list[Attr]:
        """What the task needs and no reference orders, as for the service's own tasks."""
        return service.ways_out(service.placed)


def _lower(item: ecs.CapacityProviderStrategyItem) -> dict[str, Any]:
    """As the API spells it, which the function calls."""
    return {key[:1].lower() + key[1:]: value for key, value in item.to_dict().items()}
