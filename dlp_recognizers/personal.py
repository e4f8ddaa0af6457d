"""Personal and health data that only its words give away: dates of birth, records, diagnoses, names in set phrases."""

from __future__ import annotations

import re2

from dlp_recognizers.linear import LinearRecognizer, Near, Shape, Verdict
from dlp_recognizers.page import Page

_MONTHS = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|f\xe9vrier|mar(?:ch|s|zo)?|m\xe4rz|apr(?:il|ile)?|avril|may|mai|mayo|maggio|june?|juni|juin|junio|july?|juli|juillet|julio|"
    r"aug(?:ust)?|ao\xfbt|agosto|sept?(?:ember|embre)?|oct(?:ober|obre)?|okt(?:ober)?|nov(?:ember|embre)?|dec(?:ember)?|dez(?:ember)?|d\xe9cembre|dicembre|diciembre)"
)
_DATE = (
    rf"(?:[0-9]{{1,2}}[./-] ?[0-9]{{1,2}}[./-] ?[0-9]{{2,4}}|[0-9]{{4}}[./-][0-9]{{1,2}}[./-][0-9]{{1,2}}|[0-9]{{1,2}}(?:st|nd|rd|th|\.|er)? (?:of |de )?{_MONTHS}\.?,?(?: de)? [0-9]{{2,4}}|"
    rf"{_MONTHS}\.? [0-9]{{1,2}}(?:st|nd|rd|th)?,? [0-9]{{4}})"
)
_BORN = (
    r"(?:\b(?:d\.?o\.?b\.?|date[ _-]?of[ _-]?birth|birth[ _-]?(?:date|day)|dateOfBirth|birthdate|born(?: on)?|geboren(?: am)?|geburtsdatum|geburtstag|geb\.|n\xe9e?(?: le)?|date de naissance|"
    r"nacid[oa](?: el)?|fecha de nacimiento|nat[oa] il|data di nascita|geboortedatum|f\xf6delsedatum|data urodzenia))"
)
_GLUE = r"[\x22'*_|,)\]]{0,4}\s{0,3}(?:[:=>|-]|\bis\b|\bwas\b|\bist\b|\bon\b|\bam\b)?[\s:|]{0,3}(?:\bthe )?[\x22'*_(\[]{0,3}"
_DATE_AT_END = re2.compile(rf"(?i){_DATE}$")


def _tail_date(page: Page, start: int, end: int) -> Verdict:
    if page.char(end).isdigit():
        return None
    match = _TAIL.search(page.data[start:end])
    return None if match is None else (start + match.start(), end, 0.9)


_LATIN1 = re2.Options()
_LATIN1.encoding = re2.Options.Encoding.LATIN1
_TAIL = re2.compile(rf"(?i){_DATE}$".encode("latin-1"), _LATIN1)
_TAIL_VALUE = re2.compile(rb"[A-Za-z0-9][A-Za-z0-9./-]*$", _LATIN1)


def _tail_value(page: Page, start: int, end: int) -> Verdict:
    """The identifier at the end of a match, if it holds three digits."""
    match = _TAIL_VALUE.search(page.data[start:end])
    if match is None:
        return None
    value = page.text[start + match.start() : end].rstrip("./-")
    if sum(map(str.isdigit, value)) < 3 or page.char(end).isalnum():
        return None
    return (start + match.start(), start + match.start() + len(value), 0.85)


def _labelled(entity: str, label: str, value: str, *, name: str) -> LinearRecognizer:
    glue = r"[\x22'*_]{0,3}\s{0,2}(?:(?:no|nr|number|num|id|nummer|code)\b\.?)?[\x22'*_]{0,3}\s{0,3}(?:[:=#|>-]|\bis\b|\bist\b){0,2}[\s#:|]{0,3}[\x22'*_]{0,3}"
    return LinearRecognizer(entity, [Shape("labelled", rf"(?i){label}{glue}{value}", judge=_tail_value)], name=name)


