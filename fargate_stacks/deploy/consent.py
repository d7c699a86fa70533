"""Whether a plan may be carried out: what a plain yes covers, and what needs an approval of its own."""

from __future__ import annotations

from collections.abc import Sequence

from fargate_stacks.deploy.plan import KINDS, Plan
from fargate_stacks.deploy.run import Run
from fargate_stacks.errors import DeployError


def obtain(plans: Sequence[Plan], run: Run, fingerprint: str) -> None:
    """Ask once for all stacks. Raises DeployError with exit code 4 when the answer was no, or nobody gave one."""
    reviewed = run.options.approve_plan
    names = ", ".join(one.stack for one in plans)
    if reviewed is not None:
        if reviewed != fingerprint:
            raise DeployError(
                f"deploy: this is not the plan that was reviewed: its hash is {fingerprint}, not {reviewed}; "
                "review it anew with fargate-stacks diff",
                exit_code=4,
            )
        return
    open_kinds = [
        kind
        for kind in KINDS
        if kind not in run.options.approved and any(r.kind == kind for p in plans for r in p.risks)
    ]
    if open_kinds:
        risky = " and ".join(open_kinds)
        if not run.confirmed(f"deploy these changes to {names}, with {risky}?"):
            raise DeployError(
                f"deploy: {risky} {'is' if len(open_kinds) == 1 else 'are'} not approved; nothing was started; "
                f"--approve {','.join(open_kinds)} approves it",
                exit_code=4,
            )
        return
    if not run.asked(f"deploy these changes to {names}?"):
        raise DeployError(f"{names}: declined; nothing was started", exit_code=4)
