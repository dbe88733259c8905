"""What runs in the child process: the JavaScript engine and nothing else of readycheck.

One JSON object per line, in and out. The first line brings the script and the facts; each further one brings calls,
and new facts where names had to be looked up, for which the script starts afresh: a PAC file may keep what it has seen.
"""

import importlib.resources
import json
import sys
from typing import Any

MEMORY_BYTE = 64 * 1024 * 1024
STACK_BYTE = 256 * 1024
LOAD_CPU_S = 1.0
CALL_CPU_S = 0.5
READY = {"ready": True}

# FindProxyForURL is what Chromium and Firefox call. FindProxyForURLEx is WinHTTP's; a file that has nothing else is run
# by it rather than refused.
_FIND = """
typeof FindProxyForURL === "function" ? FindProxyForURL
  : typeof FindProxyForURLEx === "function" ? FindProxyForURLEx : undefined
"""
# A function keeps a call's result inside the engine until its type is known.
_CALL = """
(function (find, url, host) {
  const answer = find(url, host);
  const kind = answer === null ? "null" : typeof answer;
  if (kind !== "string") throw new TypeError("answers " + kind + ", no text");
  if (answer.length > 16384) throw new RangeError("answers over 16384 characters");
  return answer;
})
"""


class Script:
    """A PAC file in a context of its own; raises quickjs.JSException or ValueError if it does not load."""

    def __init__(self, engine: Any, text: str, facts: dict[str, Any]) -> None:
        self._context = engine.Context()
        self._context.set_memory_limit(MEMORY_BYTE)
        self._context.set_max_stack_size(STACK_BYTE)
        library = (importlib.resources.files("readycheck") / "net" / "pac" / "library.js").read_text("utf-8")
        self._needed = self._context.eval(library)(json.dumps(facts))
        self._call = self._context.eval(_CALL)
        self._context.set_time_limit(LOAD_CPU_S)
        self.error: str | None = None
        self._find: Any = None
        try:
            self._context.eval(text + "\n;undefined")
            self._find = self._context.eval(_FIND)
            self.error = None if self._find is not None else "has no function FindProxyForURL"
        except (engine.JSException, ValueError) as error:
            self.error = _first_line(error)
        self._context.set_time_limit(CALL_CPU_S)
        self._refusal = (engine.JSException, ValueError)

    def needed(self) -> list[str]:
        """Names that had to be looked up so far."""
        return [str(name) for name in json.loads(self._needed())]

    def call(self, url: str, host: str) -> dict[str, str]:
        """The answer for one URL, or why there is none."""
        try:
            return {"answer": self._call(self._find, url, host)}
        except self._refusal as error:
            return {"error": _first_line(error)}


def _first_line(error: Exception) -> str:
    line = (str(error).splitlines() or ["throws an empty text"])[0][:200]
    return "does not come to an end" if line == "InternalError: interrupted" else line


def serve(lines: Any, answers: Any) -> None:
    """Answer until the input ends."""
    try:
        import quickjs  # type: ignore[import-untyped] # noqa: PLC0415 - has no wheel on every platform
    except ImportError as error:
        _say(answers, {"ready": False, "error": str(error)})
        return
    _say(answers, READY)
    text, facts, script = "", {}, None
    for line in lines:
        request = json.loads(line)
        if "facts" in request:
            text, facts, script = request.get("script", text), request["facts"], None
        script = script or Script(quickjs, text, facts)
        called = [] if script.error else [script.call(url, host) for url, host in request["calls"]]
        _say(answers, {"error": script.error, "called": called, "needed": script.needed()})


def _say(answers: Any, value: dict[str, Any]) -> None:
    answers.write(json.dumps(value).encode() + b"\n")
    answers.flush()


def main() -> None:
    """Run over the standard streams."""
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
