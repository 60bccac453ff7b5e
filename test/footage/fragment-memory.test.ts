import { beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { GatewayError } from '../../src/domain/errors.js'
import { joinColumns } from '../../src/domain/fragment-columns.js'
import type { ListedFragment } from '../../src/domain/listed-fragment.js'
import type { TimeRange } from '../../src/domain/time-range.js'
import { FragmentMemory } from '../../src/footage/fragment-memory.js'
import { type FragmentLister, type FragmentQuery, TooManyFragments } from '../../src/kvs/ports.js'
import { FakeFragments, fakeFragments } from '../support/fake-kvs.js'

const DAY_MS = 86_400_000
const NOW_MS = 1_700_000_000_000
const START_MS = NOW_MS - DAY_MS
const ARN = 'arn:aws:kinesisvideo:us-east-1:123456789012:stream/gate/1600000000000'

/** A fragment each two minutes over a day: its server times are 300 ms behind. */
const FOOTAGE = fakeFragments(720, START_MS, 120_000)

const signal = new AbortController().signal
const clock = {
  at: NOW_MS,
  now: () => clock.at,
}
beforeEach(() => {
  clock.at = NOW_MS
})

function serverQuery(range: TimeRange) {
  return { streamArn: ARN, fragmentSelectorType: 'SERVER_TIMESTAMP' as const, range }
}

function rangesOf(lister: FakeFragments): TimeRange[] {
  return lister.queries.map(({ range }) => range)
}

/** Responds when the test calls `answer`. */
class HeldFragments implements FragmentLister {
  readonly queries: { query: FragmentQuery; signal: AbortSignal; answer: (rows: readonly ListedFragment[]) => void }[] = []

  list(query: FragmentQuery, signal: AbortSignal): Promise<readonly ListedFragment[]> {
    return new Promise((resolve, reject) => {
      this.queries.push({ query, signal, answer: resolve })
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }
}

describe('the memory of fragments', () => {
  test('lists closed stretches once', async () => {
    const lister = new FakeFragments(FOOTAGE)
    const memory = new FragmentMemory({ fragments: lister, clock })
    const query = serverQuery({ startMs: START_MS, endMs: NOW_MS - 300_000 })
    const first = await memory.read(query, signal)
    expect(await memory.read(query, signal)).toEqual(first)
    expect(joinColumns(first).count).toBe(718)
    expect(lister.queries).toHaveLength(1)
    expect(memory.sizeBytes).toBeLessThan(30_000)
  })

  test('lists the last two minutes by server time again, and older footage only once', async () => {
    const lister = new FakeFragments(FOOTAGE)
    const memory = new FragmentMemory({ fragments: lister, clock })
    await memory.read(serverQuery({ startMs: START_MS, endMs: NOW_MS }), signal)
    clock.at += 500
    await memory.read(serverQuery({ startMs: START_MS, endMs: NOW_MS }), signal)
    clock.at += 10_000
    await memory.read(serverQuery({ startMs: START_MS, endMs: clock.at }), signal)
    expect(rangesOf(lister)).toEqual([
      { startMs: START_MS, endMs: NOW_MS },
      { startMs: NOW_MS - 120_000 + 1, endMs: NOW_MS + 10_500 },
    ])
  })

  test('lists the present at most once a second', async () => {
    const lister = new FakeFragments(FOOTAGE)
    const memory = new FragmentMemory({ fragments: lister, clock })
    for (let time = 0; time < 50; time += 1) {
      await memory.read(serverQuery({ startMs: START_MS, endMs: clock.at }), signal)
      clock.at += 20
    }
    expect(lister.queries).toHaveLength(1)
    await memory.read(serverQuery({ startMs: START_MS, endMs: clock.at }), signal)
    expect(rangesOf(lister).slice(1)).toEqual([{ startMs: NOW_MS - 120_000 + 1, endMs: NOW_MS + 1000 }])
  })

  test('lists the present once, also if the listing waited for others', async () => {
    const lister = new FakeFragments(FOOTAGE)
    const slow = {
      list: (query: FragmentQuery) => {
        clock.at += 300
        return lister.list(query)
      },
    }
    const memory = new FragmentMemory({ fragments: slow, clock })
    await memory.read(serverQuery({ startMs: START_MS, endMs: NOW_MS }), signal)
    clock.at = NOW_MS + 999
    await memory.read(serverQuery({ startMs: START_MS, endMs: clock.at }), signal)
    expect(lister.queries).toHaveLength(1)
    clock.at += 1
    await memory.read(serverQuery({ startMs: START_MS, endMs: clock.at }), signal)
    expect(lister.queries).toHaveLength(2)
  })

  test('lists the footage after a listing that ended before the present', async () => {
    const lister = new FakeFragments(FOOTAGE)
    const memory = new FragmentMemory({ fragments: lister, clock })
    await memory.read(serverQuery({ startMs: START_MS, endMs: NOW_MS - 60_000 }), signal)
    await memory.read(serverQuery({ startMs: START_MS, endMs: NOW_MS }), signal)
    expect(rangesOf(lister).slice(1)).toEqual([{ startMs: NOW_MS - 60_000 + 1, endMs: NOW_MS }])
  })

  test('sees a fragment that was listed late', async () => {
    const late = fakeFragments(1, NOW_MS - 60_000)
    const rows = [...FOOTAGE]
    const lister = { list: (query: FragmentQuery) => new FakeFragments(rows).list(query) }
    const memory = new FragmentMemory({ fragments: lister, clock })
    const query = serverQuery({ startMs: NOW_MS - 100_000, endMs: NOW_MS })
    expect(joinColumns(await memory.read(query, signal)).count).toBe(0)
    rows.push(...late)
    clock.at += 1001
    expect(joinColumns(await memory.read(query, signal)).count).toBe(1)
  })

  test('remembers producer time for half a minute', async () => {
    const lister = new FakeFragments(FOOTAGE)
    const memory = new FragmentMemory({ fragments: lister, clock })
    const range = { startMs: START_MS, endMs: START_MS + 3_600_000 }
    const query = { streamArn: ARN, fragmentSelectorType: 'PRODUCER_TIMESTAMP' as const, range }
    await memory.read(query, signal)
    clock.at += 29_999
    await memory.read(query, signal)
    expect(lister.queries).toHaveLength(1)
    clock.at += 1
    await memory.read(query, signal)
    expect(lister.queries).toHaveLength(2)
  })

  test('lists only missing stretches', async () => {
    const lister = new FakeFragments(FOOTAGE)
    const memory = new FragmentMemory({ fragments: lister, clock })
    const hour = (from: number, to: number) => ({ startMs: START_MS + from * 3_600_000, endMs: START_MS + to * 3_600_000 })
    await memory.read(serverQuery(hour(2, 3)), signal)
    await memory.read(serverQuery(hour(5, 6)), signal)
    await memory.read(serverQuery(hour(0, 8)), signal)
    expect(rangesOf(lister).slice(2)).toEqual([
      { startMs: hour(0, 0).startMs, endMs: hour(2, 2).startMs - 1 },
      { startMs: hour(3, 3).startMs + 1, endMs: hour(5, 5).startMs - 1 },
      { startMs: hour(6, 6).startMs + 1, endMs: hour(8, 8).startMs },
    ])
  })

  test('lists a week by the day, and keeps the days that were listed before it failed', async () => {
    const lister = new FakeFragments(FOOTAGE)
    const failing = {
      list: (query: FragmentQuery) => {
        if (lister.queries.length === 3) throw new GatewayError('KVS_THROTTLED', 'Slow down.')
        return lister.list(query)
      },
    }
    const memory = new FragmentMemory({ fragments: failing, clock })
    const query = serverQuery({ startMs: NOW_MS - 8 * DAY_MS, endMs: NOW_MS - DAY_MS })
    await expect(memory.read(query, signal)).rejects.toMatchObject({ code: 'KVS_THROTTLED' })
    const again = new FakeFragments([])
    failing.list = (range) => again.list(range)
    await memory.read(query, signal)
    expect([lister.queries.length, again.queries.length]).toEqual([3, 4])
  })

  test('halves a window that holds too much', async () => {
    const lister = new FakeFragments(FOOTAGE)
    const refusing = {
      list: async (query: FragmentQuery) => {
        const rows = await lister.list(query)
        if (rows.length > 100) throw new TooManyFragments(100)
        return rows
      },
    }
    const memory = new FragmentMemory({ fragments: refusing, clock })
    const { count } = joinColumns(await memory.read(serverQuery({ startMs: START_MS, endMs: NOW_MS }), signal))
    expect(count).toBe(720)
    expect(lister.queries.length).toBeLessThan(14)
  })

  test('passes on a refusal of the service without halving the window', async () => {
    let calls = 0
    const list = async () => {
      calls += 1
      throw new GatewayError('BAD_USER_INPUT', 'Kinesis Video refused ListFragments.')
    }
    const memory = new FragmentMemory({ fragments: { list }, clock })
    const query = serverQuery({ startMs: START_MS, endMs: NOW_MS })
    await expect(memory.read(query, signal)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    expect(calls).toBe(1)
  })

  test('shares listings in progress, also with calls for a longer range', async () => {
    const lister = new HeldFragments()
    const memory = new FragmentMemory({ fragments: lister, clock })
    const query = serverQuery({ startMs: START_MS, endMs: START_MS + 1000 })
    const longer = serverQuery({ startMs: START_MS + 500, endMs: START_MS + 2000 })
    const calls = [memory.read(query, signal), memory.read(query, signal), memory.read(longer, signal)]
    await new Promise(setImmediate)
    expect(lister.queries).toHaveLength(1)
    lister.queries[0]?.answer([])
    await Promise.all(calls.slice(0, 2))
    await new Promise(setImmediate)
    expect(lister.queries[1]?.query.range).toEqual({ startMs: START_MS + 1001, endMs: START_MS + 2000 })
    lister.queries[1]?.answer([])
    await Promise.all(calls)
  })

  test('goes on listing while anyone waits, and stops with the last', async () => {
    const lister = new HeldFragments()
    const memory = new FragmentMemory({ fragments: lister, clock })
    const query = serverQuery({ startMs: START_MS, endMs: START_MS + 1000 })
    const [one, other] = [new AbortController(), new AbortController()]
    const calls = [memory.read(query, one.signal), memory.read(query, other.signal)]
    one.abort(new Error('left'))
    await expect(calls[0]).rejects.toThrow('left')
    expect(lister.queries[0]?.signal.aborted).toBe(false)
    other.abort(new Error('left too'))
    await expect(calls[1]).rejects.toThrow('left too')
    expect(lister.queries[0]?.signal.aborted).toBe(true)
  })

  test('lists no more than six windows at a time', async () => {
    const lister = new HeldFragments()
    const memory = new FragmentMemory({ fragments: lister, clock })
    const calls = Array.from({ length: 9 }, (_, index) =>
      memory.read({ ...serverQuery({ startMs: START_MS, endMs: START_MS + 1 }), streamArn: `${ARN}${index}` }, signal),
    )
    await new Promise(setImmediate)
    expect(lister.queries).toHaveLength(6)
    for (let index = 0; index < 9; index += 1) {
      lister.queries[index]?.answer([])
      await new Promise(setImmediate)
    }
    expect(await Promise.all(calls)).toHaveLength(9)
  })

  test('forgets the least recently used stream when it exceeds its limit', async () => {
    const lister = new FakeFragments(FOOTAGE)
    const memory = new FragmentMemory({ fragments: lister, clock, maxBytes: 50_000 })
    const range = { startMs: START_MS, endMs: NOW_MS - 300_000 }
    const read = (stream: string) => memory.read({ ...serverQuery(range), streamArn: stream }, signal)
    for (const stream of ['a', 'b', 'a', 'c', 'a']) await read(stream)
    expect(lister.queries).toHaveLength(3)
    await read('b')
    expect(lister.queries).toHaveLength(4)
    expect(memory.sizeBytes).toBeLessThanOrEqual(50_000)
  })

  test('forgets expired footage', async () => {
    const memory = new FragmentMemory({ fragments: new FakeFragments(FOOTAGE), clock })
    await memory.read(serverQuery({ startMs: START_MS, endMs: NOW_MS - 300_000 }), signal)
    const before = memory.sizeBytes
    memory.forgetBefore(ARN, START_MS + 0.9 * DAY_MS)
    expect(memory.sizeBytes).toBeLessThan(before / 5)
    const lister = new FakeFragments(FOOTAGE)
    memory.forgetBefore(ARN, NOW_MS)
    expect(memory.sizeBytes).toBe(0)
    expect(lister.queries).toEqual([])
  })

  test('stays small after many reads, and is always correct', async () => {
    const anyRead = fc.record({ waitMs: fc.nat(400_000), fromMs: fc.nat(DAY_MS), widthMs: fc.nat(7_200_000), isServer: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(anyRead, { maxLength: 30 }), async (reads) => {
        const lister = new FakeFragments(FOOTAGE)
        const memory = new FragmentMemory({ fragments: lister, clock })
        clock.at = NOW_MS
        for (const { waitMs, fromMs, widthMs, isServer } of reads) {
          clock.at += waitMs
          const fragmentSelectorType = isServer ? ('SERVER_TIMESTAMP' as const) : ('PRODUCER_TIMESTAMP' as const)
          const range = { startMs: START_MS + fromMs, endMs: START_MS + fromMs + widthMs }
          const { sizesBytes } = joinColumns(await memory.read({ streamArn: ARN, fragmentSelectorType, range }, signal))
          const expected = await new FakeFragments(FOOTAGE).list({ streamArn: ARN, fragmentSelectorType, range })
          expect([...sizesBytes]).toEqual(expected.map(({ sizeBytes }) => sizeBytes))
        }
        expect(memory.sizeBytes).toBeLessThan(100_000)
      }),
    )
  })

  test('has few stretches after a day with a read each minute', async () => {
    const memory = new FragmentMemory({ fragments: new FakeFragments(FOOTAGE), clock })
    for (clock.at = START_MS; clock.at < NOW_MS; clock.at += 60_000) {
      await memory.read(serverQuery({ startMs: START_MS - 3_600_000, endMs: clock.at }), signal)
    }
    expect(memory.sizeBytes).toBeLessThan(720 * 24 + 20 * 400)
  })
})
