"""Our own rules, each a code. A code is never given a second meaning."""

from __future__ import annotations

from collections.abc import Iterator

from fargate_stacks.checks import balancers, containers, reachability, services
from fargate_stacks.checks.finding import Finding, Templates, locate
from fargate_stacks.checks.reading import Rule

RULES = (
    Rule("FS101", "info", containers.root_can_be_written),
    Rule("FS102", "info", containers.runs_as_root),
    Rule("FS103", "info", containers.keeps_capabilities),
    Rule("FS104", "warning", services.exec_with_read_only_root),
    Rule("FS105", "error", services.count_beside_scaling),
    Rule("FS106", "error", balancers.duplicate_priority),
    Rule("FS107", "warning", containers.image_tag_moves),
    Rule("FS108", "warning", containers.docker_hub_without_login),
    Rule("FS109", "warning", containers.secret_in_plain_text),
    Rule("FS110", "error", services.launch_type_and_strategy),
    Rule("FS111", "error", services.deployment_deadlock),
    Rule("FS112", "error", services.unknown_target),
    Rule("FS113", "error", containers.no_execution_role),
    Rule("FS114", "error", containers.no_stream_prefix),
    Rule("FS115", "warning", services.no_circuit_breaker),
    Rule("FS116", "info", balancers.public_and_unencrypted),
    Rule("FS130", "error", reachability.cannot_start),
    Rule("FS131", "warning", reachability.cannot_call),
)


def apply_rules(templates: Templates) -> Iterator[Finding]:
    """Give what our own rules find, rule by rule."""
    for rule in RULES:
        for hit in rule.find(templates):
            where = locate(templates[hit.stack], hit.logical_id)
            yield Finding(rule.code, rule.severity, where, hit.message)
