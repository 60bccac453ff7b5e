import type { TimelineEntry } from '../../domain/clip-timeline.js'
import type { GatewayError } from '../../domain/errors.js'
import type { TimeRange } from '../../domain/time-range.js'
import type { ClipSource, FragmentMediaSource } from '../../kvs/ports.js'
import type { Movie } from '../../media/mp4/movie.js'
import type { PackedMovie } from '../../media/mp4/packed-movie.js'
import type { ParsedMovie } from '../../media/mp4/reader.js'
import { ClipUnavailable } from '../clip-unavailable.js'
import type { PartHandle, PartStore } from '../ports.js'
import { toClipUnavailable } from '../to-clip-unavailable.js'
import { ClipMismatch } from './clip-mismatch.js'
import { buildClipMovie, type ClipMovie } from './clip-movie.js'
import type { ClipOutline, OutlinedPart } from './clip-outline.js'
import type { CodecChangeSources } from './codec-change.js'
import { estimateProgress } from './estimate-progress.js'
import { explainFailure, toPartUnavailable, toUnclear } from './explain-failure.js'
import type { BlockKind } from './first-block.js'
import { MediaTurn } from './media-turn.js'
import { createPartFetch } from './part-fetch.js'
import { readPartHead, toPartHead } from './part-head.js'
import { PartSlot } from './part-slot.js'
import type { PartWaits } from './part-waits.js'
import { getFirstBlock } from './stored-first-block.js'
import { UnclearHead } from './unclear-head.js'

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

/** One clip in the making: its parts are fetched side by side, and held until `close`. Its promises reject with ClipUnavailable, but for `opened`. */
export class ClipAssembly {
  readonly outline: ClipOutline
  /** One for each part; resolved when its headers have come, or when its head has, where another clip's fetch was joined. */
  readonly parts: readonly Promise<PartHandle>[]
  /** Resolves when the headers of the first part have come, with how it was come by; rejects with what its source threw. */
  readonly opened: Promise<PartHandle['origin']>
  /** Resolves when the heads of all parts are known, and with them the form. */
  readonly made: Promise<MadeClip>
  /** Resolves when every byte is there. */
  readonly whole: Promise<ClipFacts>
  readonly #sources: AssemblySources
  readonly #abort = new AbortController()
  readonly #slots: readonly PartSlot[]
  readonly #mediaTurn: MediaTurn
  readonly #listeners = new Set<() => void>()
  #outcome: ClipOutcome | null = null
  #furthest = 0

  constructor(outline: ClipOutline, sources: AssemblySources) {
    this.outline = outline
    this.#sources = sources
    this.#slots = outline.parts.map(() => new PartSlot())
    this.#mediaTurn = MediaTurn.of(outline.parts)
    this.parts = this.#slots.map((slot) => slot.handle.promise)
    this.opened = this.#slots[0]?.begun.promise ?? Promise.reject(new RangeError('a clip has at least one part'))
    const fetched = this.#fetchAll()
    this.made = this.#make()
    this.whole = this.#complete(fetched)
    for (const promise of [this.made, fetched]) promise.catch(() => null)
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
    return this.#sources.waits.reasonOf(this.outline.parts.map(({ key }) => key))
  }

  /** From 0 to 1, never less than before; an estimate while sizes are not known. */
  get progress(): number {
    // A size that turns out larger than estimated would send it back.
    this.#furthest = Math.max(this.#furthest, estimateProgress(this.outline.parts, this.#slots))
    return this.#furthest
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
    for (const slot of this.#slots) slot.close()
    this.#listeners.clear()
  }

  readonly #tell = (): void => {
    for (const listener of this.#listeners) listener()
  }

  #end(outcome: ClipOutcome): void {
    this.#outcome = outcome
    this.#tell()
  }

