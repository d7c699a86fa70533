"""Ways from a VPC to AWS's own services that do not lead over the internet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from troposphere import Ref, Tags, ec2

from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Text, sub

PRIVATE_TASKS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages")
"""What a task without a way out needs: its image from ECR, its log, its secrets and parameters, ECS Exec."""

_SERVICE = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)*\Z", re.ASCII)
_GATEWAYS = ("s3", "dynamodb")


class Endpoints(Value):
    """Interface endpoints of a VPC, each an address in every zone that private DNS leads to.

    `services` are the last parts of AWS's names (`com.amazonaws.<region>.ecr.api`); by default what a task without a
    way out needs. `also` adds others to them: `Endpoints(also=["sqs", "kms"])`; "dynamodb" becomes a gateway, which
    is free. Each interface endpoint costs about 7 USD a month and zone, and what it carries. They admit HTTPS from the
    VPC's addresses, and calls by principals of this account. Facts: AWS PrivateLink guide. Raises SpecError.
    """

    services: Sequence[str] = PRIVATE_TASKS
    also: Sequence[str] = ()

    def check(self) -> None:
        if not self.names:
            raise self.refuse("services is empty; leave endpoints out, or name a service like ecr.api")
        for one in self.names:
            if not _SERVICE.match(one) or one.startswith("com.amazonaws"):
                raise self.refuse(f"a service is named like ecr.api or sqs, got {shown(one)}")
            if one == "s3":
                raise self.refuse("s3 is reached by the gateway endpoint that every Vpc has; leave it out")
            if self.names.count(one) > 1:
                raise self.refuse(f"{one} is named twice; name it once")

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.services, *self.also)

    @property
    def parts(self) -> list[str]:
        """The logical ids' parts, which tasks wait for."""
        return [part_of(one) for one in self.names]

    @property
    def gateways(self) -> list[str]:
        """The parts that every subnet with their route tables passes, public ones too."""
        return [part_of(one) for one in self.names if one in _GATEWAYS]

    def resources(
        self, vpc: Construct, *, vpc_id: Text, cidr: Text, subnets: Sequence[Any], tables: Sequence[Any]
    ) -> Iterator[Any]:
        """Give the security group and the endpoints; `subnets` has one of each zone, `tables` every route table."""
        interfaces = [one for one in self.names if one not in _GATEWAYS]
        if interfaces:
            yield _group(vpc, vpc_id, cidr)
        for one in interfaces:
            yield ec2.VPCEndpoint(
                vpc.id(part_of(one)),
                VpcEndpointType="Interface",
                ServiceName=sub("com.amazonaws.${AWS::Region}." + one),
                VpcId=vpc_id,
                SubnetIds=list(subnets),
                SecurityGroupIds=[vpc.attr("EndpointSecurityGroup", "GroupId")],
                PrivateDnsEnabled=True,
                # a data channel of ECS Exec is opened with a token and not by a signed call
                **({} if one == "ssmmessages" else {"PolicyDocument": _of_this_account()}),
                Tags=Tags(Name=sub("${AWS::StackName}/" + vpc.id(part_of(one)))),
            )
        for one in self.names:
            if one in _GATEWAYS:
                yield ec2.VPCEndpoint(
                    vpc.id(part_of(one)),
                    VpcEndpointType="Gateway",
                    ServiceName=sub("com.amazonaws.${AWS::Region}." + one),
                    VpcId=vpc_id,
                    RouteTableIds=list(tables),
                    PolicyDocument=_of_this_account(),
                    Tags=Tags(Name=sub("${AWS::StackName}/" + vpc.id(part_of(one)))),
                )


def part_of(service: str) -> str:
    """`ecr.api` → `EcrApiEndpoint`."""
    return "".join(word.title() for word in re.split(r"[.-]", service)) + "Endpoint"


def _group(vpc: Construct, vpc_id: Text, cidr: Text) -> Any:
    from fargate_stacks.constructs.ingress import NO_EGRESS  # which imports networks, which import this

    https = ec2.SecurityGroupRule(
        IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=cidr, Description="HTTPS from the VPC"
    )
    return ec2.SecurityGroup(
        vpc.id("EndpointSecurityGroup"),
        GroupDescription=f"Endpoints of {vpc.name}",
        VpcId=vpc_id,
        SecurityGroupIngress=[https],
        SecurityGroupEgress=[NO_EGRESS],
    )


def _of_this_account() -> dict[str, Any]:
    """Nobody inside the VPC can carry data to another account with credentials of that account."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalAccount": Ref("AWS::AccountId")}},
            }
        ],
    }
