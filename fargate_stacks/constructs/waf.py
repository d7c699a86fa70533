"""A web application firewall in front of load balancers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from troposphere import GetAtt

from fargate_stacks.constructs.flow_logs import problem_of_retention
from fargate_stacks.constructs.key import Key
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, by_removal, sub

# what AWS recommends for every web application, in this order
_MANAGED = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
)


class Waf(Construct):
    """A web ACL of AWS WAF with AWS's managed rule groups and a limit of requests from one address.

    `LoadBalancer(waf=)` takes it. About 5 USD a month, 1 for each group, and a part for each million requests.
    `observe` are groups that only count: the common rule set blocks bodies above 8 KB and clients without a user
    agent, so it is watched before it blocks. `rate` is how many requests one address may send in five minutes, None
    for no limit. `log` keeps what was blocked or counted for `log_retention`, encrypted with `encryption` where that
    is given. Raises SpecError for names that are no managed groups and a rate that WAF refuses.
    """

    groups: Sequence[str] = _MANAGED
    observe: Sequence[str] = ("AWSManagedRulesCommonRuleSet",)
    rate: int | None = 2000
    log: bool = True
    log_retention: timedelta = timedelta(days=365)
    encryption: Key | None = None

    def check(self) -> None:
        problem = problem_of_retention(self.log_retention)
        if problem is not None:
            raise self.refuse(f"log_retention {problem}")
        for one in self.groups:
            if not re.fullmatch(r"AWSManagedRules[A-Za-z0-9]+", one):
                raise self.refuse(f"groups are names of AWS's managed rule groups, got {shown(one)}")
        for one in self.observe:
            if one not in self.groups:
                raise self.refuse(f"observe names {one}, which is not among its groups; add it to groups=")
        if len(set(self.groups)) < len(self.groups):
            raise self.refuse(f"a group is named twice, got {', '.join(self.groups)}")
        if self.rate is not None and not 10 <= self.rate <= 2_000_000_000:
            raise self.refuse(f"rate is 10 to 2,000,000,000 requests in five minutes, got {self.rate}")
        if not self.groups and self.rate is None:
            raise self.refuse("it would let everything pass; give groups= or rate=")

    @property
    def arn(self) -> Attr:
        return self.attr("WebAcl", "Arn")

    def build(self) -> Iterator[Any]:
        from troposphere import logs, wafv2

        yield wafv2.WebACL(
            self.id("WebAcl"),
            Scope="REGIONAL",
            DefaultAction=wafv2.DefaultAction(Allow=wafv2.AllowAction()),
            Description=f"Web ACL {self.name}",
            VisibilityConfig=_seen(self.name),
            Rules=[*self._rate_rule(), *(self._group(one, i) for i, one in enumerate(self.groups, 1))],
        )
        if self.log:
            # WAF takes no group with another prefix
            more = {} if self.encryption is None else {"KmsKeyId": self.encryption.arn}
            yield logs.LogGroup(
                self.id("LogGroup"),
                DeletionPolicy=by_removal(retain="RetainExceptOnCreate", remove="Delete"),
                UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
                LogGroupName=sub(f"aws-waf-logs-${{AWS::StackName}}-{self.name}"),
                RetentionInDays=self.log_retention.days,
                **more,
            )
            yield wafv2.LoggingConfiguration(
                self.id("Logging"),
                ResourceArn=GetAtt(self.id("WebAcl"), "Arn"),
                LogDestinationConfigs=[
                    sub(
                        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:{group}",
                        group=self.attr("LogGroup"),
                    )
                ],
            )

    def _rate_rule(self) -> Iterator[Any]:
        from troposphere import wafv2

        if self.rate is None:
            return
        yield wafv2.WebACLRule(
            Name="rate",
            Priority=0,
            Action=wafv2.RuleAction(Block=wafv2.BlockAction()),
            Statement=wafv2.Statement(
                RateBasedStatement=wafv2.RateBasedStatement(Limit=self.rate, AggregateKeyType="IP")
            ),
            VisibilityConfig=_seen("rate"),
        )

    def _group(self, group: str, priority: int) -> Any:
        from troposphere import wafv2

        counted = group in self.observe
        override = wafv2.OverrideAction(Count={}) if counted else wafv2.OverrideAction(**{"None": {}})
        return wafv2.WebACLRule(
            Name=group,
            Priority=priority,
            OverrideAction=override,
            Statement=wafv2.Statement(
                ManagedRuleGroupStatement=wafv2.ManagedRuleGroupStatement(VendorName="AWS", Name=group)
            ),
            VisibilityConfig=_seen(group),
        )


def association(logical_id: str, waf: Waf, resource_arn: Any) -> Any:
    """Give what puts a web ACL in front of a load balancer."""
    from troposphere import wafv2

    return wafv2.WebACLAssociation(logical_id, ResourceArn=resource_arn, WebACLArn=waf.arn)


def _seen(name: str) -> Any:
    from troposphere import wafv2

    return wafv2.VisibilityConfig(CloudWatchMetricsEnabled=True, SampledRequestsEnabled=True, MetricName=name)
