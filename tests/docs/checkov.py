"""The page about checkov: what blueprints fail, and why."""

from __future__ import annotations

from tests.blueprints.accepted import ACCEPTED

HEAD = """\
# What checkov says

[checkov](https://www.checkov.io) judges every blueprint at both stages in our tests. All its rules pass but these,
whose remedy costs money or needs a domain. Each is
made when you ask for it, and none behind your back.

| rule | demands | why blueprints fail it |
|---|---|---|
"""
FOOT = """
A test fails when a blueprint fails another rule, and when a rule in this table is failed no more. The page is written
from the same data by `make pages`.
"""


def page() -> str:
    rows = [f"| {rule} | {one.demand} | {one.reason} |\n" for rule, one in ACCEPTED.items()]
    return HEAD + "".join(rows) + FOOT
