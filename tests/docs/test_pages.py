"""Pages that are made from code and data are as these are now."""

from __future__ import annotations

import pytest

import fargate_stacks
from tests.docs.pages import DOCS, pages
from tests.docs.properties import cell, kinds
from tests.docs.reference import GROUPS

PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_the_code_is(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name], "write it anew: make pages"


def test_every_public_name_is_in_the_reference_once() -> None:
    headings = [line[3:] for page in GROUPS for line in PAGES[f"reference/{page}.md"].split("\n") if line[:3] == "## "]
    assert sorted(headings) == sorted(fargate_stacks.__all__)


def test_no_page_of_the_reference_is_left_behind() -> None:
    assert sorted(path.relative_to(DOCS).as_posix() for path in (DOCS / "reference").glob("*.md")) == sorted(
        name for name in PAGES if name.startswith("reference/")
    )


def test_every_field_says_what_it_sets_or_why_nothing() -> None:
    silent = [f"{kind.__name__}.{field}" for kind in kinds() for field in kind._fields if not cell(kind, field)]
    assert silent == [], "make pages; where nothing likely shows it, give it a line in tests/docs/samples.py"
