# docker build -t gtm .
# docker run -v ./zones:/etc/gtm/zones:ro -v gtm-state:/var/lib/gtm -p 53:5300/udp -p 53:5300/tcp gtm
#
# It answers on 5300 inside, so that its user needs no capability; publish that as 53.
# Every setting is a GTM_* variable; `docker exec CONTAINER gtm status` asks the running server.

FROM rust:1-slim AS rust

FROM python:3.13-slim AS build
WORKDIR /src
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
COPY --from=rust /usr/local/rustup /usr/local/rustup
COPY --from=rust /usr/local/cargo /usr/local/cargo
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:$PATH
RUN python -m venv /opt/gtm
COPY pyproject.toml setup.py README.md LICENSE ./
COPY native native
COPY data data
COPY zones zones
COPY gtm gtm
RUN GTM_REQUIRE_NATIVE=1 \
    /opt/gtm/bin/pip install --no-cache-dir --disable-pip-version-check ".[uvloop]"

FROM python:3.13-slim
COPY --from=build /opt/gtm /opt/gtm
RUN install -d -o 65532 -g 65532 /run/gtm /var/lib/gtm
ENV PATH=/opt/gtm/bin:$PATH \
    GTM_ZONES=/etc/gtm/zones \
    GTM_STATE=/var/lib/gtm \
    GTM_LISTEN=0.0.0.0:5300,[::]:5300 \
    GTM_API=unix:/run/gtm/gtm.sock \
    GTM_LOG_FORMAT=json
USER 65532:65532
EXPOSE 5300/udp 5300/tcp
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["gtm", "status"]
ENTRYPOINT ["gtm"]
CMD ["serve"]
