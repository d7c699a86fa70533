"""IPv4 blocks, judged by the standard library's `ipaddress`."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Network, NetmaskValueError, ip_network

from hypothesis import given
from hypothesis import strategies as st

from fargate_stacks.constructs.addresses import Block, parse_block


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_a_block_reads_as_it_is_written(first: int, prefix: int) -> None:
    assert parse_block(str(Block(first, prefix))) == Block(first, prefix)


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_the_network_of_a_block_is_that_of_ipaddress(first: int, prefix: int) -> None:
    assert str(Block(first, prefix).network) == str(ip_network((first, prefix), strict=False))


@given(st.integers(0, 2**32 - 1), st.integers(0, 28), st.integers(0, 4))
def test_parts_are_the_subnets_of_ipaddress(first: int, prefix: int, bits: int) -> None:
    whole = Block(first, prefix).network
    theirs = list(ip_network(str(whole)).subnets(prefixlen_diff=bits))
    assert [str(whole.part(bits, number)) for number in range(2**bits)] == [str(one) for one in theirs]


@given(st.from_regex(r"\A[0-9]{1,4}(\.[0-9]{1,4}){2,4}(/[0-9]{1,3})?\n?\Z"))
def test_what_ipaddress_refuses_is_no_block(text: str) -> None:
    if parse_block(text) is not None:
        IPv4Network(text, strict=False)
        return
    try:
        read = IPv4Network(text, strict=False)
    except (AddressValueError, NetmaskValueError):
        return
    assert "/" not in text or text.split("/")[1] != str(read.prefixlen)  # we want a prefix, written plainly
