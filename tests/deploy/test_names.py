"""What a name means: a construct, a logical id, a stack, an ARN, and what is said of one that means nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fargate_stacks.core.template import Owner, Template
from fargate_stacks.deploy.names import Directory
from fargate_stacks.errors import DeployError
from tests.deploy.answers import OLD, REGION, SERVICE
from tests.deploy.aws import NOON, Api, client_of, refusal

KINDS = {"Service": "AWS::ECS::Service", "TaskDefinition": "AWS::ECS::TaskDefinition", "Vpc": "AWS::EC2::VPC"}


def stack(name: str, *resources: str) -> Template:
    """A stack of resources like `ApiService`, each of the construct that its name begins with."""
    parts = {one: next(kind for kind in KINDS if one.endswith(kind)) for one in resources}
    return Template(
        name,
        {one: {"Type": KINDS[kind]} for one, kind in parts.items()},
        owners={
            one: Owner(one.removesuffix(kind), "Vpc" if kind == "Vpc" else "Service", None)
            for one, kind in parts.items()
        },
    )


def directory(*templates: Template, foreign: Mapping[str, Template] | None = None) -> Directory:
    live = {one.name: one for one in templates} | dict(foreign or {})

    def stacks(request: dict[str, str]) -> dict[str, object]:
        name = request["StackName"].rpartition(":stack/")[2].partition("/")[0] or request["StackName"]
        if name not in live:
            raise refusal("ValidationError", f"Stack with id {name} does not exist")
        found = {"StackId": f"arn:aws:cloudformation:{REGION}:stack/{name}/1", "StackName": name}
        return {"Stacks": [{**found, "StackStatus": "CREATE_COMPLETE", "CreationTime": NOON}]}

    def resources(request: dict[str, str]) -> dict[str, object]:
        name = request["StackName"].rpartition(":stack/")[2].partition("/")[0] or request["StackName"]
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": f"arn:aws:ecs:{REGION}:service/main/{name}-{logical_id}",
                    "ResourceType": one["Type"],
                    "ResourceStatus": "CREATE_COMPLETE",
                    "LastUpdatedTimestamp": NOON,
                }
                for logical_id, one in live[name].resources.items()
            ]
        }

    answers = {"DescribeStacks": stacks, "ListStackResources": resources}
    client = client_of({"cloudformation": Api("cloudformation", answers, [])})  # type: ignore[arg-type]
    return Directory({one.name: one for one in templates}, client)


SHOP = stack("shop", "ApiService", "ApiTaskDefinition", "JobTaskDefinition", "NetVpc")
OTHER = stack("other", "ApiService", "WebService")


def refused(found: Directory, name: str) -> str:
    with pytest.raises(DeployError) as caught:
        found.services(name)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["Api", "ApiService", "shop", "shop/Api", f"arn:aws:cloudformation:{REGION}:stack/shop/1"]
)
def test_all_names_of_a_service_lead_to_it(name: str) -> None:
    (found,) = directory(SHOP).services(name)
    assert (found.logical_id, found.stack) == ("ApiService", "shop")
    assert found.name == "Api" or name.startswith("arn:")


def test_without_a_name_it_is_every_service_of_the_app() -> None:
    assert [(one.stack, one.name) for one in directory(SHOP, OTHER).services()] == [
        ("shop", "Api"),
        ("other", "Api"),
        ("other", "Web"),
    ]


def test_a_name_in_two_stacks_needs_its_stack() -> None:
    both = directory(SHOP, OTHER)
    assert refused(both, "Api") == "Api: stacks shop and other have one; write shop/Api or other/Api"
    assert both.service("other/Api").stack == "other"


def test_a_construct_without_tasks_is_named_for_what_it_is() -> None:
    assert refused(directory(SHOP), "Net") == "Net: this is a Vpc, which has no service; the app has Api, shop"


def test_a_stack_that_the_app_does_not_know_is_looked_up() -> None:
    (found,) = directory(SHOP, foreign={"legacy": stack("legacy", "OldService")}).services("legacy")
    assert (found.name, found.stack, found.template) == ("OldService", "legacy", None)


def test_one_service_is_wanted_and_the_stack_has_two() -> None:
    with pytest.raises(DeployError, match="other: it means 2 services; name one of other/Api, other/Web"):
        directory(OTHER).service("other")


def test_an_arn_of_something_else_is_refused() -> None:
    assert "neither a service nor a stack" in refused(directory(), "arn:aws:sqs:us-east-1:0:jobs")


def test_a_service_by_arn_needs_no_app() -> None:
    (found,) = directory().services(SERVICE)
    assert (found.name, found.physical_id) == ("shop-Api", SERVICE)


def test_a_task_without_a_service_is_found() -> None:
    runner = directory(SHOP).runner("Job")
    assert (runner.found.logical_id, runner.service) == ("JobTaskDefinition", None)


def test_a_task_definition_by_arn_is_a_runner_by_itself() -> None:
    assert directory().runner(OLD).task_definition == OLD


def test_an_unknown_task_answers_with_the_nearest() -> None:
    with pytest.raises(DeployError, match="did you mean Job"):
        directory(SHOP).task("Jobb")


def test_what_runs_tasks_may_be_a_job_and_the_nearest_is_looked_for_among_jobs_too() -> None:
    assert directory(SHOP).runner("Job").service is None
    with pytest.raises(DeployError, match=r"Jobb: there is no service, task or stack of that name; did you mean Job"):
        directory(SHOP).runner("Jobb")


def test_a_service_that_a_rollback_took_away_is_not_called_unknown() -> None:
    found = directory(SHOP, foreign={"shop": stack("shop", "NetVpc")})
    assert refused(found, "Api") == (
        "Api: it is not there, though the stack shop is; fargate-stacks diagnose shop tells why"
    )
