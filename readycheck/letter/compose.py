"""The letter in words: one value, in one language, that every format writes down as it can."""

from dataclasses import dataclass
from datetime import date

from readycheck.letter.address import kind
from readycheck.letter.matrix import Matrix, Row, flow_matrix, is_wide
from readycheck.letter.pac import PacLines, pac_lines
from readycheck.letter.plan import Step, counted_back, longest, steps
from readycheck.letter.seen import Seen, seen_flows
from readycheck.model.clean import clean
from readycheck.model.report import Report
from readycheck.profile.schema import Profile
from readycheck.render import format as say
from readycheck.render.words import Words

_MOST_NAMED = 12


@dataclass(frozen=True)
class Line:
    """One row of the matrix in words; `seen` is None where no report was given."""

    row: Row
    source: str
    direction: str
    treatment: tuple[str, ...]
    seen: Seen | None


@dataclass(frozen=True)
class Group:
    """The rows that serve one purpose: why, and what breaks without them."""

    title: str
    why: str
    without: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Ask:
    """One thing that is asked for; `towards` names destinations or rows, none where the whole matrix is meant."""

    title: str
    text: str
    towards: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """One step of the work, who does it and how long it takes."""

    step: str
    owner: str
    time: str


@dataclass(frozen=True)
class Letter:
    """Everything that the letter says."""

    profile_id: str
    project: str
    written: date
    wanted: date | None
    summary: str
    gaps: tuple[str, ...]
    asks: tuple[Ask, ...]
    groups: tuple[Group, ...]
    measured: str | None
    """The day of the report behind the evidence; None without one."""
    pac: str
    risks: tuple[str, ...]
    rollback: str
    tasks: tuple[Task, ...]
    deadline: str


def letter_words(lang: str) -> Words:
    """The words of the letter."""
    return Words(lang, "letter")


def compose(
    profile: Profile, lang: str, *, written: date, wanted: date | None = None, report: Report | None = None
) -> Letter | None:
    """The letter that this profile comes to; None if it needs nothing of the network."""
    words, matrix = letter_words(lang), flow_matrix(profile)
    if not matrix.rows:
        return None
    pac = pac_lines(profile.id, matrix.destinations(matrix.direct))
    planned = steps(profile, matrix)
    seen = seen_flows(report, words) if report else None
    day = say.day(report.run.started_at, words) if report else None
    return Letter(
        profile_id=profile.id,
        project=words.choose(profile.title) or profile.id,
        written=written,
        wanted=wanted,
        summary=f"{words.count('summary', len(matrix.rows))} {words('summary_stake')}",
        gaps=_gaps(matrix, pac, words),
        asks=_asks(matrix, pac, words),
        groups=_groups(matrix, seen, day or "", words),
        measured=day,
        pac=pac.text,
        risks=_risks(matrix, words),
        rollback=_rollback(matrix, pac, words),
        tasks=tuple(_task(step, matrix, words) for step in planned),
        deadline=_deadline(planned, written, wanted, words),
    )


