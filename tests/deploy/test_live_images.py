"""An image that a pipeline rolls out is kept by a deploy, over the local cloud."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks import App, Cluster, Container, ExternalImage, Service, Stack, Task, Vpc, render
from fargate_stacks.core.template import Template
from fargate_stacks.deploy.engine import deploy
from fargate_stacks.deploy.live_images import live_images
from fargate_stacks.errors import DeployError, RenderError
from tests.deploy.aws import Api, client_of, refusal
from tests.localcloud import Cloud

OF = "public.ecr.aws/nginx/nginx-unprivileged"


def shop(*, initial: str = f"{OF}:1.28", more: bool = False, **task: Any) -> dict[str, Template]:
    vpc = Vpc("Net", nat="none")
    cluster = Cluster("Main", vpc=vpc)
    side = Container(name="side", image=ExternalImage("example/side:1"), essential=False)
    containers = [Container(image=ExternalImage(initial)), side]
    services = [
        Service(name, cluster=cluster, task=Task(containers=containers, **task), subnets="public")
        for name in (("Web", "Jobs") if more else ("Web",))
    ]
    return render(App([Stack("shop", [vpc, cluster, *services])]))


def roll_out(cloud: Cloud, templates: dict[str, Template], given: dict[str, str] | None = None) -> None:
    deploy(templates, cloud.client(), out=lambda _: None, ask=lambda _: True, given=given or {})


def running(cloud: Cloud, service: str = "WebService") -> list[str]:
    """The images of what a service runs, as ECS tells."""
    ecs, arn = cloud.api("ecs"), cloud.physical("shop")[service]
    (found,) = ecs.describe_services(cluster=arn.split("/")[1], services=[arn])["services"]
    definition = ecs.describe_task_definition(taskDefinition=found["taskDefinition"])["taskDefinition"]
    return [one["image"] for one in definition["containerDefinitions"]]


def pipeline(cloud: Cloud, image: str) -> None:
    """Do what a pipeline does: register the service's definition with another image, update the service."""
    ecs, arn = cloud.api("ecs"), cloud.physical("shop")["WebService"]
    cluster = arn.split("/")[1]
    (service,) = ecs.describe_services(cluster=cluster, services=[arn])["services"]
    old = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    keys = ("family", "cpu", "memory", "networkMode", "requiresCompatibilities", "executionRoleArn", "taskRoleArn")
    containers = [{**one, "image": image} if one["name"] == "app" else one for one in old["containerDefinitions"]]
    new = ecs.register_task_definition(**{key: old[key] for key in keys}, containerDefinitions=containers)
    revision = new["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=cluster, service=arn, taskDefinition=revision)


def test_the_first_deploy_runs_the_initial_image(cloud: Cloud) -> None:
    roll_out(cloud, shop())
    assert running(cloud) == [f"{OF}:1.28", "example/side:1"]


def test_what_a_pipeline_rolled_out_stays_whatever_else_changes(cloud: Cloud) -> None:
    roll_out(cloud, shop())
    pipeline(cloud, f"{OF}:1.29")
    roll_out(cloud, shop(initial=f"{OF}:1.27", cpu=512, memory=1024))
    assert running(cloud) == [f"{OF}:1.29", "example/side:1"]
    definition = cloud.physical("shop")["WebTaskDefinition"]
    found = cloud.api("ecs").describe_task_definition(taskDefinition=definition)["taskDefinition"]
    assert (found["cpu"], found["containerDefinitions"][0]["image"]) == ("512", f"{OF}:1.29")


def test_a_service_that_is_new_in_a_live_stack_begins_with_the_initial_image(cloud: Cloud) -> None:
    roll_out(cloud, shop())
    roll_out(cloud, shop(more=True))
    assert running(cloud, "JobsService")[0] == f"{OF}:1.28"


def test_an_image_that_is_given_wins(cloud: Cloud) -> None:
    roll_out(cloud, shop())
    pipeline(cloud, f"{OF}:1.29")
    roll_out(cloud, shop(), {"WebImage": f"{OF}:1.30"})
    assert running(cloud)[0] == f"{OF}:1.30"


def test_services_that_cannot_be_read_stop_the_plan_and_name_the_way_out() -> None:
    def refused(request: dict[str, Any]) -> dict[str, Any]:
        raise refusal("AccessDenied", "no")

    client = client_of({"cloudformation": Api("cloudformation", {"ListStackResources": refused}, [])})
    with pytest.raises(DeployError, match="--parameter WebImage=IMAGE --parameter WebSideImage=IMAGE") as caught:
        live_images(shop()["shop"], client, "shop", {})
    assert caught.value.exit_code == 5


def test_what_is_given_needs_no_permission() -> None:
    client = client_of({"cloudformation": Api("cloudformation", {}, [])})
    assert live_images(shop()["shop"], client, "shop", {"WebImage": "a:1", "WebSideImage": "b:1"}) == {}


def test_what_no_service_runs_has_no_live_image() -> None:
    from tests.constructs.tasks import run

    with pytest.raises(RenderError) as caught:
        run(Task(containers=[Container(image=ExternalImage("example/web:1"))]))
    assert str(caught.value) == (
        'Runner "Web": an ExternalImage is what others roll out to a service, and WebImage is of none; '
        "use ParameterImage or SsmImage"
    )
