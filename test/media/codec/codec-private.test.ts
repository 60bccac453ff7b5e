import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseCodecPrivate } from '../../../src/media/codec/codec-private.js'
import type { MatroskaTrack } from '../../../src/media/matroska/track.js'
import { demux, eventsOf } from '../../support/demux.js'
import { readFixture } from '../../support/fixtures.js'
import { NO_TIMING, videoOf } from '../../support/matroska-track.js'

const AVCC = '0164000bffe100176764000bacb4187fde0220000003002000000641e2855401000568ef0472c0fdf8f800'
/** From a capture of Kinesis Video: the reserved bits are 0. */
const AVCC_RESERVED_0 = '014d401e03010027274d401eb9101405ff2e02d4040407c0000003004000000f38a0003d090007a13bdee03e1108d401000428fe3c80'
const ALAW = '06000100401f0000401f0000010008000000'

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

function track(
  codecId: string,
  codecPrivate: Uint8Array | null,
  type: MatroskaTrack['type'] = codecId.startsWith('V') ? 'video' : 'audio',
): MatroskaTrack {
  return {
    number: 1,
    type,
    codecId,
    codecPrivate,
    video: type === 'video' ? videoOf(192, 108) : null,
    audio: type === 'audio' ? { sampleRate: 48000, channels: 1 } : null,
    ...NO_TIMING,
  }
}

function configOf(subject: MatroskaTrack) {
  const outcome = parseCodecPrivate(subject)
  if (outcome.state !== 'ready') throw new Error(JSON.stringify(outcome))
  return outcome.config
}

function fixtureTracks(name: string): readonly MatroskaTrack[] {
  return eventsOf(demux(readFixture(name)), 'tracks')[0]?.tracks ?? []
}

describe('a track is ready', () => {
  test.each([
    ['h264-aac.mkv', ['avc1.64000B', 'mp4a.40.2']],
    ['h264-alaw.mkv', ['avc1.64000B', 'alaw']],
    ['h264-ulaw-stereo.mkv', ['avc1.64000B', 'ulaw']],
    ['hevc-aac.mkv', ['hvc1.1.6.L30.90', 'mp4a.40.2']],
  ])('in %s', (name, codecs) => {
    expect(fixtureTracks(name).map((subject) => configOf(subject).rfc6381)).toEqual(codecs)
  })

  test('with its size, sample rate and channels', () => {
    expect(configOf(track('V_MPEG4/ISO/AVC', hex(AVCC)))).toMatchObject({ codec: 'h264', width: 192, height: 108, lengthSize: 4 })
    const [, sound] = fixtureTracks('h264-ulaw-stereo.mkv')
    expect(sound && configOf(sound)).toMatchObject({ codec: 'ulaw', sampleRate: 8000, channels: 2, samplesPerFrame: 1 })
    expect(configOf(track('A_AAC', hex('1190')))).toMatchObject({ codec: 'aac', sampleRate: 48000, channels: 2, samplesPerFrame: 1024 })
  })

  test('with the spelling of H.264 in AWS’s API reference', () => {
    expect(configOf(track('V_MPEG/ISO/AVC', hex(AVCC))).codec).toBe('h264')
  })

  test('with unset reserved bits, which are set in the output', () => {
    const { sampleEntry } = configOf(track('V_MPEG4/ISO/AVC', hex(AVCC_RESERVED_0)))
    expect(Buffer.from(sampleEntry).toString('hex')).toContain('014d401effe10027')
  })

  test.each([
    ['HE-AAC: the core’s rate', '2b118800', { rfc6381: 'mp4a.40.5', sampleRate: 24000, channels: 2 }],
    ['a rate spelled out', '17803e8010', { sampleRate: 32000, channels: 2 }],
    ['frames of 960', '1194', { samplesPerFrame: 960 }],
    ['channels left to the stream', '1180', { channels: 1 }],
  ])('with AAC that has %s', (_, codecPrivate, expected) => {
    expect(configOf(track('A_AAC', hex(codecPrivate)))).toMatchObject(expected)
  })

  test('with WAVEFORMATEX as the AWS C producer writes it: no bits per sample, odd rates, no extra size', () => {
    const config = configOf(track('A_MS/ACM', hex('07000100401f0000e803000001000000')))
    expect(config).toMatchObject({ codec: 'ulaw', sampleRate: 8000, channels: 1 })
  })

  test('with the older codec IDs of AAC', () => {
    expect(configOf(track('A_AAC/MPEG4/MAIN', hex('0990'))).rfc6381).toBe('mp4a.40.1')
  })
})

