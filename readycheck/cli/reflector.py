"""`readycheck reflector`: the far end that a network team runs in the data centre."""

import ipaddress
from pathlib import Path
from typing import Annotated

import typer

from readycheck.reflector.defaults import DEFAULT_PACKETS_PER_S, DEFAULT_PORT


def reflector(
    bind: Annotated[
        str, typer.Option(metavar="ADDR", help="Address to listen on; beyond loopback a key is needed.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="UDP port; 0 takes a free one.")] = DEFAULT_PORT,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", metavar="FILE", help="Shared key: one line of text, or hex:… octets.")
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Answer anybody, without a key.")] = False,
    max_rate: Annotated[
        int, typer.Option("--max-rate", min=1, metavar="N", help="Packets a second in all; one address gets 9 tenths.")
    ] = DEFAULT_PACKETS_PER_S,
) -> None:
    """Reflect test packets (STAMP, RFC 8762) for readycheck's path until Ctrl-C, which ends with status 0."""
    from readycheck.host.interrupts import heard_once  # noqa: PLC0415 - sockets load only when they are used
    from readycheck.reflector.server import Reflector  # noqa: PLC0415 - the same

    key = _key_of(key_file)
    if not key and not insecure and not _is_loopback(bind):
        raise typer.BadParameter(f"{bind} is open to others: give --key-file, or --insecure to answer anybody")
    far_end = Reflector(bind, port, key, max_rate, tell=_tell)
    try:
        far_end.open()
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or error
        raise typer.BadParameter(f"cannot listen on {bind} port {port}: {said}") from None
    try:
        with heard_once(far_end.stop):
            mode = "authenticated" if key else "unauthenticated"
            _tell(f"STAMP session reflector, {mode}, on {bind} UDP port {far_end.port}")
            far_end.serve()
            _tell(far_end.counts.sentence())
    finally:
        far_end.close()


def _tell(sentence: str) -> None:
    typer.echo(f"readycheck: {sentence}", err=True)


def _key_of(file: Path | None) -> bytes | None:
    from readycheck.rtc.stamp import key_octets  # noqa: PLC0415 - as above

    if file is None:
        return None
    try:
        return key_octets(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{file}: the key is text in UTF-8, or hex: and digits") from None
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise typer.BadParameter(f"{file}: {said}") from None


def _is_loopback(bind: str) -> bool:
    if bind == "localhost":
        return True
    try:
        return ipaddress.ip_address(bind.partition("%")[0]).is_loopback
    except ValueError:
        return False
