import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ELEMENT } from '../../src/media/matroska/element-ids.js'
import { ClipPaths } from '../support/clip-paths.js'
import { ffmpeg, probePicture, type SeenPicture } from '../support/ffmpeg.js'
import { readFixture } from '../support/fixtures.js'
import { joinNow, layOutNow, readWhole } from '../support/mp4-movies.js'
import { render } from '../support/mp4-recording.js'
import { findPeer } from '../support/peer-programs.js'
import { coloured, pictureFootage, pixels, turned } from '../support/picture-footage.js'
import { sizeInChromium } from '../support/size-in-chromium.js'

// Picture properties that only the container or only the SPS has, as ffprobe and Chromium see them in every clip.

interface Row {
  readonly name: string
  readonly footage: Uint8Array
  readonly seen: Partial<SeenPicture>
  /** How Chromium shows it. */
  readonly shown: readonly [number, number]
}

const SQUARE = { width: 192, height: 108, aspect: '1:1', rotation: null }
const HARD = { ...SQUARE, width: 128, height: 96 }
const hard = (name: string) => readFixture(`hard/${name}.mkv`)
const BT2020 = { primaries: 9, transfer: 16, matrix: 9, range: 1 }
const { PixelWidth, PixelHeight, PixelCropTop, PixelCropBottom, DisplayWidth, DisplayHeight, DisplayUnit } = ELEMENT

const ROWS: readonly Row[] = [
  { name: 'no-video-element', footage: pictureFootage(null), seen: SQUARE, shown: [192, 108] },
  { name: 'wrong-size', footage: pictureFootage(pixels({ [PixelWidth]: 640, [PixelHeight]: 480 })), seen: SQUARE, shown: [192, 108] },
  {
    name: 'wrong-size-said-twice',
    footage: pictureFootage(pixels({ [PixelWidth]: 640, [PixelHeight]: 480, [DisplayWidth]: 640, [DisplayHeight]: 480 })),
    seen: { ...SQUARE, aspect: '1:1' },
    shown: [192, 108],
  },
  {
    name: 'display-in-pixels',
    footage: pictureFootage(pixels({ [DisplayWidth]: 256, [DisplayHeight]: 108 })),
    seen: { ...SQUARE, aspect: '4:3' },
    shown: [256, 108],
  },
  {
    name: 'display-width-alone',
    footage: pictureFootage(pixels({ [DisplayWidth]: 256 })),
    seen: { ...SQUARE, aspect: '4:3' },
    shown: [256, 108],
  },
  {
    name: 'display-in-centimetres',
    footage: pictureFootage(pixels({ [DisplayWidth]: 64, [DisplayHeight]: 27, [DisplayUnit]: 1 })),
    seen: { ...SQUARE, aspect: '4:3' },
    shown: [256, 108],
  },
  {
    name: 'display-in-inches',
    footage: pictureFootage(pixels({ [DisplayWidth]: 64, [DisplayHeight]: 27, [DisplayUnit]: 2 })),
    seen: { ...SQUARE, aspect: '4:3' },
    shown: [256, 108],
  },
  {
    name: 'display-aspect-ratio',
    footage: pictureFootage(pixels({ [DisplayWidth]: 4, [DisplayHeight]: 3, [DisplayUnit]: 3 })),
    seen: { ...SQUARE, aspect: '3:4' },
    shown: [192, 144],
  },
  {
    name: 'display-unknown',
    footage: pictureFootage(pixels({ [DisplayWidth]: 4, [DisplayHeight]: 3, [DisplayUnit]: 4 })),
    seen: SQUARE,
    shown: [192, 108],
  },
  { name: 'quarter-turn', footage: pictureFootage(turned(90)), seen: { ...SQUARE, rotation: 90 }, shown: [108, 192] },
  { name: 'quarter-turn-back', footage: pictureFootage(turned(-90)), seen: { ...SQUARE, rotation: -90 }, shown: [108, 192] },
  { name: 'half-turn', footage: pictureFootage(turned(180)), seen: { ...SQUARE, rotation: -180 }, shown: [192, 108] },
  {
    name: 'colour',
    footage: pictureFootage(coloured(BT2020)),
    seen: { ...SQUARE, primaries: 'bt2020', transfer: 'smpte2084', matrix: 'bt2020nc', range: 'tv' },
    shown: [192, 108],
  },
  {
    name: 'full-range-alone',
    footage: pictureFootage(coloured({ primaries: 2, transfer: 2, matrix: 2, range: 2 })),
    seen: { ...SQUARE, range: 'pc' },
    shown: [192, 108],
  },
  {
    name: 'cropped',
    footage: pictureFootage(pixels({ [PixelCropTop]: 4, [PixelCropBottom]: 8 })),
    seen: { ...SQUARE, aspect: '1:1' },
    shown: [192, 108],
  },
  {
    name: 'cropped-and-shown-wide',
    footage: pictureFootage(pixels({ [PixelCropTop]: 4, [PixelCropBottom]: 8, [DisplayWidth]: 256, [DisplayHeight]: 96 })),
    seen: { ...SQUARE, aspect: '4:3' },
    shown: [256, 108],
  },
  { name: 'hard-no-video-element', footage: hard('no-video-element'), seen: HARD, shown: [128, 96] },
  { name: 'hard-display-aspect', footage: hard('display-aspect'), seen: { ...HARD, aspect: '171:128' }, shown: [171, 96] },
  { name: 'hard-rotation', footage: hard('rotation'), seen: { ...HARD, rotation: 90 }, shown: [96, 128] },
  {
    name: 'hard-colour',
    footage: hard('colour'),
    seen: { ...HARD, primaries: 'bt2020', transfer: 'smpte2084', matrix: 'bt2020nc', range: 'tv' },
    shown: [128, 96],
  },
  {
    name: 'h265-without-video-element',
    footage: pictureFootage(null, 'hevc-aac.mkv'),
    seen: SQUARE,
    // Debian's Chromium does not support H.265.
    shown: [0, 0],
  },
]

