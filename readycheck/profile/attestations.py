"""What people answered to a profile's questions (schema readycheck.attestations/1): who, when, with which proof."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from readycheck.profile.dump import to_yaml
from readycheck.profile.part import Part
from readycheck.profile.places import plain, settled
from readycheck.profile.problem import Mark, Problem, ProfileError, quoted
from readycheck.profile.scalars import Identifier, ScalarText
from readycheck.profile.schema import IsoDate, Profile
from readycheck.profile.sources import Source, Unavailable, did_you_mean
from readycheck.profile.wording import findings
from readycheck.profile.yaml import Node, read_yaml

SCHEMA = "readycheck.attestations/1"

_DATE: TypeAdapter[date] = TypeAdapter(IsoDate)
_WHAT = "attestations file"
_HEADER = """\
# What was answered to the questions of the profile {profile}; readycheck rollup reads it with --attestations.
# Of each answer: by whom, on which day; if known evidence (a link, a ticket), until (its last day) and note.
# An answer with a site counts there; one without, everywhere else. No answer, or one that has expired, is inconclusive.
"""


def _iso_date_or_none(value: Any) -> Any:
    return None if value is None else _DATE.validate_python(value)


OptionalDate = Annotated[date | None, BeforeValidator(_iso_date_or_none)]


class Answer(Part):
    """One answer; without `answer` the question is still open."""

    question: ScalarText
    site: ScalarText | None = None
    answer: ScalarText | None = None
    by: ScalarText | None = None
    on: OptionalDate = None
    evidence: ScalarText | None = None
    until: OptionalDate = None
    note: ScalarText | None = None


class Attestations(Part):
    """The answers that a project has so far."""

    schema_: Literal["readycheck.attestations/1"] = Field(alias="schema")
    profile: Identifier
    answers: list[Answer] = Field(default=[])


def nothing_attested(profile: Profile) -> Attestations:
    """A project that has no answer yet."""
    return Attestations(schema="readycheck.attestations/1", profile=profile.id)


def load_attestations(path: Path, profile: Profile) -> Attestations:
    """The answers in a file to the questions of `profile`; raises ProfileError with everything that is wrong."""
    try:
        content = Source(str(path), path).read()
    except Unavailable as error:
        message = str(error).replace("a profile is a file", f"an {_WHAT} is a file")
        raise ProfileError([Mark(str(path)).problem(message)]) from None
    return read_attestations(content, str(path), profile)


def read_attestations(content: bytes, file: str, profile: Profile) -> Attestations:
    """The answers in these bytes of `file`; raises ProfileError."""
    tree, problems = read_yaml(content, file, _WHAT)
    if tree is None or not isinstance(tree.value, dict):
        problems = problems or [Mark(file).problem(f"an {_WHAT} is a mapping of keys, this file is none")]
        raise ProfileError(problems)
    tree = settled(tree, Attestations)
    read = None
    try:
        read = Attestations.model_validate(plain(tree))
    except ValidationError as error:
        wrong = findings(error, tree, Attestations)
        problems += wrong.problems + wrong.unresolved
    problems += _problems(tree, profile)
    if problems or read is None:
        raise ProfileError(problems)
    return read


def _problems(tree: Node, profile: Profile) -> Iterator[Problem]:
    """What types cannot say."""
    named = tree.get("profile")
    if named and isinstance(named.value, str) and named.value != profile.id:
        yield named.mark.problem(f"these answers are for the profile {quoted(named.value)}, not for {profile.id!r}")
    known = {question.id: question for question in profile.questions}
    first: dict[tuple[str, str | None], tuple[str, Mark]] = {}
    for item in answers.items if (answers := tree.get("answers")) else ():
        question, site, answer = (_text(item, key) for key in ("question", "site", "answer"))
        place = item.get("question")
        if place is None or question is None:
            continue
        if question not in known:
            near = did_you_mean(question, known) or _known("questions of this profile", list(known))
            yield place.mark.problem(f"unknown question {quoted(question)}{near}")
            continue
        yield from _answer_problems(item, answer, list(known[question].answers))
        if answer is None:
            continue
        site = " ".join(site.split()) or None if site else None  # as the roll-up reads it
        said, mark = first.setdefault((question, site), (answer, place.mark))
        if said != answer:
            where = f" at {quoted(site)}" if site else ""
            yield place.mark.problem(
                f"{quoted(question)}{where} is answered {quoted(answer)} here and {quoted(said)} at {mark}"
            )


def _answer_problems(item: Node, answer: str | None, known: list[str]) -> Iterator[Problem]:
    given, on, until = (item.get(key) for key in ("answer", "on", "until"))
    if answer is None or given is None:
        return
    if answer not in known:
        near = did_you_mean(answer, known) or _known("answers", known)
        yield given.mark.problem(f"unknown answer {quoted(answer)}{near}")
    for key, why in (("by", "who answered"), ("on", "the day of the answer")):
        node = item.get(key)
        if node is None or not str("" if node.value is None else node.value).strip():
            yield item.mark.problem(f"{key!r} is missing: {why}")
    if on and until and (first := _day(on)) and (last := _day(until)) and last < first:
        yield until.mark.problem(f"until {last} is before the answer's own day, {first}")


def _day(node: Node) -> date | None:
    try:
        return _DATE.validate_python(node.value)
    except ValidationError:
        return None


def _text(item: Node, key: str) -> str | None:
    node = item.get(key)
    return node.value if node and isinstance(node.value, str) and node.value else None


def _known(what: str, words: list[str]) -> str:
    return f"; {what}: {', '.join(words)}" if words else f"; there are no {what}"


def attestations_yaml(attestations: Attestations) -> str:
    """The file's text, with a few words on how it is read."""
    answers = [
        {key: str(value) for key, value in answer.model_dump().items() if value is not None}
        for answer in attestations.answers
    ]
    document = {"schema": SCHEMA, "profile": attestations.profile, "answers": answers}
    return _HEADER.format(profile=attestations.profile) + to_yaml(document)


def template_yaml(profile: Profile, ask: dict[str, str]) -> str:
    """A file to fill in: every question open, with its words (`ask`, by id) and answers as comments."""
    lines = [_HEADER.format(profile=profile.id), to_yaml({"schema": SCHEMA, "profile": profile.id}), "answers:\n"]
    for question in profile.questions:
        lines += [
            f"  # {' '.join(ask.get(question.id, question.id).split())}\n",
            f"  # one of: {', '.join(question.answers)}\n",
            f"  - question: {question.id}\n    answer:\n    by:\n    on:\n",
            "    # site:\n    # evidence:\n    # until:\n    # note:\n",
        ]
    return "".join(lines)
