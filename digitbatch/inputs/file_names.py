"""How files are named in the results: one way on every system, in characters that all can hold."""

import os
import re

_LOOKS_ESCAPED = re.compile(r"\\(?=x[0-9a-f]{2})")
_ESCAPES = re.compile(r"(?:\\x[0-9a-f]{2})+")


def relative_name(path: str, base: str | None) -> str:
    """An absolute path without "..", at or below `base`, as it stands in the results.

    "/" is between folders; "" is `base` itself, None keeps all of the path. Bytes that are not
    UTF-8 stand as backslash, x, two lower-case hexadecimal digits; a backslash before what looks
    like that stands as backslash x5c, so that different names stay different.
    """
    relative = path[len(base or "") :].lstrip(os.sep)
    return portable(relative.replace(os.sep, "/"))


def location(name: str, base: str | None) -> str:
    """The path of which `relative_name` made a name."""
    found = _ESCAPES.sub(_bytes, name).replace("/", os.sep)
    return os.path.join(base or os.sep, found)  # noqa: PTH118 - names may hold what Path drops


def portable(name: str) -> str:
    """A file name, as the system gives it, in characters that every output can hold."""
    if name.isascii():
        return _LOOKS_ESCAPED.sub(r"\\x5c", name) if "\\" in name else name
    name = _LOOKS_ESCAPED.sub(r"\\x5c", name)
    try:
        name.encode()
    except UnicodeEncodeError:
        # POSIX: undecodable bytes come as U+DC80 to U+DCFF. Windows: any half of a pair may stand.
        return "".join(map(_character, name))
    return name


def _character(character: str) -> str:
    if not "\ud800" <= character <= "\udfff":
        return character
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))


def _bytes(escapes: re.Match[str]) -> str:
    told = bytes.fromhex(escapes[0].replace("\\x", ""))
    return os.fsdecode(told)
