"""Profiles: extends, environment, validation with positions, and the digests that name them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from readycheck.lab.certificate import issue
from readycheck.model.evidence import MetricDefinition, Unit
from readycheck.profile.dump import to_yaml
from readycheck.profile.json_schema import profile_json_schema
from readycheck.profile.loader import check_profile, effective_mapping, load_profile, title_of
from readycheck.profile.problem import Problem, ProfileError
from readycheck.profile.schema import Profile
from readycheck.profile.sources import shipped

Writer: TypeAlias = Callable[..., str]

UNITS: dict[str, Unit] = {
    "p.rtt_ms": "ms",
    "p.loss_ratio": "ratio",
    "p.works": "bool",
    "p.kind": "text",
    "p.mos_cqe": "number",
}
METRICS = {name: MetricDefinition(name, unit, "") for name, unit in UNITS.items()}
HEAD = "schema: readycheck.profile/1\nid: acme\n"


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Writes a profile, whose head is given unless it has one, and returns its path."""

    def _write(body: str | bytes, name: str = "acme.yaml") -> str:
        data = body.encode() if isinstance(body, str) else body
        if not data.startswith(b"schema"):
            data = HEAD.encode() + data
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return _write


def load(path: str, environment: dict[str, str] | None = None, **options: Any) -> Profile:
    """A profile as `run` loads it."""
    return load_profile(path, metrics=METRICS, environment=environment or {}, **options)


def refusals(path: str, environment: dict[str, str] | None = None) -> list[str]:
    """`line:column: message` of everything wrong."""
    with pytest.raises(ProfileError) as caught:
        load(path, environment)
    return [f"{problem.line}:{problem.column}: {problem.message}" for problem in caught.value.problems]


def test_problems_read_as_compilers_write_them() -> None:
    """Editors and people can jump to the place."""
    assert str(Problem("a.yaml", 3, 7, "no")) == "a.yaml:3:7: no"


def test_problems_are_sorted_and_unique() -> None:
    """The same problem is told once, in the order of the file."""
    first, second = Problem("a", 2, 1, "x"), Problem("a", 10, 1, "x")
    assert ProfileError([second, first, second]).problems == (first, second)


