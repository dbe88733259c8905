"""The live view: one line per probe on a terminal, plain lines elsewhere. The only file that imports rich."""

import os
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from readycheck.engine.events import Event, ProbeAnnounced, ProbeEnded, ProbeProgressed, ProbeStarted
from readycheck.model.clean import clean
from readycheck.model.report import Observation
from readycheck.render.words import Words

ColorChoice = Literal["auto", "always", "never"]

_FRAMES, _PLAIN_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"
_BARS, _PLAIN_BARS = "▁▂▃▄▅▆▇█", ".:-=+*#@"
_MARKS = {"collected": ("✓", "+"), "failed": ("✗", "x"), "skipped": ("-", "-"), "waiting": ("·", ".")}
_STYLES = {"collected": "green", "failed": "red", "skipped": "dim", "waiting": "dim", "running": "cyan"}
_PLAIN_TEXT = str.maketrans(
    {"·": "|", "…": "~", "\u2013": "-", "\u2019": "'", "“": '"', "”": '"', "\u00d7": "x", "\u00a0": " "}
)
_FRAMES_PER_SECOND = 8
_RECENT = 24
_WHOLE_MS = 10
_SPARK_WIDTH = 12


@dataclass
class _Line:
    """What is known of one probe."""

    probe: str
    state: str = "waiting"
    said: str = ""
    started: float = 0.0
    seconds: float | None = None
    elapsed_s: float | None = None
    expected_s: float | None = None
    figures: Mapping[str, float | None] = field(default_factory=dict)
    recent_rtt_ms: deque[float | None] = field(default_factory=lambda: deque(maxlen=_RECENT))


