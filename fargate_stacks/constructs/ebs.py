"""EBS volumes: a disk of its own for each task, made when the task starts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from fargate_stacks.constructs.access import allow
from fargate_stacks.constructs.volume import Volume
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import sub

if TYPE_CHECKING:
    from fargate_stacks.constructs.key import Key

_SIZES = {
    "gp2": (1, 16_384),
    "gp3": (1, 16_384),
    "io1": (4, 16_384),
    "io2": (4, 16_384),
    "st1": (125, 16_384),
    "sc1": (125, 16_384),
}
_IOPS = {"gp3": (3_000, 16_000), "io1": (100, 64_000), "io2": (100, 256_000)}


class EbsVolume(Volume):
    """An EBS volume for each task of a service or job, made when the task starts and deleted when it ends.

    A task has one at most. `size` is in GiB; from a `snapshot` it is the snapshot's when left out. `iops` is for gp3
    (3,000 when left out), io1 and io2, which want it; `throughput` in MiB a second for gp3 (125 when left out). It is
    always encrypted, by the account's key for EBS unless `encryption` names a key of yours. ECS makes it by a role that
    comes with the runner, and tags it as the task. The root of a new volume belongs to root. Bounds: API reference,
    ServiceManagedEBSVolumeConfiguration. Raises SpecError for what ECS refuses.
    """

    at_launch: ClassVar[bool] = True

    size: int | None = None
    type: Literal["gp3", "gp2", "io1", "io2", "st1", "sc1"] = "gp3"
    iops: int | None = None
    throughput: int | None = None
    snapshot: str | None = None
    initialization_rate: int | None = None
    """MiB a second at which a snapshot is fetched, 100 to 300; costs by the GiB."""
    file_system: Literal["ext3", "ext4", "xfs", "ntfs"] | None = None
    """xfs on Linux and ntfs on Windows when None; from a snapshot that which it has."""
    encryption: Key | None = None

    refused: ClassVar[Mapping[str, str]] = {
        "encrypted": "is always so; encryption= takes a Key of your own",
        "size_in_gib": "is called size",
        "volume_type": "is called type",
        "snapshot_id": "is called snapshot",
        "kms_key_id": "is called encryption; it takes a Key",
        "filesystem_type": "is called file_system",
        "role_arn": "is made by the runner, which ECS takes it from",
        "delete_on_termination": "is always so for services; keep data in a FileSystem, a Bucket or a database",
    }

    name: str = field(kw_only=False)

    def check(self) -> None:
        super().check()
        if self.size is None and self.snapshot is None:
            raise self.refuse("it has no size; give size= in GiB, or snapshot=")
        low, high = _SIZES[self.type]
        if self.size is not None and not low <= self.size <= high:
            raise self.refuse(f"size of {self.type} must be {low} to {high} GiB, got {self.size}")
        if self.snapshot is not None and not re.fullmatch(r"snap-[0-9a-f]{8,17}", self.snapshot):
            raise self.refuse(f"snapshot is like snap-0123456789abcdef0, got {shown(self.snapshot)}")
        self._check_speed()

    def _check_speed(self) -> None:
        if self.iops is not None and self.type not in _IOPS:
            raise self.refuse(f"iops is for gp3, io1 and io2, and type={self.type}; leave it out")
        if self.iops is None and self.type in ("io1", "io2"):
            raise self.refuse(f"type={self.type} wants iops=, {_IOPS[self.type][0]} to {_IOPS[self.type][1]}")
        if self.iops is not None:
            low, high = _IOPS[self.type]
            if not low <= self.iops <= high:
                raise self.refuse(f"iops of {self.type} must be {low} to {high}, got {self.iops}")
        if self.throughput is not None and self.type != "gp3":
            raise self.refuse(f"throughput is for gp3, and type={self.type}; leave it out")
        if self.throughput is not None and not 125 <= self.throughput <= 1000:
            raise self.refuse(f"throughput must be 125 to 1000 MiB a second, got {self.throughput}")
        if self.initialization_rate is not None and self.snapshot is None:
            raise self.refuse("initialization_rate is for a snapshot; leave it out")
        if self.initialization_rate is not None and not 100 <= self.initialization_rate <= 300:
            raise self.refuse(f"initialization_rate must be 100 to 300 MiB a second, got {self.initialization_rate}")

    def problem(self, os: str) -> str | None:
        if os == "LINUX":
            return "has ntfs, which is for Windows; leave file_system out" if self.file_system == "ntfs" else None
        if self.file_system not in (None, "ntfs"):
            return f"has {self.file_system}, which is for Linux, and os={os}; leave file_system out"
        return None

    def definition(self) -> Any:
        from troposphere import ecs

        return ecs.Volume(Name=self.name, ConfiguredAtLaunch=True)

    def resources(self, runner: Construct) -> Iterator[Any]:
        """Give `<name>VolumeRole`, by which ECS makes the volume, and for a key of yours `<name>VolumePolicy`."""
        from troposphere import Ref, iam

        from fargate_stacks.constructs.shifting import trust_of_ecs

        # AWS's own policy, which follows what ECS comes to need (developer guide, Amazon ECS infrastructure IAM role)
        attached: list[Any] = [
            sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes")
        ]
        if self.encryption is not None:
            attached.append(Ref(runner.id("VolumePolicy")))
            yield iam.ManagedPolicy(
                runner.id("VolumePolicy"),
                PolicyDocument={"Version": "2012-10-17", "Statement": list(_use_of(self.encryption))},
            )
        yield iam.Role(
            runner.id("VolumeRole"),
            AssumeRolePolicyDocument=trust_of_ecs(),
            ManagedPolicyArns=attached,
        )

    def launched(self, runner: Construct, tags_from: str) -> Any:
        from troposphere import GetAtt, ecs

        said = {
            "SizeInGiB": self.size,
            "VolumeType": self.type,
            "Iops": self.iops,
            "Throughput": self.throughput,
            "SnapshotId": self.snapshot,
            "VolumeInitializationRate": self.initialization_rate,
            "FilesystemType": self.file_system,
            "KmsKeyId": None if self.encryption is None else self.encryption.arn,
        }
        return ecs.ServiceVolumeConfiguration(
            Name=self.name,
            ManagedEBSVolume=ecs.ServiceManagedEBSVolumeConfiguration(
                Encrypted=True,
                RoleArn=GetAtt(runner.id("VolumeRole"), "Arn"),
                TagSpecifications=[ecs.EBSTagSpecification(ResourceType="volume", PropagateTags=tags_from)],
                **{key: value for key, value in said.items() if value is not None},
            ),
        )


def _use_of(key: Key) -> Iterator[Any]:
    """What the role needs of a key, by way of EC2 alone (developer guide, "Encrypt data stored in EBS volumes")."""
    from awacs.aws import Bool, Condition, ForAnyValueStringEquals, StringEquals

    by_ec2 = StringEquals(
        {
            "kms:CallerAccount": sub("${AWS::AccountId}"),
            "kms:ViaService": sub("ec2.${AWS::Region}.amazonaws.com"),
        }
    )
    for_ebs = ForAnyValueStringEquals({"kms:EncryptionContextKeys": "aws:ebs:id"})
    yield allow("kms:DescribeKey", on=[key.arn])
    yield allow("kms:GenerateDataKey*", "kms:ReEncrypt*", on=[key.arn], when=Condition([by_ec2, for_ebs]))
    grants = Bool({"kms:GrantIsForAWSResource": "true"})
    yield allow("kms:CreateGrant", on=[key.arn], when=Condition([by_ec2, for_ebs, grants]))
