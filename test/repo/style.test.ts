import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { functionLengths } from './function-lengths.js'
import { listSources } from './source-imports.js'

const MAX_LINES = 300
const MAX_FUNCTION_LINES = 60
const MEDIAN_LINES = { least: 50, most: 120 }
const sources = listSources('src').map((path) => ({ path, text: readFileSync(join('src', path), 'utf8') }))

function countLines(text: string): number {
  return text.trimEnd().split('\n').length
}

function offenders(isOffence: (source: { path: string; text: string }) => boolean): string[] {
  return sources.filter(isOffence).map((source) => source.path)
}

describe('every source file', () => {
  test(`has at most ${MAX_LINES} lines`, () => {
    expect(offenders(({ text }) => countLines(text) > MAX_LINES)).toEqual([])
  })

  test(`has functions of at most ${MAX_FUNCTION_LINES} lines`, () => {
    const long = sources.flatMap(({ path, text }) =>
      functionLengths(text).flatMap(({ line, lines }) => (lines > MAX_FUNCTION_LINES ? [`${path}:${line} has ${lines} lines`] : [])),
    )
    expect(long).toEqual([])
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

test(`the median of source files has ${MEDIAN_LINES.least} to ${MEDIAN_LINES.most} lines`, () => {
  const lines = sources.map(({ text }) => countLines(text)).toSorted((a, b) => a - b)
  const median = lines[Math.floor(lines.length / 2)]
  expect(median).toBeGreaterThanOrEqual(MEDIAN_LINES.least)
  expect(median).toBeLessThanOrEqual(MEDIAN_LINES.most)
})

test('the length of a function is that of its lines', () => {
  const source = 'const é = 1\n\nexport function a() {\n  return () => {\n    b()\n  }\n}\nclass C {\n  d() {}\n}\n'
  expect(functionLengths(source)).toEqual([
    { line: 3, lines: 5 },
    { line: 4, lines: 3 },
    { line: 9, lines: 1 },
  ])
})
