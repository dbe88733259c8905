"""Which product a USB id stands for: the table that readycheck ships, and nothing guessed beyond it."""

import csv
import importlib.resources
from dataclasses import dataclass
from functools import cache
from typing import Any

from readycheck.model.audio import Form, Kind, Link

_MAKERS_OWN = "*"


@dataclass(frozen=True)
class Known:
    """One row of data/usb_headsets.csv."""

    vendor: str
    product: str
    form: Form
    link: Link
    kind: Kind


@cache
def _table() -> dict[str, Known]:
    text = (importlib.resources.files("readycheck") / "data" / "usb_headsets.csv").read_text("utf-8")
    rows: list[dict[str, Any]] = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    return {
        f"{row['vid']}:{row['pid']}": Known(row["vendor"], row["product"], row["form"], row["link"], row["kind"])
        for row in rows
    }


def product(usb_id: str) -> Known | None:
    """The product with this `vid:pid`; None if it is not in the table."""
    return _table().get(usb_id)


def maker(vid: str | None) -> Known | None:
    """The maker with this vendor id; its kind is what it makes, if that is one thing."""
    return _table().get(f"{vid}:{_MAKERS_OWN}")
