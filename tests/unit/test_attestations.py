"""The attestations file: every mistake at once with its place, and written as it is read."""

from pathlib import Path

import pytest

from readycheck.profile.attestations import (
    Attestations,
    attestations_yaml,
    load_attestations,
    read_attestations,
    template_yaml,
)
from readycheck.profile.problem import ProfileError
from readycheck.profile.schema import Profile

PROFILE = Profile.model_validate(
    {
        "schema": "readycheck.profile/1",
        "id": "acme",
        "questions": [
            {"id": "proxy_bypass", "ask": {"en": "Bypass?"}, "answers": {"approved": "pass", "refused": "fail"}},
            {"id": "recording", "ask": {"en": "Does it record?\nIn time?"}, "answers": {"yes": "pass", "no": "fail"}},
        ],
    }
)
HEAD = "schema: readycheck.attestations/1\nprofile: acme\n"
GOOD = """\
answers:
  - {question: proxy_bypass, answer: approved, by: CISO, on: 2026-11-20, evidence: "https://x/1", until: 2027-06-30}
  - {question: recording, site: lyon, answer: yes, by: 42, on: 2026-11-21, note: "tried: it works"}
  - {question: recording, answer: null}
"""


def read(text: str | bytes) -> Attestations:
    return read_attestations(text if isinstance(text, bytes) else (HEAD + text).encode(), "a.yaml", PROFILE)


def refusals(text: str | bytes) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        read(text)
    return [str(problem).removeprefix("a.yaml:") for problem in caught.value.problems]


def test_good_file_is_read() -> None:
    """Dates are dates, yes is text, a number of a name is its text, an open question stays open."""
    first, second, third = read(GOOD).answers

    assert (first.answer, str(first.on), str(first.until)) == ("approved", "2026-11-20", "2027-06-30")
    assert (second.answer, second.site, second.by) == ("yes", "lyon", "42")
    assert third.answer is None


def test_what_is_written_is_read_again() -> None:
    """To the last field."""
    read_once = read(GOOD)

    assert read_attestations(attestations_yaml(read_once).encode(), "b.yaml", PROFILE) == read_once


def test_template_is_a_file_with_every_question_open() -> None:
    """It passes as it stands, whatever the questions say."""
    text = template_yaml(PROFILE, {"recording": "Does it record?\nanswers: {"})
    answers = read_attestations(text.encode(), "t.yaml", PROFILE).answers

    assert [(one.question, one.answer) for one in answers] == [("proxy_bypass", None), ("recording", None)]
    assert "# one of: approved, refused" in text


def test_everything_wrong_is_told_at_once() -> None:
    """Unknown questions, answers and keys, missing names, wrong days, contradictions: each with its place."""
    wrong = """\
answers:
  - {question: proxy_bypas, answer: approved, by: a, on: 2026-11-20}
  - {question: proxy_bypass, answer: aproved, by: a, on: 2026-11-20}
  - {question: recording, answer: yes, by: a, on: 20/11/2026}
  - {question: recording, answer: no, by: a, on: 2026-11-20}
  - {question: recording, site: x, answer: yes}
  - {question: recording, site: y, answer: yes, by: a, on: 2026-11-20, until: 2026-11-19, evidance: z}
  - {answer: yes}
"""
    assert refusals(wrong) == [
        "4:16: unknown question 'proxy_bypas', did you mean 'proxy_bypass'?",
        "5:38: unknown answer 'aproved', did you mean 'approved'?",
        "6:51: a date like 2027-01-31 is expected, found text '20/11/2026'",
        "7:16: 'recording' is answered 'no' here and 'yes' at 6:16",
        "8:5: 'by' is missing: who answered",
        "8:5: 'on' is missing: the day of the answer",
        "9:79: until 2026-11-19 is before the answer's own day, 2026-11-20",
        "9:91: unknown key 'evidance', did you mean 'evidence'?",
        "10:5: 'question' is missing",
    ]


def test_spaces_around_a_site_hide_no_contradiction() -> None:
    """' lyon' is lyon in the roll-up, so two answers for it contradict each other."""
    two = """\
answers:
  - {question: proxy_bypass, site: lyon, answer: refused, by: a, on: 2026-11-20}
  - {question: proxy_bypass, site: " lyon", answer: approved, by: a, on: 2026-11-21}
"""
    assert refusals(two) == ["5:16: 'proxy_bypass' at 'lyon' is answered 'approved' here and 'refused' at 4:16"]


def test_a_blank_name_is_none() -> None:
    """Spaces do not say who answered; 0 may be somebody's number."""
    blank = 'answers:\n  - {question: recording, answer: yes, by: "  ", on: 2026-11-20}\n'

    assert refusals(blank) == ["4:5: 'by' is missing: who answered"]
    assert read(blank.replace('"  "', "0")).answers[0].by == "0"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "an attestations file is a mapping of keys"),
        (b"[1]", "an attestations file is a mapping of keys"),
        (b"schema: readycheck.profile/1\nprofile: acme\n", "'readycheck.attestations/1' is expected"),
        (b"schema: readycheck.attestations/2\nprofile: acme\n", "'readycheck.attestations/1' is expected"),
        (b"profile: acme\n", "'schema' is missing"),
        (b"schema: readycheck.attestations/1\n", "'profile' is missing"),
        (b"schema: readycheck.attestations/1\nprofile: other\n", "for the profile 'other', not for 'acme'"),
        (b"a: 1\n" + b"#" * 2**20, "over 1 MiB: that is no attestations file"),
        (b"\xff", "not UTF-8"),
        (b"a: !!python/object/apply:os.system [ls]\n", "is refused"),
        (HEAD.encode() + b"answers: {a: 1}\n", "a list is expected"),
        (
            HEAD.encode() + b"answers: [1, [2], {question: [3]}, {question: null}]\n",
            "a mapping (key: value) is expected",
        ),
        (HEAD.encode() + b"answers: [{question: recording, answer: 1, by: [], on: 2026-11-20}]\n", "unknown answer"),
        (HEAD.encode() + b"answers: [{question: recording, answer: yes, by: a, on: 2026-13-41}]\n", "a date like"),
        (HEAD.encode() + b"answers: [{question: recording, answer: yes, by: a, on: 20261120}]\n", "a date like"),
    ],
)
def test_wrong_files_are_refused(text: bytes, sentence: str) -> None:
    """Another schema, another profile, no mapping, too large, tags: told with a place, nothing executed."""
    assert any(sentence in problem for problem in refusals(text))


def test_unreadable_file_is_told(tmp_path: Path) -> None:
    """A folder and a file that is not there."""
    for path, sentence in ((tmp_path, "directory"), (tmp_path / "none.yaml", "cannot be read")):
        with pytest.raises(ProfileError, match=sentence):
            load_attestations(path, PROFILE)
