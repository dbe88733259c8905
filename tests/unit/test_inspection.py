"""TLS inspection: one weak sign is no proof, two are likely, a pin decides."""

import base64
import hashlib

import pytest

from readycheck.model.failure import Failure, FailureCode
from readycheck.model.visit import Inspection, Visit
from readycheck.net import inspection
from readycheck.net.inspection import examine, keys_of_many_names
from readycheck.profile.schema import Pin
from readycheck.rtc.framing import HTTP_ANSWER
from tests.unit.visit_samples import certificate, chain, direct, proxied

HOST = "login.example.com"
TRUE = chain()
GATEWAY = chain(issuer="ACME Gateway CA", key="gateway key", anchor="system")


def digest(text: str) -> str:
    """A key digest as RFC 7469 writes it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def seen(*visits: Visit, pins: tuple[Pin, ...] = (), keys: frozenset[str] = frozenset()) -> Inspection:
    """What is made of these visits to one host."""
    return examine(HOST, visits, pins, keys)


def test_no_chain_no_answer() -> None:
    """Where no certificate was seen nothing is said."""
    assert seen(direct(reached=False)) == Inspection(None)


def test_public_root_is_believed() -> None:
    """A chain to a public root is the server's own, also through the proxy."""
    public = chain(issuer="Public CA", anchor="public")

    assert seen(direct(chain=public), proxied(chain=public)).intercepted is False


def test_other_public_certificate_is_no_interception() -> None:
    """A service may show another public certificate by another way: edges of a network do."""
    here, there = (chain(issuer=f"Public CA {one}", key=one, anchor="public") for one in ("a", "b"))

    assert seen(direct(chain=here), proxied(chain=there)).intercepted is False


def test_the_profiles_own_ca_is_believed() -> None:
    """A server of the CA that the profile names, without a second sign, is not called false."""
    assert seen(proxied(chain=TRUE)).intercepted is False


def test_a_root_that_only_this_machine_knows_is_no_proof() -> None:
    """A private root may be a company's own server: nobody can tell without a second sign."""
    assert seen(direct(chain=GATEWAY)) == Inspection(None, None, (inspection.PRIVATE_ROOT,))


def test_an_untrusted_chain_alone_is_no_proof() -> None:
    """A certificate that leads nowhere may be the server's own mistake."""
    assert seen(direct(chain=chain(anchor=None))).intercepted is None


def test_another_server_through_the_proxy() -> None:
    """Another key by another issuer than direct: the proxy answers in the server's place."""
    found = seen(direct(chain=TRUE), proxied(chain=GATEWAY))

    assert (found.intercepted, found.certainty) == (True, "likely")
    assert inspection.DIFFERS_FROM_DIRECT in found.signs


def test_one_ca_with_two_keys_is_one_service() -> None:
    """A service with several keys of one CA is not taken for somebody else."""
    assert seen(direct(chain=TRUE), proxied(chain=chain(key="second key"))).intercepted is False


def test_a_proxys_header_inside() -> None:
    """A Via header inside what should be closed to the proxy, behind a private root."""
    found = seen(proxied(chain=GATEWAY, passed_through="1.1 gateway (squid/5.7)"))

    assert (found.intercepted, found.signs[-1]) == (True, inspection.PROXY_HEADER_INSIDE)


def test_the_servers_own_header_is_none_of_the_proxys() -> None:
    """A cache in front of the server writes Via on every way."""
    ways = (direct(chain=TRUE, passed_through="1.1 varnish"), proxied(chain=TRUE, passed_through="1.1 varnish"))

    assert seen(*ways).intercepted is False


def test_one_key_for_many_names() -> None:
    """Certificates of different names with one key are made on the fly; one certificate for many names is not."""
    chains = [chain("a.example.com", key="k"), chain("b.example.com", key="k"), chain("c.example.com", key="other")]

    assert keys_of_many_names(chains) == {"k"}
    assert keys_of_many_names([chains[0], chains[0]]) == frozenset()
    assert seen(proxied(chain=chains[0]), keys=keys_of_many_names(chains)).intercepted is True


def test_the_key_of_its_issuer() -> None:
    """A certificate with the key of the CA above it was made by a machine in a hurry."""
    made = chain(key="k", above=(certificate("ACME Gateway CA", "ACME Gateway CA", "k"),))

    assert seen(proxied(chain=made)).signs == (inspection.PRIVATE_ROOT, inspection.KEY_OF_ITS_ISSUER)


@pytest.mark.parametrize(
    ("visit", "intercepted"),
    [
        (proxied(chain=TRUE, failure=Failure(FailureCode.TURN_BAD_ANSWER, "receive", HTTP_ANSWER)), True),
        (direct(chain=GATEWAY, failure=Failure(FailureCode.TURN_BAD_ANSWER, "receive", HTTP_ANSWER)), True),
        (direct(chain=TRUE, failure=Failure(FailureCode.TURN_BAD_ANSWER, "receive", HTTP_ANSWER)), False),
    ],
)
def test_http_where_turn_should_be(visit: Visit, intercepted: bool) -> None:  # noqa: FBT001 - a case's outcome
    """An HTTP answer to STUN is a proxy's; reached direct, under the project's own CA, it is a wrong port."""
    assert seen(visit).intercepted is intercepted


def test_a_pin_proves_either_way() -> None:
    """A pin of the host decides, whatever else is to be seen; pins of other hosts do not."""
    pin = Pin(host="*.example.com", expected_issuer="example ca")

    assert seen(proxied(chain=TRUE, passed_through="1.1 cdn"), pins=(pin,)) == Inspection(False, "proven")
    assert seen(proxied(chain=GATEWAY), pins=(pin,)) == Inspection(True, "proven", (inspection.ISSUER_UNEXPECTED,))
    assert seen(direct(chain=GATEWAY), pins=(Pin(host="*.example.org", expected_issuer="x"),)).intercepted is None


def test_a_key_pin_may_be_met_anywhere_in_the_chain() -> None:
    """RFC 7469: one key of the chain is enough."""
    above = (certificate("Example CA", "Example Root", digest("ca")),)
    pin = Pin(host=HOST, spki_sha256=[digest("ca")])

    assert seen(direct(chain=chain(above=above)), pins=(pin,)).intercepted is False
    assert seen(direct(chain=TRUE), pins=(pin,)).signs == (inspection.KEY_UNEXPECTED,)
