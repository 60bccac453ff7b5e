/**
 * MP4 files (ISO/IEC 14496-12), as this project reads and writes them. The files of read/ turn the boxes into a `Movie`, those of edit/
 * turn movies into other movies, and those of write/ turn a movie back into boxes. Boxes in parentheses are optional.
 *
 * ```text
 * ftyp               brands                                                  write/lay-out-movie.ts
 * moov                                                                       read/find-movie.ts
 *   mvhd             Movie.startMs, the duration in milliseconds             write/movie-boxes.ts
 *   trak             one for each of Movie.tracks                            read/read-movie.ts
 *     tkhd           width, height, matrix                                   read/headers.ts
 *     (edts)
 *       elst         edits                                                   read/edits.ts
 *     mdia
 *       mdhd         timescale, the duration in ticks
 *       hdlr         kind
 *       minf
 *         vmhd|smhd
 *         dinf
 *           dref     one entry: the media is in the same file
 *         stbl                                                               write/sample-tables.ts
 *           stsd     sampleEntry: avc1, hvc1, mp4a, alaw, ulaw               read/sample-entry.ts, codec/
 *           stts     samples.durations                                       read/samples.ts
 *           (ctts)   samples.compositionOffsets
 *           (stss)   keys of the pieces
 *           stsz     sizes of the pieces (stz2 is read, too)
 *           stsc     chunks of the pieces: sampleCounts                      read/chunks.ts
 *           stco|co64  chunks of the pieces: spans and offsets
 *   (udta)           Movie.tags                                              write/tags.ts
 *     meta
 *       ilst
 * mdat               Movie.spans
 * ```
 *
 * Segments for HLS (write/fragmented.ts) consist of an initialization segment, whose `moov` has empty tables and an `mvex`, and of media
 * segments:
 *
 * ```text
 * styp
 * moof
 *   mfhd             sequence number
 *   traf             one for each of Movie.tracks
 *     tfhd
 *     tfdt           decoding time of the first sample
 *     trun           one for each chunk
 * mdat
 * ```
 */

import type { TrackMatrix } from '../track-matrix.js'

/** Ticks per second of `mvhd`, and so of the durations in edit lists. */
export const MOVIE_TIMESCALE = 1000

/**
 * The tables of an MP4 as packed columns. A movie holds no media: `spans` say where it is. A day at 30 frames per second, with B-frames and
 * AAC, takes about 60 MB. Movies share columns with the movies that they were made from, so columns are never changed.
 */
export interface Movie {
  /** Wall-clock time of the first sample shown, in milliseconds since 1970. Null is written as 0 (8.2.2). */
  readonly startMs: number | null
  /** Video comes first. */
  readonly tracks: readonly MovieTrack[]
  /** The payload of `mdat`, in order. Spans may hold bytes that belong to no sample. */
  readonly spans: readonly MediaSpan[]
  /**
   * Tags for people (`udta/meta/ilst`), in order. `title`, `date`, `comment`, `description`, `copyright` and `encoder` have an atom of
   * their own; other names become free-form items. No `udta` is written if there are none.
   */
  readonly tags: readonly { readonly name: string; readonly value: string }[]
}

/** `length` bytes from byte `offset` of a source: a fragment's file, or a GetClip response. */
export interface MediaSpan {
  /** Index of the source in the caller's list. */
  readonly source: number
  readonly offset: number
  readonly length: number
  /** Chunk offsets count from this many bytes before `offset`, so that a cut need not rewrite them. */
  readonly skipped: number
}

/** What the headers of a track say. */
export interface TrackFormat {
  readonly kind: 'video' | 'audio'
  /** Ticks per second of `mdhd`, and of all times of the track. 1000 for video from Matroska. */
  readonly timescale: number
  /** The whole sample entry box: `avc1`, `hvc1`, `mp4a`, `alaw` or `ulaw`. */
  readonly sampleEntry: Uint8Array
  /** Size of the picture before rotation, in pixels (`tkhd`, 8.3.2); 0 for audio. */
  readonly width: number
  readonly height: number
  /** Rotation of the picture; null if there is none. */
  readonly matrix: TrackMatrix | null
}

export interface MovieTrack extends TrackFormat {
  readonly samples: SampleTimes
  /** All samples, in decoding order. Never empty, and all of one form: `keys` is null in all pieces or in none. */
  readonly pieces: readonly TrackPiece[]
  /** At most one empty edit, then one edit of media. No `edts` is written if there are none. */
  readonly edits: readonly Edit[]
}

/** When the samples of a track are decoded and shown, in decoding order. */
export interface SampleTimes {
  readonly count: number
  /** Ticks from each sample's decoding time to the next one's (`stts`, 8.6.1.2). */
  readonly durations: Runs
  /** Ticks from decoding to presentation (`ctts` version 0, 8.6.1.3). Null if each sample is shown when it is decoded. */
  readonly compositionOffsets: Runs | null
}

/** Consecutive samples. A number stands for a column of equal rows. */
export interface TrackPiece {
  readonly count: number
  /** Bytes of each sample (`stsz`, 8.7.3.2). */
  readonly sizes: Column | number
  /** Indexes in the piece of its sync samples, ascending (`stss`, 8.6.2, counts from 1). Null if every sample is one. */
  readonly keys: Column | null
  readonly chunks: Chunks
}

/** Samples that are contiguous in one span (8.7.4 and 8.7.5), a row for each chunk. A number stands for a column of equal rows. */
export interface Chunks {
  readonly count: number
  /** Index into `Movie.spans`. */
  readonly spans: Column | number
  /** First byte of the chunk, counted from the start of its span (see `MediaSpan.skipped`). */
  readonly offsets: Column | Float64Array
  readonly sampleCounts: Column | number
}

/** `counts[i]` samples with `values[i]` each, then the next run: the form of `stts` and `ctts`. Both columns have equal lengths. */
export interface Runs {
  readonly counts: Column
  readonly values: Column
}

/** Integers from 0, in as few bytes per row as the largest of them needs. */
export type Column = Uint8Array | Uint16Array | Uint32Array

/** An entry of `elst` (8.6.6) at rate 1. */
export interface Edit {
  /** In milliseconds, the unit of MOVIE_TIMESCALE. */
  readonly durationMs: number
  /** In ticks of the track; -1 for an empty edit. */
  readonly mediaTime: number
}

/** What is shown, after an empty edit if it does not start with the movie. */
export function toEdits(emptyMs: number, shown: Edit): Edit[] {
  return emptyMs > 0 ? [{ durationMs: emptyMs, mediaTime: -1 }, shown] : [shown]
}
