import { describe, expect, test } from '@jest/globals'
import { parse } from 'graphql'
import { CostBudgets } from '../../src/graphql/cost/cost-budgets.js'
import { CostMeter } from '../../src/graphql/cost/cost-meter.js'
import { costOfAnswer, costOfOperation } from '../../src/graphql/cost/operation-cost.js'
import { buildHarness } from '../support/graphql-harness.js'

function createMeter(pointsPerMinute: number) {
  const clock = { time: 0, now: () => clock.time }
  return { clock, meter: new CostMeter(new CostBudgets({ pointsPerMinute, clock })) }
}

async function startLimited(pointsPerMinute: number) {
  const { clock, meter } = createMeter(pointsPerMinute)
  const harness = await buildHarness({ meter })
  const post = (query: string, remoteAddress = '192.0.2.1') =>
    harness.app.inject({ method: 'POST', url: '/graphql', payload: { query }, remoteAddress })
  return { clock, post, [Symbol.asyncDispose]: () => harness.app.close() }
}

describe('RATE_LIMIT_COST', () => {
  test('charges what the response costs, and reports what is left', async () => {
    await using limited = await startLimited(1000)
    const response = await limited.post('{ streams(first: 50) { nodes { name status } } }')
    const { data, extensions } = response.json()
    expect(data.streams.nodes).toHaveLength(3)
    const { requested, actual, available } = extensions.cost
    expect(actual).toBeLessThan(requested / 2)
    expect(available).toBe(1000 - actual)
    expect(response.headers['ratelimit-policy']).toBe('"cost";q=1000;w=60')
    expect(response.headers.ratelimit).toBe(`"cost";r=${available};t=${Math.ceil((actual * 60) / 1000)}`)
  })

  test('refuses an operation that the budget does not cover, with status 429 and the time to wait', async () => {
    await using limited = await startLimited(120)
    const query = '{ streams(first: 50) { nodes { name } } }'
    const first = (await limited.post(query)).json()
    expect(first.errors).toBeUndefined()
    let refused = await limited.post(query)
    for (let tries = 0; refused.statusCode === 200 && tries < 100; tries += 1) refused = await limited.post(query)
    expect(refused.statusCode).toBe(429)
    const [error] = refused.json().errors
    expect(error.extensions.code).toBe('RATE_LIMITED')
    expect(error.message).toMatch(
      /^The operation costs \d+ points, but \d+ of 120 points a minute are left\. Retry later, or request less\.$/,
    )
    expect(Number(refused.headers['retry-after'])).toBe(Math.ceil(error.extensions.retryAfterMs / 1000))
    // Another client has its own budget. The first one can go on when the time is over.
    expect((await limited.post(query, '192.0.2.2')).statusCode).toBe(200)
    expect((await limited.post(query, '192.0.2.1')).statusCode).toBe(429)
    limited.clock.time += error.extensions.retryAfterMs
    expect((await limited.post(query, '192.0.2.1')).statusCode).toBe(200)
  })

  test('counts the addresses of one IPv6 network together', async () => {
    await using limited = await startLimited(60)
    const query = '{ streams(first: 20) { nodes { name } } }'
    const statuses: number[] = []
    for (let host = 1; host <= 20; host += 1) statuses.push((await limited.post(query, `2001:db8::${host.toString(16)}`)).statusCode)
    expect(statuses).toContain(429)
  })

  test('refunds nothing of an operation with errors, because the work before an error is not in the response', async () => {
    await using limited = await startLimited(5000)
    const range = '{ startTimestamp: "2023-11-14T00:00:00Z", endTimestamp: "2023-11-13T00:00:00Z" }'
    const { errors, extensions } = (
      await limited.post(`{ streams(first: 20) { nodes { fragments(range: ${range}, first: 1) { nodes { fragmentNumber } } } } }`)
    ).json()
    expect(errors.length).toBeGreaterThan(0)
    expect([extensions.cost.actual, extensions.cost.available]).toEqual([extensions.cost.requested, 5000 - extensions.cost.requested])
  })

  test('charges operations that fail', async () => {
    await using limited = await startLimited(1000)
    const { extensions } = (await limited.post('{ stream(name: "missing") { name } }')).json()
    expect(extensions.cost.available).toBeLessThan(1000)
  })
})

describe('the cost of an answer', () => {
  const answerOf = async (query: string) => {
    const { schema, app } = await buildHarness()
    const { data } = (await app.inject({ method: 'POST', url: '/graphql', payload: { query } })).json()
    await app.close()
    const document = parse(query)
    const [operation] = document.definitions
    if (operation?.kind !== 'OperationDefinition') throw new Error('not an operation')
    const costed = { document, operation, variables: {} }
    return { estimate: costOfOperation(schema, costed).cost, actual: costOfAnswer(schema, costed, data) }
  }

  test.each([
    ['a page that is not full', '{ streams(first: 100) { nodes { name } } }', 'less'],
    ['a full page', '{ streams(first: 3) { nodes { name } pageInfo { hasNextPage } } }', 'equal'],
    ['aliases and edges', '{ a: streams(first: 3) { edges { cursor node { name } } } b: streams(first: 3) { nodes { id } } }', 'equal'],
    ['an interface whose type is not selected', '{ node(id: "x") { id } }', 'less'],
    ['a field without a list', '{ limits { maxFragmentsPerGetClip } }', 'equal'],
  ])('%s', async (_, query, relation) => {
    const { estimate, actual } = await answerOf(query)
    if (relation === 'less') expect(actual).toBeLessThan(estimate)
    else expect(actual).toBe(estimate)
  })
})
