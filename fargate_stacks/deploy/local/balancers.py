"""What the emulator's load balancers drop of a template or a call: kept, and told as AWS tells it.

Protocol versions and matchers of target groups, query strings of conditions, logins of actions, client certificates of
listeners. Answers are written by botocore's shapes; a certificate is described without its tags, as ACM does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from ministack.services import acm, alb
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local import xml

Data = MutableMapping[str, Any]
_LOGINS = ("AuthenticateCognitoConfig", "AuthenticateOidcConfig")
_DEFAULTS = {
    "Scope": "openid",
    "SessionCookieName": "AWSELBAuthSessionCookie",
    "SessionTimeout": "604800",
    "OnUnauthenticatedRequest": "authenticate",
}
_VERSIONS = {"HTTP": "HTTP1", "HTTPS": "HTTP1"}


def register() -> None:
    """Put these in the place of the emulator's own."""
    handlers = provisioners._RESOURCE_HANDLERS
    for kind, records, keep in (
        ("TargetGroup", alb._tgs, _group),
        ("Listener", alb._listeners, _listener),
        ("ListenerRule", alb._rules, _rule),
    ):
        handler = handlers[f"AWS::ElasticLoadBalancingV2::{kind}"]
        for step in ("create", "update"):
            handler[step] = _kept(handler[step], records, keep)

    made = alb._ACTION_MAP["CreateTargetGroup"]
    alb._ACTION_MAP["CreateTargetGroup"] = lambda params: _called(made, params)
    parsed, actions = alb._parse_conditions, alb._parse_actions
    alb._parse_conditions = lambda params, prefix="Conditions": _queries(parsed(params, prefix), params, prefix)
    alb._parse_actions = lambda params, prefix="DefaultActions": _cognito(actions(params, prefix), params, prefix)

    told_certificate = acm._cert_shape
    acm._cert_shape = lambda one: {key: value for key, value in told_certificate(one).items() if key != "Tags"}
    alb._tg_xml = _told_group
    told_action, told_condition, told_listener = alb._action_xml, alb._condition_xml, alb._listener_xml
    alb._action_xml = lambda action: _with(told_action(_without(action)), action, "Action", _LOGINS)
    alb._condition_xml = lambda given: _with(
        told_condition(given if "QueryStringConfig" not in given else {**given, "Values": []}),
        given,
        "RuleCondition",
        ("QueryStringConfig",),
    )
    alb._listener_xml = lambda given: _with(told_listener(given), given, "Listener", ("MutualAuthentication",))


def _kept(handler: Callable[..., Any], records: Data, keep: Callable[[Data, Mapping[str, Any]], None]) -> Any:
    """Let a handler of a resource type keep more of its properties, which are the last mapping that it is given."""

    def called(*arguments: Any, **more: Any) -> Any:
        found = handler(*arguments, **more)
        props = [one for one in arguments if isinstance(one, Mapping)][-1]
        if found[0] in records:
            keep(records[found[0]], props)
        return found

    return called


def _group(record: Data, props: Mapping[str, Any]) -> None:
    version = props.get("ProtocolVersion") or _VERSIONS.get(record["Protocol"])
    if version:
        record["ProtocolVersion"] = version
    matcher = props.get("Matcher") or {}
    if version == "GRPC":
        record["Matcher"] = {"GrpcCode": str(matcher.get("GrpcCode", "12"))}


def _listener(record: Data, props: Mapping[str, Any]) -> None:
    record.pop("MutualAuthentication", None)
    if record["Protocol"] == "HTTPS":
        record["MutualAuthentication"] = {"Mode": "off", **(props.get("MutualAuthentication") or {})}


def _rule(record: Data, props: Mapping[str, Any]) -> None:
    for condition, given in zip(record["Conditions"], props.get("Conditions") or (), strict=True):
        if "QueryStringConfig" in given:
            pairs = given["QueryStringConfig"]["Values"]
            _query(condition, list(pairs))
    for action, given in zip(record["Actions"], props.get("Actions") or (), strict=True):
        for login in _LOGINS:
            if login in given:
                action[login] = {**_DEFAULTS, **given[login]}


def _called(create: Callable[[Any], Any], params: Any) -> Any:
    before = set(alb._tgs)
    answer = create(params)
    for arn in set(alb._tgs) - before:
        code = alb._p(params, "Matcher.GrpcCode")
        matcher = {"GrpcCode": code} if code else {}
        _group(alb._tgs[arn], {"ProtocolVersion": alb._p(params, "ProtocolVersion"), "Matcher": matcher})
        return xml.answer("elbv2", "CreateTargetGroup", {"TargetGroups": [_as_told(alb._tgs[arn])]})
    return answer


def _queries(conditions: list[Data], params: Any, prefix: str) -> list[Data]:
    for number, condition in enumerate(conditions, 1):
        place, pairs, index = f"{prefix}.member.{number}.QueryStringConfig.Values.member", [], 1
        while value := alb._p(params, f"{place}.{index}.Value"):
            key = alb._p(params, f"{place}.{index}.Key")
            pairs.append({"Key": key, "Value": value} if key else {"Value": value})
            index += 1
        if pairs:
            _query(condition, pairs)
    return conditions


def _query(condition: Data, pairs: list[dict[str, str]]) -> None:
    # the emulator's own data plane compares texts
    texts = ["=".join(one[key] for key in ("Key", "Value") if key in one) for one in pairs]
    condition.update(Values=texts, QueryStringConfig={"Values": pairs})


def _cognito(actions: list[Data], params: Any, prefix: str) -> list[Data]:
    for number, action in enumerate(actions, 1):
        place = f"{prefix}.member.{number}.AuthenticateCognitoConfig"
        if alb._p(params, f"{place}.UserPoolArn"):
            keys = ("UserPoolArn", "UserPoolClientId", "UserPoolDomain", *_DEFAULTS)
            given = {key: alb._p(params, f"{place}.{key}") for key in keys}
            action["AuthenticateCognitoConfig"] = {**_DEFAULTS, **{key: one for key, one in given.items() if one}}
    return actions


def _told_group(record: Mapping[str, Any]) -> str:
    return xml.member("elbv2", "TargetGroup", _as_told(record))


def _as_told(record: Mapping[str, Any]) -> dict[str, Any]:
    """A check by connection alone has neither path nor matcher."""
    by_connection = record["HealthCheckProtocol"] in ("TCP", "TLS")
    return {key: one for key, one in record.items() if not (by_connection and key in ("HealthCheckPath", "Matcher"))}


def _without(action: Mapping[str, Any]) -> dict[str, Any]:
    return {key: one for key, one in action.items() if key not in _LOGINS}


def _with(text: str, record: Mapping[str, Any], shape: str, keys: tuple[str, ...]) -> str:
    """Write further members of a record into its XML."""
    more = {key: record[key] for key in keys if key in record}
    for key, value in more.items():
        if key in _LOGINS:  # AWS tells nobody the secret
            more[key] = {name: one for name, one in value.items() if name != "ClientSecret"}
    written = xml.member("elbv2", shape, more).removeprefix("<member>") if more else "</member>"
    return text.removesuffix("</member>") + written
