import type { View } from '../member.ts'

/** Not installed: `view` is what stands. */
export type Installation =
  | { readonly type: 'installed'; readonly view: View }
  | { readonly type: 'stands'; readonly view: View | undefined }

/**
 * A compare-and-swap register that holds the current view. Rule 1, one view per epoch: only it decides. A call may also fail with
 * its outcome unknown (it rejects): then the view may be installed still, at any later time.
 */
export interface Authority {
  read(): Promise<View | undefined>
  /** Installs `next` if the epoch that stands is `expectedEpoch`; 0 stands for no view at all. */
  install(next: View, expectedEpoch: number): Promise<Installation>
}
