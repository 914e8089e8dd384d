import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, DistributionError, Pid } from '@tiebeam/distribution'
import { CallError, type CallErrorCode } from '@tiebeam/otp'
import { Route, type RouteStep } from '../../src/routing/route.ts'

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((base) => new Pid(`${base}@10.0.0.1`, 1, 0, 1)) as [Pid, Pid, Pid, Pid]

function failure(code: CallErrorCode): CallError {
  return new CallError(code, `${code}.`, { server: a, reason: atom('any') })
}

const full = new DistributionError('OUTPUT_FULL', 'Full.')

class Journey {
  readonly #route: Route
  nowMs = 1000
  members: readonly Pid[] = [a, b, c]
  unreachable: readonly string[] = []

  constructor(init: { key?: string; idempotent?: boolean; attemptsMax?: number } = {}) {
    const { key, idempotent = false, attemptsMax = 10 } = init
    this.#route = new Route({ group: 'g', key, idempotent, attemptsMax, timeoutMs: 5000, beganMs: 1000 })
  }

  next(): RouteStep {
    return this.#route.next({
      nowMs: this.nowMs,
      members: this.members,
      reachable: new Set([a, b, c, d].map(({ node }) => node).filter((node) => !this.unreachable.includes(node))),
      underWay: () => 0,
      turn: 0,
    })
  }

  /** The member that is called now. */
  called(): Pid {
    const step = this.next()
    assert.equal(step.type, 'call')
    return (step as Extract<RouteStep, { type: 'call' }>).member
  }

  failed(member: Pid, error: unknown): void {
    this.#route.failed(member, error, this.nowMs)
  }

  error(): unknown {
    const step = this.next()
    assert.equal(step.type, 'fail')
    return (step as Extract<RouteStep, { type: 'fail' }>).error
  }
}

for (const code of ['NOPROC', 'DRAINING'] as const) {
  test(`after ${code} another member is asked at once, and nobody twice`, () => {
    const journey = new Journey()
    const asked = [a, b, c].map(() => {
      const member = journey.called()
      journey.failed(member, failure(code))
      return member
    })
    assert.deepEqual(asked, [a, b, c])
    assert.deepEqual(journey.next(), { type: 'wait', waitMs: 5000 })
    journey.members = [a, b, c, d]
    assert.equal(journey.called(), d)
    journey.members = [a, b, c]
    journey.nowMs += 5000
    assert.match(String(journey.error()), /NO_MEMBER|none of those that were asked has done it/)
  })
}

for (const code of ['NODEDOWN', 'SERVER_EXITED'] as const) {
  test(`after ${code} the outcome is unknown, unless the call is idempotent: then another member is asked`, () => {
    const once = new Journey()
    once.failed(once.called(), failure(code))
    const error = once.error() as Error & { code: string }
    assert.equal(error.code, 'OUTCOME_UNKNOWN')
    assert.equal((error.cause as CallError).code, code)

    const again = new Journey({ idempotent: true })
    again.failed(again.called(), failure(code))
    assert.equal(again.called(), b)
    again.failed(b, failure('NOPROC'))
    again.failed(again.called(), failure(code))
    again.nowMs += 5000
    assert.equal((again.error() as { code: string }).code, 'OUTCOME_UNKNOWN')
  })
}

test('when the time is over after the call was sent, the outcome is unknown', () => {
  for (const idempotent of [false, true]) {
    const journey = new Journey({ idempotent })
    journey.failed(journey.called(), failure('TIMEOUT'))
    assert.equal((journey.error() as { code: string }).code, 'OUTCOME_UNKNOWN')
  }
})

test('a member whose link is full is asked again after a pause, which grows; others are asked before', () => {
  const journey = new Journey()
  journey.members = [a, b]
  journey.failed(a, full)
  assert.equal(journey.called(), b)
  journey.failed(b, full)
  assert.deepEqual(journey.next(), { type: 'wait', waitMs: 20 })
  journey.nowMs += 20
  assert.equal(journey.called(), a)
})

test('what the call itself is wrong about is told as it is', () => {
  const wrong = new DistributionError('MESSAGE_TOO_LARGE', 'Too large.')
  for (const error of [wrong, failure('REPLY_MALFORMED'), new TypeError('no term')]) {
    const journey = new Journey({ idempotent: true })
    journey.failed(journey.called(), error)
    assert.equal(journey.error(), error)
  }
})

test('no more members are asked than attemptsMax', () => {
  const journey = new Journey({ attemptsMax: 2 })
  journey.failed(journey.called(), failure('DRAINING'))
  journey.failed(journey.called(), failure('DRAINING'))
  assert.equal((journey.error() as { code: string }).code, 'NO_MEMBER')
})

test('members without a link are not called, and nobody is dialled for them', () => {
  const journey = new Journey({ key: 'k' })
  const first = journey.called()
  journey.unreachable = [first.node]
  assert.notEqual(journey.called(), first)
  journey.unreachable = [a.node, b.node, c.node]
  assert.deepEqual(journey.next(), { type: 'wait', waitMs: 5000 })
})

test('an empty group is waited for, and then the error says what to do', () => {
  const journey = new Journey()
  journey.members = []
  journey.nowMs += 1500
  assert.deepEqual(journey.next(), { type: 'wait', waitMs: 3500 })
  journey.nowMs += 3500
  assert.match(String(journey.error()), /The group 'g' had no member within 5000 ms\. Start a server that joins it/)
})
