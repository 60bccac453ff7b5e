import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { getIntrospectionQuery } from 'graphql'
import { buildHarness } from '../support/graphql-harness.js'

let harness: Awaited<ReturnType<typeof buildHarness>>
beforeAll(async () => {
  harness = await buildHarness()
})
afterAll(() => harness.app.close())

async function refusal(query: string, variables?: Record<string, unknown>) {
  const { status, data, errors } = await harness.ask(query, variables)
  expect({ status, data }).toEqual({ status: 400, data: null })
  expect(await harness.ask('{ limits { maxRangeHours } }')).toMatchObject({ data: { limits: { maxRangeHours: 24 } } })
  return errors.map(({ message, extensions }) => `${extensions.code}: ${message}`).join('\n')
}

function repeat(times: number, write: (index: number) => string): string {
  return Array.from({ length: times }, (_, index) => write(index)).join(' ')
}

const range = '(range: { startTimestamp: "2023-11-14T22:00:00Z", endTimestamp: "2023-11-14T23:00:00Z" }, first: 1000)'

describe('a document is refused', () => {
  test('that is deeper than QUERY_MAX_DEPTH, also through fragments', async () => {
    const shallow = await buildHarness({ maxDepth: 3 })
    const query = `{ streams { ...Page } } fragment Page on StreamConnection { edges { node { ... on Stream { tags { key } } } } }`
    expect((await shallow.ask('{ streams { nodes { name } } }')).errors).toEqual([])
    expect((await shallow.ask(query)).errors).toMatchObject([{ message: 'The operation is 5 fields deep, at most 3 are allowed.' }])
    await shallow.app.close()
  })

  test('with more than a hundred aliases', async () => {
    const aliases = Array.from({ length: 101 }, (_, index) => `a${index}: limits { maxRangeHours }`).join(' ')
    expect(await refusal(`{ ${aliases} }`)).toBe('GRAPHQL_VALIDATION_FAILED: The document has 101 aliases, at most 100 are allowed.')
  })

  test('with more than fifty directives', async () => {
    const directives = Array.from({ length: 51 }, () => '__typename @skip(if: true)').join(' ')
    expect(await refusal(`{ ${directives} }`)).toContain('The document has 51 directives, at most 50 are allowed.')
  })

  test('with too many tokens', async () => {
    expect(await refusal(`{ ${'__typename '.repeat(3000)} }`)).toMatch(/^GRAPHQL_PARSE_FAILED: .*more tha[nt] 2000 tokens/)
    expect(await refusal('{a'.repeat(100_000))).toMatch(/more tha[nt] 2000 tokens/)
    expect(await refusal(`query ($a: ${'['.repeat(100_000)}`)).toMatch(/more tha[nt] 2000 tokens/)
  })

  test.each([100, 500, 900, 1200, 1900])('whose values are nested %i deep, without internal details', async (depth) => {
    const answer = await refusal(`{ validateClip(input: ${'['.repeat(depth)}`)
    expect(answer).toMatch(/^GRAPHQL_PARSE_FAILED: (Syntax Error: Unexpected|The document is nested too deeply to be read\.)/)
    const closed = await refusal(`{ validateClip(input: ${'['.repeat(depth / 2)}${']'.repeat(depth / 2)}) { valid } }`)
    expect(closed).toMatch(/^GRAPHQL_(PARSE|VALIDATION)_FAILED: /)
    expect(closed).not.toContain('call stack')
  })

  test('whose fragments form a cycle', async () => {
    const query = '{ streams { nodes { ...A } } } fragment A on Stream { ...B } fragment B on Stream { name ...A }'
    expect(await refusal(query)).toContain('Cannot spread fragment "A" within itself')
  })

  test('with an alias that a long list would repeat', async () => {
    const query = `{ streams { nodes { ${'a'.repeat(201)}: name } } }`
    expect(await refusal(query)).toBe('GRAPHQL_VALIDATION_FAILED: A name in the document has 201 characters, at most 200 are allowed.')
  })

  test('with long unknown names, without a suggestion for each', async () => {
    const query = `{ ${repeat(800, (index) => `streamz${'y'.repeat(1200)}${index}`)} }`
    expect(await refusal(query)).toBe('GRAPHQL_VALIDATION_FAILED: A name in the document has 1210 characters, at most 200 are allowed.')
  })

  // Each of these took graphql-js 50 to 300 ms, or ended with its own "Validation aborted.".
  test.each([
    ['one field', `{ limits { ${repeat(1980, () => 'maxRangeHours')} } }`],
    ['a field with a selection', `{ ${repeat(490, () => 'limits { maxRangeHours }')} }`],
    ['a field with arguments', `{ ${repeat(210, () => 'stream(name: "a") { name }')} }`],
    ['lists in lists', `{ ${repeat(44, () => `streams { ${repeat(10, () => 'nodes { name }')} }`)} }`],
    ['fields in inline fragments', `{ limits { ${repeat(480, () => '... { maxRangeHours }')} } }`],
    [
      'many fragments in one place',
      `{ limits { ${repeat(190, (index) => `...F${index}`)} } } ${repeat(190, (index) => `fragment F${index} on Limits { maxRangeHours }`)}`,
    ],
    [
      'a chain of fragments, begun twice',
      `{ limits { ...F0 ...F1 } } ${repeat(196, (index) => `fragment F${index} on Limits { maxRangeHours ...F${index + 2} }`)} fragment F196 on Limits { maxRangeHours } fragment F197 on Limits { maxRangeHours }`,
    ],
    ['fragments that are missing', `{ ${repeat(990, (index) => `...F${index}`)} }`],
    ['a field of a fragment that nothing spreads', `{ __typename } fragment F on Limits { ${repeat(1900, () => 'maxRangeHours')} }`],
  ])('whose validation would take too long: %s', async (_, query) => {
    expect(await refusal(query)).toBe(
      'GRAPHQL_VALIDATION_FAILED: The document selects the same fields or spreads fragments too often: it takes more than 20000 comparisons to check whether they can be merged. Select each field once, or split the document.',
    )
  })

  test.each([
    ['pages of pages', `{ streams(first: 1000) { nodes { fragments${range} { nodes { sizeBytes } } } } }`],
    ['a page in a variable', `query ($first: Int! = 1000) { streams(first: $first) { nodes { dataEndpoint } } }`],
    [
      'many clips at once',
      `mutation { ${Array.from({ length: 60 }, (_, index) => `a${index}: renewClipUrl(id: "x") { clip { id } }`).join(' ')} }`,
    ],
    ['many lost clips at once', `{ ${Array.from({ length: 60 }, (_, index) => `a${index}: clip(id: "${index}") { state }`).join(' ')} }`],
    [
      'many lost clips at once, by node',
      `{ ${Array.from({ length: 60 }, (_, index) => `a${index}: node(id: "${index}") { id }`).join(' ')} }`,
    ],
    [
      'leaves of a long page, many times over',
      `{ streams(first: 1000) { nodes { ${Array.from({ length: 90 }, (_, index) => `a${index}: name`).join(' ')} } } }`,
    ],
  ])('that costs too much: %s', async (_, query) => {
    expect(await refusal(query)).toMatch(
      /^BAD_USER_INPUT: The operation costs \d+, at most 5000 is allowed\. The field [\w.]+ costs most \(\d+\)\. /,
    )
  })

  test.each([
    ['a longer page', 'query ($first: Int!) { streams(first: $first) { nodes { dataEndpoint } } }', { first: 1 }, { first: 1000 }],
    [
      'fields that are left out or not',
      `query ($all: Boolean!) { ... @include(if: $all) { ${Array.from({ length: 60 }, (_, index) => `a${index}: clip(id: "${index}") { state }`).join(' ')} } }`,
      { all: false },
      { all: true },
    ],
  ])('that cost less with other variables: %s', async (_, query, cheap, dear) => {
    expect((await harness.ask(query, cheap)).status).toBe(200)
    expect(await refusal(query, dear)).toMatch(
      /^BAD_USER_INPUT: The operation costs \d+, at most 5000 is allowed\. The field [\w.]+ costs most \(\d+\)\. /,
    )
    expect((await harness.ask(query, cheap)).status).toBe(200)
  })

  test('that costs too much with all variables, each time', async () => {
    const query = `{ ${Array.from({ length: 60 }, (_, index) => `a${index}: clip(id: "${index}") { state }`).join(' ')} }`
    expect(await refusal(query)).toBe(await refusal(query))
  })

  test('with null for a required argument', async () => {
    expect(await refusal('query ($first: Int = 5) { streams(first: $first) { nodes { name } } }', { first: null })).toContain(
      'BAD_USER_INPUT',
    )
  })

  test.each(['', '   ', '{', 'nonsense', '{ nothing }', '{ streams }', 'subscription { clipProgress(id: "x") { id } }'])(
    'that is no operation of the schema: %p',
    async (query) => {
      expect(await refusal(query)).not.toContain('INTERNAL_SERVER_ERROR')
    },
  )
})

