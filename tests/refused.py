"""What AWS would refuse and we refuse first: wrong specs, the rule that each breaks, and our exact words.

A rule's name is that of the same rule over templates (`check --template`, docs/rules.md), where the same mistake stands
in CloudFormation's words. `NOTICED` says which of the judges that others wrote object to it there, `CDK` what AWS CDK
says of the same mistake in its own words (refused.cjs); all let most of them through.
"""

# mypy: disable-error-code="arg-type, call-arg, dict-item, list-item, call-overload"
# ruff: noqa: E501 - what is wrong stands beside what we say of it

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from fargate_stacks import (
    App,
    BlueGreen,
    BuiltImage,
    Canary,
    Cluster,
    Container,
    EarlySuccess,
    EbsVolume,
    ExistingCluster,
    FileSystem,
    FireLens,
    HealthCheck,
    LambdaHook,
    Linear,
    LoadBalancer,
    Pause,
    Queue,
    Repository,
    Rolling,
    Scaling,
    ScheduledAction,
    Service,
    Split,
    Spot,
    Stack,
    Task,
    Volume,
    Vpc,
)

WINDOWS: Any = "WINDOWS_SERVER_2022_CORE"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:check"
NET = Vpc("Net")
MAIN = Cluster("Main", vpc=NET)
DOOR = LoadBalancer("Door", vpc=NET)
SHARE, JOBS, IMAGES = FileSystem("Share", vpc=NET), Queue("Jobs"), Repository("Images")
APP = Container(image="a/b:1")
TASK = Task(containers=[Container(image="a/b:1", port=80)])


def side(name: str = "side", **fields: Any) -> Container:
    return Container(image="c/d:1", name=name, **fields)


def web(name: str, task: Task = TASK, **fields: Any) -> Service:
    return Service(name, cluster=MAIN, task=task, **fields)


class Row(NamedTuple):
    """A wrong spec."""

    rule: str
    spec: Callable[[], Any]
    """Makes it; an App is rendered."""
    says: str
    """The exact message."""


