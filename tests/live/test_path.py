"""Live: the path's figures against what the router really did to the packets."""

import pytest

from tests.live.conftest import Measure
from tests.live.coturn import PORT, Coturn
from tests.live.measuring import Outcome, ice, profile
from tests.live.namespaces import Site

pytestmark = pytest.mark.live

SECONDS = 4
# IPv4 and UDP 28, ChannelData 4, Opus at 32 kbit/s in 20 ms 80, RTP and SRTP 30: nothing else has this length.
VOICE = "-p udp -m length --length 142"


def measured(coturn: Coturn, measure: Measure) -> Outcome:
    """The path over UDP for a few seconds."""
    return measure(profile(ice(coturn.udp), path={"min_seconds": SECONDS}), "--only=path")


def sent(outcome: Outcome) -> int:
    """How many packets the probe says it sent."""
    return len(outcome.evidence("path")["rtt_ms"])


def test_undisturbed_path(coturn: Coturn, site: Site, measure: Measure) -> None:
    """Every packet that the router counted came back, each once and in order."""
    site.forward4(f"{VOICE} --dport {PORT} -m comment --comment up")
    site.forward4(f"{VOICE} --sport {PORT} -m comment --comment down")

    outcome = measured(coturn, measure)

    assert sent(outcome) == site.router.packets("up") == site.router.packets("down") == SECONDS * 50
    assert outcome.value("path.far_end") == "relay:udp"
    for metric in ("loss_ratio", "reordered_ratio", "duplicated_ratio", "longest_loss_run"):
        assert outcome.value(f"path.{metric}") == 0
    assert 0 < outcome.value("path.rtt_p50_ms") <= outcome.value("path.rtt_p95_ms") < 50
    assert SECONDS <= outcome.value("path.seconds") < SECONDS + 2
    assert outcome.report["metrics"]["path.mos_cqe"]["scale"] == "fb"
    assert outcome.value("path.mos_cqe") > 4


def test_loss_both_ways(coturn: Coturn, site: Site, measure: Measure) -> None:
    """The loss is what the router's counters say it dropped, and the bounds hold it."""
    mode = "nth --every 20 --packet 7"
    for way in ("--dport", "--sport"):
        site.forward4(f"{VOICE} {way} {PORT} -m statistic --mode {mode} -m comment --comment lost -j DROP")

    outcome = measured(coturn, measure)

    truth = site.router.packets("lost") / sent(outcome)
    loss = outcome.report["metrics"]["path.loss_ratio"]
    assert loss["value"] == pytest.approx(truth, abs=1e-6)
    assert loss["low"] <= truth <= loss["high"]
    assert loss["high"] - loss["low"] < 0.3
    assert 0.08 < truth < 0.11


def test_loss_in_a_burst(coturn: Coturn, site: Site, measure: Measure) -> None:
    """Packets lost in a row are told as one run: its length, and a burst ratio far above one."""
    # of every 256 packets those numbered 80 to 95; the probe's number is in octets 8 to 11 of its payload
    number = "0>>22&0x3C@20&0xF0=0x50"
    site.forward4(f"{VOICE} --dport {PORT} -m u32 --u32 {number} -m comment --comment lost -j DROP")

    outcome = measured(coturn, measure)

    assert site.router.packets("lost") == 16
    assert outcome.value("path.loss_ratio") == pytest.approx(16 / sent(outcome), abs=1e-6)
    assert outcome.value("path.longest_loss_run") == 16
    assert outcome.value("path.burst_ratio") > 10


def test_measured_until_the_limit_is_proved(coturn: Coturn, measure: Measure) -> None:
    """A clean line ends as soon as its bounds allow, after min_seconds and long before max_seconds."""
    requirements = [{"id": "loss", "metric": "path.loss_ratio", "at_most": 0.04}]
    wanted = profile(ice(coturn.udp), path={"min_seconds": 2, "max_seconds": 30}, requirements=requirements)
    outcome = measure(wanted, "--only=path")

    assert outcome.finding("loss")["status"] == "pass"
    assert 4.5 <= outcome.value("path.seconds") < 6.5  # 4.6 s by the bounds
    assert [score["scale"] for score in outcome.evidence("path")["codecs"]] == ["fb", "nb", "nb", "nb"]


def test_what_stays_open_is_inconclusive(coturn: Coturn, site: Site, measure: Measure) -> None:
    """A limit beside the truth is not settled by max_seconds: inconclusive, with its bounds."""
    mode = "nth --every 20 --packet 7"
    site.forward4(f"{VOICE} --dport {PORT} -m statistic --mode {mode} -m comment --comment lost -j DROP")
    requirements = [{"id": "loss", "metric": "path.loss_ratio", "at_most": 0.05}]
    wanted = profile(ice(coturn.udp), path={"min_seconds": 1, "max_seconds": 4}, requirements=requirements)
    outcome = measure(wanted, "--only=path")

    assert sent(outcome) == 200
    assert (outcome.finding("loss")["status"], outcome.finding("loss")["reason"]) == ("inconclusive", "not_proven")
    loss = outcome.report["metrics"]["path.loss_ratio"]
    assert loss["low"] < 0.05 < loss["high"]


@pytest.mark.parametrize(("probe", "length"), [("path", "142"), ("call", "100:200")])
def test_ctrl_c(coturn: Coturn, site: Site, measure: Measure, probe: str, length: str) -> None:
    """Ctrl-C in the midst: status 130, a report of what was measured, and every allocation given back."""
    site.forward4(f"-p udp -m length --length {length} -m comment --comment voice")

    outcome = measure(
        profile(ice(coturn.udp)), f"--only={probe}", interrupt_when=lambda: site.router.packets("voice") > 60
    )

    assert outcome.status == 130
    assert outcome.report["run"]["interrupted"] is True
    assert outcome.report["observations"][probe]["failure"]["code"] == "interrupted"
    assert outcome.answer("turn.udp_relay") == (True, None)
    assert outcome.reason(f"{probe}.loss_ratio") == "interrupted"
    if probe == "path":
        assert 20 <= len(outcome.evidence("path")["rtt_ms"]) < 100
