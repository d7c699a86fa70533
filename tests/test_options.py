"""Every option with every other: linters are silent, and the local cloud makes of it what it said."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks import render
from fargate_stacks.checks.engines import cfn_lint, cloudformation_validate
from fargate_stacks.checks.rules import apply_rules
from fargate_stacks.deploy.engine import deploy
from tests import options
from tests.localcloud import Cloud
from tests.ordering import races
from tests.readback import Deployed

CASES = options.rows()
every_case = pytest.mark.parametrize("choice", CASES, ids=range(len(CASES)))


def test_there_are_enough_and_no_two_are_equal() -> None:
    assert len(CASES) >= 120
    assert len({tuple(one.items()) for one in CASES}) == len(CASES)


def test_every_pair_that_fits_is_in_one() -> None:
    covered = {pair for one in CASES for pair in options._covers(one)}
    assert {pair for pair in options._pairs() if options.fits(dict(pair))} <= covered
    assert all(options.fits(one) for one in CASES)


def serious(findings: Any) -> list[str]:
    return [f"{one.code} {one.where}: {one.message}" for one in findings if one.severity != "info"]


@every_case
def test_no_linter_has_an_error_or_warning_and_nothing_races(choice: dict[str, str]) -> None:
    templates = render(options.app(choice))
    assert serious(cfn_lint(templates)) == []
    assert serious(cloudformation_validate(templates)) == []
    assert serious(one for one in apply_rules(templates) if one.severity == "error") == []
    assert races(templates) == []


@every_case
def test_the_local_cloud_makes_what_was_said(cloud: Cloud, choice: dict[str, str]) -> None:
    secret = cloud.api("secretsmanager").create_secret(Name="registry", SecretString="{}")["ARN"]
    document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    cloud.api("iam").create_policy(PolicyName="bounds", PolicyDocument=document)
    templates = render(options.app(choice, secret=secret))
    deploy(templates, cloud.client(), out=lambda message: None, ask=lambda question: True, given={})
    assert Deployed(cloud, templates).differences() == []
