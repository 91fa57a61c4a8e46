import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Processes, Started } from './processes.ts'

interface Place {
  /** Folder of this nginx alone; made here. */
  readonly folder: string
  readonly port: number
  readonly core: number
}

/** Runs nginx as one process with what stands in `http`, pinned to a core; resolves once it listens. */
export async function startNginx(processes: Processes, { folder, port, core }: Place, http: string): Promise<Started> {
  await mkdir(folder, { recursive: true })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder}/${each};`)
  const text = `
# One process, which is its own worker: nothing is left when it is killed.
daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  ${temporary.join('\n  ')}
  ${http}
}
`
  const file = join(folder, 'nginx.conf')
  await writeFile(file, text)
  const started = processes.start({ command: 'nginx', words: ['-p', folder, '-c', file, '-e', 'stderr'], core })
  await started.listens(port)
  return started
}

/** An nginx that only carries, with connections kept on both sides: the limit on this machine. */
export function carryingNginx(port: number, upstreamPort: number, accessToken: string): string {
  return `
  upstream api {
    server 127.0.0.1:${upstreamPort};
    keepalive 64;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location /api/ {
      proxy_pass http://api/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Cookie "";
      proxy_set_header Authorization "Bearer ${accessToken}";
    }
  }`
}

/** An nginx in front of a gateway: it hands on what comes, as the shipped nginx.conf does, without TLS, files and log. */
export function frontNginx(port: number, gatewayPort: number): string {
  return `
  upstream gateway {
    server 127.0.0.1:${gatewayPort} max_fails=0;
    keepalive 64;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Request-Id $request_id;
      client_max_body_size 0;
    }
  }`
}

/**
 * The API that everybody carries to. It answers only what is carried well: with the token that the provider issued, and without the
 * browser's cookie; and it counts, so that nobody can answer in its place.
 */
export function answeringNginx(port: number, accessToken: string, answer: string): string {
  return `
  default_type application/json;
  server {
    listen 127.0.0.1:${port};
    location = /count { stub_status; }
    location / {
      if ($http_authorization != "Bearer ${accessToken}") { return 401; }
      if ($http_cookie != "") { return 400; }
      return 200 '${answer}';
    }
  }`
}

/** An API of large bodies: it answers with files, hands what is sent to a sink, and wants the token that the provider issued. */
export function filesNginx({
  port,
  sinkPort,
  folder,
  accessToken,
}: {
  readonly port: number
  readonly sinkPort: number
  readonly folder: string
  readonly accessToken: string
}): string {
  return `
  default_type application/octet-stream;
  sendfile on;
  server {
    listen 127.0.0.1:${port};
    root ${folder};
    client_max_body_size 0;
    if ($http_authorization != "Bearer ${accessToken}") { return 401; }
    location = /sink {
      proxy_pass http://127.0.0.1:${sinkPort};
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_set_header Connection "";
    }
  }`
}
