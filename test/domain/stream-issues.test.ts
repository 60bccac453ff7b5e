import { describe, expect, test } from '@jest/globals'
import { toRetainedFrom } from '../../src/domain/retention.js'
import { type StreamFacts, streamIssues, streamNotFoundIssue } from '../../src/domain/stream-issues.js'

const NOW = 1_790_000_000_000
const HOUR = 3_600_000
const STREAM: StreamFacts = { status: 'ACTIVE', createdAtMs: NOW - 100 * HOUR, dataRetentionInHours: 24 }
const HEAD = NOW - 24 * HOUR

function ask(startMs: number, endMs: number, { stream = STREAM, byProducer = false } = {}): string[] {
  const fragmentSelectorType = byProducer ? ('PRODUCER_TIMESTAMP' as const) : ('SERVER_TIMESTAMP' as const)
  return streamIssues({ stream: { name: 'x' }, range: { startMs, endMs }, fragmentSelectorType }, stream, NOW).map(({ code }) => code)
}

describe('a stream', () => {
  test('keeps footage from its creation, or from as long ago as its retention reaches', () => {
    expect(toRetainedFrom(STREAM, NOW)).toBe(HEAD)
    expect(toRetainedFrom({ ...STREAM, createdAtMs: NOW - HOUR }, NOW)).toBe(NOW - HOUR)
    expect(toRetainedFrom({ ...STREAM, dataRetentionInHours: 0 }, NOW)).toBeNull()
  })

  test('gives footage from the very instant that it names as its oldest on', () => {
    expect(ask(toRetainedFrom(STREAM, NOW) ?? 0, HEAD + 1000)).toEqual([])
    expect(ask(HEAD - 1, HEAD + 1000)).toEqual(['START_BEFORE_RETENTION'])
    expect(ask(HEAD - 1000, HEAD + 1)).toEqual(['START_BEFORE_RETENTION'])
    expect(ask(HEAD - 1000, HEAD)).toEqual(['END_BEFORE_RETENTION'])
  })

  test('says nothing about producer time, which may be any', () => {
    expect(ask(HEAD - 2000, HEAD - 1000, { byProducer: true })).toEqual([])
  })

  test('must be active and must retain footage', () => {
    expect(ask(HEAD + 1, NOW - 1, { stream: { ...STREAM, status: 'CREATING' } })).toEqual(['STREAM_NOT_ACTIVE'])
    expect(ask(HEAD + 1, NOW - 1, { stream: { ...STREAM, status: 'DELETING' } })).toEqual(['STREAM_NOT_ACTIVE'])
    expect(ask(HEAD + 1, NOW - 1, { stream: { ...STREAM, status: 'UPDATING' } })).toEqual([])
    expect(ask(HEAD + 1, NOW - 1, { stream: { ...STREAM, dataRetentionInHours: 0 } })).toEqual(['NO_DATA_RETENTION'])
  })

  test('that is not there is named', () => {
    expect(streamNotFoundIssue({ name: 'front' })).toMatchObject({ code: 'STREAM_NOT_FOUND', path: ['streamName'] })
  })
})
