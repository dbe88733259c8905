"""The words of the renderers, in English and French; ids are never translated."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from readycheck.model.clean import clean

LANGUAGES = ("en", "fr")
NBSP = "\u00a0"

_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_BEFORE_MARK = re.compile(r" (?=[;:!?»%])")


def choose(text: Mapping[str, str], lang: str) -> str:
    """The text in this language, else the one for any language, else English, else whichever there is."""
    for key in (lang, "", "en"):
        if text.get(key):
            return text[key]
    return next(filter(None, text.values()), "")


@dataclass(frozen=True)
class FailureWords:
    """What a failure code is called, what it means, and what to do about it."""

    short: str
    what: str
    remedy: str


class Words:
    """One language's words: call it with a key of the catalogue and the values that its text names.

    A catalogue is a file of that name: its words come first, then those of `page`, which every renderer shares.
    """

    def __init__(self, lang: str, catalogue: str = "page") -> None:
        base = lang.replace("_", "-").partition("-")[0].lower()
        self.lang = base if base in LANGUAGES else "en"
        self._catalogue = catalogue

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of this key, its values filled in."""
        own = _load(f"{self._catalogue}.yaml")[self._catalogue]
        return _typeset((own if key in own else _load("page.yaml")["page"])[key][self.lang], self.lang).format(**values)

    def count(self, key: str, number: int, /, **values: object) -> str:
        """The singular or plural text of this key; French counts none as one."""
        single = number == 1 or (number == 0 and self.lang == "fr")
        grouped = f"{number:,}".replace(",", NBSP if self.lang == "fr" else ",")
        return self(f"{key}_{'one' if single else 'many'}", n=grouped, **values)

    def choose(self, text: Mapping[str, str]) -> str:
        """A text of the report in this language, fit to show, its apostrophes as those of the catalogues."""
        return _APOSTROPHE.sub("\u2019", clean(choose(text, self.lang), 400))

    def probe(self, identifier: str) -> str:
        """What a probe's chapter is called; its id, where nobody named it."""
        return self._named("probes", identifier) or clean(identifier).replace("_", " ")

    def metric(self, name: str) -> str:
        """What a metric is called; its id, where nobody named it."""
        return self._named("metrics", name) or clean(name.partition(".")[2] or name).replace("_", " ")

    def value(self, text: str) -> str:
        """A text value such as a NAT mapping, said plainly."""
        return self._named("values", text) or clean(text)

    def owner(self, name: str | None) -> str:
        """Who mends it, as a name begins: the usual teams in this language, others as they are; empty for nobody."""
        shown = self._named("owners", name.strip().lower()) or clean(name, 80) if name else ""
        return shown[:1].upper() + shown[1:]

    def answer(self, given: str) -> str:
        """What an answer of a shipped question is called; a project's own answers speak for themselves."""
        return self._named("answers", given) or clean(given, 80)

    def failure(self, code: str) -> FailureWords:
        """The words of a failure code; a code of a later version speaks for itself."""
        entry = _load("failures.yaml").get(code)
        if entry is None:
            said = clean(code).replace("_", " ")
            return FailureWords(said, said, "")
        return FailureWords(*(_typeset(entry[part][self.lang], self.lang) for part in ("short", "what", "remedy")))

    def _text(self, group: str, key: str) -> str:
        text: str = _load("page.yaml")[group][key][self.lang]
        return _typeset(text, self.lang)

    def _named(self, group: str, key: str) -> str | None:
        return self._text(group, key) if key in _load("page.yaml")[group] else None


@cache
def _typeset(text: str, lang: str) -> str:
    if lang == "fr":
        text = _BEFORE_MARK.sub(NBSP, text).replace("« ", "«" + NBSP)
    return text


@cache
def _load(name: str) -> Mapping[str, Any]:
    """Read one of the shipped catalogues."""
    text = files("readycheck").joinpath("data", name).read_text(encoding="utf-8")
    catalogue: Mapping[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return catalogue
