"""Exit statuses: the contract's, and other tools' readings of them."""

from enum import IntEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # `--version` must not pay for what only a verdict needs
    from readycheck.model.verdict import Decision

ExitMap = Literal["readycheck", "nagios"]


class ExitStatus(IntEnum):
    """What a script learns from the status alone; the first that applies wins, in the order of `PRECEDENCE`."""

    GO = 0
    NO_GO = 1
    WRONG_COMMAND_LINE = 2
    INCONCLUSIVE = 3
    WRONG_PROFILE = 4
    NOT_WRITTEN = 5
    FAULT = 70
    INTERRUPTED = 130


# By the decisions' own words, which are what the enumeration's members are.
_OF_DECISION = {
    "go": ExitStatus.GO,
    "go_with_reservations": ExitStatus.GO,
    "no_go": ExitStatus.NO_GO,
    "inconclusive": ExitStatus.INCONCLUSIVE,
}
_NAGIOS = {"go": 0, "go_with_reservations": 1, "no_go": 2}
NAGIOS_UNKNOWN = 3


def of_decision(decision: "Decision", *, strict: bool) -> ExitStatus:
    """The status of a verdict; `strict` counts reservations as no-go."""
    return ExitStatus.NO_GO if strict and decision == "go_with_reservations" else _OF_DECISION[decision]


def mapped(status: ExitStatus | None, decision: "Decision", *, strict: bool, exit_map: str) -> int:
    """The number to leave with: `status` if something went wrong, else the verdict's, as the map reads it."""
    if exit_map == "nagios":
        return NAGIOS_UNKNOWN if status else _NAGIOS.get(decision, NAGIOS_UNKNOWN)
    return int(status or of_decision(decision, strict=strict))
