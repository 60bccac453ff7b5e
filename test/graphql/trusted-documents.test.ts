import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import type { GraphQLSchema } from 'graphql'
import { TrustedDocuments } from '../../src/graphql/trusted-documents.js'
import { buildHarness } from '../support/graphql-harness.js'

const NAMES = 'query Names { streams { nodes { name } } }'
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const manifestOf = (...texts: string[]) => JSON.stringify(Object.fromEntries(texts.map((text) => [`sha256:${hashOf(text)}`, text])))

async function withSchema<Result>(use: (schema: GraphQLSchema) => Result): Promise<Result> {
  const { app, schema } = await buildHarness()
  await app.close()
  return use(schema)
}

async function startTrusting(...texts: string[]) {
  const trusted = await withSchema((schema) => TrustedDocuments.parse([manifestOf(...texts)], schema))
  const harness = await buildHarness({ trusted })
  const post = (payload: object) => harness.app.inject({ method: 'POST', url: '/graphql', payload })
  return { ...harness, post, [Symbol.asyncDispose]: () => harness.app.close() }
}

describe('with trusted documents', () => {
  test('an operation of the manifest runs by its text, its hash and its documentId', async () => {
    await using gateway = await startTrusting(NAMES)
    const persistedQuery = { version: 1, sha256Hash: hashOf(NAMES) }
    for (const payload of [{ query: NAMES }, { extensions: { persistedQuery } }, { documentId: `sha256:${hashOf(NAMES)}` }]) {
      const { data, errors } = (await gateway.post(payload)).json()
      expect([errors, data.streams.nodes.length]).toEqual([undefined, 3])
    }
    const search = new URLSearchParams({ extensions: JSON.stringify({ persistedQuery }) })
    const byGet = await gateway.app.inject({ method: 'GET', url: `/graphql?${search}`, headers: { accept: 'application/json' } })
    expect(byGet.json().data.streams.nodes).toHaveLength(3)
  })

  test.each([
    ['another document', { query: 'query Names { streams { nodes { arn } } }' }],
    ['the same operation with another space', { query: `${NAMES} ` }],
    ['introspection', { query: '{ __schema { types { name } } }' }],
    [
      'another document under a trusted hash',
      { query: '{ limits { maxFragmentsPerGetClip } }', extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(NAMES) } } },
    ],
  ])('%s is refused', async (_, payload) => {
    await using gateway = await startTrusting(NAMES)
    const response = await gateway.post(payload)
    expect([response.statusCode >= 400, response.json().data ?? null]).toEqual([true, null])
  })

  test('a client cannot add a document to the persisted queries', async () => {
    await using gateway = await startTrusting(NAMES)
    const query = '{ limits { maxFragmentsPerGetClip } }'
    const extensions = { persistedQuery: { version: 1, sha256Hash: hashOf(query) } }
    expect((await gateway.post({ query, extensions })).statusCode).toBe(403)
    expect((await gateway.post({ extensions })).json().errors[0].extensions.code).toBe('PERSISTED_QUERY_NOT_FOUND')
  })

  test('the operation name becomes a label of the metrics', async () => {
    await using gateway = await startTrusting(NAMES)
    await gateway.post({ query: NAMES })
    await gateway.post({ query: 'query Foreign { limits { maxFragmentsPerGetClip } }' })
    const text = await gateway.metrics.print()
    expect(text).toContain('operation_name="Names"')
    expect(text).not.toContain('Foreign')
  })
})

describe('a manifest is refused', () => {
  test.each([
    ['that is no JSON', 'x', /^The manifest must be JSON\.$/],
    ['that is a list', '[]', /^The manifest must be a JSON object/],
    ['with a number', '{"a":1}', /^The document of "a" must be a string\.$/],
    ['with a wrong hash', `{"sha256:00":"{ __typename }"}`, /^"sha256:00" is not the SHA-256 of its document\.$/],
    ['with an unknown field', manifestOf('{ nothing }'), /does not fit the schema: Cannot query field "nothing"/],
    ['with a document that is no GraphQL', manifestOf('{'), /does not fit the schema: Syntax Error/],
  ])('%s', async (_, text, message) => {
    await expect(withSchema((schema) => TrustedDocuments.parse([text], schema))).rejects.toThrow(message)
  })
})
