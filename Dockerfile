# syntax=docker/dockerfile:1

# What is needed to build: all packages, the sources of server and page.
FROM node:22-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

# What is needed to run. The embedded PostgreSQL, the optional packages, is for machines without a database; a container
# is given one.
FROM node:22-bookworm-slim AS packages
WORKDIR /packages
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

FROM node:22-bookworm-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    BACKEND_VOLUME_DIR=/volume_data \
    KERNELBOARD_SPOOL_DIR=/spool
WORKDIR /kernelboard
# Owned by root: the program cannot change itself.
COPY --from=packages /packages/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY package.json LICENSE ./
COPY bin ./bin
RUN install -d -o node -g node /volume_data /spool \
    && ln -s /kernelboard/bin/kernelboard /usr/local/bin/kernelboard
USER node
VOLUME ["/volume_data", "/spool"]
# The API and the page; metrics of the web server; metrics of the ingestion.
EXPOSE 8000 8001 8002
# `ingest` answers no requests: its containers switch this off or ask for its metrics.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/kernelboard/bin/kernelboard"]
CMD ["serve"]
