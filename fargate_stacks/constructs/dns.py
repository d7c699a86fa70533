"""Names: a hosted zone that exists, the certificate for names in it, and the records that lead to a load balancer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Any

from fargate_stacks.core.construct import Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Text

_DOMAIN = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])\Z")


class HostedZone(Value):
    """A hosted zone of Route 53 that is there already: `HostedZone("example.com", id="Z0123456789ABCDEFGHIJ")`.

    Nothing is looked up. `private=True` says that only VPCs see it, so that no certificate can be validated in it.
    """

    name: str = field(kw_only=False)
    id: Text
    private: bool = False

    def check(self) -> None:
        if not _DOMAIN.match(self.name) or self.name.startswith("*"):
            raise self.refuse("a zone's name is a domain in lower case, without a dot at its end")
        if isinstance(self.id, str) and not re.fullmatch(r"Z[A-Z0-9]{1,31}", self.id):
            raise self.refuse(f"id must look like Z0123456789ABCDEFGHIJ, got {shown(self.id)}")

    def holds(self, domain: str) -> bool:
        """Whether a name belongs to this zone."""
        return domain == self.name or domain.endswith(f".{self.name}")


def problem(domains: Sequence[str], zone: HostedZone | None) -> str | None:
    """Say what is wrong with names that a load balancer shall have, or None."""
    for domain in domains:
        if not _DOMAIN.match(domain):
            return f"domain must be a host name in lower case like shop.example.com, got {shown(domain)}"
        if zone is not None and not zone.holds(domain):
            return f"domain {domain} is not in the hosted zone {zone.name}; give the zone that holds it"
    if len(set(domains)) < len(domains):
        return f"a domain is given twice, got {', '.join(domains)}"
    if domains and zone is None:
        return 'domain= needs hosted_zone=HostedZone("example.com", id="Z..."), which its records are put into'
    if zone is not None and not domains:
        return 'hosted_zone= is for domain=; give domain="shop.example.com"'
    return None


def words(domain: str) -> str:
    """`shop.example.com` → `ShopExampleCom`: what stands for a name in logical ids."""
    plain = domain.replace("*", "wildcard")
    return "".join(word.capitalize() for word in re.findall(r"[a-z0-9]+", plain))


def certificate(logical_id: str, domains: Sequence[str], zone: HostedZone) -> Any:
    """Give a certificate for all names; CloudFormation writes the records that validate it and waits for it."""
    from troposphere import certificatemanager as acm

    more = {"SubjectAlternativeNames": list(domains[1:])} if len(domains) > 1 else {}
    return acm.Certificate(
        logical_id,
        DomainName=domains[0],
        **more,
        ValidationMethod="DNS",
        DomainValidationOptions=[
            acm.DomainValidationOption(DomainName=domain, HostedZoneId=zone.id) for domain in domains
        ],
    )


def alias_records(
    start: str, domains: Sequence[str], zone: HostedZone, dns_name: Text, zone_id: Text, *, ipv6: bool = False
) -> Iterator[Any]:
    """Give a record for each name that leads to a load balancer, or to a distribution; for IPv6 a second one."""
    from troposphere import route53

    for domain in domains:
        for kind, part in (("A", "Record"), ("AAAA", "Ipv6Record"))[: 2 if ipv6 else 1]:
            yield route53.RecordSetType(
                f"{start}{words(domain)}{part}",
                HostedZoneId=zone.id,
                Name=f"{domain}.",
                Type=kind,
                AliasTarget=route53.AliasTarget(DNSName=dns_name, HostedZoneId=zone_id, EvaluateTargetHealth=False),
            )
