"""The letter as one page: self-contained, no script, made to be printed on A4 and signed."""

from readycheck import __version__
from readycheck.letter.compose import Letter, letter_words
from readycheck.render.html import render_page


def render_letter(letter: Letter, lang: str) -> str:
    """The whole page, in English or French."""
    return render_page("letter.html.j2", letter_words(lang), letter=letter, version=__version__)