_CONDITIONS = (
    r"(?:(?:type (?:1|2|i|ii) )?diabetes(?: mellitus)?|hypertension|bluthochdruck|depression|depressi(?:on|ve episode)|major depressive disorder|anxiety(?: disorder)?|bipolar(?: disorder)?|schizophreni[ae]|"
    r"(?:breast|lung|prostate|colon|skin|ovarian|pancreatic|liver|cervical|brain) cancer|cancer|carcinoma|krebs|tumou?r|leuk[ae]*mia|lymphoma|melanoma|metasta[a-z]{2,6}|hiv(?:[ -]positive)?|aids|hepatitis(?: [a-e])?|"
    r"tuberculosis|asthma|copd|pneumonia|epilepsy|multiple sclerosis|parkinson'?s?(?: disease)?|alzheimer'?s?(?: disease)?|dementia|demenz|stroke|schlaganfall|heart (?:failure|attack|disease)|myocardial infarction|"
    r"herzinfarkt|atrial fibrillation|angina|arrhythmia|coronary artery disease|chronic kidney disease|renal failure|cirrhosis|crohn'?s(?: disease)?|ulcerative colitis|arthritis|lupus|fibromyalgia|migraine|"
    r"osteoporosis|an[a]?emia|thrombosis|sepsis|covid-19|influenza|syphilis|gonorrh[o]?ea|chlamydia|herpes|autism|adhd|ptsd|anorexia|bulimia|alcohol (?:dependence|abuse|use disorder)|opioid use disorder|"
    r"substance abuse|pregnan(?:t|cy)|miscarriage|schwanger(?:schaft)?|endometriosis|infertility|diabete|cancer du [a-z]+|d\xe9pression|asthme|c\xe1ncer|hipertensi\xf3n)"
)
_PATIENT = Near(
    r"\b(?:patient(?:in|en)?|diagnos|prescri|history of|treated (?:for|with)|treatment|therapy|symptom|hospital|clinic|admitted|discharg|medication|mg\b|dosage|chemotherapy|surgery|physician|doctor|"
    r"dr\.|oncolog|cardiolog|psychiatr|suffers?|suffering|mrn|icd|his |her |she |he |i have|i was|my |verschrieben|leidet|arzt|paciente|m\xe9decin|traitement)",
    before=160,
    after=160,
)
_STRONG_PATIENT = Near(
    r"\b(?:patient(?:in|en)?\b|diagnos|prescribed|admitted|suffers? from|suffering from|mrn|verschrieben|leidet an|paciente|history of|treated (?:for|with)|medical record|i have|i was|\d+ ?mg\b)",
    before=120,
    after=120,
)


def _condition(page: Page, start: int, end: int) -> Verdict:
    return (
        (start, end, 0.75)
        if _STRONG_PATIENT(page, start, end)
        else ((start, end, 0.4) if _PATIENT(page, start, end) else None)
    )


def _diagnosis(page: Page, start: int, end: int) -> Verdict:
    """`diagnosed with X`: needs a person or a patient note around it, else it may be a bug or a network."""
    if page.char(start - 1) in "_-/.":
        return None
    text = page.text[start:end].rstrip(" .,;")
    return (start, start + len(text), 0.7) if _HUMAN(page, start, start) or _NOTE(page, start, end) else None


_HUMAN = Near(
    r"\b(?:patient(?:in|en)?|he|she|i|was|mother|father|son|daughter|wife|husband|mr|mrs|ms|herr|frau|been)\b",
    before=60,
    after=0,
)
_NOTE = Near(
    r"\b(?:patient(?:in)?|mrn|icd|medication|prescribed|mg|dob|hospital|clinic|symptoms|therapy|chronic|acute|disease|syndrome|disorder)\b",
    before=200,
    after=120,
)


def _icd(page: Page, start: int, end: int) -> Verdict:
    return (start, end, 0.75) if _ICD_WORDS(page, start, end) else None


_ICD_WORDS = Near(r"\b(?:icd(?:-?(?:9|10|11))?(?:-?(?:cm|gm))?|diagnos[a-z]{2,4}|dx)\b", before=40, after=12)

_NAME_WORD = r"[A-Z\xc0-\xde][a-z\xdf-\xff]+(?:['-][A-Z\xc0-\xde]?[a-z\xdf-\xff]+)*"
_PARTICLE = r"(?:(?:van|von|de|der|den|di|da|del|della|la|le|du|dos|bin|al|el|zu|ten|ter|O'|Mc|Mac)[ ]?){0,3}"
_FULL = rf"{_NAME_WORD}(?: [A-Z]\.)?(?: {_PARTICLE}{_NAME_WORD}){{1,3}}"
_ANY = rf"{_NAME_WORD}(?: [A-Z]\.)?(?: {_PARTICLE}{_NAME_WORD}){{0,3}}"
_HONORIFIC = r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Dame|Lord|Lady|Herrn?|Frau|Fr\xe4ulein|Mme|Mlle|M|Monsieur|Madame|Se\xf1or|Se\xf1ora|Sr|Sra|Sig|Signor|Signora|Dott|Dhr|Mevr|Pan|Pani|Rev|Capt|Nurse)\b\.?"
_NAME_LABEL = (
    r"(?:\b(?i:patient(?:in)?|(?:full|customer|client|patient|employee|contact|account|first|last|legal|cardholder|card holder|beneficiary|recipient|sender|guest|applicant|candidate|insured|user)[ _-]?name|name|customer|"
    r"client|employee|contact(?: person)?|cardholder|card holder|account holder|beneficiary|recipient|applicant|candidate|manager|assignee|attn|attention|author|kunde|kundin|mitarbeiter(?:in)?|ansprechpartner(?:in)?|"
    r"nom|nombre|nome|versicherter|absender|empf\xe4nger))"
)
_NOT_NAMES = frozenset(
    "The This That These Those There Then When What Where Which Who Why How And But For Not You Your Our His Her Its All Any Some New Old Error Warning Info Debug True False None Null Unknown Test Default Example User "
    "Admin Server Client Service System Name Type Value Class Function Method Module Package File Date Time Please Thanks Hello Dear Best Kind Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May "
    "June July August September October November December Street Road Avenue University Company Bank Inc Ltd Gmbh Corp Group Department Team Project Street United States Kingdom Data Table List String Object Number Account Card "
    "Damen Herren Und Oder Der Die Das Ein Eine".split()
)


