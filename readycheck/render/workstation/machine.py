"""The machine in sentences: system, load, power, what waits for a restart, its clock, and as whom this ran."""

from readycheck.render import format as say
from readycheck.render.readings import mapping, mappings, named, plain_number
from readycheck.render.workstation.subject import Said, Subject


def told(subject: Subject) -> list[Said]:
    """What it is, how busy it was, and what one should know of it."""
    return [
        *_run_as(subject),
        *_load(subject),
        *_power(subject),
        *_restart(subject),
        *_filters(subject),
        *_clock(subject),
    ]


def cause(subject: Subject, attribute: str) -> str | None:
    """What the machine says that makes it so."""
    value, words = subject.value(attribute), subject.words
    if attribute == "user_context_ok" and value is False:
        return words("ws_run_as", name=words.value(named(subject.evidence.get("run_as"), 30) or "unknown"))
    if attribute == "restart_pending" and (signs := _signs(subject)):
        return words("ws_waits" if value else "ws_sign_alone", signs=", ".join(signs))
    if attribute == "udp_filter_count" and (names := _products(subject)):
        return subject.listed(names)
    if attribute == "on_battery" and value is not None:
        return words("ws_battery" if value else "ws_mains").rstrip(".")
    return None


def _run_as(subject: Subject) -> list[Said]:
    if subject.value("user_context_ok") is not False:
        return []
    who = subject.words.value(named(subject.evidence.get("run_as"), 30) or "unknown")
    return [subject.said("ws_wrong_user", name=who)]


def _load(subject: Subject) -> list[Said]:
    words = subject.words
    edition = mapping(subject.evidence.get("edition"))
    name = named(edition.get("name"), 60)
    release = edition.get("release" if name.startswith("Windows") else "version")  # 24H2 says more than its number
    system = f"{name} {named(release, 30)}".strip()
    cores, load = plain_number(subject.value("cpu_cores")), plain_number(subject.value("cpu_load_ratio"))
    free, total = (plain_number(subject.value(f"memory_{which}_bytes")) for which in ("free", "total"))
    facts = [
        system,
        words.count("ws_cores", round(cores)) if cores is not None else "",
        words("ws_memory_of", free=say.amount(free, "byte", words), total=say.amount(total, "byte", words))
        if free is not None and total is not None
        else "",
        words("ws_load", load=say.amount(load, "ratio", words)) if load is not None else "",
    ]
    known = ", ".join(filter(None, facts))
    sentences = [Said(f"{known}.")] if known else []
    return sentences if load is not None else [*sentences, subject.untold("ws_what_load", "cpu_load_ratio")]


def _power(subject: Subject) -> list[Said]:
    battery = subject.value("on_battery")
    return [] if battery is None else [subject.said("ws_battery" if battery else "ws_mains")]


def _restart(subject: Subject) -> list[Said]:
    pending = subject.value("restart_pending")
    if pending is True:
        return [subject.said("ws_restart", signs=", ".join(_signs(subject)))]
    if pending is False:
        return [subject.said("ws_no_restart")]
    if not subject.is_asked("restart_pending"):
        return []
    signs = _signs(subject)
    why = subject.words("ws_sign_alone", signs=", ".join(signs)) if signs else None
    return [subject.untold("ws_what_restart", "restart_pending", why)]


def _filters(subject: Subject) -> list[Said]:
    names = _products(subject)
    return [subject.said("ws_filters", names=subject.listed(names))] if names else []


def _clock(subject: Subject) -> list[Said]:
    """Against the servers' clocks; how far that may be off is part of it."""
    metric, words = subject.report.metrics.get("workstation.clock_offset_ms"), subject.words
    offset = plain_number(metric.value) if metric else None
    if metric is None or offset is None:
        return [subject.untold("ws_what_clock", "clock_offset_ms")] if subject.is_asked("clock_offset_ms") else []
    if metric.low is not None and metric.high is not None and metric.low <= 0 <= metric.high:
        doubt = say.amount(max(-metric.low, metric.high), "ms", words)
        return [subject.said("ws_clock_agrees", doubt=doubt)]
    return [
        subject.said("ws_clock_behind" if offset > 0 else "ws_clock_ahead", offset=say.amount(abs(offset), "ms", words))
    ]


def _signs(subject: Subject) -> list[str]:
    signs = mapping(subject.evidence.get("restart")).get("signs")
    return [named(one, 60) for one in signs[:3]] if isinstance(signs, list) else []


def _products(subject: Subject) -> list[str]:
    found = mappings(subject.evidence.get("udp_filters"))
    return list(dict.fromkeys(named(one.get("product"), 60) for one in found))
