import type { TimelineEntry } from '../../domain/clip-timeline.js'
import type { GatewayError } from '../../domain/errors.js'
import type { TimeRange } from '../../domain/time-range.js'
import type { ClipSource, FragmentMediaSource } from '../../kvs/ports.js'
import type { Movie } from '../../media/mp4/movie.js'
import type { ParsedMovie } from '../../media/mp4/read/read-movie.js'
import { type ClipEdges, toPlayingParts } from '../parts/clip-edges.js'
import { MediaTurn } from '../parts/media-turn.js'
import { createPartFetch } from '../parts/part-fetch.js'
import { readPartHead } from '../parts/part-head.js'
import { PartSlot } from '../parts/part-slot.js'
import type { PartWaits } from '../parts/part-waits.js'
import { getClipEdges, toEdgesKey } from '../parts/stored-edges.js'
import { UnclearHead } from '../parts/unclear-head.js'
import type { ClipOutline, OutlinedPart } from '../plan/clip-outline.js'
import type { PartHandle, PartStore } from '../ports.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import { ClipMismatch } from '../verify/clip-mismatch.js'
import type { CodecChangeSources } from '../verify/codec-change.js'
import type { FragmentPictures } from '../verify/fragment-pictures.js'
import { locatePictures } from '../verify/locate-pictures.js'
import { buildClipMovie, type ClipMovie } from './clip-movie.js'
import { estimateProgress } from './estimate-progress.js'
import { explainFailure, explainMismatch, toPartUnavailable, toUnclear } from './explain-failure.js'
import { findSufficientStart } from './sufficient-start.js'
import { toClipUnavailable } from './to-clip-unavailable.js'

/** Parts that arrive at the same time; the first ones first. The stream's quota paces them further. */
const SIDE_BY_SIDE = 6

export interface AssemblySources extends CodecChangeSources {
  readonly clips: ClipSource
  readonly media: FragmentMediaSource
  readonly store: PartStore
  readonly waits: PartWaits
}

export type MadeClip = { readonly form: 'PASSTHROUGH' } | { readonly form: 'REBUILT'; readonly movie: ClipMovie }

/** What is known of a clip once every byte of it is there. */
export interface ClipFacts {
  readonly form: MadeClip['form']
  readonly sizeBytes: number
  /** With its quotes. */
  readonly etag: string
  readonly durationMs: number
  readonly delivered: TimeRange
  readonly timeline: readonly TimelineEntry[]
}

export type ClipOutcome =
  | { readonly state: 'ready'; readonly facts: ClipFacts }
  | { readonly state: 'failed'; readonly error: ClipUnavailable }

/** One GetClip call of the clip. */
interface AssembledPart {
  readonly part: OutlinedPart
  /** The number under which the layout knows it. */
  readonly source: number
  readonly slot: PartSlot
}

/** One clip in the making: its parts are fetched side by side, and held until `close`. Its promises reject with ClipUnavailable, but for `opened`. */
export class ClipAssembly {
  readonly outline: ClipOutline
  /** Resolves when the headers of the first part have come, with how it was come by; rejects with what its source threw. */
  readonly opened: Promise<PartHandle['origin']>
  /** Resolves when the heads of all parts are known, and with them the form. */
  readonly made: Promise<MadeClip>
  /** Resolves when every byte is there. */
  readonly whole: Promise<ClipFacts>
  readonly #sources: AssemblySources
  readonly #abort = new AbortController()
  /** Rejects when what the clip needs to know of its fragments cannot be read. */
  readonly #edges: Promise<ClipEdges>
  /** Resolves with the first picture of the clip where that is read before the rest of its edges. */
  readonly #firstPicture = Promise.withResolvers<FragmentPictures>()
  /** Rejects when a clip that was laid out by its first picture alone turns out to hold other pictures. */
  #confirmed: Promise<void> = Promise.resolve()
  /** Those that were planned, then those that an exact cut needs besides. */
  readonly #parts: AssembledPart[]
  /** All parts in playing order, once it is known which those are. */
  readonly #playing: Promise<readonly AssembledPart[]>
  readonly #mediaTurn: MediaTurn
  readonly #listeners = new Set<() => void>()
  #outcome: ClipOutcome | null = null
  #isLaidOutByStart = false
  #furthest = 0

