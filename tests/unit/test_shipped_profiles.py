"""Shipped profiles: nothing invented, nothing left open in silence, and a verdict that means what it says."""

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from readycheck.engine.registry import metric_definitions
from readycheck.letter.address import parse_address
from readycheck.letter.matrix import flow_matrix
from readycheck.model.verdict import Decision, Finding, Scope, Severity, Status, Verdict
from readycheck.profile.loader import effective_mapping, kind_of, load_profile
from readycheck.profile.schema import KINDS, Profile, Requirement
from readycheck.profile.sources import shipped
from tests.unit.workstation_samples import Workstation, judged

FACTS = yaml.safe_load((Path(__file__).parents[1] / "golden" / "vendors-facts.yaml").read_text(encoding="utf-8"))
NAMES = sorted(set(shipped()) - {"lab"})
ANY_PORT = "1-65535"
CREDENTIALS = {"TURN_USERNAME": "agent", "TURN_PASSWORD": "secret"}
RELAY = """\
targets:
  ice_servers:
    - urls:
        - "turn:turn.example.com:3478?transport=udp"
        - "turns:turn.example.com:443?transport=tcp"
      username: ${TURN_USERNAME}
      credential: ${TURN_PASSWORD}
"""
GOOD = Workstation()
DEAD = Workstation(web=False, udp=False, relay_tcp=False)

Write = Callable[..., Profile]


def of_kind(kind: str) -> list[str]:
    return [name for name in NAMES if kind_of(name) == kind]


def shipped_profile(name: str, **environment: str) -> Profile:
    return load_profile(name, metrics=metric_definitions(), environment=environment)


def own_text(name: str) -> str:
    return shipped()[name].path.read_text(encoding="utf-8")


def own_values(name: str) -> dict[str, Any]:
    """What stands in the file itself, without what it extends."""
    return cast("dict[str, Any]", yaml.safe_load(own_text(name)))


@pytest.fixture
def project(tmp_path: Path) -> Write:
    """A project's own profile that extends shipped ones."""

    def write(*extends: str, more: str = "") -> Profile:
        path = tmp_path / "project.yaml"
        head = f"schema: readycheck.profile/1\nid: project\nextends: [{', '.join(extends)}]\n"
        path.write_text(head + more, encoding="utf-8")
        return load_profile(str(path), metrics=metric_definitions(), environment=CREDENTIALS)

    return write


def open_findings(verdict: Verdict) -> dict[str, Finding]:
    return {one.requirement: one for one in verdict.findings if one.status == Status.INCONCLUSIVE}


def failed(verdict: Verdict) -> set[str]:
    return {finding.requirement for finding in verdict.findings if finding.status == Status.FAIL}


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


def test_kind_is_no_heirloom(project: Write) -> None:
    """A project that extends a platform is no platform."""
    assert project("genesys-cloud").kind is None


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


# verdicts


@pytest.mark.parametrize("name", [*of_kind("platform"), *of_kind("template"), "voice-baseline", *of_kind("context")])
def test_what_is_left_open_names_the_line_to_fill_in(name: str) -> None:
    """On a good workstation nothing fails, and whatever is inconclusive tells which key of the profile is empty."""
    profile = shipped_profile(name)
    verdict = judged(profile, GOOD)

    assert not failed(verdict)
    for identifier, finding in open_findings(verdict).items():
        if finding.severity != Severity.INFO:
            assert re.search(r"targets\.\w+", finding.remedy["en"]), identifier
            assert re.search(r"targets\.\w+", finding.remedy["fr"]), identifier
    if profile.targets.signalling:
        assert verdict.decision == Decision.GO_WITH_RESERVATIONS
    else:
        assert verdict.decision == Decision.INCONCLUSIVE
        assert "signalling-named" in open_findings(verdict)


def test_without_credentials_one_reservation_is_left() -> None:
    """A workstation is no plain go while no call was tried, and that is all that keeps it from it."""
    verdict = judged(shipped_profile("genesys-cloud"), GOOD)
    reservations = {name for name, one in open_findings(verdict).items() if one.severity == Severity.WARNING}

    assert reservations == {"call-tried"}
    assert open_findings(verdict)["call-tried"].reason == "not_configured"


def test_with_credentials_a_good_workstation_is_a_go(project: Write) -> None:
    """Everything that was not applicable is then measured and passes."""
    verdict = judged(project("genesys-cloud", more=RELAY), GOOD)
    passed = {one.requirement for one in verdict.findings if one.status == Status.PASS}

    assert verdict.decision == Decision.GO
    assert passed >= {"signalling-websocket", "media-way", "media-udp", "media-tls", "relay", "call", "path-loss"}


@pytest.mark.parametrize("name", [name for name in of_kind("platform") if shipped_profile(name).targets.signalling])
def test_blocked_signalling_is_a_no_go(name: str) -> None:
    """Where the platform does not answer there is no call."""
    verdict = judged(shipped_profile(name), Workstation(web=False))

    assert verdict.decision == Decision.NO_GO
    assert failed(verdict) & {"signalling", "signalling-websocket"}
    assert verdict.ready_on == "2026-12-22"


