import { cases, random } from '@tiebeam/testing'

const concurrency = 16

/** The cases of one attack; each has a number, which with the seed replays it. */
export const { seed } = random()
export const caseCount = cases(200_000)
export const workers = Array.from({ length: concurrency }, (_, worker) => worker)

/** Runs the cases, a share of them at the same time. An error tells the case's number, which with the seed replays it. */
export async function everyCase(run: (number: number, worker: number) => unknown): Promise<void> {
  let next = 0
  const work = async (worker: number): Promise<void> => {
    for (let number = next++; number < caseCount; number = next++) {
      try {
        await run(number, worker)
      } catch (cause) {
        throw new Error(`case ${number} of seed ${seed} failed: ${cause}`, { cause })
      }
    }
  }
  await Promise.all(workers.map(work))
}
