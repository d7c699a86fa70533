"""An EC2 instance in place of a NAT gateway: a tenth of the price, and a machine of yours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from troposphere import Base64, Ref, Tags, ec2, policies

from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text, sub

_TYPE = re.compile(r"[a-z][a-z0-9-]*\.(nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?)\Z", re.ASCII)
_ARM = re.compile(r"(a1|[a-z]+\d+g[a-z]*)\.", re.ASCII)
_AMI = re.compile(r"ami-[0-9a-f]{8,17}\Z", re.ASCII)

# cloud-init runs it once; what it enables comes up with every boot. The whole group of addresses is translated but
# what stays inside, so that no interface has to be named.
_SCRIPT = """#!/bin/bash
for try in $(seq 30); do dnf install -y -q nftables aws-cfn-bootstrap && break; sleep 10; done
set -e
trap '/opt/aws/bin/cfn-signal -e $? --stack ${AWS::StackName} --resource {part} --region ${AWS::Region}' EXIT
echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/90-nat.conf
sysctl -q -p /etc/sysctl.d/90-nat.conf
cat > /etc/sysconfig/nftables.conf <<'END'
flush ruleset
table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat
    ip saddr {cidr} ip daddr != {cidr} masquerade
  }
}
END
systemctl enable -q --now nftables
"""


class NatInstance(Value):
    """A small EC2 instance that lets private subnets out: `Vpc(nat=NatInstance())`.

    About 3 USD a month for a t4g.nano and 4 for its address, against 33 and a price for each GB; it carries what such
    an instance can. It runs the Amazon Linux 2023 that is newest when it is made (SSM's public parameter), or `ami`,
    which must know dnf; another `ami` or `type` replaces it, which is also how it gets updates, and cuts open
    connections. No key, no SSH, no role; the metadata service answers sessions only (IMDSv2); its disk is encrypted;
    it admits the VPC's addresses. EC2 recovers it when its hardware fails, nobody when its system hangs. `per_zone`
    makes one for each zone. Private routes wait until it has said that it translates. Raises SpecError for what is no
    type or no image.
    """

    type: str = "t4g.nano"
    """Whether the image is for ARM or Intel follows from it."""
    per_zone: bool = False
    ami: Text | None = None

    def check(self) -> None:
        if not _TYPE.match(self.type):
            raise self.refuse(f"type is an instance type like t4g.nano, got {shown(self.type)}")
        if isinstance(self.ami, str) and not _AMI.match(self.ami):
            raise self.refuse(f"ami looks like ami-0123456789abcdef0, got {shown(self.ami)}")

    @property
    def architecture(self) -> str:
        return "arm64" if _ARM.match(self.type) else "x86_64"

    @property
    def image(self) -> Text:
        """The AMI: a dynamic reference, which another deployment does not look up anew, so that it replaces nothing."""
        if self.ami is not None:
            return self.ami
        name = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{self.architecture}"
        return f"{{{{resolve:ssm:{name}}}}}"

    def resources(
        self, vpc: Construct, *, vpc_id: Text, cidr: str, zones: Sequence[int], after: Sequence[Attr]
    ) -> Iterator[Any]:
        """Give the security group, and for each zone the instance and its address."""
        yield ec2.SecurityGroup(
            vpc.id("NatSecurityGroup"),
            GroupDescription=f"NAT instances of {vpc.name}",
            VpcId=vpc_id,
            SecurityGroupIngress=[
                ec2.SecurityGroupRule(IpProtocol="-1", CidrIp=cidr, Description="whatever the VPC sends out")
            ],
            SecurityGroupEgress=[ec2.SecurityGroupRule(IpProtocol="-1", CidrIp="0.0.0.0/0", Description="anywhere")],
        )
        for zone in zones:
            yield self._instance(vpc, cidr, zone, after)
            yield ec2.EIP(
                vpc.id(f"NatInstanceElasticIp{zone}"),
                Domain="vpc",
                InstanceId=Ref(vpc.id(f"NatInstance{zone}")),
                Tags=_named(vpc, f"NatInstanceElasticIp{zone}"),
            )

    def _instance(self, vpc: Construct, cidr: str, zone: int, after: Sequence[Attr]) -> Any:
        part = vpc.id(f"NatInstance{zone}")
        return ec2.Instance(
            part,
            DependsOn=list(after),  # without the way out it could not fetch what translates
            CreationPolicy=policies.CreationPolicy(ResourceSignal=policies.ResourceSignal(Timeout="PT10M")),
            ImageId=self.image,
            InstanceType=self.type,
            SourceDestCheck=False,
            NetworkInterfaces=[
                ec2.NetworkInterfaceProperty(
                    DeviceIndex="0",
                    SubnetId=vpc.attr(f"PublicSubnet{zone}"),
                    GroupSet=[vpc.attr("NatSecurityGroup", "GroupId")],
                    # of the first minutes: the elastic address comes when the instance is ready
                    AssociatePublicIpAddress=True,
                )
            ],
            BlockDeviceMappings=[
                ec2.BlockDeviceMapping(
                    DeviceName="/dev/xvda",
                    Ebs=ec2.EbsBlockDevice(Encrypted=True, VolumeType="gp3", DeleteOnTermination=True),
                )
            ],
            **({} if self.type.startswith(("t1.", "t2.")) else {"EbsOptimized": True}),  # EC2 refuses it for those
            MetadataOptions=ec2.MetadataOptions(HttpEndpoint="enabled", HttpTokens="required"),
            UserData=Base64(sub(_SCRIPT, part=part, cidr=cidr)),
            Tags=_named(vpc, f"NatInstance{zone}"),
        )


def _named(vpc: Construct, part: str) -> Tags:
    return Tags(Name=sub("${AWS::StackName}/" + vpc.id(part)))
