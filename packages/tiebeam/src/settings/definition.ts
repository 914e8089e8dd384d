/** What is wrong with a value: what would be allowed, to follow "it has to be". */
export class Refusal {
  readonly allowed: string

  constructor(allowed: string) {
    this.allowed = allowed
  }
}

/** A setting: one line of the reference in the manual, and all that is needed to read it from anywhere. */
export interface SettingDefinition<Value = unknown> {
  /** Variables of the environment, the first that is set counts. Which are read can be changed by the program. */
  readonly environment: readonly string[]
  /** What it is when nobody sets it, for the reference; undefined: nothing. */
  readonly default: Value | undefined
  /** What may be given, for the reference and for messages. */
  readonly allowed: string
  /** One sentence, for the reference. */
  readonly description: string
  /** Never shown, in no message. */
  readonly secret?: boolean
  /** From a text of the environment, or from a value of the program or a file, to the value of the setting. */
  parse(given: unknown): Value | Refusal
}

type Described = Pick<SettingDefinition, 'environment' | 'description'>

interface WithDefault<Value> {
  readonly default?: Value
}

type TextInit = Described &
  WithDefault<string> & { allowed: string; test?: (text: string) => boolean; secret?: boolean }

export function text(init: TextInit) {
  const { allowed, test = (given: string) => given !== '' } = init
  return define<string>(init, allowed, (given) =>
    typeof given === 'string' && test(given) ? given : new Refusal(allowed),
  )
}

/** Whole numbers, from `min` to `max`. */
export function integer(init: Described & WithDefault<number> & { min: number; max: number; unit?: string }) {
  const { min, max, unit } = init
  const allowed = `a whole number${unit === undefined ? '' : ` of ${unit}`} from ${min} to ${max}`
  return define<number>(init, allowed, (given) => {
    const value = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
    return fits ? value : new Refusal(allowed)
  })
}

/** A whole number, or `off`. */
export function integerOrOff(init: Described & WithDefault<number | 'off'> & { min: number; max: number }) {
  const number = integer({ ...init, default: init.min })
  const allowed = `${number.allowed}, or off`
  return define<number | 'off'>(init, allowed, (given) => {
    if (given === 'off') return 'off'
    const value = number.parse(given)
    return value instanceof Refusal ? new Refusal(allowed) : value
  })
}

export function oneOf<const Value extends string>(init: Described & WithDefault<Value> & { values: readonly Value[] }) {
  const allowed = `one of ${init.values.join(', ')}`
  return define<Value>(init, allowed, (given) =>
    init.values.includes(given as Value) ? (given as Value) : new Refusal(allowed),
  )
}

function define<Value>(
  init: Described & WithDefault<Value> & { secret?: boolean },
  allowed: string,
  parse: (given: unknown) => Value | Refusal,
): SettingDefinition<Value> {
  const { environment, description, secret = false } = init
  return { environment, description, secret, default: init.default, allowed, parse }
}
