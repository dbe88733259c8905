"""Live: the path's figures against the truth of every packet, by the link of tests/netlab."""

from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.live.conftest import Join, Measure
from tests.live.coturn import PORT, Coturn
from tests.live.measuring import Outcome, ice, profile
from tests.live.namespaces import SERVER, Site
from tests.live.reflecting import reflector_in
from tests.live.voice import REFLECTED, RELAYED, Expected, expected, mean_ipdv_ms
from tests.netlab.way import Way

pytestmark = pytest.mark.live

END = float("inf")
# Held back by more than the spacing and four deviations of two packets: what is held is overtaken.
UP = Way(delay_ms=20, jitter_ms=2, loss_ratio=0.03, burst_ratio=0.04, duplicate_ratio=0.04)
DOWN = Way(delay_ms=10, jitter_ms=1, loss_ratio=0.04, duplicate_ratio=0.04, reorder_ratio=0.05, reorder_ms=35)


def towards(port: int, **parts: Any) -> dict[str, Any]:
    """A profile with our reflector as the far end."""
    return {**profile(), "targets": {"reflector": {"stamp": f"{SERVER}:{port}"}}, **parts}


def agree(outcome: Outcome, truth: Expected) -> None:
    """What was lost, came twice or out of order is the link's own account; so are delays, and a little more."""
    evidence = outcome.evidence("path")
    seen, sent = evidence["rtt_ms"], len(truth.rtt_ms)
    assert [rtt is None for rtt in seen] == [rtt is None for rtt in truth.rtt_ms]
    assert outcome.value("path.loss_ratio") == pytest.approx(truth.lost / sent, abs=1e-6)
    assert evidence["duplicates"] == truth.duplicates
    assert outcome.value("path.reordered_ratio") == pytest.approx(truth.reordered, abs=1e-6)
    came = [(rtt, link) for rtt, link in zip(seen, truth.rtt_ms, strict=True) if rtt is not None and link is not None]
    assert all(rtt > link - 0.05 for rtt, link in came)  # rounding, and two clock readings
    assert median(rtt - link for rtt, link in came) < 20  # later than by a packet is what makes a workstation busy


def test_reflector_through_a_bad_link(site: Site, join: Join, measure: Measure, tmp_path: Path) -> None:
    """Losses of each way, copies, reordering: the link's own counts; the delay variation is the link's."""
    with reflector_in(site.server, SERVER, tmp_path) as port:
        # In the reflector's count a doubled packet with a lost answer makes up for a lost one, and so does a last
        # question whose answer is lost: nobody can tell those apart, so there are none.
        up = replace(UP, duplicate_ratio=0, only_byte=REFLECTED.byte)
        line = join(up=up, down=replace(DOWN, only_byte=REFLECTED.byte))
        outcome = measure(towards(port, path={"min_seconds": 6}), "--only=path")
        truth = expected(line.truth(), port, REFLECTED)

    agree(outcome, truth)
    sent = len(truth.rtt_ms)
    assert min(truth.lost_up, truth.lost_down, truth.duplicates, truth.reordered) > 0
    assert outcome.value("path.loss_up_ratio") == pytest.approx(truth.lost_up / sent, abs=1e-6)
    assert outcome.value("path.loss_down_ratio") == pytest.approx(truth.lost_down / (sent - truth.lost_up), abs=1e-6)
    assert mean_ipdv_ms(outcome.evidence("path")["rtt_ms"]) == pytest.approx(mean_ipdv_ms(truth.rtt_ms), rel=0.15)
    assert outcome.evidence("path")["truncated"] is False


def test_relay_through_a_bad_link(coturn: Coturn, join: Join, measure: Measure) -> None:
    """The same through two allocations of coturn, where the ways cannot be told apart."""
    line = join(up=replace(UP, only_byte=RELAYED.byte), down=replace(DOWN, only_byte=RELAYED.byte))
    outcome = measure(profile(ice(coturn.udp), path={"min_seconds": 4}), "--only=path")

    agree(outcome, expected(line.truth(), PORT, RELAYED))
    assert outcome.answer("path.loss_up_ratio") == (None, "not_configured")


def test_outages_are_told_with_their_way(site: Site, join: Join, measure: Measure, tmp_path: Path) -> None:
    """Half a second dead on the way out, a quarter on the way back: each is told of its own way."""
    with reflector_in(site.server, SERVER, tmp_path) as port:
        line = join(up=Way(outages_s=((0.5, 1.0),)), down=Way(outages_s=((1.5, 1.75),)))
        outcome = measure(towards(port, path={"min_seconds": 2.5}), "--only=path")
        truth = expected(line.truth(), port, REFLECTED)

    agree(outcome, truth)
    sent = len(truth.rtt_ms)
    assert min(truth.lost_up, truth.lost_down) > 0
    assert outcome.value("path.loss_up_ratio") == pytest.approx(truth.lost_up / sent, abs=1e-6)
    assert outcome.value("path.loss_down_ratio") == pytest.approx(truth.lost_down / (sent - truth.lost_up), abs=1e-6)
    assert outcome.value("path.longest_loss_run") == truth.lost_up


def test_a_link_that_dies_halfway(site: Site, join: Join, measure: Measure, tmp_path: Path) -> None:
    """What was measured stays and is marked, with when it died; the loss is the link's, and no requirement passes."""
    requirements = [{"id": "loss", "metric": "path.loss_ratio", "at_most": 0.01}]
    with reflector_in(site.server, SERVER, tmp_path) as port:
        line = join(up=Way(delay_ms=10), down=Way(outages_s=((2.0, END),)))
        wanted = towards(port, path={"min_seconds": 4.5, "max_seconds": 20}, requirements=requirements)
        outcome = measure(wanted, "--only=path")
        truth = expected(line.truth(), port, REFLECTED)

    agree(outcome, truth)
    assert outcome.evidence("path")["truncated"] is True
    assert outcome.evidence("path")["alive_s"] == pytest.approx(truth.alive_s, abs=0.05)
    assert outcome.value("path.rtt_p50_ms") > 10
    assert outcome.value("path.seconds") < 10
    assert outcome.finding("loss")["status"] == "fail"
    (page,) = (tmp_path / "reports").glob("*.html")
    assert "The path went dead after 2 s" in page.read_text(encoding="utf-8").replace("\u00a0", " ")


def test_nothing_comes_back(site: Site, join: Join, measure: Measure, tmp_path: Path) -> None:
    """Zero packets back: loss 1 and no_media, no round trip, and nothing that was ever alive."""
    with reflector_in(site.server, SERVER, tmp_path) as port:
        line = join(down=Way(outages_s=((0.0, END),)))
        outcome = measure(towards(port, path={"min_seconds": 1}), "--only=path")
        truth = expected(line.truth(), port, REFLECTED)

    assert (truth.lost_up, truth.lost_down) == (0, len(outcome.evidence("path")["rtt_ms"]))
    assert outcome.answer("path.loss_ratio") == (1, "no_media")
    for metric in ("rtt_p50_ms", "rtt_p95_ms", "interarrival_jitter_ms", "mos_cqe", "loss_up_ratio", "loss_down_ratio"):
        assert outcome.answer(f"path.{metric}") == (None, "no_media")
    assert outcome.evidence("path")["truncated"] is False
