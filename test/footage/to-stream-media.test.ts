import { describe, expect, test } from '@jest/globals'
import type { FragmentReading } from '../../src/footage/fragment-reading.js'
import { toMediaIssues, toStreamMedia } from '../../src/footage/to-stream-media.js'
import { EMPTY_SAMPLE_TABLE } from '../../src/media/matroska/sample-table.js'
import type { MatroskaTrack } from '../../src/media/matroska/track.js'
import { demux, eventsOf } from '../support/demux.js'
import { readFixture } from '../support/fixtures.js'
import { AVCC } from '../support/footage.js'
import { NO_TIMING, videoOf } from '../support/matroska-track.js'

const VIDEO: MatroskaTrack = {
  number: 1,
  type: 'video',
  codecId: 'V_MPEG4/ISO/AVC',
  codecPrivate: AVCC,
  video: videoOf(64, 48),
  audio: null,
  ...NO_TIMING,
}
const AUDIO: MatroskaTrack = {
  ...VIDEO,
  number: 2,
  type: 'audio',
  codecId: 'A_AAC',
  codecPrivate: Uint8Array.of(0x11, 0x90),
  video: null,
  audio: { sampleRate: 8000, channels: 1 },
}

function readingOf(tracks: readonly MatroskaTrack[], invalidFrame: string | null = null): FragmentReading {
  return { tracks, samples: EMPTY_SAMPLE_TABLE, invalidFrame }
}

/** The first Cluster of a file and its tracks. */
function readingOfFixture(name: string): FragmentReading {
  const demuxed = demux(readFixture(name))
  const [tracks] = eventsOf(demuxed, 'tracks')
  const [cluster] = eventsOf(demuxed, 'cluster-end')
  return { tracks: tracks?.tracks ?? [], samples: cluster?.samples ?? EMPTY_SAMPLE_TABLE, invalidFrame: null }
}

describe('a fragment that does not start with a key frame', () => {
  const rows = (...keys: number[]) => ({
    count: keys.length + 1,
    tracks: Uint8Array.from([2, ...keys.map(() => 1)]),
    offsets: new Uint32Array(keys.length + 1),
    sizes: new Uint32Array(keys.length + 1).fill(1),
    times: Int32Array.from([0, ...keys.map((_, index) => 40 * index)]),
    keys: Uint8Array.from([1, ...keys]),
  })
  const mediaOf = (...keys: number[]) => toStreamMedia({ tracks: [VIDEO, AUDIO], samples: rows(...keys), invalidFrame: null })

  test('has a warning and can be clipped', () => {
    const message =
      'The fragment does not start with a key frame. Its key frame comes 80 ms after its first picture. The pictures before the key frame need a key frame of an earlier fragment.'
    expect(mediaOf(0, 0, 1)).toMatchObject({
      clippable: true,
      issues: [{ code: 'STARTS_WITHOUT_KEY_FRAME', severity: 'WARNING', message }],
    })
    expect(mediaOf(0, 0)?.issues[0]?.message).toContain('has no key frame')
    expect(mediaOf()?.issues[0]?.message).toContain('has no picture')
  })

  test('is not one whose key frame follows audio', () => {
    expect(mediaOf(1, 0, 0)?.issues).toEqual([])
  })
})

