"""What the tests of scaling share: a service with a route and whatever scaling."""

from __future__ import annotations

from typing import Any

from fargate_stacks import (
    App,
    Cluster,
    Container,
    LoadBalancer,
    Metric,
    Queue,
    Scaling,
    Service,
    Stack,
    Task,
    Template,
    Vpc,
    render,
)

NET = Vpc("Net")
MAIN = Cluster("Main", vpc=NET)
DOOR = LoadBalancer("Door", vpc=NET, public=True)
JOBS = Queue("Jobs")
WEB = Task(containers=[Container(image="example/web:1", port=8080)])
AGE = Metric("AgeOfOldest", namespace="Shop", dimensions={"Queue": "mails"}, statistic="Maximum", unit="Seconds")


def scaled(*policies: Any, min: int = 1, max: int = 9, **fields: Any) -> Template:
    """A service with a route and this scaling; what the service itself is told starts with `service_`."""
    told = {key.removeprefix("service_"): fields.pop(key) for key in [*fields] if key.startswith("service_")}
    count = Scaling(min=min, max=max, policies=policies, **fields)
    web = Service("Web", **{"cluster": MAIN, "task": WEB, "route": DOOR.route(), "count": count, **told})
    return render(App([Stack("s", [NET, MAIN, DOOR, JOBS, web])]))["s"]
