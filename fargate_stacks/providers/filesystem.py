"""EFS file systems: directories that outlive the tasks that mount them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from awacs.aws import Condition, StringEquals
from troposphere import ec2, ecs, efs

from fargate_stacks.constructs.access import Access, PortAccess, allow
from fargate_stacks.constructs.ingress import NO_EGRESS
from fargate_stacks.constructs.network import Network, Subnets
from fargate_stacks.constructs.volume import Volume
from fargate_stacks.core.construct import Construct, Value, nearest, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text, by_removal

if TYPE_CHECKING:
    from fargate_stacks.constructs.key import Key

_PORT = 2049
_READ = ("elasticfilesystem:ClientMount",)
_WRITE = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite")


class AccessPoint(Value):
    """A directory of a file system, and the user as whom everybody who enters by it reads and writes.

    The directory is made at the first mount, owned by `user` and `group`, with `permissions` as an octal text.
    Raises SpecError for a path or permissions that EFS refuses.
    """

    name: str = field(default="Data", kw_only=False)
    path: str = "/data"
    user: int = 1000
    group: int = 1000
    permissions: str = "0750"

    def check(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]{0,31}", self.name):
            raise self.refuse(f"name is up to 32 letters and digits, a capital first, got {shown(self.name)}")
        if not re.fullmatch(r"(/[^\s/$#<>;`|&?{}^*]+){1,4}", self.path) or len(self.path) > 100:
            raise self.refuse(f"path is like /data, up to four directories deep, got {shown(self.path)}")
        for key, number in (("user", self.user), ("group", self.group)):
            if not 0 <= number <= 4_294_967_295:
                raise self.refuse(f"{key} is the number of a POSIX {key}, got {number}")
        if not re.fullmatch(r"[0-7]{3,4}", self.permissions):
            raise self.refuse(f'permissions is an octal text like "0750", got {shown(self.permissions)}')


class EfsVolume(Volume):
    """A directory of an EFS file system, mounted over TLS by the task's role; `FileSystem.mount()` makes one."""

    file_system: Text
    access_point: Text

    linux_only: ClassVar[bool] = True

    def definition(self) -> Any:
        return ecs.Volume(
            Name=self.name,
            EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(
                FilesystemId=self.file_system,
                TransitEncryption="ENABLED",
                AuthorizationConfig=ecs.AuthorizationConfig(AccessPointId=self.access_point, IAM="ENABLED"),
            ),
        )


