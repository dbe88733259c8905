"""PAC files as browsers run them: every function against worked tables, and every way to be hostile."""

import asyncio
import ipaddress
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readycheck.model.failure import Failure, FailureCode, OperationFailed
from readycheck.model.proxy import DIRECT, Hop
from readycheck.net.pac import child, engine
from readycheck.net.pac.answer import parse_answer
from readycheck.net.pac.evaluator import LARGEST_PAC_BYTE, MOST_NAMES, Facts, Pac, decode
from readycheck.net.pac.own_address import own_addresses
from readycheck.net.pac.url import parse_target

# A Sunday: 08:36:10 in Greenwich, 09:36:10 in Paris
SUNDAY = datetime(2026, 11, 22, 8, 36, 10, tzinfo=UTC)
NAMES = {
    "in.example.com": ["10.1.2.3"],
    "out.example.com": ["203.0.113.9"],
    "both.example.com": ["203.0.113.9", "2001:db8::9"],
    "six.example.com": ["2001:db8::6"],
}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here is the engine's own limits in processor time; a busy machine takes longer by the clock."""
    monkeypatch.setattr(engine, "BUDGET_S", 30.0)


async def nobody_knows(host: str) -> list[str]:
    """No test asks a real resolver."""
    raise OperationFailed(FailureCode.DNS_NOT_FOUND, "resolve", host)


def facts(now: datetime = SUNDAY, own: tuple[str, ...] = ("10.9.9.9", "2001:db8::99")) -> Facts:
    return Facts(now, own, NAMES, nobody_knows)


def run(script: str, *urls: str, given_facts: Facts | None = None) -> list[str | Failure]:
    async def answers() -> list[str | Failure]:
        async with Pac(script, given_facts or facts()) as pac:
            return await pac.answers([parse_target(url) for url in urls or ("http://a.example.com/",)])

    return asyncio.run(answers())


def told(expressions: Iterable[str], now: datetime = SUNDAY) -> dict[str, str]:
    """What JavaScript expressions over `url` and `host` come to; "throws" where they throw."""
    listed = list(expressions)
    cases = ",\n".join(f"(url, host) => ({expression})" for expression in listed)
    script = f"""
      var cases = [{cases}];
      function FindProxyForURL(url, host) {{
        try {{ return String(cases[Number(/\\d+/.exec(host))](url, host)); }} catch (error) {{ return "throws"; }}
      }}"""
    answers = run(
        script, *(f"http://case{number}.example.com/" for number in range(len(listed))), given_facts=facts(now)
    )
    return {expression: str(answer) for expression, answer in zip(listed, answers, strict=True)}


def holds(table: Mapping[str, bool]) -> dict[str, str]:
    return {expression: str(value).lower() for expression, value in table.items()}


