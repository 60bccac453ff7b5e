import { expect, test } from '@jest/globals'
import { buildSchema, parse, validate } from 'graphql'
import { toKvsWelcome, toWelcome } from '../../src/cli/welcome.js'
import { printContract } from '../../src/graphql/schema.js'

const welcome = {
  adminUrl: null,
  gatewayUrl: 'http://127.0.0.1:4000',
  kinesisVideo: 'http://127.0.0.1:4010 (embedded)',
  isAuthenticated: false,
}
const newest = { streamName: 'front-door', timestampMs: Date.UTC(2026, 0, 31, 12) + 120 }

test.each([null, newest])('the query to paste is one of the schema (%j)', (footage) => {
  const text = toWelcome({ ...welcome, newest: footage })
  const [, body = ''] = /-d '(.*)'/.exec(text) ?? []
  const { query } = JSON.parse(body)
  expect(validate(buildSchema(printContract()), parse(query))).toEqual([])
  expect(text).toContain('Kinesis Video  http://127.0.0.1:4010 (embedded)\n')
})

test('the clip to paste is of the newest minute of footage', () => {
  const text = toWelcome({ ...welcome, newest })
  expect(text).toContain('startTimestamp: \\"2026-01-31T11:59:00.000Z\\", endTimestamp: \\"2026-01-31T12:00:00.000Z\\"')
})

test('the command sends a credential if the gateway needs one', () => {
  expect(toWelcome({ ...welcome, newest })).not.toContain('authorization')
  const text = toWelcome({ ...welcome, isAuthenticated: true, newest })
  expect(text).toContain('Set CLIPGATE_API_KEY to an API key (clipgate keys create), and paste this into another shell')
  expect(text).toContain(`curl -s http://127.0.0.1:4000/graphql -H "authorization: Bearer $CLIPGATE_API_KEY" -H 'content-type`)
})

test('AWS needs no address', () => {
  expect(toWelcome({ ...welcome, kinesisVideo: 'AWS', newest: null })).toContain('Kinesis Video  AWS\n')
})

test('the command to paste beside an embedded KVS with access keys is one that it takes: signed, and without the secret', () => {
  expect(toKvsWelcome('http://127.0.0.1:4010', null)).toContain(
    'list-streams --endpoint-url http://127.0.0.1:4010 --region us-east-1 --no-sign-request\n',
  )
  const signed = toKvsWelcome('http://127.0.0.1:4010', 'AKIDEXAMPLE')
  expect(signed).toContain(
    "AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY='its secret from KVS_ACCESS_KEYS' aws kinesisvideo list-streams",
  )
  expect(signed).not.toContain('--no-sign-request')
})
