import io

import pytest

from readycheck.console import LiveView, figures, spark
from readycheck.engine.events import ProbeEnded, ProbeProgressed, ProbeStarted
from readycheck.model.failure import Failure, FailureCode
from readycheck.render.words import NBSP, Words
from tests.unit.report_samples import observation


class Terminal(io.TextIOWrapper):
    """A console of this encoding that calls itself a terminal."""

    def __init__(self, encoding: str = "utf-8", *, tty: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    def shown(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def watched(stream: Terminal, *, quiet: bool = False, color: str = "auto", lang: str = "en") -> str:
    """What a run of three probes shows there."""
    view = LiveView("Acme · this workstation", lang=lang, quiet=quiet, color=color, stream=stream)  # type: ignore[arg-type]
    view.plan(["turn", "path", "call"])
    with view:
        view(ProbeStarted("turn"))
        view(ProbeProgressed("turn", "turn.example.com:3478, attempt 2"))
        view(ProbeEnded("turn", observation({}), "UDP 0 of 2 · [bold]TLS[/bold] 1 of 1\x1b[31m"))
        view(ProbeStarted("path"))
        for rtt in (41.0, 44.0, None, 60.0):
            view(ProbeProgressed("path", "measuring", 9, 60, {"rtt_ms": rtt, "rtt_p50_ms": 41.0, "loss_ratio": 0.011}))
        view(ProbeEnded("path", observation({}, Failure(FailureCode.DEADLINE_EXCEEDED, "gather"))))
    return stream.shown()


def test_plain_lines_when_not_a_terminal() -> None:
    """A file gets one line when a probe starts and one when it ends, without codes or markup."""
    lines = watched(Terminal(tty=False)).splitlines()
    assert lines == [
        "readycheck · Acme · this workstation",
        "  > turn  Relay (TURN)",
        "  ✓ turn  UDP 0 of 2 · [bold]TLS[/bold] 1 of 1 [31m  0.8 s",
        "  > path  Path of the voice",
        "  ✗ path  took too long  0.8 s",
    ]


def test_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that cannot move its cursor is never asked to."""
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in watched(Terminal())


def test_quiet_shows_nothing() -> None:
    """Quiet is quiet."""
    assert watched(Terminal(), quiet=True) == ""


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.parametrize("tty", [True, False])
def test_poor_encodings_get_ascii_marks(encoding: str, tty: bool) -> None:  # noqa: FBT001
    """A console that cannot write ✓ gets ASCII marks instead of a crash."""
    shown = watched(Terminal(encoding, tty=tty))
    assert "+" in shown
    assert "UDP 0 of 2 | " in shown


def test_terminal_shows_waiting_probes_and_restores_the_cursor() -> None:
    """On a terminal every planned probe has its line, and the cursor comes back."""
    shown = watched(Terminal())
    assert "waits" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_cursor_comes_back_after_interruption() -> None:
    """Ctrl-C passes through and leaves the cursor visible and the running probe marked as stopped."""
    stream = Terminal()
    view = LiveView("Acme", quiet=False, color="auto", stream=stream)

    def interrupted() -> None:
        with view:
            view(ProbeStarted("path"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    shown = stream.shown()
    assert "stopped" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


@pytest.mark.parametrize(
    ("color", "variable", "coloured"),
    [("auto", "", True), ("auto", "1", False), ("always", "1", True), ("never", "", False)],
)
def test_colour_is_a_choice(color: str, variable: str, coloured: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    """NO_COLOR and `never` take all colour away; `always` outweighs NO_COLOR."""
    if variable:
        monkeypatch.setenv("NO_COLOR", variable)
    assert ("\x1b[32m" in watched(Terminal(), color=color)) is coloured


def test_figures_of_the_path() -> None:
    """Round trip, jitter and loss with bounds read as one phrase; missing ones are left out."""
    values = {
        "rtt_p50_ms": 41.2,
        "interarrival_jitter_ms": 5.2,
        "loss_ratio": 0.011,
        "loss_low_ratio": 0.005,
        "loss_high_ratio": 0.023,
    }
    assert figures(values, Words("en")) == "41 ms · jitter 5.2 ms · loss 1.1 % (0.5 \u2013 2.3)"
    assert figures(values, Words("fr")).replace(NBSP, " ") == "41 ms · gigue 5,2 ms · pertes 1,1 % (0,5 \u2013 2,3)"
    assert figures({"rtt_ms": None}, Words("en")) == ""


def test_view_speaks_the_language_asked_for() -> None:
    """Names of probes, outcomes and the time left are in the reader's language."""
    shown = watched(Terminal(tty=False), lang="fr")

    assert "> turn  Relais (TURN)" in shown
    assert "✗ path  trop long  0,8 s" in shown
    assert "attend" in watched(Terminal(), lang="fr")


def test_narrow_terminal_keeps_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a probe says is cut before the seconds that it still takes."""
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    with LiveView("Acme", stream=stream) as view:
        view(ProbeStarted("bandwidth"))
        view(ProbeProgressed("bandwidth", "17 calls at once through the reflector of the data centre", 2, 8))
        view.plan([])

    assert "2 s, 8 s at most" in stream.shown()


def test_sparkline_leaves_gaps_for_losses() -> None:
    """Recent delays rise and fall as bars, a lost packet is a gap."""
    assert spark([1.0, None, 9.0], "._#") == ". #"
    assert spark([None], "._#") == ""