@pytest.fixture(autouse=True)
def _paris(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Paris")


def test_weekday_range() -> None:
    """One day, ranges, ranges over the week's end, GMT, and what is no day."""
    table = {
        'weekdayRange("SUN")': True,
        'weekdayRange("MON")': False,
        'weekdayRange("MON", "FRI")': False,
        'weekdayRange("SAT", "SUN")': True,
        'weekdayRange("FRI", "MON")': True,
        'weekdayRange("SUN", "GMT")': True,
        'weekdayRange("SAT", "MON", "GMT")': True,
        'weekdayRange("sun")': False,
        'weekdayRange("SUNDAY")': False,
        'weekdayRange("toString")': False,
        'weekdayRange("GMT")': False,
        "weekdayRange()": False,
    }
    assert told(table) == holds(table)


def test_weekday_in_greenwich_differs_after_midnight() -> None:
    """At half past midnight in Paris it is still the day before in Greenwich."""
    monday_in_paris = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    table = {
        'weekdayRange("MON")': True,
        'weekdayRange("SUN")': False,
        'weekdayRange("SUN", "GMT")': True,
        "dateRange(23)": True,
        'dateRange(22, "GMT")': True,
        "timeRange(0)": True,
        'timeRange(23, "GMT")': True,
    }
    assert told(table, monday_in_paris) == holds(table)


def test_date_range() -> None:
    """Days, months, years, their pairs, and ranges over the year's end."""
    table = {
        "dateRange(22)": True,
        "dateRange(21)": False,
        'dateRange("NOV")': True,
        'dateRange("OCT")': False,
        "dateRange(2026)": True,
        "dateRange(2025)": False,
        'dateRange("22")': True,
        "dateRange(20, 25)": True,
        "dateRange(23, 25)": False,
        "dateRange(25, 22)": True,
        'dateRange("OCT", "DEC")': True,
        'dateRange("OCT", "JAN")': True,
        'dateRange("DEC", "MAR")': False,
        "dateRange(2025, 2027)": True,
        "dateRange(2027, 2028)": False,
        'dateRange(1, "NOV", 30, "NOV")': True,
        'dateRange(23, "NOV", 24, "NOV")': False,
        'dateRange(15, "NOV", 31, "JAN")': True,
        'dateRange("OCT", 2026, "DEC", 2026)': True,
        'dateRange("DEC", 2026, "JAN", 2027)': False,
        'dateRange(22, "NOV", 2026, 22, "NOV", 2026)': True,
        'dateRange(23, "NOV", 2026, 1, "JAN", 2027)': False,
        'dateRange(22, "NOV", 2026, 22, "NOV", 2026, "GMT")': True,
        'dateRange("XXX")': False,
        "dateRange()": False,
    }
    assert told(table) == holds(table)


def test_date_range_keeps_the_browsers_oddities() -> None:
    """(day, month) is true in any month from that day on (crbug 827292); GMT alone is the whole year."""
    table = {
        'dateRange(3, "JAN")': True,
        'dateRange(22, "JUL")': True,
        'dateRange(23, "JAN")': False,
        'dateRange("GMT")': True,
    }
    assert told(table) == holds(table)


def test_time_range() -> None:
    """Hours, minutes and seconds, over midnight, and in GMT; it is 09:36:10 here."""
    table = {
        "timeRange(9)": True,
        "timeRange(8)": False,
        'timeRange(8, "GMT")': True,
        'timeRange("9")': True,
        "timeRange(9, 9)": True,
        "timeRange(8, 10)": True,
        "timeRange(10, 12)": False,
        "timeRange(22, 10)": False,
        "timeRange(9, 30, 9, 40)": True,
        "timeRange(9, 37, 9, 40)": False,
        "timeRange(9, 0, 9, 36)": True,
        "timeRange(22, 0, 10, 0)": True,
        "timeRange(22, 0, 6, 0)": False,
        "timeRange(9, 36, 10, 9, 36, 10)": True,
        "timeRange(9, 36, 11, 9, 36, 30)": False,
        'timeRange(8, 36, 0, 8, 36, 30, "GMT")': True,
        "timeRange()": False,
    }
    assert told(table) == holds(table)
    assert set(told(["timeRange(1, 2, 3)", 'timeRange("GMT")']).values()) == {"throws"}


def test_time_of_the_script_itself_is_the_given_one() -> None:
    """`new Date()`, `Date()` and `Date.now()` agree with the ranges; other dates are built as ever."""
    expressions = {
        "new Date().toISOString()": "2026-11-22T08:36:10.000Z",
        "Date.now() === new Date().getTime()": "true",
        "typeof Date()": "string",
        "new Date(2020, 1, 2).getFullYear()": "2020",
        "new Date() instanceof Date": "true",
        "new Date().getHours()": "9",
        "new (new Date().constructor)().getHours()": "9",
    }
    assert told(expressions) == expressions


def test_shell_expressions_are_regular_expressions_in_browsers() -> None:
    """Only dot, star and question mark are translated; brackets and bars work, letters' case counts."""
    table = {
        'shExpMatch("http://www.a.com/x", "*.a.com/*")': True,
        'shExpMatch("www.a.com", "*.b.com")': False,
        'shExpMatch("www.a.com", "WWW.A.COM")': False,
        'shExpMatch("wwwxa.com", "www.a.com")': False,
        'shExpMatch("www1.a.com", "www?.a.com")': True,
        'shExpMatch("www.a.com", "www?.a.com")': False,
        'shExpMatch("a.com", "(*.a.com|a.com)")': True,
        'shExpMatch("x.a.com", "(*.a.com|a.com)")': True,
        'shExpMatch("b5.com", "b[0-9].com")': True,
        'shExpMatch("a.com", "a")': False,
        'shExpMatch("", "*")': True,
        'shExpMatch("a+b", "a+b")': False,
        'shExpMatch("a\\\\nb", "a*b")': True,
    }
    assert told(table) == holds(table)
    assert set(told(['shExpMatch("a", "(")', 'shExpMatch("a", "+")', 'shExpMatch("a")']).values()) == {"throws"}


def test_is_in_net_takes_any_mask() -> None:
    """Also masks with holes; names are looked up, and what is no address is in no network."""
    table = {
        'isInNet("10.1.2.3", "10.0.0.0", "255.0.0.0")': True,
        'isInNet("11.1.2.3", "10.0.0.0", "255.0.0.0")': False,
        'isInNet("10.1.2.3", "10.9.2.9", "255.0.255.0")': True,
        'isInNet("10.1.2.3", "0.0.0.0", "0.0.0.0")': True,
        'isInNet("255.255.255.255", "255.255.255.255", "255.255.255.255")': True,
        'isInNet("200.1.1.1", "200.1.1.1", "255.255.255.255")': True,
        'isInNet("in.example.com", "10.0.0.0", "255.0.0.0")': True,
        'isInNet("nowhere.example.com", "10.0.0.0", "255.0.0.0")': False,
        'isInNet("six.example.com", "0.0.0.0", "0.0.0.0")': False,
        'isInNet("10.1.2.3", "10.0.0.0", "255.0.0.256")': False,
        'isInNet("10.1.2.3", "10.0.0", "255.0.0.0")': False,
        'isInNet("10.1.2.3", "10.0.0.0", "8")': False,
        'isInNet(null, "10.0.0.0", "255.0.0.0")': False,
        'isInNet("::1", "0.0.0.0", "0.0.0.0")': False,
    }
    assert told(table) == holds(table)


def test_names_and_domains() -> None:
    """Plain names, domains, levels: by text alone, as browsers compare them."""
    table = {
        'dnsDomainIs("www.a.com", ".a.com")': True,
        'dnsDomainIs("www.a.com", "a.com")': True,
        'dnsDomainIs("evila.com", "a.com")': True,
        'dnsDomainIs("a.com", ".a.com")': False,
        'dnsDomainIs("www.A.com", ".a.com")': False,
        'localHostOrDomainIs("www.a.com", "www.a.com")': True,
        'localHostOrDomainIs("www", "www.a.com")': True,
        'localHostOrDomainIs("www.b.com", "www.a.com")': False,
        'localHostOrDomainIs("ww", "www.a.com")': False,
        'localHostOrDomainIs("a.com", "www.a.com")': False,
        'isPlainHostName("www")': True,
        'isPlainHostName("www.a.com")': False,
        'isPlainHostName("::1")': False,
        'isPlainHostName("www.")': False,
        'isResolvable("in.example.com")': True,
        'isResolvable("IN.EXAMPLE.COM")': True,
        'isResolvable("six.example.com")': False,
        'isResolvable("nowhere.example.com")': False,
        'isResolvable("")': False,
        'isValidIpAddress("1.2.3.4")': True,
        'isValidIpAddress("1.2.3.400")': False,
    }
    assert told(table) == holds(table)


def test_functions_that_answer_values() -> None:
    """Levels, addresses as numbers, look-ups, and nothing where nothing is known."""
    expressions = {
        'dnsDomainLevels("www")': "0",
        'dnsDomainLevels("www.a.com")': "2",
        'dnsDomainLevels("1.2.3.4")': "3",
        'convert_addr("104.16.41.2")': "1745889538",
        'convert_addr("255.255.255.255")': "-1",
        'convert_addr("1.2")': "16908288",
        'dnsResolve("in.example.com")': "10.1.2.3",
        'dnsResolve("192.0.2.1")': "192.0.2.1",
        'dnsResolve("nowhere.example.com")': "null",
        'dnsResolve("six.example.com")': "null",
        "dnsResolve()": "null",
        "myIpAddress()": "10.9.9.9",
        "myIpAddressEx()": "10.9.9.9;2001:db8::99",
        'dnsResolveEx("both.example.com")': "203.0.113.9;2001:db8::9",
        'dnsResolveEx("nowhere.example.com")': "",
        'isResolvableEx("six.example.com")': "true",
        'isResolvableEx("nowhere.example.com")': "false",
        'alert("shown to nobody")': "undefined",
    }
    assert told(expressions) == expressions


def test_is_in_net_ex() -> None:
    """Prefixes of both families, of literals alone, and of the same family alone."""
    table = {
        'isInNetEx("198.95.249.79", "198.95.249.79/32")': True,
        'isInNetEx("198.95.6.8", "198.95.0.0/16")': True,
        'isInNetEx("198.96.6.8", "198.95.0.0/16")': False,
        'isInNetEx("1.2.3.4", "0.0.0.0/0")': True,
        'isInNetEx("10.3.0.1", "10.2.0.0/15")': True,
        'isInNetEx("10.4.0.1", "10.2.0.0/15")': False,
        'isInNetEx("3ffe:8311:ffff:1::5", "3ffe:8311:ffff::/48")': True,
        'isInNetEx("3ffe:8312:ffff::5", "3ffe:8311:ffff::/48")': False,
        'isInNetEx("2001:db8:8000::1", "2001:db8::/33")': False,
        'isInNetEx("::ffff:10.0.0.1", "::ffff:10.0.0.0/104")': True,
        'isInNetEx("10.0.0.1", "::/0")': False,
        'isInNetEx("in.example.com", "10.0.0.0/8")': False,
        'isInNetEx("10.0.0.1", "10.0.0.0/33")': False,
        'isInNetEx("10.0.0.1", "10.0.0.0")': False,
        'isInNetEx("10.0.0.1", "10.0.0.0/")': False,
        'isInNetEx("1::2::3", "::/0")': False,
        'isInNetEx("1:2:3:4:5:6:7:8:9", "::/0")': False,
        "isInNetEx()": False,
    }
    assert told(table) == holds(table)


def test_sort_ip_address_list() -> None:
    """IPv6 before IPv4, each by number and not by text; false for anything that is no list of literals."""
    expressions = {
        'sortIpAddressList("10.2.3.9;2001:4898:28:3:201:2ff:feea:fc14;::1;127.0.0.1;::9")': (
            "::1;::9;2001:4898:28:3:201:2ff:feea:fc14;10.2.3.9;127.0.0.1"
        ),
        'sortIpAddressList(" 9.0.0.1 ; 10.0.0.1 ")': "9.0.0.1;10.0.0.1",
        'sortIpAddressList("1.1.1.1")': "1.1.1.1",
        'sortIpAddressList("1.1.1.1;a")': "false",
        'sortIpAddressList("")': "false",
        'sortIpAddressList(" ; ")': "false",
        "sortIpAddressList()": "false",
    }
    assert told(expressions) == expressions


def test_own_address_without_any_is_loopback() -> None:
    """As in browsers; the Ex function answers nothing."""
    script = 'function FindProxyForURL() { return "PROXY " + myIpAddress() + ":1;" + myIpAddressEx(); }'
    assert run(script, given_facts=facts(own=())) == ["PROXY 127.0.0.1:1;"]
    assert run(script, given_facts=facts(own=("2001:db8::1",))) == ["PROXY 127.0.0.1:1;2001:db8::1"]


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://User:pw@A.example.com:443/secret?q=1#f", "https://a.example.com/ a.example.com"),
        ("wss://a.example.com:8443/ws", "wss://a.example.com:8443/ a.example.com"),
        ("http://u:p@a.example.com/path?q=1#f", "http://a.example.com/path?q=1 a.example.com"),
        ("ws://a.example.com", "ws://a.example.com/ a.example.com"),
        ("https://[2001:DB8::1]:444/x", "https://[2001:db8::1]:444/ 2001:db8::1"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/ xn--bcher-kva.example"),
    ],
)
def test_script_sees_no_more_than_in_a_browser(url: str, seen: str) -> None:
    """Encrypted URLs lose path and query, all of them user and fragment; the host has no brackets and no port."""
    assert run('function FindProxyForURL(url, host) { return url + " " + host; }', url) == [seen]


