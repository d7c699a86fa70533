"""Checks of what a stack needs: images, secrets, certificates, zones, subnets; and of what lives of it already."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fargate_stacks.deploy.client import CallFailed
from fargate_stacks.deploy.ecs_values import revision_of
from fargate_stacks.deploy.preflight_subject import Check, Finding, Missed, Subject, Unsure
from fargate_stacks.deploy.registry import INDEXES, MANIFESTS, Image, Unknown, of_manifest, parse, platforms

DEFINITION = "AWS::ECS::TaskDefinition"
SERVICE = "AWS::ECS::Service"
_BUILT_FOR = {"X86_64": "amd64", "ARM64": "arm64"}


def images(subject: Subject) -> Iterator[Finding]:
    """FS901: an image is not in its registry. FS902: it was not built for the task's processor."""
    unsure: dict[str, None] = {}
    known: dict[str, set[str] | None] = {}
    for logical_id, properties in subject.of(DEFINITION):
        wanted = _BUILT_FOR.get(str(properties.get("RuntimePlatform", {}).get("CpuArchitecture", "X86_64")), "")
        for container in properties.get("ContainerDefinitions", []):
            name = subject.text(container.get("Image"))
            if name is None:
                continue
            try:
                if name not in known:
                    known[name] = _platforms(subject, parse(name))
            except Unknown as why:
                unsure[f"{name}: {why}"] = None
                continue
            built = known[name]
            if built is None:
                yield subject.find(
                    "FS901", logical_id, f"image {name} is not in its registry; push it, or check the tag"
                )
            elif built and wanted and wanted not in built:
                made = ", ".join(sorted(built))
                yield subject.find(
                    "FS902",
                    logical_id,
                    f"image {name} is built for {made}, the task runs on {wanted}; build it for that, or say "
                    f'Task(architecture="{"ARM64" if "arm64" in built else "X86_64"}")',
                )
    if unsure:
        raise Unsure("; ".join(unsure))


def _platforms(subject: Subject, image: Image) -> set[str] | None:
    if image.ecr is None:
        return platforms(image, subject.fetch)
    account, region = image.ecr
    if region != subject.ecs.client.region:
        raise Unknown(f"it is in {region}")
    by = "imageDigest" if image.reference.startswith("sha256:") else "imageTag"
    asked = {"registryId": account, "repositoryName": image.repository}
    try:
        answer = subject.ecs.call(
            "BatchGetImage",
            of="ecr",
            **asked,
            imageIds=[{by: image.reference}],
            acceptedMediaTypes=[*INDEXES, *MANIFESTS],
        )
    except CallFailed as trouble:
        if trouble.code == "RepositoryNotFoundException":
            return None
        raise Unknown(f"{trouble.operation}: {trouble.message or trouble.code}") from trouble
    if not answer.get("images"):
        return None

    def blob(digest: str) -> bytes:
        try:
            where = subject.ecs.call("GetDownloadUrlForLayer", of="ecr", **asked, layerDigest=digest)
        except CallFailed:
            return b""
        return subject.fetch(where["downloadUrl"], {}).body

    return of_manifest(json.loads(answer["images"][0]["imageManifest"]), blob)


def secrets(subject: Subject) -> Iterator[Finding]:
    """FS903: a secret or parameter that a container reads is not there, is being deleted, or has no value."""
    parameters: dict[str, str] = {}
    looked: set[str] = set()
    missed = Missed()
    for logical_id, properties in subject.of(DEFINITION):
        for container in properties.get("ContainerDefinitions", []):
            for secret in container.get("Secrets", []):
                value = secret.get("ValueFrom")
                source = None if subject.refers(value) else subject.text(value)
                if source is None:
                    continue
                if ":secretsmanager:" in source:
                    name = ":".join(source.split(":")[:7])
                    if name not in looked:
                        looked.add(name)
                        try:
                            yield from _secret(subject, logical_id, name)
                        except CallFailed as trouble:
                            missed(trouble)
                else:
                    parameters.setdefault(source, logical_id)
    names = list(parameters)
    for start in range(0, len(names), 10):
        try:
            answer = subject.ecs.call("GetParameters", of="ssm", Names=names[start : start + 10])
        except CallFailed as trouble:
            missed(trouble)
            break
        for name in answer.get("InvalidParameters", []):
            yield subject.find("FS903", parameters.get(name, ""), f"parameter {name} is not there; put it first")
    missed.end()


