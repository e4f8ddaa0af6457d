"""Makes values that look real and are nobody's: right checksums, made-up contents. One seed, the same values.

Anything shaped like a vendor's token is put together here at run time, so that no literal secret stands in a file.
"""

from __future__ import annotations

import base64
import json
import random
import string

from tests.dlp_recognizers.kinds import Kind
from tests.dlp_recognizers.national_values import NATIONAL, fill
from tests.dlp_recognizers.secret_values import VENDOR_CONTEXTS, VENDOR_TOKENS

_ALNUM = string.ascii_letters + string.digits
_FIRST = ("jane", "omar", "lena", "piotr", "aoife", "mateo", "ines", "yuki", "sven", "greta")
_LAST = ("roe", "haddad", "vogel", "nowak", "byrne", "ruiz", "costa", "mori", "lund", "weber")
_DOMAINS = ("corp.example", "mail.example.com", "firma.example", "klinik.example.org", "uni.example.net")


def _chars(rng: random.Random, alphabet: str, size: int) -> str:
    """`size` characters with at least two digits and two capitals, as generated tokens have."""
    while True:
        value = "".join(rng.choice(alphabet) for _ in range(size))
        if sum(map(str.isdigit, value)) >= 2 and (alphabet.lower() == alphabet or sum(map(str.isupper, value)) >= 2):
            return value


def email(rng: random.Random) -> str:
    """An address at a domain that belongs to nobody."""
    form = rng.choice(("{f}.{l}@{d}", "{f}{n}@{d}", "{f}_{l}+tag@{d}", "{f}-{l}@{d}"))
    return form.format(f=rng.choice(_FIRST), l=rng.choice(_LAST), d=rng.choice(_DOMAINS), n=rng.randint(10, 99))


def phone(rng: random.Random) -> str:
    """A number in one of the shapes people write."""
    tail = rng.randint(1000, 9999)
    shapes = (
        f"+49 30 {rng.randint(200000, 899999)}{tail}",
        f"+44 20 79{rng.randint(10, 99)} {tail}",
        f"+33 6 {rng.randint(10, 99)} {rng.randint(10, 99)} {rng.randint(10, 99)} {rng.randint(10, 99)}",
        f"(212) 555-{tail}",
        f"415-{rng.randint(200, 899)}-{tail}",
        f"+1 312 {rng.randint(200, 899)} {tail}",
        f"+41446{rng.randint(10, 99)}{tail}",
    )
    return rng.choice(shapes)


def luhn_digit(body: str) -> str:
    """The check digit that ISO/IEC 7812-1 appends to `body`."""
    total = 0
    for place, char in enumerate(reversed(body)):
        value = int(char) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def card(rng: random.Random) -> str:
    """A card number of a known scheme, grouped or not."""
    prefix, size = rng.choice((("4539", 16), ("5500", 16), ("2223", 16), ("3782", 15), ("6011", 16), ("3530", 16)))
    body = prefix + "".join(rng.choice(string.digits) for _ in range(size - 5))
    number = body + luhn_digit(body)
    if size == 15:
        groups = (number[:4], number[4:10], number[10:])
    else:
        groups = tuple(number[at : at + 4] for at in range(0, 16, 4))
    return rng.choice(("", " ", "-")).join(groups)


def iban(rng: random.Random) -> str:
    """An IBAN with right check digits, grouped in fours or not."""
    country, size, letters = rng.choice(
        (
            ("DE", 18, 0),
            ("GB", 18, 4),
            ("FR", 23, 0),
            ("NL", 14, 4),
            ("ES", 20, 0),
            ("IT", 23, 1),
            ("AT", 16, 0),
            ("CH", 17, 0),
        )
    )
    body = "".join(rng.choice("ABCDNW") for _ in range(letters))
    body += "".join(rng.choice(string.digits) for _ in range(size - letters))
    check = 98 - int("".join(str(int(char, 36)) for char in body + country + "00")) % 97
    value = f"{country}{check:02d}{body}"
    return value if rng.random() < 0.5 else " ".join(value[at : at + 4] for at in range(0, len(value), 4))


def ssn(rng: random.Random) -> str:
    """A US social security number by the rules of issue."""
    area = rng.choice([area for area in range(1, 900) if area not in {111, 666}])
    return f"{area:03d}-{rng.randint(1, 99):02d}-{rng.randint(1, 9999):04d}"


def ip(rng: random.Random) -> str:
    """An IPv4 address that no version number looks like."""
    return f"{rng.choice((10, 172, 192, 203, 81))}.{rng.randint(16, 254)}.{rng.randint(0, 254)}.{rng.randint(10, 254)}"