@pytest.mark.parametrize(
    "url", ["a.example.com", "turn:a:1", "https://", "http://a:99999/", "http://[::1/", "http://a b/"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    """With a sentence, before anything runs."""
    with pytest.raises(ValueError, match=r".+"):
        parse_target(url)


def test_answer_is_read_as_chromium_reads_it() -> None:
    """Default ports, any case, SOCKS as version 4, junk skipped, nothing left means DIRECT."""
    assert parse_answer("PROXY a:1; HTTPS b:2; SOCKS c; SOCKS4 c:5; SOCKS5 d:3; DIRECT") == (
        Hop("http", "a", 1),
        Hop("https", "b", 2),
        Hop("socks4", "c", 1080),
        Hop("socks4", "c", 5),
        Hop("socks5", "d", 3),
        DIRECT,
    )
    assert parse_answer("proxy\ta ;; https B;") == (Hop("http", "a", 80), Hop("https", "b", 443))
    assert parse_answer("PROXY [2001:db8::1]:8080") == (Hop("http", "2001:db8::1", 8080),)
    assert str(Hop("http", "2001:db8::1", 8080)) == "PROXY [2001:db8::1]:8080"


@pytest.mark.parametrize(
    "junk",
    [
        "",
        " ; ",
        "PROXY",
        "DIRECT a:1",
        "HTTP a:1",
        "PROXY a:x",
        "PROXY a:99999",
        "PROXY u:p@a:1",
        "PROXY http://a:1",
        "a:1",
    ],
)
def test_junk_is_skipped(junk: str) -> None:
    """What Chromium does not understand leaves what stands after it, or DIRECT."""
    assert parse_answer(junk) == (DIRECT,)
    assert parse_answer(f"{junk}; PROXY a:1") == (Hop("http", "a", 1),)


def test_names_are_looked_up_between_runs() -> None:
    """One after the other as the script asks for them, each once."""
    asked: list[str] = []

    async def resolver(host: str) -> list[str]:
        asked.append(host)
        return {"first.example.com": ["10.0.0.1"], "second.example.com": ["10.0.0.2"]}.get(host, [])

    script = """
      function FindProxyForURL(url, host) {
        if (dnsResolve("first.example.com") === "10.0.0.1") return "PROXY " + dnsResolve("second.example.com") + ":1";
        return dnsResolve("third.example.com");
      }"""
    answers = run(script, "http://a/", "http://b/", given_facts=Facts(SUNDAY, (), {}, resolver))
    assert answers == ["PROXY 10.0.0.2:1", "PROXY 10.0.0.2:1"]
    assert asked == ["first.example.com", "second.example.com"]


def test_run_that_needed_a_name_does_not_count() -> None:
    """Not even if the script catches what stopped it, or keeps what it saw for the next URL."""
    script = """
      var seen = "nothing";
      function FindProxyForURL(url, host) {
        if (seen !== "nothing") return "PROXY " + seen + ":1";
        try { seen = dnsResolve("in.example.com"); } catch (error) { seen = "caught"; }
        return "PROXY " + seen + ":2";
      }"""
    assert run(script, "http://a/", "http://b/") == ["PROXY 10.1.2.3:2", "PROXY 10.1.2.3:1"]


def test_name_may_be_needed_while_the_script_loads() -> None:
    """Some files look up their proxy once, at the top."""
    script = 'var proxy = dnsResolve("in.example.com"); function FindProxyForURL() { return "PROXY " + proxy + ":1"; }'
    assert run(script) == ["PROXY 10.1.2.3:1"]


async def test_pac_answers_again_and_again() -> None:
    """One process for many questions; names that come up later start the script afresh."""
    script = 'var n = 0; function FindProxyForURL(url, host) { return ++n + " " + dnsResolve(host); }'
    async with Pac(script, facts()) as pac:
        first = await pac.answers([parse_target("http://in.example.com/")])
        second = await pac.answers([parse_target("http://in.example.com/")])
        third = await pac.answers([parse_target("http://later.example.com/")])
    assert (first, second, third) == (["1 10.1.2.3"], ["2 10.1.2.3"], ["1 null"])


async def test_own_addresses_are_of_this_machine() -> None:
    """At most one of each family, never loopback."""
    found = await own_addresses()
    assert len({ipaddress.ip_address(address).version for address in found}) == len(found)
    assert not any(ipaddress.ip_address(address).is_loopback for address in found)


def test_resolver_that_hangs_costs_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """All look-ups share one limit; a name without an answer is unknown."""

    async def silent(_host: str) -> list[str]:
        await asyncio.sleep(60)
        return []

    monkeypatch.setattr("readycheck.net.pac.evaluator.NAMES_TIMEOUT_S", 0.2)
    script = (
        'function FindProxyForURL(url, host) { return "PROXY " + dnsResolve(host) + dnsResolve("b" + host) + ":1"; }'
    )
    assert run(script, "http://a/", given_facts=Facts(SUNDAY, (), {}, silent)) == ["PROXY nullnull:1"]


def test_number_of_names_is_limited() -> None:
    """A file that makes up names is stopped."""
    script = """
      function FindProxyForURL() {
        for (var i = 0; i < 1000; i++) dnsResolve("n" + i + ".example.com");
        return "DIRECT";
      }"""
    assert f"more than {MOST_NAMES} names" in refusal(script)


def test_ex_entry_is_called_only_if_there_is_no_other() -> None:
    """Browsers know FindProxyForURL; WinHTTP's FindProxyForURLEx serves files that have nothing else."""
    ex = 'function FindProxyForURLEx() { return "PROXY ex:1"; }'
    assert run(ex) == ["PROXY ex:1"]
    assert run(ex + 'function FindProxyForURL() { return "PROXY plain:1"; }') == ["PROXY plain:1"]


def test_engine_shows_the_script_nothing_else() -> None:
    """No process, no modules, no network, no timers."""
    names = ("require", "process", "std", "os", "print", "console", "fetch", "XMLHttpRequest", "setTimeout", "window")
    assert set(told(f"typeof {name}" for name in names).values()) == {"undefined"}


def refusal(script: str) -> str:
    """Why this file answers nothing."""
    try:
        outcome = run(script)[0]
    except OperationFailed as error:
        outcome = error.failure
    assert isinstance(outcome, Failure)
    assert outcome.code == FailureCode.PAC_INVALID
    return outcome.detail or ""


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("while (true);", "does not"),
        ("try { while (true); } catch (e) { while (true); }", "does not"),
        ('return /^(a+)+$/.test("a".repeat(40) + "b") ? "a" : "b";', "does not"),
        ("var a = []; while (true) a.push(new Array(100000).fill(1));", "out of memory"),
        ('var a = "x"; while (true) a += a;', ""),
        ("return FindProxyForURL();", "call stack"),
        ('throw new Error("no");', "Error: no"),
        ("throw {toString() { while (true); }};", ""),
        ("return null;", "answers null"),
        ("return;", "answers undefined"),
        ("return 1;", "answers number"),
        ('return ["DIRECT"];', "answers object"),
        ('return {toString() { return "DIRECT"; }};', "answers object"),
        ('return new String("DIRECT");', "answers object"),
        ('return "\\ud800";', ""),
        ('return "PROXY é:1";', "letters"),
        ('return "x".repeat(100000);', "over 16384"),
        ("Array.prototype.push = null; return dnsResolve(host);", ""),
        ("Array.prototype.toJSON = function () { while (true); }; return dnsResolve('x.y');", ""),
    ],
)
def test_hostile_function_is_invalid(body: str, why: str) -> None:
    """Whatever it does, the answer is pac_invalid, and never a hang or a pass."""
    assert why in refusal("function FindProxyForURL(url, host) {" + body + "}")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("while (true);", "does not "),
        ("function FindProxyForURL(", "SyntaxError"),
        ("throw 1;", "1"),
        ("var x = 1;", "no function FindProxyForURL"),
        ("var FindProxyForURL = 'DIRECT';", "no function FindProxyForURL"),
        ("x" * 100_000 + "(", ""),
        ("(" * 20_000, ""),
        ("var \ud800;", ""),
    ],
)
def test_script_that_does_not_load_is_invalid(script: str, why: str) -> None:
    """Syntax errors, loops at the top, nothing to call."""
    assert why in refusal(script)


