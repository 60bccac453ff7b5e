import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { fakeFragments } from '../support/fake-kvs.js'
import { buildHarness, NOW_MS } from '../support/graphql-harness.js'

const SPANS = 5000
const FRAGMENTS_PER_SPAN = 3
const STEP_MS = 5000
const START_MS = NOW_MS - SPANS * STEP_MS - 3_600_000
const RANGE = { startTimestamp: new Date(START_MS).toISOString(), endTimestamp: new Date(NOW_MS).toISOString() }

let harness: Awaited<ReturnType<typeof buildHarness>>
beforeAll(async () => {
  const fragments = fakeFragments(SPANS * FRAGMENTS_PER_SPAN, START_MS).map((row, index) => {
    const startMs = START_MS + Math.floor(index / FRAGMENTS_PER_SPAN) * STEP_MS + (index % FRAGMENTS_PER_SPAN) * 20
    return { ...row, producerTimestampMs: startMs, serverTimestampMs: startMs, lengthMs: 0 }
  })
  harness = await buildHarness({ fragments, maxCost: 1_000_000 })
})
afterAll(() => harness.app.close())

async function ask(selection: string): Promise<{ readonly body: string; readonly turns: number }> {
  const counter = { turns: 0, isOver: false }
  const count = () => {
    counter.turns += 1
    if (!counter.isOver) setImmediate(count)
  }
  setImmediate(count)
  const query = `query ($range: TimestampRangeInput!) { stream(name: "camera-01") { coverage(range: $range) { ${selection} } } }`
  const { body } = await harness.app.inject({ method: 'POST', url: '/graphql', payload: { query, variables: { range: RANGE } } })
  counter.isOver = true
  return { body, turns: counter.turns }
}

test('a long list is completed in turns of the event loop, in order', async () => {
  const short = await ask('fragmentCount')
  const long = await ask('spans { range { startTimestamp } fragmentCount }')
  expect(JSON.parse(short.body).data.stream.coverage.fragmentCount).toBe(SPANS * FRAGMENTS_PER_SPAN)
  const spans: { range: { startTimestamp: string }; fragmentCount: number }[] = JSON.parse(long.body).data.stream.coverage.spans
  expect(spans.map(({ range }) => Date.parse(range.startTimestamp))).toEqual(
    Array.from({ length: SPANS }, (_, index) => START_MS + index * STEP_MS),
  )
  expect(spans.every(({ fragmentCount }) => fragmentCount === FRAGMENTS_PER_SPAN)).toBe(true)
  expect(long.turns - short.turns).toBeGreaterThan(SPANS / 500 - 2)
})
