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
COPY client ./client
RUN npm run build

# ---- the provider and the API of the demonstration, for the profile "demo" of compose.yaml; no part of the image ----

FROM build AS demo
COPY demo ./demo
USER node
CMD ["node", "demo/provider.ts"]

# ---- the packages that run ----

FROM packages AS production
# Documentation goes; licences stay, in whatever form a package brings its own.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && find node_modules -type f \( -name '*.map' -o -name '*.md' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' \) \
      ! -iname 'licen[cs]e*' ! -iname 'copying*' ! -iname 'notice*' -delete \
 && rm -rf node_modules/.package-lock.json
COPY bin/packages ./bin/packages
RUN node bin/packages/write-bill-of-materials.ts sbom.cdx.json

# ---- what node needs of the system: its libraries, as their packages name and license them, and who runs it ----

FROM packages AS system
RUN set -eu; mkdir -p /system/etc /system/usr/local/bin /system/var/lib/dpkg/status.d /system/usr/share/doc; \
    cp -L "$(command -v node)" /system/usr/local/bin/node; \
    for library in $(ldd /system/usr/local/bin/node | grep -o '/[^ ]*'); do \
      cp -L --parents "$library" /system; \
      package=$({ dpkg -S "$library" || dpkg -S "/usr$library"; } 2>/dev/null | head -n 1 | cut -d : -f 1); \
      dpkg -s "$package" >"/system/var/lib/dpkg/status.d/$package"; \
      mkdir -p "/system/usr/share/doc/$package"; \
      cp -L "/usr/share/doc/$package/copyright" "/system/usr/share/doc/$package/"; \
    done; \
    cp /etc/os-release /system/etc/; \
    grep -E '^(root|node):' /etc/passwd >/system/etc/passwd; \
    grep -E '^(root|node):' /etc/group >/system/etc/group; \
    echo 'hosts: files dns' >/system/etc/nsswitch.conf; \
    if [ -e /usr/local/LICENSE ]; then cp /usr/local/LICENSE /system/usr/local/; fi

# ---- the image: no shell, no package manager, nothing that could be run but node itself ----

FROM scratch
LABEL org.opencontainers.image.title="Coatcheck" \
      org.opencontainers.image.description="A Backend-for-Frontend gateway: sign-in, sessions and API calls for single-page apps, with no token in the browser." \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
# Owned by root: the user below can read its own program, not change it.
COPY --from=system /system /
COPY --from=production /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=production /app/sbom.cdx.json ./
COPY package.json LICENSE ./
ENV PATH=/usr/local/bin
# A library that is missing shows here, and not where the image is run.
RUN ["node", "/app/dist/main.js", "--version"]

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
