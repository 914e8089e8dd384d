import { isIP } from 'node:net'

/**
 * One spelling for one IP address: IPv6 as RFC 5952 writes it (lower case, the longest run of zeros left out), without a zone;
 * an IPv4-mapped one as IPv4. Undefined when it is no IP address.
 */
export function canonicalAddress(text: string): string | undefined {
  const zone = text.indexOf('%')
  const address = zone < 0 ? text : text.slice(0, zone)
  const family = isIP(address)
  if (family === 0) return undefined
  if (family === 4) return address
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical)
  if (mapped === null) return canonical
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** 4 or 6 for an IP address, undefined for a host name. */
export function addressFamily(host: string): 4 | 6 | undefined {
  const canonical = canonicalAddress(host)
  if (canonical === undefined) return undefined
  return isIP(canonical) === 6 ? 6 : 4
}
