"""How long AWS takes for a resource, and how fast time runs in the local cloud."""

from __future__ import annotations

import asyncio

# rough medians of what deployments on AWS show, in seconds: create, update, delete
_SECONDS: dict[str, tuple[float, float, float]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": (2, 2, 2),
    "AWS::CloudFront::Distribution": (240, 240, 300),
    "AWS::EC2::EIP": (15, 5, 5),
    "AWS::EC2::InternetGateway": (15, 5, 15),
    "AWS::EC2::NatGateway": (95, 5, 45),
    "AWS::EC2::Route": (5, 5, 5),
    "AWS::EC2::SecurityGroup": (5, 5, 5),
    "AWS::EC2::SecurityGroupEgress": (2, 2, 2),
    "AWS::EC2::SecurityGroupIngress": (2, 2, 2),
    "AWS::EC2::Subnet": (3, 3, 3),
    "AWS::EC2::VPC": (10, 5, 3),
    "AWS::EC2::VPCEndpoint": (60, 30, 60),
    "AWS::EC2::VPCGatewayAttachment": (3, 3, 10),
    "AWS::ECS::Cluster": (5, 5, 5),
    # a service takes as long as its tasks do: tempo.py
    "AWS::ECS::Service": (2, 2, 2),
    "AWS::EFS::FileSystem": (10, 5, 10),
    "AWS::EFS::MountTarget": (90, 5, 30),
    "AWS::EKS::Addon": (60, 60, 60),
    "AWS::EKS::Cluster": (480, 480, 180),
    "AWS::EKS::FargateProfile": (120, 60, 240),
    "AWS::ElastiCache::ReplicationGroup": (480, 300, 300),
    "AWS::ElasticLoadBalancingV2::Listener": (3, 3, 3),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (140, 10, 15),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (15, 5, 5),
    "AWS::IAM::ManagedPolicy": (16, 16, 2),
    "AWS::IAM::Policy": (16, 16, 2),
    "AWS::IAM::Role": (18, 18, 3),
    "AWS::KMS::Key": (120, 10, 5),
    "AWS::Logs::LogGroup": (5, 3, 3),
    "AWS::RDS::DBCluster": (120, 120, 120),
    "AWS::RDS::DBInstance": (360, 180, 240),
    "AWS::RDS::DBSubnetGroup": (5, 5, 5),
    "AWS::S3::Bucket": (20, 20, 20),
    "AWS::SQS::Queue": (60, 3, 60),
    "AWS::SecretsManager::Secret": (8, 3, 3),
    "AWS::ServiceDiscovery::HttpNamespace": (60, 5, 60),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": (60, 5, 60),
}
_OTHERS = (5.0, 3.0, 3.0)
_VERBS = ("create", "update", "delete")


class Clock:
    """How many seconds of AWS pass in one of this machine; 0 means that nothing takes time."""

    speed: float = 0

    async def pass_(self, seconds: float) -> None:
        """Let seconds of AWS go by."""
        await asyncio.sleep(seconds / self.speed if self.speed else 0)


CLOCK = Clock()


def seconds(resource_type: str, verb: str) -> float:
    """Give how long AWS takes to create, update or delete a resource of a type."""
    return _SECONDS.get(resource_type, _OTHERS)[_VERBS.index(verb)]
