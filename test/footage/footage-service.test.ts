import { beforeEach, describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../src/domain/errors.js'
import type { ListedFragment } from '../../src/domain/listed-fragment.js'
import { FootageService } from '../../src/footage/footage-service.js'
import { TooManyFragments } from '../../src/kvs/ports.js'
import { FakeFragmentMedia, FakeFragments, fakeFragments, fakeStream } from '../support/fake-kvs.js'
import { footage, recording } from '../support/footage.js'

const HOUR_MS = 3_600_000
const NOW_MS = 1_700_090_000_000
const signal = new AbortController().signal
const stream = fakeStream('gate')
const clock = {
  at: NOW_MS,
  now: () => clock.at,
}
beforeEach(() => {
  clock.at = NOW_MS
})

function serviceOf(rows: readonly ListedFragment[]) {
  const fragments = new FakeFragments(rows)
  const media = new FakeFragmentMedia()
  const bodies = recording([footage(0, { frames: 10, frameMs: 40 })])
  for (const { fragmentNumber } of rows) media.bodies.set(fragmentNumber, bodies)
  return { fragments, media, service: new FootageService({ fragments, media, clock }) }
}

const byServer = { fragmentSelectorType: 'SERVER_TIMESTAMP' as const, maxGapMs: 1000 }
const newest = { instantMs: null, fragmentSelectorType: 'SERVER_TIMESTAMP' as const }

describe('coverage', () => {
  test('includes footage that extends into the range', async () => {
    const { service } = serviceOf(fakeFragments(10, NOW_MS - HOUR_MS))
    const coverage = await service.coverage(
      stream,
      { ...byServer, range: { startMs: NOW_MS - HOUR_MS + 5000, endMs: NOW_MS - HOUR_MS + 10_000 } },
      signal,
    )
    expect(coverage).toMatchObject({ fragmentCount: 2, gaps: [] })
  })

  test('does not list a range without retained footage, and reports it as a gap', async () => {
    const { service, fragments } = serviceOf(fakeFragments(10, NOW_MS - HOUR_MS))
    const short = fakeStream('gate', { dataRetentionInHours: 2 })
    const range = { startMs: NOW_MS - 48 * HOUR_MS, endMs: NOW_MS + HOUR_MS }
    const { gaps, fragmentCount } = await service.coverage(short, { ...byServer, range }, signal)
    expect(fragments.queries.map((query) => query.range)).toEqual([{ startMs: NOW_MS - 2 * HOUR_MS, endMs: NOW_MS }])
    expect(fragmentCount).toBe(10)
    expect([gaps[0]?.startMs, gaps.at(-1)?.endMs]).toEqual([range.startMs, range.endMs])
  })

  test('forgets footage as retention takes it', async () => {
    const { service } = serviceOf(fakeFragments(1800, NOW_MS - HOUR_MS))
    const range = { startMs: NOW_MS - 2 * HOUR_MS, endMs: NOW_MS }
    const hourly = fakeStream('gate', { dataRetentionInHours: 1 })
    expect((await service.coverage(hourly, { ...byServer, range }, signal)).fragmentCount).toBe(1800)
    clock.at += HOUR_MS / 2
    expect((await service.coverage(hourly, { ...byServer, range }, signal)).fragmentCount).toBe(900)
  })

  test.each([
    ['before its retention', { startMs: NOW_MS - 99 * HOUR_MS, endMs: NOW_MS - 90 * HOUR_MS }],
    ['to come', { startMs: NOW_MS + 60_000, endMs: NOW_MS + 90_000 }],
  ])('of a time %s costs no call', async (_, range) => {
    const { service, fragments } = serviceOf(fakeFragments(10, NOW_MS - HOUR_MS))
    const bare = await service.coverage(stream, { ...byServer, range }, signal)
    expect(bare).toMatchObject({ spans: [], gaps: [range] })
    expect(fragments.queries).toEqual([])
  })

  test('of a stream that keeps nothing costs no call', async () => {
    const { service, fragments } = serviceOf([])
    const range = { startMs: NOW_MS - HOUR_MS, endMs: NOW_MS }
    const none = await service.coverage(fakeStream('gate', { dataRetentionInHours: 0 }), { ...byServer, range }, signal)
    expect(none).toMatchObject({ spans: [], gaps: [range] })
    expect(fragments.queries).toEqual([])
  })

  test('by the clock of the producer is listed for any time', async () => {
    const { service, fragments } = serviceOf(fakeFragments(3, 5000))
    const query = { fragmentSelectorType: 'PRODUCER_TIMESTAMP' as const, maxGapMs: 1000, range: { startMs: 0, endMs: 20_000 } }
    expect(await service.coverage(stream, query, signal)).toMatchObject({ fragmentCount: 3, durationMs: 6000 })
    expect(fragments.queries).toHaveLength(1)
  })

  test('in too many pieces is refused', async () => {
    // Every second fragment lasts until the next one.
    const rows = fakeFragments(20_002, NOW_MS - 12 * HOUR_MS, 2000).map((row, index) => ({
      ...row,
      lengthMs: index % 2 === 0 ? 1990 : 500,
    }))
    const { service } = serviceOf(rows)
    const range = { startMs: NOW_MS - 12 * HOUR_MS, endMs: NOW_MS }
    await expect(service.coverage(stream, { ...byServer, range }, signal)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('10001 spans'),
    })
    expect(await service.coverage(stream, { ...byServer, maxGapMs: 1500, range }, signal)).toMatchObject({ fragmentCount: 20_002 })
  })
})

