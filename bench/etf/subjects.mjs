/** What is compared. Each encodes a value into bytes that the caller may keep, and decodes such bytes into a value. */
import { createRequire } from 'node:module'
import { Decoder, decode, Encoder } from '../../packages/etf/dist/src/index.js'

/** With its defaults: all limits and checks are on. One encoder and one decoder, as a link keeps them. */
export function tiebeam() {
  const encoder = new Encoder()
  const decoder = new Decoder()
  return {
    name: 'Tiebeam',
    encode(value) {
      encoder.writeUint8(131)
      encoder.writeTerm(value)
      return encoder.take()
    },
    decode: (bytes) => decode(bytes, decoder),
  }
}

/** JSON as it crosses a socket: from and to bytes. */
export function json() {
  return {
    name: 'JSON',
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(bytes.toString()),
  }
}

/** The native addon of Discord; undefined where it is not installed. */
export function erlpack() {
  const module = installed('erlpack')
  return module && { name: 'erlpack', encode: (value) => module.pack(value), decode: (bytes) => module.unpack(bytes) }
}

/** Written in JavaScript; undefined where it is not installed. */
export function erlangJs() {
  const Erlang = installed('erlang_js')?.Erlang
  if (Erlang === undefined) return undefined
  return {
    name: 'erlang_js',
    prepare: (value) => erlangValue(Erlang, value),
    encode: (value) => waited((done) => Erlang.term_to_binary(value, done)),
    decode: (bytes) => waited((done) => Erlang.binary_to_term(bytes, done)),
  }
}

/** The value in the classes of erlang_js, made before the clock runs: text as binaries, arrays as lists. */
function erlangValue(Erlang, value) {
  if (typeof value === 'string') return new Erlang.OtpErlangBinary(Buffer.from(value))
  if (Array.isArray(value)) return new Erlang.OtpErlangList(value.map((element) => erlangValue(Erlang, element)))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map((entry) => entry.map((part) => erlangValue(Erlang, part)))
  return new Erlang.OtpErlangMap(new Map(entries))
}

/** erlang_js answers by callback, before it returns. */
function waited(call) {
  let answer
  call((error, result) => {
    if (error) throw error
    answer = result
  })
  return answer
}

function installed(name) {
  try {
    return createRequire(import.meta.url)(name)
  } catch (error) {
    console.error(`${name} is left out: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    return undefined
  }
}
