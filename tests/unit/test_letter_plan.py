from datetime import date
from typing import Any

import pytest

from readycheck.letter.matrix import flow_matrix
from readycheck.letter.plan import Step, counted_back, longest, steps
from tests.unit.letter_samples import TURN, WHOLE, letter, profile

ANSWERS = {"yes": "pass"}


def planned(targets: dict[str, Any], **more: Any) -> tuple[Step, ...]:
    asked = profile(targets, **more)
    return steps(asked, flow_matrix(asked))


def test_owners_and_times_are_the_profiles() -> None:
    """Requirements and questions on the way to the servers give owner and time, the longest of several."""
    found = planned(
        WHOLE,
        questions=[
            {"id": "proxy_bypass", "ask": "?", "answers": ANSWERS, "owner": "security", "lead_time": "45d"},
            {"id": "recording", "ask": "?", "answers": ANSWERS, "owner": "quality", "lead_time": "90d"},
        ],
        requirements=[
            {"id": "a", "metric": "turn.udp_reachable_ratio", "at_least": 1, "owner": "network", "lead_time": "10d"},
            {"id": "b", "metric": "stun.reachable_ratio", "at_least": 1, "owner": "network", "lead_time": "20d"},
            {"id": "c", "metric": "path.loss_ratio", "at_most": 0.01, "owner": "carrier", "lead_time": "80d"},
            {"id": "d", "metric": "path.dscp_preserved", "equals": True, "lead_time": "5d"},
        ],
    )

    assert found == (
        Step("firewall", ("network",), 20),
        Step("bypass", ("security",), 45),
        Step("marking", (), 5),
    )
    assert longest(found) == 45


def test_credentials_are_no_work_of_the_firewall() -> None:
    """Whoever owns what a relay's credentials must do is not asked to open the firewall for it."""
    found = planned(
        WHOLE,
        requirements=[
            {"id": "a", "metric": "turn.udp_reachable_ratio", "at_least": 1, "owner": "network", "lead_time": "10d"},
            {"id": "b", "metric": "turn.udp_relay", "equals": True, "owner": "platform vendor", "lead_time": "20d"},
        ],
    )

    assert found[0] == Step("firewall", ("network",), 10)


def test_teams_have_one_name() -> None:
    """A team that nobody named is called as one that the profile names."""
    asked = [{"id": "a", "metric": "stun.reachable_ratio", "at_least": 1, "owner": "network"}]

    assert [task.owner for task in letter(profile(WHOLE, requirements=asked), "fr").tasks] == [
        "Réseau",
        "Sécurité",
        "Réseau",
    ]


def test_usual_times_stand_in() -> None:
    """Where the profile says nothing a bypass takes the usual two months, and nobody knows the rest."""
    found = planned(WHOLE)

    assert [step.days for step in found] == [None, None, None]
    assert longest(found) == 60
    assert longest(planned({"ice_servers": TURN[:1]})) is None


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (date(2027, 3, 1), "the work has to begin by 31 Dec 2026."),
        (date(2026, 12, 24), "That day has passed"),
        (None, "Count 60 days from the request."),
    ],
)
def test_the_date_is_derived(wanted: date | None, said: str) -> None:
    """A date wanted is counted back to the beginning; without one the line stays blank and the time is told."""
    assert said in letter(profile(WHOLE), wanted=wanted).deadline.replace("\u00a0", " ")


def test_no_calendar_is_left() -> None:
    """A date that nothing can be counted back from harms nothing."""
    assert counted_back(date(1, 1, 2), 60).begin is None