def _secret(subject: Subject, logical_id: str, name: str) -> Iterator[Finding]:
    try:
        found = subject.ecs.call("DescribeSecret", of="secretsmanager", SecretId=name)
    except CallFailed as trouble:
        if trouble.code != "ResourceNotFoundException":
            raise
        yield subject.find("FS903", logical_id, f"secret {name} is not there; make it first")
        return
    if found.get("DeletedDate"):
        yield subject.find("FS903", logical_id, f"secret {name} is being deleted; restore it")
    elif not any("AWSCURRENT" in stages for stages in found.get("VersionIdsToStages", {}).values()):
        yield subject.find("FS903", logical_id, f"secret {name} has no value yet; put one in")


def certificates(subject: Subject) -> Iterator[Finding]:
    """FS904: a certificate is not issued, has run out, or is in another region than its listener."""
    looked: set[str] = set()
    for logical_id, properties in subject.of(
        "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerCertificate"
    ):
        for one in properties.get("Certificates", []):
            value = one.get("CertificateArn")
            arn = None if subject.refers(value) else subject.text(value)
            if arn is None or ":acm:" not in arn or arn in looked:
                continue
            looked.add(arn)
            region = arn.split(":")[3]
            if region != subject.ecs.client.region:
                message = f"certificate {arn} is in {region}, its listener in {subject.ecs.client.region}"
                yield subject.find("FS904", logical_id, f"{message}; issue one here")
                continue
            try:
                found = subject.ecs.call("DescribeCertificate", of="acm", CertificateArn=arn)["Certificate"]
            except CallFailed as trouble:
                if trouble.code != "ResourceNotFoundException":
                    raise
                yield subject.find("FS904", logical_id, f"certificate {arn} is not there")
                continue
            if found.get("Status") != "ISSUED":
                cure = "; validate it first" if found.get("Status") == "PENDING_VALIDATION" else ""
                yield subject.find("FS904", logical_id, f"certificate {arn} is {found.get('Status')}{cure}")


def hosted_zones(subject: Subject) -> Iterator[Finding]:
    """FS905: a hosted zone is not there, does not hold the name, or is private where the world must see it."""
    wanted: dict[str, list[tuple[str, str, bool]]] = {}
    for logical_id, properties in subject.of("AWS::Route53::RecordSet"):
        zone, name = subject.text(properties.get("HostedZoneId")), subject.text(properties.get("Name"))
        if zone and name:
            wanted.setdefault(zone, []).append((logical_id, name, False))
    for logical_id, properties in subject.of("AWS::CertificateManager::Certificate"):
        for one in properties.get("DomainValidationOptions", []):
            zone, name = subject.text(one.get("HostedZoneId")), subject.text(one.get("DomainName"))
            if zone and name:
                wanted.setdefault(zone, []).append((logical_id, name, True))
    for zone, uses in wanted.items():
        try:
            found = subject.ecs.call("GetHostedZone", of="route53", Id=zone)["HostedZone"]
        except CallFailed as trouble:
            if trouble.code not in ("NoSuchHostedZone", "InvalidInput"):
                raise
            yield subject.find("FS905", uses[0][0], f"hosted zone {zone} is not there in this account")
            continue
        domain = str(found["Name"]).rstrip(".")
        for logical_id, name, public in uses:
            plain = name.rstrip(".").removeprefix("*.")
            if plain != domain and not plain.endswith(f".{domain}"):
                yield subject.find("FS905", logical_id, f"hosted zone {zone} is {domain}, which does not hold {name}")
            elif public and found.get("Config", {}).get("PrivateZone"):
                yield subject.find(
                    "FS905", logical_id, f"hosted zone {zone} is private; a certificate is validated in a public one"
                )


