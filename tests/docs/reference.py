"""The reference pages, written from the code: each public name with its fields, defaults and docstrings."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from typing import Any

import fargate_stacks
from fargate_stacks.core.construct import Construct, Frozen
from tests.docs.properties import cell

# page -> (title, modules); a module of constructs that is named nowhere is about tasks
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "apps": ("Apps, stacks, templates", ("core.", "errors")),
    "network": (
        "Networks and clusters",
        (
            "constructs.network",
            "constructs.nat_instance",
            "constructs.subnets",
            "constructs.flow_logs",
            "constructs.cluster",
            "constructs.exec_logs",
            "constructs.security_group_existing",
        ),
    ),
    "tasks": ("Tasks and containers", ("constructs.", "constructs.scheduled_task")),
    "services": (
        "Services",
        (
            "constructs.service",
            "constructs.egress",
            "constructs.scaling",
            "constructs.backlog",
            "constructs.metric",
            "constructs.predictive",
            "constructs.scheduled",
            "constructs.deployment",
            "constructs.shifting",
            "constructs.rolling",
            "constructs.pre_deploy",
            "constructs.proxy",
            "constructs.capacity",
            "constructs.endpoint",
        ),
    ),
    "ingress": (
        "Ways in",
        (
            "constructs.ingress",
            "constructs.route",
            "constructs.dns",
            "constructs.login",
            "constructs.mutual_tls",
            "constructs.waf",
            "constructs.archive",
            "constructs.key",
            "constructs.network_balancer",
            "constructs.express",
            "constructs.gateway",
            "constructs.split",
            "constructs.http_api",
            "constructs.distribution",
            "constructs.lattice",
            "constructs.discovery",
        ),
    ),
    "providers": ("What tasks use", ("providers.", "constructs.access")),
    "patterns": ("Patterns", ("patterns",)),
}


def pages() -> dict[str, str]:
    """Give each page's text by its path in docs/."""
    grouped: dict[str, list[str]] = {page: [] for page in GROUPS}
    for name in fargate_stacks.__all__:
        grouped[_page_of(getattr(fargate_stacks, name).__module__)].append(name)
    written = {f"reference/{page}.md": _page(GROUPS[page][0], names) for page, names in grouped.items()}
    return {"reference/index.md": _index(grouped), **written}


def _page_of(module: str) -> str:
    inner = module.removeprefix("fargate_stacks.")
    matches = [
        (len(start), page) for page, (_, starts) in GROUPS.items() for start in starts if inner.startswith(start)
    ]
    return max(matches)[1]


def _index(grouped: dict[str, list[str]]) -> str:
    lines = [
        "# Reference",
        "",
        "Every public name, its fields, their defaults and what they mean: written from the code by `make pages`; a "
        "test fails when it is out of date.",
        "",
    ]
    for page, names in grouped.items():
        lines.append(f"- [{GROUPS[page][0]}]({page}.md)")
        lines += [f"    - [`{name}`]({page}.md#{name.lower()})" for name in names]
    return "\n".join(lines) + "\n"


def _page(title: str, names: list[str]) -> str:
    sections = [f"# {title}"]
    for name in names:
        thing = getattr(fargate_stacks, name)
        sections.append("\n\n".join(_class(name, thing) if inspect.isclass(thing) else _function(f"## {name}", thing)))
    return "\n\n".join(sections) + "\n"


def _class(name: str, cls: type) -> Iterator[str]:
    yield f"## {name}"
    doc = inspect.cleandoc(cls.__doc__ or "")
    yield doc
    if issubclass(cls, Frozen) and cls not in (Construct, fargate_stacks.Value):
        yield _fields(cls)
    elif name == "Param":
        yield f"```text\nParam{_signature(cls.__init__)}\n```"
    for key, method in _own(cls, inspect.isfunction):
        # of a value or construct only its verbs are for users; the rest is between our own modules
        if method.__doc__ and (hasattr(method, "__wrapped__") or not issubclass(cls, Frozen)):
            yield from _function(f"### {name}.{key}", method)
    properties = [
        f"- `{key}`: {inspect.cleandoc(one.fget.__doc__)}"
        for key, one in _own(cls, lambda thing: isinstance(thing, property))
        if one.fget.__doc__
    ]
    if properties:
        yield "What others ask of it:"
        yield "\n".join(properties)


