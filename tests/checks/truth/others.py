"""FS5xx and FS6xx: scaling, order, and what stands around services."""

from __future__ import annotations

from typing import Any

from tests.checks.truth.common import ROLE
from tests.checks.truth.forms import (
    Case,
    Resources,
    Truth,
    app,
    attribute,
    made,
    mapped,
    ref,
    service,
    task,
    truth,
)
from tests.checks.truth.services import scaled, web

BY_NAME = {"Fn::Sub": "service/main/${Web.Name}"}
REQUESTS = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": "app/door/1/targetgroup/shop/2"}
LAST = {"Fn::Select": [2, {"Fn::Split": ["/", ref("Web")]}]}
BACKLOG = {"Namespace": "ECS/ContainerInsights", "MetricName": "RunningTaskCount", "Statistic": "Average"}


def tracked(metric: dict[str, Any], key: str = "PredefinedMetricSpecification", **more: Any) -> Resources:
    """Give a service that follows a metric."""
    return {
        **scaled(),
        "Policy": made(
            "ApplicationAutoScaling::ScalingPolicy",
            PolicyName="load",
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=ref("Target"),
            TargetTrackingScalingPolicyConfiguration={key: metric, "TargetValue": 60, **more},
        ),
    }


def insights(**cluster: Any) -> Resources:
    return {
        **tracked(BACKLOG, "CustomizedMetricSpecification"),
        "Main": made("ECS::Cluster", **cluster),
        "Web": service(Cluster=ref("Main")),
    }


def gateway(depends: Any = None) -> Resources:
    """Give a public load balancer in a VPC with an internet gateway."""
    return {
        "Net": made("EC2::VPC", CidrBlock="10.0.0.0/16"),
        "Gateway": made("EC2::InternetGateway"),
        "Attachment": made("EC2::VPCGatewayAttachment", VpcId=ref("Net"), InternetGatewayId=ref("Gateway")),
        "A": made("EC2::Subnet", VpcId=ref("Net"), CidrBlock="10.0.0.0/24"),
        "B": made("EC2::Subnet", VpcId=ref("Net"), CidrBlock="10.0.1.0/24"),
        "Door": made("ElasticLoadBalancingV2::LoadBalancer", depends=depends, Subnets=[ref("A"), ref("B")]),
    }


def routed(depends: Any = None, web_depends: Any = None) -> Resources:
    """Give a service in a subnet with a route out."""
    return {
        "Net": made("EC2::VPC", CidrBlock="10.0.0.0/16"),
        "Gateway": made("EC2::InternetGateway"),
        "Attachment": made("EC2::VPCGatewayAttachment", VpcId=ref("Net"), InternetGatewayId=ref("Gateway")),
        "Subnet": made("EC2::Subnet", VpcId=ref("Net"), CidrBlock="10.0.0.0/24"),
        "Table": made("EC2::RouteTable", VpcId=ref("Net")),
        "Way": made("EC2::SubnetRouteTableAssociation", SubnetId=ref("Subnet"), RouteTableId=ref("Table")),
        "Out": made(
            "EC2::Route",
            depends=depends,
            RouteTableId=ref("Table"),
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=ref("Gateway"),
        ),
        "Task": task(),
        "Web": service(
            depends=web_depends,
            NetworkConfiguration={"AwsvpcConfiguration": {"Subnets": [ref("Subnet")], "AssignPublicIp": "ENABLED"}},
        ),
    }


def permitted(depends: Any = None) -> Resources:
    return {
        "Role": role("ecs-tasks.amazonaws.com", {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}})["Role"],
        "Policy": made(
            "IAM::Policy",
            PolicyName="secrets",
            Roles=[ref("Role")],
            PolicyDocument={
                "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]
            },
        ),
        "Task": task(ExecutionRoleArn=attribute("Role", "Arn")),
        "Web": service(depends=depends),
    }


def role(principal: str, condition: Any = None) -> Resources:
    statement = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    if condition:
        statement["Condition"] = condition
    return {"Role": made("IAM::Role", AssumeRolePolicyDocument={"Statement": [statement]})}


def key(condition: Any = None) -> Resources:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["events.amazonaws.com"]},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
    }
    if condition:
        statement["Condition"] = condition
    return {"Key": made("KMS::Key", KeyPolicy={"Statement": [statement]})}


def files(depends: Any = None) -> Resources:
    return {
        "Files": made("EFS::FileSystem"),
        "Mount": made("EFS::MountTarget", FileSystemId=ref("Files"), SubnetId="subnet-1", SecurityGroups=["sg-1"]),
        "Task": task(Volumes=[{"Name": "files", "EFSVolumeConfiguration": {"FilesystemId": ref("Files")}}]),
        "Web": service(depends=depends),
    }


def profiles(depends: Any = None) -> Resources:
    return {
        name: made(
            "EKS::FargateProfile", depends=waits, ClusterName="main", PodExecutionRoleArn=ROLE,
            Selectors=[{"Namespace": name.lower()}],
        )
        for name, waits in (("Shop", None), ("Jobs", depends))
    }  # fmt: skip


