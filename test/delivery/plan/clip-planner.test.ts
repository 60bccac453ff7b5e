import { describe, expect, test } from '@jest/globals'
import { ClipPlanner } from '../../../src/delivery/plan/clip-planner.js'
import type { ClipInput } from '../../../src/domain/clip.js'
import { GatewayError } from '../../../src/domain/errors.js'
import { type FragmentLister, TooManyFragments } from '../../../src/kvs/ports.js'
import { callerOf, untaggedAccess } from '../../support/callers.js'
import { FakeFragments, FakeStreams, fakeStream } from '../../support/fake-kvs.js'

const NOW_MS = 1_700_090_000_000
const caller = callerOf()

function plannerOf(fragments: FragmentLister): ClipPlanner {
  return new ClipPlanner({
    access: untaggedAccess(),
    streams: new FakeStreams([fakeStream('gate')]),
    fragments,
    clock: { now: () => NOW_MS },
    urlLifetime: { defaultSeconds: 900, maxSeconds: 86_400 },
    maxClipBytes: 2_147_483_648,
  })
}

function input(startTimestamp: number, endTimestamp: number): ClipInput {
  const options = { fragmentSelectorType: 'PRODUCER_TIMESTAMP', cut: 'FRAGMENT', overflow: 'JOIN' } as const
  return { streamName: 'gate', ...options, startTimestamp, endTimestamp }
}

const hour = input(NOW_MS - 7_200_000, NOW_MS - 3_600_000)
const refused = new GatewayError('BAD_USER_INPUT', 'Kinesis Video refused ListFragments: something else is wrong.')

/** Answers each listing with the next of these. */
function answering(...answers: (Error | [])[]): FragmentLister {
  return {
    async list() {
      const answer = answers.shift()
      if (answer === undefined || answer instanceof Error) throw answer
      return answer
    },
  }
}

describe('a range', () => {
  test('with more fragments than one plan allows is an issue that suggests halves of the range', async () => {
    const { planned, issues } = await plannerOf(answering(new TooManyFragments(100_000))).plan(hour, 'clips:request', caller)
    expect(planned).toBeNull()
    expect(issues).toMatchObject([{ code: 'FRAGMENT_LIMIT_EXCEEDED', severity: 'ERROR', ranges: [{}, {}] }])
  })

  test('that the service refuses for any other reason is that error', async () => {
    await expect(plannerOf(answering(refused)).plan(hour, 'clips:request', caller)).rejects.toBe(refused)
  })

  test('of a stream that was deleted during planning is an issue about the stream', async () => {
    const { issues } = await plannerOf(answering(new GatewayError('NOT_FOUND', 'There is no such stream.'))).plan(
      hour,
      'clips:request',
      caller,
    )
    expect(issues).toMatchObject([{ code: 'STREAM_NOT_FOUND', path: ['streamName'] }])
  })

  test('without footage among very many fragments has no hint about the nearest footage', async () => {
    const { issues } = await plannerOf(answering([], new TooManyFragments(2000))).plan(hour, 'clips:request', caller)
    expect(issues).toMatchObject([{ code: 'NO_FRAGMENTS', ranges: [] }])
  })

  test('is that error when the service refuses to list the fragments around it', async () => {
    await expect(plannerOf(answering([], refused)).plan(hour, 'clips:request', caller)).rejects.toBe(refused)
  })

  test.each([
    ['before 1970', -7_200_000, -3_600_000],
    ['that ends in 1970', -3_600_000, 3_600_000],
    ['that begins with 1970', 0, 1000],
  ])('%s is listed from start to end', async (_, startMs, endMs) => {
    const fragments = new FakeFragments([])
    const { issues } = await plannerOf(fragments).plan(input(startMs, endMs), 'clips:request', caller)
    expect(issues).toMatchObject([{ code: 'NO_FRAGMENTS' }])
    for (const { range } of fragments.queries) {
      expect(range.startMs).toBeLessThanOrEqual(startMs)
      expect(range.endMs).toBeGreaterThanOrEqual(endMs)
    }
  })
})
