"""What can be wrong with recognizers and lists that have the right shape: every fault with its place and a fix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dlp_recognizers.own.checksums import CHECKSUMS
from dlp_recognizers.own.custom import CustomRecognizer, Trial
from dlp_recognizers.own.document import RecognizerDocument, RecognizersDocument
from dlp_recognizers.own.patterns import fault_of, slow_on
from dlp_recognizers.own.sources import ListSource
from dlp_recognizers.own.terms import TermList, compared, terms_of
from gateway.diagnostics import Diagnostic, DocumentError, did_you_mean
from gateway.document_model import Loc, SourceMap, validate_text
from gateway.entities import ENTITY_GROUPS, OWN_DATA, EntityGroup, is_own_name

SHORTEST_TERM = 3
"""Letters and digits of a term; in scripts without blanks two say as much."""
_CLOSED = frozenset(name for name, group in ENTITY_GROUPS.items() if group in (EntityGroup.MARKING, EntityGroup.ESCAPE))

type _Fault = tuple[Loc, str, str, str]


def recognizers_in(file: str, text: str, names: dict[str, str], *, run_tests: bool) -> RecognizersDocument:
    """The recognizers of a file; their names are added to `names`, which holds those of the files before. Raises
    DocumentError with every fault, tests that fail among them."""
    document, source = validate_text(text, file, RecognizersDocument)
    faults: list[Diagnostic] = []
    for index, each in enumerate(document.recognizers):
        at = ("recognizers", index)
        found = [*_name(each, at, names, file), *_recognizer(each, at)]
        if not found and run_tests:
            found = [*_tests(each, at)]
        faults += _placed(found, source)
    for index, allow in enumerate(document.allow):
        faults += _placed(_entity(allow.entity, ("allow", index, "entity")), source)
    if faults:
        raise DocumentError(faults)
    return document


def _placed(found: Iterator[_Fault] | list[_Fault], source: SourceMap) -> list[Diagnostic]:
    return [source.diagnostic(*fault) for fault in found]


def _name(each: RecognizerDocument, at: tuple[str | int, ...], names: dict[str, str], file: str) -> Iterator[_Fault]:
    if each.name in names:
        message = f"there is a recognizer {each.name} already, in {names[each.name]}"
        yield (*at, "name"), message, "give it another name", "duplicate-id"
    names[each.name] = file


def _entity(entity: str, at: Loc) -> Iterator[_Fault]:
    if entity in _CLOSED:
        yield at, f"{entity} is the gateway's own", "choose another entity", "entity"
    elif entity not in ENTITY_GROUPS and not is_own_name(entity):
        begins = f"begin a name of your own with its group: SECRET_{entity}, PERSONAL_{entity}, HEALTH_{entity} or "
        fix = f"{begins}ORGANISATION_{entity}; or {did_you_mean(entity, ENTITY_GROUPS)}"
        yield at, f"unknown entity {entity}", fix, "unknown-entity"


def _level(entity: str, level: str | None, at: Loc) -> Iterator[_Fault]:
    if level is not None and entity in ENTITY_GROUPS and entity not in OWN_DATA | _CLOSED:
        message = f"others find {entity} too, so it has no level of its own here"
        yield at, message, "set the level in the policy, or use an entity of your own", "level"


def _recognizer(each: RecognizerDocument, at: tuple[str | int, ...]) -> Iterator[_Fault]:
    yield from _entity(each.entity, (*at, "entity"))
    yield from _level(each.entity, each.level, (*at, "level"))
    if not each.patterns and not each.deny:
        yield at, "this recognizer has nothing to look for", "add patterns: or deny:", "no-pattern"
    if each.checksum is not None and each.checksum not in CHECKSUMS:
        message = f"unknown checksum {each.checksum}"
        yield (*at, "checksum"), message, did_you_mean(each.checksum, CHECKSUMS), "unknown-checksum"
    for index, pattern in enumerate(each.patterns):
        place = (*at, "patterns", index)
        fault = fault_of(pattern)
        if fault is not None:
            yield place, fault.message, fault.fix, fault.code
        elif slow_on(pattern, each.tests.finds):
            message = "finding every match takes more than linear time on some texts"
            yield place, message, "let nothing unbounded stand before an optional or alternative end", "pattern-slow"
    for index, term in enumerate(each.deny):
        if not _long_enough(term):
            fix = f"write at least {SHORTEST_TERM} letters or digits"
            yield (*at, "deny", index), "this term is too short to be told from chance", fix, "short-term"


def _tests(each: RecognizerDocument, at: tuple[str | int, ...]) -> Iterator[_Fault]:
    trial = Trial(CustomRecognizer.of(each))
    for index, text in enumerate(each.tests.finds):
        if not trial.finds(text):
            message = f"test failed: recognizer {each.name} finds nothing here that counts"
            fix = "correct the pattern, score, checksum or context, or the test"
            yield (*at, "tests", "finds", index), message, fix, "test-failed"
    for index, text in enumerate(each.tests.leaves):
        if trial.finds(text):
            message = f"test failed: recognizer {each.name} finds something here"
            yield (
                (*at, "tests", "leaves", index),
                message,
                "make the pattern narrower, or correct the test",
                "test-failed",
            )


def _long_enough(term: str) -> bool:
    form = compared(term).replace(" ", "")
    return len(form) >= (SHORTEST_TERM if form.isascii() else 2)


def terms_in(source: ListSource) -> TermList:
    """The terms of a list. Raises DocumentError: no term, a term that is too short, an entity that cannot be."""
    faults: list[Diagnostic] = []
    terms = []
    for line, term in terms_of(source.text):
        terms.append(term)
        if not _long_enough(term) or len(term) > 500:
            fix = f"write {SHORTEST_TERM} to 500 letters or digits in a line"
            faults.append(Diagnostic(source.file, line, 1, "this term is too short or too long", fix, "short-term"))
    at: Loc = ()
    for _, message, fix, code in (*_entity(source.entity, at), *_level(source.entity, source.level or None, at)):
        faults.append(Diagnostic(source.file, 1, 1, message, f"in dlp.deny_lists: {fix}", code))
    if not terms:
        faults.append(Diagnostic(source.file, 1, 1, "the list has no term", "write one a line", "empty-list"))
    if faults:
        raise DocumentError(faults)
    return TermList(Path(source.file).stem[:64], source.entity, tuple(terms))
