"""A site on paper, from its profile: calls at once, the link, what would make it fit, which leg is billed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from readycheck.model.report import Tool
from readycheck.profile.schema import Profile
from readycheck.profile.site import MOST_AGENTS, Site
from readycheck.render.site import render_site
from readycheck.rtc.wire_rate import Relay, Vpn
from readycheck.sizing.calls import agents_within, calls_of, demand, simultaneous_calls, staffing
from readycheck.sizing.site import Answer, SiteSizing, size_site

LINK = {"down_bps": 100_000_000, "up_bps": 20_000_000, "voice_share": 0.33}


def profile(site: dict[str, Any], **parts: Any) -> Profile:
    return Profile.model_validate({"schema": "readycheck.profile/1", "id": "acme", "site": site, **parts})


def sized(site: dict[str, Any], **parts: Any) -> SiteSizing:
    return size_site(profile(site, **parts))


def test_calls_come_from_agents_and_occupancy() -> None:
    """120 agents at 0.85 exceed 113 calls for less than a thousandth of the time; nothing stated, nothing known."""
    assert simultaneous_calls(Site(agents=120)) == 113
    assert simultaneous_calls(Site(agents=120, blocking=0.5)) == 102
    assert simultaneous_calls(Site(agents=120, occupancy=1)) == 120
    assert simultaneous_calls(Site()) is None


def test_one_idle_agent_still_makes_a_call() -> None:
    """A link for no call at all would be absurd, however rarely the agent calls."""
    assert simultaneous_calls(Site(agents=1, occupancy=0.0001)) == 1


def test_load_gives_the_agents_where_none_are_stated() -> None:
    """200 calls an hour of 240 s need 17 agents for 80 % in 20 s; they are the ones on the link."""
    found = demand(Site(calls_per_hour=200, handling_s=240))

    assert found
    assert (found.agents, found.agents_from, found.occupancy_ratio) == (17, "staffing", 0.85)


def test_load_counts_where_it_is_more_than_the_stated_occupancy() -> None:
    """110 erlang keep 120 agents busy for 92 % of the time, whatever the profile says; 130 erlang for all of it."""
    busy = demand(Site(agents=120, calls_per_hour=1650, handling_s=240))
    over = demand(Site(agents=120, calls_per_hour=1950, handling_s=240))

    assert busy
    assert over
    assert busy.occupancy_from == "load"
    assert busy.occupancy_ratio == pytest.approx(11 / 12)
    assert (over.occupancy_ratio, over.simultaneous_calls) == (1.0, 120)


def test_queue_is_on_leg_a_and_not_on_the_link() -> None:
    """At 100 erlang for 120 agents the lines of the platform see more calls than there are agents."""
    site = Site(agents=120, calls_per_hour=1500, handling_s=240)
    found = staffing(site)

    assert found
    assert found.agents_needed == 108
    assert found.leg_a_calls
    assert found.leg_a_calls > 120 > (simultaneous_calls(site) or 0)
    assert found.answered_by_stated_agents_ratio == pytest.approx(0.9937, abs=1e-4)


def test_agents_that_cannot_keep_up_are_told() -> None:
    """Fewer agents than erlangs answer nobody in time, and the queue has no bound."""
    found = staffing(Site(agents=90, calls_per_hour=1500, handling_s=240))

    assert found
    assert (found.answered_by_stated_agents_ratio, found.leg_a_calls) == (0, None)


@given(calls=st.integers(0, 5_000), occupancy=st.floats(0.01, 1), blocking=st.sampled_from((0.0001, 0.001, 0.01, 0.1)))
def test_agents_within_is_the_most(calls: int, occupancy: float, blocking: float) -> None:
    """So many agents stay within these calls, one more does not."""
    agents = agents_within(calls, Site(occupancy=occupancy, blocking=blocking))

    assert agents == 0 or calls_of(agents, occupancy, blocking) <= calls
    assert agents == MOST_AGENTS or calls_of(agents + 1, occupancy, blocking) > calls


def test_agents_within_a_load_are_as_busy_as_it_makes_them() -> None:
    """100 erlang stay 100 erlang with fewer agents: each of them is busier, and the last ones are always on a call."""
    site = Site(agents=120, occupancy=0.5, calls_per_hour=1500, handling_s=240)

    assert agents_within(90, site) == 90
    agents = agents_within(113, site)
    calls, more = (simultaneous_calls(site.model_copy(update={"agents": agents + one})) or 0 for one in (0, 1))
    assert calls <= 113 < more


def test_link_that_carries_the_calls_fits() -> None:
    """113 calls of 56.9 kbit/s against a third of 20 Mbit/s: by a hair, and not as Ethernet frames."""
    found = sized({"agents": 120, "link": LINK})

    assert found.answer == Answer.FITS
    assert found.need
    assert found.link
    assert (found.need.ip_bps, found.need.every_agent_ip_bps) == (113 * 56_900, 120 * 56_900)
    assert found.link.up.headroom_bps == 6_600_000 - 113 * 56_900
    assert (found.link.calls_at_most, found.link.agents_at_most) == (115, 122)
    assert (found.link.fits_with_ethernet_frames, found.link.fits_every_agent) == (False, False)
    assert found.remedies == ()


@pytest.mark.parametrize(
    ("urls", "relay"),
    [
        (["turns:t.example.com:443?transport=tcp", "turn:t.example.com?transport=udp"], Relay.UDP),
        (["turns:t.example.com:443", "turn:${HOST}:3478?transport=tcp"], Relay.TCP),
        (["turns:t.example.com:443"], Relay.TLS12),
        (["stun:t.example.com"], Relay.NONE),
        (["turn:${A:?}@:3478", "turns:${HOST}:443"], Relay.TLS12),
    ],
)
def test_relay_is_what_the_urls_say(urls: list[str], relay: Relay) -> None:
    """UDP before TCP before TLS, as browsers prefer; what the profile's site says comes before that."""
    targets = {"ice_servers": [{"urls": urls}]}

    assert sized({}, targets=targets).call.relay == relay
    assert sized({"relay": "tls13"}, targets=targets).call.relay == Relay.TLS13


