import { describe, expect, test } from '@jest/globals'
import { gatewayEnvironment } from '../../../demo/command/gateway-environment.ts'
import { parseConfig } from '../../../src/config/parse-config.ts'

const PARTS = {
  appOrigin: 'http://localhost:8081',
  port: 8081,
  issuer: 'http://127.0.0.1:9400',
  apiUrl: 'http://127.0.0.1:9401',
  clientId: 'coatcheck-demo',
  clientSecret: 'k3nUvVqXrZbY0sPdWmFhTjLgCaEoNi9u1x2y3z4A5B6',
}

describe("the demo's gateway", () => {
  test('boots from nothing but what the demo knows, on the embedded store', () => {
    const { config } = parseConfig({ env: gatewayEnvironment({}, PARTS) })
    expect(config.baseUrl.origin).toBe('http://localhost:8081')
    expect(config.store.kind).toBe('memory')
    expect(config.provider.claims).toContain('role')
  })

  test('takes the store and the log level of whoever starts it', () => {
    const theirs = { COATCHECK_STORE: 'redis://localhost:6379', COATCHECK_LOG_LEVEL: 'info' }
    const { config } = parseConfig({ env: gatewayEnvironment(theirs, PARTS) })
    expect(config.store.kind).toBe('redis')
    expect(config.log.level).toBe('info')
  })

  test('keeps to its own provider, client and address, whatever a shell still has from elsewhere', () => {
    const elsewhere = {
      COATCHECK_BASE_URL: 'https://app.example.com',
      COATCHECK_ISSUER: 'https://idp.example.com',
      COATCHECK_CLIENT_SECRET_FILE: '/run/secrets/client-secret',
      COATCHECK_CONFIG: '/etc/coatcheck.yaml',
      COATCHECK_DEMO_PORT: '8081',
    }
    const { config } = parseConfig({ env: gatewayEnvironment(elsewhere, PARTS) })
    expect(config.baseUrl.origin).toBe('http://localhost:8081')
    expect(config.provider.issuer).toBe('http://127.0.0.1:9400')
    expect(config.provider.clientSecret?.reveal()).toBe(PARTS.clientSecret)
  })
})
