"""What stands in front of services, read back: certificates, firewalls, names, API Gateway, CloudFront, VPC Lattice."""

from __future__ import annotations

from typing import Any

from tests.localcloud import Cloud
from tests.readback import READERS, Compared, Reader


def _certificate(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("acm").describe_certificate(CertificateArn=physical)["Certificate"]
    yield "DomainName", wanted["DomainName"], live["DomainName"]
    names = {wanted["DomainName"], *wanted.get("SubjectAlternativeNames", ())}
    yield "SubjectAlternativeNames", sorted(names), sorted({live["DomainName"], *live["SubjectAlternativeNames"]})


def _more_certificates(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    found = cloud.api("elbv2").describe_listener_certificates(ListenerArn=wanted["ListenerArn"])["Certificates"]
    others = [one["CertificateArn"] for one in found if not one["IsDefault"]]
    for one in wanted["Certificates"]:
        yield "Certificates", True, one["CertificateArn"] in others


def _trust(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    (live,) = cloud.api("elbv2").describe_trust_stores(TrustStoreArns=[physical])["TrustStores"]
    yield "Status", "ACTIVE", live["Status"]


def _firewall(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("wafv2").get_web_acl_for_resource(ResourceArn=wanted["ResourceArn"])["WebACL"]
    yield "WebACLArn", wanted["WebACLArn"], live["ARN"]


def _record(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    api = cloud.api("route53")
    found = api.list_resource_record_sets(HostedZoneId=wanted["HostedZoneId"])["ResourceRecordSets"]
    live: dict[str, Any] = next((one for one in found if (one["Name"], one["Type"]) == (wanted["Name"], "A")), {})
    yield "AliasTarget", wanted["AliasTarget"], live.get("AliasTarget")


def _integration(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    (live,) = cloud.api("apigatewayv2").get_integrations(ApiId=wanted["ApiId"])["Items"]
    for key in ("IntegrationType", "IntegrationMethod", "IntegrationUri", "ConnectionType", "ConnectionId"):
        yield key, wanted[key], live.get(key)


def _api_route(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    (live,) = cloud.api("apigatewayv2").get_routes(ApiId=wanted["ApiId"])["Items"]
    for key in ("RouteKey", "Target"):
        yield key, wanted[key], live.get(key)


def _link(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("apigatewayv2").get_vpc_link(VpcLinkId=physical)
    for key in ("SubnetIds", "SecurityGroupIds"):
        yield key, sorted(wanted[key]), sorted(live[key])


def _distribution(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("cloudfront").get_distribution(Id=physical)["Distribution"]["DistributionConfig"]
    (said,), (origin,) = wanted["DistributionConfig"]["Origins"], live["Origins"]["Items"]
    yield "DomainName", said["DomainName"], origin["DomainName"]
    yield "VpcOriginId", said["VpcOriginConfig"]["VpcOriginId"], origin.get("VpcOriginConfig", {}).get("VpcOriginId")
    behaviour = wanted["DistributionConfig"]["DefaultCacheBehavior"]
    for key in ("ViewerProtocolPolicy", "CachePolicyId", "TargetOriginId"):
        yield key, behaviour[key], live["DefaultCacheBehavior"].get(key)


def _origin(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("cloudfront").get_vpc_origin(Id=physical)["VpcOrigin"]["VpcOriginEndpointConfig"]
    for key in ("Name", "Arn", "HTTPPort", "HTTPSPort", "OriginProtocolPolicy"):
        yield key, wanted["VpcOriginEndpointConfig"][key], live.get(key)


def _lattice_rule(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("vpc-lattice").get_rule(
        serviceIdentifier=wanted["ServiceIdentifier"],
        listenerIdentifier=wanted["ListenerIdentifier"],
        ruleIdentifier=physical.rpartition("/")[2],
    )
    yield "Priority", wanted["Priority"], live["priority"]
    said = wanted["Match"]["HttpMatch"]["PathMatch"]["Match"]
    yield "Match", {key.lower(): one for key, one in said.items()}, live["match"]["httpMatch"]["pathMatch"]["match"]
    groups = wanted["Action"]["Forward"]["TargetGroups"]
    found = live["action"]["forward"]["targetGroups"]
    yield "weights", [one.get("Weight", 100) for one in groups], [one.get("weight", 100) for one in found]


def _lattice_group(cloud: Cloud, physical: str, wanted: dict[str, Any]) -> Compared:
    live = cloud.api("vpc-lattice").get_target_group(targetGroupIdentifier=physical.rpartition("/")[2])
    yield "type", wanted["Type"], live["type"]
    for key, name in (("Port", "port"), ("Protocol", "protocol"), ("VpcIdentifier", "vpcIdentifier")):
        yield key, wanted["Config"][key], live["config"].get(name)
    yield "Path", wanted["Config"]["HealthCheck"]["Path"], live["config"]["healthCheck"]["path"]


EVERY: dict[str, Reader] = {
    **READERS,
    "AWS::CertificateManager::Certificate": _certificate,
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": _more_certificates,
    "AWS::ElasticLoadBalancingV2::TrustStore": _trust,
    "AWS::WAFv2::WebACLAssociation": _firewall,
    "AWS::Route53::RecordSet": _record,
    "AWS::ApiGatewayV2::Integration": _integration,
    "AWS::ApiGatewayV2::Route": _api_route,
    "AWS::ApiGatewayV2::VpcLink": _link,
    "AWS::CloudFront::Distribution": _distribution,
    "AWS::CloudFront::VpcOrigin": _origin,
    "AWS::VpcLattice::Rule": _lattice_rule,
    "AWS::VpcLattice::TargetGroup": _lattice_group,
}
