/** What must never happen did. Names the rule or promise that was broken. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly rule: number | string

  constructor(rule: number | string, message: string) {
    super(`${typeof rule === 'number' ? `rule ${rule}` : rule}: ${message}`)
    this.rule = rule
  }
}
