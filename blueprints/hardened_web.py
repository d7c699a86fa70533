"""A web service that asks for everything that rule packs demand and that costs money: the one to copy from.

Use it where an auditor reads the templates. Beside what is the default it has HTTPS alone (port 80 is closed, not
redirected), a firewall, and logs of requests, connections and traffic for a year under a key of yours; its tasks
connect to nothing but HTTPS. What rule packs still say against it is answered in `REASONS`. The zone is a parameter:
`deploy --parameter HostedZoneId=Z...`. Costs beside those of `web_service`: a web ACL with three groups, a key, and
what the logs take.
"""

from collections.abc import Mapping
from typing import Any

from fargate_stacks import (
    App,
    Cluster,
    Container,
    Egress,
    FlowLogs,
    HostedZone,
    Key,
    LoadBalancer,
    LogArchive,
    Param,
    Scaling,
    Service,
    Stack,
    Task,
    Vpc,
    Waf,
)

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"
_LOG_BUCKET = {
    "S3_BUCKET_DEFAULT_LOCK_ENABLED": "nobody may delete for a year what the lock holds, a mistake included",
    "S3_BUCKET_NO_PUBLIC_RW_ACL": "there is no ACL: the owner alone decides, by BucketOwnerEnforced",
    "S3_BUCKET_REPLICATION_ENABLED": "a copy in another region is another bucket, key and bill",
}
_TLS = {"S3_BUCKET_SSL_REQUESTS_ONLY": "the policy does refuse it, as the text that AWS documents, not as a boolean"}
REASONS = {
    "AuditBucket": _LOG_BUCKET,
    "AuditBucketPolicy": _TLS,
    "ReadersBucket": {
        **_LOG_BUCKET,
        "S3_BUCKET_LOGGING_ENABLED": "it is the bucket that logs go to; logging into itself would never end",
    },
    "ReadersBucketPolicy": _TLS,
    "NetworkPublicDefaultRoute": {"NO_UNRESTRICTED_ROUTE_TO_IGW": "what makes the subnets of a public site public"},
    "EdgeSecurityGroup": {
        "EC2_SECURITY_GROUP_INGRESS_OPEN_TO_WORLD_RULE": "a public site, on 443 alone",
        "SECURITY_GROUP_INGRESS_CIDR_NON_32_RULE": "a public site, on 443 alone",
        "SECURITY_GROUP_EGRESS_PORT_RANGE_RULE": "a rule that matches no packet, in place of one that lets all out",
    },
    "WebSecurityGroup": {
        "EC2_SECURITY_GROUP_EGRESS_OPEN_TO_WORLD_RULE": "images, logs and secrets come by HTTPS from addresses of AWS",
    },
}
"""What rules of the guard registry object to, by logical id, and why it stays so."""


def app(stage: str = "dev", image: str = IMAGE, zone: str = "example.com") -> App:
    own = Key("Own")
    readers = LogArchive("Readers")
    audit = LogArchive("Audit", access_logs=readers)
    guard = Waf("Guard", encryption=own)
    vpc = Vpc("Network", nat="per-zone" if stage == "prod" else "single", flow_logs=FlowLogs(encryption=own))
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer(
        "Edge",
        vpc=vpc,
        public=True,
        domain=f"shop.{zone}" if stage == "prod" else f"shop-{stage}.{zone}",
        hosted_zone=HostedZone(zone, id=Param("HostedZoneId", type="AWS::Route53::HostedZone::Id")),
        redirect=False,
        access_logs=audit,
        connection_logs=audit,
        waf=guard,
        desync="strictest",
    )
    web = Service(
        "Web",
        cluster=cluster,
        task=Task(
            cpu=256,
            memory=512,
            log_retention=365,
            log_encryption=own,
            containers=[
                Container(
                    image=image,
                    port=8080,
                    memory=512,
                    user="101",
                    readonly_root=True,
                    drop=["ALL"],
                    tmpfs={"/tmp": 64},
                )
            ],
        ),
        route=edge.route("/*"),
        egress=[Egress(port=443)],
        count=Scaling(min=2, max=10, cpu=60, requests=1000),
    )
    stack = Stack(
        f"hardened-{stage}",
        [own, readers, audit, guard, vpc, cluster, edge, web],
        description="A web service with everything that rule packs ask for",
        outputs={"Url": edge.url},
        removal="retain" if stage == "prod" else "remove",
        customize=give_reasons,
    )
    return App([stack], tags={"stage": stage})


def give_reasons(resources: Mapping[str, Any]) -> None:
    """Write the reasons into the template, where cfn-guard reads which rules are answered."""
    for logical_id, answered in REASONS.items():
        resource = resources[logical_id]
        known = getattr(resource, "Metadata", {})
        resource.Metadata = {**known, "guard": {"SuppressedRules": sorted(answered)}, "Reasons": answered}
