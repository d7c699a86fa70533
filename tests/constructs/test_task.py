"""Tasks: what Fargate would refuse is refused where it is written, with the cure."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargate_stacks.constructs.access import Access, SecretValue
from fargate_stacks.constructs.container import Container, HealthCheck
from fargate_stacks.constructs.sizes import SIZES
from fargate_stacks.constructs.task import RETENTION, Task
from fargate_stacks.constructs.volume import Volume
from fargate_stacks.core.values import Param
from fargate_stacks.errors import SpecError
from tests.constructs.networks import refusal

APP = Container(image="nginx")
TRUE = HealthCheck(["CMD", "/bin/true"])
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"


def side(name: str = "side", **fields: Any) -> Container:
    return Container(image="busybox:1", name=name, **fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"memory": 4096}, "Task: cpu=256 allows memory from 512 to 2048 MiB (512, 1024 or 2048), got 4096; nearest legal: cpu=256, memory=2048"),
        ({"cpu": 300}, "Task: Fargate has cpu 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, got cpu=300; nearest legal: cpu=256, memory=512"),
        ({"os": "WINDOWS_SERVER_2022_CORE"}, "Task: Windows on Fargate has cpu 1024, 2048, 4096, got cpu=256; nearest legal: cpu=1024, memory=2048"),
        ({"os": "WINDOWS_SERVER_2022_CORE", "cpu": 1024, "memory": 2048, "architecture": "ARM64"}, "Task: Windows on Fargate runs on X86_64, got ARM64"),
        ({"os": "WINDOWS_SERVER_2022_FULL", "cpu": 1024, "memory": 2048, "ephemeral_storage": 30}, "Task: ephemeral_storage cannot be chosen for Windows on Fargate; leave it out"),
        ({"os": "linux"}, "Task: os must be one of 'LINUX', 'WINDOWS_SERVER_2019_CORE', 'WINDOWS_SERVER_2019_FULL', 'WINDOWS_SERVER_2022_CORE', 'WINDOWS_SERVER_2022_FULL', 'WINDOWS_SERVER_2025_CORE', 'WINDOWS_SERVER_2025_FULL', got 'linux'; pass one of 'LINUX', 'WINDOWS_SERVER_2019_CORE', 'WINDOWS_SERVER_2019_FULL', 'WINDOWS_SERVER_2022_CORE', 'WINDOWS_SERVER_2022_FULL', 'WINDOWS_SERVER_2025_CORE', 'WINDOWS_SERVER_2025_FULL'"),
        ({"cpu": "0.5 GB"}, 'Task: cpu as text is like "0.5 vCPU", got \'0.5 GB\'; or give CPU units'),
        ({"memory": "lots"}, 'Task: memory as text is like "2 GB", got \'lots\'; or give MiB'),
        ({"cpu": "0.3 vCPU"}, 'Task: cpu as text is like "0.5 vCPU", got \'0.3 vCPU\'; or give CPU units'),
        ({"cpu": "3 vCPU", "memory": "6 GB"}, "Task: Fargate has cpu 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, got cpu=3072; nearest legal: cpu=2048, memory=6144"),
        ({"os": "WINDOWS_SERVER_2022_CORE", "cpu": 1024, "memory": 2048, "pid_mode": "task"}, "Task: pid_mode is for Linux; leave it out"),
        ({"uses": [Access(label="A.x()", volumes=[Volume("v")], mounts={"/data": "v"})], "containers": [Container(image="nginx", tmpfs={"/data": 1})]}, 'Task: container "app" and A.x() both mount at /data; change one path'),
        ({"uses": [Access(label="A.x()", sidecars=[side("app")])]}, 'Task: two containers are named "app"; give each its own name'),
        ({"uses": [Access(label="A.x()", sidecars=[side(memory=600)])]}, 'Task: container "side" has memory=600, more than the task\'s memory=512; lower it'),
        ({"ephemeral_storage": 20}, "Task: ephemeral_storage must be 21 to 200 GiB, got 20; 20 GiB come without asking"),
        ({"ephemeral_storage": 201}, "Task: ephemeral_storage must be 21 to 200 GiB, got 201; 20 GiB come without asking"),
        ({"log_retention": 31}, "Task: CloudWatch Logs cannot keep 31 days; log_retention=30 is nearest"),
        ({"containers": []}, "Task: a task has 1 to 10 containers, got 0"),
        ({"containers": [side(f"c{n}") for n in range(11)]}, "Task: a task has 1 to 10 containers, got 11"),
        ({"containers": [APP, APP]}, "Task: container 'nginx' needs a name; only the first is called app by itself"),
        ({"containers": [APP, side("app")]}, 'Task: two containers are named "app"; give each its own name'),
        ({"containers": [side("a", port=80), side("b", port=80)]}, 'Task: containers "a" and "b" both listen on port 80; they share one network interface, so change one'),
        ({"containers": [Container(image="nginx", essential=False)]}, "Task: no container is essential, so the task would never end; leave essential=True on one"),
        ({"containers": [Container(image="nginx", cpu=200), side(cpu=57)]}, "Task: its containers ask for cpu 257 together and it has cpu=256; lower them or raise it"),
        ({"containers": [Container(image="nginx", memory=513)]}, 'Task: container "app" has memory=513, more than the task\'s memory=512; lower it'),
        ({"containers": [Container(image="nginx", memory_reservation=300), side(memory_reservation=213)]}, "Task: its containers reserve 513 MiB together and it has memory=512; lower them or raise it"),
        ({"containers": [Container(image="nginx", memory=64, tmpfs={"/tmp": 64})]}, 'Task: container "app" has 64 MiB of tmpfs, which its memory=64 must hold; lower one or raise the other'),
        ({"containers": [Container(image="nginx", tmpfs={"/tmp": 256}), side(tmpfs={"/tmp": 256})]}, "Task: 512 MiB of tmpfs leave nothing of memory=512; lower tmpfs or raise memory"),
        ({"containers": [Container(image="nginx", depends_on={"sid": "START"}), side()]}, 'Task: container "app" depends on "sid", which the task lacks; did you mean side'),
        ({"containers": [Container(image="nginx", depends_on={"side": "HEALTHY"}), side()]}, 'Task: container "app" waits for "side" to be HEALTHY, which has no health check; give it health=HealthCheck(...)'),
        ({"containers": [Container(image="nginx", depends_on={"side": "SUCCESS"}), side()]}, 'Task: container "app" waits for the end of "side", and the end of an essential container ends the task; give it essential=False'),
        ({"containers": [Container(image="nginx", depends_on={"side": "COMPLETE"}), side()]}, 'Task: container "app" waits for the end of "side", and the end of an essential container ends the task; give it essential=False'),
        ({"containers": [Container(image="nginx", depends_on={"side": "START"}), side(depends_on={"app": "START"})]}, 'Task: its containers depend on each other in a ring: "app" → "side" → "app"; take one step out'),
        ({"containers": [Container(image="nginx", depends_on={"app": "START"})]}, 'Task: its containers depend on each other in a ring: "app" → "app"; take one step out'),
        ({"volumes": [Volume("v"), Volume("v")]}, 'Task: two volumes are named "v"; give each its own name'),
        ({"containers": [Container(image="nginx", mounts={"/data": "v"})]}, 'Task: container "app" mounts "v" at /data, and the task has no such volume; give volumes=[Volume(\'v\')]'),
        ({"containers": [Container(image="nginx", mounts={"/data": "scratc:ro"})], "volumes": [Volume("scratch")]}, 'Task: container "app" mounts "scratc" at /data, and the task has no such volume; did you mean scratch'),
        ({"uses": [Access(label="X.y()", container="ap")]}, 'Task: X.y() goes to container "ap", which the task lacks; did you mean app'),
        ({"uses": [Access(label="A.x()", environment={"U": "1"}), Access(label="B.x()", environment={"U": "2"})]}, "Task: A.x() and B.x() both set the environment name U; give one another name, for example env='U_2'"),
        ({"uses": [Access(label="A.x()", environment={"U": "1"}), Access(label="B.x()", secrets={"U": SecretValue(arn=ARN)})]}, "Task: A.x() and B.x() both set the environment name U; give one another name, for example env='U_2'"),
        ({"containers": [Container(image="nginx", env={"U": "1"})], "uses": [Access(label="A.x()", environment={"U": "1"})]}, "Task: container \"app\" and A.x() both set the environment name U; give one another name, for example env='U_2'"),
        ({"containers": APP}, "Task: containers must be a sequence of Container, got Container; pass a sequence of Container"),
        ({"containers": ["nginx"]}, "Task: containers must be a sequence of Container, got ['nginx']; pass a sequence of Container"),
        ({"cpu": 256.0}, "Task: cpu must be int or str, got 256.0; pass int or str"),
        ({"image": "nginx"}, "Task: image belongs to a container: containers=[Container(image=...)]"),
        ({"memori": 5}, "Task: there is no field memori; did you mean memory"),
    ],
)  # fmt: skip
def test_what_no_task_can_be_is_refused(fields: dict[str, Any], message: str) -> None:
    assert refusal(lambda: Task(**{"containers": [APP], **fields})) == message


@pytest.mark.parametrize("name", sorted(Task.refused))
def test_every_name_that_other_tools_use_is_answered(name: str) -> None:
    assert refusal(lambda: Task(containers=[APP], **{name: 1})) == f"Task: {name} {Task.refused[name]}"


@pytest.mark.parametrize(
    ("key", "value"),
    [("user", "1"), ("readonly_root", True), ("drop", ["ALL"]), ("add", ["SYS_PTRACE"]), ("tmpfs", {"/tmp": 1})],
)
def test_what_is_for_linux_is_refused_on_windows(key: str, value: Any) -> None:
    message = refusal(
        lambda: Task(
            os="WINDOWS_SERVER_2025_CORE", cpu=1024, memory=2048, containers=[Container(image="x/y:1", **{key: value})]
        )
    )
    assert message == f'Task: container "app": {key} is for Linux, and os=WINDOWS_SERVER_2025_CORE; leave it out'


@pytest.mark.parametrize("name", ["", "a b", "ä", "x" * 256])
def test_what_no_volume_can_be_called_is_refused(name: str) -> None:
    assert "name is up to 255 letters, digits, hyphens and underscores" in refusal(lambda: Volume(name))


def test_the_days_that_logs_can_be_kept_are_those_of_cfn_lint() -> None:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::Logs::LogGroup").schema
    assert sorted(schema["properties"]["RetentionInDays"]["enum"]) == sorted(RETENTION)


def test_sidecars_of_uses_come_after_the_containers_and_may_be_waited_for() -> None:
    app = Container(image="nginx", depends_on={"side": "HEALTHY"})
    task = Task(containers=[app], uses=[Access(label="A.x()", sidecars=[side(health=TRUE)])])
    assert task.names == ["app", "side"]


def test_mounts_of_uses_are_those_of_the_container_named() -> None:
    other = side(mounts={"/own": "v"})
    access = Access(label="A.x()", volumes=[Volume("v")], mounts={"/data": "v"}, container="side")
    task = Task(containers=[APP, other], uses=[access, access])
    assert (task.mounts_of(APP), task.mounts_of(other)) == ({}, {"/own": "v", "/data": "v"})
    assert [one.name for one in task.all_volumes] == ["v"]


@pytest.mark.parametrize(
    ("containers", "size"),
    [
        ([APP], (256, 512)),
        ([Container(image="nginx", cpu=300, memory=400)], (512, 1024)),
        ([Container(image="nginx", memory=3000)], (512, 3072)),
        ([Container(image="nginx", cpu=256, memory=2048), side(cpu=64, memory=256)], (512, 3072)),
        ([Container(image="nginx", cpu=9000, memory=1024)], (16384, 32768)),
        ([Container(image="nginx", tmpfs={"/tmp": 512})], (256, 1024)),
        ([Container(image="nginx", memory_reservation=400, tmpfs={"/tmp": 200})], (256, 1024)),
    ],
)
def test_fitting_chooses_the_cheapest_size(containers: list[Container], size: tuple[int, int]) -> None:
    task = Task.fitting(containers)
    assert (task.cpu_units, task.memory_mib) == size


def test_fitting_counts_sidecars_and_takes_the_smallest_that_windows_has() -> None:
    fitted = Task.fitting([APP], uses=[Access(label="A.x()", sidecars=[side(memory=600)])])
    assert (fitted.cpu, fitted.memory) == (256, 1024)
    assert Task.fitting([APP], os="WINDOWS_SERVER_2022_CORE").cpu == 1024


def test_what_fits_nowhere_is_refused() -> None:
    assert refusal(lambda: Task.fitting([Container(image="nginx", memory=300_000)])) == (
        "Task.fitting: no size of Fargate has cpu 0 and 300000 MiB together; split the task in two"
    )
    assert refusal(lambda: Task.fitting(APP)) == (
        "Task.fitting(): containers must be a sequence of Container, got Container; pass a sequence of Container"
    )


@given(st.lists(st.tuples(st.integers(1, 4096), st.integers(6, 20_000)), min_size=1, max_size=5))
def test_what_fitting_chooses_no_cheaper_size_could_hold(parts: list[tuple[int, int]]) -> None:
    containers = [side(f"c{n}", cpu=cpu, memory=memory) for n, (cpu, memory) in enumerate(parts)]
    task = Task.fitting(containers)
    cpu, memory = sum(cpu for cpu, _ in parts), sum(memory for _, memory in parts)
    price = task.cpu_units / 1024 * 0.04048 + task.memory_mib / 1024 * 0.004445
    for one, amounts in SIZES.items():
        for amount in amounts:
            cheaper = one / 1024 * 0.04048 + amount / 1024 * 0.004445 < price - 1e-12
            assert not (cheaper and one >= cpu and amount >= memory)


def test_equal_accesses_merge() -> None:
    twice = [Access(label="A.x()", environment={"U": "1"}), Access(label="A.x()", environment={"U": "1"})]
    task = Task(containers=[APP], uses=twice)
    assert task.environment_of(APP) == {"U": "1"}


def test_a_lazy_value_for_one_name_twice_is_the_same_value() -> None:
    image = Param("Stage")
    uses = [Access(label="A.x()", environment={"U": image}), Access(label="B.x()", environment={"U": image})]
    assert Task(containers=[APP], uses=uses).environment_of(APP) == {"U": image}


def test_environment_goes_to_the_first_container_or_to_the_one_named() -> None:
    other = side()
    uses = [
        Access(label="A.x()", environment={"A": "1"}),
        Access(label="B.x()", environment={"B": "2"}, container="side"),
    ]
    task = Task(containers=[APP, other], uses=uses)
    assert (task.environment_of(APP), task.environment_of(other)) == ({"A": "1"}, {"B": "2"})


def test_what_uses_and_secrets_need_first_is_named_once() -> None:
    from fargate_stacks.providers.queue import Queue

    ready = Queue("Jobs").attr("Queue")
    uses = [Access(label="A.x()", after=[ready], secrets={"S": SecretValue(arn=ARN, after=[ready])})]
    assert Task(containers=[APP], uses=uses).after == [ready]


@given(st.sampled_from(sorted(SIZES)), st.integers(0, 260_000), st.integers(1, 10), st.data())
def test_a_task_is_accepted_or_refused_as_ours_and_never_in_another_way(
    cpu: int, memory: int, count: int, data: st.DataObject
) -> None:
    parts = [data.draw(st.integers(1, 4096)) for _ in range(count)]
    try:
        task = Task(cpu=cpu, memory=memory, containers=[side(f"c{n}", cpu=part) for n, part in enumerate(parts)])
    except SpecError:
        assert memory not in SIZES[cpu] or sum(parts) > cpu
    else:
        assert task.memory in SIZES[cpu] and sum(parts) <= cpu


@given(st.permutations(range(4)), st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3))))
def test_a_task_is_refused_exactly_when_its_containers_wait_in_a_ring(
    order: list[int], steps: set[tuple[int, int]]
) -> None:
    waits: dict[int, dict[str, Any]] = {n: {f"c{b}": "START" for a, b in sorted(steps) if a == n} for n in range(4)}
    containers = [side(f"c{n}", depends_on=waits[n]) for n in order]
    ring = any(_reaches(steps, n, n) for n in range(4))
    if ring:
        assert "depend on each other in a ring" in refusal(lambda: Task(containers=containers))
    else:
        assert len(Task(containers=containers).containers) == 4


def _reaches(steps: set[tuple[int, int]], start: int, goal: int) -> bool:
    """Whether one or more steps lead from start to goal."""
    seen: set[int] = set()
    reached = {b for a, b in steps if a == start}
    while reached - seen:
        seen |= reached
        reached = {b for a, b in steps if a in seen}
    return goal in seen
