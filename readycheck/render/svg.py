"""What charts are made of: SVG with lengths in per cent, so that text keeps its size on any screen.

Each has a title and a description that says what it shows; colours are the style sheet's.
"""

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup

THIRDS = (1.2, 1.5, 3.0, 6.0, 9.0, 12.0)
QUARTERS = (1.2, 1.6, 2.0, 4.0, 6.0, 8.0, 12.0)
WHOLES = (1.0, 2.0, 5.0, 10.0)

_LEFT = 10.0
"""Per cent that the vertical axis takes."""


def described(look: str, height: int, title: str, description: str, content: Markup) -> Markup:
    """A drawing as wide as its place, and so high; its title and description say what it shows."""
    return Markup(
        '<svg class="{}" width="100%" height="{}" role="img" aria-label="{}"><title>{}</title><desc>{}</desc>{}</svg>'
    ).format(look, height, title, title, description, content)


def across(share: float) -> str:
    """A place on the horizontal axis."""
    return f"{_LEFT + (100 - _LEFT) * min(max(share, 0.0), 1.0):.2f}%"


def plot(top: int, height: int, content: Markup) -> Markup:
    """Room for lines: a thousand wide and as many high, whatever size it is drawn in."""
    return Markup(
        '<svg x="{}%" y="{}" width="{}%" height="{}" viewBox="0 0 1000 1000" preserveAspectRatio="none">{}</svg>'
    ).format(f"{_LEFT:g}", top, f"{100 - _LEFT:g}", height, content)


def line(points: Iterable[tuple[float, float]]) -> str:
    """A path through points given as shares of the room, from the left and from below."""
    return "M" + "L".join(f"{1000 * x:.1f} {1000 * (1 - y):.1f}" for x, y in points)


def grid(top: int, height: int, highest: float) -> Markup:
    """Lines with their figures, from nothing to the highest."""
    parts = []
    for value in (0, highest / 3, highest * 2 / 3, highest):
        y = top + height * (1 - value / highest)
        parts.append(
            Markup(
                '<rect class="grid" x="{}%" y="{}" width="{}%" height="1"/>'
                '<text x="{}%" y="{}" text-anchor="end">{}</text>'
            ).format(f"{_LEFT:g}", f"{y:.1f}", f"{100 - _LEFT:g}", f"{_LEFT - 1.5:g}", f"{y + 4:.1f}", f"{value:g}")
        )
    return Markup("").join(parts)


def label(x: str, y: float, text: str, anchor: str = "middle", look: str = "") -> Markup:
    """A short text."""
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(look, x, f"{y:g}", anchor, text)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of ordered values; 0 of none."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else 0.0


def nice(value: float, steps: Sequence[float]) -> float:
    """The next number up that is round in these steps of a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in steps if step * power >= value), 10 * power)