def test_remedies_are_told_with_their_figures() -> None:
    """Through a VPN and TLS the calls are twice as large; each change says whether it is enough."""
    found = sized({"agents": 120, "vpn": "ipsec_cbc", "relay": "tls13", "link": LINK})
    told = {remedy.id: remedy for remedy in found.remedies}

    assert found.answer == Answer.DOES_NOT_FIT
    assert list(told) == [
        "wider_link",
        "more_voice_share",
        "fewer_agents",
        "media_outside_vpn",
        "relay_over_udp",
        "longer_packets",
        "lower_bitrate",
        "all_together",
    ]
    assert told["wider_link"].down_bps == 100_000_000
    assert [name for name, remedy in told.items() if not remedy.fits] == list(told)[3:7]
    assert told["media_outside_vpn"].call_ip_bps == 77_700


SITES = st.fixed_dictionaries(
    {
        "agents": st.integers(1, 3_000),
        "occupancy": st.floats(0.05, 1),
        "relay": st.sampled_from([str(relay) for relay in Relay]),
        "vpn": st.sampled_from([str(vpn) for vpn in Vpn]),
        "ip_version": st.sampled_from((4, 6)),
        "link": st.fixed_dictionaries(
            {
                "down_bps": st.integers(10_000, 10**9),
                "up_bps": st.integers(10_000, 10**9),
                "voice_share": st.integers(1, 100).map(lambda percent: percent / 100),
            }
        ),
    }
)


