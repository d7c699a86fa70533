"""The contract of the local cloud: what AWS documents, the test that proves it here, and where AWS says it.

    @fact("a deleted stack is described by its id only", source=cfn("DescribeStacksInput.StackName"))
    def test_a_deleted_stack_is_found_by_its_id_only(cloud: Cloud) -> None: ...

A source is a page of AWS's documentation, `botocore SERVICE Shape[.member]` (the model that the SDK is made of, whose
own text says so), `schema AWS::Type` (CloudFormation's schema of a resource type), or, for a sentence that AWS
prints and documents nowhere, a public thread that quotes it.

python -m tests.deploy.local.facts writes docs/local-cloud-facts.md.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

PAGE = Path(__file__).parents[3] / "docs" / "local-cloud-facts.md"

Test = TypeVar("Test", bound=Callable[..., None])


def _model(service: str) -> Callable[[str], str]:
    return lambda name: f"botocore {service} {name}"


def _pages(root: str) -> Callable[[str], str]:
    return lambda page: f"https://docs.aws.amazon.com/{root}{page}.html"


cfn, ecs, elb, ec2, scaling = map(_model, ("cloudformation", "ecs", "elbv2", "ec2", "application-autoscaling"))
guide = _pages("AWSCloudFormation/latest/UserGuide/")
reference = _pages("AWSCloudFormation/latest/APIReference/API_")
ecs_guide = _pages("AmazonECS/latest/developerguide/")
vpc_guide = _pages("vpc/latest/userguide/")


def thread(repository: str, number: int, kind: str = "issues") -> str:
    """Give the address of a thread that quotes AWS."""
    return f"https://github.com/{repository}/{kind}/{number}"


@dataclass(frozen=True)
class Fact:
    """One thing that AWS documents and the local cloud does."""

    says: str
    source: str
    service: str
    test: str


def fact(says: str, *, source: str) -> Callable[[Test], Test]:
    """Say which fact a test proves, and where AWS says it; a test may prove several."""

    def mark(test: Test) -> Test:
        marked: list[tuple[str, str]] = test.__dict__.setdefault("facts", [])
        marked.insert(0, (says, source))
        return test

    return mark


def facts() -> Iterator[Fact]:
    """Give every fact that a test of this folder proves, file by file."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"tests.deploy.local.{path.stem}")
        for name, test in vars(module).items():
            if name.startswith("test_") and getattr(test, "__module__", "").endswith(path.stem):
                for says, source in test.__dict__.get("facts", ()):
                    yield Fact(says, source, service(source), f"{path.name}::{name}")


SERVICES = {
    "AWSCloudFormation": "CloudFormation",
    "cloudformation": "CloudFormation",
    "AmazonECS": "ECS",
    "ecs": "ECS",
    "elasticloadbalancing": "Elastic Load Balancing",
    "elbv2": "Elastic Load Balancing",
    "AWSEC2": "EC2",
    "vpc": "EC2",
    "ec2": "EC2",
    "autoscaling": "Application Auto Scaling",
    "application-autoscaling": "Application Auto Scaling",
}


def service(source: str) -> str:
    """Give the service that a source is about; a quoted sentence is one of CloudFormation's."""
    if source.startswith("botocore "):
        return SERVICES.get(source.split()[1], "Others")
    if "docs.aws.amazon.com/" in source:
        return SERVICES.get(source.split("/")[3], "Others")
    return "CloudFormation"


def shown(source: str) -> str:
    """Give a source as a link, where it is one."""
    if not source.startswith("https://"):
        return f"`{source}`"
    name = source.rstrip("/").rpartition("/")[2].removesuffix(".html")
    if "github.com/" in source:
        return f"[{'/'.join(source.split('/')[3:5])}#{name}]({source})"
    return f"[{name}]({source})"


def page() -> str:
    """Write the page of the documentation."""
    by_service: dict[str, list[Fact]] = {}
    for one in facts():
        by_service.setdefault(one.service, []).append(one)
    found = sum(map(len, by_service.values()))
    lines = [
        "# What the local cloud holds to",
        "",
        f"{found} facts that AWS documents, each with where it says so and the test that proves it over HTTP, through",
        "botocore; every answer in these tests is held against the output shape of botocore's model. What the local",
        "cloud does not imitate is listed in [the local cloud](local.md#what-it-does-not).",
        "",
        "Written by `python -m tests.deploy.local.facts`; a sentence that AWS prints and documents nowhere is given",
        "with a public thread that quotes it.",
    ]
    for name in sorted(by_service, key=lambda one: (one == "Others", one)):
        lines += ["", f"## {name}", "", "| | source | test |", "|---|---|---|"]
        lines += [
            f"| {one.says.replace('|', chr(92) + '|')} | {shown(one.source)} | `{one.test}` |"
            for one in by_service[name]
        ]
    return "\n".join(lines) + "\n"


def model(service_name: str) -> Any:
    """Give botocore's model of a service."""
    import botocore.session

    return botocore.session.Session().get_service_model(service_name)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
