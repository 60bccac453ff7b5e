// The archives under test/fixtures/archives, and what a client sees of one. As a program (`<dataDir> <answers file>`), it fills an empty
// archive and records what a client sees.
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { buildKvsServer } from '../../src/kvs-server/server.js'
import { readFixture } from './fixtures.js'
import { footage, recording, tags } from './footage.js'
import { upload } from './producer.js'

/** The date of the footage. A server that reads it uses this clock, so that retention removes nothing. */
export const OLD_ARCHIVE_CLOCK = { now: () => Date.parse('2026-05-04T12:00:00Z') }

const START = OLD_ARCHIVE_CLOCK.now() / 1000 - 600
const RANGE = { StartTimestamp: START - 60, EndTimestamp: START + 600 }

function post(url: string, path: string, body: object): Promise<Response> {
  return fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
}

/** An error is represented only by its status, because its text may change. */
async function digest(response: Response): Promise<string> {
  const bytes = Buffer.from(await response.arrayBuffer())
  if (!response.ok) return String(response.status)
  return `${response.status} ${bytes.byteLength} bytes ${createHash('sha256').update(bytes).digest('hex')}`
}

async function fill(url: string): Promise<void> {
  await post(url, '/createStream', { StreamName: 'front', DataRetentionInHours: 24, MediaType: 'video/h264', Tags: { site: 'berlin' } })
  await post(url, '/createStream', { StreamName: 'back', DataRetentionInHours: 48, DeviceName: 'lens' })
  await post(url, '/createStream', { StreamName: 'empty', DataRetentionInHours: 1 })
  await post(url, '/createStream', { StreamName: 'gone', DataRetentionInHours: 1 })
  await upload(url, readFixture('h264-only.mkv'), { stream: 'front', start: String(START) })
  const children = [tags({ door: 'open' }), footage(0), tags({ door: 'shut' }), footage(1000), footage(2000)]
  await upload(url, recording(children), { stream: 'back', start: String(START) })
  await upload(url, recording([footage(0, { frames: 9, frameMs: 100 })]), { stream: 'back', start: String(START + 60) })
  await post(url, '/tagStream', { StreamName: 'back', Tags: { floor: '2' } })
  const { StreamInfo } = JSON.parse(await (await post(url, '/describeStream', { StreamName: 'back' })).text())
  const change = { StreamName: 'back', CurrentVersion: StreamInfo.Version, Operation: 'DECREASE_DATA_RETENTION' }
  await post(url, '/updateDataRetention', { ...change, DataRetentionChangeInHours: 12 })
  const gone = JSON.parse(await (await post(url, '/describeStream', { StreamName: 'gone' })).text())
  await post(url, '/deleteStream', { StreamARN: gone.StreamInfo.StreamARN })
}

/** Everything that a client can ask about the archive. */
export async function lookAtArchive(url: string): Promise<unknown> {
  const seen: unknown[] = []
  const { StreamInfoList }: { StreamInfoList: { StreamName: string }[] } = JSON.parse(await (await post(url, '/listStreams', {})).text())
  for (const info of StreamInfoList) {
    const { StreamName } = info
    const tagged = JSON.parse(await (await post(url, '/listTagsForStream', { StreamName })).text())
    const lists: unknown[] = []
    const media: string[] = []
    for (const FragmentSelectorType of ['PRODUCER_TIMESTAMP', 'SERVER_TIMESTAMP']) {
      const selector = { FragmentSelectorType, TimestampRange: RANGE }
      const list = JSON.parse(await (await post(url, '/listFragments', { StreamName, FragmentSelector: selector })).text())
      const numbers: string[] = list.Fragments.map(({ FragmentNumber }: { readonly FragmentNumber: string }) => FragmentNumber)
      lists.push(list.Fragments)
      media.push(await digest(await post(url, '/getMediaForFragmentList', { StreamName, Fragments: numbers })))
      media.push(await digest(await post(url, '/getClip', { StreamName, ClipFragmentSelector: selector })))
    }
    seen.push({ info, tags: tagged.Tags, lists, media })
  }
  return seen
}

const [, program = '', dataDir, answers] = process.argv
if (program.endsWith('old-archive.ts') && dataDir !== undefined && answers !== undefined) {
  const kvs = await buildKvsServer({ dataDir, port: 0, quotas: false, clock: OLD_ARCHIVE_CLOCK })
  const url = await kvs.listen()
  if (kvs.streams.count() === 0) await fill(url)
  await writeFile(answers, `${JSON.stringify(await lookAtArchive(url), null, 2)}\n`)
  await kvs.close()
}
