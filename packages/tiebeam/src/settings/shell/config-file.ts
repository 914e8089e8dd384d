import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Environment, type SettingsFile, settingsError } from '../resolve.ts'

/** What is looked for in the working directory when `TIEBEAM_CONFIG` names no file. */
const DEFAULT_FILES = ['tiebeam.config.json', 'tiebeam.config.mjs', 'tiebeam.config.js']

/**
 * The configuration file, if there is one: JSON, or a module with a default export.
 * @throws TiebeamError `SETTING_INVALID` when it cannot be read
 */
export async function readConfigFile(environment: Environment, folder: string): Promise<SettingsFile | undefined> {
  const { TIEBEAM_CONFIG: named } = environment
  if (named !== undefined && named !== '') return read(path.resolve(folder, named), 'TIEBEAM_CONFIG names')
  for (const name of DEFAULT_FILES) {
    const file = path.join(folder, name)
    try {
      await readFile(file)
    } catch {
      continue
    }
    return read(file, 'there is')
  }
  return undefined
}

async function read(file: string, how: string): Promise<SettingsFile> {
  try {
    const content = file.endsWith('.json')
      ? (JSON.parse(await readFile(file, 'utf8')) as unknown)
      : ((await import(pathToFileURL(file).href)) as { readonly default?: unknown }).default
    return { path: file, content }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw settingsError([`${how} ${file}, which cannot be read: ${why}`], cause)
  }
}
