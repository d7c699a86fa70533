"""Networks and load balancers, as small as they can be."""

from __future__ import annotations

from typing import Any

VPC: dict[str, Any] = {
    "Net": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    **{
        f"Subnet{zone}": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "Net"},
                "CidrBlock": f"10.0.{number}.0/24",
                "AvailabilityZone": {"Fn::Select": [number, {"Fn::GetAZs": ""}]},
            },
        }
        for number, zone in enumerate("AB")
    },
    "Gateway": {"Type": "AWS::EC2::InternetGateway"},
}
ATTACHED: dict[str, Any] = {
    "Attached": {
        "Type": "AWS::EC2::VPCGatewayAttachment",
        "Properties": {"VpcId": {"Ref": "Net"}, "InternetGatewayId": {"Ref": "Gateway"}},
    }
}


def balancer(**more: Any) -> dict[str, Any]:
    properties = {"Subnets": [{"Ref": "SubnetA"}, {"Ref": "SubnetB"}], **more}
    return {
        "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "DependsOn": "Attached",
        "Properties": properties,
    }


def listener(target: Any = None) -> dict[str, Any]:
    action = {"Type": "forward", "TargetGroupArn": target} if target else {
        "Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}
    }  # fmt: skip
    return {
        "Type": "AWS::ElasticLoadBalancingV2::Listener",
        "Properties": {
            "LoadBalancerArn": {"Ref": "Door"},
            "Port": 80,
            "Protocol": "HTTP",
            "DefaultActions": [action],
        },
    }


def rule(priority: int) -> dict[str, Any]:
    return {
        "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
        "Properties": {
            "ListenerArn": {"Ref": "Http"},
            "Priority": priority,
            "Conditions": [{"Field": "path-pattern", "Values": ["/a"]}],
            "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
        },
    }
