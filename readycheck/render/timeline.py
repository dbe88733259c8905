"""The plan on a time line: who is busy until when, and the day it can be ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from readycheck.model.report import Report
from readycheck.model.verdict import Decision
from readycheck.render import format as say
from readycheck.render.answer import Action
from readycheck.render.svg import described, label
from readycheck.render.words import Words

_PLANNED = ("blocks", "warns", "unknown", "unknown_warning")
_MOST_STAGES = 15
_LONGEST_DAYS = 36_500
_STEPS = (1, 2, 5, 7, 14, 30, 61, 91, 182, 365, 730, 1826, 3652, 9131, 18_262)
_MOST_STEPS = 5
_APART = 0.17
"""Between two dates, as a share of the line: what the longest takes on a narrow screen."""
_INSIDE = 0.7
"""From this length on, a bar's figure stands within it."""


@dataclass(frozen=True)
class Stage:
    """One thing to do, drawn as long as it takes."""

    kind: str
    state: str
    title: str
    more: int
    """Of what else it serves."""
    owner: str
    takes: str
    drawing: Markup


@dataclass(frozen=True)
class Timeline:
    """The dates, what is to be done below them, and what it comes to."""

    dates: Markup
    stages: tuple[Stage, ...]
    more: int
    caption: str


@dataclass(frozen=True)
class _Scale:
    """From the start of the run to a little beyond the end of the longest thing to do."""

    start: date
    span: int
    ready: int | None

    def share(self, days: float) -> float:
        return min(days / self.span, 1.0)

    def at(self, days: float) -> str:
        return f"{100 * self.share(days):.2f}%"

    @property
    def ticks(self) -> list[int]:
        step = next((step for step in _STEPS if self.span / step <= _MOST_STEPS), _STEPS[-1])
        return list(range(0, self.span + 1, step))


