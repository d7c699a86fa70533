"""SQS queues with their dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from troposphere import sqs

from fargate_stacks.constructs.access import Access, allow, env_prefix
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.values import Attr, by_removal
from fargate_stacks.providers.duration import whole
from fargate_stacks.providers.tls import tls_only

if TYPE_CHECKING:
    from fargate_stacks.constructs.key import Key
    from fargate_stacks.providers.topic import Subscription

_LONG_POLL = 20  # seconds; the longest that SQS allows: an idle consumer asks three times a minute and is billed so


class Queue(Construct):
    """A queue, and beside it one for messages that failed too often.

    Both are encrypted with keys that SQS manages, refuse requests without TLS, and are retained by the removal of
    the stack unless `Stack(removal="remove")`. Consumers wait up to 20 seconds for messages (long polling).
    Limits are those of the AWS::SQS::Queue page of CloudFormation. Raises SpecError outside them.
    """

    retries: int = 3
    """Deliveries before a message moves to the dead letters; 1 to 1000."""
    visibility_timeout: timedelta = timedelta(seconds=30)
    """How long a received message is hidden from others: longer than its work takes; up to 12 hours."""
    retention: timedelta = timedelta(days=4)
    """How long a message waits to be consumed; 60 seconds to 14 days."""
    dead_letter_retention: timedelta = timedelta(days=14)
    """The same for dead letters, counted from when the message was first sent; no shorter than `retention`."""
    fifo: bool = False
    """Keeps the order within a message group and delivers once. Changing it replaces the queues."""
    content_based_deduplication: bool = False
    """Two messages of one FIFO queue with the same body within five minutes are one."""
    subscriptions: Sequence[Subscription] = ()
    """The topics whose messages come here: `[orders.subscription()]`."""
    encryption: Key | None = None
    """A key of your own, for both queues; keys that SQS manages when None."""
    max_message_size: int | None = None
    """Bytes, 1024 to 1048576; SQS's own limit when None."""

    refused: ClassVar[Mapping[str, str]] = {
        "dead_letter_queue": "is always made; retries= says when a message moves there",
        "max_receive_count": "is called retries",
        "queue_name": "is generated, so that a replacement can be made; queue.queue_name gives it",
        "kms_key": "is called encryption; it takes a Key",
    }

    def check(self) -> None:
        if not 1 <= self.retries <= 1000:
            raise self.refuse(f"retries must be 1 to 1000 deliveries, got {self.retries}; the default is 3")
        whole(self, "visibility_timeout", "seconds", 0, 43_200)
        retention = whole(self, "retention", "seconds", 60, 1_209_600)
        if whole(self, "dead_letter_retention", "seconds", 60, 1_209_600) < retention:
            raise self.refuse(
                f"dead_letter_retention={self.dead_letter_retention.total_seconds():g} s is shorter than "
                f"retention={retention} s, and a message keeps its age when it moves; give at least as long"
            )
        self._check_subscriptions()
        if self.content_based_deduplication and not self.fifo:
            raise self.refuse("content_based_deduplication is for FIFO queues; give fifo=True or leave it out")
        if self.max_message_size is not None and not 1024 <= self.max_message_size <= 1_048_576:
            raise self.refuse(
                f"max_message_size must be 1024 to 1048576 bytes, got {self.max_message_size}; "
                f"keep larger payloads in a Bucket and send their keys"
            )

    def _check_subscriptions(self) -> None:
        if self.subscriptions and self.encryption is not None:
            raise self.refuse(
                "topics cannot use a key of your own, so they could not deliver; leave encryption or subscriptions out"
            )
        names = [one.topic.name for one in self.subscriptions]
        for one in self.subscriptions:
            if names.count(one.topic.name) > 1:
                raise self.refuse(f"it subscribes twice to {one.topic.who}; put both filters into one subscription")
            if one.topic.fifo and not self.fifo:
                raise self.refuse(f"{one.topic.who} is FIFO, and so must its queues be; give fifo=True")

    # what others ask

    @property
    def queue_arn(self) -> Attr:
        return self.attr("Queue", "Arn")

    @property
    def queue_url(self) -> Attr:
        return self.attr("Queue")

    @property
    def queue_name(self) -> Attr:
        return self.attr("Queue", "QueueName")

    @property
    def dead_letter_queue_arn(self) -> Attr:
        return self.attr("DeadLetterQueue", "Arn")

    @property
    def dead_letter_queue_url(self) -> Attr:
        return self.attr("DeadLetterQueue")

    @property
    def dead_letter_queue_name(self) -> Attr:
        return self.attr("DeadLetterQueue", "QueueName")

    # verbs

    @verb
    def send(self, *, env: str | None = None, container: str | None = None) -> Access:
        """Let a task put messages in, and tell it the queue's URL: `JOBS_URL` for a queue named Jobs, or in `env`."""
        return self._access("send()", env, container, ("kms:Decrypt", "kms:GenerateDataKey"), "sqs:SendMessage")

    @verb
    def consume(self, *, env: str | None = None, container: str | None = None) -> Access:
        """Let a task receive, hide and delete messages, and tell it the queue's URL as `send` does."""
        return self._access(
            "consume()",
            env,
            container,
            ("kms:Decrypt",),
            "sqs:ReceiveMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
        )

    def _access(
        self, verb: str, env: str | None, container: str | None, of_key: Sequence[str], *actions: str
    ) -> Access:
        statements = [allow(*actions, on=[self.queue_arn])]
        if self.encryption is not None:
            statements.append(allow(*of_key, on=[self.encryption.arn]))
        return Access(
            label=f"{self.name}.{verb}",
            statements=statements,
            environment={env or f"{env_prefix(self.name)}_URL": self.queue_url},
            container=container,
        )

    # what is built

    def build(self) -> Iterator[Any]:
        yield self._queue("DeadLetterQueue", self.dead_letter_retention)
        yield self._policy("DeadLetterQueue")
        yield self._queue(
            "Queue",
            self.retention,
            VisibilityTimeout=int(self.visibility_timeout.total_seconds()),
            ReceiveMessageWaitTimeSeconds=_LONG_POLL,
            RedrivePolicy=sqs.RedrivePolicy(
                deadLetterTargetArn=self.dead_letter_queue_arn, maxReceiveCount=self.retries
            ),
        )
        yield self._policy("Queue")
        for one in self.subscriptions:
            yield self._subscription(one)

    def _queue(self, part: str, retention: timedelta, **properties: Any) -> Any:
        if self.encryption is None:
            properties["SqsManagedSseEnabled"] = True
        else:
            properties["KmsMasterKeyId"] = self.encryption.arn
        if self.max_message_size is not None:
            properties["MaximumMessageSize"] = self.max_message_size
        if self.fifo:  # the dead letters of a FIFO queue are one too
            properties["FifoQueue"] = True
            properties["ContentBasedDeduplication"] = self.content_based_deduplication
        return sqs.Queue(
            self.id(part),
            DeletionPolicy=by_removal(retain="Retain", remove="Delete"),
            UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
            MessageRetentionPeriod=int(retention.total_seconds()),
            **properties,
        )

    def _subscription(self, one: Subscription) -> Any:
        from troposphere import sns

        more: dict[str, Any] = {}
        if one.filter:
            more["FilterPolicy"] = {key: list(values) for key, values in one.filter.items()}
            more["FilterPolicyScope"] = one.scope
        return sns.SubscriptionResource(
            self.id(f"{one.topic.name}Subscription"),
            DependsOn=[self.attr("QueuePolicy")],  # SNS asks at once whether it may deliver
            TopicArn=one.topic.topic_arn,
            Protocol="sqs",
            Endpoint=self.queue_arn,
            RawMessageDelivery=one.raw,
            RedrivePolicy={"deadLetterTargetArn": self.dead_letter_queue_arn},
            **more,
        )

    def _policy(self, part: str) -> Any:
        document = tls_only("sqs:*", self.attr(part, "Arn"))
        # what a topic hands over goes to the queue, what it cannot hand over to the dead letters
        document["Statement"] += [
            {
                "Sid": f"From{one.topic.name}",
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": self.attr(part, "Arn"),
                "Condition": {"ArnEquals": {"aws:SourceArn": one.topic.topic_arn}},
            }
            for one in self.subscriptions
        ]
        return sqs.QueuePolicy(
            self.id(f"{part}Policy"),
            Queues=[self.attr(part)],
            PolicyDocument=document,
        )
