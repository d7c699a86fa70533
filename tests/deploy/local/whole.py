"""A real service on a load balancer, from its network to its alarms: 44 resources of 34 types."""

from __future__ import annotations

import copy
from typing import Any


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def attribute(name: str, of: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, of]}


def trust(service: str) -> dict[str, Any]:
    allow = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [allow]}


def allow(*actions: str, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def _resource(kind: str, needs: Any = None, **properties: Any) -> dict[str, Any]:
    depends = {"DependsOn": needs} if needs else {}
    return {"Type": f"AWS::{kind}", **depends, **({"Properties": properties} if properties else {})}


TAGS = [{"Key": "team", "Value": "shop"}]


def network() -> dict[str, Any]:
    found: dict[str, Any] = {
        "Vpc": _resource(
            "EC2::VPC", CidrBlock="10.0.0.0/16", EnableDnsSupport=True, EnableDnsHostnames=True, Tags=TAGS
        ),
        "Gateway": _resource("EC2::InternetGateway", Tags=TAGS),
        "Attachment": _resource("EC2::VPCGatewayAttachment", VpcId=ref("Vpc"), InternetGatewayId=ref("Gateway")),
        "Address": _resource("EC2::EIP", "Attachment", Domain="vpc", Tags=TAGS),
        "Nat": _resource(
            "EC2::NatGateway",
            "Attachment",
            SubnetId=ref("PublicA"),
            AllocationId=attribute("Address", "AllocationId"),
            Tags=TAGS,
        ),
        "PublicTable": _resource("EC2::RouteTable", VpcId=ref("Vpc"), Tags=TAGS),
        "PrivateTable": _resource("EC2::RouteTable", VpcId=ref("Vpc"), Tags=TAGS),
        "PublicRoute": _resource(
            "EC2::Route",
            "Attachment",
            RouteTableId=ref("PublicTable"),
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=ref("Gateway"),
        ),
        "PrivateRoute": _resource(
            "EC2::Route",
            RouteTableId=ref("PrivateTable"),
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId=ref("Nat"),
        ),
        "Buckets": _resource(
            "EC2::VPCEndpoint",
            VpcId=ref("Vpc"),
            ServiceName={"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
            VpcEndpointType="Gateway",
            RouteTableIds=[ref("PrivateTable")],
        ),
    }
    for number, (side, zone) in enumerate((side, zone) for side in ("Public", "Private") for zone in "AB"):
        found[f"{side}{zone}"] = _resource(
            "EC2::Subnet",
            VpcId=ref("Vpc"),
            CidrBlock=f"10.0.{number}.0/24",
            AvailabilityZone={"Fn::Select": ["AB".index(zone), {"Fn::GetAZs": ""}]},
            Tags=TAGS,
        )
        found[f"{side}{zone}Association"] = _resource(
            "EC2::SubnetRouteTableAssociation", SubnetId=ref(f"{side}{zone}"), RouteTableId=ref(f"{side}Table")
        )
    return found


def watched() -> dict[str, Any]:
    """Give where the network and the tasks write."""
    return {
        "Logs": _resource("Logs::LogGroup", RetentionInDays=30),
        "FlowRole": _resource(
            "IAM::Role",
            AssumeRolePolicyDocument=trust("vpc-flow-logs.amazonaws.com"),
            Policies=[
                {
                    "PolicyName": "write",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [allow("logs:CreateLogStream", "logs:PutLogEvents")],
                    },
                }
            ],
        ),
        "Flow": _resource(
            "EC2::FlowLog",
            ResourceId=ref("Vpc"),
            ResourceType="VPC",
            TrafficType="ALL",
            LogGroupName=ref("Logs"),
            DeliverLogsPermissionArn=attribute("FlowRole", "Arn"),
            MaxAggregationInterval=60,
        ),
    }


def door() -> dict[str, Any]:
    return {
        "DoorGroup": _resource(
            "EC2::SecurityGroup",
            GroupDescription="of the load balancer",
            VpcId=ref("Vpc"),
            SecurityGroupIngress=[
                {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0", "Description": "web"}
            ],
            Tags=TAGS,
        ),
        "TaskGroup": _resource(
            "EC2::SecurityGroup",
            GroupDescription="of the tasks",
            VpcId=ref("Vpc"),
            SecurityGroupEgress=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}],
        ),
        "In": _resource(
            "EC2::SecurityGroupIngress",
            GroupId=ref("TaskGroup"),
            IpProtocol="tcp",
            FromPort=8080,
            ToPort=8080,
            SourceSecurityGroupId=ref("DoorGroup"),
            Description="from the load balancer",
        ),
        "Out": _resource(
            "EC2::SecurityGroupEgress",
            GroupId=ref("TaskGroup"),
            IpProtocol="tcp",
            FromPort=5432,
            ToPort=5432,
            CidrIp="10.0.0.0/16",
            Description="to the database",
        ),
        "Balancer": _resource(
            "ElasticLoadBalancingV2::LoadBalancer",
            "Attachment",
            Type="application",
            Scheme="internet-facing",
            Subnets=[ref("PublicA"), ref("PublicB")],
            SecurityGroups=[ref("DoorGroup")],
            LoadBalancerAttributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "75"}],
        ),
        "Targets": _resource(
            "ElasticLoadBalancingV2::TargetGroup",
            VpcId=ref("Vpc"),
            Port=8080,
            Protocol="HTTP",
            TargetType="ip",
            HealthCheckPath="/healthz",
            HealthCheckIntervalSeconds=15,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=3,
            Matcher={"HttpCode": "200-299"},
            TargetGroupAttributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
        ),
        "Listener": _resource(
            "ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=ref("Balancer"),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        ),
        "Rule": _resource(
            "ElasticLoadBalancingV2::ListenerRule",
            ListenerArn=ref("Listener"),
            Priority=10,
            Conditions=[{"Field": "path-pattern", "Values": ["/api/*"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": ref("Targets")}],
        ),
    }


def service(image: str, count: int) -> dict[str, Any]:
    options = {
        "awslogs-group": ref("Logs"),
        "awslogs-region": ref("AWS::Region"),
        "awslogs-stream-prefix": "app",
    }
    container = {
        "Name": "app",
        "Image": image,
        "Essential": True,
        "PortMappings": [{"ContainerPort": 8080, "Protocol": "tcp"}],
        "Environment": [{"Name": "STAGE", "Value": ref("Stage")}],
        "Secrets": [{"Name": "PASSWORD", "ValueFrom": ref("Password")}],
        "LogConfiguration": {"LogDriver": "awslogs", "Options": options},
        "ReadonlyRootFilesystem": True,
    }
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            allow("logs:CreateLogStream", "logs:PutLogEvents", resource=attribute("Logs", "Arn")),
            allow("secretsmanager:GetSecretValue", resource=ref("Password")),
        ],
    }
    network = {
        "Subnets": [ref("PrivateA"), ref("PrivateB")],
        "SecurityGroups": [ref("TaskGroup")],
        "AssignPublicIp": "DISABLED",
    }
    secret = {"SecretStringTemplate": '{"username": "app"}', "GenerateStringKey": "password", "PasswordLength": 40}
    records = {"DnsRecords": [{"Type": "A", "TTL": 10}], "RoutingPolicy": "MULTIVALUE"}
    return {
        "Main": _resource(
            "ECS::Cluster", ClusterSettings=[{"Name": "containerInsights", "Value": "enabled"}], Tags=TAGS
        ),
        "Capacity": _resource(
            "ECS::ClusterCapacityProviderAssociations",
            Cluster=ref("Main"),
            CapacityProviders=["FARGATE", "FARGATE_SPOT"],
            DefaultCapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Weight": 1}],
        ),
        "Password": _resource(
            "SecretsManager::Secret", Description="of the database", GenerateSecretString=secret, Tags=TAGS
        ),
        "Stage": _resource("SSM::Parameter", Type="String", Value="prod"),
        "StartPolicy": _resource("IAM::ManagedPolicy", PolicyDocument=policy),
        "StartRole": _resource(
            "IAM::Role",
            AssumeRolePolicyDocument=trust("ecs-tasks.amazonaws.com"),
            ManagedPolicyArns=[ref("StartPolicy")],
            Tags=TAGS,
        ),
        "Task": _resource(
            "ECS::TaskDefinition",
            Family={"Fn::Sub": "${AWS::StackName}-app"},
            Cpu="256",
            Memory="512",
            NetworkMode="awsvpc",
            RequiresCompatibilities=["FARGATE"],
            RuntimePlatform={"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"},
            ExecutionRoleArn=attribute("StartRole", "Arn"),
            ContainerDefinitions=[container],
        ),
        "Names": _resource("ServiceDiscovery::PrivateDnsNamespace", Name="shop.local", Vpc=ref("Vpc")),
        "Name": _resource(
            "ServiceDiscovery::Service",
            Name="app",
            DnsConfig={**records, "NamespaceId": ref("Names")},
            HealthCheckCustomConfig={"FailureThreshold": 1},
        ),
        "Web": _resource(
            "ECS::Service",
            ["Rule", "PrivateRoute", "PrivateAAssociation", "PrivateBAssociation", "In", "Capacity"],
            Cluster=ref("Main"),
            TaskDefinition=ref("Task"),
            DesiredCount=count,
            CapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Weight": 1, "Base": 1}],
            NetworkConfiguration={"AwsvpcConfiguration": network},
            LoadBalancers=[{"ContainerName": "app", "ContainerPort": 8080, "TargetGroupArn": ref("Targets")}],
            ServiceRegistries=[{"RegistryArn": attribute("Name", "Arn")}],
            HealthCheckGracePeriodSeconds=60,
            DeploymentConfiguration={
                "MaximumPercent": 200,
                "MinimumHealthyPercent": 100,
                "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
            },
            EnableExecuteCommand=False,
        ),
    }


def scaled_and_watched(threshold: int) -> dict[str, Any]:
    return {
        "Bounds": _resource(
            "ApplicationAutoScaling::ScalableTarget",
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId={"Fn::Sub": "service/${Main}/${Web.Name}"},
            MinCapacity=2,
            MaxCapacity=10,
        ),
        "Scaling": _resource(
            "ApplicationAutoScaling::ScalingPolicy",
            PolicyName="cpu",
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=ref("Bounds"),
            TargetTrackingScalingPolicyConfiguration={
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
                "TargetValue": 60.0,
            },
        ),
        "Topic": _resource("SNS::Topic", DisplayName="alarms", Tags=TAGS),
        "Errors": _resource(
            "CloudWatch::Alarm",
            AlarmDescription="the service answers with errors",
            Namespace="AWS/ApplicationELB",
            MetricName="HTTPCode_Target_5XX_Count",
            Dimensions=[{"Name": "LoadBalancer", "Value": attribute("Balancer", "LoadBalancerFullName")}],
            Statistic="Sum",
            ComparisonOperator="GreaterThanThreshold",
            Threshold=threshold,
            Period=60,
            EvaluationPeriods=3,
            TreatMissingData="notBreaching",
        ),
        "Trouble": _resource(
            "CloudWatch::CompositeAlarm",
            AlarmName={"Fn::Sub": "${AWS::StackName}-trouble"},
            AlarmRule={"Fn::Sub": "ALARM(${Errors})"},
            AlarmActions=[ref("Topic")],
        ),
    }


def whole(image: str = "example/app:1", count: int = 2, threshold: int = 10) -> dict[str, Any]:
    """Give the template."""
    parts = (network(), watched(), door(), service(image, count), scaled_and_watched(threshold))
    return copy.deepcopy({"Resources": {name: one for part in parts for name, one in part.items()}})


TYPES = frozenset(one["Type"] for one in whole()["Resources"].values())
