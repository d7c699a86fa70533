"""How a rolling deployment goes on Fargate, stage by stage."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.deploy.local.facts import ecs, ecs_guide, fact
from tests.deploy.local.scene import QUIET, Scene, by_hand, scene
from tests.deploy.local.services import definition

__all__ = ["by_hand", "scene"]


@fact(
    "service events: has started, registered targets, reached a steady state",
    source=ecs_guide("service-event-messages-list"),
)
def test_a_new_service_says_what_it_does(scene: Scene) -> None:
    """ECS developer guide, "Amazon ECS service event messages"."""
    assert scene.made(DesiredCount=2).events() == [
        "(service …) has started 2 tasks: (task …) (task …).",
        "(service …) (deployment …) deployment completed.",
        "(service …) has reached a steady state.",
    ]


@fact("PROVISIONING, PENDING, ACTIVATING, RUNNING", source=ecs_guide("task-lifecycle-explanation"))
def test_a_task_comes_up_through_its_states(scene: Scene, by_hand: Any) -> None:
    """ECS developer guide, "Amazon ECS task lifecycle"."""
    scene.made(DesiredCount=0)
    with by_hand():
        scene.update(desiredCount=1)
        seen = []
        for _ in range(40):
            [status] = scene.statuses()
            if status not in seen:
                seen.append(status)
            scene.passes(1)
    assert seen == ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]


@fact("DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED", source=ecs_guide("task-lifecycle-explanation"))
def test_a_task_goes_down_through_its_states(scene: Scene, by_hand: Any) -> None:
    """ECS developer guide, "Amazon ECS task lifecycle"."""
    scene.made()
    with by_hand():
        scene.update(desiredCount=0)
        seen = []
        for _ in range(40):
            [task] = scene.tasks("STOPPED")
            if task["lastStatus"] not in seen:
                seen.append(task["lastStatus"])
            scene.passes(1)
    assert seen == ["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]


@fact("pendingCount and runningCount", source=ecs("Service.pendingCount"))
def test_counts_tell_pending_from_running(scene: Scene, by_hand: Any) -> None:
    """API reference, Service: runningCount, pendingCount."""
    scene.made(DesiredCount=0)
    with by_hand():
        scene.update(desiredCount=2)
        assert (scene.service["pendingCount"], scene.service["runningCount"]) == (2, 0)
        scene.passes(30)
        assert (scene.service["pendingCount"], scene.service["runningCount"]) == (0, 2)


@fact(
    "old tasks stay until new ones are healthy: minimumHealthyPercent",
    source=ecs("DeploymentConfiguration.minimumHealthyPercent"),
)
def test_old_tasks_stay_until_new_ones_are_healthy(scene: Scene, by_hand: Any) -> None:
    """API reference, DeploymentConfiguration: minimumHealthyPercent is 100 by default."""
    scene.made(DesiredCount=2)
    with by_hand():
        scene.update(taskDefinition=scene.revised())
        scene.passes(30)
        old, new = scene.service["deployments"][1], scene.service["deployments"][0]
        assert (old["status"], old["runningCount"], new["status"], new["runningCount"]) == ("ACTIVE", 2, "PRIMARY", 2)
        scene.passes(60)
        assert [one["runningCount"] for one in scene.service["deployments"]] == [2]


@pytest.mark.parametrize(
    ("least", "most", "running", "new"),
    [(100, 200, 4, 4), (100, 150, 4, 2), (50, 100, 2, 0), (0, 100, 0, 0), (50, 200, 2, 4)],
)
def test_the_percentages_bound_a_deployment(
    scene: Scene, by_hand: Any, least: int, most: int, running: int, new: int
) -> None:
    """API reference, DeploymentConfiguration: maximumPercent is rounded down, minimumHealthyPercent up."""
    configuration = {"MinimumHealthyPercent": least, "MaximumPercent": most}
    scene.made(DesiredCount=4, DeploymentConfiguration=configuration, AvailabilityZoneRebalancing="DISABLED")
    with by_hand():
        scene.update(taskDefinition=scene.revised())
        deployments = scene.service["deployments"]
    assert (deployments[1]["runningCount"], deployments[0]["pendingCount"]) == (running, new)


@fact("the least is rounded up, the most rounded down", source=ecs("DeploymentConfiguration.maximumPercent"))
def test_an_odd_share_is_rounded_in_favour_of_the_service(scene: Scene, by_hand: Any) -> None:
    """API reference, DeploymentConfiguration: of 3 tasks, 50 % healthy are 2, 150 % are 4."""
    scene.made(DesiredCount=3, DeploymentConfiguration={"MinimumHealthyPercent": 50, "MaximumPercent": 150})
    with by_hand():
        scene.update(taskDefinition=scene.revised())
        deployments = scene.service["deployments"]
    assert (deployments[1]["runningCount"], deployments[0]["pendingCount"]) == (2, 1)


def test_never_fewer_healthy_nor_more_tasks_than_allowed(scene: Scene, by_hand: Any) -> None:
    """API reference, DeploymentConfiguration, over a whole deployment."""
    scene.made(DesiredCount=4, DeploymentConfiguration={"MinimumHealthyPercent": 75, "MaximumPercent": 125})
    with by_hand():
        scene.update(taskDefinition=scene.revised())
        for _ in range(150):
            tasks = scene.tasks()
            assert sum(task["lastStatus"] == "RUNNING" for task in tasks) >= 3
            assert len(tasks) <= 5
            scene.passes(2)
        assert scene.service["deployments"][0]["rolloutState"] == "COMPLETED"


def test_a_deployment_is_in_progress_until_steady(scene: Scene, by_hand: Any) -> None:
    """API reference, Deployment: rolloutState."""
    scene.made()
    with by_hand():
        scene.update(taskDefinition=scene.revised())
        first = scene.service["deployments"][0]
        assert (first["rolloutState"], first["rolloutStateReason"]) == (
            "IN_PROGRESS",
            f"ECS deployment {first['id']} in progress.",
        )
        scene.passes(120)
        [only] = scene.service["deployments"]
        assert (only["rolloutState"], only["rolloutStateReason"]) == (
            "COMPLETED",
            f"ECS deployment {first['id']} completed.",
        )


@fact("currentServiceDeployment names the deployment that runs", source=ecs("Service.currentServiceDeployment"))
def test_a_running_deployment_is_named_by_the_service(scene: Scene, by_hand: Any) -> None:
    """API reference, Service: currentServiceDeployment, currentServiceRevisions."""
    scene.made()
    with by_hand():
        scene.update(taskDefinition=scene.revised())
        assert scene.service["currentServiceDeployment"] == scene.deployment()["serviceDeploymentArn"]
        assert len(scene.service["currentServiceRevisions"]) == 2
        assert scene.deployment()["status"] == "IN_PROGRESS"
        scene.passes(120)
        assert "currentServiceDeployment" not in scene.service
        assert scene.deployment()["status"] == "SUCCESSFUL"


@fact(
    "a service deployment tells its source and its target revision",
    source=ecs("ServiceDeployment.targetServiceRevision"),
)
def test_a_deployment_tells_source_and_target(scene: Scene, by_hand: Any) -> None:
    """API reference, ServiceDeployment: sourceServiceRevisions, targetServiceRevision."""
    scene.made(DesiredCount=2)
    with by_hand():
        wanted = scene.revised()
        scene.update(taskDefinition=wanted)
        scene.passes(30)
        told = scene.deployment()
    [source] = told["sourceServiceRevisions"]
    assert (source["requestedTaskCount"], source["runningTaskCount"]) == (0, 2)
    assert (told["targetServiceRevision"]["requestedTaskCount"], told["targetServiceRevision"]["runningTaskCount"]) == (
        2,
        2,
    )
    answer = scene.ecs.describe_service_revisions(serviceRevisionArns=[told["targetServiceRevision"]["arn"]])
    assert answer["serviceRevisions"][0]["taskDefinition"] == wanted


@fact("ListServiceDeployments", source=ecs("ListServiceDeployments"))
def test_deployments_are_listed_newest_first(scene: Scene) -> None:
    """API reference, ListServiceDeployments."""
    scene.made()
    scene.update(taskDefinition=scene.revised())
    scene.update(forceNewDeployment=True)
    listed = scene.ecs.list_service_deployments(cluster=scene.ids["Main"], service=scene.ids["Web"], maxResults=2)
    assert [one["status"] for one in listed["serviceDeployments"]] == ["SUCCESSFUL", "SUCCESSFUL"]
    assert listed["serviceDeployments"][0]["createdAt"] >= listed["serviceDeployments"][1]["createdAt"]
    more = scene.ecs.list_service_deployments(
        cluster=scene.ids["Main"], service=scene.ids["Web"], nextToken=listed["nextToken"]
    )
    assert len(more["serviceDeployments"]) == 1


@fact("which parameters of UpdateService begin a deployment", source=ecs("UpdateService"))
def test_what_begins_a_deployment_is_what_the_reference_says() -> None:
    """The text of UpdateService in botocore says of each parameter whether it triggers a new service deployment."""
    from fargate_stacks.deploy.local.ecs_service_api import QUIET, TRIGGERS
    from fargate_stacks.deploy.local.shapes import model

    members = model("ecs").operation_model("UpdateService").input_shape.members
    texts = {name: re.sub("<[^>]+>", "", shape.documentation) for name, shape in members.items()}
    says = {name for name, text in texts.items() if "This parameter triggers a new service deployment" in text}
    denies = {name for name, text in texts.items() if "doesn't trigger a new service deployment" in text}
    assert says == set(TRIGGERS)
    # of monitoring it says nothing
    assert denies == {*QUIET, "desiredCount"} - {"monitoring"}


@fact("another desiredCount is no deployment", source=ecs("UpdateServiceRequest.desiredCount"))
def test_another_count_is_no_deployment(scene: Scene) -> None:
    """API reference, UpdateService: desiredCount does not trigger a deployment."""
    scene.made()
    before = scene.service["deployments"][0]["id"]
    scene.update(desiredCount=3)
    assert [(one["id"], one["runningCount"]) for one in scene.service["deployments"]] == [(before, 3)]


@fact("forceNewDeployment deploys what is there already", source=ecs("UpdateServiceRequest.forceNewDeployment"))
def test_the_same_definition_again_is_no_deployment(scene: Scene) -> None:
    """API reference, UpdateService: only forceNewDeployment deploys what is there already."""
    scene.made()
    before = scene.service["deployments"][0]["id"]
    scene.update(taskDefinition=scene.service["taskDefinition"])
    assert scene.service["deployments"][0]["id"] == before
    scene.update(forceNewDeployment=True)
    assert scene.service["deployments"][0]["id"] != before


@fact("the newest deployment is PRIMARY, those before it ACTIVE", source=ecs("Deployment.status"))
def test_a_newer_deployment_supersedes_one_that_runs(scene: Scene, by_hand: Any) -> None:
    """API reference, Deployment: PRIMARY is the most recent deployment, the others are ACTIVE."""
    scene.made()
    with by_hand():
        scene.update(taskDefinition=scene.revised())
        scene.update(taskDefinition=scene.revised("example/app:3"))
        assert [one["status"] for one in scene.service["deployments"]] == ["PRIMARY", "ACTIVE", "ACTIVE"]
        assert scene.deployment(1)["status"] == "STOPPED"
        scene.passes(300)
        assert len(scene.service["deployments"]) == 1


def test_what_is_not_essential_has_no_part_in_a_tasks_health(scene: Scene) -> None:
    """API reference, HealthCheck: only essential containers count."""
    task = definition(dict(QUIET))
    side = {"Name": "side", "Image": "example/side:1", "Essential": False, "HealthCheck": {"Command": ["CMD", "/ok"]}}
    task["Properties"]["ContainerDefinitions"].append(side)
    scene.made(task=task)
    [found] = scene.tasks()
    assert found["healthStatus"] == "UNKNOWN"
    assert scene.events()[-1] == "(service …) has reached a steady state."
