"""What pytest finds by itself once this package is installed: the fixture `stack_snapshots`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from fargate_stacks.core.stack import App


@pytest.fixture
def stack_snapshots(request: pytest.FixtureRequest) -> Callable[[App], None]:
    """Compare every stack of an app with a file of its own, `__snapshots__/TEST_FILE/TEST-STACK.yaml`.

    `--snapshot-update` writes the files. Needs syrupy.
    """
    # imported here: this module is loaded by every pytest run beside which the package is installed
    if not request.config.pluginmanager.has_plugin("syrupy"):
        raise pytest.UsageError("stack_snapshots needs syrupy; pip install syrupy")
    from fargate_stacks.core.render import render
    from fargate_stacks.snapshots import TemplateFile

    snapshot: SnapshotAssertion = request.getfixturevalue("snapshot")
    files = snapshot.use_extension(TemplateFile)

    def compare(app: App) -> None:
        __tracebackhide__ = True
        templates = render(app)
        # every stack is compared before the first difference is shown, so an update writes them all
        unlike = [name for name, one in templates.items() if files(name=name) != one.to_yaml()]
        for name in unlike:
            assert templates[name].to_yaml() == files(name=name)

    return compare
