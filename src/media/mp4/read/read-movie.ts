import { MalformedMedia } from '../../malformed-media.js'
import { isUnity } from '../../track-matrix.js'
import { sampleBytes } from '../edit/cut-track.js'
import type { Movie, MovieTrack, SampleColumns } from '../movie.js'
import { type BoxView, printable } from './box-view.js'
import { farthestChunk, readChunks } from './chunks.js'
import { readEdits } from './edits.js'
import { type FileRange, type FoundMovie, findLaterMdats, findMovie } from './find-movie.js'
import { readMatrix, readTrackHeader } from './headers.js'
import { NotUnderstood } from './not-understood.js'
import { readSampleEntry } from './sample-entry.js'
import { MAX_UNFOLDED_ROWS, readSamples } from './samples.js'

/**
 * What a GetClip answer turned out to be. `understood: false` is no error: the file may well play, but holds something that could not be
 * laid out anew without risk, and `reason` says what.
 */
export type ParsedMovie =
  /** `mediaEnd`: first byte of the file after the media; a shorter file is cut off. */
  { readonly understood: true; readonly movie: Movie; readonly mediaEnd: number } | { readonly understood: false; readonly reason: string }

/**
 * Reads the tables of an MP4 that may still be arriving: yields the range of bytes it wants next and is given them (fewer at the end of
 * the file). `source` is the number that the movie's spans carry. Hostile input costs bounded memory and throws MalformedMedia only.
 * Times, names and tags of the muxer are not taken over.
 */
export function* readMovie(source: number): Generator<FileRange, ParsedMovie, Uint8Array> {
  try {
    const found = yield* findAllMedia()
    return { understood: true, movie: parseMovie(found, source), mediaEnd: Math.max(...found.mdats.map(({ end }) => end)) }
  } catch (error) {
    if (error instanceof NotUnderstood) return { understood: false, reason: error.message }
    throw error
  }
}

/** The first `mdat` is nearly always the only one; for others the file is gone through only where a chunk lies beyond it. */
function* findAllMedia(): Generator<FileRange, FoundMovie, Uint8Array> {
  const found = yield* findMovie()
  if (farthestChunk(found.moov) < found.nextAt) return found
  return { ...found, mdats: [...found.mdats, ...(yield* findLaterMdats(found.nextAt))] }
}

/** The same for a file that is all in memory, or for its beginning as far as it goes. */
export function readMovieFrom(file: Uint8Array, source: number): ParsedMovie {
  const reading = readMovie(source)
  let step = reading.next(new Uint8Array(0))
  while (step.done !== true) step = reading.next(file.subarray(step.value.start, step.value.end))
  return step.value
}

function parseMovie({ moov, mdats }: FoundMovie, source: number): Movie {
  const boxes = named(moov, { once: ['mvhd'], many: ['trak'], ignored: ['udta', 'meta', 'iods', 'free', 'skip', 'uuid'] })
  const movieTimescale = readTimescale(boxes.get('mvhd'))
  if (!isUnity(readMatrix(boxes.get('mvhd'), 36))) throw new NotUnderstood('the movie is turned or scaled')
  const traks = boxes.all('trak')
  if (traks.length === 0 || traks.length > 2) throw new NotUnderstood(`there are ${traks.length} tracks`)
  const tracks = traks.map((trak) => readTrack(trak, { movieTimescale, mdats })).sort((a, b) => KIND_ORDER[a.kind] - KIND_ORDER[b.kind])
  if (tracks[0]?.kind !== 'video' || tracks[1]?.kind === 'video')
    throw new NotUnderstood('the tracks are not one of video, and one of audio or none')
  refuseSharedBytes(tracks, mdats)
  const spans = mdats.map(({ start, end }) => ({ source, offset: start, length: end - start }))
  return { startMs: null, tracks, spans, tags: [] }
}

const KIND_ORDER: Record<MovieTrack['kind'], number> = { video: 0, audio: 1 }

function readTrack(trak: BoxView, { movieTimescale, mdats }: { movieTimescale: number; mdats: readonly FileRange[] }): MovieTrack {
  const boxes = named(trak, { once: ['tkhd', 'mdia'], maybe: ['edts'], ignored: ['udta', 'meta', 'free', 'skip', 'uuid'] })
  const header = readTrackHeader(boxes.get('tkhd'))
  const mdia = named(boxes.get('mdia'), { once: ['mdhd', 'hdlr', 'minf'], ignored: ['elng', 'free', 'skip', 'uuid'] })
  const kind = readKind(mdia.get('hdlr'))
  const timescale = readTimescale(mdia.get('mdhd'))
  const minf = named(mdia.get('minf'), { once: ['dinf', 'stbl'], ignored: ['vmhd', 'smhd', 'hdlr', 'free', 'skip'] })
  refuseOtherFiles(minf.get('dinf'))
  const stbl = named(minf.get('stbl'), STBL)
  const entry = readSampleEntry(stbl.get('stsd'), kind)
  // Whatever `tkhd` has for sound is seen by nobody.
  const shape = kind === 'video' ? { ...header.size, matrix: header.matrix } : { matrix: null }
  const ctts = stbl.find('ctts')
  const { samples, raisedBy } = readSamples({ stts: stbl.get('stts'), ctts, stss: stbl.find('stss'), sizes: stbl.either('stsz', 'stz2') })
  if (kind === 'audio' && samples.compositionOffsets !== null) throw new NotUnderstood('the sound has composition offsets')
  refuseCount(samples, kind)
  const chunks = readChunks({ stsc: stbl.get('stsc'), offsets: stbl.either('stco', 'co64') }, samples, mdats)
  const edits = readEdits(boxes.find('edts'), { movieTimescale, timescale, samples, raisedBy })
  return { kind, timescale, ...entry, ...shape, samples: kind === 'audio' ? { ...samples, syncs: null } : samples, chunks, edits }
}

