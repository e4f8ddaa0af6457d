"""Presidio's two services in one process, as LiteLLM's guardrail calls them: POST /analyze and POST /anonymize.

    python -m benchmarks.presidio_service --port 5002

A thin wrapper: the engines are Presidio's own, with its default English recognizers and no NER model (regular
expressions and checksums only), which is the cheapest way to run it. Presidio's images add a heavier web framework on
top, so this one flatters the peer.
"""

from __future__ import annotations

import argparse
import logging
from typing import Any

from aiohttp import web
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import RecognizerResult


def _engines() -> tuple[AnalyzerEngine, AnonymizerEngine]:
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    registry.remove_recognizer("SpacyRecognizer")
    analyzer = AnalyzerEngine(
        registry=registry,
        nlp_engine=NoOpNlpEngine([{"lang_code": "en", "model_name": "no_op"}]),
        supported_languages=["en"],
    )
    analyzer.analyze("warm", language="en")
    return analyzer, AnonymizerEngine()


def application() -> web.Application:
    """The service. Both calls are synchronous, as they are under the original's one worker."""
    analyzer, anonymizer = _engines()

    async def analyze(request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json()
        found = analyzer.analyze(
            asked["text"],
            language=asked.get("language") or "en",
            entities=asked.get("entities") or None,
            score_threshold=asked.get("score_threshold"),
        )
        results = [{"start": r.start, "end": r.end, "score": r.score, "entity_type": r.entity_type} for r in found]
        return web.json_response(results)

    async def anonymize(request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json()
        results = [
            RecognizerResult(r["entity_type"], int(r["start"]), int(r["end"]), float(r["score"]))
            for r in asked["analyzer_results"]
        ]
        done = anonymizer.anonymize(asked["text"], results)
        return web.json_response(
            {
                "text": done.text,
                "items": [
                    {
                        "start": i.start,
                        "end": i.end,
                        "entity_type": i.entity_type,
                        "text": i.text,
                        "operator": i.operator,
                    }
                    for i in done.items
                ],
            }
        )

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/analyze", analyze)
    app.router.add_post("/anonymize", anonymize)
    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    logging.disable(logging.ERROR)
    web.run_app(application(), host="127.0.0.1", port=parser.parse_args().port, print=None, access_log=None)


if __name__ == "__main__":
    main()
