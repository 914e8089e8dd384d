import { type FenceFacts, Rules } from '../../src/replica/rules.ts'
import type { Uid, View } from '../../src/member.ts'
import type { SimulationInit } from './simulation.ts'

type Weakness = Pick<SimulationInit, 'rules' | 'keepsIdentity' | 'validatesReads'>

class WithoutWriteAll extends Rules {
  override committed(held: readonly number[]): number {
    return held.toSorted((left, right) => right - left)[Math.floor(held.length / 2)] ?? 0
  }
}

class WithoutNoGoingBack extends Rules {
  override heeds(): boolean {
    return true
  }
}

class WithoutPrimaryOfLastView extends Rules {
  override mayTakeOver(_view: View, _uid: Uid): boolean {
    return true
  }
}

class WithoutPreconditionOfJoiner extends Rules {
  override mayAdmit(): boolean {
    return true
  }
}

class WithoutJoinerInCommits extends Rules {
  override countsFromDecision(): boolean {
    return false
  }
}

class WithoutApplyingOnlyCommitted extends Rules {
  override appliesUpTo(_committed: number, _matched: number, lastIndex: number): number {
    return lastIndex
  }
}

class WithoutUnknownStayingUnknown extends Rules {
  override mayReleaseJoiner(counts: boolean, answeredUnknown: boolean): boolean {
    return !counts || answeredUnknown
  }
}

class WithoutAlignment extends Rules {
  override fits(): boolean {
    return true
  }
}

class WithoutWaitOfRefusals extends Rules {
  override mayTellRefusal(): boolean {
    return true
  }
}

class WithoutSearchOfUncommitted extends Rules {
  override isUnderWay(): boolean {
    return false
  }
}

class WithoutAskingMembers extends Rules {
  override isFenceAnswered(round: number, { joiner }: FenceFacts): boolean {
    return joiner === undefined || joiner >= round
  }
}

class WithoutAskingJoiner extends Rules {
  override isFenceAnswered(round: number, { members }: FenceFacts): boolean {
    return members.every((answered) => answered >= round)
  }
}

class WithoutInheritedTail extends Rules {
  override mayAnswerFence(): boolean {
    return true
  }
}

class WithoutRoundAfterCall extends Rules {
  override servesLateCall(): boolean {
    return true
  }
}

/** What is left out, by the number of its rule in TABLES.md; each must lead to a violation. */
export const weaknesses: Readonly<Record<string, Weakness>> = {
  '2 write-all': { rules: new WithoutWriteAll() },
  '3 no going back': { rules: new WithoutNoGoingBack() },
  '4 a primary comes from the last view': { rules: new WithoutPrimaryOfLastView() },
  '5 a joiner counts: its precondition': { rules: new WithoutPreconditionOfJoiner() },
  '5 a joiner counts: the commit': { rules: new WithoutJoinerInCommits() },
  '6 apply only what is committed': { rules: new WithoutApplyingOnlyCommitted() },
  '7 an unknown answer stays unknown': { rules: new WithoutUnknownStayingUnknown() },
  '8 aligned before acknowledging': { rules: new WithoutAlignment() },
  '9 once: the refusal waits': { rules: new WithoutWaitOfRefusals() },
  '9 once: the uncommitted part is searched': { rules: new WithoutSearchOfUncommitted() },
  '10 a fence asks the members': { rules: new WithoutAskingMembers() },
  '10 a fence asks the joiner': { rules: new WithoutAskingJoiner() },
  '10 a fence waits for the inherited tail': { rules: new WithoutInheritedTail() },
  '10 a round serves only earlier calls': { rules: new WithoutRoundAfterCall() },
  'a reset that keeps the identity': { keepsIdentity: true },
  'reads of a failed transaction are not validated': { validatesReads: false },
}

export function withoutRule(prefix: string): Weakness {
  const found = Object.entries(weaknesses).find(([name]) => name.startsWith(prefix))
  if (found === undefined) throw new Error(`no weakness begins with ${prefix}`)
  return found[1]
}