describe('media', () => {
  test('looks for the newest fragment once in five seconds, whoever asks', async () => {
    const { service, fragments } = serviceOf(fakeFragments(10, NOW_MS - 20_000))
    await Promise.all(Array.from({ length: 10 }, () => service.media(stream, newest, signal)))
    clock.at += 5_000
    await service.media(stream, newest, signal)
    expect(fragments.queries).toHaveLength(1)
    clock.at += 1
    await service.media(stream, newest, signal)
    expect(fragments.queries).toHaveLength(2)
  })

  test('is that of the newest fragment', async () => {
    const { service, media } = serviceOf(fakeFragments(10, NOW_MS - 20_000))
    expect(await service.media(stream, newest, signal)).toMatchObject({ video: { width: 64, frameRate: 25 }, audio: null, clippable: true })
    expect(media.requested).toEqual(['91343852333180000000009'])
  })

  test.each([20_000, HOUR_MS, 20 * HOUR_MS])(
    'finds the newest fragment of a stream that fell silent %d ms ago with few and small calls',
    async (silentMs) => {
      const { service, media, fragments } = serviceOf(fakeFragments(1000, NOW_MS - silentMs - 2_000_000))
      const list = fragments.list.bind(fragments)
      let calls = 0
      fragments.list = async (query) => {
        calls += 1
        const rows = await list(query)
        expect(query.atMost).toBe(30)
        if (rows.length > 30) throw new TooManyFragments(30)
        return rows
      }
      await service.media(stream, newest, signal)
      expect(media.requested).toEqual(['91343852333180000000999'])
      expect(calls).toBeLessThan(30)
    },
  )

  test.each<[string, number, string | null]>([
    ['at its start', 0, '0000000000'],
    ['inside it', 1500, '0000000000'],
    ['in the frame that its length leaves out', 1990, '0000000000'],
    ['in the next one', 2000, '0000000001'],
    ['in the last one', 19_900, '0000000009'],
    ['no further behind it than a gap is', 20_900, '0000000009'],
    ['in a gap', 21_100, null],
    ['before it', -1, null],
  ])('is read from the fragment that covers an instant: %s', async (_, offsetMs, number) => {
    const { service, media } = serviceOf(fakeFragments(10, NOW_MS - HOUR_MS))
    const query = { instantMs: NOW_MS - HOUR_MS + offsetMs, fragmentSelectorType: 'PRODUCER_TIMESTAMP' as const }
    const found = await service.media(stream, query, signal)
    expect(found === null).toBe(number === null)
    expect(media.requested).toEqual(number === null ? [] : [`9134385233318${number}`])
  })

  test('passes on a refusal of the service without halving the range', async () => {
    const { service, fragments } = serviceOf([])
    let calls = 0
    fragments.list = async () => {
      calls += 1
      throw new GatewayError('BAD_USER_INPUT', 'Kinesis Video refused ListFragments.')
    }
    await expect(service.media(stream, newest, signal)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    expect(calls).toBe(1)
  })

  test('is looked for before 1970 too', async () => {
    const { service, fragments } = serviceOf([])
    await service.media(stream, { instantMs: -5000, fragmentSelectorType: 'PRODUCER_TIMESTAMP' }, signal)
    expect(fragments.queries.map(({ range }) => range)).toEqual([{ startMs: -26_000, endMs: 16_000 }])
  })

  test('of a slow camera is that of the frame which still lasts', async () => {
    const rows = fakeFragments(20, NOW_MS - 120_000, 5000).map((row) => ({ ...row, lengthMs: 0 }))
    const { service, media } = serviceOf(rows)
    expect(await service.media(stream, { ...newest, instantMs: NOW_MS - 120_000 + 14_900 }, signal)).not.toBeNull()
    expect(media.requested).toEqual([rows[2]?.fragmentNumber])
  })

  test('is null where there is no footage', async () => {
    const { service, media } = serviceOf([])
    expect(await service.media(stream, newest, signal)).toBeNull()
    expect(await service.media(fakeStream('gate', { dataRetentionInHours: 0 }), newest, signal)).toBeNull()
    expect(media.requested).toEqual([])
  })

  test('of one fragment is read once, also for concurrent requests', async () => {
    const { service, media } = serviceOf(fakeFragments(10, NOW_MS - 20_000))
    await Promise.all([service.media(stream, newest, signal), service.media(stream, newest, signal)])
    await service.media(stream, { ...newest, instantMs: NOW_MS }, signal)
    expect(media.requested).toHaveLength(1)
  })

  test('without video is an error that says so', async () => {
    const { service, media } = serviceOf(fakeFragments(1, NOW_MS - 20_000))
    const audio = { number: 1, type: 2, codecId: 'A_AAC', codecPrivate: Uint8Array.of(0x11, 0x90) }
    media.bodies.set('91343852333180000000000', recording([footage(0)], [audio]))
    await expect(service.media(stream, newest, signal)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('no video'),
    })
  })
})
