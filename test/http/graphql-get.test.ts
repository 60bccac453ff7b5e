import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { auditServer } from 'graphql-http'
import { FAKE_CLIP_ID } from '../support/fake-clips.js'
import { buildHarness } from '../support/graphql-harness.js'

const QUERY = '{ limits { maxRangeHours } }'
const ANSWER = { data: { limits: { maxRangeHours: 24 } }, extensions: { cost: { requested: 2, limit: 5000 } } }
const BROWSER_ACCEPT = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'
let harness: Awaited<ReturnType<typeof buildHarness>>

beforeEach(async () => {
  harness = await buildHarness({ corsOrigins: ['https://app.example.net'] })
})
afterEach(() => harness.app.close())

function get(parameters: Record<string, string>, headers: Record<string, string> = {}) {
  return harness.app.inject({ url: `/graphql?${new URLSearchParams(parameters)}`, headers })
}

test('the audits of GraphQL over HTTP pass without extra headers', async () => {
  const url = `${await harness.app.listen({ host: '127.0.0.1', port: 0 })}/graphql`
  const results = await auditServer({ url, fetchFn: (target: string, init?: RequestInit) => fetch(target, init) })
  expect(results.length).toBeGreaterThan(50)
  expect(results.filter(({ status }) => status === 'error').map(({ id, name }) => `${id} ${name}`)).toEqual([])
})

