import { existsSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type AwsCli, awsEnvironment, openAwsCli } from '../support/aws-cli.js'
import { readFixture } from '../support/fixtures.js'
import { footage, recording } from '../support/footage.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { readWithMp4box } from '../support/mp4-packets.js'
import { findAll, runProgram } from '../support/peer-programs.js'
import { type Ack, upload } from '../support/producer.js'

/** 2026-01-02T00:00:00Z. */
const MIDNIGHT = 1_767_312_000
/** 2026-01-02T03:04:05Z. */
const INSTANT = 1_767_323_045
const MS_INTO_DAY = 11_040_900

let kvs: KvsTestServer
let aws: AwsCli
let arn = ''

async function fill(name: string, body: Uint8Array, start: number): Promise<readonly Ack[]> {
  return upload(kvs.url, body, { stream: name, start: String(start) })
}

beforeAll(async () => {
  kvs = await startKvsTestServer({ faults: true })
  aws = await openAwsCli(kvs.url)
  process.stderr.write(`aws: ${aws.version}\n`)
  for (const StreamName of ['cam-real', 'cam-clock', 'cam-old']) {
    const made = await kvs.post('/createStream', { StreamName, DataRetentionInHours: 24 })
    const { StreamARN }: { StreamARN: string } = JSON.parse(await made.text())
    if (StreamName === 'cam-real') arn = StreamARN
  }
  await kvs.post('/createStream', { StreamName: 'door' })
  await fill('cam-real', readFixture('h264-aac.mkv'), INSTANT)
  const times = [0, ...Array.from({ length: 10 }, (_, second) => MS_INTO_DAY + second * 1000)]
  await fill('cam-clock', recording(times.map((ticks) => footage(ticks, { frames: 1 }))), MIDNIGHT)
  await fill('cam-old', recording([footage(5000, { frames: 1 })]), 0)
  await fill('cam-old', recording([footage(5000, { frames: 1 })]), 1_000_000_000)
})
afterAll(async () => {
  await aws[Symbol.asyncDispose]()
  await kvs[Symbol.asyncDispose]()
})

function selector(start: string | number, end: string | number, type = 'PRODUCER_TIMESTAMP'): string {
  return `FragmentSelectorType=${type},TimestampRange={StartTimestamp=${start},EndTimestamp=${end}}`
}

function getClip(stream: string, range: string, outfile: string, more: readonly string[] = []) {
  const args = ['kinesis-video-archived-media', 'get-clip', '--stream-name', stream, '--clip-fragment-selector', range, ...more, outfile]
  return aws.run(args)
}

let files = 0
function newOutfile(): string {
  files += 1
  return `clip-${files}.mp4`
}

const outfilePath = (name: string) => join(aws.folder, name)
const countFrames = (name: string) => readWithMp4box(readFileSync(outfilePath(name)))[0]?.samples.length
const WHOLE = selector(INSTANT - 1, INSTANT + 60)

