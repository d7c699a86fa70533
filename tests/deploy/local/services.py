"""Templates of a cluster with a service, as small as they can be."""

from __future__ import annotations

from typing import Any

CONTAINER: dict[str, Any] = {
    "Name": "app",
    "Image": "example/app:1",
    "Essential": True,
    "PortMappings": [{"ContainerPort": 80, "Name": "http"}],
    "HealthCheck": {"Command": ["CMD", "/ok"], "Interval": 30, "Retries": 3, "StartPeriod": 10, "Timeout": 5},
    "Secrets": [{"Name": "TOKEN", "ValueFrom": "arn:aws:ssm:us-east-1:000000000000:parameter/token"}],
    "Environment": [{"Name": "COLOUR", "Value": "red"}],
    "DockerLabels": {"Team": "Shop"},
    "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "g", "mode": "non-blocking"}},
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
                    "Subnets": ["subnet-1"],
                    "SecurityGroups": ["sg-1"],
                    "AssignPublicIp": "DISABLED",
                }
            },
            **props,
        },
    }


def platform(task: dict[str, Any] | None = None, **props: Any) -> dict[str, Any]:
    """Give a template with cluster, definition and service."""
    return {
        "Resources": {
            "Main": {
                "Type": "AWS::ECS::Cluster",
                "Properties": {"CapacityProviders": ["FARGATE", "FARGATE_SPOT"]},
            },
            "Task": task or definition(),
            "Web": service(**props),
        }
    }
