import re
import string

import pytest

from readycheck.engine.registry import metric_definitions, probes
from readycheck.model.clean import clean
from readycheck.model.evidence import UNITS, Value
from readycheck.model.failure import FailureCode
from readycheck.model.report import Metric
from readycheck.render import format as say
from readycheck.render.answer import kind, state
from readycheck.render.words import LANGUAGES, NBSP, Words, _load, choose
from tests.unit.report_samples import finding
from tests.unit.shipped_samples import NAMES, shipped_profile

EN, FR = Words("en"), Words("fr")


@pytest.mark.parametrize("code", FailureCode)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_failure_code_has_words(code: FailureCode, lang: str) -> None:
    """Each code says in both languages what it is called, what it means and what to do.

    Who does it is the owner of the requirement, named beside it: a remedy that begins with a team would be a second.
    """
    words = Words(lang).failure(code)
    assert words.short
    assert len(words.short) <= 50
    assert words.what.endswith(".")
    assert words.remedy.endswith(".")
    assert code not in words.what
    assert not re.match(r"The |Workplace|Le projet|Le support|L.(équipe|opérateur)", words.remedy)
    assert not re.search(r" team\b|équipe", words.remedy)


def test_every_probe_and_metric_has_words() -> None:
    """What this program measures is called by a name in the page's words, not by its id."""
    assert _load("page.yaml")["metrics"].keys() >= metric_definitions().keys()
    assert _load("page.yaml")["probes"].keys() >= probes().keys()


def test_every_owner_of_a_shipped_profile_has_words() -> None:
    """Teams that shipped profiles name are named in French too."""
    shipped = [shipped_profile(name) for name in NAMES]
    owners = {one.owner for profile in shipped for one in profile.requirements}
    owners |= {one.owner for profile in shipped for one in profile.questions}

    assert _load("page.yaml")["owners"].keys() >= {owner.lower() for owner in owners if owner}


def test_every_answer_of_a_shipped_question_has_words() -> None:
    """What people answer to shipped questions is told in French too; a project's own answers stay as they are."""
    answers = {answer for name in NAMES for one in shipped_profile(name).questions for answer in one.answers}

    assert _load("page.yaml")["answers"].keys() >= answers
    assert FR.answer("requested") == "demandé"
    assert FR.answer("two_weeks") == "two_weeks"


def test_no_words_for_codes_that_do_not_exist() -> None:
    """The catalogue holds exactly the closed list of codes."""
    assert set(_load("failures.yaml")) == {str(code) for code in FailureCode}


@pytest.mark.parametrize(
    ("file", "group"),
    [
        *(("page.yaml", group) for group in ("page", "probes", "metrics", "values", "owners", "answers")),
        ("site.yaml", "site"),
        ("compare.yaml", "compare"),
        ("matrix.yaml", "matrix"),
        ("letter.yaml", "letter"),
        ("rollup.yaml", "rollup"),
    ],
)
def test_both_languages_fill_in_the_same_values(file: str, group: str) -> None:
    """Each text of each catalogue exists in both languages, with the same placeholders."""
    for key, texts in _load(file)[group].items():
        assert isinstance(key, str)
        assert set(texts) == set(LANGUAGES), key
        names = [{name for _, name, _, _ in string.Formatter().parse(texts[lang]) if name} for lang in LANGUAGES]
        assert names[0] == names[1], key


@pytest.mark.parametrize(
    ("text", "lang", "chosen"),
    [
        ({"en": "a", "fr": "b", "": "c"}, "fr", "b"),
        ({"en": "a", "": "c"}, "fr", "c"),
        ({"en": "a", "de": "d"}, "fr", "a"),
        ({"de": "d"}, "fr", "d"),
        ({"fr": "", "en": "a"}, "fr", "a"),
        ({}, "fr", ""),
    ],
)
def test_choice_of_language(text: dict[str, str], lang: str, chosen: str) -> None:
    """The reader's language comes first, then the text for all, then English, then whichever there is."""
    assert choose(text, lang) == chosen


def test_apostrophes_of_profiles_are_those_of_the_pages() -> None:
    """People type the straight one; beside the catalogues' words it would be a second kind. Quotes stay quotes."""
    assert FR.choose({"fr": "l'appel d'un 'agent'"}) == "l\u2019appel d\u2019un 'agent'"


def test_locales_and_unknown_languages() -> None:
    """A locale counts as its language; a language without words reads English."""
    assert Words("fr_CA.UTF-8").lang == "fr"
    assert Words("de").lang == "en"


def test_unknown_code_speaks_for_itself() -> None:
    """A code of a later version is shown as it stands, without underscores."""
    assert EN.failure("quantum_gone").short == "quantum gone"


