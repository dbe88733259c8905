"""Live: coturn's certificate as readycheck verifies it."""

from datetime import timedelta
from pathlib import Path

import pytest

from readycheck.lab.certificate import Certificate
from tests.live.conftest import Measure, StartCoturn
from tests.live.coturn import Coturn, certificate_for
from tests.live.measuring import Outcome, ice, profile
from tests.live.namespaces import SECOND

pytestmark = pytest.mark.live


@pytest.fixture
def measure_with(start_coturn: StartCoturn, measure: Measure, tmp_path: Path) -> "MeasureWith":
    return MeasureWith(start_coturn, measure, tmp_path / "certificate")


class MeasureWith:
    """Runs the TURN probe against a coturn with a certificate, whose CA the profile trusts or not."""

    def __init__(self, start_coturn: StartCoturn, measure: Measure, directory: Path) -> None:
        self.directory = directory
        self._start_coturn = start_coturn
        self._measure = measure

    def __call__(self, certificate: Certificate, *, ca_file: Path | None) -> Outcome:
        coturn = self._start_coturn(addresses=(SECOND,), certificate=certificate)
        return self._measure(profile(ice(coturn.tls), ca_file=ca_file), "--only=turn")


def test_private_ca_that_is_trusted(coturn: Coturn, measure: Measure) -> None:
    """A private CA named in `trust.ca_file` is enough."""
    outcome = measure(profile(ice(coturn.tls), ca_file=coturn.certificate.ca_file), "--only=turn")

    assert outcome.answer("turn.tls_reachable_ratio") == (1, None)
    assert outcome.answer("turn.tls_relay") == (True, None)


@pytest.mark.parametrize("foreign_ca", [False, True], ids=["no CA file", "another CA"])
def test_unknown_ca(coturn: Coturn, measure: Measure, tmp_path: Path, *, foreign_ca: bool) -> None:
    """A CA that nobody vouches for: the server is not reached, for TLS was not established."""
    ca_file = certificate_for(tmp_path / "foreign").ca_file if foreign_ca else None

    outcome = measure(profile(ice(coturn.tls), ca_file=ca_file), "--only=turn")

    assert outcome.answer("turn.tls_reachable_ratio") == (0, "tls_untrusted")
    assert outcome.answer("turn.tls_relay") == (False, "tls_untrusted")


def test_expired_certificate(measure_with: MeasureWith) -> None:
    """A certificate that ran out yesterday is told apart from an unknown CA."""
    certificate = certificate_for(measure_with.directory, SECOND, valid_for=timedelta(days=-1))

    outcome = measure_with(certificate, ca_file=certificate.ca_file)

    assert outcome.answer("turn.tls_reachable_ratio") == (0, "tls_expired")
    assert outcome.answer("turn.tls_relay") == (False, "tls_expired")


def test_certificate_for_another_name(measure_with: MeasureWith) -> None:
    """A good certificate of another server."""
    certificate = certificate_for(measure_with.directory, "turn.example.net")

    outcome = measure_with(certificate, ca_file=certificate.ca_file)

    assert outcome.answer("turn.tls_reachable_ratio") == (0, "tls_hostname_mismatch")
    assert outcome.answer("turn.tls_relay") == (False, "tls_hostname_mismatch")
