"""What troposphere does not know yet."""

from __future__ import annotations

from troposphere import AWSObject, AWSProperty, Tags, ecs
from troposphere.validators import boolean


class RuntimePlatform(ecs.RuntimePlatform):
    """`RuntimePlatform` of a task definition; troposphere's own refuses the families of Windows Server 2025."""

    def validate(self) -> None:
        """Admit what `Task` has admitted already."""


class GatewayConnector(AWSProperty):
    """Through which gateway requests come to a service, and how it is found healthy."""

    props = {"PortName": (str, True), "Filters": (dict, False), "HealthCheck": (dict, False)}


class ServiceConnectConfiguration(ecs.ServiceConnectConfiguration):
    """Service Connect with the level of the proxy's own log."""

    props = {**ecs.ServiceConnectConfiguration.props, "ContainerConfigurations": ([dict], False)}


class Service(ecs.Service):
    """`AWS::ECS::Service` with the properties of 2026."""

    props = {**ecs.Service.props, "GatewayConnectors": ([GatewayConnector], False)}


class Gateway(AWSObject):
    """`AWS::ECS::Gateway`."""

    resource_type = "AWS::ECS::Gateway"
    props = {
        "GatewayName": (str, True),
        "InfrastructureRoleArn": (str, True),
        "Configuration": (dict, True),
        "DeletionProtection": (boolean, False),
        "PropagateTags": (str, False),
        "Tags": (Tags, False),
    }


class GatewayClusterAssociations(AWSObject):
    """`AWS::ECS::GatewayClusterAssociations`."""

    resource_type = "AWS::ECS::GatewayClusterAssociations"
    props = {"Gateway": (str, True), "Cluster": (str, True)}
