import { TermReader } from './term-reader.ts'
import { ExportFun } from './values/fun.ts'
import { Pid, Port, Reference } from './values/identifiers.ts'

/** Words in a reference; OTP allows five since release 24. */
const referenceWordsMax = 5

/** Reads pids, ports, references and external funs in all their forms, after their tags. */
export class IdentifierReader extends TermReader {
  /** A pid with its tag, where the format allows nothing else. */
  protected readTaggedPid(): Pid {
    const tag = this.readUint8()
    if (tag !== 88 && tag !== 103) this.fail('ETF_MALFORMED', 'a pid is expected here', this.offset - 1)
    return this.readPid(tag === 88)
  }

  /** NEW_PID_EXT, or PID_EXT with its creation of one byte. */
  protected readPid(wideCreation: boolean): Pid {
    const node = this.readAtomName()
    this.need(wideCreation ? 12 : 9)
    const id = this.readUint32()
    const serial = this.readUint32()
    return new Pid(node, id, serial, wideCreation ? this.readUint32() : this.readUint8())
  }

  /** NEW_PORT_EXT, or PORT_EXT with its creation of one byte. */
  protected readPort(wideCreation: boolean): Port {
    const node = this.readAtomName()
    const id = BigInt(this.readUint32())
    return new Port(node, id, wideCreation ? this.readUint32() : this.readUint8())
  }

  /** V4_PORT_EXT. */
  protected readWidePort(): Port {
    const node = this.readAtomName()
    const id = this.readUint64()
    return new Port(node, id, this.readUint32())
  }

  /** REFERENCE_EXT: a single word. */
  protected readOldReference(): Reference {
    const node = this.readAtomName()
    const id = this.readUint32()
    return new Reference(node, this.readUint8(), [id])
  }

  /** NEWER_REFERENCE_EXT, or NEW_REFERENCE_EXT with its creation of one byte. */
  protected readReference(wideCreation: boolean): Reference {
    const words = this.readUint16()
    if (words < 1 || words > referenceWordsMax) {
      this.fail('ETF_MALFORMED', `a reference has 1 to ${referenceWordsMax} words, not ${words}`, this.offset - 2)
    }
    const node = this.readAtomName()
    const creation = wideCreation ? this.readUint32() : this.readUint8()
    const ids: number[] = []
    for (let i = 0; i < words; i++) ids.push(this.readUint32())
    return new Reference(node, creation, ids)
  }

  /** EXPORT_EXT. */
  protected readExport(): ExportFun {
    const module = this.readAtomName()
    const name = this.readAtomName()
    const start = this.offset
    const tag = this.readUint8()
    const arity = tag === 97 ? this.readUint8() : tag === 98 ? this.readInt32() : -1
    if (arity < 0 || arity > 255) this.fail('ETF_MALFORMED', 'the arity of an external fun is 0 to 255', start)
    return new ExportFun(module, name, arity)
  }
}
