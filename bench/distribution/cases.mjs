/**
 * What is measured. Counts are such that a round of OTP's takes about a second.
 *
 * @typedef {{ name: string, kind: 'oneway' | 'loaded', payload: string, count: number, mixed: boolean }} StreamCase
 *   mixed: also Tiebeam ↔ OTP, in both directions
 * @typedef {{ name: string, kind: 'roundtrip', inflight: number, count: number, mixed: boolean }} RoundTripCase
 * @typedef {StreamCase | RoundTripCase} Case
 */

const gibibyte = 2 ** 30

/** @type {readonly Case[]} */
export const cases = [
  { name: 'oneway.16B', kind: 'oneway', payload: 'bytes:16', count: 300_000, mixed: true },
  { name: 'oneway.100B', kind: 'oneway', payload: 'bytes:100', count: 300_000, mixed: true },
  { name: 'oneway.100B-text', kind: 'oneway', payload: 'text:100', count: 300_000, mixed: true },
  { name: 'oneway.map', kind: 'oneway', payload: 'map', count: 150_000, mixed: true },
  { name: 'oneway.map-atoms', kind: 'oneway', payload: 'atom-map', count: 150_000, mixed: false },
  { name: 'oneway.1KB', kind: 'oneway', payload: 'bytes:1024', count: 120_000, mixed: true },
  { name: 'oneway.64KB', kind: 'oneway', payload: 'bytes:65536', count: 8_192, mixed: true },
  { name: 'roundtrip', kind: 'roundtrip', inflight: 1, count: 15_000, mixed: true },
  { name: 'roundtrip.16-processes', kind: 'roundtrip', inflight: 16, count: 80_000, mixed: true },
  { name: 'loaded.64KB', kind: 'loaded', payload: 'bytes:65536', count: gibibyte / 65_536, mixed: false },
  { name: 'loaded.64MB', kind: 'loaded', payload: 'bytes:67108864', count: gibibyte / 67_108_864, mixed: false },
]