def alarm(topic_key: Any) -> Resources:
    return {
        "Topic": made("SNS::Topic", KmsMasterKeyId=topic_key),
        "Alarm": made(
            "CloudWatch::Alarm",
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            AlarmActions=[ref("Topic")],
        ),
    }


def firewall(name: Any) -> Resources:
    return {
        "Group": made("Logs::LogGroup", LogGroupName=name),
        "Logging": made(
            "WAFv2::LoggingConfiguration", ResourceArn="arn", LogDestinationConfigs=[attribute("Group", "Arn")]
        ),
    }


def scheduled(**parameters: Any) -> Resources:
    return {
        "Nightly": made(
            "Scheduler::Schedule",
            FlexibleTimeWindow={"Mode": "OFF"},
            ScheduleExpression="rate(1 day)",
            Target={
                "Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main",
                "RoleArn": ROLE,
                "EcsParameters": {"TaskDefinitionArn": "arn", **parameters},
            },
        )
    }


NETWORK = {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}}
CONNECTED = {"Enabled": True, "Namespace": "shop"}


def mutual(depends: Any = None) -> Resources:
    serves = {**CONNECTED, "Services": [{"PortName": "http"}]}
    return {
        "Task": task(mapped(Name="http")),
        "Api": service(ServiceConnectConfiguration=serves),
        "Web": service(depends=depends, ServiceConnectConfiguration=CONNECTED),
    }


def walled(**properties: Any) -> Resources:
    return {
        "Wall": made("EC2::SecurityGroup", GroupDescription="tasks", VpcId="vpc-1", **properties),
        "Out": made(
            "EC2::SecurityGroupEgress", GroupId=ref("Wall"), IpProtocol="tcp", FromPort=443, ToPort=443,
            CidrIp="0.0.0.0/0",
        ),
    }  # fmt: skip


BY_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}}

