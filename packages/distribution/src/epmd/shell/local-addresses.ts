import { networkInterfaces } from 'node:os'

/** Without the IPv6 form of an IPv4 address, and without a zone. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
}

function isLoopback(address: string): boolean {
  return plain(address).startsWith('127.') || plain(address) === '::1'
}

/** Whether the address belongs to this host, as it is configured now. */
export function isLocalAddress(address: string): boolean {
  if (isLoopback(address)) return true
  const wanted = plain(address)
  return Object.values(networkInterfaces()).some((entries) => entries?.some((entry) => plain(entry.address) === wanted))
}
