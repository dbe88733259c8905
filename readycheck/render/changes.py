"""What befell the machine during the run, and which measurements it spoilt: one sentence each."""

from readycheck.model.clean import clean
from readycheck.model.report import Change, Report
from readycheck.render import format as say
from readycheck.render.words import Words

_MOST = 5
_KINDS = ("slept", "network_changed")


def changes(report: Report, words: Words) -> list[str]:
    """A sentence for each of the first changes; none where nothing changed."""
    return [_sentence(change, words) for change in report.run.changes[:_MOST]]


def _sentence(change: Change, words: Words) -> str:
    """A kind of a later version speaks for itself."""
    told = clean(change.kind, 40).replace("_", " ")
    if change.kind in _KINDS:
        told = words(f"change_{change.kind}", duration=say.amount(change.seconds, "s", words))
    spoilt = ", ".join(words.probe(probe) for probe in change.probes[:20])
    return words("change_spoilt", told=told, probes=spoilt) if spoilt else words("change_alone", told=told)
