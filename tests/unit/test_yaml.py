"""YAML as a tree with positions: YAML 1.2 scalars, and nothing that crashes or explodes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readycheck.profile.core_scalar import Float, Int
from readycheck.profile.places import plain
from readycheck.profile.yaml import MAX_BYTES, read_yaml


def read(text: str | bytes) -> Any:
    """The plain value of a text without problems."""
    node, problems = read_yaml(text.encode() if isinstance(text, str) else text, "f.yaml")
    assert not problems, problems
    return plain(node) if node else None


def problems_of(text: str | bytes) -> list[str]:
    """What is wrong with a text."""
    return [str(problem) for problem in read_yaml(text.encode() if isinstance(text, str) else text, "f.yaml")[1]]


@pytest.mark.parametrize("text", ["yes", "no", "on", "off", "y", "22:30", "2027-01-31", "1_000", "0b1", "=", "tRue"])
def test_yaml_1_1_words_stay_text(text: str) -> None:
    """What YAML 1.1 made booleans, times and dates of is text in YAML 1.2."""
    assert read(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("014", 14),
        ("0x1F", 31),
        ("0o17", 15),
        ("-3", -3),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("'1'", "1"),
        ('"true"', "true"),
    ],
)
def test_core_scalars(text: str, value: object) -> None:
    """Plain scalars follow the YAML 1.2 core schema, quoted ones are text."""
    found = read(f"a: {text}")["a"]
    assert found == value
    assert isinstance(found, type(value))


def test_numbers_remember_their_text() -> None:
    """A USB id that looks like a number can be read as it was written."""
    vid, pid = read("[02e9, 0123]")
    assert (type(vid), vid.text) == (Float, "02e9")
    assert (type(pid), pid.text) == (Int, "0123")


def test_positions_count_from_one() -> None:
    """Keys and values know their line and column."""
    node, _ = read_yaml(b"a: 1\nb:\n  - x\n  - {c: d}\n", "f.yaml")
    assert node
    item = node.entries["b"].node.items[1]
    assert (item.mark.line, item.mark.column) == (4, 5)
    assert str(item.entries["c"].mark) == "4:6"
    assert str(item.entries["c"].node.mark) == "4:9"


def test_duplicate_keys_name_both_positions() -> None:
    """A key that stands twice is an error that says where both stand."""
    assert problems_of("a: 1\nb: 2\na: 3\n") == [
        "f.yaml:3:1: the key 'a' stands here a second time; the first is at 1:1"
    ]


def test_all_problems_are_collected() -> None:
    """Tags, keys that are no text and merge keys are told together."""
    found = problems_of("a: !!python/object:os.system x\nb: !!binary aa\n3: x\n<<: {c: d}\n? [k]\n: v\n")
    assert [line.split(":")[1] for line in found] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[{b: "])
def test_depth_is_refused(opening: str) -> None:
    """A depth of 100,000 crashes nothing, and comes to an end."""
    assert "deeper than 64" in problems_of(opening * 100_000)[0]


def test_sixty_four_levels_are_read() -> None:
    """The deepest nesting allowed is read."""
    assert not problems_of("[" * 64 + "]" * 64)
    assert problems_of("[" * 65 + "]" * 65)


def test_ordinary_aliases_work() -> None:
    """A small alias repeats its anchor."""
    assert read("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


def bomb(levels: int) -> str:
    """Ten times the level before, at each level."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


def test_alias_bombs_are_refused() -> None:
    """Aliases that explode are refused before they do."""
    assert "aliases" in problems_of(bomb(9))[0]


def test_long_texts_cannot_explode_through_aliases() -> None:
    """A long text weighs what it is long, so repeating it is refused as well."""
    assert "aliases" in problems_of(f"a: &a {'x' * 100_000}\nb: [{'*a, ' * 1000}]")[0]


def test_aliases_cannot_deepen() -> None:
    """Nesting through aliases counts as nesting."""
    lines = ["a0: &a0 [1]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 100))]
    assert "deeper than 64" in problems_of("\n".join(lines))[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: &a [*a]", "1:8: the alias *a stands inside what it repeats"),
        (b"a: *b", "1:4: the alias *b names no anchor above it"),
        (b"a: 1\n---\nb: 1\n", "2:1: a second document starts here"),
        ("a: b\nc: é".encode("cp1252"), "2:4: the file is not UTF-8"),
        ("a: b".encode("utf-16"), "1:1: the file is not UTF-8"),
        (b"a: 1\x00", "1:5: the character U+0000 is not allowed"),
        (b"a:\n\tb: 1", "indent with spaces, not with tabs"),
        (b"a: {b: ${NAME}}", 'a variable stands in quotes: "${NAME}"'),
        (b" " * (MAX_BYTES + 1), "1:1: the file is over 1 MiB"),
        (b"a: [", "this is no valid YAML"),
    ],
)
def test_refused(text: bytes, message: str) -> None:
    """What cannot be read is refused in one line with its place."""
    found = problems_of(text)
    assert len(found) == 1
    assert message in found[0]


def test_a_byte_order_mark_is_no_problem() -> None:
    """Notepad's UTF-8 is UTF-8."""
    assert read(b"\xef\xbb\xbfa: 1") == {"a": 1}


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_anything_is_read_or_refused(data: bytes) -> None:
    """No bytes raise anything."""
    node, problems = read_yaml(data, "f.yaml")
    assert node or problems or not data.strip() or node is None


@given(st.text(alphabet="{}[]:,-?&*!|>'\"%#@ \n\tab01$", max_size=60))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    """No arrangement of YAML's own signs raises anything."""
    read_yaml(text.encode(), "f.yaml")
