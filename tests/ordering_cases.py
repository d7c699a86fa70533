"""For each row of the ordering table, a template that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests import ordering


class Case(NamedTuple):
    """A template in which one consumer waits for nothing."""

    prerequisite: Callable[..., Any]
    consumer: str
    needed: list[str]
    text: str


NETWORK = """
Vpc: {Type: AWS::EC2::VPC}
Gateway: {Type: AWS::EC2::InternetGateway}
Attachment: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc}}
Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
Association:
  {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref Subnet, RouteTableId: !Ref Table}}
"""
ROUTE = """
Route:
  Type: AWS::EC2::Route
  Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}
"""
SERVICE = """
Service:
  Type: AWS::ECS::Service
  Properties:
    Cluster: !Ref Cluster
    TaskDefinition: !Ref Definition
    NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [!Ref Subnet], SecurityGroups: [!Ref Group]}}
    LoadBalancers: [{TargetGroupArn: !Ref Targets}]
Cluster: {Type: AWS::ECS::Cluster}
Group: {Type: AWS::EC2::SecurityGroup}
Targets: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
Role: {Type: AWS::IAM::Role}
Db: {Type: AWS::RDS::DBCluster}
Files: {Type: AWS::EFS::FileSystem}
Definition:
  Type: AWS::ECS::TaskDefinition
  Properties:
    ExecutionRoleArn: !GetAtt Role.Arn
    ContainerDefinitions: [{Environment: [{Name: DB_HOST, Value: !GetAtt Db.Endpoint.Address}]}]
    Volumes: [{EFSVolumeConfiguration: {FilesystemId: !Ref Files}}]
"""
EDGE = """
Edge: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {SecurityGroups: [!Ref EdgeGroup]}}
EdgeGroup: {Type: AWS::EC2::SecurityGroup}
Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {LoadBalancerArn: !Ref Edge}}
"""
RULE = """
Rule:
  Type: AWS::ElasticLoadBalancingV2::ListenerRule
  Properties: {ListenerArn: !Ref Listener, Actions: [{TargetGroupArn: !Ref Targets}]}
"""
QUEUE = """
Queue: {Type: AWS::SQS::Queue}
Policy: {Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Queue]}}
"""

CASES = [
    Case(
        ordering.gateway_of_balancer,
        "Edge",
        ["Attachment"],
        NETWORK
        + """
Edge:
  Type: AWS::ElasticLoadBalancingV2::LoadBalancer
  Properties: {Scheme: internet-facing, Subnets: [!Ref Subnet]}
""",
    ),
    Case(
        ordering.gateway_of_address,
        "Address",
        ["Attachment"],
        NETWORK
        + """
Address: {Type: AWS::EC2::EIP}
Nat:
  Type: AWS::EC2::NatGateway
  Properties: {SubnetId: !Ref Subnet, AllocationId: !GetAtt Address.AllocationId}
""",
    ),
    Case(
        ordering.gateway_of_nat,
        "Nat",
        ["Attachment"],
        NETWORK + "Nat: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: !Ref Subnet}}",
    ),
    Case(
        ordering.nat_way_out,
        "Nat",
        ["Association", "Route"],
        NETWORK + ROUTE + "Nat: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: !Ref Subnet}}",
    ),
    Case(
        ordering.instance_way_out,
        "Nat",
        ["Association", "Route"],
        NETWORK + ROUTE + "Nat: {Type: AWS::EC2::Instance, Properties: {NetworkInterfaces: [{SubnetId: !Ref Subnet}]}}",
    ),
    Case(
        ordering.address_of_route,
        "Way",
        ["Address"],
        """
Nat: {Type: AWS::EC2::Instance}
Address: {Type: AWS::EC2::EIP, Properties: {InstanceId: !Ref Nat}}
Way: {Type: AWS::EC2::Route, Properties: {InstanceId: !Ref Nat}}
""",
    ),
    Case(
        ordering.block_of_subnet,
        "Subnet",
        ["Block"],
        """
Vpc: {Type: AWS::EC2::VPC}
Block: {Type: AWS::EC2::VPCCidrBlock, Properties: {VpcId: !Ref Vpc}}
Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, Ipv6CidrBlock: "2001:db8::/64"}}
""",
    ),
    Case(ordering.gateway_of_route, "Route", ["Attachment"], NETWORK + ROUTE),
    Case(ordering.way_out, "Service", ["Association", "Route"], NETWORK + ROUTE + SERVICE),
    Case(
        ordering.way_out,
        "Schedule",
        ["Association", "Route"],
        NETWORK
        + ROUTE
        + """
