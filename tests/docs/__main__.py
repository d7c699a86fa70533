"""`make pages`: write the pages of docs/ that are made from code and data."""

from __future__ import annotations

from tests.docs import properties

properties.record()  # before the pages, which are written from it

from tests.docs.pages import DOCS, pages  # noqa: E402

for name, text in pages().items():
    path = DOCS / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
