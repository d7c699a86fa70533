"""Rules about load balancers, over all stacks of the app: a listener's rules may live in many of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fargate_stacks.checks.finding import Templates
from fargate_stacks.checks.reading import Hit, referred, resources
from fargate_stacks.core.template import Template


def duplicate_priority(templates: Templates) -> Iterator[Hit]:
    """Two rules of one listener have the same priority, which the load balancer refuses."""
    taken: dict[tuple[str, str], str] = {}
    for template in templates.values():
        for logical_id, rule in resources(template, "AWS::ElasticLoadBalancingV2::ListenerRule"):
            key = (_origin(templates, template, rule.get("ListenerArn")), str(rule.get("Priority")))
            first = taken.setdefault(key, f"{template.name}.{logical_id}")
            if first != f"{template.name}.{logical_id}":
                yield Hit(
                    template.name,
                    logical_id,
                    f"priority {rule.get('Priority')} is taken by {first} on the same listener; give another",
                )


def public_and_unencrypted(templates: Templates) -> Iterator[Hit]:
    """A public load balancer serves plain HTTP and does not redirect to HTTPS."""
    for template in templates.values():
        public = {
            logical_id
            for logical_id, balancer in resources(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
            if balancer.get("Scheme", "internet-facing") == "internet-facing"
        }
        for logical_id, listener in resources(template, "AWS::ElasticLoadBalancingV2::Listener"):
            redirects = any(one.get("Type") == "redirect" for one in listener.get("DefaultActions", ()))
            if (
                listener.get("Protocol") == "HTTP"
                and not redirects
                and public.intersection(referred(listener.get("LoadBalancerArn")))
            ):
                yield Hit(
                    template.name,
                    logical_id,
                    "a public load balancer serves plain HTTP, readable on its way; give a certificate",
                )


def _origin(templates: Templates, template: Template, value: Any) -> str:
    """Name a value the same in every stack: a parameter or an import is followed to the output that it stands for."""
    output = None
    if isinstance(value, dict) and value.get("Ref") in template.references:
        reference = template.references[value["Ref"]]
        producer = templates.get(reference.stack)
        output = producer and producer.outputs.get(reference.output)
    elif isinstance(value, dict) and "Fn::ImportValue" in value:
        exported = {"Name": value["Fn::ImportValue"]}
        producer, output = next(
            (
                (one, output)
                for one in templates.values()
                for output in one.outputs.values()
                if output.get("Export") == exported
            ),
            (None, None),
        )
    else:
        producer = None
    if producer and output:
        return _origin(templates, producer, output["Value"])
    # the same Ref means the same only within one template; a literal ARN does everywhere
    return value if isinstance(value, str) else f"{template.name} {json.dumps(value, sort_keys=True)}"
