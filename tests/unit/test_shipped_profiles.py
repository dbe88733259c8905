"""Shipped profiles: whole, in both languages, and nothing invented."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from readycheck.engine.registry import metric_definitions
from readycheck.letter.address import parse_address
from readycheck.letter.matrix import flow_matrix
from readycheck.model.verdict import Severity
from readycheck.profile.loader import effective_mapping, kind_of, load_profile
from readycheck.profile.schema import KINDS
from readycheck.profile.sources import shipped
from tests.unit.shipped_samples import NAMES, of_kind, project, shipped_profile

FACTS = yaml.safe_load((Path(__file__).parents[1] / "golden" / "vendors-facts.yaml").read_text(encoding="utf-8"))
ANY_PORT = "1-65535"


def own_text(name: str) -> str:
    return shipped()[name].path.read_text(encoding="utf-8")


def own_values(name: str) -> dict[str, Any]:
    """What stands in the file itself, without what it extends."""
    return cast("dict[str, Any]", yaml.safe_load(own_text(name)))


# what is shipped


@pytest.mark.parametrize("name", NAMES)
def test_profiles_load_without_any_variable_set(name: str) -> None:
    """As `run` loads them, with an empty environment, and as `letter` and `judge` do."""
    assert shipped_profile(name) == load_profile(name, metrics=metric_definitions(), environment={}, lenient=True)
    assert effective_mapping(name, metrics=metric_definitions())["id"] == name


@pytest.mark.parametrize("name", NAMES)
def test_kinds_and_words_in_both_languages(name: str) -> None:
    """Each says what it is for, and title and description come in English and in French."""
    profile = shipped_profile(name)

    assert kind_of(name) in KINDS
    assert set(profile.title) == {"en", "fr"}
    assert profile.description
    assert set(profile.description) == {"en", "fr"}
    assert profile.description["en"] != profile.description["fr"]


def test_kind_is_no_heirloom(tmp_path: Path) -> None:
    """A project that extends a platform is no platform."""
    assert project(tmp_path, "genesys-cloud").kind is None


def test_every_platform_of_the_facts_is_shipped() -> None:
    """And each shipped platform has its facts."""
    assert sorted(FACTS["platforms"]) == of_kind("platform")


@pytest.mark.parametrize("name", NAMES)
def test_requirements_say_who_does_what_by_when(name: str) -> None:
    """Title and remedy in both languages, an owner, and a lead time wherever something may block."""
    for requirement in shipped_profile(name).requirements:
        assert set(requirement.title or {}) == {"en", "fr"}, requirement.id
        assert set(requirement.remedy or {}) == {"en", "fr"}, requirement.id
        assert requirement.owner, requirement.id
        assert requirement.lead_time or requirement.severity != Severity.BLOCKER, requirement.id


@pytest.mark.parametrize("name", NAMES)
def test_questions_can_be_passed_and_have_an_owner(name: str) -> None:
    """Each is asked in both languages, can be answered well, and names who answers for it."""
    for question in shipped_profile(name).questions:
        words = (question.title, question.ask, question.remedy)
        assert all(set(text or {}) == {"en", "fr"} for text in words), question.id
        assert "pass" in question.answers.values(), question.id
        assert question.owner, question.id
        assert question.lead_time, question.id


def test_the_roll_out_s_requirements_read_as_the_baseline_s() -> None:
    """What workstation-strict makes a blocker keeps the title and the remedy that voice-baseline gives it."""
    baseline = {one.id: (one.title, one.remedy) for one in shipped_profile("voice-baseline").requirements}
    strict = {one.id: (one.title, one.remedy) for one in shipped_profile("workstation-strict").requirements}
    shared = baseline.keys() & strict.keys() - {"signalling-named"}  # there a platform is to be extended, here not

    assert len(shared) == 5
    assert {name: strict[name] for name in shared} == {name: baseline[name] for name in shared}


def test_every_platform_asks_the_project_s_questions() -> None:
    """The bypass first, then the ways back and the people."""
    asked = [question.id for question in shipped_profile("genesys-cloud").questions]

    assert asked[0] == "proxy_bypass"
    assert set(asked) >= {"fallback_route", "continuity_plan", "recording", "vpn_policy", "strong_authentication"}
    assert set(asked) >= {"updates", "headset_order", "training"}


@pytest.mark.parametrize("name", NAMES)
def test_commands_in_remedies_exist(name: str) -> None:
    """What a remedy tells to type is a command of this program."""
    from readycheck.cli.app import app  # noqa: PLC0415 - typer only here

    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    for requirement in shipped_profile(name).requirements:
        for text in (requirement.remedy or {}).values():
            assert set(re.findall(r"`readycheck (\w+)", text)) <= known


# nothing invented


def ways(fact: dict[str, Any]) -> list[tuple[str, str]]:
    """Its protocols and ports."""
    return [(way, port) for way in ("udp", "tcp") for port in fact.get(way, [])]


def allowed_flows(facts: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Every (host or network pattern, protocol, port) that a source gives."""
    ports = [port for group in facts.get("ports", []) for port in ways(group)] or [("udp", ANY_PORT)]
    for one in facts.get("hosts", []):
        yield from ((one["host"].replace("{region}", "*"), *port) for port in (*ways(one), *ports))
    for group in facts.get("networks", []):
        yield from ((cidr, *port) for cidr in group["cidrs"] for port in ports)


