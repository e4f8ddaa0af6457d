"""The scanner without processes: for `explain`, and for tests. Cuts and merges exactly as the pool does."""

from __future__ import annotations

from collections.abc import Sequence

from dlp_recognizers.stitching import TOO_MANY, Stitching, TooManyJoins
from dlp_recognizers.windows import merge, split
from dlp_recognizers.worker import Engine, scan_text
from gateway.model import Finding, ScanResult, TextSpan


class LocalScanner:
    """ports.Scanner that scans where it is called; no deadline, no queue, no cache."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stitching = Stitching()

    async def scan(self, spans: Sequence[TextSpan], *, agent: str) -> ScanResult:
        """See ports.Scanner; blocks the event loop while it scans."""
        return self.scan_sync(spans)

    def scan_sync(self, spans: Sequence[TextSpan]) -> ScanResult:
        """Scan every span now. Reasons of an incomplete result: `recognizer_failed`, `error`, `too_many_joins`."""
        try:
            prepared, finish = self._stitching.prepare(spans)
        except TooManyJoins:
            return ScanResult((), False, TOO_MANY)
        return finish(self._scan(prepared))

    def _scan(self, spans: Sequence[TextSpan]) -> ScanResult:
        total = sum(len(span.text.encode("utf-8", "surrogatepass")) for span in spans)
        findings: list[Finding] = []
        for index, span in enumerate(spans):
            windows = split(span.text)
            results = []
            for start, end in windows:
                result = scan_text(self._engine, span.text[start:end])
                if isinstance(result, str):
                    return ScanResult((), False, result, total, 0)
                results.append(result)
            findings.extend(Finding(index, *hit) for hit in merge(windows, results))
        return ScanResult(tuple(findings), True, "", total, total)