def test_loop_in_native_code_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that looks at no clock of its own loses its process when the time of all answers is used up."""
    monkeypatch.setattr(engine, "BUDGET_S", 0.5)
    script = 'function FindProxyForURL() { return new Array(1e9).join("x"); }'

    assert "does not answer within 0.5 s" in refusal(script)


def test_one_looping_target_leaves_the_others_their_answers() -> None:
    """A call has a limit of its own inside that of all."""
    script = 'function FindProxyForURL(url, host) { if (host == "loop.example.com") while (true); return "DIRECT"; }'
    before, looping, after = run(script, "http://a/", "http://loop.example.com/", "http://b/")
    assert (before, after) == ("DIRECT", "DIRECT")
    assert isinstance(looping, Failure)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<!DOCTYPE html><html>Please log in</html>", "web page"),
        (b"\n <HTML><body>", "web page"),
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xff\xfea\x00b", "no utf-16 text"),
        (b"\xef\xbb\xbf\xff", "no utf-8 text"),
        (b"function\0", "no text"),
        (b"x" * (LARGEST_PAC_BYTE + 1), "over 1 MiB"),
    ],
)
def test_content_that_no_browser_runs_is_invalid(content: bytes, why: str) -> None:
    """Log-in pages, binaries, too much of anything."""
    with pytest.raises(OperationFailed, match=why) as refused:
        decode(content)
    assert refused.value.failure.code == FailureCode.PAC_INVALID


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_text_is_decoded_as_browsers_do(encoding: str) -> None:
    """By its byte order mark, else UTF-8, else Latin-1."""
    script = 'function FindProxyForURL() { return "DIRECT"; } // é'
    assert decode(script.encode(encoding)) == script


def test_missing_engine_is_told_and_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no wheel nothing is known: component_missing, and never DIRECT."""
    (tmp_path / "quickjs.py").write_text("raise ImportError('no wheel for this platform')")
    monkeypatch.setattr(
        "readycheck.net.pac.engine.own_program.environment",
        lambda: {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(child.__file__).parents[3])])},
    )
    with pytest.raises(OperationFailed, match="no wheel") as refused:
        run('function FindProxyForURL() { return "DIRECT"; }')
    assert refused.value.failure.code == FailureCode.COMPONENT_MISSING


