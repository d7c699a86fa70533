"""What a listener rule matches: the conditions of a route, held to what Elastic Load Balancing takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.constructs.addresses import parse_block
from fargate_stacks.core.hints import shown
from fargate_stacks.core.priorities import Conditions

_METHOD = re.compile(r"[A-Z_-]{1,40}\Z")
_PATH = re.compile(r"/[A-Za-z0-9_\-.$/~\"'@:+&*?()!,;=%]{0,127}\Z")
_HOST = re.compile(r"[A-Za-z0-9.*?-]{1,128}\Z")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}\Z")
_QUERY = re.compile(r"[\x21-\x7e]{1,128}\Z")
_IPV6 = re.compile(r"[0-9a-f:]{2,39}/\d{1,3}\Z", re.IGNORECASE)


class Match(NamedTuple):
    """The conditions of one rule: those of different kinds must all hold, values of one kind are alternatives."""

    path: Sequence[str]
    host: Sequence[str]
    header: Mapping[str, Sequence[str]]
    method: Sequence[str]
    query: Mapping[str, Sequence[str]]
    source: Sequence[str]

    def problem(self) -> str | None:
        """Say what a listener would refuse, or None."""
        return next(self._problems(), None)

    def _problems(self) -> Iterator[str]:
        for path in self.path:
            if not _PATH.match(path):
                yield f"path must start with / and have up to 128 URL characters, got {shown(path)}"
        for host in self.host:
            if not _HOST.match(host) or "." not in host:
                yield f"host must be a host name, * and ? admitted, got {shown(host)}"
        for method in self.method:
            if not _METHOD.match(method):
                yield f"method must be upper-case letters like GET, got {shown(method)}"
        for key, values in self.header.items():
            if not _HEADER.match(key) or key.lower() == "host":
                yield f"header must be a field name other than Host, got {shown(key)}; host= is for Host"
            if not values:
                yield f"header {shown(key)} has no value; give at least one"
        for key, values in self.query.items():
            for text in (*([key] if key else []), *values):
                if not _QUERY.match(text):
                    yield f"query must be up to 128 visible ASCII characters, got {shown(text)}"
            if not values:
                yield f'query {shown(key)} has no value; give at least one, "*" for any'
        for block in self.source:
            if parse_block(block) is None and not _IPV6.match(block):
                yield f"source must be a CIDR block like 10.0.0.0/8, got {shown(block)}"
        given = self.values
        if given == 0:
            yield 'it has no condition; give path="/*" for every request'
        if given > 5:
            yield f"a rule holds 5 condition values, got {given}; make two routes, each with a name="
        wild = sum(text.count("*") + text.count("?") for text in self._patterns())
        if wild > 6:
            yield f"a rule holds 6 wildcards, got {wild}; make two routes, each with a name="

    @property
    def values(self) -> int:
        """How many values count against the five of a rule."""
        pairs = (*self.header.values(), *self.query.values())
        return len(self.path) + len(self.host) + len(self.method) + len(self.source) + sum(map(len, pairs))

    def _patterns(self) -> Iterator[str]:
        yield from (*self.path, *self.host)
        for values in (*self.header.values(), *self.query.values()):
            yield from values

    @property
    def canonical(self) -> Conditions:
        """The canonical form: two routes with equal conditions match the same requests."""
        header = sorted((key.lower(), tuple(sorted(values))) for key, values in self.header.items())
        query = sorted((key.lower(), value.lower()) for key, values in self.query.items() for value in values)
        hosts = tuple(sorted(host.lower() for host in self.host))
        more = hosts or header or self.method or query or self.source
        path = () if "/*" in self.path and len(self.path) == 1 and more else tuple(sorted(self.path))
        return Conditions(
            path, hosts, tuple(header), tuple(sorted(self.method)), tuple(query), tuple(sorted(self.source))
        )

    def rule_conditions(self) -> Iterator[Any]:
        """Give what the listener rule's Conditions hold."""
        if self.path:
            yield elb.Condition(Field="path-pattern", PathPatternConfig=elb.PathPatternConfig(Values=list(self.path)))
        if self.host:
            yield elb.Condition(Field="host-header", HostHeaderConfig=elb.HostHeaderConfig(Values=list(self.host)))
        for key, values in self.header.items():
            yield elb.Condition(
                Field="http-header", HttpHeaderConfig=elb.HttpHeaderConfig(HttpHeaderName=key, Values=list(values))
            )
        if self.method:
            yield elb.Condition(
                Field="http-request-method",
                HttpRequestMethodConfig=elb.HttpRequestMethodConfig(Values=list(self.method)),
            )
        if self.query:
            pairs = [
                elb.QueryStringKeyValue(**({"Key": key} if key else {}), Value=value)
                for key, values in self.query.items()
                for value in values
            ]
            yield elb.Condition(Field="query-string", QueryStringConfig=elb.QueryStringConfig(Values=pairs))
        if self.source:
            yield elb.Condition(Field="source-ip", SourceIpConfig=elb.SourceIpConfig(Values=list(self.source)))
