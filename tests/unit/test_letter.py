import csv
import io
import re
from typing import Any

import pytest

from readycheck.letter.compose import Letter, compose
from readycheck.letter.markdown import render_markdown
from readycheck.letter.page import render_letter
from readycheck.letter.table import render_table
from readycheck.model.report import Metric, Report
from tests.unit.letter_samples import FLOWS, TURN, WHOLE, WRITTEN, letter, profile
from tests.unit.report_samples import no_go, observation, report
from tests.unit.test_render_html import HOSTILE, Page

RENDERERS = {"html": render_letter, "md": render_markdown, "csv": render_table}
MARKUP = "=cmd|'/C calc'!A0 `x` | <script>alert(1)</script> [a](javascript:b) *b* _c_ {{7*7}} {0}\x1b[31m\u202e\r\n# d"
SIGNALLING = {"signalling": [{"url": "https://a.example/"}]}


def written(composed: Letter, lang: str = "en") -> str:
    """All three formats, one after the other."""
    return "\n".join(render(composed, lang) for render in RENDERERS.values())


def rows(composed: Letter, lang: str = "en") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_table(composed, lang), newline="")))


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_format_tells_the_same_flows(lang: str) -> None:
    """Each row stands in each format with destination, protocol and port, in the letter's language."""
    composed = letter(profile(WHOLE, flows=FLOWS), lang)
    page, text = render_letter(composed, lang), render_markdown(composed, lang)

    Page(page)
    assert f'<html lang="{lang}">' in page
    for row in rows(composed, lang):
        cells = f"| {row['flow']} | {row['source']} | `{row['destination']}` | {row['protocol'].upper()} |"
        assert f"{cells} `{row['port']}` |" in text
        assert f"<code>{row['destination']}</code>" in page
        assert row["why"]
        assert row["without_it"]
    assert {"en": "What we ask", "fr": "Ce que nous demandons"}[lang] in page
    assert rows(composed, lang)[0]["direction"] == {"en": "outbound", "fr": "sortant"}[lang]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_no_secret_is_written(lang: str) -> None:
    """Credentials, keys, user names in URLs and queries are in no format."""
    text = written(letter(profile(WHOLE, flows=FLOWS), lang), lang)

    for secret in ("hunter2", "s3cr3t", "alice", "user:", "token="):
        assert secret not in text


@pytest.mark.parametrize(
    ("targets", "absent"),
    [
        (SIGNALLING, ["UDP", "DSCP", "STUN", "TURN", "voice", "SIP", "WebSocket", "network)", "CIDR"]),
        ({"signalling": [{"url": "http://a.example/"}]}, ["TLS inspection", "UDP", "Do not inspect", "end to end"]),
        ({"ice_servers": TURN[:1]}, ["DSCP", "PAC", "TLS", "DIRECT", "proxy", "SIP", "encrypted by"]),
        ({"ice_servers": [{"urls": "turn:a.example"}]}, ["PAC", "TLS", "DIRECT", "proxy", "SIP", "WebSocket"]),
        ({"ice_servers": [{"urls": "turn:a.example?transport=tcp"}]}, ["UDP", "DSCP", "TLS", "WebSocket", "sign-on"]),
        ({"ice_servers": [{"urls": "turns:a.example"}]}, ["UDP", "DSCP", "SIP", "WebSocket", "sign-on"]),
        ({"fallback": [{"sip": "sips:a.example"}]}, ["UDP", "DSCP", "ALG", "PAC", "DIRECT", "proxy bypass"]),
        ({"media": {"cidrs": ["203.0.113.0/24"], "udp_ports": ["5000"]}}, ["PAC", "TLS", "proxy", "wide", "relay"]),
    ],
)
def test_nothing_is_asked_that_is_not_needed(targets: dict[str, Any], absent: list[str]) -> None:
    """A profile without UDP, media, TLS or web targets gets a letter that does not speak of them."""
    composed = letter(profile(targets))
    text = render_markdown(composed, "en").replace("DTLS-SRTP", "")  # the voice's own encryption, not the web's

    assert [word for word in absent if word in text] == []
    written(composed)


