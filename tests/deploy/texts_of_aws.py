"""What AWS, container runtimes and programs say when a task fails, each with whose text it is, and the hint it has.

Ids, accounts and names in the texts are ours. Texts of programs are those of their own sources or manuals.
"""

from __future__ import annotations

from typing import Any, NamedTuple

PULL = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"
RESOURCES = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html"
STOPPED = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"
EVENTS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html"
SECRETS = "https://repost.aws/knowledge-center/ecs-unable-to-pull-secrets"
WHY_STOPPED = "https://repost.aws/knowledge-center/ecs-task-stopped"
REASONS = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html"
CAPACITY = "https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity"
QUOTA = "https://www.flightcontrol.dev/docs/troubleshooting/concurrent-cpu-limit"
RETOOL = "https://github.com/ActionIQ/terraform-aws-retool-ecs-fargate/issues/20"
AGENT = "https://github.com/aws/amazon-ecs-agent/pull/4181"
SIGNALS = "signal(7): 128 and the signal's number"
SPOT = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html"

_ASM = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable "
    "to retrieve secret from asm: service call has been retried {} time(s): "
)
_LOGGER = "ResourceInitializationError: failed to validate logger args: "
_STREAM = _LOGGER + "create stream has been retried 1 times: failed to create Cloudwatch log stream: "
_UNHEALTHY = "(service shop-Api) (port 80) is unhealthy in (target-group arn:aws:elb:x) due to (reason {})"


class Text(NamedTuple):
    """One text and the first hint that it has."""

    code: str
    source: str
    says: dict[str, Any]
    """The arguments of `hints`."""


def _reason(code: str, source: str, *texts: str) -> list[Text]:
    return [Text(code, source, {"reasons": [text]}) for text in texts]


def _log(code: str, source: str, *lines: str) -> list[Text]:
    return [Text(code, source, {"log": [line], "exit_code": 1}) for line in lines]


def _event(code: str, source: str, *texts: str) -> list[Text]:
    return [Text(code, source, {"events": [text]}) for text in texts]


def _exit(code: str, source: str, *numbers: int) -> list[Text]:
    return [Text(code, source, {"exit_code": number}) for number in numbers]


