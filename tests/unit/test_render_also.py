"""What the page says of the largest packet and of idle connections, in words for people who know neither term."""

from typing import Any

import pytest

from readycheck.model.report import Metric, Report
from readycheck.render.html import render_html
from readycheck.render.voice import also
from readycheck.render.words import NBSP, Words
from tests.unit.report_samples import observation, report


def packets(**figures: Any) -> Report:
    metric = Metric(**{"unit": "byte", "bounded": True, **figures})
    family = Metric(value="ipv4", unit="text")
    return report(
        metrics={"path_mtu.udp_payload_byte": metric, "path_mtu.family": family},
        observations={"turn": observation(evidence={})},
    )


def idle(**figures: Any) -> Report:
    return report(metrics={"nat_binding.lifetime_s": Metric(**{"unit": "s", "bounded": True, **figures})})


@pytest.mark.parametrize(
    ("shown", "lang", "expected"),
    [
        (packets(value=1472, low=1472), "en", "Packets of 1,472_B over IPv4, the largest that were asked"),
        (packets(value=1372, low=1372, high=1372), "en", "up to 1,372_B over IPv4; larger ones do not arrive"),
        (packets(value=1372, low=1372, high=1372), "fr", "à 1_372_o en IPv4_; les plus grands"),
        (idle(value=30, low=30, high=45), "en", "stays open between 30_s and 45_s"),
        (idle(value=180, low=180), "fr", "reste ouverte au moins 180_s"),
        (idle(value=0, low=0, high=15), "en", "is closed within 15_s"),
    ],
)
def test_measured(shown: Report, lang: str, expected: str) -> None:
    """One sentence each, with the figure."""
    (sentence,) = also(shown, Words(lang))

    assert expected in sentence.replace(NBSP, "_")


def test_not_measured() -> None:
    """Then nothing is said, and an older report has neither."""
    assert also(packets(value=None, bounded=False, reason="no_media"), Words("en")) == ()
    assert also(report(), Words("en")) == ()


def test_on_the_page() -> None:
    """It stands in the chapter of the voice."""
    page = render_html(packets(value=1372, low=1372, high=1372), "en")

    assert page.index("<h3>The call</h3>") < page.index("larger ones do not arrive") < page.index("<h2>Appendix")
