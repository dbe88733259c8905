"""The program's entry: exit statuses, and nothing shown to a user but sentences."""

import os
import signal
import sys


def _leave(_number: int, _frame: object) -> None:
    os._exit(130)


# While the program loads, Ctrl-C is just the end. An exception would be shown, or swallowed by what is being imported.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # what is ignored from outside (nohup) stays ignored
    signal.signal(signal.SIGINT, _leave)


def main() -> None:
    """Run the command line and leave with the contract's exit status."""
    from readycheck.cli.app import run_app  # noqa: PLC0415 - Ctrl-C while this loads is already heard
    from readycheck.host.interrupts import as_ctrl_c, no_longer  # noqa: PLC0415 - the same

    try:
        if signal.getsignal(signal.SIGINT) is _leave:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        as_ctrl_c()
        status = run_app(sys.argv[1:])
        no_longer()
    except KeyboardInterrupt:  # before the command line hears for itself, or after
        os._exit(130)
    sys.exit(status)


if __name__ == "__main__":
    main()
