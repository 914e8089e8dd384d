import type { Uid, View } from '../../src/member.ts'
import { type FenceFacts, Rules } from '../../src/replica/rules.ts'
import { profiles } from './profile.ts'
import type { SimulationInit } from './simulation.ts'

/** A mistake on purpose, and the profile that steers the schedule towards where it shows. */
export type Weakness = Pick<SimulationInit, 'profile' | 'rules' | 'keepsIdentity' | 'validatesReads'>

const { mixed, joiners, slow, late, usurpers, losses, full } = profiles

class WithoutWriteAll extends Rules {
  override committed(held: readonly number[]): number {
    return held.toSorted((left, right) => right - left)[Math.floor(held.length / 2)] ?? 0
  }
}

class WithoutWaitingForOthers extends Rules {
  override witnessed(upTo: number, held: readonly number[]): number {
    return Math.min(upTo, held[0] ?? 0)
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

class WithoutWitnessedInPrecondition extends Rules {
  override mayAdmit(held: number, committed: number): boolean {
    return held >= committed
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

class WithoutLastingRefusals extends Rules {
  override staysRefused(): boolean {
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

class WithoutFurthestApplied extends Rules {
  override fencedUpTo(committed: number): number {
    return committed
  }
}

class WithoutRoundAfterCall extends Rules {
  override servesLateCall(): boolean {
    return true
  }
}

/** What is left out, by the number of its rule in TABLES.md; each must lead to a violation. */
export const weaknesses: Readonly<Record<string, Weakness>> = {
  '2 write-all': { profile: mixed, rules: new WithoutWriteAll() },
  '2 write-all: a writer that counts for itself counts the others': {
    profile: mixed,
    rules: new WithoutWaitingForOthers(),
  },
  '3 no going back': { profile: mixed, rules: new WithoutNoGoingBack() },
  '4 a primary comes from the last view': { profile: mixed, rules: new WithoutPrimaryOfLastView() },
  '5 a joiner counts: its precondition': { profile: slow, rules: new WithoutPreconditionOfJoiner() },
  '5 a joiner counts: its precondition, with what a writer found out for itself': {
    profile: late,
    rules: new WithoutWitnessedInPrecondition(),
  },
  '5 a joiner counts: the commit': { profile: joiners, rules: new WithoutJoinerInCommits() },
  '6 apply only what is committed': { profile: mixed, rules: new WithoutApplyingOnlyCommitted() },
  '7 an unknown answer stays unknown': { profile: joiners, rules: new WithoutUnknownStayingUnknown() },
  '8 aligned before acknowledging': { profile: usurpers, rules: new WithoutAlignment() },
  '9 once: the refusal waits': { profile: usurpers, rules: new WithoutWaitOfRefusals() },
  '9 once: the uncommitted part is searched': { profile: mixed, rules: new WithoutSearchOfUncommitted() },
  '9 once: what found no room stays refused': { profile: full, rules: new WithoutLastingRefusals() },
  '10 a fence asks the members': { profile: slow, rules: new WithoutAskingMembers() },
  '10 a fence asks the joiner': { profile: joiners, rules: new WithoutAskingJoiner() },
  '10 a fence waits for the inherited tail': { profile: usurpers, rules: new WithoutInheritedTail() },
  '10 a fence covers what others know to be committed': { profile: slow, rules: new WithoutFurthestApplied() },
  '10 a round serves only earlier calls': { profile: slow, rules: new WithoutRoundAfterCall() },
  'a reset that keeps the identity': { profile: losses, keepsIdentity: true },
  'reads of a failed transaction are not validated': { profile: mixed, validatesReads: false },
}
