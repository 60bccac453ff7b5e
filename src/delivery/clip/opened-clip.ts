import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import { orAborted } from '../../lib/clock.js'
import type { ByteSpan } from '../serve/byte-range.js'
import type { ClipContent, ClipIdentity } from '../serve/clip-content.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { JobHold } from './clip-jobs.js'
import { type ClipLayout, type ContentSource, createPassthroughSource, createSlicedSource } from './content-sources.js'
import type { MadeClip } from './make-clip.js'
import { toClipUnavailable } from './to-clip-unavailable.js'

export interface OpenedClipOptions {
  readonly fileName: string
  readonly lastModifiedMs: EpochMs
  readonly urlExpiresAtMs: EpochMs
  readonly source: ContentSource
  readonly hold: Pick<JobHold, 'release' | 'discard'>
  /** Aborted when the clip fails. Its reason is thrown to readers. */
  readonly failed: AbortSignal
}

/** A clip as one download reads it. */
export class OpenedClip implements ClipContent {
  readonly contentType = 'video/mp4'
  readonly form: ClipContent['form']
  readonly fileName: string
  readonly lastModifiedMs: EpochMs
  readonly urlExpiresAtMs: EpochMs
  readonly #source: ContentSource
  readonly #hold: OpenedClipOptions['hold']
  readonly #failed: AbortSignal
  #identity: ClipIdentity | null = null

  constructor({ fileName, lastModifiedMs, urlExpiresAtMs, source, hold, failed }: OpenedClipOptions) {
    this.form = source.form
    this.fileName = fileName
    this.lastModifiedMs = lastModifiedMs
    this.urlExpiresAtMs = urlExpiresAtMs
    this.#source = source
    this.#hold = hold
    this.#failed = failed
  }

  /** The hold is released with the content, and also if this rejects. */
  static async open(hold: JobHold, url: Pick<ClipContent, 'fileName' | 'urlExpiresAtMs'>, signal: AbortSignal): Promise<OpenedClip> {
    const { job } = hold
    try {
      const { source, isIdentified } = await toSource(job, signal)
      const opened = new OpenedClip({ ...url, lastModifiedMs: job.outline.delivered.endMs, source, hold, failed: job.signal })
      if (isIdentified) await opened.whenIdentified(signal)
      return opened
    } catch (error) {
      hold.release()
      throw error
    }
  }

  get identity(): ClipIdentity | null {
    return this.#identity
  }

  async whenIdentified(signal: AbortSignal): Promise<ClipIdentity> {
    try {
      this.#identity ??= await this.#source.identify(this.#orFailed(signal))
      return this.#identity
    } catch (error) {
      throw signal.aborted ? error : toClipUnavailable(error)
    }
  }

  async *read(span: ByteSpan | 'all', signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#source.read(span, this.#orFailed(signal))
    } catch (error) {
      if (signal.aborted) throw error
      this.#hold.discard()
      throw toClipUnavailable(error)
    }
  }

  release(): void {
    this.#hold.release()
  }

  /** A part of a failed clip may never end. */
  #orFailed(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#failed])
  }
}

/** Only a single part may turn out to be passed through. How long that may be in doubt is for the caller's signal to decide. */
async function toSource(
  { outline, made, parts: held }: JobHold['job'],
  signal: AbortSignal,
): Promise<{ readonly source: ContentSource; readonly isIdentified: boolean }> {
  const form = outline.parts.length > 1 ? null : await orAborted(made, signal)
  const parts = await orAborted(held, signal)
  if (form?.form !== 'PASSTHROUGH') return { source: createSlicedSource(parts, made.then(toLayout)), isIdentified: form !== null }
  const part = at(parts, 0)
  await orAborted(part.opened, signal)
  return { source: createPassthroughSource(part), isIdentified: part.state?.state === 'complete' }
}

function toLayout(made: MadeClip): ClipLayout {
  if (made.form === 'REBUILT') return made.movie.layout
  throw new ClipUnavailable('INTERNAL', 'A clip of several parts cannot be passed through.')
}