def _tail_name(label_end: str) -> re2._Regexp:
    return re2.compile(label_end.encode("latin-1"), _LATIN1)


_NAME_AT_END = {"full": _tail_name(rf"{_FULL}$"), "any": _tail_name(rf"{_ANY}$")}


def _name(kind: str, score: float) -> object:
    program = _NAME_AT_END[kind]

    def judge(page: Page, start: int, end: int) -> Verdict:
        match = program.search(page.data[start:end])
        if match is None:
            return None
        low = start + match.start()
        words = page.text[low:end].split()
        while words and words[-1] in _NOT_NAMES:
            end -= len(words.pop()) + (1 if words else 0)
        if not words or words[0] in _NOT_NAMES or page.char(end) in "_(":
            return None
        return (low, end, score)

    return judge


def _persons() -> LinearRecognizer:
    labelled = rf"{_NAME_LABEL}[\x22'*_]{{0,3}}[ \t]{{0,3}}[:=|][ \t|]{{0,3}}[\x22'*_]{{0,3}}{_FULL}"
    phrase = r"\b(?i:my name is|name is|this is|i am|i'm|ich hei\xdfe|mein name ist|je m'appelle|me llamo|mi chiamo|signed by|regards,?|sincerely,?|cheers,?|gr\xfc\xdfe,?|gr\xfc\xdfen,?|cordialement,?|saludos,?|dear|hallo|hi|bonjour|hello)"
    return LinearRecognizer(
        "PERSON",
        [
            Shape("honorific", rf"{_HONORIFIC} (?:(?:Dr|med|Prof|h\.c)\.? ){{0,3}}{_ANY}", judge=_name("any", 0.8)),
            Shape("label", labelled, judge=_name("full", 0.75)),
            Shape("phrase", rf"{phrase}[ \t]{{0,2}}\s{{1,4}}{_FULL}", judge=_name("full", 0.65)),
            Shape("mailbox", rf"{_FULL}[\x22']? ?<[A-Za-z0-9_.+-]+@", judge=_mailbox),
        ],
        name="person-rules",
    )


def _mailbox(page: Page, start: int, end: int) -> Verdict:
    name = page.text[start:end].partition("<")[0].rstrip(" \"'")
    return None if name.split()[0] in _NOT_NAMES else (start, start + len(name), 0.75)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    code = r"[A-Za-z0-9][A-Za-z0-9./-]{3,19}"
    record = r"\b(?:mrn|medical[ _-]?record|patient[ _-]?(?:id|no|nr|number)|patienten-?(?:nummer|nr|id)|hospital (?:number|no|id)|chart (?:number|no)|case (?:number|no) patient|fallnummer|num\xe9ro de dossier|health record)"
    return [
        LinearRecognizer(
            "DATE_OF_BIRTH", [Shape("labelled", rf"(?i){_BORN}{_GLUE}{_DATE}", judge=_tail_date)], name="date-of-birth"
        ),
        _labelled("MEDICAL_RECORD_NUMBER", record, code, name="medical-record"),
        _labelled(
            "PASSPORT",
            r"\b(?:passport|reisepass|passeport|pasaporte|passaporto|paspoort|pass-?nr)",
            r"[A-Za-z0-9]{6,12}",
            name="passport",
        ),
        _labelled(
            "US_DRIVER_LICENSE",
            r"\b(?:driver'?s?|driving)[ _-]?licen[cs]e",
            r"[A-Za-z0-9][A-Za-z0-9-]{5,17}",
            name="driver-license",
        ),
        _labelled(
            "US_BANK_NUMBER",
            r"\b(?:(?:bank |checking |savings )?account|acct|kontonummer|konto)[ _-]?(?:number|no|nr|num|#)?",
            r"[0-9][0-9-]{6,17}",
            name="bank-account",
        ),
        LinearRecognizer(
            "HEALTH_CONDITION",
            [
                Shape(
                    "diagnosed",
                    r"(?i)\b(?:diagnosed with|diagnosis of|diagnosis ?:|diagnose ?:|diagnoses ?:|diagnostiqu\xe9e? (?:avec|d')|diagnosticad[oa] (?:de|con)|leidet an|suffers? from|suffering from) {0,2}[A-Za-z\x80-\xff][^\r\n.;,!?\x22]{2,80}",
                    judge=_diagnosis,
                ),
                Shape("condition", rf"(?i)\b{_CONDITIONS}\b", judge=_condition),
                Shape(
                    "icd",
                    r"\b[A-TV-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?\b",
                    judge=_icd,
                    gate=r"(?i)\b(?:icd|diagnos|dx\b)",
                ),
            ],
            name="health",
        ),
        _persons(),
    ]
