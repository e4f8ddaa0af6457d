"""More token formats: model providers, build and delivery, data platforms, payments, messaging, office services."""

from __future__ import annotations

from typing import Final

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

MODELS: Final[tuple[tuple[str, str], ...]] = (
    ("together", r"\btgp_v1_[A-Za-z0-9_-]{40,50}"),
    ("cerebras", r"\bcsk-[a-z0-9]{40,60}"),
    ("voyage", r"\bpa-[A-Za-z0-9_-]{40,50}"),
    ("jina", r"\bjina_[A-Za-z0-9_-]{40,80}"),
    ("llamacloud", r"\bllx-[A-Za-z0-9]{40,60}"),
    ("weights and biases", r"\bwandb_v1_[A-Za-z0-9_]{40,100}"),
    ("langfuse", rf"\b[ps]k-lf-{_UUID}"),
    ("firecrawl", r"\bfc-[0-9a-f]{32}\b"),
    ("brave search", r"\bBSA[A-Za-z0-9_-]{27,29}\b"),
    ("anyscale", r"\besecret_[a-z0-9]{20,40}"),
    ("runpod", r"\brpa_[A-Z0-9]{30,60}"),
    ("cursor", r"\bkey_[0-9a-f]{64}\b"),
    ("e2b", r"\be2b_[0-9a-f]{40}\b"),
    ("comet", r"\bsk_comet_[A-Za-z0-9_-]{20,60}"),
    ("arize", r"\bak-[0-9a-f]{8}-[A-Za-z0-9-]{20,60}"),
)

BUILD: Final[tuple[tuple[str, str], ...]] = (
    ("gitlab runner", r"\bGR1348941[A-Za-z0-9_-]{20}"),
    ("gitlab incoming mail", r"\bglimt-[A-Za-z0-9_-]{25}"),
    ("harness", r"\b[ps]at\.[A-Za-z0-9_-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}"),
    ("octopus deploy", r"\bAPI-[A-Z0-9]{26}\b"),
    ("scalingo", r"\btk-us-[A-Za-z0-9_-]{48}"),
    ("render", r"\brnd_[A-Za-z0-9]{28,40}"),
    ("infracost", r"\bico-[A-Za-z0-9]{32}\b"),
    ("stytch", r"\bsecret-(?:live|test)-[A-Za-z0-9_=-]{34,40}"),
    ("deno deploy", r"\bdd[pw]_[A-Za-z0-9]{36}\b"),
    ("packagist", r"\bpackagist_[ou][ru]t_[0-9a-f]{68}"),
    ("localstack", r"\bls-[A-Za-z]{8}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{12}"),
    ("docker swarm", r"\bSWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}"),
    ("openshift", r"\bsha256~[A-Za-z0-9_-]{43}\b"),
    ("laravel", r"\bbase64:[A-Za-z0-9+/]{43}="),
    (
        "1password secret key",
        r"\bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}",
    ),
    ("infisical", r"\bst\.[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}"),
    (
        "authress",
        r"\b(?:sc|ext|scauth|authress)_[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[a-z0-9+/_=-]{30,120}",
    ),
    ("defined networking", r"\bdnkey-[A-Za-z0-9=_-]{26}-[A-Za-z0-9=_-]{52}"),
    ("jumpcloud", r"\bjca_[A-Za-z0-9]{36}\b"),
    ("akamai", r"\bakab-[a-z0-9]{16}-[a-z0-9]{16}\b"),
    ("semgrep", r"\bsgp_[A-Za-z0-9]{64}\b"),
    ("buildkite agent", r"\bbk(?:ct|at)_[A-Za-z0-9]{32,48}\b"),
    ("kubeapps or sidero", r"\bomni_[A-Za-z0-9_-]{40,120}"),
)

