import { describe, expect, test } from '@jest/globals'
import { toCodecIssues } from '../../src/delivery/codec-issues.js'
import type { MatroskaTrack } from '../../src/media/matroska/track.js'
import { demux, eventsOf } from '../support/demux.js'
import { readFixture } from '../support/fixtures.js'
import { AVCC } from '../support/footage.js'

const VIDEO: MatroskaTrack = {
  number: 1,
  type: 'video',
  codecId: 'V_MPEG4/ISO/AVC',
  codecPrivate: AVCC,
  video: { width: 64, height: 48 },
  audio: null,
}
const AUDIO: MatroskaTrack = {
  ...VIDEO,
  number: 2,
  type: 'audio',
  codecId: 'A_OPUS',
  video: null,
  audio: { sampleRate: 48_000, channels: 2 },
}

describe('what a probe finds', () => {
  test.each<[string | undefined, readonly MatroskaTrack[]]>([
    [undefined, [VIDEO]],
    ['UNSUPPORTED_VIDEO_CODEC', []],
    ['UNSUPPORTED_VIDEO_CODEC', [{ ...AUDIO, number: 1 }]],
    ['UNSUPPORTED_VIDEO_CODEC', [{ ...VIDEO, codecId: 'V_VP9' }]],
    ['UNSUPPORTED_AUDIO_CODEC', [VIDEO, AUDIO]],
    ['MISSING_CODEC_PRIVATE_DATA', [{ ...VIDEO, codecPrivate: null }]],
    ['INVALID_CODEC_PRIVATE_DATA', [{ ...VIDEO, codecPrivate: Uint8Array.of(0, 0, 0, 1, 0x67, 0x64) }]],
  ])('is %s', (code, tracks) => {
    const [issue] = toCodecIssues(tracks)
    expect(issue?.code).toBe(code)
    if (issue) expect(issue.message).toMatch(/^[A-Z].*\.$/)
  })

  test.each([
    ['h264-bframes-aac.mkv', 0],
    ['hevc-aac.mkv', 0],
    ['h264-alaw.mkv', 0],
    ['h264-ulaw-stereo.mkv', 1],
  ])('in %s is told in %d warnings', (name, count) => {
    const [event] = eventsOf(demux(readFixture(name)), 'tracks')
    const issues = toCodecIssues(event?.tracks ?? [])
    expect(issues.map(({ severity }) => severity)).toEqual(Array.from({ length: count }, () => 'WARNING'))
  })
})
