// Decides the form of a clip from the heads of its parts, verifies the footage, and builds the movie.

import type { ClipIssue } from '../../domain/clip-issue.js'
import { at } from '../../lib/at.js'
import type { Movie } from '../../media/mp4/movie.js'
import type { Part } from '../parts/part.js'
import type { ClipOutline } from '../plan/clip-outline.js'
import type { ClipUnavailable } from '../serve/clip-unavailable.js'
import { measureAnswer } from '../verify/answer-measures.js'
import type { CodecChangeSources } from '../verify/codec-change.js'
import { verifyPart } from '../verify/verify-part.js'
import { buildClipMovie, type ClipMovie } from './clip-movie.js'
import type { ClipPart, ClipParts } from './clip-parts.js'
import { explainMismatch, toUnclear } from './explain-failure.js'
import { findSufficientStart } from './sufficient-start.js'

export type MadeClip = { readonly form: 'PASSTHROUGH' } | { readonly form: 'REBUILT'; readonly movie: ClipMovie }

/** The properties of a clip that are known once every byte has arrived. */
export interface ClipFacts extends Pick<ClipMovie, 'durationMs' | 'delivered' | 'timeline'> {
  readonly form: MadeClip['form']
  readonly sizeBytes: number
  /** Includes the quotes. */
  readonly etag: string
}

export interface MakeClipOptions {
  readonly outline: ClipOutline
  readonly sources: CodecChangeSources
  /** Returns why the head of a part cannot be read. */
  readonly explain: (part: ClipPart, error: unknown) => Promise<ClipUnavailable>
  /** Called if a part has the wrong footage. This may be after the clip is made. */
  readonly fail: (error: unknown) => void
  readonly signal: AbortSignal
}

/** Resolves when the heads of all parts have arrived, and as much of the edges as the layout depends on. */
export async function makeClip(parts: ClipParts, options: MakeClipOptions): Promise<MadeClip> {
  const { outline, sources, signal } = options
  const playing = await parts.playing
  const judging = new Judging(parts, options)
  const movies = await judging.judgeAll(playing)
  if (movies === null) return { form: 'PASSTHROUGH' }
  const start = findSufficientStart(outline, movies, await parts.reading.firstPicture)
  if (start === null) await judging.verified
  const pictures = start ?? (await parts.reading.edges).pictures
  try {
    const outlined = playing.map((part) => part.outlined)
    return { form: 'REBUILT', movie: await buildClipMovie(outline, { movies, parts: outlined, pictures, signal }) }
  } catch (error) {
    const { unavailable, isDoubtful } = await explainMismatch(error, outline, { sources, signal })
    // Discard the parts before the clip counts as failed, so that the next request fetches them again.
    if (isDoubtful) await parts.discard()
    throw unavailable
  }
}

class Judging {
  readonly #verifications: Promise<void>[] = []

  constructor(
    private readonly parts: ClipParts,
    private readonly options: MakeClipOptions,
  ) {}

  /** Resolves when the footage of all judged parts is verified. */
  get verified(): Promise<unknown> {
    return Promise.all(this.#verifications)
  }

  /** Null if the only part is not understood and is passed through. */
  async judgeAll(playing: readonly ClipPart[]): Promise<Movie[] | null> {
    const movies = await Promise.all(playing.map((part) => this.#judge(part, playing)))
    const understood = movies.filter((movie) => movie !== null)
    return understood.length < movies.length ? null : understood
  }

  async #judge(part: ClipPart, playing: readonly ClipPart[]): Promise<Movie | null> {
    const { outline, explain, signal } = this.options
    const head = await part.part.takeHead(signal).catch(async (error) => {
      throw await explain(part, error)
    })
    const mayPassThrough = outline.parts.length === 1 && outline.spec.cut === 'FRAGMENT'
    if (!head.understood && !mayPassThrough)
      throw toUnclear(head.reason, part.source, { parts: playing.map(({ outlined }) => outlined), spec: outline.spec })
    if (!head.understood) {
      part.part.accept()
      return null
    }
    this.#verify(part, head.movie)
    return { ...head.movie, spans: head.movie.spans.map((span) => ({ ...span, source: part.source })) }
  }

  /** The footage of an accepted part is already verified. */
  #verify({ part, outlined }: ClipPart, movie: Movie): void {
    if (part.isAccepted) return
    const measures = measureAnswer(movie)
    const verification = this.parts.reading.edges.then(({ pictures }) => {
      verifyPart(measures, outlined, pictures)
      part.accept()
    })
    verification.catch(this.options.fail)
    this.#verifications.push(verification)
  }
}

export async function toFacts(
  made: MadeClip,
  { outline, parts, signal }: { readonly outline: ClipOutline; readonly parts: readonly Part[]; readonly signal: AbortSignal },
): Promise<ClipFacts> {
  if (made.form === 'REBUILT') {
    const { layout, warnings: _, ...facts } = made.movie
    return { form: 'REBUILT', sizeBytes: layout.file.sizeBytes, etag: layout.etag, ...facts }
  }
  const { durationMs, delivered, timeline } = outline
  const part = at(parts, 0)
  const sizeBytes = await part.whole(signal)
  return { form: 'PASSTHROUGH', sizeBytes, etag: `"${await part.sha256(signal)}"`, durationMs, delivered, timeline }
}

export function warningsOf(made: MadeClip | null): readonly ClipIssue[] {
  return made?.form === 'REBUILT' ? made.movie.warnings : []
}
