"""Containers and their health checks: what each refuses, in the words that a user reads."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargate_stacks.constructs.container import Container, EnvFile, HealthCheck, Restart
from fargate_stacks.errors import SpecError
from tests.constructs.networks import refusal

IMAGES = [
    "nginx",
    "nginx:1.29",
    "library/nginx",
    "docker.io/library/nginx:1.29-alpine",
    "docker.io/nginx",
    "public.ecr.aws/docker/library/nginx:1.29",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:v1.2_3",
    "ghcr.io/an-org/a__b.c/d--e:latest",
    "registry.example.com:5000/web@sha256:" + "a" * 64,
    "web:1@sha256:" + "0" * 64,
    "localhost/web",
    "host:5000/web",
]


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_reference_is_taken(image: str) -> None:
    assert Container(image=image).image == image


@pytest.mark.parametrize(
    "image",
    ["", " ", "Nginx", "a b", "nginx:", "nginx:-x", "nginx@sha256:12", "/nginx", "nginx/", "a//b", "http://x/y", "a:1:2", "ä", "a\n", "x" * 256],
)  # fmt: skip
def test_what_is_no_image_reference_is_refused(image: str) -> None:
    message = refusal(lambda: Container(image=image))
    assert message.startswith("Container: image must be a reference like registry/name:tag, got ")


@given(st.text("a.-_:/", max_size=255))
def test_no_text_takes_long_to_be_refused(text: str) -> None:
    start = time.process_time()
    with suppress(SpecError):
        Container(image=text + "!")
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "a b"}, 'Container "a b": name is up to 255 letters, digits, hyphens and underscores, got \'a b\''),
        ({"port": 0}, "Container: port must be 1 to 65535, got 0"),
        ({"port": 65536}, "Container: port must be 1 to 65535, got 65536"),
        ({"port": True}, "Container: port must be int or None, got True; pass int or None"),
        ({"udp": True}, "Container: udp says what the port speaks, and there is no port; give port="),
        ({"env": {"1X": "y"}}, "Container: an environment name is letters, digits and _, not a digit first, got '1X'"),
        ({"env": {"A-B": "y"}}, "Container: an environment name is letters, digits and _, not a digit first, got 'A-B'"),
        ({"secrets": {"": "y"}}, "Container: an environment name is letters, digits and _, not a digit first, got ''"),
        ({"env": {"A": "1"}, "secrets": {"A": "arn:aws:ssm:eu-west-1:123456789012:parameter/a"}}, "Container: A is both in env and in secrets; leave one out"),
        ({"secrets": {"A": "hunter2"}}, "Container: secrets[A] must be the ARN of a secret or of an SSM parameter, got text that is none; by name it is ExistingSecret(...) or ExistingParameter(...)"),
        ({"cpu": 0}, "Container: cpu must be 1 CPU unit or more, got 0; leave it out to share the task's"),
        ({"memory": 5}, "Container: memory must be 6 MiB or more, got 5"),
        ({"memory_reservation": 5}, "Container: memory_reservation must be 6 MiB or more, got 5"),
        ({"memory": 6, "memory_reservation": 7}, "Container: memory_reservation=7 is above memory=6; lower it"),
        ({"tmpfs": {"tmp": 1}}, "Container: a path to mount at must start with / and not be the root, got 'tmp'"),
        ({"mounts": {"/": "v"}}, "Container: a path to mount at must start with / and not be the root, got '/'"),
        ({"tmpfs": {"/tmp": 0}}, "Container: tmpfs[/tmp] must be 1 MiB or more, got 0"),
        ({"tmpfs": {"/tmp": 1}, "mounts": {"/tmp": "v"}}, "Container: /tmp is both in tmpfs and in mounts; leave one out"),
        ({"drop": ["net_raw"]}, 'Container: drop takes "ALL" or names like NET_RAW, got \'net_raw\''),
        ({"drop": ["CAP_NET_RAW"]}, 'Container: drop takes "ALL" or names like NET_RAW, got \'CAP_NET_RAW\''),
        ({"drop": "ALL"}, "Container: drop must be a sequence of str, got 'ALL'; pass a sequence of str"),
        ({"add": ["NET_ADMIN"]}, "Container: add must be a sequence of one of 'SYS_PTRACE', got ['NET_ADMIN']; pass a sequence of one of 'SYS_PTRACE'"),
        ({"stop_timeout": timedelta(seconds=121)}, "Container: stop_timeout must be 2 to 120 whole seconds on Fargate, got 121"),
        ({"stop_timeout": timedelta(seconds=1)}, "Container: stop_timeout must be 2 to 120 whole seconds on Fargate, got 1"),
        ({"stop_timeout": timedelta(seconds=2.5)}, "Container: stop_timeout must be 2 to 120 whole seconds on Fargate, got 2.5"),
        ({"stop_timeout": 30}, "Container: stop_timeout must be timedelta or None, got 30; pass timedelta or None"),
        ({"user": "a b"}, "Container: user must be a name or an id, with a group after a colon, got 'a b'"),
        ({"user": ""}, "Container: user must be a name or an id, with a group after a colon, got ''"),
        ({"command": "run"}, "Container: command must be a sequence of str, got 'run'; pass a sequence of str"),
        ({"depends_on": {"db": "DONE"}}, "Container: depends_on must be a mapping of str to one of 'START', 'HEALTHY', 'COMPLETE', 'SUCCESS', got {'db': 'DONE'}; pass a mapping of str to one of 'START', 'HEALTHY', 'COMPLETE', 'SUCCESS'"),
        ({"start_timeout": timedelta(seconds=1)}, "Container: start_timeout must be 2 to 120 whole seconds on Fargate, got 1"),
        ({"credentials": "hunter2"}, "Container: credentials must be the ARN of a secret, got text that is none; a secret has .value()"),
        ({"ulimits": {"nofiles": 1}}, "Container: ulimits has no 'nofiles'; did you mean nofile"),
        ({"ulimits": {"x": 1}}, "Container: ulimits has no 'x'; it has core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending, stack"),
        ({"ulimits": {"nofile": (2, 1)}}, "Container: ulimits[nofile] is one number or a soft and a hard one, the soft not above, got [2, 1]"),
        ({"ulimits": {"nofile": ()}}, "Container: ulimits[nofile] is one number or a soft and a hard one, the soft not above, got []"),
        ({"ulimits": {"nofile": -2}}, "Container: ulimits[nofile] is one number or a soft and a hard one, the soft not above, got -2"),
        ({"system_controls": {"vm.swappiness": "1"}}, "Container: system_controls takes net.*, fs.mqueue.* and kernel.msgmax, kernel.msgmnb, kernel.msgmni, kernel.sem, kernel.shmall, kernel.shmmax, kernel.shmmni, kernel.shm_rmid_forced, got 'vm.swappiness'; leave it out"),
        ({"env_files": [EnvFile(bucket="arn:aws:s3:::conf", key=f"{n}.env") for n in range(11)]}, "Container: env_files has up to 10 files, got 11; put some together"),
        ({"version_consistency": True}, "Container: version_consistency must be one of 'enabled', 'disabled' or None, got True; pass one of 'enabled', 'disabled' or None"),
        ({"privileged": True}, "Container: privileged is refused on Fargate, where tasks share no host; leave it out"),
        ({"links": ["a"]}, "Container: links is refused with awsvpc networks; containers of a task reach each other at localhost"),
        ({"extra_hosts": {}}, "Container: extra_hosts is refused on Fargate, where tasks share no host; leave it out"),
        ({"gpu": 1}, "Container: gpu is refused on Fargate, which has none"),
        ({"hostname": "x"}, "Container: hostname is refused with awsvpc networks; the task has the name of its network interface"),
        ({"shared_memory_size": 64}, 'Container: shared_memory_size is refused on Fargate; give tmpfs={"/dev/shm": 64}'),
        ({"environment": {}}, "Container: environment is called env"),
        ({"prt": 80}, "Container: there is no field prt; did you mean port"),
    ],
)  # fmt: skip
def test_what_no_container_can_be_is_refused(fields: dict[str, Any], message: str) -> None:
    assert refusal(lambda: Container(**{"image": "nginx", **fields})) == message


def test_a_container_without_an_image_is_refused() -> None:
    assert refusal(lambda: Container()) == "Container: image is missing; give image="


@pytest.mark.parametrize("name", sorted(Container.refused))
def test_every_name_that_other_tools_use_is_answered(name: str) -> None:
    assert refusal(lambda: Container(image="nginx", **{name: 1})) == f"Container: {name} {Container.refused[name]}"


SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db"


@pytest.mark.parametrize(
    "arn",
    [
        SECRET,
        f"{SECRET}-AbCdEf",
        f"{SECRET}-AbCdEf:password::",
        f"{SECRET}-AbCdEf:password:AWSPREVIOUS:",
        f"{SECRET}-AbCdEf:::3a5c-1",
        "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/shop/key",
    ],
)
def test_the_arn_of_a_secret_or_parameter_is_taken(arn: str) -> None:
    assert Container(image="nginx", secrets={"A": arn}).secrets["A"] == arn


@pytest.mark.parametrize("arn", [f"{SECRET}:password", f"{SECRET}:a:b:c:d", f"{SECRET}:${{x}}::", "arn:aws:s3:::x"])
def test_what_is_no_such_arn_is_refused_without_showing_it(arn: str) -> None:
    message = refusal(lambda: Container(image="nginx", secrets={"A": arn}))
    assert "secrets[A] must be the ARN of a secret" in message
    assert arn not in message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"command": []}, 'HealthCheck: command starts with "CMD" or "CMD-SHELL" and a program follows, got []'),
        ({"command": ["CMD"]}, 'HealthCheck: command starts with "CMD" or "CMD-SHELL" and a program follows, got [\'CMD\']'),
        ({"command": ["CMD", ""]}, 'HealthCheck: command starts with "CMD" or "CMD-SHELL" and a program follows, got [\'CMD\', \'\']'),
        ({"command": ["curl", "x"]}, 'HealthCheck: command starts with "CMD" or "CMD-SHELL" and a program follows, got [\'curl\', \'x\']'),
        ({"command": ""}, 'HealthCheck: command starts with "CMD" or "CMD-SHELL" and a program follows, got \'\''),
        ({"interval": timedelta(seconds=4)}, "HealthCheck: interval must be 5 to 300 whole seconds, got 4"),
        ({"interval": timedelta(seconds=301)}, "HealthCheck: interval must be 5 to 300 whole seconds, got 301"),
        ({"timeout": timedelta(seconds=1)}, "HealthCheck: timeout must be 2 to 60 whole seconds, got 1"),
        ({"timeout": timedelta(seconds=2.5)}, "HealthCheck: timeout must be 2 to 60 whole seconds, got 2.5"),
        ({"retries": 0}, "HealthCheck: retries must be 1 to 10, got 0"),
        ({"retries": 11}, "HealthCheck: retries must be 1 to 10, got 11"),
        ({"start_period": timedelta(seconds=301)}, "HealthCheck: start_period must be 0 to 300 whole seconds, got 301"),
    ],
)  # fmt: skip
def test_what_no_health_check_can_be_is_refused(fields: dict[str, Any], message: str) -> None:
    assert refusal(lambda: HealthCheck(**{"command": ["CMD", "/bin/true"], **fields})) == message


def test_a_health_check_in_one_text_is_a_shell_line() -> None:
    assert HealthCheck("curl -f localhost").words == ["CMD-SHELL", "curl -f localhost"]
    assert HealthCheck(["CMD", "/bin/health", "-q"]).words == ["CMD", "/bin/health", "-q"]


def test_sequences_and_mappings_are_copied() -> None:
    env, command = {"A": "1"}, ["run"]
    one = Container(image="nginx", env=env, command=command)
    env["B"] = "2"
    command.append("x")
    assert (dict(one.env), one.command) == ({"A": "1"}, ("run",))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Restart(period=timedelta(seconds=59)), "Restart: period must be 60 to 1800 whole seconds, got 59"),
        (lambda: Restart(ignored_exit_codes=[256]), "Restart: an exit code is 0 to 255, got 256"),
        (lambda: Restart(ignored_exit_codes=range(51)), "Restart: ignored_exit_codes has up to 50, got 51"),
        (lambda: EnvFile(bucket="conf", key="a.env"), "EnvFile: bucket must be the ARN of a bucket, arn:aws:s3:::name, got 'conf'"),
        (lambda: EnvFile(bucket="arn:aws:s3:::conf", key="a.txt"), "EnvFile: key must be that of one object that ends in .env, got 'a.txt'"),
        (lambda: EnvFile(bucket="arn:aws:s3:::conf", key="*.env"), "EnvFile: key must be that of one object that ends in .env, got '*.env'"),
    ],
)  # fmt: skip
def test_what_no_part_of_a_container_can_be_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message
