"""The changes that the fake finds between a stack and a change set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.deploy.fake_cfn import FakeChangeSet, FakeStack

REPLACED = frozenset({"AWS::ECS::TaskDefinition"})
"""Types of which every change is a replacement."""


def differences(stack: FakeStack, made: FakeChangeSet) -> Iterator[dict[str, Any]]:
    old = stack.template.get("Resources", {}) if made.kind == "UPDATE" else {}
    new = made.template.get("Resources", {})
    for key in [*new, *(key for key in old if key not in new)]:
        change: dict[str, Any] = {"LogicalResourceId": key, "ResourceType": (new.get(key) or old[key])["Type"]}
        if key not in old:
            change["Action"] = "Add"
        elif key not in new:
            change |= {"Action": "Remove", "PolicyAction": old[key].get("DeletionPolicy", "Delete")}
        elif new[key] != old[key] or _moved(new[key], stack, made):
            replaced = change["ResourceType"] in REPLACED
            before, after = old[key].get("Properties", {}), new[key].get("Properties", {})
            change |= {
                "Action": "Modify",
                "Replacement": "True" if replaced else "False",
                "Details": [
                    {
                        "Target": {
                            "Attribute": "Properties",
                            "Name": name,
                            "RequiresRecreation": "Always" if replaced else "Never",
                            "Path": f"/Properties/{name}",
                            "BeforeValue": str(before.get(name, "")),
                            "AfterValue": str(after.get(name, "")),
                        }
                    }
                    for name in sorted({*before, *after})
                    if before.get(name) != after.get(name)
                ],
            }
        else:
            continue
        yield {"Type": "Resource", "ResourceChange": change}


def _moved(resource: dict[str, Any], stack: FakeStack, made: FakeChangeSet) -> bool:
    text = json.dumps(resource)
    return any(
        f'{{"Ref": "{key}"}}' in text and stack.parameters.get(key) != value for key, value in made.parameters.items()
    )
