"""Every option with every other: linters are silent, and the local cloud makes of it what it said."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks import render
from fargate_stacks.checks.engines import cfn_lint, cloudformation_validate
from fargate_stacks.checks.rules import apply_rules
from fargate_stacks.deploy.engine import deploy
from tests import matrix
from tests.localcloud import Cloud
from tests.ordering import races
from tests.readback import Deployed

CASES = matrix.rows()
every_case = pytest.mark.parametrize("choice", CASES, ids=range(len(CASES)))


def test_there_are_enough_and_no_two_are_equal() -> None:
    assert len(CASES) >= 120
    assert len({tuple(one.items()) for one in CASES}) == len(CASES)


def test_every_pair_that_fits_is_in_one() -> None:
    covered = {pair for one in CASES for pair in matrix._covers(one)}
    assert {pair for pair in matrix._pairs() if matrix.fits(dict(pair))} <= covered
    assert all(matrix.fits(one) for one in CASES)


def serious(findings: Any) -> list[str]:
    return [f"{one.code} {one.where}: {one.message}" for one in findings if one.severity != "info"]


@every_case
def test_no_linter_has_an_error_or_warning_and_nothing_races(choice: dict[str, str]) -> None:
    templates = render(matrix.app(choice))
    assert serious(cfn_lint(templates)) == []
    assert serious(cloudformation_validate(templates)) == []
    assert serious(one for one in apply_rules(templates) if one.severity == "error") == []
    assert races(templates) == []


# what the local cloud does not make as AWS does
LACKS = {
    ("network", "logged"): "AWS::EC2::FlowLog",
    ("network", "zones"): "subnets by AvailabilityZoneId",
    ("uses", "cache"): "AWS::ElastiCache::ServerlessCache",
}


@every_case
def test_the_local_cloud_makes_what_was_said(cloud: Cloud, choice: dict[str, str]) -> None:
    for pair, what in LACKS.items():
        if pair in choice.items():
            pytest.skip(f"the local cloud lacks {what}")
    templates = render(matrix.app(choice))
    deploy(templates, cloud.client(), out=lambda message: None, ask=lambda question: True, given={})
    differences = Deployed(cloud, templates).differences()
    if choice["deployment"] in ("blue-green", "linear", "canary"):  # from here on ECS moves the weights
        differences = [one for one in differences if "ListenerRule: Actions" not in one]
    assert differences == []
