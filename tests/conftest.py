"""What holds for every test: nothing leaves this machine, and nobody's AWS account is at hand."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address
from typing import Any

import pytest

from tests.localcloud import cloud as cloud
from tests.localcloud import local_endpoint as local_endpoint


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_the_network(event: str, args: tuple[Any, ...]) -> None:
    # an audit hook sees every connection that Python makes, with nothing patched
    if event == "socket.connect" and isinstance(args[1], tuple) and not _is_loopback(str(args[1][0])):
        raise ConnectionRefusedError(f"a test may not connect to {args[1][0]}")


def pytest_configure() -> None:
    sys.addaudithook(_refuse_the_network)


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
