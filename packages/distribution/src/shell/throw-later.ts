/** What this throws is an uncaught exception, as always with event listeners, but does not come back to whoever emits the event. */
export function throwLater(run: () => void): void {
  try {
    run()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
