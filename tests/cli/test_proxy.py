"""`readycheck proxy` from the command line."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
RULES = """
function FindProxyForURL(url, host) {
  if (dnsDomainIs(host, ".direct.example")) return "DIRECT";
  if (isInNet(dnsResolve(host), "10.0.0.0", "255.0.0.0")) return "PROXY inside:3128; DIRECT";
  if (weekdayRange("SAT", "SUN")) return "SOCKS5 weekend:1080";
  if (myIpAddress() === "192.0.2.7") return "HTTPS vpn:443";
  return "PROXY outside:8080";
}
"""
KNOWN = ("--resolve", "a.example=10.1.1.1", "--resolve", "b.example=192.0.2.1")


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "auto_proxy", "XDG_CURRENT_DESKTOP"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def pac(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """Write a PAC file."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "proxy.pac"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


class _Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, headers, body = self.server.answer  # type: ignore[attr-defined] # set by the fixture
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        pass


@pytest.fixture
def served() -> Iterator[Callable[..., str]]:
    """A web server that gives one answer; its URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def answer(status: int = 200, body: bytes = RULES.encode(), **headers: str) -> str:
        server.answer = (status, headers, body)  # type: ignore[attr-defined] # read by the handler
        return f"http://127.0.0.1:{server.server_port}/proxy.pac"

    yield answer
    server.shutdown()
    thread.join()
    server.server_close()


def test_answers_as_json(cli: Cli, pac: Callable[[str], Path]) -> None:
    """Result, choice and source of each URL, at a given moment from a given address."""
    path = pac(RULES)
    given = ("--pac", path, *KNOWN, "--at", "2026-11-23T12:00:00Z", "--my-ip", "192.0.2.7", "--json")
    answer = cli("proxy", "https://x.direct.example/", "https://a.example/", "wss://b.example/ws", *given)
    answers = json.loads(answer.out)["answers"]

    assert answer.status == 0
    assert [entry["result"] for entry in answers] == ["DIRECT", "PROXY inside:3128; DIRECT", "HTTPS vpn:443"]
    assert answers[0]["chosen"] == {"kind": "direct", "host": None, "port": None}
    assert answers[1]["chosen"] == {"kind": "http", "host": "inside", "port": 3128}
    assert answers[2]["url"] == "wss://b.example/ws"
    assert all(entry["error"] is None and str(path) in entry["source"] for entry in answers)


def test_the_moment_decides(cli: Cli, pac: Callable[[str], Path]) -> None:
    """The same URL on a Sunday."""
    answer = cli("proxy", "https://b.example/", "--pac", pac(RULES), *KNOWN, "--at", "2026-11-22T12:00")
    assert "SOCKS5 weekend:1080" in answer.out


def test_one_line_per_url(cli: Cli, pac: Callable[[str], Path]) -> None:
    """Plain text is for reading: URL, answer, source."""
    answer = cli("proxy", "http://a.example/x", "http://localhost/", "--pac", pac(RULES), *KNOWN)
    first, second = answer.out.splitlines()

    assert first.startswith("http://a.example/x  PROXY inside:3128; DIRECT  [")
    assert "browsers go direct" in second


@pytest.mark.parametrize(
    "body",
    ["while (true);", "function FindProxyForURL() { while (true); }", "function FindProxyForURL() {}", "<html>", "x("],
)
def test_hostile_file_is_an_error_per_url(cli: Cli, pac: Callable[[str], Path], body: str) -> None:
    """pac_invalid for each, nothing chosen, status 3."""
    answer = cli("proxy", "http://a.example/", "https://b.example/", "--pac", pac(body), "--json")
    answers = json.loads(answer.out)["answers"]

    assert answer.status == 3
    assert [(entry["error"], entry["chosen"], entry["result"]) for entry in answers] == [
        ("pac_invalid", None, None)
    ] * 2


def test_file_over_a_mebibyte_is_invalid(cli: Cli, pac: Callable[[bytes], Path]) -> None:
    """As in browsers."""
    answer = cli("proxy", "http://a.example/", "--pac", pac(RULES.encode() + b" " * 2**20))
    assert answer.status == 3
    assert "pac_invalid" in answer.out


@pytest.mark.parametrize("name", ["none.pac", ".", "file:///nowhere/none.pac"])
def test_unreadable_file_is_status_four(cli: Cli, name: str) -> None:
    """One line that names it."""
    answer = cli("proxy", "http://a.example/", "--pac", name)
    assert answer.status == 4
    assert answer.err.startswith(f"{name}: ")
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("a.example",),
        ("turn:a.example:3478",),
        ("https://",),
        ("http://a:x/",),
        ("http://a/", "--at", "yesterday"),
        ("http://a/", "--my-ip", "a"),
        ("http://a/", "--resolve", "a"),
        ("http://a/", "--resolve", "a=b"),
    ],
)
def test_wrong_command_line_is_status_two(cli: Cli, arguments: tuple[str, ...]) -> None:
    """One sentence, nothing run."""
    answer = cli("proxy", *arguments)
    assert answer.status == 2
    assert len(answer.err.splitlines()) == 1


def test_file_is_fetched(cli: Cli, served: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Over http without any proxy, whatever the environment says; a token in the query is not shown."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    answer = cli("proxy", "http://a.example/", "--pac", served() + "?token=secret", *KNOWN)
    assert answer.status == 0
    assert "PROXY inside:3128" in answer.out
    assert "secret" not in answer.out


@pytest.mark.parametrize(
    ("status", "body", "headers", "code"),
    [
        (401, b"", {"WWW-Authenticate": "NTLM"}, "pac_invalid"),
        (407, b"", {}, "pac_invalid"),
        (404, b"", {}, "pac_unreachable"),
        (200, b"<html>log in</html>", {}, "pac_invalid"),
        (200, b" " * (2**20 + 1), {}, "pac_invalid"),
        (302, b"", {"Location": "http://portal.invalid/"}, "pac_invalid"),
        (302, b"", {"Location": "/proxy.pac"}, "pac_unreachable"),
        (302, b"", {"Location": "file:///etc/passwd"}, "pac_invalid"),
    ],
)
def test_what_is_fetched_may_be_no_file(
    cli: Cli, served: Callable[..., str], status: int, body: bytes, headers: dict[str, str], code: str
) -> None:
    """Log-in pages, authentication, redirects to elsewhere: told apart from not being there."""
    answer = cli("proxy", "http://a.example/", "--pac", served(status, body, **headers), "--json")
    assert answer.status == 3
    assert [entry["error"] for entry in json.loads(answer.out)["answers"]] == [code]


def test_unreachable_server_is_told(cli: Cli) -> None:
    """pac_unreachable, status 3, no password shown."""
    answer = cli("proxy", "http://a.example/", "--pac", "http://user:secret@127.0.0.1:1/proxy.pac", "--json")
    assert answer.status == 3
    assert json.loads(answer.out)["answers"][0]["error"] == "pac_unreachable"
    assert "secret" not in answer.out + answer.err


def test_passwords_are_never_shown(cli: Cli, pac: Callable[[str], Path]) -> None:
    """Neither those in URLs nor those that a PAC file answers."""
    body = 'function FindProxyForURL() { return "PROXY user:secret@p:1; PROXY p:2"; }'
    for form in ([], ["--json"]):
        answer = cli("proxy", "http://me:secret@a.example/", "--pac", pac(body), *form)
        assert answer.status == 0
        assert "secret" not in answer.out
        assert "p:2" in answer.out


def test_without_a_file_the_configuration_answers(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment, with its exceptions; its password stays in it."""
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    answer = cli("proxy", "https://a.example/", "https://www.inside.example/", "http://a.example/", "--json")
    answers = json.loads(answer.out)["answers"]

    assert answer.status == 0
    assert [entry["result"] for entry in answers] == ["PROXY proxy.example:3128", "DIRECT", "DIRECT"]
    assert "environment" in answers[0]["source"]
    assert "secret" not in answer.out


