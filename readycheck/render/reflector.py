"""What a reflector did to a measurement of the path that is not the network's doing, in a few words."""

from readycheck.model.failure import FailureCode
from readycheck.model.report import Report
from readycheck.render import format as say
from readycheck.render.readings import evidence_of, mapping, plain_number
from readycheck.render.words import Words


def doing(report: Report, metric: str, words: Words) -> str | None:
    """Why this metric of the path means little; None if the reflector has no part in it."""
    reflection = mapping(evidence_of(report, "path").get("reflection"))
    held = report.metrics.get(metric)
    if not reflection or held is None:
        return None
    cut = plain_number(reflection.get("cut_count")) or 0
    if held.reason == FailureCode.NOT_PROVEN and cut > 0:
        return words("reflector_cut", packets=words.count("unit_packet", int(cut), amount=say.number(cut, words)))
    if held.reason == FailureCode.STUN_BAD_ANSWER:
        return words("reflector_disbelieved")
    if held.reason == FailureCode.NO_MEDIA and reflection.get("is_authenticated") is True:
        return words("reflector_silent")
    return None


def sentence(report: Report, words: Words) -> str:
    """The same of the losses, as a sentence; nothing if there is nothing to say."""
    said = doing(report, "path.loss_ratio", words)
    return f"{said[0].upper()}{said[1:]}." if said else ""
