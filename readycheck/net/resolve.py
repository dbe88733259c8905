"""Names to addresses, by the operating system's resolver, which alone knows hosts files and split DNS."""

import asyncio
import ipaddress
from collections.abc import Callable
from functools import partial

from readycheck.host.local import look_up
from readycheck.model.failure import FailureCode, OperationFailed
from readycheck.net.beside import beside
from readycheck.net.failures import failure_of

TIMEOUT_S = 4.0
_MOST_ADDRESSES = 8
METADATA_ADDRESSES = frozenset({"169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16"})
"""Where clouds hand out a machine's secrets: no name of a profile has to lead there."""


def is_metadata_address(literal: str) -> bool:
    """Whether a cloud's metadata service answers there; also in IPv6's spelling of IPv4."""
    try:
        address = ipaddress.ip_address(literal)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address) in METADATA_ADDRESSES


async def resolve(
    host: str,
    *,
    timeout_s: float = TIMEOUT_S,
    every: bool = False,
    look_up: Callable[[str], list[str]] = look_up,
) -> list[str]:
    """Address literals of a name in the system's order of preference: the first of each family, or `every` one.

    Raises OperationFailed: dns_not_found, dns_timeout, destination_refused.
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    if host.rstrip(".").rpartition(".")[2].lower() == "invalid":  # RFC 6761 section 6.4: such names never exist
        raise OperationFailed(FailureCode.DNS_NOT_FOUND, "resolve", "names under .invalid never exist")
    found = await _ask(partial(look_up, host), host, timeout_s)
    if any(map(is_metadata_address, found)):
        detail = "the name leads to a cloud's metadata address; list the address itself if it is meant"
        raise OperationFailed(FailureCode.DESTINATION_REFUSED, "resolve", detail)
    first_of_family = {":" in address: address for address in reversed(found)}
    return found[:_MOST_ADDRESSES] if every else [address for address in found if address in first_of_family.values()]


async def _ask(look_up: Callable[[], list[str]], host: str, timeout_s: float) -> list[str]:
    try:
        async with asyncio.timeout(timeout_s):
            return await beside(look_up, f"resolve {host}")
    except TimeoutError:
        raise OperationFailed(FailureCode.DNS_TIMEOUT, "resolve", f"no answer within {timeout_s:g} s") from None
    except OSError as error:
        failure = failure_of(error, "resolve")
        raise OperationFailed(failure.code, "resolve", failure.detail) from None
    except ValueError:  # UnicodeError among them
        raise OperationFailed(FailureCode.DNS_NOT_FOUND, "resolve", "no host name") from None
