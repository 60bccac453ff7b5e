import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { MAX_ANSWER_BYTES } from '../../src/graphql/answer-bytes.js'
import { describeOnLinux } from '../support/platforms.js'
import { HOLEY_RANGE, HOLEY_SPANS, type SmallGateway, startSmallGateway } from '../support/small-gateway.js'

// Operations whose answers would be many gigabytes, and a process with 256 MB of heap. The cost of an operation is not limited here:
// this is what the size of an answer is stopped by.

const RANGES = '{ startTimestamp endTimestamp durationMs }'
const VARIABLES = { range: HOLEY_RANGE, clip: { streamName: 'camera-07', ...HOLEY_RANGE, cut: 'FRAGMENT' } }
let gateway: SmallGateway

beforeAll(async () => {
  gateway = await startSmallGateway(256, { QUERY_MAX_COST: '10000000', QUERY_MAX_DEPTH: '20', REQUEST_TIMEOUT_MS: '200000' })
}, 60_000)
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
})

function repeat(count: number, alias: string, field: string): string {
  return Array.from({ length: count }, (_, index) => `${alias}${index}: ${field}`).join(' ')
}

const COVERAGES = `query ($range: TimestampRangeInput!) { streams(first: 4) { nodes { ${repeat(20, 'c', 'coverage(range: $range) { ...C }')} } } }
fragment C on Coverage { ${repeat(20, 's', `spans { range ${RANGES} fragmentCount sizeBytes }`)} ${repeat(20, 'g', `gaps ${RANGES}`)} }`
const PLANS = `query ($clip: ClipInput!) { ${repeat(10, 'v', 'validateClip(input: $clip) { ...V }')} }
fragment V on ClipValidation { ${repeat(10, 'p', 'plan { ...P }')} } fragment P on ClipPlan { ${repeat(20, 'g', `gaps ${RANGES}`)} }`
async function post(query: string, variables: object = VARIABLES): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
  return response.text()
}

async function get(query: string): Promise<string> {
  const search = new URLSearchParams({ query, variables: JSON.stringify(VARIABLES) })
  const response = await fetch(`${gateway.url}/graphql?${search}`)
  return response.text()
}

function refusalOf(largest: string): object {
  const message = expect.stringMatching(`limit of ${MAX_ANSWER_BYTES} bytes\\. Its largest field is ${largest}, with \\d+ bytes`)
  return { data: null, errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] }
}

describeOnLinux('a response of gigabytes is stopped while it is built, and the process continues (skipped without /proc)', () => {
  test.each([
    ['spans and gaps, by POST', () => post(COVERAGES), 'streams\\.nodes\\.c\\d+\\.[sg]\\d+'],
    ['spans and gaps, by GET', () => get(COVERAGES), 'streams\\.nodes\\.c\\d+\\.[sg]\\d+'],
    ['gaps of plans, by POST', () => post(PLANS), 'v\\d+\\.p\\d+\\.g\\d+'],
    ['gaps of plans, by GET', () => get(PLANS), 'v\\d+\\.p\\d+\\.g\\d+'],
  ])(
    '%s',
    async (_, ask, largest) => {
      const text = await ask()
      expect(JSON.parse(text)).toMatchObject(refusalOf(largest))
      expect(text.length).toBeLessThan(1000)
    },
    60_000,
  )

  test('several at once', async () => {
    const texts = await Promise.all([post(COVERAGES), post(PLANS), post(COVERAGES), post(PLANS)])
    for (const text of texts) {
      expect(JSON.parse(text)).toMatchObject({
        errors: [{ extensions: { code: expect.stringMatching(/^(BAD_USER_INPUT|RATE_LIMITED)$/) } }],
      })
    }
  }, 240_000)

  test('the spans and gaps of one stream fit', async () => {
    const query = `query ($range: TimestampRangeInput!) { stream(name: "camera-01") { coverage(range: $range) { spans { range ${RANGES} } gaps ${RANGES} } } }`
    const { data, errors } = JSON.parse(await post(query))
    expect(errors).toBeUndefined()
    expect(data.stream.coverage.spans).toHaveLength(HOLEY_SPANS)
  }, 240_000)
})

test('the process has used a small part of the memory that the responses would have taken', async () => {
  expect(await gateway.peakBytes()).toBeLessThan(600 * 1024 * 1024)
})
