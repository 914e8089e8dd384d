import { KubernetesError } from '../errors.ts'

/** A place in a kubeconfig, which knows its name for errors. A value that is absent or null is no value. */
export class Field {
  readonly value: unknown
  readonly #name: string

  constructor(value: unknown, name: string) {
    this.value = value ?? undefined
    this.#name = name
  }

  get present(): boolean {
    return this.value !== undefined && this.value !== ''
  }

  field(name: string): Field {
    if (this.value === undefined) return new Field(undefined, `${this.#name}.${name}`)
    if (typeof this.value !== 'object' || Array.isArray(this.value)) throw this.invalid('must be a mapping')
    const own = Object.hasOwn(this.value as object, name)
    return new Field(own ? (this.value as Record<string, unknown>)[name] : undefined, `${this.#name}.${name}`)
  }

  items(): Field[] {
    if (this.value === undefined) return []
    if (!Array.isArray(this.value)) throw this.invalid('must be a list')
    return this.value.map((value: unknown, index) => new Field(value, `${this.#name}[${index}]`))
  }

  /** Undefined when absent or empty. */
  text(): string | undefined {
    if (!this.present) return undefined
    if (typeof this.value !== 'string') throw this.invalid('must be text')
    return this.value
  }

  requiredText(): string {
    const text = this.text()
    if (text === undefined) throw this.invalid('is missing')
    return text
  }

  flag(): boolean {
    if (this.value === undefined) return false
    if (typeof this.value !== 'boolean') throw this.invalid('must be true or false')
    return this.value
  }

  /** The value itself may be a secret, and is not shown. */
  invalid(complaint: string): KubernetesError {
    return new KubernetesError('CONFIG_INVALID', `${this.#name} ${complaint}.`)
  }
}
