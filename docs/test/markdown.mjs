/** What the tests need to know of a Markdown page: its fences, its headings and its links. Pure. */

/**
 * @typedef {object} Fence
 * @property {string} language the first word of the info string, '' when there is none
 * @property {Record<string, string>} attributes `not-run="why"`, `file="name"`, `output`, `output="name"`
 * @property {number} line of the opening fence, counted from 1
 * @property {string} text what is between the fences, ending in a newline unless empty
 */

/**
 * @param {string} page
 * @returns {Fence[]}
 * @throws Error for a fence that is not closed
 */
export function fencesOf(page) {
  /** @type {Fence[]} */
  const fences = []
  /** @type {(Fence & { closing: string, indent: number }) | undefined} */
  let open
  for (const [index, line] of page.split('\n').entries()) {
    const [, indent = '', marker, info = ''] = /^( *)(`{3,})\s*(.*)$/.exec(line) ?? []
    if (!open) {
      if (!marker) continue
      const [language = '', ...rest] = info.split(/\s+(.*)/)
      open = {
        language,
        attributes: attributesOf(rest[0] ?? ''),
        line: index + 1,
        text: '',
        closing: marker,
        indent: indent.length,
      }
    } else if (marker === open.closing && info === '') {
      const { language, attributes, line, text } = open
      fences.push({ language, attributes, line, text })
      open = undefined
    } else {
      open.text += `${line.slice(Math.min(open.indent, line.length - line.trimStart().length))}\n`
    }
  }
  if (open) throw new Error(`line ${open.line}: the fence is not closed`)
  return fences
}

/** @param {string} text */
function attributesOf(text) {
  return Object.fromEntries(
    [...text.matchAll(/([a-z-]+)(?:="([^"]*)")?/g)].map(([, name = '', value = '']) => [name, value]),
  )
}

/** @param {string} page */
function withoutCode(page) {
  return page.replace(/^ *(`{3,})[\s\S]*?^ *\1\s*$/gm, '').replace(/`[^`\n]*`/g, '')
}

/**
 * The targets of all links and images.
 *
 * @param {string} page
 */
export function linksOf(page) {
  return [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/**
 * The anchors that GitHub gives to the headings.
 *
 * @param {string} page
 */
export function anchorsOf(page) {
  const headings = page.replace(/^ *(`{3,})[\s\S]*?^ *\1\s*$/gm, '').matchAll(/^#{1,6} +(.+)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  )
}
