import type { Clip, ClipFailure } from '../../domain/clip.js'
import { CLIP_ERRORS } from '../../domain/errors.js'
import { orAborted, sleep, within } from '../../lib/clock.js'
import type { ClipOutline } from '../plan/clip-outline.js'
import type { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { ClipAddress } from '../url/clip-addresses.js'
import type { ClipSpec } from '../url/clip-spec.js'
import type { ClipJob } from './clip-job.js'
import type { ClipFacts, MadeClip } from './make-clip.js'

export type ClipStatus =
  | { readonly state: 'IDLE' }
  | { readonly state: 'FETCHING'; readonly made: MadeClip | null; readonly progress: number }
  | { readonly state: 'READY'; readonly facts: ClipFacts }
  | { readonly state: 'FAILED'; readonly error: ClipUnavailable }

export function toStatus(job: ClipJob, made: MadeClip | null): ClipStatus {
  const { outcome } = job
  if (outcome?.state === 'ready') return { state: 'READY', facts: outcome.facts }
  if (outcome?.state === 'failed') return { state: 'FAILED', error: outcome.error }
  // All bytes may have arrived a moment before the clip is READY.
  return { state: 'FETCHING', made, progress: Math.min(job.progress, 0.999) }
}

export function toClip(outline: ClipOutline, status: ClipStatus, address: ClipAddress): Clip {
  const { spec } = outline
  return {
    ...address,
    ...toStatusFields(outline, status),
    streamArn: spec.streamArn,
    contentType: 'video/mp4',
    requested: spec.range,
    truncated: outline.truncated,
    gaps: outline.gaps,
    fragmentCount: spec.pin.fragmentCount,
  }
}

type StatusFields = Pick<Clip, 'state' | 'form' | 'delivered' | 'timeline' | 'sizeBytes' | 'durationMs' | 'progress' | 'etag' | 'failure'>

function toStatusFields(outline: ClipOutline, status: ClipStatus): StatusFields {
  const { delivered, durationMs, timeline } = outline
  const planned = { delivered, durationMs, timeline, sizeBytes: null, etag: null, failure: null }
  // Several parts are always joined. A single part may be passed through, which is known when its head has been read.
  const form = outline.parts.length > 1 || outline.spec.cut === 'EXACT' ? 'REBUILT' : 'PASSTHROUGH'
  switch (status.state) {
    case 'READY':
      return { ...status.facts, state: 'READY', progress: 1, failure: null }
    case 'FAILED':
      return { ...planned, state: 'FAILED', form, progress: 0, failure: toFailure(status.error) }
    case 'IDLE':
      return { ...planned, state: 'IDLE', form, progress: 0 }
    case 'FETCHING':
      return { ...planned, ...toMadeFields(status.made), state: 'FETCHING', form: status.made?.form ?? form, progress: status.progress }
  }
}

function toMadeFields(made: MadeClip | null): Partial<Pick<Clip, 'delivered' | 'durationMs' | 'timeline' | 'etag'>> {
  if (made?.form !== 'REBUILT') return {}
  const { layout, warnings: _, ...shown } = made.movie
  return { ...shown, etag: layout.etag }
}

function toFailure({ reason, message, details: { isLasting = false, issue } }: ClipUnavailable): ClipFailure {
  const { failure: code, isRetryable } = CLIP_ERRORS[reason]
  return { code, retryable: isRetryable && !isLasting, message, ranges: issue?.ranges ?? [] }
}

/** A clip whose footage can no longer be listed. Only its spec is known. */
export function toFailed(spec: ClipSpec, error: ClipUnavailable, address: ClipAddress): Clip {
  return toClip(toBareOutline(spec), { state: 'FAILED', error }, address)
}

function toBareOutline(spec: ClipSpec): ClipOutline {
  return {
    spec,
    delivered: spec.range,
    truncated: false,
    gaps: [],
    timeline: [],
    durationMs: 0,
    parts: [],
    neighbours: { before: [], after: [] },
    knownNumbers: { first: [], last: [] },
  }
}

/** At most four updates a second. */
const MIN_INTERVAL_MS = 250

/**
 * Yields the clip now and after each change, until it is READY or FAILED. A slow consumer skips outdated states but always gets the last
 * one.
 */
export async function* watchClip(job: ClipJob, show: (made: MadeClip | null) => Clip, signal: AbortSignal): AsyncGenerator<Clip> {
  const made = job.made.catch(() => null)
  let changed = Promise.withResolvers<void>()
  const end = job.onChange(() => changed.resolve())
  try {
    for (;;) {
      changed = Promise.withResolvers<void>()
      const clip = show(await within(made, 0))
      yield clip
      if (clip.state !== 'FETCHING') return
      await sleep(MIN_INTERVAL_MS, signal)
      await orAborted(changed.promise, signal)
    }
  } finally {
    end()
  }
}
