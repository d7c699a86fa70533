"""Queues: the two that are made, who may use them, and what no queue can be."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks.constructs.key import Key
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.providers.queue import Queue
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties
from tests.providers.providers import allowed, seen, task_statements

JOBS = Queue("Jobs")
ARN = {"Fn::GetAtt": ["JobsQueue", "Arn"]}


def template(queue: Queue, **stack: Any) -> Any:
    return render(App([Stack("s", [queue], **stack)]))["s"]


def queue(**fields: Any) -> dict[str, Any]:
    return properties(template(Queue("Jobs", **fields)), "JobsQueue")


def test_sending_is_one_action_on_one_queue() -> None:
    assert task_statements(JOBS.send(), JOBS) == [allowed("sqs:SendMessage", on=[ARN])]


def test_consuming_is_four_actions_on_one_queue() -> None:
    assert task_statements(JOBS.consume(), JOBS) == [
        allowed(
            "sqs:ReceiveMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            on=[ARN],
        )
    ]


def test_a_task_finds_the_url_under_the_queues_name_or_the_one_given() -> None:
    assert seen(JOBS.send(), JOBS) == {"JOBS_URL": {"Ref": "JobsQueue"}}
    assert seen(JOBS.consume(env="QUEUE_URL"), JOBS) == {"QUEUE_URL": {"Ref": "JobsQueue"}}
    mails = Queue("OutgoingMails")
    assert seen(mails.send(), mails) == {"OUTGOING_MAILS_URL": {"Ref": "OutgoingMailsQueue"}}


def test_a_queue_is_encrypted_polled_long_and_gives_up_to_its_dead_letters() -> None:
    made = template(JOBS)
    assert properties(made, "JobsQueue") == {
        "MessageRetentionPeriod": 345_600,
        "SqsManagedSseEnabled": True,
        "VisibilityTimeout": 30,
        "ReceiveMessageWaitTimeSeconds": 20,
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["JobsDeadLetterQueue", "Arn"]}, "maxReceiveCount": 3},
    }
    assert properties(made, "JobsDeadLetterQueue") == {
        "MessageRetentionPeriod": 1_209_600,
        "SqsManagedSseEnabled": True,
    }


@pytest.mark.parametrize("part", ["Queue", "DeadLetterQueue"])
def test_requests_without_tls_are_denied(part: str) -> None:
    policy = properties(template(JOBS), f"Jobs{part}Policy")
    assert policy["Queues"] == [{"Ref": f"Jobs{part}"}]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement == {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": {"Fn::GetAtt": [f"Jobs{part}", "Arn"]},
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


@pytest.mark.parametrize(("removal", "policy"), [("retain", "Retain"), ("remove", "Delete")])
def test_messages_outlive_the_stack_unless_it_says_otherwise(removal: str, policy: str) -> None:
    made = template(JOBS, removal=removal)
    for part in ("JobsQueue", "JobsDeadLetterQueue"):
        assert made.resources[part]["DeletionPolicy"] == made.resources[part]["UpdateReplacePolicy"] == policy


@pytest.mark.parametrize(
    ("fields", "key", "value"),
    [
        ({"visibility_timeout": timedelta(hours=12)}, "VisibilityTimeout", 43_200),
        ({"retention": timedelta(minutes=1)}, "MessageRetentionPeriod", 60),
        ({"max_message_size": 1024}, "MaximumMessageSize", 1024),
        ({"fifo": True}, "FifoQueue", True),
        ({"fifo": True}, "ContentBasedDeduplication", False),
        ({"fifo": True, "content_based_deduplication": True}, "ContentBasedDeduplication", True),
    ],
)
def test_each_field_is_a_property(fields: dict[str, Any], key: str, value: Any) -> None:
    assert queue(**fields)[key] == value


def test_retries_count_deliveries() -> None:
    assert queue(retries=7)["RedrivePolicy"]["maxReceiveCount"] == 7


def test_the_dead_letters_of_a_fifo_queue_are_one_too() -> None:
    assert properties(template(Queue("Jobs", fifo=True)), "JobsDeadLetterQueue")["FifoQueue"] is True


def test_dead_letters_have_a_retention_of_their_own() -> None:
    made = template(Queue("Jobs", retention=timedelta(days=1), dead_letter_retention=timedelta(days=2)))
    assert properties(made, "JobsDeadLetterQueue")["MessageRetentionPeriod"] == 172_800


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"retries": 0}, 'Queue "Jobs": retries must be 1 to 1000 deliveries, got 0; the default is 3'),
        ({"retries": 1001}, 'Queue "Jobs": retries must be 1 to 1000 deliveries, got 1001; the default is 3'),
        ({"visibility_timeout": timedelta(hours=13)}, 'Queue "Jobs": visibility_timeout must be 0 to 43200 whole seconds, got 46800; give timedelta(seconds=43200)'),
        ({"visibility_timeout": timedelta(seconds=1.5)}, 'Queue "Jobs": visibility_timeout must be 0 to 43200 whole seconds, got 1.5; give timedelta(seconds=2)'),
        ({"retention": timedelta(seconds=59)}, 'Queue "Jobs": retention must be 60 to 1209600 whole seconds, got 59; give timedelta(seconds=60)'),
        ({"dead_letter_retention": timedelta(days=15)}, 'Queue "Jobs": dead_letter_retention must be 60 to 1209600 whole seconds, got 1296000; give timedelta(seconds=1209600)'),
        ({"dead_letter_retention": timedelta(days=1)}, 'Queue "Jobs": dead_letter_retention=86400 s is shorter than retention=345600 s, and a message keeps its age when it moves; give at least as long'),
        ({"content_based_deduplication": True}, 'Queue "Jobs": content_based_deduplication is for FIFO queues; give fifo=True or leave it out'),
        ({"max_message_size": 1023}, 'Queue "Jobs": max_message_size must be 1024 to 1048576 bytes, got 1023; keep larger payloads in a Bucket and send their keys'),
        ({"visibility_timeout": 30}, 'Queue "Jobs": visibility_timeout must be timedelta, got 30; pass timedelta'),
        ({"queue_name": "x"}, 'Queue "Jobs": queue_name is generated, so that a replacement can be made; queue.queue_name gives it'),
        ({"retry": 1}, 'Queue "Jobs": there is no field retry; did you mean retries'),
    ],
)  # fmt: skip
def test_what_no_queue_can_be_is_refused(fields: dict[str, Any], message: str) -> None:
    assert refusal(lambda: Queue("Jobs", **fields)) == message


def test_a_misspelt_or_wrong_argument_of_a_verb_is_answered() -> None:
    assert refusal(lambda: JOBS.send(enw="X")) == 'Queue "Jobs".send(): there is no argument enw; did you mean env'
    assert refusal(lambda: JOBS.send(env=1)) == 'Queue "Jobs".send(): env must be str or None, got 1; pass str or None'
    assert (
        refusal(lambda: JOBS.consume("X"))
        == "Queue \"Jobs\".consume(): 'X' has no argument name; it takes env, container"
    )
    assert (
        refusal(lambda: JOBS.send(env="1X"))
        == "Jobs.send(): an environment name is letters, digits and _, not a digit first, got '1X'"
    )


def test_a_key_of_ones_own_is_for_both_queues_and_for_their_users() -> None:
    key = Key("Own")
    jobs = Queue("Jobs", encryption=key)
    arn = {"Fn::GetAtt": ["OwnKey", "Arn"]}
    made = render(App([Stack("s", [jobs, key])]))["s"]
    for part in ("JobsQueue", "JobsDeadLetterQueue"):
        assert properties(made, part)["KmsMasterKeyId"] == arn
        assert "SqsManagedSseEnabled" not in properties(made, part)
    assert task_statements(jobs.send(), jobs, key)[1] == allowed("kms:Decrypt", "kms:GenerateDataKey", on=[arn])
    assert task_statements(jobs.consume(), jobs, key)[1] == allowed("kms:Decrypt", on=[arn])
