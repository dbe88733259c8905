"""One round of questions from the profile to the attestations file, which is replaced whole or not at all."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import typer

from readycheck.cli.loading import attestations_or_exit, profile_or_exit
from readycheck.cli.status import ExitStatus
from readycheck.host.files import replace_whole, safe_name, write_new
from readycheck.model.clean import clean
from readycheck.profile.attestations import Answer, Attestations, attestations_yaml, template_yaml
from readycheck.profile.schema import Profile, Question
from readycheck.render.words import Words

_LONGEST = 400
_NONE = "-"


def write_template(name: str, output: Path | None, lang: str) -> ExitStatus:
    """A file to fill in, written or printed; the exit status."""
    words, profile = Words(lang), profile_or_exit(name, lenient=True)
    if not profile.questions:
        return _nothing_to_ask(profile, words)
    text = template_yaml(profile, {question.id: words.choose(question.ask) for question in profile.questions})
    if output is None:
        typer.echo(text, nl=False)
        return ExitStatus.GO
    return _written(output, None, text, words)


def ask_all(name: str, output: Path | None, site: str | None, lang: str) -> ExitStatus:
    """Ask, then write; the exit status. Ctrl-C and the end of input leave the file as it was."""
    words, profile = Words(lang), profile_or_exit(name, lenient=True)
    if not profile.questions:
        return _nothing_to_ask(profile, words)
    if not sys.stdin.isatty():
        typer.echo(f"readycheck: {words('attest_terminal')}", err=True)
        return ExitStatus.WRONG_COMMAND_LINE
    path = output or Path(f"{safe_name(profile.id)}.attestations.yaml")
    there = path.exists()
    before = attestations_or_exit(path if there else None, profile)
    content = path.read_bytes() if there else None
    typer.echo(words("attest_keys"), err=True)
    asking = _Round(words, datetime.now(UTC).date(), clean(site, 100) or None if site else None)
    answers = list(before.answers)
    for question in profile.questions:
        answers = asking.asked(question, answers)
    after = Attestations(schema="readycheck.attestations/1", profile=profile.id, answers=answers)
    return _written(path, content, attestations_yaml(after), words)


def _nothing_to_ask(profile: Profile, words: Words) -> ExitStatus:
    typer.echo(words("attest_no_questions", profile=profile.id))
    return ExitStatus.GO


def _written(path: Path, before: bytes | None, text: str, words: Words) -> ExitStatus:
    """Write the file anew, or in the place of what was read; if that fails, on stdout, so that nothing is lost."""
    try:
        if before is None:
            write_new(path, text)
        elif path.read_bytes() != before:
            return _on_stdout(text, words("attest_changed", file=path))
        elif before != text.encode():
            typer.echo(words("attest_kept", file=replace_whole(path, text)), err=True)
    except OSError as error:
        return _on_stdout(text, words("attest_not_written", file=path, why=error.strerror or error))
    typer.echo(words("attest_next", file=path), err=True)
    typer.echo(path)
    return ExitStatus.GO


def _on_stdout(text: str, why: str) -> ExitStatus:
    typer.echo(f"readycheck: {why}", err=True)
    typer.echo(text, nl=False)
    return ExitStatus.NOT_WRITTEN


def _typed() -> str:
    """A line of the terminal; its end is an interrupt."""
    line = sys.stdin.readline()
    if not line:
        raise typer.Abort
    return clean(line, _LONGEST)


@dataclass
class _Round:
    """What is the same for all questions; the name given last is offered for the next."""

    words: Words
    today: date
    site: str | None
    by: str | None = None
    is_kept: bool = False
    """The last line was Enter alone."""

    def asked(self, question: Question, answers: list[Answer]) -> list[Answer]:
        """The answers with this question's: as it was, changed, or added."""
        same = [one for one in answers if one.question == question.id and (one.site or None) == self.site]
        old = next((one for one in reversed(same) if one.answer), None)
        new = self._answer(question, old)
        if new is old or new is None:
            return answers
        others = [one for one in answers if one not in same]
        place = answers.index(same[0]) if same else len(others)
        return [*others[:place], new, *others[place:]]

    def _answer(self, question: Question, old: Answer | None) -> Answer | None:
        self._introduce(question, old)
        choices = list(question.answers)
        one_of = self._one_of(question)
        said = self._line("answer", old.answer if old else None, lambda text: "" if text in choices else one_of)
        if said is None:
            return Answer(question=question.id, site=self.site) if old else None
        if old and self.is_kept:
            return old
        same = old if old and old.answer == said else None
        holds = same if same and not (same.until and same.until < self.today) else None
        self.by = self._line("by", (old.by if old else None) or self.by, lambda _: "", needed=True)
        on = self._day("on", (holds.on if holds else None) or self.today)
        evidence = self._line("evidence", same.evidence if same else None, lambda _: "")
        until = self._day("until", holds.until if holds else None, first=on)
        note = self._line("note", same.note if same else None, lambda _: "")
        given = {
            "question": question.id,
            "site": self.site,
            "answer": said,
            "by": self.by,
            "on": on and on.isoformat(),
            "evidence": evidence,
            "until": until and until.isoformat(),
            "note": note,
        }
        return Answer.model_validate(given)

    def _one_of(self, question: Question) -> str:
        """What may be typed, with its meaning where that is another word."""
        called = {typed: self.words.answer(typed) for typed in question.answers}
        shown = [typed if said == typed.replace("_", " ") else f"{typed} ({said})" for typed, said in called.items()]
        return self.words("attest_one_of", answers=", ".join(shown))

    def _introduce(self, question: Question, old: Answer | None) -> None:
        title = self.words.choose(question.title or {}) or question.id
        typer.echo("", err=True)
        typer.echo(title, err=True)
        typer.echo(f"  {self.words.choose(question.ask)}", err=True)
        typer.echo(f"  {self._one_of(question)}", err=True)
        if old:
            facts = (old.answer, old.by, old.on, old.until and f"→ {old.until}", old.evidence)
            typer.echo(f"  [{clean(', '.join(str(fact) for fact in facts if fact), 200)}]", err=True)

    def _day(self, field: str, default: date | None, first: date | None = None) -> date | None:
        def wrong(text: str) -> str:
            try:
                day = date.fromisoformat(text) if len(text) == len("2027-01-31") else None
            except ValueError:
                day = None
            if day is None:
                return self.words("attest_date")
            return self.words("attest_order", day=first) if first and day < first else ""

        text = self._line(field, default.isoformat() if default else None, wrong, needed=field == "on")
        return date.fromisoformat(text) if text else None

    def _line(
        self, field: str, default: str | None, wrong: Callable[[str], str], *, needed: bool = False
    ) -> str | None:
        """One line from the terminal, asked until it will do; None if it is left empty."""
        while True:
            offered = f" [{clean(default, 80)}]" if default else ""
            typer.echo(f"  {self.words(f'attest_{field}')}{offered}{self.words('colon')}", err=True, nl=False)
            typed = _typed()
            self.is_kept = not typed
            text = typed or default or ""
            if text in ("", _NONE):
                if not needed:
                    return None
                typer.echo(f"  {self.words('attest_needed' if field == 'by' else 'attest_date')}", err=True)
            elif complaint := wrong(text):
                typer.echo(f"  {complaint}", err=True)
            else:
                return text