/**
 * A GetClip answer has 100 MB at most. Sound of one size stays in runs until it is joined to other sound; then it is a row for each sample.
 */
const MAX_SOUND_SAMPLES = 2 ** 27

/** Sizes that are listed bound how many samples there are. Of one size there may be any number, and each picture's time is looked at. */
function refuseCount({ count, sizes }: SampleColumns, kind: MovieTrack['kind']): void {
  if (kind === 'video' && count === 0) throw new NotUnderstood('the video track is empty')
  const most = kind === 'video' ? MAX_UNFOLDED_ROWS : MAX_SOUND_SAMPLES
  if (typeof sizes === 'number' && count > most) throw new NotUnderstood(`the ${kind} track has ${count} samples of one size`)
}

/** What is dropped here says nothing that the columns do not say: dependencies, groups for random access and roll, composition bounds. */
const STBL: Expected = {
  once: ['stsd', 'stts', 'stsc'],
  maybe: ['ctts', 'stss', 'stsz', 'stz2', 'stco', 'co64'],
  ignored: ['sdtp', 'cslg', 'sgpd', 'sbgp', 'free', 'skip'],
}

function readKind(hdlr: BoxView): MovieTrack['kind'] {
  const handler = hdlr.fourCC(8)
  if (handler === 'vide') return 'video'
  if (handler === 'soun') return 'audio'
  throw new NotUnderstood(`a track has handler '${printable(handler)}'`)
}

/** `mvhd` and `mdhd` keep it in the same place. */
function readTimescale(header: BoxView): number {
  if (header.version > 1) throw new NotUnderstood(`${header.type} has version ${header.version}`)
  const timescale = header.u32(header.version === 1 ? 20 : 12)
  if (timescale === 0) throw new MalformedMedia(`${header.type} has a timescale of 0`, header.offset)
  return timescale
}

function refuseOtherFiles(dinf: BoxView): void {
  const [dref] = dinf.children()
  if (dref === undefined || dref.type !== 'dref') throw new MalformedMedia('dinf has no dref', dinf.offset)
  const references = dref.children(8)
  if (references.length !== 1 || ((references[0]?.flags ?? 0) & 1) === 0) throw new NotUnderstood('the media is in another file')
}

/** Samples that overlap would let a small file stand for an endless movie. */
function refuseSharedBytes(tracks: readonly MovieTrack[], mdats: readonly FileRange[]): void {
  const available = mdats.reduce((total, { start, end }) => total + end - start, 0)
  const used = tracks.reduce((total, { samples }) => total + sampleBytes(samples, 0, samples.count), 0)
  if (used > available) throw new MalformedMedia(`the samples are ${used} bytes, mdat is ${available}`, mdats[0]?.start ?? 0)
}

interface Expected {
  readonly once: readonly string[]
  readonly maybe?: readonly string[]
  readonly many?: readonly string[]
  readonly ignored: readonly string[]
}

interface NamedBoxes {
  get(type: string): BoxView
  find(type: string): BoxView | null
  all(type: string): readonly BoxView[]
  /** Exactly one of the two. */
  either(type: string, other: string): BoxView
}

/** The boxes in a box, by type. One that is not expected, or too often there, is not understood; one that is missing is malformed. */
function named(parent: BoxView, { once, maybe = [], many = [], ignored }: Expected): NamedBoxes {
  const children = parent.children()
  const all = (type: string) => children.filter((child) => child.type === type)
  const find = (type: string) => all(type)[0] ?? null
  const get = (type: string) => {
    const found = find(type)
    if (found === null) throw new MalformedMedia(`${parent.type} has no ${type}`, parent.offset)
    return found
  }
  const known = new Set([...once, ...maybe, ...many, ...ignored])
  for (const { type } of children) {
    if (!known.has(type)) throw new NotUnderstood(`${parent.type} holds a box '${printable(type)}'`)
  }
  for (const type of [...once, ...maybe]) {
    if (all(type).length > 1) throw new NotUnderstood(`${parent.type} holds more than one ${type}`)
  }
  const either = (type: string, other: string) => {
    if (find(type) !== null && find(other) !== null) throw new NotUnderstood(`${parent.type} holds both ${type} and ${other}`)
    return find(type) ?? get(other)
  }
  return { get, find, all, either }
}
