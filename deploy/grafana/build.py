"""Writes `dashboards/gateway.json`. The panels are the tables below; ids, places and defaults are worked out.

Run: python deploy/grafana/build.py
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

type Object = dict[str, object]

SOURCE: Object = {"type": "prometheus", "uid": "${datasource}"}
ON = 'job=~"$job", instance=~"$instance"'
RATE = "[$__rate_interval]"
WIDTH = 24


@dataclass(frozen=True)
class Panel:
    """One panel. `queries` pairs an expression with its legend; `%` in an expression stands for the filters."""

    title: str
    description: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    kind: str = "timeseries"
    width: int = 8
    height: int = 8
    stacked: bool = False
    steps: tuple[tuple[float | None, str], ...] = ((None, "green"),)
    mappings: tuple[tuple[str, str, str], ...] = ()
    """Value, text, colour."""


def rate(metric: str, by: str = "", more: str = "") -> str:
    """The per-second rate of a counter, summed."""
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{{%{more}}}{RATE}))"


def quantiles(metric: str) -> tuple[tuple[str, str], ...]:
    """Half, 95 and 99 of a hundred."""
    return tuple(
        (f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{{%}}{RATE})))", f"p{share[2:]:0<2}")
        for share in ("0.5", "0.95", "0.99")
    )


def stat(title: str, description: str, unit: str, query: str, **more: object) -> Panel:
    """A big number."""
    return Panel(title, description, unit, ((query, title),), kind="stat", width=4, height=4, **more)  # type: ignore[arg-type]


ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "At a glance",
        (
            stat("Requests", "Exchanges that ended, per second.", "reqps", rate("llmgw_requests_total")),
            stat(
                "Refused",
                "Share of exchanges that were refused.",
                "percentunit",
                f"{rate('llmgw_requests_total', more=', outcome="refused"')} / {rate('llmgw_requests_total')}",
                steps=((None, "green"), (0.05, "yellow"), (0.2, "red")),
            ),
            stat(
                "Time, p95",
                "From the first header to the last byte, the upstream's time included.",
                "s",
                f"histogram_quantile(0.95, sum by (le) (rate(llmgw_request_seconds_bucket{{%}}{RATE})))",
            ),
            stat(
                "Self-check",
                "Whether a known secret was stopped on its way through the real listener; the worst worker.",
                "none",
                "min(llmgw_canary_ok{%})",
                steps=((None, "red"), (1, "green")),
                mappings=(("0", "failing", "red"), ("1", "ok", "green")),
            ),
            stat(
                "Events waiting",
                "Events that no sink has taken yet.",
                "short",
                'sum(llmgw_outbox_events{%, state="pending"})',
                steps=((None, "green"), (10_000, "yellow"), (100_000, "red")),
            ),
            stat(
                "Events lost",
                "Events lost at the bound of an outbox, within the range shown.",
                "short",
                "sum(increase(llmgw_outbox_lost_total{%}[$__range]))",
                steps=((None, "green"), (1, "red")),
            ),
        ),
    ),
    (
        "Traffic",
        (
            Panel(
                "Outcomes",
                "Exchanges by what became of them.",
                "reqps",
                ((rate("llmgw_requests_total", "outcome"), "{{outcome}}"),),
                stacked=True,
            ),
            Panel(
                "Where requests went",
                "Exchanges by the tier that the policy chose; `none` was refused before a choice.",
                "reqps",
                ((rate("llmgw_requests_total", "tier"), "{{tier}}"),),
                stacked=True,
            ),
            Panel(
                "How sensitive they were",
                "Exchanges by level.",
                "reqps",
                ((rate("llmgw_requests_total", "level"), "{{level}}"),),
                stacked=True,
            ),
            Panel(
                "Time of an exchange",
                "From the first header to the last byte.",
                "s",
                quantiles("llmgw_request_seconds"),
            ),
            Panel(
                "First byte of upstreams",
                "From dialling to the first byte of the answer.",
                "s",
                quantiles("llmgw_upstream_first_byte_seconds"),
            ),
            Panel("Connections", "Open client connections.", "short", (("sum(llmgw_connections{%})", "open"),)),
        ),
    ),
    (
        "What was found",
        (
            Panel(
                "Findings",
                "Findings in prompts by kind, the ten most frequent.",
                "cps",
                ((f"topk(10, {rate('llmgw_findings_total', 'entity')})", "{{entity}}"),),
            ),
            Panel(
                "Refusals",
                "Refused exchanges by code, the ten most frequent.",
                "reqps",
                ((f"topk(10, {rate('llmgw_refusals_total', 'code')})", "{{code}}"),),
            ),
            Panel(
                "Placeholders put back",
                "Values restored in answers.",
                "cps",
                ((rate("llmgw_placeholders_restored_total"), "restored"),),
            ),
        ),
    ),
    (
        "Scanner",
        (
            Panel("Time of a scan", "How long a request waited for its scan.", "s", quantiles("llmgw_scan_seconds")),
            Panel(
                "Text, new and known",
                "Bytes of prompt text that were scanned, and bytes whose findings were known from an earlier turn.",
                "Bps",
                ((rate("llmgw_scan_bytes_total", "source"), "{{source}}"),),
                stacked=True,
            ),
            Panel(
                "Scan processes",
                "Processes alive, scans waiting for one, and processes that were replaced.",
                "short",
                (
                    ("sum(llmgw_scanner_workers{%})", "alive"),
                    ("sum(llmgw_scanner_queue{%})", "waiting"),
                    ("sum(increase(llmgw_scanner_restarts_total{%}[$__rate_interval]))", "replaced"),
                ),
            ),
        ),
    ),
    (
        "Safety",
        (
            Panel(
                "Steps that failed",
                "Failures in the chain; each refused its request.",
                "cps",
                ((rate("llmgw_hook_failures_total", "hook"), "{{hook}}"),),
            ),
            Panel(
                "Last barriers that held",
                "Requests that a last barrier stopped. Anything above zero is a defect.",
                "cps",
                ((rate("llmgw_barrier_refusals_total", "barrier"), "{{barrier}}"),),
            ),
            Panel(
                "Handshakes refused",
                "Client handshakes by the reason of their refusal.",
                "cps",
                ((rate("llmgw_tls_failures_total", "reason"), "{{reason}}"),),
            ),
            Panel(
                "Self-checks that failed",
                "Failed self-checks, and requests let through unscanned because the policy says so.",
                "short",
                (
                    ("sum(increase(llmgw_canary_failures_total{%}[$__rate_interval]))", "self-checks"),
                    ("sum(increase(llmgw_bypass_total{%}[$__rate_interval]))", "let through"),
                ),
            ),
            Panel(
                "Time left",
                "Until certificates and the revocation list run out; the worst worker.",
                "s",
                (
                    ("min by (which) (llmgw_certificate_expiry_timestamp_seconds{%} > 0) - time()", "{{which}}"),
                    ("min(llmgw_crl_next_update_timestamp_seconds{%} > 0) - time()", "revocation list"),
                ),
                kind="stat",
                steps=((None, "red"), (86_400, "yellow"), (259_200, "green")),
            ),
            Panel(
                "Out of date",
                "1 while the policy on disk does not load, or the revocation list is past its nextUpdate.",
                "short",
                (
                    ("max(llmgw_policy_stale{%})", "policy"),
                    ("max(llmgw_crl_stale{%})", "revocation list"),
                    ("sum(increase(llmgw_policy_reload_failures_total{%}[$__rate_interval]))", "failed reloads"),
                ),
            ),
        ),
    ),
    (
        "Evidence and processes",
        (
            Panel(
                "Outbox",
                "Events waiting for a sink, and delivered events kept for a sink that loses its data.",
                "short",
                (("sum by (state) (llmgw_outbox_events{%})", "{{state}}"),),
            ),
            Panel(
                "Delivered",
                "Events that sinks took, and times a sink had lost what it took.",
                "cps",
                (
                    (rate("llmgw_sink_delivered_total", "sink"), "{{sink}}"),
                    (rate("llmgw_sink_rewinds_total", "sink"), "{{sink}} rewinds"),
                ),
            ),
            Panel(
                "Sinks",
                "Whether each sink takes events; the worst worker.",
                "none",
                (("min by (sink) (llmgw_sink_up{%})", "{{sink}}"),),
                kind="stat",
                steps=((None, "red"), (1, "green")),
                mappings=(("0", "down", "red"), ("1", "up", "green")),
            ),
            Panel(
                "Policies in use",
                "Workers for each policy version. More than one for long: some worker does not reload.",
                "short",
                (("count by (version) (llmgw_policy_info{%})", "{{version}}"),),
            ),
            Panel(
                "Age of the policy",
                "Since the policy in use was loaded; the oldest.",
                "s",
                (("time() - min(llmgw_policy_loaded_timestamp_seconds{%} > 0)", "age"),),
                kind="stat",
            ),
            Panel(
                "Workers replaced",
                "Proxy workers that died and were replaced, and the versions that run.",
                "short",
                (
                    ("max(llmgw_worker_restarts{%})", "replaced"),
                    ("count by (version) (llmgw_build_info{%})", "version {{version}}"),
                ),
            ),
        ),
    ),
)


def panel(spec: Panel, number: int, place: Object) -> Object:
    """One panel as Grafana wants it."""
    letters = "ABCDEFGH"
    targets = [
        {
            "refId": letters[index],
            "datasource": SOURCE,
            "expr": expression.replace("%", ON),
            "legendFormat": legend,
            "range": True,
            "instant": False,
        }
        for index, (expression, legend) in enumerate(spec.queries)
    ]
    steps: list[Object] = [{"value": value, "color": colour} for value, colour in spec.steps]
    defaults: Object = {"unit": spec.unit, "thresholds": {"mode": "absolute", "steps": steps}}
    if spec.mappings:
        words = {value: {"text": text, "color": colour} for value, text, colour in spec.mappings}
        defaults["mappings"] = [{"type": "value", "options": words}]
    return {
        "id": number,
        "type": spec.kind,
        "title": spec.title,
        "description": spec.description,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": targets,
        "fieldConfig": {"defaults": defaults | look(spec), "overrides": []},
        "options": options(spec),
    }


def look(spec: Panel) -> Object:
    """The drawing style of a time series; big numbers take their colour from the thresholds."""
    if spec.kind == "stat":
        return {"color": {"mode": "thresholds"}}
    stacking = {"mode": "normal" if spec.stacked else "none", "group": "A"}
    fill = 25 if spec.stacked else 8
    custom: Object = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": fill, "showPoints": "never"}
    return {"color": {"mode": "palette-classic"}, "min": 0, "custom": custom | {"stacking": stacking}}


def options(spec: Panel) -> Object:
    """Legend and tooltip of a time series, the reduction of a big number."""
    if spec.kind == "stat":
        return {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "colorMode": "value",
            "graphMode": "area" if len(spec.queries) == 1 else "none",
            "textMode": "auto",
            "justifyMode": "auto",
            "orientation": "auto",
        }
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def panels() -> list[Object]:
    """Every row and panel, laid out on the grid of 24 columns."""
    made: list[Object] = []
    y = 0
    for title, specs in ROWS:
        place: Object = {"x": 0, "y": y, "w": WIDTH, "h": 1}
        made.append(
            {"id": len(made) + 1, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}
        )
        y += 1
        x = 0
        for spec in specs:
            if x + spec.width > WIDTH:
                x, y = 0, y + spec.height
            made.append(panel(spec, len(made) + 1, {"x": x, "y": y, "w": spec.width, "h": spec.height}))
            x += spec.width
        y += specs[-1].height
    return made


def variable(name: str, label: str, query: str) -> Object:
    """A choice of several values of a label."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "options": [],
        "hide": 0,
    }


def dashboard() -> Object:
    """The whole dashboard."""
    source: Object = {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "hide": 0,
    }
    names = [
        source | {"refresh": 1, "current": {"text": "Prometheus", "value": "prometheus"}, "options": []},
        variable("job", "Job", "label_values(llmgw_policy_stale, job)"),
        variable("instance", "Worker", 'label_values(llmgw_policy_stale{job=~"$job"}, instance)'),
    ]
    return {
        "uid": "llmgw-gateway",
        "title": "LLM egress gateway",
        "description": "Who asked, what was found, where it went, and whether every check is in place.",
        "tags": ["llmgw"],
        "schemaVersion": 41,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "",
        "time": {"from": "now-1h", "to": "now"},
        "refresh": "15s",
        "templating": {"list": names},
        "annotations": {"list": []},
        "links": [],
        "panels": panels(),
    }


def main() -> None:
    """Write the file."""
    path = Path(__file__).parent / "dashboards" / "gateway.json"
    path.write_text(json.dumps(dashboard(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
