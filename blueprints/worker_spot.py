"""A worker that empties a queue on Fargate Spot, from no task at all to many and back.

Use it for work that can wait for minutes and be begun again: pictures, mails, imports. Messages for each task decide
how many run, those in flight included; the first one is started by an alarm, which takes some minutes when the queue
was silent for hours. Spot takes a task back with two minutes' notice: the container gets SIGTERM, has `stop_timeout`
to end, and a message that it has not deleted comes back after the queue's `visibility_timeout`. In production one
task stays on demand, so that something works while Spot has no capacity. Put your own image in place of the loop.
"""

from dataclasses import replace
from datetime import timedelta

from fargate_stacks import App, Backlog, Cluster, Container, Queue, Scaling, Spot, Stack, Task, Vpc, queue_worker

WORK = """\
trap 'ending=yes' TERM
while [ -z "$ending" ]; do
  handle=$(aws sqs receive-message --queue-url "$QUEUE_URL" --query 'Messages[0].ReceiptHandle' --output text)
  [ "$handle" = None ] && continue
  sleep 6 # the work
  aws sqs delete-message --queue-url "$QUEUE_URL" --receipt-handle "$handle"
done
"""


def app(stage: str = "dev", image: str = "public.ecr.aws/aws-cli/aws-cli:2.15.30") -> App:
    vpc = Vpc("Network")
    cluster = Cluster("Main", vpc=vpc)
    pictures = queue_worker(
        "Resize",
        cluster=cluster,
        queue=Queue("Pictures", visibility_timeout=timedelta(minutes=2), retries=5),
        task=Task(
            cpu=256,
            memory=512,
            containers=[
                Container(
                    image=image,
                    entrypoint=["/bin/sh", "-c"],
                    command=[WORK],
                    env={"HOME": "/tmp"},
                    memory=512,
                    user="1000",
                    readonly_root=True,
                    drop=["ALL"],
                    tmpfs={"/tmp": 64},
                    stop_timeout=timedelta(seconds=120),
                )
            ],
        ),
        count=Scaling(
            min=0,
            max=20,
            backlog=Backlog(acceptable_latency=timedelta(minutes=10), processing_time=timedelta(seconds=6)),
        ),
    )
    worker = replace(pictures.service, capacity=Spot(base=1 if stage == "prod" else 0))
    stack = Stack(
        f"resize-{stage}",
        [vpc, cluster, pictures.queue, worker],
        description="A queue and the worker that empties it on Spot",
        outputs={"QueueUrl": pictures.queue.queue_url},
        removal="retain" if stage == "prod" else "remove",
    )
    return App([stack], tags={"stage": stage})
