"""What a reflector did to the path's figures, as the terminal and the page tell it."""

from dataclasses import replace
from typing import Any

import pytest

from readycheck.model.report import Metric, Report
from readycheck.model.verdict import Status
from readycheck.render.answer import actions
from readycheck.render.html import render_html
from readycheck.render.text import render_text
from readycheck.render.words import Words
from tests.unit.report_samples import finding, observation, report

EN, FR = Words("en"), Words("fr")
CASES = [
    ("not_proven", {"cut_count": 640}, "cap cut off 640 packets", "a coupé 640 paquets"),
    ("stun_bad_answer", {"discarded": 640}, "compare both sides", "comparez les clés des deux côtés"),
    (
        "no_media",
        {"is_authenticated": True},
        "a wrong key is answered with silence",
        "pas de réponse ; une mauvaise clé",
    ),
]


def measured(reason: str, reflection: dict[str, Any]) -> Report:
    """A path of ten seconds with an open finding on its loss."""
    evidence = {"rtt_ms": [None] * 500, "interval_ms": 20, "reflection": reflection}
    return report(
        finding(requirement="loss", metric="path.loss_ratio", status=Status.INCONCLUSIVE, observed=None, reason=reason),
        metrics={"path.loss_ratio": Metric(value=None, unit="ratio", reason=reason)},
        observations={"path": observation(evidence)},
    )


@pytest.mark.parametrize(("reason", "reflection", "en", "fr"), CASES)
def test_its_part_is_told(reason: str, reflection: dict[str, Any], en: str, fr: str) -> None:
    """Beside the finding and in the section on the voice, in both languages."""
    seen = measured(reason, reflection)

    for lang, said in (("en", en), ("fr", fr)):
        for text in (render_text(seen, lang, colour=False), render_html(seen, lang)):
            assert said in " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


@pytest.mark.parametrize("metric", ["path_mtu.udp_payload_byte", "path.dscp_preserved"])
def test_silent_reflector_is_no_silent_call(metric: str) -> None:
    """What was asked of the reflector in vain names it and its port; a call without sound is another matter."""
    found = finding(metric=metric, observed=None, status=Status.INCONCLUSIVE, reason="no_media")
    silent, of_call = report(found), report(replace(found, metric="call.connected"))
    silent = replace(silent, observations={"path_mtu": observation({"url": "stamp:198.51.100.2:8862"})})
    [asked], [called] = actions(silent, EN), actions(of_call, EN)

    assert asked.causes == ("198.51.100.2:8862: the reflector does not answer",)
    assert "Open UDP 8862 to the reflector" in asked.do
    assert "call" not in asked.meaning
    assert "le réflecteur ne répond pas" in actions(silent, FR)[0].causes[0]
    assert "The call was set up" in called.meaning


@pytest.mark.parametrize(("reason", "reflection"), [("not_proven", {"cut_count": 0}), ("no_media", {}), ("x", {})])
def test_nothing_is_said_of_an_honest_one(reason: str, reflection: dict[str, Any]) -> None:
    """Nor of none at all."""
    text = render_text(measured(reason, reflection), "en", colour=False)
    assert not any(said in text for _, _, said, _ in CASES)
