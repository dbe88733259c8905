"""The findings as CSV, one row each; no cell can be a formula."""

import csv
import io

from readycheck.model.clean import clean
from readycheck.model.evidence import Value
from readycheck.model.report import Report
from readycheck.render import answer
from readycheck.render import format as say
from readycheck.render.causes import cause
from readycheck.render.words import Words

_COLUMNS = (
    *("host", "started_at", "profile", "decision"),
    *("requirement", "scope", "severity", "status", "metric", "observed", "unit", "expected", "reason"),
    *("title", "remedy", "owner", "lead_time_days", "cause"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render_csv(report: Report, lang: str) -> str:
    """Header and rows, for a spreadsheet or a script: ids and numbers as in the JSON, texts in this language."""
    words = Words(lang)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    run = (report.environment.host, report.run.started_at, report.profile.id, report.decision)
    for finding in report.findings:
        judged = (finding.requirement, finding.scope, finding.severity, finding.status, finding.metric)
        measured = (finding.observed, finding.unit, finding.expected, finding.reason)
        told = (answer.title(finding, words), words.choose(finding.remedy), finding.owner, finding.lead_time_days)
        seen = cause(finding, report, words) if answer.kind(finding) in answer.KINDS else None
        writer.writerow([cell(value) for value in (*run, *judged, *measured, *told, seen)])
    return text.getvalue()


def cell(value: Value) -> str:
    """One cell: a text that a spreadsheet would run gets an apostrophe in front, a plain number stays one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    risky = text.startswith(_FORMULA)
    shown = clean(text, 400)
    return f"'{shown}" if (risky or shown.startswith(_FORMULA)) and not say.is_number(shown) else shown