def test_engine_of_the_frozen_program_is_a_hidden_command() -> None:
    """`pac-engine` speaks the child's protocol and stands in no help."""
    command = [sys.executable, "-m", "readycheck"]
    answer = subprocess.run([*command, "pac-engine"], input=b"", capture_output=True, check=True, timeout=30)
    shown = subprocess.run([*command, "--help"], capture_output=True, check=True, timeout=30, text=True)
    assert json.loads(answer.stdout) == {"ready": True}
    assert "pac-engine" not in shown.stdout


def test_captured_machine_answers_in_this_ones_place(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its settings count and this machine's do not; a PAC file on its disk is not looked for on this one's."""
    monkeypatch.setenv("https_proxy", "here.example:1")
    there = {"schema": "readycheck.machine/1", "platform": "linux", "environment": {"https_proxy": "there.example:2"}}
    (tmp_path / "machine.json").write_text(json.dumps(there))
    answer = cli("proxy", "https://a.example/", "--machine", tmp_path)
    assert answer.out == "https://a.example/  PROXY there.example:2  [environment variables https_proxy]\n"

    (tmp_path / "own.pac").write_text(RULES)
    there["environment"] = {"auto_proxy": (tmp_path / "own.pac").as_uri()}
    (tmp_path / "machine.json").write_text(json.dumps(there))
    answer = cli("proxy", "https://a.example/", "--machine", tmp_path, "--json")
    assert (answer.status, json.loads(answer.out)["answers"][0]["error"]) == (3, "pac_unreachable")


def test_folder_without_a_machine_is_refused(cli: Cli, tmp_path: Path) -> None:
    """One line that names the file, and status 4."""
    answer = cli("proxy", "https://a.example/", "--machine", tmp_path)
    assert (answer.status, answer.out) == (4, "")
    assert answer.err.startswith(str(tmp_path / "machine.json"))