describe('the reasons why GetClip would refuse a fragment', () => {
  test.each<[string[], readonly MatroskaTrack[]]>([
    [[], [VIDEO]],
    [[], [AUDIO, VIDEO]],
    [['UNSUPPORTED_VIDEO_CODEC'], []],
    [['UNSUPPORTED_VIDEO_CODEC'], [{ ...AUDIO, number: 1 }]],
    [
      ['UNSUPPORTED_VIDEO_CODEC'],
      [
        { ...AUDIO, number: 1 },
        { ...VIDEO, number: 2 },
      ],
    ],
    [['UNSUPPORTED_VIDEO_CODEC'], [{ ...VIDEO, codecId: 'V_VP9' }]],
    [['UNSUPPORTED_AUDIO_CODEC'], [VIDEO, { ...AUDIO, codecId: 'A_OPUS' }]],
    [['UNSUPPORTED_AUDIO_CODEC'], [VIDEO, { ...VIDEO, number: 2 }]],
    [['UNSUPPORTED_AUDIO_CODEC'], [VIDEO, AUDIO, { ...AUDIO, number: 3 }]],
    [['UNSUPPORTED_VIDEO_CODEC'], [VIDEO, AUDIO, { ...VIDEO, number: 3 }]],
    [['MISSING_CODEC_PRIVATE_DATA'], [{ ...VIDEO, codecPrivate: null }]],
    [
      ['MISSING_CODEC_PRIVATE_DATA', 'MISSING_CODEC_PRIVATE_DATA'],
      [
        { ...VIDEO, codecPrivate: null },
        { ...AUDIO, codecPrivate: null },
      ],
    ],
    [['INVALID_CODEC_PRIVATE_DATA'], [{ ...VIDEO, codecPrivate: Uint8Array.of(0, 0, 0, 1, 0x67, 0x64) }]],
  ])('is %j', (codes, tracks) => {
    const issues = toMediaIssues(readingOf(tracks))
    expect(issues.map(({ code }) => code)).toEqual(codes)
    for (const { message, severity, hint } of issues) {
      expect([severity, message, hint]).toEqual(['ERROR', expect.stringMatching(/^[A-Z].*\.$/), expect.stringMatching(/^[A-Z].*\.$/)])
    }
  })

  test('is a frame that cannot be one', () => {
    const [issue] = toMediaIssues(readingOf([VIDEO], 'track 1 has a frame without content'))
    expect(issue).toMatchObject({ code: 'INVALID_MEDIA_FRAME', message: expect.stringContaining('a frame without content') })
  })
})

describe('the media of a fragment', () => {
  test.each([
    [
      'h264-bframes-aac.mkv',
      { codecId: 'V_MPEG4/ISO/AVC', codec: expect.stringMatching(/^avc1\.[0-9A-F]{6}$/) },
      { codecId: 'A_AAC', codec: 'mp4a.40.2' },
    ],
    ['hevc-aac.mkv', { codecId: 'V_MPEGH/ISO/HEVC', codec: expect.stringMatching(/^hvc1\.1\.6\.L\d+/) }, { codec: 'mp4a.40.2' }],
    ['h264-alaw.mkv', { codecId: 'V_MPEG4/ISO/AVC' }, { codecId: 'A_MS/ACM', codec: 'alaw', channels: 1, sampleRate: 8000 }],
    ['h264-ulaw-stereo.mkv', { codecId: 'V_MPEG4/ISO/AVC' }, { codec: 'ulaw', channels: 2 }],
  ])('of %s is its codecs, size and rate', (name, video, audio) => {
    const media = toStreamMedia(readingOfFixture(name))
    expect(media).toMatchObject({ video, audio, clippable: true })
    expect(media?.video.width).toBeGreaterThan(0)
    expect(media?.video.height).toBeGreaterThan(0)
    expect(Number.isInteger(media?.video.frameRate)).toBe(true)
  })

  test('comes with a warning where AWS leaves the pair of codecs out of its table', () => {
    const media = toStreamMedia(readingOfFixture('h264-ulaw-stereo.mkv'))
    expect(media?.issues).toMatchObject([{ code: 'UNSUPPORTED_AUDIO_CODEC', severity: 'WARNING' }])
  })

  test('takes the sound from CodecPrivate rather than from the defaults of the track', () => {
    expect(toStreamMedia(readingOf([VIDEO, AUDIO]))?.audio).toEqual({
      codecId: 'A_AAC',
      codec: 'mp4a.40.2',
      channels: 2,
      sampleRate: 48_000,
    })
  })

  test.each([
    ['avc1', { codecPrivate: null }],
    ['hvc1', { codecId: 'V_MPEGH/ISO/HEVC', codecPrivate: null }],
    ['V_VP9', { codecId: 'V_VP9' }],
  ])('is %s when nothing more is known', (codec, changes) => {
    const media = toStreamMedia(readingOf([{ ...VIDEO, ...changes, video: null }]))
    expect(media).toMatchObject({ video: { codec, width: 0, height: 0, frameRate: null }, audio: null, clippable: false })
  })

  test('is nothing without video', () => {
    expect(toStreamMedia(readingOf([AUDIO]))).toBeNull()
  })
})
