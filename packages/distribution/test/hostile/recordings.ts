import { readFileSync } from 'node:fs'

/** What a recording was made of: the frames that an OTP node sent, without their lengths, part by part. */
export interface Recording {
  /** To a node that it dialled: its name packet, and its reply to the challenge. */
  readonly asDialler: readonly Buffer[]
  /** To a node that dialled it: its status, its challenge, and its proof of the cookie. */
  readonly asAcceptor: readonly Buffer[]
  /** On the link that it dialled, after the handshake. */
  readonly onLink: readonly Buffer[]
}

type RecordingPart = keyof Recording

/** The name under which a recording's OTP node ran. */
export const recordedPeer = 'otp@127.250.0.2'

/**
 * The node that OTP talked to when the recording was made. Who plays a recording to a node gives it this name, and puts its
 * own creation and pids in the place of these, which occur nowhere else in the traffic.
 */
export const recordedNode = {
  name: 'live@127.250.0.1',
  creation: 0x7e1ab0c3,
  cookie: 'recorded',
  /** A process that traps exits. */
  sturdyId: 0x6a11d0e5,
  /** A process that does not. */
  frailId: 0x6a11d0f7,
} as const

export const recordingFile = new URL('../../../test/recordings/otp-25-traffic.jsonl', import.meta.url)

/** The recording as it is kept: one JSON object a line, a frame's part and its bytes. */
export function readRecording(url: URL = recordingFile): Recording {
  const recording: Record<RecordingPart, Buffer[]> = { asDialler: [], asAcceptor: [], onLink: [] }
  for (const line of readFileSync(url, 'utf8').trim().split('\n')) {
    const { part, base64 } = JSON.parse(line) as { part: RecordingPart; base64: string }
    recording[part].push(Buffer.from(base64, 'base64'))
  }
  return recording
}

export function formatRecording(recording: Recording): string {
  const parts = Object.entries(recording) as [RecordingPart, readonly Buffer[]][]
  return parts
    .flatMap(([part, frames]) => frames.map((frame) => JSON.stringify({ part, base64: frame.toString('base64') })))
    .map((line) => `${line}\n`)
    .join('')
}

/** Puts other numbers of 32 bits in the place of those that are in the frames. */
export function renumbered(frames: readonly Buffer[], numbers: ReadonlyMap<number, number>): Buffer[] {
  const before = Buffer.alloc(4)
  return frames.map((frame) => {
    const copy = Buffer.from(frame)
    for (const [from, to] of numbers) {
      before.writeUInt32BE(from)
      for (let at = frame.indexOf(before); at >= 0; at = frame.indexOf(before, at + 1)) copy.writeUInt32BE(to, at)
    }
    return copy
  })
}
