import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { parseConfig } from '../../src/config/parse-config.ts'

const shipped = (name: string): Promise<string> => readFile(new URL(`../../${name}`, import.meta.url), 'utf8')

interface Instruction {
  readonly name: string
  readonly words: string
}

/** A Dockerfile's instructions in order, continued lines joined. */
function parseDockerfile(text: string): readonly Instruction[] {
  const lines = text.replace(/^\s*#.*\n/gm, '').replace(/\\\n\s*/g, ' ')
  return [...lines.matchAll(/^([A-Z]+) +(.*)$/gm)].map(([, name = '', words = '']) => ({ name, words }))
}

interface Service {
  readonly image?: string
  readonly build?: unknown
  readonly user?: string
  readonly profiles?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly networks?: readonly string[]
  readonly healthcheck?: { readonly test?: readonly string[] }
  readonly command?: readonly string[]
  readonly secrets?: readonly string[]
  readonly [setting: string]: unknown
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean; readonly ipam?: { config: { subnet: string }[] } }>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
}

let instructions: readonly Instruction[]
/** Of the last stage, which is the image. */
let image: readonly Instruction[]
let compose: Compose
let example: Readonly<Record<string, string>>

beforeAll(async () => {
  instructions = parseDockerfile(await shipped('Dockerfile'))
  image = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'))
  const text = await shipped('compose.yaml')
  // The values that the file itself shows.
  example = Object.fromEntries([...text.matchAll(/^# {3}([A-Z_]+)=(.+)$/gm)].map(([, name = '', value = '']) => [name, value]))
  compose = parse(
    text.replace(/\$\{([A-Z_]+)(?::([?-])([^}]*))?\}/g, (_, name: string, kind?: string, rest?: string) => {
      const value = example[name] ?? (kind === '-' ? rest : undefined)
      if (value === undefined) throw new Error(`compose.yaml asks for ${name}, but shows no value for it.`)
      return value
    }),
    { merge: true },
  )
})

const words = (name: string): readonly string[] => image.filter((each) => each.name === name).map((each) => each.words)

describe('The image', () => {
  test('is made from one base, named by version and release.', () => {
    const bases = instructions.filter(({ name }) => name === 'FROM').map((each) => each.words.split(' ')[0] ?? '')
    const stages = instructions.flatMap(({ name, words: said }) => (name === 'FROM' ? [/ AS (\w+)$/.exec(said)?.[1] ?? ''] : []))
    expect(new Set(bases.filter((base) => !stages.includes(base)))).toEqual(new Set(['node:26-bookworm-slim', 'scratch']))
  })

  test('holds no shell and no package manager: nothing but node, its libraries and the program.', () => {
    expect(words('FROM')).toEqual(['scratch'])
    expect(words('COPY').filter((said) => said.startsWith('--from'))).toEqual([
      '--from=system /system /',
      '--from=production /app/node_modules ./node_modules',
      '--from=build /app/dist ./dist',
      '--from=production /app/sbom.cdx.json ./',
    ])
    // Whatever is run while it is built, and when it is run, is node, by words and not by a shell.
    for (const name of ['RUN', 'ENTRYPOINT'])
      for (const said of words(name)) expect(JSON.parse(said)).toEqual(expect.arrayContaining(['node']))
    const [system] = instructions.filter(({ name, words: said }) => name === 'RUN' && said.includes('/system/usr/local/bin/node'))
    expect(system?.words).toContain('ldd /system/usr/local/bin/node')
    expect(system?.words).not.toMatch(/\/bin\/(?:ba|da)?sh|busybox/)
  })

  test('runs as somebody who owns nothing in it.', () => {
    expect(words('USER')).toEqual(['node'])
    const afterUser = image.slice(image.findIndex(({ name }) => name === 'USER'))
    expect(afterUser.map(({ name }) => name)).not.toContain('RUN')
    expect(instructions.filter(({ words: said }) => said.includes('--chown'))).toEqual([])
  })

  test('hands signals to node itself.', () => {
    for (const [name, expected] of [
      ['ENTRYPOINT', ['node', '--initial-old-space-size=128', '/app/dist/main.js']],
      ['CMD', ['serve']],
    ] as const) {
      expect(words(name).map((json): unknown => JSON.parse(json))).toEqual([expected])
    }
    expect(words('STOPSIGNAL')).toEqual(['SIGTERM'])
  })

  test('says by its own means whether it is alive.', () => {
    const [check = ''] = words('HEALTHCHECK')
    const [, json = ''] = /CMD (\[.*\])$/.exec(check) ?? []
    expect(JSON.parse(json)).toEqual(['node', '-e', expect.stringContaining('/healthz')])
    expect(check).not.toMatch(/curl|wget/)
  })

  test('holds nothing that only development needs, and is made from nothing unnamed.', () => {
    const text = image.map(({ words: said }) => said).join('\n')
    expect(text).toContain('--from=production /app/node_modules')
    const [installs] = instructions.filter(({ words: said }) => said.includes('--omit=dev'))
    expect(installs?.words).toMatch(/^npm ci --omit=dev --ignore-scripts/)
    expect(instructions.map(({ name }) => name)).not.toContain('ADD')
    expect(
      image.filter(({ name, words: said }) => name === 'COPY' && / \.\.? /.test(` ${said.split(' ').slice(0, -1).join(' ')} `)),
    ).toEqual([])
  })

  test('says what it is made of, by a bill of materials of what is installed, and keeps the licences.', () => {
    const [installs] = instructions.filter(({ words: said }) => said.includes('--omit=dev'))
    expect(instructions).toContainEqual({ name: 'RUN', words: 'node bin/packages/write-bill-of-materials.ts sbom.cdx.json' })
    expect(installs?.words).toMatch(/ -name '\*\.md' .* ! -iname 'licen\[cs\]e\*' .* -delete/)
    expect(words('COPY')).toContain('--from=production /app/sbom.cdx.json ./')
  })

  test('is sent only what it copies: no secret, no history.', async () => {
    const [everything, ...but] = (await shipped('.dockerignore'))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    expect(everything).toBe('*')
    const allowed = but.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
    const copied = instructions
      .filter(({ name, words: said }) => name === 'COPY' && !said.startsWith('--from'))
      .flatMap(({ words: said }) => said.split(' ').slice(0, -1))
    expect(new Set(allowed)).toEqual(new Set(copied))
  })

  test('listens where a container must.', () => {
    expect(words('ENV').join(' ')).toContain('COATCHECK_LISTEN=0.0.0.0:8080')
    expect(words('ENV').join(' ')).toContain('COATCHECK_PRIVATE_LISTEN=0.0.0.0:9090')
    expect(words('EXPOSE')).toEqual(['8080'])
  })
})

describe('compose.yaml', () => {
  test('gives every container as little as it can live with.', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      expect([name, service]).toEqual([
        name,
        expect.objectContaining({
          read_only: true,
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
          restart: 'unless-stopped',
          image: expect.stringMatching(/:(?!latest)[\w.-]+$/),
        }),
      ])
      expect(service['privileged']).toBeUndefined()
      // The gateway's image brings its own.
      if (name !== 'coatcheck') expect(service.healthcheck).toBeDefined()
    }
  })

  test('publishes nginx alone.', () => {
    const published = Object.entries(compose.services).filter(
      ([, { ports, profiles }]) => ports !== undefined && profiles === undefined,
    )
    expect(published.map(([name]) => name)).toEqual(['nginx'])
    // What the demonstration adds is for this machine's own browser.
    for (const { ports = [], profiles } of Object.values(compose.services)) {
      if (profiles !== undefined) expect(ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true)
    }
    expect(compose.networks).toMatchObject({ front: { internal: true }, store: { internal: true } })
    const members = (network: string) =>
      Object.entries(compose.services).flatMap(([name, { networks }]) => (networks?.includes(network) ? [name] : []))
    expect(members('front')).toEqual(['nginx', 'coatcheck'])
    expect(members('store')).toEqual(['coatcheck', 'redis'])
    expect(members('edge')).toEqual(['nginx'])
  })

  test('configures a gateway that starts, and believes nginx alone.', () => {
    const { environment = {}, secrets = [] } = compose.services['coatcheck'] ?? {}
    const mounted = new Map([
      ['/run/secrets/server-keys', randomBytes(48).toString('base64url')],
      ['/run/secrets/client-secret', randomBytes(24).toString('base64')],
    ])
    expect(secrets.map((name) => `/run/secrets/${name}`)).toEqual(expect.arrayContaining([...mounted.keys()]))
    const { config } = parseConfig({ env: environment, readFile: (path) => mounted.get(path) ?? '' })
    expect(config.network.trustedProxies).toEqual([compose.networks['front']?.ipam?.config[0]?.subnet])
    expect(config.store.kind).toBe('redis')
    expect(config.baseUrl.origin).toBe(example['COATCHECK_BASE_URL'])
    // What Docker kills must have had the time to drain.
    const grace = Number.parseInt(String(compose.services['coatcheck']?.['stop_grace_period']), 10) * 1000
    expect(grace).toBeGreaterThan(config.drain.delayMilliseconds + config.drain.deadlineMilliseconds)
  })

  test('fills in every variable that nginx.conf asks for.', async () => {
    const { environment = {}, command } = compose.services['nginx'] ?? {}
    const asked = [...(await shipped('nginx.conf')).matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => name ?? '')
    for (const name of new Set(asked)) expect(environment).toHaveProperty(name)
    expect(command).toEqual(['nginx', '-c', `${environment['NGINX_ENVSUBST_OUTPUT_DIR']}/nginx.conf`, '-g', 'daemon off;'])
  })

  test('keeps sessions in a Redis that throws none away.', () => {
    const command = compose.services['redis']?.command?.join(' ')
    expect(command).toContain('--maxmemory-policy noeviction')
    expect(command).toContain('--appendonly yes')
  })

  test('shows secrets as files alone.', () => {
    for (const { environment = {} } of Object.values(compose.services)) {
      for (const name of Object.keys(environment)) expect(name).not.toMatch(/(SECRET|SECRETS|PASSWORD|KEY)$(?<!NGINX_TLS_KEY)/)
    }
  })

  test('sets for the demonstration only what its parts read.', async () => {
    const parts = (await shipped('demo/provider.ts')) + (await shipped('demo/api.ts'))
    for (const { environment = {}, profiles } of Object.values(compose.services)) {
      if (profiles === undefined) continue
      for (const name of Object.keys(environment)) expect(parts).toContain(name)
    }
  })
})
