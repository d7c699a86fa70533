"""Mistakes that both type checkers must report: each line marked `wrong`, and no other."""

from fargate_stacks import (
    App,
    Cluster,
    Container,
    LoadBalancer,
    Metric,
    Scaling,
    Service,
    Stack,
    TargetTracking,
    Task,
    Vpc,
)

vpc = Vpc("Network")
cluster = Cluster("Main", vpc=vpc)
edge = LoadBalancer("Edge", vpc=vpc)
task = Task(containers=[Container(image="example/web:1")])

Task(containers=[], cpu=vpc.vpc_id)  # wrong: an attribute is no number
Task(containers=[], memory=512.5)  # wrong: nor is half a MiB
Task(containers=[vpc])  # wrong: a VPC is no container
Container(image=1)  # wrong: nor is a number an image
Vpc("Network", cidrr="10.0.0.0/16")  # wrong: a misspelt field
Vpc("Network", "10.0.0.0/16")  # wrong: fields are given by name
Vpc()  # wrong: no name
vpc.azs = 3  # wrong: constructs are frozen
Cluster("Main", vpc=cluster)  # wrong: a cluster is no VPC
Service("Web", cluster=vpc, task=task)  # wrong: a VPC is no cluster
Service("Web", cluster=cluster, task=task, count="2")  # wrong: a text is no count
Service("Web", cluster=cluster, task=task, route=edge)  # wrong: a load balancer is no route
Scaling(min=1)  # wrong: no maximum
Scaling(min=1, max=2, response_time=0.5)  # wrong: a number is no time
Scaling(min=1, max=2, policies=[Metric("Depth", namespace="Shop")])  # wrong: a metric is no policy
TargetTracking(metric="Depth", target=1)  # wrong: a text is no metric
edge.routes("/*")  # wrong: a misspelt verb
Stack("s", [vpc, 1])  # wrong: a number is no member
Stack("s", [task])  # wrong: a task is a value, not a member
Stack("s", vpc)  # wrong: members are a list
App(Stack("s", [vpc]))  # wrong: stacks are a list
App([vpc])  # wrong: a VPC is no stack
