"""What a workstation has that a requirement is about: its headset, its browser, its session."""

from collections import Counter
from collections.abc import Iterable

from readycheck.fleet.summary import Entry
from readycheck.model.failure import FailureCode
from readycheck.model.rollup import Seen

NAMED_AT_MOST = 10
"""Kinds per cause."""

_ABOUT_THE_BROWSER = {
    "browser.supported_count",
    "browser.default_supported",
    "browser.default_name",
    "browser.default_version",
}
"""Other answers of that probe are about policies, and not about which browser it is."""
_NOT_LOOKED_AT = {FailureCode.NOT_SELECTED, FailureCode.WRONG_USER_CONTEXT, FailureCode.OTHER_TARGETS}


def seen_at(entry: Entry, metric: str, reason: str | None) -> tuple[str, ...]:
    """In the words of the metrics; nothing, if this workstation's report names nothing of the kind."""
    if reason in _NOT_LOOKED_AT:
        return ()
    probe = metric.partition(".")[0]
    if metric in _ABOUT_THE_BROWSER:
        return tuple(filter(None, entry.browser or ()))
    if probe == "headset" and entry.headset and entry.headset[2]:
        return (entry.headset[2],)
    if probe in {"headset", "session"}:  # where no headset is told, a session shown elsewhere may be why
        return (entry.session,) if entry.session not in {None, "console", "unknown"} else ()
    return ()


def kinds(seen: Iterable[tuple[str, ...]]) -> tuple[Seen, ...]:
    """The commonest first."""
    counts = Counter(filter(None, seen))
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(Seen(what, count) for what, count in ranked[:NAMED_AT_MOST])