describe('a document is answered', () => {
  test('whose fragments multiply, but select few fields', async () => {
    const fragments = Array.from(
      { length: 60 },
      (_, index) => `fragment F${index} on Stream { a: arn ...F${index + 1} ... on Stream { ...F${index + 1} } }`,
    )
    const query = `{ streams { nodes { ...F0 } } } ${fragments.join(' ')} fragment F60 on Stream { name }`
    expect((await harness.ask(query)).errors).toEqual([])
  })

  test('with a whole page of fragments with every field', async () => {
    const query = `{ stream(name: "camera-01") { fragments${range} { nodes { fragmentNumber producerTimestamp serverTimestamp lengthMs sizeBytes } pageInfo { endCursor } } } }`
    expect((await harness.ask(query)).errors).toEqual([])
  })

  test('of forty components that select the same fields', async () => {
    const spreads = repeat(40, (index) => `...Component${index}`)
    const components = repeat(40, (index) => `fragment Component${index} on Stream { name arn status version createdAt a${index}: name }`)
    expect((await harness.ask(`{ streams { nodes { ${spreads} } } } ${components}`)).errors).toEqual([])
  })

  test('with an introspection query, if introspection is on', async () => {
    const { status, errors } = await harness.ask(getIntrospectionQuery())
    expect({ status, errors }).toEqual({ status: 200, errors: [] })
  })

  test('with several operations, by operationName', async () => {
    const query = 'query A { limits { maxRangeHours } } query B { streams(first: 1000) { nodes { dataEndpoint } } }'
    const response = await harness.app.inject({ method: 'POST', url: '/graphql', payload: { query, operationName: 'A' } })
    expect(response.json()).toMatchObject({ data: { limits: { maxRangeHours: 24 } } })
  })
})

test('without introspection, errors do not reveal the schema', async () => {
  const closed = await buildHarness({ introspection: false })
  const { errors } = await closed.ask(getIntrospectionQuery())
  expect(errors[0]?.message).toContain('introspection is not allowed')
  const typo = await closed.ask('{ stream(name: "a") { nam } }')
  expect(JSON.stringify(typo.errors)).not.toContain('Did you mean')
  await closed.app.close()
})
