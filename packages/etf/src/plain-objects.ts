/** Whether this prototype is the Object.prototype of another realm, such as a vm context, whose objects are plain too. */
export function isRealmRoot(prototype: object): boolean {
  return (
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, '__defineGetter__') &&
    Object.hasOwn(prototype, 'isPrototypeOf')
  )
}
