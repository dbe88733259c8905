"""What each codec would give on the measured path: a table whose every row names its scale."""

from dataclasses import dataclass
from typing import get_args

from readycheck.model.clean import clean
from readycheck.model.report import Report
from readycheck.render import format as say
from readycheck.render.readings import evidence_of, finite, mappings
from readycheck.render.words import Words
from readycheck.rtc.emodel import Rating

_MOST_ROWS = 12


@dataclass(frozen=True)
class CodecRow:
    """One codec: figures on its own scale."""

    codec: str
    scale: str
    r_value: str
    mos: str
    users: str


@dataclass(frozen=True)
class CodecTable:
    """All codecs, and the figure that browser SDKs would show."""

    rows: tuple[CodecRow, ...]
    compared: str


def codec_table(report: Report, words: Words) -> CodecTable | None:
    """The codecs that the path's evidence scores; None if it scores none."""
    evidence = evidence_of(report, "path")
    rows = []
    for score in mappings(evidence.get("codecs"))[:_MOST_ROWS]:
        r_value, mos, rating = finite(score.get("r_value")), finite(score.get("mos_cqe")), score.get("rating")
        if r_value is None or mos is None or score.get("scale") not in {"nb", "fb"}:
            continue
        rows.append(
            CodecRow(
                codec=clean(str(score.get("codec")), 40),
                scale=say.scale(str(score["scale"]), words),
                r_value=say.number(r_value, words, 1),
                mos=say.number(mos, words),
                users=words(f"rating_{rating}") if rating in get_args(Rating) else "",
            )
        )
    twilio = finite(evidence.get("twilio_style_mos"))
    compared = words("twilio_style", mos=say.number(twilio, words)) if twilio is not None else ""
    return CodecTable(tuple(rows), compared) if rows else None