def subnets(subject: Subject) -> Iterator[Finding]:
    """FS906: tasks are in subnets that lead nowhere. FS907: the subnets have too few free addresses."""
    uses: dict[str, tuple[str, bool, int]] = {}
    for logical_id, properties in subject.of(SERVICE):
        network = properties.get("NetworkConfiguration", {}).get("AwsvpcConfiguration", {})
        literal = [one for one in _listed(network.get("Subnets")) if not subject.refers(one)]
        count = properties.get("DesiredCount", 1)
        for subnet in subject.texts(literal):
            if subnet.startswith("subnet-") and subnet not in subject.live.values():
                public = network.get("AssignPublicIp") == "ENABLED"
                uses.setdefault(subnet, (logical_id, public, count if isinstance(count, int) else 1))
    if not uses:
        return
    found = subject.ecs.call("DescribeSubnets", of="ec2", SubnetIds=list(uses))["Subnets"]
    vpcs = {one["SubnetId"]: one["VpcId"] for one in found}
    tables = subject.ecs.call(
        "DescribeRouteTables", of="ec2", Filters=[{"Name": "vpc-id", "Values": sorted(set(vpcs.values()))}]
    )["RouteTables"]
    endpoints = subject.ecs.call(
        "DescribeVpcEndpoints", of="ec2", Filters=[{"Name": "vpc-id", "Values": sorted(set(vpcs.values()))}]
    ).get("VpcEndpoints", [])
    for one in found:
        subnet = one["SubnetId"]
        logical_id, public, count = uses[subnet]
        way = _way_out(tables, subnet, one["VpcId"])
        if way.startswith("igw-") and not public:
            yield subject.find(
                "FS906",
                logical_id,
                f"subnet {subnet} leads to an internet gateway, and the tasks have no public addresses; "
                'say subnets="public", or name subnets behind a NAT gateway',
            )
        elif not way and not any(ep["VpcId"] == one["VpcId"] and ".ecr." in ep["ServiceName"] for ep in endpoints):
            yield subject.find(
                "FS906",
                logical_id,
                f"subnet {subnet} has no way out and its VPC no endpoint for ECR; tasks cannot pull their image",
            )
        free = one.get("AvailableIpAddressCount", 0)
        if free < 2 * count:
            yield subject.find(
                "FS907",
                logical_id,
                f"subnet {subnet} has {free} free addresses; {count} tasks need {2 * count} while they are replaced",
                "warning",
            )


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _way_out(tables: list[Mapping[str, Any]], subnet: str, vpc: str) -> str:
    """Give what the default route of a subnet leads to; empty without one."""
    own = [one for one in tables if any(to.get("SubnetId") == subnet for to in one.get("Associations", []))]
    main = [
        one for one in tables if one.get("VpcId") == vpc and any(to.get("Main") for to in one.get("Associations", []))
    ]
    for route in (own or main or [{}])[0].get("Routes", []):
        if route.get("DestinationCidrBlock") == "0.0.0.0/0" and route.get("State", "active") == "active":
            targets = ("GatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId")
            return next((str(route[key]) for key in targets if route.get(key)), "somewhere")
    return ""


def rollouts(subject: Subject) -> Iterator[Finding]:
    """FS910: a rollout runs in a service that is about to be changed. FS911: a deploy sets its count back."""
    arns = {
        subject.live[logical_id]: (logical_id, properties)
        for logical_id, properties in subject.of(SERVICE)
        if subject.live.get(logical_id, "").startswith("arn:")
    }
    services = subject.ecs.services(arns)
    current = subject.ecs.service_deployments(one.current for one in services.values() if one.current)
    for arn, service in services.items():
        logical_id, properties = arns[arn]
        running = current.get(service.current)
        if running is not None and running.status in ("PENDING", "IN_PROGRESS"):
            traffic = f", {running.weight:g} % of the traffic on it" if running.weight is not None else ""
            yield subject.find(
                "FS910",
                logical_id,
                f"revision {revision_of(running.task_definition) or '?'} is being rolled out{traffic}; a change now "
                "breaks that off: wait, or fargate-stacks rollback first",
                "warning",
            )
        count = properties.get("DesiredCount")
        if isinstance(count, int) and count != service.desired:
            bounds = subject.ecs.bounds(service)
            kept = f"autoscaling holds {service.desired} tasks" if bounds else f"{service.desired} tasks are wanted now"
            cure = "count=Scaling(...) leaves the number to it" if bounds else f"count={service.desired} keeps them"
            yield subject.find(
                "FS911",
                logical_id,
                f"{kept}, the template sets {count}, and a deploy puts that back; {cure}",
                "warning",
            )


EVERYWHERE: tuple[Check, ...] = (secrets, rollouts)
"""What a local cloud can answer too."""
REMOTE: tuple[Check, ...] = (images, certificates, hosted_zones, subnets)