  async #fetchAll(): Promise<void> {
    const waiting = this.outline.parts.entries()
    const work = async () => {
      for (const [index, part] of waiting) await this.#fetch(part, index)
    }
    try {
      await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, this.outline.parts.length) }, work))
    } catch (error) {
      this.#fail(error)
      throw error
    }
  }

  async #fetch(part: OutlinedPart, index: number): Promise<void> {
    const slot = this.#slots[index]
    const { signal } = this.#abort
    signal.throwIfAborted()
    if (slot === undefined) return
    try {
      await this.#open(part, { index, slot })
      const handle = await slot.handle.promise
      await handle.whole(signal)
    } catch (error) {
      const unavailable = await explainFailure(error, { outline: this.outline, part, index }, { sources: this.#sources, signal })
      slot.reject(unavailable instanceof ClipMismatch ? unavailable : error, unavailable)
      throw unavailable
    }
  }

  async #open(part: OutlinedPart, place: { readonly index: number; readonly slot: PartSlot }): Promise<void> {
    const { index, slot } = place
    const { clips, store, waits } = this.#sources
    const { signal } = this.#abort
    const fetch = createPartFetch({
      clips,
      spec: this.outline.spec,
      part,
      source: index,
      onHead: (head) => this.#hear(head, index),
      mediaTurn: () => this.#mediaTurn.wait(),
      waits,
    })
    const handle = await store.open(part.key, fetch, signal)
    slot.begun.resolve(handle.origin)
    if (handle.origin === 'joined_in_flight' && this.#mayPassThrough) return this.#openJoined(handle, part, place)
    slot.open(handle, this.#tell)
    // A part that this clip fetches itself has its head read while it passes.
    if (handle.origin !== 'fetched') slot.head.resolve(await readPartHead(handle, index, signal))
  }

  /** The clip whose fetch was joined may give up an answer that this one may pass through: then this one asks for it itself. */
  async #openJoined(handle: PartHandle, part: OutlinedPart, place: { readonly index: number; readonly slot: PartSlot }): Promise<void> {
    try {
      const head = await readPartHead(handle, place.index, this.#abort.signal)
      place.slot.open(handle, this.#tell)
      place.slot.head.resolve(head)
    } catch (error) {
      handle.release()
      if (!(error instanceof UnclearHead)) throw error
      await this.#open(part, place)
    }
  }

  /** Throws where a head rules the clip out: the answer then counts as broken and is not kept, for the next one may be sound. */
  #hear(head: ParsedMovie, index: number): void {
    if (!head.understood && !this.#mayPassThrough) throw new UnclearHead(head.reason)
    // The head of an only part is laid out next, and not held.
    this.#slots[index]?.head.resolve(this.#slots.length > 1 ? toPartHead(head) : head)
  }

  async #make(): Promise<MadeClip> {
    const gathered = await this.#gatherHeads()
    if (gathered === null) return { form: 'PASSTHROUGH' }
    const { outline } = this
    try {
      return { form: 'REBUILT', movie: await buildClipMovie(outline, { ...gathered, signal: this.#abort.signal }) }
    } catch (error) {
      throw toPartUnavailable(error, outline.spec.range)
    }
  }

  /** What the heads of all parts say, held nowhere else from then on; null for one part that is not fully understood and given as it is. */
  async #gatherHeads(): Promise<{ readonly movies: (Movie | PackedMovie)[]; readonly firstBlock: BlockKind | null } | null> {
    const [firstBlock, ...heads] = await Promise.all([this.#findFirstBlock(), ...this.#slots.map((slot) => slot.head.promise)])
    for (const slot of this.#slots) slot.forgetHead()
    const movies: (Movie | PackedMovie)[] = []
    for (const [index, head] of heads.entries()) {
      if (head.understood) movies.push(head.movie)
      else if (this.#mayPassThrough) return null
      else throw toUnclear(head.reason, index, this.outline)
    }
    return { firstBlock, movies }
  }

  get #mayPassThrough(): boolean {
    return this.outline.parts.length === 1 && this.outline.spec.cut === 'FRAGMENT'
  }

  async #findFirstBlock(): Promise<BlockKind | null> {
    const { spec } = this.outline
    if (spec.cut === 'FRAGMENT') return null
    const head = await this.#slots[0]?.head.promise
    if (!head?.understood || head.movie.tracks.length < 2) return null
    const request = { streamArn: spec.streamArn, fragmentNumber: spec.pin.firstFragmentNumber }
    try {
      return await getFirstBlock(this.#sources, request, this.#abort.signal)
    } catch (error) {
      throw toPartUnavailable(error, spec.range)
    }
  }

  async #complete(fetched: Promise<void>): Promise<ClipFacts> {
    const [made] = await Promise.all([this.made, fetched])
    if (made.form === 'REBUILT') {
      const { layout, ...facts } = made.movie
      return { form: 'REBUILT', sizeBytes: layout.file.sizeBytes, etag: layout.etag, ...facts }
    }
    const { durationMs, delivered, timeline } = this.outline
    const { signal } = this.#abort
    const [part] = await Promise.all(this.parts)
    if (part === undefined) throw new RangeError('a clip has at least one part')
    const sizeBytes = await part.whole(signal)
    return { form: 'PASSTHROUGH', sizeBytes, etag: `"${await part.sha256(signal)}"`, durationMs, delivered, timeline }
  }

  #fail(error: unknown): void {
    this.#abort.abort(error)
    for (const slot of this.#slots) slot.reject(error, error)
  }
}
