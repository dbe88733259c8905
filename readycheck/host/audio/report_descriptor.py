"""HID report descriptors (Device Class Definition for HID 1.11, section 6.2.2): the top-level collections' pages."""

_LONG_ITEM = 0xFE
_USAGE_PAGE, _USAGE, _COLLECTION, _END_COLLECTION = 0x04, 0x08, 0xA0, 0xC0


def usage_pages(descriptor: bytes) -> set[int]:
    """The usage page of each collection that lies in no other; what is cut short counts as far as it goes."""
    pages: set[int] = set()
    at = page = of_usage = depth = 0
    while at < len(descriptor):
        prefix = descriptor[at]
        if prefix == _LONG_ITEM:
            at += 3 + (descriptor[at + 1] if at + 1 < len(descriptor) else 0)
            continue
        size = (0, 1, 2, 4)[prefix & 0x03]
        value = int.from_bytes(descriptor[at + 1 : at + 1 + size], "little")
        at += 1 + size
        item = prefix & 0xFC
        if item == _USAGE_PAGE:
            page = of_usage = value
        elif item == _USAGE:
            of_usage = value >> 16 if size == 4 else page  # noqa: PLR2004 - four octets carry a page of their own
        elif item == _COLLECTION:
            if depth == 0:
                pages.add(of_usage)
            depth += 1
        elif item == _END_COLLECTION:
            depth = max(0, depth - 1)
    return pages
