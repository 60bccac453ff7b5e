import { describe, expect, test } from '@jest/globals'
import { QuotaPacer } from '../../src/kvs/quota.js'
import { notePrincipal, runRequest } from '../../src/lib/running-request.js'

const ARN = 'arn:aws:kinesisvideo:us-east-1:123456789012:stream/a/1'
const clip = { media: 200, metadata: 200 }

function pacerAt() {
  const clock = { time: 0, now: () => clock.time }
  return { clock, pacer: new QuotaPacer(clock) }
}

/** Lets time pass in small steps, so that points come one read at a time. */
async function advanceUntil(clock: { time: number }, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    clock.time += 50
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function live(): AbortSignal {
  return new AbortController().signal
}

describe('QuotaPacer', () => {
  test('allows reads while there are points, and counts them', async () => {
    const { pacer } = pacerAt()
    await pacer.take(ARN, clip, live())
    await pacer.take(ARN, clip, live())
    expect(pacer.available(ARN)).toEqual({ media: 100, metadata: 9_600 })
  })

  test('refills a bucket evenly, up to one second of points', async () => {
    const { pacer, clock } = pacerAt()
    await pacer.take(ARN, { media: 500, metadata: 0 }, live())
    clock.time += 200
    expect(pacer.available(ARN).media).toBe(100)
    clock.time += 60_000
    expect(pacer.available(ARN).media).toBe(500)
  })

  test('keeps a reserve for requests that arrive late at the service', async () => {
    const { pacer, clock } = pacerAt()
    await pacer.take(ARN, { media: 400, metadata: 0 }, live())
    let isThrough = false
    const waiting = pacer.take(ARN, { media: 50, metadata: 0 }, live()).then(() => {
      isThrough = true
    })
    await new Promise(setImmediate)
    expect(isThrough).toBe(false)
    clock.time += 100
    await waiting
    expect(pacer.available(ARN).media).toBe(100)
  })

  test('keeps streams apart', async () => {
    const { pacer } = pacerAt()
    await pacer.take(ARN, { media: 500, metadata: 0 }, live())
    expect(pacer.available('another').media).toBe(500)
  })

  const takeAndNote =
    (pacer: QuotaPacer, notices: string[]) =>
    (name: string, media: number, signal: AbortSignal = live()) =>
      pacer.take(ARN, { media, metadata: 0, onWait: ({ code }) => notices.push(`${name} ${code}`) }, signal)

  test('notifies a read once that it must wait, for its points or behind others', async () => {
    const { pacer, clock } = pacerAt()
    const notices: string[] = []
    const take = takeAndNote(pacer, notices)
    await take('first', 400)
    const waiting = [take('second', 10), take('third', 10)]
    await new Promise(setImmediate)
    waiting.push(take('fourth', 0))
    clock.time += 20
    await Promise.all(waiting.slice(0, 1))
    clock.time += 2000
    await Promise.all(waiting)
    await take('fifth', 0)
    expect(notices).toEqual(['second KVS_THROTTLED', 'third KVS_THROTTLED', 'fourth KVS_THROTTLED'])
  })

  test('notifies no concurrent reads if there are enough points for all', async () => {
    const { pacer } = pacerAt()
    const notices: string[] = []
    const take = takeAndNote(pacer, notices)
    await Promise.all(['first', 'second', 'third'].map((name) => take(name, 1)))
    expect(notices).toEqual([])
  })

  test('notifies no caller that has left', async () => {
    const { pacer, clock } = pacerAt()
    const notices: string[] = []
    const take = takeAndNote(pacer, notices)
    await take('first', 400)
    const leaving = new AbortController()
    const left = take('second', 10, leaving.signal)
    leaving.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    const waiting = take('third', 10)
    await new Promise(setImmediate)
    clock.time += 2000
    await waiting
    expect(notices).toEqual(['third KVS_THROTTLED'])
  })

  test('makes a read wait until there are enough points', async () => {
    const { pacer, clock } = pacerAt()
    await pacer.take(ARN, { media: 500, metadata: 0 }, live())
    let isThrough = false
    const waiting = pacer.take(ARN, { media: 10, metadata: 0 }, live()).then(() => {
      isThrough = true
    })
    await Promise.resolve()
    expect(isThrough).toBe(false)
    clock.time += 1000
    await waiting
    expect(pacer.available(ARN).media).toBe(490)
  })

  test('keeps the order: a small read waits for the large one before it', async () => {
    const { pacer, clock } = pacerAt()
    await pacer.take(ARN, { media: 490, metadata: 0 }, live())
    const order: string[] = []
    const big = pacer.take(ARN, { media: 100, metadata: 0 }, live()).then(() => order.push('big'))
    const small = pacer.take(ARN, { media: 1, metadata: 0 }, live()).then(() => order.push('small'))
    clock.time += 1000
    await Promise.all([big, small])
    expect(order).toEqual(['big', 'small'])
  })

  test('allows a read that costs more than one second of points, and delays the next one', async () => {
    const { pacer } = pacerAt()
    await pacer.take(ARN, { media: 1000, metadata: 0 }, live())
    expect(pacer.available(ARN).media).toBe(-500)
  })

  test('throws at a time-out that the quota is exhausted, immediately for all waiting reads', async () => {
    const { pacer } = pacerAt()
    await pacer.take(ARN, { media: 1000, metadata: 0 }, live())
    const waiting = [1, 2].map(() => pacer.take(ARN, clip, AbortSignal.timeout(5)))
    for (const wait of waiting) await expect(wait).rejects.toMatchObject({ code: 'KVS_THROTTLED', details: { retryAfterMs: 1000 } })
    const gone = pacer.take(ARN, clip, AbortSignal.abort(new Error('gone')))
    await expect(gone).rejects.toThrow('gone')
  })

  const takeAs =
    (pacer: QuotaPacer, order: string[]) =>
    (principal: string, media: number, urgency: 'interactive' | 'bulk' = 'interactive') =>
      runRequest({ id: 'test', address: '' }, () => {
        notePrincipal(principal)
        return pacer.take(ARN, { media, metadata: 0, isBulk: urgency === 'bulk' }, live())
      }).then(() => order.push(`${principal} ${urgency}`))

  test('serves principals in turn, however many reads one of them queues', async () => {
    const { pacer, clock } = pacerAt()
    const order: string[] = []
    const take = takeAs(pacer, order)
    await pacer.take(ARN, { media: 500, metadata: 0 }, live())
    const waiting = [...Array.from({ length: 5 }, () => take('greedy', 200)), take('modest', 200)]
    await advanceUntil(clock, () => order.length === waiting.length)
    await Promise.all(waiting)
    expect(order.indexOf('modest interactive')).toBeLessThanOrEqual(1)
  })

  test('serves interactive reads before bulk reads, but not only them', async () => {
    const { pacer, clock } = pacerAt()
    const order: string[] = []
    const take = takeAs(pacer, order)
    await pacer.take(ARN, { media: 500, metadata: 0 }, live())
    const bulk = take('partner', 200, 'bulk')
    const interactive = Array.from({ length: 30 }, () => take('operator', 100))
    await advanceUntil(clock, () => order.length === 31)
    await Promise.all([bulk, ...interactive])
    expect(order.indexOf('partner bulk')).toBeGreaterThanOrEqual(10)
    expect(order.indexOf('partner bulk')).toBeLessThan(25)
  }, 30_000)

  test('refuses a read at once that would wait too long, and says when to retry', async () => {
    const { pacer } = pacerAt()
    const gone = new AbortController()
    const waiting = Array.from({ length: 400 }, () => pacer.take(ARN, clip, gone.signal).catch(() => null))
    const refused = pacer.take(ARN, clip, live())
    // The queue holds 120 s of points. The others were refused.
    await expect(refused).rejects.toMatchObject({ code: 'KVS_THROTTLED', details: { retryAfterMs: expect.any(Number) } })
    const { retryAfterMs } = await refused.catch(({ details }) => details)
    expect([retryAfterMs >= 1_000, retryAfterMs < 2_000]).toEqual([true, true])
    gone.abort(new Error('gone'))
    await Promise.all(waiting)
  })

  test.each([
    ['media', { media: 60_400, metadata: 0 }],
    ['metadata', { media: 0, metadata: 1_208_000 }],
  ])('counts the debt of an overdrawn bucket of %s points in that wait', async (_, overdraft) => {
    const { pacer } = pacerAt()
    await pacer.take(ARN, overdraft, live())
    await expect(pacer.take(ARN, clip, live())).rejects.toMatchObject({ code: 'KVS_THROTTLED', details: { retryAfterMs: 1_000 } })
  })
})
