"""Personal and health data that only the words beside it give away: dates of birth, records, diagnoses."""

from __future__ import annotations

import re2

from dlp_recognizers.linear import LinearRecognizer, Near, Shape, Verdict, worded
from dlp_recognizers.page import Page

_MONTHS = worded(
    "jan(?:uary|uar|uari|vier|eiro)?|f[eé]b(?:ruary|ruar|ruari|rero|braio)?|f[eé]vrier|fevereiro|mar(?:ch|s|ts|zo|ca)?|"
    "m[aä]rz|maart|março|marco|marzo|apr(?:il|ile)?|avril|abril|ma[yijg]|mayo|maggio|maio|maja|mei|june?|juni|juin|junio|"
    "junho|giugno|july?|juli|juillet|julio|julho|luglio|aug(?:ust|usti|ustus)?|ao[uû]t|agosto|"
    "sept?(?:ember|embre|iembre)?|setembro|settembre|o[ck]t(?:ober|obre|ubre)?|outubro|ottobre|nov(?:ember|embre|iembre|embro)?|"
    "de[cz](?:ember|embre|iembre|embro)?|d[eé]cembre|dicembre|diciembre|enero|gennaio|febbraio|"
    "stycznia|lutego|kwietnia|czerwca|lipca|sierpnia|września|wrzesnia|października|pazdziernika|listopada|grudnia|"
    "(?:tammi|helmi|maalis|huhti|touko|kesä|heinä|elo|syys|loka|marras|joulu)kuuta"
)
_DATE = (
    rf"(?:[0-9]{{1,2}}[./-] ?[0-9]{{1,2}}[./-] ?[0-9]{{2,4}}|[0-9]{{4}}[./-][0-9]{{1,2}}[./-][0-9]{{1,2}}|"
    rf"[0-9]{{1,2}}(?:st|nd|rd|th|\.|er|\xba)?[ -](?:of |de )?{_MONTHS}\.?,?(?: de| del)?[ -][0-9]{{2,4}}|"
    rf"[0-9]{{4}}[. ]{{1,2}}[0-9]{{1,2}}[. ]{{1,2}}[0-9]{{1,2}}|(?:19|20)[0-9]{{6}}|"
    rf"{_MONTHS}\.? [0-9]{{1,2}}(?:st|nd|rd|th)?,? [0-9]{{4}})"
)
_BORN = worded(
    r"\b(?:d\.?o\.?b\.?|date[ _-]?of[ _-]?birth|birth[ _-]?(?:date|day)|dateOfBirth|birthdate|born(?: on)?|"
    r"geboren(?: am)?|"
    r"geburtsdatum|geburtstag|geb\.|n[ée]e?\(?e?\)?(?: le)?|date de naissance|naissance|nacid[oa](?: el)?|"
    r"fecha de nacimiento|fecha nac\.?|nat[oa]/?a?(?: il)?|data di nascita|geboortedatum|geboren op|data de nascimento|"
    r"nascid[oa](?: em| a)?|nascimento|data urodzenia|urodzon[yae](?: dnia)?|ur\.|f[öo]delsedatum|född(?: den)?|"
    r"f[øo]dselsdato|født(?: den)?|f[øo]dselsdag|syntym[äa]aika|syntynyt|narozen[aáý]?|sz[üu]letett)"
)
_GLUE = (
    r"[\x22'*_|,)\]]{0,4}\s{0,3}(?:[:=>|-]|\bis\b|\bwas\b|\bist\b|\bon\b|\bam\b)?[\s:|"
    r"]{0,3}(?:\bthe )?[\x22'*_(\[]{0,3}"
)


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
    if sum(map(str.isdigit, value)) < 3 or page.char(end).isalnum() or page.char(start - 1) == "-":
        return None
    return (start + match.start(), start + match.start() + len(value), 0.85)


def _labelled(entity: str, label: str, value: str, *, name: str) -> LinearRecognizer:
    glue = (
        r"[\x22'*_]{0,3}\s{0,2}(?:(?:no|nr|number|num|id|nummer|code)\b\.?)?[\x22'*_]{0,3}\s{0,3}(?:[:=#|>-]|"
        r"\bis\b|\bist\b){0,2}[\s#:|]{0,3}[\x22'*_]{0,3}"
    )
    return LinearRecognizer(
        entity, [Shape("labelled", rf"(?i){label}{glue}{value}", judge=_tail_value, gate=f"(?i){label}")], name=name
    )


