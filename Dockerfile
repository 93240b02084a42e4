# syntax=docker/dockerfile:1
# The server with its browser client inside, on a small Debian. docker build -t moim .

FROM node:20.20.2-bookworm-slim AS client
WORKDIR /moim/static
COPY static/package.json static/package-lock.json ./
RUN npm ci --no-fund --no-audit
COPY static ./
RUN npm run build

FROM rust:1.95.0-bookworm AS server
WORKDIR /moim
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock build.rs ./
COPY src src
COPY benches benches
COPY --from=client /moim/static/dist static/dist
# The caches keep crates and what was built of them, so that a change of the sources builds the sources alone.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/moim/target \
    cargo build --locked --profile dist --bin moim && cp target/dist/moim moim

FROM debian:12.12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/moim --create-home moim
COPY --from=server /moim/moim /usr/local/bin/moim
LABEL org.opencontainers.image.title="Moim" org.opencontainers.image.licenses="MIT OR Apache-2.0"
USER moim
WORKDIR /var/lib/moim
ENV MOIM_LISTEN=[::]:8080 MOIM_DATA=/var/lib/moim
VOLUME /var/lib/moim
EXPOSE 8080
STOPSIGNAL SIGTERM
# Longer than it asks for itself (5 s); a start may read documents back first.
HEALTHCHECK --interval=10s --timeout=8s --start-period=30s --retries=3 CMD ["moim", "health"]
ENTRYPOINT ["moim"]
CMD ["serve"]
