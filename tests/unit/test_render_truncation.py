"""A path that died while it was measured, as the page and the terminal tell it."""

from typing import Any

import pytest

from readycheck.model.report import Report
from readycheck.render.html import render_html
from readycheck.render.text import render_text
from tests.unit.report_samples import finding, observation, report

REFUSED = {"code": "connection_refused", "operation": "send", "detail": None}


def died(**changes: Any) -> Report:
    """A path that was alive for three seconds and a bit."""
    rtt_ms = [20.0] * 158 + [None] * 150
    evidence = {"rtt_ms": rtt_ms, "interval_ms": 20, "truncated": True, "alive_s": 3.14, "failure": None} | changes
    return report(finding(), observations={"path": observation(evidence)})


@pytest.mark.parametrize(
    ("lang", "sentence"), [("en", "The path went dead after 3.1 s"), ("fr", "Le trajet est tombé après 3,1 s")]
)
def test_both_say_when_it_died(lang: str, sentence: str) -> None:
    """In the reader's language."""
    for text in (render_text(died(), lang, colour=False), render_html(died(), lang)):
        assert sentence in text.replace("\u00a0", " ").replace("\u202f", " ")


def test_a_failure_is_told_with_it() -> None:
    """Why it died, where that is known."""
    assert "nobody listens there" in render_text(died(failure=REFUSED), "en", colour=False)
    assert "nobody listens there" not in render_text(died(), "en", colour=False)


@pytest.mark.parametrize("changes", [{"truncated": False}, {"truncated": "yes"}, {"alive_s": None}, {"alive_s": "3"}])
def test_nothing_is_said_otherwise(changes: dict[str, Any]) -> None:
    """Of a path that lived, and of evidence that makes no sense."""
    assert "went dead" not in render_text(died(**changes), "en", colour=False)
