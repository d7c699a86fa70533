"""Templates of a cluster with a service, as small as they can be while its tasks start: a network that leads out,
a log group, a parameter, and a role that may use them.
"""

from __future__ import annotations

from typing import Any

CONTAINER: dict[str, Any] = {
    "Name": "app",
    "Image": "example/app:1",
    "Essential": True,
    "PortMappings": [{"ContainerPort": 80, "Name": "http"}],
    "HealthCheck": {"Command": ["CMD", "/ok"], "Interval": 30, "Retries": 3, "StartPeriod": 10, "Timeout": 5},
    "Secrets": [{"Name": "TOKEN", "ValueFrom": {"Ref": "Token"}}],
    "Environment": [{"Name": "COLOUR", "Value": "red"}],
    "DockerLabels": {"Team": "Shop"},
    "LogConfiguration": {
        "LogDriver": "awslogs",
        "Options": {"awslogs-group": {"Ref": "Log"}, "awslogs-stream-prefix": "app"},
    },
    "LinuxParameters": {"Capabilities": {"Drop": ["ALL"]}, "InitProcessEnabled": True},
    "ReadonlyRootFilesystem": "true",
    "User": "1000",
}


def definition(container: dict[str, Any] | None = None, **props: Any) -> dict[str, Any]:
    """Give a task definition."""
    return {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "Family": "web",
            "Cpu": "256",
            "Memory": "512",
            "NetworkMode": "awsvpc",
            "RequiresCompatibilities": ["FARGATE"],
            "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "RuntimePlatform": {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
            "ContainerDefinitions": [{**CONTAINER, **(container or {})}],
            **props,
        },
    }


def service(**props: Any) -> dict[str, Any]:
    """Give a service of the cluster `Main` with the definition `Task`."""
    return {
        "Type": "AWS::ECS::Service",
        "Properties": {
            "Cluster": {"Ref": "Main"},
            "TaskDefinition": {"Ref": "Task"},
            "DesiredCount": 1,
            "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE", "Weight": 1, "Base": 1}],
            "NetworkConfiguration": {
                "AwsvpcConfiguration": {
                    "Subnets": [{"Ref": "Subnet"}],
                    "SecurityGroups": [{"Ref": "Group"}],
                    "AssignPublicIp": "ENABLED",
                }
            },
            **props,
        },
    }


_ROUTE = {"RouteTableId": {"Ref": "Table"}, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Gateway"}}
_MAY = ["logs:CreateLogStream", "logs:PutLogEvents", "ssm:GetParameters"]

GROUND: dict[str, Any] = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Gateway": {"Type": "AWS::EC2::InternetGateway"},
    "Attachment": {
        "Type": "AWS::EC2::VPCGatewayAttachment",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Gateway"}},
    },
    "Table": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
    "Route": {"Type": "AWS::EC2::Route", "DependsOn": "Attachment", "Properties": _ROUTE},
    "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}},
    "Subnet2": {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-east-1b"},
    },
    "Association": {
        "Type": "AWS::EC2::SubnetRouteTableAssociation",
        "Properties": {"SubnetId": {"Ref": "Subnet"}, "RouteTableId": {"Ref": "Table"}},
    },
    "Group": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "of the tasks", "VpcId": {"Ref": "Vpc"}},
    },
    "Log": {"Type": "AWS::Logs::LogGroup"},
    "Token": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "sesame"}},
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ]
            },
            "Policies": [
                {
                    "PolicyName": "start",
                    "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": _MAY, "Resource": "*"}]},
                }
            ],
        },
    },
}


def platform(task: dict[str, Any] | None = None, **props: Any) -> dict[str, Any]:
    """Give a template with a network, a cluster, a definition and a service whose tasks start."""
    return {
        "Resources": {
            **GROUND,
            "Main": {
                "Type": "AWS::ECS::Cluster",
                "Properties": {"CapacityProviders": ["FARGATE", "FARGATE_SPOT"]},
            },
            "Task": task or definition(),
            "Web": {**service(**props), "DependsOn": ["Route", "Association"]},
        }
    }


def behind(port: int = 80, **group: Any) -> dict[str, Any]:
    """Give the resources of a load balancer whose listener forwards to the group `Targets`."""
    check = {"HealthCheckIntervalSeconds": 10, "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2}
    return {
        "Door": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "of the load balancer",
                "VpcId": {"Ref": "Vpc"},
                "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}],
            },
        },
        "In": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": {"Ref": "Group"},
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "SourceSecurityGroupId": {"Ref": "Door"},
            },
        },
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "DependsOn": "Attachment",
            "Properties": {
                "Subnets": [{"Ref": "Subnet"}, {"Ref": "Subnet2"}],
                "SecurityGroups": [{"Ref": "Door"}],
            },
        },
        "Targets": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "Port": port,
                "Protocol": "HTTP",
                "TargetType": "ip",
                "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
                **check,
                **group,
            },
        },
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "LoadBalancerArn": {"Ref": "Balancer"},
                "Port": 80,
                "Protocol": "HTTP",
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}],
            },
        },
    }


def balanced(task: dict[str, Any] | None = None, **props: Any) -> dict[str, Any]:
    """Give the platform with its service behind a load balancer."""
    balancer = {"ContainerName": "app", "ContainerPort": 80, "TargetGroupArn": {"Ref": "Targets"}}
    template = platform(task, LoadBalancers=[balancer], **props)
    template["Resources"] |= behind()
    template["Resources"]["Web"]["DependsOn"] += ["Listener", "In"]
    return template
