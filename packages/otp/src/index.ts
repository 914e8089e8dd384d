export type { ChildSpec, Restart, StartChild } from './child-spec.ts'
export * from './errors.ts'
