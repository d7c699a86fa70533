"""What others say of a template: troposphere by an exception, two engines by rules of severity warning and above."""

from __future__ import annotations

import atexit
import copy
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from troposphere.template_generator import TemplateGenerator


@cache
def _engine() -> Any:
    from cloudformation_validate import CompositeEngine

    atexit.register(_engine.cache_clear)  # before the interpreter takes apart what its destructor needs
    return CompositeEngine()


@cache
def _runner() -> Any:
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn(regions=["eu-west-1"]))


def objections(template: Mapping[str, Any]) -> dict[str, set[str]]:
    """Give by judge the ids of the rules that a template fails; of troposphere the class of its exception."""
    from cfnlint.decode.decode import decode_str
    from cloudformation_validate import TemplateContent

    text = json.dumps(template)
    found: dict[str, set[str]] = {"troposphere": set()}
    try:
        TemplateGenerator(copy.deepcopy(dict(template))).to_dict()
    except (ValueError, TypeError, AttributeError) as error:
        found["troposphere"].add(type(error).__name__)
    report = _engine().validate_template(TemplateContent(text, name="t"))
    found["cloudformation-validate"] = {
        one.rule_id for one in report.diagnostics if one.severity.name in ("FATAL", "ERROR", "WARN")
    }
    decoded, _ = decode_str(text)
    found["cfn-lint"] = {
        one.rule.id for one in _runner().validate_template(decoded) if one.rule.severity != "informational"
    }
    return found


def noticed_by(template: Mapping[str, Any], beside: Mapping[str, Any] | None = None) -> str:
    """Give the judges that object to a template, and do not to the one beside it."""
    before = objections(beside) if beside is not None else {}
    return ", ".join(judge for judge, ids in objections(template).items() if ids - before.get(judge, set()))
