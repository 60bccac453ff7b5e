import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { fakeStream } from '../support/fake-kvs.js'
import { buildHarness, NOW_MS } from '../support/graphql-harness.js'

let harness: Awaited<ReturnType<typeof buildHarness>>

beforeEach(async () => {
  harness = await buildHarness({ streams: [fakeStream('yard'), fakeStream('empty-yard')] })
})
afterEach(() => harness.app.close())

const at = (offsetMs: number) => new Date(NOW_MS + offsetMs).toISOString()
const range = (startMs: number, endMs: number) => `range: { startTimestamp: "${at(startMs)}", endTimestamp: "${at(endMs)}" }`
const ask = (args: string, stream = 'yard') => harness.ask(`{ stream(name: "${stream}") { hlsStreamingSession${args} { url expiresAt } } }`)

describe('an HLS session', () => {
  test('plays live for five minutes by default', async () => {
    const { data, errors } = await ask('')
    expect({ data, errors }).toEqual({
      data: {
        stream: {
          hlsStreamingSession: {
            url: 'https://hls.example.com/hls/v1/getHLSMasterPlaylist.m3u8?SessionToken=sealed~',
            expiresAt: at(300_000),
          },
        },
      },
      errors: [],
    })
    expect(harness.hlsSessions.requests).toEqual([
      {
        streamArn: fakeStream('yard').arn,
        playbackMode: 'LIVE',
        range: null,
        fragmentSelectorType: 'SERVER_TIMESTAMP',
        expiresInSeconds: 300,
      },
    ])
  })

  test.each(['ON_DEMAND', 'LIVE_REPLAY'])('plays a range as %s, with the requested clock and duration', async (mode) => {
    const { data } = await ask(
      `(playbackMode: ${mode}, ${range(-60_000, -1)}, fragmentSelectorType: PRODUCER_TIMESTAMP, expiresInSeconds: 43200)`,
    )
    expect(data).toMatchObject({ stream: { hlsStreamingSession: { expiresAt: at(43_200_000) } } })
    expect(harness.hlsSessions.requests).toEqual([
      {
        streamArn: fakeStream('yard').arn,
        playbackMode: mode,
        range: { startMs: NOW_MS - 60_000, endMs: NOW_MS - 1 },
        fragmentSelectorType: 'PRODUCER_TIMESTAMP',
        expiresInSeconds: 43_200,
      },
    ])
  })

  test('may end in the future by the clock of the camera', async () => {
    const { errors } = await ask(`(playbackMode: LIVE_REPLAY, ${range(-60_000, 60_000)}, fragmentSelectorType: PRODUCER_TIMESTAMP)`)
    expect(errors).toEqual([])
  })

  test.each([
    ['(expiresInSeconds: 299)', 'expiresInSeconds must be from 300 to 43200, got 299.'],
    ['(expiresInSeconds: 43201)', 'expiresInSeconds must be from 300 to 43200, got 43201.'],
    ['(playbackMode: ON_DEMAND)', 'range is required when playbackMode is ON_DEMAND.'],
    ['(playbackMode: LIVE_REPLAY, range: null)', 'range is required when playbackMode is LIVE_REPLAY.'],
    [`(${range(-60_000, -1)})`, 'range must be omitted when playbackMode is LIVE, which shows the newest footage.'],
    [`(playbackMode: ON_DEMAND, ${range(-1000, -1000)})`, `range must end after it starts (start ${at(-1000)}, end ${at(-1000)}).`],
    [`(playbackMode: ON_DEMAND, ${range(-86_400_002, -1)})`, `range must span at most 24 hours (start ${at(-86_400_002)}, end ${at(-1)}).`],
    [
      `(playbackMode: ON_DEMAND, ${range(-1000, 1)})`,
      `range must end in the past with SERVER_TIMESTAMP (start ${at(-1000)}, end ${at(1)}).`,
    ],
  ])('with %s is refused', async (args, message) => {
    const { data, errors } = await ask(args)
    expect(data).toEqual({ stream: { hlsStreamingSession: null } })
    expect(errors).toMatchObject([{ message, path: ['stream', 'hlsStreamingSession'], extensions: { code: 'BAD_USER_INPUT' } }])
    expect(harness.hlsSessions.requests).toEqual([])
  })

  test('is null when there is no footage, and the rest of the response stays', async () => {
    const { data, errors } = await harness.ask('{ streams { nodes { name hlsStreamingSession { url } } } }')
    expect(data).toMatchObject({
      streams: {
        nodes: expect.arrayContaining([
          { name: 'empty-yard', hlsStreamingSession: null },
          { name: 'yard', hlsStreamingSession: { url: expect.any(String) } },
        ]),
      },
    })
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
  })
})
