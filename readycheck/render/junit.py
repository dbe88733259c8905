"""The findings as JUnit XML, for whoever already collects such files."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from readycheck.model.clean import clean
from readycheck.model.report import Report
from readycheck.model.verdict import Finding, Status
from readycheck.render import answer
from readycheck.render import format as say
from readycheck.render.causes import cause
from readycheck.render.words import Words

_OUTCOMES = {
    Status.FAIL: "failure",
    Status.INCONCLUSIVE: "error",  # `skipped` would hide that the answer is not known
    Status.NOT_APPLICABLE: "skipped",
    Status.WAIVED: "skipped",
}


def render_junit(report: Report, lang: str) -> str:
    """One test case per finding; what is not known is an error, never a success."""
    words = Words(lang)
    outcomes = [_OUTCOMES.get(finding.status) for finding in report.findings]
    suites = Element("testsuites", name="readycheck")
    suite = SubElement(
        suites,
        "testsuite",
        name=clean(report.profile.id),
        tests=str(len(outcomes)),
        failures=str(outcomes.count("failure")),
        errors=str(outcomes.count("error")),
        skipped=str(outcomes.count("skipped")),
        time=f"{report.run.duration_s:.3f}",
        timestamp=clean(report.run.started_at, 40),
        hostname=clean(report.environment.host),
    )
    properties = SubElement(suite, "properties")
    for name, value in (("decision", report.decision), ("ready_on", report.ready_on), ("run", report.run.id)):
        SubElement(properties, "property", name=name, value=clean(value or ""))
    for finding in report.findings:
        _case(suite, finding, report, words)
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _case(suite: Element, finding: Finding, report: Report, words: Words) -> None:
    classname = f"readycheck.{clean(finding.metric.partition('.')[0])}"
    case = SubElement(suite, "testcase", classname=classname, name=clean(finding.requirement))
    outcome = _OUTCOMES.get(finding.status)
    if outcome is None:
        return
    seen = cause(finding, report, words)
    message = f"{answer.title(finding, words)}{words('colon')}{seen}"
    if finding.status in {Status.WAIVED, Status.NOT_APPLICABLE}:
        message = f"{answer.state(finding, words)}{words('colon')}{message}"
    element = SubElement(case, outcome, message=message)
    if outcome != "skipped":
        element.set("type", clean(finding.reason or finding.severity))
        asked = say.asked(finding.expected, finding.unit, words)
        facts = (
            (words("col_asked"), asked),
            (words("col_owner"), finding.owner),
            (words("col_do"), words.choose(finding.remedy)),
        )
        element.text = "\n".join(f"{name}{words('colon')}{clean(value, 400)}" for name, value in facts if value)
