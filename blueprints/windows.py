"""A web service in Windows containers behind a load balancer.

Use it for .NET Framework, IIS and what else needs Windows Server. Windows on Fargate runs on X86_64 with 1 to 4 vCPU,
takes neither EFS nor Spot, and is paid with a licence fee by the vCPU. The image must be of the version of Windows that
`os` names. It is large and slow to pull, so health checks have ten minutes' grace and a new revision takes its time.
"""

from datetime import timedelta
from typing import Literal

from fargate_stacks import App, Cluster, Container, HealthCheck, LoadBalancer, Scaling, Service, Stack, Task, Vpc

IMAGE = "mcr.microsoft.com/windows/servercore/iis:windowsservercore-ltsc2022"
PROBE = (
    "try { (Invoke-WebRequest http://localhost -UseBasicParsing -TimeoutSec 4).StatusCode -ne 200 } catch { exit 1 }"
)


def app(stage: str = "dev", image: str = IMAGE) -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    web = Service(
        "Web",
        cluster=cluster,
        task=Task(
            os="WINDOWS_SERVER_2022_CORE",
            cpu=2048 if stage == "prod" else 1024,
            memory=4096,
            containers=[
                Container(
                    image=image,
                    port=80,
                    memory=4096,
                    health=HealthCheck(
                        ["CMD", "powershell", "-Command", PROBE],
                        timeout=timedelta(seconds=20),
                        start_period=timedelta(minutes=5),
                    ),
                    stop_timeout=timedelta(seconds=60),
                )
            ],
        ),
        route=edge.route("/*"),
        grace=timedelta(minutes=10),
        count=Scaling(min=2, max=6, cpu=60) if stage == "prod" else 1,
    )
    removal: Literal["retain", "remove"] = "retain" if stage == "prod" else "remove"
    stack = Stack(
        f"windows-{stage}",
        [vpc, cluster, edge, web],
        description="A web service in Windows containers",
        outputs={"Url": edge.url},
        removal=removal,
    )
    return App([stack], tags={"stage": stage})
