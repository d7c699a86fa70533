"""Twelve services that all call each other, over three stacks, without a ring.

Use it when services know each other by name. An address (`Endpoint`) is a construct of its own and lives with the
network, so every service is a leaf: it serves one address and calls eleven. A client finds the addresses that existed
when its tasks started, so after the very first deploy the services that came first are restarted once.
"""

from typing import Literal

from fargate_stacks import App, Cluster, Container, Endpoint, Service, Stack, Task, Vpc

IMAGE = "public.ecr.aws/nginx/nginx-unprivileged:1.29"
NAMES = [
    "Auth",
    "Basket",
    "Catalog",
    "Delivery",
    "Email",
    "Fraud",
    "Gifts",
    "Help",
    "Invoice",
    "Jobs",
    "Kiosk",
    "Login",
]


def app(stage: str = "dev", image: str = IMAGE) -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    addresses = {name: Endpoint(f"{name}Address", vpc=vpc, port=8080, dns_name=name.lower()) for name in NAMES}

    def service(name: str) -> Service:
        others = [address.connect(env=f"{other.upper()}_URL") for other, address in addresses.items() if other != name]
        return Service(
            name,
            cluster=cluster,
            task=Task(
                cpu=512,
                memory=1024,
                containers=[
                    Container(
                        image=image,
                        port=8080,
                        memory=1024,
                        user="101",
                        readonly_root=True,
                        drop=["ALL"],
                        tmpfs={"/tmp": 64},
                    )
                ],
                uses=others,
            ),
            endpoint=addresses[name],
        )

    removal: Literal["retain", "remove"] = "retain" if stage == "prod" else "remove"
    return App(
        [
            Stack(f"mutual-{stage}-platform", [vpc, cluster, *addresses.values()], removal=removal),
            Stack(f"mutual-{stage}-first", [service(name) for name in NAMES[:6]], removal=removal),
            Stack(f"mutual-{stage}-second", [service(name) for name in NAMES[6:]], removal=removal),
        ],
        tags={"stage": stage},
    )