def nino(rng: random.Random) -> str:
    """A UK national insurance number."""
    pairs = " ".join(str(rng.randint(10, 99)) for _ in range(3))
    return f"{rng.choice(('AB', 'CE', 'JG', 'LX', 'PW'))} {pairs} {rng.choice('ABCD')}"


def nhs(rng: random.Random) -> str:
    """A UK NHS number, grouped."""
    while True:
        body = "".join(rng.choice(string.digits) for _ in range(9))
        check = 11 - sum(int(char) * weight for char, weight in zip(body, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            number = body + str(check % 11)
            return f"{number[:3]} {number[3:6]} {number[6:]}"


def es_nif(rng: random.Random) -> str:
    """A Spanish NIF."""
    number = rng.randint(10_000_000, 99_999_999)
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def fi_hetu(rng: random.Random) -> str:
    """A Finnish personal identity code."""
    born = f"{rng.randint(1, 28):02d}{rng.randint(1, 12):02d}{rng.randint(40, 99):02d}"
    serial = f"{rng.randint(2, 899):03d}"
    return f"{born}-{serial}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(born + serial) % 31]}"


def se_personnummer(rng: random.Random) -> str:
    """A Swedish personal number."""
    body = f"{rng.randint(40, 99):02d}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(1, 998):03d}"
    return f"{body[:6]}-{body[6:]}{luhn_digit(body)}"


def pesel(rng: random.Random) -> str:
    """A Polish PESEL."""
    body = f"{rng.randint(40, 99):02d}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(0, 9999):04d}"
    total = sum(int(char) * weight for char, weight in zip(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True))
    return body + str(-total % 10)


def ch_ahv(rng: random.Random) -> str:
    """A Swiss AHV number."""
    body = "756" + "".join(rng.choice(string.digits) for _ in range(9))
    check = -sum(int(char) * (3 if place % 2 else 1) for place, char in enumerate(body)) % 10
    number = body + str(check)
    return f"{number[:3]}.{number[3:7]}.{number[7:11]}.{number[11:]}"


def fr_nir(rng: random.Random) -> str:
    """A French social security number."""
    body = f"{rng.choice('12')}{rng.randint(40, 99):02d}{rng.randint(1, 12):02d}{rng.randint(1, 95):02d}"
    body += f"{rng.randint(1, 989):03d}{rng.randint(1, 998):03d}"
    number = body + f"{97 - int(body) % 97:02d}"
    return " ".join((number[0], number[1:3], number[3:5], number[5:7], number[7:10], number[10:13], number[13:]))


def aws_key(rng: random.Random) -> str:
    """An AWS access key id."""
    return "AKIA" + "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))


def github_token(rng: random.Random) -> str:
    """A GitHub personal access token."""
    return "ghp" + "_" + _chars(rng, _ALNUM, 36)


def openai_key(rng: random.Random) -> str:
    """An OpenAI project key."""
    return "sk" + "-proj-" + _chars(rng, _ALNUM, 48)


def anthropic_key(rng: random.Random) -> str:
    """An Anthropic key."""
    return "sk" + "-ant-api03-" + _chars(rng, _ALNUM, 60)


def slack_token(rng: random.Random) -> str:
    """A Slack bot token."""
    return "xoxb" + f"-{rng.randint(10**11, 10**12 - 1)}-{rng.randint(10**12, 10**13 - 1)}-" + _chars(rng, _ALNUM, 24)


def stripe_key(rng: random.Random) -> str:
    """A Stripe secret key."""
    return "sk" + "_live_" + _chars(rng, _ALNUM, 24)


def jwt(rng: random.Random) -> str:
    """A JSON Web Token with a random signature."""

    def part(value: object) -> str:
        data = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    return ".".join(
        (part({"alg": "HS256", "typ": "JWT"}), part({"sub": str(rng.randint(1, 10**9))}), part(rng.randbytes(32)))
    )


def private_key(rng: random.Random) -> str:
    """A PEM block with random contents."""
    kind = rng.choice(("", "RSA ", "EC ", "OPENSSH "))
    body = base64.b64encode(rng.randbytes(300)).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


def password(rng: random.Random) -> str:
    """A password as people are told to make them."""
    return _chars(rng, _ALNUM, 10) + rng.choice("!?#%") + str(rng.randint(0, 9))


def connection_string(rng: random.Random) -> str:
    """A database URL with a password."""
    scheme = rng.choice(("postgres", "postgresql", "mysql", "mongodb+srv", "redis", "amqp"))
    return f"{scheme}://svc_{rng.choice(_LAST)}:{_chars(rng, _ALNUM, 14)}@db{rng.randint(1, 9)}.corp.example:5432/crm"


def url_credentials(rng: random.Random) -> str:
    """A URL with user and password."""
    return f"https://{rng.choice(_FIRST)}:{_chars(rng, _ALNUM, 12)}@git.corp.example"


def bitcoin(rng: random.Random) -> str:
    """A P2PKH address."""
    from hashlib import sha256

    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    data = b"\x00" + rng.randbytes(20)
    data += sha256(sha256(data).digest()).digest()[:4]
    number, out = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        out = alphabet[rest] + out
    return "1" * (len(data) - len(data.lstrip(b"\x00"))) + out


def _document(entity: str, labels: str, *templates: str) -> Kind:
    """A document's number that only its label tells."""

    def make(rng: random.Random) -> str:
        return fill(rng, rng.choice(templates))

    make.__name__ = entity.lower()
    return Kind(entity, make, tuple(labels.split("|")))


DOCUMENTS = (
    _document(
        "PASSPORT",
        "passport number|Reisepass|passeport|pasaporte|passaporto|paspoort|paszport",
        "LA#######",
        "C##X##T##",
    ),
    _document(
        "DRIVER_LICENSE",
        "driving licence|Führerschein|permis de conduire|rijbewijs|prawo jazdy|körkort",
        "L#######",
        "##########",
    ),
    _document(
        "VEHICLE_PLATE", "licence plate|plaque d'immatriculation|targa|kenteken|matrícula", "AA ### AA", "AA##AAA"
    ),
    _document(
        "NATIONAL_ID", "identity card|carte d'identité|carta d'identità|identiteitskaart", "LA#######", "########"
    ),
    _document(
        "BANK_ACCOUNT",
        "numéro de compte|número de cuenta|rekeningnummer|tilinumero",
        "##########",
    ),
    _document(
        "HEALTH_INSURANCE_NUMBER",
        "insurance member id|numéro d'assuré|polisnummer|póliza",
        "LLL#########",
        "##########",
    ),
    _document(
        "DATE_OF_BIRTH",
        "date of birth|Geburtsdatum|date de naissance|fecha de nacimiento|data di nascita|"
        "geboortedatum|data de nascimento|data urodzenia|födelsedatum|fødselsdato|syntymäaika",
        "d.m.19y",
        "19y-m-d",
        "d/m/19y",
    ),
    _document(
        "VIN",
        "VIN|chassis",
        "1HGCM####3B00####",
    ),
    _document(
        "IMSI",
        "IMSI",
        "26201##########",
    ),
    _document(
        "UK_SORT_CODE",
        "sort code",
        "##-##-##",
    ),
    _document(
        "BIC",
        "BIC|SWIFT",
        "DEUTDEFF###",
        "AAAADEAA",
    ),
    _document(
        "MEDICAL_RECORD_NUMBER",
        "MRN|patient id|medical record",
        "########",
    ),
)
"""Numbers of documents and other things that a word beside them tells."""
KINDS = (
    Kind("EMAIL_ADDRESS", email),
    Kind("PHONE_NUMBER", phone),
    Kind("CREDIT_CARD", card),
    Kind("IBAN_CODE", iban),
    Kind("US_SSN", ssn),
    Kind("IP_ADDRESS", ip),
    Kind("UK_NINO", nino),
    Kind("UK_NHS", nhs),
    Kind("ES_NIF", es_nif),
    Kind("FI_PERSONAL_IDENTITY_CODE", fi_hetu),
    Kind("SE_PERSONNUMMER", se_personnummer),
    Kind("PL_PESEL", pesel),
    Kind("CH_AHV", ch_ahv),
    Kind("FR_NIR", fr_nir),
    Kind("CRYPTO", bitcoin),
    Kind("CLOUD_CREDENTIAL", aws_key),
    Kind("API_KEY", github_token),
    Kind("API_KEY", openai_key),
    Kind("API_KEY", anthropic_key),
    Kind("API_KEY", slack_token),
    Kind("API_KEY", stripe_key),
    Kind("JWT", jwt),
    Kind("PRIVATE_KEY", private_key),
    Kind("CONNECTION_STRING", connection_string),
    Kind("URL_CREDENTIALS", url_credentials),
)
"""Every kind that is found without a word beside it."""
ALL_KINDS = (*KINDS, *NATIONAL, *VENDOR_TOKENS, *VENDOR_CONTEXTS, *DOCUMENTS)
"""Those and the ones that need a word."""