def timeline(report: Report, todo: Sequence[Action], words: Words) -> Timeline | None:
    """The plan; None where nothing is to be done, or nobody said of anything how long it takes."""
    begun = say.started(report.run.started_at)
    planned = [action for action in todo if action.kind in _PLANNED]
    known = [days for action in planned if (days := _days(action)) is not None]
    if report.decision == Decision.GO or begun is None or not known:
        return None
    ready = _ready(report, begun.date())
    if ready is None and len(planned) == 1:
        return None  # the line above says it all
    longest = max([*known, ready or 0, 1])
    scale = _Scale(begun.date(), longest + max(longest // 50, 1), ready)
    try:
        dates = _dates(scale, planned, words)
    except OverflowError:  # a report may begin on any day
        return None
    return Timeline(
        dates=dates,
        stages=tuple(_stage(action, scale, words) for action in planned[:_MOST_STAGES]),
        more=max(len(planned) - _MOST_STAGES, 0),
        caption=_caption(report, planned, scale, words),
    )


def _days(action: Action) -> int | None:
    """How long it takes, if that is a time that a calendar holds."""
    return action.days if action.days is not None and 0 <= action.days <= _LONGEST_DAYS else None


def _ready(report: Report, start: date) -> int | None:
    """After how many days it can be ready."""
    try:
        days = (date.fromisoformat(report.ready_on or "") - start).days
    except ValueError:
        return None
    return days if 0 <= days <= _LONGEST_DAYS else None


def _stage(action: Action, scale: _Scale, words: Words) -> Stage:
    days = _days(action)
    ends = ""
    if days is not None:
        ends = say.day(scale.start + timedelta(days=days), words) or ""
    takes = _takes(action, words)
    if days is not None and not action.kind.startswith("unknown"):
        takes = words("plan_takes", days=takes, day=ends)
    return Stage(
        kind=action.kind,
        state=action.state,
        title=action.titles[0],
        more=len(action.titles) - 1,
        owner=action.owner or words("nobody_named"),
        takes=takes,
        drawing=_bar(action, scale, words),
    )


def _takes(action: Action, words: Words) -> str:
    """How long it takes; what is not known yet takes that long only if it fails."""
    days = _days(action)
    if days is None:
        return words("plan_unstated")
    said = words.count("days", days)
    return words("plan_if_it_fails", days=said) if action.kind.startswith("unknown") else said


def _bar(action: Action, scale: _Scale, words: Words) -> Markup:
    """A bar from the start; one of unknown length is open, and says so."""
    days = _days(action)
    lines = Markup("").join(
        Markup('<rect class="grid" x="{}" width="1" height="100%"/>').format(scale.at(tick)) for tick in scale.ticks
    )
    if scale.ready is not None:
        lines += Markup('<rect class="goal" x="{}" width="2" height="100%"/>').format(scale.at(scale.ready))
    if days is None:
        bar = Markup('<svg y="50%" overflow="visible"><rect class="unsaid" y="-9" width="100%" height="18" rx="4"/>')
        bar += label("1.5%", 4, words("plan_unstated"), "start") + Markup("</svg>")
    else:
        perhaps = action.kind.startswith("unknown")
        bar = Markup('<svg y="50%" overflow="visible"><rect class="{}" y="-9" width="{}" height="18" rx="3"/>').format(
            "stretch perhaps" if perhaps else "stretch", scale.at(max(days, scale.span / 150))
        )
        inside = scale.share(days) >= _INSIDE
        x = f"{100 * scale.share(days) + (-1.5 if inside else 1.5):.2f}%"
        bar += label(
            x, 4, _takes(action, words), "end" if inside else "start", "within" if inside and not perhaps else ""
        )
        bar += Markup("</svg>")
    return Markup('<svg class="stage" width="100%" height="100%" aria-hidden="true">{}</svg>').format(lines + bar)


def _dates(scale: _Scale, planned: Sequence[Action], words: Words) -> Markup:
    """The axis; its description tells the whole plan."""
    drawn = Markup("")
    taken = [] if scale.ready is None else [scale.share(scale.ready)]
    if scale.ready is not None:
        ready = words("plan_ready", day=say.day(scale.start + timedelta(days=scale.ready), words))
        share = scale.share(scale.ready)
        anchor = "end" if share > 0.5 else "start"  # noqa: PLR2004 - to where there is room
        drawn += label(f"{100 * share:.2f}%", 14, ready, anchor, "strong")
        drawn += Markup('<rect class="goal" x="{}" y="19" width="2" height="17"/>').format(scale.at(scale.ready))
    for tick in scale.ticks:
        share = scale.share(tick)
        if all(abs(share - other) >= _APART for other in taken):
            day = scale.start + timedelta(days=tick)
            shown = say.day(day, words) if day.year != scale.start.year else say.day_and_month(day, words)
            anchor = "start" if share < _APART / 2 else "end" if share > 1 - _APART / 2 else "middle"
            drawn += label(f"{100 * share:.2f}%", 31, shown or "", anchor)
            taken.append(share)
    title = words.count("plan_title", len(planned), day=say.day(scale.start, words))
    told = words("semicolon").join(_told(action, words) for action in planned[:_MOST_STAGES])
    return described("chart", 36, title, told, drawn)


def _told(action: Action, words: Words) -> str:
    owner = action.owner or words("nobody_named")
    return f"{action.titles[0]} ({action.state}){words('colon')}{owner}, {_takes(action, words)}"


def _caption(report: Report, planned: Sequence[Action], scale: _Scale, words: Words) -> str:
    """The day and what it rests on, or why there is none."""
    if scale.ready is not None:
        ready = say.day(scale.start + timedelta(days=scale.ready), words)
        key = "plan_may_set_date" if report.decision == Decision.INCONCLUSIVE else "plan_sets_date"
        return words(key, day=ready, start=say.day(scale.start, words))
    weighs = "unknown" if report.decision == Decision.INCONCLUSIVE else "blocks"
    unstated = [action for action in planned if action.kind == weighs and _days(action) is None]
    if unstated:
        return words("plan_no_date", title=words("quoted", text=unstated[0].titles[0]))
    return words("plan_no_blocker" if not any(action.kind == weighs for action in planned) else "plan_no_day")
