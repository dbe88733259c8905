"""The search for the largest datagram, over paths of every size."""

import pytest

from readycheck.rtc.plpmtu import AT_ONCE, Search, largest_payload_byte


def searched(limit: int, version: int = 4) -> tuple[Search, int, int]:
    """The search over a path that carries this payload: its end, its rounds, and how many sizes it asked."""
    search, rounds, asked = Search(version), 0, 0
    while sizes := search.next_sizes():
        assert sizes == sorted(set(sizes))
        assert all(size > search.answered or search.answered == 0 for size in sizes)
        assert rounds == 0 or all(size < search.too_large for size in sizes) or sizes == [search.too_large]
        search.learn(sizes, [size for size in sizes if size <= limit])
        rounds, asked = rounds + 1, asked + len(sizes)
    return search, rounds, asked


@pytest.mark.parametrize(("version", "largest"), [(4, 1472), (6, 1452)])
def test_an_ethernet_path_takes_one_round(version: int, largest: int) -> None:
    """The largest probe fills an Ethernet frame, and most paths answer it at once."""
    search, rounds, asked = searched(1500, version)

    assert largest_payload_byte(version) == search.answered == largest
    assert (search.too_large, rounds, asked) == (largest + 1, 1, 3)


@pytest.mark.parametrize("version", [4, 6])
def test_every_limit_is_found_to_the_byte(version: int) -> None:
    """In five rounds at most where a call fits, and in six below, the last of which asks for one size alone."""
    for limit in range(200, largest_payload_byte(version)):
        search, rounds, asked = searched(limit, version)

        assert (search.answered, search.too_large) == (limit, limit + 1)
        assert rounds <= (5 if limit >= 1200 else 6)
        assert asked <= 3 + 11 + 3 * AT_ONCE + 1


def test_a_usual_limit_is_asked_for_first() -> None:
    """1400 bytes of an IPv4 packet leave 1372."""
    search = Search(4)
    search.learn(search.next_sizes(), [200, 1200])

    assert 1372 in search.next_sizes()


def test_nothing_answers() -> None:
    """Silence at every size says nothing of sizes."""
    assert searched(0)[0].answered == 0


def test_loss_is_not_size() -> None:
    """A size without an answer below one that has one is a loss: the larger counts."""
    search = Search(4)
    search.learn([200, 1200, 1472], [1472])

    assert (search.answered, search.next_sizes()) == (1472, [])


def test_what_only_fails_in_company_is_not_too_large() -> None:
    """A short queue drops the largest of each round: asked alone it comes through, and the search goes on above it."""
    search = Search(4)
    while sizes := search.next_sizes():
        search.learn(sizes, [size for size in (sizes if len(sizes) == 1 else sizes[:-1]) if size <= 1464])

    assert (search.answered, search.too_large) == (1464, 1465)


def test_late_answers_count() -> None:
    """What was taken for too large and answers after all is not too large."""
    search = Search(4)
    search.learn([200, 1200, 1472], [200, 1200])
    search.learn(usual := search.next_sizes(), usual[:3])
    assert (search.answered, search.too_large) == (usual[2], usual[3])
    search.learn([], [1472])

    assert (search.answered, search.too_large, search.next_sizes()) == (1472, 1473, [])
