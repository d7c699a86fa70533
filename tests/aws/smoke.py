"""Prove in one account and region, for less than a euro, what docs/unverified-on-aws.md says: `make aws-smoke`.

Three small stacks are deployed, questions asked, and everything is deleted again, also after a failure or Ctrl-C.
`--dry-run` does all of it on the local cloud, which cannot answer every question.
"""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from fargate_stacks import App, Template, render
from fargate_stacks.deploy.client import connect
from fargate_stacks.deploy.destroy import destroy
from fargate_stacks.deploy.engine import deploy
from fargate_stacks.deploy.run import Options
from fargate_stacks.errors import DeployError
from tests.aws import apps
from tests.aws.account import Account, Refuted
from tests.aws.proofs import PROOFS, Proof

Say = Callable[[str], None]
HOURS = 1.0
"""How long everything is there, at most."""
PRICES: Mapping[str, float] = {
    "4 Fargate tasks of 0.25 vCPU and 0.5 GB": 4 * 0.0142,
    "a load balancer and a capacity unit": 0.0252 + 0.0080,
    "a t4g.nano with 8 GB": 0.0042 + 0.0010,
    "4 public IPv4 addresses": 4 * 0.0050,
    "60 metrics of Container Insights": 60 * 0.30 / 730,
    "a KMS key and 2 secrets": 1.80 / 730,
    "logs and flow logs, 20 MB": 0.0125,
}
"""USD an hour, rounded up from eu-west-1's prices of 2026."""


class Result(NamedTuple):
    """What became of one line."""

    line: str
    verdict: str
    """proved, refuted, or not asked."""
    evidence: str


def estimate() -> float:
    """Give USD for the whole run."""
    return sum(PRICES.values()) * HOURS


def run(account: Account, *, say: Say, local: bool = False, proofs: Sequence[Proof] = PROOFS) -> list[Result]:
    """Deploy, ask, and delete everything again, whatever happens; give what was shown."""
    secret = f"{account.name}-there"
    made = [render(app) for app in whole(account.name, secret)]
    account.templates = {name: template for templates in made for name, template in templates.items()}
    try:
        account.api("secretsmanager").create_secret(Name=secret, SecretString="x")
        for templates in made:
            _deploy(account, templates, say)
        if not local:
            _fail(account, say)
        return [_asked(account, one, local, say) for one in proofs]
    finally:
        left = clean(account, secret, say)
        if left:
            say(f"LEFT BEHIND, delete by hand: {', '.join(left)}")


def whole(name: str, secret: str) -> Sequence[App]:
    return [apps.main(name, secret), apps.small(f"{name}-small", "1")]


def _deploy(account: Account, templates: Mapping[str, Template], say: Say) -> None:
    say(f"deploying {', '.join(templates)}")
    options = Options(approved=frozenset({"broadening", "data-loss"}))
    deploy(templates, account.client, out=_quiet, ask=_yes, options=options)


def _fail(account: Account, say: Say) -> None:
    """A first create that is meant to fail."""
    templates = render(apps.failing(f"{account.name}-failing"))
    account.templates = {**account.templates, **templates}
    try:
        _deploy(account, templates, say)
    except DeployError as error:
        say(f"failed as it should: {error}")


def _asked(account: Account, proof: Proof, local: bool, say: Say) -> Result:
    if local and not proof.local:
        return Result(proof.line, "not asked", "the local cloud cannot say")
    try:
        result = Result(proof.line, "proved", proof.ask(account))
    except Refuted as error:
        result = Result(proof.line, "refuted", str(error))
    except Exception as error:
        result = Result(proof.line, "not asked", f"{type(error).__name__}: {error}")
    say(f"{result.verdict}: {result.line}: {result.evidence}")
    return result


def clean(account: Account, secret: str, say: Say) -> list[str]:
    """Delete all that was made, twice where it takes two; give the stacks that stay."""
    say("cleaning up")
    for _ in range(2):
        there = {name: one for name, one in account.templates.items() if account.client.stack(name) is not None}
        if not there:
            break
        options = Options(approved=frozenset({"broadening", "data-loss"}))
        try:
            destroy(there, account.client, out=_quiet, ask=_yes, confirm=_yes, options=options)
        except DeployError as error:
            say(f"destroy: {error}")
    try:
        account.api("secretsmanager").delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    except Exception as error:
        say(f"secret: {error}")
    return [name for name in account.templates if account.client.stack(name) is not None]


def _yes(question: str) -> bool:
    return True


def _quiet(message: object) -> None:
    """Where the deployer's messages go."""


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Account]:
    """The account that is asked: AWS's, or with --dry-run one of a local cloud in this process."""
    name = f"fs-smoke-{secrets.token_hex(3)}"
    if not options.dry_run:
        yield Account(connect(region=options.region, profile=options.profile), name)
        return
    from fargate_stacks.deploy.local.server import in_thread

    with tempfile.TemporaryDirectory() as folder, in_thread(Path(folder)) as url:
        yield Account(connect(endpoint_url=url), name, patience=0.0, sleep=lambda seconds: None)


def table(results: Sequence[Result]) -> Iterator[str]:
    yield "| line | verdict | evidence |"
    yield "|---|---|---|"
    for one in results:
        yield f"| {one.line} | {one.verdict} | {one.evidence} |"


def main(
    arguments: Sequence[str] | None = None,
    *,
    say: Say | None = None,
    ask: Callable[[str], str] = input,
    at: Callable[[argparse.Namespace], AbstractContextManager[Account]] | None = None,
) -> int:
    """0: nothing was refuted; 1: something was; 2: not started; 3: something was left behind."""
    say = say or (lambda line: print(line, flush=True))  # noqa: T201
    parser = argparse.ArgumentParser(prog="python -m tests.aws.smoke", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--region", help="default: as the AWS command line finds it")
    parser.add_argument("--profile")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="on the local cloud")
    options = parser.parse_args(arguments)
    for what, price in PRICES.items():
        say(f"{price * HOURS:8.4f} USD  {what}")
    say(f"{estimate():8.4f} USD  together, if it takes {HOURS:g} hour")
    with (at or opened)(options) as account:
        where = "the local cloud" if options.dry_run else f"account {account.client.account()}, {account.client.region}"
        if not (options.yes or options.dry_run) and ask(f"{len(PROOFS)} lines in {where}? [y/N] ").strip() != "y":
            return 2
        signal.signal(signal.SIGTERM, _interrupted)
        say(f"{account.name} in {where}")
        results = run(account, say=say, local=options.dry_run)
        left = [name for name in account.templates if account.client.stack(name) is not None]
    for line in table(results):
        say(line)
    if left:
        return 3
    return 1 if any(one.verdict == "refuted" for one in results) else 0


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
