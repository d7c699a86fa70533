"""Run containers on AWS Fargate through CloudFormation.

The public names are imported when they are first used, so an `infra.py` pays for what it names and no more.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fargate_stacks.constructs.access import Access, ExistingRole, PortAccess, SecretValue, allow
    from fargate_stacks.constructs.archive import LogArchive
    from fargate_stacks.constructs.backlog import Backlog
    from fargate_stacks.constructs.capacity import OnDemand, Spot
    from fargate_stacks.constructs.cluster import Cluster, ExistingCluster
    from fargate_stacks.constructs.container import Container, EnvFile, HealthCheck, Restart
    from fargate_stacks.constructs.deployment import Deployment, Rolling
    from fargate_stacks.constructs.discovery import DnsNames
    from fargate_stacks.constructs.distribution import Distribution
    from fargate_stacks.constructs.dns import HostedZone
    from fargate_stacks.constructs.ebs import EbsVolume
    from fargate_stacks.constructs.egress import Egress
    from fargate_stacks.constructs.endpoint import Endpoint
    from fargate_stacks.constructs.exec_logs import ExecLogs
    from fargate_stacks.constructs.express import ExpressService
    from fargate_stacks.constructs.flow_logs import FlowLogs
    from fargate_stacks.constructs.gateway import Gateway
    from fargate_stacks.constructs.http_api import HttpApi
    from fargate_stacks.constructs.image import (
        BuiltImage,
        CachedImage,
        ExternalImage,
        Image,
        ImageSource,
        LockedImage,
        ParameterImage,
        SsmImage,
    )
    from fargate_stacks.constructs.ingress import LoadBalancer
    from fargate_stacks.constructs.ingress_existing import ExistingLoadBalancer
    from fargate_stacks.constructs.job import Job
    from fargate_stacks.constructs.key import Key
    from fargate_stacks.constructs.lattice import Lattice
    from fargate_stacks.constructs.log_drivers import FireLens, LogDriver, Splunk
    from fargate_stacks.constructs.login import Cognito, Oidc
    from fargate_stacks.constructs.metric import Metric, MetricMath
    from fargate_stacks.constructs.mutual_tls import MutualTls, TrustStore
    from fargate_stacks.constructs.nat_instance import NatInstance
    from fargate_stacks.constructs.network import Vpc
    from fargate_stacks.constructs.network_balancer import NetworkLoadBalancer
    from fargate_stacks.constructs.network_existing import ExistingVpc
    from fargate_stacks.constructs.pre_deploy import PreDeploy
    from fargate_stacks.constructs.predictive import Predictive
    from fargate_stacks.constructs.proxy import ConnectTls, Proxy
    from fargate_stacks.constructs.rolling import CircuitBreaker, EarlySuccess
    from fargate_stacks.constructs.route import Route
    from fargate_stacks.constructs.scaling import Scaling
    from fargate_stacks.constructs.scaling_policies import StepScaling, TargetTracking
    from fargate_stacks.constructs.scheduled import ScheduledAction
    from fargate_stacks.constructs.scheduled_task import ScheduledTask
    from fargate_stacks.constructs.security_group_existing import ExistingSecurityGroup
    from fargate_stacks.constructs.service import Service
    from fargate_stacks.constructs.shifting import BlueGreen, Canary, LambdaHook, Linear, Pause
    from fargate_stacks.constructs.split import Split
    from fargate_stacks.constructs.task import Task
    from fargate_stacks.constructs.telemetry import OpenTelemetry
    from fargate_stacks.constructs.volume import Volume
    from fargate_stacks.constructs.vpc_endpoints import Endpoints
    from fargate_stacks.constructs.waf import Waf
    from fargate_stacks.core.construct import Construct, Value, construct
    from fargate_stacks.core.render import render
    from fargate_stacks.core.stack import App, Stack
    from fargate_stacks.core.template import Template
    from fargate_stacks.core.values import Attr, Param, sub
    from fargate_stacks.errors import DeployError, FargateStacksError, LoadError, RenderError, SpecError
    from fargate_stacks.patterns import QueueWorker, queue_worker
    from fargate_stacks.providers.bucket import Bucket
    from fargate_stacks.providers.cache import Cache
    from fargate_stacks.providers.database import Postgres
    from fargate_stacks.providers.filesystem import AccessPoint, FileSystem
    from fargate_stacks.providers.parameter import Parameter
    from fargate_stacks.providers.queue import Queue
    from fargate_stacks.providers.repository import PullThroughCache, Repository
    from fargate_stacks.providers.secret import ExistingParameter, ExistingSecret, Generate, Secret
    from fargate_stacks.providers.table import Index, Table
    from fargate_stacks.providers.topic import Subscription, Topic

_HOMES = {
    "constructs.access": (
        "Access",
        "ExistingRole",
        "PortAccess",
        "SecretValue",
        "allow",
    ),
    "constructs.backlog": ("Backlog",),
    "constructs.capacity": (
        "OnDemand",
        "Spot",
    ),
    "constructs.cluster": (
        "Cluster",
        "ExistingCluster",
    ),
    "constructs.container": (
        "Container",
        "EnvFile",
        "HealthCheck",
        "Restart",
    ),
    "constructs.archive": ("LogArchive",),
    "constructs.deployment": ("Deployment", "Rolling"),
    "constructs.rolling": ("CircuitBreaker", "EarlySuccess"),
    "constructs.dns": ("HostedZone",),
    "constructs.ingress_existing": ("ExistingLoadBalancer",),
    "constructs.key": ("Key",),
    "constructs.login": ("Cognito", "Oidc"),
    "constructs.metric": (
        "Metric",
        "MetricMath",
    ),
    "constructs.mutual_tls": ("MutualTls", "TrustStore"),
    "constructs.shifting": ("BlueGreen", "Canary", "LambdaHook", "Linear", "Pause"),
    "constructs.discovery": ("DnsNames",),
    "constructs.distribution": ("Distribution",),
    "constructs.http_api": ("HttpApi",),
    "constructs.lattice": ("Lattice",),
    "constructs.pre_deploy": ("PreDeploy",),
    "constructs.proxy": ("ConnectTls", "Proxy"),
    "constructs.split": ("Split",),
    "constructs.waf": ("Waf",),
    "constructs.ebs": ("EbsVolume",),
    "constructs.job": ("Job",),
    "constructs.telemetry": ("OpenTelemetry",),
    "constructs.endpoint": ("Endpoint",),
    "constructs.exec_logs": ("ExecLogs",),
    "constructs.express": ("ExpressService",),
    "constructs.flow_logs": ("FlowLogs",),
    "constructs.gateway": ("Gateway",),
    "constructs.ingress": ("LoadBalancer",),
    "constructs.nat_instance": ("NatInstance",),
    "constructs.network": ("Vpc",),
    "constructs.network_balancer": ("NetworkLoadBalancer",),
    "constructs.network_existing": ("ExistingVpc",),
    "constructs.predictive": ("Predictive",),
    "constructs.route": ("Route",),
    "constructs.scaling": ("Scaling",),
    "constructs.scaling_policies": (
        "StepScaling",
        "TargetTracking",
    ),
    "constructs.scheduled": ("ScheduledAction",),
    "constructs.scheduled_task": ("ScheduledTask",),
    "constructs.egress": ("Egress",),
    "constructs.security_group_existing": ("ExistingSecurityGroup",),
    "constructs.service": ("Service",),
    "constructs.task": ("Task",),
    "constructs.vpc_endpoints": ("Endpoints",),
    "constructs.log_drivers": (
        "FireLens",
        "LogDriver",
        "Splunk",
    ),
    "constructs.image": (
        "BuiltImage",
        "CachedImage",
        "ExternalImage",
        "Image",
        "ImageSource",
        "LockedImage",
        "ParameterImage",
        "SsmImage",
    ),
    "constructs.volume": ("Volume",),
    "providers.filesystem": (
        "AccessPoint",
        "FileSystem",
    ),
    "providers.topic": (
        "Subscription",
        "Topic",
    ),
    "providers.table": (
        "Index",
        "Table",
    ),
    "providers.cache": ("Cache",),
    "providers.parameter": ("Parameter",),
    "providers.repository": (
        "PullThroughCache",
        "Repository",
    ),
    "core.construct": (
        "Construct",
        "Value",
        "construct",
    ),
    "core.render": ("render",),
    "core.stack": (
        "App",
        "Stack",
    ),
    "core.template": ("Template",),
    "core.values": (
        "Attr",
        "Param",
        "sub",
    ),
    "errors": (
        "DeployError",
        "FargateStacksError",
        "LoadError",
        "RenderError",
        "SpecError",
    ),
    "patterns": (
        "QueueWorker",
        "queue_worker",
    ),
    "providers.bucket": ("Bucket",),
    "providers.database": ("Postgres",),
    "providers.queue": ("Queue",),
    "providers.secret": (
        "ExistingParameter",
        "ExistingSecret",
        "Generate",
        "Secret",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Access",
    "AccessPoint",
    "App",
    "Attr",
    "Backlog",
    "BlueGreen",
    "Bucket",
    "BuiltImage",
    "Cache",
    "CachedImage",
    "Canary",
    "CircuitBreaker",
    "Cluster",
    "Cognito",
    "ConnectTls",
    "Construct",
    "Container",
    "DeployError",
    "Deployment",
    "Distribution",
    "DnsNames",
    "EarlySuccess",
    "EbsVolume",
    "Egress",
    "Endpoint",
    "Endpoints",
    "EnvFile",
    "ExecLogs",
    "ExistingCluster",
    "ExistingLoadBalancer",
    "ExistingParameter",
    "ExistingRole",
    "ExistingSecret",
    "ExistingSecurityGroup",
    "ExistingVpc",
    "ExpressService",
    "ExternalImage",
    "FargateStacksError",
    "FileSystem",
    "FireLens",
    "FlowLogs",
    "Gateway",
    "Generate",
    "HealthCheck",
    "HostedZone",
    "HttpApi",
    "Image",
    "ImageSource",
    "Index",
    "Job",
    "Key",
    "LambdaHook",
    "Lattice",
    "Linear",
    "LoadBalancer",
    "LoadError",
    "LockedImage",
    "LogArchive",
    "LogDriver",
    "Metric",
    "MetricMath",
    "MutualTls",
    "NatInstance",
    "NetworkLoadBalancer",
    "Oidc",
    "OnDemand",
    "OpenTelemetry",
    "Param",
    "Parameter",
    "ParameterImage",
    "Pause",
    "PortAccess",
    "Postgres",
    "PreDeploy",
    "Predictive",
    "Proxy",
    "PullThroughCache",
    "Queue",
    "QueueWorker",
    "RenderError",
    "Repository",
    "Restart",
    "Rolling",
    "Route",
    "Scaling",
    "ScheduledAction",
    "ScheduledTask",
    "Secret",
    "SecretValue",
    "Service",
    "SpecError",
    "Split",
    "Splunk",
    "Spot",
    "SsmImage",
    "Stack",
    "StepScaling",
    "Subscription",
    "Table",
    "TargetTracking",
    "Task",
    "Template",
    "Topic",
    "TrustStore",
    "Value",
    "Volume",
    "Vpc",
    "Waf",
    "allow",
    "construct",
    "queue_worker",
    "render",
    "sub",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
