"""Rules about what must be made first: CloudFormation makes everything at once that nothing orders."""

from __future__ import annotations

from collections.abc import Iterator

from fargate_stacks.checks.balancers import is_public
from fargate_stacks.checks.reading import Hit, Reading, Resource, rule

_DOCS = "CloudFormation user guide, DependsOn"


@rule("FS601", "warning", cure="give DependsOn", source=_DOCS)
def before_gateway(reading: Reading) -> Iterator[Hit]:
    """What needs the internet gateway does not wait until it is attached to the VPC."""
    for attachment in reading.of("EC2::VPCGatewayAttachment"):
        if attachment["InternetGatewayId"].absent:
            continue
        vpcs = reading.follow(attachment.stack, attachment["VpcId"])
        gateways = reading.follow(attachment.stack, attachment["InternetGatewayId"])
        for one, what in _behind_gateway(reading, vpcs, gateways):
            if one.stack == attachment.stack and attachment.logical_id not in reading.after(one):
                yield one.hit(
                    f"nothing orders {what} after {attachment.logical_id}", f"give DependsOn: {attachment.logical_id}"
                )


@rule(
    "FS602", "warning", cure="give DependsOn", source="aws/aws-cdk#18675; CloudFormation user guide, AWS::IAM::Policy"
)
def before_policy(reading: Reading) -> Iterator[Hit]:
    """A service does not wait for a policy that is attached to its roles, so its first tasks may be denied."""
    for service in reading.services:
        task = reading.task_of(service)
        if task is None or task.stack != service.stack:
            continue
        roles = {
            role.key: role
            for key in ("ExecutionRoleArn", "TaskRoleArn")
            for role in reading.follow(task.stack, task[key])
        }
        for kind in ("IAM::Policy", "IAM::ManagedPolicy", "IAM::RolePolicy"):
            for policy in reading.of(kind):
                attached = reading.follow(policy.stack, policy["Roles" if kind != "IAM::RolePolicy" else "RoleName"])
                judged = policy.stack == service.stack and any(one.key in roles for one in attached)
                if judged and policy.logical_id not in reading.after(service):
                    yield service.hit(
                        f"nothing orders it after {policy.logical_id}, which its tasks' role needs",
                        f"give DependsOn: {policy.logical_id}",
                    )


@rule("FS603", "warning", cure="give DependsOn", source="docker-archive/compose-cli#911")
def before_route(reading: Reading) -> Iterator[Hit]:
    """A service does not wait for the way out of its subnets, so its first tasks may not pull their images."""
    for service in reading.services:
        subnets = reading.follow(service.stack, service.part.at("NetworkConfiguration.AwsvpcConfiguration.Subnets"))
        after = reading.after(service)
        # a load balancer takes longer to make than the way out
        if after.intersection(one.logical_id for one in reading.of("ElasticLoadBalancingV2::LoadBalancer")):
            continue
        ways = list(_ways_out(reading, [one for one in subnets if one.stack == service.stack]))
        missing = [one.logical_id for one in ways if one.logical_id not in after]
        if missing:
            names = ", ".join(sorted(missing))
            yield service.hit(f"nothing orders it after {names}", f"give DependsOn: [{names}]")


@rule("FS604", "warning", cure="give DependsOn", source="EFS user guide, mount targets")
def before_mount_target(reading: Reading) -> Iterator[Hit]:
    """A service does not wait for the mount targets of its file system."""
    for service in reading.services:
        task = reading.task_of(service)
        for volume in task["Volumes"] if task is not None else ():
            efs = volume.at("EFSVolumeConfiguration.FilesystemId")
            system = reading.one(task.stack, efs, "EFS::FileSystem") if task is not None else None
            if system is None:
                continue
            targets = [
                one
                for one in reading.of("EFS::MountTarget")
                if system in reading.follow(one.stack, one["FileSystemId"])
            ]
            if not targets and system.stack == service.stack:
                yield service.hit(f"{system.logical_id} has no mount target", "add an AWS::EFS::MountTarget a zone")
            after = reading.after(service)
            missing = [one.logical_id for one in targets if one.stack == service.stack and one.logical_id not in after]
            if missing:
                names = ", ".join(sorted(missing))
                yield service.hit(f"nothing orders it after {names}", f"give DependsOn: [{names}]")


