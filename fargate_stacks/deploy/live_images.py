"""Images that others roll out: what a service runs now is what it runs after a deploy."""

from __future__ import annotations

from collections.abc import Mapping

from fargate_stacks.core.template import Template
from fargate_stacks.deploy.client import CallFailed, Client
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.errors import DeployError


def live_images(template: Template, client: Client, stack_id: str, given: Mapping[str, str]) -> dict[str, str]:
    """Give the image that each container runs now, by parameter; nothing for a service that is not there yet.

    What was given by hand is left aside. Raises DeployError with exit code 5 where the services cannot be read: the
    image that the stack had last may be an old one.
    """
    notes: Mapping[str, Mapping[str, str]] = template.metadata.get("FargateStacks", {}).get("LiveImages", {})
    wanted = {parameter: one for parameter, one in notes.items() if parameter not in given}
    if not wanted:
        return {}
    ecs = Ecs(client)
    try:
        physical = {one.logical_id: one.physical_id for one in ecs.resources(stack_id)}
        arns = {parameter: physical.get(one["Service"], "") for parameter, one in wanted.items()}
        services = ecs.services(sorted({one for one in arns.values() if one.startswith("arn:")}))
        found: dict[str, str] = {}
        for parameter, one in wanted.items():
            service = services.get(arns[parameter])
            if service is None or service.status == "INACTIVE":
                continue
            for container in ecs.task_definition(service.task_definition).get("containerDefinitions", []):
                if container["name"] == one["Container"]:
                    found[parameter] = container["image"]
        return found
    except CallFailed as trouble:
        if trouble.transient or trouble.expired:
            raise
        raise DeployError(
            f"{template.name}: the images that run cannot be read ({trouble.operation}: "
            f"{trouble.message or trouble.code}); allow that, or give "
            f"{' '.join(f'--parameter {one}=IMAGE' for one in wanted)}",
            exit_code=5,
        ) from trouble
