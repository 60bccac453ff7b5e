import { readFileSync } from 'node:fs'
import * as control from '@aws-sdk/client-kinesis-video'
import * as archived from '@aws-sdk/client-kinesis-video-archived-media'
import * as media from '@aws-sdk/client-kinesis-video-media'
import { describe, expect, test } from '@jest/globals'
import { FAULT_KINDS } from '../../src/kvs-server/faults/fault-rule.js'
import { REFUSED_OPERATIONS, servedOperations } from '../../src/kvs-server/operations/served-operations.js'

const page = readFileSync('docs/kvs-compatibility.md', 'utf8')
const rows = [...page.matchAll(/^\| (\w+) +\| (done|partial|refused) +\| (.*)\|$/gm)].map(([, name = '', state = '', notes = '']) => ({
  name,
  state,
  notes: notes.trim(),
}))
const refused = new Set<string>(REFUSED_OPERATIONS)

describe('the compatibility page', () => {
  test('has one row for each operation that the server answers, and no other', () => {
    const answered = [...servedOperations.map(({ name }) => name), 'PutMedia']
    expect(rows.map(({ name }) => name).sort()).toEqual(answered.sort())
  })

  test('marks exactly the refused operations as refused', () => {
    expect(
      rows
        .filter(({ state }) => state === 'refused')
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...refused].sort())
  })

  test('says what a partial operation lacks', () => {
    expect(rows.filter(({ state, notes }) => state === 'partial' && notes === '')).toEqual([])
  })

  test("lists every operation of AWS's three clients", () => {
    const names = [control, archived, media].flatMap((client) => Object.keys(client).filter((name) => /^[A-Z]\w+Command$/.test(name)))
    const operations = new Set(names.map((name) => name.replace(/Command$/, '')).filter((name) => name !== '$'))
    expect([...operations].filter((name) => !rows.some((row) => row.name === name))).toEqual([])
    expect(operations.size).toBeGreaterThan(35)
  })
})

test('the page on faults lists every kind of fault', () => {
  const faults = readFileSync('docs/faults.md', 'utf8')
  expect(FAULT_KINDS.filter((kind) => !faults.includes(`{"kind": "${kind}"`))).toEqual([])
})
