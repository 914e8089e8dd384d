import { atom, Tuple } from '@tiebeam/distribution'

export type InputRequest =
  | { readonly type: 'write'; readonly data: string | Uint8Array }
  /** Nothing more is to come. */
  | { readonly type: 'close' }

const INPUT = atom('input')
const EOF = atom('eof')

/** What a message asks to be done with the input of a program: `{input, Data}` or `{input, eof}`. Undefined for any other message. */
export function inputRequestOf(message: unknown): InputRequest | undefined {
  if (!(message instanceof Tuple) || message.length !== 2 || message.at(0) !== INPUT) return undefined
  const data = message.at(1)
  if (data === EOF) return { type: 'close' }
  return typeof data === 'string' || data instanceof Uint8Array ? { type: 'write', data } : undefined
}
