"""The checkov rules that blueprints may fail, each with its reason: the remedy costs money or needs a domain."""

from __future__ import annotations

from typing import NamedTuple


class Accepted(NamedTuple):
    """A rule that a blueprint fails on purpose."""

    demand: str
    reason: str


DOMAIN = "a certificate needs a domain of yours: `LoadBalancer(certificate=)`"
KEY = "a customer-managed key costs about 1 USD a month and what it encrypts; AWS encrypts with its own key without it"

ACCEPTED = {
    "CKV_AWS_2": Accepted("A listener speaks HTTPS", DOMAIN),
    "CKV_AWS_103": Accepted("A listener demands TLS 1.2", DOMAIN),
    "CKV_AWS_260": Accepted(
        "No security group is open to everybody on port 80", f"without HTTPS it is the door; {DOMAIN}"
    ),
    "CKV_AWS_18": Accepted("A bucket logs who reads it", "a second bucket, and storage for a line each request"),
    "CKV_AWS_91": Accepted("A load balancer keeps access logs", "storage for a line each request"),
    "CKV_AWS_118": Accepted(
        "A database has enhanced monitoring", "CloudWatch Logs takes money for each metric that it keeps"
    ),
    "CKV_AWS_27": Accepted("A queue is encrypted by KMS", f"{KEY}. SQS encrypts by itself (`SqsManagedSseEnabled`)"),
    "CKV_AWS_136": Accepted("A repository is encrypted by a key of yours", KEY),
    "CKV_AWS_149": Accepted("A secret is encrypted by a key of yours", KEY),
    "CKV_AWS_158": Accepted("A log group is encrypted by a key of yours", KEY),
}
