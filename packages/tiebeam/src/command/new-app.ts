import { TiebeamError } from '../errors.ts'

const NAME = /^[a-z][a-z0-9_-]{0,63}$/

/** @throws TiebeamError `OPTION_INVALID` */
export function checkAppName(name: string): void {
  if (NAME.test(name)) return
  throw new TiebeamError(
    'OPTION_INVALID',
    `${name} cannot be the name of an app: take small letters, digits, _ and -, beginning with a letter, at most 64 of them.`,
  )
}

/** npm leaves files out of a package whose names begin with certain dots; so they begin with an underscore in the template. */
export function targetNameOf(templateName: string): string {
  return templateName.replace(/(^|\/)_/, '$1.')
}

export function fillTemplate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (found, name: string) => values[name] ?? found)
}