def _own(cls: type, kind: Any) -> Iterator[tuple[str, Any]]:
    """The public members that a class or a base of ours other than the very first ones defines."""
    bases = [one for one in cls.__mro__ if one.__module__.startswith("fargate_stacks") and one not in Frozen.__mro__]
    bases = [one for one in bases if one is cls or one not in (Construct, fargate_stacks.Value)]
    seen: set[str] = set()
    for base in bases:
        for key, one in vars(base).items():
            if not key.startswith("_") and key not in seen and kind(one):
                seen.add(key)
                yield key, one


def _function(heading: str, function: Any) -> Iterator[str]:
    name = heading.split()[-1].rpartition(".")[2]
    yield heading
    yield f"```text\n{name}{_signature(function)}\n```"
    yield inspect.cleandoc(function.__doc__ or "")


def _signature(function: Any) -> str:
    # unwrapped, and with annotations as they are written, since `from __future__` keeps them as text
    signature = inspect.signature(inspect.unwrap(function))
    given = [one for one in signature.parameters.values() if one.name != "self"]
    parts = [_parameter(one) for one in given]
    keyword = next((i for i, one in enumerate(given) if one.kind is one.KEYWORD_ONLY), None)
    if keyword is not None:
        parts.insert(keyword, "*")
    returns = (
        ""
        if signature.return_annotation in (inspect.Signature.empty, None, "None")
        else f" -> {signature.return_annotation}"
    )
    line = f"({', '.join(parts)}){returns}"
    if len(line) < 90:
        return line
    return "(\n" + "".join(f"    {part},\n" for part in parts) + f"){returns}"


def _parameter(one: inspect.Parameter) -> str:
    annotation = "" if one.annotation is one.empty else f": {one.annotation}"
    default = "" if one.default is one.empty else f" = {_default(one.default)}"
    return f"{one.name}{annotation}{default}"


def _fields(cls: type[Frozen]) -> str:
    if not dataclasses.fields(cls):  # type: ignore[arg-type]
        return "It has no fields."
    rows = ["| field | type | default | sets in CloudFormation | |", "|---|---|---|---|---|"]
    for one in dataclasses.fields(cls):  # type: ignore[arg-type]
        annotation, doc = _source(cls, one.name)
        if one.default is not dataclasses.MISSING:
            default = f"`{_default(one.default)}`"
        elif one.default_factory is not dataclasses.MISSING:
            default = f"`{_default(one.default_factory())}`"
        else:
            default = "required"
        cells = [f"`{one.name}`", f"`{annotation}`", default, cell(cls, one.name), doc]
        rows.append("| " + " | ".join(re.sub(r"\s*\n\s*", " ", cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _source(cls: type, field: str) -> tuple[str, str]:
    """The annotation as it is written, and the docstring below the field, of the first class that has one."""
    found = [fields[field] for base in cls.__mro__ if field in (fields := _fields_of(base))]
    annotation = found[0][0] if found else "Any"
    return annotation, next((doc for _, doc in found if doc), "")


@cache
def _fields_of(cls: type) -> dict[str, tuple[str, str]]:
    if not cls.__module__.startswith("fargate_stacks."):
        return {}
    tree = ast.parse(textwrap.dedent(inspect.getsource(sys.modules[cls.__module__])))
    (body,) = [node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == cls.__name__]
    found = {}
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            doc = ""
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                doc = inspect.cleandoc(str(after.value.value))
            found[node.target.id] = (ast.unparse(node.annotation), doc)
    return found


def _default(value: Any) -> str:
    if isinstance(value, Frozen):
        changed = [
            f"{one.name}={_default(getattr(value, one.name))}"
            for one in dataclasses.fields(value)  # type: ignore[arg-type]
            if one.default is dataclasses.MISSING or one.default != getattr(value, one.name)
        ]
        return f"{type(value).__name__}({', '.join(changed)})"
    if isinstance(value, tuple):
        return f"({', '.join(map(_default, value))}{',' if len(value) == 1 else ''})"
    if not isinstance(value, (str, dict)) and hasattr(value, "items"):
        return repr(dict(value))
    return re.sub(r"^datetime\.timedelta", "timedelta", repr(value))
