import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { toUnavailableResponse } from '../../src/delivery/serve/clip-response.js'
import { ClipUnavailable } from '../../src/delivery/serve/clip-unavailable.js'
import { CLIP_ERRORS, type ClipErrorCode } from '../../src/domain/errors.js'
import { listSources } from './source-imports.js'

function isClipErrorCode(text: string): text is ClipErrorCode {
  return Object.hasOwn(CLIP_ERRORS, text)
}

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** Targets of [text](target) that are files, without anchors. */
function linkedFiles(page: string): string[] {
  const text = readFileSync(page, 'utf8')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] ?? '').replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => join(dirname(page), target))
}

/** `src/…`, `test/…`, `docs/…`, `bench/…`, `scripts/…` and `folder/file.ts` in backticks. */
function namedFiles(text: string): string[] {
  return [...text.matchAll(/`((?:src|test|docs|bench|scripts)\/[\w./-]+\.\w+|(?:[\w-]+\/)+[\w.-]+\.ts)`/g)].map((match) => match[1] ?? '')
}

function exists(path: string): boolean {
  return existsSync(path) || existsSync(join('src', path)) || existsSync(join('test', path))
}

describe.each(pages)('%s', (page) => {
  test('links to files that exist', () => {
    expect(linkedFiles(page).filter((file) => !existsSync(file))).toEqual([])
  })

  test('names files that exist', () => {
    expect(namedFiles(readFileSync(page, 'utf8')).filter((file) => !exists(file))).toEqual([])
  })
})

test('comments of the sources name files that exist', () => {
  const lost = listSources('src').flatMap((path) =>
    readFileSync(join('src', path), 'utf8')
      .split('\n')
      .filter((line) => /^\s*(\*|\/\/|\/\*)/.test(line))
      .flatMap((line) => namedFiles(line))
      .filter((file) => !exists(file))
      .map((file) => `${path}: ${file}`),
  )
  expect(lost).toEqual([])
})

test('docs/clip-url.md names every problem of a clip URL, beside the status that it has', () => {
  const rows = readFileSync('docs/clip-url.md', 'utf8').replace(/ +/g, ' ').split('\n')
  const lost = Object.keys(CLIP_ERRORS)
    .filter(isClipErrorCode)
    .filter((reason) => {
      const { status } = toUnavailableResponse(new ClipUnavailable(reason, ''))
      return !rows.some((row) => row.startsWith(`| ${status} |`) && row.includes(`\`${reason}\``))
    })
  expect(lost).toEqual([])
})

test('docs/architecture.md lists each folder of src once', () => {
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const listed = [...readFileSync('docs/architecture.md', 'utf8').matchAll(/^\| `src\/([\w-]+)`/gm)].map((match) => match[1])
  expect(listed.toSorted()).toEqual(folders.map(({ name }) => name).toSorted())
})

/** Rows of "Where is …?": each file, beside the export of the same position. */
function answersOf(page: string): { readonly file: string; readonly name: string }[] {
  const [, section = ''] = page.split(/^## Where is …\?$/m)
  const [table = ''] = section.split(/^## /m)
  return table.split('\n').flatMap((row) => {
    const [, , files = '', names = ''] = row.split('|')
    const exports = [...names.matchAll(/`([\w$]+)`/g)].map(([, name = '']) => name)
    return [...files.matchAll(/`([\w./-]+\.ts)`/g)].map(([, file = ''], index) => ({ file, name: exports[index] ?? '' }))
  })
}

test('docs/architecture.md says where ten things are, in files that export what it says', () => {
  const answers = answersOf(readFileSync('docs/architecture.md', 'utf8'))
  expect(answers.length).toBeGreaterThanOrEqual(10)
  const wrong = answers.filter(({ file, name }) => {
    const path = join('src', file)
    const exported = new RegExp(`^export (?:async |abstract )?(?:function\\*?|class|const|interface|type) ${name}\\b`, 'm')
    return name === '' || !existsSync(path) || !exported.test(readFileSync(path, 'utf8'))
  })
  expect(wrong).toEqual([])
})

test('the diagram of docs/architecture.md names files that exist', () => {
  const [, diagram = ''] = readFileSync('docs/architecture.md', 'utf8').split('```mermaid')
  const files = [...(diagram.split('```')[0] ?? '').matchAll(/"([\w./-]+\.ts)"/g)].map(([, file = '']) => file)
  expect(files.length).toBeGreaterThan(5)
  expect(files.filter((file) => !exists(file))).toEqual([])
})

test('every dependency has its line in docs/dependencies.md', () => {
  const page = readFileSync('docs/dependencies.md', 'utf8')
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const missing = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !page.includes(`\`${name}\``))
  expect(missing).toEqual([])
})
