"""The syrupy extension that keeps each template in a YAML file of its own."""

from __future__ import annotations

from pathlib import Path

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App


class TemplateFile(SingleFileSnapshotExtension):
    """One `.yaml` file a snapshot, with a name that linters can open.

    syrupy's own names hold brackets, which are wildcards to cfn-lint: a file `test[hello].yaml` is never linted.
    """

    file_extension = "yaml"
    _write_mode = WriteMode.TEXT

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:
        """Give `test_name-stack`; the parameters of a test become part of its name in the same way."""
        return _plain(SingleFileSnapshotExtension.get_snapshot_name(test_location=test_location, index=index))

    @classmethod
    def matches_test_location(cls, *, test_location: PyTestLocation, snapshot_location: str) -> bool:
        """Say whether a file belongs to a test; syrupy's own answer wants the brackets."""
        file, test = Path(snapshot_location), _plain(test_location.snapshot_name)
        return (
            test_location.matches_snapshot_site(snapshot_location)
            and file.parent.name == test_location.basename
            and (file.stem == test or file.stem.startswith(f"{test}-"))
        )


def compare(files: SnapshotAssertion, app: App) -> None:
    """Compare each stack with its file; all of them before the first difference fails the test."""
    __tracebackhide__ = True
    templates = render(app)
    unlike = [name for name, one in templates.items() if files(name=name) != one.to_yaml()]
    for name in unlike:
        assert templates[name].to_yaml() == files(name=name)


def _plain(name: str) -> str:
    return name.replace("][", "-").replace("[", "-").replace("]", "")
