"""The engines that others wrote, each asked in process and set up once."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from functools import cache
from typing import Any

from fargate_stacks.checks.finding import Finding, Severity, Templates, locate
from fargate_stacks.errors import FargateStacksError

# of cloudformation-validate, all of level INFO: what replaces (I9001), untagged (I9040), no prose for machines
# (I4010), no DeletionPolicy (I3011: the default is what `removal` says), Sub would be shorter than Join (I1022)
NOISE = frozenset({"I9001", "I9040", "I4010", "I3011", "I1022"})

_VALIDATE: dict[str, Severity] = {"FATAL": "error", "ERROR": "error", "WARN": "warning", "INFO": "info"}
_LINT: dict[str, Severity] = {"error": "error", "warning": "warning", "informational": "info"}


def cloudformation_validate(templates: Templates) -> Iterator[Finding]:
    """Give what AWS's own engine finds, but for its noise. Raises FargateStacksError if it is not installed."""
    try:
        from cloudformation_validate import TemplateContent
    except ImportError:
        raise _missing("cloudformation-validate") from None
    for template in templates.values():
        report = _composite_engine().validate_template(TemplateContent(template.to_json(), name=template.name))
        for one in report.diagnostics:
            severity = _VALIDATE.get(one.severity.name)
            if severity is None or one.rule_id in NOISE:
                continue
            where = locate(template, one.entity.logical_id if one.entity else None)
            yield Finding(one.rule_id, severity, where, _with_path(one.message, one.property_path))


def cfn_lint(templates: Templates) -> Iterator[Finding]:
    """Give what cfn-lint finds, for the region of each stack. Raises FargateStacksError if it is not installed."""
    try:
        from cfnlint.decode.decode import decode_str
    except ImportError:
        raise _missing("cfn-lint") from None
    for template in templates.values():
        # a plain mapping would lose line numbers, and with them findings that then look alike
        decoded, problems = decode_str(template.to_yaml())
        found = problems or _runner(template.region or "us-east-1").validate_template(decoded)
        for one in found:
            path = list(one.path or ())
            where = locate(template, str(path[1]) if path[:1] == ["Resources"] and len(path) > 1 else None)
            severity = _LINT[one.rule.severity.lower()]
            yield Finding(one.rule.id, severity, where, _with_path(one.message, ".".join(map(str, path[2:]))))


def nobody(templates: Templates) -> Iterator[Finding]:
    """Find nothing: our own rules are asked alone."""
    yield from ()


ENGINES = {"cloudformation-validate": cloudformation_validate, "cfn-lint": cfn_lint, "none": nobody}


@cache
def _composite_engine() -> Any:
    from cloudformation_validate import CompositeEngine

    # freed before the interpreter takes modules apart, since its own destructor needs them
    atexit.register(_composite_engine.cache_clear)
    return CompositeEngine()


@cache
def _runner(region: str) -> Any:
    # cfnlint.lint() would read its rules again at every call: 0.4 s
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn(regions=[region]))


def _with_path(message: str, path: str | None) -> str:
    return f"{message} at {path}" if path else message


def _missing(package: str) -> FargateStacksError:
    return FargateStacksError(f"check: {package} is not installed; pip install 'fargate-stacks[check]'")
