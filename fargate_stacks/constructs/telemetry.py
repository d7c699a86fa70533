"""Traces and metrics: a collector of OpenTelemetry beside the containers of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from fargate_stacks.constructs.access import Access, allow
from fargate_stacks.constructs.container import Container, HealthCheck
from fargate_stacks.core.construct import Value, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Text, sub

COLLECTOR = "otel-collector"
_GROUP = "/otel/${AWS::StackName}"
_CONFIG = """\
extensions:
  health_check:
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:4317
      http:
        endpoint: 127.0.0.1:4318
  awsxray:
    endpoint: 127.0.0.1:2000
    transport: udp
processors:
  batch:
  resourcedetection:
    detectors: [env, ecs]
exporters:
{exporters}service:
  extensions: [health_check]
  pipelines:
{pipelines}"""
_TRACES = """\
  awsxray:
    region: ${AWS::Region}
"""
_METRICS = """\
  awsemf:
    region: ${{AWS::Region}}
    namespace: {namespace}
    log_group_name: {group}
    log_retention: {retention}
"""
_PIPELINE = """\
    {kind}:
      receivers: [{receivers}]
      processors: [resourcedetection, batch]
      exporters: [{exporter}]
"""
# CloudWatch's namespaces (API reference, MetricDatum) without what YAML reads otherwise
_NAMESPACE = "letters, digits and ._/-, at most 255, and no AWS/ first"


class OpenTelemetry(Value):
    """A collector for a task, AWS's distribution of OpenTelemetry: `uses=[OpenTelemetry().send()]`.

    It takes OTLP at ports 4317 and 4318 of localhost and X-Ray segments at 2000. `traces` go to X-Ray; with a
    `metrics` namespace metrics go to CloudWatch, through the log group /otel/STACK, which the collector makes and keeps
    for 30 days. The container that sends finds `OTEL_EXPORTER_OTLP_ENDPOINT`. `config` is a configuration of your own
    in its place, as the collector's YAML; what it may do then is `statements`. The collector is not essential: the
    task goes on without it. Linux only. Raises SpecError.
    """

    traces: bool = True
    metrics: str | None = None
    """The namespace of metrics in CloudWatch; None sends none."""
    config: Text | None = None
    statements: Sequence[Any] = ()
    """What the task role may do for a configuration of your own."""
    image: Text = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.1"
    memory_reservation: int = 64
    memory: int | None = None
    """A hard limit in MiB; the task's memory is the limit when None."""

    refused: ClassVar[Mapping[str, str]] = {
        "namespace": "is called metrics",
        "command": "is made here; config= is the collector's configuration",
    }

    def check(self) -> None:
        if self.config is not None and (self.metrics is not None or not self.traces):
            raise self.refuse("config= says itself what is sent where; leave traces and metrics out")
        if self.config is None and self.statements:
            raise self.refuse("statements are for config=; without it they are known")
        if isinstance(self.config, str) and "service:" not in self.config:
            raise self.refuse("config has no service: section, without which a collector sends nothing")
        if not self.traces and self.metrics is None and self.config is None:
            raise self.refuse("it sends nothing; leave traces on, or give metrics= a namespace")
        if self.metrics is not None and not _is_namespace(self.metrics):
            raise self.refuse(f"metrics is a namespace of {_NAMESPACE}, got {shown(self.metrics)}")
        self._collector().check()

    @verb
    def send(self, *, container: str | None = None) -> Access:
        """Let a task send traces and metrics: the collector runs beside it, and the first container knows where.

        Every container of the task reaches the collector at localhost; `container` is the one that is told.
        """
        return Access(
            label="OpenTelemetry.send()",
            statements=list(self.statements) if self.config is not None else self._statements(),
            environment={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"},
            sidecars=[self._collector()],
            container=container,
        )

    def _collector(self) -> Container:
        collector = Container(
            name=COLLECTOR,
            image=self.image,
            command=["--config=env:AOT_CONFIG_CONTENT"],
            env={"AOT_CONFIG_CONTENT": self._configuration() if self.config is None else self.config},
            essential=False,
            memory_reservation=self.memory_reservation,
            memory=self.memory,
            readonly_root=True,
            drop=["ALL"],
        )
        # a configuration of one's own may leave out what answers the check
        return collector if self.config is not None else replace(collector, health=HealthCheck(["CMD", "/healthcheck"]))

    def _configuration(self) -> Text:
        exporters, pipelines = "", ""
        if self.traces:
            exporters += _TRACES
            pipelines += _PIPELINE.format(kind="traces", receivers="otlp, awsxray", exporter="awsxray")
        if self.metrics is not None:
            exporters += _METRICS.format(namespace=self.metrics, group=_GROUP, retention=30)
            pipelines += _PIPELINE.format(kind="metrics", receivers="otlp", exporter="awsemf")
        return sub(_CONFIG.replace("{exporters}", exporters).replace("{pipelines}", pipelines))

    def _statements(self) -> list[Any]:
        found: list[Any] = []
        if self.traces:
            # these actions know no resource (service authorization reference, AWS X-Ray)
            actions = ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")
            found.append(allow(*(f"xray:{one}" for one in actions), on=["*"]))
        if self.metrics is not None:
            group = sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:" + _GROUP + ":*")
            actions = ("CreateLogGroup", "PutRetentionPolicy", "CreateLogStream", "PutLogEvents")
            found.append(allow(*(f"logs:{one}" for one in actions), on=[group]))
        return found


def _is_namespace(text: str) -> bool:
    import re

    return re.fullmatch(r"(?!AWS/)[A-Za-z][A-Za-z0-9._/-]{0,254}", text) is not None
