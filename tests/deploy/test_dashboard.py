"""The dashboard and the alert rules: every metric exists, every panel is complete, every query returns data."""

from __future__ import annotations

import asyncio
import json
import re
import runpy
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from gateway.admin import AdminServer, AdminSources, Check, Status
from gateway.evidence.metrics import Metrics
from tests.support.redis_server import free_port
from tests.support.used_metrics import use, used

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "gateway.json"
RULES = DEPLOY / "prometheus" / "rules" / "llmgw.yml"
RULE_TESTS = DEPLOY / "prometheus" / "tests" / "alerts_test.yml"
UNITS = {"reqps", "cps", "percentunit", "s", "none", "short", "Bps"}
NAME = re.compile(r"\bllmgw_[a-z0-9_]+")

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
needs_prometheus = pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")


def dashboard() -> dict[str, Any]:
    return json.loads(DASHBOARD.read_text("utf-8"))  # type: ignore[no-any-return]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def targets() -> Iterator[tuple[str, dict[str, Any]]]:
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load(RULES.read_text("utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def series() -> set[str]:
    """Names of every sample that a gateway exports."""
    text = used().render().decode()
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}


def test_every_metric_that_is_named_exists() -> None:
    known = series()
    for title, target in targets():
        assert set(NAME.findall(target["expr"])) <= known, title
    for rule in rules():
        assert set(NAME.findall(rule["expr"])) <= known, rule["alert"]
    for name in dashboard()["templating"]["list"]:
        assert set(NAME.findall(str(name["query"]))) <= known, name["name"]
    assert set(NAME.findall((DEPLOY.parent / "docs" / "operations.md").read_text("utf-8"))) - {"llmgw_scan_"} <= known


def test_every_metric_is_shown_somewhere() -> None:
    shown = {name for _, target in targets() for name in NAME.findall(target["expr"])}
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in series()}
    assert families - {re.sub(r"_bucket$", "", name) for name in shown} == set()


def test_every_panel_is_complete() -> None:
    for panel in panels():
        assert len(panel["title"]) > 3
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references) > 0, panel["title"]
        assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]


def test_ids_are_unique_and_panels_do_not_overlap() -> None:
    everything = dashboard()["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken: set[tuple[int, int]] = set()
    for panel in everything:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_query_filters_by_the_variables_and_rates_by_the_interval() -> None:
    for title, target in targets():
        expression = target["expr"]
        for selector in re.findall(r"llmgw_[a-z0-9_]+(\{[^}]*\})?", expression):
            assert 'job=~"$job"' in selector, title
            assert 'instance=~"$instance"' in selector, title
        assert not re.search(r"\[\d+\w\]", expression), f"{title}: a fixed range"


def test_the_file_is_what_the_tables_say() -> None:
    built = runpy.run_path(str(DEPLOY / "grafana" / "build.py"))
    assert json.loads(json.dumps(built["dashboard"]())) == dashboard(), "run: python deploy/grafana/build.py"


def test_grafana_finds_the_datasource_and_the_folder() -> None:
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text("utf-8"))
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/llmgw.yaml").read_text("utf-8"))
    assert [each["type"] for each in source["datasources"]] == ["prometheus"]
    compose = (DEPLOY.parent / "docker-compose.yml").read_text("utf-8")
    assert f":{provider['providers'][0]['options']['path']}:ro" in compose
    assert source["datasources"][0]["url"] == "http://prometheus:9090"


def test_every_alert_has_words_a_runbook_and_a_test() -> None:
    tested = {
        case["alertname"]
        for test in yaml.safe_load(RULE_TESTS.read_text("utf-8"))["tests"]
        for case in test.get("alert_rule_test", [])
        if case["exp_alerts"]
    }
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        headings = re.findall(r"^#+ (.+)$", (DEPLOY.parent / page).read_text("utf-8"), re.MULTILINE)
        assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
    assert tested == {rule["alert"] for rule in rules()}


@needs_promtool
@pytest.mark.parametrize(
    "command",
    [
        ("check", "config", "deploy/prometheus/prometheus.yml"),
        ("check", "rules", "deploy/prometheus/rules/llmgw.yml"),
        ("test", "rules", "deploy/prometheus/tests/alerts_test.yml"),
    ],
)
def test_promtool_agrees(command: tuple[str, ...], repository: Path) -> None:
    done = subprocess.run(
        ["promtool", *command], cwd=repository, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
async def prometheus(tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a real Prometheus that has scraped an admin endpoint on which everything happens."""
    metrics = Metrics()
    sources = AdminSources(readiness=lambda: {"x": Check(True)}, metrics=metrics.render, status=_no_status)
    admin = AdminServer("127.0.0.1", 0, sources)
    target = f"127.0.0.1:{await admin.start()}"
    scrape = {"job_name": "llmgw", "static_configs": [{"targets": [target]}]}
    document = {"global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"}, "scrape_configs": [scrape]}
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(document))
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "prometheus", f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):  # Prometheus looks for its targets five seconds after the start
        use(metrics)
        await asyncio.sleep(0.1)
        if await scrapes(url) >= 6:
            break
    yield url
    process.terminate()
    await process.wait()
    await admin.close()


def _no_status() -> Status:
    raise NotImplementedError


async def scrapes(base: str) -> int:
    """How often Prometheus has read the endpoint; 0 while it does not answer."""
    try:
        found = (await ask(base, "/api/v1/query", query='count_over_time(up{job="llmgw"}[1m])'))["result"]
    except aiohttp.ClientError:
        return 0
    return int(found[0]["value"][1]) if found else 0


async def ask(base: str, path: str, **query: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(base + path, params=query) as answer:
        body = await answer.json()
        assert body["status"] == "success", f"{query}: {body}"
        return body["data"]


@pytest.mark.slow
@needs_prometheus
async def test_every_query_returns_data_and_every_rule_is_read(prometheus: str) -> None:
    names = {"$__rate_interval": "4s", "$__range": "10s", "$job": ".*", "$instance": ".*"}
    bad = []
    for title, target in targets():
        expression = target["expr"]
        for name, value in names.items():
            expression = expression.replace(name, value)
        assert "$" not in expression, title
        found = (await ask(prometheus, "/api/v1/query", query=expression))["result"]
        if not found:
            bad.append(f"{title}: {expression}")
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            assert all(label in each["metric"] for each in found), f"{title}: no label {label}"
    assert not bad, "\n".join(bad)
    for name in dashboard()["templating"]["list"][1:]:
        label = re.findall(r", (\w+)\)$", name["definition"])[0]
        assert await ask(prometheus, f"/api/v1/label/{label}/values")
    for rule in rules():
        await ask(prometheus, "/api/v1/query", query=rule["expr"])
