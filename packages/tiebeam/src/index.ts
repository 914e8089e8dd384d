export { TiebeamError, type TiebeamErrorCode } from './errors.ts'
