"""Topics: who may publish, and how queues receive."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.constructs.key import Key
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.providers.queue import Queue
from fargate_stacks.providers.topic import Topic
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties
from tests.providers.providers import allowed, seen, task_statements

NEWS = Topic("News")
ARN = {"Ref": "NewsTopic"}


def made(*members: Any) -> Any:
    return render(App([Stack("s", [*members])]))["s"]


def test_publishing_is_one_action_on_one_topic() -> None:
    assert task_statements(NEWS.publish(), NEWS) == [allowed("sns:Publish", on=[ARN])]
    assert seen(NEWS.publish(), NEWS) == {"NEWS_TOPIC": ARN}
    assert set(seen(NEWS.publish(env="TARGET"), NEWS)) == {"TARGET"}


def test_a_topic_refuses_what_comes_without_tls() -> None:
    template = made(NEWS)
    assert properties(template, "NewsTopic") == {"DisplayName": "News"}
    policy = properties(template, "NewsTopicPolicy")
    assert policy["Topics"] == [ARN]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", ["sns:Publish", "sns:Subscribe"])
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_fifo_topic_says_so_and_how_it_tells_messages_apart() -> None:
    found = properties(made(Topic("News", fifo=True, content_based_deduplication=True)), "NewsTopic")
    assert (found["FifoTopic"], found["ContentBasedDeduplication"]) == (True, True)


def test_a_key_of_ones_own_is_for_publishers_too() -> None:
    key = Key("Own")
    topic = Topic("News", encryption=key)
    arn = {"Fn::GetAtt": ["OwnKey", "Arn"]}
    assert properties(made(topic, key), "NewsTopic")["KmsMasterKeyId"] == arn
    assert task_statements(topic.publish(), topic, key)[1] == allowed("kms:Decrypt", "kms:GenerateDataKey", on=[arn])


def test_a_queue_subscribes_and_lets_that_topic_in() -> None:
    jobs = Queue("Jobs", subscriptions=[NEWS.subscription()])
    template = made(NEWS, jobs)
    assert properties(template, "JobsNewsSubscription") == {
        "TopicArn": ARN,
        "Protocol": "sqs",
        "Endpoint": {"Fn::GetAtt": ["JobsQueue", "Arn"]},
        "RawMessageDelivery": True,
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["JobsDeadLetterQueue", "Arn"]}},
    }
    for part in ("Queue", "DeadLetterQueue"):
        _, statement = properties(template, f"Jobs{part}Policy")["PolicyDocument"]["Statement"]
        assert statement == {
            "Sid": "FromNews",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": {"Fn::GetAtt": [f"Jobs{part}", "Arn"]},
            "Condition": {"ArnEquals": {"aws:SourceArn": ARN}},
        }


def test_a_subscription_waits_for_the_policies_that_admit_it_trap_1() -> None:
    template = made(NEWS, Queue("Jobs", subscriptions=[NEWS.subscription()]))
    assert template.resources["JobsNewsSubscription"]["DependsOn"] == ["JobsQueuePolicy"]


def test_a_filter_is_written_with_its_scope() -> None:
    one = NEWS.subscription(filter={"kind": ["new", "changed"]}, scope="MessageBody", raw=False)
    found = properties(made(NEWS, Queue("Jobs", subscriptions=[one])), "JobsNewsSubscription")
    assert found["FilterPolicy"] == {"kind": ["new", "changed"]}
    assert (found["FilterPolicyScope"], found["RawMessageDelivery"]) == ("MessageBody", False)


def test_a_topic_of_another_stack_is_subscribed_to_from_the_queues() -> None:
    jobs = Queue("Jobs", subscriptions=[NEWS.subscription()])
    templates = render(App([Stack("a", [NEWS]), Stack("b", [jobs])]))
    assert properties(templates["b"], "JobsNewsSubscription")["TopicArn"] == {"Ref": "ANewsTopic"}
    assert "JobsNewsSubscription" not in templates["a"].resources


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Topic("News", content_based_deduplication=True), 'Topic "News": content_based_deduplication is for FIFO topics; give fifo=True or leave it out'),
        (lambda: Topic("News", subscriptions=[]), 'Topic "News": subscriptions belong to the queue: Queue(subscriptions=[topic.subscription()])'),
        (lambda: NEWS.subscription(filter={"a": []}), "Subscription: filter['a'] admits nothing; give at least one value"),
        (lambda: NEWS.subscription(filter={str(n): ["x"] for n in range(6)}), "Subscription: a filter has up to five keys, got 6; filter by fewer"),
        (lambda: Queue("Jobs", subscriptions=[NEWS.subscription(), NEWS.subscription()]), 'Queue "Jobs": it subscribes twice to Topic "News"; put both filters into one subscription'),
        (lambda: Queue("Jobs", subscriptions=[Topic("News", fifo=True).subscription()]), 'Queue "Jobs": Topic "News" is FIFO, and so must its queues be; give fifo=True'),
        (lambda: Queue("Jobs", encryption=Key("Own"), subscriptions=[NEWS.subscription()]), 'Queue "Jobs": topics cannot use a key of your own, so they could not deliver; leave encryption or subscriptions out'),
    ],
)  # fmt: skip
def test_what_no_topic_or_subscription_can_be_is_refused(make: Any, message: str) -> None:
    assert refusal(make) == message