def test_blocked_udp_counts_by_what_is_left(project: Write) -> None:
    """No go where UDP is the only way, a reservation where TLS is left, no go again where nothing is."""
    no_udp = Workstation(udp=False)
    amazon = judged(shipped_profile("amazon-connect"), no_udp)
    genesys = judged(shipped_profile("genesys-cloud"), no_udp)
    telnyx = judged(shipped_profile("telnyx"), no_udp)
    relayed = judged(project("genesys-cloud", more=RELAY), no_udp)
    cut_off = judged(project("genesys-cloud", more=RELAY), Workstation(udp=False, relay_tcp=False))

    assert (amazon.decision, failed(amazon)) == (Decision.NO_GO, {"media-way", "media-udp"})
    assert (genesys.decision, failed(genesys)) == (Decision.GO_WITH_RESERVATIONS, {"stun-udp"})
    assert (telnyx.decision, failed(telnyx)) == (Decision.GO_WITH_RESERVATIONS, {"stun-udp", "media-udp"})
    assert (relayed.decision, failed(relayed)) == (Decision.GO_WITH_RESERVATIONS, {"media-udp", "relay-udp"})
    assert cut_off.decision == Decision.NO_GO
    assert failed(cut_off) >= {"media-way", "relay"}


def test_proxy_only_is_a_no_go_until_the_bypass() -> None:
    """Signalling passes through the proxy, yet the bypass is the first gate, and takes two months."""
    behind = judged(shipped_profile("genesys-cloud"), Workstation(has_proxy=True, web=False))

    assert behind.decision == Decision.NO_GO
    assert failed(behind) == {"proxy-bypass"}
    assert behind.ready_on == "2027-01-21"


def test_a_proxy_that_is_bypassed_blocks_nothing() -> None:
    """A configured proxy is no fault where the targets are reached without it as well."""
    verdict = judged(shipped_profile("genesys-cloud"), Workstation(has_proxy=True))

    assert (verdict.decision, failed(verdict)) == (Decision.GO_WITH_RESERVATIONS, set())


def test_poor_voice_is_a_reservation_and_useless_voice_a_no_go(project: Write) -> None:
    """Late voice is a warning, voice with one packet in four lost stops the project."""
    profile = project("genesys-cloud", more=RELAY)
    late, useless = judged(profile, Workstation(rtt_ms=230)), judged(profile, Workstation(lost_every=4))

    assert (late.decision, failed(late)) == (Decision.GO_WITH_RESERVATIONS, {"path-rtt"})
    assert useless.decision == Decision.NO_GO
    assert "path-mos" in failed(useless)


def test_a_dead_network_is_no_go_for_every_platform_with_names() -> None:
    """Whatever the profile, nothing passes where nothing answers."""
    for name in of_kind("platform"):
        profile = shipped_profile(name)
        expected = Decision.NO_GO if profile.targets.signalling else Decision.INCONCLUSIVE
        assert judged(profile, DEAD).decision == expected


def test_the_baseline_may_be_named_first(project: Write) -> None:
    """`extends: [voice-baseline, platform]` comes to the same as the platform alone."""
    assert project("voice-baseline", "twilio-voice").requirements == project("twilio-voice").requirements


def test_the_profile_in_the_readme_is_right(tmp_path: Path) -> None:
    """It loads, keeps the platform's targets and changes one figure."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n([^`]*extends: \[genesys-cloud[^`]*)```", readme)
    path = tmp_path / "acme.yaml"
    path.write_text(block, encoding="utf-8")
    profile = load_profile(str(path), metrics=metric_definitions(), environment=CREDENTIALS)
    changed = {one.id: one.comparator for one in profile.requirements}

    assert profile.targets.signalling == shipped_profile("genesys-cloud").targets.signalling
    assert changed["path-rtt"] == ("at_most", 150)
    assert judged(profile, GOOD).decision == Decision.GO


@pytest.mark.parametrize("context", of_kind("context"))
def test_contexts_leave_a_platform_s_figures_alone(project: Write, context: str) -> None:
    """Extended after a platform, a context adds and takes nothing back."""

    def figures(profile: Profile) -> dict[str, Any]:
        return {one.id: (one.comparator, one.severity) for one in profile.requirements}

    alone, together = figures(shipped_profile("microsoft-teams")), figures(project("microsoft-teams", context))
    assert together | alone == together


def test_a_site_is_judged_as_a_site(project: Write) -> None:
    """on-site brings requirements of scope site: a reservation without credentials, a no-go without signalling."""
    profile = project("telnyx", "on-site")
    good, blocked = judged(profile, GOOD, Scope.SITE), judged(profile, Workstation(web=False), Scope.SITE)

    assert (good.decision, set(open_findings(good))) == (Decision.GO_WITH_RESERVATIONS, {"site-call-tried"})
    assert blocked.decision == Decision.NO_GO


def test_guards_are_metrics_that_are_always_known() -> None:
    """A condition on an unknown figure leaves a requirement open: only counts and yes or no stand there."""
    always = re.compile(r"\w+\.(\w+_count|has_credentials|configured)")
    requirements: list[Requirement] = [one for name in NAMES for one in shipped_profile(name).requirements]
    guards = {one.when.metric for one in requirements if one.when and one.severity != Severity.INFO}

    assert all(always.fullmatch(metric) for metric in guards)
