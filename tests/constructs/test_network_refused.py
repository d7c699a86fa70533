"""What no Vpc can be, and the words in which it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.constructs.network import Subnets, Vpc
from tests.constructs.networks import refusal


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cidr": "10.0.0.0"}, "cidr must be an IPv4 block like 10.0.0.0/16, got '10.0.0.0'"),
        ({"cidr": "10.0.256.0/16"}, "cidr must be an IPv4 block like 10.0.0.0/16, got '10.0.256.0/16'"),
        ({"cidr": "010.0.0.0/16"}, "cidr must be an IPv4 block like 10.0.0.0/16, got '010.0.0.0/16'"),
        ({"cidr": "10.0.0.0/33"}, "cidr must be an IPv4 block like 10.0.0.0/16, got '10.0.0.0/33'"),
        (
            {"cidr": "10.0.0.0/8"},
            "cidr must be a /16 to /24, got '10.0.0.0/8'; a subnet is a sixteenth of it, "
            "and the smallest that AWS makes is a /28",
        ),
        ({"cidr": "10.0.1.0/16"}, "cidr 10.0.1.0/16 starts inside a block; write 10.0.0.0/16"),
        ({"azs": 0}, "azs must be 1 to 4 zones, got 0"),
        ({"azs": 5}, "azs must be 1 to 4 zones, got 5"),
        ({"azs": ()}, "azs must name 1 to 4 zones, got 0"),
        ({"azs": [f"use1-az{n}" for n in range(1, 6)]}, "azs must name 1 to 4 zones, got 5"),
        (
            {"azs": ["us-east-1a"]},
            "azs takes zone ids like use1-az1, which mean the same zone in every account, got 'us-east-1a'",
        ),
        ({"azs": ["use1-az1", "use1-az1"]}, "azs names use1-az1 twice; name each zone once"),
        ({"azs": ["use1-az1", "usw2-az1"]}, "azs names zones of 2 regions, use1 and usw2; a VPC is in one"),
        ({"tiers": ()}, "tiers is empty; name at least one of public, private, isolated"),
        ({"tiers": ["public", "public"]}, "tiers names public twice; name each tier once"),
        (
            {"tiers": ["public", "private"], "nat": "none"},
            'private subnets reach out through NAT, got nat="none"; call the tier isolated or use nat="single"',
        ),
        (
            {"tiers": ["private"]},
            "NAT gateways stand in public subnets, and tiers has none; add public, or call the tier isolated",
        ),
        (
            {"tiers": ["public", "isolated"]},
            'nat="single" costs money, and tiers has no private subnets for it; add private or use nat="none"',
        ),
        ({"max_azs": 2}, "max_azs is called azs"),
        ({"azs": "use1-az1"}, "azs must be int or a sequence of str, got 'use1-az1'; pass int or a sequence of str"),
        (
            {"nat": "instance"},
            "nat must be one of 'none', 'single', 'per-zone' or NatInstance, got 'instance'; "
            "pass one of 'none', 'single', 'per-zone' or NatInstance",
        ),
    ],
)
def test_what_no_vpc_can_be_is_refused(options: Any, message: str) -> None:
    assert refusal(lambda: Vpc("Net", **options)) == f'Vpc "Net": {message}'


def test_subnets_without_any_id_are_refused() -> None:
    assert refusal(lambda: Subnets(ids=[], tier="private")) == "Subnets: there is none; give at least one subnet id"
