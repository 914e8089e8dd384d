export * from './errors.ts'
export { FLAGS, type FlagInfo, type FlagName, flagNames, flagsDemandedBy, missingFlags } from './flags.ts'
export { isNodeName, type NodeName, type NodeNameInit, parseNodeName } from './node-name.ts'
