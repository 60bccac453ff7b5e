import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parseConfig } from '../../src/config/config.js'
import { readEnv, SETTING_NAMES } from '../../src/config/env.js'

/** NAME=value, or the same behind a # where the setting has no default that could be written down. */
const LINE = /^(?<off>#?)(?<name>[A-Z][A-Z_]+)=(?<value>.*)$/
const lines = readFileSync('example.env', 'utf8')
  .split('\n')
  .map((line) => LINE.exec(line)?.groups)
  .filter((groups) => groups !== undefined)

test('names every setting once, and nothing else', () => {
  expect(lines.map(({ name }) => name).sort()).toEqual([...SETTING_NAMES].sort())
})

test('contains the defaults', () => {
  const given = Object.fromEntries(lines.filter(({ off }) => off === '').map(({ name, value }) => [name, value]))
  expect(parseConfig(readEnv(given))).toEqual(parseConfig({}))
})

test('shows only valid example values', () => {
  const examples = Object.fromEntries(lines.filter(({ off }) => off === '#').map(({ name, value }) => [name, value]))
  expect(() => parseConfig(readEnv({ ...examples, KVS_BACKEND: 'aws' }))).not.toThrow()
})