let paths: ClipPaths
let chromium = ''

beforeAll(async () => {
  chromium = (await findPeer('chromium')).path
  paths = await ClipPaths.open()
  for (const { name, footage } of ROWS) await paths.upload(name, [footage])
})
afterAll(() => paths?.[Symbol.asyncDispose]())

describe.each(ROWS)('$name', ({ name, seen, shown }) => {
  test('is read correctly by ffprobe in the response of GetClip', async () => {
    expect(await probePicture(await paths.getClip(name))).toMatchObject(seen)
  })

  test.each([
    ['FRAGMENT', undefined],
    ['EXACT', [300, 1700]],
  ] as const)('is read correctly by ffprobe in the gateway’s %s clip', async (cut, range) => {
    expect(await probePicture(await paths.clip(name, cut, range && [...range]))).toMatchObject(seen)
  })

  test('is read correctly by ffprobe in the HLS session', async () => {
    const url = await paths.hls(name)
    expect(await (await fetch(url)).text()).toContain(`RESOLUTION=${seen.width}x${seen.height}`)
    // ffprobe drops the pixel aspect ratio when it reads a playlist.
    expect(await probePicture(url)).toMatchObject({ ...seen, aspect: '1:1' })
    expect(await probePicture(await paths.hlsFile(name))).toMatchObject(seen)
  })

  test('has its size in Stream.media', async () => {
    const { data } = await paths.gateway.ask('query ($name: String) { stream(name: $name) { media { video { width height } } } }', { name })
    expect(data).toMatchObject({ stream: { media: { video: { width: seen.width, height: seen.height } } } })
  })

  if (shown[0] > 0) {
    test('is shown correctly by Chromium', async () => {
      const clip = await readFile(await paths.clip(name, 'FRAGMENT'))
      const size = await sizeInChromium(clip, { chromium, profile: join(paths.folder, `chromium-${name}`) })
      expect([size.width, size.height]).toEqual(shown)
    })
  }
})

describe('an MP4 that ffmpeg made', () => {
  test.each([
    ['display-aspect', { ...HARD, aspect: '171:128' }],
    ['rotation', { ...HARD, rotation: 90 }],
    ['colour', { ...HARD, primaries: 'bt2020', transfer: 'smpte2084', matrix: 'bt2020nc', range: 'tv' }],
    ['no-video-element', HARD],
  ])('looks the same after a new layout (%s)', async (name, seen) => {
    const [made, rebuilt] = [join(paths.folder, `${name}-made.mp4`), join(paths.folder, `${name}-rebuilt.mp4`)]
    await ffmpeg(['-i', `test/fixtures/hard/${name}.mkv`, '-c', 'copy', made])
    expect(await probePicture(made)).toMatchObject(seen)
    const bytes = await readFile(made)
    const parsed = readWhole(bytes, 0)
    if (!parsed.understood) throw new Error(parsed.reason)
    const joined = joinNow([{ movie: parsed.movie, clock: null }], { startMs: null, tags: [] })
    if (!joined.joined) throw new Error(joined.message)
    await writeFile(rebuilt, render(layOutNow(joined.movie), [bytes]))
    expect(await probePicture(rebuilt)).toMatchObject(seen)
  })
})

test.each([
  ['clusters-without-key', 25, ['STARTS_WITHOUT_KEY_FRAME']],
  ['lead-10fps-b-aac', 10, []],
  ['shadowed-2fps-b-aac', 2, []],
  ['opengop-hevc', 25, []],
  ['opengop-mkvmerge', 25, []],
])('Stream.media of %s has its frame rate and its issues', async (name, frameRate, codes) => {
  const streamName = `media-${name}`
  await paths.upload(streamName, [readFixture(`hard/${name}.mkv`)])
  const query = `query ($name: String, $at: DateTime) {
    stream(name: $name) { media(at: $at, fragmentSelectorType: PRODUCER_TIMESTAMP) { clippable video { frameRate } issues { code } } }
  }`
  // In the middle, because the first fragment of every file begins with a key frame.
  const { data, errors } = await paths.gateway.ask(query, { name: streamName, at: new Date(paths.startMs + 3000).toISOString() })
  expect(errors).toBeUndefined()
  expect(data).toEqual({ stream: { media: { clippable: true, video: { frameRate }, issues: codes.map((code) => ({ code })) } } })
})