describe('a query by GET', () => {
  test.each<[string, Record<string, string>]>([
    ['a program that sends nothing of its own', {}],
    ['urql', { accept: 'application/graphql-response+json, application/graphql+json, application/json, text/event-stream' }],
    ['a page of the gateway itself', { 'sec-fetch-site': 'same-origin' }],
    ['somebody who types the address', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', accept: BROWSER_ACCEPT }],
    ['a page of the gateway, which names its origin', { origin: 'http://127.0.0.1:4000' }],
    ['a page that may call', { origin: 'https://app.example.net', 'sec-fetch-site': 'cross-site' }],
  ])('of %s is answered', async (_, headers) => {
    const response = await get({ query: QUERY }, headers)
    expect([response.statusCode, response.json()]).toEqual([200, ANSWER])
    expect(response.headers['content-type']).toMatch(/^application\/(graphql-response\+)?json/)
  })

  test.each<[string, Record<string, string>]>([
    ['a page that may not call', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a page without an origin', { origin: 'null' }],
    ['an image or a script on a foreign page', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['an image on a page of a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['a link on a foreign page', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', accept: BROWSER_ACCEPT }],
    ['a browser of the future', { 'sec-fetch-site': 'somewhere' }],
  ])('of %s is refused, regardless of its other headers', async (_, headers) => {
    const others: Record<string, string>[] = [{}, { 'content-type': 'application/json' }, { 'apollo-require-preflight': '1' }]
    for (const more of others) {
      const response = await get({ query: `{ clip(id: "${FAKE_CLIP_ID}") { downloadUrl } }` }, { ...headers, ...more })
      expect(response.statusCode).toBe(403)
      expect(response.json()).toEqual({ errors: [{ message: expect.any(String), extensions: { code: 'FORBIDDEN' } }] })
    }
  })

  test('carries variables, the name of the operation, and extensions', async () => {
    const query = 'query A { limits { maxRangeHours } } query B ($id: ID!) { clip(id: $id) { id } }'
    const parameters = { query, operationName: 'B', variables: JSON.stringify({ id: FAKE_CLIP_ID }), extensions: '{"a":1}' }
    expect((await get(parameters)).json()).toMatchObject({ data: { clip: { id: FAKE_CLIP_ID } } })
  })

  test.each([
    ['variables that are no JSON', { query: QUERY, variables: '{' }],
    ['variables that are no object', { query: QUERY, variables: '5' }],
    ['extensions that are no JSON', { query: QUERY, extensions: '{' }],
    ['no operation', { operationName: 'A' }],
    ['an empty one', { query: '' }],
  ])('with %s is refused with a GraphQL error', async (_, parameters) => {
    const response = await get(parameters)
    expect(response.statusCode).toBe(400)
    expect(response.json().errors).toHaveLength(1)
  })

  describe('by its hash', () => {
    const sha256Hash = createHash('sha256').update(QUERY).digest('hex')
    const hashed = (hash = sha256Hash) => JSON.stringify({ persistedQuery: { version: 1, sha256Hash: hash } })

    test('must be sent once as text, and is cached then', async () => {
      const unknown = await get({ extensions: hashed() })
      expect(unknown.json().errors).toEqual([{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }])
      expect(unknown.headers['cache-control']).toMatch(/no-(store|cache)/)
      expect((await get({ query: QUERY, extensions: hashed() })).json()).toEqual(ANSWER)
      expect((await get({ extensions: hashed() })).json()).toEqual(ANSWER)
    })

    test('is refused to a foreign page', async () => {
      await get({ query: QUERY, extensions: hashed() })
      expect((await get({ extensions: hashed() }, { 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403)
    })

    test('is not cached under another hash, or if it is invalid', async () => {
      expect((await get({ query: QUERY, extensions: hashed('a'.repeat(64)) })).statusCode).toBe(400)
      const wrong = '{ limits { nothing } }'
      const extensions = hashed(createHash('sha256').update(wrong).digest('hex'))
      expect((await get({ query: wrong, extensions })).statusCode).toBe(400)
      expect((await get({ extensions })).json().errors).toMatchObject([{ message: 'PersistedQueryNotFound' }])
    })

    test('is evicted when the cache is full', async () => {
      await get({ query: QUERY, extensions: hashed() })
      const post = async (query: string) => {
        const extensions = { persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') } }
        return harness.app.inject({ method: 'POST', url: '/graphql', payload: { query, extensions } })
      }
      for (const n of [1, 2, 3]) expect((await post(`{ clip(id: "${String(n).repeat(400_000)}") { id } }`)).statusCode).toBe(200)
      expect((await get({ extensions: hashed() })).json().errors).toMatchObject([{ message: 'PersistedQueryNotFound' }])
    })
  })

  test('of a mutation or a subscription is refused', async () => {
    const mutation = await get({ query: 'mutation { renewClipUrl(id: "x") { clip { id } } }' })
    expect([mutation.statusCode, mutation.headers.allow, mutation.json().errors.length]).toEqual([405, 'POST', 1])
    const subscription = await get({ query: 'subscription { clipProgress(id: "x") { id } }' })
    expect([subscription.statusCode, subscription.json().errors.length]).toEqual([405, 1])
  })
})

describe('a POST', () => {
  test.each<[string, Record<string, string>, number]>([
    ['text, as a form of a foreign page can', { 'content-type': 'text/plain' }, 415],
    ['JSON that says it is text', { 'content-type': 'text/plain; application/json' }, 415],
    ['JSON from a foreign page', { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' }, 403],
  ])('of %s is refused', async (_, headers, status) => {
    const response = await harness.app.inject({ method: 'POST', url: '/graphql', headers, payload: JSON.stringify({ query: QUERY }) })
    expect(response.statusCode).toBe(status)
    expect(response.json().errors).toHaveLength(1)
  })

  test('of JSON with a charset and no other header is answered', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=UTF-8' }
    const response = await harness.app.inject({ method: 'POST', url: '/graphql', headers, payload: JSON.stringify({ query: QUERY }) })
    expect(response.json()).toEqual(ANSWER)
  })
})

describe('a browser that opens /graphql', () => {
  test.each(['none', 'same-origin', 'same-site', 'cross-site'])('gets a page from every origin (%s)', async (site) => {
    const headers = { accept: BROWSER_ACCEPT, 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' }
    const response = await harness.app.inject({ url: '/graphql', headers })
    expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect(response.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; frame-ancestors 'none'$/,
    )
    expect(response.body).toContain('http://127.0.0.1:4000/graphql')
    expect(response.body).not.toMatch(/<script|src=|href="(\/|http)/)
    expect(response.body.length).toBeLessThan(4000)
  })

  test('gets no page under a foreign host name', async () => {
    const response = await harness.app.inject({ url: '/graphql', headers: { accept: BROWSER_ACCEPT, host: 'evil.example' } })
    expect(response.statusCode).toBe(403)
  })

  test('is not mistaken for a program without a query', async () => {
    for (const accept of ['*/*', 'application/json']) expect((await get({}, { accept })).statusCode).toBe(400)
  })
})
