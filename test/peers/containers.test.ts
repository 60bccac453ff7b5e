import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ELEMENT } from '../../src/media/matroska/element-ids.js'
import { AnyFootage, ofSound } from '../support/any-footage.js'
import { ClipPaths } from '../support/clip-paths.js'
import { decode, type ProbedPacket, probePackets, probeTracks } from '../support/ffmpeg.js'
import { findPeer } from '../support/peer-programs.js'
import { shownPictures } from '../support/shown-pictures.js'
import { sizeInChromium } from '../support/size-in-chromium.js'

// Matroska as muxers and cameras write it, on every path: each frame of the source is returned unchanged, at its time.

interface Row {
  readonly name: string
  readonly make: (footage: AnyFootage) => Promise<string | Uint8Array>
  /** The contents of the clip: codec and sample entry of each track. */
  readonly tracks: readonly string[]
  /** Milliseconds by which times may differ from those of the source, because of its ticks and whole milliseconds. */
  readonly toleranceMs?: number
  /** HLS supports H.264 or H.265, alone or with AAC. */
  readonly isInHls?: boolean
}

const AAC = ['-c:a', 'aac']
const H264 = 'h264 avc1'
const HE_AAC = Uint8Array.of(0x2b, 0x09, 0x88, 0x00)
const DELAY_21_MS = Uint8Array.of(0x01, 0x45, 0x85, 0x55)

/** Milliseconds from the start. */
const EXACT: [number, number] = [510, 2310]

const ROWS: readonly Row[] = [
  { name: 'h265-main10', make: (make) => make.h265('a.mkv', ['-pix_fmt', 'yuv420p10le']), tracks: ['hevc hvc1'] },
  { name: 'h264-high10', make: (make) => make.h264('b.mkv', { video: ['-pix_fmt', 'yuv420p10le'] }), tracks: [H264] },
  { name: 'h264-high422', make: (make) => make.h264('c.mkv', { video: ['-pix_fmt', 'yuv422p10le'] }), tracks: [H264] },
  { name: 'h264-interlaced', make: (make) => make.h264('d.mkv', { video: ['-flags', '+ilme+ildct'] }), tracks: [H264] },
  {
    name: 'varying-rate',
    make: (make) => make.h264('e.mkv', { video: ['-vf', "select='not(mod(n,3))+lt(mod(n,50),20)'", '-fps_mode', 'vfr'] }),
    tracks: [H264],
  },
  { name: 'aac-5.1', make: (make) => make.h264('f.mkv', { sound: [...AAC, '-ac', '6'] }), tracks: [H264, 'aac mp4a'] },
  {
    name: 'alaw-stereo',
    make: (make) => make.h264('g.mkv', { sound: ['-c:a', 'pcm_alaw', '-ar', '8000', '-ac', '2'] }),
    tracks: [H264, 'pcm_alaw alaw'],
    isInHls: false,
  },
  {
    name: 'he-aac',
    make: async (make) =>
      make.rewritten(await make.h264('h.mkv', { sound: [...AAC, '-ar', '24000', '-ac', '1'] }), ofSound(ELEMENT.CodecPrivate, HE_AAC)),
    tracks: [H264, 'aac mp4a'],
  },
  {
    name: 'codec-delay',
    make: async (make) => make.rewritten(await make.h264('i.mkv', { sound: AAC }), ofSound(ELEMENT.CodecDelay, DELAY_21_MS)),
    tracks: [H264, 'aac mp4a'],
  },
  {
    name: 'laced',
    make: async (make) => make.mkvmerge('j.mkv', await make.h264('j0.mkv', { sound: AAC }), []),
    tracks: [H264, 'aac mp4a'],
  },
  {
    name: 'block-groups',
    make: async (make) => make.mkvmerge('k.mkv', await make.h264('k0.mkv', { sound: AAC }), ['--engage', 'no_simpleblocks']),
    tracks: [H264, 'aac mp4a'],
  },
  {
    name: 'ticks-of-100-us',
    make: async (make) => make.mkvmerge('l.mkv', await make.h264('l0.mkv', { sound: AAC }), ['--timestamp-scale', '100000']),
    tracks: [H264, 'aac mp4a'],
    toleranceMs: 1,
  },
  {
    name: 'ticks-of-10-ms',
    make: async (make) => make.mkvmerge('m.mkv', await make.h264('m0.mkv'), ['--timestamp-scale', '10000000']),
    tracks: [H264],
  },
  {
    name: 'ticks-of-no-round-length',
    make: async (make) => make.mkvmerge('n.mkv', await make.h264('n0.mkv', { sound: AAC }), ['--timestamp-scale', '41666']),
    tracks: [H264, 'aac mp4a'],
    toleranceMs: 1,
  },
]

