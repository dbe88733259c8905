"""A site's sizing in plain lines: the answer first, then the calls, the link, what would make it fit, and who bills."""

from collections.abc import Iterator
from math import ceil

from readycheck.model.clean import clean
from readycheck.render import format as say
from readycheck.render.words import NBSP, Words
from readycheck.rtc.wire_rate import Vpn
from readycheck.sizing.calls import Demand, Staffing
from readycheck.sizing.cost import Cost
from readycheck.sizing.link import Direction, Remedy, Room
from readycheck.sizing.media import Rate
from readycheck.sizing.site import Answer, SiteSizing

_EXAMPLES = {
    "site.agents": ("site: {agents: 120, occupancy: 0.85}", "site: {calls_per_hour: 1200, handling_s: 240}"),
    "site.link": ("site: {link: {down_bps: 100M, up_bps: 20M, voice_share: 0.33}}",),
}
_COLUMN_WIDTH = 12
MINUS = "\u2212"


def render_site(sizing: SiteSizing, lang: str) -> str:
    """The sizing as text; the same with and without colours."""
    return "\n".join(_Lines(sizing, lang).all())


class _Lines:
    def __init__(self, sizing: SiteSizing, lang: str) -> None:
        self._sizing = sizing
        self._page = Words(lang)
        self._words = Words(lang, "site")

    def all(self) -> Iterator[str]:
        sizing, words = self._sizing, self._words
        yield words("heading", title=words.choose(sizing.title) or sizing.profile_id)
        yield f"{words(sizing.answer)}   {self._sentence()}"
        for key in sizing.to_fill_in:
            yield f"  {words('fill_in')} " + f" {words('or')} ".join(_EXAMPLES[key])
        blocks = {
            "title_calls": self._calls(sizing.demand) if sizing.demand else (),
            "title_staff": self._staff(sizing.staffing) if sizing.staffing else (),
            "title_rates": self._rates(),
            "title_link": self._link(sizing.link) if sizing.link else (),
            "title_remedies": map(self._remedy, sizing.remedies),
            "title_cost": self._cost(sizing.cost),
        }
        for title, lines in blocks.items():
            block = [f"  {line}".rstrip() for line in lines]
            if block:
                yield ""
                yield words(title, version=sizing.call.ip_version) if title == "title_rates" else words(title)
                yield from block

    def _sentence(self) -> str:
        sizing = self._sizing
        if sizing.answer == Answer.CANNOT_BE_TOLD or not (sizing.demand and sizing.need and sizing.link):
            return self._words("answer_missing", keys=", ".join(sizing.to_fill_in))
        return self._words(
            "answer_calls",
            calls=self._count("calls", sizing.demand.simultaneous_calls),
            need=self._speed(sizing.need.ip_bps),
            down=self._speed(sizing.link.down.for_voice_bps),
            up=self._speed(sizing.link.up.for_voice_bps),
        )

    def _calls(self, demand: Demand) -> Iterator[str]:
        words = self._words
        yield words(
            "calls_of_agents" if demand.simultaneous_calls < demand.agents else "calls_of_all",
            agents=self._count("agents", demand.agents),
            occupancy=self._percent(demand.occupancy_ratio),
            calls=self._count("calls", demand.simultaneous_calls),
            blocking=self._percent(demand.blocking_ratio),
        )
        if demand.agents_from == "staffing":
            yield words("calls_by_staffing")
        if demand.occupancy_from == "load":
            yield words("calls_by_load")
        if need := self._sizing.need:
            yield words("calls_need", need=self._speed(need.ip_bps))
            agents = self._count("agents", demand.agents)
            if demand.agents > demand.simultaneous_calls:
                yield words("calls_every_agent", agents=agents, need=self._speed(need.every_agent_ip_bps))
            if not self._sizing.link:
                yield words("link_needed", link=self._speed(need.link_bps))
        staffing = self._sizing.staffing
        if staffing and staffing.leg_a_calls is not None:
            yield words("calls_leg_a", calls=self._count("calls", staffing.leg_a_calls))
        yield words("calls_queue")

    def _staff(self, staffing: Staffing) -> Iterator[str]:
        yield self._words(
            "staff_load",
            calls=self._number(staffing.calls_per_hour),
            handling=self._seconds(staffing.handling_s),
            erlang=self._number(staffing.offered_erlang, 1),
            agents=self._count("agents", staffing.agents_needed),
            ratio=self._percent(staffing.answered_ratio),
            within=self._seconds(staffing.target_within_s),
            target=self._percent(staffing.target_ratio),
        )
        ratio, demand = staffing.answered_by_stated_agents_ratio, self._sizing.demand
        if ratio is not None and demand:
            agents = self._count("agents", demand.agents)
            yield self._words("staff_stated" if ratio else "staff_too_few", agents=agents, ratio=self._percent(ratio))

    def _rates(self) -> Iterator[str]:
        call, words = self._sizing.call, self._words
        ways: dict[tuple[str, str], list[Rate]] = {}
        for rate in self._sizing.rates:
            ways.setdefault((rate.relay, rate.vpn), []).append(rate)
        first = next(iter(ways.values()))
        heads = [f"{rate.codec}{NBSP}{self._number(rate.bitrate_bps / 1000)}" for rate in first]
        if self._sizing.demand:
            calls = self._sizing.demand.simultaneous_calls
            heads.append(words.count("column_calls", calls, amount=self._number(calls), codec=call.codec))
        label = max(len(self._way(of_codecs[0])) for of_codecs in ways.values()) + 2
        yield " " * (label + 2) + "".join(head.rjust(max(_COLUMN_WIDTH, len(head) + 2)) for head in heads)
        for way, of_codecs in ways.items():
            yield self._rate_line(label, heads, of_codecs, own=way == (call.relay, call.vpn))
        yield words("rates_own")
        own = next(rate for rate in self._sizing.rates if (rate.relay, rate.vpn) == (call.relay, call.vpn))
        other = 10 - call.ip_version
        yield words(
            "rates_other_version",
            version=other,
            other=self._speed(own.ip_bps(other)),
            ethernet=self._speed(call.ethernet_bps),
        )
        yield words("rates_codecs")
        if not call.in_one_piece:
            yield words("rates_cut", size=say.amount(call.ip_packet_byte, "byte", self._page))

    def _rate_line(self, label: int, heads: list[str], of_codecs: list[Rate], *, own: bool) -> str:
        version = self._sizing.call.ip_version
        each = [rate.ip_bps(version) for rate in of_codecs]
        cells = [self._kbps(bps) for bps in each]
        if self._sizing.demand:
            cells.append(self._speed(each[0] * self._sizing.demand.simultaneous_calls))
        fits = of_codecs[0].calls_fit
        told = "" if fits is None else self._words("rate_fits" if fits else "rate_does_not_fit")
        shown = "".join(cell.rjust(max(_COLUMN_WIDTH, len(head) + 2)) for cell, head in zip(cells, heads, strict=True))
        return f"{'>' if own else ' '} {self._way(of_codecs[0]):<{label}}{shown}  {told}"

    def _way(self, rate: Rate) -> str:
        if rate.vpn == Vpn.NONE:
            return self._words(f"relay_{rate.relay}")
        through = self._words(f"vpn_{rate.vpn}")
        return through if rate.relay == "none" else f"{self._words(f'relay_{rate.relay}')} + {through}"

    def _link(self, link: Room) -> Iterator[str]:
        words, need = self._words, self._sizing.need
        yield self._direction("down", link.down)
        yield self._direction("up", link.up)
        yield words(
            "link_room",
            calls=self._count("calls", link.calls_at_most),
            agents=self._count("agents", link.agents_at_most),
        )
        if need and link.fits:
            if not link.fits_with_ethernet_frames:
                yield words("link_narrow", ethernet=self._speed(need.ethernet_bps))
            yield words("link_every_agent" if link.fits_every_agent else "link_not_every_agent")
        if link.voice_share_ratio == 1:
            yield words("link_whole")

    def _direction(self, name: str, direction: Direction) -> str:
        line = self._words(
            "link_direction", link=self._speed(direction.link_bps), voice=self._speed(direction.for_voice_bps)
        )
        if direction.headroom_bps is not None:
            key = "link_spare" if direction.fits else "link_short"
            line += self._page("colon") + self._words(key, headroom=self._speed(-direction.headroom_bps).lstrip(MINUS))
        return f"{self._words(name):<10}{line}"

    def _remedy(self, remedy: Remedy) -> str:
        text = self._words(
            f"remedy_{remedy.id}",
            down=self._speed(remedy.down_bps or 0),
            up=self._speed(remedy.up_bps or 0),
            share=self._percent(remedy.voice_share_ratio or 0),
            agents=self._count("agents", remedy.agents or 0),
            call=self._speed(remedy.call_ip_bps or 0),
            bitrate=self._speed(remedy.bitrate_bps or 0),
            ptime=say.amount(remedy.ptime_ms or 0, "ms", self._page),
        )
        return f"{text}{self._page('colon')}{self._words('enough' if remedy.fits else 'not_enough')}"

    def _cost(self, cost: Cost) -> Iterator[str]:
        words, demand = self._words, self._sizing.demand
        yield words("cost_legs")
        if cost.to_fill_in:
            yield words("cost_fill_in", keys=", ".join(cost.to_fill_in))
        elif demand and cost.price_per_month is not None and cost.billed_minutes_per_month is not None:
            yield words(
                "cost_month",
                agents=self._count("agents", demand.agents),
                minutes=self._number(cost.minutes_per_agent_day or 0),
                days=self._number(cost.days_per_month or 0),
                total=self._number(cost.billed_minutes_per_month),
                price=self._number(cost.price_per_month),
                per_minute=self._number(cost.price_per_minute or 0, 6),
                currency=clean(cost.currency or "", 10),
            )

    def _count(self, key: str, number: int) -> str:
        return self._words.count(key, number, amount=self._number(number))

    def _number(self, value: float, decimals: int = 2) -> str:
        return say.number(value, self._page, decimals)

    def _percent(self, ratio: float) -> str:
        return say.amount(ratio, "ratio", self._page)

    def _seconds(self, seconds: float) -> str:
        return say.amount(seconds, "s", self._page)

    def _kbps(self, bps: int) -> str:
        text = f"{bps / 1000:.1f}"
        return text.replace(".", ",") if self._page.lang == "fr" else text

    def _speed(self, bps: int) -> str:
        """A rate with two decimals, rounded up: what is needed is never told too small."""
        factor, unit = (1000, "kbit/s") if abs(bps) < 1_000_000 else (1_000_000, "Mbit/s")  # noqa: PLR2004 - a megabit
        return f"{self._number(ceil(bps * 100 / factor) / 100)}{NBSP}{unit}"
