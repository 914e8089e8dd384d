import { type Member, othersIn, type Uid, type View } from '../../member.ts'
import type { ReplicaSettings } from '../settings.ts'
import type { Progress } from './progress.ts'

/** What a primary knows of the members when it thinks about the next view. */
export interface MembershipFacts {
  readonly view: View
  readonly self: Member
  readonly progress: ReadonlyMap<Uid, Progress>
  /** Proven to have ended. */
  readonly lost: ReadonlySet<Uid>
  readonly leaving: ReadonlySet<Uid>
  /** One that counts under rule 5. */
  readonly joiner: Progress | undefined
  readonly isLeaving: boolean
  /** An install for the next epoch was sent, and its outcome is not known: only a definite answer ends this. */
  readonly isUndecided: boolean
}

/** The view that the primary wants after its own; undefined when it is content. */
export function nextView(facts: MembershipFacts, settings: ReplicaSettings, nowMs: number): View | undefined {
  const { view, self, joiner, leaving } = facts
  const lost = lostMembers(facts, settings, nowMs)
  const joins =
    joiner !== undefined && !isSilent(joiner, settings.suspectAfterMs, nowMs) && !facts.lost.has(joiner.member.uid)
  const kept = view.members.filter(({ uid }) => !lost.has(uid) && !leaving.has(uid))
  const members = joins ? [...kept, joiner.member] : kept
  const epoch = view.epoch + 1
  const { identity } = view
  const heirs = kept.filter(({ uid }) => uid !== self.uid)
  // A joiner cannot lead the next view (rule 4): should it be the only other one, it is let in first.
  if (facts.isLeaving && (heirs.length > 0 || !joins)) {
    // One that lags would stall the others.
    const heir = heirs.toSorted((left, right) => heldBy(facts, right) - heldBy(facts, left))[0]
    return { identity, epoch, primary: heir?.uid, members: members.filter(({ uid }) => uid !== self.uid) }
  }
  if (members.length === view.members.length && !joins && !facts.isUndecided) return undefined
  return { identity, epoch, primary: self.uid, members }
}

/**
 * Who is to be left out. A primary that would drop half of its view or more waits longer: the others may be the side that goes on. Those
 * that are about to be missed count as well: members were not all heard at the same time when a cut came. This is for liveness alone;
 * safety rests on rule 1.
 */
function lostMembers(
  { view, self, progress, lost }: MembershipFacts,
  settings: ReplicaSettings,
  nowMs: number,
): Set<Uid> {
  const others = othersIn(view, self.uid)
  const silentFor = (ms: number): Set<Uid> => {
    const missing = others.filter(({ uid }) => {
      const one = progress.get(uid)
      return lost.has(uid) || (one !== undefined && isSilent(one, ms, nowMs))
    })
    return new Set(missing.map(({ uid }) => uid))
  }
  const { suspectAfterMs } = settings
  const isMost = silentFor(suspectAfterMs / 2).size * 2 >= view.members.length
  return silentFor(isMost ? suspectAfterMs * 2 : suspectAfterMs)
}

function isSilent(progress: Progress, ms: number, nowMs: number): boolean {
  return nowMs - progress.heardMs > ms
}

function heldBy({ progress }: MembershipFacts, { uid }: Member): number {
  return progress.get(uid)?.matched ?? 0
}