def test_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyInstaller's sys.executable is readycheck, which takes commands and no -m."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", shutil.which("readycheck", path=sysconfig.get_path("scripts")))
    assert run('function FindProxyForURL() { return "DIRECT"; }') == ["DIRECT"]


async def test_cancelled_evaluation_leaves_no_child() -> None:
    """The process ends with the task that asked."""
    async with Pac("function FindProxyForURL() { return new Array(1e9).join('x'); }", facts()) as pac:
        process = pac._engine._process
        asking = asyncio.create_task(pac.answers([parse_target("http://a/")]))
        await asyncio.sleep(0)  # it has begun
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert process is not None
    assert process.wait(5) != 0


WORDS = ["function", "FindProxyForURL", "return", "dnsResolve", "while", "1e9", "host"]
TOKENS = [*"(){}[];,.=+*/'`\\\n\0é", *WORDS]
JAVASCRIPT = st.lists(st.sampled_from(TOKENS), max_size=30).map(" ".join)


@given(script=st.one_of(st.text(max_size=200), JAVASCRIPT))
@settings(max_examples=60)
def test_junk_is_an_answer_or_a_failure(script: str) -> None:
    """Whatever the text: a string, or pac_invalid; never another exception, never a hang."""
    try:
        outcome = run(script)[0]
    except OperationFailed as error:
        outcome = error.failure
    assert isinstance(outcome, str) or outcome.code == FailureCode.PAC_INVALID


@given(text=st.text())
def test_any_answer_has_hops(text: str) -> None:
    """Reading an answer never fails and never gives nothing."""
    assert parse_answer(text)


def test_a_file_that_changes_to_json_is_answered() -> None:
    """Old libraries give every array a toJSON; the names that a run needs are still told apart."""
    script = 'Array.prototype.toJSON = () => ["a"]; function FindProxyForURL(u, h) { return "DIRECT"; }'

    assert run(script, "https://www.example.com/") == ["DIRECT"]
