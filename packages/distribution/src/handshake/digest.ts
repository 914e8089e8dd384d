import { createHash, timingSafeEqual } from 'node:crypto'

/** Proves knowledge of the cookie: MD5 over the cookie followed by the challenge in decimal. */
export function digest(cookie: string, challenge: number): Buffer {
  return createHash('md5').update(cookie, 'latin1').update(challenge.toString(10), 'latin1').digest()
}

/** Compares in constant time, so that the time taken tells a stranger nothing about the cookie. */
export function isDigest(candidate: Buffer, cookie: string, challenge: number): boolean {
  const expected = digest(cookie, challenge)
  return candidate.length === expected.length && timingSafeEqual(candidate, expected)
}