# what is wrong, and where


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("targest: {}\n", "3:1: unknown key 'targest', did you mean 'targets'"),
        ("site:\n  agents: '40'\n", "4:11: a whole number is expected, found text '40'"),
        ("site: {agents: 1.5}\n", "3:16: a whole number is expected, found 1.5"),
        ("call: {ptime_ms: 5}\n", "3:18: 10, 20, 40 or 60 is expected, found 5"),
        ("call: {seconds: .inf}\n", "3:17: a number is expected, found .inf"),
        ("call: {seconds: 1e999}\n", "3:17: a number is expected, found 1e999"),
        ("call: 3\n", "3:7: a mapping (key: value) is expected, found 3"),
        ("path: {min_seconds: 90}\n", "3:7: min_seconds is above max_seconds"),
        ("targets: {ice_servers: [{urls: ['stun:a', 'turn:a:99999']}]}\n", "3:43: 'turn:a:99999': port 99999"),
        ("targets: {ice_servers: [{urls: 'http://a'}]}\n", "3:32: 'http://a' is no STUN or TURN URL"),
        ("targets: {ice_servers: [{urls: 'turn:a', username: u}]}\n", "username and credential go together"),
        ("targets: {signalling: [{url: 'ftp://x'}]}\n", "3:30: an address like https://host/"),
        ("targets: {signalling: [{url: 'https://x:0/'}]}\n", "3:30: an address like https://host/"),
        ("targets: {signalling: [{url: 'wss://x:65536/'}]}\n", "3:30: an address like https://host/"),
        ("targets: {signalling: [{url: 'https://[1:2]/'}]}\n", "3:30: an address like https://host/"),
        ("targets: {signalling: [{url: 'https://é..x/'}]}\n", "3:30: an address like https://host/"),
        ("targets: {identity: [{issuer: 'https://x:99999'}]}\n", "3:31: an address like https://host/"),
        ("targets: {fallback: [{sip: 'sip:a:secret@x:0'}]}\n", "3:28: an address like sip:host:5060"),
        ("targets: {fallback: [{sip: 'sips:x;transport=udp'}]}\n", "3:28: an address like sip:host:5060"),
        ("targets: {reflector: {stamp: 'a:65536'}}\n", "3:30: host or host:port"),
        ("targets: {reflector: {stamp: 'a:0'}}\n", "3:30: host or host:port"),
        ("targets: {reflector: {key: 'hex:zz'}}\n", "3:28: after hex: the key is pairs of hexadecimal digits"),
        ("targets: {reflector: {key: 'hex:'}}\n", "3:28: the key is empty"),
        ('targets: {reflector: {key: "one\\ntwo"}}\n', "3:28: the key is one line, not several"),
        ("targets: {media: {cidrs: [10.0.0.300/8]}}\n", "3:27: a network like 203.0.113.0/24"),
        ("targets: {media: {udp_ports: [9-5]}}\n", "3:31: a port or a range"),
        ("requirements: [{id: a, at_most: 1}]\n", "3:16: 'metric' is missing"),
        (
            "requirements: [{id: a, metric: p.rt_ms, at_most: 1}]\n",
            "3:32: unknown metric 'p.rt_ms', did you mean 'p.rtt_ms'",
        ),
        ("requirements: [{id: a, metric: p.rtt_ms}]\n", "3:16: exactly one of at_most, at_least"),
        ("requirements: [{id: a, metric: p.rtt_ms, at_most: 1, at_least: 0}]\n", "found at_most and at_least"),
        ("requirements: [{id: a, metric: p.rtt_ms, at_most: '1'}]\n", "3:51: a number is expected, found text '1'"),
        ("requirements: [{id: a, metric: p.rtt_ms, at_most: 1, unit: s}]\n", "3:60: p.rtt_ms is in ms, not in 's'"),
        ("requirements: [{id: a, metric: p.works, at_least: 1}]\n", "3:41: at_least does not fit p.works"),
        (
            "requirements: [{id: a, metric: p.works, equals: yes}]\n",
            "3:49: p.works gives true or false, found text 'yes'",
        ),
        ("requirements: [{id: a, metric: p.works, equals: 1}]\n", "3:49: p.works gives true or false, found 1"),
        ("requirements: [{id: a, metric: p.kind, one_of: [x, 2]}]\n", "3:52: p.kind gives text, found 2"),
        ("requirements: [{id: a, metric: p.kind, matches: '('}]\n", "3:49: this is no regular expression"),
        ("requirements: [{id: a, metric: p.rtt_ms, matches: x}]\n", "3:42: matches does not fit p.rtt_ms"),
        (
            "requirements: [{id: a, metric: p.rtt_ms, at_most: 1, scale: fb}]\n",
            "3:61: scale is for r_value and mos_cqe",
        ),
        (
            "requirements: [{id: a, metric: p.works, equals: true, when: {metric: p.x, equals: 1}}]\n",
            "unknown metric 'p.x'",
        ),
        ("requirements: [{id: a, metric: p.works, equals: true, lead_time: 45}]\n", "a duration like 45d, 6w or 12h"),
        ("requirements: [{id: 'a b', metric: p.works, equals: true}]\n", "3:21: an id starts with a letter"),
        ("requirements: [{id: a, metric: p.works, equals: true, severity: fatal}]\n", "'blocker', 'warning' or 'info'"),
        ("requirements: [{id: a, disabled: true}]\n", "3:16: disabled: nothing defines 'a'"),
        ("requirements: [{id: a, metric: fleet.ready_ratio, at_least: 1}]\n", "needs scope: project"),
        ("waivers: [{requirement: a, reason: r, approved_by: b, until: 2027-01-31}]\n", "unknown requirement 'a'"),
        ("waivers: [{requirement: a, reason: r, approved_by: b, until: tomorrow}]\n", "a date like 2027-01-31"),
        ("trust: {ca_file: nowhere.pem}\n", "3:18: there is no file 'nowhere.pem'"),
        ("trust: {ca_file: acme.yaml}\n", "3:18: 'acme.yaml' cannot be read as certificates"),
        ("requirements: [{id: a, metric: p.works, equals: true, lead_time: 99999999d}]\n", "3650"),
        ("title: '${oops'\n", "3:8: a variable is written ${NAME}"),
        ("requirements: [{id: a, metric: '${HOME_OF_SECRETS}', equals: 1}]\n", "HOME_OF_SECRETS is not set"),
        ("title: ${1A}\n", "3:8: a variable is written ${NAME}"),
    ],
)
def test_refused_at_its_place(write: Writer, body: str, expected: str) -> None:
    """Each mistake is told in plain words at the line and column where it stands."""
    assert any(expected in line for line in refusals(write(body)))


