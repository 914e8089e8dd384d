import { ExitReason, type Node, type Process } from '@tiebeam/distribution'
import { waitFor } from '@tiebeam/testing'
import { Program, type ProgramInit } from '../../src/index.ts'
import { groupIsAlive } from '../../src/program/shell/group.ts'

/** A shell script as a program; what it is given as arguments is `$1` and so on. */
export function script(text: string, ...args: string[]): Pick<ProgramInit, 'command' | 'args'> {
  return { command: '/bin/sh', args: ['-c', text, 'sh', ...args] }
}

/** Runs a program to its end, and gives what it printed to standard output. */
export async function outputOf(node: Node, init: ProgramInit): Promise<string[]> {
  const lines: string[] = []
  const output: ProgramInit['output'] = ({ stream, text }) => {
    if (stream === 'stdout') lines.push(text)
  }
  const program = await Program.start(node, { ...init, output })
  await program.exited
  return lines
}

/** Runs a function as a process, and gives what it returns. */
export function asProcess<T>(node: Node, behaviour: (self: Process) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    node.spawn((self) => behaviour(self).then(resolve, reject), { trapExit: true })
  })
}

/** The number that a program printed. */
export function numberIn(line: string | undefined): number {
  const number = Number(line)
  if (!(number > 1)) throw new ExitReason(`no process number: ${line}`)
  return number
}

export function waitForEndOfGroup(group: number): Promise<true> {
  return waitFor(async () => !(await groupIsAlive(group)), { what: `the end of process group ${group}` })
}
