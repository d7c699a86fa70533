"""The table of hints: one row for each thing that a failing task may mean.

More special rows stand before more general ones; of one `topic` only the first that matches is given. A row that
never matches costs nothing, one that matches wrongly misleads, so they are narrow.
"""

from __future__ import annotations

from fargate_stacks.deploy.hint import Row, row
from fargate_stacks.deploy.service_hints import SERVICE

TABLE: tuple[Row, ...] = (
    # the image
    row(
        "reason",
        r"toomanyrequests|pull rate limit|429 Too Many Requests",
        "registry-rate-limit",
        "the registry limits anonymous pulls, and all tasks behind one NAT gateway share one address",
        "take the image from public.ecr.aws or your own ECR repository, or give the registry's credentials",
        "image",
    ),
    row(
        "reason",
        r"does not contain descriptor matching platform|no match(ing)? (manifest|for platform)|image operating system",
        "image-architecture",
        "the image was not built for the architecture of the task",
        'build it for the task (docker build --platform linux/amd64), or say Task(architecture="ARM64")',
        "image",
    ),
    row(
        "reason",
        r"CannotPull.*(no basic auth|pull access denied|401 Unauthorized|403 Forbidden|not authorized"
        r"|AccessDenied|authorization failed|insufficient_scope|has the permissions to pull)",
        "image-denied",
        "the registry refuses the execution role",
        "check the repository's name and policy (another account's ECR needs one), its key, and the registry's "
        "credentials",
        "image",
    ),
    row(
        "reason",
        r"CannotPull.*(i/o timeout|deadline exceeded|connection refused|no such host|request canceled"
        r"|network is unreachable|EOF|connection issue)",
        "image-no-route",
        "the tasks' subnets have no way to the registry",
        'give the VPC a NAT gateway, or endpoints for ecr.api, ecr.dkr and S3, or the service subnets="public"; '
        "egress= must admit 443",
        "image",
    ),
    row(
        "reason",
        r"CannotPull.*(not found|manifest unknown|does not exist|whether the image exists|failed to resolve ref)",
        "image-not-found",
        "there is no such image or tag in the registry",
        "check the name and the tag, and that the push ended before the deploy",
        "image",
    ),
    row(
        "reason",
        r"CannotPull.*no space left on device",
        "image-no-space",
        "the image does not fit on the task's disk",
        "give the task more with Task(ephemeral_storage=...), up to 200 GiB",
        "image",
    ),
    row(
        "reason",
        r"CannotPull",
        "image-cannot-be-pulled",
        "the image cannot be pulled",
        "check name, tag, architecture, the registry's permissions, and the way from the tasks' subnets to it",
        "image",
    ),
    # what ECS does before a container starts
    row(
        "reason",
        r"(secret|ssm|asm|parameter).*(AccessDenied|not authorized)|(AccessDenied|not authorized).*(secret|ssm|kms)",
        "secret-denied",
        "the execution role may not read the secret or use its key",
        "pass the secret through uses= or Container(secrets=) so that the role is given the permission; a key of your "
        "own needs kms:Decrypt for it",
        "start",
    ),
    row(
        "reason",
        r"(secret|ssm|asm).*(ResourceNotFound|can.t find the specified|ParameterNotFound|invalid ssm parameters)",
        "secret-missing",
        "there is no such secret or parameter in this account and region, or it has no value yet",
        "check its name or ARN and put a value in",
        "start",
    ),
    row(
        "reason",
        r"(secret|ssm|asm).*(did not contain json key|invalid character|not a valid json)",
        "secret-key-missing",
        "the secret's JSON does not hold the key that is asked for",
        "check the key behind the secret's ARN and the secret's value",
        "start",
    ),
    row(
        "reason",
        r"(secret|ssm|asm).*(InvalidParameter|validation error|ValidationException)",
        "secret-malformed",
        "the reference to the secret is not well formed",
        "behind a secret's ARN stand :key:stage:version, each of which may be empty and none too many",
        "start",
    ),
    row(
        "reason",
        r"ResourceInitializationError.*(secret|registry auth|ssm|asm).*"
        r"(timeout|deadline exceeded|i/o|canceled|connection|retried|signal: killed)",
        "secret-no-route",
        "the tasks' subnets have no way to Secrets Manager, Systems Manager or ECR",
        "give the VPC a NAT gateway, or endpoints for secretsmanager, ssm, kms, ecr.api and ecr.dkr; egress= must "
        "admit 443",
        "start",
    ),
    row(
        "reason",
        r"(logger|log stream|log group|logging driver).*(ResourceNotFound|does not exist)",
        "log-group-missing",
        "the log group is gone",
        "deploy again so that CloudFormation makes it, or make it by hand under the same name",
        "start",
    ),
    row(
        "reason",
        r"(logger|log stream|log group|logging driver).*(AccessDenied|not authorized)",
        "log-group-denied",
        "the execution role may not write to the log group",
        "let the service make its own log group and role, or give the role logs:CreateLogStream and logs:PutLogEvents",
        "start",
    ),
    row(
        "reason",
        r"(logger|log stream|log group|logging driver)",
        "log-group-no-route",
        "the tasks' subnets have no way to CloudWatch Logs",
        "give the VPC a NAT gateway or an endpoint for logs; egress= must admit 443",
        "start",
    ),
    row(
        "reason",
        r"\bEFS\b|mount\.nfs",
        "file-system",
        "the file system cannot be mounted",
        "check that every subnet has a mount target, that port 2049 is open to it, and that the task role may mount",
        "start",
    ),
    row(
        "reason",
        r"unable to assume (the )?role|role .* (is invalid|cannot be assumed|should be assumed)"
        r"|ECS was unable to assume",
        "role-not-assumable",
        "ECS may not take on the task's or the execution role",
        "its trust policy must name ecs-tasks.amazonaws.com; a new role needs some seconds, so deploy again",
        "start",
    ),
    row(
        "reason",
        r"executable file not found|no such file or directory.*(exec|entrypoint)|exec.*no such file or directory",
        "command-not-found",
        "the image does not hold the command that it is to start",
        "check command= and entrypoint= against the image; a script needs its interpreter in the image",
        "start",
    ),
    row(
        "reason",
        r"exec.*permission denied|permission denied.*exec",
        "command-not-executable",
        "the command is not executable for the user that the image runs as",
        "chmod +x in the image, or another user=",
        "start",
    ),
    # how it ended
    row(
        "reason",
        r"Spot.*interrupt|SpotInterruption",
        "spot-interrupted",
        "AWS took the Spot capacity back",
        "let the program end within two minutes of SIGTERM; keep some tasks on demand with Spot(on_demand=...)",
        "exit",
    ),
    row(
        "reason",
        r"OutOfMemory|killed due to memory usage",
        "out-of-memory",
        "the container took more memory than it has",
        "give Task(memory=) or Container(memory=) more, or limit the process (a JVM's heap, a worker's count)",
        "exit",
    ),
    row(
        "log",
        r"exec format error",
        "architecture",
        "the program is for another processor than the task has",
        'build the image for the task (docker build --platform linux/amd64), or say Task(architecture="ARM64")',
        "exit",
    ),
    row(
        "log",
        r"Read-only file system",
        "read-only",
        "the container writes to its root file system, which is read-only",
        "give the directory to tmpfs={...}, a volume, or say readonly_root=False",
        "exit",
    ),
    row(
        "log",
        r"(bind|listen).*(Permission denied|EACCES)|\bEACCES\b.*\b(80|443)\b",
        "port-not-allowed",
        "the container may not open a port below 1024: it runs as another user than root, or without NET_BIND_SERVICE",
        "listen on a port above 1024, or leave NET_BIND_SERVICE out of drop=",
        "exit",
    ),
    row(
        "log",
        r"Operation not permitted",
        "capability-missing",
        "the container needs a right that was dropped: images that start as root and then change user need CHOWN, "
        "SETUID, SETGID and DAC_OVERRIDE",
        "drop less with drop=, or take an image that starts as its own user",
        "exit",
    ),
    row(
        "log",
        r"AccessDenied|is not authorized to perform|UnauthorizedOperation|not authorized to perform",
        "task-role-denied",
        "the task role does not allow what the program asks of AWS",
        "add the provider's verb to uses=, as uses=[queue.send()]",
        "exit",
    ),
    row(
        "log",
        r"(Connection|connect|dial).*(timed out|timeout)|\bETIMEDOUT\b|\bConnectTimeout",
        "no-connection",
        "the program waits for something that it cannot reach",
        "add the provider's connect() to uses=, which opens the way; egress= must admit it",
        "exit",
    ),
    row(
        "log",
        r"\bECONNREFUSED\b|Connection refused|could not translate host name|\bENOTFOUND\b|\bgetaddrinfo\b",
        "wrong-address",
        "nothing answers under the address that the program has",
        "check host and port in its environment; localhost is the task itself",
        "exit",
    ),
    row(
        "log",
        r"ModuleNotFoundError|Cannot find module|ClassNotFoundException|ImportError",
        "incomplete-image",
        "the program lacks a part of itself",
        "build the image again with all that it needs, and start it once on your machine",
        "exit",
    ),
    row(
        "exit",
        r"^137$",
        "exit-137",
        "the container was killed: mostly it took more memory than it has, or did not end within its stop time-out",
        "give Task(memory=) more; let the program end on SIGTERM",
        "exit",
    ),
    row(
        "exit",
        r"^139$",
        "exit-139",
        "the program crashed on an invalid memory access",
        "mostly a native library of another architecture or libc: build the image for the task's architecture",
        "exit",
    ),
    row(
        "exit",
        r"^143$",
        "exit-143",
        "the container was asked to stop and did",
        "look for the container or the check that failed first",
        "exit",
    ),
    row(
        "exit",
        r"^12[67]$",
        "exit-127",
        "the shell did not find, or may not run, the command",
        "check command= and entrypoint= against the image",
        "exit",
    ),
    row(
        "exit",
        r"^0$",
        "exit-0",
        "the program ended well, and a service must not end",
        "keep it in the foreground, or make it a job or a scheduled task",
        "exit",
    ),
    row(
        "exit",
        r"^[1-9]\d*$",
        "exit-1",
        "the program ended by itself with an error",
        "read its last lines; start the image once with the same environment on your machine",
        "exit",
    ),
    *SERVICE,
)
"""Sources: ECS developer guide (stopped-task errors, service events), containerd's messages, Linux exit codes."""