def test_everything_is_told_at_once(write: Writer) -> None:
    """Two mistakes of different kinds are both reported."""
    body = (
        "site: {agents: x}\nrequirements: [{id: a, metric: p.nope, at_most: 1}, {id: a, metric: p.works, equals: on}]\n"
    )
    assert [line.split(" ")[0] for line in refusals(write(body))] == ["3:16:", "4:32:", "4:58:", "4:86:"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("schema: readycheck.profile/2\nid: a\nnew_key: 1\n", "1:9: this is readycheck.profile/2, this version"),
        ("schema: [1]\nid: a\n", "1:9: this is no text"),
        ("schema: readycheck.profile/1\n", "1:1: 'id' is missing"),
    ],
)
def test_schema_and_id(write: Writer, text: str, expected: str) -> None:
    """A file of another version is refused for that alone; an id is needed."""
    (line,) = refusals(write(text))
    assert expected in line


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "text\n"])
def test_no_mapping(tmp_path: Path, text: str) -> None:
    """An empty file or a list says how a profile starts."""
    path = tmp_path / "a.yaml"
    path.write_text(text)
    assert "a profile starts with schema: readycheck.profile/1" in refusals(str(path))[0]


@pytest.mark.parametrize("key", ["username", "credential", "shared_secret"])
def test_secrets_are_never_printed(write: Writer, key: str) -> None:
    """A mistake in a secret does not tell the secret."""
    path = write(f"targets: {{ice_servers: [{{urls: 'turn:a', {key}: [hunter2]}}, {{urls: 'turn:u:hunter2@a'}}]}}\n")
    assert "hunter2" not in "".join(refusals(path))


def test_values_of_the_environment_are_never_printed(write: Writer) -> None:
    """A mistake in what a variable gives names the variable, not its value."""
    body = "site:\n  agents: ${X}\ntargets: {ice_servers: [{urls: '${X}'}]}\n"
    found = "".join(refusals(write(body), {"X": "hunter2"}))
    assert "hunter2" not in found
    assert "what '${X}' gives" in found


# names and files


def test_an_unknown_name_suggests_near_ones() -> None:
    """A misspelt name is answered with the right one."""
    assert refusals("labb") == ["1:1: unknown profile 'labb', did you mean 'lab'? (see readycheck profile list)"]


def test_a_missing_file_a_directory_and_an_unreadable_file(tmp_path: Path, write: Writer) -> None:
    """Each is told in one clear line."""
    assert "there is no file" in refusals(str(tmp_path / "no.yaml"))[0]
    assert "this is a directory" in refusals(str(tmp_path))[0]
    path = write("")
    Path(path).chmod(0)
    if not os.access(path, os.R_OK):
        assert "the file cannot be read: Permission denied" in refusals(path)[0]


