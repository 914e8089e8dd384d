/** Names one incarnation of a process. Never used again: a process that restarts, or was excluded, is a new member. */
export type Uid = string

export interface Member {
  /** Where it is reached. */
  readonly node: string
  /** Tells incarnations of one node name apart, as in Erlang's distribution. */
  readonly creation: number
  readonly uid: Uid
}

/** Who holds the rows, and who orders the writes. Rule 1, one view per epoch: only the authority decides. */
export interface View {
  /** Made at the founding and at every reset: what belongs to another identity has nothing to do with this cluster. */
  readonly identity: string
  /** Grows by one with each view. */
  readonly epoch: number
  /** Undefined in the empty view, which the last member to leave installs. */
  readonly primary: Uid | undefined
  readonly members: readonly Member[]
}

export function memberOf(view: View | undefined, uid: Uid | undefined): Member | undefined {
  return view?.members.find((member) => member.uid === uid)
}

export function isIn(view: View | undefined, uid: Uid): boolean {
  return memberOf(view, uid) !== undefined
}

export function othersIn(view: View, uid: Uid): Member[] {
  return view.members.filter((member) => member.uid !== uid)
}
