import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

/** Makes an authority: `<name>.crt` and `<name>.key` in the folder. */
export async function makeAuthority(folder: string, name: string): Promise<CertificateFiles> {
  const files = filesOf(folder, name)
  await run('openssl', [
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', files.key, '-out', files.certificate],
  ])
  return files
}

export interface CertificateInit {
  /** Such as `/O=system:masters/CN=admin`. */
  readonly subject: string
  /** Such as `IP:127.0.0.1,DNS:localhost`: a server's certificate. Without, it is a client's. */
  readonly alternativeNames?: string
}

/** Makes a certificate that an authority has signed. */
export async function makeCertificate(
  folder: string,
  name: string,
  authority: CertificateFiles,
  { subject, alternativeNames }: CertificateInit,
): Promise<CertificateFiles> {
  const files = filesOf(folder, name)
  const request = join(folder, `${name}.csr`)
  const extensions = join(folder, `${name}.ext`)
  const lines = [`extendedKeyUsage=${alternativeNames === undefined ? 'clientAuth' : 'serverAuth'}`]
  if (alternativeNames !== undefined) lines.push(`subjectAltName=${alternativeNames}`)
  await writeFile(extensions, `${lines.join('\n')}\n`)
  await run('openssl', ['req', '-new', ...newKey, '-subj', subject, '-keyout', files.key, '-out', request])
  await run('openssl', [
    ...['x509', '-req', '-in', request, '-CA', authority.certificate, '-CAkey', authority.key],
    ...['-CAcreateserial', '-days', '2', '-extfile', extensions, '-out', files.certificate],
  ])
  return files
}

/** Makes a key pair that signs tokens: `<name>.key` and `<name>.pub`. */
export async function makeKeyPair(folder: string, name: string): Promise<{ key: string; publicKey: string }> {
  const key = join(folder, `${name}.key`)
  const publicKey = join(folder, `${name}.pub`)
  await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key])
  await run('openssl', ['ec', '-in', key, '-pubout', '-out', publicKey])
  return { key, publicKey }
}

function filesOf(folder: string, name: string): CertificateFiles {
  return { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
}
