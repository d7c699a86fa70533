"""Times as people write them on a command line, and as they read them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def ago(ctx: click.Context, param: click.Parameter, text: str | None) -> timedelta | None:
    """Read 90s, 10m, 2h or 1d."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None:
        raise click.BadParameter(f"write 90s, 10m, 2h or 1d; got {text!r}", ctx, param)
    return timedelta(seconds=int(match.group(1)) * _UNITS[match.group(2)])


def since(time: datetime | None, now: datetime) -> str:
    """Give how long ago something was, as 40s, 5m, 3h or 2d."""
    if time is None:
        return ""
    seconds = max(0, round((now - time).total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit} ago"
    return f"{seconds}s ago"
