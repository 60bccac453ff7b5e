import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { FAKE_CLIP_ID } from '../support/fake-clips.js'
import { buildHarness } from '../support/graphql-harness.js'
import { RawSocket } from '../support/graphql-socket.js'

let harness: Awaited<ReturnType<typeof buildHarness>>
beforeAll(async () => {
  harness = await buildHarness()
})
afterAll(() => harness.app.close())

async function refusalsOf(query: string, variables?: Record<string, unknown>) {
  const response = await harness.app.inject({ method: 'POST', url: '/graphql', payload: { query, variables } })
  expect(response.statusCode).toBe(400)
  const errors: { message: string; locations?: { line: number; column: number }[] }[] = response.json().errors
  return errors.map(({ message, locations }) => ({ message, at: locations?.map(({ line, column }) => `${line}:${column}`).join() }))
}

const range = (start: string, end = '"2026-01-31T12:00:00Z"') => `{ startTimestamp: ${start}, endTimestamp: ${end} }`
const stream = (field: string) => `{\n  stream(name: "camera-01") {\n    ${field}\n  }\n}`

describe('an invalid literal is refused with its location and its argument:', () => {
  test.each([
    ['a DateTime', stream('media(at: "yesterday") { clippable }'), '3:15', 'Argument "at" of "media": DateTime must be'],
    ['another name', stream('x: media(at: 5) { clippable }'), '3:18', 'Argument "at" of "media": DateTime must be'],
    [
      'in an input object',
      stream(`coverage(range: ${range('"now"')}) { fragmentCount }`),
      '3:39',
      'Argument "range.startTimestamp" of "coverage": DateTime',
    ],
    ['a list for it', stream('media(at: ["2026-01-31T12:00:00Z"]) { clippable }'), '3:15', 'Argument "at" of "media": DateTime'],
    ['an object for it', stream('media(at: {a: "2026-01-31T12:00:00Z"}) { clippable }'), '3:15', 'Argument "at" of "media": DateTime'],
    [
      'Milliseconds',
      stream(`coverage(range: ${range('"2026-01-30T12:00:00Z"')}, maxGapMs: -1) { fragmentCount }`),
      undefined,
      'Argument "maxGapMs" of "coverage": Milliseconds must be',
    ],
    [
      'in a list of input objects',
      `mutation {\n  requestClips(inputs: [${range('"2026-01-30T12:00:00Z"')}, ${range('"a"', 'B')}]) { issues { code } }\n}`,
      undefined,
      'Argument "inputs[1].startTimestamp" of "requestClips": DateTime must be',
    ],
    [
      'a default value',
      'query ($at: DateTime = "a") {\n  stream(name: "a") { media(at: $at) { clippable } }\n}',
      '1:24',
      'Default value of "$at": DateTime',
    ],
    [
      'in a fragment',
      'query { stream(name: "a") { ...F } }\nfragment F on Stream { media(at: "b") { clippable } }',
      '2:34',
      'Argument "at" of "media": DateTime',
    ],
  ])('%s', async (_, query, at, message) => {
    const [first] = await refusalsOf(query)
    expect(first?.message).toContain(message)
    expect(first?.at).toMatch(/^\d+:\d+$/)
    if (at !== undefined) expect(first?.at).toBe(at)
  })

  test('each of several', async () => {
    const errors = await refusalsOf(stream(`coverage(range: ${range('"a"', '"b"')}) { fragmentCount }`))
    expect(errors.map(({ message }) => message.split(':')[0])).toEqual([
      'Argument "range.startTimestamp" of "coverage"',
      'Argument "range.endTimestamp" of "coverage"',
    ])
    expect(new Set(errors.map(({ at }) => at)).size).toBe(2)
  })

  test('a hundred of them in one document, within its limits', async () => {
    const fields = Array.from({ length: 90 }, (_, index) => `a${index}: media(at: "${index}") { clippable }`)
    const errors = await refusalsOf(stream(fields.join(' ')))
    expect(errors.filter(({ message }) => message.startsWith('Argument "at" of "media": DateTime')).length).toBeGreaterThan(80)
  })

  test('also over a WebSocket', async () => {
    const raw = await RawSocket.connect(await harness.app.listen({ host: '127.0.0.1', port: 0 }))
    raw.subscribe('a', { query: `subscription { clipProgress(id: "${FAKE_CLIP_ID}") { stream { media(at: "b") { clippable } } } }` })
    const { payload } = await raw.until('error', 'a')
    expect(payload).toMatchObject([{ message: expect.stringContaining('Argument "at" of "media"'), locations: [{ line: 1 }] }])
    raw.socket.close()
  })
})

describe('an invalid variable is refused with its path:', () => {
  const validate = 'query ($input: ClipInput!) { validateClip(input: $input) { valid } }'
  const requestAll = 'mutation ($inputs: [ClipInput!]!) { requestClips(inputs: $inputs) { issues { code } } }'
  const input = { streamName: 'camera-01', startTimestamp: '2026-01-31T12:00:00Z', endTimestamp: '2026-01-31T12:01:00Z' }
  const long = 'x'.repeat(300_000)

  test.each<[string, string, Record<string, unknown>, string]>([
    ['in an input object', validate, { input: { ...input, startTimestamp: 'yesterday' } }, 'input.startTimestamp'],
    ['in a list', requestAll, { inputs: [input, { ...input, endTimestamp: 5 }] }, 'inputs[1].endTimestamp'],
    ['as a long text', validate, { input: { ...input, startTimestamp: long } }, 'input.startTimestamp'],
    ['as a long text in a list', requestAll, { inputs: [input, { ...input, startTimestamp: long }] }, 'inputs[1].startTimestamp'],
  ])('%s', async (_, query, variables, path) => {
    const [error] = await refusalsOf(query, variables)
    expect(error?.message).toContain(`at "${path}"; DateTime must be an RFC 3339 instant`)
    expect(error?.message.length).toBeLessThan(520)
    expect(error?.at).toMatch(/^1:\d+$/)
  })

  test('alone', async () => {
    const [error] = await refusalsOf('query ($at: DateTime) { stream(name: "a") { media(at: $at) { clippable } } }', { at: 'soon' })
    expect(error?.message).toMatch(/^Variable "\$at" got invalid value "soon"; DateTime must be/)
  })
})
