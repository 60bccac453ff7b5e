import { expect, test } from '@jest/globals'
import type { ClipCut } from '../../src/domain/clip.js'
import { downloadClip } from '../support/clip-calls.js'
import { askFor, START, startClipHarness, startFootage } from '../support/clip-harness.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { readWithMp4box } from '../support/mp4-packets.js'
import { openGopFootage } from '../support/open-gop-footage.js'
import { shownTimes } from '../support/shown-pictures.js'

async function clipOf(footage: Uint8Array, [fromMs, toMs]: readonly [number, number], cut: ClipCut) {
  await using server = await startFootage([footage])
  await using harness = await startClipHarness(server.url)
  const { clip, issues } = await harness.clips.request(askFor(fromMs, toMs, { cut }), enoughTime())
  if (clip === null) throw new Error(JSON.stringify(issues))
  const file = await downloadClip(harness, clip)
  const [video] = readWithMp4box(file)
  const { delivered, warnings } = { ...(await harness.clips.find(clip.id, enoughTime())), warnings: issues }
  return {
    syncs: video?.samples.flatMap(({ is_sync }, index) => (is_sync ? [index] : [])),
    samples: video?.samples.length,
    shown: shownTimes(file).length,
    startMs: (delivered?.startMs ?? 0) - START,
    severities: warnings.filter(({ code }) => code === 'STARTS_WITHOUT_KEY_FRAME').map(({ severity }) => severity),
  }
}

test('an exact cut begins at the IDR picture before its first picture, and has no other seek point', async () => {
  const clip = await clipOf(openGopFootage(12, [0, 2, 9]), [6400, 10_000], 'EXACT')
  expect(clip).toEqual({ syncs: [0, 35], samples: 41, shown: 19, startMs: 6400, severities: [] })
})

test('whole fragments that begin with an IDR picture have only IDR pictures as seek points', async () => {
  const clip = await clipOf(openGopFootage(6, [0, 3]), [0, 5000], 'FRAGMENT')
  expect(clip).toEqual({ syncs: [0, 15], samples: 30, shown: 30, startMs: 0, severities: [] })
})

test('whole fragments that begin with an open GOP are shown from their first IDR picture on', async () => {
  const clip = await clipOf(openGopFootage(6, [0, 3]), [1000, 5000], 'FRAGMENT')
  expect(clip).toEqual({ syncs: [10], samples: 25, shown: 15, startMs: 3000, severities: ['WARNING'] })
})

test.each([
  ['none', 8, [], [4400, 6600]],
  ['one, but 70 s before', 75, [0], [70_400, 72_600]],
] as const)(
  'an exact cut of open GOPs begins at an I-frame where there is no IDR picture (%s), with a warning',
  async (_, count, idrs, range) => {
    const clip = await clipOf(openGopFootage(count, idrs), range, 'EXACT')
    expect(clip).toEqual({ syncs: [0, 5, 10], samples: 14, shown: 12, startMs: range[0], severities: ['WARNING'] })
  },
)

test('whole fragments of open GOPs without an IDR picture begin at their I-frame, with a warning', async () => {
  const clip = await clipOf(openGopFootage(8, [0]), [3000, 5000], 'FRAGMENT')
  expect(clip).toEqual({ syncs: [0, 5, 10], samples: 15, shown: 15, startMs: 3000, severities: ['WARNING'] })
})
