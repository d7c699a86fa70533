"""Blue/green, linear and canary deployments."""

from __future__ import annotations

from fargate_stacks.deploy.local.ecs_rollout import begin, step

__all__ = ["begin", "step"]
