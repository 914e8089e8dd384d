import { calendar, dateFields, dateStruct, utcAbbreviation, utcZone } from './dates.ts'
import { EncodeError } from './errors.ts'
import { TermWriter } from './term-writer.ts'
import type { ExportFun } from './values/fun.ts'
import type { Pid, Port, Reference } from './values/identifiers.ts'

/** Writes the values of fixed form: identifiers, external funs, and dates. */
export class FixedWriter extends TermWriter {
  /** NEW_PID_EXT up to its numbers, as it was written last: many pids in a row mostly are of one node. */
  #pidNode: string | undefined
  #pidPrefix = new Uint8Array(0)

  /** NEW_PID_EXT. */
  writePid(pid: Pid): void {
    const { node, id, serial, creation } = pid
    if (node !== this.#pidNode) this.#rememberNode(node)
    if (id >>> 0 !== id || serial >>> 0 !== serial || creation >>> 0 !== creation) throw notWord([id, serial, creation])
    const prefix = this.#pidPrefix
    const { length } = prefix
    this.ensure(length + 12)
    const store = this.store
    let at = this.at
    for (let i = 0; i < length; i++) store[at++] = prefix[i]!
    this.setUint32(at, id)
    this.setUint32(at + 4, serial)
    this.setUint32(at + 8, creation)
    this.at = at + 12
  }

  #rememberNode(node: string): void {
    const start = this.offset
    this.writeUint8(88)
    this.writeAtomName(node)
    this.#pidNode = node
    this.#pidPrefix = Uint8Array.prototype.slice.call(this.buffer, start, this.offset)
    this.offset = start
  }

  /** NEWER_REFERENCE_EXT. */
  writeReference(reference: Reference): void {
    const { ids } = reference
    if (ids.length < 1 || ids.length > 5) throw new EncodeError('ETF_RANGE', '$', 'a reference has 1 to 5 words')
    this.ensure(3)
    this.writeUint8(90)
    this.writeUint16(ids.length)
    this.writeAtomName(reference.node)
    this.writeWord(reference.creation)
    for (let i = 0; i < ids.length; i++) this.writeWord(ids[i]!)
  }

  /** NEW_PORT_EXT as long as the number fits its 28 bits, V4_PORT_EXT from there on. */
  writePort(port: Port): void {
    const { id } = port
    if (typeof id !== 'bigint' || id < 0n || id > 0xffff_ffff_ffff_ffffn) {
      throw new EncodeError('ETF_RANGE', '$', `the id of a port is a bigint of 64 bits, not ${String(id)}`)
    }
    const wide = id > 0x0fff_ffffn
    this.writeUint8(wide ? 120 : 89)
    this.writeAtomName(port.node)
    if (wide) this.writeUint64(id)
    else this.writeWord(Number(id))
    this.writeWord(port.creation)
  }

  /** EXPORT_EXT. */
  protected writeExport(value: ExportFun): void {
    this.writeUint8(113)
    this.writeAtomName(value.module)
    this.writeAtomName(value.function)
    this.writeUint8(97)
    this.writeByte(value.arity)
  }

  /** Elixir's %DateTime{}, its fields in the order in which OTP 25 writes them. */
  protected writeDate(date: Date): void {
    if (Number.isNaN(date.getTime())) throw new EncodeError('ETF_NO_TERM', '$', 'an invalid Date has no term')
    const fields = dateFields(date)
    this.writeMapHeader(13)
    this.writeAtomName('__struct__')
    this.writeAtomName(dateStruct)
    this.writeAtomName('calendar')
    this.writeAtomName(calendar)
    this.#writeIntegerField('day', fields.day)
    this.#writeIntegerField('hour', fields.hour)
    this.writeAtomName('microsecond')
    this.writeTupleHeader(2)
    this.writeInteger(fields.microsecond)
    this.writeInteger(3)
    this.#writeIntegerField('minute', fields.minute)
    this.#writeIntegerField('month', fields.month)
    this.#writeIntegerField('second', fields.second)
    this.#writeIntegerField('std_offset', 0)
    this.writeAtomName('time_zone')
    this.writeText(utcZone)
    this.#writeIntegerField('utc_offset', 0)
    this.#writeIntegerField('year', fields.year)
    this.writeAtomName('zone_abbr')
    this.writeText(utcAbbreviation)
  }

  #writeIntegerField(name: string, value: number): void {
    this.writeAtomName(name)
    this.writeInteger(value)
  }

  /** A field of 32 bits. */
  protected writeWord(value: number): void {
    if (value >>> 0 !== value) throw notWord([value])
    this.writeUint32(value)
  }

  /** A field of 8 bits. */
  protected writeByte(value: number): void {
    if ((value & 255) !== value) throw new EncodeError('ETF_RANGE', '$', `${value} is not 0 to 255`)
    this.writeUint8(value)
  }
}

function notWord(values: readonly number[]): EncodeError {
  const bad = values.find((value) => value >>> 0 !== value)
  return new EncodeError('ETF_RANGE', '$', `${bad} is not an integer of 32 bits without sign`)
}
