import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCertificateAuthority } from './certificates.ts'

/** Texts of an authority's certificate, a certificate with its key, and the key of another one, by made-up paths. */
export async function pemFiles(): Promise<Readonly<Record<string, string>>> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-pem-'))
  try {
    const authority = await createCertificateAuthority(folder)
    const [client, other] = [await authority.issue('client.test'), await authority.issue('other.test')]
    return {
      '/authority.pem': authority.certificate,
      '/client.pem': client.certificate,
      '/client.key': client.key,
      '/other.key': other.key,
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}
