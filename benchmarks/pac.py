"""What a PAC look-up costs: 200 rules warm, and a file of 500 kB. Status 1 if a figure does not hold."""

import asyncio
import sys
import time
from datetime import UTC, datetime
from statistics import median

from readycheck.model.failure import Failure
from readycheck.net.pac.evaluator import Facts, Pac
from readycheck.net.pac.url import Target, parse_target

FACTS = Facts(datetime(2026, 11, 22, tzinfo=UTC), ("192.0.2.1",))
BATCH, ROUNDS = 100, 30


def script(rules: int) -> str:
    """A file with so many rules, each for a domain of its own."""
    rule = '  if (dnsDomainIs(host, ".d{0}.example") || shExpMatch(host, "w{0}-*")) return "PROXY p{0}:8080";\n'
    return (
        "function FindProxyForURL(url, host) {\n" + "".join(map(rule.format, range(rules))) + '  return "DIRECT";\n}\n'
    )


def milliseconds(started: float) -> float:
    """Since then."""
    return (time.perf_counter() - started) * 1000


def expect(answers: list[str | Failure], answer: str) -> None:
    """A wrong answer is no figure."""
    if set(answers) != {answer}:
        sys.exit(f"answered {answers[0]} instead of {answer}")


async def warm(rules: int) -> tuple[float, float]:
    """Median of a look-up alone and of one among many, when no rule matches: milliseconds."""
    targets: list[Target] = [parse_target(f"https://host{number}.example.org/") for number in range(BATCH)]
    alone, among = [], []
    async with Pac(script(rules), FACTS) as pac:
        await pac.answers(targets[:1])
        for _ in range(ROUNDS):
            started = time.perf_counter()
            expect(await pac.answers(targets[:1]), "DIRECT")
            alone.append(milliseconds(started))
        started = time.perf_counter()
        expect(await pac.answers(targets), "DIRECT")
        among.append(milliseconds(started) / BATCH)
    return median(alone), median(among)


async def large(text: str) -> float:
    """Start, load and one look-up: milliseconds."""
    started = time.perf_counter()
    async with Pac(text, FACTS) as pac:
        expect(await pac.answers([parse_target("https://host.example.org/")]), "DIRECT")
    return milliseconds(started)


def row(name: str, value: float, limit: float) -> bool:
    """Print one figure."""
    print(f"{name:<58} {value:>12.2f} ms   at most {limit:g} ms   {'holds' if value <= limit else 'DOES NOT HOLD'}")
    return value <= limit


def main() -> None:
    """Print every figure."""
    alone, among = asyncio.run(warm(200))
    text = script(500_000 // 100)
    whole = median(asyncio.run(large(text)) for _ in range(7))
    held = [
        row("PAC look-up, 200 rules, warm, one question", alone, 1),
        row("PAC look-up, 200 rules, warm, of 100 in one question", among, 1),
        row(f"PAC of {len(text) // 1000} kB: process, load and look-up", whole, 150),
    ]
    sys.exit(not all(held))


if __name__ == "__main__":
    main()
