"""Every stack of every blueprint, as reviewed: one file each, which any scanner opens."""

from __future__ import annotations

from collections.abc import Callable

from fargate_stacks import App
from tests.blueprints.catalog import Case, every_case


@every_case
def test_stacks(case: Case, stack_snapshots: Callable[[App], None]) -> None:
    stack_snapshots(case.app())
