"""Which language a stretch of text is in: by its stop words, which spaCy carries for every language it knows. Small.

Not meant for a single word; for a text too short or too mixed to tell, the answer is None, and the policy decides.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Iterable

from gateway.errors import ConfigurationError

_WORD = re.compile(r"[^\W\d_]+")
_MOST_WORDS = 400
_LEAST_HITS = 3
_MARGIN = 1.3
_EVIDENCE = {
    "de": "ich du wir ist und der die das nicht mit für von auf den dem ein eine",
    "en": "the of and to in is that it for was on with as be you this",
    "fr": "le la les des est et une dans que qui pour pas vous je avec",
    "es": "el la los las es y una que por con para no se del",
    "it": "il lo gli della che di è per una con non sono nel",
    "pt": "o os as da do em não uma que para com é no na",
    "nl": "de het een van en is dat niet met voor op zijn",
    "pl": "i w na z jest nie się że do to",
}
"""Words that count twice, because many lists lack the difference."""


class Detector:
    """Tells apart the languages it was made for. Immutable."""

    def __init__(self, languages: Iterable[str]) -> None:
        self._words: dict[str, list[str]] = {}
        for language in sorted(set(languages)):
            for word in {*_stop_words(language), *_EVIDENCE.get(language, "").split()}:
                self._words.setdefault(word, []).append(language)
        self._double = {language: frozenset(words.split()) for language, words in _EVIDENCE.items()}

    def language(self, text: str) -> str | None:
        """The language that `text` is most likely in, None when that is not clear. Reads its first words."""
        found: Counter[str] = Counter()
        for index, match in enumerate(_WORD.finditer(text)):
            if index >= _MOST_WORDS:
                break
            word = match.group().lower()
            for language in self._words.get(word, ()):
                found[language] += 2 if word in self._double.get(language, ()) else 1
        ranked = found.most_common(2)
        if not ranked or ranked[0][1] < _LEAST_HITS:
            return None
        if len(ranked) > 1 and ranked[0][1] < _MARGIN * ranked[1][1]:
            return None
        return ranked[0][0]


def _stop_words(language: str) -> frozenset[str]:
    try:
        module = importlib.import_module(f"spacy.lang.{language}.stop_words")
    except ImportError:
        raise ConfigurationError(f"dlp.spacy_pipelines: no way to detect the language {language!r}") from None
    return frozenset(word.lower() for word in module.STOP_WORDS)
