"""Sixty-five mistakes in templates for Fargate, each one change of a sound template, and the code that reports it.

A change is a path from a logical id into its properties; None takes a property away, `DependsOn` is the resource's own.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.checks.truth.forms import made, ref


class Mistake(NamedTuple):
    what: str
    code: str
    change: Mapping[str, Any]


LOGS = {
    "LogDriver": "awslogs",
    "Options": {
        "awslogs-group": ref("Log"),
        "awslogs-region": ref("AWS::Region"),
        "awslogs-stream-prefix": "app",
    },
}
ROLE = "arn:aws:iam::123456789012:role/ecs"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
ADVANCED = {
    "AlternateTargetGroupArn": ref("Green"),
    "ProductionListenerRule": ref("GreenRule"),
    "RoleArn": ROLE,
}


def sound() -> dict[str, Any]:
    """Give the resources that are changed: a web service with a sidecar, its door, its scaling, and what it stores."""
    network = {"AwsvpcConfiguration": {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroups": ["sg-1"]}}
    return {
        "Main": made("ECS::Cluster", CapacityProviders=["FARGATE", "FARGATE_SPOT"]),
        "Log": made("Logs::LogGroup", RetentionInDays=30),
        "Task": made(
            "ECS::TaskDefinition",
            Family="shop",
            RequiresCompatibilities=["FARGATE"],
            NetworkMode="awsvpc",
            Cpu="512",
            Memory="1024",
            ExecutionRoleArn=ROLE,
            TaskRoleArn=ROLE,
            EphemeralStorage={"SizeInGiB": 30},
            Volumes=[
                {"Name": "scratch"},
                {
                    "Name": "files",
                    "EFSVolumeConfiguration": {
                        "FilesystemId": "fs-1",
                        "TransitEncryption": "ENABLED",
                        "AuthorizationConfig": {"IAM": "ENABLED"},
                    },
                },
            ],
            ContainerDefinitions=[
                {
                    "Name": "app",
                    "Image": "public.ecr.aws/nginx/nginx:1.29",
                    "Essential": True,
                    "Memory": 512,
                    "Cpu": 256,
                    "PortMappings": [{"ContainerPort": 80, "Name": "http"}],
                    "DependsOn": [{"ContainerName": "side", "Condition": "HEALTHY"}],
                    "MountPoints": [{"SourceVolume": "scratch", "ContainerPath": "/data"}],
                    "LogConfiguration": LOGS,
                    "StopTimeout": 60,
                },
                {
                    "Name": "side",
                    "Image": "public.ecr.aws/nginx/nginx:1.29",
                    "Essential": True,
                    "HealthCheck": {"Command": ["CMD-SHELL", "true"]},
                    "LogConfiguration": LOGS,
                },
            ],
        ),
        "Web": made(
            "ECS::Service",
            depends="Rule",
            Cluster=ref("Main"),
            TaskDefinition=ref("Task"),
            DesiredCount=2,
            CapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Weight": 1}],
            PlatformVersion="LATEST",
            NetworkConfiguration=network,
            HealthCheckGracePeriodSeconds=60,
            EnableExecuteCommand=True,
            DeploymentConfiguration={
                "MinimumHealthyPercent": 100,
                "MaximumPercent": 200,
                "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
            },
            ServiceConnectConfiguration={
                "Enabled": True,
                "Namespace": "shop",
                "Services": [{"PortName": "http", "ClientAliases": [{"Port": 80}]}],
            },
            LoadBalancers=[{"ContainerName": "app", "ContainerPort": 80, "TargetGroupArn": ref("Group")}],
        ),
        "Worker": made(
            "ECS::Service",
            Cluster=ref("Main"),
            TaskDefinition=ref("Task"),
            CapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Weight": 1}],
            NetworkConfiguration=network,
            DeploymentConfiguration={"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}},
        ),
        "Target": made(
            "ApplicationAutoScaling::ScalableTarget",
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId={"Fn::Sub": "service/${Main}/${Worker.Name}"},
            MinCapacity=1,
            MaxCapacity=4,
        ),
        "Green": made("ElasticLoadBalancingV2::TargetGroup", TargetType="ip", Protocol="HTTP", Port=80, VpcId="vpc-1"),
        "Canary": made(
            "ECS::Service",
            depends=["GreenRule"],
            Cluster=ref("Main"),
            TaskDefinition=ref("Task"),
            DesiredCount=1,
            CapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Weight": 1}],
            NetworkConfiguration=network,
            HealthCheckGracePeriodSeconds=60,
            DeploymentConfiguration={
                "Strategy": "CANARY",
                "CanaryConfiguration": {"CanaryPercent": 10, "CanaryBakeTimeInMinutes": 5},
                "LifecycleHooks": [{"TargetType": "PAUSE", "LifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}],
            },
            LoadBalancers=[
                {
                    "ContainerName": "app",
                    "ContainerPort": 80,
                    "TargetGroupArn": ref("Blue"),
                    "AdvancedConfiguration": ADVANCED,
                }
            ],
        ),
        "Blue": made("ElasticLoadBalancingV2::TargetGroup", TargetType="ip", Protocol="HTTP", Port=80, VpcId="vpc-1"),
        "BlueWeight": made("SSM::Parameter", Type="String", Value="stands for a parameter of the template"),
        "GreenRule": rule(
            2,
            "/canary/*",
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": ref("Blue"), "Weight": ref("BlueWeight")},
                        {"TargetGroupArn": ref("Green"), "Weight": ref("GreenWeight")},
                    ]
                },
            },
        ),
        "GreenWeight": made("SSM::Parameter", Type="String", Value="stands for a parameter of the template"),
        "Group": made(
            "ElasticLoadBalancingV2::TargetGroup",
            TargetType="ip",
            Protocol="HTTP",
            Port=80,
            VpcId="vpc-1",
            TargetGroupAttributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
        ),
        "Edge": made(
            "ElasticLoadBalancingV2::LoadBalancer",
            Type="application",
            Scheme="internal",
            Subnets=["subnet-1", "subnet-2"],
            LoadBalancerAttributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "60"}],
        ),
        "Listener": made(
            "ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=ref("Edge"),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        ),
        "Rule": rule(1, "/shop/*", {"Type": "forward", "TargetGroupArn": ref("Group")}),
    }


def rule(priority: int, path: str, action: Mapping[str, Any]) -> dict[str, Any]:
    return made(
        "ElasticLoadBalancingV2::ListenerRule",
        ListenerArn=ref("Listener"),
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}],
        Actions=[action],
    )


_APP, _SIDE = "Task.ContainerDefinitions.0", "Task.ContainerDefinitions.1"
_HOW, _HOOK = "Canary.DeploymentConfiguration", "Canary.DeploymentConfiguration.LifecycleHooks.0"
_SHIFTED = "Canary.LoadBalancers.0.AdvancedConfiguration"
_WINDOWS = {
    "Task.RuntimePlatform": {"OperatingSystemFamily": "WINDOWS_SERVER_2022_CORE", "CpuArchitecture": "X86_64"},
    "Task.EphemeralStorage": None,
    "Task.Volumes": None,
    f"{_APP}.MountPoints": None,
}
MISTAKES = [
    Mistake("a container's memory is above the task's", "FS204", {f"{_APP}.Memory": 2048}),
    Mistake(
        "containers reserve more memory than the task has",
        "FS204",
        {f"{_APP}.Memory": None, f"{_APP}.MemoryReservation": 600, f"{_SIDE}.MemoryReservation": 600},
    ),
    Mistake("containers ask for more CPU than the task has", "FS205", {f"{_SIDE}.Cpu": 512}),
    Mistake("ephemeral storage of 20 GiB", "FS206", {"Task.EphemeralStorage.SizeInGiB": 20}),
    Mistake("ephemeral storage of 201 GiB", "FS206", {"Task.EphemeralStorage.SizeInGiB": 201}),
    Mistake("a stop timeout of 121 seconds", "FS243", {f"{_APP}.StopTimeout": 121}),
    Mistake("a start timeout of 121 seconds", "FS243", {f"{_APP}.StartTimeout": 121}),
    Mistake("a privileged container", "FS240", {f"{_APP}.Privileged": True}),
    Mistake(
        "a capability beyond SYS_PTRACE", "FS241", {f"{_APP}.LinuxParameters": {"Capabilities": {"Add": ["NET_ADMIN"]}}}
    ),
    Mistake("the host's process ids", "FS207", {"Task.PidMode": "host"}),
    Mistake("the host's inter-process communication", "FS207", {"Task.IpcMode": "host"}),
    Mistake("a task that chooses its instance", "FS207", {"Task.PlacementConstraints": [{"Type": "memberOf"}]}),
    Mistake("links", "FS242", {f"{_APP}.Links": ["side"]}),
    Mistake("extra hosts", "FS242", {f"{_APP}.ExtraHosts": [{"Hostname": "db", "IpAddress": "10.0.0.9"}]}),
    Mistake("DNS servers", "FS242", {f"{_APP}.DnsServers": ["10.0.0.2"]}),
    Mistake("DNS search domains", "FS242", {f"{_APP}.DnsSearchDomains": ["example.com"]}),
    Mistake("security options of Docker", "FS242", {f"{_APP}.DockerSecurityOptions": ["no-new-privileges"]}),
    Mistake("a container without network", "FS242", {f"{_APP}.DisableNetworking": True}),
    Mistake("a host name", "FS242", {f"{_APP}.Hostname": "web"}),
    Mistake("devices", "FS242", {f"{_APP}.LinuxParameters": {"Devices": [{"HostPath": "/dev/fuse"}]}}),
    Mistake("the size of /dev/shm", "FS242", {f"{_APP}.LinuxParameters": {"SharedMemorySize": 64}}),
    Mistake("swap", "FS242", {f"{_APP}.LinuxParameters": {"MaxSwap": 64}}),
    Mistake("a placement strategy", "FS301", {"Web.PlacementStrategies": [{"Type": "spread", "Field": "instanceId"}]}),
    Mistake("a placement constraint", "FS301", {"Web.PlacementConstraints": [{"Type": "distinctInstance"}]}),
    Mistake(
        "a directory of the host", "FS209", {"Task.Volumes.0": {"Name": "scratch", "Host": {"SourcePath": "/var"}}}
    ),
    Mistake("a mount of a volume that is not there", "FS210", {f"{_APP}.MountPoints.0.SourceVolume": "scrach"}),
    Mistake("waiting for a container that is not there", "FS211", {f"{_APP}.DependsOn.0.ContainerName": "sied"}),
    Mistake("waiting for health without a health check", "FS212", {f"{_SIDE}.HealthCheck": None}),
    Mistake("waiting for the end of an essential container", "FS213", {f"{_APP}.DependsOn.0.Condition": "COMPLETE"}),
    Mistake(
        "containers that wait for each other",
        "FS214",
        {f"{_SIDE}.DependsOn": [{"ContainerName": "app", "Condition": "START"}]},
    ),
    Mistake("a load balancer to a container that is not there", "FS112", {"Web.LoadBalancers.0.ContainerName": "web"}),
    Mistake("a load balancer to a port that is not mapped", "FS112", {"Web.LoadBalancers.0.ContainerPort": 8080}),
    Mistake(
        "Service Connect to a port name that is not there",
        "FS308",
        {"Web.ServiceConnectConfiguration.Services.0.PortName": "https"},
    ),
    Mistake("Service Connect without a namespace", "FS309", {"Web.ServiceConnectConfiguration.Namespace": None}),
    Mistake("targets that are instances", "FS401", {"Group.TargetType": "instance"}),
    Mistake(
        "a target group behind no listener",
        "FS402",
        {"Rule.Actions.0": {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}},
    ),
    Mistake("a service that does not wait for its listener", "FS403", {"Web.DependsOn": None}),
    Mistake("a launch type beside a strategy", "FS110", {"Web.LaunchType": "FARGATE"}),
    Mistake(
        "Spot on a cluster that lacks it",
        "FS340",
        {
            "Main.CapacityProviders": ["FARGATE"],
            "Web.CapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}],
        },
    ),
    Mistake(
        "awslogs without a stream prefix", "FS114", {f"{_APP}.LogConfiguration.Options.awslogs-stream-prefix": None}
    ),
    Mistake("logs without an execution role", "FS113", {"Task.ExecutionRoleArn": None}),
    Mistake(
        "secrets without an execution role",
        "FS113",
        {
            "Task.ExecutionRoleArn": None,
            f"{_APP}.LogConfiguration": None,
            f"{_SIDE}.LogConfiguration": None,
            f"{_APP}.Secrets": [{"Name": "DB", "ValueFrom": SECRET}],
        },
    ),
    Mistake("blue/green with one target group", "FS330", {_SHIFTED: None}),
    Mistake(
        "blue/green with a circuit breaker",
        "FS331",
        {f"{_HOW}.DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}},
    ),
    Mistake(
        "linear settings of a canary",
        "FS332",
        {f"{_HOW}.LinearConfiguration": {"StepPercent": 10, "StepBakeTimeInMinutes": 1}},
    ),
    Mistake("a bake time of a rolling deployment", "FS332", {"Web.DeploymentConfiguration.BakeTimeInMinutes": 5}),
    Mistake("a pause while traffic shifts", "FS333", {f"{_HOOK}.LifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"]}),
    Mistake("a hook without a function", "FS334", {f"{_HOOK}.TargetType": None, f"{_HOOK}.RoleArn": ROLE}),
    Mistake(
        "early success below what must be healthy",
        "FS335",
        {"Web.DeploymentConfiguration.EarlySuccessCriteria": {"Enable": True, "HealthyPercent": 50}},
    ),
    Mistake("no room to replace a task", "FS111", {"Web.DeploymentConfiguration.MaximumPercent": 100}),
    Mistake(
        "an EBS volume that is not configured at launch",
        "FS312",
        {"Worker.VolumeConfigurations": [{"Name": "disk", "ManagedEBSVolume": {"RoleArn": ROLE, "SizeInGiB": 10}}]},
    ),
    Mistake("a platform version that does not exist", "FS305", {"Web.PlatformVersion": "1.5.0"}),
    Mistake("a size that Windows does not have", "FS202", _WINDOWS),
    Mistake(
        "a user on Windows", "FS203", {**_WINDOWS, "Task.Cpu": "1024", "Task.Memory": "2048", f"{_APP}.User": "1000"}
    ),
    Mistake("an attribute that load balancers lack", "FS420", {"Edge.LoadBalancerAttributes.0.Key": "idle_timeout"}),
    Mistake(
        "an attribute that target groups lack", "FS420", {"Group.TargetGroupAttributes.0.Key": "deregistration_delay"}
    ),
    Mistake("a value that load balancers refuse", "FS421", {"Edge.LoadBalancerAttributes.0.Value": "5000"}),
    Mistake("a value that target groups refuse", "FS421", {"Group.TargetGroupAttributes.0.Value": "3601"}),
    Mistake("two rules of one priority", "FS106", {"Rule.Priority": 2}),
    Mistake("a priority out of range", "FS404", {"Rule.Priority": 50_001}),
    Mistake("at least more than at most", "FS501", {"Target.MinCapacity": 5}),
    Mistake("a count beside scaling", "FS105", {"Worker.DesiredCount": 2}),
    Mistake("a container's name with a dot", "FS244", {f"{_SIDE}.Name": "side.car", f"{_APP}.DependsOn": None}),
    Mistake("no image", "FS245", {f"{_SIDE}.Image": ""}),
    Mistake("ECS Exec without a task role", "FS317", {"Task.TaskRoleArn": None}),
]


def changed(change: Mapping[str, Any]) -> dict[str, Any]:
    """Give the sound resources with a mistake in them."""
    resources = copy.deepcopy(sound())
    for path, value in change.items():
        logical_id, *steps = path.split(".", 1)[0], *_steps(path.split(".", 1)[1])
        place: Any = resources[logical_id] if steps == ["DependsOn"] else resources[logical_id]["Properties"]
        for step in steps[:-1]:
            place = place[int(step) if isinstance(place, list) else step]
        last = int(steps[-1]) if isinstance(place, list) else steps[-1]
        if value is None:
            del place[last]
        else:
            place[last] = copy.deepcopy(value)
    return resources


def _steps(path: str) -> list[str]:
    return path.split(".")
