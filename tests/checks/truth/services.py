"""FS3xx: what ECS refuses of a service and of its deployments."""

from __future__ import annotations

from typing import Any

from tests.checks.truth.forms import (
    Case,
    Resources,
    Truth,
    attribute,
    balanced,
    group,
    listener,
    made,
    mapped,
    ref,
    service,
    task,
    truth,
)  # fmt: skip

ROLE = "arn:aws:iam::123456789012:role/ecs"
BLUE_GREEN = {"Strategy": "BLUE_GREEN"}
PAUSE = {"TargetType": "PAUSE", "LifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}
SPOT = [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]
SHIFTED = {
    "AdvancedConfiguration": {
        "AlternateTargetGroupArn": ref("Green"),
        "ProductionListenerRule": ref("Rule"),
        "RoleArn": ROLE,
    }
}


def web(*containers: Any, depends: Any = None, **properties: Any) -> Resources:
    return {"Task": task(*containers), "Web": service(depends=depends, **properties)}


def deploys(**settings: Any) -> Resources:
    return web(DeploymentConfiguration=settings)


def with_task(body: dict[str, Any], **properties: Any) -> Resources:
    return {"Task": body, "Web": service(**properties)}


def clustered(cluster: dict[str, Any], *, depends: Any = None, **properties: Any) -> Resources:
    return {"Main": made("ECS::Cluster", **cluster), **web(depends=depends, Cluster=ref("Main"), **properties)}


def shifting(weights: Any) -> Resources:
    """Give a blue/green service whose listener rule has these weights."""
    pair = [{"TargetGroupArn": ref(name), "Weight": one} for name, one in zip(("Group", "Green"), weights, strict=True)]
    return {
        **web(
            mapped(), depends=None, DeploymentConfiguration=BLUE_GREEN,
            LoadBalancers=balanced(**SHIFTED), HealthCheckGracePeriodSeconds=60,
        ),
        "Group": group(),
        "Green": group(),
        "Rule": made(
            "ElasticLoadBalancingV2::ListenerRule",
            ListenerArn="arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/door/1/2",
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": pair}}],
        ),
    }  # fmt: skip


CONNECT = {"Enabled": True, "Namespace": "shop", "Services": [{"PortName": "http"}]}
NOWHERE = {"Enabled": True, "Services": [{"PortName": "http"}]}
NAMED = mapped(Name="http")
EBS = {"Name": "data", "ManagedEBSVolume": {"RoleArn": ROLE, "SizeInGiB": 20}}

TABLE: dict[str, Truth] = {
    "FS301": truth(
        web(PlacementStrategies=[{"Type": "spread", "Field": "attribute:ecs.availability-zone"}]),
        "Web: PlacementStrategies is refused on Fargate, which has no instances to choose from; leave it out",
        good=web(),
        also=[
            Case(
                web(PlacementConstraints=[{"Type": "distinctInstance"}]),
                [
                    "Web: PlacementConstraints is refused on Fargate, which has no instances to choose from; "
                    "leave it out"
                ],
            )
        ],
        passes=[web(LaunchType="EC2", PlacementStrategies=[{"Type": "random"}])],
    ),
    "FS302": truth(
        web(SchedulingStrategy="DAEMON"),
        "Web: SchedulingStrategy DAEMON is refused on Fargate; use REPLICA",
        good=web(SchedulingStrategy="REPLICA"),
    ),
    "FS303": truth(
        web(NetworkConfiguration=None),
        "Web: there are no subnets under NetworkConfiguration.AwsvpcConfiguration; give NetworkConfiguration",
        good=web(),
        passes=[web(NetworkConfiguration={"AwsvpcConfiguration": {"Subnets": ref("Subnets")}})],
    ),
    "FS304": truth(
        with_task(task(RequiresCompatibilities=["EC2"])),
        "Web: Task is registered for EC2, and the service runs it on Fargate; add FARGATE to its "
        "RequiresCompatibilities",
        good=web(),
    ),
    "FS305": truth(
        web(PlatformVersion="1.5.0"),
        "Web: PlatformVersion 1.5.0 does not exist; there are LATEST, 1.4.0, 1.3.0, 1.2.0, 1.1.0, 1.0.0; "
        "leave it out for LATEST",
        good=web(PlatformVersion="LATEST"),
        passes=[web(PlatformVersion="1.4.0"), web(PlatformVersion=ref("Version"))],
    ),
    "FS306": truth(
        web(HealthCheckGracePeriodSeconds=60),
        "Web: HealthCheckGracePeriodSeconds 60 is for load-balancer checks; there are none; leave it out",
        good=web(),
        passes=[web(HealthCheckGracePeriodSeconds=60, LoadBalancers={"Fn::If": ["Public", ["some"], []]})],
    ),
    "FS307": truth(
        web(mapped(), LoadBalancers=balanced(TargetGroupArn="arn")),
        "Web: tasks that fail the load balancer's checks while they start are killed, over and over; "
        "give HealthCheckGracePeriodSeconds",
        good=web(mapped(), LoadBalancers=balanced(TargetGroupArn="arn"), HealthCheckGracePeriodSeconds=60),
    ),
    "FS308": truth(
        web(mapped(Name="web"), ServiceConnectConfiguration=CONNECT),
        "Web: the Service Connect port http is not mapped by the task, which has web; name a port mapping so",
        good=web(NAMED, ServiceConnectConfiguration=CONNECT),
        also=[
            Case(
                web(mapped(), GatewayConnectors=[{"PortName": "http"}]),
                [
                    "Web: the gateway port http is not mapped by the task, which has none with a name; "
                    "name a port mapping so"
                ],
            )
        ],
        passes=[web(mapped(Name=ref("Port")), ServiceConnectConfiguration=CONNECT)],
    ),
    "FS309": truth(
        {"Main": made("ECS::Cluster"), **web(NAMED, Cluster=ref("Main"), ServiceConnectConfiguration=NOWHERE)},
        "Web: Service Connect is on without a Namespace, and Main has no default; give Namespace",
        good={
            "Main": made("ECS::Cluster"),
            **web(NAMED, Cluster=ref("Main"), ServiceConnectConfiguration=CONNECT),
        },
        passes=[web(NAMED, Cluster="main", ServiceConnectConfiguration=NOWHERE)],
    ),
    "FS310": truth(
        web(NAMED, ServiceConnectConfiguration={**CONNECT, "AccessLogConfiguration": {"Format": "JSON"}}),
        "Web: AccessLogConfiguration needs a LogConfiguration beside it; give LogConfiguration",
        good=web(
            NAMED,
            ServiceConnectConfiguration={
                **CONNECT,
                "AccessLogConfiguration": {"Format": "JSON"},
                "LogConfiguration": {"LogDriver": "awslogs"},
            },
        ),
    ),
    "FS311": truth(
        web(
            AvailabilityZoneRebalancing="ENABLED",
            DeploymentConfiguration={"MinimumHealthyPercent": 0, "MaximumPercent": 100},
        ),
        "Web: AvailabilityZoneRebalancing needs MaximumPercent above 100, got 100; "
        "raise MaximumPercent, or give DISABLED",
        good=web(
            AvailabilityZoneRebalancing="DISABLED",
            DeploymentConfiguration={"MinimumHealthyPercent": 0, "MaximumPercent": 100},
        ),
    ),
    "FS312": truth(
        with_task(task(Volumes=[{"Name": "data"}]), VolumeConfigurations=[EBS]),
        "Web: VolumeConfigurations names data, which has no ConfiguredAtLaunch: true; give the same name on both sides",
        good=with_task(task(Volumes=[{"Name": "data", "ConfiguredAtLaunch": True}]), VolumeConfigurations=[EBS]),
        also=[
            Case(
                with_task(task(Volumes=[{"Name": "files", "ConfiguredAtLaunch": True}]), VolumeConfigurations=[EBS]),
                [
                    "Web: VolumeConfigurations names data, which is not a volume of the task; "
                    "give the same name on both sides",
                    "Web: the task's volume files is configured at launch, and the service does not do so; "
                    "give the same name on both sides",
                ],
            )
        ],
    ),
    "FS317": truth(
        web(EnableExecuteCommand=True),
        "Web: ECS Exec is on, and Task has no TaskRoleArn to open its channels with; "
        "give the task definition a TaskRoleArn",
        good=with_task(task(TaskRoleArn=ROLE), EnableExecuteCommand=True),
    ),
}


def behind(depends: Any = None, **properties: Any) -> Resources:
    """Give a service behind `Group`, which `Listener` forwards to."""
    return {
        **web(mapped(), depends=depends, LoadBalancers=balanced(), HealthCheckGracePeriodSeconds=60),
        "Group": group(**properties),
        "Listener": listener(),
    }


def scaled(resource_id: Any = None, **properties: Any) -> Resources:
    """Give a service with a scaling target."""
    return {
        **web(),
        "Target": made(
            "ApplicationAutoScaling::ScalableTarget",
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=resource_id or {"Fn::Join": ["/", ["service", "main", attribute("Web", "Name")]]},
            **{"MinCapacity": 1, "MaxCapacity": 4, **properties},
        ),
    }