class LiveView:
    """Shows what the probes do, on stderr; give it to the runner as a listener."""

    def __init__(
        self,
        title: str,
        *,
        lang: str = "en",
        quiet: bool = False,
        color: ColorChoice = "auto",
        stream: TextIO | None = None,
    ) -> None:
        self._title = clean(title, 120)
        self._words = Words(lang)
        self._quiet = quiet
        self._stream = stream if stream is not None else sys.stderr
        self._unicode = encodes(self._stream, _FRAMES + _BARS + "✓✗·…")
        self._lines: dict[str, _Line] = {}
        self._console = _console(self._stream, color)
        self._live: Live | None = None

    def plan(self, ids: Sequence[str]) -> None:
        """Name the probes that will run, in their order, so that those that wait are seen."""
        for probe in ids:
            self._lines.setdefault(probe, _Line(probe))
        if self._live is not None:
            self._live.update(self._render(), refresh=True)

    def __enter__(self) -> Self:
        if self._quiet:
            return self
        self._print(Text(self._fit(f"readycheck · {self._title}"), style="bold"))
        if is_terminal(self._stream):
            self._live = Live(
                get_renderable=self._render,
                console=self._console,
                refresh_per_second=_FRAMES_PER_SECOND,
                redirect_stdout=False,
                redirect_stderr=False,
                vertical_overflow="ellipsis",
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        live, self._live = self._live, None
        if live is not None:
            for line in self._lines.values():
                if line.state == "running":
                    line.state, line.said = "skipped", self._words("live_stopped")
            try:
                live.stop()
            finally:
                self._console.show_cursor()
                self._console.print()

    def __call__(self, event: Event) -> None:
        """Take note of what the runner tells."""
        line = self._lines.setdefault(event.probe, _Line(event.probe))
        match event:
            case ProbeStarted():
                line.state, line.said, line.started = "running", self._words.probe(event.probe), time.monotonic()
            case ProbeProgressed():
                self._progressed(line, event)
            case ProbeAnnounced():
                if not self._quiet:
                    self._print(Text(self._fit(f"  {clean(event.probe, 40)}: {clean(event.text, 160)}")))
                return
            case ProbeEnded():
                self._ended(line, event)
        if self._quiet or self._live is not None or isinstance(event, ProbeProgressed):
            return
        self._print(self._row(line))

    def _progressed(self, line: _Line, event: ProbeProgressed) -> None:
        line.said = clean(event.doing, 100)
        line.elapsed_s, line.expected_s = event.elapsed_s, event.expected_s
        line.figures = event.figures
        if "rtt_ms" in event.figures:
            line.recent_rtt_ms.append(event.figures["rtt_ms"])
        elif event.figures.get("rtt_p50_ms") is not None:
            line.recent_rtt_ms.append(event.figures["rtt_p50_ms"])

    def _ended(self, line: _Line, event: ProbeEnded) -> None:
        observation = event.observation
        line.state = str(observation.status)
        line.said = clean(event.summary, 120) if event.summary else self._outcome(observation)
        line.seconds = None if observation.elapsed_ms is None else observation.elapsed_ms / 1000

    def _render(self) -> Group:
        return Group(*(self._row(line) for line in self._lines.values()))

    def _row(self, line: _Line) -> Text:
        width = max((min(len(name), 40) for name in self._lines), default=0)
        row = Text("  ", no_wrap=True, overflow=self._cut)
        row.append(self._mark(line.state), style=_STYLES.get(line.state, ""))
        row.append(f" {self._fit(clean(line.probe, 40)):<{width}}  ")
        end = Text()
        if spark := self._spark(line) if line.state == "running" else "":
            end.append(f"  {spark}", style="cyan")
        if timing := self._timing(line):
            end.append(self._fit(f"  {timing}"), style="dim")
        said = Text(self._said(line), style="dim" if line.state in {"waiting", "skipped"} else "")
        if is_terminal(self._stream):
            said.truncate(max(self._console.width - row.cell_len - end.cell_len, 0), overflow=self._cut)
        return row.append_text(said).append_text(end)

    def _said(self, line: _Line) -> str:
        if line.state == "waiting":
            return self._fit(self._words("live_waits"))
        shown = figures(line.figures, self._words) if line.state == "running" else ""
        return self._fit(shown or line.said)

    def _mark(self, state: str) -> str:
        if state == "running":
            frames = _FRAMES if self._unicode else _PLAIN_FRAMES
            moving = self._live is not None
            return frames[int(time.monotonic() * _FRAMES_PER_SECOND) % len(frames)] if moving else ">"
        fancy, plain = _MARKS.get(state, ("-", "-"))
        return fancy if self._unicode else plain

    def _timing(self, line: _Line) -> str:
        if line.state == "running":
            if self._live is None:
                return ""
            elapsed = time.monotonic() - line.started if line.elapsed_s is None else line.elapsed_s
            if not line.expected_s:
                return f"{elapsed:.0f} s"
            return self._words("live_at_most", elapsed=f"{elapsed:.0f}", most=f"{line.expected_s:.0f}")
        return "" if line.seconds is None else f"{decimal(line.seconds, self._words)} s"

    def _outcome(self, observation: Observation) -> str:
        if observation.failure is not None:
            return self._words.failure(observation.failure.code).short
        return self._words(f"live_{observation.status}")

    def _spark(self, line: _Line) -> str:
        recent = list(line.recent_rtt_ms)[-_SPARK_WIDTH:]
        return spark(recent, _BARS if self._unicode else _PLAIN_BARS) if len(recent) > 1 else ""

    @property
    def _cut(self) -> Literal["ellipsis", "crop"]:
        return "ellipsis" if self._unicode else "crop"

    def _fit(self, text: str) -> str:
        """The text as this console can encode it."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        shown = text if self._unicode else text.translate(_PLAIN_TEXT)
        return shown.encode(encoding, "replace").decode(encoding, "replace")

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def _console(stream: TextIO, color: ColorChoice) -> Console:
    """Rich's console, told plainly what it may do; NO_COLOR weighs more than `auto` but less than `always`."""
    never = color == "never" or (color == "auto" and (bool(os.environ.get("NO_COLOR")) or not is_terminal(stream)))
    return Console(
        file=stream,
        force_terminal=is_terminal(stream) or color == "always",
        no_color=never,
        color_system=None if never else "standard",
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=None,
    )


def is_terminal(stream: TextIO) -> bool:
    """Whether lines can be drawn again there."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def encodes(stream: TextIO, text: str) -> bool:
    """Whether this stream can write these characters (cp1252 and ASCII consoles cannot)."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def figures(values: Mapping[str, float | None], words: Words) -> str:
    """The path's figures so far: round trip, jitter, loss with its bounds."""
    parts = []
    rtt = values.get("rtt_p50_ms", values.get("rtt_ms"))
    if rtt is not None:
        parts.append(f"{rtt:.0f} ms" if rtt >= _WHOLE_MS else f"{comma(f'{rtt:.2g}', words)} ms")
    if (jitter := values.get("interarrival_jitter_ms", values.get("jitter_ms"))) is not None:
        parts.append(words("live_jitter", ms=decimal(jitter, words)))
    if (loss := values.get("loss_ratio")) is not None:
        low, high = values.get("loss_low_ratio"), values.get("loss_high_ratio")
        bounds = (low, high) if low is not None and high is not None else ()
        between = " \u2013 ".join(decimal(bound * 100, words) for bound in bounds)
        lost = words("live_loss", percent=decimal(loss * 100, words))
        parts.append(f"{lost} ({between})" if between else lost)
    return " · ".join(parts)


def decimal(value: float, words: Words) -> str:
    """The number with one decimal, always, so that it does not jump about."""
    return comma(f"{value:.1f}", words)


def comma(number: str, words: Words) -> str:
    """The number with the decimal mark of the language."""
    return number.replace(".", ",") if words.lang == "fr" else number


def spark(values: Sequence[float | None], bars: str) -> str:
    """Recent delays as a row of bars; a lost one is a gap."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, span = min(known), max(max(known) - min(known), 1.0)
    top = len(bars) - 1
    return "".join(" " if value is None else bars[min(int((value - low) / span * top + 0.5), top)] for value in values)