def test_a_path_wins_over_a_shipped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name never shadows a path that exists."""
    (tmp_path / "lab").write_text(HEAD)
    monkeypatch.chdir(tmp_path)
    assert load("lab").id == "acme"


# extends


def test_mappings_merge_and_later_wins(write: Writer) -> None:
    """Mappings merge key by key in the order of extends, the file itself last."""
    write("call: {seconds: 1, ptime_ms: 10, bitrate_bps: 8000}\n", "a.yaml")
    write("call: {seconds: 2, ptime_ms: 40}\n", "b.yaml")
    profile = load(write("extends: [a.yaml, b.yaml]\ncall: {seconds: 3}\n"))
    assert (profile.call.seconds, profile.call.ptime_ms, profile.call.bitrate_bps) == (3, 40, 8000)


def test_requirements_merge_by_id(write: Writer) -> None:
    """A requirement changes just the keys it gives, one comparator replaces the other, order is kept."""
    write(
        "requirements:\n"
        "- {id: a, metric: p.rtt_ms, at_most: 100, owner: net}\n"
        "- {id: b, metric: p.works, equals: true}\n"
        "- {id: c, metric: p.works, equals: true, when: {metric: p.rtt_ms, at_most: 1}}\n",
        "base.yaml",
    )
    own = (
        "extends: [base.yaml]\nrequirements:\n"
        "- {id: d, metric: p.works, equals: true}\n"
        "- {id: b, disabled: true}\n"
        "- {id: c, when: {at_least: 5}}\n"
        "- {id: a, at_least: 7}\n"
    )
    requirements = load(write(own)).requirements
    assert [requirement.id for requirement in requirements] == ["a", "c", "d"]
    assert requirements[0].comparator == ("at_least", 7)
    assert requirements[0].owner == "net"
    assert requirements[1].when
    assert requirements[1].when.comparator == ("at_least", 5)


def test_other_lists_are_replaced(write: Writer) -> None:
    """Lists of things without an id are not joined."""
    write("targets: {signalling: [{url: 'https://a/'}, {url: 'https://b/'}]}\n", "base.yaml")
    profile = load(write("extends: [base.yaml]\ntargets: {signalling: [{url: 'https://c/'}]}\n"))
    assert [target.url for target in profile.targets.signalling] == ["https://c/"]


def test_identity_is_not_inherited(write: Writer) -> None:
    """Id, title and description are the file's own; without a title the id stands in."""
    write("title: Base\ndescription: Base\n", "base.yaml")
    profile = load(write("schema: readycheck.profile/1\nid: heir\nextends: [base.yaml]\n"))
    assert (profile.id, profile.title, profile.description) == ("heir", {"": "heir"}, None)


def test_extends_goes_wrong_at_its_item(tmp_path: Path, write: Writer) -> None:
    """Unknown names, circles and variables are told where extends names them."""
    write("extends: [acme.yaml]\n", "other.yaml")
    path = write("extends: [lob, other.yaml, '${X}', acme.yaml]\n")
    with pytest.raises(ProfileError) as caught:
        load(path, {"X": "lab"})
    assert [str(problem).replace(str(tmp_path), "") for problem in caught.value.problems] == [
        "/acme.yaml:3:11: unknown profile 'lob', did you mean 'lab'? (see readycheck profile list)",
        "/acme.yaml:3:28: extends takes no variables",
        "/acme.yaml:3:36: extends goes round in a circle: acme.yaml → acme.yaml",
        "/other.yaml:3:11: extends goes round in a circle: acme.yaml → other.yaml → acme.yaml",
    ]


def test_mistakes_of_a_base_are_told_in_the_base(write: Writer) -> None:
    """A problem names the file in which the mistake stands."""
    base = write("site: {agents: x}\n", "base.yaml")
    with pytest.raises(ProfileError) as caught:
        load(write("extends: [base.yaml]\n"))
    assert str(caught.value).startswith(f"{base}:3:16: ")


def test_many_files_that_extend_twice_cost_no_time(write: Writer) -> None:
    """Each file is read once, however often it is extended."""
    write("", "f0.yaml")
    for n in range(1, 40):
        write(f"extends: [f{n - 1}.yaml, f{n - 1}.yaml]\n", f"f{n}.yaml")
    assert load(write("extends: [f39.yaml]\n")).id == "acme"


def test_a_very_long_chain_is_refused(write: Writer) -> None:
    """A chain of a thousand files is refused and does not crash."""
    write("", "f0.yaml")
    for n in range(1, 1000):
        write(f"extends: [f{n - 1}.yaml]\n", f"f{n}.yaml")
    assert "more than 100 files" in refusals(write("extends: [f999.yaml]\n"))[0]


