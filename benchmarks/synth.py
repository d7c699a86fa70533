"""How fast `synth` is, as ratios between things measured in this one run: `make bench`.

Whole processes, interleaved, with cached bytecode (PYTHONDONTWRITEBYTECODE is unset: without .pyc files every Python
program takes two or three times as long). Times are of this machine and this moment; the ratios carry over.

`--cdk PYTHON` measures AWS CDK in the same run: the interpreter of an environment with aws-cdk-lib, beside Node.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WEB_SERVICE = ROOT / "blueprints" / "web_service.py"
RUNS = 15
CDK_RUNS = 3
SIZES = (10, 100, 1000)
PYTHON = sys.executable

BARE = [PYTHON, "-c", "pass"]
TROPOSPHERE = [
    PYTHON,
    "-c",
    "import troposphere.ecs, troposphere.ec2, troposphere.elasticloadbalancingv2, troposphere.iam",
]
SYNTH = [PYTHON, "-m", "fargate_stacks", "synth", "--app", str(WEB_SERVICE)]

MANY = """
import json, resource, sys, time
from fargate_stacks import App, Cluster, Container, Service, Stack, Task, Vpc, render

def app(services):
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    made = [
        Service(f"Api{i}", cluster=cluster, task=Task(containers=[Container(image=f"example/api:{i}", port=8080)]))
        for i in range(services)
    ]
    stacks = [Stack(f"part{i // 25}", made[i:i + 25]) for i in range(0, services, 25)]
    return App([Stack("network", [vpc, cluster]), *stacks])

def synth(services):
    templates = render(app(services)).values()
    return [one.to_yaml() for one in templates], sum(len(one.resources) for one in templates)

services = int(sys.argv[1])
synth(1)  # imports what is imported lazily
start = time.perf_counter()
texts, resources = synth(services)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps({"seconds": seconds, "resources": resources, "bytes": sum(map(len, texts)), "peak": peak * unit}))
"""

CDK = """
import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2, aws_ecs as ecs, aws_ecs_patterns as patterns

app = cdk.App()
stack = cdk.Stack(app, "web")
vpc = ec2.Vpc(stack, "Network", max_azs=2, nat_gateways=1)
web = patterns.ApplicationLoadBalancedFargateService(
    stack, "Web", cluster=ecs.Cluster(stack, "Main", vpc=vpc), cpu=256, memory_limit_mib=512, desired_count=2,
    task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
        image=ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx-unprivileged:1.29"), container_port=8080,
    ),
)
scaling = web.service.auto_scale_task_count(min_capacity=2, max_capacity=10)
scaling.scale_on_cpu_utilization("Cpu", target_utilization_percent=60)
scaling.scale_on_request_count("Requests", requests_per_target=1000, target_group=web.target_group)
app.synth()
"""


def environment() -> dict[str, str]:
    """The environment of a user: bytecode is cached."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def seconds(command: Sequence[str], folder: str) -> float:
    """How long a whole process takes."""
    start = time.perf_counter()
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, env=environment()
    )
    return time.perf_counter() - start


def medians(commands: dict[str, Sequence[str]], runs: int, folder: str) -> dict[str, float]:
    """The median of each command, in turns, so that a busy moment hits all of them."""
    for command in commands.values():
        seconds(command, folder)  # writes the .pyc files and warms the file cache
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            times[name].append(seconds(command, folder))
    return {name: statistics.median(found) for name, found in times.items()}


def whole_processes(folder: str) -> float:
    found = medians({"bare": BARE, "troposphere": TROPOSPHERE, "synth": SYNTH}, RUNS, folder)
    synth, imports, bare = found["synth"], found["troposphere"], found["bare"]
    print(f"whole processes, median of {RUNS}:")
    print(f"  python -c pass                         {bare * 1000:7.0f} ms")
    print(f"  import of troposphere's four modules   {imports * 1000:7.0f} ms")
    print(f"  synth of blueprints/web_service.py     {synth * 1000:7.0f} ms")
    print(f"  synth / import of troposphere          {synth / imports:7.2f}     (goal: 1.60 at most)")
    return synth


def sizes(folder: str) -> None:
    print("one process each, 25 services to a stack, build + render + YAML without imports, best of 3:")
    first = None
    for size in SIZES:
        runs = [
            json.loads(subprocess.check_output([PYTHON, "-c", MANY, str(size)], cwd=folder, env=environment()))
            for _ in range(3)
        ]
        best = min(runs, key=lambda one: float(one["seconds"]))
        each = best["seconds"] / size
        first = first or each
        print(
            f"  {size:5} services {best['resources']:6} resources {each * 1000:7.2f} ms a service"
            f"  x{each / first:4.2f} of the first   peak {best['peak'] / 2**20:5.0f} MiB"
        )


def cdk(synth: float, python: str | None, folder: str) -> None:
    print("the same service by AWS CDK in Python, app.synth() without its command line:")
    if python is None:
        print("  not measured: give --cdk PYTHON, an interpreter with aws-cdk-lib")
        return
    if shutil.which("node") is None:
        print("  not measured: there is no node, which aws-cdk-lib needs")
        return
    version = "import importlib.metadata as m; print(m.version('aws-cdk-lib'))"
    lib = subprocess.check_output([python, "-c", version], text=True).strip()
    node = subprocess.check_output(["node", "--version"], text=True).strip()
    found = medians({"cdk": [python, "-c", CDK]}, CDK_RUNS, folder)["cdk"]
    print(f"  aws-cdk-lib {lib}, node {node}")
    print(f"  whole process, median of {CDK_RUNS}            {found * 1000:7.0f} ms")
    print(f"  CDK / synth                           {found / synth:7.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast synth is, as ratios.")
    parser.add_argument("--cdk", metavar="PYTHON", help="an interpreter with aws-cdk-lib, to measure CDK too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        synth = whole_processes(folder)
        sizes(folder)
        cdk(synth, given.cdk, folder)


if __name__ == "__main__":
    main()
