"""Small stores with the calls that read them back: pipelines, code connections, Fargate profiles, parts of others."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, new_uuid
from ministack.services import alb, eks

from fargate_stacks.deploy.local.calls import Refused
from fargate_stacks.deploy.local.kept import Function, Request, serve
from fargate_stacks.deploy.local.stored_types import TYPES

pipelines = AccountRegionScopedDict()
connections = AccountRegionScopedDict()
profiles = AccountRegionScopedDict()
logging = AccountRegionScopedDict()
certificates = AccountRegionScopedDict()
trust_stores = AccountRegionScopedDict()
_ALL = (pipelines, connections, profiles, logging, certificates, trust_stores)


def reset() -> None:
    """Forget everything."""
    for store in _ALL:
        store.clear()


def register() -> None:
    """Let the calls be answered, and put the resource types over them into CloudFormation."""
    serve("codepipeline", "codepipeline", _PIPELINES)
    for service in ("codestar-connections", "codeconnections"):
        serve(service, service, _connections(service))
    serve("eks", "eks", _PROFILES)
    serve("wafv2", "wafv2", _LOGGING)
    serve("elbv2", "elasticloadbalancing", _BALANCERS)
    for service, handler in (("ecs", "ecs"), ("efs", "elasticfilesystem"), ("servicediscovery", "servicediscovery")):
        serve(service, handler, {})
    for one in TYPES:
        one.register()


def _found(store: Any, key: str, service: str, code: str, message: str) -> dict[str, Any]:
    record: dict[str, Any] | None = store.get(key)
    if record is None:
        raise Refused(service, code, message)
    return record


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"


def _page(records: Iterable[Any], answer: str) -> dict[str, Any]:
    return {answer: list(records)}


# --- CodePipeline


def _pipeline(name: str) -> dict[str, Any]:
    said = f"Account '{get_account_id()}' does not have a pipeline with name '{name}'"
    return _found(pipelines, name, "CodePipeline", "PipelineNotFoundException", said)


def _create_pipeline(request: Request) -> dict[str, Any]:
    given = request["pipeline"]
    if given["name"] in pipelines:
        said = f"A pipeline with the name '{given['name']}' already exists in account '{get_account_id()}'"
        raise Refused("CodePipeline", "PipelineNameInUseException", said)
    now = time.time()
    whole = {"pipelineType": "V1", "executionMode": "SUPERSEDED", **given, "version": 1}
    metadata = {"pipelineArn": _arn("codepipeline", given["name"]), "created": now, "updated": now}
    pipelines[given["name"]] = {"pipeline": whole, "metadata": metadata, "tags": request.get("tags", [])}
    return {"pipeline": whole, "tags": request.get("tags", [])}


def _update_pipeline(request: Request) -> dict[str, Any]:
    record = _pipeline(request["pipeline"]["name"])
    record["pipeline"] = {**request["pipeline"], "version": record["pipeline"]["version"] + 1}
    record["metadata"]["updated"] = time.time()
    return {"pipeline": record["pipeline"]}


def _pipeline_state(request: Request) -> dict[str, Any]:
    record = _pipeline(request["name"])
    return {
        "pipelineName": request["name"],
        "pipelineVersion": record["pipeline"]["version"],
        "stageStates": [{"stageName": stage["name"], "actionStates": []} for stage in record["pipeline"]["stages"]],
        "created": record["metadata"]["created"],
        "updated": record["metadata"]["updated"],
    }


def _delete_pipeline(request: Request) -> dict[str, Any]:
    pipelines.pop(request["name"], None)
    return {}


def _summary(record: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: record["pipeline"].get(name) for name in ("name", "version", "pipelineType", "executionMode")}
    return {**kept, "created": record["metadata"]["created"], "updated": record["metadata"]["updated"]}


_PIPELINES: dict[str, Function] = {
    "CreatePipeline": _create_pipeline,
    "UpdatePipeline": _update_pipeline,
    "GetPipeline": lambda request: _pipeline(request["name"]),
    "GetPipelineState": _pipeline_state,
    "ListPipelines": lambda request: _page(map(_summary, pipelines.values()), "pipelines"),
    "ListPipelineExecutions": lambda request: {"pipelineExecutionSummaries": []},
    "DeletePipeline": _delete_pipeline,
    "ListTagsForResource": lambda request: {"tags": _pipeline(request["resourceArn"].rpartition(":")[2])["tags"]},
}


# --- connections to where code is


def _connections(service: str) -> dict[str, Function]:
    def find(arn: str) -> dict[str, Any]:
        return _found(
            connections, arn, "CodeStarConnections", "ResourceNotFoundException", f"Connection {arn} not found"
        )

    def create(request: Request) -> dict[str, Any]:
        arn = _arn(service, f"connection/{new_uuid()}")
        connections[arn] = {
            **request,
            "ConnectionArn": arn,
            # AWS wants a person to finish it in the console
            "ConnectionStatus": "PENDING",
            "OwnerAccountId": get_account_id(),
        }
        return {"ConnectionArn": arn, "Tags": request.get("Tags", [])}

    def delete(request: Request) -> dict[str, Any]:
        find(request["ConnectionArn"])
        connections.pop(request["ConnectionArn"])
        return {}

    return {
        "CreateConnection": create,
        "GetConnection": lambda request: {"Connection": find(request["ConnectionArn"])},
        "ListConnections": lambda request: _page(connections.values(), "Connections"),
        "DeleteConnection": delete,
        "ListTagsForResource": lambda request: {"Tags": find(request["ResourceArn"]).get("Tags", [])},
    }


# --- Fargate profiles of EKS


def _profile(request: Request) -> dict[str, Any]:
    name = request["fargateProfileName"]
    said = f"No Fargate Profile found with name: {name}."
    return _found(profiles, f"{request['clusterName']}/{name}", "Eks", "ResourceNotFoundException", said)


def _create_profile(request: Request) -> dict[str, Any]:
    cluster, name = request["clusterName"], request["fargateProfileName"]
    if cluster not in eks._clusters:
        raise Refused("Eks", "ResourceNotFoundException", f"No cluster found for name: {cluster}.")
    if f"{cluster}/{name}" in profiles:
        raise Refused("Eks", "ResourceInUseException", f"A Fargate Profile already exists with this name: {name}.")
    record = {
        **{key: value for key, value in request.items() if key != "clientRequestToken"},
        "fargateProfileArn": _arn("eks", f"fargateprofile/{cluster}/{name}/{new_uuid()}"),
        "createdAt": time.time(),
        "status": "ACTIVE",
        "health": {"issues": []},
    }
    profiles[f"{cluster}/{name}"] = record
    return {"fargateProfile": record}


def _delete_profile(request: Request) -> dict[str, Any]:
    record = _profile(request)
    profiles.pop(f"{request['clusterName']}/{request['fargateProfileName']}")
    return {"fargateProfile": {**record, "status": "DELETING"}}


_PROFILES: dict[str, Function] = {
    "CreateFargateProfile": _create_profile,
    "DescribeFargateProfile": lambda request: {"fargateProfile": _profile(request)},
    "ListFargateProfiles": lambda request: {
        "fargateProfileNames": [
            one["fargateProfileName"] for one in profiles.values() if one["clusterName"] == request["clusterName"]
        ]
    },
    "DeleteFargateProfile": _delete_profile,
}


# --- where a web ACL logs to


def _put_logging(request: Request) -> dict[str, Any]:
    given = request["LoggingConfiguration"]
    logging[given["ResourceArn"]] = {"ManagedByFirewallManager": False, **given}
    return {"LoggingConfiguration": logging[given["ResourceArn"]]}


def _logging(request: Request) -> dict[str, Any]:
    said = "AWS WAF couldn’t perform the operation because your resource doesn’t exist."  # noqa: RUF001 (AWS's own marks)
    return _found(logging, request["ResourceArn"], "Wafv2", "WAFNonexistentItemException", said)


def _delete_logging(request: Request) -> dict[str, Any]:
    _logging(request)
    logging.pop(request["ResourceArn"])
    return {}


_LOGGING: dict[str, Function] = {
    "PutLoggingConfiguration": _put_logging,
    "GetLoggingConfiguration": lambda request: {"LoggingConfiguration": _logging(request)},
    "ListLoggingConfigurations": lambda request: _page(logging.values(), "LoggingConfigurations"),
    "DeleteLoggingConfiguration": _delete_logging,
}


# --- more certificates of a listener, and trust stores


def _listener(request: Request) -> str:
    arn = str(request["ListenerArn"])
    if arn not in alb._listeners:
        raise Refused("ElasticLoadBalancingV2", "ListenerNotFound", f"One or more listeners not found: {arn}")
    return arn


def _add_certificates(request: Request) -> dict[str, Any]:
    arn = _listener(request)
    known = {one["CertificateArn"]: one for one in certificates.get(arn, ())}
    for one in request["Certificates"]:
        known[one["CertificateArn"]] = {"CertificateArn": one["CertificateArn"], "IsDefault": False}
    certificates[arn] = list(known.values())
    return {"Certificates": certificates[arn]}


def _remove_certificates(request: Request) -> dict[str, Any]:
    gone = {one["CertificateArn"] for one in request["Certificates"]}
    arn = str(request["ListenerArn"])
    certificates[arn] = [one for one in certificates.get(arn, ()) if one["CertificateArn"] not in gone]
    return {}


def _described_certificates(request: Request) -> dict[str, Any]:
    arn = _listener(request)
    default = [
        {"CertificateArn": one["CertificateArn"] if isinstance(one, Mapping) else one, "IsDefault": True}
        for one in alb._listeners[arn].get("Certificates", ())
    ]
    return {"Certificates": [*default, *certificates.get(arn, ())]}


def _create_trust(request: Request) -> dict[str, Any]:
    arn = _arn("elasticloadbalancing", f"truststore/{request['Name']}/{new_uuid().replace('-', '')[:16]}")
    trust_stores[arn] = {
        "Name": request["Name"],
        "TrustStoreArn": arn,
        "Status": "ACTIVE",
        "NumberOfCaCertificates": 1,
        "TotalRevokedEntries": 0,
    }
    return {"TrustStores": [trust_stores[arn]]}


def _trust(arn: str) -> dict[str, Any]:
    said = f"Trust store '{arn}' not found"
    return _found(trust_stores, arn, "ElasticLoadBalancingV2", "TrustStoreNotFound", said)


def _trusts(request: Request) -> dict[str, Any]:
    if request.get("TrustStoreArns"):
        return {"TrustStores": [_trust(arn) for arn in request["TrustStoreArns"]]}
    names = request.get("Names")
    return {"TrustStores": [one for one in trust_stores.values() if not names or one["Name"] in names]}


def _delete_trust(request: Request) -> dict[str, Any]:
    _trust(request["TrustStoreArn"])
    trust_stores.pop(request["TrustStoreArn"])
    return {}


_BALANCERS: dict[str, Function] = {
    "AddListenerCertificates": _add_certificates,
    "RemoveListenerCertificates": _remove_certificates,
    "DescribeListenerCertificates": _described_certificates,
    "CreateTrustStore": _create_trust,
    "DescribeTrustStores": _trusts,
    "ModifyTrustStore": lambda request: {"TrustStores": [_trust(request["TrustStoreArn"])]},
    "DeleteTrustStore": _delete_trust,
}
