"""What a reflector did to the path's figures, as the terminal and the page tell it."""

from typing import Any

import pytest

from readycheck.model.report import Metric, Report
from readycheck.model.verdict import Status
from readycheck.render.html import render_html
from readycheck.render.text import render_text
from tests.unit.report_samples import finding, observation, report

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


@pytest.mark.parametrize(("reason", "reflection"), [("not_proven", {"cut_count": 0}), ("no_media", {}), ("x", {})])
def test_nothing_is_said_of_an_honest_one(reason: str, reflection: dict[str, Any]) -> None:
    """Nor of none at all."""
    text = render_text(measured(reason, reflection), "en", colour=False)
    assert not any(said in text for _, _, said, _ in CASES)
