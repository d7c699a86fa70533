"""What pytest finds by itself once this package is installed: the fixture `stack_snapshots`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fargate_stacks.core.stack import App

# an installed plugin's own asserts are explained only where pytest finds its files, which it does not when editable
pytest.register_assert_rewrite("fargate_stacks.snapshots")


@pytest.fixture
def stack_snapshots(request: pytest.FixtureRequest) -> Callable[[App], None]:
    """Compare every stack of an app with a file of its own, `__snapshots__/TEST_FILE/TEST-STACK.yaml`.

    `--snapshot-update` writes the files. Needs syrupy.
    """
    if not request.config.pluginmanager.has_plugin("syrupy"):
        raise pytest.UsageError("stack_snapshots needs syrupy; pip install syrupy")
    # imported here: this module is loaded by every pytest run beside which the package is installed
    from fargate_stacks.snapshots import TemplateFile, compare

    return partial(compare, request.getfixturevalue("snapshot").use_extension(TemplateFile))
