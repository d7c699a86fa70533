"""IPv4 blocks. The standard library's `ipaddress` costs more to import than all of `synth` needs of it."""

from __future__ import annotations

import re
from typing import NamedTuple

_CIDR = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})/(\d{1,2})\Z", re.ASCII)


class Block(NamedTuple):
    """A range of IPv4 addresses: its first one as a number, and the length of its prefix."""

    first: int
    prefix: int

    def __str__(self) -> str:
        octets = [str(self.first >> shift & 255) for shift in (24, 16, 8, 0)]
        return f"{'.'.join(octets)}/{self.prefix}"

    @property
    def network(self) -> Block:
        """The block of this prefix that holds the first address."""
        size = 1 << (32 - self.prefix)
        return Block(self.first - self.first % size, self.prefix)

    def part(self, bits: int, number: int) -> Block:
        """One of the equal parts that `bits` more bits of prefix make, counted from 0."""
        prefix = self.prefix + bits
        return Block(self.first + (number << (32 - prefix)), prefix)


def parse_block(text: str) -> Block | None:
    """Read `10.0.0.0/16`; None when it is no IPv4 block."""
    found = _CIDR.match(text)
    if found is None:
        return None
    *octets, prefix = (int(one) for one in found.groups())
    if prefix > 32 or any(one > 255 for one in octets):
        return None
    first = 0
    for one in octets:
        first = first << 8 | one
    block = Block(first, prefix)
    return block if str(block) == text else None  # a leading zero is octal to some readers
