"""The frame of a fake AWS service: requests and responses are held against botocore's models, faults are scripted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

_MODELS: dict[str, Any] = {}


def model(service: str) -> Any:
    """Botocore's own description of a service."""
    if service not in _MODELS:
        _MODELS[service] = botocore.session.Session().get_service_model(service)
    return _MODELS[service]


def refuse(operation: str, code: str, message: str) -> ClientError:
    """What botocore raises for an answer that is an error."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeApi:
    """A client of one service. A subclass has a method with the name of each operation that it plays."""

    service = ""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.faults: list[tuple[str, Exception]] = []
        """The next call of an operation raises this instead of being made."""
        self.lost: list[tuple[str, Exception]] = []
        """The next call of an operation is made, and its answer is lost."""
        self._operations = {xform_name(name): name for name in model(self.service).operation_names}

    def fail(self, operation: str, code: str, message: str = "Rate exceeded", *, times: int = 1) -> None:
        """Let the next calls of an operation fail."""
        self.faults += [(operation, refuse(operation, code, message))] * times

    def called(self, operation: str) -> list[dict[str, Any]]:
        """Give the requests of an operation, in order."""
        return [request for name, request in self.calls if name == operation]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = self.__dict__.get("_operations", {}).get(name)
        if operation is None:
            raise AttributeError(name)
        return lambda **request: self._call(operation, request)

    def _call(self, operation: str, request: dict[str, Any]) -> Any:
        described = model(self.service).operation_model(operation)
        _valid(request, described.input_shape, f"request of {operation}")
        self.calls.append((operation, request))
        fault = next((one for one in self.faults if one[0] == operation), None)
        if fault is not None:
            self.faults.remove(fault)
            raise fault[1]
        answer = getattr(type(self), operation)(self, **request) or {}
        if described.output_shape is not None:
            _valid(answer, described.output_shape, f"answer of {operation}")
        lost = next((one for one in self.lost if one[0] == operation), None)
        if lost is not None:
            self.lost.remove(lost)
            raise lost[1]
        return answer


def held(service: str, operation: str, answer: Any) -> None:
    """Hold an answer that was written down against botocore's model of it."""
    _valid(answer, model(service).operation_model(operation).output_shape, f"answer of {operation}")


def _valid(value: Any, shape: Any, what: str) -> None:
    report = ParamValidator().validate(value, shape)
    assert not report.has_errors(), f"{what}: {report.generate_report()}"
