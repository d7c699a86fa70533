"""SNS topics, and the subscriptions of queues to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from troposphere import sns

from fargate_stacks.constructs.access import Access, allow, env_prefix
from fargate_stacks.core.construct import Construct, Value, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr
from fargate_stacks.providers.tls import tls_only

if TYPE_CHECKING:
    from fargate_stacks.constructs.key import Key

# what a TopicPolicy may deny: SNS refuses sns:* there (SNS developer guide, "Example cases for access control")
_DENIED = ("sns:Publish", "sns:Subscribe")


class Subscription(Value):
    """A queue's interest in a topic: `Queue("Mails", subscriptions=[orders.subscription()])`; the queue builds it.

    `filter` admits messages by their attributes or, with `scope="MessageBody"`, by their JSON body. With `raw` the
    queue holds the message as it was published, else in SNS's JSON envelope. What cannot be delivered goes to the
    queue's dead letters.
    """

    topic: Topic
    filter: Mapping[str, Sequence[object]] = {}
    scope: Literal["MessageAttributes", "MessageBody"] = "MessageAttributes"
    raw: bool = True

    def check(self) -> None:
        if len(self.filter) > 5:
            raise self.refuse(f"a filter has up to five keys, got {len(self.filter)}; filter by fewer")
        for key, values in self.filter.items():
            if not values:
                raise self.refuse(f"filter[{shown(key)}] admits nothing; give at least one value")


class Topic(Construct):
    """A topic that hands each message to every queue that subscribes to it.

    Requests without TLS are refused. Messages are kept nowhere: what no queue has subscribed to is gone. Raises
    SpecError for options that exclude each other.
    """

    fifo: bool = False
    """Keeps the order; its queues are FIFO too. Changing it replaces the topic."""
    content_based_deduplication: bool = False
    encryption: Key | None = None
    """A key of your own; publishers may then use it. SNS stores messages encrypted in any case."""

    refused: ClassVar[Mapping[str, str]] = {
        "topic_name": "is generated, so that a replacement can be made; topic.topic_arn gives its ARN",
        "subscriptions": "belong to the queue: Queue(subscriptions=[topic.subscription()])",
    }

    def check(self) -> None:
        if self.content_based_deduplication and not self.fifo:
            raise self.refuse("content_based_deduplication is for FIFO topics; give fifo=True or leave it out")

    @property
    def topic_arn(self) -> Attr:
        return self.attr("Topic")

    @verb
    def subscription(
        self,
        *,
        filter: Mapping[str, Sequence[object]] | None = None,
        scope: Literal["MessageAttributes", "MessageBody"] = "MessageAttributes",
        raw: bool = True,
    ) -> Subscription:
        """Give what a `Queue` takes to receive this topic's messages."""
        return Subscription(topic=self, filter=filter or {}, scope=scope, raw=raw)

    @verb
    def publish(self, *, env: str | None = None, container: str | None = None) -> Access:
        """Let a task publish messages, and tell it the topic's ARN: `ORDERS_TOPIC` for Orders, or in `env`."""
        statements = [allow("sns:Publish", on=[self.topic_arn])]
        if self.encryption is not None:
            statements.append(allow("kms:Decrypt", "kms:GenerateDataKey", on=[self.encryption.arn]))
        return Access(
            label=f"{self.name}.publish()",
            statements=statements,
            environment={env or f"{env_prefix(self.name)}_TOPIC": self.topic_arn},
            container=container,
        )

    def build(self) -> Iterator[Any]:
        more: dict[str, Any] = {}
        if self.fifo:
            more["FifoTopic"] = True
            more["ContentBasedDeduplication"] = self.content_based_deduplication
        if self.encryption is not None:
            more["KmsMasterKeyId"] = self.encryption.arn
        yield sns.Topic(self.id("Topic"), DisplayName=self.name, **more)
        policy = tls_only("", self.topic_arn)
        policy["Statement"][0]["Action"] = list(_DENIED)
        yield sns.TopicPolicy(self.id("TopicPolicy"), Topics=[self.topic_arn], PolicyDocument=policy)