def _named(names: tuple[str, ...], words: Words) -> str:
    shown = [clean(name, 80) for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        shown.append(words.count("more", len(names) - _MOST_NAMED))
    return ", ".join(shown)


def _gaps(matrix: Matrix, pac: PacLines, words: Words) -> tuple[str, ...]:
    found = [words(f"gap_{name}", names=_named(names, words)) for name, names in matrix.gaps.items()]
    lost = tuple(name for name in pac.left_out if "${" not in name)
    return (*found, words("gap_pac", names=_named(lost, words))) if lost else tuple(found)


def _asks(matrix: Matrix, pac: PacLines, words: Words) -> tuple[Ask, ...]:
    """Each thing only where some row of the matrix needs it."""
    direct, exempt = matrix.direct, matrix.exempt
    asks = [Ask(words("ask_open"), words("ask_open_text"))]
    if direct:
        said = ["ask_bypass_text" if pac.text else "ask_bypass_text_list"]
        said += ["ask_bypass_voice"] * any(row.voice for row in direct)
        said += ["ask_bypass_held"] * _serves(direct, "websocket")
        said += ["ask_bypass_dns"] * any(kind(row.destination) != "networks" for row in direct)
        asks.append(_ask("ask_bypass", said, matrix.destinations(direct), words))
    if exempt:
        reasons = {"turn_tls": "turn", "websocket": "held", "identity": "identity"}
        said = [f"ask_inspection_{reason}" for purpose, reason in reasons.items() if _serves(exempt, purpose)]
        asks.append(_ask("ask_inspection", [*said, "ask_inspection_rest"], matrix.destinations(exempt), words))
    if matrix.udp:
        asks.append(
            _ask(
                "ask_udp",
                ["ask_udp_text"] + ["ask_udp_voice"] * bool(matrix.marked),
                tuple(row.number for row in matrix.udp),
                words,
            )
        )
    if matrix.marked:
        asks.append(_ask("ask_dscp", ["ask_dscp_text"], tuple(row.number for row in matrix.marked), words))
    if sip := tuple(row for row in matrix.rows if _serves((row,), "fallback") and row.clear and not row.proxied):
        asks.append(_ask("ask_alg", ["ask_alg_text"], matrix.destinations(sip), words))
    return tuple(asks)


def _ask(title: str, said: list[str], towards: tuple[str, ...], words: Words) -> Ask:
    return Ask(words(title), " ".join(words(key) for key in said), towards)


def _serves(rows: tuple[Row, ...], purpose: str) -> bool:
    return any(purpose in row.purposes for row in rows)


def _groups(matrix: Matrix, seen: dict[tuple[str, str, str], Seen] | None, day: str, words: Words) -> tuple[Group, ...]:
    grouped = dict[tuple[str, str, str], list[Line]]()
    for row in matrix.rows:
        title = " · ".join(words(f"name_{purpose}") for purpose in row.purposes)
        own = [words.choose(why) for why in row.why]
        usual = [words(f"why_{purpose}") for purpose in row.purposes if purpose != "flow" or not any(own)]
        without = dict.fromkeys(words(_without(purpose, matrix)) for purpose in _missed(row))
        key = (title, " ".join([*usual, *filter(None, own)]), " ".join(without))
        grouped.setdefault(key, []).append(_line(row, seen, day, words))
    return tuple(Group(*key, tuple(lines)) for key, lines in grouped.items())


def _without(purpose: str, matrix: Matrix) -> str:
    """What breaks depends on what else the voice may take."""
    ways = matrix.ways_of_voice
    if purpose == "stun" and not ways - {"media"}:
        return "without_stun_alone"
    if purpose not in ways:
        return f"without_{purpose}"
    if ways == {purpose}:
        return "without_voice"
    return "without_turn_udp" if purpose == "turn_udp" and ways & {"turn_tcp", "turn_tls"} else "without_spare"


def _missed(row: Row) -> tuple[str, ...]:
    """What is missed most without this row: who has no relay over UDP does not ask for the direct way."""
    return tuple(purpose for purpose in row.purposes if purpose != "stun" or "turn_udp" not in row.purposes)


def _line(row: Row, seen: dict[tuple[str, str, str], Seen] | None, day: str, words: Words) -> Line:
    found = seen.get(row.key) if seen else None
    dated = Seen(found.kind, words("evidence_dated", seen=found.text, day=day)) if found else None
    unknown = Seen("not_applicable", words("evidence_none"))
    treatment = {"treat_direct": row.proxied, "treat_exempt": row.tls, "treat_voice": row.marked}
    return Line(
        row=row,
        source=words("source_measuring" if row.measuring else "source_agents"),
        direction=words("outbound"),
        treatment=tuple(words(key) for key, wanted in treatment.items() if wanted),
        seen=None if seen is None else dated or unknown,
    )


def _risks(matrix: Matrix, words: Words) -> tuple[str, ...]:
    said = []
    if wide := matrix.any_destination:
        said.append(words("risk_open", names=_named(wide, words)))
    else:
        kinds = [kind(name) for name in matrix.destinations()]
        counted = [words.count(each, kinds.count(each)) for each in ("names", "wildcards", "networks") if each in kinds]
        last = words("list_end").join([", ".join(counted[:-1]), counted[-1]] if counted[:-1] else counted)
        said.append(words("risk_closed", names=last))
    said.append(words("risk_inbound"))
    if matrix.ways_of_voice:
        relayed = [words("risk_relay")] if matrix.ways_of_voice - {"media"} else []
        said.append(" ".join([words("risk_voice"), *relayed]))
    if matrix.exempt:
        said.append(words("risk_tls"))
    if clear := matrix.destinations(tuple(row for row in matrix.rows if row.clear)):
        said.append(words("risk_clear", names=_named(clear, words)))
    if any(is_wide(row.port) for row in matrix.udp):
        said.append(words("risk_wide"))
    if matrix.direct or matrix.exempt:
        said.append(words("risk_residual"))
    return tuple(said)


def _rollback(matrix: Matrix, pac: PacLines, words: Words) -> str:
    said = ["rollback_rules"] + ["rollback_exemption"] * bool(matrix.exempt) + ["rollback_pac"] * bool(pac.text)
    return " ".join(words(key) for key in (*said, "rollback_effect"))


def _task(step: Step, matrix: Matrix, words: Words) -> Task:
    names = {"firewall": "step_firewall" if matrix.udp else "step_firewall_tcp", "marking": "step_marking"}
    bypass = "step_bypass_inspection" if matrix.exempt else "step_bypass"
    usual = "security" if step.name == "bypass" else "network"
    unknown = words("time_usual" if step.name == "bypass" else "time_unknown")
    return Task(
        step=words(names.get(step.name, bypass if matrix.direct else "step_inspection")),
        owner=", ".join(map(words.owner, step.owners)) or words.owner(usual),
        time=unknown if step.days is None else words.count("days", step.days),
    )


def _deadline(planned: tuple[Step, ...], written: date, wanted: date | None, words: Words) -> str:
    days = longest(planned)
    lead = words.count("wanted_lead", days) if days else ""
    if wanted is None:
        return words("wanted_blank", lead=lead).strip()
    counted = counted_back(wanted, days)
    shown = say.day(wanted, words)
    if counted.begin is None or days is None:
        return words("wanted_unknown", wanted=shown)
    begin = say.day(counted.begin, words)
    text = words("wanted_from", wanted=shown, days=words.count("days", days), begin=begin)
    return f"{text} {words('wanted_late')}" if counted.begin < written else text