describe('aws kinesis-video-archived-media get-clip', () => {
  test('writes the same bytes by name, by ARN, with shorthand, JSON and file://, and prints the content type', async () => {
    const json = JSON.stringify({
      FragmentSelectorType: 'PRODUCER_TIMESTAMP',
      TimestampRange: { StartTimestamp: INSTANT - 1, EndTimestamp: INSTANT + 60 },
    })
    await writeFile(outfilePath('selector.json'), json)
    const forms = [
      ['--stream-name', 'cam-real', '--clip-fragment-selector', WHOLE],
      ['--stream-arn', arn, '--clip-fragment-selector', WHOLE],
      ['--stream-name', 'cam-real', '--clip-fragment-selector', json],
      ['--stream-name', 'cam-real', '--clip-fragment-selector', 'file://selector.json'],
    ]
    const written: Buffer[] = []
    for (const form of forms) {
      const outfile = newOutfile()
      const { code, stdout, stderr } = await aws.run(['kinesis-video-archived-media', 'get-clip', ...form, outfile])
      expect([code, stderr, stdout]).toEqual([0, '', '{\n    "ContentType": "video/mp4"\n}\n'])
      written.push(await readFile(outfilePath(outfile)))
    }
    expect(readWithMp4box(written[0] ?? new Uint8Array(0))[0]?.samples).toHaveLength(100)
    expect(written.every((bytes) => written[0]?.equals(bytes))).toBe(true)
  })

  test('writes to a file named -, and to stdout before the JSON when the output file is stdout', async () => {
    const named = await getClip('cam-real', WHOLE, '-')
    expect(JSON.parse(named.stdout)).toEqual({ ContentType: 'video/mp4' })
    expect((await readFile(outfilePath('-'))).subarray(4, 8).toString()).toBe('ftyp')
    const args = ['get-clip', '--stream-name', 'cam-real', '--clip-fragment-selector', WHOLE, '/dev/stdout']
    const piped = await aws.runPiped(['kinesis-video-archived-media', ...args])
    expect([piped.code, piped.stdout.slice(4, 8)]).toEqual([0, 'ftyp'])
    expect(piped.stdout.slice(-40)).toMatch(/\{\n {4}"ContentType": "video\/mp4"\n\}\n$/)
  })

  test.each([
    [String(INSTANT), 5],
    [`${INSTANT}.5`, 5],
    ['2026-01-02T03:04:05Z', 5],
    ['2026-01-02T04:04:05+01:00', 5],
    ['2026-01-02T12:04:05+0900', 5],
    ['2026-01-02T03:04:05.678Z', 5],
    ['2026-01-02T03:04:05', 5],
    ['2026-01-02 03:04:05', 5],
    ['2026-01-02T03:04Z', 10],
    ['20260102T030405Z', 5],
    ['2026-01-02', 11],
    ['Fri\\, 02 Jan 2026 03:04:05 GMT', 5],
    ['Jan 2 2026 3:04:05 UTC', 5],
  ])('accepts the start %s', async (start, frames) => {
    const outfile = newOutfile()
    const { code, stderr } = await getClip('cam-clock', selector(start, INSTANT + 60), outfile)
    expect([code, stderr]).toEqual([0, ''])
    expect(countFrames(outfile)).toBe(frames)
  })

  test.each([
    ['-5', 10],
    ['1e9', 1_000_000_010],
  ])('accepts the start %s', async (start, end) => {
    const outfile = newOutfile()
    expect(await getClip('cam-old', selector(start, end), outfile)).toMatchObject({ code: 0, stderr: '' })
    expect(countFrames(outfile)).toBe(1)
  })

  test.each(['now', '2026-W01-1', `${INSTANT}123`])('refuses the start %s before it sends a request', async (start) => {
    const outfile = newOutfile()
    const { code, stdout } = await getClip('cam-clock', selector(start, INSTANT + 60), outfile)
    expect([code === 0, stdout, existsSync(outfilePath(outfile))]).toEqual([false, '', false])
  })

  const NOT_FOUND = 'The requested stream is not found or not active.'
  const NO_FRAGMENTS = 'No fragments found in the stream for the clip request.'
  test.each([
    ['no such stream', 'nowhere', WHOLE, 'ResourceNotFoundException', NOT_FOUND],
    ['nothing in the range', 'cam-real', selector(INSTANT + 600, INSTANT + 700), 'ResourceNotFoundException', NO_FRAGMENTS],
    ['no retention', 'door', WHOLE, 'NoDataRetentionException', 'The stream door does not retain data.'],
    ['a range back to front', 'cam-real', selector(INSTANT + 9, INSTANT), 'InvalidArgumentException', /^End timestamp \d+ must be later/],
    ['more than 24 hours', 'cam-real', selector(INSTANT, INSTANT + 86_401), 'InvalidArgumentException', /within 24 hours/],
    [
      'server times of long ago',
      'cam-real',
      selector(1_000_000_000, 1_000_000_060, 'SERVER_TIMESTAMP'),
      'InvalidArgumentException',
      'End timestamp 1000000060000 is outside of the stream retention period.',
    ],
    ['an unknown selector', 'cam-real', selector(INSTANT, INSTANT + 9, 'BOGUS'), 'InvalidArgumentException', /BOGUS/],
    ['a name with a space', 'cam real', WHOLE, 'InvalidArgumentException', /StreamName/],
  ])('reports as a service error: %s', async (_, stream, range, name, message) => {
    const outfile = newOutfile()
    const { code, stdout, stderr } = await getClip(stream, range, outfile)
    const told = /^An error occurred \((\w+)\) when calling the GetClip operation: (.*)$/.exec(stderr.trim())
    expect([code, stdout, existsSync(outfilePath(outfile)), told?.[1]]).toEqual([aws.exit.service, '', false, name])
    if (typeof message === 'string') expect(told?.[2]).toBe(message)
    else expect(told?.[2]).toMatch(message)
  })

  test('reports an error of the service when neither name nor ARN is given, which the CLI does not check', async () => {
    const { code, stderr } = await aws.run(['kinesis-video-archived-media', 'get-clip', '--clip-fragment-selector', WHOLE, newOutfile()])
    expect([code, stderr]).toEqual([aws.exit.service, expect.stringContaining('(InvalidArgumentException)')])
  })

  test('distinguishes a wrong parameter and a missing file by exit codes', async () => {
    const empty = await getClip('', WHOLE, newOutfile())
    expect([empty.code, empty.stdout]).toEqual([aws.exit.validation, ''])
    const args = ['kinesis-video-archived-media', 'get-clip', '--stream-name', 'cam-real', '--clip-fragment-selector', WHOLE]
    expect((await aws.run(args)).code).toBe(aws.exit.usage)
  })

  test('keeps the received part and fails with 255 when the connection is cut', async () => {
    await fault({ operation: 'GetClip', times: 1, fault: { kind: 'cut', afterBytes: 20_000 } })
    const outfile = newOutfile()
    const { code, stdout, stderr } = await getClip('cam-real', WHOLE, outfile)
    expect([code, stdout, stderr === '']).toEqual([255, '', false])
    if (existsSync(outfilePath(outfile))) expect((await readFile(outfilePath(outfile))).byteLength).toBeLessThanOrEqual(20_000)
  })

  test('does not retry when it is throttled, and retries after a failure of the service', async () => {
    await fault({ operation: 'GetClip', times: 1, fault: { kind: 'throttle' } })
    const { code, stderr } = await getClip('cam-real', WHOLE, newOutfile())
    expect([code, stderr]).toEqual([aws.exit.service, expect.stringContaining('(ClientLimitExceededException)')])
    await fault({ operation: 'GetClip', times: 1, fault: { kind: 'exception', name: 'InternalFailure' } })
    expect((await getClip('cam-real', WHOLE, newOutfile())).code).toBe(0)
  })

  async function fault(rule: object): Promise<void> {
    await fetch(`${kvs.url}/_faults`, { method: 'DELETE' })
    expect((await kvs.post('/_faults', rule)).status).toBe(200)
  }
})

