/**
 * A Date travels as Elixir's `%DateTime{}` in UTC with milliseconds: an Elixir node reads a DateTime, Erlang a map with
 * `year`, `month`, `day` and so on. These are its fields in the order in which OTP 25 writes them.
 */
export interface DateFields {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  /** Microseconds of the second; a multiple of 1000, since a Date counts milliseconds. */
  microsecond: number
}

export const dateStruct = 'Elixir.DateTime'
export const setStruct = 'Elixir.MapSet'
export const calendar = 'Elixir.Calendar.ISO'
export const utcZone = 'Etc/UTC'
export const utcAbbreviation = 'UTC'

export function dateFields(date: Date): DateFields {
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    microsecond: date.getUTCMilliseconds() * 1000,
  }
}

/** The Date of these fields, or undefined when some field is out of its range: then the map stays a map. */
export function dateFrom(fields: DateFields): Date | undefined {
  const date = new Date(0)
  date.setUTCFullYear(fields.year, fields.month - 1, fields.day)
  date.setUTCHours(fields.hour, fields.minute, fields.second, fields.microsecond / 1000)
  const same = dateFields(date)
  for (const name of Object.keys(same) as (keyof DateFields)[]) {
    if (same[name] !== fields[name]) return undefined
  }
  return date
}
