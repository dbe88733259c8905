"""The letter as Markdown, for a ticket or a wiki: whatever the profile says stays text."""

import re

from readycheck.letter.compose import Group, Letter, letter_words
from readycheck.model.clean import clean
from readycheck.render import format as say
from readycheck.render.words import Words

_SPECIAL = re.compile(r"([\\`*_\[\]#|~$])")
_CODE = re.compile(r"[\w.*:/${}\[\]-]+")
_BLANK = "……………………"


def render_markdown(letter: Letter, lang: str) -> str:
    """The whole letter, in English or French."""
    words = letter_words(lang)
    parts = [f"# {_text(words('heading', project=letter.project))}", _head(letter, words), _text(letter.summary)]
    if letter.gaps:
        parts += [f"**{words('gaps')}**", _bullets(letter.gaps)]
    parts += [f"## {words('asked')}", *_asks(letter), f"## {words('matrix')}", _about_evidence(letter, words)]
    title = ""
    for group in letter.groups:
        parts += [f"### {_text(group.title)}"] if group.title != title else []
        parts += [_reasons(group, words), _rows(group, words)]
        title = group.title
    if letter.pac:
        parts += [f"## {words('pac')}", _text(words("pac_text")), f"```js\n{letter.pac}\n```"]
    parts += [f"## {words('risk')}", _bullets(letter.risks), f"## {words('rollback')}", _text(letter.rollback)]
    parts += [f"## {words('plan')}", _tasks(letter, words), _text(letter.deadline)]
    parts += [f"## {words('decision')}", _decision(words)]
    return "\n\n".join(parts) + "\n"


def _text(text: str) -> str:
    """Somebody's text where Markdown and HTML mean nothing; our own `commands` stay code."""
    escaped = _SPECIAL.sub(r"\\\1", clean(text, 2000))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(text: str) -> str:
    """A host, a port or a network; what looks like none of them is a text."""
    return f"`{text}`" if _CODE.fullmatch(text) else _text(text)


def _head(letter: Letter, words: Words) -> str:
    wanted = say.day(letter.wanted, words) if letter.wanted else _BLANK
    entries = [("to", words("to_whom")), ("from", _BLANK), ("dated", say.day(letter.written, words))]
    entries.append(("wanted", wanted))
    return "\n".join(f"- **{words(key)}**{words('colon')}{value}" for key, value in entries)


def _bullets(texts: tuple[str, ...]) -> str:
    return "\n".join(f"- {_text(text)}" for text in texts)


def _asks(letter: Letter) -> list[str]:
    asks = []
    for number, ask in enumerate(letter.asks, 1):
        named = f"\n   {', '.join(map(_code, ask.towards))}" if ask.towards else ""
        asks.append(f"{number}. **{_text(ask.title)}.** {_text(ask.text)}{named}")
    return asks


def _about_evidence(letter: Letter, words: Words) -> str:
    if letter.measured:
        return _text(words("matrix_measured", day=letter.measured))
    return words("matrix_unmeasured")


def _reasons(group: Group, words: Words) -> str:
    reasons = (("why", group.why), ("without", group.without))
    return "  \n".join(f"**{words(key)}**{words('colon')}{_text(text)}" for key, text in reasons)


def _rows(group: Group, words: Words) -> str:
    columns = ["row", "source", "destination", "protocol", "port", "direction", "treatment"]
    measured = any(line.seen for line in group.lines)
    rows = []
    for line in group.lines:
        cells = [
            line.row.number,
            _text(line.source),
            _code(line.row.destination),
            line.row.protocol.upper(),
            _code(line.row.port),
        ]
        cells += [line.direction, ", ".join(line.treatment)]
        rows.append(cells + ([_text(line.seen.text) if line.seen else ""] if measured else []))
    return _table([words(f"col_{name}") for name in (*columns, *(["evidence"] if measured else []))], rows)


def _tasks(letter: Letter, words: Words) -> str:
    rows = [[_text(task.step), _text(task.owner), task.time, ""] for task in letter.tasks]
    return _table([words(f"col_{name}") for name in ("step", "owner", "time", "done")], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _decision(words: Words) -> str:
    boxes = [f"- [ ] {words(f'decision_{name}')}" for name in ("granted", "part", "refused")]
    return "\n".join([*boxes, "", f"{words('decision_by')}{words('colon')}{_BLANK}"])
