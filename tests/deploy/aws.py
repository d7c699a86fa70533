"""AWS for tests: scripted answers on a virtual clock, requests and responses held against botocore's models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from fargate_stacks.deploy.client import Client

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class VirtualClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def utc(self) -> datetime:
        return NOON + timedelta(seconds=self.passed)

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


@cache
def model(service: str) -> Any:
    return botocore.session.Session().get_service_model(service)


@cache
def operations(service: str) -> dict[str, str]:
    return {xform_name(name): name for name in model(service).operation_names}


def refusal(code: str, message: str, operation: str = "?") -> ClientError:
    """What botocore raises when AWS says no."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Api:
    """One service of AWS. An operation without an answer is a mistake of the test."""

    def __init__(
        self, service: str, answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]], calls: list[str]
    ) -> None:
        self.service = service
        self.answers = answers
        self.calls = calls

    @property
    def meta(self) -> Any:
        return SimpleNamespace(service_model=model(self.service))

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        name = operations(self.service)[method]

        def call(**request: Any) -> dict[str, Any]:
            shapes = model(self.service).operation_model(name)
            held_against(shapes.input_shape, request, f"{name} request")
            self.calls.append(name)
            answer = self.answers[name](request)
            held_against(shapes.output_shape, answer, f"{name} response")
            return answer

        return call


def held_against(shape: Any, value: Any, what: str) -> None:
    """Fail when a value is not of a shape, or holds a member that the shape lacks."""
    if shape is None:
        return
    report = ParamValidator().validate(value, shape)
    assert not report.has_errors(), f"{what}: {report.generate_report()}"


def client_of(apis: Mapping[str, Api], *, local: bool = False) -> Client:
    return Client(api=apis["cloudformation"], local=local, beside=lambda name: apis[name])
