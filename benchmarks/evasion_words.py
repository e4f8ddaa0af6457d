"""Ways of writing that a person would still read."""

from __future__ import annotations

from collections.abc import Callable

type Change = Callable[[str], str]

BEGIN, END = "\x01", "\x02"
"""Stand around the value where a form writes something beside it; taken out before anything is scanned."""


def beside(before: str, change: Change, after: str = "") -> Change:
    """`change`, with words around it that are no part of the value."""
    return lambda value: f"{before}{BEGIN}{change(value)}{END}{after}"


def same(value: str) -> str:
    """The value as it is."""
    return value


_FULL = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
_CYRILLIC = str.maketrans("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ")
_GREEK = str.maketrans("ovABEZHIKMNOPTYX", "ονΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
_ARMENIAN = str.maketrans("ohnuLSO", "օհոսԼՏՕ")
_BOLD = {ord("a") + at: 0x1D41A + at for at in range(26)} | {ord("A") + at: 0x1D400 + at for at in range(26)}
_MONO = {ord("a") + at: 0x1D68A + at for at in range(26)} | {ord("A") + at: 0x1D670 + at for at in range(26)}
_CIRCLED = {ord("a") + at: 0x24D0 + at for at in range(26)} | {ord("A") + at: 0x24B6 + at for at in range(26)}


def between(sign: str) -> Change:
    """`sign` between any two characters."""
    return sign.join


def digits_from(zero: int) -> Change:
    """Decimal digits from the block that begins at `zero`."""
    return lambda value: value.translate({ord("0") + at: zero + at for at in range(10)})


def halves(middle: str) -> Change:
    """`middle` in the middle."""
    return lambda value: f"{value[: len(value) // 2]}{middle}{value[len(value) // 2 :]}"


def pieces(join: str, before: str = "", after: str = "", *, size: int = 3) -> Change:
    """Cut into pieces of `size`, joined."""
    return lambda value: before + join.join(value[at : at + size] for at in range(0, len(value), size)) + after


def _lines(prefix: str) -> Change:
    return lambda value: "\n" + "\n".join(prefix + line for line in value.split("\n")) + "\n"


UNSEEN: dict[str, Change] = {
    "zero-width space": between("\u200b"),
    "word joiner": between("\u2060"),
    "soft hyphen": between("\u00ad"),
    "variation selector": between("\ufe0f"),
    "combining mark": between("\u0332"),
    "right-to-left override": lambda value: f"\u202e{value}\u202c",
    "bidi isolates": lambda value: "".join(f"\u2068{char}\u2069" for char in value),
    "tag letters": lambda value: "".join(chr(0xE0000 + ord(char)) for char in value),
    "full width": lambda value: value.translate(_FULL),
}
DIGITS: dict[str, Change] = {
    "Arabic-Indic digits": digits_from(0x660),
    "Devanagari digits": digits_from(0x966),
    "Thai digits": digits_from(0xE50),
    "Bengali digits": digits_from(0x9E6),
    "bold digits": digits_from(0x1D7CE),
    "superscript digits": lambda value: value.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")),
    "circled digits": lambda value: value.translate(str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")),
    "keycaps": lambda value: "".join(char + "\ufe0f\u20e3" if char.isdigit() else char for char in value),
}
LETTERS: dict[str, Change] = {
    "Cyrillic look-alikes": lambda value: value.translate(_CYRILLIC),
    "Greek look-alikes": lambda value: value.translate(_GREEK),
    "Armenian look-alikes": lambda value: value.translate(_ARMENIAN),
    "mathematical bold": lambda value: value.translate(_BOLD),
    "mathematical monospace": lambda value: value.translate(_MONO),
    "circled letters": lambda value: value.translate(_CIRCLED),
}
APART: dict[str, Change] = {
    "blanks between": between(" "),
    "no-break spaces between": between("\u00a0"),
    "dashes between": between("-"),
    "slashes between": between("/"),
    "commas between": between(","),
    "commas and blanks between": between(", "),
    "pipes between": between("|"),
    "underscores between": between("_"),
    "middle dots between": between("·"),
    "tabs between": between("\t"),
    "one character a line": between("\n"),
    "two blanks between": between("  "),
    "in twos": pieces(" ", size=2),
    "in threes, slashes": pieces("/", size=3),
    "wrapped in the middle": halves("\n"),
    "wrapped and indented": halves("\n    "),
}
MAIL: dict[str, Change] = {
    "(at)": lambda value: value.replace("@", "(at)"),
    "[at] [dot]": lambda value: value.replace("@", " [at] ").replace(".", " [dot] "),
    "at dot": lambda value: value.replace("@", " at ").replace(".", " dot "),
    "AT DOT": lambda value: value.replace("@", " AT ").replace(".", " DOT "),
    "{at} {punkt}": lambda value: value.replace("@", "{at}").replace(".", "{punkt}"),
    "(a) arobase": lambda value: value.replace("@", " arobase ").replace(".", " point "),
    "[.]": lambda value: value.replace(".", "[.]"),
    "blanks around": lambda value: value.replace("@", " @ ").replace(".", " . "),
    "at_dot_": lambda value: value.replace("@", "_at_").replace(".", "_dot_"),
    "mailto": beside("mailto:", lambda value: value.replace("@", "%40")),
}
CODE: dict[str, Change] = {
    "plus": pieces('" + "', '"', '"'),
    "plus, single quotes, lines": pieces("'\n    + '", "'", "'"),
    "PHP dots": pieces("' . '", "'", "'"),
    "adjacent literals": pieces('" "', '"', '"'),
    "adjacent literals on lines": pieces('"\n    "', '("', '")'),
    "join of a list": beside('"".join(["', pieces('", "'), '"])'),
    "array join": beside("['", pieces("','", size=2), "'].join('')"),
    "f-string pieces": beside('f"', pieces("{''}"), '"'),
    "template pieces": pieces("${''}", "`", "`"),
    "SQL bars": pieces("' || '", "'", "'"),
    "SQL CONCAT": beside("CONCAT('", pieces("', '"), "')"),
    "VB ampersands": pieces('" & "', '"', '"'),
    "line continuation": pieces("\\\n", '"', '"', size=9),
    "appended": beside('key = "', pieces('"\nkey += "', size=6), '"\n'),
    "block comments": pieces("/**/"),
}
MARKUP: dict[str, Change] = {
    "HTML tags": halves("<b></b>"),
    "HTML spans": beside("<span>", "</span><span>".join, "</span>"),
    "HTML comment": halves("<!-- x -->"),
    "bold Markdown": lambda value: f"{value[:3]}**{value[3:-3]}**{value[-3:]}",
    "Markdown ticks": halves("``"),
    "backslashes": lambda value: "".join(char if char.isalnum() else "\\" + char for char in value),
    "table cells": pieces(" | ", "| ", " |", size=4),
    "CSV cells": pieces('","', '"', '"', size=4),
    "HTML cells": beside("<tr><td>", pieces("</td><td>", size=4), "</td></tr>"),
    "quoted lines": pieces("\n> ", "> ", size=7),
    "diff lines": pieces("\n+", "+", size=7),
}
BLOCK: dict[str, Change] = {
    "as it is": lambda value: value,
    "diff plus": _lines("+"),
    "diff minus": _lines("-"),
    "quoted": _lines("> "),
    "YAML indent": _lines("      "),
    "comment": _lines("# "),
    "log prefix": beside("\n2026-01-05 INFO dump: ", lambda value: value.replace("\n", "\n2026-01-05 INFO dump: ")),
    "Markdown table": lambda value: "\n".join(f"| {line} |" for line in value.split("\n")),
    "string literals": lambda value: "\n".join(f'  "{line}\\n"' for line in value.split("\n")),
}
_DIGIT_WORDS = {
    "English": "zero one two three four five six seven eight nine",
    "German": "null eins zwei drei vier fünf sechs sieben acht neun",
    "French": "zéro un deux trois quatre cinq six sept huit neuf",
    "Spanish": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "Italian": "zero uno due tre quattro cinque sei sette otto nove",
    "Roman": "N I II III IV V VI VII VIII IX",
}


def _spoken(names: str) -> Change:
    table = names.split()
    return lambda value: " ".join(table[int(char)] for char in value if char.isdigit())


SPOKEN: dict[str, Change] = {f"spelled out, {name}": _spoken(names) for name, names in _DIGIT_WORDS.items()} | {
    "leetspeak digits": lambda value: value.translate(str.maketrans("0158", "OlSB")),
}