def test_what_is_needed_is_asked() -> None:
    """Bypass, exemption, UDP sessions, EF and SIP ALG each name where they apply."""
    asks = {ask.title.split()[0]: ask for ask in letter(profile(WHOLE)).asks}

    assert asks["Let"].towards == (
        "login.example.com",
        "api.example.com",
        "streaming.example.com",
        "turn.example.com",
    )
    assert asks["Do"].towards == asks["Let"].towards
    assert asks["Keep"].towards == ("F4", "F7", "F8", "F9")
    assert asks["Mark"].towards == ("F4", "F7")
    assert asks["Switch"].towards == ("pbx.acme.example",)
    assert "120 seconds" in asks["Keep"].title


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        (["turn:a.example"], "Calls connect without sound."),
        (["turn:a.example", "turns:a.example"], "The voice falls back to TCP or TLS"),
        (["turns:a.example", "turn:a.example?transport=tcp"], "One way less for the voice"),
    ],
)
def test_what_breaks_depends_on_the_other_ways(urls: list[str], said: str) -> None:
    """The loss of the only way is silence, that of one of several a worse call."""
    assert said in letter(profile({"ice_servers": [{"urls": urls}]})).groups[0].without


def test_a_profile_of_nothing_has_no_letter() -> None:
    """Where nothing leaves the machine there is nothing to ask for."""
    assert compose(profile(), "en", written=WRITTEN) is None


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_hostile_texts_stay_texts(lang: str) -> None:
    """Markup, formulas, pipes and control characters of a profile mean nothing in any format."""
    asked = profile(
        {"signalling": [{"url": "https://<script>x</script>/"}, {"url": "wss://a`|b.example"}]},
        title=HOSTILE + MARKUP,
        flows=[{"to": ['<img onerror="x">', "=1+1"], "protocol": "tcp", "ports": ["443"], "why": MARKUP}],
        questions=[{"id": "bypass", "ask": "?", "answers": {"a": "pass"}, "owner": MARKUP, "lead_time": "5d"}],
    )
    composed = letter(asked, lang)
    text = render_markdown(composed, lang)

    Page(render_letter(composed, lang))
    body = re.sub(r"`[^`\n]*`", "", text)
    assert "<" not in body
    assert not re.search(r"(?<!\\)\]\(", body)
    assert not [character for character in text if ord(character) < ord(" ") and character != "\n"]
    assert "\u202e" not in written(composed, lang)
    assert len({line.count(" | ") for line in text.splitlines() if re.match(r"\| (F\d|---)", line)}) <= 2
    for row in rows(composed, lang):
        assert None not in row
        assert all(not value.startswith(("=", "+", "-", "@")) for value in row.values())
    assert "{{7*7}}" in text.replace("\\", "")


def test_open_list_is_not_called_closed() -> None:
    """With a destination that is anybody the letter says that the list must be closed first."""
    composed = letter(profile(flows=[{"to": ["*"], "protocol": "tcp", "ports": ["443"]}]))

    assert "not closed yet" in composed.risks[0]
    assert composed.pac == ""
    assert (rows(composed)[0]["proxy"], rows(composed)[0]["tls_inspection"]) == ("", "")
    assert "any destination" in composed.gaps[0]


def test_variables_are_shown_and_no_pac_line_pretends_to_know_them() -> None:
    """${NAME} stands in the matrix and among what is to be completed, not in the PAC lines."""
    composed = letter(profile({"signalling": [{"url": "wss://${REGION}.example.com/"}]}))

    assert composed.pac == ""
    assert "PAC" not in render_markdown(composed, "en")
    assert "${REGION}" in composed.gaps[0]
    assert rows(composed)[0]["destination"] == "${REGION}.example.com"
    assert "`${REGION}.example.com`" in render_markdown(composed, "en")


def seen(measured: Report, targets: dict[str, Any] | None = None) -> dict[tuple[str, str, str], str]:
    found = rows(letter(profile(targets or WHOLE), report=measured))
    return {(row["destination"], row["protocol"], row["port"]): row["evidence"].replace("\u00a0", " ") for row in found}


def test_evidence_stands_beside_its_flow() -> None:
    """What the report observed is told with how often and when; other flows have none."""
    told = seen(no_go())

    assert told["turn.example.com", "udp", "3478"] == "no answer, 3 of 3 (report of 22 Nov 2026)"
    assert told["turn.example.com", "tcp", "443"] == "answered, 3 of 3 (report of 22 Nov 2026)"
    assert told["turn.example.com", "tcp", "3478"] == "not measured"
    assert told["streaming.example.com", "tcp", "443"] == "not measured"


