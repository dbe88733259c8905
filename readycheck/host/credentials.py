"""Where a secret stands in a text: under a name that says so, and before the `@` of a server.

Rather too much is cut. Repetitions are bounded where a hostile text would cost its length squared.
"""

import re

_WORDS = r"passw|passphrase|pwd|token|secret|credential|authoriz|api_?key|private_?key"
_STRING = r"\"(?:[^\"\\\n]|\\.)*\"?|'[^'\n]*'?"
_NAME = rf"[\w.$-]{{0,100}}(?:{_WORDS})[\w.$-]{{0,100}}"
_AFTER_SCHEME = r"(?:(?![,;|](?:\w+=)?\w+://)[^\s\"'<>\x00-\x1f])"
"""A password may hold `/` and `@`; only another URL in the same list ends it."""

SECRET = re.compile(_WORDS, re.IGNORECASE)
"""Names of values, of the registry's and of any other place's, that are nobody's business."""

CREDENTIALS = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        r"(?P<before>^[^\n=:]{0,200}proxy[^\n=:]{0,200}[=:,][ \t]*[\"']?(?:\w+=)?(?:[\w+.-]+://)?)(?P<cut>[^\n\x00]+)(?=@)",
        rf"(?P<before>://)(?P<cut>{_AFTER_SCHEME}{{1,1000}})(?=@)",
        r"(?P<before>(?<![^\s\"'<>=,;(\x00-\x1f]))(?P<cut>[^\s\"'<>:/=,;(\x00-\x1f]{1,200}:(?!//)[^\s\"'<>\x00-\x1f]{1,1000})(?=@[\w\[])",
        r"(?P<before>:\0/\0/\0)(?P<cut>(?:[^\s\"'<>\0]\0)+)(?=@\0)",
    )
)
"""`user:password` of a proxy's setting, of a URL, of `host:port` without a scheme, of a URL in UTF-16."""

ALONE = re.compile(r"(?P<before>(?<![\w.%+\\:@-]))(?P<cut>[\w.%+\\-]+)(?=@[\w.-]+:\d{1,5}\b)", re.ASCII)
"""A user without a password, of a server with its port."""

NAMED = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"(?P<before>\"[^\"\n]{{0,200}}(?:{_WORDS})[^\"\n]{{0,200}}\"\s*[:,=]\s*)(?P<cut>{_STRING}|\[[^\]]*|\{{[^}}]*|[^\s,}}\]]+)",
        rf"(?P<before><key>[^<]{{0,200}}(?:{_WORDS})[^<]{{0,200}}</key>\s*<(?:string|data|integer|real)>)(?P<cut>[^<]+)",
        rf"(?P<before><key>[^<]{{0,200}}(?:{_WORDS})[^<]{{0,200}}</key>\s*<(?:array|dict)>)(?P<cut>.+?)(?=</(?:array|dict)>|\Z)",
        rf"(?P<before>[?&]{_NAME}=)(?P<cut>[^\s;&\"'<>]+)",
        rf"(?P<before>(?<![?&\w]){_NAME}(?:[ \t]*=[ \t]*|:[ \t]+))(?P<cut>{_STRING}|[^\s;]+)",
    )
)
"""Values under such a name in JSON, property lists and lines, also where the rest of the file cannot be read."""

_PROXY_NAME = re.compile(r"[\w.-]*proxy[\w.-]*", re.IGNORECASE)
_PROXY_VALUE = re.compile(r"(?P<before>^\s*(?:\w+=)?(?:[\w+.-]+://)?)(?P<cut>.+)(?=@)", re.DOTALL)


def of_proxy(name: str) -> re.Pattern[str] | None:
    """What is to be cut of a value with this name as a whole, though a password holds blanks or quotes."""
    return _PROXY_VALUE if _PROXY_NAME.fullmatch(name) else None