interface Listed {
  readonly Fragments: readonly { readonly FragmentNumber: string; readonly FragmentLengthInMilliseconds: number }[]
  readonly NextToken?: string
}

function listFragments(...more: readonly string[]): Promise<unknown> {
  const args = ['--stream-name', 'cam-clock', '--fragment-selector', selector(MIDNIGHT, MIDNIGHT + 86_400), ...more]
  return aws.json(['kinesis-video-archived-media', 'list-fragments', ...args])
}

function isListed(answer: unknown): answer is Listed {
  return typeof answer === 'object' && answer !== null && 'Fragments' in answer && Array.isArray(answer.Fragments)
}

async function numbersOf(...more: readonly string[]): Promise<{ numbers: string[]; next: string | undefined }> {
  const answer = await listFragments(...more)
  if (!isListed(answer)) throw new Error(`no list: ${JSON.stringify(answer)}`)
  return { numbers: answer.Fragments.map(({ FragmentNumber }) => FragmentNumber), next: answer.NextToken }
}

describe('aws, other commands than get-clip', () => {
  test('list-fragments reads all pages, stops at --max-items, and continues from its token', async () => {
    const all = await numbersOf()
    expect(all.numbers).toHaveLength(11)
    expect((await numbersOf('--page-size', '3')).numbers).toEqual(all.numbers)
    const some = await numbersOf('--max-items', '4', '--page-size', '3')
    expect(some.numbers).toEqual(all.numbers.slice(0, 4))
    const rest = await numbersOf('--page-size', '3', '--starting-token', some.next ?? '')
    expect(rest.numbers).toEqual(all.numbers.slice(4))
  })

  test('get-media-for-fragment-list writes Matroska with the named fragments', async () => {
    const { numbers } = await numbersOf()
    const args = ['get-media-for-fragment-list', '--stream-name', 'cam-clock', 'out.mkv', '--fragments', numbers[3] ?? '', numbers[1] ?? '']
    expect(await aws.json(['kinesis-video-archived-media', ...args])).toEqual({ ContentType: 'video/webm' })
    const media = await readFile(outfilePath('out.mkv'))
    expect([media.includes(numbers[3] ?? ''), media.includes(numbers[1] ?? ''), media.includes(numbers[2] ?? '')]).toEqual([
      true,
      true,
      false,
    ])
  })

  test('kinesis-video-media get-media follows a stream until it is deleted', async () => {
    const made = await kvs.post('/createStream', { StreamName: 'cam-live', DataRetentionInHours: 1 })
    await fill('cam-live', recording([footage(0), footage(1000)]), INSTANT)
    const args = ['get-media', '--stream-name', 'cam-live', '--start-selector', 'StartSelectorType=EARLIEST', 'live.mkv']
    const following = aws.json(['kinesis-video-media', ...args])
    while ((await outgoingBytes()) < 500) await new Promise((resolve) => setTimeout(resolve, 50))
    await kvs.post('/deleteStream', JSON.parse(await made.text()))
    expect(await following).toEqual({ ContentType: 'video/webm' })
    const media = await readFile(outfilePath('live.mkv'), 'latin1')
    expect(media.slice(0, 40)).toContain('matroska')
    expect(media.match(/AWS_KINESISVIDEO_CONTINUATION_TOKEN/g)).toHaveLength(2)
  })

  async function outgoingBytes(): Promise<number> {
    const metrics = await (await fetch(`${kvs.url}/metrics`)).text()
    return Number(/^kvs_get_media_outgoing_bytes_total (\d+)/m.exec(metrics)?.[1] ?? 0)
  }

  test('get-data-endpoint returns the address that was called', async () => {
    for (const api of ['GET_CLIP', 'LIST_FRAGMENTS', 'PUT_MEDIA', 'GET_MEDIA', 'GET_HLS_STREAMING_SESSION_URL']) {
      const args = ['get-data-endpoint', '--stream-name', 'cam-real', '--api-name', api]
      expect(await aws.json(['kinesisvideo', ...args])).toEqual({ DataEndpoint: kvs.url })
    }
  })

  test('list-streams takes a condition, and paginates automatically', async () => {
    const names = (...more: string[]) => aws.json(['kinesisvideo', 'list-streams', '--query', 'StreamInfoList[].StreamName', ...more])
    const condition = 'ComparisonOperator=BEGINS_WITH,ComparisonValue=cam-'
    expect(await names('--stream-name-condition', condition)).toEqual(['cam-clock', 'cam-old', 'cam-real'])
    expect(await names('--page-size', '1')).toEqual(['cam-clock', 'cam-old', 'cam-real', 'door'])
    expect(await names('--stream-name-condition', 'ComparisonOperator=BEGINS_WITH,ComparisonValue=none')).toEqual([])
  })

  test('a stream can be created, described, tagged, changed by its versions and deleted', async () => {
    const control = (...args: string[]) => aws.json(['kinesisvideo', ...args])
    const created = await control('create-stream', '--stream-name', 'new-1', '--data-retention-in-hours', '2', '--tags', 'place=yard')
    expect(created).toEqual({ StreamARN: expect.stringMatching(/^arn:aws:kinesisvideo:us-east-1:\d+:stream\/new-1\/\d{13}$/) })
    const version = async () => String(await control('describe-stream', '--stream-name', 'new-1', '--query', 'StreamInfo.Version'))
    const first = await version()
    await control(
      'update-stream',
      '--stream-name',
      'new-1',
      '--current-version',
      first,
      '--media-type',
      'video/h264',
      '--device-name',
      'd1',
    )
    const change = ['--operation', 'INCREASE_DATA_RETENTION', '--data-retention-change-in-hours', '3']
    const stale = await aws.run(['kinesisvideo', 'update-data-retention', '--stream-name', 'new-1', '--current-version', first, ...change])
    expect([stale.code, stale.stderr]).toEqual([aws.exit.service, expect.stringContaining('(VersionMismatchException)')])
    await control('update-data-retention', '--stream-name', 'new-1', '--current-version', await version(), ...change)
    expect(await control('describe-stream', '--stream-name', 'new-1')).toMatchObject({
      StreamInfo: { DataRetentionInHours: 5, MediaType: 'video/h264', DeviceName: 'd1', Status: 'ACTIVE' },
    })

    await control('tag-stream', '--stream-name', 'new-1', '--tags', 'floor=2,place=roof')
    await control('untag-stream', '--stream-name', 'new-1', '--tag-key-list', 'floor', 'unknown')
    expect(await control('list-tags-for-stream', '--stream-name', 'new-1')).toMatchObject({ Tags: { place: 'roof' } })
    const own = Object(created).StreamARN
    await control('tag-resource', '--resource-arn', own, '--tags', 'Key=a,Value=b')
    expect(await control('list-tags-for-resource', '--resource-arn', own)).toMatchObject({ Tags: { place: 'roof', a: 'b' } })

    const twice = await aws.run(['kinesisvideo', 'create-stream', '--stream-name', 'new-1'])
    expect(twice.stderr).toContain('(ResourceInUseException) when calling the CreateStream operation')
    await control('delete-stream', '--stream-arn', own, '--current-version', await version())
    const gone = await aws.run(['kinesisvideo', 'describe-stream', '--stream-name', 'new-1'])
    expect(gone.stderr).toContain('(ResourceNotFoundException) when calling the DescribeStream operation')
  })

  test('get-hls-streaming-session-url returns a URL that a player can open, and refuses as the service does', async () => {
    const hls = ['kinesis-video-archived-media', 'get-hls-streaming-session-url', '--playback-mode', 'ON_DEMAND']
    const answer = await aws.json([...hls, '--stream-name', 'cam-real', '--hls-fragment-selector', WHOLE, '--expires', '300'])
    const url = String(Object(answer).HLSStreamingSessionURL)
    const playlist = await fetch(url)
    expect([playlist.status, (await playlist.text()).slice(0, 7)]).toEqual([200, '#EXTM3U'])
    const empty = selector(INSTANT + 600, INSTANT + 700)
    const { code, stderr } = await aws.run([...hls, '--stream-name', 'cam-real', '--hls-fragment-selector', empty])
    expect([code, stderr.trim()]).toEqual([
      aws.exit.service,
      'An error occurred (ResourceNotFoundException) when calling the GetHLSStreamingSessionURL operation: ' +
        'No fragments found in the stream for the streaming request.',
    ])
  })

  test('unsupported operations are refused with messages that name them', async () => {
    const range = `FragmentSelectorType=SERVER_TIMESTAMP`
    const args = ['get-dash-streaming-session-url', '--stream-name', 'cam-real', '--dash-fragment-selector', range]
    const { code, stderr } = await aws.run(['kinesis-video-archived-media', ...args])
    expect([code, stderr]).toEqual([aws.exit.service, expect.stringContaining('GetDASHStreamingSessionURL is not offered')])
  })
})

