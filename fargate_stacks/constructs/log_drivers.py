"""Where log lines go instead of CloudWatch Logs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal

from troposphere import ecs

from fargate_stacks.constructs.access import SecretValue
from fargate_stacks.constructs.container import Container
from fargate_stacks.core.construct import Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Text

ROUTER = "log_router"
_BUFFER = "25m"


class LogDriver(Value):
    """The base of what `Task(logs=)` takes."""

    @property
    def router(self) -> Container | None:
        """The container that routes log lines, when there is one."""
        return None

    def secrets_of(self, container: Container) -> Mapping[str, SecretValue]:
        """What the driver of a container reads from secrets, by option."""
        raise NotImplementedError

    def configuration(self, container: Container) -> Any:
        """The log configuration of a container; None where CloudWatch Logs stays."""
        raise NotImplementedError


class FireLens(LogDriver):
    """Log lines go through a Fluent Bit or Fluentd container to wherever its output plugin sends them.

    `options` are those of the output plugin: `{"Name": "kinesis_firehose", "delivery_stream": "logs"}`; with none,
    a `config_file` in the router's image says it. `secret_options` are read from secrets. What the plugin may do comes
    from the task's `uses`. The router's own lines stay in CloudWatch Logs. Its image is AWS's `stable` Fluent Bit. On
    Fargate the configuration is a file of the image. Facts: ECS developer guide, "Custom log routing". Raises
    SpecError.
    """

    options: Mapping[str, Text] = {}
    secret_options: Mapping[str, SecretValue | str] = {}
    type: Literal["fluentbit", "fluentd"] = "fluentbit"
    image: Text = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"
    config_file: str | None = None
    """A path in the router's image."""
    log_metadata: bool = True
    """Whether cluster, task and definition are added to each line."""
    memory_reservation: int = 64
    memory: int | None = None
    """A hard limit in MiB; the task's memory is the limit when None."""

    refused: ClassVar[Mapping[str, str]] = {
        "config_file_type": "is always file on Fargate; give config_file=",
        "s3_config": "is refused on Fargate; put the file into the image and give config_file=",
    }

    def check(self) -> None:
        if not self.options and self.config_file is None:
            raise self.refuse("nothing says where lines go; give options= of an output plugin, or config_file=")
        if self.config_file is not None and not self.config_file.startswith("/"):
            raise self.refuse(f"config_file is a path in the image that starts with /, got {shown(self.config_file)}")
        for key in self.secret_options:
            if key in self.options:
                raise self.refuse(f"{key} is both in options and in secret_options; leave one out")
        self.router.check()

    @cached_property
    def router(self) -> Container:
        return Container(
            name=ROUTER,
            image=self.image,
            user="0",  # it writes the socket that the others' lines come through
            memory_reservation=self.memory_reservation,
            memory=self.memory,
            firelens=self,
        )

    def secrets_of(self, container: Container) -> Mapping[str, SecretValue]:
        from fargate_stacks.constructs.task import secret_value

        if container is self.router:
            return {}
        return {key: secret_value(value) for key, value in self.secret_options.items()}

    def configuration(self, container: Container) -> Any:
        if container is self.router:
            return None
        more: dict[str, Any] = {}
        if self.options:
            more["Options"] = dict(self.options)
        secrets = self.secrets_of(container)
        if secrets:
            more["SecretOptions"] = [ecs.Secret(Name=key, ValueFrom=one.value_from) for key, one in secrets.items()]
        return ecs.LogConfiguration(LogDriver="awsfirelens", **more)

    def definition(self) -> Any:
        """What makes a container the router."""
        options = {"enable-ecs-log-metadata": "true" if self.log_metadata else "false"}
        if self.config_file is not None:
            options |= {"config-file-type": "file", "config-file-value": self.config_file}
        return ecs.FirelensConfiguration(Type=self.type, Options=options)


class Splunk(LogDriver):
    """Log lines go to a Splunk HTTP Event Collector at `url`, with a `token` from a secret.

    `options` are those of Docker's driver without their prefix: `{"index": "main", "sourcetype": "app"}`. Lines that
    cannot be sent are dropped rather than stopping the application. Raises SpecError for what the driver refuses.
    """

    url: Text
    token: SecretValue | str
    options: Mapping[str, str] = {}

    def check(self) -> None:
        if isinstance(self.url, str) and not re.match(r"https?://[\w.-]+(:\d+)?(/.*)?\Z", self.url):
            raise self.refuse(f"url is like https://splunk.example.com:8088, got {shown(self.url)}")
        if isinstance(self.token, str) and not self.token.startswith("arn:"):
            raise self.refuse("token must be the ARN of a secret, got text that is none; a secret has .value()")
        for key in self.options:
            if not re.fullmatch(r"[a-z]+(-[a-z]+)*", key) or key in ("url", "token"):
                raise self.refuse(f"options takes the driver's options without splunk-, got {shown(key)}")

    def secrets_of(self, container: Container) -> Mapping[str, SecretValue]:
        from fargate_stacks.constructs.task import secret_value

        return {"splunk-token": secret_value(self.token)}

    def configuration(self, container: Container) -> Any:
        (secret,) = self.secrets_of(container).items()
        return ecs.LogConfiguration(
            LogDriver="splunk",
            Options={
                "splunk-url": self.url,
                **{f"splunk-{key}": value for key, value in self.options.items()},
                "mode": "non-blocking",
                "max-buffer-size": _BUFFER,
            },
            SecretOptions=[ecs.Secret(Name=secret[0], ValueFrom=secret[1].value_from)],
        )
