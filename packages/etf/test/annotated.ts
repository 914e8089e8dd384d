/**
 * Bytes from text in which a person can follow them: hexadecimal digits in any grouping, 'quoted' ASCII, and a comment
 * from `--` to the end of a line.
 */
export function annotated(text: string): Buffer {
  const parts: Buffer[] = []
  for (const line of text.split('\n')) {
    const [written = ''] = line.split('--')
    for (const [, quoted, digits] of written.matchAll(/'([^']*)'|([0-9a-f]+)/g)) {
      if (digits !== undefined && digits.length % 2 !== 0) throw new Error(`half a byte in ${JSON.stringify(line)}`)
      parts.push(digits === undefined ? Buffer.from(quoted ?? '', 'latin1') : Buffer.from(digits, 'hex'))
    }
  }
  return Buffer.concat(parts)
}
