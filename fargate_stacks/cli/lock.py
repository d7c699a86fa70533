"""`lock`: the digests of images, written into the lock file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fargate_stacks.cli.live import Live, live_options
from fargate_stacks.core.construct import nearest
from fargate_stacks.errors import LoadError


@click.command()
@click.argument("names", metavar="[IMAGE]...", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; exit with 3 when the file is not what the registries tell.")
@click.option("--prune", is_flag=True, help="Strike out images that the app does not name.")
@live_options
def command(live: Live, names: tuple[str, ...], check: bool, prune: bool) -> int:
    """Ask the registries which digest each LockedImage of the app has now, and write images.lock.

    With names of images only these are asked about and all others stay as they are. ECR is asked by its API, with your
    AWS credentials; other registries anonymously. An image that the app does not name stays in the file, since another
    --set may name it, unless --prune.

    \b
    Exit codes:
      0  locked, or with --check nothing to change
      1  a registry does not let us look
      2  an image is not in its registry, or the input is wrong
      3  --check: an image is not in the file, has another digest now, or with --prune is not used

    \b
    Examples:
      fargate-stacks lock
      fargate-stacks lock public.ecr.aws/docker/library/nginx:1.29
      fargate-stacks lock --check --output json
    """
    from fargate_stacks.cli.load import load_app
    from fargate_stacks.deploy import lock

    images = lock.images_of(load_app(live.target, live.settings, Path.cwd()))
    known = {one.name for one in images}
    for name in names:
        if name not in known:
            hint = nearest(name, known) or ("; it has " + ", ".join(sorted(known)) if known else "; it has none")
            raise LoadError(f"lock: no LockedImage of the app is {name}{hint}")
    found = lock.look_up([one for one in images if not names or one.name in names], lambda: live.client)
    drop = lock.unused(images) if prune else {}
    stale = any(one.state != "same" for one in found) or bool(drop)
    written = [] if check else lock.write(found, drop=drop)
    rows = [(one.file, one.image, one.digest, one.was, one.state) for one in found]
    rows += [(file, name, "", None, "unused") for file, gone in drop.items() for name in gone]
    keys = ("file", "image", "digest", "was", "state")
    near = [_near(one) for one in written]
    told = {
        "images": [dict(zip(keys, (_near(row[0]), *row[1:]), strict=True)) for row in rows],
        "stale": stale,
        "written": near,
    }
    live.show(told, lambda: (f"{row[4]:6} {row[1]} {row[2]}".rstrip() for row in rows))
    if live.output == "text":
        click.echo(_ended(check=check, stale=stale, written=near, none=not images), err=True)
    return 3 if check and stale else 0


def _ended(*, check: bool, stale: bool, written: list[str], none: bool) -> str:
    if none:
        return "the app has no LockedImage"
    if written:
        return f"written: {', '.join(written)}"
    if check and stale:
        return "stale; run fargate-stacks lock and commit the file"
    return "nothing to change"


def _near(file: str) -> str:
    return os.path.relpath(file) if file.startswith(os.getcwd() + os.sep) else file
