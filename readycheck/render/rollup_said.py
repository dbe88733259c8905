"""What the terminal and the page both say of a roll-up: what was seen, where, and what to beware of."""

from collections.abc import Sequence

from readycheck.model.clean import clean
from readycheck.model.rollup import Answered, Attested, Notice, Rollup
from readycheck.model.verdict import Finding, Scope, Status
from readycheck.render import format as say
from readycheck.render.words import Words

_MOST_SITES, _MOST_SILENT, _MOST_KINDS = 3, 8, 3
_SESSIONS = {"citrix_ica", "rdp", "horizon", "avd", "workspaces", "xrdp", "ssh"}


def open_answers(rollup: Rollup) -> dict[str, Attested]:
    """By the metric of its finding, the first answer of each question that is not a good one."""
    return {f"question.{row.question}": row for row in reversed(rollup.attestations) if row.status != Status.PASS}


def seen(finding: Finding, answers: dict[str, Attested], rollup: Rollup, words: Words) -> tuple[str, tuple[str, ...]]:
    """What was answered, or measured and asked, or why it is not known; and the sites where it is so."""
    row = answers.get(finding.metric)
    if row and row.status == finding.status:
        return _answered(row, words), (site_name(row.site, words),) if row.site else ()
    return _measured(finding, words), _where(finding, rollup)


def _answered(row: Attested, words: Words) -> str:
    if row.state == Answered.UNANSWERED:
        return words("rollup_state_unanswered")
    if row.state == Answered.ANSWERED:
        day = say.day(row.on, words) or ""
        return words("rollup_by", answer=words.answer(row.answer or ""), by=clean(row.by, 40), day=day)
    return words(f"rollup_state_{row.state}", day=say.day(row.until or row.on, words) or "")


def _measured(finding: Finding, words: Words) -> str:
    if finding.observed is None:
        return words.failure(finding.reason).short if finding.reason else words("not_measured")
    shown = say.amount(finding.observed, finding.unit, words)
    return words("measured", shown=shown, wanted=say.asked(finding.expected, finding.unit, words))


def _where(finding: Finding, rollup: Rollup) -> tuple[str, ...]:
    """The sites whose own reports say so."""
    if finding.scope != Scope.SITE:
        return ()
    names = [
        clean(site.site, 40)
        for site in rollup.sites
        if site.site and site.report
        for own in site.report.findings
        if (own.requirement, own.status) == (finding.requirement, finding.status)
    ]
    more = ["…"] * (len(names) > _MOST_SITES)
    return (*names[:_MOST_SITES], *more)


def site_name(site: str | None, words: Words) -> str:
    """What a site is called; runs without a name have one too."""
    return words("rollup_site", site=clean(site, 40)) if site else words("rollup_no_site")


def notice(which: Notice, rollup: Rollup, words: Words) -> str:
    """What a reader must know about the roll-up as a whole."""
    silent = [site.site for site in rollup.sites if site.report is None and site.site is not None]
    names = ", ".join(clean(site, 40) for site in silent[:_MOST_SILENT]) or words("rollup_no_site")
    more = f", {words.count('more', len(silent) - _MOST_SILENT)}" if len(silent) > _MOST_SILENT else ""
    return words(f"rollup_notice_{which}", n=rollup.profiles_seen, day=say.day(rollup.on, words), names=names + more)


def why(status: str, reason: str | None, kinds: Sequence[tuple[str, ...]], words: Words) -> str:
    """Why workstations miss a requirement: by what they have that it is about, if their reports name it."""
    more = [words.count("more", len(kinds) - _MOST_KINDS)] if len(kinds) > _MOST_KINDS else []
    named = ", ".join([*(_thing(what, words) for what in kinds[:_MOST_KINDS]), *more])
    if len(kinds) == 1 and kinds[0][0] in _SESSIONS:
        named = words("ws_session_of", kind=named)
    if reason:
        return words("colon").join(filter(None, (words.failure(reason).short, named)))
    return named or words("why_missed" if status == Status.FAIL else "not_measured")


def _thing(what: tuple[str, ...], words: Words) -> str:
    return clean(" ".join(words.value(part) for part in what), 60)
