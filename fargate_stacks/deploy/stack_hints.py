"""What a resource's failure in CloudFormation most likely means: a table by type and pattern."""

from __future__ import annotations

import re
from typing import NamedTuple

from fargate_stacks.deploy.hint import Hint


class _Row(NamedTuple):
    types: str
    """A pattern that the resource's type matches from its start."""
    reason: str
    """A pattern in the reason, whatever the case."""
    hint: Hint


def _row(types: str, reason: str, code: str, means: str, do: str) -> _Row:
    return _Row(types, reason, Hint(code, means, do))


TABLE: tuple[_Row, ...] = (
    _row(
        "AWS::ECS::Service",
        r"circuit breaker",
        "breaker",
        "tasks of the service failed again and again, and ECS gave up",
        "fargate-stacks diagnose SERVICE asks ECS what stopped them, as long as the service and its tasks are known",
    ),
    _row(
        "AWS::ECS::Service",
        r"lifecycle hook.* timed out",
        "hook-timed-out",
        "a lifecycle hook of the deployment was not answered in time, and ECS went back to the revision before",
        "a PAUSE waits for fargate-stacks approve SERVICE as long as its timeout= says; a function must answer, "
        "and its log group /aws/lambda/NAME tells why it did not",
    ),
    _row(
        "AWS::ECS::Service",
        r"lifecycle hook|hook execution failure",
        "hook-failed",
        "a lifecycle hook of the deployment did not let it go on, and ECS went back to the revision before",
        "the function's log group /aws/lambda/NAME tells why it answered FAILED; a PAUSE was rejected by a person",
    ),
    _row(
        "AWS::ECS::Service",
        r"\balarms?\b",
        "deployment-alarm",
        "an alarm fired while the deployment ran, and ECS went back to the revision before",
        "look at the alarm's metric at that time, and at the log of the new revision (fargate-stacks logs SERVICE)",
    ),
    _row(
        "AWS::ECS::Service",
        r"stopped by a user",
        "stopped-by-a-user",
        "the deployment was stopped, by --fail-fast, fargate-stacks rollback or a person, and ECS went back",
        "what the tasks died of stands above where any did; deploy again when it is cured",
    ),
    _row(
        "AWS::ECS::Service",
        r"did not stabilize|NotStabilized|timed? ?out",
        "not-stable",
        "the service did not reach its number of healthy tasks in time",
        "look at its tasks with fargate-stacks diagnose SERVICE; Service(grace=) gives slow starts more time",
    ),
    _row(
        "AWS::ECS::(Service|Cluster|ClusterCapacityProviderAssociations)",
        r"service.linked role",
        "service-linked-role",
        "the account is new and lacks ECS's service-linked role",
        "run fargate-stacks bootstrap once, then deploy again",
    ),
    _row(
        "AWS::ECS::Service",
        r"capacity provider .* not associated|must be associated",
        "capacity-provider",
        "the cluster does not have the capacity provider that the service names",
        'associate it with the cluster, or say ExistingCluster(capacity="launch-type")',
    ),
    _row(
        "AWS::ECS::Service",
        r"target group .* does not have an associated load balancer",
        "no-listener-yet",
        "the service was made before a listener rule led to its target group",
        "let the service wait for the rule: DependsOn in customize, or route= instead of a raw resource",
    ),
    _row(
        "AWS::",
        r"deletion protection|DeletionProtection",
        "deletion-protection",
        "the service refuses to delete it while its deletion protection is on",
        "fargate-stacks destroy switches it off first; by hand, change the attribute and try again",
    ),
    _row(
        "AWS::",
        r"already exists|AlreadyExists|EntityAlreadyExists",
        "already-exists",
        "something of that name is there already, outside the stack",
        "leave the name out, delete the other one, or take it in with deploy --import-existing",
    ),
    _row(
        "AWS::",
        r"is not authorized to perform: ([\w:]+)|AccessDenied|UnauthorizedOperation|not authorized",
        "not-authorized",
        "whoever deploys, or the role given by --role-arn, may not do that",
        "grant the action that the reason names; fargate-stacks bootstrap prints the policy of a deploy role",
    ),
    _row(
        "AWS::Logs::(LogGroup|ResourcePolicy)",
        r"Resource limit exceeded|LimitExceeded.*polic",
        "log-policies",
        "an account holds ten resource policies for logs in a region",
        "delete policies that nobody uses: aws logs describe-resource-policies lists them",
    ),
    _row(
        "AWS::",
        r"limit ?exceeded|quota|maximum number of|TooMany|has been reached|AddressLimit|VpcLimit",
        "quota",
        "a quota of the account is reached",
        "delete what is not needed, or have the quota raised in Service Quotas",
    ),
    _row(
        "AWS::S3::Bucket",
        r"not empty|BucketNotEmpty",
        "bucket-not-empty",
        "the bucket holds objects, and CloudFormation deletes only empty ones",
        "fargate-stacks destroy empties it once --approve data-loss is given",
    ),
    _row(
        "AWS::ECR::Repository",
        r"not empty|contains images|RepositoryNotEmpty",
        "repository-not-empty",
        "the repository holds images, and CloudFormation deletes only empty ones",
        "fargate-stacks destroy empties it once --approve data-loss is given; EmptyOnDelete does it always",
    ),
    _row(
        "AWS::EC2::(SecurityGroup|Subnet|VPC|InternetGateway|VPCGatewayAttachment)",
        r"has (a )?dependen|DependencyViolation|mapped public address",
        "in-use",
        "something outside the stack still uses it: a network interface, a rule of another group",
        "find it by the id in the console's network interfaces, remove it, and try again",
    ),
    _row(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        r"has no internet gateway",
        "no-internet-gateway",
        "a public load balancer needs an internet gateway that is attached before it",
        "give public subnets of a Vpc, or LoadBalancer(public=False)",
    ),
    _row(
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        r"priority .* in use|PriorityInUse",
        "priority-in-use",
        "another rule of the listener has the priority, from another stack or from before a rename",
        "give the route another priority=, or the app another ExistingLoadBalancer(priorities=range(...))",
    ),
    _row(
        "AWS::ElasticLoadBalancingV2::Listener",
        r"certificate .*(not found|must have|unsupported)|CertificateNotFound",
        "certificate",
        "the certificate is not in this region, not issued yet, or of a kind that the load balancer does not take",
        "give the ARN of an issued certificate of the same region",
    ),
    _row(
        "AWS::CertificateManager::Certificate",
        r"validation|PENDING_VALIDATION|timed? ?out|DomainNotAllowed|CAA",
        "certificate-validation",
        "the certificate was not validated: the zone is not public, not delegated, or not in this account",
        "check the zone's name servers at the registrar, and the CNAME that the certificate asks for",
    ),
    _row(
        "AWS::RDS::",
        r"final snapshot|DBClusterSnapshotAlreadyExists|FinalDBSnapshotIdentifier",
        "final-snapshot",
        "the final snapshot could not be made",
        "delete the older snapshot of that name, or choose another deletion policy",
    ),
    _row(
        "AWS::RDS::",
        r"subnet group .* (at least|availability zone)|DBSubnetGroupDoesNotCoverEnoughAZs",
        "two-zones",
        "a database wants subnets in two availability zones",
        "give the network azs=2 or more",
    ),
    _row(
        "AWS::IAM::",
        r"Scope ARN.*not attachable",
        "boundary-missing",
        "the permissions boundary is no managed policy of this account, and no role is made without it",
        "check the ARN in permissions_boundary=; the policy must be there before the stack, on the local cloud too",
    ),
    _row(
        "AWS::IAM::",
        r"MalformedPolicyDocument|has syntax errors|invalid principal|Invalid principal",
        "policy",
        "IAM does not accept the policy: a principal that does not exist, or a field that it does not know",
        "check the ARNs in it; a role that was deleted and made again is another principal",
    ),
    _row(
        "AWS::Lambda::|Custom::",
        r"custom resource.*(failed to stabilize|did not receive)|CloudWatch Log Stream",
        "custom-resource",
        "the function behind the custom resource failed or never answered",
        "read its log: the reason names the stream",
    ),
    _row(
        "AWS::",
        r"rate exceeded|throttl",
        "throttled",
        "the account made more calls than the service takes",
        "deploy again; a smaller --concurrency helps where many stacks run at once",
    ),
    _row(
        "AWS::CloudFormation::Stack",
        r"export .* (cannot be (deleted|updated)|in use)",
        "export-in-use",
        "another stack imports the value",
        'deploy the importing stack without it first; App(references="parameters") knows no such lock',
    ),
    _row(
        "AWS::",
        r"Internal ?Failure|InternalError|ServiceInternalError",
        "aws-internal",
        "the service itself failed",
        "deploy again; if it stays, AWS Support wants the request id that the event shows",
    ),
)

_COMPILED = [(re.compile(row.types), re.compile(row.reason, re.IGNORECASE | re.DOTALL), row.hint) for row in TABLE]


def stack_hints(resource_type: str, reason: str) -> tuple[Hint, ...]:
    """Give what a failure most likely means: the first row of the table that fits, or nothing."""
    for kind, pattern, hint in _COMPILED:
        if kind.match(resource_type) and pattern.search(reason):
            return (hint,)
    return ()
