"""FS1xx: what was judged first, of containers, services and networks."""

from __future__ import annotations

from typing import Any

from tests.checks.truth.forms import (
    Case,
    Resources,
    Truth,
    app,
    attribute,
    balanced,
    listener,
    made,
    mapped,
    ref,
    service,
    task,
    truth,
)
from tests.checks.truth.services import scaled, web

ROLE = "arn:aws:iam::123456789012:role/start"
SECRET = {"Name": "DB", "ValueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/db"}
LOGS = {
    "LogDriver": "awslogs",
    "Options": {"awslogs-group": "shop", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "shop"},
}
NO_PREFIX = {**LOGS, "Options": {"awslogs-group": "shop", "awslogs-region": "eu-west-1"}}
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1"


def only(container: Any, **properties: Any) -> Resources:
    return {"Task": task(container, **properties)}


def looped(values: Any) -> Resources:
    return {"Fn::ForEach::Tasks": ["Name", values, {"${Name}Task": task()}]}


def environment(name: str, value: Any) -> Resources:
    return only(app(Environment=[{"Name": name, "Value": value}]))


def rules(first: int, second: int) -> Resources:
    return {
        name: made(
            "ElasticLoadBalancingV2::ListenerRule",
            ListenerArn="arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/door/1/2",
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{name}"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": "arn"}],
        )
        for name, priority in (("A", first), ("B", second))
    }


def door(*actions: dict[str, Any]) -> Resources:
    return {
        "Door": made(
            "ElasticLoadBalancingV2::LoadBalancer", Scheme="internet-facing", Subnets=["subnet-1", "subnet-2"]
        ),
        "Listener": listener(LoadBalancerArn=ref("Door"), DefaultActions=list(actions)),
    }


def subnet(*endpoints: str, image: str = ECR, **more: Any) -> Resources:
    """Give a service in a subnet without a way out."""
    return {
        "Net": made("EC2::VPC", CidrBlock="10.0.0.0/16"),
        "Subnet": made("EC2::Subnet", VpcId=ref("Net"), CidrBlock="10.0.0.0/24"),
        "Table": made("EC2::RouteTable", VpcId=ref("Net")),
        "Way": made("EC2::SubnetRouteTableAssociation", SubnetId=ref("Subnet"), RouteTableId=ref("Table")),
        **{
            f"Endpoint{place}": made(
                "EC2::VPCEndpoint", VpcId=ref("Net"), ServiceName=f"com.amazonaws.eu-west-1.{name}"
            )
            for place, name in enumerate(endpoints)
        },
        "Task": task(app(Image=image), **more),
        "Web": service(NetworkConfiguration={"AwsvpcConfiguration": {"Subnets": [ref("Subnet")]}}),
    }


