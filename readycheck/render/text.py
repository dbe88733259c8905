"""The verdict as the terminal prints it at the end of a run."""

from readycheck.model.clean import clean
from readycheck.model.report import Report
from readycheck.model.verdict import Decision
from readycheck.render import answer
from readycheck.render.calls import link_load
from readycheck.render.changes import changes
from readycheck.render.columns import Row, columns, sentences
from readycheck.render.marks import plain_marks
from readycheck.render.truncation import truncation
from readycheck.render.words import Words

_MOST_LINES = 40
_RESET = "\x1b[0m"
_RED, _GREEN, _AMBER, _DIM = "\x1b[1;31m", "\x1b[1;32m", "\x1b[33m", "\x1b[2m"
_COLOURS = {"blocks": _RED, "warns": _AMBER, "waived": _AMBER, "noted": _DIM, "unknown": _DIM, "unknown_warning": _DIM}
_DECISION_COLOURS = {Decision.GO: _GREEN, Decision.GO_WITH_RESERVATIONS: _AMBER, Decision.NO_GO: _RED}
_MARKS = {"blocks": "✗", "warns": "!", "waived": "~", "noted": "i", "unknown": "?", "unknown_warning": "?"}


def render_text(report: Report, lang: str, *, colour: bool, plain: bool = False, width: int | None = None) -> str:
    """Decision, date, then a line for each thing to do; `plain` keeps to ASCII marks, `width` is the terminal's."""
    words = Words(lang)
    head = painted_decision(report.decision, words, colour=colour)
    ready = answer.ready(report, words)
    todo = answer.actions(report, words)
    if ready:
        head += f"   {words('ready_earliest')} {ready[0]}" if report.ready_on else f"   {ready[0]}"
    elif not todo:
        head += f"   {answer.sentence(report, words)}"
    lines = [head]
    if report.run.machine == "captured":
        lines.append(_painted(words("captured_title"), _DIM, colour))
    elif report.profile.lab:
        lines.append(_painted(words("terminal_lab"), _DIM, colour))
    if report.run.interrupted:
        lines.append(words("terminal_interrupted"))
    lines += changes(report, words)
    if died := truncation(report, words):
        lines.append(died)
    load = link_load(report, words)
    if load and load.rows:
        lines.append(clean(load.sentence, 300))
    text = "\n".join([*sentences(lines, width), *_rows(todo, words, colour=colour, width=width)])
    return plain_marks(text) if plain else text


def painted_decision(decision: Decision, words: Words, *, colour: bool) -> str:
    """The word of a decision, in its colour."""
    return _painted(words(f"decision_{decision}"), _DECISION_COLOURS.get(decision, ""), colour)


def marked(kind: str, *, colour: bool) -> str:
    """The mark of one of answer.KINDS, in its colour."""
    return _painted(_MARKS[kind], _COLOURS[kind], colour)


def _rows(todo: list[answer.Action], words: Words, *, colour: bool, width: int | None) -> list[str]:
    rows = [
        Row(marked(action.kind, colour=colour), (title, clean(seen, 400), _who(action, words)))
        for action in todo
        for title, seen in zip(action.titles, action.each_cause, strict=True)
    ]
    lines = columns(rows[:_MOST_LINES], width)
    more = len(rows) - _MOST_LINES
    return [*lines, f"  {words.count('more', more)}"] if more > 0 else lines


def _who(action: answer.Action, words: Words) -> str:
    days = words.count("days", action.days) if action.days is not None else ""
    return ", ".join(filter(None, (action.owner, days)))


def _painted(text: str, code: str, colour: bool) -> str:  # noqa: FBT001 - as above
    return f"{code}{text}{_RESET}" if colour and code else text
