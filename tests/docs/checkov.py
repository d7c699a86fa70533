"""The page about rule packs: what blueprints fail, and why."""

from __future__ import annotations

from collections.abc import Mapping

from tests.blueprints.accepted import ALONE, AWS_SOLUTIONS, CHECKOV, CONTROL_TOWER, Accepted

HEAD = """\
# What security rules say

[checkov](https://www.checkov.io), the guard rules of AWS Control Tower and cdk-nag's AwsSolutions judge every
blueprint in our tests. Without a domain and without money some of their rules cannot pass, and two blueprints cannot
pass some at all; these tables name them all. Each remedy is made when you ask for it, and none behind your back.

## The blueprint that asks for everything

`fargate-stacks init hardened_web` gives a web service with HTTPS alone, a firewall, keys and logs. Our tests hold it to
these figures, beside those of CDK 2.276's load-balanced Fargate pattern:

| | hardened_web | CDK's pattern |
|---|---|---|
| cfn-lint, cloudformation-validate | 0 | 1 |
| checkov, failed checks | 0 | 8 |
| Control Tower's guard rules | 3 | 11 |
| aws-guard-rules-registry | 0 | 14 |
| cdk-nag AwsSolutions | 1 | 4 |
| cdk-nag NIST 800-53 R5 | 4 | 12 |

Control Tower's three are about the buckets for logs: their key, since AWS's log delivery writes with S3's own
encryption only; the lock, which nobody can undo for a year; and the log of the last bucket, which would go into
itself. AwsSolutions' one is the public load balancer. The registry's rules are answered in the template:
`Metadata.guard.SuppressedRules` beside the reason, of which `REASONS` in the blueprint is the list. A service whose
image lies in ECR fails AwsSolutions-IAM5 as well, since `ecr:GetAuthorizationToken` knows no resource. [`make
security`](checks.md) prints the table.

"""
FOOT = """
A test fails when a blueprint fails another rule, and when a rule in these tables is failed no more. The page is written
from the same data by `make pages`.
"""


def page() -> str:
    packs = {"checkov": CHECKOV, "Control Tower": CONTROL_TOWER, "cdk-nag AwsSolutions": AWS_SOLUTIONS}
    packs |= {f"Control Tower, `{name}` alone": rules for name, rules in ALONE.items()}
    return HEAD + "\n".join(_table(pack, accepted) for pack, accepted in packs.items()) + FOOT


def _table(pack: str, accepted: Mapping[str, Accepted]) -> str:
    rows = "".join(f"| {rule} | {one.demand} | {one.reason} |\n" for rule, one in accepted.items())
    return f"## {pack}\n\n| rule | demands | why blueprints fail it |\n|---|---|---|\n{rows}"