@given(site=SITES)
def test_each_remedy_that_is_enough_makes_it_fit(site: dict[str, Any]) -> None:
    """Done as it is told, the same profile fits."""
    for remedy in sized(site).remedies:
        link, changed, call = dict(site["link"]), dict(site), {}
        link |= {key: value for key in ("down_bps", "up_bps") if (value := getattr(remedy, key))}
        link |= {"voice_share": remedy.voice_share_ratio} if remedy.voice_share_ratio else {}
        changed |= {"agents": remedy.agents} if remedy.agents else {}
        call = {key: value for key in ("bitrate_bps", "ptime_ms") if (value := getattr(remedy, key))}
        if remedy.id in ("media_outside_vpn", "all_together"):
            changed["vpn"] = "none"
        if remedy.id == "relay_over_udp" or (remedy.id == "all_together" and site["relay"] != "none"):
            changed["relay"] = "udp"
        after = sized(changed | {"link": link}, call=call)

        assert after.answer == (Answer.FITS if remedy.fits else Answer.DOES_NOT_FIT), remedy


@given(site=SITES)
def test_answer_agrees_with_the_room(site: dict[str, Any]) -> None:
    """It fits exactly where the calls are no more than the link holds."""
    found = sized(site)

    assert found.link
    assert found.demand
    assert (found.answer == Answer.FITS) == (found.demand.simultaneous_calls <= found.link.calls_at_most)
    assert (found.answer == Answer.FITS) == (found.demand.agents <= found.link.agents_at_most)


def test_half_a_profile_gets_half_an_answer() -> None:
    """Agents without a link: the link they need. A link without agents: how many it holds."""
    agents, link = sized({"agents": 120}), sized({"link": LINK})

    assert agents.answer == link.answer == Answer.CANNOT_BE_TOLD
    assert (agents.to_fill_in, link.to_fill_in) == (("site.link",), ("site.agents",))
    assert agents.need
    assert agents.need.link_bps == 113 * 56_900
    assert link.link
    assert (link.link.agents_at_most, link.link.fits) == (122, None)


def test_cost_is_the_profiles_own_or_none() -> None:
    """Agents, minutes, days and price; a tariff in part says what it lacks; no price is invented."""
    tariff = {"currency": "EUR", "per_minute": 0.02, "minutes_per_agent_day": 300, "days_per_month": 21}
    whole, part = sized({"agents": 120, "tariff": tariff}).cost, {"currency": "EUR", "per_minute": 0.02}

    assert (whole.billed_minutes_per_month, whole.price_per_month, whole.to_fill_in) == (756_000, 15_120, ())
    assert sized({"agents": 120, "tariff": part}).cost.to_fill_in == (
        "site.tariff.minutes_per_agent_day",
        "site.tariff.days_per_month",
    )
    assert sized({"agents": 120}).cost.price_per_month is None


@pytest.mark.parametrize(
    "site",
    [
        {"agents": 10**9},
        {"agents": 0},
        {"occupancy": 0},
        {"blocking": 1e-9},
        {"calls_per_hour": 100.0},
        {"relay": "dtls"},
        {"service_level": {"ratio": 1.0}},
        {"link": {"down_bps": 10**16, "up_bps": 1}},
        {"link": {"down_bps": "9" * 400 + "G", "up_bps": 1}},
    ],
)
def test_absurd_sites_are_refused(site: dict[str, Any]) -> None:
    """No fault, and no figure made of nonsense."""
    with pytest.raises(ValidationError):
        Site.model_validate(site)


@pytest.mark.timeout(20)  # a sum over each agent would take minutes
@pytest.mark.parametrize(
    "site",
    [
        {"agents": MOST_AGENTS, "occupancy": 0.5, "link": {"down_bps": 10**15, "up_bps": 10**15}},
        {"agents": MOST_AGENTS, "occupancy": 1e-300, "link": {"down_bps": 1, "up_bps": 1}},
        {"calls_per_hour": 1e7, "handling_s": 86_400.0, "service_level": {"ratio": 0.9999, "within_s": 0}},
        {"calls_per_hour": 1e-9, "handling_s": 1e-9},
        {"agents": 1, "calls_per_hour": 1e7, "handling_s": 86_400.0, "blocking": 1e-6},
    ],
)
def test_extremes_are_answered_at_once(site: dict[str, Any]) -> None:
    """The largest and smallest that may be written, in both languages and as JSON."""
    found = sized(site)

    assert json.loads(json.dumps(found.as_document(Tool("readycheck", "0")), allow_nan=False))
    assert render_site(found, "en") != render_site(found, "fr")