def test_commas_inside_braces_do_not_end_a_text(write: Writer) -> None:
    """`{en: Acme, Lyon site, fr: …}` means what its author meant, although YAML splits it at the commas."""
    title = load(write("title: {en: Acme, Lyon site, fr: Acme, site de Lyon}\n")).title

    assert title == {"en": "Acme, Lyon site", "fr": "Acme, site de Lyon"}


def test_paths_count_from_the_file_that_states_them(write: Writer, tmp_path: Path) -> None:
    """A certificate named by a base in another folder is looked for in that folder."""
    (tmp_path / "sub").mkdir()
    write("trust: {ca_file: ca.pem}\n", "sub/base.yaml")
    issue(tmp_path / "sub").ca_file.rename(tmp_path / "sub" / "ca.pem")
    assert load(write("extends: [sub/base.yaml]\n")).trust.ca_file == str(tmp_path / "sub" / "ca.pem")


# environment

CREDENTIALS = (
    "targets:\n  ice_servers:\n  - urls: 'turn:${HOST:-a}:${PORT}'\n    username: ${U}\n    credential: ${P}\n"
)


def secret(value: SecretStr | None) -> str | None:
    """What a secret hides."""
    return value.get_secret_value() if value else None


def test_variables_are_expanded(write: Writer) -> None:
    """Several in one scalar, defaults where unset or empty, secrets as text whatever they look like."""
    server = load(write(CREDENTIALS), {"PORT": "3478", "U": "0123", "P": "null", "HOST": ""}).targets.ice_servers[0]
    assert server.urls == ["turn:a:3478"]
    assert (secret(server.username), secret(server.credential)) == ("0123", "null")


def test_every_unset_variable_is_told(write: Writer) -> None:
    """`run` names each unset variable at its place."""
    found = refusals(write(CREDENTIALS))
    assert [line.split(" is not set")[0] for line in found] == ["5:11: PORT", "6:15: U", "7:17: P"]


def test_a_plain_variable_is_read_as_a_value(write: Writer) -> None:
    """`agents: ${AGENTS}` gives a number, in quotes it stays text."""
    assert load(write("site:\n  agents: ${AGENTS}\n"), {"AGENTS": "40"}).site.agents == 40
    assert "a whole number is expected" in refusals(write("site: {agents: '${AGENTS}'}\n"), {"AGENTS": "40"})[0]


def test_judging_keeps_what_is_unset(write: Writer) -> None:
    """`judge` expands what is set, takes defaults, and leaves the rest."""
    server = load(write(CREDENTIALS), {"PORT": "1"}, lenient=True).targets.ice_servers[0]
    assert server.urls == ["turn:a:1"]
    assert secret(server.username) == "${U}"


def test_a_profile_that_waits_for_a_number(write: Writer) -> None:
    """Checking and showing accept an unset number; a profile that must be built says that it is needed."""
    path = write("site:\n  agents: ${AGENTS}\n")
    assert check_profile(path, metrics=METRICS).profile is None
    assert effective_mapping(path, metrics=METRICS)["site"] == {"agents": "${AGENTS}"}
    with pytest.raises(ProfileError, match="AGENTS is not set, and a whole number is needed here"):
        load(path, {}, lenient=True)


def test_checking_names_the_variables(write: Writer) -> None:
    """`check` says what the environment must give."""
    assert check_profile(write(CREDENTIALS), metrics=METRICS).summary() == (
        "0 requirements; from the environment: HOST, PORT, U, P"
    )


# digests and what is shown


def digest_of(path: str, **options: Any) -> str:
    """The digest that names a profile."""
    return load(path, **options).sha256


def test_the_digest_ignores_secrets_and_layout(write: Writer) -> None:
    """Secrets, comments and key order do not name a profile; targets do."""
    bodies = [
        "targets: {ice_servers: [{urls: ['turn:a'], username: u, credential: p}]}\ncall: {seconds: 4}\n",
        "# same\ncall: {seconds: 4}\ntargets: {ice_servers: [{urls: ['turn:a'], username: x, credential: y}]}\n",
        "call: {seconds: 4}\ntargets: {ice_servers: [{urls: ['turn:b'], username: x, credential: y}]}\n",
    ]
    first, same, other = (digest_of(write(body)) for body in bodies)
    assert first == same != other


