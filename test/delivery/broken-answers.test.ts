import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { fileBytes } from '../../src/delivery/parts/part-footer.js'
import { getClip, whenEnded } from '../support/clip-calls.js'
import { until } from '../support/clip-client.js'
import { type ClipHarness, startClipHarness, startFootage, tokenOf } from '../support/clip-harness.js'
import { footage, recording } from '../support/footage.js'
import { enoughTime } from '../support/kvs-for-test.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'
import { collect, inChunks } from '../support/part-bodies.js'
import { createSpoiler, type SpoiltClips, withUnknownBox } from '../support/spoilt-clips.js'

let server: KvsTestServer
let spoiler: SpoiltClips
let harness: ClipHarness
/** A response that is passed through when it is not damaged. */
let sound: Buffer

beforeEach(async () => {
  server = await startFootage([recording([footage(0), footage(1000)])])
  spoiler = createSpoiler(server.url)
  harness = await startClipHarness(server.url, { clips: spoiler.clips })
  spoiler.spoil = async function* (bytes) {
    sound = await withUnknownBox(bytes)
    yield sound
  }
  const clip = await whenEnded(harness, await getClip(harness))
  expect(clip).toMatchObject({ state: 'READY', form: 'PASSTHROUGH' })
  await harness[Symbol.asyncDispose]()
  harness = await startClipHarness(server.url, { clips: spoiler.clips })
})
afterEach(async () => {
  await harness[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

function answerWith(bytes: Buffer, announcedBytes: number | null): void {
  spoiler.announcedBytes = announcedBytes
  spoiler.spoil = () => inChunks(bytes, 64)
}

function withLongerBox(type: string): Buffer {
  const at = sound.indexOf(type) - 4
  const longer = Buffer.from(sound)
  longer.writeUInt32BE(sound.readUInt32BE(at) + 1000, at)
  return longer
}

async function sizesOf(folder: string): Promise<number[]> {
  return Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size))
}

const BROKEN: readonly (readonly [name: string, bytes: () => Buffer])[] = [
  ['zeros', () => Buffer.alloc(100_000)],
  ['noise', () => Buffer.from(sound).fill('noise')],
  ['a page of HTML', () => Buffer.from('<html><body><h1>502 Bad Gateway</h1></body></html>')],
  ['nothing', () => Buffer.alloc(0)],
  ['a moov that is longer than the answer', () => withLongerBox('moov')],
  ['an mdat that is longer than the answer', () => withLongerBox('mdat')],
  ['a track that is longer than moov', () => withLongerBox('trak')],
  ['an answer that is cut off in its tables', () => sound.subarray(0, sound.indexOf('mdat') - 20)],
  ['an answer that is cut off in its media', () => sound.subarray(0, -100)],
]

describe.each(['announced', 'not known'])('with a length that is %s', (length) => {
  test.each(BROKEN)('%s: fails and stores nothing', async (_name, spoil) => {
    const bytes = spoil()
    answerWith(bytes, length === 'announced' ? bytes.byteLength : null)
    const { clip, issues } = await harness.clips
      .request(
        {
          streamName: 'front-door',
          fragmentSelectorType: 'PRODUCER_TIMESTAMP',
          startTimestamp: 1_700_000_000_000,
          endTimestamp: 1_700_003_600_000,
          cut: 'FRAGMENT',
          overflow: 'JOIN',
        },
        enoughTime(),
      )
      .catch((error: unknown) => ({ clip: null, issues: [error] }))
    if (clip === null) expect(JSON.stringify(issues)).toContain('KVS')
    else expect(await whenEnded(harness, clip)).toMatchObject({ state: 'FAILED' })
    await until(async () => !(await readdir(harness.storeDir)).some((file) => file.endsWith('.tmp')))
    // The Matroska of the edges may be stored, because it is valid.
    expect(await sizesOf(harness.storeDir)).not.toContain(fileBytes(bytes.byteLength))
  })
})

test('a clip with a declared length is refused before any of its bytes are sent', async () => {
  const bytes = withLongerBox('mdat')
  const head = bytes.indexOf('mdat') + 4
  const never = new Promise<never>(() => undefined)
  spoiler.announcedBytes = bytes.byteLength
  spoiler.spoil = async function* () {
    yield Buffer.from(bytes.subarray(0, head))
    await never
  }
  await expect(
    (async () => {
      const clip = await getClip(harness)
      const content = await harness.clips.open(tokenOf(clip), enoughTime())
      return collect(content.read('all', enoughTime()))
    })(),
  ).rejects.toThrow()
})
