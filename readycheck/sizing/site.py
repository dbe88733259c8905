"""The whole sizing of a site, from its profile: a value that renderers show (schema readycheck.site/1)."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from readycheck.model.report import Tool
from readycheck.profile.schema import Profile
from readycheck.sizing.calls import Demand, Staffing, demand, staffing
from readycheck.sizing.cost import Cost, cost_of
from readycheck.sizing.link import Load, Need, Remedy, Room, remedies, room
from readycheck.sizing.media import Rate, SizedCall, codec_of, rates, sized_call, way_of

SCHEMA = "readycheck.site/1"


class Answer(StrEnum):
    """Whether the link carries the calls; it cannot be told without agents (or their load) and link."""

    FITS = "fits"
    DOES_NOT_FIT = "does_not_fit"
    CANNOT_BE_TOLD = "cannot_be_told"


@dataclass(frozen=True)
class SiteSizing:
    """A site's link on paper. Every figure of a rate is for one direction; the other takes the same."""

    profile_id: str
    title: dict[str, str]
    profile_sha256: str
    answer: Answer
    to_fill_in: tuple[str, ...]
    """Keys of the profile without which the answer cannot be told."""
    demand: Demand | None
    staffing: Staffing | None
    call: SizedCall
    need: Need | None
    link: Room | None
    remedies: tuple[Remedy, ...]
    rates: tuple[Rate, ...]
    cost: Cost

    def as_document(self, tool: Tool) -> dict[str, Any]:
        """The versioned document, ready for JSON."""
        figures = asdict(self)
        profile = {"id": self.profile_id, "title": self.title, "sha256": self.profile_sha256}
        for key in ("profile_id", "title", "profile_sha256"):
            del figures[key]
        return {"schema": SCHEMA, "tool": asdict(tool), "profile": profile, **figures}


def size_site(profile: Profile) -> SiteSizing:
    """Agents to calls, calls to bits a second, bits a second to the link, and the billed leg."""
    site, link, call = profile.site, profile.site.link, sized_call(profile)
    calls = demand(site)
    load = Load(calls, codec_of(profile), way_of(profile)) if calls else None
    need = load.need(link) if load else None
    found = room(link, site, call.ip_bps, need) if link else None
    short = bool(load and link and need and found and not found.fits)
    return SiteSizing(
        profile_id=profile.id,
        title=dict(profile.title),
        profile_sha256=profile.sha256,
        answer=_answer(found),
        to_fill_in=tuple(key for key, value in {"site.agents": calls, "site.link": link}.items() if value is None),
        demand=calls,
        staffing=staffing(site),
        call=call,
        need=need,
        link=found,
        remedies=remedies(load, link, need, found.agents_at_most) if short and load and link and need and found else (),
        rates=rates(profile, _call_bps_at_most(calls, found)),
        cost=cost_of(site, calls.agents if calls else None),
    )


def _call_bps_at_most(calls: Demand | None, found: Room | None) -> float | None:
    if calls is None or found is None:
        return None
    return min(found.down.for_voice_bps, found.up.for_voice_bps) / calls.simultaneous_calls


def _answer(found: Room | None) -> Answer:
    if found is None or found.fits is None:
        return Answer.CANNOT_BE_TOLD
    return Answer.FITS if found.fits else Answer.DOES_NOT_FIT