TABLE: dict[str, Truth] = {
    "FS501": truth(
        scaled(MinCapacity=4, MaxCapacity=2),
        "Target: MinCapacity 4 is above MaxCapacity 2; swap or change them",
        good=scaled(MinCapacity=2, MaxCapacity=4),
        also=[Case(scaled(MinCapacity=-1), ["Target: MinCapacity is -1; give 0 or more"])],
        passes=[scaled(MinCapacity=ref("Least"), MaxCapacity=1)],
    ),
    "FS502": truth(
        scaled({"Fn::Sub": "service/main/${Web}"}),
        "Target: ResourceId holds the Ref of Web, which is its ARN; write service/<cluster name>/<service name>; "
        "Ref of a service is its ARN, GetAtt Name its name",
        good=scaled(BY_NAME),
        also=[
            Case(
                scaled("main/web"),
                [
                    "Target: ResourceId is main/web; write service/<cluster name>/<service name>; "
                    "Ref of a service is its ARN, GetAtt Name its name"
                ],
            )
        ],
        passes=[
            scaled(
                {"Fn::Join": ["/", ["service", ref("Cluster"), {"Fn::Select": [2, {"Fn::Split": ["/", ref("Web")]}]}]]}
            )
        ],
    ),
    "FS503": truth(
        {**tracked(REQUESTS), "Web": service(DeploymentConfiguration={"Strategy": "BLUE_GREEN"})},
        "Policy: ALBRequestCountPerTarget counts one target group, and Web has two; "
        "sum the requests of both target groups by metric math in a CustomizedMetricSpecification",
        good=tracked(REQUESTS),
    ),
    "FS504": truth(
        tracked({"PredefinedMetricType": "ALBRequestCountPerTarget"}),
        "Policy: ALBRequestCountPerTarget has no ResourceLabel; give it",
        good=tracked(REQUESTS),
    ),
    "FS505": truth(
        insights(),
        "Policy: it reads ECS/ContainerInsights, which Main does not keep; "
        "give the cluster ClusterSettings containerInsights: enabled",
        good=insights(ClusterSettings=[{"Name": "containerInsights", "Value": "enabled"}]),
        also=[
            Case(
                insights(ClusterSettings=[{"Name": "containerInsights", "Value": "disabled"}]),
                [
                    "Policy: it reads ECS/ContainerInsights, which Main does not keep; "
                    "give the cluster ClusterSettings containerInsights: enabled"
                ],
            )
        ],
        passes=[insights(ClusterSettings=[{"Name": "containerInsights", "Value": "enhanced"}])],
    ),
    "FS506": truth(
        {
            **scaled(),
            "Policy": made(
                "ApplicationAutoScaling::ScalingPolicy",
                PolicyName="load",
                PolicyType="StepScaling",
                ScalingTargetId=ref("Target"),
            ),
        },
        "Policy: PolicyType is StepScaling and there is no StepScalingPolicyConfiguration; "
        "give StepScalingPolicyConfiguration",
        good=tracked({"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}),
    ),
    "FS507": truth(
        tracked({"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}, TargetValue=600),
        "Policy: TargetValue is 600, and ECSServiceAverageCPUUtilization is a percentage; give 1 to 100",
        good=tracked({"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}, TargetValue=60),
        also=[
            Case(
                tracked({"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}, TargetValue=0),
                ["Policy: TargetValue is 0; give a number above 0"],
            )
        ],
        passes=[tracked(REQUESTS, TargetValue=1000)],
    ),
    "FS601": truth(
        gateway(),
        "Door: nothing orders an internet-facing load balancer after Attachment; give DependsOn: Attachment",
        good=gateway("Attachment"),
        also=[
            Case(
                routed(),
                ["Out: nothing orders a route to the internet gateway after Attachment; give DependsOn: Attachment"],
            )
        ],
        passes=[routed("Attachment")],
    ),
    "FS602": truth(
        permitted(),
        "Web: nothing orders it after Policy, which its tasks' role needs; give DependsOn: Policy",
        good=permitted("Policy"),
    ),
    "FS603": truth(
        routed("Attachment"),
        "Web: nothing orders it after Out, Way; give DependsOn: [Out, Way]",
        good=routed("Attachment", ["Out", "Way"]),
        passes=[
            {
                **routed("Attachment", "Door"),
                "Door": made("ElasticLoadBalancingV2::LoadBalancer", Scheme="internal", Subnets=[ref("Subnet")]),
            }
        ],
    ),
    "FS604": truth(
        files(),
        "Web: nothing orders it after Mount; give DependsOn: [Mount]",
        good=files("Mount"),
        also=[
            Case(
                {name: one for name, one in files().items() if name != "Mount"},
                ["Web: Files has no mount target; add an AWS::EFS::MountTarget a zone"],
            )
        ],
    ),
    "FS605": truth(profiles(), "Jobs: nothing orders it and Shop; give DependsOn: Shop", good=profiles("Shop")),
    "FS606": truth(
        {
            "Images": made("ECR::Repository"),
            **web(app(Image={"Fn::Sub": "${Images.RepositoryUri}:1"})),
        },
        "Web: container app runs an image of Images; put the repository into a stack of its own",
        good=web(app(Image={"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/web:1"})),
    ),
    "FS607": truth(mutual(), "Web: nothing orders it after Api; give DependsOn: Api", good=mutual("Api")),
    "FS620": truth(
        role("ecs-tasks.amazonaws.com"),
        "Role: ecs-tasks.amazonaws.com may take it without a condition on the account; "
        "give it Condition StringEquals aws:SourceAccount",
        good=role("ecs-tasks.amazonaws.com", BY_ACCOUNT),
    ),
    "FS621": truth(
        role("ecs.amazonaws.com", BY_ACCOUNT),
        "Role: ecs.amazonaws.com may take it only under a condition on the source; leave the condition out",
        good=role("ecs.amazonaws.com"),
    ),
    "FS622": truth(
        key(BY_ACCOUNT),
        "Key: events.amazonaws.com may use it only under a condition on the source, which it does not send; "
        "leave the condition out",
        good=key(),
    ),
    "FS623": truth(
        alarm("alias/aws/sns"),
        "Alarm: Topic is encrypted by alias/aws/sns, which admits no other service; "
        "give a key of your own whose policy admits the sender",
        good=alarm("alias/shop"),
    ),
    "FS624": truth(
        firewall("waf-shop"),
        "Logging: Group is named waf-shop; let its name begin with aws-waf-logs-",
        good=firewall("aws-waf-logs-shop"),
        also=[
            Case(firewall(None), ["Logging: Group is named by CloudFormation; let its name begin with aws-waf-logs-"])
        ],
        passes=[firewall({"Fn::Sub": "aws-waf-logs-${AWS::StackName}"})],
    ),
    "FS625": truth(
        {
            "Db": made("RDS::DBInstance", ManageMasterUserPassword=True),
            "Task": task(
                app(Secrets=[{"Name": "DB", "ValueFrom": attribute("Db", "MasterUserSecret.SecretArn")}]),
                ExecutionRoleArn=ROLE,
            ),
        },
        "Task: container app reads DB once, from a secret that rotates by itself; give a secret that nothing rotates",
        good={
            "Login": made("SecretsManager::Secret"),
            "Task": task(app(Secrets=[{"Name": "DB", "ValueFrom": ref("Login")}]), ExecutionRoleArn=ROLE),
        },
    ),
    "FS626": truth(
        scheduled(LaunchType="FARGATE"),
        "Nightly: it starts tasks on Fargate without a NetworkConfiguration; give it",
        good=scheduled(LaunchType="FARGATE", NetworkConfiguration=NETWORK),
        also=[
            Case(
                scheduled(
                    LaunchType="FARGATE",
                    CapacityProviderStrategy=[{"CapacityProvider": "FARGATE"}],
                    NetworkConfiguration=NETWORK,
                ),
                ["Nightly: its LaunchType and CapacityProviderStrategy exclude each other; leave LaunchType out"],
            )
        ],
    ),
    "FS627": truth(
        walled(),
        "Wall: Out narrows nothing while SecurityGroupEgress is not given; give SecurityGroupEgress",
        good=walled(SecurityGroupEgress=[{"IpProtocol": "icmp", "CidrIp": "255.255.255.255/32"}]),
    ),
}
