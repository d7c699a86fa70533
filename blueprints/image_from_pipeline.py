"""A web service whose versions a pipeline rolls out, and a worker that runs what the pipeline says in a parameter.

Use it when images come from CI that has no business with infrastructure. The pipeline pushes into `Images`, a stack of
its own, which is there before anything runs from it. `Web` is rolled out by the pipeline itself, which registers a
task definition and updates the service; a deploy of this file keeps whatever image runs then, and `image` is only for
the first time. `Worker` reads its image from an SSM parameter that the pipeline writes; the next deploy runs it:

    aws ssm put-parameter --name /shop/dev/worker/image --type String --overwrite --value IMAGE
    fargate-stacks deploy

The parameter must be there before the first deploy.
"""

from typing import Literal

from fargate_stacks import (
    App,
    Cluster,
    Container,
    ExternalImage,
    LoadBalancer,
    Repository,
    Service,
    SsmImage,
    Stack,
    Task,
    Vpc,
)


def app(stage: str = "dev", image: str = "public.ecr.aws/nginx/nginx-unprivileged:1.29") -> App:
    images = Repository("Images")
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    edge = LoadBalancer("Edge", vpc=vpc, public=True)
    web = Service(
        "Web",
        cluster=cluster,
        task=Task(
            containers=[
                Container(
                    image=ExternalImage(image, repository=images.repository_arn),
                    port=8080,
                    memory=512,
                    readonly_root=True,
                    drop=["ALL"],
                    user="101",
                    tmpfs={"/tmp": 64},
                )
            ]
        ),
        count=2,
        route=edge.route("/*"),
    )
    worker = Service(
        "Worker",
        cluster=cluster,
        task=Task(
            containers=[
                Container(
                    image=SsmImage(f"/shop/{stage}/worker/image", repository=images.repository_arn),
                    memory=512,
                    readonly_root=True,
                    drop=["ALL"],
                    user="101",
                    tmpfs={"/tmp": 64},
                )
            ]
        ),
    )
    removal: Literal["retain", "remove"] = "retain" if stage == "prod" else "remove"
    return App(
        [
            Stack(f"pipeline-{stage}-images", [images], outputs={"Repository": images.uri}, removal=removal),
            Stack(
                f"pipeline-{stage}-services",
                [vpc, cluster, edge, web, worker],
                outputs={"Url": edge.url},
                removal=removal,
            ),
        ],
        tags={"stage": stage},
    )
