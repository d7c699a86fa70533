"""Where the values of a template's parameters come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from fargate_stacks.core.template import Reference, Template
from fargate_stacks.deploy.builds import builds_of
from fargate_stacks.deploy.client import StackState
from fargate_stacks.errors import DeployError

Outputs = Callable[[str], Mapping[str, str] | None]
"""Gives the live outputs of a stack of the app by name; None where there is no such stack."""


def given_for(given: Mapping[str, str], templates: Mapping[str, Template]) -> dict[str, dict[str, str]]:
    """Sort the values that the user gave by stack; the keys are KEY or STACK.KEY.

    Raises DeployError for a key that no stack of the run has.
    """
    sorted_out: dict[str, dict[str, str]] = {name: {} for name in templates}
    unknown = []
    # a value for one stack is closer than one for all
    for key, value in sorted(given.items(), key=lambda item: "." in item[0]):
        stack, dot, parameter = key.rpartition(".")
        found = [
            name
            for name, template in templates.items()
            if (not dot or name == stack) and parameter in template.parameters
        ]
        for name in found:
            sorted_out[name][parameter] = value
        if not found:
            unknown.append(key)
    if unknown:
        known = sorted({key for one in templates.values() for key in one.parameters if key not in one.references})
        raise DeployError(
            f"deploy: no stack has a parameter {', '.join(unknown)}; "
            + (f"there are {', '.join(known)}" if known else "there are none to give"),
            exit_code=2,
        )
    return sorted_out


def missing(template: Template, live: StackState | None, given: Mapping[str, str]) -> list[str]:
    """Give the parameters that nobody has a value for; references and what is built are left aside."""
    known = set(live.parameters if live is not None else ()) | {one.parameter for one in builds_of(template)}
    return [
        key
        for key, parameter in template.parameters.items()
        if key not in given and key not in template.references and key not in known and "Default" not in parameter
    ]


def refuse_missing(found: Mapping[str, Iterable[str]]) -> None:
    """Raise one DeployError that names every parameter without a value, by stack."""
    named = [f"{stack}.{key}" for stack, keys in found.items() for key in keys]
    if named:
        raise DeployError(
            f"deploy: no value for {', '.join(named)}; give --parameter {named[0]}=VALUE"
            + (" and so on" if named[1:] else ""),
            exit_code=2,
        )


def resolve(
    template: Template, live: StackState | None, given: Mapping[str, str], outputs: Outputs
) -> tuple[list[dict[str, object]], list[str]]:
    """Give a change set's Parameters, and a line for each value that is only the previous one.

    A value that the user gave comes first, then the producing stack's live output, then the value that
    the stack has, then the template's default. Raises DeployError for a reference without a value.
    """
    known = live.parameters if live is not None else frozenset()
    values: list[dict[str, object]] = []
    notes: list[str] = []
    for key in template.parameters:
        previous: dict[str, object] = {"ParameterKey": key, "UsePreviousValue": True}
        if key in given:
            values.append({"ParameterKey": key, "ParameterValue": given[key]})
        elif key in template.references:
            reference = template.references[key]
            produced = outputs(reference.stack)
            if produced is None and key in known:
                notes.append(f"{key} keeps its value: stack {reference.stack} cannot be read")
                values.append(previous)
            else:
                values.append({"ParameterKey": key, "ParameterValue": _produced(template, reference, produced)})
        elif key in known:
            values.append(previous)
    return values, notes


def texts(values: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Give those of a change set's Parameters whose value is known here."""
    return {str(one["ParameterKey"]): str(one["ParameterValue"]) for one in values if "ParameterValue" in one}


def _produced(template: Template, reference: Reference, produced: Mapping[str, str] | None) -> str:
    stack, output = reference.stack, reference.output
    if produced is None:
        raise DeployError(
            f"{template.name}: it needs {output} of stack {stack}, which is not deployed; deploy {stack} first",
            exit_code=2,
        )
    if output not in produced:
        raise DeployError(
            f"{template.name}: stack {stack} has no output {output} yet; deploy {stack} first",
            exit_code=2,
        )
    value = produced[output]
    if reference.length is not None and len(value.split(",")) != reference.length:
        raise DeployError(
            f"{template.name}: {output} of stack {stack} must hold {reference.length} values, got {value}; "
            f"deploy {stack} first",
            exit_code=2,
        )
    return value
