"""What tasks write to CloudWatch Logs: `prefix/container/task id` in the group of their definition."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from ministack.services import cloudwatch_logs


def group(container: Mapping[str, Any]) -> str:
    """Give the log group of a container; empty when it has no awslogs."""
    logs = container.get("logConfiguration", {})
    return str(logs.get("options", {}).get("awslogs-group", "")) if logs.get("logDriver") == "awslogs" else ""


def write(container: Mapping[str, Any], task_id: str, lines: Iterable[str]) -> None:
    """Write lines as a container of a task; the stream is made with the first, a container without awslogs is mute."""
    name = group(container)
    if not name:
        return
    options = container["logConfiguration"]["options"]
    if name not in cloudwatch_logs._log_groups and options.get("awslogs-create-group") == "true":
        cloudwatch_logs._create_log_group({"logGroupName": name})
    prefix = options.get("awslogs-stream-prefix", "")
    stream = f"{prefix}/{container['name']}/{task_id}"
    if name not in cloudwatch_logs._log_groups:
        return
    cloudwatch_logs._create_log_stream({"logGroupName": name, "logStreamName": stream})
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": line} for line in lines]
    if events:
        cloudwatch_logs._put_log_events({"logGroupName": name, "logStreamName": stream, "logEvents": events})