CLOUD: Final[tuple[tuple[str, str], ...]] = (
    ("aws bedrock", r"\bABSK[A-Za-z0-9+/]{100,200}={0,2}"),
    ("aws session", r"\b(?:FwoGZXIvYXdz|IQoJb3JpZ2lu|FQoGZXIvYXdz)[A-Za-z0-9/+=]{100,}"),
    ("amazon mws", rf"\bamzn\.mws\.{_UUID}"),
    ("aws appsync", r"\bda2-[a-z0-9]{26}\b"),
    ("azure 64-byte key", r"\b[A-Za-z0-9/+]{76}(?:APIM|ACDb|\+(?:ABa|AMC|ASt))[A-Za-z0-9/+]{5}[AQgw]=="),
    ("azure 32-byte key", r"\b[A-Za-z0-9/+]{33}(?:AIoT|\+(?:ASb|AEh|ARm))[A-Za-z0-9/+]{5}[A-P]="),
    ("azure function key", r"\b[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]=="),
    ("azure search key", r"\b[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}\b"),
    ("azure container registry", r"\b[A-Za-z0-9+/]{42}\+ACR[A-D][A-Za-z0-9]{5}\b"),
    ("azure cache key", r"\b[A-Za-z0-9]{33}AzCa[A-P][A-Za-z0-9]{5}="),
    ("azure devops", r"\b[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}\b"),
    ("digitalocean spaces", r"\bDO00[A-Z0-9]{16}\b"),
    ("scaleway", r"\bSCW[A-Z0-9]{17}\b"),
    ("ibm cloud", r"\bApiKey-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    ("cockroach cloud", r"\bCCDB1_[A-Za-z0-9]{22}_[A-Za-z0-9]{40}"),
    ("confluent", r"\bcflt[A-Za-z0-9/+]{60}\b"),
    ("mongodb atlas", r"\bmdb_sa_sk_[A-Za-z0-9_-]{38,44}"),
    ("neon", r"\bnapi_[a-z0-9]{60,70}\b"),
    ("dbt", r"\bdbt[cu]_[A-Za-z0-9_=-]{30,80}"),
    ("elastic", r"\bessu_[A-Za-z0-9+/=]{40,120}"),
    ("clickhouse cloud", r"\b4b1d[A-Za-z0-9]{38}\b"),
    ("maxmind", r"\b[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk\b"),
    ("snowflake token", r"\bver:[0-9]-hint:[0-9]{6,}-ETMsDgAA[A-Za-z0-9+/=]{60,}"),
)

SERVICES: Final[tuple[tuple[str, str], ...]] = (
    ("salesforce", r"\b00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{80,140}"),
    ("onesignal", r"\bos_v2_(?:app|org)_[a-z2-7]{90,110}"),
    ("mandrill", r"\bmd-[A-Za-z0-9_-]{22}\b"),
    ("klaviyo", r"\bpk_[0-9a-f]{34}\b"),
    ("clickup", r"\bpk_[0-9]{6,9}_[A-Z0-9]{32}\b"),
    ("trello", r"\bATTA[0-9a-f]{64}"),
    ("woocommerce", r"\bc[ks]_[0-9a-f]{40}\b"),
    ("razorpay", r"\brzp_(?:live|test)_[A-Za-z0-9]{14,24}\b"),
    ("flutterwave", r"\bFLWSECK(?:_TEST)?-[0-9a-zA-Z]{32}-X"),
    ("mollie or gocardless", r"\b(?:live|test|sandbox)_[A-Za-z0-9_-]{30,44}\b"),
    ("paddle", r"\bpdl_(?:live|sdbx)_apikey_[a-z0-9]{26}_[A-Za-z0-9]{22}_[A-Za-z0-9]{3}"),
    ("adyen", r"\bAQE[a-z][A-Za-z0-9+/=-]{80,200}"),
    ("mapbox", r"\b[ps]k\.eyJ[A-Za-z0-9_-]{50,120}\.[A-Za-z0-9_-]{20,24}\b"),
    ("twitter bearer", r"\bAAAAAAAAAAAAAAAAAAAAA[A-Za-z0-9%]{70,120}"),
    ("facebook app", r"\b[0-9]{13,17}\|[A-Za-z0-9_-]{27}\b"),
    ("instagram", r"\bIGQ[A-Za-z0-9_-]{100,220}"),
    ("linkedin", r"\bWPL_AP[01]\.[A-Za-z0-9]{8,24}\.[A-Za-z0-9+/=]{8,40}"),
    ("twitch", r"\boauth:[a-z0-9]{30}\b"),
    ("zendesk or intercom", r"\bdG9rO[A-Za-z0-9+/_]{40,60}={0,2}"),
    ("pagerduty", r"\bpdus\+_[A-Z0-9]{4,8}_[A-Za-z0-9-]{36}"),
    ("datadog", r"\bdd(?:pat|app|api)_[A-Za-z0-9]{34,64}"),
    ("coinbase", r"\borganizations/[0-9a-f-]{36}/apiKeys/[0-9a-f-]{36}"),
    ("alchemy", r"\balcht_[A-Za-z0-9]{30}\b"),
    ("hubspot developer", r"\bCiR[A-Za-z0-9_-]{60,200}"),
    ("webflow or courier", r"\bpk_prod_[A-Z0-9]{28}\b"),
    ("lob", r"\b(?:live|test)_(?:pub_)?[0-9a-f]{35}\b"),
    ("checkout.com", r"\bsk_(?:sbox_)?[a-z2-7]{26}[a-z2-7*#$=]"),
    ("telnyx", r"\bKEY0[0-9A-F]{31}_[A-Za-z0-9]{22}"),
    ("zoho", r"\b1000\.[0-9a-f]{32}\.[0-9a-f]{32}"),
    ("smartsheet or pat", r"\bpat_[A-Za-z0-9]{40,80}\b"),
    ("attio or front", rf"\bfront_[A-Za-z0-9]{{30,60}}\b|\bsk_attio_{_UUID}"),
    ("square webhook", r"\bsq0wsec-[A-Za-z0-9_-]{20,44}"),
    ("rechargepay or recurly", r"\bpri_[a-z0-9]{32}\b"),
)

WEAK: Final = frozenset(
    {
        "mollie or gocardless", "voyage", "brave search", "mandrill",
        "azure 64-byte key", "facebook app", "hubspot developer", "smartsheet or pat", "clickhouse cloud",
    }
)  # fmt: skip
"""Formats whose prefix is short or common: the rest must mix cases."""