@pytest.mark.parametrize("name", of_kind("platform"))
def test_flows_are_those_that_a_source_gives(name: str) -> None:
    """Every host, network and port of the letter's matrix stands among the facts."""
    known = list(allowed_flows(FACTS["platforms"][name]))
    for row in flow_matrix(shipped_profile(name)).rows:
        hosts = {host.lower() for host, *port in known if port == [row.protocol, row.port]}
        assert any(row.destination == host or fnmatchcase(row.destination, host) for host in hosts), row


@pytest.mark.parametrize("name", of_kind("platform"))
def test_media_is_what_a_source_gives(name: str) -> None:
    """Networks and UDP ports, those too that the matrix cannot show for want of the other half."""
    facts, media = FACTS["platforms"][name], shipped_profile(name).targets.media
    cidrs = {cidr for group in facts.get("networks", []) for cidr in group["cidrs"]}
    ports = {port for group in facts.get("ports", []) for port in group.get("udp", [])}

    assert set(media.cidrs if media else ()) <= cidrs
    assert set(media.udp_ports if media else ()) <= ports


@pytest.mark.parametrize("name", of_kind("platform"))
def test_thresholds_are_those_that_the_vendor_publishes(name: str) -> None:
    """A platform's own figures are its vendor's; all others are voice-baseline's."""
    limits = FACTS["platforms"][name].get("limits", {})
    baseline = {one.id: one for one in shipped_profile("voice-baseline").requirements}
    stated = {one["id"]: one["at_most"] for one in own_values(name).get("requirements", []) if "at_most" in one}
    profile = {one.id: one for one in shipped_profile(name).requirements}

    assert {profile[identifier].metric: value for identifier, value in stated.items()} == {
        metric: value for metric, value in limits.items() if metric != "src"
    }
    for identifier in baseline.keys() & profile.keys() - stated.keys():
        assert profile[identifier].comparator == baseline[identifier].comparator


def test_thresholds_of_the_baseline_are_published() -> None:
    """Each figure that is neither all nor nothing stands among the facts, or is declared to be our own."""
    figures = {
        one.metric: operand
        for one in shipped_profile("voice-baseline").requirements
        for _, operand in [one.comparator]
        if operand not in (0, 1, True, False)
    }

    assert figures == {metric: fact["value"] for metric, fact in FACTS["baseline"].items()} | FACTS["ours"]


@pytest.mark.parametrize("name", of_kind("platform"))
def test_lists_are_those_that_the_vendor_publishes(name: str) -> None:
    """Browsers with their versions, headsets by vendor id."""
    facts, allowed = FACTS["platforms"][name], shipped_profile(name).allowed

    assert {one.name: one.at_least for one in allowed.browsers} == facts.get("browsers", {}).get("names", {})
    assert [one.vid for one in allowed.headsets] == facts.get("headsets", {}).get("vids", [])


def sources_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["src"]] if isinstance(value.get("src"), str) else value.get("src", [])
        yield from value.get("also", [])
        for below in value.values():
            yield from sources_of(below)
    elif isinstance(value, list):
        for below in value:
            yield from sources_of(below)


@pytest.mark.parametrize("name", of_kind("platform"))
def test_sources_stand_in_the_file(name: str) -> None:
    """The page and the date of each source are there to be read beside the figures."""
    text = re.sub(r"\n\s*#\s*", " ", own_text(name))
    for identifier in set(sources_of(FACTS["platforms"][name])):
        source = FACTS["sources"][identifier]
        assert source["url"].rpartition("?sysparm_article=")[2].removeprefix("https://") in text, identifier
        assert source["date"] in text, identifier


@pytest.mark.parametrize("name", of_kind("platform"))
def test_networks_are_marked_as_last_seen(name: str) -> None:
    """A network list ages: each file that has one says when it was seen, and where."""
    if re.search(r"\d+\.\d+\.\d+\.\d+/\d+", re.sub(r"#.*", "", own_text(name))):
        assert re.search(r"# last seen 2026-11-22, source ", own_text(name))


REGIONS = {name: facts["regions"] for name, facts in FACTS["platforms"].items() if "regions" in facts}


@pytest.mark.parametrize(
    ("name", "region"), [(name, region) for name, regions in REGIONS.items() for region in regions["values"]]
)
def test_regions_resolve(name: str, region: str) -> None:
    """Each region that a source names gives hosts without variables."""
    regions = REGIONS[name]
    environment = {regions["variable"]: region}
    if turn := regions.get("turn"):
        environment["AMAZON_CONNECT_TURN"] = f"{turn[region][0]}.elb.{region}.amazonaws.com"
    profile = shipped_profile(name, **environment)
    urls = [one.url for one in profile.targets.signalling] + [
        url for one in profile.targets.ice_servers for url in one.urls if not url.startswith("stun:")
    ]
    addresses = [parse_address(url) for url in urls]

    assert addresses
    assert any(address and region in address.host for address in addresses)
    assert "${" not in "".join(urls)
    assert region in own_text(name)


@pytest.mark.parametrize("hosts", FACTS["platforms"]["amazon-connect"]["regions"]["turn"].values())
def test_every_relay_of_amazon_is_told(hosts: list[str]) -> None:
    """Regions with several relays have them all in the file's head."""
    assert all(host in own_text("amazon-connect") for host in hosts)


@pytest.mark.parametrize("name", of_kind("template"))
def test_templates_invent_nothing(name: str) -> None:
    """No target, no flow, no threshold of its own: only what is to be filled in."""
    own = own_values(name)

    assert not own.keys() & {"targets", "flows", "allowed"}
    assert all(one.keys() <= {"id", "remedy", "owner", "lead_time"} for one in own.get("requirements", []))
    assert "targets.signalling" in own["description"]["en"]
