import { expect, test } from '@jest/globals'
import { buildSchema, parse, validate } from 'graphql'
import { toWelcome } from '../../src/cli/welcome.js'
import { printContract } from '../../src/graphql/schema.js'

const welcome = { gatewayUrl: 'http://127.0.0.1:4000', kvsUrl: 'http://127.0.0.1:4010', dataDir: '/data', nowMs: Date.UTC(2026, 0, 31, 12) }

test.each([null, 'front-door'])('the query to paste is one of the schema (stream: %s)', (streamName) => {
  const text = toWelcome({ ...welcome, streamName })
  const [, body = ''] = /-d '(.*)'/.exec(text) ?? []
  const { query } = JSON.parse(body)
  expect(validate(buildSchema(printContract()), parse(query))).toEqual([])
  expect(text).toContain('http://127.0.0.1:4010 (embedded, data in /data)')
})

test('the clip to paste is of the last minute that is surely listed', () => {
  const text = toWelcome({ ...welcome, streamName: 'front-door' })
  expect(text).toContain('startTimestamp: \\"2026-01-31T11:58:45.000Z\\", endTimestamp: \\"2026-01-31T11:59:45.000Z\\"')
})

test('AWS needs no address', () => {
  expect(toWelcome({ ...welcome, kvsUrl: null, streamName: null })).toContain('Kinesis Video  AWS\n')
})
