import { GenServer } from 'tiebeam'

/** Counts by name. Every node of the cluster can call it: `GenServer.call({:counter, node}, {:add, "tea", 2})` in Elixir. */
export class Counter extends GenServer {
  readonly #counts = new Map<string, number>()

  override readonly calls = {
    add: (name: string, amount: number) => {
      const count = (this.#counts.get(name) ?? 0) + amount
      this.#counts.set(name, count)
      return count
    },
    count: (name: string) => this.#counts.get(name) ?? 0,
  }
}