# fmt: off
ROWS = (
    Row("FS201", lambda: Task(containers=[APP], cpu=256, memory=4096), "Task: cpu=256 allows memory from 512 to 2048 MiB (512, 1024 or 2048), got 4096; nearest legal: cpu=256, memory=2048"),
    Row("FS201", lambda: Task(containers=[APP], cpu=32768, memory=65536), "Task: cpu=32768 allows memory from 61440 to 249856 MiB (61440, 122880 or 249856), got 65536; nearest legal: cpu=32768, memory=61440"),
    Row("FS201", lambda: Task(containers=[APP], cpu=8192, memory=17408), "Task: cpu=8192 allows memory from 16384 to 61440 MiB in steps of 4096, got 17408; nearest legal: cpu=8192, memory=16384"),
    Row("FS201", lambda: Task(containers=[APP], cpu=300), "Task: Fargate has cpu 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, got cpu=300; nearest legal: cpu=256, memory=512"),
    Row("FS201", lambda: Task.fitting([Container(image="a/b:1", cpu=65536)]), "Task.fitting: no size of Fargate has cpu 65536 and 0 MiB together; split the task in two"),
    Row("FS202", lambda: Task(containers=[APP], os=WINDOWS), "Task: Windows on Fargate has cpu 1024, 2048, 4096, got cpu=256; nearest legal: cpu=1024, memory=2048"),
    Row("FS202", lambda: Task(containers=[APP], os=WINDOWS, cpu=8192, memory=16384), "Task: Windows on Fargate has cpu 1024, 2048, 4096, got cpu=8192; nearest legal: cpu=4096, memory=16384"),
    Row("FS203", lambda: Task(containers=[APP], os=WINDOWS, cpu=1024, memory=2048, architecture="ARM64"), "Task: Windows on Fargate runs on X86_64, got ARM64"),
    Row("FS203", lambda: Task(containers=[Container(image="a/b:1", user="app")], os=WINDOWS, cpu=1024, memory=2048), 'Task: container "app": user is for Linux, and os=WINDOWS_SERVER_2022_CORE; leave it out'),
    Row("FS203", lambda: Task(containers=[Container(image="a/b:1", readonly_root=True)], os=WINDOWS, cpu=1024, memory=2048), 'Task: container "app": readonly_root is for Linux, and os=WINDOWS_SERVER_2022_CORE; leave it out'),
    Row("FS203", lambda: Task(containers=[Container(image="a/b:1", ulimits={"nofile": 1024})], os=WINDOWS, cpu=1024, memory=2048), 'Task: container "app": ulimits is for Linux, and os=WINDOWS_SERVER_2022_CORE; leave it out'),
    Row("FS203", lambda: Task(containers=[Container(image="a/b:1", tmpfs={"/tmp": 64})], os=WINDOWS, cpu=1024, memory=2048), 'Task: container "app": tmpfs is for Linux, and os=WINDOWS_SERVER_2022_CORE; leave it out'),
    Row("FS203", lambda: Task(containers=[APP], os=WINDOWS, cpu=1024, memory=2048, uses=[SHARE.mount("/data")]), "Task: volume Share-Data is for Linux, and os=WINDOWS_SERVER_2022_CORE; leave it out"),
    Row("FS203", lambda: Task(containers=[APP], os=WINDOWS, cpu=1024, memory=2048, pid_mode="task"), "Task: pid_mode is for Linux; leave it out"),
    Row("FS204", lambda: Task(containers=[Container(image="a/b:1", memory=1024)]), "Task: container \"app\" has memory=1024, more than the task's memory=512; lower it"),
    Row("FS204", lambda: Task(containers=[Container(image="a/b:1", memory_reservation=300), side(memory_reservation=300)]), "Task: its containers reserve 600 MiB together and it has memory=512; lower them or raise it"),
    Row("FS204", lambda: Task(containers=[Container(image="a/b:1", tmpfs={"/tmp": 512})]), "Task: 512 MiB of tmpfs leave nothing of memory=512; lower tmpfs or raise memory"),
    Row("FS205", lambda: Task(containers=[Container(image="a/b:1", cpu=200), side(cpu=100)]), "Task: its containers ask for cpu 300 together and it has cpu=256; lower them or raise it"),
    Row("FS206", lambda: Task(containers=[APP], ephemeral_storage=20), "Task: ephemeral_storage must be 21 to 200 GiB, got 20; 20 GiB come without asking"),
    Row("FS206", lambda: Task(containers=[APP], ephemeral_storage=201), "Task: ephemeral_storage must be 21 to 200 GiB, got 201; 20 GiB come without asking"),
    Row("FS207", lambda: Task(containers=[APP], ipc_mode="host"), "Task: ipc_mode is refused on Fargate; leave it out"),
    Row("FS207", lambda: Task(containers=[APP], pid_mode="host"), "Task: pid_mode must be one of 'task' or None, got 'host'; pass one of 'task' or None"),
    Row("FS207", lambda: Task(containers=[APP], placement_constraints=[]), "Task: placement_constraints is refused on Fargate, which has no instances to choose from; leave it out"),
    Row("FS208", lambda: Task(containers=[APP], network_mode="bridge"), "Task: network_mode is always awsvpc on Fargate; leave it out"),
    Row("FS209", lambda: Volume("data", host="/data"), 'Volume "data": host is refused on Fargate, where tasks share no host; an empty directory is what a Volume is'),
    Row("FS210", lambda: Task(containers=[Container(image="a/b:1", mounts={"/data": "data"})]), "Task: container \"app\" mounts \"data\" at /data, and the task has no such volume; give volumes=[Volume('data')]"),
    Row("FS211", lambda: Task(containers=[Container(image="a/b:1", depends_on={"db": "START"})]), 'Task: container "app" depends on "db", which the task lacks; it has app'),
    Row("FS212", lambda: Task(containers=[Container(image="a/b:1", depends_on={"side": "HEALTHY"}), side()]), 'Task: container "app" waits for "side" to be HEALTHY, which has no health check; give it health=HealthCheck(...)'),
    Row("FS213", lambda: Task(containers=[Container(image="a/b:1", depends_on={"side": "SUCCESS"}), side()]), 'Task: container "app" waits for the end of "side", and the end of an essential container ends the task; give it essential=False'),
    Row("FS214", lambda: Task(containers=[Container(image="a/b:1", depends_on={"side": "START"}), side(depends_on={"app": "START"})]), 'Task: its containers depend on each other in a ring: "app" → "side" → "app"; take one step out'),
    Row("FS215", lambda: Task(containers=[Container(image="a/b:1", essential=False)]), "Task: no container is essential, so the task would never end; leave essential=True on one"),
    Row("FS216", lambda: Task(containers=[side(f"c{n}") for n in range(11)]), "Task: a task has 1 to 10 containers, got 11"),
    Row("FS217", lambda: Task(containers=[side(), side()]), 'Task: two containers are named "side"; give each its own name'),
    Row("FS217", lambda: Task(containers=[side("a", port=80), side("b", port=80)]), 'Task: containers "a" and "b" both listen on port 80; they share one network interface, so change one'),
    Row("FS217", lambda: Task(containers=[APP], volumes=[Volume("data"), Volume("data")]), 'Task: two volumes are named "data"; give each its own name'),
    Row("FS220", lambda: Task(containers=[APP], volumes=[EbsVolume("a", size=9), EbsVolume("b", size=9)]), "Task: a Fargate task has one EBS volume at most; leave the others out"),
    Row("FS240", lambda: Container(image="a/b:1", privileged=True), "Container: privileged is refused on Fargate, where tasks share no host; leave it out"),
    Row("FS241", lambda: Container(image="a/b:1", add=["NET_ADMIN"]), "Container: add must be a sequence of one of 'SYS_PTRACE', got ['NET_ADMIN']; pass a sequence of one of 'SYS_PTRACE'"),
    Row("FS242", lambda: Container(image="a/b:1", links=["db"]), "Container: links is refused with awsvpc networks; containers of a task reach each other at localhost"),
    Row("FS242", lambda: Container(image="a/b:1", extra_hosts={"db": "10.0.0.1"}), "Container: extra_hosts is refused on Fargate, where tasks share no host; leave it out"),
    Row("FS242", lambda: Container(image="a/b:1", dns_servers=["10.0.0.2"]), "Container: dns_servers is refused on Fargate, where tasks share no host; leave it out"),
    Row("FS242", lambda: Container(image="a/b:1", dns_search_domains=["example.com"]), "Container: dns_search_domains is refused on Fargate, where tasks share no host; leave it out"),
    Row("FS242", lambda: Container(image="a/b:1", disable_networking=True), "Container: disable_networking is refused on Fargate, where tasks share no host; leave it out"),
    Row("FS242", lambda: Container(image="a/b:1", docker_security_options=["no-new-privileges"]), "Container: docker_security_options is refused on Fargate, where tasks share no host; leave it out"),
    Row("FS242", lambda: Container(image="a/b:1", gpu=1), "Container: gpu is refused on Fargate, which has none"),
    Row("FS242", lambda: Container(image="a/b:1", hostname="web"), "Container: hostname is refused with awsvpc networks; the task has the name of its network interface"),
    Row("FS242", lambda: Container(image="a/b:1", devices=["/dev/fuse"]), "Container: devices is refused on Fargate, where tasks share no host; leave it out"),
    Row("FS242", lambda: Container(image="a/b:1", shared_memory_size=64), 'Container: shared_memory_size is refused on Fargate; give tmpfs={"/dev/shm": 64}'),
    Row("FS242", lambda: Container(image="a/b:1", swappiness=60), "Container: swappiness is refused on Fargate, where tasks share no host; leave it out"),
    Row("FS242", lambda: Container(image="a/b:1", max_swap=0), "Container: max_swap is refused on Fargate, where tasks share no host; leave it out"),
    Row("FS242", lambda: Container(image="a/b:1", system_controls={"vm.swappiness": "1"}), "Container: system_controls takes net.*, fs.mqueue.* and kernel.msgmax, kernel.msgmnb, kernel.msgmni, kernel.sem, kernel.shmall, kernel.shmmax, kernel.shmmni, kernel.shm_rmid_forced, got 'vm.swappiness'; leave it out"),
    Row("FS243", lambda: Container(image="a/b:1", stop_timeout=timedelta(seconds=121)), "Container: stop_timeout must be 2 to 120 whole seconds on Fargate, got 121"),
    Row("FS243", lambda: Container(image="a/b:1", start_timeout=timedelta(seconds=1)), "Container: start_timeout must be 2 to 120 whole seconds on Fargate, got 1"),
    Row("FS244", lambda: Container(image="a/b:1", name="my app"), "Container \"my app\": name is up to 255 letters, digits, hyphens and underscores, got 'my app'"),
    Row("FS245", lambda: Container(image="A/B"), "Container: image must be a reference like registry/name:tag, got 'A/B'"),
    Row("FS246", lambda: Container(image="a/b:1", port=80, host_port=8080), "Container: host_port is the container's port with awsvpc networks; give port="),
    Row("FS247", lambda: Container(image="a/b:1", log_configuration={"LogDriver": "fluentd"}), "Container: log_configuration is the task's: Task(logs=) takes FireLens or Splunk; else each logs to the runner's"),
    Row("FS249", lambda: FireLens(options={"Name": "null"}, s3_config="arn:aws:s3:::conf/a"), "FireLens: s3_config is refused on Fargate; put the file into the image and give config_file="),
    Row("FS250", lambda: Container(image="a/b:1", env={"A": "1"}, secrets={"A": SECRET}), "Container: A is both in env and in secrets; leave one out"),
    Row("FS250", lambda: Task(containers=[Container(image="a/b:1", env={"JOBS_URL": "x"})], uses=[JOBS.send()]), "Task: container \"app\" and Jobs.send() both set the environment name JOBS_URL; give one another name, for example env='JOBS_URL_2'"),
    Row("FS251", lambda: HealthCheck(["/bin/health"]), "HealthCheck: command starts with \"CMD\" or \"CMD-SHELL\" and a program follows, got ['/bin/health']"),
    Row("FS252", lambda: HealthCheck("true", interval=timedelta(seconds=4)), "HealthCheck: interval must be 5 to 300 whole seconds, got 4"),
    Row("FS252", lambda: HealthCheck("true", retries=11), "HealthCheck: retries must be 1 to 10, got 11"),
    Row("FS253", lambda: Container(image="a/b:1", memory=128, memory_reservation=256), "Container: memory_reservation=256 is above memory=128; lower it"),
    Row("FS254", lambda: Container(image="a/b:1", env={"A-B": "1"}), "Container: an environment name is letters, digits and _, not a digit first, got 'A-B'"),
    Row("FS105", lambda: Service("Web", cluster=MAIN, task=TASK, count=Scaling(min=1, max=4, cpu=60), desired_count=2), 'Service "Web": desired_count is called count'),
    Row("FS106", lambda: App([Stack("s", [NET, MAIN, DOOR, web("One", route=DOOR.route("/a", priority=7)), web("Two", route=DOOR.route("/b", priority=7))])]), 'LoadBalancer "Door": route /a of Service "One" and route /b of Service "Two" have the same priority 7; give one of them its own, for example priority=8'),
    Row("FS110", lambda: Service("Web", cluster=MAIN, task=TASK, launch_type="FARGATE"), 'Service "Web": launch_type follows the cluster: a provider strategy, or FARGATE on an ExistingCluster without providers'),
    Row("FS111", lambda: Rolling(min=100, max=100), "Rolling: min=100 and max=100 leave no room to start or stop a task; lower min or raise max"),
    Row("FS112", lambda: Service("Web", cluster=MAIN, task=Task(containers=[APP]), route=DOOR.route()), 'Service "Web": route /* needs a container with a port; give one Container(port=...)'),
    Row("FS112", lambda: Service("Web", cluster=MAIN, task=TASK, route=DOOR.route(port=9000)), 'Service "Web": route /* needs a container with port 9000; give one Container(port=...)'),
    Row("FS112", lambda: Service("Web", cluster=MAIN, task=TASK, route=DOOR.route(container="api")), "Service \"Web\": route /* leads to container 'api', which the task lacks; did you mean app"),
    Row("FS301", lambda: Service("Web", cluster=MAIN, task=TASK, placement_strategies=[]), 'Service "Web": placement_strategies is refused on Fargate, which has no instances to choose from; leave it out'),
    Row("FS302", lambda: Service("Web", cluster=MAIN, task=TASK, scheduling_strategy="DAEMON"), 'Service "Web": scheduling_strategy is always REPLICA on Fargate; leave it out'),
    Row("FS305", lambda: Service("Web", cluster=MAIN, task=TASK, platform_version="1.5.0"), "Service \"Web\": platform_version must be one of LATEST, 1.4.0, 1.3.0, 1.2.0, 1.1.0, 1.0.0, got '1.5.0'"),
    Row("FS306", lambda: Service("Web", cluster=MAIN, task=TASK, grace=timedelta(seconds=60)), 'Service "Web": grace is for load-balancer checks and there is no route; leave it out'),
    Row("FS331", lambda: BlueGreen(circuit_breaker=True), "BlueGreen: circuit_breaker is for Rolling; errors= and alarms= end a deployment that shifts traffic"),
    Row("FS333", lambda: Pause(stages=["PRODUCTION_TRAFFIC_SHIFT"]), "Pause: ECS admits no pause at PRODUCTION_TRAFFIC_SHIFT; take PRE_PRODUCTION_TRAFFIC_SHIFT"),
    Row("FS334", lambda: LambdaHook(stages=["POST_SCALE_UP"]), "LambdaHook: function is missing; give function="),
    Row("FS334", lambda: LambdaHook(function=FUNCTION, stages=[]), "LambdaHook: it has no stage; give stages=[...]"),
    Row("FS335", lambda: Rolling(min=75, early_success=EarlySuccess(healthy=50)), "Rolling: early_success at 50 % is below min=75, which ECS refuses; raise it"),
    Row("FS336", lambda: BlueGreen(hooks=[Pause(stages=["POST_SCALE_UP"], timeout=timedelta(days=14))]), "BlueGreen: bake, steps and hooks may take 336.083 hours together, and CloudFormation gives up a service after 36; shorten a time-out, at most 34 hours in all"),
    Row("FS337", lambda: Canary(percent=0), "Canary: percent is 0.1 to 100 in tenths, got 0"),
    Row("FS337", lambda: Linear(step=2), "Linear: step is a percentage from 3 to 100 in tenths, got 2"),
    Row("FS337", lambda: Rolling(max=300), "Rolling: max is a percentage from 100 to 200, got 300"),
    Row("FS340", lambda: Service("Web", cluster=ExistingCluster("old", vpc=NET, capacity=["FARGATE"]), task=TASK, capacity=Spot()), 'Service "Web": the cluster has no provider FARGATE_SPOT, it has FARGATE; associate it, or use OnDemand()'),
    Row("FS341", lambda: Spot(spot=0), "Spot: spot=0 never uses Spot; use OnDemand() or give spot a weight"),
    Row("FS341", lambda: Spot(on_demand=1001), "Spot: on_demand is a weight from 0 to 1000, got 1001"),
    Row("FS343", lambda: Service("Web", cluster=MAIN, task=Task(containers=[APP], os=WINDOWS, cpu=1024, memory=2048), capacity=Spot()), 'Service "Web": Fargate Spot runs LINUX only, got os=WINDOWS_SERVER_2022_CORE; use OnDemand()'),
    Row("FS404", lambda: DOOR.route("/a", priority=50001), "route /a: priority must be 1 to 50000 on this listener, got 50001"),
    Row("FS405", lambda: Split("Half", route=DOOR.route("/half"), weights={"old": 1000, "new": 0}, port=80), 'Split "Half": a weight is 0 to 999, got old=1000'),
    Row("FS408", lambda: DOOR.route("/a", deregistration_delay=timedelta(hours=1)), "route /a: deregistration_delay must be 0 to 1500 whole seconds, got 3600; CloudFormation gives up the deletion of a service after 30 minutes"),
    Row("FS501", lambda: Scaling(min=5, max=4, cpu=60), "Scaling: 0 ≤ min ≤ max is wanted, got min=5, max=4; swap or change them"),
    Row("FS507", lambda: Scaling(min=1, max=4, cpu=0), "Scaling: cpu is a percentage above 0 and up to 100, got 0"),
    Row("FS508", lambda: ScheduledAction("night", schedule="cron(0 22 * * * *)", max=1), 'ScheduledAction "night": exactly one of day of month and day of week is ?, got * and *; write ? for one'),
    Row("FS508", lambda: ScheduledAction("night", schedule="cron(0 22 * * ? *)", timezone="Europe/Atlantis", max=1), "ScheduledAction \"night\": there is no time zone 'Europe/Atlantis'; did you mean Europe/Athens"),
    Row("FS509", lambda: ScheduledAction("night", schedule="cron(0 22 * * ? *)", min=3, max=1), 'ScheduledAction "night": min=3 is above max=1; swap or change them'),
    Row("FS606", lambda: App([Stack("s", [NET, MAIN, IMAGES, web("Own", task=Task(containers=[Container(image=BuiltImage(".", repository=IMAGES), port=80)]))])]), 'Service "Own": the repository of OwnImage is in the same stack, so the service would start before the first push; put the repository into a stack of its own'),
)
# fmt: on
NOTICED: dict[str, str] = {
    "FS201": "cloudformation-validate, cfn-lint",
    "FS206": "troposphere",
    "FS208": "cloudformation-validate, cfn-lint",
    "FS215": "cfn-lint",
    "FS217": "cloudformation-validate, cfn-lint",
    "FS246": "cloudformation-validate, cfn-lint",
    "FS247": "cloudformation-validate, cfn-lint",
    "FS302": "cloudformation-validate, cfn-lint",
    "FS337": "cloudformation-validate, cfn-lint",
    "FS404": "cloudformation-validate, cfn-lint",
    "FS405": "cloudformation-validate, cfn-lint",
}
"""By rule, who else objects to its bad form and not to its good one; nobody does where a rule is not here."""
CDK: dict[str, str] = {
    "FS201": "warning",
    "FS202": "error",
    "FS203": "",
    "FS204": "",
    "FS205": "error",
    "FS206": "error",
    "FS207": "error",
    "FS209": "",
    "FS210": "",
    "FS212": "",
    "FS213": "",
    "FS214": "",
    "FS215": "",
    "FS216": "",
    "FS217": "",
    "FS220": "error",
    "FS240": "",
    "FS241": "",
    "FS242": "",
    "FS243": "",
    "FS246": "error",
    "FS247": "warning",
    "FS251": "",
    "FS252": "error",
    "FS253": "error",
    "FS254": "",
    "FS105": "",
    "FS106": "",
    "FS111": "",
    "FS306": "",
    "FS343": "",
    "FS404": "warning",
    "FS501": "error",
    "FS507": "",
}
"""By rule, what CDK 2.276 says; the others need no construct of it, or no construct takes them."""