let folder = ''
let paths: ClipPaths
const sources = new Map<string, string>()
const sourceOf = (name: string) => sources.get(name) ?? ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-containers-'))
  paths = await ClipPaths.open()
  const footage = new AnyFootage(folder)
  for (const { name, make } of ROWS) {
    const made = await make(footage)
    const file = typeof made === 'string' ? made : join(folder, `${name}-made.mkv`)
    if (typeof made !== 'string') await writeFile(file, made)
    sources.set(name, file)
    const acks = await paths.upload(name, [await readFile(file)])
    expect(acks.filter(({ EventType }) => EventType === 'ERROR')).toEqual([])
  }
}, 240_000)
afterAll(async () => {
  await paths?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function expectSame(row: Row, clip: string): Promise<void> {
  const source = sourceOf(row.name)
  const [seen, sent] = [await probePackets(clip, 'v'), await probePackets(source, 'v')]
  expect(seen.map(({ md5 }) => md5)).toEqual(sent.map(({ md5 }) => md5))
  const shiftMs = earliest(seen) - earliest(sent)
  expectTimes(seen, sent, { shiftMs, withinMs: row.toleranceMs ?? 0.001 })
  if (row.tracks[1] !== 'aac mp4a') return
  const [heard, said] = [await probePackets(clip, 'a'), await probePackets(source, 'a')]
  expect(heard.map(({ md5 }) => md5)).toEqual(said.map(({ md5 }) => md5))
  // ffprobe has subtracted the codec delay from the times of the source. Matroska has milliseconds where sound has samples.
  expectTimes(heard, said, { shiftMs, withinMs: 2.01 })
}

function expectTimes(
  seen: readonly ProbedPacket[],
  sent: readonly ProbedPacket[],
  { shiftMs, withinMs }: { shiftMs: number; withinMs: number },
): void {
  for (const [index, { ptsMs }] of seen.entries()) {
    // In the source, only the first frame of a lace has a time.
    const wanted = sent[index]?.ptsMs ?? Number.NaN
    if (!Number.isNaN(wanted)) expect(Math.abs(ptsMs - shiftMs - wanted)).toBeLessThanOrEqual(withinMs)
  }
}

function earliest(packets: readonly ProbedPacket[]): number {
  return Math.min(...packets.map(({ ptsMs }) => ptsMs))
}

describe.each(ROWS)('$name', (row) => {
  test('is returned complete by GetClip', async () => {
    const clip = await paths.getClip(row.name)
    expect(await probeTracks(clip)).toEqual(row.tracks)
    await expectSame(row, clip)
    await decode(clip)
  })

  test('is returned complete by the gateway', async () => {
    const clip = await paths.clip(row.name, 'FRAGMENT')
    expect(await probeTracks(clip)).toEqual(row.tracks)
    await expectSame(row, clip)
    await decode(clip)
  })

  test('is cut to the frame by the gateway', async () => {
    const clip = await paths.clip(row.name, 'EXACT', EXACT)
    await decode(clip)
    const sent = (await probePackets(sourceOf(row.name), 'v')).toSorted((a, b) => a.ptsMs - b.ptsMs)
    const wanted = sent.filter(({ ptsMs }) => ptsMs > EXACT[0] - 0.5 && ptsMs < EXACT[1] + 0.5)
    expect(shownPictures(await readFile(clip))).toEqual(wanted.map(({ md5 }) => md5))
  })

  if (row.isInHls ?? true) {
    test('is played by HLS', async () => {
      const url = await paths.hls(row.name)
      const [seen, sent] = [await probePackets(url, 'v'), await probePackets(sourceOf(row.name), 'v')]
      expect(seen.map(({ md5 }) => md5)).toEqual(sent.map(({ md5 }) => md5))
      expectTimes(seen, sent, { shiftMs: earliest(seen) - earliest(sent), withinMs: row.toleranceMs ?? 0.1 })
    })
  }
})

test('Chromium plays frames with zero bytes after their last NAL unit', async () => {
  const file = 'test/fixtures/hard/trailing-zeros.mkv'
  const acks = await paths.upload('trailing-zeros', [await readFile(file)])
  expect(acks.filter(({ EventType }) => EventType === 'ERROR')).toEqual([])
  const clip = await readFile(await paths.clip('trailing-zeros', 'FRAGMENT'))
  expect(shownPictures(clip)).toHaveLength((await probePackets(file, 'v')).length)
  const browser = { chromium: (await findPeer('chromium')).path, profile: join(folder, 'chromium') }
  expect(await sizeInChromium(clip, browser)).toEqual({ width: 128, height: 96 })
})

test('compressed frames are refused at the upload with a one-sentence error', async () => {
  const footage = new AnyFootage(folder)
  const zlib = await footage.mkvmerge('zlib.mkv', await footage.h264('zlib0.mkv'), ['--compression', '0:zlib'])
  const acks = await paths.upload('zlib', [await readFile(zlib)])
  expect(acks.map(({ EventType }) => EventType)).toContain('ERROR')
})
