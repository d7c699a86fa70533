"""What no rule can judge, said once."""

from __future__ import annotations

from collections.abc import Iterator

from fargate_stacks.checks.reading import Hit, Reading, rule


@rule(
    "FS117",
    "info",
    cure="give the values by --set, or judge what aws cloudformation get-template --template-stage Processed prints",
    source="CloudFormation user guide, Fn::ForEach",
)
def loop(reading: Reading) -> Iterator[Hit]:
    """A loop runs over values that the template does not tell, and what it makes is judged by nobody."""
    for name, template in reading.written.items():
        for key in template.resources:
            if reading.origins[name].get(key) == key:  # it stands where what it makes would stand
                yield Hit(name, key, "the values of this loop are not known, so its resources are not judged")
