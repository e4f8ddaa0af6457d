# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /opt/llmgw && python -m venv /opt/tools
COPY requirements.lock requirements-build.lock ./
# --no-deps with hashes: exactly the locked files, nothing is resolved here.
RUN /opt/llmgw/bin/pip install --no-deps --require-hashes -r requirements.lock \
 && /opt/tools/bin/pip install --no-deps --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY gateway gateway
COPY addons addons
COPY dlp_recognizers dlp_recognizers
COPY routing_rules routing_rules
COPY certs certs
RUN /opt/tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/llmgw/bin/pip install --no-deps --no-index /wheels/*.whl \
 && /opt/llmgw/bin/python -m compileall -q /opt/llmgw/lib

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/llmgw llmgw \
 && install -d -o llmgw -g llmgw -m 0750 /srv/llmgw
COPY --from=build /opt/llmgw /opt/llmgw
# The stand-in models of the compose file.
COPY demo /opt/llmgw/share/demo
ENV PATH=/opt/llmgw/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER llmgw
WORKDIR /srv/llmgw
EXPOSE 8443 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=40s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9464/readyz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["llmgw"]
CMD ["serve", "-c", "/srv/llmgw/gateway.yaml"]