def test_evidence_of_any_probe_counts() -> None:
    """Probes to come are read by their targets' URLs: the failing URL of a flow is told, and each probe's word."""
    failed = {"code": "connection_timeout", "operation": "connect"}
    measured = report(
        observations={
            "signalling": observation(
                {
                    "targets": [
                        {"url": "https://login.example.com/", "reached": True},
                        {"url": "https://login.example.com/x", "failure": failed, "reached": False},
                        {"url": "wss://streaming.example.com/ws", "attempts": [{"failure": None}, {"failure": failed}]},
                    ]
                }
            ),
            "proxy": observation({"targets": [{"url": "https://streaming.example.com", "reached": True}]}),
            "fallback": observation({"targets": [{"url": "sip:pbx.acme.example", "failure": "sip_status"}]}),
        }
    )
    told = seen(measured)

    assert told["login.example.com", "tcp", "443"].startswith("no answer (")
    assert "no answer, 1 of 2; " in told["streaming.example.com", "tcp", "443"]
    assert "answered" in told["streaming.example.com", "tcp", "443"]
    assert "not measured" not in told["pbx.acme.example", "udp", "5060"]


@pytest.mark.parametrize(("value", "told"), [(None, "the reflector does not answer"), (1472, "answered")])
def test_evidence_of_the_reflector_stands_beside_its_flow(value: int | None, told: str) -> None:
    """A reflector that was asked and kept silent was measured, and so was one that answered."""
    measured = report(
        observations={"path_mtu": observation({"url": "stamp:192.0.2.10:8862"})},
        metrics={"path_mtu.udp_payload_byte": Metric(value, "byte", reason=None if value else "no_media")},
    )
    found = seen(measured, {"reflector": {"stamp": "192.0.2.10:8862"}})

    assert found["192.0.2.10", "udp", "8862"] == f"{told} (report of 22 Nov 2026)"


def test_report_of_other_targets_gives_no_evidence() -> None:
    """Servers that were never met are not spoken for."""
    assert set(seen(no_go(), SIGNALLING).values()) == {"not measured"}


@pytest.mark.parametrize("junk", [None, 7, "x", [], {}, [7], [{}], [{"url": 7}], [{"url": "turn:turn.example.com"}]])
def test_strange_evidence_harms_nothing(junk: Any) -> None:
    """A report of a later version, or a broken one, leaves gaps and nothing worse."""
    odd = {"targets": junk, "servers": [{"url": "turn:turn.example.com:3478", "attempts": junk, "failure": junk}]}

    seen(report(observations={"turn": observation(odd), "other": observation({"x": junk})}))


def test_hostile_evidence_stays_text() -> None:
    """A failure code of somebody's own making is a text, in every format."""
    bad = {"servers": [{"url": "turn:turn.example.com", "attempts": [{"failure": {"code": MARKUP}}]}]}
    composed = letter(profile(WHOLE), report=report(observations={"turn": observation(bad)}))

    Page(render_letter(composed, "en"))
    assert "<script>" not in render_markdown(composed, "en")
    assert len([row for row in rows(composed) if "alert" in row["evidence"]]) == 1


def test_letter_without_a_report_has_no_evidence() -> None:
    """Page and Markdown have no empty column; the CSV's columns stay."""
    composed = letter(profile(WHOLE))

    assert "Evidence" not in render_markdown(composed, "en") + render_letter(composed, "en")
    assert {row["evidence"] for row in rows(composed)} == {""}


def test_long_lists_stay_readable() -> None:
    """Hundreds of hosts are all in the matrix."""
    many = {"signalling": [{"url": f"https://h{number}.example/"} for number in range(300)]}
    composed = letter(profile(many, title="x" * 5000))

    assert len(rows(composed)) == 300
    assert len(composed.groups) == 1


def test_groups_of_one_title_have_one_heading() -> None:
    """Flows that differ in what they are for alone stand under one heading, each with its own reason."""
    flows = [FLOWS[0], {**FLOWS[0], "to": ["192.0.2.200/32"], "why": {"": "Updates."}}]
    composed = letter(profile(flows=flows))
    markdown, page = render_markdown(composed, "en"), render_letter(composed, "en")

    for text in (markdown, page):
        assert text.count("Further flows of the platform") == 1
        assert text.index("Recordings.") < text.index("Updates.")
