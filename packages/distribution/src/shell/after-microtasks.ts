/**
 * Calls back when all is done that the present turn of the event loop sets off in promises: ticks alone would come before those. What a
 * caller does next who has just got his answer thus leaves in the same write as what the answer itself brought about.
 */
export function afterMicrotasks(callback: () => void): void {
  queueMicrotask(() => process.nextTick(callback))
}