TEXTS = [
    *_reason(
        "registry-rate-limit",
        PULL,
        "CannotPullContainerError: inspect image has been retried 5 time(s): httpReadSeeker: failed open: unexpected "
        "status code https://registry-1.docker.io/v2/library/nginx/manifests/1: 429 Too Many Requests - Server "
        "message: "
        "toomanyrequests: You have reached your pull rate limit.",
        "CannotPullContainerError: Error response from daemon: toomanyrequests: You have reached your pull rate limit",
    ),
    *_reason(
        "image-architecture",
        PULL,
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): image Manifest does not contain "
        "descriptor matching platform 'linux/amd64'",
        "CannotPullContainerError: ref pull has been retried: failed to unpack image: no match for platform in "
        "manifest",
    ),
    *_reason(
        "image-denied",
        PULL,
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
        "docker.io/example/api:8: pull access denied, repository does not exist or may require authorization: server "
        "message: insufficient_scope: authorization failed",
        "CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref x: unexpected "
        "status "
        "from HEAD request: 403 Forbidden",
        "CannotPullContainerError: The task can't pull the image. Check that the role has the permissions to pull "
        "images "
        "from the registry.",
    ),
    *_reason(
        "image-no-route",
        RETOOL,
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
        "docker.io/tryretool/backend:2.110.5: failed to do request: Head "
        '"https://registry-1.docker.io/v2/tryretool/backend/manifests/2.110.5": dial tcp 34.205.13.154:443: i/o '
        "timeout",
    ),
    *_reason(
        "image-no-route",
        PULL,
        "CannotPullContainerError: The task cannot pull nginx from the registry docker.io. There is a connection issue "
        "between the task and the registry. Check your task network configuration.",
    ),
    *_reason(
        "image-not-found",
        PULL,
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
        "docker.io/example/api:8: docker.io/example/api:8: not found",
    ),
    *_reason(
        "image-not-found",
        AGENT,
        "CannotPullContainerError: The task can't pull the image. Check whether the image exists.",
    ),
    *_reason(
        "image-no-space", PULL, "CannotPullContainerError: failed to register layer: write /x: no space left on device"
    ),
    *_reason("image-cannot-be-pulled", STOPPED, "CannotPullContainerError: something that is new"),
    *_reason(
        "secret-denied",
        RESOURCES,
        _ASM.format(1)
        + "failed to fetch secret arn:aws:secretsmanager:us-east-1:1:secret:db-AbCdEf from secrets manager: "
        "AccessDeniedException: User: arn:aws:sts::1:assumed-role/x/1 is not authorized to perform: "
        "secretsmanager:GetSecretValue on resource: db because no identity-based policy allows it",
    ),
    *_reason(
        "secret-missing",
        RESOURCES,
        _ASM.format(1) + "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
        "ResourceInitializationError: unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
        "invalid ssm parameters: /db/password",
    ),
    *_reason(
        "secret-key-missing",
        RESOURCES,
        _ASM.format(1) + "retrieved secret from Secrets Manager did not contain json key password",
        _ASM.format(1) + "invalid character 'h' looking for beginning of value",
    ),
    *_reason(
        "secret-malformed",
        SECRETS,
        _ASM.format(1)
        + "failed to fetch secret arn:x from secrets manager: InvalidParameter: 1 validation error(s) found. "
        "- minimum field size of 32, GetSecretValueInput.VersionId.",
    ),
    *_reason(
        "secret-no-route",
        SECRETS,
        _ASM.format(5)
        + "failed to fetch secret arn:x from secrets manager: RequestCanceled: request context canceled caused "
        "by: context deadline exceeded",
        "ResourceInitializationError: unable to pull secrets or registry auth: pull command failed: : signal: killed",
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        "unable "
        "to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed "
        "caused "
        'by: Post "https://api.ecr.us-east-1.amazonaws.com/": dial tcp 10.0.0.1:443: i/o timeout. Please check your '
        "task "
        "network configuration.",
    ),
    *_reason(
        "secret-no-route",
        RESOURCES,
        "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from "
        "Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network "
        "configuration.",
    ),
    *_reason(
        "log-group-missing",
        RESOURCES,
        _STREAM + "ResourceNotFoundException: The specified log group does not exist. : exit status 1",
    ),
    *_reason(
        "log-group-denied",
        RESOURCES,
        _STREAM + "AccessDeniedException: User: arn:aws:sts::1:assumed-role/x/1 is not authorized to perform: "
        "logs:CreateLogStream on resource: arn:x because no identity-based policy allows it",
    ),
    *_reason(
        "log-group-no-route",
        RESOURCES,
        _LOGGER + "The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a "
        "connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: killed",
        _LOGGER + ": signal: killed",
    ),
    *_reason(
        "file-system",
        STOPPED,
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to "
        "resolve "
        '"fs-1.efs.us-east-1.amazonaws.com" - check that your file system ID is correct',
    ),
    *_reason(
        "role-not-assumable",
        STOPPED,
        "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task. Please verify "
        "that the "
        "role being passed has the proper trust relationship and permissions",
    ),
    *_reason(
        "command-not-found",
        STOPPED,
        "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: "
        "failed to "
        'create shim: OCI runtime create failed: runc create failed: exec: "api": executable file not found in $PATH',
    ),
    *_reason(
        "command-not-executable",
        STOPPED,
        'CannotStartContainerError: OCI runtime create failed: exec: "/app/run.sh": permission denied',
    ),
    *_reason("out-of-memory", STOPPED, "OutOfMemoryError: Container killed due to memory usage"),
    *_log("architecture", "binfmt, execve(2): ENOEXEC", "exec /usr/local/bin/docker-entrypoint.sh: exec format error"),
    *_log(
        "read-only",
        "nginx: ngx_create_paths; errno 30",
        'nginx: [emerg] mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)',
        "OSError: [Errno 30] Read-only file system: '/app/cache'",
    ),
    *_log(
        "port-not-allowed",
        "nginx and Node.js; errno 13",
        "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)",
        "Error: listen EACCES: permission denied 0.0.0.0:80",
    ),
    *_log(
        "capability-missing",
        "nginx and PostgreSQL's entrypoint; errno 1",
        'nginx: [emerg] chown("/var/cache/nginx/client_temp", 101) failed (1: Operation not permitted)',
        "chown: changing ownership of '/var/lib/postgresql/data': Operation not permitted",
    ),
    *_log(
        "task-role-denied",
        "botocore, AWS SDK for JavaScript",
        "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the SendMessage operation",
        "AccessDeniedException: User: arn:aws:sts::1:assumed-role/x/1 is not authorized to perform: sqs:SendMessage",
    ),
    *_log(
        "no-connection",
        "libpq, Node.js, Go",
        "Error: connect ETIMEDOUT 10.0.1.7:5432",
        "dial tcp 10.0.1.7:5432: i/o timeout",
    ),
    *_log(
        "wrong-address",
        "libpq, Node.js",
        'psycopg.OperationalError: could not translate host name "db" to address: Name or service not known',
        "Error: connect ECONNREFUSED 127.0.0.1:6379",
    ),
    *_log(
        "incomplete-image",
        "Python, Node.js, Java",
        "ModuleNotFoundError: No module named 'psycopg'",
        "Error: Cannot find module 'express'",
        "java.lang.ClassNotFoundException: org.postgresql.Driver",
    ),
    *_exit("exit-137", SIGNALS, 137),
    *_exit("exit-139", SIGNALS, 139),
    *_exit("exit-143", SIGNALS, 143),
    *_exit("exit-127", "POSIX shell: 127 not found, 126 not executable", 127, 126),
    *_exit("exit-0", WHY_STOPPED, 0),
    *_exit("exit-1", WHY_STOPPED, 1, 2, 255),
    *_event("health-path", REASONS, _UNHEALTHY.format("Health checks failed with these codes: [404]")),
    *_event("health-timeout", REASONS, _UNHEALTHY.format("Request timed out")),
    *_event("health-port", REASONS, _UNHEALTHY.format("Health checks failed")),
    *_reason("health-check", WHY_STOPPED, "Task failed ELB health checks in (target-group arn:aws:elb:x)"),
    *_reason("container-health-check", WHY_STOPPED, "Task failed container health checks"),
    *_event(
        "no-capacity",
        CAPACITY,
        "(service shop-Api) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again "
        "later or in a different availability zone.",
    ),
    *_reason(
        "no-capacity",
        CAPACITY,
        "Capacity is unavailable at this time. Please try again later or in a different availability zone",
    ),
    *_event(
        "vcpu-quota",
        QUOTA,
        "(service shop-Api) was unable to place a task. Reason: You've reached the limit on the number of vCPUs you "
        "can run "
        "concurrently.",
    ),
    *_event(
        "no-addresses",
        EVENTS,
        "(service shop-Api) was unable to place a task. Reason: Unexpected EC2 error while attempting to Create "
        "Network "
        "Interface with public IP assignment disabled in subnet 'subnet-1': InsufficientFreeAddressesInSubnet.",
    ),
    *_reason("spot-interrupted", SPOT, "Your Spot Task was interrupted.", "SpotInterruption"),
]
