"""The gateway's own log: one JSON object a line on stderr, never with the text of a client.

Everything goes through structlog: our events, and what libraries write to `logging`. A library's words cannot be
trusted (mitmproxy logs half-sent headers, Presidio the text it matched), so of a message that is not ours only the
logger, the level and the type of an exception are kept. Exceptions are shown as type and frames: no message, no values.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import re
import sys
import threading
import types
import warnings
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, Final, Literal, TextIO

import orjson
import structlog

OURS: Final = ("gateway", "addons", "dlp_recognizers", "routing_rules", "certs", "llmgw")
"""Loggers, by their first part, whose words are written by us and so may be shown."""
QUIET: Final = (
    "mitmproxy", "presidio-analyzer", "presidio-anonymizer", "presidio_analyzer", "presidio_anonymizer",
    "decision_process", "aiohttp", "redis", "asyncio", "hpack", "h2", "quic", "tldextract", "spacy", "filelock",
    "urllib3", "httpx", "httpcore", "openai", "anthropic", "stamina", "watchfiles", "concurrent", "charset_normalizer",
)  # fmt: skip
"""Libraries' loggers: from ERROR on, at every level of ours."""
LONGEST_VALUE: Final = 1024
MOST_FRAMES: Final = 20

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}

type _Event = MutableMapping[str, Any]


def configure(
    level: Literal["debug", "info", "warning", "error"] = "info",
    format: Literal["json", "console"] = "json",
    *,
    stream: TextIO | None = None,
) -> None:
    """Send every log line of the process through here; `stream` defaults to stderr. May be called again."""
    shared: list[Callable[[Any, str, _Event], _Event]] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Handler(stream)
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=[*shared, _library],
            processors=[_exception, structlog.stdlib.ProcessorFormatter.remove_processors_meta, _washed, _line(format)],
            keep_exc_info=True,
            use_get_message=False,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[level])
    for name in OURS:  # and here, because mitmproxy's master sets the root logger to debug
        logging.getLogger(name).setLevel(_LEVELS[level])
    _quiet()
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable
    warnings.showwarning = _warned
    logging.raiseExceptions = False


def handle_loop_errors(loop: asyncio.AbstractEventLoop) -> None:
    """Log what an event loop would print: the type and frames of an error that no task took."""
    loop.set_exception_handler(_loop_error)


def describe(error: BaseException) -> dict[str, object]:
    """An exception without its words: type, frames (`file:line in function`, innermost last), and its cause's type."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    frames: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{_short(code.co_filename)}:{trace.tb_lineno} in {code.co_name}")
        trace = trace.tb_next
    shown: dict[str, object] = {"type": _type_name(type(error)), "frames": frames[-MOST_FRAMES:]}
    if cause is not None:
        shown["cause"] = _type_name(type(cause))
    if isinstance(error, BaseExceptionGroup):
        shown["members"] = [_type_name(type(member)) for member in error.exceptions[:MOST_FRAMES]]
    return shown


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Without the traceback that logging would append: `_exception` has said what may be said."""

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(record)
        record.exc_text = record.stack_info = None
        return super().format(record)

    def formatException(self, ei: object) -> str:
        return ""


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at that moment, or to a given stream; never tells of its own faults.

    Whatever a library does to levels later: below ERROR its words do not pass.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream)
        self._fixed = stream

    def filter(self, record: logging.LogRecord) -> bool | logging.LogRecord:
        if record.levelno < logging.ERROR and record.name.split(".", 1)[0] in QUIET:
            return False
        return super().filter(record)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = self._fixed if self._fixed is not None else sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """A line that cannot be written is dropped: telling would need its words."""


def _quiet() -> None:
    for name in [*QUIET, *logging.root.manager.loggerDict]:
        if name.split(".", 1)[0] in QUIET:
            logger = logging.getLogger(name)
            logger.handlers.clear()
            logger.propagate = True
            if name in QUIET or logger.level < logging.ERROR:
                logger.setLevel(logging.ERROR if name in QUIET else logging.NOTSET)


def _library(logger: Any, method: str, event: _Event) -> _Event:
    """What is left of a message that some library wrote: where from and how grave. Our own stdlib loggers pass."""
    record: logging.LogRecord = event["_record"]
    if record.name.split(".", 1)[0] in OURS and isinstance(record.msg, str) and not record.args:
        event["event"] = record.msg
        return event
    kept = {key: event[key] for key in ("level", "timestamp", "_record", "_from_structlog", "exc_info") if key in event}
    kept["event"] = "library_message"
    kept["logger"] = record.name
    kept["at"] = f"{_short(record.pathname)}:{record.lineno}"
    return kept


def _exception(logger: Any, method: str, event: _Event) -> _Event:
    info = event.pop("exc_info", None)
    event.pop("exc_text", None)
    event.pop("stack_info", None)
    event.pop("stack", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = describe(error)
    return event


def _washed(logger: Any, method: str, event: _Event) -> _Event:
    return {_wash_text(str(key)): _wash(value) for key, value in event.items()}


def _wash(value: object) -> object:
    match value:
        case bool() | int() | float() | None:
            return value
        case str():
            return _wash_text(value)
        case BaseException():
            return _type_name(type(value))
        case dict():
            return {_wash_text(str(key)): _wash(inner) for key, inner in list(value.items())[:64]}
        case list() | tuple() | set() | frozenset():
            return [_wash(inner) for inner in list(value)[:64]]
        case Path():
            return _wash_text(str(value))
    return f"<{_type_name(type(value))}>"


def _wash_text(text: str) -> str:
    """At most `LONGEST_VALUE` characters, every control, separator and direction character as an escape."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found.group()):04x}", text[:LONGEST_VALUE])


def _line(format: str) -> Callable[[Any, str, _Event], str]:
    def as_json(logger: Any, method: str, event: _Event) -> str:
        first = {key: event.pop(key) for key in ("timestamp", "level", "event", "logger") if key in event}
        return orjson.dumps(first | dict(event), default=_nothing, option=orjson.OPT_NON_STR_KEYS).decode()

    def as_text(logger: Any, method: str, event: _Event) -> str:
        words = (str(event.pop(key, "")) for key in ("timestamp", "level", "event"))
        return " ".join([*words, *(f"{key}={orjson.dumps(value).decode()}" for key, value in event.items())])

    return as_json if format == "json" else as_text


def _nothing(value: object) -> str:
    return f"<{_type_name(type(value))}>"


def _type_name(kind: type) -> str:
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _short(filename: str) -> str:
    """The last three parts of a file's path: enough to find it, nothing of the machine."""
    return "/".join(Path(filename).parts[-3:]).lstrip("/")


def _uncaught(kind: type[BaseException], error: BaseException, trace: types.TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger("gateway").critical("uncaught", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        name = args.thread.name if args.thread is not None else ""
        structlog.get_logger("gateway").critical("uncaught_in_thread", thread=name, exc_info=args.exc_value)


def _unraisable(args: Any) -> None:
    structlog.get_logger("gateway").error("unraisable", exc_info=args.exc_value)


def _loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    structlog.get_logger("gateway").error("uncaught_in_loop", exc_info=error if error is not None else None)


def _warned(  # noqa: PLR0917  # the signature is the warnings module's
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    where = f"{_short(filename)}:{lineno}"
    structlog.get_logger("gateway").warning("library_warning", category=_type_name(category), at=where)