describe('a track is unsupported', () => {
  test.each([
    ['V_MS/VFW/FOURCC', hex('00')],
    ['V_VP9', hex('00')],
    ['A_PCM/INT/LIT', hex('00')],
    ['A_MS/ACM', hex('01000100401f0000803e0000020010000000')],
    ['A_AACX', hex('1190')],
  ])('with codec ID %s', (codecId, codecPrivate) => {
    expect(parseCodecPrivate(track(codecId, codecPrivate))).toEqual({ state: 'unsupported' })
  })

  test('when its type contradicts its codec ID', () => {
    expect(parseCodecPrivate(track('A_AAC', hex('1190'), 'video'))).toEqual({ state: 'unsupported' })
    expect(parseCodecPrivate(track('V_MPEG4/ISO/AVC', hex(AVCC), 'other'))).toEqual({ state: 'unsupported' })
  })
})

test.each(['V_MPEG4/ISO/AVC', 'V_MPEGH/ISO/HEVC', 'A_AAC', 'A_MS/ACM'])(
  'a track of %s without CodecPrivate is reported as missing it',
  (codecId) => {
    expect(parseCodecPrivate(track(codecId, null))).toEqual({ state: 'missing' })
  },
)

describe('CodecPrivate is invalid', () => {
  test.each([
    ['avcC with start codes', 'V_MPEG4/ISO/AVC', '000000016764000b'],
    ['avcC with short start codes', 'V_MPEG4/ISO/AVC', '0000016764000b'],
    ['avcC of another version', 'V_MPEG4/ISO/AVC', `00${AVCC.slice(2)}`],
    ['avcC with lengths of 3 bytes', 'V_MPEG4/ISO/AVC', AVCC.replace('ff', 'fe')],
    ['avcC without an SPS', 'V_MPEG4/ISO/AVC', '0164000bffe000'],
    ['avcC without a PPS', 'V_MPEG4/ISO/AVC', `${AVCC.slice(0, 62)}00`],
    ['avcC whose SPS is something else', 'V_MPEG4/ISO/AVC', AVCC.replace('001767', '001768')],
    ['hvcC with start codes', 'V_MPEGH/ISO/HEVC', '0000000140010c01'],
    ['hvcC without parameter sets', 'V_MPEGH/ISO/HEVC', `0101600000009000000000001ef000fcfdf8f800000f00`],
    ['an AAC type that is reserved', 'A_AAC', '0190'],
    ['an AAC rate that is reserved', 'A_AAC', '1690'],
    ['an AAC channel configuration that is reserved', 'A_AAC', '11f8'],
    ['an AAC rate of 0', 'A_AAC', '1780000010'],
    ['AAC of one byte', 'A_AAC', '11'],
    ['a short WAVEFORMATEX', 'A_MS/ACM', ALAW.slice(0, 30)],
    ['A-law without channels', 'A_MS/ACM', ALAW.replace('0100', '0000')],
    ['A-law without a rate', 'A_MS/ACM', ALAW.replace('401f0000401f', '00000000401f')],
  ])('with %s', (_, codecId, codecPrivate) => {
    expect(parseCodecPrivate(track(codecId, hex(codecPrivate)))).toMatchObject({ state: 'invalid' })
  })

  test.each(['h264-only.mkv', 'hevc-aac.mkv'])('when the parameter sets of %s are cut off at any byte', (name) => {
    const [video] = fixtureTracks(name)
    if (!video?.codecPrivate) throw new Error('no video')
    // The part of avcC after the PPS (the chroma format of High profiles) may be missing. It has 4 bytes here.
    const needed = video.codecPrivate.byteLength - (name === 'h264-only.mkv' ? 4 : 0)
    const whole = video.codecPrivate
    for (let length = 1; length < needed; length += 1) {
      expect(parseCodecPrivate({ ...video, codecPrivate: whole.subarray(0, length) }).state).toBe('invalid')
    }
  })
})

test('any content of CodecPrivate has an outcome', () => {
  const ids = fc.constantFrom('V_MPEG4/ISO/AVC', 'V_MPEGH/ISO/HEVC', 'A_AAC', 'A_MS/ACM')
  fc.assert(
    fc.property(ids, fc.uint8Array({ minLength: 1, maxLength: 80 }), (codecId, bytes) => {
      expect(['ready', 'invalid', 'unsupported']).toContain(parseCodecPrivate(track(codecId, bytes)).state)
    }),
    { numRuns: 2000 },
  )
})