@pytest.mark.parametrize(
    ("value", "unit", "english", "french"),
    [
        (0.0049, "ratio", "0.49 %", "0,49 %"),
        (0.99999, "ratio", "> 99.9 %", "> 99,9 %"),
        (0.00001, "ratio", "< 0.01 %", "< 0,01 %"),
        (41.34, "ms", "41.3 ms", "41,3 ms"),
        (True, "bool", "yes", "oui"),
        (None, "ms", "not measured", "non mesuré"),
        (float("nan"), "ms", "not measured", "non mesuré"),
        (float("inf"), "s", "not measured", "non mesuré"),
        (2_500_000, "bit/s", "2.5 Mbit/s", "2,5 Mbit/s"),
        (8_123_456_789, "byte", "8.1 GB", "8,1 Go"),
        (-67, "dBm", "\u221267 dBm", "\u221267 dBm"),
        (1, "packet", "1 packet", "1 paquet"),
        (12_000, "call", "12,000 calls", "12 000 appels"),
        ("relay:udp", "text", "through the relay over UDP", "par le relais en UDP"),
    ],
)
def test_figures_carry_their_unit(value: Value, unit: str, english: str, french: str) -> None:
    """Each figure is written with its unit, as the language writes it."""
    assert unit in UNITS
    assert say.amount(value, unit, EN).replace(NBSP, " ") == english
    assert say.amount(value, unit, FR).replace(NBSP, " ") == french


@pytest.mark.parametrize(
    ("expected", "unit", "english", "french"),
    [
        ("at least 1", "ratio", "all", "tous"),
        ("at most 0.02", "ratio", "at most 2 %", "au plus 2 %"),
        ("at most 150", "ms", "at most 150 ms", "au plus 150 ms"),
        ("equals true", "bool", "yes", "oui"),
        ("version at least 120", "text", "version 120 or later", "version 120 ou plus récente"),
        ("something else <b>", "text", "something else <b>", "something else <b>"),
    ],
)
def test_what_was_asked_is_said_in_the_language(expected: str, unit: str, english: str, french: str) -> None:
    """The judge's English phrase becomes one of the language, with the unit."""
    assert say.asked(expected, unit, EN).replace(NBSP, " ") == english
    assert say.asked(expected, unit, FR).replace(NBSP, " ") == french


def test_bounds_and_scale() -> None:
    """Bounds are said, open ones too, and a MOS never stands without its scale."""
    assert say.bounds(Metric(0.0, "ratio", bounded=True, low=0.0, high=0.0049), EN) == "between 0 and 0.49\u00a0%"
    assert say.bounds(Metric(5e6, "bit/s", bounded=True, low=4e6, high=None), EN) == "at least 4\u00a0Mbit/s"
    assert say.bounds(Metric(5.0, "ms"), EN) is None
    assert say.bounds(Metric(160.01, "ms", bounded=True, low=160.0, high=160.02), EN) is None
    assert say.bounds(Metric(0, "call", bounded=True, low=0, high=0), FR) is None
    assert say.bounds(Metric(0, "call", bounded=True, low=0, high=None), FR) == "au moins 0 appel"
    assert say.scaled(Metric(4.2, "number", scale="fb"), EN) == "4.2 (fullband scale)"


def test_dates() -> None:
    """Dates read as people write them; what is no date is shown and harms nothing."""
    assert say.day("2027-01-06", EN) == f"6{NBSP}Jan{NBSP}2027"
    assert say.day("2027-01-01", FR) == f"1er{NBSP}janv.{NBSP}2027"
    assert say.day("soon\x1b[31m", EN) == "soon [31m"
    assert say.moment("whenever", EN) == "whenever"


def test_untrusted_text_becomes_one_printable_line() -> None:
    """Control, direction and line characters go; long texts are cut."""
    assert clean("a\x00b\x1b[2Jc\u202ed\ne\u2028f\ud800") == "a b [2Jcd e f"
    assert clean("x" * 10_000, 50) == "x" * 49 + "…"


@pytest.mark.parametrize("status", ["pass", "fail", "inconclusive", "not_applicable", "waived"])
@pytest.mark.parametrize("severity", ["blocker", "warning", "info"])
@pytest.mark.parametrize("reason", [None, "not_proven", "not_selected", "other_targets", "stun_timeout"])
def test_every_state_has_a_word(status: str, severity: str, reason: str | None) -> None:
    """Whatever became of a requirement has a word in both languages, and nothing unknown is said to hold."""
    judged = finding(status=status, severity=severity, reason=reason, observed=None)
    assert state(judged, EN) != state(judged, FR)
    assert (kind(judged) == "holds") == (status == "pass")
