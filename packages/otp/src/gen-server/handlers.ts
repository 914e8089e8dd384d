import type { GenClient } from '@tiebeam/distribution'

/** Handles one kind of call or cast. Its parameters are what the caller gives. */
export type Handler = (...args: never[]) => unknown

/** Handlers by the name of the request. */
export type Handlers = Readonly<Record<string, Handler>>

declare const REPLY: unique symbol

/** Whom to reply to, and with what: `From` of OTP's `handle_call/3`. */
export interface From<Reply = unknown> extends GenClient {
  /** Only a type. */
  readonly [REPLY]?: (reply: Reply) => void
}

/** What a handler of a call returns when it replies later, or never. */
export class Later<Reply> {
  declare private readonly reply: Reply

  /** Used by the compiler alone. */
  static readonly instance: Later<never> = new Later()
}

/** For a handler of any request (`handleCall`) that has kept its `from`, and replies later. */
export const noReply: Later<never> = Later.instance

/** What has calls and casts: a GenServer, as its callers see it. */
export interface Served {
  readonly calls: Handlers
  readonly casts: Handlers
}

/** The names of the handlers, when there are any that are known. */
export type NameOf<H> = string extends keyof H ? never : keyof H & string

type HandlerOf<H, Name extends keyof H> = H[Name] extends (...args: infer Args) => infer Result
  ? { readonly args: Args; readonly result: Result }
  : never

/** What a caller gives to the handler of this name. */
export type ArgumentsOf<H, Name extends keyof H> = HandlerOf<H, Name>['args']

/** What the caller gets in return, now or later. */
export type ReplyOf<H, Name extends keyof H> = Given<Awaited<HandlerOf<H, Name>['result']>>

type Given<Result> = Result extends Later<infer Reply> ? Reply : Result
