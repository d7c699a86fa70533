"""How fast the local cloud is: ready time, memory, and stacks in parallel. Run it with nothing else on the machine.

python benchmarks/local.py [STACKS [RESOURCES]]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fargate_stacks.deploy import local
from fargate_stacks.deploy.client import local_api


def template(resources: int) -> str:
    """Give a template of chains of four: a queue, two parameters that name it, and one that names these."""
    made: dict[str, Any] = {}
    for number in range(resources // 4):
        made[f"Q{number}"] = {"Type": "AWS::SQS::Queue"}
        for side in "AB":
            made[f"{side}{number}"] = parameter({"Fn::GetAtt": [f"Q{number}", "QueueName"]})
        made[f"C{number}"] = parameter({"Fn::Sub": f"${{A{number}}} ${{B{number}}}"})
    return json.dumps({"Resources": made})


def parameter(value: Any) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}


def memory(pid: int) -> float:
    """Give a process's resident memory in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0


def settled(api: Any, name: str) -> str:
    while True:
        try:
            status = str(api.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        except api.exceptions.ClientError:
            return "gone"
        if not status.endswith("IN_PROGRESS"):
            return status
        time.sleep(0.02)


def main(stacks: int = 50, resources: int = 40) -> int:
    folder = Path(tempfile.mkdtemp())
    local.start(folder)
    local.stop(folder)  # everything is compiled now
    began = time.monotonic()
    found = local.start(folder)
    ready = time.monotonic() - began
    try:
        api = local_api("cloudformation", found.endpoint_url)
        api.list_stacks()
        idle = memory(found.pid)
        body = template(resources)
        names = [f"bench-{number}" for number in range(stacks)]

        def create(name: str) -> str:
            api.create_stack(StackName=name, TemplateBody=body)
            return settled(api, name)

        def delete(name: str) -> str:
            api.delete_stack(StackName=name)
            return settled(api, name)

        times = []
        wrong = 0
        with ThreadPoolExecutor(16) as pool:
            for work, wanted in ((create, "CREATE_COMPLETE"), (delete, "gone")):
                began = time.monotonic()
                wrong += sum(status != wanted for status in pool.map(work, names))
                times.append(time.monotonic() - began)
        made = stacks * (resources // 4) * 4
        print(f"ready           {ready:.2f} s")
        print(f"memory          {idle:.0f} MB idle, {memory(found.pid):.0f} MB after {made:,} resources")
        print(f"create          {stacks} x {resources} in {times[0]:.1f} s, {made / times[0]:,.0f} resources/s")
        print(f"delete          {stacks} x {resources} in {times[1]:.1f} s, {made / times[1]:,.0f} resources/s")
        print(f"wrong           {wrong}")
    finally:
        local.stop(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
