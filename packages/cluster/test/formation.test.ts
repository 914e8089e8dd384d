import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formationDefaults } from '../src/formation/settings.ts'
import { connect, dialled, failed, listed, lookUp, script } from './formation-script.ts'

test('it looks up at once at start, and dials at once whoever is found', () => {
  const run = script()
  assert.deepEqual(run.handle({ type: 'started', connected: [] }), [lookUp()])
  assert.deepEqual(dialled(run.handle(listed('b@h.x', 'c@h.x'))), ['b@h.x', 'c@h.x'])
})

test('a peer that is connected already is not dialled', () => {
  const run = script()
  run.handle({ type: 'started', connected: ['b@h.x'] })
  assert.deepEqual(run.handle(listed('b@h.x')), [])
  assert.deepEqual(run.formation.view('main').connected, ['b@h.x'])
})

test('while a peer is missing look-ups come fast and grow to a bound; when all are there, they come slowly', () => {
  const run = script()
  run.handle({ type: 'started', connected: [] })
  const gaps: number[] = []
  run.handle(listed('b@h.x'))
  for (let last = 0; gaps.length < 6; ) {
    const effects = run.wake()
    if (effects.some((effect) => effect.type === 'lookUp')) {
      gaps.push(Math.round(run.nowMs - last))
      last = run.nowMs
      run.handle(listed('b@h.x'))
    }
    if (dialled(effects).length > 0) run.handle(failed('b@h.x'))
  }
  assert.deepEqual(gaps, [250, 375, 563, 844, 1000, 1000])
  connect(run, 'b@h.x')
  const last = run.nowMs
  assert.deepEqual(run.wake(), [lookUp()])
  assert.equal(run.nowMs - last, 5000)
})

test('with nobody else listed look-ups slow down to the polling interval', () => {
  const run = script()
  run.handle({ type: 'started', connected: [] })
  let gapMs = 0
  for (let count = 0; count < 20; count += 1) {
    run.handle(listed())
    const last = run.nowMs
    assert.deepEqual(run.wake(), [lookUp()])
    gapMs = run.nowMs - last
    if (count === 0) assert.equal(gapMs, 250)
  }
  assert.equal(gapMs, 5000)
})

test('after a loss it looks up and dials at once', () => {
  const run = script()
  run.handle({ type: 'started', connected: [] })
  run.handle(listed('b@h.x'))
  connect(run, 'b@h.x')
  run.nowMs = 3000
  assert.deepEqual(run.handle({ type: 'nodedown', name: 'b@h.x' }), [lookUp()])
  assert.deepEqual(dialled(run.wake()), ['b@h.x'])
  assert.ok(run.nowMs <= 3025)
})

test('a loss during a look-up brings another look-up right after it', () => {
  const run = script()
  run.handle({ type: 'started', connected: [] })
  run.handle(listed('b@h.x'))
  connect(run, 'b@h.x')
  assert.deepEqual(run.wake(), [lookUp()])
  run.nowMs += 300
  assert.deepEqual(run.handle({ type: 'nodedown', name: 'b@h.x' }), [])
  assert.ok(run.handle(listed('b@h.x')).some(({ type }) => type === 'lookUp'))
})

test('losing many peers at once brings one look-up, and the next only after the spacing', () => {
  const run = script()
  run.handle({ type: 'started', connected: [] })
  const names = ['b@h.x', 'c@h.x', 'd@h.x']
  run.handle(listed(...names))
  connect(run, ...names)
  run.nowMs = 3000
  assert.deepEqual(
    names.flatMap((name) => run.handle({ type: 'nodedown', name })),
    [lookUp()],
  )
  run.handle(listed(...names))
  connect(run, ...names)
  assert.deepEqual(run.handle({ type: 'nodedown', name: 'b@h.x' }), [])
  for (let due = false; !due; ) due = run.wake().some(({ type }) => type === 'lookUp')
  assert.equal(run.nowMs, 3200)
})

test('a failed look-up keeps the list: missing peers are dialled on, links stay', () => {
  const run = script({ disconnectUnlisted: true })
  run.handle({ type: 'started', connected: [] })
  run.handle(listed('b@h.x', 'c@h.x'))
  connect(run, 'b@h.x')
  run.handle(failed('c@h.x'))
  run.nowMs = 250
  run.handle({ type: 'woken' })
  const effects = run.handle({ type: 'lookupFailed', topology: 'main', error: new Error('SERVFAIL') })
  assert.ok(!effects.some(({ type }) => type === 'disconnect'))
  assert.deepEqual(run.formation.view('main').listed, ['b@h.x', 'c@h.x'])
  run.handle(failed('c@h.x'))
  let again: string[] = []
  while (again.length === 0) again = dialled(run.wake())
  assert.deepEqual(again, ['c@h.x'])
})

test('failing look-ups are told once, and their recovery once', () => {
  const run = script()
  run.handle({ type: 'started', connected: [] })
  for (let count = 0; count < 5; count += 1) {
    run.handle({ type: 'lookupFailed', topology: 'main', error: new Error('SERVFAIL') })
    run.wake()
  }
  run.handle(listed())
  assert.deepEqual(
    run.reports.map(({ type }) => type),
    ['lookupFailing', 'lookupRecovered'],
  )
})

