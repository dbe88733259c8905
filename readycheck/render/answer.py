"""The answer in one sentence, and what to do about it: shared by the page and the terminal."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from readycheck.model.clean import clean
from readycheck.model.failure import FailureCode
from readycheck.model.report import Report
from readycheck.model.verdict import Decision, Finding, Severity, Status
from readycheck.render import format as say
from readycheck.render.causes import cause, failure_words
from readycheck.render.words import Words
from readycheck.render.workstation.causes import named_cause

KINDS = ("blocks", "warns", "unknown", "unknown_warning", "waived", "noted")
"""What a finding asks for, the most pressing first."""

_NAMED_AT_MOST = 3
_LONGEST_NAME = 100
_LONGEST_LEAD = 36_500


def kind(finding: Finding) -> str:
    """What this finding is to a reader: one of KINDS, or `holds`, `not_applicable`, `left_out`."""
    if finding.status == Status.FAIL:
        return {Severity.BLOCKER: "blocks", Severity.WARNING: "warns", Severity.INFO: "noted"}[finding.severity]
    if finding.status == Status.INCONCLUSIVE:
        if finding.reason == FailureCode.NOT_SELECTED:
            return "left_out"
        return "unknown" if finding.severity == Severity.BLOCKER else "unknown_warning"
    return {Status.PASS: "holds", Status.WAIVED: "waived"}.get(finding.status, "not_applicable")


def state(finding: Finding, words: Words) -> str:
    """The word for what became of a requirement."""
    name = kind(finding)
    if name.startswith("unknown"):
        special = {FailureCode.NOT_PROVEN: "state_not_proven", FailureCode.OTHER_TARGETS: "state_other_targets"}
        code = next((code for code in special if code == finding.reason), None)
        return (
            words(special[code])
            if code
            else words("state_not_measured" if finding.observed is None else "state_unknown")
        )
    return words(f"state_{name}")


def title(finding: Finding, words: Words) -> str:
    """What a requirement is called; its id, where the profile gives no words."""
    return words.choose(finding.title) or clean(finding.requirement)


@dataclass(frozen=True)
class Action:
    """Something to be done, for one requirement or for several that need the same."""

    kind: str
    state: str
    findings: tuple[Finding, ...]
    titles: tuple[str, ...]
    do: str
    meaning: str
    owner: str
    days: int | None
    each_cause: tuple[str, ...]
    """The cause of each finding, in the findings' order."""
    until: str | None

    @property
    def causes(self) -> tuple[str, ...]:
        """Each cause once."""
        return tuple(dict.fromkeys(self.each_cause))


def actions(report: Report, words: Words) -> list[Action]:
    """What to do: what blocks before what warns, the longest first, the same remedy told once."""
    groups: dict[tuple[str, str, str, str], list[Finding]] = {}
    told = {_trouble(finding): finding for finding in reversed(report.findings) if finding.remedy}
    for finding in report.findings:
        name = kind(finding)
        if name in KINDS:
            model = finding if finding.remedy else told.get(_trouble(finding), finding)
            key = (name, state(finding, words), _remedy(model, report, words), words.owner(finding.owner))
            groups.setdefault(key, []).append(finding)
    listed = [_action(report, *key, findings, words) for key, findings in groups.items()]
    return sorted(
        listed, key=lambda action: (KINDS.index(action.kind), -(action.days if action.days is not None else -1))
    )


def _action(report: Report, name: str, word: str, do: str, owner: str, findings: list[Finding], words: Words) -> Action:
    stated = [finding.lead_time_days for finding in findings if finding.lead_time_days is not None]
    days = max(stated) if len(stated) == len(findings) else None  # of several, each must say how long it takes
    meanings = dict.fromkeys(
        failure_words(finding.reason, finding.metric, report, words).what for finding in findings if finding.reason
    )
    return Action(
        kind=name,
        state=word,
        findings=tuple(findings),
        titles=tuple(title(finding, words) for finding in findings),
        do=do,
        meaning=" ".join(meanings),
        owner=owner,
        days=days,
        each_cause=tuple(cause(finding, report, words) for finding in findings),
        until=_until(report, days, words),
    )


def _trouble(finding: Finding) -> tuple[str | None, ...]:
    """Findings alike in this have one cause; the remedy of one serves the others."""
    probe = finding.metric.partition(".")[0]
    return (probe, finding.status, finding.severity, finding.reason or finding.metric, finding.owner)


