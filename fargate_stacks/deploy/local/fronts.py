"""What stands before services, as small stores: VPC links, gateways of ECS, caches of registries; and VPC origins."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, now_iso
from ministack.services import cloudfront, ec2, ecs
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local import apis
from fargate_stacks.deploy.local.calls import Refused
from fargate_stacks.deploy.local.kept import Function, Request, serve
from fargate_stacks.deploy.local.shapes import input_of
from fargate_stacks.deploy.local.types import Type, map_of_tags

Record = dict[str, Any]
Props = Mapping[str, Any]

links = AccountRegionScopedDict()
caches = AccountRegionScopedDict()
gateways = AccountRegionScopedDict()
associations = AccountRegionScopedDict()


def reset() -> None:
    """Forget everything."""
    for store in (links, caches, gateways, associations):
        store.clear()


def register() -> None:
    """Let the calls be answered, and put the resource types over them into CloudFormation."""
    serve("apigatewayv2", "apigateway", _LINKS)
    serve("ecr", "ecr", _CACHES)
    for one in TYPES:
        one.register()
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::CloudFront::VpcOrigin"] = {
        "create": _create_origin,
        "update": _update_origin,
        "delete": _delete_origin,
    }
    cloudfront._build_vpc_origin_xml = _as_known(cloudfront._build_vpc_origin_xml)
    provisioners._STACK_TAG_PROPERTY["AWS::CloudFront::VpcOrigin"] = ("Tags", "list")
    handlers["AWS::ECS::Gateway"] = {"create": _create_gateway, "update": _update_gateway, "delete": _delete_gateway}
    handlers["AWS::ECS::GatewayClusterAssociations"] = {"create": _associate, "delete": _dissociate}


# --- VPC links of API Gateway


def _link(request: Request) -> Record:
    name = request.get("vpcLinkId") or request.get("VpcLinkId", "")
    found: Record | None = links.get(name)
    if found is None:
        raise Refused("ApiGatewayV2", "NotFoundException", f"Unable to find VpcLink with id {name}")
    return found


def _create_link(request: Request) -> Record:
    for store, names in ((ec2._subnets, "subnetIds"), (ec2._security_groups, "securityGroupIds")):
        for name in request.get(names) or ():
            if name not in store:
                raise Refused("ApiGatewayV2", "BadRequestException", f"{names[:-1]} {name} does not exist")
    made = secrets.token_hex(3)
    links[made] = {
        "VpcLinkId": made,
        "Name": request["name"],
        "SubnetIds": request["subnetIds"],
        "SecurityGroupIds": request.get("securityGroupIds", []),
        "Tags": request.get("tags", {}),
        "CreatedDate": now_iso(),
        "VpcLinkStatus": "AVAILABLE",
        "VpcLinkStatusMessage": "VPC link is ready to route traffic",
        "VpcLinkVersion": "V2",
    }
    return dict(links[made])


def _update_link(request: Request) -> Record:
    record = _link(request)
    record["Name"] = request.get("name", record["Name"])
    return record


def _delete_link(request: Request) -> Record:
    links.pop(_link(request)["VpcLinkId"])
    return {}


_LINKS: dict[str, Function] = {
    "CreateVpcLink": _create_link,
    "GetVpcLink": _link,
    "GetVpcLinks": lambda request: {"Items": list(links.values())},
    "UpdateVpcLink": _update_link,
    "DeleteVpcLink": _delete_link,
}


# --- pull-through caches of ECR

_UPSTREAMS = {
    "registry-1.docker.io": "docker-hub",
    "public.ecr.aws": "ecr-public",
    "ghcr.io": "github-container-registry",
    "registry.gitlab.com": "gitlab-container-registry",
    "quay.io": "quay",
    "registry.k8s.io": "k8s",
}


def _create_cache(request: Request) -> Record:
    prefix = request["ecrRepositoryPrefix"]
    if prefix in caches:
        said = f"The pull through cache rule already exists with repository prefix '{prefix}'"
        raise Refused("Ecr", "PullThroughCacheRuleAlreadyExistsException", said)
    now = time.time()
    upstream = request.get("upstreamRegistry") or _UPSTREAMS.get(request["upstreamRegistryUrl"])
    more = {"registryId": get_account_id(), "createdAt": now, "updatedAt": now, "upstreamRegistry": upstream}
    caches[prefix] = {"upstreamRepositoryPrefix": "ROOT", **request, **more}
    return dict(caches[prefix])


def _cache(prefix: str) -> Record:
    found: Record | None = caches.get(prefix)
    if found is None:
        said = f"Pull through cache rule for repository prefix '{prefix}' not found"
        raise Refused("Ecr", "PullThroughCacheRuleNotFoundException", said)
    return found


def _described_caches(request: Request) -> Record:
    wanted = request.get("ecrRepositoryPrefixes")
    return {"pullThroughCacheRules": [_cache(one) for one in wanted] if wanted else list(caches.values())}


def _delete_cache(request: Request) -> Record:
    record = _cache(request["ecrRepositoryPrefix"])
    caches.pop(request["ecrRepositoryPrefix"])
    return record


_CACHES: dict[str, Function] = {
    "CreatePullThroughCacheRule": _create_cache,
    "DescribePullThroughCacheRules": _described_caches,
    "DeletePullThroughCacheRule": _delete_cache,
}

TYPES = (
    Type(
        "AWS::ApiGatewayV2::VpcLink",
        "apigatewayv2",
        "CreateVpcLink",
        ("VpcLinkId",),
        "DeleteVpcLink",
        update="UpdateVpcLink",
        by="VpcLinkId",
        attributes={"VpcLinkId": "VpcLinkId"},
        given=map_of_tags,
    ),
    Type(
        "AWS::ECR::PullThroughCacheRule",
        "ecr",
        "CreatePullThroughCacheRule",
        ("ecrRepositoryPrefix",),
        "DeletePullThroughCacheRule",
        lambda physical_id, props: {"ecrRepositoryPrefix": physical_id},
    ),
)


# --- VPC origins of CloudFront, whose calls the emulator has: a change names the version that it changes


def _origin(props: Props) -> Record:
    config = dict(props["VpcOriginEndpointConfig"])
    protocols = config.pop("OriginSSLProtocols", None) or config.pop("OriginSslProtocols", None)
    if protocols is not None:
        config["OriginSslProtocols"] = {"Quantity": len(protocols), "Items": protocols}
    return dict(input_of("cloudfront", "CreateVpcOrigin")({"VpcOriginEndpointConfig": config}))


async def _create_origin(logical_id: str, props: Props, stack: str) -> tuple[str, Record]:
    tags = {"Tags": {"Items": list(props.get("Tags", ()))}}
    made = (await apis.call("cloudfront", "CreateVpcOrigin", **_origin(props), **tags))["VpcOrigin"]
    return made["Id"], {name: str(made[name]) for name in ("Id", "Arn", "Status")}


def _as_known(build: Callable[..., None]) -> Callable[..., None]:
    """Leave out what this botocore does not know yet."""

    def built(root: Any, origin: Record) -> None:
        build(root, origin)
        config = root.find("{*}VpcOriginEndpointConfig")
        for one in config.findall("{*}IpAddressType"):
            config.remove(one)

    return built


async def _version(physical_id: str) -> Record:
    told = await apis.call("cloudfront", "GetVpcOrigin", Id=physical_id)
    return {"Id": physical_id, "IfMatch": told["ETag"]}


async def _update_origin(physical_id: str, old: Props, new: Props, stack: str) -> tuple[str, Record]:
    await apis.call("cloudfront", "UpdateVpcOrigin", **_origin(new), **await _version(physical_id))
    return physical_id, {}


async def _delete_origin(physical_id: str, props: Props) -> None:
    try:
        await apis.call("cloudfront", "DeleteVpcOrigin", **await _version(physical_id))
    except Refused as error:
        if error.code != "EntityNotFound":
            raise


# --- gateways of ECS: this botocore has no calls for them, so only their stacks tell of them


def _create_gateway(logical_id: str, props: Props, stack: str) -> tuple[str, Record]:
    name = props["GatewayName"]
    arn = f"arn:aws:ecs:{get_region()}:{get_account_id()}:gateway/{name}"
    if arn in gateways:
        raise Refused("Ecs", "ConflictException", f"A gateway with the name {name} already exists.")
    for subnet in props["Configuration"]["HostSharedAlb"]["NetworkConfiguration"]["Subnets"]:
        if subnet not in ec2._subnets:
            raise Refused("Ecs", "InvalidParameterException", f"The subnet ID '{subnet}' does not exist")
    gateways[arn] = dict(props)
    access = "PUBLIC" if props["Configuration"]["HostSharedAlb"].get("Scheme") == "internet-facing" else "PRIVATE"
    return arn, {"Arn": arn, "Status": "ACTIVE", "AccessType": access}


def _update_gateway(arn: str, old: Props, new: Props, stack: str) -> tuple[str, Record]:
    gateways[arn] = dict(new)
    return arn, {}


def _delete_gateway(arn: str, props: Props) -> None:
    if str(props.get("DeletionProtection", "")).lower() == "true":
        raise Refused("Ecs", "InvalidParameterException", f"Gateway {arn} has deletion protection.")
    if any(one["Gateway"] == arn for one in associations.values()):
        raise Refused("Ecs", "ResourceInUseException", f"Gateway {arn} is associated with clusters.")
    gateways.pop(arn, None)


def _associate(logical_id: str, props: Props, stack: str) -> tuple[str, Record]:
    gateway, cluster = props["Gateway"], ecs._resolve_cluster_name(props["Cluster"])
    if gateway not in gateways:
        raise Refused("Ecs", "ResourceNotFoundException", f"Gateway {gateway} not found.")
    if cluster not in ecs._clusters:
        raise Refused("Ecs", "ClusterNotFoundException", "Cluster not found.")
    physical_id = f"{gateway}|{props['Cluster']}"
    associations[physical_id] = dict(props)
    arn = ecs._clusters[cluster]["clusterArn"]
    return physical_id, {"GatewayArn": gateway, "ClusterArn": arn, "Status": "ACTIVE"}


def _dissociate(physical_id: str, props: Props) -> None:
    associations.pop(physical_id, None)
