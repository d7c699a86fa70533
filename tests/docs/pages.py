"""The pages of docs/ that are made from code and data."""

from __future__ import annotations

from pathlib import Path

from tests.docs import checkov, reference, refused, rules

DOCS = Path(__file__).parents[2] / "docs"


def pages() -> dict[str, str]:
    """Give each page's text by its path in docs/."""
    return {"checkov.md": checkov.page(), "rules.md": rules.page(), "refused.md": refused.page(), **reference.pages()}
