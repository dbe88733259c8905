"""Property lists, XML and binary, as plistlib reads them: a broken one makes it stumble in many ways."""

import plistlib
from typing import Any
from xml.parsers.expat import ExpatError

_STUMBLES = (ExpatError, RecursionError, OverflowError, LookupError, TypeError, AttributeError)


def property_list(content: bytes) -> Any:
    """The values of a property list; raises ValueError for what is none."""
    try:
        return plistlib.loads(content)
    except _STUMBLES as error:
        raise ValueError(f"no property list: {type(error).__name__}") from None