test('a name that is no longer listed is not dialled, its attempt is given up, and a link to it stays', () => {
  const run = script()
  run.handle({ type: 'started', connected: [] })
  run.handle(listed('b@h.x', 'c@h.x'))
  connect(run, 'b@h.x')
  run.nowMs = 5000
  assert.deepEqual(run.handle({ type: 'woken' }), [lookUp()])
  assert.deepEqual(
    run.handle(listed('d@h.x')).filter(({ type }) => type !== 'connect'),
    [{ type: 'abandon', name: 'c@h.x' }],
  )
  run.handle(failed('c@h.x', 'ABORTED'))
  assert.deepEqual(run.handle({ type: 'nodedown', name: 'b@h.x' }), [])
  run.handle(failed('d@h.x'))
  for (let count = 0; count < 20; count += 1) {
    const effects = run.wake()
    assert.ok(dialled(effects).every((name) => name === 'd@h.x'))
    if (dialled(effects).length > 0) run.handle(failed('d@h.x'))
    if (effects.some(({ type }) => type === 'lookUp')) run.handle(listed('d@h.x'))
  }
})

test('a name that is listed again while its old attempt has not ended is dialled when it has', () => {
  const run = script()
  run.handle({ type: 'started', connected: [] })
  run.handle(listed('b@h.x'))
  run.nowMs = 250
  run.handle({ type: 'woken' })
  assert.deepEqual(run.handle(listed()), [{ type: 'abandon', name: 'b@h.x' }])
  run.nowMs = 600
  run.handle({ type: 'woken' })
  assert.deepEqual(dialled(run.handle(listed('b@h.x'))), [])
  assert.deepEqual(dialled(run.handle(failed('b@h.x', 'ABORTED'))), ['b@h.x'])
})

test('with disconnectUnlisted a link goes when discovery lists others but no longer it; never for an empty list, never a stranger', () => {
  const run = script({ disconnectUnlisted: true })
  run.handle({ type: 'started', connected: ['stranger@h.x'] })
  run.handle(listed('b@h.x', 'c@h.x'))
  connect(run, 'b@h.x', 'c@h.x')
  run.nowMs = 5000
  run.handle({ type: 'woken' })
  assert.deepEqual(run.handle(listed()), [])
  run.nowMs = 10_000
  run.handle({ type: 'woken' })
  assert.deepEqual(run.handle(listed('c@h.x')), [{ type: 'disconnect', name: 'b@h.x', topology: 'main' }])
})

test('back-off of an unreachable peer begins short, grows, and stays within a few hundred milliseconds', () => {
  const run = script({}, { main: undefined })
  run.handle({ type: 'started', connected: [] })
  run.handle(listed('b@h.x'))
  const gaps: number[] = []
  for (let count = 0; count < 7; count += 1) {
    const before = run.nowMs
    run.handle(failed('b@h.x'))
    assert.deepEqual(dialled(run.wake()), ['b@h.x'])
    gaps.push(Math.round(run.nowMs - before))
  }
  assert.deepEqual(gaps, [100, 150, 225, 338, 400, 400, 400])
})

test('an attempt that waited long in vain is followed by the next without a pause', () => {
  const run = script({}, { main: undefined })
  run.handle({ type: 'started', connected: [] })
  run.handle(listed('b@h.x'))
  run.nowMs = 2000
  assert.deepEqual(dialled(run.handle(failed('b@h.x', 'CONNECT_TIMEOUT'))), ['b@h.x'])
})

test('a peer that refuses us is tried slowly, told once, and does not count as missing', () => {
  const run = script()
  run.handle({ type: 'started', connected: [] })
  run.handle(listed('b@h.x'))
  run.handle(failed('b@h.x', 'COOKIE_MISMATCH', true))
  assert.equal(run.formation.view('main').mood, 'complete')
  const dials: number[] = []
  while (dials.length < 7) {
    const effects = run.wake()
    if (dialled(effects).length > 0) {
      dials.push(Math.round(run.nowMs / 1000))
      run.handle(failed('b@h.x', 'COOKIE_MISMATCH', true))
    }
    if (effects.some(({ type }) => type === 'lookUp')) run.handle(listed('b@h.x'))
  }
  assert.deepEqual(dials, [1, 3, 7, 15, 31, 61, 91])
  assert.equal(run.reports.filter(({ type }) => type === 'peerRefuses').length, 1)
})

