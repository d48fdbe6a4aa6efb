# syntax=docker/dockerfile:1
# docker build -t gtm .                             (podman build --format docker: the health check)
# docker run --read-only --cap-drop ALL \
#     -v ./zones:/etc/gtm/zones:ro -v gtm-state:/var/lib/gtm -p 53:5300/udp -p 53:5300/tcp gtm
#
# It answers on 5300 inside, so that its user needs no capability; publish that as 53.
# Every setting is a GTM_* variable; `docker exec CONTAINER gtm status` asks the running server.

FROM rust:1-slim-bookworm AS rust

FROM python:3.13-slim-bookworm AS build
WORKDIR /src
# hadolint ignore=DL3008  # whatever compiler the base image's Debian has; none of it is kept
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY --from=rust /usr/local/rustup /usr/local/rustup
COPY --from=rust /usr/local/cargo /usr/local/cargo
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:$PATH
RUN python -m venv /opt/gtm
COPY pyproject.toml setup.py README.md LICENSE ./
COPY native native
COPY data data
COPY zones zones
COPY gtm gtm
# without the native plane there is no image; the linker strips it (native/Cargo.toml has symbols
# for profilers), and what only installs packages goes
RUN GTM_REQUIRE_NATIVE=1 RUSTFLAGS="-C strip=symbols" \
    /opt/gtm/bin/pip install --no-cache-dir --disable-pip-version-check ".[uvloop,http2]" \
    && /opt/gtm/bin/gtm version \
    && /opt/gtm/bin/pip uninstall --yes --quiet pip

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="gtm" \
      org.opencontainers.image.description="An authoritative DNS server that answers an API hostname with the nearest healthy datacenter" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
COPY --from=build /opt/gtm /opt/gtm
# The only place that is written: what outlives a restart, and the API's socket. A volume takes its
# owner from here; a tmpfs for the socket would belong to root, or need options of one engine alone
RUN install -d -m 0750 -o 65532 -g 65532 /var/lib/gtm
ENV PATH=/opt/gtm/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    GTM_ZONES=/etc/gtm/zones \
    GTM_STATE=/var/lib/gtm \
    GTM_LISTEN=0.0.0.0:5300,[::]:5300 \
    GTM_API=unix:/var/lib/gtm/gtm.sock \
    GTM_LOG_FORMAT=json
USER 65532:65532
EXPOSE 5300/udp 5300/tcp
VOLUME ["/var/lib/gtm"]
# fails until every endpoint was probed once and queries are answered
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s CMD ["gtm", "status", "--json"]
ENTRYPOINT ["gtm"]
CMD ["serve"]
