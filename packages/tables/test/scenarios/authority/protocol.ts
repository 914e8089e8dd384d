/** Whom the members of a test ask for their views. */
export type AuthorityName = 'etcd' | 'kubernetes' | 'members'

/** One that runs on a host of its own. */
export type OutsideAuthority = Exclude<AuthorityName, 'members'>

/** What a member needs to reach it. */
export type AuthorityAccess =
  | { readonly type: 'members'; readonly minimumNodes: number }
  | { readonly type: 'etcd'; readonly endpoint: string }
  | {
      readonly type: 'kubernetes'
      readonly server: string
      readonly certificateAuthority: string
      readonly token: string
      readonly namespace: string
    }

/** A real server that keeps the record, and what can happen to it. */
export interface AuthorityServer {
  access(): Promise<AuthorityAccess>
  /** SIGSTOP: it takes connections, and does not answer. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** SIGKILL. */
  stop(): Promise<void>
  start(): Promise<void>
  /** The record, as it lies there. */
  read(): Promise<string>
  /** Puts a record there, whatever there was. */
  write(record: string): Promise<void>
  delete(): Promise<void>
  /** Makes or ends a pod, where there are such. */
  makePod(name: string): Promise<void>
  endPod(name: string): Promise<void>
}

/** To the program that runs the server: what to call, with which arguments. */
export type Order = {
  [Name in keyof AuthorityServer]: readonly [Name, ...Parameters<AuthorityServer[Name]>]
}[keyof AuthorityServer]

export type OrderAnswer = { readonly done: unknown } | { readonly failed: string }
