"""`python -m fargate_stacks` is the same as `fargate-stacks`."""

from fargate_stacks.cli import entry

entry()
