import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { listSources } from './source-imports.js'

const LINE_CEILING = 400
const sources = listSources('src').map((path) => ({ path, text: readFileSync(join('src', path), 'utf8') }))

function offenders(isOffence: (source: { path: string; text: string }) => boolean): string[] {
  return sources.filter(isOffence).map((source) => source.path)
}

describe('every source file', () => {
  test(`has at most ${LINE_CEILING} lines`, () => {
    expect(offenders(({ text }) => text.split('\n').length > LINE_CEILING)).toEqual([])
  })

  test('has a name that says something', () => {
    expect(offenders(({ path }) => /(^|\/)(utils?|misc|common|helpers?|shared|types)(\.ts|\/)/.test(path))).toEqual([])
  })

  test('is named in kebab-case', () => {
    expect(offenders(({ path }) => !/^[a-z0-9./-]+\.tsx?$/.test(path))).toEqual([])
  })

  test('holds no escape from the type checker or the linter', () => {
    expect(offenders(({ text }) => /@ts-(ignore|expect-error|nocheck)|biome-ignore|\bas any\b|: any\b/.test(text))).toEqual([])
  })

  test('has named exports only', () => {
    expect(offenders(({ text }) => /^export default/m.test(text))).toEqual([])
  })

  test('reads the environment in config/env.ts or not at all', () => {
    expect(offenders(({ path, text }) => path !== 'config/env.ts' && !path.startsWith('cli/') && /process\.env/.test(text))).toEqual([])
  })
})
