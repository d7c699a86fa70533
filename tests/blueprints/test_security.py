"""Rule packs that others wrote: what hardened_web is held to, and that other blueprints fail nothing that is free.

cdk-nag and Control Tower's rules come by npm (`make test` tries to install them), the guard registry's are in no
package: `GUARD_REGISTRY` names the folder `rules` of a checkout. checkov is asked in test_checkov.py, the engines in
test_engines.py.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks import security
from fargate_stacks.checks.finding import Templates
from tests.blueprints.accepted import ALONE, AWS_SOLUTIONS, CONTROL_TOWER
from tests.blueprints.catalog import NAMES, Case, templates

REGISTRY = os.environ.get("GUARD_REGISTRY", "")
HARDENED = "hardened_web"
OTHERS = [name for name in NAMES if name != HARDENED]

pytestmark = pytest.mark.xdist_group("security")  # one run of each pack serves all
by_npm = pytest.mark.skipif(not security.GUARD.is_dir(), reason="make security installs it into .venv-cdk by npm")
of_a_checkout = pytest.mark.skipif(
    not Path(REGISTRY, "aws").is_dir(), reason="GUARD_REGISTRY names no checkout's rules"
)


PATTERN = "CDK pattern"


def subjects() -> dict[str, Templates]:
    return {name: templates(Case(name, "prod")) for name in NAMES}


@cache
def control_tower() -> dict[str, set[str]]:
    found = security.engine(subjects(), security.GUARD)[1]
    assert found is not None
    return {name: set(rules) for name, rules in found.items()}


@cache
def cdk_nag() -> dict[str, dict[str, set[str]]]:
    """By blueprint and pack; of what a rule says of one resource only its name is kept."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = {key: list(security.written(key, one, folder)) for key, one in subjects().items()}
        found = security.cdk_nag(files, folder)
    return {
        key: {pack: {re.sub(r"\[.*", "", rule) for rule in rules} for pack, rules in packs.items()}
        for key, packs in found.items()
    }


@by_npm
def test_hardened_web_fails_three_rules_of_control_tower_all_on_its_log_buckets() -> None:
    assert control_tower()[HARDENED] == {
        "s3_bucket_default_encryption_kms_check",
        "s3_bucket_logging_enabled_check",
        "s3_bucket_object_lock_enabled_check",
    }


@by_npm
def test_hardened_web_fails_one_rule_of_aws_solutions_for_its_public_load_balancer() -> None:
    assert cdk_nag()[HARDENED]["AwsSolutions"] == {"AwsSolutions-EC23"}


@by_npm
def test_hardened_web_fails_four_rules_of_nist_800_53() -> None:
    assert cdk_nag()[HARDENED]["NIST.800.53.R5"] == {
        "NIST.800.53.R5-S3BucketReplicationEnabled",
        "NIST.800.53.R5-S3DefaultEncryptionKMS",
        "NIST.800.53.R5-VPCDefaultSecurityGroupClosed",
        "NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW",
    }


@of_a_checkout
def test_hardened_web_leaves_no_rule_of_the_guard_registry_unanswered() -> None:
    said = security.engine({HARDENED: templates(Case(HARDENED, "prod"))}, Path(REGISTRY))[1]
    assert said == {HARDENED: []}


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_every_answer_of_hardened_web_stands_beside_its_reason(stage: str) -> None:
    (template,) = templates(Case(HARDENED, stage)).values()
    answered = {
        logical_id: body["Metadata"]
        for logical_id, body in template.resources.items()
        if "guard" in body.get("Metadata", {})
    }
    assert len(answered) == 7
    for metadata in answered.values():
        assert metadata["guard"]["SuppressedRules"] == sorted(metadata["Reasons"])
        assert all(metadata["Reasons"].values())


@by_npm
def test_cdks_pattern_fails_what_our_page_says_of_it() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        pattern = security.subjects([], folder)
        tower = security.engine(pattern, security.GUARD)[1]
        assert tower is not None
        nag = security.cdk_nag({PATTERN: list(security.written(PATTERN, pattern[PATTERN], folder))}, folder)
    assert len(tower[PATTERN]) == 11
    assert {pack: len(rules) for pack, rules in nag[PATTERN].items()} == {"AwsSolutions": 4, "NIST.800.53.R5": 12}


@by_npm
@pytest.mark.parametrize("name", OTHERS)
def test_a_blueprint_fails_what_costs_or_needs_a_domain_alone(name: str) -> None:
    assert control_tower()[name] - CONTROL_TOWER.keys() == set(ALONE.get(name, ()))
    assert cdk_nag()[name]["AwsSolutions"] - AWS_SOLUTIONS.keys() == set()


@by_npm
def test_every_accepted_rule_is_failed_somewhere() -> None:
    """What no blueprint fails any more is struck from the lists."""
    assert {rule for name in OTHERS for rule in control_tower()[name] - set(ALONE.get(name, ()))} == set(CONTROL_TOWER)
    assert {rule for name in OTHERS for rule in cdk_nag()[name]["AwsSolutions"]} == set(AWS_SOLUTIONS)
