import { inspect } from 'node:util'
import { TiebeamError } from '../errors.ts'
import { Refusal, type SettingDefinition } from './definition.ts'
import { type SettingName, type Settings, settingDefinitions } from './settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Which variables are read for a setting, instead of those of the reference; an empty list: none. */
export type Variables = { readonly [Name in SettingName]?: readonly string[] }

export interface SettingsFile {
  readonly path: string
  readonly content: unknown
}

export interface SettingSources {
  /** What the program gives goes before the environment, that before the file, that before the default. */
  readonly program: Readonly<Record<string, unknown>>
  readonly environment: Environment
  readonly variables: Variables
  readonly file: SettingsFile | undefined
}

/** Where the value of a setting came from, for messages and `app.settings`. */
export interface ResolvedSettings {
  readonly settings: Settings
  /** Those that somebody has set. */
  readonly given: ReadonlySet<SettingName>
}

interface Given {
  readonly source: string
  readonly value: unknown
}

/**
 * @throws TiebeamError `SETTING_INVALID`: one message with all that is wrong
 */
export function resolveSettings(sources: SettingSources): ResolvedSettings {
  const problems = fileProblems(sources.file)
  const settings: Record<string, unknown> = {}
  const given = new Set<SettingName>()
  for (const name of Object.keys(settingDefinitions) as SettingName[]) {
    const definition: SettingDefinition = settingDefinitions[name]
    const found = find(name, definition, sources)
    if (found === undefined) {
      settings[name] = definition.default
      continue
    }
    given.add(name)
    const value = definition.parse(found.value)
    if (value instanceof Refusal) problems.push(problemOf(definition, found, value))
    settings[name] = value
  }
  if (problems.length > 0) throw settingsError(problems)
  const resolved = settings as unknown as Settings
  if ((resolved.tlsCertFile === undefined) !== (resolved.tlsKeyFile === undefined)) {
    throw settingsError([
      'tlsCertFile and tlsKeyFile (TIEBEAM_TLS_CERT_FILE, TIEBEAM_TLS_KEY_FILE) are given together, or neither',
    ])
  }
  return { settings: resolved, given }
}

export function settingsError(problems: readonly string[], cause?: unknown): TiebeamError {
  const text =
    problems.length === 1
      ? `A setting is wrong: ${problems[0]}.`
      : `${problems.length} settings are wrong:\n${problems.map((problem) => `- ${problem}`).join('\n')}`
  return new TiebeamError('SETTING_INVALID', text, { cause })
}

function find(name: SettingName, definition: SettingDefinition, sources: SettingSources): Given | undefined {
  const program = sources.program[name]
  if (program !== undefined) return { source: `the option ${name}`, value: program }
  for (const variable of sources.variables[name] ?? definition.environment) {
    const value = sources.environment[variable]
    // An empty variable is an unset one: that is how manifests and shells leave something out.
    if (value !== undefined && value !== '') return { source: variable, value }
  }
  const fromFile = (sources.file?.content as Readonly<Record<string, unknown>> | undefined)?.[name]
  return fromFile === undefined ? undefined : { source: `${name} in ${sources.file?.path}`, value: fromFile }
}

function problemOf({ secret }: SettingDefinition, { source, value }: Given, { allowed }: Refusal): string {
  const shown =
    secret === true ? 'is not valid' : `is ${typeof value === 'string' ? JSON.stringify(value) : inspect(value)}`
  return `${source} ${shown}; it has to be ${allowed}`
}

function fileProblems(file: SettingsFile | undefined): string[] {
  if (file === undefined) return []
  const { path, content } = file
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return [`${path} holds no object`]
  return Object.keys(content)
    .filter((name) => !Object.hasOwn(settingDefinitions, name))
    .map((name) => `${name} in ${path} is not known; the settings are ${Object.keys(settingDefinitions).join(', ')}`)
}
