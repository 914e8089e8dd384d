/** Whether the app can take work. It begins as not ready; each part that must be there first is a check. */
export class Readiness {
  readonly #checks = new Map<string, () => boolean>()

  /** Asked at each look, so it has to be quick. One that throws does not hold. The function that is returned takes it back. */
  add(name: string, check: () => boolean): () => void {
    this.#checks.set(name, check)
    return () => {
      if (this.#checks.get(name) === check) this.#checks.delete(name)
    }
  }

  /** The names of the checks that do not hold. */
  missing(): string[] {
    return [...this.#checks].filter(([, check]) => !holds(check)).map(([name]) => name)
  }
}

function holds(check: () => boolean): boolean {
  try {
    return check()
  } catch {
    return false
  }
}
