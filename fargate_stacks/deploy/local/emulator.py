"""The emulator under the local cloud, and what is registered in it when it starts.

Everything is added at run time through the names in names.py; none of its code is copied. They are private names
of one version, so each is looked for before anything is answered.
"""

from __future__ import annotations

import importlib
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fargate_stacks.deploy.local.names import NAMES
from fargate_stacks.deploy.local.process import PIP
from fargate_stacks.errors import DeployError

WANTED = "1.5.33"
"""The version of ministack for which this was written."""


def install() -> Any:
    """Import the emulator, add what it lacks, and give its ASGI application.

    Raises DeployError that names the wanted version when a name that this leans on is not there.
    """
    check(NAMES)
    from ministack import app as server
    from ministack.core import router
    from ministack.services.cloudformation import provisioners

    from fargate_stacks.deploy.local import (
        alarms,
        balancers,
        ecs,
        fronts,
        guards,
        instances,
        lattice,
        linked_roles,
        network,
        protection,
        scaling,
        schemas,
        stores,
        told,
        types,
        vault,
    )
    from fargate_stacks.deploy.local.stacks import requests

    # scripts that a container image would bring are none of this machine's business
    server._collect_scripts = lambda *folders: []
    known = _service_names()
    # its own way to know a service's name reads every model of botocore: 3.4 s and 388 MB
    router._is_aws_service_name = known.__contains__
    provisioners._REPLACING_PROPERTIES = schemas.CreateOnly()
    provisioners._CONDITIONALLY_REPLACING_PROPERTIES = schemas.Conditional()
    for module in (
        alarms,
        ecs,
        balancers,
        fronts,
        guards,
        lattice,
        network,
        scaling,
        stores,
        types,
        vault,
        instances,
        linked_roles,
        protection,
        told,
        requests,
    ):
        module.register()
    for name in known - server.SERVICE_HANDLERS.keys():
        server.SERVICE_HANDLERS[name] = _lacking(name)
    return server.app


def check(names: dict[str, tuple[str, ...]]) -> None:
    """Raise DeployError when the installed emulator has not all of these names."""
    missing = []
    for module, wanted in names.items():
        try:
            found = importlib.import_module(module)
        except ImportError:
            missing.append(module)
            continue
        missing += [f"{module}.{name}" for name in wanted if not hasattr(found, name)]
    if missing:
        raise DeployError(
            f"local: ministack {WANTED} is wanted, this is {version('ministack')}, which has no {missing[0]}; {PIP}",
            exit_code=2,
        )


def _service_names() -> frozenset[str]:
    import botocore

    return frozenset(os.listdir(Path(botocore.__file__).parent / "data"))


def _lacking(service: str) -> Any:
    from ministack.core.responses import error_response_json, error_response_xml

    async def refuse(method: str, path: str, headers: Any, *request: Any) -> Any:
        form = "form-urlencoded" in headers.get("content-type", "")
        answer = error_response_xml if form else error_response_json
        return answer("UnknownOperationException", f"the local cloud does not imitate {service}", 400)

    return refuse
