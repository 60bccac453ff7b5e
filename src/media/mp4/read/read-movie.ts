import { at } from '../../../lib/at.js'
import { MalformedMedia } from '../../malformed-media.js'
import type { Movie, MovieTrack } from '../movie.js'
import { sampleBytes } from '../tables/pieces.js'
import { toMs } from '../tables/presentation.js'
import { sumRuns } from '../tables/runs.js'
import { type BoxView, NotUnderstood } from './box-view.js'
import { farthestChunk, readChunks } from './chunks.js'
import { readEdits } from './edits.js'
import { type FileRange, type FoundMovie, findLaterMdats, findMovie } from './find-movie.js'
import { readKind, readMovieHeader, readTimescale, readTrackHeader } from './headers.js'
import { type Expected, NamedBoxes } from './named-boxes.js'
import { readSampleEntry } from './sample-entry.js'
import { readSamples } from './samples.js'

/**
 * What a GetClip response contains. `understood: false` is not an error: the file may play, but has something that cannot be laid out again
 * without risk. `reason` says what.
 */
export type ParsedMovie =
  /** `mediaEnd`: offset of the first byte after the media. A shorter file is incomplete. */
  { readonly understood: true; readonly movie: Movie; readonly mediaEnd: number } | { readonly understood: false; readonly reason: string }

/** More pictures than any GetClip response of 100 MB has. Their times are computed one by one. */
const MAX_PICTURES = 4_000_000
/** More samples of sound than a GetClip response of 100 MB has bytes. Their times stay in runs. */
const MAX_SOUND_SAMPLES = 2 ** 27

/**
 * Reads the tables of an MP4 that may still be arriving. Yields the range of bytes that it needs next and is resumed with them, or with
 * fewer at the end of the file. `source` is the source number of the movie's spans. Video is the first track. Times, names and tags of the
 * muxer are dropped. Hostile input needs bounded memory. @throws MalformedMedia if the file contradicts itself or ends early
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

/** Nearly all files have one `mdat`. Others are searched only if a chunk is beyond it. */
function* findAllMedia(): Generator<FileRange, FoundMovie, Uint8Array> {
  const found = yield* findMovie()
  if (farthestChunk(found.moov) < found.nextAt) return found
  return { ...found, mdats: [...found.mdats, ...(yield* findLaterMdats(found.nextAt))] }
}

function parseMovie({ moov, mdats }: FoundMovie, source: number): Movie {
  const boxes = new NamedBoxes(moov, { once: ['mvhd'], many: ['trak'], ignored: ['udta', 'meta', 'iods', 'free', 'skip', 'uuid'] })
  const movieTimescale = readMovieHeader(boxes.get('mvhd'))
  const traks = boxes.all('trak')
  if (traks.length === 0 || traks.length > 2) throw new NotUnderstood(`there are ${traks.length} tracks`)
  const read = traks.map((trak) => readTrack(trak, { movieTimescale, mdats }))
  const tracks = [...read.filter(({ kind }) => kind === 'video'), ...read.filter(({ kind }) => kind === 'audio')]
  if (tracks[0]?.kind !== 'video' || tracks[1]?.kind === 'video')
    throw new NotUnderstood('the tracks are not one of video and at most one of audio')
  refuseSharedBytes(tracks, mdats)
  const spans = mdats.map(({ start, end }) => ({ source, offset: start, length: end - start, skipped: 0 }))
  return { startMs: null, tracks, spans, tags: [] }
}

/** The ignored boxes say nothing that a movie needs: sample dependencies, sample groups, and bounds of composition times. */
const STBL: Expected = {
  once: ['stsd', 'stts', 'stsc'],
  maybe: ['ctts', 'stss', 'stsz', 'stz2', 'stco', 'co64'],
  ignored: ['sdtp', 'cslg', 'sgpd', 'sbgp', 'free', 'skip'],
}

interface ReadTrackOptions {
  readonly movieTimescale: number
  readonly mdats: readonly FileRange[]
}

function readTrack(trak: BoxView, { movieTimescale, mdats }: ReadTrackOptions): MovieTrack {
  const boxes = new NamedBoxes(trak, { once: ['tkhd', 'mdia'], maybe: ['edts'], ignored: ['udta', 'meta', 'free', 'skip', 'uuid'] })
  const header = readTrackHeader(boxes.get('tkhd'))
  const mdia = new NamedBoxes(boxes.get('mdia'), { once: ['mdhd', 'hdlr', 'minf'], ignored: ['elng', 'free', 'skip', 'uuid'] })
  const kind = readKind(mdia.get('hdlr'))
  const timescale = readTimescale(mdia.get('mdhd'))
  const minf = new NamedBoxes(mdia.get('minf'), { once: ['dinf', 'stbl'], ignored: ['vmhd', 'smhd', 'hdlr', 'free', 'skip'] })
  refuseOtherFiles(minf.get('dinf'))
  const stbl = new NamedBoxes(minf.get('stbl'), STBL)
  const entry = readSampleEntry(stbl.get('stsd'), kind)
  // The size and the matrix of sound have no meaning.
  const shape = kind === 'video' ? { ...header.size, matrix: header.matrix } : { matrix: null }
  const { samples, piece, raisedBy } = readMedia(stbl, { kind, mdats })
  const wholeMs = Math.round(toMs(sumRuns(samples.durations), timescale))
  const edits = readEdits(boxes.find('edts'), { movieTimescale, wholeMs, raisedBy })
  return { kind, timescale, ...entry, ...shape, samples, pieces: [piece], edits }
}

function readMedia(stbl: NamedBoxes, { kind, mdats }: Pick<MovieTrack, 'kind'> & Pick<ReadTrackOptions, 'mdats'>) {
  const { times, sizes, keys, raisedBy } = readSamples(stbl)
  const { count } = times
  if (kind === 'audio' && times.compositionOffsets !== null) throw new NotUnderstood('the sound has composition offsets')
  if (kind === 'video' && count === 0) throw new NotUnderstood('the video track is empty')
  if (count > (kind === 'video' ? MAX_PICTURES : MAX_SOUND_SAMPLES)) throw new NotUnderstood(`the ${kind} track has ${count} samples`)
  const chunks = readChunks(stbl, { count, sizes }, mdats)
  return { samples: times, piece: { count, sizes, keys: kind === 'video' ? keys : null, chunks }, raisedBy }
}

function refuseOtherFiles(dinf: BoxView): void {
  const [dref] = dinf.children()
  if (dref === undefined || dref.type !== 'dref') throw new MalformedMedia('dinf has no dref', dinf.offset)
  const [reference, ...others] = dref.children(8)
  if (reference === undefined || others.length > 0 || (reference.flags & 1) === 0) throw new NotUnderstood('the media is in another file')
}

/** If samples could overlap, a small file could have an endless movie. */
function refuseSharedBytes(tracks: readonly MovieTrack[], mdats: readonly FileRange[]): void {
  const available = mdats.reduce((total, { start, end }) => total + end - start, 0)
  const used = tracks.flatMap(({ pieces }) => pieces).reduce((total, piece) => total + sampleBytes(piece, 0, piece.count), 0)
  if (used > available) throw new MalformedMedia(`the samples have ${used} bytes, mdat has ${available}`, at(mdats, 0).start)
}
