import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scope } from '@tiebeam/testing'
import type { TlsInit } from '../../src/transport/tls.ts'

/** An authority of its own in a temporary folder, and a certificate that it signed for each address. */
export interface Certificates {
  /** What a Tiebeam node with that address is given. */
  tls(address: string): Required<Pick<TlsInit, 'cert' | 'key' | 'ca'>>
  /** Arguments of `erl` for distribution over TLS, in which both sides must show a certificate. */
  erlArgs(address: string): string[]
}

export function makeCertificates(scope: Scope, addresses: readonly string[]): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'tiebeam-tls-'))
  scope.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc']

  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-subj',
    '/CN=Test',
    '-days',
    '2',
  )
  for (const address of addresses) {
    openssl('req', ...newKey, '-keyout', file(`${address}.key`), '-out', file(`${address}.csr`), '-subj', '/CN=node')
    // OTP compares the host of a node's name with the names of the certificate, even when that host is an IP address.
    writeFileSync(file(`${address}.ext`), `subjectAltName=IP:${address},DNS:${address}\n`)
    const authority = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2']
    const request = ['-in', file(`${address}.csr`), '-out', file(`${address}.pem`), '-extfile', file(`${address}.ext`)]
    openssl('x509', '-req', ...request, ...authority)
    const options = [
      `{certfile, "${file(`${address}.pem`)}"}`,
      `{keyfile, "${file(`${address}.key`)}"}`,
      `{cacertfile, "${file('ca.pem')}"}`,
      '{verify, verify_peer}',
    ].join(', ')
    writeFileSync(
      file(`${address}.conf`),
      `[{server, [${options}, {fail_if_no_peer_cert, true}]}, {client, [${options}]}].\n`,
    )
  }
  return {
    tls: (address) => ({
      cert: readFileSync(file(`${address}.pem`)),
      key: readFileSync(file(`${address}.key`)),
      ca: readFileSync(file('ca.pem')),
    }),
    erlArgs: (address) => ['-proto_dist', 'inet_tls', '-ssl_dist_optfile', file(`${address}.conf`)],
  }
}
