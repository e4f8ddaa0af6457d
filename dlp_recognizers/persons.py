"""Persons by rule: titles, labels, greetings, signatures, mailboxes. Models of names come beside this, see `names`."""

from __future__ import annotations

from dlp_recognizers.linear import Judge, LinearRecognizer, Shape, Verdict, compiled
from dlp_recognizers.page import Page

_NAME_WORD = r"[A-Z\xc0-\xde][a-z\xdf-\xff]+(?:['-][A-Z\xc0-\xde]?[a-z\xdf-\xff]+)*"
_PARTICLE = r"(?:(?:van|von|de|der|den|di|da|del|della|la|le|du|dos|bin|al|el|zu|ten|ter|O'|Mc|Mac)[ ]?){0,3}"
_FULL = rf"{_NAME_WORD}(?: [A-Z]\.)?(?: {_PARTICLE}{_NAME_WORD}){{1,3}}"
_ANY = rf"{_NAME_WORD}(?: [A-Z]\.)?(?: {_PARTICLE}{_NAME_WORD}){{0,3}}"
_HONORIFIC = (
    r"\b(?:M\.|Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Dame|Lord|Lady|Herrn?|Frau|Fr\xe4ulein|Mme|Mlle|Monsieur|"
    r"Madame|Se\xf1or|Se\xf1ora|Sr|Sra|Sig|Signor|Signora|Dott|Dhr|Mevr|Rev|Capt|Nurse|Doctor)\.?"
)
_TITLE_WORDS = (
    "Mr Mrs Ms Miss Mx Dr Prof Professor Sir Dame Lord Lady Herr Herrn Frau Fräulein Mme Mlle Monsieur Madame Señor "
    "Señora Signor Signora Nurse Doctor Patient Patientin"
)
_TITLES = frozenset(_TITLE_WORDS.split())
_NAME_LABEL = (
    r"(?:\b(?i:patient(?:in)?|(?:full|customer|client|patient|employee|contact|account|first|last|legal|"
    r"cardholder|card holder|beneficiary|recipient|sender|guest|applicant|candidate|insured|user)[ _-]?name|"
    r"name|customer|"
    r"client|employee|contact(?: person)?|cardholder|card holder|account holder|beneficiary|recipient|"
    r"applicant|candidate|manager|assignee|attn|attention|author|kunde|kundin|mitarbeiter(?:in)?|"
    r"ansprechpartner(?:in)?|"
    r"nom|nombre|nome|versicherter|absender|empf\xe4nger))"
)
_STARTERS = (
    "The This That These Those There Then When What Where Which Who Why How And But For Not You Your Our His Her "
    "Its All Any Some New Old Error Warning Info Debug True False None Null Unknown Test Default Example User "
    "Admin Server Client Service System Name Type Value Class Function Method Module Package File Date Time "
    "Please Thanks Hello Dear Best Kind Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February "
    "March  July August September October November December Street Road Avenue University Company "
    "Bank Inc Ltd Gmbh Corp Group Department Team Project United States Kingdom Data Table List String Object "
    "Number Account Card Damen Herren Und Oder Der Die Das Ein Eine Very Also Only Here Just Good Great Sure "
    "Sorry Happy Literate Everyone Colleague Colleagues Customer Support Internal Public Confidential Island "
    "Entity Visual Component Portal Care Record Records Access Success Services Experience Safety Onboarding "
    "Relationship Management Id Details Information Feedback "
)
_NOT_NAMES = frozenset(_STARTERS.split())
_PLACE_WORDS = (
    "County Parish Borough City Town Township Village Municipality Municipio District Region Province State Island "
    "Islands River Lake Mountain Valley Park Airport Station Harbor Harbour Bridge Square Avenue Street Road Ocean Sea "
    "Bay Beach Forest Desert Area"
)
_KINDS_OF_PLACE = frozenset(_PLACE_WORDS.split())
"""What the last word of a place's name says: a list of counties is no list of persons."""


_NAME_AT_END = {"full": compiled(rf"{_FULL}$"), "any": compiled(rf"{_ANY}$")}


def _name(kind: str, score: float) -> Judge:
    program = _NAME_AT_END[kind]

    def judge(page: Page, start: int, end: int) -> Verdict:
        match = program.search(page.data[start:end])
        if match is None:
            return None
        low = start + match.start()
        words = page.text[low:end].split()
        while len(words) > 1 and words[0].rstrip(".") in _TITLES:
            low += len(words.pop(0))
            low += page.text[low:end].index(words[0])
        while words and words[-1] in _NOT_NAMES:
            end -= len(words.pop()) + (1 if words else 0)
        if words and words[-1] in _KINDS_OF_PLACE:
            return None
        if not words or not _NOT_NAMES.isdisjoint(words[:2]) or page.char(end) in "_(":
            return None
        return (low, end, score)

    return judge


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    labelled = rf"{_NAME_LABEL}[\x22'*_]{{0,3}}[ \t]{{0,3}}[:=|][ \t|]{{0,3}}[\x22'*_]{{0,3}}{_FULL}"
    phrase = (
        r"\b(?i:my name is|name is|i am|i'm|ich hei\xdfe|mein name ist|je m'appelle|me llamo|mi chiamo|"
        r"signed by|regards,?|sincerely,?|cheers,?|gr\xfc\xdfe,?|gr\xfc\xdfen,?|cordialement,?|saludos,?|dear|"
        r"hallo|hi|bonjour|hello)"
    )
    return [
        LinearRecognizer(
            "PERSON",
            [
                Shape(
                    "honorific",
                    rf"{_HONORIFIC} (?:(?:Dr|med|Prof|h\.c)\.? ){{0,3}}{_ANY}",
                    judge=_name("any", 0.8),
                    gate=f"{_HONORIFIC} ",
                ),
                Shape(
                    "patient",
                    rf"\b(?:[Pp]atient(?:in)?|[Cc]ustomer|[Ee]mployee) {_FULL}",
                    judge=_name("full", 0.6),
                    gate=r"\b(?:[Pp]atient(?:in)?|[Cc]ustomer|[Ee]mployee) [A-Z\xc0-\xde]",
                ),
                Shape("label", labelled, judge=_name("full", 0.75), gate=rf"{_NAME_LABEL}[\x22'*_ \t]*[:=|]"),
                Shape(
                    "phrase", rf"{phrase}[ \t]{{0,2}}\s{{1,4}}{_FULL}", judge=_name("full", 0.65), gate=rf"{phrase}\s"
                ),
                Shape("mailbox", rf"{_FULL}[\x22']? ?<[A-Za-z0-9_.+-]+@", judge=_mailbox, gate="<[A-Za-z0-9_.+-]+@"),
            ],
            name="person-rules",
        )
    ]


def _mailbox(page: Page, start: int, end: int) -> Verdict:
    name = page.text[start:end].partition("<")[0].rstrip(" \"'")
    return None if name.split()[0] in _NOT_NAMES else (start, start + len(name), 0.75)
