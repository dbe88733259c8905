"""One probe's part of a report, read for sentences about it."""

from dataclasses import dataclass
from typing import Any

from readycheck.model.failure import FailureCode
from readycheck.model.report import Report
from readycheck.render.readings import evidence_of, figure
from readycheck.render.words import Words


@dataclass(frozen=True)
class Said:
    """A sentence; not known, if it says why something could not be told."""

    text: str
    known: bool = True


@dataclass(frozen=True)
class Subject:
    """What one probe left, and the words to tell it in."""

    probe: str
    report: Report
    words: Words

    @property
    def evidence(self) -> dict[str, Any]:
        """What the probe left; nothing, if it could not do its work."""
        return evidence_of(self.report, self.probe)

    def value(self, attribute: str) -> Any:
        """A figure of this probe, if it was measured."""
        return figure(self.report.metrics, f"{self.probe}.{attribute}")

    def reason(self, attribute: str) -> str | None:
        """Why a figure of this probe was not measured."""
        metric = self.report.metrics.get(f"{self.probe}.{attribute}")
        return metric.reason if metric else None

    def decided_by(self, attribute: str) -> tuple[str, ...]:
        """Names in the evidence: what made a figure of this probe what it is."""
        metric = self.report.metrics.get(f"{self.probe}.{attribute}")
        return metric.decided_by if metric else ()

    def is_asked(self, attribute: str) -> bool:
        """Whether a requirement is on this figure."""
        return any(finding.metric == f"{self.probe}.{attribute}" for finding in self.report.findings)

    def said(self, key: str, **values: object) -> Said:
        """The sentence of this key."""
        return Said(self.words(key, **values))

    def untold(self, key: str, attribute: str, why: str | None = None) -> Said:
        """That this could not be told, and why; without a reason of its own, the figure's."""
        reason = self.reason(attribute) or FailureCode.NOT_PROVEN
        own = why if reason == FailureCode.NOT_PROVEN else None
        default = self.words("ws_neither") if reason == FailureCode.NOT_PROVEN else self.words.failure(reason).short
        return Said(self.words("ws_untold", what=self.words(key), why=own or default), known=False)

    def listed(self, names: list[str]) -> str:
        """Names in a sentence, the first of them if they are many."""
        shown = names[:4]
        if len(names) > len(shown):
            return f"{', '.join(shown)} {self.words.count('and_more', len(names) - len(shown))}"
        return self.words("and").join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))
