"""Deploying the stacks of an app: plan all, ask once, then work through the graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from fargate_stacks.core.template import Template
from fargate_stacks.deploy import consent, graph, guard, operate, parameters, plan
from fargate_stacks.deploy.builds import Builder
from fargate_stacks.deploy.client import Client, StackState
from fargate_stacks.deploy.clock import Clock
from fargate_stacks.deploy.interrupts import Interrupts
from fargate_stacks.deploy.messages import Ended, Out, Outputs, Planned, Summary
from fargate_stacks.deploy.planning import Draft, Planner, beyond, fingerprint
from fargate_stacks.deploy.run import Ask, Options, Run, opened, select
from fargate_stacks.errors import DeployError


def deploy(
    templates: Mapping[str, Template],
    client: Client,
    *,
    out: Out,
    ask: Ask,
    confirm: Ask | None = None,
    only: Collection[str] = (),
    given: Mapping[str, str] | None = None,
    options: Options | None = None,
    clock: Clock | None = None,
    interrupts: Interrupts | None = None,
    clients: Mapping[str, Client] | None = None,
) -> None:
    """Deploy stacks in the order of `templates`, which must be deployable.

    `only` limits it to some of them; `given` holds parameter values by KEY or STACK.KEY; `confirm` asks about
    what a plain yes does not cover, by default as `ask` does. A failure stops what needs the stack that failed.
    Raises DeployError, its exit code as documented.
    """
    run = opened(
        client,
        out=out,
        ask=ask,
        confirm=confirm,
        options=options,
        clock=clock,
        interrupts=interrupts,
        clients=clients,
    )
    app = _App(templates, run, only, given or {})
    drafts = app.plan()
    wanted = [one for one in drafts.values() if not one.plan.empty]
    if wanted:
        app.undone_unless(app.prepare)
        app.undone_unless(lambda: consent.obtain([one.plan for one in wanted], run, app.fingerprint))
    app.carry_out()


def preview(
    templates: Mapping[str, Template],
    client: Client,
    *,
    out: Out,
    ask: Ask,
    only: Collection[str] = (),
    given: Mapping[str, str] | None = None,
    options: Options | None = None,
    clock: Clock | None = None,
    clients: Mapping[str, Client] | None = None,
) -> bool:
    """Make the plan of a deploy, say it, and take it back; tell whether there is anything to change."""
    run = opened(
        client,
        out=out,
        ask=ask,
        confirm=lambda question: False,  # a look repairs nothing
        options=options,
        clock=clock,
        clients=clients,
    )
    app = _App(templates, run, only, given or {})
    drafts = app.plan()
    app.discard()
    for name, draft in drafts.items():
        if draft.plan.empty:
            out(Ended(stack=name, how="no changes"))
    return any(not one.plan.empty for one in drafts.values())


_LINKED_ROLE = re.compile(r"service.linked role", re.IGNORECASE)


class _App:
    """The stacks of one run, planned and carried out."""

    def __init__(
        self, templates: Mapping[str, Template], run: Run, only: Collection[str], given: Mapping[str, str]
    ) -> None:
        self.templates = templates
        self.run = run
        self.chosen = select(templates, only)
        self.given = parameters.given_for(given, self.chosen)
        self.planner = Planner(templates, run, self.given)
        self.order = guard.Order({}, {})
        self.after: dict[str, set[str]] = {}
        self.fingerprint = ""
        self.builder = Builder(run.options.builder)

    @property
    def drafts(self) -> dict[str, Draft]:
        return {name: self.planner.drafts[name] for name in self.chosen if name in self.planner.drafts}

    def plan(self) -> dict[str, Draft]:
        """Plan every stack, and say the plans in order; at a failure none is left behind."""
        parameters.refuse_missing(
            {
                name: parameters.missing(template, self.run.at(template).stack(name), self.given[name])
                for name, template in self.chosen.items()
                if template.parameters
            }
        )
        self.undone_unless(self._plan)
        for draft in self.drafts.values():
            self.run.out(Planned(stack=draft.name, plan=draft.plan))
        plans = [one.plan for one in self.drafts.values()]
        self.run.out(Summary(fingerprint=self.fingerprint, changes=sum(len(one.changes) for one in plans)))
        return self.drafts

    def _plan(self) -> None:
        after = {name: template.after for name, template in self.chosen.items()}
        self._work(after, self._draft).raise_worst()
        if self.run.interrupts.wish is not None:
            raise KeyboardInterrupt
        self.order = guard.judge(guard.read(self.templates, self.drafts, self.run), self.drafts)
        for name, kept in self.order.keep.items():
            draft = self.drafts[name]
            if draft.plan.change_set:
                plan.discard(draft.client, draft.plan)
            self.planner.plan(self.chosen[name], keep=kept)
            self.run.warn(name, f"the old {', '.join(kept)} stays until nobody uses it; delete it by hand later")
        self.after = self._turns()
        self.fingerprint = fingerprint(list(self.drafts.values()), self.given)

    def _draft(self, name: str) -> None:
        self.planner.plan(self.chosen[name])

    def prepare(self) -> None:
        """See that what must be built can be, before anybody is asked. Raises DeployError."""
        for draft in self.drafts.values():
            if not draft.plan.empty:
                values = parameters.texts(draft.request.parameters)
                for build in draft.builds:
                    self.builder.prepare(build, build.arn(values), draft.client)

    def undone_unless(self, do: Callable[[], None]) -> None:
        """Take the change sets back when something fails before any is executed."""
        try:
            do()
        except KeyboardInterrupt:
            self.discard()
            names = ", ".join(self.chosen)
            raise DeployError(f"{names}: interrupted; nothing was started", exit_code=130) from None
        except DeployError:
            self.discard()
            raise

    def discard(self) -> None:
        """Delete the change sets that wait, and the empty stacks that they made."""
        for draft in self.planner.drafts.values():
            if draft.plan.change_set and not draft.plan.empty:
                plan.discard(draft.client, draft.plan)

    def carry_out(self) -> None:
        """Work through the graph; what was not begun is taken back and named."""
        self.run.interrupts.armed = True
        outcome = self._work(self.after, self._deploy)
        for name in outcome.not_tried:
            draft = self.drafts[name]
            if draft.plan.change_set and not draft.plan.empty:
                plan.discard(draft.client, draft.plan)
        if outcome.not_tried:
            self.run.warn("", f"not tried: {', '.join(outcome.not_tried)}")
        outcome.raise_worst()

    def _turns(self) -> dict[str, set[str]]:
        """Give what each stack comes after: what it needs, and before a removal those who drop what is removed."""
        after = {
            name: (set(template.after) | self.order.after.get(name, set())) - {name}
            for name, template in self.chosen.items()
        }
        for producer, consumers in self.order.after.items():
            for consumer in consumers:
                if producer not in {one.stack for one in self.chosen[consumer].references.values()}:
                    after[consumer].discard(producer)
        graph.turns(after)
        return after

    def _work(self, after: Mapping[str, Collection[str]], one: Callable[[str], None]) -> graph.Outcome:
        concurrency = self.run.options.concurrency
        return graph.work(after, one, concurrency=concurrency, interrupts=self.run.interrupts)

    def _deploy(self, name: str) -> None:
        draft = self.drafts[name]
        try:
            self._once(draft)
        except operate.Obsolete as why:
            self._anew(draft, why)
        except DeployError as error:
            # the first use of a service makes its role, and loses a race against it: the second try succeeds
            if not (draft.plan.creates and error.exit_code == 7 and _LINKED_ROLE.search(str(error))):
                raise
            self.run.warn(name, "a new account: AWS was still making its service-linked role; once more")
            self._once(self.planner.plan(self.chosen[name]))

    def _anew(self, draft: Draft, why: DeployError) -> None:
        """Plan a stack that somebody changed since its plan was agreed to, and ask again."""
        self.run.warn(draft.name, f"{why}: planning it anew")
        plan.discard(draft.client, draft.plan)
        fresh = self.planner.plan(draft.template)
        self.run.out(Planned(stack=fresh.name, plan=fresh.plan))
        if not fresh.plan.empty:
            try:
                consent.obtain([fresh.plan], self.run, fingerprint(list(self.drafts.values()), self.given))
            except DeployError:
                plan.discard(fresh.client, fresh.plan)
                raise
        self._once(fresh)

    def _once(self, draft: Draft) -> None:
        run = self.run
        fresh = self.planner.again(draft)
        if fresh is not draft:
            self._compare(draft, fresh)
        draft = fresh
        state = draft.found.state
        if not draft.plan.empty:
            if run.options.no_rollback and not draft.plan.creates:
                _refuse_replacements(draft)
            if run.options.stack_policy and not draft.plan.creates and state is not None:
                draft.client.set_policy(state.id, run.options.stack_policy)
            self._build(draft)
            state = operate.execute(draft.template, draft.plan, draft.client, run, forward=draft.found.forward)
            if run.options.stack_policy and draft.plan.creates and state is not None:
                draft.client.set_policy(state.id, run.options.stack_policy)
            state = self._protect(draft, state)
        self._finish(draft, state)

    def _build(self, draft: Draft) -> None:
        """Build and push the images that the stack is about to run. Raises DeployError, nothing of the stack begun."""
        values = parameters.texts(draft.request.parameters)
        try:
            for build in draft.builds:
                arn = build.arn(values)
                if arn is None:  # its stack cannot be read: the repository stays, and with it the image
                    self.run.warn(draft.name, f"{build.parameter} keeps its image: its repository cannot be read")
                else:
                    self.builder.push(build, arn, draft.client, lambda text: self.run.note(draft.name, text))
        except DeployError:
            plan.discard(draft.client, draft.plan)
            raise

    def _compare(self, predicted: Draft, real: Draft) -> None:
        """Hold the real plan against the one that was agreed to. Raises DeployError for what nobody has seen."""
        self.run.out(Planned(stack=real.name, plan=real.plan))
        surprises = beyond(predicted.plan, real.plan)
        if surprises:
            plan.discard(real.client, real.plan)
            raise DeployError(
                f"{real.name}: the plan is not the one that was agreed to: {', '.join(surprises)}; "
                "deploy again to review it",
                exit_code=4,
            )

    def _protect(self, draft: Draft, state: StackState | None) -> StackState | None:
        later = draft.plan.protects_later
        if not later:
            return state
        template = draft.template
        self.run.note(template.name, f"switching on the deletion protection of {', '.join(later)}")
        kept = [{"ParameterKey": key, "UsePreviousValue": True} for key in template.parameters]
        again = replace(draft.request, creates=False, template=template.to_dict(), parameters=kept)
        again = replace(again, more={key: one for key, one in again.more.items() if key != "OnStackFailure"})
        second = plan.make(draft.client, again, self.run.clock, template.owners, artifacts=self.run.artifacts)
        return state if second.empty else operate.execute(template, second, draft.client, self.run)

    def _finish(self, draft: Draft, state: StackState | None) -> None:
        if state is None:
            return
        name, wanted = draft.name, draft.template.termination_protection
        if wanted is not None and wanted != state.termination_protection:
            draft.client.protect_from_termination(state.id, wanted)
            self.run.note(name, f"termination protection is {'on' if wanted else 'off'}")
        how = "no changes" if draft.plan.empty else "deployed"
        self.run.out(Ended(stack=name, how=how, status=state.status))
        if state.outputs:
            self.run.out(Outputs(stack=name, outputs=state.outputs))


def _refuse_replacements(draft: Draft) -> None:
    replaced = [one.logical_id for one in draft.plan.changes if one.replacement != "no"]
    if replaced:
        plan.discard(draft.client, draft.plan)
        raise DeployError(
            f"{draft.name}: --no-rollback allows no replacement, and {', '.join(replaced)} would be replaced; "
            "leave --no-rollback out",
            exit_code=2,
        )
