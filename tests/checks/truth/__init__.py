"""A truth table for each rule: what it objects to, in what words, and the correct form."""

from __future__ import annotations

from tests.checks.truth import balancers, common, definitions, deployments, others, scaling_terms, services, tasks
from tests.checks.truth.forms import Truth

_MODULES = (balancers, common, definitions, deployments, others, scaling_terms, services, tasks)
TABLES: dict[str, Truth] = dict(sorted((code, one) for module in _MODULES for code, one in module.TABLE.items()))