@rule("FS605", "warning", cure="chain them by DependsOn", source="EKS API reference, CreateFargateProfile")
def profiles_at_once(reading: Reading) -> Iterator[Hit]:
    """Fargate profiles of one EKS cluster are made or deleted at once, and EKS does one at a time."""
    profiles = reading.of("EKS::FargateProfile")
    for place, one in enumerate(profiles):
        for other in profiles[:place]:
            same = one.stack == other.stack and one["ClusterName"].value == other["ClusterName"].value
            apart = one.logical_id not in reading.after(other) and other.logical_id not in reading.after(one)
            if same and apart:
                yield one.hit(f"nothing orders it and {other.logical_id}", f"give DependsOn: {other.logical_id}")


@rule("FS606", "warning", cure="put the repository into a stack of its own", source="ECR user guide, pushing an image")
def image_of_new_repository(reading: Reading) -> Iterator[Hit]:
    """A service runs an image of a repository that the same stack makes, and that is empty at its first task."""
    for service in reading.services:
        task = reading.task_of(service)
        for part in task["ContainerDefinitions"] if task is not None else ():
            for one in reading.follow(task.stack, part["Image"]) if task is not None else ():
                if one.type == "AWS::ECR::Repository" and one.stack == service.stack:
                    yield service.hit(f"container {part['Name'].text} runs an image of {one.logical_id}")


@rule("FS607", "info", cure="put the client's DependsOn on it", source="ECS developer guide, Service Connect")
def client_before_server(reading: Reading) -> Iterator[Hit]:
    """A Service Connect client does not wait for a service of its namespace, which its first tasks then never see."""
    servers = [one for one in reading.services if one.part.at("ServiceConnectConfiguration.Services").given]
    for client in reading.services:
        connect = client["ServiceConnectConfiguration"]
        if not connect["Enabled"].true or connect["Services"].given:
            continue
        for server in servers:
            same = server["ServiceConnectConfiguration"]["Namespace"].value == connect["Namespace"].value
            near = server.stack == client.stack and server["Cluster"].value == client["Cluster"].value
            if same and near and server.logical_id not in reading.after(client):
                yield client.hit(f"nothing orders it after {server.logical_id}", f"give DependsOn: {server.logical_id}")


def _behind_gateway(reading: Reading, vpcs: list[Resource], gateways: list[Resource]) -> Iterator[tuple[Resource, str]]:
    subnets = {
        one.key for one in reading.of("EC2::Subnet") if set(vpcs).intersection(reading.follow(one.stack, one["VpcId"]))
    }
    for one in reading.of("ElasticLoadBalancingV2::LoadBalancer"):
        inside = any(subnet.key in subnets for subnet in reading.follow(one.stack, one["Subnets"]))
        if is_public(one) and inside:
            yield one, "an internet-facing load balancer"
    for one in reading.of("EC2::Route"):
        if set(gateways).intersection(reading.follow(one.stack, one["GatewayId"])):
            yield one, "a route to the internet gateway"
    for one in reading.of("EC2::NatGateway"):
        public = one["ConnectivityType"].text != "private"
        if public and any(subnet.key in subnets for subnet in reading.follow(one.stack, one["SubnetId"])):
            yield one, "a NAT gateway"


def _ways_out(reading: Reading, subnets: list[Resource]) -> Iterator[Resource]:
    """The route-table associations and default routes of subnets."""
    tables: set[tuple[str, str]] = set()
    for one in reading.of("EC2::SubnetRouteTableAssociation"):
        if set(subnets).intersection(reading.follow(one.stack, one["SubnetId"])):
            tables.update(table.key for table in reading.follow(one.stack, one["RouteTableId"]))
            yield one
    for one in reading.of("EC2::Route"):
        everywhere = one["DestinationCidrBlock"].text == "0.0.0.0/0"
        if everywhere and any(table.key in tables for table in reading.follow(one.stack, one["RouteTableId"])):
            yield one