test('a peer that is out of reach is told after a while, once for each reason, and so is its return', () => {
  const run = script({}, { main: undefined })
  run.handle({ type: 'started', connected: [] })
  run.handle(listed('b@h.x'))
  while (run.nowMs < 60_000) {
    run.handle(failed('b@h.x', run.nowMs % 2 < 1 ? 'CONNECT_REFUSED' : 'CONNECT_TIMEOUT'))
    run.wake()
    if (run.nowMs < formationDefaults.reportAfterMs) {
      assert.ok(!run.reports.some(({ type }) => type === 'peerUnreachable'))
    }
  }
  connect(run, 'b@h.x')
  const told = run.reports.map(({ type }) => type).filter((type) => type !== 'listingChanged')
  assert.ok(told.length >= 2 && told.length <= 3, told.join())
  assert.equal(told.at(-1), 'peerFound')
})

test('a peer whose links do not last is dialled with back-off', () => {
  const run = script({}, { main: undefined })
  run.handle({ type: 'started', connected: [] })
  run.handle(listed('b@h.x'))
  let dials = 1
  while (run.nowMs < 10_000) {
    connect(run, 'b@h.x')
    run.handle({ type: 'nodedown', name: 'b@h.x' })
    while (dialled(run.wake()).length === 0);
    dials += 1
  }
  assert.ok(dials <= 10_000 / 400 + 6, `${dials} dials`)
})

test('a name in two topologies is dialled once, and stays wanted until both have dropped it', () => {
  const run = script({}, { main: undefined, other: undefined })
  run.handle({ type: 'started', connected: [] })
  const first = run.handle({ type: 'listed', topology: 'main', names: ['b@h.x'] })
  const second = run.handle({ type: 'listed', topology: 'other', names: ['b@h.x'] })
  assert.deepEqual(dialled([...first, ...second]), ['b@h.x'])
  assert.deepEqual(run.handle({ type: 'listed', topology: 'main', names: [] }), [])
  assert.deepEqual(run.handle({ type: 'listed', topology: 'other', names: [] }), [{ type: 'abandon', name: 'b@h.x' }])
})

test('a strategy that pushes is told to refresh after a loss, and is never polled', () => {
  const run = script({}, { main: undefined })
  assert.deepEqual(run.handle({ type: 'started', connected: [] }), [])
  run.handle(listed('b@h.x'))
  connect(run, 'b@h.x')
  assert.equal(run.formation.wakeAtMs, undefined)
  run.nowMs = 60_000
  assert.deepEqual(run.handle({ type: 'nodedown', name: 'b@h.x' }), [lookUp()])
})

test('no more than dialsMax attempts are under way, and those that wait get their turn', () => {
  const run = script({ dialsMax: 3 }, { main: undefined })
  run.handle({ type: 'started', connected: [] })
  const names = Array.from({ length: 9 }, (_, index) => `n${index}@h.x`)
  const under = new Set(dialled(run.handle(listed(...names))))
  const seen = new Set(under)
  assert.equal(under.size, 3)
  while (seen.size < 9) {
    const [name] = under
    if (name === undefined) break
    under.delete(name)
    for (const next of dialled(run.handle(failed(name)))) {
      under.add(next)
      seen.add(next)
    }
    assert.ok(under.size <= 3)
  }
  assert.equal(seen.size, 9)
})

test('a newcomer is dialled before the many that failed, and in each attempt SYNs leave every few hundred milliseconds', () => {
  const run = script({ dialsMax: 2 }, { main: undefined })
  run.handle({ type: 'started', connected: [] })
  const dead = ['a@h.x', 'b@h.x', 'c@h.x', 'd@h.x']
  let under = dialled(run.handle(listed(...dead)))
  const redials = new Set<number>()
  for (let round = 0; round < 20; round += 1) {
    run.nowMs += 2000
    under = under.flatMap((name) => {
      const effects = run.handle(failed(name, 'CONNECT_TIMEOUT'))
      for (const effect of effects) if (effect.type === 'connect') redials.add(effect.redialMs)
      return dialled(effects)
    })
  }
  run.handle(listed(...dead, 'new@h.x'))
  assert.deepEqual(dialled(run.handle(failed(under[0] ?? '', 'CONNECT_TIMEOUT'))), ['new@h.x'])
  assert.deepEqual([Math.min(...redials), Math.max(...redials)], [200, 400])
})

test('with a thousand dead peers listed the rate of attempts stays bounded', () => {
  const run = script({}, { main: undefined })
  run.handle({ type: 'started', connected: [] })
  const queue = dialled(run.handle(listed(...Array.from({ length: 1000 }, (_, index) => `n${index}@h.x`))))
  let dials = queue.length
  while (run.nowMs < 60_000) {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const next = dialled(run.handle(failed(name)))
      dials += next.length
      queue.push(...next)
    }
    const next = dialled(run.wake())
    dials += next.length
    queue.push(...next)
  }
  // The first rounds are the shorter ones of the growing back-off.
  assert.ok(dials / 60 < 300, `${dials / 60} a second`)
})

test('an attempt that ends well although the link is gone again does not lead to a loop', () => {
  const run = script({}, { main: undefined })
  run.handle({ type: 'started', connected: [] })
  run.handle(listed('b@h.x'))
  assert.deepEqual(dialled(run.handle({ type: 'connected', name: 'b@h.x' })), [])
  assert.ok((run.formation.wakeAtMs ?? 0) >= 100)
})