class FileSystem(Construct):
    """An EFS file system with a mount target in each zone, entered through access points only.

    It is encrypted, refuses requests without TLS and without an IAM role, is backed up every day by AWS Backup, and is
    retained by the removal of the stack unless `Stack(removal="remove")`. Throughput grows and is paid with use
    (`"elastic"`). Files that nobody opened for 30 days move to cheaper storage. Raises SpecError for what EFS refuses.
    """

    vpc: Network
    access_points: Sequence[AccessPoint] = (AccessPoint(),)
    tier: Literal["isolated", "private"] | None = None
    """Where the mount targets stand; the isolated subnets if the VPC has such, else the private ones, when None."""
    encryption: Key | None = None
    """A key of your own; the account's own key for EFS when None."""
    backup: bool = True
    throughput: Literal["elastic", "bursting"] = "elastic"

    refused: ClassVar[Mapping[str, str]] = {
        "encrypted": "is always so; encryption= takes a Key of your own",
        "security_groups": "are made by the file system; who mounts it is let in",
        "lifecycle_policy": "is 30 days to cheaper storage; customize= changes it",
        "performance_mode": "is generalPurpose, which AWS recommends for all",
        "deletion_policy": "follows Stack(removal=)",
    }

    def check(self) -> None:
        if not self.access_points:
            raise self.refuse("access_points is empty, so nobody could enter; give AccessPoint()")
        names = [one.name for one in self.access_points]
        for name in names:
            if names.count(name) > 1:
                raise self.refuse(f'two access points are named "{name}"; give each its own name')
        if self._subnets.count is None:
            raise self.refuse("a mount target is needed in each subnet, and a list parameter does not say how many")

    @property
    def _subnets(self) -> Subnets:
        return self.vpc.subnets(self.tier or ("isolated" if self.vpc.has("isolated") else "private"), self.who)

    # what others ask

    @property
    def file_system_id(self) -> Attr:
        return self.attr("FileSystem")

    @property
    def security_group(self) -> Attr:
        return self.attr("SecurityGroup", "GroupId")

    @property
    def mount_targets(self) -> list[Attr]:
        return [self.attr(f"MountTarget{number}") for number in range(1, (self._subnets.count or 0) + 1)]

    @verb
    def mount(
        self, path: str, *, access_point: str | None = None, read_only: bool = False, container: str | None = None
    ) -> Access:
        """Let a task mount a directory at `path`: of the first access point, or of the one named.

        Raises SpecError for an access point that the file system lacks and for a path that is none.
        """
        names = [one.name for one in self.access_points]
        name = access_point or names[0]
        label = f"{self.name}.mount({path})"
        if name not in names:
            raise self.refuse(f"it has no access point {shown(name)}{nearest(name, names)}; it has {', '.join(names)}")
        if not path.startswith("/") or path == "/":
            raise self.refuse(f"a path to mount at must start with / and not be the root, got {shown(path)}")
        volume = EfsVolume(
            f"{self.name}-{name}",
            file_system=self.file_system_id,
            access_point=self.attr(f"{name}AccessPoint"),
        )
        entered = Condition(
            StringEquals({"elasticfilesystem:AccessPointArn": self.attr(f"{name}AccessPoint", "Arn")}),
        )
        return Access(
            label=label,
            statements=[
                allow(*(_READ if read_only else _WRITE), on=[self.attr("FileSystem", "Arn")], when=entered),
            ],
            ports=[PortAccess(provider=self, security_group=self.security_group, port=_PORT, network=self.vpc)],
            volumes=[volume],
            mounts={path: volume.name + (":ro" if read_only else "")},
            after=self.mount_targets,
            container=container,
        )

    # what is built

    def build(self) -> Iterator[Any]:
        yield ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"Mount targets of {self.name}",
            VpcId=self.vpc.vpc_id,
            SecurityGroupEgress=[NO_EGRESS],
        )
        yield self._file_system()
        for number, subnet in enumerate(self._subnets.ids, start=1):  # type: ignore[arg-type]
            yield efs.MountTarget(
                self.id(f"MountTarget{number}"),
                FileSystemId=self.file_system_id,
                SubnetId=subnet,
                SecurityGroups=[self.security_group],
            )
        for one in self.access_points:
            yield self._access_point(one)

    def _file_system(self) -> Any:
        more = {} if self.encryption is None else {"KmsKeyId": self.encryption.arn}
        return efs.FileSystem(
            self.id("FileSystem"),
            DeletionPolicy=by_removal(retain="RetainExceptOnCreate", remove="Delete"),
            UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
            Encrypted=True,
            **more,
            BackupPolicy=efs.BackupPolicy(Status="ENABLED" if self.backup else "DISABLED"),
            ThroughputMode=self.throughput,
            LifecyclePolicies=[
                efs.LifecyclePolicy(TransitionToIA="AFTER_30_DAYS"),
                efs.LifecyclePolicy(TransitionToPrimaryStorageClass="AFTER_1_ACCESS"),
            ],
            # a policy that allows nothing takes away what everybody in the network could do without it
            FileSystemPolicy={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "TlsOnly",
                        "Effect": "Deny",
                        "Principal": {"AWS": "*"},
                        "Action": "*",
                        "Resource": "*",
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            },
        )

    def _access_point(self, one: AccessPoint) -> Any:
        user, group = str(one.user), str(one.group)
        return efs.AccessPoint(
            self.id(f"{one.name}AccessPoint"),
            FileSystemId=self.file_system_id,
            PosixUser=efs.PosixUser(Uid=user, Gid=group),
            RootDirectory=efs.RootDirectory(
                Path=one.path,
                CreationInfo=efs.CreationInfo(OwnerUid=user, OwnerGid=group, Permissions=one.permissions),
            ),
        )
