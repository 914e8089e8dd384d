/** A file has one subject: sources stay within a length that can be read in one go. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { filesBelow, members } from '../layout.mjs'

const sourceLinesMax = 400

/**
 * @param {string} root
 * @returns {string[]} what is wrong, one line each
 */
export function checkFileLength(root) {
  return [...members(root).map((member) => `${member}/src`), 'scripts'].flatMap((folder) =>
    filesBelow(path.join(root, folder)).flatMap((file) => {
      if (!/\.(?:ts|mjs)$/.test(file)) return []
      const lines = readFileSync(path.join(root, folder, file), 'utf8').split('\n').length - 1
      return lines > sourceLinesMax
        ? [`${folder}/${file}: ${lines} lines, more than ${sourceLinesMax}; split it by subject`]
        : []
    }),
  )
}
