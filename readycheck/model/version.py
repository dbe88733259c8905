"""Versions as numbers."""

import re


def version(text: str) -> tuple[int, ...]:
    """The numbers of a version, so that 100 is above 99.9; trailing zeros say nothing."""
    numbers = [int(number) for number in re.findall(r"\d{1,18}", text)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
