"""Run by a Python that has cloudsplaining: policies by name as JSON come in, what it finds goes out."""

from __future__ import annotations

import json
import sys
from typing import Any

from cloudsplaining.scan.policy_document import PolicyDocument
from cloudsplaining.shared.constants import ISSUE_SEVERITY
from policy_sentry.querying.actions import get_action_data


def findings(document: dict[str, Any]) -> dict[str, list[str]]:
    """Give what is found in a policy by its severity."""
    policy = PolicyDocument(document)
    found: dict[str, list[Any]] = {
        "PrivilegeEscalation": policy.allows_privilege_escalation,
        "DataExfiltration": policy.allows_data_exfiltration_actions,
        "ResourceExposure": policy.permissions_management_without_constraints,
        "ServiceWildcard": policy.service_wildcard,
        "CredentialsExposure": policy.credentials_exposure,
        "InfrastructureModification": policy.infrastructure_modification,
    }
    by_severity: dict[str, list[str]] = {}
    for issue, items in found.items():
        by_severity.setdefault(ISSUE_SEVERITY[issue], []).extend(f"{issue}: {json.dumps(one)}" for one in items)
    return by_severity


def resource_formats(action: str) -> list[str]:
    """Give the resources that an action knows by the service authorization reference; none for what is no action."""
    service, _, name = action.partition(":")
    data = get_action_data(service, name) or {}
    return sorted({str(one["resource_arn_format"]) for entries in data.values() for one in entries})


def main() -> None:
    policies = json.load(sys.stdin)
    actions = sorted(
        {action for one in policies.values() for statement in one["Statement"] for action in statement["Action"]}
    )
    print(  # noqa: T201
        json.dumps(
            {
                "findings": {name: findings(document) for name, document in policies.items()},
                "actions": {action: resource_formats(action) for action in actions},
            }
        )
    )


if __name__ == "__main__":
    main()
