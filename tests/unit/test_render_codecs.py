"""The page's table of codecs: the scale stands in every row, and nothing in a report can hurt."""

from dataclasses import asdict
from typing import Any, get_args

import pytest

from readycheck.model.report import Report
from readycheck.render.codecs import codec_table
from readycheck.render.html import render_html
from readycheck.render.words import Words
from readycheck.rtc import emodel
from tests.unit.report_samples import observation, report

SCORES = [asdict(score) for score in emodel.codec_scores(emodel.Impairment(300, 30, 20, 0.01), 32_000)]


def with_path(**evidence: Any) -> Report:
    return report(observations={"path": observation(evidence={"rtt_ms": [20.0, 21.0], **evidence})})


def test_every_row_names_its_scale() -> None:
    """Opus fullband, the others narrowband, in both languages; beside it what browser tools show."""
    table = codec_table(with_path(codecs=SCORES, twilio_style_mos=3.94), Words("fr"))

    assert table is not None
    assert [row.codec for row in table.rows] == ["Opus 31 kbit/s", "G.711 + PLC", "G.711", "G.729A + VAD"]
    assert [row.scale for row in table.rows] == ["échelle pleine bande"] + ["échelle bande étroite"] * 3
    assert all(row.users for row in table.rows)
    assert "3,94" in table.compared


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_rating_has_words(lang: str) -> None:
    """No key of the code stands on the page."""
    for rating in get_args(emodel.Rating):
        assert "_" not in Words(lang)(f"rating_{rating}")


def test_the_page_has_the_table_where_there_are_scores() -> None:
    """And an older report, without them, has none."""
    assert "What each codec would give" in render_html(with_path(codecs=SCORES), "en")
    assert "What each codec would give" not in render_html(with_path(), "en")


@pytest.mark.parametrize(
    "codecs", [None, "x", [1], [{}], [SCORES[0] | {"scale": "wb"}], [SCORES[0] | {"r_value": "<b>"}]]
)
def test_rows_that_make_no_sense_are_left_out(codecs: Any) -> None:
    """Reports come from anywhere."""
    assert codec_table(with_path(codecs=codecs), Words("en")) is None


def test_foreign_names_are_cleaned() -> None:
    """One line of printable text, escaped; an unknown rating is no word."""
    odd = SCORES[0] | {"codec": "<script>\x1b[31m", "rating": "superb"}
    table = codec_table(with_path(codecs=[odd]), Words("en"))

    assert table is not None
    assert table.rows[0].users == ""
    assert table.rows[0].codec.isprintable()
    assert "<script>" not in render_html(with_path(codecs=[odd]), "en")
