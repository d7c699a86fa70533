"""Small constructs for the tests of the core: what a user writes in ten lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from awacs.aws import Action, Allow, PolicyDocument, Statement
from troposphere import ec2, iam, sqs

from fargate_stacks.core.construct import Construct
from fargate_stacks.core.values import Attr, AttrList, Text, by_removal


class Box(Construct):
    """A queue, a security group and two subnets: something to refer to."""

    def build(self) -> Iterator[Any]:
        yield sqs.Queue(self.id("Queue"), DeletionPolicy=by_removal(retain="Retain", remove="Delete"))
        yield ec2.SecurityGroup(self.id("SecurityGroup"), GroupDescription=self.name)
        for number in (1, 2):
            yield ec2.Subnet(self.id(f"Subnet{number}"), VpcId="vpc-1", CidrBlock=f"10.0.{number}.0/24")

    @property
    def url(self) -> Attr:
        return self.attr("Queue")

    @property
    def arn(self) -> Attr:
        return self.attr("Queue", "Arn")

    @property
    def security_group(self) -> Attr:
        return self.attr("SecurityGroup", "GroupId")

    @property
    def subnets(self) -> AttrList:
        return AttrList(self.id("Subnets"), [self.attr("Subnet1"), self.attr("Subnet2")])


class User(Construct):
    """A policy that names what it is given, and a queue that waits for it."""

    uses: Sequence[Text]
    after: Sequence[Attr] = ()

    def build(self) -> Iterator[Any]:
        statement = Statement(Effect=Allow, Action=[Action("sqs", "SendMessage")], Resource=list(self.uses))
        document = PolicyDocument(Version="2012-10-17", Statement=[statement])
        yield iam.ManagedPolicy(self.id("Policy"), PolicyDocument=document)
        yield sqs.Queue(self.id("Queue"), DependsOn=[self.attr("Policy"), *self.after])
