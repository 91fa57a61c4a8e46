# Coatcheck as a container: compiled JavaScript, production dependencies, nothing else. It writes to no file, so run it read-only:
#
#   docker build -t coatcheck .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges --env-file coatcheck.env -p 127.0.0.1:8080:8080 coatcheck
#   docker run --rm --env-file coatcheck.env coatcheck check
#
# compose.yaml shows it beside nginx and Redis. Where numbers are asked for (Kubernetes: runAsUser), its user is 1000.

FROM node:26-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./

# ---- compiles ----

FROM packages AS build
# No install script runs: the one that is allowed fetches a Node.js for machines that have an older one.
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

# ---- the provider and the API of the demonstration, for the profile "demo" of compose.yaml; no part of the image ----

FROM build AS demo
COPY demo ./demo
USER node
CMD ["node", "demo/provider.ts"]

# ---- the packages that run ----

FROM packages AS production
COPY bin/packages ./bin/packages
# Documentation goes; licences stay, in whatever form a package brings its own.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && node bin/packages/write-bill-of-materials.ts sbom.cdx.json \
 && find node_modules -type f \( -name '*.map' -o -name '*.md' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' \) \
      ! -iname 'licen[cs]e*' ! -iname 'copying*' ! -iname 'notice*' -delete \
 && rm -rf node_modules/.package-lock.json

# ---- the image ----

FROM node:26-bookworm-slim
LABEL org.opencontainers.image.title="Coatcheck" \
      org.opencontainers.image.description="A Backend-for-Frontend gateway: sign-in, sessions and API calls for single-page apps, with no token in the browser." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/node:26-bookworm-slim"
WORKDIR /app
# Owned by root: the user below can read its own program, not change it.
COPY --from=production /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=production /app/sbom.cdx.json ./
COPY package.json LICENSE ./
RUN printf '#!/bin/sh\nexec node /app/dist/main.js "$@"\n' >/usr/local/bin/coatcheck && chmod 755 /usr/local/bin/coatcheck

ENV NODE_ENV=production \
    COATCHECK_LISTEN=0.0.0.0:8080 \
    COATCHECK_PRIVATE_LISTEN=0.0.0.0:9090
USER node
# 9090 (health, metrics) is for the network behind: publish it to nobody.
EXPOSE 8080
STOPSIGNAL SIGTERM
# Alive, not ready: a provider that is away must not get a gateway restarted, which would only make things worse. Balancers ask /readyz.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.COATCHECK_PRIVATE_LISTEN.split(':').pop()}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# node itself is process 1, so that SIGTERM reaches it and the drain begins.
# Large bodies pass through buffers that count against the heap: one that may grow a little first is collected half as often.
ENTRYPOINT ["node", "--initial-old-space-size=128", "/app/dist/main.js"]
CMD ["serve"]