Schedule:
  Type: AWS::Scheduler::Schedule
  Properties:
    Target: {EcsParameters: {NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [!Ref Subnet]}}}}
""",
    ),
    Case(
        ordering.endpoints,
        "Service",
        ["Logs", "S3"],
        NETWORK
        + SERVICE
        + """
S3: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: !Ref Vpc, RouteTableIds: [!Ref Table]}}
Logs: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: !Ref Vpc, SubnetIds: [!Ref Subnet]}}
""",
    ),
    Case(
        ordering.endpoints,
        "Service",
        ["S3"],
        NETWORK
        + ROUTE
        + SERVICE
        + """
S3: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: !Ref Vpc, RouteTableIds: [!Ref Table]}}
Logs: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: !Ref Vpc, SubnetIds: [!Ref Subnet]}}
""",
    ),
    Case(
        ordering.policies,
        "Service",
        ["Inline", "Managed"],
        NETWORK
        + SERVICE
        + """
Inline: {Type: AWS::IAM::Policy, Properties: {Roles: [!Ref Role]}}
Managed: {Type: AWS::IAM::ManagedPolicy, Properties: {Roles: [!Ref Role]}}
""",
    ),
    Case(ordering.listener_rules, "Service", ["Rule"], NETWORK + SERVICE + EDGE + RULE),
    Case(
        ordering.security_group_rules,
        "Service",
        ["FromEdge", "In", "Out", "ToDb"],
        NETWORK
        + SERVICE
        + EDGE
        + RULE
        + """
FromEdge:
  Type: AWS::EC2::SecurityGroupEgress
  Properties: {GroupId: !Ref EdgeGroup, DestinationSecurityGroupId: !Ref Group}
In:
  Type: AWS::EC2::SecurityGroupIngress
  Properties: {GroupId: !GetAtt Group.GroupId, SourceSecurityGroupId: !Ref EdgeGroup}
Out: {Type: AWS::EC2::SecurityGroupEgress, Properties: {GroupId: !Ref Group}}
DbGroup: {Type: AWS::EC2::SecurityGroup}
ToDb: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: !Ref DbGroup, SourceSecurityGroupId: !Ref Group}}
OtherGroup: {Type: AWS::EC2::SecurityGroup}
OfAnother:
  {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: !Ref Group, SourceSecurityGroupId: !Ref OtherGroup}}
""",
    ),
    Case(
        ordering.providers,
        "Service",
        ["Providers"],
        NETWORK
        + SERVICE
        + "Providers: {Type: AWS::ECS::ClusterCapacityProviderAssociations, Properties: {Cluster: !Ref Cluster}}",
    ),
    Case(
        ordering.mount_targets,
        "Service",
        ["Mount"],
        NETWORK + SERVICE + "Mount: {Type: AWS::EFS::MountTarget, Properties: {FileSystemId: !Ref Files}}",
    ),
    Case(
        ordering.database_instances,
        "Service",
        ["Instance"],
        NETWORK + SERVICE + "Instance: {Type: AWS::RDS::DBInstance, Properties: {DBClusterIdentifier: !Ref Db}}",
    ),
    Case(
        ordering.log_bucket_policies,
        "Edge",
        ["Policy"],
        """
Bucket: {Type: AWS::S3::Bucket}
Policy: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref Bucket}}
Edge:
  Type: AWS::ElasticLoadBalancingV2::LoadBalancer
  Properties: {LoadBalancerAttributes: [{Key: access_logs.s3.bucket, Value: !Ref Bucket}]}
""",
    ),
    Case(
        ordering.delivery_policies,
        "Source",
        ["Policy"],
        QUEUE + "Source: {Type: AWS::Events::Rule, Properties: {Targets: [{Arn: !GetAtt Queue.Arn}]}}",
    ),
    Case(
        ordering.delivery_policies,
        "Source",
        ["Policy"],
        QUEUE + "Source: {Type: AWS::SNS::Subscription, Properties: {Endpoint: !GetAtt Queue.Arn}}",
    ),
    Case(
        ordering.delivery_policies,
        "Source",
        ["Policy"],
        QUEUE
        + """
Source:
  Type: AWS::S3::Bucket
  Properties: {NotificationConfiguration: {QueueConfigurations: [{Queue: !GetAtt Queue.Arn}]}}
""",
    ),
]
