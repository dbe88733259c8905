"""Cleaned text that a page may break."""

import re

from markupsafe import Markup

from readycheck.model.clean import LONGEST, clean

_BREAKS = re.compile(r"(?<=[\w/:])(?=\.[^\W\d])|(?<=/)(?=\w)|(?<=[:_])(?=\w)")


def breakable(text: object, limit: int = LONGEST) -> Markup:
    """Escaped, with a place to break a long name before a dot and after a slash, colon or underscore.

    Before a dot within a number, such as a version or an address, there is none.
    """
    escaped = [str(Markup.escape(part)) for part in _BREAKS.split(clean(text, limit))]
    return Markup("<wbr>".join(escaped))  # noqa: S704 - each part is escaped
