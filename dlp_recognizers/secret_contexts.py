"""Tokens without a prefix of their own: the vendor's name before them and the vendor's alphabet and length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dlp_recognizers.linear import Judge, Shape, Verdict, compiled
from dlp_recognizers.page import Page
from dlp_recognizers.randomness import entropy, placeholder

_HEX32, _HEX40, _HEX64 = "[0-9a-f]{32}", "[0-9a-f]{40}", "[0-9a-f]{64}"
_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

CONTEXTS: Final[tuple[tuple[str, str, str], ...]] = (
    ("cohere", r"cohere|\bco_api", r"[A-Za-z0-9]{40}"),
    ("mistral", r"mistral", r"[A-Za-z0-9]{32}"),
    ("azure openai", r"azure[ _-]?openai|cognitive|ocp-apim-subscription", r"(?:[0-9a-f]{32}|[A-Za-z0-9]{84})"),
    ("ai21", r"ai21", r"[A-Za-z0-9]{32}"),
    ("deepgram", r"deepgram", _HEX40),
    ("assemblyai", r"assembly[ _-]?ai", _HEX32),
    ("elevenlabs", r"eleven[ _-]?labs", _HEX32),
    ("wandb", r"wandb|weights.?(?:and|&).?biases", _HEX40),
    ("heroku", r"heroku", _UUID),
    ("cloudflare", r"cloudflare|\bcf_", r"(?:[A-Za-z0-9_-]{40}|[0-9a-f]{37})"),
    ("fastly", r"fastly", r"[A-Za-z0-9_-]{32}"),
    ("datadog", r"data ?dog|\bdd_", rf"(?:{_HEX40}|{_HEX32})"),
    ("sentry", r"sentry", _HEX64),
    ("pagerduty", r"pager_?duty", r"[A-Za-z0-9_+-]{20}"),
    ("opsgenie", r"opsgenie", _UUID),
    ("auth0", r"auth0", r"[A-Za-z0-9_-]{64}"),
    ("atlassian", r"atlassian|jira|confluence", r"[A-Za-z0-9]{24}"),
    ("bitbucket", r"bitbucket", r"[A-Za-z0-9_-]{32,64}"),
    ("discord", r"discord", r"[A-Za-z0-9_-]{32}"),
    ("shopify", r"shopify", _HEX32),
    ("paypal", r"paypal", r"[A-Za-z0-9_-]{80}"),
    ("plaid", r"plaid", r"[0-9a-f]{30}"),
    ("algolia", r"algolia", _HEX32),
    ("snowflake", r"snowflake", r"[A-Za-z0-9+/=_-]{40,120}"),
    ("confluent", r"confluent|kafka", r"[A-Za-z0-9+/]{64}"),
    ("dropbox", r"dropbox", r"[a-z0-9]{15}"),
    ("facebook", r"facebook|\bfb_|meta_app", _HEX32),
    ("twitter", r"twitter|x_api", r"[A-Za-z0-9-]{40,55}"),
    ("linkedin", r"linkedin", r"[A-Za-z0-9]{16}"),
    ("twitch", r"twitch", r"[a-z0-9]{30}"),
    ("spotify", r"spotify", _HEX32),
    ("zendesk", r"zendesk", r"[A-Za-z0-9]{40}"),
    ("freshdesk", r"freshdesk", r"[A-Za-z0-9]{20}"),
    ("postmark", r"postmark", _UUID),
    ("mailjet", r"mailjet", _HEX32),
    ("sparkpost", r"sparkpost", _HEX40),
    ("messagebird", r"message_?bird", r"[A-Za-z0-9]{25}"),
    ("vonage", r"vonage|nexmo", r"[A-Za-z0-9]{16}"),
    ("twilio", r"twilio", _HEX32),
    ("pusher", r"pusher", r"[0-9a-f]{20}"),
    ("codecov", r"codecov", _UUID),
    ("travis", r"travis", r"[A-Za-z0-9_-]{22}"),
    ("circleci", r"circle_?ci", _HEX40),
    ("snyk", r"snyk", _UUID),
    ("sonar", r"sonar", _HEX40),
    ("jenkins", r"jenkins", r"(?:11)?[0-9a-f]{32}"),
    ("linode", r"linode", _HEX64),
    ("vultr", r"vultr", r"[A-Z0-9]{36}"),
    ("hetzner", r"hetzner|hcloud", r"[A-Za-z0-9]{64}"),
    ("ibm", r"ibm[ _-]?(?:cloud)?|bluemix", r"[A-Za-z0-9_-]{44}"),
    ("okta", r"okta", r"[A-Za-z0-9_-]{40,64}"),
    ("splunk", r"splunk|hec_", _UUID),
    ("rollbar", r"rollbar", _HEX32),
    ("bugsnag", r"bugsnag", _HEX32),
    ("mixpanel", r"mixpanel|amplitude", _HEX32),
    ("segment", r"segment", r"[A-Za-z0-9]{32}"),
    ("airtable", r"airtable", r"key[A-Za-z0-9]{14}"),
    ("trello", r"trello", rf"(?:{_HEX64}|{_HEX32})"),
    ("asana", r"asana", _HEX32),
    ("openweather", r"open_?weather", _HEX32),
    ("infura", r"infura|etherscan", r"(?:[0-9a-f]{32}|[A-Z0-9]{34})"),
    ("binance", r"binance", r"[A-Za-z0-9]{64}"),
    ("kraken", r"kraken", r"[A-Za-z0-9+/=]{56,90}"),
    ("wireguard", r"(?:private|preshared)_?key", r"[A-Za-z0-9+/]{43}="),
    ("rails", r"master[ _-]?key|secret_key_base", r"(?:[0-9a-f]{128}|[0-9a-f]{32})"),
    ("django", r"django|secret_key", r"[A-Za-z0-9!@#$%^&*()_=+-]{50}"),
    ("kubeadm", r"kubeadm|--token", r"[a-z0-9]{6}\.[a-z0-9]{16}"),
    ("azure devops", r"azure[ _-]?devops|\bado_|vsts", r"[a-z2-7]{52}"),
    ("ngrok", r"ngrok", r"[12][A-Za-z0-9]{26}_[A-Za-z0-9]{20,22}"),
    ("ably", r"\bably", r"[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{6}:[A-Za-z0-9_-]{43}"),
    ("yandex", r"yandex", r"YC[A-Za-z0-9_-]{38}"),
    ("grafana old", r"grafana", r"eyJrIjoi[A-Za-z0-9=]{60,110}"),
)
"""(name, words, value): the words in any letter case, the value as the vendor writes it."""

_BETWEEN = (
    # Also a name and its value apart, as in the environment of a container: `- name: X_KEY`, `value: ...` below it.
    r"[A-Za-z0-9_. \x22'\[\]()-]{0,40}[\x22'`\]]?\s{0,3}(?:=>|:=|[:=,|\t]|\bis\b"
    r"|,?\s{0,24}[\x22']?\bvalue\b[\x22']?\s{0,3}[:=]?)\s{0,3}(?i:bearer |token )?[\x22'`]?"
)


def _judge(value: str) -> Judge:
    tail = compiled(rf"{value}$")

    def judge(page: Page, start: int, end: int) -> Verdict:
        match = tail.search(page.data[start:end])
        if match is None or page.char(end).isalnum() or page.char(end) in "_-":
            return None
        low = start + match.start()
        token = page.text[low:end]
        good = any(map(str.isdigit, token)) and entropy(token) > 2.8 and not placeholder(token)
        return (low, end, 0.85) if good and len(set(token)) > 7 else None

    return judge


def shapes() -> Sequence[Shape]:
    """One shape for each vendor."""
    return [
        Shape(f"context {name}", rf"(?i:{words}){_BETWEEN}{value}", judge=_judge(value), gate=f"(?i:{words})")
        for name, words, value in CONTEXTS
    ]
