"""Templates that others made, read from files: YAML or JSON, with the line on which each resource begins."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from fargate_stacks.checks.loops import LOOP
from fargate_stacks.core.construct import Source
from fargate_stacks.core.template import Owner, Template
from fargate_stacks.core.yaml import Loader
from fargate_stacks.errors import LoadError

_GO_TEMPLATE = re.compile(r"\{\{(?!resolve:)")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|\n')


@dataclass(frozen=True, eq=False)
class Foreign(Template):
    """A template from a file; its text is what the file says, whatever our rules work out."""

    mappings: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return self.document


def read_templates(patterns: Sequence[str], *, cwd: Path) -> dict[str, Template]:
    """Give the templates of files, globs, and CDK's cloud assemblies (a folder with manifest.json), by name.

    A name is the file's without its extension, or its path where two are the same. What a glob finds that is no
    template is passed over. Raises LoadError for what is named and is no template.
    """
    files: dict[Path, bool] = {}
    for pattern in patterns:
        for path in _files(pattern, cwd):
            files[path] = files.get(path, False) or not _is_glob(pattern)
    found = [(path, one) for path, asked in files.items() if (one := _read(path, cwd, asked)) is not None]
    if not found:
        raise LoadError(f"--template {' '.join(patterns)}: there is no template")
    stems = [_stem(path) for path, _ in found]
    named: dict[str, Template] = {}
    for (path, document), stem in zip(found, stems, strict=True):
        name = stem if stems.count(stem) == 1 else _shown(path, cwd)
        named[name] = _template(name, path, *document)
    return named


def _files(pattern: str, cwd: Path) -> Iterator[Path]:
    path = cwd / pattern
    if path.is_dir():
        if not (path / "manifest.json").is_file():
            raise LoadError(f"--template {pattern}: it is a folder without CDK's manifest.json; name files or a glob")
        yield from _assembly(path)
    elif path.is_file():
        yield from _assembly(path.parent) if path.name == "manifest.json" else [path]
    elif _is_glob(pattern):
        # the part before the first wildcard may be absolute, which glob() does not take
        base, wild = _split(pattern)
        yield from sorted(one for one in (cwd / base).glob(wild) if one.is_file())
    else:
        raise LoadError(f"--template {pattern}: there is no such file in {cwd}")


def _split(pattern: str) -> tuple[Path, str]:
    parts = Path(pattern).parts
    first = next(place for place, part in enumerate(parts) if _is_glob(part))
    return Path(*parts[:first]), str(Path(*parts[first:]))


def _is_glob(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")


def _assembly(folder: Path) -> Iterator[Path]:
    """The templates of a cloud assembly and of those nested in it."""
    artifacts = json.loads((folder / "manifest.json").read_text("utf-8")).get("artifacts", {})
    for one in artifacts.values():
        properties = one.get("properties", {})
        if one.get("type") == "aws:cloudformation:stack":
            yield folder / properties["templateFile"]
        elif one.get("type") == "cdk:cloud-assembly":
            yield from _assembly(folder / properties["directoryName"])


def _stem(path: Path) -> str:
    name = path.name
    for ending in (".json", ".yaml", ".yml", ".template"):
        name = name.removesuffix(ending)
    return name or path.name


def _shown(path: Path, cwd: Path) -> str:
    return (path.relative_to(cwd) if path.is_relative_to(cwd) else path).as_posix()


def _read(path: Path, cwd: Path, asked: bool) -> tuple[dict[str, Any], dict[str, int]] | None:
    """A template and the line of each resource; None for what is none and was not asked for by name."""
    who = _shown(path, cwd)
    text = ""
    try:
        text = path.read_text("utf-8-sig")
        document, lines = read_text(text, who)
        if isinstance(document.get("Resources"), dict):
            return document, lines
        raise LoadError(f"{who}: it has no Resources, so it is no CloudFormation template")
    except UnicodeDecodeError:
        problem = LoadError(f"{who}: it is not UTF-8 text")
    except LoadError as error:
        problem = error
    # a glob also finds what is no template; one that is broken is said
    if asked or ("Resources" in text and "AWS::" in text):
        raise problem
    return None


def read_text(text: str, who: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Read a template, YAML or JSON, and give the line of each resource. Raises LoadError with file and line."""
    try:
        if text.lstrip()[:1] == "{":
            document, lines = _json(text)
        else:
            document, lines = _yaml(text)
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        raise _unreadable(text, who, error) from None
    if not isinstance(document, dict):
        raise LoadError(f"{who}: a mapping is wanted, got {type(document).__name__}")
    return document, lines


def _unreadable(text: str, who: str, error: yaml.YAMLError | json.JSONDecodeError) -> LoadError:
    for number, line in enumerate(text.splitlines(), 1):
        if _GO_TEMPLATE.search(line):
            return LoadError(
                f"{who}:{number}: it is a Go template, not yet a CloudFormation template; "
                "have Copilot render it: copilot svc package --output-dir infrastructure"
            )
    if isinstance(error, json.JSONDecodeError):
        return LoadError(f"{who}:{error.lineno}: not JSON: {error.msg}")
    mark = getattr(error, "problem_mark", None)
    place = f":{mark.line + 1}" if mark else ""
    return LoadError(f"{who}{place}: not YAML: {getattr(error, 'problem', None) or error}")


def _yaml(text: str) -> tuple[Any, dict[str, int]]:
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, {}
        return loader.construct_document(node), dict(_lines(node))
    except ValueError as error:  # such as a number that is a date in no calendar
        raise yaml.YAMLError(str(error)) from None
    finally:
        loader.dispose()


def _lines(node: yaml.Node) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "Resources" and isinstance(value, yaml.MappingNode):
                for logical_id, _ in value.value:
                    yield str(logical_id.value), logical_id.start_mark.line + 1


def _json(text: str) -> tuple[Any, dict[str, int]]:
    document = json.loads(text)
    lines: dict[str, int] = {}
    line, path, key = 1, [""], ""
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "\n":
            line += 1
        elif token in "{[":
            path.append(key)
        elif token in "}]":
            path.pop()
        elif token[0] == '"':
            key = token[1:-1]
            if len(path) == 3 and path[2] == "Resources":
                lines.setdefault(key, line)
    return document, lines


def _template(name: str, path: Path, document: dict[str, Any], lines: Mapping[str, int]) -> Foreign:
    resources = {
        key: one
        for key, one in document["Resources"].items()
        if (isinstance(one, dict) and "Type" in one) or str(key).startswith(LOOP)
    }

    def section(key: str) -> dict[str, Any]:
        found = document.get(key)
        return found if isinstance(found, dict) else {}

    return Foreign(
        name,
        resources,
        parameters=section("Parameters"),
        outputs=section("Outputs"),
        conditions=section("Conditions"),
        metadata=section("Metadata"),
        owners={key: Owner("", "", Source(str(path), lines[key])) for key in resources if key in lines},
        mappings=section("Mappings"),
        document=document,
    )
