"""The scenarios as data: what they are called, when they strike, and the words in which AWS tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Moment = Literal["place", "start", "pull", "run", "end", "target", "check"]
"""When it strikes: no place for the task; before the pull; at the pull; while it comes up; at an end of the container
after `after` seconds; in the load balancer's health check; in the container's own."""


@dataclass(frozen=True)
class Kind:
    """One scenario."""

    name: str
    moment: Moment
    says: str
    """What happens, for the list."""
    reason: str = ""
    """Why ECS says that the task stopped; `{image}`, `{ref}`, `{platform}`, `{secret}` and the like are filled in."""
    container: str = ""
    """What ECS says beside the container's exit code."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options and their defaults: seconds, an exit code, lines."""


_ASM = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {secret} "
    "from secrets manager: "
)
_DENIED = (
    "AccessDeniedException: User: arn:aws:sts::{account}:assumed-role/{role}/{id} is not authorized to perform: "
    "{action} on resource: {resource} because no identity-based policy allows the {action} action"
)
_TIMEOUT = (
    'RequestError: send request failed caused by: Post "https://{service}.{region}.amazonaws.com/": dial tcp '
    "{address}:443: i/o timeout"
)
_LOGGER = "ResourceInitializationError: failed to validate logger args: "
_PULL = "CannotPullContainerError: pull image manifest has been retried {tries} time(s): "
_EXITED = "Essential container in task exited"

TABLE: tuple[Kind, ...] = (
    Kind(
        "image-not-found",
        "pull",
        "the registry has no such image or tag",
        _PULL.replace("{tries}", "5") + "failed to resolve ref {ref}: {ref}: not found",
    ),
    Kind(
        "image-denied",
        "pull",
        "the registry refuses the execution role",
        _PULL.replace("{tries}", "1") + "failed to resolve ref {ref}: pull access denied, repository does not exist "
        "or may require authorization: authorization failed: no basic auth credentials",
    ),
    Kind(
        "registry-rate-limit",
        "pull",
        "the registry limits anonymous pulls",
        _PULL.replace("{tries}", "5") + "httpReadSeeker: failed open: unexpected status code "
        "https://{registry}/v2/{repository}/manifests/{tag}: 429 Too Many Requests - Server message: toomanyrequests: "
        "You have reached your pull rate limit.",
    ),
    Kind(
        "wrong-architecture",
        "pull",
        "the image was not built for the task's architecture",
        _PULL.replace("{tries}", "5") + "image Manifest does not contain descriptor matching platform '{platform}'",
    ),
    Kind(
        "exec-format-error",
        "end",
        "the program in the image is for another processor",
        _EXITED,
        options={"exit_code": 255, "after": 1.0, "log": ("exec /app: exec format error",)},
    ),
    Kind(
        "no-route",
        "pull",
        "the subnet leads nowhere",
        _PULL.replace("{tries}", "5") + 'failed to resolve ref {ref}: failed to do request: Head "https://{registry}'
        '/v2/{repository}/manifests/{tag}": dial tcp {address}:443: i/o timeout',
    ),
    Kind(
        "secret-denied",
        "start",
        "the execution role may not read a secret",
        _ASM + _DENIED.replace("{action}", "secretsmanager:GetSecretValue").replace("{resource}", "{secret}"),
    ),
    Kind(
        "secret-missing",
        "start",
        "a secret is not there",
        _ASM + "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
    ),
    Kind(
        "secret-no-route",
        "start",
        "the subnet has no way to Secrets Manager",
        _ASM.replace("retried 1", "retried 5") + _TIMEOUT.replace("{service}", "secretsmanager"),
    ),
    Kind(
        "log-group-denied",
        "start",
        "the execution role may not write the log",
        _LOGGER + "create stream has been retried 1 times: failed "
        "to create Cloudwatch log stream: "
        + _DENIED.replace("{action}", "logs:CreateLogStream").replace("{resource}", "{stream}")
        + " : exit status 1",
    ),
    Kind(
        "log-group-no-route",
        "start",
        "the subnet has no way to CloudWatch Logs",
        _LOGGER + "The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a "
        "connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: killed",
    ),
    Kind(
        "no-capacity",
        "place",
        "Fargate has no capacity in the zone",
        "Capacity is unavailable at this time. Please try again later or in a different availability zone",
    ),
    Kind(
        "vcpu-quota",
        "place",
        "the account may not run so many vCPUs on Fargate",
        "You've reached the limit on the number of vCPUs you can run concurrently",
    ),
    Kind("slow-start", "run", "the container needs long until it answers", options={"after": 300.0}),
    Kind(
        "crash",
        "end",
        "the container ends by itself",
        _EXITED,
        options={"exit_code": 1, "after": 5.0, "log": ("fatal: the program ends here, on order",)},
    ),
    Kind(
        "read-only",
        "end",
        "the program writes to a root file system that is read-only",
        _EXITED,
        options={
            "exit_code": 1,
            "after": 2.0,
            "log": ("mkdir() /var/cache/app failed (30: Read-only file system)",),
        },
    ),
    Kind(
        "operation-not-permitted",
        "end",
        "the program needs a right that was dropped",
        _EXITED,
        options={
            "exit_code": 1,
            "after": 2.0,
            "log": ('nginx: [emerg] chown("/var/cache/nginx/client_temp", 101) failed (1: Operation not permitted)',),
        },
    ),
    Kind(
        "task-role-denied",
        "end",
        "the program asks AWS for what its role does not allow",
        _EXITED,
        options={
            "exit_code": 1,
            "after": 3.0,
            "log": (
                "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the SendMessage "
                "operation: User: arn:aws:sts::000000000000:assumed-role/task/1 is not authorized to perform: "
                "sqs:sendmessage on resource: arn:aws:sqs:us-east-1:000000000000:jobs because no identity-based "
                "policy allows the sqs:sendmessage action",
            ),
        },
    ),
    Kind(
        "segmentation-fault",
        "end",
        "the program crashes on an invalid memory access",
        _EXITED,
        options={"exit_code": 139, "after": 3.0, "log": ()},
    ),
    Kind(
        "out-of-memory",
        "end",
        "the container takes more memory than it has",
        _EXITED,
        "OutOfMemoryError: Container killed due to memory usage",
        {"exit_code": 137, "after": 5.0, "log": ()},
    ),
    Kind(
        "failing-health-check",
        "target",
        "the load balancer gets another answer than it wants",
        "Task failed ELB health checks in (target-group {group})",
        options={"codes": "502", "after": 0.0},
    ),
    Kind(
        "silent-health-check",
        "target",
        "the load balancer gets no answer in time",
        "Task failed ELB health checks in (target-group {group})",
        options={"codes": "", "after": 0.0},
    ),
    Kind(
        "failing-container-check",
        "check",
        "the container's own health check fails, where it has one",
        "Task failed container health checks",
        options={"after": 0.0},
    ),
    Kind(
        "spot-interruption",
        "end",
        "Fargate Spot takes the task back",
        "Your Spot Task was interrupted.",
        options={"exit_code": 143, "after": 60.0, "log": ()},
    ),
    Kind("runs", "end", "a one-off task that does not end by itself", options={"after": float("inf")}),
)