  constructor(outline: ClipOutline, sources: AssemblySources) {
    this.outline = outline
    this.#sources = sources
    this.#parts = outline.parts.map((part, source) => ({ part, source, slot: new PartSlot() }))
    this.#mediaTurn = MediaTurn.of(outline.parts)
    this.opened = this.#parts[0]?.slot.begun.promise ?? Promise.reject(new RangeError('a clip has at least one part'))
    this.#edges = this.#readEdges()
    this.#playing = outline.spec.cut === 'EXACT' ? this.#edges.then((edges) => this.#toPlaying(edges)) : Promise.resolve(this.#parts)
    const fetched = this.#fetchAll()
    this.made = this.#make()
    this.whole = this.#complete(fetched)
    for (const promise of [this.#edges, this.#playing, this.made, fetched]) promise.catch(() => null)
    this.made.then(this.#tell, () => null)
    this.whole.then(
      (facts) => this.#end({ state: 'ready', facts }),
      (error) => this.#end({ state: 'failed', error: toClipUnavailable(error) }),
    )
  }

  /** Null while it is being made. */
  get outcome(): ClipOutcome | null {
    return this.#outcome
  }

  /** Why parts have to wait, for whoever has no time left to wait with them. Null when none has to. */
  get throttled(): GatewayError | null {
    return this.#sources.waits.reasonOf([toEdgesKey(this.outline), ...this.#parts.map(({ part }) => part.key)])
  }

  /** From 0 to 1, never less than before; an estimate while sizes are not known. */
  get progress(): number {
    // A size that turns out larger than estimated would send it back.
    this.#furthest = Math.max(this.#furthest, estimateProgress(this.#parts))
    return this.#furthest
  }

  /**
   * One for each part, by the number under which the layout knows it; each resolves when its headers have come, or when its head has, where
   * another clip's fetch was joined.
   */
  async handles(): Promise<readonly Promise<PartHandle>[]> {
    const playing = await this.#playing
    return playing.toSorted((a, b) => a.source - b.source).map(({ slot }) => slot.handle.promise)
  }

  /** Somebody reads the clip: its media need not wait for the answer any more. */
  beginReading(): void {
    this.#mediaTurn.begin()
  }

  /** Called at each change; returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Lets go of the parts; those still arriving for nobody else are given up. */
  close(): void {
    this.#abort.abort(new ClipUnavailable('INTERNAL', 'The clip is no longer being made; ask again.'))
    this.#mediaTurn.begin()
    for (const { slot } of this.#parts) slot.close()
    this.#listeners.clear()
  }

  readonly #tell = (): void => {
    for (const listener of this.#listeners) listener()
  }

  #end(outcome: ClipOutcome): void {
    this.#outcome = outcome
    this.#tell()
  }

  async #readEdges(): Promise<ClipEdges> {
    try {
      const { signal } = this.#abort
      return await getClipEdges(this.#sources, this.outline, { signal, onFirstPicture: this.#firstPicture.resolve })
    } catch (error) {
      throw toPartUnavailable(error, this.outline.spec.range)
    }
  }

  /** Begins what has to be fetched besides. */
  #toPlaying(edges: ClipEdges): readonly AssembledPart[] {
    const planned = new Map(this.#parts.map((assembled) => [assembled.part, assembled]))
    return toPlayingParts(this.outline, edges).map((part) => {
      const known = planned.get(part)
      if (known !== undefined) return known
      const added = { part, source: this.#parts.length, slot: new PartSlot() }
      this.#parts.push(added)
      return added
    })
  }

  async #fetchAll(): Promise<void> {
    const planned = [...this.#parts]
    const fetchOthers = async () => {
      const playing = await this.#playing
      await this.#fetchSideBySide(playing.filter((assembled) => !planned.includes(assembled)))
    }
    try {
      await Promise.all([this.#fetchSideBySide(planned), fetchOthers()])
    } catch (error) {
      this.#fail(error)
      throw error
    }
  }

  async #fetchSideBySide(parts: readonly AssembledPart[]): Promise<void> {
    const waiting = parts.values()
    const work = async () => {
      for (const part of waiting) await this.#fetch(part)
    }
    await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, parts.length) }, work))
  }

  async #fetch(assembled: AssembledPart): Promise<void> {
    const { part, slot, source } = assembled
    const { signal } = this.#abort
    signal.throwIfAborted()
    try {
      await this.#open(assembled)
      const handle = await slot.handle.promise
      await handle.whole(signal)
    } catch (error) {
      const failed = { outline: this.outline, part, index: source }
      const unavailable = await explainFailure(error, failed, { sources: this.#sources, signal })
      slot.reject(unavailable instanceof ClipMismatch ? unavailable : error, unavailable)
      throw unavailable
    }
  }

  async #open(assembled: AssembledPart): Promise<void> {
    const { part, slot, source } = assembled
    const { clips, store, waits } = this.#sources
    const { signal } = this.#abort
    const fetch = createPartFetch({
      clips,
      spec: this.outline.spec,
      part,
      source,
      pictures: () => this.#picturesToCompare(),
      onHead: (head, compared) => {
        slot.compared = compared
        this.#takeHead(head, slot)
      },
      mediaTurn: () => this.#mediaTurn.wait(),
      waits,
    })
    const handle = await store.open(part.key, fetch, signal)
    slot.begun.resolve(handle.origin)
    if (handle.origin === 'joined_in_flight' && this.#mayPassThrough) return this.#openJoined(handle, assembled)
    slot.open(handle, this.#tell)
    // A part that this clip fetches itself has its head read while it passes.
    if (handle.origin !== 'fetched') slot.head.resolve(await readPartHead(handle, source, signal))
  }

  /** Null where the edges cannot be read: the clip says why, and another one that shares the part can do without. */
  async #picturesToCompare(): Promise<ReadonlyMap<number, FragmentPictures> | null> {
    try {
      return (await this.#edges).pictures
    } catch (error) {
      // Readers have the head by now, and must not get to the end.
      if (this.#isLaidOutByStart) throw error
      return null
    }
  }

  /** The clip whose fetch was joined may give up an answer that this one may pass through: then this one asks for it itself. */
  async #openJoined(handle: PartHandle, assembled: AssembledPart): Promise<void> {
    const { slot, source } = assembled
    try {
      const head = await readPartHead(handle, source, this.#abort.signal)
      slot.open(handle, this.#tell)
      slot.head.resolve(head)
    } catch (error) {
      handle.release()
      if (!(error instanceof UnclearHead)) throw error
      await this.#open(assembled)
    }
  }

  /** Throws where a head rules the clip out: the answer then counts as broken and is not kept, for the next one may be sound. */
  #takeHead(head: ParsedMovie, slot: PartSlot): void {
    if (!head.understood && !this.#mayPassThrough) throw new UnclearHead(head.reason)
    // The head of an only part is laid out next, and not held.
    slot.head.resolve(head)
  }

  async #make(): Promise<MadeClip> {
    const playing = await this.#playing
    const movies = await this.#gatherHeads(playing)
    if (movies === null) return { form: 'PASSTHROUGH' }
    const { outline } = this
    const pictures = (await this.#layOutByStart(movies)) ?? (await this.#whenCompared(playing))
    try {
      const options = { movies, parts: playing.map(({ part }) => part), pictures, signal: this.#abort.signal }
      return { form: 'REBUILT', movie: await buildClipMovie(outline, options) }
    } catch (error) {
      const { unavailable, isDoubtful } = await explainMismatch(error, outline, { sources: this.#sources, signal: this.#abort.signal })
      // Discard them before the clip counts as failed, so that the next request fetches them again.
      if (isDoubtful) await Promise.all(playing.map(({ part }) => this.#sources.store.discard(part.key)))
      throw unavailable
    }
  }

  /** The first picture where it alone decides the layout: the rest of the edges is then compared while the media passes. */
  async #layOutByStart(movies: readonly Movie[]): Promise<ReadonlyMap<number, FragmentPictures> | null> {
    const ofEdges = this.#edges.then(({ pictures }) => pictures.get(0))
    const start = findSufficientStart(this.outline, movies, await Promise.race([this.#firstPicture.promise, ofEdges]))
    if (start === null) return null
    this.#isLaidOutByStart = true
    const counts = movies.map(({ tracks }) => tracks[0]?.samples.count ?? 0)
    this.#confirmed = this.#edges.then(({ pictures }) => void locatePictures(this.outline.parts, counts, pictures))
    this.#confirmed.catch(() => null)
    return start
  }

  async #whenCompared(playing: readonly AssembledPart[]): Promise<ReadonlyMap<number, FragmentPictures>> {
    const { pictures } = await this.#edges
    for (const { slot } of playing) await slot.compared
    return pictures
  }

  /** What the heads of all parts say, held nowhere else from then on; null for one part that is not fully understood and given as it is. */
  async #gatherHeads(playing: readonly AssembledPart[]): Promise<Movie[] | null> {
    const heads = await Promise.all(playing.map(({ slot }) => slot.head.promise))
    for (const { slot } of playing) slot.forgetHead()
    const movies: Movie[] = []
    for (const [index, head] of heads.entries()) {
      if (head.understood) movies.push(head.movie)
      else if (this.#mayPassThrough) return null
      else throw toUnclear(head.reason, index, { parts: playing.map(({ part }) => part), spec: this.outline.spec })
    }
    return movies
  }

  get #mayPassThrough(): boolean {
    return this.outline.parts.length === 1 && this.outline.spec.cut === 'FRAGMENT'
  }

  async #complete(fetched: Promise<void>): Promise<ClipFacts> {
    const [made] = await Promise.all([this.made, fetched])
    await this.#confirmed
    if (made.form === 'REBUILT') {
      const { layout, warnings: _, ...facts } = made.movie
      return { form: 'REBUILT', sizeBytes: layout.file.sizeBytes, etag: layout.etag, ...facts }
    }
    const { durationMs, delivered, timeline } = this.outline
    const { signal } = this.#abort
    const part = await this.#parts[0]?.slot.handle.promise
    if (part === undefined) throw new RangeError('a clip has at least one part')
    const sizeBytes = await part.whole(signal)
    return { form: 'PASSTHROUGH', sizeBytes, etag: `"${await part.sha256(signal)}"`, durationMs, delivered, timeline }
  }

  #fail(error: unknown): void {
    this.#abort.abort(error)
    for (const { slot } of this.#parts) slot.reject(error, error)
  }
}