_CONDITIONS = (
    r"(?:(?:type (?:1|2|i|ii) )?diabetes(?: mellitus)?|hypertension|bluthochdruck|depression|depressi(?:on|"
    r"ve episode)|major depressive disorder|anxiety(?: disorder)?|bipolar(?: disorder)?|schizophreni[ae]|"
    r"(?:breast|lung|prostate|colon|skin|ovarian|pancreatic|liver|cervical|brain) cancer|cancer|carcinoma|"
    r"krebs|tumou?r|leuk[ae]*mia|lymphoma|melanoma|metasta[a-z]{2,6}|hiv(?:[ -]positive)?|aids|"
    r"hepatitis(?: [a-e])?|"
    r"tuberculosis|asthma|copd|pneumonia|epilepsy|multiple sclerosis|parkinson'?s?(?: disease)?|"
    r"alzheimer'?s?(?: disease)?|dementia|demenz|stroke|schlaganfall|heart (?:failure|attack|disease)|"
    r"myocardial infarction|"
    r"herzinfarkt|atrial fibrillation|angina|arrhythmia|coronary artery disease|chronic kidney disease|"
    r"renal failure|cirrhosis|crohn'?s(?: disease)?|ulcerative colitis|arthritis|lupus|fibromyalgia|"
    r"migraine|"
    r"osteoporosis|an[a]?emia|thrombosis|sepsis|covid-19|influenza|syphilis|gonorrh[o]?ea|chlamydia|herpes|"
    r"autism|adhd|ptsd|anorexia|bulimia|alcohol (?:dependence|abuse|use disorder)|opioid use disorder|"
    r"substance abuse|pregnan(?:t|cy)|miscarriage|schwanger(?:schaft)?|endometriosis|infertility|diabete|"
    r"cancer du [a-z]+|d\xe9pression|asthme|c\xe1ncer|hipertensi\xf3n)"
)
_PATIENT = Near(
    (
        r"\b(?:patient(?:in|en)?|diagnos|prescri|history of|treated (?:for|with)|treatment|therapy|symptom|"
        r"hospital|clinic|admitted|discharg|medication|mg\b|dosage|chemotherapy|surgery|physician|doctor|"
        r"dr\.|oncolog|cardiolog|psychiatr|suffers?|suffering|mrn|icd|his |her |she |he |i have|i was|my |"
        r"verschrieben|leidet|arzt|paciente|m\xe9decin|traitement)"
    ),
    before=160,
    after=160,
)
_STRONG_PATIENT = Near(
    (
        r"\b(?:patient(?:in|en)?\b|diagnos(?:ed (?:with|as)|[ie]s\b|e:|tiziert)|"
        r"prescribed|admitted|suffers? from|suffering from|mrn|verschrieben|"
        r"leidet an|paciente|history of|treated (?:for|with)|medical record|i have|i was|\d+ ?mg\b)"
    ),
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
    (
        r"\b(?:patient(?:in)?|mrn|icd|medication|prescribed|mg|dob|hospital|clinic|symptoms|therapy|chronic|"
        r"acute|disease|syndrome|disorder)\b"
    ),
    before=200,
    after=120,
)


def _icd(page: Page, start: int, end: int) -> Verdict:
    return (start, end, 0.75) if _ICD_WORDS(page, start, end) else None


_ICD_WORDS = Near(r"\b(?:icd(?:-?(?:9|10|11))?(?:-?(?:cm|gm))?|diagnos[a-z]{2,4}|dx)\b", before=40, after=12)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    code = r"[A-Za-z0-9][A-Za-z0-9./-]{3,19}"
    record = (
        r"\b(?:mrn|medical[ _-]?record|patient[ _-]?(?:id|no|nr|number)|patienten-?(?:nummer|nr|id)|"
        r"hospital (?:number|no|id)|chart (?:number|no)|case (?:number|no) patient|fallnummer|"
        r"num\xe9ro de dossier|health record)"
    )
    return [
        LinearRecognizer(
            "DATE_OF_BIRTH",
            [Shape("labelled", rf"(?i){_BORN}{_GLUE}{_DATE}", judge=_tail_date, gate=f"(?i){_BORN}")],
            name="date-of-birth",
        ),
        _labelled("MEDICAL_RECORD_NUMBER", record, code, name="medical-record"),
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
                    (
                        r"(?i)\b(?:diagnosed with|diagnosis of|diagnosis ?:|diagnose ?:|diagnoses ?:|"
                        r"diagnostiqu\xe9e? (?:avec|d')|diagnosticad[oa] (?:de|con)|leidet an|suffers? from|"
                        r"suffering from) {0,2}[A-Za-z\x80-\xff][^\r\n.;,!?\x22]{2,80}"
                    ),
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
    ]
