import { describe, expect, test } from '@jest/globals'
import { SetClock } from '../../support/archive-for-test.js'
import { demux, eventsOf } from '../../support/demux.js'
import { readFixture } from '../../support/fixtures.js'
import { type KvsTestServer, startKvsTestServer } from '../../support/kvs-test-server.js'
import { acknowledgementsOf, RecordedUpload } from '../../support/recorded-upload.js'

/** The key that signed the samples. */
const PRODUCER_KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMIexampleKEY' }

const headerOf = (fixture: string, name: string) =>
  new RegExp(`\r\n${name}: (\\S+)\r\n`, 'i').exec(Buffer.from(readFixture(fixture)).toString('latin1', 0, 2000))?.[1] ?? ''

const dateOf = (fixture: string) =>
  Date.parse(headerOf(fixture, 'x-amz-date').replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'))

/** A server at the time of the recording, with the stream that it names. */
async function startFor(fixture: string): Promise<KvsTestServer> {
  const kvs = await startKvsTestServer({ clock: new SetClock(dateOf(fixture)) })
  await kvs.post('/createStream', { StreamName: headerOf(fixture, 'x-amzn-stream-name'), DataRetentionInHours: 2 })
  return kvs
}

async function tagsOf(kvs: KvsTestServer, StreamName: string, Fragments: readonly string[]): Promise<string[]> {
  const answer = await kvs.post('/getMediaForFragmentList', { StreamName, Fragments })
  const media = demux(new Uint8Array(await answer.arrayBuffer()))
  expect(media.failure).toBeNull()
  return eventsOf(media, 'tags').flatMap(({ tags }) => tags.map(({ name }) => name))
}

/** Sends a recording of three fragments, and reads the names of their tags. */
async function uploadedTags(fixture: string): Promise<string[]> {
  await using kvs = await startFor(fixture)
  const producer = new RecordedUpload(kvs.url, fixture)
  await producer.open()
  const answer = await producer.finish()
  expect([answer.status, acknowledgementsOf(answer, 'ERROR')]).toEqual([200, []])
  const numbers = acknowledgementsOf(answer, 'PERSISTED').map(({ FragmentNumber }) => FragmentNumber)
  expect(numbers).toHaveLength(3)
  return await tagsOf(kvs, headerOf(fixture, 'x-amzn-stream-name'), numbers)
}

const count = (names: readonly string[], name: string) => names.filter((each) => each === name).length

describe('an upload of AWS’s C producer', () => {
  test('is accepted to the last fragment, and each fragment keeps its tags', async () => {
    const names = await uploadedTags('c-producer-video.http')
    expect(count(names, 'AWS_KINESISVIDEO_END_OF_FRAGMENT')).toBe(3)
    expect(names.filter((name) => name.startsWith('TEST_KEY_'))).toHaveLength(27)
  })

  test('with sound and events is accepted, and the tags for stills and notifications are returned', async () => {
    const names = await uploadedTags('c-producer-audio-video.http')
    for (const name of ['AWS_KINESISVIDEO_IMAGE_GENERATION', 'AWS_KINESISVIDEO_NOTIFICATION', 'AWS_KINESISVIDEO_END_OF_FRAGMENT']) {
      expect([name, count(names, name)]).toEqual([name, 1])
    }
  })

  test('continues at a token rotation: the second connection is refused while the first is open, the third is accepted', async () => {
    await using kvs = await startFor('c-producer-rotation-1.http')
    const [first, second, third] = [1, 2, 3].map((part) => new RecordedUpload(kvs.url, `c-producer-rotation-${part}.http`))
    if (!first || !second || !third) throw new Error('three connections were recorded')
    await first.open()
    await second.open()
    expect((await second.finish()).text).toContain('ConnectionLimitExceededException')
    const answers = [await first.finish()]
    await third.open()
    answers.push(await third.finish())
    expect(answers.map((answer) => [answer.status, acknowledgementsOf(answer, 'ERROR')])).toEqual([
      [200, []],
      [200, []],
    ])
    const timecodes = answers.flatMap((answer) => acknowledgementsOf(answer, 'PERSISTED').map(({ FragmentTimecode }) => FragmentTimecode))
    // A fragment every 45 frames at 25 fps, none of them lost or sent twice.
    expect(timecodes.map((timecode) => timecode - (timecodes[0] ?? 0))).toEqual([0, 1800, 3600, 5400, 7200])
  })

  test('carries a valid signature', async () => {
    const fixture = 'c-producer-video.http'
    await using kvs = await startKvsTestServer({ clock: new SetClock(dateOf(fixture)), accessKeys: [PRODUCER_KEY] })
    const producer = new RecordedUpload(kvs.url, fixture)
    await producer.open()
    // The stream does not exist, and only a correctly signed request gets that error.
    expect((await producer.finish()).text).toContain('ResourceNotFoundException')
  })
})
