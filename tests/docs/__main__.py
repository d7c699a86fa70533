"""`make pages`: write the pages of docs/ that are made from code and data."""

from __future__ import annotations

from tests.docs.pages import DOCS, pages

for name, text in pages().items():
    path = DOCS / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
