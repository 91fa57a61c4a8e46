import { execFile } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A certificate for one host, with its key, as files and as text; the chain ends with the authority's own certificate. */
export interface Certificate {
  readonly certificateFile: string
  readonly keyFile: string
  readonly certificate: string
  readonly key: string
}

export interface CertificateAuthority {
  /** For `NODE_EXTRA_CA_CERTS`. */
  readonly file: string
  readonly certificate: string
  /** Base64 SHA-256 of the authority's public key, for Chromium's `--ignore-certificate-errors-spki-list`. */
  readonly fingerprint: string
  readonly issue: (host: string) => Promise<Certificate>
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const

/** Makes a certificate authority of a test's own in `folder`, which the test removes; it is trusted by nobody else. */
export async function createCertificateAuthority(folder: string): Promise<CertificateAuthority> {
  const file = join(folder, 'authority.pem')
  const keyFile = join(folder, 'authority.key')
  const subject = ['-subj', '/CN=Coatcheck test authority', '-days', '2', '-addext', 'keyUsage=critical,keyCertSign']
  await run('openssl', ['req', '-x509', ...NEW_KEY, ...subject, '-keyout', keyFile, '-out', file])
  const certificate = await readFile(file, 'utf8')
  const publicKey = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  return { file, certificate, fingerprint: createHash('sha256').update(publicKey).digest('base64'), issue }

  async function issue(host: string): Promise<Certificate> {
    const files = { certificateFile: join(folder, `${host}.pem`), keyFile: join(folder, `${host}.key`) }
    const extensions = ['-addext', `subjectAltName=DNS:${host}`, '-addext', 'basicConstraints=critical,CA:false']
    const signer = ['-CA', file, '-CAkey', keyFile, '-days', '2']
    const output = ['-keyout', files.keyFile, '-out', files.certificateFile]
    await run('openssl', ['req', '-x509', ...NEW_KEY, '-subj', `/CN=${host}`, ...extensions, ...signer, ...output])
    const chain = (await readFile(files.certificateFile, 'utf8')) + certificate
    await writeFile(files.certificateFile, chain)
    return { ...files, certificate: chain, key: await readFile(files.keyFile, 'utf8') }
  }
}
