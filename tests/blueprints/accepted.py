"""The rules of scanners that blueprints may fail, each with its reason: the remedy costs money or needs a domain."""

from __future__ import annotations

from typing import NamedTuple


class Accepted(NamedTuple):
    """A rule that a blueprint fails on purpose."""

    demand: str
    reason: str


DOMAIN = "a certificate needs a domain of yours: `LoadBalancer(certificate=)`"
KEY = "a customer-managed key costs about 1 USD a month and what it encrypts; AWS encrypts with its own key without it"
STORAGE = "storage for a line each request"
BUCKET = "a second bucket, and storage for a line each request"
LINES = "CloudWatch Logs takes money for each line that it keeps"
METRICS = "CloudWatch Logs takes money for each metric that it keeps"

CHECKOV = {
    "CKV_AWS_2": Accepted("A listener speaks HTTPS", DOMAIN),
    "CKV_AWS_103": Accepted("A listener demands TLS 1.2", DOMAIN),
    "CKV_AWS_260": Accepted(
        "No security group is open to everybody on port 80", f"without HTTPS it is the door; {DOMAIN}"
    ),
    "CKV_AWS_18": Accepted("A bucket logs who reads it", BUCKET),
    "CKV_AWS_91": Accepted("A load balancer keeps access logs", STORAGE),
    "CKV_AWS_88": Accepted(
        "An instance has no public address",
        "a NAT instance is the way out; a NAT gateway costs ten times it",
    ),
    "CKV_AWS_118": Accepted("A database has enhanced monitoring", METRICS),
    "CKV_AWS_27": Accepted("A queue is encrypted by KMS", f"{KEY}. SQS encrypts by itself (`SqsManagedSseEnabled`)"),
    "CKV_AWS_119": Accepted("A table is encrypted by a key of yours", KEY),
    "CKV_AWS_136": Accepted("A repository is encrypted by a key of yours", KEY),
    "CKV_AWS_149": Accepted("A secret is encrypted by a key of yours", KEY),
    "CKV_AWS_158": Accepted("A log group is encrypted by a key of yours", KEY),
}
CONTROL_TOWER = {
    "alb_http_to_https_redirection_check": Accepted("A listener redirects to HTTPS", DOMAIN),
    "cloudwatch_alarm_action_check": Accepted(
        "An alarm calls somebody", "a topic and messages cost; the deployment itself acts on the alarms of `errors=`"
    ),
    "cloudwatch_log_group_encrypted_check": Accepted("A log group is encrypted by a key of yours", KEY),
    "cloudwatch_log_group_retention_period_check": Accepted("A log group is kept for a year", LINES),
    "dynamodb_table_encrypted_kms_check": Accepted("A table is encrypted by a key of yours", KEY),
    "elbv2_logging_enabled_check": Accepted("A load balancer keeps access logs", STORAGE),
    "rds_cluster_logging_enabled_check": Accepted("A database exports its logs", LINES),
    "rds_instance_enhanced_monitoring_enabled_check": Accepted("A database has enhanced monitoring", METRICS),
    "s3_bucket_default_encryption_kms_check": Accepted("A bucket is encrypted by KMS", KEY),
    "s3_bucket_logging_enabled_check": Accepted("A bucket logs who reads it", BUCKET),
    "s3_bucket_object_lock_enabled_check": Accepted(
        "Nobody can delete an object for a time", "storage for what was written by mistake, until the lock ends"
    ),
    "s3_event_notifications_enabled_check": Accepted(
        "A bucket tells of its objects", "rules and targets that take the events cost"
    ),
    "sqs_dlq_check": Accepted(
        "A queue has one for dead letters", "only the queue of dead letters itself fails it; the chain would never end"
    ),
}
AWS_SOLUTIONS = {
    "AwsSolutions-EC23": Accepted(
        "No security group is open to everybody", "a public load balancer is; a firewall before it costs: `Waf`"
    ),
    "AwsSolutions-ECS2": Accepted(
        "A container has no variable in plain text", "a secret costs, and these are addresses: no secrets"
    ),
    "AwsSolutions-ELB2": Accepted("A load balancer keeps access logs", STORAGE),
    "AwsSolutions-IAM4": Accepted(
        "No role has a policy of AWS", "ECS adds to what it needs there, and a copy of ours would fall behind"
    ),
    "AwsSolutions-IAM5": Accepted(
        "No permission ends in *", "every object of one bucket, which is what `read_write()` says"
    ),
    "AwsSolutions-S1": Accepted("A bucket logs who reads it", BUCKET),
    "AwsSolutions-SMG4": Accepted(
        "A secret rotates", "the function that rotates it costs, and running tasks would keep the old one"
    ),
    "AwsSolutions-VPC7": Accepted("A network has flow logs", LINES),
}
ALONE = {
    "windows": {
        "ecs_containers_readonly_access_check": Accepted(
            "A root file system is read-only", "Windows containers cannot have one that is"
        ),
        "ecs_task_definition_nonroot_user_check": Accepted(
            "A container has a user that is not root", "ECS takes no user for Windows containers; their image says it"
        ),
    },
    "arm64_sidecars": {
        "ecs_containers_readonly_access_check": Accepted(
            "A root file system is read-only", "the router of log lines writes its configuration and the socket"
        ),
        "ecs_task_definition_nonroot_user_check": Accepted(
            "A container has a user that is not root",
            "the router of log lines must be root, and a shared volume belongs to it",
        ),
    },
}
"""Rules of Control Tower that single blueprints cannot pass, whatever they pay."""
