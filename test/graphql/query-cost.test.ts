import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { getIntrospectionQuery, getNamedType, isLeafType, isListType, isNonNullType, isObjectType, parse } from 'graphql'
import { costOfOperation } from '../../src/graphql/cost/operation-cost.js'
import { buildHarness } from '../support/graphql-harness.js'

const DAY = { startTimestamp: '2023-11-13T22:00:00Z', endTimestamp: '2023-11-14T22:00:00Z' }
const WEEK = { startTimestamp: '2023-11-08T22:00:00Z', endTimestamp: '2023-11-15T22:00:00Z' }
const INPUT = { streamName: 'camera-01', startTimestamp: '2023-11-14T22:15:00Z', endTimestamp: '2023-11-14T22:16:00Z' }
const RANGES = '{ startTimestamp endTimestamp durationMs }'
let harness: Awaited<ReturnType<typeof buildHarness>>

beforeAll(async () => {
  harness = await buildHarness()
})
afterAll(() => harness.app.close())

async function post(query: string, variables?: object) {
  return (await harness.app.inject({ method: 'POST', url: '/graphql', payload: { query, variables } })).json()
}

describe('an operation fits the default limit', () => {
  const week = Array.from(
    { length: 4 },
    (_, index) =>
      `c${index}: stream(name: "camera-0${index}") { name coverage(range: $week) { spans { range ${RANGES} fragmentCount sizeBytes } gaps ${RANGES} } }`,
  )
  test.each([
    [
      'the dashboard, with the default page',
      'query ($day: TimestampRangeInput!) { streams { nodes { name status coverage(range: $day) { fragmentCount } media { video { codec } } } } }',
      { day: DAY },
    ],
    ['a week of spans and gaps of four cameras', `query ($week: TimestampRangeInput!) { ${week.join(' ')} }`, { week: WEEK }],
    [
      'twenty-five clips with their gaps, timelines and issues',
      `mutation ($inputs: [ClipInput!]!) { requestClips(inputs: $inputs) { clip { id state downloadUrl expiresAt gaps ${RANGES} timeline { mediaStartMs range ${RANGES} } } issues { code message hint ranges ${RANGES} } } }`,
      { inputs: Array.from({ length: 25 }, () => INPUT) },
    ],
    ['the standard introspection', getIntrospectionQuery(), {}],
  ])('%s', async (_, query, variables) => {
    const { errors, extensions } = await post(query, variables)
    expect((errors ?? []).filter(({ extensions: { code } }: { extensions: { code: string } }) => code === 'BAD_USER_INPUT')).toEqual([])
    expect(extensions).toEqual({ cost: { requested: expect.any(Number), limit: 5000 } })
    expect(extensions.cost.requested).toBeLessThan(4800)
  })
})

test('a refusal contains the cost, the limit, the most expensive field and advice', async () => {
  const page =
    'query ($day: TimestampRangeInput!) { streams(first: 100) { nodes { name coverage(range: $day) { fragmentCount } media { video { codec } } } } }'
  expect(await post(page, { day: DAY })).toEqual({
    errors: [
      {
        message:
          'The operation costs 8240, at most 5000 is allowed. The field streams.nodes.media costs most (6110). Request a smaller page (first), or omit the field.',
        extensions: { code: 'BAD_USER_INPUT', cost: { requested: 8240, limit: 5000, field: 'streams.nodes.media', fieldCost: 6110 } },
      },
    ],
  })
  const many = `{ ${Array.from({ length: 60 }, (_, index) => `a${index}: clip(id: "${index}") { state }`).join(' ')} }`
  expect((await post(many)).errors[0].message).toBe(
    'The operation costs 6006, at most 5000 is allowed. The field clip costs most (6006). Omit it, or split the operation into several.',
  )
})