def test_usb_ids_keep_their_text(write: Writer) -> None:
    """`02e9` and `20e8` are one number and two ids."""
    first = load(write("allowed: {headsets: [{vid: 02e9, pid: 1395}]}\n"))
    second = load(write("allowed: {headsets: [{vid: 20e8, pid: 1395}]}\n"))
    assert (first.allowed.headsets[0].vid, first.allowed.headsets[0].pid) == ("02e9", "1395")
    assert first.sha256 != second.sha256


def test_the_lab_is_the_same_in_every_run(tmp_path: Path) -> None:
    """Ports and passwords of the embedded server identify nothing; its own are used once they are known."""
    names = ("UDP_PORT", "TCP_PORT", "TLS_PORT", "USERNAME", "CREDENTIAL", "CA_FILE")
    lab = {f"READYCHECK_LAB_{name}": "4242" for name in names}
    lab["READYCHECK_LAB_CA_FILE"] = str(issue(tmp_path).ca_file)
    definitions = lab_metrics()
    before = load_profile("lab", metrics=definitions, environment={})
    running = load_profile("lab", metrics=definitions, environment={}, extra_environment=lab)
    judged = load_profile("lab", metrics=definitions, environment={}, lenient=True)
    assert before.sha256 == running.sha256 == judged.sha256 == running.identity.sha256
    assert running.targets.ice_servers[0].urls == ["stun:127.0.0.1:4242"]
    assert running.identity.targets == before.identity.targets == judged.identity.targets


def lab_metrics() -> dict[str, MetricDefinition]:
    """The metrics that the lab's profile names, without the probes."""
    units: dict[str, Unit] = {"stun.reachable_ratio": "ratio", "path.loss_ratio": "ratio", "path.rtt_p95_ms": "ms"}
    for name in ("turn.udp_relay", "turn.tcp_relay", "turn.tls_relay", "call.connected", "call.encrypted"):
        units[name] = "bool"
    return {name: MetricDefinition(name, unit, "") for name, unit in units.items()}


def test_passwords_of_sip_addresses_are_masked(write: Writer) -> None:
    """`sip:user:password@host` shows neither; a plain `sip:user@host` is an address and stays."""
    text = "targets: {fallback: [{sip: 'sip:user:secret@pbx.example.com'}, {sip: 'sip:desk@pbx.example.com'}]}\n"
    shown = str(effective_mapping(write(text), metrics=METRICS))

    assert "secret" not in shown
    assert "sip:desk@pbx.example.com" in shown


def test_secrets_are_masked_when_shown(write: Writer) -> None:
    """Literal secrets are masked, variables stay as they are written."""
    body = (
        "targets:\n  ice_servers:\n  - {urls: ['turn:a'], username: '${U}', credential: hunter2}\n"
        "  signalling: [{url: 'https://me:hunter2@a/'}]\n"
        "  reflector: {stamp: 'a:862', key: '${KEY:-hunter2}'}\n"
    )
    values = effective_mapping(write(body), metrics=METRICS)
    assert "hunter2" not in to_yaml(values)
    assert values["targets"]["ice_servers"][0]["username"] == "${U}"


def test_what_is_shown_reads_back(write: Writer) -> None:
    """The YAML of `show` is the same profile: yes stays text, 02e9 an id."""
    body = (
        "title: {en: 'yes', fr: '1e3'}\nallowed: {headsets: [{vid: 02e9, product: 'true'}]}\ncall: {seconds: 1e1}\n"
        "requirements: [{id: a, metric: p.kind, one_of: ['5', off]}]\n"
    )
    path = write(body)
    text = to_yaml(effective_mapping(path, metrics=METRICS))
    assert digest_of(write(text, "again.yaml")) == digest_of(path)


def test_the_json_schema_knows_the_short_forms() -> None:
    """Texts, durations, bit rates and variables may be written short."""
    definitions = profile_json_schema()["$defs"]
    assert {"type": "string"} in definitions["Requirement"]["properties"]["title"]["anyOf"]
    assert "wdh" in str(definitions["Requirement"]["properties"]["lead_time"])
    assert "kMG" in str(definitions["Link"]["properties"]["down_bps"])
    assert "A-Za-z" in str(definitions["Site"]["properties"]["agents"])


