import { isIP } from 'node:net'
import type { Env, SettingName } from './env.js'
import { WrongSetting } from './env.js'

// One parser for each kind of value. Each error contains the setting, its value and the allowed values.

/** Parses one value. Returns undefined to refuse it. */
type Parse<T> = (text: string) => T | undefined

/** Returns the default if the setting is not set. @throws WrongSetting for a value that `parse` refuses */
export function parseSetting<T, D>(env: Env, name: SettingName, setting: { default: D; allowed: string; parse: Parse<T> }): T | D {
  const text = env[name]
  if (text === undefined) return setting.default
  const value = setting.parse(text)
  if (value === undefined) throw new WrongSetting(`${name} is ${quote(text)}, but must be ${setting.allowed}.`)
  return value
}

export function parseWholeNumber(env: Env, name: SettingName, range: { default: number; min: number; max: number }): number {
  return parseSetting(env, name, {
    default: range.default,
    allowed: `a whole number from ${range.min} to ${range.max}`,
    parse: (text) => {
      const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
      return value >= range.min && value <= range.max ? value : undefined
    },
  })
}

export function parseChoice<const T extends string>(env: Env, name: SettingName, choice: { default: T; of: readonly T[] }): T {
  return parseSetting(env, name, {
    default: choice.default,
    allowed: `one of ${choice.of.join(', ')}`,
    parse: (text) => choice.of.find((value) => value === text),
  })
}

export function parseSwitch(env: Env, name: SettingName, fallback: boolean): boolean {
  return parseChoice(env, name, { default: fallback ? 'true' : 'false', of: ['true', 'false'] }) === 'true'
}

/** A host name or address to listen on, without brackets. */
export function parseHost(env: Env, name: SettingName, fallback: string): string {
  return parseSetting(env, name, {
    default: fallback,
    allowed: 'a host name or an IP address, without a port',
    parse: (text) => (isHost(text) ? text : undefined),
  })
}

/** A comma-separated list without empty items. Spaces around an item are ignored. */
export function parseList<T, D>(env: Env, name: SettingName, list: { default: D; allowed: string; parse: Parse<T> }): readonly T[] | D {
  return parseSetting(env, name, {
    default: list.default,
    allowed: list.allowed,
    parse: (text) => {
      const items = text.split(',').map((item) => list.parse(item.trim()))
      const good = items.filter((item) => item !== undefined)
      return good.length === items.length ? good : undefined
    },
  })
}

/** An http or https URL without a query or fragment. Returned without a trailing slash. */
export function toBaseUrl(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  if (url.username !== '' || url.password !== '' || text.includes('?') || text.includes('#')) return undefined
  return url.href.replace(/\/+$/, '')
}

export function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(text)
}

/** Shortens and quotes the value, which can be long or contain line breaks. Hides the text before an @, which can be a password. */
function quote(text: string): string {
  const shown = text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@')
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown)
}
