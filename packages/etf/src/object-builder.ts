/** Makes an object of fixed keys from values in the order of those keys. */
export type ObjectBuilder = (values: readonly unknown[]) => Record<string, unknown>

/** Names that mean the same within a program's text as they do as keys, whatever they are. */
const plainName = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/

/**
 * A function with an object literal of these keys: the engine then allocates the object at its final size and stores the
 * values without looking for the keys, some five times faster than setting property after property.
 *
 * The keys come from a peer, so they become program text only if each is a plain name; `__proto__`, which means something
 * else in a literal, never does. Undefined for other keys, and where Node was told not to compile from strings
 * (`--disallow-code-generation-from-strings`); the decoder then sets the properties one by one.
 */
export function builderOf(keys: readonly string[]): ObjectBuilder | undefined {
  if (!keys.every((key) => plainName.test(key) && key !== '__proto__')) return undefined
  const properties = keys.map((key, index) => `"${key}":v[${index}]`)
  try {
    return new Function('v', `return{${properties.join(',')}}`) as ObjectBuilder
  } catch {
    return undefined
  }
}