def _remedy(finding: Finding, report: Report, words: Words) -> str:
    """The profile's own remedy; the failure's, where it has none. What was not learnt is first of all to be learnt."""
    own, of_failure = words.choose(finding.remedy), ""
    if finding.reason:
        of_failure = failure_words(finding.reason, finding.metric, report, words).remedy
    if finding.status == Status.INCONCLUSIVE:
        # where a sign is missing, and no figure near its limit, the profile knows better than "run for longer"
        says_more = finding.reason == FailureCode.NOT_PROVEN and finding.observed is None
        return (own if says_more else "") or of_failure or words("measure_again")
    if finding.status == Status.WAIVED:
        return own or words("waived_remedy")
    return own or of_failure or words("no_remedy")


def _until(report: Report, days: int | None, words: Words) -> str | None:
    begun = say.started(report.run.started_at)
    if begun is None or days is None or not 0 <= days <= _LONGEST_LEAD:
        return None
    try:
        return say.day(begun.date() + timedelta(days=days), words)
    except OverflowError:
        return None


def sentence(report: Report, words: Words) -> str:
    """The causes of the decision, in one or two sentences."""
    by_kind: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_kind.setdefault(kind(finding), []).append(finding)
    blocking, held = by_kind.get("blocks", []), len(by_kind.get("holds", []))
    unknown, waived = by_kind.get("unknown", []), by_kind.get("waived", [])
    softer = by_kind.get("warns", []) + by_kind.get("unknown_warning", [])
    if report.decision == Decision.NO_GO:
        parts = [words.count("answer_blocks", len(blocking), causes=_named(blocking, report, words))]
        parts += [words.count("answer_also_unknown", len(unknown))] if unknown else []
        parts += [words.count("answer_others_hold", held)] if held else []
    elif report.decision == Decision.INCONCLUSIVE:
        first = words.count("answer_unknown", len(unknown), causes=_named(unknown, report, words))
        parts = [first if unknown else words(_why_nothing_judged(report, held))]
        parts += [words.count("answer_hold", held)] if held else []
    elif report.decision == Decision.GO_WITH_RESERVATIONS:
        parts = [words("answer_reservations", causes=_named(softer + waived, report, words))]
    else:
        noted = by_kind.get("noted", []) + softer
        parts = [words.count("answer_all_hold", held), words("answer_to_note" if noted else "answer_nothing_to_do")]
    left_out = len(by_kind.get("left_out", []))
    return " ".join(parts + ([words.count("answer_left_out", left_out)] if left_out else []))


def _why_nothing_judged(report: Report, held: int) -> str:
    """The word's key: nothing was asked, the run was cut short, or nothing was answered."""
    if not report.findings:
        return f"answer_asks_nothing_of_{report.run.scope}"
    return "answer_cut_short" if report.run.interrupted and held else "answer_nothing_judged"


def _named(findings: Iterable[Finding], report: Report, words: Words) -> str:
    listed = list(findings)
    named = [
        f"{words('quoted', text=title(finding, words))}{_in_brackets(finding, report, words)}"
        for finding in listed[:_NAMED_AT_MOST]
    ]
    if len(listed) > _NAMED_AT_MOST:
        named.append(words.count("more", len(listed) - _NAMED_AT_MOST))
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])}{words('and')}{named[-1]}" if named else ""


def _in_brackets(finding: Finding, report: Report, words: Words) -> str:
    """Why, in brackets; a plain no says nothing beside the title."""
    if finding.status == Status.WAIVED:
        return f" ({words('state_waived')})"
    if named := named_cause(finding, report, words):
        return f" ({clean(named, _LONGEST_NAME)})"
    if finding.reason:
        return f" ({failure_words(finding.reason, finding.metric, report, words).short})"
    return "" if isinstance(finding.observed, bool) else f" ({cause(finding, report, words)})"


def ready(report: Report, words: Words) -> tuple[str, str] | None:
    """The date of readiness and what it rests on; None where there is nothing to wait for."""
    if report.ready_on:
        begun = say.started(report.run.started_at)
        asked = words("ready_if", day=say.day(begun.date(), words)) if begun else ""
        return say.day(report.ready_on, words) or "", asked
    if report.decision == Decision.NO_GO:
        return words("ready_unknown"), words("ready_unknown_why")
    return None
