"""TLS inspection: several weak signs, one careful answer; only a pin of the profile proves it.

A private root alone is no sign of it: contact centres run servers of their own. A second sign must stand beside it.
"""

import fnmatch
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from readycheck.model.failure import Failure, FailureCode
from readycheck.model.visit import Chain, Inspection, Visit
from readycheck.net.way import CERTIFICATE_FAILURES
from readycheck.profile.schema import Pin
from readycheck.rtc.framing import HTTP_ANSWER

PRIVATE_ROOT = "private_root"
ISSUER_UNEXPECTED = "issuer_unexpected"
KEY_UNEXPECTED = "key_unexpected"
DIFFERS_FROM_DIRECT = "differs_from_direct"
ONE_KEY_FOR_MANY_NAMES = "one_key_for_many_names"
KEY_OF_ITS_ISSUER = "key_of_its_issuer"
PROXY_HEADER_INSIDE = "proxy_header_inside"
HTTP_ANSWER_TO_STUN = "http_answer_to_stun"
_CAUSED_BY_INSPECTION = (
    *CERTIFICATE_FAILURES,
    FailureCode.CONNECTION_RESET,
    FailureCode.STUN_TIMEOUT,
    FailureCode.TURN_BAD_ANSWER,
    FailureCode.WEBSOCKET_REFUSED,
)


def examine(
    host: str, visits: Sequence[Visit], pins: Iterable[Pin], shared_keys: frozenset[str] = frozenset()
) -> Inspection:
    """What the chains seen on the ways to one host say; `shared_keys` from `keys_of_many_names`."""
    chains = [visit.chain for visit in visits if visit.chain]
    own_pins = [pin for pin in pins if fnmatch.fnmatchcase(host.lower(), pin.host.lower())]
    if not chains:
        return Inspection(None)
    if own_pins:
        signs = tuple(dict.fromkeys(sign for chain in chains for sign in _against(chain, own_pins)))
        return Inspection(bool(signs), "proven", signs)
    signs = tuple(dict.fromkeys(sign for visit in visits for sign in _signs(visit, visits, shared_keys)))
    if set(signs) - {PRIVATE_ROOT}:
        return Inspection(True, "likely", signs)
    if all(chain.anchor in {"public", "profile"} for chain in chains):
        return Inspection(False, "likely", signs)
    return Inspection(None, None, signs)


def named(failure: Failure, host: str, visit: Visit, pins: Iterable[Pin]) -> Failure:
    """The failure, or what is behind it: a proxy that opens TLS shows its own certificate, and knows HTTP alone."""
    if visit.chain is None or failure.code not in _CAUSED_BY_INSPECTION:
        return failure
    seen = f"{failure.detail}; certificate by {visit.chain.leaf.issuer}"
    found = examine(host, [visit], pins)
    if found.intercepted:
        detail = f"{failure.code}: {seen} ({', '.join(found.signs)})"
        return Failure(FailureCode.TLS_INTERCEPTED, failure.operation, detail)
    return replace(failure, detail=seen) if failure.code in CERTIFICATE_FAILURES else failure


def keys_of_many_names(chains: Iterable[Chain]) -> frozenset[str]:
    """Keys (SPKI digests) that servers' own certificates of different names have in common.

    Proxies that make certificates on the fly often use one key for all of them; one certificate for many names is no
    such thing.
    """
    names = {(chain.leaf.spki_sha256, chain.leaf.subject) for chain in chains if chain.anchor != "public"}
    return frozenset(key for key, count in Counter(key for key, _ in names).items() if count > 1)


def _against(chain: Chain, pins: Sequence[Pin]) -> list[str]:
    """How a chain departs from every pin of its host."""
    issuers = [pin.expected_issuer for pin in pins if pin.expected_issuer]
    keys = {key for pin in pins for key in pin.spki_sha256}
    signs = []
    if issuers and not any(fnmatch.fnmatchcase(chain.leaf.issuer.lower(), f"*{one.lower()}*") for one in issuers):
        signs.append(ISSUER_UNEXPECTED)
    if keys and not keys & {certificate.spki_sha256 for certificate in chain.certificates}:
        signs.append(KEY_UNEXPECTED)
    return signs


def _signs(visit: Visit, visits: Sequence[Visit], shared_keys: frozenset[str]) -> list[str]:
    chain = visit.chain
    if chain is None or chain.anchor == "public":
        return []
    signs = [PRIVATE_ROOT]
    above = [certificate.spki_sha256 for certificate in chain.certificates[1:]]
    direct = [other.chain for other in visits if other.via == "DIRECT" and other.chain]
    if visit.via != "DIRECT" and any(_another_server(chain, other) for other in direct):
        signs.append(DIFFERS_FROM_DIRECT)
    if chain.leaf.spki_sha256 in shared_keys:
        signs.append(ONE_KEY_FOR_MANY_NAMES)
    if chain.leaf.spki_sha256 in above:
        signs.append(KEY_OF_ITS_ISSUER)
    straight = [other.passed_through for other in visits if other.via == "DIRECT"]
    if visit.via != "DIRECT" and visit.passed_through and visit.passed_through not in straight:  # else the server's own
        signs.append(PROXY_HEADER_INSIDE)
    # a server of the project's own CA that answers HTTP is a web server at the wrong port
    strange = visit.via != "DIRECT" or chain.anchor != "profile"
    if strange and visit.failure and visit.failure.detail == HTTP_ANSWER:
        signs.append(HTTP_ANSWER_TO_STUN)
    return signs


def _another_server(chain: Chain, direct: Chain) -> bool:
    """One service may have several certificates; another key by another issuer is another server."""
    return chain.leaf.spki_sha256 != direct.leaf.spki_sha256 and chain.leaf.issuer != direct.leaf.issuer
