"""Where values and constructs belong, so that what their fields set can be seen."""

from __future__ import annotations

from typing import Any

from fargate_stacks import (
    App,
    Cluster,
    ConnectTls,
    Container,
    DnsNames,
    EarlySuccess,
    Egress,
    Endpoint,
    Endpoints,
    ExecLogs,
    ExistingCluster,
    ExistingParameter,
    ExistingSecret,
    ExistingSecurityGroup,
    ExistingVpc,
    FlowLogs,
    Generate,
    HealthCheck,
    Lattice,
    LoadBalancer,
    NatInstance,
    NetworkLoadBalancer,
    OnDemand,
    OpenTelemetry,
    PreDeploy,
    Proxy,
    Rolling,
    Route,
    Secret,
    Service,
    Split,
    Spot,
    Stack,
    Task,
    Volume,
    Vpc,
)
from tests.docs.samples import MORE, NEAR, SAFE
from tests.wrong_specs import DOOR, MAIN, NET, ONE, SHARED, TASK, placed


def place(thing: Any) -> App:
    """An app with a thing where it belongs, and with whatever its fields may name."""
    app = _placed(thing)
    if isinstance(thing, (App, Stack)):
        return app
    (*others, last) = app.stacks
    known = [*last.flat()]
    missing = [one for one in MORE if one not in known]
    return App([*others, Stack(last.name, [*known, *missing])])


def _service(**fields: Any) -> App:
    return App([Stack("s", [*SHARED, Service("Odd", **{"cluster": MAIN, "task": TASK, **fields})])])


def _placed(thing: Any) -> App:
    """Where things belong that are placed nowhere else."""
    cluster: Cluster | ExistingCluster
    way: Any
    match thing:
        case Egress():
            return _service(egress=[thing])
        case Spot() | OnDemand():
            return _service(capacity=thing)
        case PreDeploy():
            return _service(pre_deploy=thing)
        case Proxy():
            return _service(endpoint=NEAR, proxy=thing)
        case Endpoint():
            cluster = ExistingCluster("old", vpc=thing.vpc)
            caller = Service("Caller", cluster=cluster, task=Task(containers=[ONE], uses=[thing.connect()]))
            listens = Task(containers=[Container(image="a/b:1", port=thing.port)])
            server = Service("Odd", cluster=cluster, task=listens, endpoint=thing)
            return App([Stack("s", [*SHARED, thing, caller, server])])
        case ConnectTls():
            secure = Endpoint("Secure", vpc=NET, port=80, tls=thing)
            return App([Stack("s", [*SHARED, secure, Service("Odd", cluster=MAIN, task=TASK, endpoint=secure)])])
        case Container():
            tool = Container(image="example/tool:1", name="tool")
            return placed(Task(containers=[thing, tool], volumes=[Volume("x")]))
        case EarlySuccess():
            return placed(Rolling(min=50, early_success=thing))
        case Rolling():
            return _service(deployment=thing, route=DOOR.route())
        case Route() if thing.load_balancer is SAFE:
            return _service(route=thing)
        case Route():
            second = Container(image="a/b:1", port=81, name="second")
            return _service(route=thing, task=Task(containers=[ONE, second]))
        case NetworkLoadBalancer():
            way = thing.listen(443, protocol="TLS" if thing.secure else "TCP")
            web = Service("Odd", cluster=ExistingCluster("old", vpc=thing.vpc), task=TASK, route=way)
            return App([Stack("s", [*SHARED, thing, web])])
        case HealthCheck():
            return placed(Container(image="a/b:1", health=thing))
        case Volume():
            mounts = {"/data": thing.name}
            return placed(Task(containers=[Container(image="a/b:1", mounts=mounts)], volumes=[thing]))
        case OpenTelemetry():
            return placed(thing.send())
        case Endpoints():
            return placed(Vpc("X", endpoints=thing))
        case FlowLogs():
            return placed(Vpc("X", flow_logs=thing))
        case NatInstance():
            return placed(Vpc("X", nat=thing))
        case ExecLogs():
            cluster = Cluster("X", vpc=NET, exec_logs=thing)
            return App([Stack("s", [*SHARED, cluster, Service("Odd", cluster=cluster, task=TASK, exec=True)])])
        case Generate():
            return placed(Secret("X", generate=thing))
        case ExistingSecret():
            return placed(thing.read(env="VALUE"))
        case ExistingParameter():
            return placed(thing.read(env="VALUE"))
        case ExistingSecurityGroup():
            network = thing.vpc
            cluster = ExistingCluster("old", vpc=network)
            task = Task(containers=[ONE], uses=[thing.connect(1521)])
            return App([Stack("s", [*SHARED, Service("Odd", cluster=cluster, task=task)])])
        case ExistingVpc():
            cluster, address = Cluster("Odd", vpc=thing), Endpoint("Address", vpc=thing, port=80)
            edges = [LoadBalancer("OddDoor", vpc=thing, public=True), LoadBalancer("OddInner", vpc=thing)]
            webs = [
                Service(f"Odd{tier.title()}", cluster=cluster, task=TASK, subnets=tier, endpoint=served)
                for tier, served in (("public", None), ("private", address), ("isolated", None))
            ]
            return App([Stack("s", [*SHARED, cluster, address, *edges, *webs])])
        case Split():
            task = Task(containers=[Container(image="a/b:1", port=thing.port)])
            parts = [
                Service(f"Odd{key.title()}", cluster=MAIN, task=task, route=thing.share(key)) for key in thing.weights
            ]
            return App([Stack("s", [*SHARED, thing, *parts])])
        case DnsNames() | Lattice():
            way = thing.register("odd") if isinstance(thing, DnsNames) else thing.route(priority=1)
            web = Service("Odd", cluster=ExistingCluster("old", vpc=thing.vpc), task=TASK, route=way)
            return App([Stack("s", [*SHARED, thing, web])])
    return placed(thing)