CALLS = {
    "Role": made("IAM::Role", AssumeRolePolicyDocument={"Statement": []}, ManagedPolicyArns=[ref("Policy")]),
    "Policy": made(
        "IAM::ManagedPolicy",
        PolicyDocument={"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]},
    ),
}
PULL = ("ecr.api", "ecr.dkr", "s3")

TABLE: dict[str, Truth] = {
    "FS100": truth(
        {"Task": {**task(), "Metadata": {"FargateStacks": {"Ignore": [{"Code": "FS102"}]}}}},
        "Task: Metadata.FargateStacks.Ignore names FS102 and no reason; give Code and Reason",
        good={
            "Task": {
                **task(),
                "Metadata": {"FargateStacks": {"Ignore": [{"Code": "FS102", "Reason": "the image drops to nginx"}]}},
            }
        },
        also=[
            Case(
                {"Task": {**task(), "Metadata": {"FargateStacks": {"Ignore": [{"Reason": "why not"}]}}}},
                ["Task: Metadata.FargateStacks.Ignore names no code; give Code and Reason"],
            )
        ],
    ),
    "FS101": truth(
        only(app()),
        "Task: container app may write to its root file system; "
        "give ReadonlyRootFilesystem: true if the image can start so",
        good=only(app(ReadonlyRootFilesystem=True)),
    ),
    "FS102": truth(
        only(app(User="root")),
        "Task: container app runs as root; give User if the image can start so",
        good=only(app(User="1000")),
        passes=[only(app(User=ref("User")))],
    ),
    "FS103": truth(
        only(app()),
        "Task: container app keeps the default kernel capabilities; "
        "give LinuxParameters.Capabilities.Drop: [ALL] if the image can start so",
        good=only(app(LinuxParameters={"Capabilities": {"Drop": ["ALL"]}})),
    ),
    "FS104": truth(
        {
            "Task": task(app(ReadonlyRootFilesystem=True), TaskRoleArn=ROLE),
            "Web": service(EnableExecuteCommand=True),
        },
        "Web: ECS Exec cannot open a session in container app, whose root file system is read-only "
        "(aws/containers-roadmap#2824); give up one of the two",
        good={"Task": task(app(), TaskRoleArn=ROLE), "Web": service(EnableExecuteCommand=True)},
    ),
    "FS105": truth(
        {**scaled(), "Web": service(DesiredCount=2)},
        "Web: DesiredCount 2 stands beside a scaling target, so each deployment undoes what scaling decided; "
        "leave it out",
        good=scaled(),
        also=[
            Case(
                {**scaled(), "Web": service(DesiredCount=ref("Count"))},
                [
                    "Web: DesiredCount stands beside a scaling target, so each deployment undoes what scaling decided; "
                    "leave it out"
                ],
            )
        ],
        passes=[
            {
                **scaled(),
                "Live": made("CloudFormation::CustomResource"),
                "Web": service(DesiredCount=attribute("Live", "Count")),
            },
            {**scaled(), "Web": service(DesiredCount={"Fn::If": ["First", 2, ref("AWS::NoValue")]})},
        ],
    ),
    "FS106": truth(
        rules(1, 1),
        "B: priority 1 is taken by t.A on the same listener; give another",
        good=rules(1, 2),
    ),
    "FS107": truth(
        only(app(Image="public.ecr.aws/nginx/nginx")),
        "Task: container app runs public.ecr.aws/nginx/nginx, which has no tag, so tasks of one deployment may differ; "
        "name a version",
        good=only(app()),
    ),
    "FS108": truth(
        only(app(Image="nginx:1.29")),
        "Task: container app pulls nginx:1.29 from Docker Hub without a login and may be answered 429 Too Many "
        "Requests; use public.ecr.aws/docker/library/nginx:1.29",
        good=only(app(Image="public.ecr.aws/docker/library/nginx:1.29")),
        also=[
            Case(
                only(app(Image="grafana/grafana:12.0")),
                [
                    "Task: container app pulls grafana/grafana:12.0 from Docker Hub without a login and may be "
                    "answered 429 Too Many Requests; give RepositoryCredentials, or use a registry of your own"
                ],
            )
        ],
    ),
    "FS109": truth(
        environment("DB_PASSWORD", "hunter2"),
        "Task: container app has what looks like a secret in the plain-text variable DB_PASSWORD; "
        "give it under Secrets",
        good=only(app(Secrets=[SECRET]), ExecutionRoleArn=ROLE),
        also=[
            Case(
                environment("DB", "{{resolve:secretsmanager:shop/db:SecretString:password}}"),
                [
                    "Task: container app has what looks like a secret in the plain-text variable DB; "
                    "give it under Secrets"
                ],
            )
        ],
        passes=[environment("DB_PASSWORD", ref("Password"))],
    ),
    "FS110": truth(
        web(LaunchType="FARGATE", CapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Weight": 1}]),
        "Web: LaunchType and CapacityProviderStrategy exclude each other; leave LaunchType out",
        good=web(CapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Weight": 1}]),
    ),
    "FS111": truth(
        web(DeploymentConfiguration={"MinimumHealthyPercent": 100, "MaximumPercent": 100}),
        "Web: with MinimumHealthyPercent 100 and MaximumPercent 100 a deployment may neither stop a task nor start "
        "one; lower the first or raise the second",
        good=web(DeploymentConfiguration={"MinimumHealthyPercent": 100, "MaximumPercent": 200}),
    ),
    "FS112": truth(
        {
            **web(mapped(80), LoadBalancers=balanced(ContainerPort=8080, TargetGroupArn="arn")),
        },
        "Web: the load balancer sends to port 8080 of container app, which maps 80",
        good=web(mapped(80), LoadBalancers=balanced(TargetGroupArn="arn"), HealthCheckGracePeriodSeconds=60),
        also=[
            Case(
                web(mapped(80), LoadBalancers=balanced(ContainerName="web", TargetGroupArn="arn")),
                ["Web: the load balancer sends to container web; the task has app"],
            ),
            Case(
                web(app(), LoadBalancers=balanced(TargetGroupArn="arn")),
                ["Web: the load balancer sends to port 80 of container app, which maps none"],
            ),
        ],
        passes=[web(mapped(80), LoadBalancers=balanced(ContainerPort=ref("Port"), TargetGroupArn="arn"))],
    ),
    "FS113": truth(
        only(app(LogConfiguration=LOGS, Secrets=[SECRET])),
        "Task: container app uses awslogs and secrets and its task has no ExecutionRoleArn, so it cannot start; "
        "give ExecutionRoleArn",
        good=only(app(LogConfiguration=LOGS, Secrets=[SECRET]), ExecutionRoleArn=ROLE),
    ),
    "FS114": truth(
        only(app(LogConfiguration=NO_PREFIX), ExecutionRoleArn=ROLE),
        "Task: container app logs by awslogs without awslogs-stream-prefix, which Fargate refuses; add the option",
        good=only(app(LogConfiguration=LOGS), ExecutionRoleArn=ROLE),
        passes=[
            only(app(LogConfiguration=NO_PREFIX), RequiresCompatibilities=["EC2"]),
            only(app(LogConfiguration={"LogDriver": "awslogs", "Options": ref("Options")}), ExecutionRoleArn=ROLE),
        ],
    ),
    "FS115": truth(
        web(),
        "Web: there is no deployment circuit breaker, so a deployment whose tasks cannot start goes on for up to "
        "three hours; enable it",
        good=web(DeploymentConfiguration={"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}),
    ),
    "FS116": truth(
        door({"Type": "forward", "TargetGroupArn": "arn"}),
        "Listener: a public load balancer serves plain HTTP, readable on its way; "
        "give an HTTPS listener and redirect to it",
        good=door({"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "StatusCode": "HTTP_301"}}),
    ),
    "FS117": truth(
        looped({"Fn::Split": [",", {"Fn::ImportValue": "names"}]}),
        "Fn::ForEach::Tasks: the values of this loop are not known, so its resources are not judged; give the values "
        "by --set, or judge what aws cloudformation get-template --template-stage Processed prints",
        good=looped(["Web", "Api"]),
    ),
    "FS130": truth(
        subnet("s3", "ecr.api"),
        "Web: container app is pulled from ECR, and its subnets have neither a way out nor an endpoint of ecr.dkr; "
        "give a VPC endpoint of ecr.dkr, or a route to a NAT gateway",
        good=subnet(*PULL),
        also=[
            Case(
                subnet(image="public.ecr.aws/nginx/nginx:1.29"),
                [
                    "Web: container app is pulled from public.ecr.aws, and its subnets lead nowhere; "
                    "copy the image to ECR, or give the subnets a route to a NAT gateway"
                ],
            )
        ],
    ),
    "FS131": truth(
        {**subnet(*PULL, TaskRoleArn=attribute("Role", "Arn")), **CALLS},
        "Web: its task may call sqs, and its subnets have neither a way out nor an endpoint of it; "
        "give a VPC endpoint of sqs, or a route to a NAT gateway",
        good={**subnet(*PULL, "sqs", TaskRoleArn=attribute("Role", "Arn")), **CALLS},
    ),
}
