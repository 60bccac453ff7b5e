import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { buildDist } from '../support/cli-process.js'
import { findDialect, longSentences, MAX_SENTENCE_WORDS, toProse } from './plain-english.js'

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

describe.each(pages)('%s', (page) => {
  const text = readFileSync(page, 'utf8')

  test('uses plain English', () => {
    expect(findDialect(toProse(text))).toEqual([])
  })

  test(`has sentences of at most ${MAX_SENTENCE_WORDS} words`, () => {
    expect(longSentences(text)).toEqual([])
  })
})

test.each(['example.env', 'schema.graphql'])('%s uses plain English', (path) => {
  expect(findDialect(readFileSync(path, 'utf8'))).toEqual([])
})

describe('the help of the command line', () => {
  beforeAll(buildDist)

  test.each([[[]], [['serve']], [['kvs']], [['put-media']]])(
    'clipgate %s --help uses plain English',
    async (command: readonly string[]) => {
      const { stdout } = await promisify(execFile)(process.execPath, ['dist/cli/main.js', ...command, '--help'])
      // Commander wraps lines, also inside a phrase.
      expect(findDialect(stdout.replace(/\s+/g, ' '))).toEqual([])
    },
  )
})

describe('the check itself', () => {
  test.each([
    ['Whoever has it has the clip.', '"Whoever": use "anyone who", or name the actor'],
    ['The clip is made anew.', '"anew": use "again"'],
    ['There is no such\nclip to be had.', '"be had": use "available"'],
    ['It tells of the\nfootage.', '"tells of": use "describes" or "reports"'],
  ])('finds the phrase in %j', (text, finding) => {
    expect(findDialect(text)).toContain(finding)
  })

  test('finds words, not parts of words', () => {
    expect(findDialect('A newsletter amended the remembered behoof; besides, a shearsman sighted it.')).toEqual([])
  })

  test('skips code, tables of code and targets of links', () => {
    expect(toProse('Read `whoever()` in [the page](anew.md).\n\n```sh\nmend\n```\n')).not.toMatch(/whoever|anew|mend/)
  })

  test('finds a long sentence in a paragraph, a list and a table', () => {
    const long = `${Array.from({ length: MAX_SENTENCE_WORDS + 1 }, () => 'word').join(' ')}.`
    for (const text of [`Short. ${long}`, `- ${long}`, `| a | ${long} |`]) expect(longSentences(text)).toEqual([long])
  })

  test('counts list items and cells by themselves', () => {
    const half = Array.from({ length: 20 }, () => 'word').join(' ')
    expect(longSentences(`- ${half}\n- ${half}\n\n| ${half} | ${half} |`)).toEqual([])
  })
})