describe('aws against a server with access keys', () => {
  const key = { accessKeyId: 'AKIDPEER', secretAccessKey: 'the+secret/of=peers' }

  test('is accepted with the key, also with a session token, and refused with another key or none', async () => {
    await using signed = await startKvsTestServer({ accessKeys: [key] })
    await using own = await openAwsCli(signed.url, awsEnvironment(key))
    expect(await own.json(['kinesisvideo', 'create-stream', '--stream-name', 'dock', '--tags', 'ort=Tür'])).toMatchObject({})
    const args = ['get-clip', '--stream-name', 'dock', '--clip-fragment-selector', WHOLE, 'x.mp4']
    expect((await own.run(['kinesis-video-archived-media', ...args])).stderr).toContain('(NoDataRetentionException)')
    const session = await own.run(['kinesisvideo', 'list-streams'], { AWS_SESSION_TOKEN: 'a-token' })
    expect(session.code).toBe(0)
    const unsigned = await own.run(['kinesisvideo', 'list-streams', '--no-sign-request'])
    expect([unsigned.code, unsigned.stderr]).toEqual([own.exit.service, expect.stringContaining('(MissingAuthenticationTokenException)')])
    const wrong = await own.run(['kinesisvideo', 'list-streams'], { AWS_SECRET_ACCESS_KEY: 'another' })
    expect(wrong.stderr).toContain('(InvalidSignatureException) when calling the ListStreams operation')
  })
})

test('a CLI that supports AWS_ENDPOINT_URL uses it to find the server', async () => {
  const found = await Promise.all(findAll('aws').map(async (path) => ({ path, version: (await runProgram(path, ['--version'])).stdout })))
  const knowing = found.filter(({ version }) => knowsEndpointUrl(version))
  process.stderr.write(`AWS_ENDPOINT_URL is known to ${knowing.length} of ${found.length} CLIs found (from 1.29.13 and 2.13.0 on)\n`)
  for (const { path } of knowing) {
    const env = { ...awsEnvironment(), AWS_ENDPOINT_URL: kvs.url }
    const { code, stdout } = await runProgram(path, ['kinesisvideo', 'list-streams', '--output', 'json'], { env })
    expect([code, stdout]).toEqual([0, expect.stringContaining('cam-real')])
  }
})

function knowsEndpointUrl(version: string): boolean {
  const [, major = 0, minor = 0] = (/^aws-cli\/(\d+)\.(\d+)/.exec(version) ?? []).map(Number)
  return (major === 1 && minor > 29) || (major === 2 && minor >= 13) || major > 2
}
