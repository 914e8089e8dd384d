import { invalidOption } from './invalid-option.ts'

/** What `setTimeout` can wait. */
export const WAIT_MS_MAX = 0x7fff_ffff

/** @throws OtpError `OPTION_INVALID` */
export function checkWaitMs(option: string, value: number): void {
  if (typeof value === 'number' && value >= 0 && value <= WAIT_MS_MAX) return
  throw invalidOption(option, value, `a number from 0 to ${WAIT_MS_MAX}`)
}
