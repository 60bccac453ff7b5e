import type { GatewayError } from '../../domain/errors.js'
import type { Part } from '../parts/part.js'
import type { SharedParts } from '../parts/shared-parts.js'
import type { ClipOutline } from '../plan/clip-outline.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { CodecChangeSources } from '../verify/codec-change.js'
import { type ClipPart, ClipParts, type PartOrigin } from './clip-parts.js'
import { explainFailure, toPartUnavailable } from './explain-failure.js'
import { type ClipFacts, type MadeClip, makeClip, toFacts } from './make-clip.js'

export interface ClipSources extends CodecChangeSources {
  readonly parts: SharedParts
}

export type ClipOutcome =
  | { readonly state: 'ready'; readonly facts: ClipFacts }
  | { readonly state: 'failed'; readonly error: ClipUnavailable }

/** A clip that is being made. Its parts are held until `close`. All promises except `opened` reject with ClipUnavailable. */
export class ClipJob {
  readonly outline: ClipOutline
  /** Resolves when the first part is opened. Rejects with the error of its source. */
  readonly opened: Promise<PartOrigin>
  /** Resolves when the form is known. */
  readonly made: Promise<MadeClip>
  /** Resolves when every byte has arrived. */
  readonly whole: Promise<ClipFacts>
  readonly #parts: ClipParts
  readonly #closing = new AbortController()
  readonly #opened = Promise.withResolvers<PartOrigin>()
  readonly #failed = Promise.withResolvers<never>()
  readonly #explained = new Map<ClipPart, Promise<ClipUnavailable>>()
  readonly #listeners = new Set<() => void>()
  #outcome: ClipOutcome | null = null

  constructor(
    outline: ClipOutline,
    private readonly sources: ClipSources,
  ) {
    this.outline = outline
    this.#parts = new ClipParts(outline, sources.parts, this.#tell)
    this.opened = this.#opened.promise
    const fetched = this.#parts.fetchAll((part) => this.#fetch(part))
    this.made = this.#orFailed(this.#make())
    this.whole = this.#orFailed(this.#complete(fetched))
    this.opened.catch(() => null)
    fetched.catch((error) => this.#fail(error))
    this.made.then(this.#tell, () => null)
    this.whole.then(
      (facts) => this.#end({ state: 'ready', facts }),
      (error) => this.#end({ state: 'failed', error }),
    )
  }

  get outcome(): ClipOutcome | null {
    return this.#outcome
  }

  /** The throttling error of a part that waits. A caller that times out reports it. Null if no part is throttled. */
  get throttled(): GatewayError | null {
    return this.#parts.throttled
  }

  get progress(): number {
    return this.#parts.progress
  }

  /** Aborted when the clip fails or is closed. */
  get signal(): AbortSignal {
    return this.#closing.signal
  }

  /** The parts, indexed by their number in the layout. */
  get parts(): Promise<readonly Part[]> {
    return this.#parts.bySource()
  }

  /** Calls the listener at each change. Returns a function that removes it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Releases the parts. Those that are still arriving are aborted unless another clip holds them. */
  close(): void {
    this.#closing.abort(new ClipUnavailable('INTERNAL', 'The clip is no longer being made. Request it again.'))
    this.#parts.close()
    this.#listeners.clear()
  }

  async #fetch(part: ClipPart): Promise<void> {
    const { signal } = this.#closing
    signal.throwIfAborted()
    try {
      const origin = await part.open(signal)
      if (part.source === 0) this.#opened.resolve(origin)
      await part.part.whole(signal)
    } catch (error) {
      const unavailable = await this.#explain(part, error)
      if (part.source === 0) this.#opened.reject(unavailable.details.issue ? unavailable : error)
      throw unavailable
    }
  }

  #make(): Promise<MadeClip> {
    const explain = (part: ClipPart, error: unknown) => this.#explain(part, error)
    const fail = (error: unknown) => this.#fail(error)
    return makeClip(this.#parts, { outline: this.outline, sources: this.sources, explain, fail, signal: this.#closing.signal })
  }

  async #complete(fetched: Promise<void>): Promise<ClipFacts> {
    const [made] = await Promise.all([this.made, fetched])
    return toFacts(made, { outline: this.outline, parts: await this.parts, signal: this.#closing.signal })
  }

  /** Runs once per part, because the search for a codec change reads fragments. */
  #explain(part: ClipPart, error: unknown): Promise<ClipUnavailable> {
    const failed = { outline: this.outline, part: part.outlined }
    const options = { sources: this.sources, signal: this.#closing.signal }
    const known = this.#explained.get(part) ?? explainFailure(error, failed, options)
    this.#explained.set(part, known)
    return known
  }

  /** When one step fails, all of them fail for the same reason. */
  #orFailed<Value>(step: Promise<Value>): Promise<Value> {
    const failed = this.#failed.promise
    step.catch((error) => this.#fail(error))
    return Promise.race([step.catch(() => failed), failed])
  }

  #fail(error: unknown): void {
    const unavailable = toPartUnavailable(error, this.outline.spec.range)
    this.#closing.abort(unavailable)
    this.#opened.reject(unavailable)
    this.#failed.reject(unavailable)
  }

  #end(outcome: ClipOutcome): void {
    this.#outcome = outcome
    this.#tell()
  }

  readonly #tell = (): void => {
    for (const listener of this.#listeners) listener()
  }
}
