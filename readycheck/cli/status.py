"""Exit statuses: the contract's, and other tools' readings of them."""

from enum import IntEnum
from typing import Literal

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


def of_decision(decision: Decision, *, strict: bool) -> ExitStatus:
    """The status of a verdict; `strict` counts reservations as no-go."""
    match decision:
        case Decision.GO:
            return ExitStatus.GO
        case Decision.GO_WITH_RESERVATIONS:
            return ExitStatus.NO_GO if strict else ExitStatus.GO
        case Decision.NO_GO:
            return ExitStatus.NO_GO
        case Decision.INCONCLUSIVE:
            return ExitStatus.INCONCLUSIVE


_NAGIOS = {Decision.GO: 0, Decision.GO_WITH_RESERVATIONS: 1, Decision.NO_GO: 2}
NAGIOS_UNKNOWN = 3


def mapped(status: ExitStatus | None, decision: Decision, *, strict: bool, exit_map: str) -> int:
    """The number to leave with: `status` if something went wrong, else the verdict's, as the map reads it."""
    if exit_map == "nagios":
        return NAGIOS_UNKNOWN if status else _NAGIOS.get(decision, NAGIOS_UNKNOWN)
    return int(status or of_decision(decision, strict=strict))
