import { FileFields, InvalidFile } from './file-fields.js'
import { isScope, SCOPES, type Scope } from './scope.js'
import { PATTERN_FORMS, parseStreamPattern, type StreamPattern } from './stream-pattern.js'

/** The scopes apply to the streams that one of the patterns covers. */
export interface Grant {
  readonly scopes: readonly Scope[]
  readonly streams: readonly StreamPattern[]
}

const MAX_ITEMS = 1000

/** Every scope on every stream. */
export const ALL_GRANTS: readonly Grant[] = [{ scopes: SCOPES, streams: [{ kind: 'name', text: '*', parts: ['', ''] }] }]

/** Reads `[{"scopes": […], "streams": […]}]`. @throws InvalidFile */
export function parseGrants(value: unknown, place: string): readonly Grant[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ITEMS)
    throw new InvalidFile(`${place} must be a list of 1 to ${MAX_ITEMS} grants.`)
  return value.map((item: unknown, index) => {
    const fields = new FileFields(item, `${place}[${index}]`, ['scopes', 'streams'])
    return { scopes: fields.texts('scopes', MAX_ITEMS).map(toScope), streams: fields.texts('streams', MAX_ITEMS).map(toPattern) }
  })
}

/** @throws InvalidFile */
export function toScope(text: string): Scope {
  if (isScope(text)) return text
  throw new InvalidFile(`${JSON.stringify(text)} is not a scope. The scopes are ${SCOPES.join(', ')}.`)
}

/** @throws InvalidFile */
export function toPattern(text: string): StreamPattern {
  const pattern = parseStreamPattern(text)
  if (pattern !== null) return pattern
  throw new InvalidFile(`${JSON.stringify(text)} is not a stream pattern. A pattern is ${PATTERN_FORMS}.`)
}

/** The form of the grants in files. */
export function toGrantFields(grants: readonly Grant[]): object[] {
  return grants.map(({ scopes, streams }) => ({ scopes, streams: streams.map(({ text }) => text) }))
}
