/**
 * Follows one page: node page-run.mjs <plan.json>, in a scratch folder and, where the system allows it, in a network
 * of its own. Ends with status 0 when everything the page says was seen; else says what was not, and why.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { consoleLines, findLines } from './page-script.mjs'

/** @typedef {import('./page-script.mjs').Step} Step */

/** Generous: it bounds a hang, not the speed. */
const stepLimitMs = 120_000

/** Something that runs and writes: a program, a console or a few commands. */
class Actor {
  /**
   * @param {string} name
   * @param {string} command
   * @param {readonly string[]} args
   */
  constructor(name, command, args) {
    this.name = name
    this.stdout = ''
    this.stderr = ''
    /** Lines of output that the page has shown already, by index. @type {Set<number>} */
    this.shown = new Set()
    /** @type {string | undefined} */
    this.ended = undefined
    this.child = spawn(command, args, { stdio: 'pipe' })
    this.child.stdout.setEncoding('utf8').on('data', (text) => {
      this.stdout += text
    })
    this.child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    this.child.stdin.on('error', () => {})
    this.child.on('error', (error) => {
      this.ended = error.message
    })
    this.child.on('close', (code, signal) => {
      this.ended ??= signal ?? `status ${code}`
    })
  }

  /** @param {readonly string[]} lines */
  find(lines) {
    return findLines(lines, consoleLines(this.stdout), this.shown)
  }

  transcript() {
    return `${this.name} (${this.ended ?? 'still running'}) wrote:\n${this.stdout}${this.stderr}`
  }

  /** Resolves when `condition` holds; a program that ended is looked at once more, and then will not change. */
  /**
   * @param {() => boolean} condition
   * @param {() => string} what
   */
  async until(condition, what) {
    const giveUpAt = Date.now() + stepLimitMs
    while (!condition()) {
      if (this.ended !== undefined || Date.now() > giveUpAt) {
        if (condition()) return
        throw new Error(`${what()}\n${this.transcript()}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async stop() {
    if (this.ended !== undefined) return
    const closed = once(this.child, 'close')
    this.child.stdin.end()
    this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5000)
    await closed
    clearTimeout(timer)
  }
}

/**
 * @param {{ steps: (Step & { compiled?: string })[] }} plan
 * @param {Actor[]} actors all that were started, for whoever ends them
 */
async function follow({ steps }, actors) {
  for (const [index, step] of steps.entries()) {
    const next = steps[index + 1]
    const isShown = next?.kind === 'output' && next.of === undefined
    const where = `line ${step.line}`
    switch (step.kind) {
      case 'file':
        writeFileSync(step.name, step.text)
        break
      case 'program': {
        if (step.notRun !== undefined) break
        const actor = new Actor(step.name, process.execPath, [
          '--enable-source-maps',
          /** @type {string} */ (step.compiled),
        ])
        actors.push(actor)
        if (!isShown)
          await actor.until(
            () => actor.ended === 'status 0',
            () => `${where}: ${step.name} did not end well`,
          )
        break
      }
      case 'commands': {
        const actor = new Actor('the command', 'bash', ['-e', '-c', step.text])
        actors.push(actor)
        actor.child.stdin.end()
        await actor.until(
          () => actor.ended === 'status 0',
          () => `${where}: the command failed`,
        )
        break
      }
      case 'console':
        actors.push(new Actor(step.console, 'bash', ['-c', `exec ${step.command}`]))
        break
      case 'input': {
        const actor = actors.findLast(({ name }) => name === step.console)
        if (!actor) throw new Error(`${where}: no command of the page opened ${step.console}`)
        if (!isShown)
          throw new Error(`${where}: what is typed here has a result, which a \`text output\` fence must show`)
        // What is typed now is the last that came: its output is looked for in this console.
        actors.push(...actors.splice(actors.indexOf(actor), 1))
        actor.child.stdin.write(`${step.text.trimEnd()}\n`)
        break
      }
      case 'output': {
        const actor = step.of ? actors.findLast(({ name }) => name === step.of) : actors.at(-1)
        if (!actor) throw new Error(`${where}: ${step.of ?? 'nothing'} runs whose output this could be`)
        await actor.until(
          () => 'found' in actor.find(step.lines),
          () => {
            const found = actor.find(step.lines)
            return `${where}: not seen: ${'missing' in found ? found.missing : ''}`
          },
        )
        const found = actor.find(step.lines)
        if ('found' in found) for (const index of found.found) actor.shown.add(index)
        break
      }
    }
  }
  for (const actor of actors) {
    if (actor.ended !== undefined && actor.ended !== 'status 0') {
      throw new Error(`${actor.name} ended badly\n${actor.transcript()}`)
    }
  }
}

const [planFile = ''] = process.argv.slice(2)
/** @type {Actor[]} */
const actors = []
try {
  await follow(JSON.parse(readFileSync(path.resolve(planFile), 'utf8')), actors)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await Promise.all(actors.map((actor) => actor.stop()))
}
