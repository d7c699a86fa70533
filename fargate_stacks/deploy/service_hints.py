"""What it means that a service's tasks are not healthy, or find no place."""

from __future__ import annotations

from fargate_stacks.deploy.hint import Row, row

SERVICE: tuple[Row, ...] = (
    # health
    row(
        "event",
        r"health checks failed with these codes: \[(?!3)",
        "health-path",
        "the load balancer gets an answer, and not the one it wants",
        'check route(health="/path"): it must answer without a login; route(expect="200-399") admits redirects',
        "health",
    ),
    row(
        "event",
        r"unhealthy in .*(Request timed out|timed out)",
        "health-timeout",
        "the load balancer's check gets no answer in time",
        "check that the container listens on 0.0.0.0 and on the route's port, and that its security group admits the "
        "load balancer there, as route= has it; a slow start needs Service(grace=...)",
        "health",
    ),
    row(
        "event",
        r"unhealthy in .*reason Health checks failed\)",
        "health-port",
        "nothing takes the load balancer's connections on the port that it checks",
        "check route(port=) against what the container listens on, and that it listens on 0.0.0.0; a slow start needs "
        "Service(grace=...)",
        "health",
    ),
    row(
        "reason",
        r"failed ELB health checks",
        "health-check",
        "the load balancer's check fails",
        'check route(health="/path", port=...) against what the container listens on; a slow start needs '
        "Service(grace=...)",
        "health",
    ),
    row(
        "reason",
        r"failed container health checks",
        "container-health-check",
        "the container's own health check fails",
        "run its command inside the container; a slow start needs HealthCheck(start_period=...)",
        "health",
    ),
    # capacity
    row(
        "event",
        r"Capacity is unavailable at this time",
        "no-capacity",
        "Fargate has no room for this size in these zones now",
        "wait, add zones with Vpc(azs=3), take a smaller size, or mix Spot with on-demand",
        "capacity",
    ),
    row(
        "event",
        r"limit on the number of (vCPUs|tasks)",
        "vcpu-quota",
        "the account may not run more Fargate vCPUs at once",
        "ask for a higher quota (Service Quotas, Fargate), or run less",
        "capacity",
    ),
    row(
        "event",
        r"(ENI|network interface).*(limit|provision)|free addresses|InsufficientFreeAddresses",
        "no-addresses",
        "the subnets have no free addresses: each task has a network interface of its own",
        "give the service larger or more subnets",
        "capacity",
    ),
    row(
        "reason",
        r"Capacity is unavailable|limit on the number of vCPUs",
        "no-capacity",
        "Fargate has no room for the task now, or the account may not run more",
        "wait, add zones, take a smaller size, or ask for a higher Fargate vCPU quota",
        "capacity",
    ),
)
"""Sources: ECS developer guide (service event messages, stopped-task errors), Elastic Load Balancing (reason codes)."""