describe('lists', () => {
  test.each([
    [
      'Coverage.spans',
      'query ($r: TimestampRangeInput!) { stream(name: "a") { coverage(range: $r) { ...C } } }',
      'Coverage',
      `spans { range ${RANGES} }`,
    ],
    [
      'Coverage.gaps',
      'query ($r: TimestampRangeInput!) { stream(name: "a") { coverage(range: $r) { ...C } } }',
      'Coverage',
      `gaps ${RANGES}`,
    ],
    ['ClipPlan.gaps', 'query ($i: ClipInput!) { validateClip(input: $i) { plan { ...C } } }', 'ClipPlan', `gaps ${RANGES}`],
    ['Clip.gaps', '{ clip(id: "1") { ...C } }', 'Clip', `gaps ${RANGES}`],
    ['Clip.timeline', '{ clip(id: "1") { ...C } }', 'Clip', `timeline { range ${RANGES} }`],
    ['ClipIssue.ranges', 'query ($i: ClipInput!) { validateClip(input: $i) { issues { ...C } } }', 'ClipIssue', `ranges ${RANGES}`],
    ['ClipFailure.ranges', '{ clip(id: "1") { failure { ...C } } }', 'ClipFailure', `ranges ${RANGES}`],
  ])('%s multiplies the cost by its aliases and fragments', (_, operation, type, field) => {
    const costOf = (body: string) => costOfText(`${operation} fragment C on ${type} { ${body} }`)
    const [none, one, ten] = [
      costOf('__typename'),
      costOf(field),
      costOf(Array.from({ length: 10 }, (__, index) => `a${index}: ${field}`).join(' ')),
    ]
    expect(one - none).toBeGreaterThanOrEqual(3)
    expect(ten - none).toBeGreaterThan((one - none) * 9)
  })

  test('of objects have a typical length, except pages, which have first', () => {
    const unsaid = Object.values(harness.schema.getTypeMap())
      .filter((type) => isObjectType(type) && !type.name.startsWith('__') && !type.name.endsWith('Connection'))
      .flatMap((type) => (isObjectType(type) ? Object.values(type.getFields()).map((field) => ({ type, field })) : []))
      .filter(({ field: { type } }) => isListType(isNonNullType(type) ? type.ofType : type) && !isLeafType(getNamedType(type)))
      .filter(({ field }) => typeof field.extensions.complexity !== 'function')
    expect(unsaid.map(({ type, field }) => `${type.name}.${field.name}`)).toEqual([])
  })

  function costOfText(text: string): number {
    const document = parse(text)
    const [operation] = document.definitions
    if (operation?.kind !== 'OperationDefinition') throw new Error('no operation')
    return costOfOperation(harness.schema, { document, operation, variables: { r: { startTimestamp: 0, endTimestamp: 0 }, i: {} } }).cost
  }

  test('fragments do not change the cost of a document', () => {
    const leaf = fc.constantFrom('name', 'arn', 'status', 'tags { key value }', 'dataEndpoint', 'media { clippable }')
    const keyed = fc
      .tuple(fc.constantFrom('', 'a: ', 'b: ', 'c: '), leaf)
      .map(([alias, field]) => (alias === '' ? field : `${alias}${field}`))
    // One key is always the same field, as validation asks for.
    const fields = fc.uniqueArray(keyed, { minLength: 1, maxLength: 6, selector: (text) => text.split(/[: ]/)[0] })
    fc.assert(
      fc.property(fields, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 60 }), (selected, times, first) => {
        const body = selected.join(' ')
        const plain = costOfText(`{ streams(first: ${first}) { nodes { ${body} } } }`)
        const spread = Array.from({ length: times }, () => '...F ... on Stream { ...F }').join(' ')
        const shared = costOfText(`{ streams(first: ${first}) { nodes { ${spread} } } } fragment F on Stream { ${body} }`)
        expect(shared).toBe(plain)
      }),
      { numRuns: 50 },
    )
  })

  test.each([2, 5, 10, 40])('fragments that multiply %i deep are counted once', (depth) => {
    const levels = Array.from(
      { length: depth },
      (_, index) => `fragment F${index} on __Type { a: ofType { ...F${index + 1} } b: ofType { ...F${index + 1} } }`,
    )
    const cost = costOfText(`{ __type(name: "Stream") { ...F0 } } ${levels.join(' ')} fragment F${depth} on __Type { name }`)
    expect(cost).toBeGreaterThanOrEqual(0)
  })
})