# nothing crashes


def any_outcome(path: Path, data: bytes) -> None:
    """Load it in each way; only ProfileError may come out."""
    path.write_bytes(data)
    for options in ({"environment": None}, {"environment": {"A": "1"}}, {"environment": {}, "lenient": True}):
        try:
            load_profile(str(path), metrics=METRICS, **options)
        except ProfileError as error:
            assert error.problems  # noqa: PT017 - either outcome is fine


FULL = """
targets:
  signalling: [{url: "https://a/", expect_status: [200]}]
  ice_servers: [{urls: ["turn:a:1"], username: "${A}", credential: x}]
  reflector: {stamp: "a:862", key: "${B:-}"}
  media: {cidrs: [203.0.113.0/24], udp_ports: ["1-2"]}
trust: {ca_file: ca.pem}
site: {agents: 1, link: {down_bps: 1M, up_bps: 1M}}
allowed: {browsers: [{name: chrome, at_least: "120"}], headsets: [{vid: 02e9}]}
questions: [{id: q, ask: {en: a}, answers: {yes: pass}, lead_time: 45d}]
flows: [{to: ["*.a"], protocol: tcp, ports: ["443"], why: b}]
requirements:
  - {id: a, metric: p.rtt_ms, at_most: 1, when: {metric: p.works, equals: true}}
  - {id: b, metric: p.kind, matches: "a+", lead_time: 1w}
waivers: [{requirement: a, reason: r, approved_by: b, until: 2027-01-31}]
"""


def test_a_full_profile_is_right(write: Writer) -> None:
    """The profile that is mutated below has no mistake."""
    assert load(write(FULL), {"A": "1"}, lenient=True).waivers[0].requirement == "a"


@settings(max_examples=150)
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, len(FULL)),
            st.integers(0, 12),
            st.sampled_from(["", "&a ", "*a", "[", "]", "{", "}", ": ", "- ", "null", "1", ".inf", "true", "'", '"'])
            | st.sampled_from(["${A}", "${B}", "${", "extends: [acme.yaml]\n", "disabled: true", "é", "\x85", "0x"])
            | st.text(max_size=5),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_mutated_profiles_are_loaded_or_refused(tmp_path: Path, edits: list[tuple[int, int, str]]) -> None:
    """Whatever is cut out of or put into a profile, nothing but ProfileError is raised."""
    text = FULL
    for start, length, inserted in edits:
        text = text[:start] + inserted + text[start + length :]
    any_outcome(tmp_path / "acme.yaml", (HEAD + text).encode("utf-8", "replace"))


KEYS = st.sampled_from(
    ["id", "title", "targets", "ice_servers", "urls", "requirements", "metric", "equals", "when", "path"]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["${A}", "p.works"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150)
@given(values=st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_shape_is_loaded_or_refused(tmp_path: Path, values: dict[str, object]) -> None:
    """Whatever stands under the known keys, nothing but ProfileError is raised."""
    import yaml  # noqa: PLC0415 - only to write

    text = yaml.safe_dump({"schema": "readycheck.profile/1", "id": "a"} | values)
    any_outcome(tmp_path / "acme.yaml", text.encode("utf-8", "replace"))


# what is shipped


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_profiles_are_right(name: str) -> None:
    """Every shipped profile names metrics that exist, and is called by its id and a title."""
    from readycheck.engine.registry import metric_definitions  # noqa: PLC0415 - imports every probe

    checked = check_profile(name, metrics=metric_definitions())
    assert checked.tree.entries["id"].node.value == name
    assert title_of(name)


def test_the_starter_is_right() -> None:
    """What `profile new` writes passes `profile check`."""
    from readycheck.engine.registry import metric_definitions  # noqa: PLC0415 - imports every probe

    starter = Path(__file__).parents[2] / "readycheck" / "data" / "starter.yaml"
    assert check_profile(str(starter), metrics=metric_definitions()).profile
